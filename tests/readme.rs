//! The README, executed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Sandbox;
use crate::support::terminal::Terminal;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The demo: each line after a `$` is typed into a shell, and what stands below it has to appear.
#[test]
fn the_demo_does_what_it_shows() {
    let text = readme();
    let demo = text.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(demo.lines().count() <= 6, "{demo}");
    let mut sandbox = Sandbox::new();
    let folder = Path::new(env!("CARGO_BIN_EXE_mcpcred")).parent().unwrap();
    sandbox.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    for step in demo.split("$ mcpcred ").skip(1) {
        let (arguments, shown) = step.split_once('\n').unwrap();
        let mut shell = Command::new("sh");
        sandbox.surround(shell.args(["-c", &format!("mcpcred {arguments}")]));
        let mut terminal = Terminal::start(&shell);
        for line in shown.lines() {
            match line.split_once("(40 characters)") {
                Some((question, "")) => {
                    terminal.expect(question);
                    terminal.send(format!("{}\r", "x".repeat(40)).as_bytes());
                    terminal.expect("(40 characters)");
                }
                _ => terminal.expect(line),
            }
        }
        assert_eq!(terminal.wait(), 0);
    }
}

/// Each `mcpcred …` line of a `sh` block is one that the program understands: its help for that command exists
/// and knows every flag.
#[test]
fn every_command_that_is_named_exists_with_its_flags() {
    let text = readme();
    let sandbox = Sandbox::new();
    let mut seen = 0;
    for block in text.split("```sh\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let line = line.split(" #").next().unwrap();
            let Some(call) = line.split("mcpcred ").nth(1) else { continue };
            let call = call.split([')', '|', '>']).next().unwrap();
            let call = call.split(" -- ").next().unwrap();
            let words: Vec<&str> = call.split_whitespace().collect();
            let length = if ["store", "import"].contains(&words[0]) { 2 } else { 1 };
            let help = sandbox.run(words[..length].iter().chain(&["--help"])).succeeds().stdout();
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(flag), "{line}: {flag}");
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn the_two_commands_of_a_fresh_machine_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for command in [".ci/demo", ".ci/test"] {
        assert!(readme().contains(&format!("```sh\n{command}\n```")));
        assert!(root.join(command).exists());
    }
    assert!(readme().lines().count() <= 350);
}

/// The steps of the workflow that are ours, as a runner starts them.
#[test]
fn the_workflow_finds_what_it_is_there_for() {
    let text = readme();
    let workflow = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let steps: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("run: ")).collect();
    let ours: Vec<&str> = steps.into_iter().filter(|step| step.starts_with("mcpcred ")).collect();
    assert_eq!(ours.len(), 2, "{ours:?}");
    let mut sandbox = Sandbox::bare();
    let folder = Path::new(env!("CARGO_BIN_EXE_mcpcred")).parent().unwrap();
    sandbox.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    let variable = workflow.lines().find_map(|line| line.trim().strip_prefix("MCPCRED_STORE: ")).unwrap();
    sandbox.set("MCPCRED_STORE", variable);
    sandbox.set("GITHUB_TOKEN", crate::check::TOKEN);
    let run = |content: &str, step: &str| {
        let project = crate::check::project(&sandbox, content);
        let mut shell = Command::new("bash");
        sandbox.surround(shell.args(["-e", "-o", "pipefail", "-c", step]));
        shell.current_dir(&project);
        crate::support::Ran(crate::support::feed(shell, b""))
    };
    let fine = r#"{"mcpServers": {"x": {"command": "x", "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN}"}}}}"#;
    let open = fine.replace("${GITHUB_TOKEN}", &crate::check::TOKEN.replace("abc", "xyz"));
    for step in &ours {
        run(fine, step).succeeds();
    }
    let shown = run(&open, ours[0]).exits(1).stdout();
    assert!(shown.starts_with("::error file=.mcp.json,line=1,"), "{shown}");
    run(&open, ours[1]).succeeds();
    let log = fs::read_to_string(sandbox.path("work/mcpcred.sarif")).unwrap();
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "plaintext");
}
