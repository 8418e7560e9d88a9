//! What a person finds out about the program from the program.

use crate::support::{Sandbox, contains};

const COMMANDS: &[&[&str]] = &[
    &["add"],
    &["get"],
    &["list"],
    &["rotate"],
    &["remind"],
    &["delete"],
    &["export-env"],
    &["init"],
    &["run"],
    &["headers"],
    &["protect"],
    &["unprotect"],
    &["setup"],
    &["import"],
    &["import", "dotenv"],
    &["import", "env"],
    &["import", "keychain"],
    &["import", "wincred"],
    &["import", "secret-tool"],
    &["import", "pass"],
    &["import", "mcp-secrets-plugin"],
    &["ps"],
    &["lockdown"],
    &["audit"],
    &["audit", "report"],
    &["audit", "verify"],
    &["audit", "anomalies"],
    &["audit", "export"],
    &["incident"],
    &["servers"],
    &["store"],
    &["store", "status"],
    &["store", "init"],
    &["store", "unlock"],
    &["store", "lock"],
    &["store", "passphrase"],
    &["store", "move"],
    &["doctor"],
    &["completions"],
    &["man"],
];

/// All help pages as one snapshot: a change of the interface is always seen in review. Write it anew with
/// `SNAPSHOTS=overwrite cargo test --test main help`.
#[test]
fn every_page_is_as_it_was_reviewed() {
    let sandbox = Sandbox::bare();
    let mut pages = sandbox.run(["--help"]).succeeds().stdout();
    for command in COMMANDS {
        let page = sandbox.run(command.iter().chain(&["--help"])).succeeds().stdout();
        pages = [&pages, "\n---------- mcpcred ", &command.join(" "), " --help\n\n", &page].concat();
    }
    let pages = pages.replace("mcpcred.exe", "mcpcred");
    // Windows has no log that lines are handed to.
    #[cfg(windows)]
    {
        let unix = include_str!("help.txt").replace("\r\n", "\n");
        let (before, after) = unix.split_once("      --to <TO>").unwrap();
        let after = after.split_once("is not the usual one\n").unwrap().1;
        assert_eq!(pages.replace("\r\n", "\n"), [before, after].concat());
    }
    #[cfg(not(windows))]
    snapbox::assert_data_eq!(pages, snapbox::file!["help.txt"].raw());
}

#[test]
fn a_slip_of_the_finger_is_answered_with_a_suggestion_and_status_2() {
    let sandbox = Sandbox::bare();
    sandbox.run(["lst"]).exits(2).says("list");
    sandbox.run(["list", "--jsn"]).exits(2).says("--json");
    sandbox.run(["add"]).exits(2);
    assert!(!sandbox.data().exists());
}

#[test]
fn completion_knows_commands_and_the_names_of_credentials_without_any_store() {
    let mut sandbox = Sandbox::new().with("GITHUB_TOKEN");
    sandbox.unset("MCPCRED_KEY_FILE");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(["completions", shell]).succeeds();
        assert!(contains(&script.0.stdout, b"mcpcred"), "{shell}");
    }
    sandbox.run(["completions", "tcsh"]).exits(2);
    // A word that others may use says nothing to us.
    sandbox.set("COMPLETE", "bash");
    sandbox.run(["list"]).succeeds().stdout().find("GITHUB_TOKEN").unwrap();
    sandbox.set("MCPCRED_COMPLETE", "bash");
    sandbox.set("_CLAP_COMPLETE_INDEX", "2");
    let candidates = sandbox.run(["--", "mcpcred", "get", "git"]).succeeds().stdout();
    assert!(candidates.contains("GITHUB_TOKEN"), "{candidates}");
}

#[test]
fn the_manual_has_a_page_a_command() {
    let sandbox = Sandbox::bare();
    let page = sandbox.run(["man"]).succeeds().stdout();
    assert!(page.contains(".TH mcpcred") && page.contains("export"), "{page}");
    sandbox.run(["man", "--folder", "pages"]).succeeds();
    for name in ["mcpcred.1", "mcpcred-add.1", "mcpcred-store-move.1"] {
        assert!(sandbox.path("pages").join(name).exists(), "{name}");
    }
    assert!(!sandbox.path("pages/mcpcred-clip-keeper.1").exists());
}

#[test]
fn the_version_is_one_line() {
    let expected = concat!("mcpcred ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(Sandbox::bare().run(["--version"]).succeeds().stdout(), expected);
}
