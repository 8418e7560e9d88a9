//! A person's first day with `mcpcred setup`, at a terminal (unix).

use std::fs;

use crate::check::TOKEN as VALUE;
use crate::setup::{START, TOKEN, in_project, write};
use crate::support::guide::guide;
use crate::support::terminal::Terminal;
use crate::support::{PASSPHRASE, Sandbox, contains};

/// A client whose server lacks its token, and a shell.
fn first_day() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("MCPCRED_SHELL", "zsh");
    sandbox.set("TERM", "xterm");
    let program = env!("CARGO_BIN_EXE_mcpcred");
    let entry = format!(
        r#"{{"command": "{program}", "args": ["run", "-e", "{TOKEN}", "--", "npx", "-y", "@modelcontextprotocol/server-github"]}}"#
    );
    write(&sandbox.path(".cursor/mcp.json"), &format!(r#"{{"mcpServers": {{"github": {entry}}}}}"#));
    sandbox
}

#[test]
fn without_a_terminal_the_plan_of_the_day_is_printed() {
    let sandbox = first_day();
    let plan = in_project(&sandbox, &["setup"]).exits(5).says("from a terminal");
    for part in [
        "1 server here: Cursor (1)",
        "mcpcred add GITHUB_PERSONAL_ACCESS_TOKEN",
        "https://github.com/settings",
        "mcpcred init zsh --install",
    ] {
        assert!(plan.stdout().contains(part), "{part}: {}", plan.stdout());
    }
    let plan = in_project(&sandbox, &["setup", "--json"]).exits(5).json("setup");
    assert_eq!(
        (&plan["missing"][0]["credential"], &plan["missing"][0]["servers"][0]),
        (&TOKEN.into(), &"github".into())
    );
    in_project(&sandbox, &["setup", "--dry-run"]).succeeds();
    sandbox.feed(["add", TOKEN, "--stdin"], VALUE.as_bytes()).succeeds();
    let plan = in_project(&sandbox, &["setup", "--json"]).succeeds().json("setup");
    assert_eq!(plan["missing"].as_array().unwrap().len(), 0);
    let empty = Sandbox::new();
    let plan = in_project(&empty, &["setup"]).succeeds();
    assert!(
        plan.stdout().contains("mcpcred setup --server github --client claude-code"),
        "{}",
        plan.stdout()
    );
}

fn start(sandbox: &Sandbox, words: &[&str]) -> Terminal {
    let project = sandbox.path("project");
    fs::create_dir_all(project.join(".git")).unwrap();
    let mut command = sandbox.command(words);
    command.current_dir(project);
    Terminal::start(&command)
}

#[test]
fn a_first_day_from_nothing_to_a_green_check_and_a_second_one_with_nothing_to_do() {
    let sandbox = first_day();
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("1 server here: Cursor (1)");
    terminal.expect("https://github.com/settings/personal-access-tokens/new");
    terminal.expect("it has to be allowed: ");
    terminal.expect("(Enter to skip): ");
    // Cut off while copying.
    terminal.send_line(&VALUE[..20]);
    terminal.expect("was cut off");
    terminal.expect("Store it all the same? [y/N] ");
    terminal.send_line("n");
    terminal.expect("(Enter to skip): ");
    terminal.send_line(VALUE);
    terminal.expect(&format!("Added `{TOKEN}`"));
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("y");
    terminal.expect("Made `~/.zshrc`");
    terminal.expect("ready");
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), VALUE.as_bytes()));
    assert_eq!(sandbox.files_holding(VALUE.as_bytes()), Vec::<std::path::PathBuf>::new());
    sandbox.run(["get", TOKEN]).succeeds().prints(VALUE);

    let before = fs::read(sandbox.path(".zshrc")).unwrap();
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("Nothing is left to be set up");
    assert_eq!(terminal.wait(), 0);
    assert_eq!(fs::read(sandbox.path(".zshrc")).unwrap(), before);
}

#[test]
fn a_secret_in_the_open_moves_into_the_store_or_stays_as_the_person_says() {
    let sandbox = first_day();
    let file = sandbox.path(".cursor/mcp.json");
    let before = format!(
        r#"{{"mcpServers": {{"github": {{"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"], "env": {{"{TOKEN}": "{VALUE}"}}}}}}}}"#
    );
    write(&file, &before);
    for (answer, status) in [("n", 1), ("y", 0)] {
        let mut terminal = start(&sandbox, &["setup"]);
        terminal.expect("1 secret lies in the open");
        terminal.expect("Store 1 credential and change 1 file? [y/N] ");
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
        terminal.send_line(answer);
        terminal.expect(if answer == "y" { "mcpcred unprotect" } else { "Skipped" });
        terminal.expect(".zshrc`? [y/N] ");
        terminal.send_line("");
        assert_eq!(terminal.wait(), status);
        assert!(!contains(&terminal.screen(), VALUE.as_bytes()));
    }
    assert_eq!(sandbox.files_holding(VALUE.as_bytes()), Vec::<std::path::PathBuf>::new());
    sandbox.run(["get", TOKEN]).succeeds().prints(VALUE);
    sandbox.run(["unprotect", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn the_file_of_the_guides_ends_in_a_green_check_and_comes_back_as_it_was() {
    let mut sandbox = Sandbox::new();
    sandbox.set("MCPCRED_SHELL", "zsh");
    sandbox.set("TERM", "xterm");
    // As the guides put it there.
    sandbox.set("GITHUB_TOKEN", VALUE);
    let file = sandbox.path(".claude.json");
    let before = guide();
    write(&file, &before);
    let plan = in_project(&sandbox, &["setup", "--json"]).exits(5).json("setup");
    assert_eq!(plan["placeholders"].as_array().unwrap().len(), 2, "{plan:#}");
    let pat = "k7vq2mzr4xw9tb3nhs6pd8cyf5gja1eu0l7ok2vq9mzr4xw3tb6n";
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("2 servers here: Claude Code (2)");
    terminal.expect("`AZURE_DEVOPS_PAT` for `azure-devops`");
    terminal.expect("(Enter to skip): ");
    terminal.send_line(pat);
    terminal.expect("Added `AZURE_DEVOPS_PAT`");
    terminal.expect("`GITHUB_TOKEN` for `github` is set in this environment. Store that value? [y/N] ");
    terminal.send_line("y");
    terminal.expect("Added `GITHUB_TOKEN`");
    terminal.expect("2 placeholders for secrets are filled in by no client");
    terminal.expect("Change 1 file? [y/N] ");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    terminal.send_line("y");
    terminal.expect("mcpcred unprotect");
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("");
    terminal.expect("2 ready");
    assert_eq!(terminal.wait(), 0);
    for value in [VALUE, pat] {
        assert!(!contains(&terminal.screen(), value.as_bytes()));
        assert_eq!(sandbox.files_holding(value.as_bytes()), Vec::<std::path::PathBuf>::new());
    }
    in_project(&sandbox, &["setup", "--json"]).succeeds();
    sandbox.run(["unprotect", "--yes"]).succeeds();
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn every_step_can_be_skipped() {
    let sandbox = first_day();
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send_line("");
    terminal.expect("Skipped");
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("");
    terminal.expect("Skipped");
    terminal.expect("missing");
    assert_eq!(terminal.wait(), 1);
    assert!(!sandbox.path(".zshrc").exists() && !sandbox.data().join("vault").exists());
}

#[test]
fn ctrl_c_keeps_what_was_done_and_the_next_time_goes_on_there() {
    let sandbox = first_day();
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send(b"half\x03");
    terminal.expect("go on with `mcpcred setup`");
    assert_eq!(terminal.wait(), 5);
    assert!(terminal.echoes());
    sandbox.run(["list"]).succeeds().prints("");

    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send_line(&VALUE[..20]);
    terminal.expect("Store it all the same? [y/N] ");
    terminal.send(b"\x03");
    assert_eq!(terminal.wait(), 130);
    sandbox.run(["list"]).succeeds().prints("");

    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send_line(VALUE);
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send(b"\x03");
    assert_eq!(terminal.wait(), 130);
    assert!(!sandbox.path(".zshrc").exists());
    sandbox.run(["get", TOKEN]).succeeds().prints(VALUE);

    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("y");
    terminal.expect("ready");
    assert_eq!(terminal.wait(), 0);
}

#[test]
fn a_server_is_added_with_a_token_that_is_asked_for() {
    let sandbox = first_day();
    let words = ["setup", "--server", "github", "--client", "claude-code"];
    let mut terminal = start(&sandbox, &[&words[..], &START].concat());
    terminal.expect("+    \"github\": {");
    terminal.expect(".claude.json`? [y/N] ");
    terminal.send_line("y");
    terminal.expect("(Enter to skip): ");
    terminal.send_line(VALUE);
    terminal.expect("Added `github` to Claude Code");
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), b"--- a//"));
    let check = ["check", "--client", "claude-code", "--server", "github"];
    in_project(&sandbox, &check).succeeds();

    let mut terminal = start(&sandbox, &["setup", "--server", "github", "--client", "vscode"]);
    terminal.expect("mcp.json`? [y/N] ");
    terminal.send_line("n");
    terminal.expect("nothing was written");
    assert_eq!(terminal.wait(), 5);
    assert!(!sandbox.path(".config/Code").exists());
}

/// The same on a machine without a store of its own, where the vault is opened by what the person types.
fn first_day_without_a_store() -> Sandbox {
    let mut sandbox = first_day();
    sandbox.unset("MCPCRED_KEY_FILE");
    sandbox.unset("MCPCRED_STORE");
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    sandbox
}

/// Up to the question for the first passphrase.
fn up_to_the_passphrase(sandbox: &Sandbox) -> Terminal {
    let mut terminal = start(sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send_line(VALUE);
    terminal.expect("New passphrase for the vault: ");
    terminal
}

fn type_the_passphrase(terminal: &mut Terminal) {
    terminal.send_line(PASSPHRASE);
    terminal.expect("The same passphrase again: ");
    terminal.send_line(PASSPHRASE);
    terminal.expect("Made an encrypted vault");
    terminal.expect("Values rest in the vault from now on");
}

#[test]
#[cfg(target_os = "linux")]
fn a_vault_that_a_passphrase_opens_is_kept_open_for_servers_that_clients_start() {
    let sandbox = first_day_without_a_store();
    let mut terminal = up_to_the_passphrase(&sandbox);
    terminal.send_line(PASSPHRASE);
    terminal.expect("The same passphrase again: ");
    terminal.send_line("a slip of the finger");
    terminal.expect("the two passphrases differ");
    terminal.expect("New passphrase for the vault: ");
    type_the_passphrase(&mut terminal);
    terminal.expect("Keep it open for 8 h? [y/N] ");
    // What a client starts has nobody to ask.
    let server = ["run", "-e", TOKEN, "--", "printenv", TOKEN];
    assert_ne!(sandbox.run(server).0.status.code(), Some(0));
    // Who has typed it twice does not type it a third time.
    terminal.send_line("y");
    terminal.expect("The vault is open for 8 h");
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("y");
    terminal.expect("ready");
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), PASSPHRASE.as_bytes()));
    sandbox.run(server).succeeds().prints(format!("{VALUE}\n"));

    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("Nothing is left to be set up");
    assert_eq!(terminal.wait(), 0);
    sandbox.run(["store", "lock"]).succeeds();

    // Whoever did not want it kept open is asked the next day.
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("Passphrase of the vault: ");
    terminal.send_line(PASSPHRASE);
    terminal.expect("Keep it open for 8 h? [y/N] ");
    terminal.send_line("");
    terminal.expect("Skipped");
    assert_eq!(terminal.wait(), 0);

    // And one who does not give the passphrase is told what was wanted.
    let mut terminal = start(&sandbox, &["get", TOKEN]);
    terminal.expect("Passphrase of the vault: ");
    terminal.send(b"\x03");
    terminal.expect("give its passphrase when asked");
    assert_eq!(terminal.wait(), 4);
}

#[test]
fn ctrl_c_at_the_questions_about_a_vault_and_a_secret_in_the_open_leaves_all_as_it_was() {
    let sandbox = first_day_without_a_store();
    for is_second in [false, true] {
        let mut terminal = up_to_the_passphrase(&sandbox);
        if is_second {
            terminal.send_line(PASSPHRASE);
            terminal.expect("The same passphrase again: ");
        }
        terminal.send(b"\x03");
        terminal.expect("go on with `mcpcred setup`");
        assert_eq!(terminal.wait(), 5);
        assert!(terminal.echoes() && !sandbox.data().join("vault").exists());
    }
    let mut terminal = up_to_the_passphrase(&sandbox);
    type_the_passphrase(&mut terminal);
    terminal.expect("Keep it open for 8 h? [y/N] ");
    terminal.send(b"\x03");
    assert_eq!(terminal.wait(), 130);

    let sandbox = first_day();
    let file = sandbox.path(".cursor/mcp.json");
    let before =
        format!(r#"{{"mcpServers": {{"x": {{"command": "npx", "env": {{"{TOKEN}": "{VALUE}"}}}}}}}}"#);
    write(&file, &before);
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("Store 1 credential and change 1 file? [y/N] ");
    terminal.send(b"\x03");
    assert_eq!(terminal.wait(), 130);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    sandbox.run(["list"]).succeeds().prints("");
    assert!(!sandbox.path(".zshrc").exists());
}

#[test]
fn a_client_that_takes_the_environment_finds_the_token_in_the_next_shell() {
    let sandbox = first_day();
    let entry = format!(
        r#"{{"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"], "env": {{"{TOKEN}": "${{env:{TOKEN}}}"}}}}"#
    );
    write(&sandbox.path(".cursor/mcp.json"), &format!(r#"{{"mcpServers": {{"github": {entry}}}}}"#));
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("(Enter to skip): ");
    terminal.send_line(VALUE);
    terminal.expect(".zshrc`? [y/N] ");
    terminal.send_line("y");
    terminal.expect(&format!("The next zsh that you open has `{TOKEN}` in its environment"));
    assert_eq!(terminal.wait(), 0);

    // In that shell nothing is left to be said.
    let mut sandbox = sandbox;
    sandbox.set(TOKEN, VALUE);
    let mut terminal = start(&sandbox, &["setup"]);
    terminal.expect("Nothing is left to be set up");
    terminal.expect("ready");
    assert_eq!(terminal.wait(), 0);
    assert!(!contains(&terminal.screen(), b"The next zsh"));
}
