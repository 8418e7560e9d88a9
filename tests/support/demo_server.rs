//! The smallest MCP server that has a use for a token: its one tool tells how long the token is that it was
//! started with. For the README's first command, where nothing but Rust is on the machine.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let Ok(request) = serde_json::from_str::<Value>(&line?) else { continue };
        // A notification has no id and gets no answer.
        let Some(id) = request.get("id") else { continue };
        let mut answer = json!({ "jsonrpc": "2.0", "id": id });
        match result(&request) {
            Some(result) => answer["result"] = result,
            None => answer["error"] = json!({ "code": -32601, "message": "method not found" }),
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

/// Lifecycle and tools of the Model Context Protocol, version 2025-06-18.
fn result(request: &Value) -> Option<Value> {
    Some(match request["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "demo", "version": "1" },
        }),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": [{
            "name": "token-length",
            "description": "How long the token is that this server was started with",
            "inputSchema": { "type": "object", "properties": {} },
        }] }),
        "tools/call" => {
            let text = match token() {
                Some(token) => {
                    format!("this server was started with a DEMO_TOKEN of {} characters", token.len())
                }
                None => "this server was started without a DEMO_TOKEN".to_owned(),
            };
            json!({ "content": [{ "type": "text", "text": text }] })
        }
        _ => return None,
    })
}

#[expect(clippy::disallowed_methods, reason = "a server of its own, not a part of mcpcred")]
fn token() -> Option<String> {
    std::env::var("DEMO_TOKEN").ok()
}
