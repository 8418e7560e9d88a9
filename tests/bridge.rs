//! A client starts the bridge that `protect --style bridge` wrote, and reaches a real server that wants a token (Linux).

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::check::{TOKEN, write};
use crate::support::{Sandbox, feed};

/// How long one answer may take: the bridge is a program of Node, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

fn installed(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path);
    assert!(path.exists(), "`{}` is missing: `.ci/prepare` installs it", path.display());
    path
}

/// Ended when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A real MCP server over HTTP, and before it a door that opens for a token alone.
struct Guarded {
    port: u16,
    _server: Running,
}

impl Guarded {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("node");
        command
            .arg(installed("servers/node_modules/@modelcontextprotocol/server-everything/dist/index.js"))
            .arg("streamableHttp")
            .env("PORT", free.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Running(command.spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", free)).is_err() {
            assert!(start.elapsed() < PATIENCE, "the server does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        thread::spawn(move || {
            for caller in door.incoming().flatten() {
                thread::spawn(move || let_through(caller, free));
            }
        });
        Self { port, _server: server }
    }
}

/// What one connection asks: with the token it goes on to the server, and without it no further.
fn let_through(mut caller: TcpStream, port: u16) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let (mut answers, mut back) = (server.try_clone().ok()?, caller.try_clone().ok()?);
    thread::spawn(move || {
        _ = std::io::copy(&mut answers, &mut back);
        _ = back.shutdown(Shutdown::Both);
    });
    let mut requests = BufReader::new(caller.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if requests.read_line(&mut head).ok()? == 0 {
                return server.shutdown(Shutdown::Both).ok();
            }
        }
        let line_with = |name: &str| {
            head.lines()
                .find_map(|line| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name)))
        };
        let basic = format!("Basic {}", STANDARD.encode(format!("me:{TOKEN}")));
        let is_known = |value: &str| value == basic || value == format!("Bearer {TOKEN}");
        let header = line_with("authorization").is_some_and(|(_, value)| is_known(value));
        if !header && !head.lines().next()?.contains(&format!("?key={TOKEN} ")) {
            let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            caller.write_all(answer.as_bytes()).ok()?;
            return server.shutdown(Shutdown::Both).ok();
        }
        let length = line_with("content-length").map_or(0, |(_, length)| length.parse().unwrap());
        let mut body = vec![0; length];
        requests.read_exact(&mut body).ok()?;
        server.write_all(&[head.as_bytes(), &body].concat()).ok()?;
    }
}

/// A client that started what an entry says.
struct Client {
    process: Running,
    input: ChildStdin,
    answers: Receiver<Value>,
    log: PathBuf,
}

impl Client {
    fn start(sandbox: &Sandbox, entry: &Value) -> Self {
        let words = |value: &Value| value.as_str().unwrap().to_owned();
        let mut command = Command::new(words(&entry["command"]));
        sandbox.surround(&mut command);
        command.args(entry["args"].as_array().unwrap().iter().map(words));
        // `npx` takes what is installed in the folder, and asks nobody for it.
        command.current_dir(installed("bridge")).env("npm_config_offline", "true");
        let log = sandbox.path("log");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Ok(message) = serde_json::from_str::<Value>(&line)
                    && sender.send(message).is_err()
                {
                    return;
                }
            }
        });
        Self { process: Running(process), input, answers, log }
    }

    fn send(&mut self, message: &Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    /// Asks, and waits for the answer to that.
    fn ask(&mut self, id: u64, method: &str, parameters: &Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        let start = Instant::now();
        while let Ok(answer) = self.answers.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
            if answer["id"] == id && answer.get("method").is_none() {
                return answer;
            }
        }
        panic!("no answer to `{method}`: {}", fs::read_to_string(&self.log).unwrap_or_default());
    }

    /// What the server's own tool says when it is given this.
    fn echo(&mut self, message: &str) -> Value {
        let client = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "a client", "version": "1" }
        });
        self.ask(1, "initialize", &client);
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        let call = json!({ "name": "echo", "arguments": { "message": message } });
        self.ask(2, "tools/call", &call)["result"]["content"][0]["text"].clone()
    }
}

/// An entry of a client that has no other way to such a server, after `protect --style bridge`.
fn bridged(sandbox: &Sandbox, entry: &Value) -> Value {
    let before = json!({ "mcpServers": { "far": entry } }).to_string();
    let file = write(sandbox, ".cursor/mcp.json", &before);
    assert_eq!(sandbox.files_holding(TOKEN.as_bytes()), std::slice::from_ref(&file));
    let mut command = sandbox.command(["protect", "--style", "bridge", "--yes"]);
    command.current_dir(sandbox.path(""));
    let ran = feed(command, b"");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(sandbox.files_holding(TOKEN.as_bytes()).is_empty());
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    document["mcpServers"]["far"].clone()
}

/// The token is in no file, in whatever the bridge keeps of its own either.
fn reaches(entry: impl Fn(u16) -> Value) {
    let guarded = Guarded::start();
    let sandbox = Sandbox::new();
    let entry = bridged(&sandbox, &entry(guarded.port));
    let mut client = Client::start(&sandbox, &entry);
    assert_eq!(client.echo("as ever"), "Echo: as ever");
    drop(client.process);
    // What a bridge says on stderr lies in a file of the client's.
    assert!(fs::metadata(&client.log).unwrap().is_file());
    assert!(sandbox.files_holding(TOKEN.as_bytes()).is_empty());
}

#[test]
fn a_header_reaches_the_server_through_the_bridge_and_lies_in_no_file() {
    reaches(|port| {
        let header = format!("Bearer {TOKEN}");
        json!({ "url": format!("http://127.0.0.1:{port}/mcp"), "headers": { "Authorization": header } })
    });
}

#[test]
fn a_key_in_the_address_reaches_the_server_through_the_bridge_and_lies_in_no_file() {
    reaches(|port| json!({ "url": format!("http://127.0.0.1:{port}/mcp?key={TOKEN}") }));
}

#[test]
fn a_user_and_a_password_in_the_address_reach_the_server_in_a_header() {
    reaches(|port| json!({ "url": format!("http://me:{TOKEN}@127.0.0.1:{port}/mcp") }));
}

#[test]
fn without_the_token_the_server_is_not_reached() {
    let guarded = Guarded::start();
    let mut caller = TcpStream::connect(("127.0.0.1", guarded.port)).unwrap();
    caller.write_all(b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}
