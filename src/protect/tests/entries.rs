//! Entries as people write them, and the same without the secret.

use std::fmt::Write;

use snapbox::{IntoData, assert_data_eq, str};

use super::{Outcome, TOKEN, file_of, protected};
use crate::catalog::Catalog;
use crate::catalog::client::Scope;
use crate::protect::mechanism::Style;

fn user(id: &str, text: &str) -> Outcome {
    with(id, Scope::User, Style::Wrapper, text)
}

fn with(id: &str, scope: Scope, style: Style, text: &str) -> Outcome {
    let catalog = Catalog::embedded();
    protected(catalog, id, file_of(catalog, id, scope), &text.replace("TOKEN@", TOKEN), style)
}

/// What is left of `mcpServers.x` after the secret has gone, in one line.
fn entry(outcome: &Outcome) -> String {
    let document: serde_json::Value = serde_json::from_str(&outcome.after).unwrap();
    document["mcpServers"]["x"].to_string()
}

#[test]
fn a_variable_is_handed_over_and_nothing_else_changes() {
    let outcome = user(
        "claude-code",
        r#"{
  "mcpServers": {
    "x": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_PERSONAL_ACCESS_TOKEN": "TOKEN@",
        "LOG": "1"
      }
    }
  }
}
"#,
    );
    assert_data_eq!(
        outcome.told(),
        str![[r#"
x: the variable `GITHUB_PERSONAL_ACCESS_TOKEN`: wrapper: GITHUB_PERSONAL_ACCESS_TOKEN

"#]]
    );
    assert_data_eq!(&outcome.after, str![[r#"
{
  "mcpServers": {
    "x": {
      "command": "/opt/mcpcred",
      "args": ["run", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN", "--", "npx", "-y", "@modelcontextprotocol/server-github"],
      "env": {
        "LOG": "1"
      }
    }
  }
}

"#]].raw());
}

#[test]
fn a_user_and_a_password_in_a_url_become_a_header_where_nothing_is_in_the_way() {
    let mut told = String::new();
    for written in [
        r#"{"type":"http","url":"https://me:S3cr3t-pa55word@x.example/mcp"}"#,
        r#"{"type":"http","url":"https://TOKEN@@x.example:8443/mcp?team=1"}"#,
        r#"{"type":"http","url":"https://me:S3cr3t%40pa55word@x.example/mcp"}"#,
        r#"{"type":"http","url":"https://us%40er:p%23w%2fS3cr3t@x.example/mcp"}"#,
        r#"{"type":"http","url":"https://me:S3cr3t%41pa55word@x.example/mcp"}"#,
        r#"{"type":"http","url":"https://m%3Ae:S3cr3t-pa55word@x.example/mcp"}"#,
        r#"{"type":"http","url":"https://me:S3cr3t-pa55word@x.example","headers":{"authorization":"Bearer ${A}"}}"#,
        r#"{"type":"http","url":"https://me:S3cr3t-pa55word@x.example","headers":{"X-Key":"TOKEN@"}}"#,
    ] {
        let outcome = user("claude-code", &format!(r#"{{"mcpServers":{{"x":{written}}}}}"#));
        writeln!(told, "{}{}", outcome.told(), entry(&outcome)).unwrap();
    }
    assert_data_eq!(
        told,
        str![[r#"
x: the URL: headers-helper: X_TOKEN
{"headersHelper":"/opt/mcpcred headers --url /"https://x.example/mcp/" --basic /"me:{X_TOKEN}/"","type":"http","url":"https://x.example/mcp"}
x: the URL: headers-helper: GITHUB_TOKEN
{"headersHelper":"/opt/mcpcred headers --url /"https://x.example:8443/mcp/" --basic /"{GITHUB_TOKEN}:/"","type":"http","url":"https://x.example:8443/mcp?team=1"}
x: the URL: headers-helper: X_TOKEN
{"headersHelper":"/opt/mcpcred headers --url /"https://x.example/mcp/" --basic /"me:{X_TOKEN}/"","type":"http","url":"https://x.example/mcp"}
x: the URL: headers-helper: X_TOKEN
{"headersHelper":"/opt/mcpcred headers --url /"https://x.example/mcp/" --basic /"us@er:{X_TOKEN}/"","type":"http","url":"https://x.example/mcp"}
x: the URL: none: percent signs stand in it in no usual manner, so that it could not be put back as it was written
{"type":"http","url":"https://me:S3cr3t%41pa55word@x.example/mcp"}
x: the URL: none: there is no other way to hand it to Claude Code than to write it
{"type":"http","url":"https://m%3Ae:S3cr3t-pa55word@x.example/mcp"}
x: the URL: none: there is no other way to hand it to Claude Code than to write it
{"headers":{"authorization":"Bearer ${A}"},"type":"http","url":"https://me:S3cr3t-pa55word@x.example"}
x: the URL: headers-helper: X_TOKEN
x: the header `X-Key`: headers-helper: GITHUB_TOKEN
{"headers":{},"headersHelper":"/opt/mcpcred headers --url /"https://x.example/" --header /"X-Key: {GITHUB_TOKEN}/" --basic /"me:{X_TOKEN}/"","type":"http","url":"https://x.example"}

"#]]
    );
}

#[test]
fn the_bridge_gets_a_user_and_a_password_of_a_url_in_a_header() {
    let mut told = String::new();
    for written in [
        r#"{"url":"https://me:S3cr3t-pa55word@x.example/mcp"}"#,
        r#"{"url":"http://me:S3cr3t-pa55word@x.example/mcp?key=TOKEN@"}"#,
        r#"{"url":"https://me@x.example/mcp?key=TOKEN@"}"#,
        r#"{"url":"https://me:S3cr3t%40pa55word@x.example/mcp"}"#,
    ] {
        let text = format!(r#"{{"mcpServers":{{"x":{written}}}}}"#);
        let outcome = with("cursor", Scope::User, Style::Bridge, &text);
        writeln!(told, "{}{}", outcome.told(), entry(&outcome).replace(TOKEN, "TOKEN@")).unwrap();
    }
    assert_data_eq!(
        told,
        str![[r#"
x: the URL: bridge: X_TOKEN
{"args":["run","--basic","X_TOKEN_FROM_MCPCRED=me:{X_TOKEN}","--","npx","-y","mcp-remote","https://x.example/mcp","--header","Authorization:${X_TOKEN_FROM_MCPCRED}"],"command":"/opt/mcpcred"}
x: the URL: bridge: X_TOKEN
x: the URL: bridge: GITHUB_TOKEN
{"args":["run","--expand","GITHUB_TOKEN","--basic","X_TOKEN_FROM_MCPCRED=me:{X_TOKEN}","--","npx","-y","mcp-remote","http://x.example/mcp?key={{GITHUB_TOKEN}}","--allow-http","--silent","--header","Authorization:${X_TOKEN_FROM_MCPCRED}"],"command":"/opt/mcpcred"}
x: the URL: none: there is no other way to hand it to Cursor than to write it
{"url":"https://me@x.example/mcp?key=TOKEN@"}
x: the URL: bridge: X_TOKEN
{"args":["run","--basic","X_TOKEN_FROM_MCPCRED=me:{X_TOKEN}","--","npx","-y","mcp-remote","https://x.example/mcp","--header","Authorization:${X_TOKEN_FROM_MCPCRED}"],"command":"/opt/mcpcred"}

"#]]
    );
}

#[test]
fn arguments_become_variables_where_the_program_reads_them() {
    let mut told = String::new();
    for written in [
        r#"{"command":"docker","args":["run","-i","-e","GITHUB_TOKEN=TOKEN@","image"]}"#,
        r#"{"command":"docker","args":["run","--env=GITHUB_TOKEN=TOKEN@","image"]}"#,
        r#"{"command":"docker","args":["run","-eGITHUB_TOKEN=TOKEN@","image"]}"#,
        r#"{"command":"env","args":["GITHUB_TOKEN=TOKEN@","LOG=1","npx","x"]}"#,
        r#"{"command":"npx","args":["figma-developer-mcp","--figma-api-key=figd_Xk29fLmQ7bVtRz4nWpYs8cHdJg3uEaKo5iTqNxB6","--stdio"]}"#,
        r#"{"command":"npx","args":["-y","tavily-mcp"],"env":{"TAVILY_API_KEY":"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"}}"#,
        r#"{"command":"npx","args":["mcp-remote","https://x.example","--header","Authorization: Bearer TOKEN@"]}"#,
        r#"{"command":"sh","args":["-c","LOG=1 GITHUB_TOKEN=TOKEN@ npx x"]}"#,
        r#"{"command":"sh","args":["-c","export GITHUB_TOKEN=TOKEN@; npx x"]}"#,
        r#"{"command":"server","args":["--token","TOKEN@"]}"#,
        r#"{"command":"npx","args":["@modelcontextprotocol/server-postgres","postgresql://me:S3cr3t-pa55word@h/db"]}"#,
        r#"{"command":"mcpcred","args":["run","-e","A","--","npx","x"],"env":{"GITHUB_TOKEN":"TOKEN@"}}"#,
        r#"{"command":"npx x --token TOKEN@"}"#,
        r#"{"command":"x","env":{"GITHUB_TOKEN":"TOKEN@"}}"#,
        r#"{"command":"x","env":{"OPENAPI_MCP_HEADERS":"{\"Authorization\":\"Bearer TOKEN@\"}"}}"#,
        r#"{"command":"x","env":{"DATABASE_URI":"postgresql://me:S3cr3t-pa55word@h/db"}}"#,
        r#"{"command":"x","env":[{"name":"GITHUB_TOKEN","value":"TOKEN@"}]}"#,
    ] {
        let outcome = user("claude-desktop", &format!(r#"{{"mcpServers":{{"x":{written}}}}}"#));
        writeln!(told, "{}{}", outcome.told(), entry(&outcome)).unwrap();
    }
    assert_data_eq!(told, str![[r#"
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","docker","run","-i","-e","GITHUB_TOKEN","image"],"command":"/opt/mcpcred"}
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","docker","run","--env=GITHUB_TOKEN","image"],"command":"/opt/mcpcred"}
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","docker","run","-eGITHUB_TOKEN","image"],"command":"/opt/mcpcred"}
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","env","LOG=1","npx","x"],"command":"/opt/mcpcred"}
x: the arguments: wrapper: FIGMA_API_KEY
{"args":["run","-e","FIGMA_API_KEY","--","npx","figma-developer-mcp","--stdio"],"command":"/opt/mcpcred"}
x: the variable `TAVILY_API_KEY`: wrapper: TAVILY_API_KEY
{"args":["run","-e","TAVILY_API_KEY","--","npx","-y","tavily-mcp"],"command":"/opt/mcpcred","env":{}}
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN_FROM_MCPCRED=GITHUB_TOKEN","--","npx","mcp-remote","https://x.example","--header","Authorization: Bearer ${GITHUB_TOKEN_FROM_MCPCRED}"],"command":"/opt/mcpcred"}
x: the arguments: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","sh","-c","LOG=1 npx x"],"command":"/opt/mcpcred"}
x: the arguments: argument: GITHUB_TOKEN
{"args":["run","--expand","GITHUB_TOKEN","--","sh","-c","export GITHUB_TOKEN={{GITHUB_TOKEN}}; npx x"],"command":"/opt/mcpcred"}
x: the arguments: argument: GITHUB_TOKEN
{"args":["run","--expand","GITHUB_TOKEN","--","server","--token","{{GITHUB_TOKEN}}"],"command":"/opt/mcpcred"}
x: the arguments: argument: DATABASE_URI
{"args":["run","--expand","DATABASE_URI","--","npx","@modelcontextprotocol/server-postgres","{{DATABASE_URI}}"],"command":"/opt/mcpcred"}
x: the variable `GITHUB_TOKEN`: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","-e","A","--","npx","x"],"command":"mcpcred","env":{}}
x: the command: none: the command and its arguments are one text, which each client parts in its own way
{"command":"npx x --token ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k"}
x: the variable `GITHUB_TOKEN`: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","x"],"command":"/opt/mcpcred","env":{}}
x: the variable `OPENAPI_MCP_HEADERS`: wrapper: OPENAPI_MCP_HEADERS
{"args":["run","-e","OPENAPI_MCP_HEADERS","--","x"],"command":"/opt/mcpcred","env":{}}
x: the variable `DATABASE_URI`: wrapper: DATABASE_URI
{"args":["run","-e","DATABASE_URI","--","x"],"command":"/opt/mcpcred","env":{}}
x: the variable `GITHUB_TOKEN`: wrapper: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN","--","x"],"command":"/opt/mcpcred","env":[{"name":"GITHUB_TOKEN","value":""}]}

"#]].raw());
}

#[test]
fn a_remote_server_gets_its_headers_from_our_command_where_the_client_runs_one() {
    let text = r#"{"mcpServers":{"x":{"type":"http","url":"https://x.example/mcp?team=1","headers":{"Authorization":"Bearer TOKEN@","X-Team":"mine"}}}}"#;
    let mut told = String::new();
    for (id, style) in [
        ("claude-code", Style::Wrapper),
        ("claude-code", Style::Reference),
        ("cursor", Style::Wrapper),
        ("cursor", Style::Reference),
        ("cursor", Style::Bridge),
        ("gemini-cli", Style::Reference),
    ] {
        let outcome = with(id, Scope::User, style, text);
        writeln!(told, "{}{}", outcome.told(), entry(&outcome)).unwrap();
    }
    assert_data_eq!(told, str![[r#"
x: the header `Authorization`: headers-helper: GITHUB_TOKEN
{"headers":{"X-Team":"mine"},"headersHelper":"/opt/mcpcred headers --url \"https://x.example/mcp\" --header \"Authorization: Bearer {GITHUB_TOKEN}\"","type":"http","url":"https://x.example/mcp?team=1"}
x: the header `Authorization`: reference: GITHUB_TOKEN
{"headers":{"Authorization":"Bearer ${GITHUB_TOKEN}","X-Team":"mine"},"type":"http","url":"https://x.example/mcp?team=1"}
x: the header `Authorization`: none: there is no other way to hand it to Cursor than to write it
{"headers":{"Authorization":"Bearer ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k","X-Team":"mine"},"type":"http","url":"https://x.example/mcp?team=1"}
x: the header `Authorization`: reference: GITHUB_TOKEN
{"headers":{"Authorization":"Bearer ${env:GITHUB_TOKEN}","X-Team":"mine"},"type":"http","url":"https://x.example/mcp?team=1"}
x: the header `Authorization`: bridge: GITHUB_TOKEN
{"args":["run","-e","GITHUB_TOKEN_FROM_MCPCRED=GITHUB_TOKEN","--","npx","-y","mcp-remote","https://x.example/mcp?team=1","--header","Authorization:Bearer ${GITHUB_TOKEN_FROM_MCPCRED}","--header","X-Team:mine"],"command":"/opt/mcpcred","type":"stdio"}
x: the header `Authorization`: none: there is no other way to hand it to Gemini CLI than to write it
{"headers":{"Authorization":"Bearer ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k","X-Team":"mine"},"type":"http","url":"https://x.example/mcp?team=1"}

"#]].raw());
}

#[test]
fn a_client_that_runs_commands_within_values_calls_ours() {
    let text = r#"{"mcp":{"x":{"type":"http","url":"https://x.example/mcp?api_key=TOKEN@","headers":{"Authorization":"Bearer TOKEN@"},"oauth":{"client_secret":"TOKEN@"}}}}"#;
    let outcome = user("crush", text);
    assert_data_eq!(format!("{}{}", outcome.told(), outcome.after), str![[r#"
x: the URL: command: GITHUB_TOKEN
x: the header `Authorization`: command: GITHUB_TOKEN
x: the OAuth setting `client_secret`: command: GITHUB_TOKEN
{"mcp":{"x":{"type":"http","url":"https://x.example/mcp?api_key=$(/opt/mcpcred get GITHUB_TOKEN)","headers":{"Authorization":"Bearer $(/opt/mcpcred get GITHUB_TOKEN)"},"oauth":{"client_secret":"$(/opt/mcpcred get GITHUB_TOKEN)"}}}}
"#]].raw());
}

#[test]
fn the_secret_of_an_oauth_client_goes_where_its_client_has_another_place_for_it() {
    let mut told = String::new();
    let entry = r#"{"url":"https://x.example/mcp","type":"http","oauth":{"clientId":"a","clientSecret":"Xk29fLmQ7bVtRz4nWpYs8cHdJg3uEaKo"}}"#;
    for (id, key) in [
        ("cursor", "mcpServers"),
        ("zed", "context_servers"),
        ("opencode", "mcp"),
        ("vscode", "servers"),
        ("gemini-cli", "mcpServers"),
        ("claude-code", "mcpServers"),
    ] {
        let text = format!(r#"{{"{key}":{{"x":{entry}}}}}"#);
        for style in [Style::Wrapper, Style::Reference] {
            let catalog = Catalog::embedded();
            let mut files = catalog.client(id).unwrap().files.iter();
            let file = files.find(|it| it.scope == Scope::User && it.writable && it.key == [key]).unwrap();
            let outcome = protected(catalog, id, file, &text, style);
            let advice = outcome.steps[0].advice.as_deref().unwrap_or_default();
            writeln!(told, "{id}: {}  {advice}", outcome.told()).unwrap();
        }
    }
    assert_data_eq!(told, str![[r#"
cursor: x: the OAuth setting `clientSecret`: none: Cursor takes the secret of an OAuth client from its file, or from a variable that it was started with
  say `--style reference` to write a placeholder, and load it with `mcpcred export-env` before the client starts
cursor: x: the OAuth setting `clientSecret`: reference: X_CLIENT_SECRET
  
zed: x: the OAuth setting `clientSecret`: none: Zed takes the secret of an OAuth client from its file alone
  register a public client, which has no secret, or replace the value and take the entry out
zed: x: the OAuth setting `clientSecret`: none: Zed takes the secret of an OAuth client from its file alone
  register a public client, which has no secret, or replace the value and take the entry out
opencode: x: the OAuth setting `clientSecret`: none: opencode takes the secret of an OAuth client from its file, or from a variable that it was started with
  say `--style reference` to write a placeholder, and load it with `mcpcred export-env` before the client starts
opencode: x: the OAuth setting `clientSecret`: reference: X_CLIENT_SECRET
  
vscode: x: the OAuth setting `clientSecret`: input: X_CLIENT_SECRET
  
vscode: x: the OAuth setting `clientSecret`: reference: X_CLIENT_SECRET
  
gemini-cli: x: the OAuth setting `clientSecret`: none: Gemini CLI may keep a variable with the secret of an OAuth client from itself, or write its value into the file again
  register a public client, which has no secret, or replace the value and take the entry out
gemini-cli: x: the OAuth setting `clientSecret`: none: Gemini CLI may keep a variable with the secret of an OAuth client from itself, or write its value into the file again
  register a public client, which has no secret, or replace the value and take the entry out
claude-code: x: the OAuth setting `clientSecret`: none: Claude Code keeps the secret of an OAuth client in a store of its own, and reads none from this file
  take it out, and hand it over once with `claude mcp add --client-secret`, which asks for it
claude-code: x: the OAuth setting `clientSecret`: none: Claude Code keeps the secret of an OAuth client in a store of its own, and reads none from this file
  take it out, and hand it over once with `claude mcp add --client-secret`, which asks for it

"#]].raw());
}

#[test]
fn vs_code_asks_for_what_a_header_needs() {
    let outcome = user(
        "vscode",
        r#"// Mine.
{
  "mcp": {
    "servers": {
      "x": { "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer TOKEN@" } },
      "y": { "url": "https://y.example/mcp", "headers": { "Authorization": "Bearer TOKEN@" } },
    },
  },
}
"#,
    );
    assert_eq!(outcome.names, ["GITHUB_TOKEN"]);
    assert_data_eq!(
        &outcome.after,
        str![[r#"
// Mine.
{
  "mcp": {
    "inputs": [
      {
        "type": "promptString",
        "id": "github-token",
        "description": "GITHUB_TOKEN (mcpcred get GITHUB_TOKEN --clip)",
        "password": true
      }
    ],
    "servers": {
      "x": { "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer ${input:github-token}" } },
      "y": { "url": "https://y.example/mcp", "headers": { "Authorization": "Bearer ${input:github-token}" } },
    },
  },
}

"#]]
        .raw()
    );
}

#[test]
fn two_values_for_one_name_get_two_names_and_one_value_has_one() {
    let other = TOKEN.replace("wT7h", "hT7w");
    let entry = |value: &str| format!(r#"{{"command":"x","env":{{"GITHUB_TOKEN":"{value}"}}}}"#);
    let text =
        format!(r#"{{"mcpServers":{{"a":{},"work":{},"c":{}}}}}"#, entry(TOKEN), entry(&other), entry(TOKEN));
    assert_eq!(user("cursor", &text).names, ["GITHUB_TOKEN", "GITHUB_TOKEN_WORK"]);
}

#[test]
fn a_file_that_others_have_too_holds_no_path_of_this_machine() {
    let text = r#"{"mcpServers":{"x":{"command":"x","env":{"GITHUB_TOKEN":"TOKEN@"}}}}"#;
    assert!(with("cursor", Scope::Project, Style::Wrapper, text).after.contains(r#""command":"mcpcred""#));
    assert!(with("cursor", Scope::User, Style::Wrapper, text).after.contains(r#""command":"/opt/mcpcred""#));
}
