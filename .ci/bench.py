"""Times commands in turn, round after round, and prints medians and ratios: started by .ci/bench."""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

FOLDER = pathlib.Path(sys.argv[1])
ROUNDS = int(sys.argv[2])
PEERS = "--peers" in sys.argv
MCPCRED = pathlib.Path("target/release/mcpcred").resolve()
EMPTY = FOLDER / "empty/target/release/empty"
NAMES = [f"TOKEN_{number:02}" for number in range(1, 21)]
VALUE = "ghp_" + "0123456789abcdefABCDEFGHIJKLMNOPQRSTUVWXYZ01"


def clean(**more):
    """The environment of every command: nothing of ours but what is named."""
    kept = ("PATH", "HOME", "LANG", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME",
            "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | more


class Command:
    """A command line with its surroundings."""

    def __init__(self, label, arguments, environment=None, folder=None, ends=(0,)):
        self.label = label
        self.ends = ends
        self.arguments = [str(argument) for argument in arguments]
        self.program = shutil.which(self.arguments[0])
        self.environment = environment or clean()
        self.folder = folder or FOLDER

    def check(self, expected):
        """Must work, and print this, before it is worth a measurement."""
        done = subprocess.run(self.arguments, env=self.environment, cwd=self.folder, capture_output=True)
        if done.returncode not in self.ends or (expected and expected.encode() not in done.stdout):
            sys.exit(f"{self.label}: {done.returncode} {done.stdout[:200]} {done.stderr.decode()[:400]}")

    def run(self):
        """Wall and CPU milliseconds of one run."""
        os.chdir(self.folder)
        start = time.monotonic_ns()
        child = os.posix_spawn(self.program, self.arguments, self.environment, file_actions=QUIET)
        _, status, usage = os.wait4(child, 0)
        wall = (time.monotonic_ns() - start) / 1e6
        if os.waitstatus_to_exitcode(status) not in self.ends:
            sys.exit(f"{self.label}: ended with {os.waitstatus_to_exitcode(status)}")
        return wall, (usage.ru_utime + usage.ru_stime) * 1e3

    def instructions(self):
        """Instructions in user space, in millions, as callgrind counts them."""
        if not shutil.which("valgrind"):
            return None
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *self.arguments],
            env=self.environment, cwd=self.folder, capture_output=True, text=True)
        counted = re.search(r"Collected : (\d+)", done.stderr)
        return int(counted[1]) / 1e6 if counted else None


QUIET = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in range(3)]


def compare(title, commands, expected=None, rounds=ROUNDS, count=False):
    """Runs them in turn; the ratio is the median of the rounds' ratios to the first. Gives the wall times of each."""
    for command in commands:
        command.check(expected)
        command.run()
    samples = [[] for _ in commands]
    for number in range(rounds):
        for offset in range(len(commands)):
            which = (number + offset) % len(commands)
            samples[which].append((number, *commands[which].run()))
    walls = [[wall for _, wall, _ in sorted(sample)] for sample in samples]
    print(f"\n### {title} (n={rounds})\n")
    print("| command | wall ms, median | least | cpu ms, median | ratio |" + (" M instructions |" if count else ""))
    print("|---|---|---|---|---|" + ("---|" if count else ""))
    for command, wall, sample in zip(commands, walls, samples):
        cpu = statistics.median(cpu for _, _, cpu in sample)
        ratio = statistics.median(mine / first for mine, first in zip(wall, walls[0]))
        row = f"| {command.label} | {statistics.median(wall):.2f} | {min(wall):.2f} | {cpu:.2f} | {ratio:.2f} |"
        if count:
            counted = command.instructions()
            row += f" {counted:.2f} |" if counted is not None else " - |"
        print(row, flush=True)
    return walls


def steal():
    """Jiffies that the host took from this machine, and all of them."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return fields[7], sum(fields)


def empty(store, data, **more):
    """The surroundings of a mcpcred that keeps nothing there yet."""
    environment = clean(MCPCRED_DATA_DIR=str(data), MCPCRED_CONFIG_DIR=str(data / "config"),
                        MCPCRED_STORE=store, **more)
    if store == "vault" and "MCPCRED_KEY_FILE" not in environment:
        key = data.with_suffix(".key")
        subprocess.run([MCPCRED, "store", "init", "--new-key-file", key], env=environment, check=True,
                       capture_output=True)
        environment["MCPCRED_KEY_FILE"] = str(key)
    return environment


def filled(store, data, **more):
    """The surroundings of a mcpcred that keeps the twenty there."""
    environment = empty(store, data, **more)
    for name in NAMES:
        subprocess.run([MCPCRED, "add", name, "--stdin"], input=VALUE.encode(), env=environment,
                       check=True, capture_output=True)
    return environment


def peer(name):
    """Where a peer lies, or None, with a word about it."""
    for place in (FOLDER / "peers/bin" / name, FOLDER / "peers" / name):
        if place.exists():
            return place
    if PEERS:
        print(f"bench: {name} is not here", file=sys.stderr)
    return None


def secretspec_project(program, folder, names):
    """A project of secretspec whose values lie in the keyring."""
    folder.mkdir(parents=True)
    lines = ['[project]', 'name = "bench"', 'revision = "1.0"', '', '[profiles.default]']
    lines += [f'{name} = {{ description = "a token", required = true }}' for name in names]
    (folder / "secretspec.toml").write_text("\n".join(lines) + "\n")
    for name in names:
        subprocess.run([program, "set", name, VALUE, "--provider", "keyring"], cwd=folder, env=clean(),
                       check=True, capture_output=True)


def fnox_project(program, folder, names):
    """A project of fnox whose values lie in the keyring."""
    folder.mkdir(parents=True)
    lines = ['[providers.keychain]', 'type = "keychain"', 'service = "bench"', '', '[secrets]']
    lines += [f'{name} = {{ provider = "keychain", value = "{name}" }}' for name in names]
    (folder / "fnox.toml").write_text("\n".join(lines) + "\n")
    for name in names:
        subprocess.run([program, "set", name, "--provider", "keychain"], input=VALUE.encode(), cwd=folder,
                       env=clean(), check=True, capture_output=True)


def main():
    work = FOLDER / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    before = steal()

    keyring = filled("secret-service", work / "keyring")
    vault = filled("vault", work / "vault")

    one = NAMES[0]
    attributes = ["service", "mcpcred:default", "username"]
    lookups = " && ".join(f"secret-tool lookup {' '.join(attributes)} {name}" for name in NAMES)
    every = [part for name in NAMES for part in ("-e", name)]
    exported = " && ".join(
        f"{name}=$(secret-tool lookup {' '.join(attributes)} {name}) && export {name}" for name in NAMES)

    secretspec, fnox, rage = peer("secretspec"), peer("fnox"), peer("rage")
    if secretspec:
        secretspec_project(secretspec, work / "secretspec-20", NAMES)
        secretspec_project(secretspec, work / "secretspec-1", NAMES[:1])
    if fnox:
        fnox_project(fnox, work / "fnox-20", NAMES)
        fnox_project(fnox, work / "fnox-1", NAMES[:1])

    def rivals(verbs_secretspec, verbs_fnox, count):
        """The peers' commands for the same thing."""
        found = []
        if secretspec:
            found.append(Command(f"secretspec {verbs_secretspec[0]}", [secretspec, *verbs_secretspec],
                                 folder=work / f"secretspec-{count}"))
        if fnox:
            found.append(Command(f"fnox {verbs_fnox[0]}", [fnox, *verbs_fnox], folder=work / f"fnox-{count}"))
        return found

    compare("start-up", [
        Command("an empty Rust program", [EMPTY]),
        Command("mcpcred --version", [MCPCRED, "--version"]),
    ], rounds=ROUNDS * 3, count=True)

    compare("get one, from the keyring", [
        Command("mcpcred get", [MCPCRED, "get", one], keyring),
        Command("secret-tool lookup", ["secret-tool", "lookup", *attributes, one]),
        *rivals(["get", one, "--provider", "keyring"], ["get", one], 20),
        Command("python keyring get", [sys.executable, "-m", "keyring", "get", "mcpcred:default", one],
                clean(PYTHONPATH=str(FOLDER / "python"))),
    ], expected=VALUE, count=True)

    compare("start a program with 1, from the keyring", [
        Command("mcpcred run", [MCPCRED, "run", "-e", one, "--", "true"], keyring),
        Command("true alone", ["true"]),
        Command("sh and secret-tool", ["sh", "-c", f"T=$(secret-tool lookup {' '.join(attributes)} {one}) exec true"]),
        *rivals(["run", "--provider", "keyring", "--", "true"], ["exec", "--", "true"], 1),
    ])

    compare("start a program with 20, from the keyring", [
        Command("mcpcred run", [MCPCRED, "run", *every, "--", "true"], keyring),
        Command("sh and 20 × secret-tool", ["sh", "-c", f"{exported} && exec true"]),
        *rivals(["run", "--provider", "keyring", "--", "true"], ["exec", "--", "true"], 20),
        Command("mcpcred run, from the vault", [MCPCRED, "run", *every, "--", "true"], vault),
    ])

    compare("print 20 for a shell, from the keyring", [
        Command("mcpcred export-env", [MCPCRED, "export-env", "--shell", "bash"], keyring),
        Command("20 × secret-tool", ["sh", "-c", lookups]),
        *rivals(["export", "--provider", "keyring"], ["export"], 20),
        Command("mcpcred export-env, from the vault", [MCPCRED, "export-env", "--shell", "bash"], vault),
    ], expected=VALUE)

    from_file = [Command("mcpcred get, vault with a key file", [MCPCRED, "get", one], vault)]
    if rage:
        identity, sealed = work / "identity", work / "sealed.age"
        subprocess.run([rage.with_name("rage-keygen"), "-o", identity], check=True, capture_output=True)
        public = re.search(r"age1[0-9a-z]+", identity.read_text())[0]
        lines = "".join(f"{name}={VALUE}\n" for name in NAMES)
        subprocess.run([rage, "-r", public, "-o", sealed], input=lines.encode(), check=True)
        from_file.append(Command("rage -d, key file, 20 lines", [rage, "-d", "-i", identity, sealed]))
    compare("get one, from a file", from_file, expected=VALUE, count=True)

    os.chdir(MCPCRED.parents[2])
    tree = subprocess.run(["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none"],
                          capture_output=True, text=True, check=True).stdout
    crates = {line.split(" (")[0] for line in tree.splitlines() if line.strip()}
    stolen, all_of_them = (after - earlier for after, earlier in zip(steal(), before))
    print(f"\nrelease binary: {MCPCRED.stat().st_size / 1e6:.2f} MB; "
          f"crates linked into it on this platform: {len(crates) - 1}")
    realtime = "ahead of other work" if os.sched_getscheduler(0) == os.SCHED_RR else "beside other work"
    print(f"{os.cpu_count()} processors, measured {realtime}; the host took {100 * stolen / all_of_them:.1f} % "
          f"of the time; {subprocess.run(['rustc', '--version'], capture_output=True, text=True).stdout.strip()}")


if __name__ == "__main__":
    main()
