"""A home full of clients and servers, as the measures need it."""

import json
import random
import string

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

# Five more, for who wants twenty-five.
MORE = [
    ("~/.aws/amazonq/mcp.json", "mcpServers"),
    ("~/.qwen/settings.json", "mcpServers"),
    ("~/.kimi/mcp.json", "mcpServers"),
    ("~/.config/amp/settings.json", "amp.mcpServers"),
    ("~/.gemini/config/mcp_config.json", "mcpServers"),
]


class Home:
    """A home with so many servers, a project in it, and a history as Claude Code keeps one."""

    def __init__(self, root, servers, files):
        self.root, self.project = root, root / "project"
        self.random = random.Random(servers)
        self.bytes = 0
        (self.project / ".git").mkdir(parents=True)
        for number, (path, layout) in enumerate(files):
            own = [self.server(number, which) for which in range(number, servers, len(files))]
            self.write(path, layout, dict(own))
        visited = {f"/home/somebody/project-{n}": {"allowedTools": [], "lastCost": n, "history": ["x" * 80] * 8}
                   for n in range(300)}
        self.note("~/.claude.json", json.dumps({"numStartups": 5, "projects": visited}, indent=2))

    def token(self, prefix, length):
        letters = string.ascii_letters + string.digits
        return prefix + "".join(self.random.choice(letters) for _ in range(length))

    def server(self, client, which):
        """The name of one server, and its entry as most clients have it."""
        raise NotImplementedError

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
