//! A person moves the tokens of a machine out of its files.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::check::{TOKEN, write};
use crate::support::{Ran, Sandbox, feed};

/// Another token of the same form.
const OTHER: &str = "ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2";

/// What is never seen on any stream.
#[track_caller]
fn shows_no_value(ran: Ran) -> Ran {
    for stream in [ran.stdout(), ran.stderr()] {
        assert!(!stream.contains(&TOKEN[4..]) && !stream.contains(&OTHER[4..]), "{stream}");
    }
    ran
}

fn protect_in(sandbox: &Sandbox, folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(["protect"]);
    command.args(arguments).current_dir(folder);
    shows_no_value(Ran(feed(command, b"")))
}

fn protect(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    protect_in(sandbox, &sandbox.path(""), arguments)
}

fn json_at(sandbox: &Sandbox, path: &str) -> Value {
    serde_json::from_slice(&fs::read(sandbox.path(path)).unwrap()).unwrap()
}

/// An entry with a variable.
fn local(value: &str) -> Value {
    json!({ "command": "npx", "args": ["-y", "a-server"], "env": { "GITHUB_TOKEN": value, "LOG": "1" } })
}

fn servers(entries: &Value) -> String {
    serde_json::to_string_pretty(&json!({ "mcpServers": entries })).unwrap()
}

#[test]
#[cfg(unix)]
fn a_token_leaves_the_file_and_the_server_still_gets_it() {
    let sandbox = Sandbox::new();
    let written = format!(
        "{{\r\n  \"mcpServers\": {{\r\n    \"x\": {{ \"command\": \"env\", \"env\": {{ \"GITHUB_TOKEN\": \"{TOKEN}\" }} }}\r\n  }},\r\n  \"other\": 1e3\r\n}}\r\n"
    );
    let path = write(&sandbox, ".cursor/mcp.json", &written);
    let said = protect(&sandbox, &["--yes"]).succeeds();
    assert!(said.stderr().contains("GITHUB_TOKEN") && said.stderr().contains("Cursor"), "{}", said.stderr());
    sandbox.run(["get", "GITHUB_TOKEN"]).prints(TOKEN);
    sandbox.holds_no_canary();
    let after = fs::read_to_string(path).unwrap();
    assert!(
        after.contains("\"other\": 1e3\r\n}\r\n") && !after.replace("\r\n", "").contains('\n'),
        "{after}"
    );

    // The entry as the client reads it starts the program with the value.
    let entry = json_at(&sandbox, ".cursor/mcp.json")["mcpServers"]["x"].clone();
    let words = |value: &Value| value.as_str().unwrap().to_owned();
    let arguments: Vec<String> = entry["args"].as_array().unwrap().iter().map(words).collect();
    assert!(Path::new(&words(&entry["command"])).is_absolute());
    let ran = sandbox.run(&arguments);
    assert!(ran.stdout().contains(&format!("GITHUB_TOKEN={TOKEN}")), "{}", ran.said());

    // And there is nothing left to do.
    let again = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    assert_eq!((&again["ending"], &again["steps"]), (&json!("nothing"), &json!([])));
    assert_eq!(fs::read_to_string(sandbox.path(".cursor/mcp.json")).unwrap(), after);
}

#[test]
fn a_dry_run_shows_a_diff_without_a_value_and_does_nothing() {
    let sandbox = Sandbox::new();
    let written = servers(&json!({ "x": local(TOKEN) }));
    let path = write(&sandbox, ".cursor/mcp.json", &written);
    let shown = protect(&sandbox, &["--dry-run"]).succeeds().stdout();
    assert!(
        shown.contains("--- a/.cursor/mcp.json") && shown.contains("-        \"GITHUB_TOKEN\": \"…\""),
        "{shown}"
    );
    assert!(shown.contains("\"GITHUB_TOKEN\""), "{shown}");
    let document = protect(&sandbox, &["--dry-run", "--json"]).succeeds().json("protect");
    assert_eq!((&document["ending"], &document["files"][0]["written"]), (&json!("shown"), &json!(false)));
    assert!(document["files"][0]["diff"].as_str().unwrap().contains("\n+"));
    assert_eq!(fs::read_to_string(path).unwrap(), written);
    assert!(!sandbox.data().exists());
}

#[test]
fn nobody_to_ask_is_no_consent() {
    let sandbox = Sandbox::new();
    let written = servers(&json!({ "x": local(TOKEN) }));
    let path = write(&sandbox, ".cursor/mcp.json", &written);
    protect(&sandbox, &[]).exits(5).says("--yes");
    let document = protect(&sandbox, &["--json"]).exits(5).json("protect");
    assert_eq!(document["ending"], "unasked");
    assert_eq!(fs::read_to_string(path).unwrap(), written);
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(3);
}

#[test]
fn there_is_nothing_to_do_where_nothing_lies_in_the_open() {
    let sandbox = Sandbox::new();
    protect(&sandbox, &[]).succeeds().says("No secret lies in the open");
    protect(&sandbox, &["--client", "no-such-client"]).exits(2);
    protect(&sandbox, &["--server", "nobody"]).exits(3);
    assert!(!sandbox.data().exists());
}

#[test]
fn one_value_is_one_credential_and_a_second_value_has_a_name_of_its_own() {
    let sandbox = Sandbox::new();
    write(&sandbox, ".cursor/mcp.json", servers(&json!({ "a": local(TOKEN), "work": local(OTHER) })));
    write(&sandbox, ".lmstudio/mcp.json", servers(&json!({ "b": local(TOKEN) })));
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    let kept: Vec<(&str, &Value)> = document["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), &it["instead_of"]))
        .collect();
    assert_eq!(kept, [("GITHUB_TOKEN", &Value::Null), ("GITHUB_TOKEN_WORK", &json!("GITHUB_TOKEN"))]);
    sandbox.run(["get", "GITHUB_TOKEN_WORK"]).prints(OTHER);
    let arguments = &json_at(&sandbox, ".cursor/mcp.json")["mcpServers"]["work"]["args"];
    assert_eq!(arguments[2], "GITHUB_TOKEN=GITHUB_TOKEN_WORK", "{arguments}");

    // What is stored already is found by its value.
    write(&sandbox, ".cursor/mcp.json", servers(&json!({ "c": local(OTHER) })));
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    assert_eq!(document["steps"][0]["credential"], "GITHUB_TOKEN_WORK");
    assert_eq!(document["steps"][0]["stored"], true);
    assert_eq!(sandbox.run(["list", "--json"]).json("list")["credentials"].as_array().unwrap().len(), 2);
}

#[test]
fn only_what_was_asked_for_is_changed() {
    let sandbox = Sandbox::new();
    let written = servers(&json!({ "a": local(TOKEN), "b": local(OTHER) }));
    for path in [".cursor/mcp.json", ".lmstudio/mcp.json", "work/.cursor/mcp.json"] {
        write(&sandbox, path, &written);
    }
    fs::create_dir(sandbox.path("work/.git")).unwrap();
    let holds = |path: &str, value: &str| fs::read_to_string(sandbox.path(path)).unwrap().contains(value);
    let work = sandbox.path("work");
    protect_in(&sandbox, &work, &["--yes", "--client", "cursor", "--server", "a", "--project"]).succeeds();
    assert!(!holds("work/.cursor/mcp.json", TOKEN) && holds("work/.cursor/mcp.json", OTHER));
    assert!(holds(".cursor/mcp.json", TOKEN) && holds(".lmstudio/mcp.json", TOKEN));
    // Others have that file too.
    assert_eq!(json_at(&sandbox, "work/.cursor/mcp.json")["mcpServers"]["a"]["command"], "mcpcred");
    protect_in(&sandbox, &work, &["--yes", "--client", "cursor"]).succeeds();
    assert!(!holds(".cursor/mcp.json", TOKEN) && holds(".lmstudio/mcp.json", TOKEN));
}

/// A person who is not root, whoever runs the tests: root may write everything.
#[cfg(unix)]
mod an_ordinary_person {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    use super::*;

    /// `nobody`, on every system that the tests run on as root.
    const NOBODY: u32 = 65534;

    struct Person(Sandbox);

    impl Person {
        fn new() -> Self {
            Self(Sandbox::new())
        }

        /// Owns all that is in the home by now.
        fn moves_in(&self) {
            let mut all = vec![self.0.path("")];
            while let Some(path) = all.pop().filter(|_| rustix::process::geteuid().is_root()) {
                chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
                if path.is_dir() {
                    all.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                }
            }
        }

        fn run(&self, arguments: &[&str]) -> Ran {
            let mut command = self.0.command(arguments);
            if rustix::process::geteuid().is_root() {
                command.uid(NOBODY).gid(NOBODY);
            }
            shows_no_value(Ran(feed(command, b"")))
        }

        fn lets(&self, path: &str, mode: u32) {
            fs::set_permissions(self.0.path(path), Permissions::from_mode(mode)).unwrap();
        }
    }

    #[test]
    fn keeps_what_is_in_read_only_files_and_folders_and_the_other_files_go_on() {
        let person = Person::new();
        let third = "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";
        let folder = write(&person.0, ".cursor/mcp.json", servers(&json!({ "x": local(TOKEN) })));
        let file = write(&person.0, ".lmstudio/mcp.json", servers(&json!({ "y": local(OTHER) })));
        let open = write(&person.0, ".claude.json", servers(&json!({ "z": local(third) })));
        let before = [&folder, &file].map(|path| fs::read_to_string(path).unwrap());
        person.moves_in();
        person.lets(".cursor", 0o500);
        person.lets(".lmstudio/mcp.json", 0o400);

        let ran = person.run(&["protect", "--yes", "--json"]).succeeds();
        let done = ran.json("protect");
        let told: Vec<_> = done["steps"].as_array().unwrap().iter().collect();
        for server in ["x", "y"] {
            let step = told.iter().find(|step| step["server"] == server).unwrap();
            let why = step["why"].as_str().unwrap();
            assert!(why.starts_with("the file can't be replaced: Permission denied"), "{why}");
            assert!(step["advice"].as_str().unwrap().contains("let yourself write it"), "{step:#}");
        }
        assert_eq!((&done["ending"], &done["files"][0]["written"]), (&json!("done"), &json!(true)));
        assert_eq!([&folder, &file].map(|path| fs::read_to_string(path).unwrap()), before);
        assert!(!fs::read_to_string(open).unwrap().contains(third));
        // What stays in its file is stored nowhere.
        let listed = person.run(&["list", "--json"]).json("list");
        assert_eq!(listed["credentials"].as_array().unwrap().len(), 1, "{listed:#}");
        person.run(&["protect", "--dry-run"]).succeeds().prints_line("can't be replaced: Permission denied");

        person.lets(".cursor", 0o700);
        person.lets(".lmstudio/mcp.json", 0o600);
        person.run(&["protect", "--yes"]).succeeds();
        for value in [TOKEN, OTHER, third] {
            assert!(person.0.files_holding(value.as_bytes()).is_empty());
        }
        person.run(&["unprotect", "--yes"]).succeeds();
        assert_eq!([&folder, &file].map(|path| fs::read_to_string(path).unwrap()), before);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_can_not_be_replaced_keeps_no_other_from_being() {
    let sandbox = Sandbox::new();
    let path = write(&sandbox, ".cursor/mcp.json", servers(&json!({ "x": local(TOKEN) })));
    fs::hard_link(&path, sandbox.path("under another name")).unwrap();
    let other = write(&sandbox, ".lmstudio/mcp.json", servers(&json!({ "y": local(OTHER) })));
    protect(&sandbox, &["--yes"]).succeeds().says("hard link");
    assert!(fs::read_to_string(path).unwrap().contains(TOKEN));
    assert!(!fs::read_to_string(other).unwrap().contains(OTHER));
    let listed = sandbox.run(["list", "--json"]).json("list");
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1, "{listed:#}");
}

#[test]
fn what_could_not_be_undone_without_a_value_on_record_stays_and_is_not_stored() {
    let sandbox = Sandbox::new();
    // The command, which has to be noted, is the very text that has to stay a secret.
    let entry = json!({
        "command": "k8Xq2vTz9LmPwR4s",
        "env": { "GITHUB_TOKEN": TOKEN },
        "oauth": { "clientSecret": "k8Xq2vTz9LmPwR4s" }
    });
    let path = write(&sandbox, ".lmstudio/mcp.json", servers(&json!({ "x": entry, "y": local(OTHER) })));
    let before = json_at(&sandbox, ".lmstudio/mcp.json");
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    assert_eq!(document["steps"][0]["mechanism"], "none", "{document:#}");
    let after = json_at(&sandbox, ".lmstudio/mcp.json");
    assert_eq!(after["mcpServers"]["x"], before["mcpServers"]["x"]);
    assert!(!fs::read_to_string(path).unwrap().contains(OTHER));
    let listed = sandbox.run(["list", "--json"]).json("list");
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 1, "{listed:#}");
}

#[test]
fn a_record_that_can_not_be_read_is_told_before_anything_is_stored() {
    let sandbox = Sandbox::new();
    let written = servers(&json!({ "x": local(TOKEN) }));
    let path = write(&sandbox, ".cursor/mcp.json", &written);
    sandbox.feed(["add", "OTHER", "--stdin"], b"a bystander").succeeds();
    fs::write(sandbox.data().join("undo.json"), "{").unwrap();
    protect(&sandbox, &["--yes"]).exits(1).says("nothing was stored");
    assert_eq!(fs::read_to_string(path).unwrap(), written);
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(3);
}

#[test]
fn copies_are_named_and_old_ones_are_covered_when_told() {
    let sandbox = Sandbox::new();
    write(&sandbox, ".claude.json", servers(&json!({ "x": local(TOKEN) })));
    let backup =
        write(&sandbox, ".claude/backups/.claude.json.backup.1", servers(&json!({ "x": local(TOKEN) })));
    write(&sandbox, ".env", format!("GITHUB_TOKEN={TOKEN}\n"));
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    let files: Vec<bool> = document["copies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["can_be_scrubbed"].as_bool().unwrap())
        .collect();
    assert_eq!(files, [true, false], "{document:#}");

    write(&sandbox, ".claude.json", servers(&json!({ "x": local(TOKEN) })));
    protect(&sandbox, &["--yes", "--scrub"]).succeeds().says("Covered");
    let covered = fs::read_to_string(backup).unwrap();
    assert!(!covered.contains(TOKEN) && covered.contains(&"*".repeat(TOKEN.len())), "{covered}");
    assert!(serde_json::from_str::<Value>(&covered).is_ok());
}

#[test]
#[cfg(unix)]
fn a_value_in_the_history_of_the_project_is_to_be_replaced() {
    let sandbox = Sandbox::new();
    let project = sandbox.path("work");
    fs::create_dir_all(&project).unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        sandbox.surround(&mut command);
        command.args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "-c",
            "init.defaultBranch=main",
        ]);
        feed_ok(command.args(arguments).current_dir(&project));
    };
    git(&["init", "-q"]);
    write(&sandbox, "work/.mcp.json", servers(&json!({ "x": local(TOKEN) })));
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let document = protect_in(&sandbox, &project, &["--yes", "--json"]).succeeds().json("protect");
    assert_eq!(document["committed"][0]["credential"], "GITHUB_TOKEN", "{document:#}");
    assert_eq!(document["committed"][0]["commits"].as_array().unwrap().len(), 1);
    assert_eq!(document["whole_history_searched"], true);
}

#[test]
#[cfg(unix)]
fn the_history_around_a_project_is_not_that_of_the_project() {
    let sandbox = Sandbox::new();
    let project = sandbox.path("outer/work");
    fs::create_dir_all(project.join(".git")).unwrap();
    write(&sandbox, "outer/work/.mcp.json", servers(&json!({ "x": local(TOKEN) })));
    let mut git = std::process::Command::new("sh");
    sandbox.surround(&mut git);
    let words = "git init -q . && git --work-tree=work add . && git -c user.name=x -c user.email=x@example.org commit -q -m first";
    feed_ok(git.args(["-c", words]).current_dir(sandbox.path("outer")));
    let document = protect_in(&sandbox, &project, &["--yes", "--json"]).succeeds().json("protect");
    assert_eq!((&document["committed"], &document["whole_history_searched"]), (&json!([]), &json!(false)));
}

fn feed_ok(command: &mut std::process::Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_remote_server_is_told_of_where_nothing_can_be_done() {
    let sandbox = Sandbox::new();
    let written = servers(&json!({
        "x": { "url": "https://x.example/mcp", "headers": { "Authorization": format!("Bearer {TOKEN}") } }
    }));
    let path = write(&sandbox, ".cursor/mcp.json", &written);
    let ran = protect(&sandbox, &["--yes"]).succeeds();
    assert!(ran.stderr().contains("--style bridge"), "{}", ran.stderr());
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    protect(&sandbox, &["--yes", "--style", "bridge"]).succeeds();
    let entry = json_at(&sandbox, ".cursor/mcp.json")["mcpServers"]["x"].clone();
    assert!(
        entry["url"].is_null() && entry["args"].as_array().unwrap().contains(&json!("mcp-remote")),
        "{entry}"
    );
}

#[test]
fn a_server_that_its_client_would_forbid_under_mcpcred_is_left_alone() {
    let sandbox = Sandbox::new();
    let rules = json!({ "allowedMcpServers": [
        { "serverCommand": ["npx", "-y", "a-server"] },
        { "serverUrl": "https://x.example/*" }
    ] });
    write(&sandbox, ".claude/settings.json", rules.to_string());
    let remote = json!({
        "type": "http",
        "url": "https://x.example/mcp",
        "headers": { "Authorization": format!("Bearer {OTHER}") }
    });
    let entries = json!({ "listed": local(TOKEN), "remote": remote });
    let path = write(&sandbox, ".claude.json", servers(&entries));
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    let steps: Vec<&str> =
        document["steps"].as_array().unwrap().iter().map(|it| it["mechanism"].as_str().unwrap()).collect();
    assert_eq!(steps, ["none", "headers-helper"], "{document:#}");
    assert!(document["steps"][0]["why"].as_str().unwrap().contains("Claude Code allow"), "{document:#}");
    let after = fs::read_to_string(path).unwrap();
    assert!(after.contains(TOKEN) && !after.contains(OTHER), "{after}");
    sandbox.run(["get", "GITHUB_TOKEN"]).exits(3);
    sandbox.run(["get", "GITHUB_TOKEN_REMOTE"]).prints(OTHER);
}

fn unprotect(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(["unprotect"]);
    command.args(arguments);
    shows_no_value(Ran(feed(command, b"")))
}

#[test]
fn everything_comes_back_byte_for_byte_and_the_credentials_stay() {
    let sandbox = Sandbox::new();
    let remote = format!(
        "{{\t\"mcpServers\":{{\r\n\"r\":{{\"type\":\"http\",\"url\":\"https://x.example/mcp\",\"headers\":{{\"Authorization\":\"Bearer {OTHER}\"}}}}}},\"n\":1e3 }}\r\n"
    );
    let toml = format!(
        "# mine\n[mcp_servers.x]\ncommand = 'npx' # kept\nargs = [ \"a-server\" ]\n\n[mcp_servers.x.env]\nGITHUB_TOKEN = \"{TOKEN}\"\n"
    );
    let before = [
        (".claude.json", remote),
        (".codex/config.toml", toml),
        (".cursor/mcp.json", servers(&json!({ "x": local(TOKEN), "y": local(OTHER) }))),
    ];
    for (path, text) in &before {
        write(&sandbox, path, text);
    }
    protect(&sandbox, &["--yes"]).succeeds();
    for (path, _) in &before {
        let after = fs::read_to_string(sandbox.path(path)).unwrap();
        assert!(!after.contains(TOKEN) && !after.contains(OTHER), "{path}: {after}");
    }
    sandbox.holds_no_canary();

    unprotect(&sandbox, &[]).exits(5).says("--yes");
    unprotect(&sandbox, &["--server", "nobody"]).exits(3);
    let document =
        unprotect(&sandbox, &["--yes", "--client", "cursor", "--server", "y", "--json"]).succeeds();
    let document = document.json("unprotect");
    assert_eq!(document["restored"].as_array().unwrap().len(), 1, "{document:#}");
    assert_eq!(document["restored"][0]["outcome"], "exact");
    assert!(!fs::read_to_string(sandbox.path(".cursor/mcp.json")).unwrap().contains(TOKEN));
    unprotect(&sandbox, &["--yes"]).succeeds().says("stay stored");
    for (path, text) in &before {
        assert_eq!(&fs::read_to_string(sandbox.path(path)).unwrap(), text, "{path}");
    }
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds();
    unprotect(&sandbox, &["--yes"]).succeeds().says("Nothing");
}

#[test]
fn values_come_back_where_the_client_has_written_its_file_anew() {
    let sandbox = Sandbox::new();
    let text = servers(&json!({ "x": local(TOKEN) }));
    let path = write(&sandbox, ".cursor/mcp.json", &text);
    protect(&sandbox, &["--yes"]).succeeds();
    let mut document = json_at(&sandbox, ".cursor/mcp.json");
    document["mcpServers"]["other"] = json!({ "command": "true" });
    write(&sandbox, ".cursor/mcp.json", document.to_string());
    unprotect(&sandbox, &["--yes"]).succeeds();
    let after: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(after["mcpServers"]["x"], local(TOKEN));
    assert_eq!(after["mcpServers"]["other"]["command"], "true");
}

#[cfg(target_os = "linux")]
#[test]
fn yaml_is_protected_in_the_way_it_is_written_and_comes_back() {
    let sandbox = Sandbox::new();
    let goose = format!(
        "GOOSE_MODEL: m # mine\nextensions:\n  x:\n    type: stdio\n    cmd: npx\n    args:\n      - -y\n      - a-server\n    envs:\n      GITHUB_TOKEN: {TOKEN}\n    enabled: true\n"
    );
    let list = format!(
        "name: Mine\nversion: 1.0.0\nschema: v1\nmcpServers:\n  - name: x\n    command: npx\n    args: [\"-y\", 'a-server', \"--token\", \"{OTHER}\"]\n    env: {{ GITHUB_TOKEN: \"{TOKEN}\", LOG: 1 }} # kept\n"
    );
    let files = [(".config/goose/config.yaml", goose), (".continue/config.yaml", list)];
    for (path, text) in &files {
        write(&sandbox, path, text);
    }
    protect(&sandbox, &["--yes"]).succeeds();
    for (path, _) in &files {
        let after = fs::read_to_string(sandbox.path(path)).unwrap();
        assert!(!after.contains(TOKEN) && !after.contains(OTHER), "{path}: {after}");
        assert!(after.contains("run") && (after.contains("# mine") || after.contains("# kept")), "{after}");
    }
    let mut check = sandbox.command(["check"]);
    check.arg("--quiet");
    Ran(feed(check, b"")).succeeds();
    unprotect(&sandbox, &["--yes"]).succeeds();
    for (path, text) in &files {
        assert_eq!(&fs::read_to_string(sandbox.path(path)).unwrap(), text, "{path}");
    }
}

#[test]
fn a_secret_that_has_to_stay_keeps_no_other_from_leaving() {
    let sandbox = Sandbox::new();
    let entry = json!({
        "command": "npx",
        "args": ["a-server"],
        "env": { "GITHUB_TOKEN": TOKEN },
        "oauth": { "clientSecret": OTHER }
    });
    let text = servers(&json!({ "x": entry }));
    let path = write(&sandbox, ".lmstudio/mcp.json", &text);
    let document = protect(&sandbox, &["--yes", "--json"]).succeeds().json("protect");
    let mechanisms: Vec<&str> =
        document["steps"].as_array().unwrap().iter().map(|it| it["mechanism"].as_str().unwrap()).collect();
    assert_eq!(mechanisms, ["wrapper", "none"], "{document:#}");
    assert!(!fs::read_to_string(&path).unwrap().contains(TOKEN));
    assert!(sandbox.files_holding(OTHER.as_bytes()).iter().all(|file| *file == path));
    unprotect(&sandbox, &["--yes"]).succeeds();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[cfg(unix)]
mod asked {
    use super::{OTHER, TOKEN, json, local, servers, write};
    use crate::support::Sandbox;
    use crate::support::terminal::Terminal;

    #[test]
    fn a_person_sees_the_plan_names_the_second_value_and_says_yes() {
        let sandbox = Sandbox::new();
        write(&sandbox, ".cursor/mcp.json", servers(&json!({ "a": local(TOKEN), "b": local(OTHER) })));
        let mut terminal = Terminal::start(&sandbox.command(["protect"]));
        terminal.expect("Its name [GITHUB_TOKEN_B]: ");
        terminal.send("GITHUB_TOKEN\n");
        terminal.expect("is taken");
        terminal.send("MINE\n");
        terminal.expect("Store 2 credentials and change 1 file? [y/N] ");
        terminal.send("y\n");
        assert_eq!(terminal.wait(), 0);
        sandbox.run(["get", "MINE"]).prints(OTHER);
        assert!(!String::from_utf8_lossy(&terminal.screen()).contains(&OTHER[4..]));
    }

    #[test]
    fn a_no_changes_nothing() {
        let sandbox = Sandbox::new();
        write(&sandbox, ".cursor/mcp.json", servers(&json!({ "a": local(TOKEN) })));
        let mut terminal = Terminal::start(&sandbox.command(["protect"]));
        terminal.expect("[y/N] ");
        terminal.send("n\n");
        assert_eq!(terminal.wait(), 5);
        sandbox.run(["get", "GITHUB_TOKEN"]).exits(3);
    }
}

#[test]
fn a_token_in_the_place_of_a_name_is_not_shown() {
    let placeholder = format!("${{env:{OTHER}}}");
    for entry in [
        json!({ OTHER: local(TOKEN) }),
        json!({"x": {"command": OTHER, "env": {"GITHUB_TOKEN": TOKEN}}}),
        json!({"x": {"command": "x", "env": {OTHER: TOKEN}}}),
        json!({"x": {"command": "x", "env": {"GITHUB_TOKEN": placeholder}}}),
        json!({"x": {"url": "https://mcp.example.com/mcp", "headers": {OTHER: TOKEN}}}),
        json!({"x": {"command": "mcpcred", "args": ["run", "--profile", OTHER, "-e", "A", "--", "x", TOKEN]}}),
    ] {
        let sandbox = Sandbox::new();
        write(&sandbox, ".mcp.json", json!({ "mcpServers": entry }).to_string());
        for arguments in [&["--dry-run"][..], &["--dry-run", "--json"], &["--yes"], &["--yes", "--json"]] {
            protect(&sandbox, arguments);
        }
        for arguments in [&["setup"][..], &["setup", "--json"], &["unprotect", "--yes"]] {
            shows_no_value(sandbox.run(arguments));
        }
        assert_eq!(sandbox.files_holding(OTHER.as_bytes()), [sandbox.path(".mcp.json")], "{entry}");
    }
}

/// What a shell prints for the line of `x` in the file, as headers.
#[cfg(unix)]
fn printed_for(sandbox: &Sandbox, path: &str) -> Value {
    let line = json_at(sandbox, path)["mcpServers"]["x"]["headersHelper"].as_str().unwrap().to_owned();
    let mut shell = std::process::Command::new("sh");
    for (name, value) in sandbox.command(["headers"]).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.args(["-c", &line]).current_dir(sandbox.path(""));
    let ran = Ran(feed(shell, b""));
    serde_json::from_str(&ran.stdout()).unwrap_or_else(|error| panic!("{line}: {error}: {}", ran.said()))
}

#[test]
#[cfg(unix)]
fn a_line_of_a_persons_own_prints_the_same_without_the_token_in_it() {
    let sandbox = Sandbox::new();
    for line in [
        r#"echo '{"A":"Bearer @TOKEN"}'"#,
        r#"echo "{\"A\": \"@TOKEN\"}""#,
        r#"printf '{"A":"%s"}' @TOKEN"#,
        r#"MY_TOKEN=@TOKEN LOG=1 sh -c 'printf "{\"A\":\"%s$LOG\"}" "$MY_TOKEN"'"#,
        r#"sh -c 'printf "{\"A\":\"%s\"}" "$1"' x @TOKEN"#,
        r#"export MY_TOKEN=@TOKEN; printf '{"A":"%s"}' "$MY_TOKEN" | cat"#,
        r#"MY_TOKEN='@TOKEN'; printf "{\"A\":\"$MY_TOKEN\",\"B\":\"it's $((1+1))\"}""#,
        r#"printf '{"A":"%s"}' "$(printf %s @TOKEN)""#,
        "cat <<E\n{\"A\":\"@TOKEN\", \"B\": \"it's\"}\nE",
        "if true; then echo '{\"A\":\"@TOKEN\"}'; fi # @TOKEN",
        r#"printf '%s' '{"A":"@TOKEN"}' 2>/dev/null"#,
    ] {
        let line = line.replace("@TOKEN", TOKEN);
        let entry = json!({ "x": { "type": "http", "url": "https://x.example/mcp", "headersHelper": line } });
        let before = servers(&entry);
        let path = write(&sandbox, ".claude.json", &before);
        let expected = printed_for(&sandbox, ".claude.json");
        assert!(expected["A"].as_str().unwrap().contains(TOKEN), "{line}");
        protect(&sandbox, &["--yes"]).succeeds();
        let after = fs::read_to_string(&path).unwrap();
        assert!(!after.contains(TOKEN), "{after}");
        assert_eq!(printed_for(&sandbox, ".claude.json"), expected, "{after}");
        sandbox.run(["unprotect", "--yes"]).succeeds();
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }
}
