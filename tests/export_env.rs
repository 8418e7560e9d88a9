//! A person loads credentials into a shell.

use crate::support::{CANARY, Sandbox};

#[test]
fn without_a_store_the_names_come_from_the_project_or_from_the_person() {
    let mut sandbox = Sandbox::bare();
    sandbox.set("MCPCRED_STORE", "none");
    sandbox.set("CI_TOKEN", CANARY);
    sandbox.run(["export-env", "--shell", "sh"]).exits(2).prints("").says("export-env GITHUB_TOKEN");
    sandbox.run(["run", "--all", "--", "true"]).exits(125).says("name them with `-e NAME`");
    assert!(sandbox.run(["export-env", "--shell", "sh", "CI_TOKEN"]).succeeds().stdout().contains(CANARY));
    std::fs::write(sandbox.path(".mcpcred.toml"), "credentials = [\"CI_TOKEN\"]\n").unwrap();
    assert!(sandbox.run(["export-env", "--shell", "sh"]).succeeds().stdout().contains(CANARY));
}

#[test]
fn an_empty_profile_makes_no_lines() {
    let sandbox = Sandbox::new();
    sandbox.run(["export-env", "--shell", "bash"]).succeeds().prints("");
}

#[test]
fn when_one_name_cannot_be_read_stdout_stays_empty() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.run(["export-env", "A", "NOPE", "--shell", "sh"]).exits(3).prints("");
    sandbox.feed(["add", "LINES", "--stdin"], b"one\ntwo").succeeds();
    sandbox.run(["export-env", "--shell", "docker"]).exits(1).prints("").says("`LINES`");
    sandbox.unset("MCPCRED_KEY_FILE");
    sandbox.run(["export-env", "--shell", "sh", "--no-prompt"]).exits(4).prints("");
}

#[test]
fn the_shell_is_taken_from_the_variable_then_the_parent_then_the_login_shell() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.set("MCPCRED_SHELL", "json");
    let document: serde_json::Value =
        serde_json::from_slice(&sandbox.run(["export-env"]).succeeds().0.stdout).unwrap();
    assert_eq!(document["A"], CANARY);
    sandbox.set("MCPCRED_SHELL", "tcsh");
    sandbox.run(["export-env"]).exits(2).says("MCPCRED_SHELL");
    sandbox.run(["export-env", "--shell", "tcsh"]).exits(2);
}

#[test]
fn only_those_with_the_tag_are_loaded() {
    let sandbox = Sandbox::new().with("A");
    sandbox.feed(["add", "B", "--stdin", "--tag", "work"], b"b").succeeds();
    sandbox.run(["export-env", "--tag", "work", "--shell", "docker"]).succeeds().prints("B=b\n");
}

#[test]
fn a_workflow_gets_its_masks_on_stdout_and_its_values_in_the_file() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.feed(["add", "LINES", "--stdin"], b"first line\nA<<EOF\nEOF").succeeds();
    let file = sandbox.path("github-env");
    std::fs::write(&file, "BEFORE=1\n").unwrap();
    sandbox.set("GITHUB_ENV", file.to_str().unwrap());
    let shown = sandbox.run(["export-env", "--shell", "github-actions"]).succeeds().stdout();
    assert!(
        shown.contains(&format!("::add-mask::{CANARY}")) && shown.contains("::add-mask::first line"),
        "{shown}"
    );
    assert!(shown.lines().all(|line| line.starts_with("::add-mask::")), "{shown}");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("BEFORE=1\nA<<") && written.contains(CANARY), "{written}");
}

#[cfg(unix)]
mod shells {
    use std::fs;
    use std::process::Command;

    use crate::support::{Sandbox, feed};

    /// Everything that a careless shell would split, expand, run or drop.
    const VALUES: [&[u8]; 8] = [
        b"plain",
        b"two words  and\ttab",
        b"* ? [a-z] ~ {a,b} $(touch pwned) `touch pwned` $HOME ${x} !! %",
        b"'single' \"double\" \\back\\\\slash\\n",
        b"\nlines\n\nwith ends\n\n",
        b"; touch pwned & | < > # ( )",
        b"\xff\xfe not text \x80",
        b"-e -n --",
    ];

    fn loaded() -> Sandbox {
        let sandbox = Sandbox::new();
        for (number, value) in VALUES.iter().enumerate() {
            sandbox.feed(["add", &format!("V{number}"), "--stdin"], &[value, &b"\n"[..]].concat()).succeeds();
        }
        for odd in ["*", "a b", "$(x)", "[a]", "-e", "V0=1", "?", "x\ny"] {
            fs::write(sandbox.path(odd), "").unwrap();
        }
        sandbox
    }

    fn arrives(shell: &str, arguments: &[&str], script: &str) {
        let sandbox = loaded();
        let mut command = Command::new(shell);
        let script = script.replace("mcpcred", env!("CARGO_BIN_EXE_mcpcred"));
        sandbox.surround(command.args(arguments).arg(&script));
        let output = feed(command, b"");
        let seen: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
        for (number, value) in VALUES.iter().enumerate() {
            let expected = [format!("V{number}=").as_bytes(), value].concat();
            assert!(
                seen.contains(&&expected[..]),
                "{shell} {script}: V{number}\n{}\n{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert!(!sandbox.path("pwned").exists(), "{shell} ran a value");
    }

    #[test]
    fn bash_takes_every_byte_unquoted_whatever_its_options() {
        for options in
            ["", "shopt -s nullglob;", "shopt -s failglob;", "set -f;", "set -eu;", "shopt -s extglob;"]
        {
            arrives("bash", &["--norc", "-c"], &format!("{options} eval $(mcpcred export-env); env -0"));
        }
        arrives("bash", &["--norc", "-c"], r#"eval "$(mcpcred export-env)"; env -0"#);
        arrives("bash", &["--posix", "-c"], "eval $(mcpcred export-env --shell bash); env -0");
    }

    #[test]
    fn zsh_takes_every_byte_unquoted() {
        for options in ["", "setopt nullglob;", "setopt extendedglob;", "setopt shwordsplit globsubst;"] {
            arrives("zsh", &["-f", "-c"], &format!("{options} eval $(mcpcred export-env); env -0"));
        }
    }

    #[test]
    fn posix_shells_take_every_byte_unquoted() {
        arrives("dash", &["-c"], "eval $(mcpcred export-env); env -0");
        arrives("dash", &["-c"], "set -eu; eval $(mcpcred export-env); env -0");
        arrives("busybox", &["sh", "-c"], "eval $(mcpcred export-env --shell sh); env -0");
    }

    #[test]
    fn fish_takes_every_byte() {
        arrives("fish", &["--no-config", "-c"], "mcpcred export-env | source; env -0");
        arrives("fish", &["--no-config", "-c"], "eval (mcpcred export-env); env -0");
    }

    #[test]
    fn elvish_takes_every_byte() {
        arrives("elvish", &["-norc", "-c"], "eval (mcpcred export-env --shell elvish | slurp); env -0");
    }
}
