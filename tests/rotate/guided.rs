//! A person makes the new value on the provider's page, before a real terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::rotate::due::grow_old;
use crate::support::provider_server::{ProviderServer, answer};
use crate::support::terminal::Terminal;
use crate::support::{Sandbox, contains};

const OLD: &str = "ghp_CANARY0dont0let0me0be0seen0000000001";
const NEW: &str = "ghp_CANARY0dont0let0me0be0seen0000000002";
const PAGE: &str = "https://github.com/settings/personal-access-tokens/new";

/// A home whose browser writes down what it is to show.
fn home() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.feed(["add", "GITHUB_TOKEN", "--stdin"], OLD.as_bytes()).succeeds();
    let browser = sandbox.path("browser.sh");
    fs::write(&browser, "#!/bin/sh\nenv > \"$HOME/seen\"\nprintf '%s\\n' \"$@\" >> \"$HOME/shown\"\n")
        .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.set("BROWSER", browser.to_str().unwrap());
    sandbox
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Terminal {
    let mut command = sandbox.command(arguments);
    command.env("TERM", "xterm");
    Terminal::start(&command)
}

fn shown(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("shown")).unwrap_or_default()
}

#[track_caller]
fn saw_nothing(terminal: &Terminal) {
    for value in [OLD, NEW] {
        assert!(!contains(&terminal.screen(), value.as_bytes()));
    }
}

#[test]
fn the_page_is_shown_and_the_new_value_is_asked_for() {
    let sandbox = home();
    let mut terminal = start(&sandbox, &["rotate", "GITHUB_TOKEN"]);
    terminal.expect("Replacing `GITHUB_TOKEN`, guided");
    terminal.expect(PAGE);
    terminal.expect("It needs: ");
    terminal.expect("Your browser shows it");
    terminal.expect("Secret for `GITHUB_TOKEN`: ");
    terminal.send_line(NEW);
    terminal.expect("Rotated `GITHUB_TOKEN`");
    assert_eq!(terminal.wait(), 0);
    saw_nothing(&terminal);
    assert_eq!(shown(&sandbox).trim_end(), PAGE);
    let seen = fs::read_to_string(sandbox.path("seen")).unwrap();
    assert!(!seen.contains("MCPCRED_KEY_FILE"), "{seen}");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(NEW);
}

#[test]
fn no_page_is_opened_where_that_is_said_or_there_is_no_browser() {
    let mut sandbox = home();
    for flag in [&["--no-browser"][..], &[]] {
        let mut terminal = start(&sandbox, &[&["rotate", "GITHUB_TOKEN"], flag].concat());
        terminal.expect(PAGE);
        terminal.expect("Secret for");
        terminal.send(b"\x03");
        assert_eq!(terminal.wait(), 5);
        assert!(!contains(&terminal.screen(), b"Your browser"));
        sandbox.set("BROWSER", "/nonexistent/browser");
    }
    assert_eq!(shown(&sandbox), "");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(OLD);
}

#[test]
fn a_value_that_is_not_what_it_should_be_is_doubted() {
    let sandbox = home();
    let mut terminal = start(&sandbox, &["rotate", "GITHUB_TOKEN", "--no-browser"]);
    terminal.expect("Secret for");
    terminal.send_line(OLD);
    terminal.expect("that is the value in force already");
    terminal.expect("Secret for");
    terminal.send_line("glpat-0dont0let0me0be0seen01");
    terminal.expect("that looks like a token of GitLab, and the one before is of GitHub");
    terminal.expect("Store it all the same? [y/N] ");
    terminal.send_line("n");
    terminal.expect("Secret for");
    terminal.send_line(&NEW[..20]);
    terminal.expect("was cut off");
    terminal.expect("[y/N] ");
    terminal.send_line("");
    terminal.expect("was not replaced");
    assert_eq!(terminal.wait(), 5);
    saw_nothing(&terminal);
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(OLD);
}

#[test]
fn a_new_value_that_is_rejected_does_not_retire_the_former_one() {
    let sandbox = home();
    let server = ProviderServer::start(|_| answer(401, &[], "{}"));
    let host = format!("github={}", server.url());
    let mut terminal =
        start(&sandbox, &["rotate", "GITHUB_TOKEN", "--no-browser", "--verify", "--host", &host]);
    terminal.expect("Secret for");
    terminal.send_line(NEW);
    terminal.expect("GitHub does not accept it (401)");
    terminal.expect("the value before is in force again");
    assert_eq!(terminal.wait(), 1);
    saw_nothing(&terminal);
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(OLD);
}

#[test]
fn without_a_terminal_it_is_said_where_a_new_one_is_made() {
    let sandbox = home();
    sandbox.run(["rotate", "GITHUB_TOKEN"]).exits(5).says(PAGE).says("--stdin");
    assert_eq!(shown(&sandbox), "");
    sandbox.run(["get", "GITHUB_TOKEN"]).succeeds().prints(OLD);
}

#[test]
fn a_token_that_could_replace_itself_is_replaced_by_hand_where_that_is_asked_for() {
    let sandbox = home();
    let old = "glpat-CANARY0dont0let0me0be0seen01";
    sandbox.feed(["add", "GITLAB_TOKEN", "--stdin"], old.as_bytes()).succeeds();
    sandbox.run(["rotate", "GITLAB_TOKEN", "--by-hand"]).exits(5).says("guided").says("https://gitlab.com/");
}

#[test]
fn those_that_are_due_come_one_after_another_and_each_may_be_skipped() {
    let sandbox = home();
    for name in ["A_TOKEN", "B_OTHER", "C_TOKEN"] {
        sandbox.feed(["add", name, "--stdin"], b"an old one").succeeds();
    }
    grow_old(&sandbox);
    let mut terminal = start(&sandbox, &["rotate", "--due", "--no-browser"]);
    terminal.expect("1 of 4: `A_TOKEN`, due since 2026-04-01");
    terminal.expect("[y]es, [s]kip, [q]uit ");
    terminal.send_line("s");
    terminal.expect("2 of 4: `B_OTHER`");
    terminal.expect("[q]uit ");
    terminal.send_line("y");
    terminal.expect("Secret for `B_OTHER`: ");
    terminal.send_line("a new one");
    terminal.expect("has a blank within it");
    terminal.expect("[y/N] ");
    terminal.send_line("y");
    terminal.expect("Rotated `B_OTHER`");
    terminal.expect("3 of 4: `C_TOKEN`");
    terminal.expect("[q]uit ");
    terminal.send_line("q");
    assert_eq!(terminal.wait(), 0);
    let listed = sandbox.run(["list", "--due"]).succeeds().stdout();
    assert!(
        !listed.contains("B_OTHER") && listed.contains("A_TOKEN") && listed.contains("GITHUB"),
        "{listed}"
    );
    sandbox.run(["get", "C_TOKEN"]).succeeds().prints("an old one");
}
