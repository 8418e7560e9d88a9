//! What a person has in files, variables and other programs moves into the store, and nothing of it is lost.

use std::fs;

use crate::support::{CANARY, Ran, Sandbox};

/// Another value that looks like a secret.
const OTHER: &str = "glpat-ZBk4Xw7mQd9Rt2Lv8Ns3";

/// A person with a `.env` file.
fn with_file(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path(".env"), text).unwrap();
    sandbox
}

fn file(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path(".env")).unwrap()
}

#[track_caller]
fn holds(sandbox: &Sandbox, name: &str, value: &str) {
    sandbox.run(["get", name]).succeeds().prints(value);
}

#[track_caller]
fn holds_nothing(sandbox: &Sandbox) {
    let listed = sandbox.run(["list", "--json"]).succeeds().json("list");
    assert_eq!(listed["credentials"].as_array().unwrap().len(), 0, "{listed}");
}

fn says_no_value(ran: &Ran) {
    assert!(!ran.said().contains(CANARY) && !ran.said().contains(OTHER), "{}", ran.said());
}

#[test]
fn what_looks_like_a_secret_moves_and_the_rest_of_the_file_stays() {
    let text =
        format!("# mine\r\nexport GITHUB_TOKEN=\"{CANARY}\" # work\r\nPORT=8080\r\n\r\nGITLAB_TOKEN={OTHER}");
    let sandbox = with_file(&text);
    let ran = sandbox.run(["import", "dotenv", "--yes", "--delete-source"]).succeeds();
    says_no_value(&ran);
    let ran = ran.says("Imported `GITHUB_TOKEN` from line 2 of `.env`").says("`PORT` in line 3");
    assert!(ran.says("Took what was imported out of the source").stdout().is_empty());
    holds(&sandbox, "GITHUB_TOKEN", CANARY);
    holds(&sandbox, "GITLAB_TOKEN", OTHER);
    assert_eq!(file(&sandbox), "# mine\r\nPORT=8080\r\n\r\n");
    sandbox.holds_no_canary();
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_is_imported() {
    let sandbox = with_file(&format!("GITHUB_TOKEN={CANARY}\n"));
    sandbox.run(["import", "dotenv"]).exits(5).says("--yes").says("`GITHUB_TOKEN`");
    holds_nothing(&sandbox);
    assert_eq!(file(&sandbox), format!("GITHUB_TOKEN={CANARY}\n"));
    // Who names a key needs no question.
    sandbox.run(["import", "dotenv", "--only", "GITHUB_TOKEN"]).succeeds().says("--delete-source");
    holds(&sandbox, "GITHUB_TOKEN", CANARY);
}

#[test]
fn a_dry_run_shows_what_would_happen_and_no_value() {
    let sandbox = with_file(&format!("GITHUB_TOKEN={CANARY}\nEMPTY=\nPORT=1\n"));
    let ran = sandbox.run(["import", "dotenv", "--dry-run", "--delete-source", "--json"]).succeeds();
    says_no_value(&ran);
    let document = ran.json("import");
    assert_eq!(document["dry_run"], true);
    let credential = &document["credentials"][0];
    assert_eq!((&credential["name"], &credential["line"]), (&"GITHUB_TOKEN".into(), &1.into()));
    assert_eq!((&credential["action"], &credential["removed_from_source"]), (&"added".into(), &false.into()));
    assert_eq!(document["passed_over"].as_array().unwrap().len(), 2);
    holds_nothing(&sandbox);
    assert!(file(&sandbox).contains(CANARY));
    let done =
        sandbox.run(["import", "dotenv", "--yes", "--delete-source", "--json"]).succeeds().json("import");
    assert_eq!(done["credentials"][0]["removed_from_source"], true);
}

#[test]
fn a_name_that_holds_another_value_is_refused_until_replace_is_said() {
    let sandbox = with_file(&format!("A_TOKEN={OTHER}\nB_TOKEN={OTHER}\n")).with("A_TOKEN");
    let refused = sandbox.run(["import", "dotenv", "--all", "--delete-source"]).exits(1);
    refused.says("`A_TOKEN` holds another value already").says("mcpcred rotate A_TOKEN").says("--replace");
    sandbox.run(["get", "B_TOKEN"]).exits(3);
    assert!(file(&sandbox).contains(OTHER), "all or nothing");
    sandbox.run(["import", "dotenv", "--all", "--replace"]).succeeds().says("Replaced `A_TOKEN`");
    holds(&sandbox, "A_TOKEN", OTHER);
    holds(&sandbox, "B_TOKEN", OTHER);
    // And once more: it is all here.
    let again = sandbox.run(["import", "dotenv", "--all", "--delete-source"]).succeeds();
    again.says("`A_TOKEN` is here already").says("`B_TOKEN` is here already");
    assert_eq!(file(&sandbox), "");
}

#[test]
fn names_are_changed_as_a_person_says_and_facts_are_kept() {
    let sandbox = with_file(&format!("api.key={CANARY}\nTOKEN={OTHER}\n"));
    sandbox.run(["import", "dotenv", "--all", "--rename", "nothing=X"]).exits(2).says("is not among");
    sandbox
        .run([
            "import",
            "dotenv",
            "--all",
            "--dialect",
            "node",
            "--prefix",
            "WORK_",
            "--rename",
            "api.key=API_KEY",
            "--server",
            "github",
            "--tag",
            "work",
            "--kind",
            "other",
        ])
        .succeeds();
    holds(&sandbox, "API_KEY", CANARY);
    holds(&sandbox, "WORK_TOKEN", OTHER);
    let listed = sandbox.run(["list", "--json"]).succeeds().json("list");
    for credential in listed["credentials"].as_array().unwrap() {
        assert_eq!((&credential["server"], &credential["kind"]), (&"github".into(), &"other".into()));
        assert_eq!(credential["tags"][0], "work");
    }
}

#[test]
fn a_file_that_two_programs_read_differently_is_told_and_decided_by_the_person() {
    let sandbox = with_file("A_TOKEN=abc#def\nB_TOKEN='$HOME ${X} $(id)'\n");
    let refused = sandbox.run(["import", "dotenv", "--all"]).exits(1);
    refused.says("Node and Python read `A_TOKEN` in line 1 of `.env` differently").says("--dialect node");
    holds_nothing(&sandbox);
    sandbox.run(["import", "dotenv", "--all", "--dialect", "node"]).succeeds();
    holds(&sandbox, "A_TOKEN", "abc");
    sandbox.run(["import", "dotenv", "--all", "--dialect", "python", "--replace"]).succeeds();
    holds(&sandbox, "A_TOKEN", "abc#def");
    // Nothing is expanded.
    holds(&sandbox, "B_TOKEN", "$HOME ${X} $(id)");
    sandbox.run(["import", "dotenv", "--dialect", "ruby"]).exits(2);
}

#[test]
fn a_private_key_of_several_lines_arrives_as_it_is_written() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBg\n-----END PRIVATE KEY-----";
    let sandbox = with_file(&format!("A=1\nSIGNING_KEY=\"{key}\"\nB=2\n"));
    sandbox.run(["import", "dotenv", "--only", "SIGNING_KEY", "--delete-source"]).succeeds();
    holds(&sandbox, "SIGNING_KEY", key);
    assert_eq!(file(&sandbox), "A=1\nB=2\n");
}

#[test]
fn bad_files_are_refused_as_a_whole() {
    let sandbox = Sandbox::new();
    sandbox.run(["import", "dotenv"]).exits(1).says("there is no file `.env`");
    sandbox.run(["import", "dotenv", "."]).exits(1).says("is not a regular file");
    let good = format!("GITHUB_TOKEN={CANARY}\n");
    fs::write(sandbox.path("good"), &good).unwrap();
    for (bytes, said) in [
        (&b"A=\xe9\n"[..], "is not UTF-8"),
        (b"\xff\xfeA\0=\0", "is UTF-16"),
        (b"A_TOKEN=\"never closed\n", "does not close"),
        (b"A_TOKEN=a\0b\n", "holds a NUL byte"),
    ] {
        fs::write(sandbox.path("bad"), bytes).unwrap();
        let only: &[&str] =
            if bytes.starts_with(b"A_") { &["--only", "A_TOKEN", "--only", "GITHUB_TOKEN"] } else { &[] };
        let ran =
            sandbox.run([&["import", "dotenv", "good", "bad", "--yes", "--delete-source"], only].concat());
        assert_ne!(ran.0.status.code(), Some(0), "{}", ran.said());
        says_no_value(&ran.says(said));
        holds_nothing(&sandbox);
        assert_eq!(fs::read_to_string(sandbox.path("good")).unwrap(), good);
    }
}

#[test]
fn a_value_in_the_place_of_a_key_is_not_repeated() {
    let sandbox = with_file(&format!("{OTHER}\n{CANARY}=x\nthis is nothing\nA_TOKEN=abcdefgh\n"));
    let ran = sandbox.run(["import", "dotenv", "--all", "--json"]).succeeds();
    says_no_value(&ran);
    assert_eq!(ran.json("import")["passed_over"][0]["source_name"], serde_json::Value::Null);
    let ran = sandbox.run(["import", "dotenv", "--only", CANARY]).exits(2);
    says_no_value(&ran);
}

#[test]
fn a_key_that_is_set_twice_counts_as_it_is_set_last() {
    let sandbox = with_file(&format!("A_TOKEN=first-value\nA_TOKEN={CANARY}\n"));
    let ran = sandbox.run(["import", "dotenv", "--all", "--delete-source"]).exits(1);
    says_no_value(&ran.says("line 1 of `.env` sets what line 2 sets to another value"));
    holds_nothing(&sandbox);
    sandbox
        .run(["import", "dotenv", "--all"])
        .succeeds()
        .says("line 1 sets `A_TOKEN` as well and does not count");
    holds(&sandbox, "A_TOKEN", CANARY);
}

#[test]
fn two_files_with_two_values_for_one_name_are_a_question_for_the_person() {
    let sandbox = with_file(&format!("A_TOKEN={CANARY}\n"));
    fs::write(sandbox.path("more.env"), format!("a_token={OTHER}\n")).unwrap();
    let ran = sandbox.run(["import", "dotenv", ".env", "more.env", "--all"]).exits(1);
    says_no_value(&ran.says("one value in line 1 of `.env` and another in line 1 of `more.env`"));
    holds_nothing(&sandbox);
    fs::write(sandbox.path("more.env"), format!("A_TOKEN={CANARY}\n")).unwrap();
    sandbox.run(["import", "dotenv", ".env", "more.env", "--all", "--delete-source"]).succeeds();
    holds(&sandbox, "A_TOKEN", CANARY);
    sandbox.holds_no_canary();
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_mode_stays_a_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("dotfiles")).unwrap();
    let real = sandbox.path("dotfiles/env");
    fs::write(&real, format!("A_TOKEN={CANARY}\nB=1\n")).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("dotfiles/env", sandbox.path(".env")).unwrap();
    sandbox.run(["import", "dotenv", "--only", "A_TOKEN", "--delete-source"]).succeeds();
    assert_eq!(fs::read_to_string(&real).unwrap(), "B=1\n");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(sandbox.path(".env").is_symlink());
    assert_eq!(fs::read_dir(sandbox.path("dotfiles")).unwrap().count(), 1);
}

#[test]
fn variables_are_imported_by_name_and_by_pattern() {
    let mut sandbox = Sandbox::new();
    for (name, value) in [
        ("GITHUB_TOKEN", CANARY),
        ("GITHUB_USER", "octocat"),
        ("GITLAB_TOKEN", OTHER),
        ("MCPCRED_PASSPHRASE", "not to be taken"),
    ] {
        sandbox.set(name, value);
    }
    sandbox.run(["import", "env"]).exits(2);
    sandbox.run(["import", "env", "MCPCRED_PASSPHRASE"]).exits(2).says("mcpcred's own");
    sandbox.run(["import", "env", "NOT_SET"]).exits(2).says("there is no environment variable `NOT_SET`");
    let refused = sandbox.run(["import", "env", "GITHUB_TOKEN", "--delete-source"]).exits(2);
    refused.says("can't take a variable out of the environment");
    says_no_value(&sandbox.run(["import", "env", CANARY]).exits(2));
    holds_nothing(&sandbox);
    let ran =
        sandbox.run(["import", "env", "--match", "GITHUB_*", "--match", "MCPCRED_*", "--yes"]).succeeds();
    says_no_value(&ran.says("Imported `GITHUB_TOKEN` from the environment").says("`GITHUB_USER`"));
    holds(&sandbox, "GITHUB_TOKEN", CANARY);
    sandbox.run(["get", "GITLAB_TOKEN"]).exits(3);
    sandbox.run(["get", "MCPCRED_PASSPHRASE"]).exits(3);
    sandbox.run(["import", "env", "--match", "GIT*_*", "--all"]).succeeds();
    holds(&sandbox, "GITHUB_USER", "octocat");
    holds(&sandbox, "GITLAB_TOKEN", OTHER);
}

#[test]
fn the_items_of_another_system_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    let others: &[&[&str]] = if cfg!(windows) {
        &[&["keychain", "A", "--account", "me"], &["secret-tool", "a=b"]]
    } else if cfg!(target_os = "macos") {
        &[&["wincred"], &["secret-tool", "a=b"]]
    } else {
        &[&["keychain", "A", "--account", "me"], &["wincred"]]
    };
    for other in others {
        sandbox.run([&["import"], *other].concat()).exits(4).says("belongs to another operating system");
    }
}

#[test]
fn where_nothing_can_be_stored_nothing_is_taken() {
    let mut sandbox = with_file(&format!("A_TOKEN={CANARY}\n"));
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.run(["import", "dotenv", "--all", "--delete-source"]).exits(2).says("nothing can be stored");
    assert!(file(&sandbox).contains(CANARY));
}

/// The Credential Manager of the person who runs the tests: every item is of a name of its own, and goes again.
#[cfg(windows)]
mod windows {
    use std::collections::HashMap;
    use std::marker::PhantomData;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use keyring_core::Entry;
    use keyring_core::api::CredentialStoreApi;

    use super::*;

    static TURN: Mutex<()> = Mutex::new(());

    /// The items of all programs, one test at a time: Wine's lists them while they go, and fails or hangs.
    struct CredentialManager {
        _turn: MutexGuard<'static, ()>,
    }

    /// A generic credential, gone when the test is over.
    struct Item<'a>(Entry, PhantomData<&'a CredentialManager>);

    impl CredentialManager {
        fn alone() -> Self {
            Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
        }

        /// As `New-StoredCredential -Target TARGET -UserName USER -Persist LocalMachine` leaves it.
        fn stores(&self, target: &str, user: &str, value: &[u8]) -> Item<'_> {
            let item = self.item(target);
            item.0.set_secret(value).unwrap();
            let facts = [("username", user), ("comment", "Updated by: someone on: 25/11/2026")];
            item.0.update_attributes(&HashMap::from(facts)).unwrap();
            item
        }

        fn item(&self, target: &str) -> Item<'_> {
            let store = windows_native_keyring_store::Store::new().unwrap();
            let facts = HashMap::from([("target", target), ("persistence", "Local")]);
            Item(store.build("", "", Some(&facts)).unwrap(), PhantomData)
        }
    }

    impl Item<'_> {
        fn is_there(&self) -> bool {
            self.0.get_secret().is_ok()
        }
    }

    impl Drop for Item<'_> {
        fn drop(&mut self) {
            _ = self.0.delete_credential();
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_powershell_stored_moves() {
        let manager = CredentialManager::alone();
        let odd = "Grüße, 水 and 🔑";
        let items = [
            ("IMPORTED_TOKEN", utf16(CANARY), CANARY),
            ("IMPORTED_PLAIN_TOKEN", OTHER.into(), OTHER),
            ("IMPORTED_ODD_TOKEN", utf16(odd), odd),
            ("IMPORTED_ODD_PLAIN_TOKEN", odd.into(), odd),
        ];
        let stored = items.each_ref().map(|(target, bytes, _)| manager.stores(target, "token", bytes));
        let other = manager.stores("IMPORTED_ELSE_TOKEN", "me", &utf16("another user's"));
        let sandbox = Sandbox::new();
        sandbox.run(["import", "wincred", "IMPORTED_ELSE_TOKEN"]).exits(3);
        let mut words = vec!["import", "wincred"];
        words.extend(items.iter().map(|(target, ..)| *target));
        says_no_value(&sandbox.run(&words).succeeds().says("--delete-source"));
        for ((name, _, value), item) in items.iter().zip(&stored) {
            holds(&sandbox, name, value);
            assert!(item.is_there(), "{name}");
        }
        // What is stored already is no error, and only now the source may go.
        words.push("--delete-source");
        says_no_value(&sandbox.run(&words).succeeds().says("`IMPORTED_TOKEN` is here already"));
        for ((name, _, value), item) in items.iter().zip(&stored) {
            holds(&sandbox, name, value);
            assert!(!item.is_there(), "{name}");
        }
        assert!(other.is_there());
        sandbox.holds_no_canary();
    }

    #[test]
    fn what_nobody_names_is_chosen_by_its_name() {
        let manager = CredentialManager::alone();
        let token = manager.stores("IMPORTED_CHOSEN_TOKEN", "imported by name", &utf16(CANARY));
        let port = manager.stores("IMPORTED_PORT", "imported by name", &utf16("8080"));
        let sandbox = Sandbox::new();
        let words = ["import", "wincred", "--user", "imported by name", "--yes", "--delete-source"];
        let document = sandbox.run([&words[..], &["--dry-run", "--json"]].concat()).succeeds().json("import");
        assert_eq!(document["credentials"].as_array().unwrap().len(), 1, "{document}");
        assert!(token.is_there());
        says_no_value(&sandbox.run(words).succeeds());
        holds(&sandbox, "IMPORTED_CHOSEN_TOKEN", CANARY);
        assert!(!token.is_there() && port.is_there());
        sandbox.run(words).succeeds().says("Nothing to import");
    }

    #[test]
    fn an_item_moves_within_the_credential_manager_and_other_programs_find_it() {
        let manager = CredentialManager::alone();
        let item = manager.stores("IMPORTED_WITHIN_TOKEN", "token", &utf16(CANARY));
        let ours = manager.item("IMPORTED_WITHIN_TOKEN@mcpcred:imported");
        let mut sandbox = Sandbox::bare();
        sandbox.set("MCPCRED_STORE", "wincred");
        sandbox.set("MCPCRED_PROFILE", "imported");
        let words = ["import", "wincred", "IMPORTED_WITHIN_TOKEN", "--delete-source"];
        says_no_value(&sandbox.run(words).succeeds());
        holds(&sandbox, "IMPORTED_WITHIN_TOKEN", CANARY);
        assert!(!item.is_there());
        assert_eq!(ours.0.get_secret().unwrap(), CANARY.as_bytes());
        // Our own items are none of another program.
        sandbox
            .run(["import", "wincred", "--user", "IMPORTED_WITHIN_TOKEN", "--all"])
            .succeeds()
            .says("Nothing");
        sandbox.run(["delete", "IMPORTED_WITHIN_TOKEN", "--yes"]).succeeds();
        assert!(!ours.is_there());
    }

    #[test]
    fn a_name_that_holds_another_value_keeps_both() {
        let manager = CredentialManager::alone();
        let item = manager.stores("IMPORTED_TAKEN_TOKEN", "token", &utf16(OTHER));
        let sandbox = Sandbox::new().with("IMPORTED_TAKEN_TOKEN");
        let words = ["import", "wincred", "IMPORTED_TAKEN_TOKEN", "--delete-source"];
        says_no_value(&sandbox.run(words).exits(1).says("holds another value already"));
        holds(&sandbox, "IMPORTED_TAKEN_TOKEN", CANARY);
        assert!(item.is_there());
    }

    #[test]
    fn what_mcp_secrets_plugin_stored_moves() {
        let manager = CredentialManager::alone();
        let item = manager.stores("ImportedMcpServer", "api_key", &utf16(OTHER));
        let second = manager.stores("other_key@ImportedMcpServer", "other_key", &utf16(CANARY));
        let sandbox = Sandbox::new();
        let words = ["import", "mcp-secrets-plugin", "--service", "ImportedMcpServer", "--delete-source"];
        says_no_value(&sandbox.run(words).succeeds());
        holds(&sandbox, "api_key", OTHER);
        holds(&sandbox, "other_key", CANARY);
        assert!(!item.is_there() && !second.is_there());
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::support::feed;
    use crate::support::keyring_session::KeyringSession;
    use crate::support::password_store::PasswordStore;
    use crate::support::terminal::Terminal;

    #[test]
    fn at_a_terminal_the_person_is_asked_once() {
        let sandbox = with_file(&format!("GITHUB_TOKEN={CANARY}\n"));
        for (answer, status) in [("n", 5), ("y", 0)] {
            let mut terminal = Terminal::start(&sandbox.command(["import", "dotenv"]));
            terminal.expect("Import what looks like a secret: `GITHUB_TOKEN`? [y/N] ");
            terminal.send_line(answer);
            assert_eq!(terminal.wait(), status);
        }
        holds(&sandbox, "GITHUB_TOKEN", CANARY);
    }

    #[test]
    fn what_secret_tool_stored_moves() {
        let session = KeyringSession::new();
        let sandbox = session.sandbox();
        session.secret_tool(&["store", "--label=GITHUB_TOKEN", "service", "github", "user", "me"], CANARY);
        session.secret_tool(&["store", "--label=Slack", "service", "slack"], OTHER);
        session.secret_tool(&["store", "--label=Other", "service", "other"], "untouched");
        sandbox.run(["import", "secret-tool", "service=nothing"]).succeeds().says("Nothing to import");
        says_no_value(
            &sandbox.run(["import", "secret-tool", "service=slack"]).exits(2).says("--rename").says("Slack"),
        );
        let ran = sandbox.run(["import", "secret-tool", "service=github", "--delete-source"]).succeeds();
        says_no_value(&ran.says("Imported `GITHUB_TOKEN`"));
        sandbox
            .run(["import", "secret-tool", "service=slack", "--as", "SLACK_TOKEN", "--delete-source"])
            .succeeds();
        holds(&sandbox, "GITHUB_TOKEN", CANARY);
        holds(&sandbox, "SLACK_TOKEN", OTHER);
        for (service, left) in [("github", ""), ("slack", ""), ("other", "untouched")] {
            assert_eq!(
                session.secret_tool(&["lookup", "service", service], ""),
                left.as_bytes(),
                "{service}"
            );
        }
        // Its own items are none of another program.
        let own = sandbox.run(["import", "secret-tool", "service=mcpcred:default"]).succeeds();
        own.says("Nothing to import");
    }

    #[test]
    fn a_locked_keyring_is_told_and_nothing_waits() {
        let session = KeyringSession::new();
        let sandbox = session.sandbox();
        session.secret_tool(&["store", "--label=GITHUB_TOKEN", "service", "github"], CANARY);
        session.lock();
        sandbox.run(["import", "secret-tool", "service=github"]).exits(4).says("is locked");
    }

    /// Python's `keyring`, which `mcp-secrets-plugin` stores with, in the session of the test.
    #[test]
    fn what_mcp_secrets_plugin_stored_moves() {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parsers/keyring");
        if !module.exists() && option_env!("CI").is_none() {
            return;
        }
        let session = KeyringSession::new();
        let sandbox = session.sandbox();
        let mut python = Command::new("python3");
        sandbox.surround(&mut python);
        python.env("PYTHONPATH", module).args([
            "-c",
            "import keyring,sys\n\
            for service, key, value in [l.split() for l in sys.stdin.read().splitlines()]:\n\
            \u{20}   keyring.set_password(service, key, value)",
        ]);
        let stored = feed(
            python,
            format!("MyMCPServer api_key {CANARY}\nMyMCPServer OTHER_KEY {OTHER}\nElse api_key x\n")
                .as_bytes(),
        );
        assert!(stored.status.success(), "{}", String::from_utf8_lossy(&stored.stderr));
        sandbox.run(["import", "mcp-secrets-plugin", "MISSING"]).exits(3).says("MISSING");
        let ran =
            sandbox.run(["import", "mcp-secrets-plugin", "--rename", "api_key=API_KEY", "--delete-source"]);
        says_no_value(&ran.succeeds());
        holds(&sandbox, "API_KEY", CANARY);
        holds(&sandbox, "OTHER_KEY", OTHER);
        let left = |service: &str| session.secret_tool(&["lookup", "service", service], "");
        assert_eq!((left("MyMCPServer"), left("Else")), (Vec::new(), b"x".to_vec()));
    }

    #[test]
    fn the_first_line_of_an_entry_of_pass_moves() {
        let mut sandbox = Sandbox::new();
        let Some(pass) = PasswordStore::begin(&mut sandbox) else { return };
        for (entry, text) in [
            ("mcp/GITHUB_TOKEN", format!("{CANARY}\n")),
            ("mcp/deep/GITLAB_TOKEN", format!("{OTHER}\nlogin: me\n")),
            ("mcp/notes", "nothing\n".to_owned()),
            ("web/slack-bot", "slack-value\n".to_owned()),
        ] {
            pass.insert(entry, &text);
        }
        sandbox.run(["import", "pass", "nothing"]).exits(3).says("has no entry `nothing`");
        sandbox.run(["import", "pass", "../mcp"]).exits(3);
        sandbox.run(["import", "pass", "web/slack-bot"]).exits(2).says("--rename");
        holds_nothing(&sandbox);
        let refused = sandbox.run(["import", "pass", "mcp", "--yes", "--delete-source"]).exits(1);
        says_no_value(&refused.says("holds more than its first line"));
        holds_nothing(&sandbox);
        says_no_value(&sandbox.run(["import", "pass", "mcp", "--yes"]).succeeds());
        holds(&sandbox, "GITHUB_TOKEN", CANARY);
        holds(&sandbox, "GITLAB_TOKEN", OTHER);
        sandbox.run(["import", "pass", "mcp/GITHUB_TOKEN", "--delete-source"]).succeeds();
        sandbox
            .run([
                "import",
                "pass",
                "web/slack-bot",
                "--rename",
                "web/slack-bot=SLACK_TOKEN",
                "--delete-source",
            ])
            .succeeds();
        holds(&sandbox, "SLACK_TOKEN", "slack-value");
        assert!(!pass.has("mcp/GITHUB_TOKEN") && !pass.has("web/slack-bot"));
        assert!(pass.has("mcp/notes") && pass.has("mcp/deep/GITLAB_TOKEN"));
        sandbox.holds_no_canary();
    }

    #[test]
    fn a_key_that_takes_a_passphrase_is_not_waited_for_without_a_terminal() {
        let mut sandbox = Sandbox::new();
        let Some(pass) = PasswordStore::begin(&mut sandbox) else { return };
        pass.insert("GITHUB_TOKEN", &format!("{CANARY}\n"));
        pass.lock_with("a passphrase");
        let ran = sandbox.run(["import", "pass", "GITHUB_TOKEN"]).exits(4);
        says_no_value(&ran.says("`pass` does not open `GITHUB_TOKEN`").says("call from a terminal"));
    }
}
