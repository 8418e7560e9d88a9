//! Lines of a person's own that print headers, and the same without the secret.

use std::fmt::Write;

use snapbox::{IntoData, assert_data_eq, str};

use super::{TOKEN, file_of, there_and_back};
use crate::catalog::Catalog;
use crate::catalog::client::Scope;

/// What becomes of a line, and of the entry around it; undone it is what it was, to the byte.
fn told(id: &str, lines: &[&str], more: &str) -> String {
    let mut told = String::new();
    for line in lines {
        let (line, more) = (line.replace("TOKEN@", TOKEN), more.replace("TOKEN@", TOKEN));
        let written = serde_json::to_string(&line).unwrap();
        let text = match id {
            "codex" => format!(
                "[mcp_servers.x]\nurl = \"https://x.example/mcp\"\nhttp_headers_helper = {written}{more}\n"
            ),
            _ => format!(
                "{{\"mcpServers\":{{\"x\":{{\"type\":\"http\",\"url\":\"https://x.example/mcp\",\"headersHelper\":{written}{more}}}}}}}"
            ),
        };
        let outcome = there_and_back(id, file_of(Catalog::embedded(), id, Scope::User), &text);
        assert_eq!(outcome.undone, text);
        let is_left = outcome.steps.iter().any(|step| step.credential.is_none());
        assert_eq!(outcome.after.contains(TOKEN), is_left, "{}", outcome.after);
        told.push_str(&outcome.told());
        if id == "codex" {
            told.push_str(&outcome.after);
        } else {
            let document: serde_json::Value = serde_json::from_str(&outcome.after).unwrap();
            let entry = &document["mcpServers"]["x"];
            writeln!(told, "{}", entry["headersHelper"].as_str().unwrap()).unwrap();
            if let Some(headers) = entry.get("headers") {
                writeln!(told, "{headers}").unwrap();
            }
        }
    }
    told.replace(TOKEN, "TOKEN@")
}

#[test]
fn a_line_that_prints_the_same_every_time_is_our_command() {
    let told = [
        told(
            "claude-code",
            &[
                r#"echo '{"Authorization":"Bearer TOKEN@"}'"#,
                r#"echo "{\"Authorization\": \"Bearer TOKEN@\"}""#,
                r#"printf '{"Authorization":"Bearer %s"}' TOKEN@"#,
                r#"printf '%s\n' '{"X-Key":"TOKEN@","X-Team":"my \"own\"","X-Other":"TOKEN@"}'"#,
            ],
            "",
        ),
        told(
            "claude-code",
            &[r#"echo '{"X-Key":"TOKEN@","X-Team":"b"}'"#, r#"echo '{"X-Key":"TOKEN@","X-More":"b"}'"#],
            r#","headers":{"X-Team":"a"}"#,
        ),
        told("codex", &[r#"echo '{"Authorization":"Bearer TOKEN@","X-Team":"a"}'"#], ""),
    ];
    assert_data_eq!(told.concat(), str![[r#"
x: the helper's command line: headers-helper: GITHUB_TOKEN
/opt/mcpcred headers --url "https://x.example/mcp" --header "Authorization: Bearer {GITHUB_TOKEN}"
x: the helper's command line: headers-helper: GITHUB_TOKEN
/opt/mcpcred headers --url "https://x.example/mcp" --header "Authorization: Bearer {GITHUB_TOKEN}"
x: the helper's command line: headers-helper: GITHUB_TOKEN
/opt/mcpcred headers --url "https://x.example/mcp" --header "Authorization: Bearer {GITHUB_TOKEN}"
x: the helper's command line: headers-helper: GITHUB_TOKEN
x: the helper's command line: headers-helper: GITHUB_TOKEN
/opt/mcpcred headers --url "https://x.example/mcp" --header "X-Key: {GITHUB_TOKEN}" --header "X-Other: {GITHUB_TOKEN}"
{"X-Team":"my \"own\""}
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- sh -c 'echo '\''{"X-Key":"{{GITHUB_TOKEN}}","X-Team":"b"}'\'''
{"X-Team":"a"}
x: the helper's command line: headers-helper: GITHUB_TOKEN
/opt/mcpcred headers --url "https://x.example/mcp" --header "X-Key: {GITHUB_TOKEN}"
{"X-More":"b","X-Team":"a"}
x: the helper's command line: headers-helper: GITHUB_TOKEN
[mcp_servers.x]
url = "https://x.example/mcp"
http_headers_helper = "/opt/mcpcred headers --url \"https://x.example/mcp\" --header \"Authorization: Bearer {GITHUB_TOKEN}\""

[mcp_servers.x.http_headers]
X-Team = "a"

"#]].raw());
}

#[test]
fn our_wrapper_stands_before_a_line_that_does_more() {
    let told = told(
        "claude-code",
        &[
            "/opt/helper --token TOKEN@ --for x",
            "/opt/helper --header 'Authorization: Bearer TOKEN@' \"--as=$USER\"",
            "TOKEN=TOKEN@ /opt/helper --for x",
            "LOG=1 MY_TOKEN='TOKEN@' OTHER=2 /opt/helper",
            "A_TOKEN=TOKEN@ B_TOKEN=ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2 /opt/helper --token TOKEN@",
            "curl -s -H 'Authorization: Bearer TOKEN@' https://svc:S3cr3t-pa55word@vault.example.com/h | jq .headers",
            "export API_TOKEN=TOKEN@; /opt/helper 'a b'",
            "API_TOKEN=TOKEN@; echo \"{\\\"Authorization\\\":\\\"Bearer $API_TOKEN\\\"}\"",
            "echo \"{\\\"A\\\":\\\"$(date)\\\",\\\"X-Token\\\":\\\"TOKEN@\\\"}\"",
            "sh -c 'echo \"{\\\"X-Token\\\":\\\"TOKEN@\\\"}\"'",
            "mcpcred run -e A -- /opt/helper --token TOKEN@",
            "/opt/helper --a TOKEN@ --b ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2",
        ],
        "",
    );
    assert_data_eq!(told, str![[r#"
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- /opt/helper --token {{GITHUB_TOKEN}} --for x
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- /opt/helper --header 'Authorization: Bearer {{GITHUB_TOKEN}}' "--as=$USER"
x: the helper's command line: wrapper: TOKEN
/opt/mcpcred run -e TOKEN -- /opt/helper --for x
x: the helper's command line: wrapper: MY_TOKEN
LOG=1 OTHER=2 /opt/mcpcred run -e MY_TOKEN -- /opt/helper
x: the helper's command line: wrapper: A_TOKEN
x: the helper's command line: wrapper: B_TOKEN
x: the helper's command line: argument: A_TOKEN
/opt/mcpcred run -e A_TOKEN -e B_TOKEN --expand A_TOKEN -- /opt/helper --token {{A_TOKEN}}
x: the helper's command line: argument: GITHUB_TOKEN
x: the helper's command line: argument: X_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN --expand X_TOKEN -- sh -c 'curl -s -H '\''Authorization: Bearer {{GITHUB_TOKEN}}'\'' https://svc:{{X_TOKEN}}@vault.example.com/h | jq .headers'
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- sh -c 'export API_TOKEN={{GITHUB_TOKEN}}; /opt/helper '\''a b'\'''
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- sh -c 'API_TOKEN={{GITHUB_TOKEN}}; echo "{\"Authorization\":\"Bearer $API_TOKEN\"}"'
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- sh -c 'echo "{\"A\":\"$(date)\",\"X-Token\":\"{{GITHUB_TOKEN}}\"}"'
x: the helper's command line: argument: GITHUB_TOKEN
/opt/mcpcred run --expand GITHUB_TOKEN -- sh -c 'echo "{\"X-Token\":\"{{GITHUB_TOKEN}}\"}"'
x: the helper's command line: none: the line calls mcpcred already, which would have to be told of this value too
mcpcred run -e A -- /opt/helper --token TOKEN@
x: the helper's command line: argument: GITHUB_TOKEN
x: the helper's command line: argument: GITHUB_TOKEN_X
/opt/mcpcred run --expand GITHUB_TOKEN --expand GITHUB_TOKEN_X -- /opt/helper --a {{GITHUB_TOKEN}} --b {{GITHUB_TOKEN_X}}

"#]].raw());
}
