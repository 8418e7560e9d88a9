"""What MCP clients are tried with: a server that notes what reaches it, and a network without a way out.

    probe.py stdio FOLDER NAME [ARGUMENT ...]     an MCP server; notes its arguments and environment in FOLDER/NAME.json
    probe.py around FOLDER UID:GID PROGRAM ...    runs a program in a network of its own, with an MCP server and a model
                                                  provider on loopback; notes requests in FOLDER/requests.jsonl
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8931


def answer(request):
    """The answer of an MCP server, or None where there is nothing to say."""
    if "id" not in request:
        return None
    reply = {"jsonrpc": "2.0", "id": request["id"]}
    method = request.get("method")
    if method == "initialize":
        reply["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                           "serverInfo": {"name": "probe", "version": "1"}}
    elif method == "ping":
        reply["result"] = {}
    elif method == "tools/list":
        tool = {"name": "nothing", "description": "does nothing", "inputSchema": {"type": "object", "properties": {}}}
        reply["result"] = {"tools": [tool]}
    else:
        reply["error"] = {"code": -32601, "message": "method not found"}
    return reply


def note(folder, name, fact):
    """Writes a fact that is there as a whole or not at all."""
    path = os.path.join(folder, name)
    with open(path + ".new", "w") as file:
        json.dump(fact, file)
    os.replace(path + ".new", path)


def stdio(folder, name, arguments):
    """Serves one client, after noting how it was started."""
    note(folder, name + ".json", {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()})
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except ValueError:
            continue
        if reply:
            print(json.dumps(reply), flush=True)


def stream(*events):
    """Server-sent events, as model providers answer."""
    kinds = (f"event: {event['type']}\n" if "type" in event else "" for event in events)
    return "".join(f"{kind}data: {json.dumps(event)}\n\n" for kind, event in zip(kinds, events))


def model(path):
    """A model that has nothing to say but `done`, in the two ways in which clients ask one; None for other paths."""
    if path.endswith("/responses"):
        text = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "done"}]}
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        return stream({"type": "response.created", "response": {"id": "r"}},
                      {"type": "response.output_item.done", "output_index": 0, "item": text},
                      {"type": "response.completed", "response": {"id": "r", "usage": usage}})
    if path.endswith("/chat/completions"):
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        said = {"index": 0, "delta": {"role": "assistant", "content": "done"}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return stream(chunk | {"choices": [said]}, chunk | {"choices": [end], "usage": usage}) + "data: [DONE]\n\n"
    return None


class Handler(BaseHTTPRequestHandler):
    """An MCP server over HTTP at every path, and the model."""

    protocol_version = "HTTP/1.1"
    folder = None
    lock = threading.Lock()

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.body()
        self.note()
        said = model(self.path)
        if said:
            return self.reply(200, said.encode(), "text/event-stream")
        try:
            reply = answer(json.loads(body))
        except ValueError:
            reply = None
        return self.reply(200, json.dumps(reply).encode(), "application/json") if reply else self.reply(202)

    def do_GET(self):
        self.note()
        self.reply(404 if "well-known" in self.path else 405)

    do_DELETE = do_GET

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        whole = b""
        while length := int(self.rfile.readline(), 16):
            whole += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def note(self):
        fact = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}}
        with self.lock, open(os.path.join(self.folder, "requests.jsonl"), "a") as file:
            file.write(json.dumps(fact) + "\n")

    def reply(self, status, content=b"", kind="text/plain"):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def raise_loopback():
    """A new network has one device, loopback, and it is down: SIOCGIFFLAGS and SIOCSIFFLAGS of netdevice(7)."""
    device = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flags = fcntl.ioctl(device, 0x8913, struct.pack("16sh", b"lo", 0))
    up = struct.unpack("16sh", flags)[1] | 1
    fcntl.ioctl(device, 0x8914, struct.pack("16sh", b"lo", up))


def around(folder, person, command):
    raise_loopback()
    user, group = (int(number) for number in person.split(":"))
    if (os.getuid(), os.getgid()) != (user, group):
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    Handler.folder = folder
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.exit(subprocess.call(command))


if sys.argv[1] == "stdio":
    stdio(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    around(sys.argv[2], sys.argv[3], sys.argv[4:])
