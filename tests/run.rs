//! A person starts a server with just the credentials it needs.

use crate::support::{CANARY, Sandbox};

/// A program that prints its environment, or ends with a status.
#[cfg(unix)]
fn show() -> Vec<&'static str> {
    vec!["env"]
}

#[cfg(windows)]
fn show() -> Vec<&'static str> {
    vec!["cmd", "/c", "set"]
}

fn lines(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let mut words = vec!["run"];
    words.extend(arguments);
    words.push("--");
    words.extend(show());
    sandbox.run(words).succeeds().stdout().lines().map(str::to_owned).collect()
}

fn has(lines: &[String], name: &str) -> bool {
    lines.iter().any(|line| line.to_ascii_uppercase().starts_with(&format!("{name}=")))
}

#[test]
fn the_program_gets_what_was_named_under_the_name_that_was_given() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let seen = lines(&sandbox, &["-e", "GITHUB_PERSONAL_ACCESS_TOKEN=github_token"]);
    assert!(seen.contains(&format!("GITHUB_PERSONAL_ACCESS_TOKEN={CANARY}")), "{seen:?}");
    assert!(!has(&seen, "GITHUB_TOKEN"));
}

#[test]
fn nothing_else_that_mcpcred_manages_reaches_the_program() {
    let mut sandbox = Sandbox::new().with("WANTED").with("OTHER");
    sandbox.feed(["add", "ELSEWHERE", "--stdin", "--profile", "work"], b"x").succeeds();
    for name in ["OTHER", "ELSEWHERE", "PLAIN"] {
        sandbox.set(name, "from the shell");
    }
    sandbox.set("MCPCRED_PASSPHRASE", "a passphrase that is not used here");
    sandbox.set("MCPCRED_PASSPHRASE_FILE", "nor this");
    let seen = lines(&sandbox, &["-e", "WANTED"]);
    assert!(has(&seen, "WANTED") && has(&seen, "PLAIN"), "{seen:?}");
    for gone in ["OTHER", "ELSEWHERE", "MCPCRED_PASSPHRASE", "MCPCRED_PASSPHRASE_FILE", "MCPCRED_KEY_FILE"] {
        assert!(!has(&seen, gone), "{gone}");
    }
}

#[cfg(unix)]
#[test]
fn a_program_that_reads_its_arguments_alone_gets_the_value_there_and_only_when_told() {
    let sandbox = Sandbox::new().with("TOKEN");
    let show = ["sh", "-c", r#"printf '%s\n' "$@"; env"#, "sh", "--token={{TOKEN}}", "{{OTHER}}"];
    let shown = sandbox.run([&["run", "--expand", "TOKEN", "--"][..], &show].concat()).succeeds().stdout();
    assert!(shown.starts_with(&format!("--token={CANARY}\n{{{{OTHER}}}}\n")), "{shown}");
    assert_eq!(shown.matches(CANARY).count(), 1, "in no variable: {shown}");

    let shown = sandbox.run([&["run", "-e", "TOKEN", "--"][..], &show].concat()).succeeds().stdout();
    assert!(shown.starts_with("--token={{TOKEN}}\n"), "{shown}");
    sandbox.run(["run", "--expand", "TOKEN", "--", "true"]).exits(125).says("{{TOKEN}}");
    sandbox.run(["run", "--expand", "NOBODY", "--", "true", "{{NOBODY}}"]).exits(125).says("NOBODY");
}

#[test]
fn a_user_and_a_password_come_as_a_header_has_them_and_in_no_other_form() {
    let sandbox = Sandbox::new();
    sandbox.feed(["add", "PASSWORD", "--stdin"], b"open sesame").succeeds();
    let seen = lines(&sandbox, &["--basic", "AUTH=Aladdin:{PASSWORD}"]);
    assert!(seen.contains(&"AUTH=Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("open sesame")), "{seen:?}");
    sandbox.run(["run", "--basic", "AUTH=me:{NOBODY}", "--", "x"]).exits(125).says("NOBODY");
    for wrong in ["AUTH", "AUTH={PASSWORD}", "AUTH=me:open sesame", "A B=me:{PASSWORD}", "AUTH=me:{A B}"] {
        let ran = sandbox.run(["run", "--basic", wrong, "--", "x"]).exits(2);
        assert!(!ran.stderr().contains("sesame"), "{}", ran.stderr());
    }
}

/// npm writes the arguments of what it starts into a log.
#[cfg(unix)]
#[test]
fn npm_is_told_to_keep_no_log_where_a_value_stands_among_the_arguments_and_only_there() {
    let mut sandbox = Sandbox::new().with("TOKEN");
    sandbox.set("NPM_CONFIG_LOGS_MAX", "10");
    let told = |words: &[&str]| {
        let shown = sandbox.run([&["run"], words].concat()).succeeds().stdout();
        let own = shown.lines().filter(|line| line.to_ascii_lowercase().starts_with("npm_config_logs_max"));
        own.map(str::to_owned).collect::<Vec<_>>()
    };
    let expanded = ["--expand", "TOKEN", "--", "sh", "-c", "env; echo {{TOKEN}}"];
    assert_eq!(told(&expanded), ["npm_config_logs_max=0"]);
    assert_eq!(told(&["-e", "TOKEN", "--", "env"]), ["NPM_CONFIG_LOGS_MAX=10"]);
}

#[test]
fn a_folder_with_the_key_of_the_vault_is_not_shown_to_the_program() {
    let mut sandbox = Sandbox::new().with("A");
    let folder = sandbox.path("credentials");
    std::fs::create_dir(&folder).unwrap();
    sandbox.set("CREDENTIALS_DIRECTORY", folder.to_str().unwrap());
    assert!(
        has(&lines(&sandbox, &["-e", "A"]), "CREDENTIALS_DIRECTORY"),
        "it holds others' credentials alone"
    );
    std::fs::rename(sandbox.path("key"), folder.join("mcpcred-vault-key")).unwrap();
    sandbox.unset("MCPCRED_KEY_FILE");
    assert!(!has(&lines(&sandbox, &["-e", "A"]), "CREDENTIALS_DIRECTORY"));
}

#[test]
fn a_clean_start_leaves_only_what_every_program_needs() {
    let mut sandbox = Sandbox::new().with("WANTED");
    sandbox.set("PLAIN", "1");
    sandbox.set("KEPT", "1");
    let seen = lines(&sandbox, &["-e", "WANTED", "--clean", "--keep", "KEPT"]);
    assert!(has(&seen, "WANTED") && has(&seen, "PATH") && has(&seen, "KEPT"), "{seen:?}");
    assert!(!has(&seen, "PLAIN"));
}

#[test]
fn credentials_are_chosen_by_server_by_project_or_all() {
    let sandbox = Sandbox::new().with("B");
    sandbox.feed(["add", "A", "--stdin", "--server", "github"], b"a").succeeds();
    let seen = lines(&sandbox, &["--server", "github"]);
    assert!(has(&seen, "A") && !has(&seen, "B"));
    let seen = lines(&sandbox, &["--all"]);
    assert!(has(&seen, "A") && has(&seen, "B"));
    sandbox.run(["run", "--server", "nope", "--", "env"]).exits(125).says("is for the server `nope`");
    sandbox.run(["run", "--", "env"]).exits(125).says("-e NAME");
    std::fs::write(sandbox.path(".mcpcred.toml"), "credentials = [\"B\"]\n").unwrap();
    let seen = lines(&sandbox, &[]);
    assert!(has(&seen, "B") && !has(&seen, "A"));
}

#[test]
fn a_value_among_the_arguments_is_refused() {
    let sandbox = Sandbox::new().with("A");
    let argument = format!("--token={CANARY}");
    sandbox
        .run(["run", "-e", "A", "--", show()[0], &argument])
        .exits(125)
        .prints("")
        .says("every user of this machine");
}

#[test]
fn statuses_are_those_of_env_and_of_the_program() {
    let mut sandbox = Sandbox::new().with("A");
    sandbox.run(["run", "-e", "A", "--", "no-such-program-anywhere"]).exits(127);
    sandbox.run(["run", "-e", "NOPE", "--", show()[0]]).exits(125).says("no credential named `NOPE`");
    sandbox.run(["run", "-e", "A"]).exits(2);
    sandbox.run(["run", "--nope", "--", show()[0]]).exits(2);
    sandbox.set("MCPCRED_KEY_FILE", "not-there");
    sandbox.run(["run", "-e", "A", "--", show()[0]]).exits(125);
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use crate::support::{CANARY, Sandbox, feed};

    #[test]
    fn the_program_takes_the_place_of_mcpcred_and_nothing_stays() {
        let sandbox = Sandbox::new().with("A");
        // The child's process id is the one that mcpcred was started with: no parent is left.
        let mut shell = Command::new("sh");
        let script = r#"echo $$; exec "$0" run -e A -- sh -c 'echo $$; ulimit -c; grep -h "^Sig\(Ign\|Blk\)" /proc/self/status; ls /proc/self/fd | wc -l'"#;
        sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
        let with = String::from_utf8(feed(shell, b"").stdout).unwrap();
        let mut shell = Command::new("sh");
        let script = script.replace(r#""$0" run -e A -- sh"#, "sh");
        sandbox.surround(shell.args(["-c", &script]));
        let without = String::from_utf8(feed(shell, b"").stdout).unwrap();
        let lines: Vec<&str> = with.lines().collect();
        assert_eq!(lines[0], lines[1]);
        assert_eq!(lines[2..], without.lines().collect::<Vec<_>>()[2..]);
    }

    #[test]
    fn the_program_ends_as_it_ends() {
        let sandbox = Sandbox::new().with("A");
        sandbox.run(["run", "-e", "A", "--", "sh", "-c", "exit 7"]).exits(7);
        let killed = sandbox.run(["run", "-e", "A", "--", "sh", "-c", "kill -TERM $$"]);
        assert_eq!(killed.0.status.signal(), Some(15));
        // A shell sees 128 + 15, as it does for the program itself.
        let mut shell = Command::new("sh");
        let script = r#""$0" run -e A -- sh -c 'kill -TERM $$'; echo $?"#;
        sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
        assert_eq!(String::from_utf8(feed(shell, b"").stdout).unwrap().trim(), "143");
    }

    #[test]
    fn what_cannot_be_executed_is_126() {
        let sandbox = Sandbox::new().with("A");
        let file = sandbox.path("file");
        fs::write(&file, "no program").unwrap();
        sandbox.run(["run", "-e", "A", "--", file.to_str().unwrap()]).exits(126);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        sandbox.run(["run", "-e", "A", "--", file.to_str().unwrap()]).exits(126);
        fs::write(&file, "#!/no/such/interpreter\n").unwrap();
        sandbox.run(["run", "-e", "A", "--", file.to_str().unwrap()]).exits(126).says("interpreter");
        sandbox.run(["run", "-e", "A", "--", "/"]).exits(126);
    }

    #[test]
    fn bytes_of_any_value_arrive_and_too_many_are_told() {
        let sandbox = Sandbox::new();
        let every_byte: Vec<u8> = (1..=255).collect();
        sandbox.feed(["add", "BYTES", "--stdin"], &every_byte).succeeds();
        let ran = sandbox.run(["run", "-e", "BYTES", "--", "env", "-0"]).succeeds();
        let expected = [b"BYTES=", &every_byte[..]].concat();
        assert!(ran.0.stdout.split(|byte| *byte == 0).any(|line| line == expected));
        sandbox.feed(["add", "LARGE", "--stdin"], &vec![b'x'; 300_000]).succeeds();
        sandbox.run(["run", "-e", "LARGE", "--", "env"]).exits(125).says("larger than this system passes");
    }

    #[test]
    fn a_passphrase_on_a_descriptor_is_closed_to_the_program() {
        let mut sandbox = Sandbox::bare();
        sandbox.set("MCPCRED_STORE", "vault");
        fs::write(sandbox.path("passphrase"), crate::support::PASSPHRASE).unwrap();
        let script = r#""$0" add A --generate 20 --passphrase-fd 7 7<passphrase &&
            "$0" run -e A --passphrase-fd 7 -- sh -c 'cat <&7; echo ${#A}' 7<passphrase"#;
        let mut shell = Command::new("sh");
        sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
        assert_eq!(String::from_utf8(feed(shell, b"").stdout).unwrap(), "20\n");
    }

    /// A file that is read a second time begins at its start: what was read has to be behind the program.
    #[test]
    fn a_passphrase_on_stdin_is_not_there_for_the_program_to_read_again() {
        let mut sandbox = Sandbox::bare();
        sandbox.set("MCPCRED_STORE", "vault");
        fs::write(sandbox.path("passphrase"), crate::support::PASSPHRASE).unwrap();
        let script = r#""$0" add A --generate 20 --passphrase-fd 0 <passphrase &&
            "$0" run -e A --passphrase-fd 0 -- sh -c 'cat; echo ${#A}' <passphrase"#;
        let mut shell = Command::new("sh");
        sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
        assert_eq!(String::from_utf8(feed(shell, b"").stdout).unwrap(), "20\n");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn core_dumps_are_off_before_a_passphrase_is_read() {
        let sandbox = Sandbox::new();
        let mut shell = Command::new("sh");
        let script = r#"ulimit -c 4096; exec "$0" list --passphrase-fd 0"#;
        sandbox.surround(shell.args(["-c", script, env!("CARGO_BIN_EXE_mcpcred")]));
        let mut waiting =
            shell.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let limits = format!("/proc/{}/limits", waiting.id());
        let is_off = || {
            let limits = fs::read_to_string(&limits).unwrap();
            let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
            line.split_whitespace().nth(4) == Some("0")
        };
        // It waits for the end of its input, which does not come.
        let mut patience = 200;
        while patience > 0 && !is_off() {
            std::thread::sleep(std::time::Duration::from_millis(10));
            patience -= 1;
        }
        assert!(is_off());
        drop(waiting.stdin.take());
        waiting.wait().unwrap();
    }

    #[test]
    fn the_value_is_on_no_command_line_on_the_way() {
        let sandbox = Sandbox::new().with("A");
        let script = "tr '\\0' ' ' < /proc/$$/cmdline";
        let shown = sandbox.run(["run", "-e", "A", "--", "sh", "-c", script]).succeeds().stdout();
        assert!(shown.contains("cmdline") && !shown.contains(CANARY));
    }
}

#[cfg(windows)]
mod windows {
    use std::fs;

    use crate::support::{CANARY, Sandbox};

    #[test]
    fn the_program_ends_as_it_ends() {
        let sandbox = Sandbox::new().with("A");
        sandbox.run(["run", "-e", "A", "--", "cmd", "/c", "exit 7"]).exits(7);
        sandbox.run(["run", "-e", "A", "--", "cmd", "/c", "exit 70000"]).exits(70000);
    }

    /// CVE-2024-24576: `cmd` reads arguments of a batch file as commands.
    #[test]
    fn a_batch_file_is_found_without_its_ending_and_its_arguments_run_nothing() {
        let mut sandbox = Sandbox::new().with("A");
        let folder = sandbox.path("bin");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("npx.cmd"), "@echo off\r\necho [%1] [%A%]\r\n").unwrap();
        sandbox.set("PATH", folder.to_str().unwrap());
        let shown = sandbox.run(["run", "-e", "A", "--", "npx", "plain"]).succeeds().stdout();
        assert!(shown.contains(&format!("[plain] [{CANARY}]")), "{shown}");
        for hostile in
            ["\"&echo PWNED", "&echo PWNED", "%CMDCMDLINE:~-1%&echo PWNED", "a\"b&echo PWNED", "|echo PWNED"]
        {
            let ran = sandbox.run(["run", "-e", "A", "--", "npx", hostile]);
            let shown = ran.stdout();
            assert!(!shown.lines().any(|line| line.trim_start().starts_with("PWNED")), "{hostile}: {shown}");
        }
        sandbox.run(["run", "-e", "A", "--", "npx", "two\nlines"]).exits(125).says("batch file");
    }
}
