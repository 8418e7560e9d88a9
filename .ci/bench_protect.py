"""Times `protect` over a home full of secrets, and what the lines of `init` cost a shell: started by .ci/bench."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import bench_home
from bench import FOLDER, MCPCRED, NAMES, ROUNDS, Command, clean, compare, empty, filled, steal

WORK = FOLDER / "protect"
FILES = bench_home.FILES + bench_home.MORE
SERVERS = 100

# A shell that a person opens must not wait longer than this for its credentials, in milliseconds.
LIMIT = 30


class Home(bench_home.Home):
    """Every server has its secret in the open: in a variable, an argument, a header, or in two places."""

    def __init__(self, root):
        self.values = []
        super().__init__(root, SERVERS, FILES)
        self.before = self.texts()
        # A project of its own: else its history would be that of whatever is around it.
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=first"]):
            subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words], cwd=self.project,
                           env=clean(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1"), check=True)

    def token(self, prefix, length):
        self.values.append(super().token(prefix, length))
        return self.values[-1]

    def server(self, client, which):
        name = f"server-{which}"
        sort = (which // len(FILES) + client) % 4
        if sort == 0:
            return name, {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
                          "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": self.token("ghp_", 36), "LOG_LEVEL": "info"}}
        if sort == 1:
            return name, {"command": "uvx", "env": {}, "args": [
                "postgres-mcp", f"postgresql://app:{self.token('', 20)}@db.example.com/app"]}
        if sort == 2:
            return name, {"type": "http", "url": "https://mcp.example.com/mcp",
                          "headers": {"Authorization": f"Bearer {self.token('ghp_', 36)}"}}
        return name, {"command": "npx", "args": ["-y", "some-server", "--api-key", self.token("sk-", 40)],
                      "env": {"SOME_ACCESS_TOKEN": self.token("", 32)}}

    def texts(self):
        """All files of clients."""
        found = [*self.root.rglob("*.json"), *self.root.rglob("*.toml"), *self.root.rglob("*.yaml")]
        return {path: path.read_bytes() for path in found}

    def in_the_open(self):
        """How many of the values lie in a file."""
        texts = b"\n".join(self.texts().values()).decode()
        return sum(value in texts for value in self.values)


def call(words, own, home):
    """Runs it, and gives the seconds and what it printed."""
    begin = time.monotonic()
    done = subprocess.run([MCPCRED, *words], env=own, cwd=home.project, stdin=subprocess.DEVNULL, capture_output=True)
    seconds = time.monotonic() - begin
    if done.returncode:
        sys.exit(f"{words[:2]}: ended with {done.returncode}: {done.stderr.decode()[-600:]}")
    return seconds, done.stdout


def protect():
    """All of it and back, again and again, in one home: without flags, and with bridges to remote servers."""
    print(f"\n### protect, {len(FILES)} clients with {SERVERS} servers\n")
    print("| what | store | seconds, median | least | values stored | files rewritten | values left in the open |")
    print("|---|---|---|---|---|---|---|")
    for store in ("vault", "secret-service"):
        home = Home(WORK / f"home-{store}")
        own = empty(store, WORK / store, HOME=str(home.root), XDG_CONFIG_HOME=str(home.root / ".config"))
        if home.in_the_open() != len(home.values):
            sys.exit("protect: the home does not hold its values")
        for style in ([], ["--style", "bridge"]):
            times = {"protect --dry-run": [], "protect --yes": [], "unprotect --yes": []}
            for _ in range(max(3, ROUNDS // 8)):
                times["protect --dry-run"].append(call(["protect", "--dry-run", *style], own, home)[0])
                if home.texts() != home.before:
                    sys.exit("protect --dry-run: a file is different")
                seconds, printed = call(["protect", "--yes", "--json", *style], own, home)
                times["protect --yes"].append(seconds)
                rewritten = sum(file["written"] for file in json.loads(printed)["files"])
                stored = [it["name"] for it in json.loads(call(["list", "--json"], own, home)[1])["credentials"]]
                left = home.in_the_open()
                times["unprotect --yes"].append(call(["unprotect", "--yes"], own, home)[0])
                if home.texts() != home.before:
                    sys.exit("unprotect: a file is not as it was")
                call(["delete", *stored, "--yes"], own, home)
            for what, taken in times.items():
                does = what == "protect --yes"
                counts = f"{len(stored)} | {rewritten} | {left} of {len(home.values)}" if does else "| |"
                label = " ".join([what, *style]) if what != "unprotect --yes" else what
                seconds = f"{statistics.median(taken):.2f} | {min(taken):.2f}"
                print(f"| {label} | {store} | {seconds} | {counts} |", flush=True)


def shells():
    """What a person waits longer for a shell that loads twenty credentials than for one that loads none."""
    slow = []
    for store in ("vault", "secret-service"):
        own = filled(store, WORK / f"{store}-twenty")
        for shell in ("bash", "zsh", "fish"):
            if not shutil.which(shell):
                print(f"bench: {shell} is not here, and is left out", file=sys.stderr)
                continue
            plain, loading = (home_of(shell, own, has_lines) for has_lines in (False, True))
            prints = ["-i", "-c", f"printenv {NAMES[-1]}; exit 0"]
            seen = subprocess.run([shell, *prints], env=loading, stdin=subprocess.DEVNULL, capture_output=True)
            if not seen.stdout.strip():
                sys.exit(f"{shell}: the lines load nothing: {seen.stderr.decode()[:400]}")
            without, with_lines = compare(f"{shell}, by whether it loads {len(NAMES)} credentials from {store}", [
                Command("without the lines", [shell, "-i", "-c", "exit"], plain),
                Command("with the lines", [shell, "-i", "-c", "exit"], loading),
            ])
            more_time = statistics.median(mine - other for mine, other in zip(with_lines, without))
            verdict = "as promised" if more_time < LIMIT else f"more than the {LIMIT} ms that are promised"
            print(f"\nthe lines cost {more_time:.2f} ms, the median of the rounds' differences: {verdict}")
            if more_time >= LIMIT:
                slow.append(shell)
    return slow


def home_of(shell, own, has_lines):
    """A home whose shell has the lines, or has an empty file in their place."""
    root = WORK / f"{shell}-{own['MCPCRED_STORE']}-{'with' if has_lines else 'without'}"
    root.mkdir()
    environment = own | {"HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config"),
                         "XDG_DATA_HOME": str(root / ".local"), "XDG_CACHE_HOME": str(root / ".cache")}
    for name in (".bashrc", ".zshrc"):
        (root / name).write_text("# mine\n")
    (root / ".config/fish/conf.d").mkdir(parents=True)
    if has_lines:
        subprocess.run([MCPCRED, "init", shell, "--install"], env=environment, check=True, capture_output=True)
    return environment


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    before = steal()
    protect()
    slow = shells()
    stolen, all_of_them = (after - earlier for after, earlier in zip(steal(), before))
    print(f"\n{os.cpu_count()} processors, {pathlib.Path('/proc/loadavg').read_text().split()[0]} programs at once; "
          f"the host took {100 * stolen / all_of_them:.1f} % of the time")
    if slow:
        sys.exit(f"bench: slower than promised: {', '.join(slow)}")


main()
