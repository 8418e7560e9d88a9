//! A person adds a server with a client's own command, moves its token out of the file, and the client notices nothing.

use std::fs;

use crate::check::{TOKEN, about, findings_in, write};
use crate::support::clients::{Client, Desk};
use crate::support::{Ran, feed};

/// What is run in the folder of the project, where no value is ever seen.
#[track_caller]
fn mcpcred(desk: &Desk, arguments: &[&str]) -> Ran {
    let mut command = desk.sandbox.command(arguments);
    command.current_dir(desk.project());
    let ran = Ran(feed(command, b""));
    assert!(!ran.said().contains(&TOKEN[4..]), "{}", ran.said());
    ran
}

/// The client's own command for a server of the user's that is started with a token.
fn adding(desk: &Desk, client: Client) -> Vec<String> {
    let server = desk.command("mine", &["--flag"]);
    let variable = format!("GITHUB_TOKEN={TOKEN}");
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let dashed = |flags: &[&str]| [words(flags), words(&["--"]), server.clone()].concat();
    match client {
        Client::ClaudeCode => dashed(&["mcp", "add", "-s", "user", "mine", "-e", &variable]),
        Client::Gemini => [
            words(&["mcp", "add", "-s", "user", "mine", &server[0], "-e", &variable, "--"]),
            server[1..].to_vec(),
        ]
        .concat(),
        Client::Codex | Client::Copilot | Client::Opencode => {
            dashed(&["mcp", "add", "mine", "--env", &variable])
        }
    }
}

/// The one file that holds the token after `mcp add`.
#[track_caller]
fn the_file(desk: &Desk) -> std::path::PathBuf {
    let files = desk.sandbox.files_holding(TOKEN.as_bytes());
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

#[test]
fn the_clients_own_server_gets_the_token_that_no_file_holds_any_more() {
    for client in Client::ALL {
        let Some(desk) = Desk::with(client) else { return };
        desk.run(client, adding(&desk, client)).succeeds();
        let file = the_file(&desk);
        let before = fs::read(&file).unwrap();

        mcpcred(&desk, &["protect", "--yes"]).succeeds();
        assert!(desk.sandbox.files_holding(TOKEN.as_bytes()).is_empty(), "{client:?}");
        let protected = fs::read(&file).unwrap();
        let said = desk.start_servers(client).said();
        let reached = desk.reached("mine").unwrap_or_else(|| panic!("{client:?}: {said}"));
        assert_eq!(reached.environment["GITHUB_TOKEN"], TOKEN, "{client:?}");
        assert_eq!(reached.arguments, ["--flag"], "{client:?}");
        assert!(!said.contains(TOKEN), "{client:?}");
        assert!(
            desk.sandbox.files_holding(TOKEN.as_bytes()).iter().all(|file| file.starts_with(desk.notes()))
        );

        let findings = findings_in(&desk.sandbox, &desk.project(), &["--server", "mine"], 0);
        assert_eq!(about(&findings, "mine"), [("ready", "ok", "GITHUB_TOKEN")], "{client:?}");
        let is_as_protected = fs::read(&file).unwrap() == protected;
        mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
        if is_as_protected {
            assert_eq!(fs::read(&file).unwrap(), before, "{client:?}");
        } else {
            // The client has written its file anew meanwhile: it gets back what it wrote itself.
            let before = fs::read(&file).unwrap();
            mcpcred(&desk, &["protect", "--yes"]).succeeds();
            assert_ne!(fs::read(&file).unwrap(), before, "{client:?}");
            mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
            assert_eq!(fs::read(&file).unwrap(), before, "{client:?}");
        }
        let said = desk.start_servers(client).said();
        assert_eq!(desk.reached("mine").expect(&said).environment["GITHUB_TOKEN"], TOKEN, "{client:?}");
    }
}

#[test]
fn a_server_of_the_project_gets_its_token_on_every_machine() {
    let Some(mut desk) = Desk::with(Client::ClaudeCode) else { return };
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_mcpcred")).parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap();
    desk.sandbox.set("PATH", &format!("{folder}:{path}"));
    crate::clients::trust(&desk);
    let mut words = adding(&desk, Client::ClaudeCode);
    words[3] = "project".to_owned();
    desk.run(Client::ClaudeCode, &words).succeeds();
    let before = desk.read("project/.mcp.json");
    mcpcred(&desk, &["protect", "--yes"]).succeeds().says("Others who use a committed file");
    let protected = desk.read("project/.mcp.json");
    assert!(protected.contains(r#""command": "mcpcred""#) && !protected.contains(&folder), "{protected}");
    let said = desk.start_servers(Client::ClaudeCode).said();
    assert_eq!(desk.reached("mine").expect(&said).environment["GITHUB_TOKEN"], TOKEN);
    mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
    assert_eq!(desk.read("project/.mcp.json"), before);
}

#[test]
fn a_user_and_a_password_in_a_url_become_the_header_that_the_client_made_of_them() {
    for client in [Client::ClaudeCode, Client::Codex] {
        let Some(desk) = Desk::with(client) else { return };
        // The base64 of both, with a colon between them, and without percent signs.
        for (pair, expected, template) in [
            ("me:S3cr3t-pa55word", "Basic bWU6UzNjcjN0LXBhNTV3b3Jk", "me:{"),
            ("us%40er:S3cr3t%23w%2Fx", "Basic dXNAZXI6UzNjcjN0I3cveA==", "us@er:{"),
        ] {
            let url = format!("http://{pair}@127.0.0.1:8931/remote");
            let text = match client {
                Client::ClaudeCode => {
                    format!("{{\"mcpServers\": {{\"remote\": {{\"type\": \"http\", \"url\": \"{url}\"}}}}}}")
                }
                _ => format!("# mine\n[mcp_servers.remote]\nurl = \"{url}\"\n"),
            };
            write(&desk.sandbox, client.file(), text);
            let sent = |when: &str| {
                let said = desk.start_servers(client).said();
                let request = desk.request("remote").unwrap_or_else(|| panic!("{client:?} {when}: {said}"));
                request.headers["authorization"].clone()
            };
            assert_eq!(sent("before"), expected, "{client:?}");
            let before = desk.read(client.file());
            let done = mcpcred(&desk, &["protect", "--yes", "--json"]).succeeds().json("protect");
            assert_eq!(done["steps"][0]["mechanism"], "headers-helper", "{client:?}: {done:#}");
            let protected = desk.read(client.file());
            assert!(
                protected.contains("http://127.0.0.1:8931/remote") && protected.contains(template),
                "{protected}"
            );
            assert!(!protected.contains("S3cr3t"), "{protected}");
            assert_eq!(sent("protected"), expected, "{client:?}");
            findings_in(&desk.sandbox, &desk.project(), &["--server", "remote"], 0);
            let is_as_protected = desk.read(client.file()) == protected;
            mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
            assert!(!is_as_protected || desk.read(client.file()) == before, "{client:?}");
            assert_eq!(sent("undone"), expected, "{client:?}");
        }
    }
}

#[test]
fn a_header_comes_from_the_command_that_protect_wrote() {
    for client in [Client::ClaudeCode, Client::Codex] {
        let Some(desk) = Desk::with(client) else { return };
        let url = "http://127.0.0.1:8931/remote";
        let header = format!("Authorization: Bearer {TOKEN}");
        if client == Client::ClaudeCode {
            let words = ["mcp", "add", "-s", "user", "-t", "http", "remote", url, "-H", &header];
            desk.run(client, words).succeeds();
        } else {
            // Its own command knows no header.
            let text = format!(
                "# mine\n[mcp_servers.remote]\nurl = \"{url}\"\nhttp_headers = {{ Authorization = \"Bearer {TOKEN}\", X-Team = \"a\" }}\n"
            );
            write(&desk.sandbox, client.file(), text);
        }
        let file = the_file(&desk);
        let before = fs::read(&file).unwrap();

        let done = mcpcred(&desk, &["protect", "--yes", "--json"]).succeeds().json("protect");
        assert_eq!(done["steps"][0]["mechanism"], "headers-helper", "{client:?}: {done:#}");
        assert!(desk.sandbox.files_holding(TOKEN.as_bytes()).is_empty(), "{client:?}");
        let protected = fs::read(&file).unwrap();
        let said = desk.start_servers(client).said();
        let request = desk.request("remote").unwrap_or_else(|| panic!("{client:?}: {said}"));
        assert_eq!(
            request.headers.get("authorization"),
            Some(&format!("Bearer {TOKEN}")),
            "{client:?}: {said}"
        );
        if client == Client::Codex {
            assert_eq!(request.headers["x-team"], "a");
        }
        findings_in(&desk.sandbox, &desk.project(), &["--server", "remote"], 0);
        let is_as_protected = fs::read(&file).unwrap() == protected;
        mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
        assert!(!is_as_protected || fs::read(&file).unwrap() == before, "{client:?}");
        let said = desk.start_servers(client).said();
        assert_eq!(desk.request("remote").expect(&said).headers["authorization"], format!("Bearer {TOKEN}"));
    }
}

#[test]
fn a_persons_own_command_for_headers_goes_on_without_the_token_in_its_line() {
    for client in [Client::ClaudeCode, Client::Codex] {
        let Some(desk) = Desk::with(client) else { return };
        let helper = write(
            &desk.sandbox,
            "my helper",
            "#!/bin/sh\nprintf '{\"Authorization\":\"Bearer %s\"}' \"${2:-$MY_TOKEN}\"\n",
        );
        fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let helper = format!("'{}'", helper.display());
        for (line, mechanism, starts_with) in [
            (format!(r#"echo '{{"Authorization":"Bearer {TOKEN}"}}'"#), "headers-helper", " headers --url "),
            (format!("{helper} --token {TOKEN}"), "argument", " run --expand GITHUB_TOKEN -- '"),
            (format!("MY_TOKEN={TOKEN} {helper}"), "wrapper", " run -e MY_TOKEN"),
            (format!("export MY_TOKEN={TOKEN}; {helper} | cat"), "argument", " -- sh -c "),
        ] {
            let entry = serde_json::json!(line);
            let url = "http://127.0.0.1:8931/remote";
            let text = match client {
                Client::ClaudeCode => format!(
                    "{{\"mcpServers\": {{\"remote\": {{\"type\": \"http\", \"url\": \"{url}\", \"headersHelper\": {entry}}}}}}}"
                ),
                _ => {
                    format!("# mine\n[mcp_servers.remote]\nurl = \"{url}\"\nhttp_headers_helper = {entry}\n")
                }
            };
            write(&desk.sandbox, client.file(), text);
            let sent = |when: &str| {
                let said = desk.start_servers(client).said();
                let request = desk.request("remote").unwrap_or_else(|| panic!("{client:?} {when}: {said}"));
                request.headers.get("authorization").cloned().unwrap_or_default()
            };
            assert_eq!(sent("before"), format!("Bearer {TOKEN}"), "{client:?}: {line}");
            let before = desk.read(client.file());
            let done = mcpcred(&desk, &["protect", "--yes", "--json"]).succeeds().json("protect");
            assert_eq!(done["steps"][0]["mechanism"], mechanism, "{client:?}: {done:#}");
            let protected = desk.read(client.file());
            assert!(!protected.contains(TOKEN) && protected.contains(starts_with), "{protected}");
            assert_eq!(sent("protected"), format!("Bearer {TOKEN}"), "{client:?}: {protected}");
            let findings = findings_in(&desk.sandbox, &desk.project(), &["--server", "remote"], 0);
            assert_eq!(about(&findings, "remote")[0].0, "ready", "{findings:#?}");
            let is_as_protected = desk.read(client.file()) == protected;
            mcpcred(&desk, &["unprotect", "--yes"]).succeeds();
            assert!(!is_as_protected || desk.read(client.file()) == before, "{client:?}: {line}");
            assert_eq!(sent("undone"), format!("Bearer {TOKEN}"), "{client:?}: {line}");
        }
    }
}
