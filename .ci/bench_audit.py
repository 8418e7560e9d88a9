"""Times the audit log, the list of running programs and the kill switch: started by .ci/bench."""

import http.server
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

from bench import FOLDER, MCPCRED, QUIET, ROUNDS, Command, clean, compare, filled, steal

LINES = int(sys.argv[3])
WORK = FOLDER / "audit"
ONE = "TOKEN_01"

# A burst is what this is, and everybody who runs it knows: without the rule, stderr is as quiet as on any other day.
CALM = "[audit.anomalies]\nburst_per_minute = 0\n"


def settle(environment, text):
    """These settings from now on."""
    folder = pathlib.Path(environment["MCPCRED_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def home(store, name, settings=CALM):
    """The surroundings of a mcpcred that keeps twenty credentials in a folder of its own."""
    data = WORK / name
    more = {}
    making = clean(MCPCRED_DATA_DIR=str(data), MCPCRED_CONFIG_DIR=str(data / "config"), MCPCRED_STORE=store)
    settle(making, settings)
    if store == "vault":
        key = WORK / f"{name}.key"
        subprocess.run([MCPCRED, "store", "init", "--new-key-file", key], env=making, check=True, capture_output=True)
        more["MCPCRED_KEY_FILE"] = str(key)
    return filled(store, data, **more)


def twin(environment, name, settings):
    """The same credentials with other settings, and with a log of its own."""
    data = WORK / name
    shutil.copytree(environment["MCPCRED_DATA_DIR"], data)
    other = environment | {"MCPCRED_DATA_DIR": str(data), "MCPCRED_CONFIG_DIR": str(data / "config")}
    settle(other, settings)
    return other


def cost(store, environment):
    """What the log costs a reader."""
    without = twin(environment, f"{store}-without", "[audit]\nrecord = false\n")
    off, on = compare(f"get from {store}, by whether it goes on record", [
        Command("record = false", [MCPCRED, "get", ONE], without),
        Command("on record", [MCPCRED, "get", ONE], environment),
    ], rounds=ROUNDS * 5, count=True)
    more = statistics.median(mine - other for mine, other in zip(on, off))
    print(f"\nthe log costs {more:.2f} ms, the median of the rounds' differences")


def appends(environment):
    """Lines a second, each by a process of its own that reads a value, from one process at a time and from sixteen."""
    print("\n### lines a second, with a whole `get` for each\n")
    print("| processes at a time | lines | seconds | lines a second | slowest ms |")
    print("|---|---|---|---|---|")
    for at_once in (1, 16):
        each = max(ROUNDS * 8 // at_once, 4)
        slowest = [0.0] * at_once

        def work(which, each=each, slowest=slowest):
            for _ in range(each):
                begin = time.monotonic()
                child = os.posix_spawn(MCPCRED, ["mcpcred", "get", ONE], environment, file_actions=QUIET)
                if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
                    sys.exit("appends: one of them failed")
                slowest[which] = max(slowest[which], (time.monotonic() - begin) * 1e3)

        threads = [threading.Thread(target=work, args=(which,)) for which in range(at_once)]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begin
        lines = each * at_once
        print(f"| {at_once} | {lines} | {seconds:.2f} | {lines / seconds:.0f} | {max(slowest):.1f} |", flush=True)
    verified(environment)


def verified(environment):
    """The log must be whole, whatever was measured."""
    done = subprocess.run([MCPCRED, "audit", "verify"], env=environment, capture_output=True, text=True)
    if done.returncode or not done.stdout.startswith("Whole"):
        sys.exit(f"verify: {done.stdout} {done.stderr}")
    return done.stdout.splitlines()[0]


def watched(arguments, environment):
    """Seconds, and the most memory in MiB."""
    begin = time.monotonic()
    child = os.posix_spawn(MCPCRED, ["mcpcred", *arguments], environment, file_actions=QUIET)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{arguments}: ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def verifying(environment):
    """A log of many lines, which the product itself writes: a program that gets a value in very many variables."""
    many = twin(environment, "many", f"[audit]\nfile_mib = 1024\nfiles = 100\n{CALM}")
    print("\n### checking the whole log\n")
    print("| lines | MB | verify, seconds | lines a second | peak MiB | report, seconds | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    at_once = 5_000
    # What was measured before is on record there, too.
    written = pathlib.Path(many["MCPCRED_DATA_DIR"], "audit.jsonl").read_bytes().count(b"\n")
    variables = [f"-eV{number}={ONE}" for number in range(at_once)]
    for wanted in (LINES // 100, LINES // 10, LINES):
        begin, before = time.monotonic(), written
        while written < wanted:
            now = min(at_once, wanted - written)
            watched(["run", *variables[:now], "--", "true"], many)
            written += now
        writing = time.monotonic() - begin
        said = verified(many)
        size = sum(file.stat().st_size for file in pathlib.Path(many["MCPCRED_DATA_DIR"]).glob("audit*.jsonl"))
        seconds, peak = min(watched(["audit", "verify"], many) for _ in range(3))
        reporting, most = watched(["audit", "report"], many)
        print(f"| {written} | {size / 1e6:.0f} | {seconds:.2f} | {written / seconds:.0f} | {peak:.1f} | "
              f"{reporting:.2f} | {most:.1f} |", flush=True)
    print(f"\n{said}; {(written - before) / writing:.0f} lines a second were written, {at_once} in one write")
    shutil.rmtree(many["MCPCRED_DATA_DIR"])


def entry(environment):
    """What it costs a start that it is on the list of `mcpcred ps`: the same start where the list can't be written."""
    without = twin(environment, "unlisted", CALM)
    listed = pathlib.Path(without["MCPCRED_DATA_DIR"], "running")
    shutil.rmtree(listed, ignore_errors=True)
    listed.write_text("")
    off, on = compare("run, by whether it is on the list of running programs", [
        Command("not on the list", [MCPCRED, "run", "-e", ONE, "--", "true"], without),
        Command("on the list", [MCPCRED, "run", "-e", ONE, "--", "true"], environment),
    ], rounds=ROUNDS * 5)
    more = statistics.median(mine - other for mine, other in zip(on, off))
    print(f"\nthe entry costs {more:.2f} ms, the median of the rounds' differences")


class GitLab(http.server.BaseHTTPRequestHandler):
    """Takes a second for each token that it revokes."""

    told = []
    protocol_version = "HTTP/1.1"

    def do_DELETE(self):
        time.sleep(1)
        self.told.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def tokens(name, count):
    """A home with tokens of GitLab."""
    data, key = WORK / name, WORK / f"{name}.key"
    environment = clean(MCPCRED_DATA_DIR=str(data), MCPCRED_CONFIG_DIR=str(data / "config"), MCPCRED_STORE="vault")
    subprocess.run([MCPCRED, "store", "init", "--new-key-file", key], env=environment, check=True,
                   capture_output=True)
    environment["MCPCRED_KEY_FILE"] = str(key)
    for number in range(count):
        subprocess.run([MCPCRED, "add", f"TOKEN_{number}", "--stdin"], input=f"glpat-0123456789abcdef{number:04}".encode(),
                       env=environment, check=True, capture_output=True)
    return environment


def lockdown():
    """A hundred credentials locked down on this machine, with ten programs that hold them; fifty revoked."""
    print("\n### lockdown\n")
    print("| what | seconds, median | most |")
    print("|---|---|---|")
    hundred, times = tokens("hundred", 100), []
    for number in range(5):
        own = twin(hundred, f"hundred-{number}", "")
        holding = [subprocess.Popen([MCPCRED, "run", "-e", "TOKEN_1", "--", "sleep", "60"], env=own)
                   for _ in range(10)]
        running = pathlib.Path(own["MCPCRED_DATA_DIR"], "running")
        while not running.is_dir() or len(list(running.glob("*.json"))) < len(holding):
            time.sleep(0.01)
        times.append(watched(["lockdown", "--all", "--no-revoke"], own)[0])
        for program in holding:
            program.wait(timeout=10)
    print(f"| 100 credentials, 10 programs ended | {statistics.median(times):.2f} | {max(times):.2f} |", flush=True)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitLab)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"gitlab=http://127.0.0.1:{server.server_port}"
    seconds, _ = watched(["lockdown", "--all", "--revoke", "--yes", "--host", host], tokens("fifty", 50))
    if len(GitLab.told) != 50:
        sys.exit(f"lockdown: {len(GitLab.told)} were revoked")
    print(f"| 50 revoked at a provider that takes a second each | {seconds:.2f} | |")
    server.shutdown()


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    before = steal()
    vault, keyring = home("vault", "vault"), home("secret-service", "secret-service")
    cost("vault", vault)
    cost("secret-service", keyring)
    appends(vault)
    entry(vault)
    verifying(vault)
    lockdown()
    stolen, all_of_them = (after - earlier for after, earlier in zip(steal(), before))
    print(f"\n{os.cpu_count()} processors; the host took {100 * stolen / all_of_them:.1f} % of the time")


main()
