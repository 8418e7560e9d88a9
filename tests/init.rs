//! A person has a shell load credentials whenever they open one.

use std::fs;
use std::path::Path;

use crate::support::{CANARY, Sandbox};

/// Each shell with the file that it reads, below the home.
#[cfg(unix)]
pub(crate) const FILES: [(&str, &str); 7] = [
    ("bash", if cfg!(target_os = "macos") { ".bash_profile" } else { ".bashrc" }),
    ("zsh", ".zshrc"),
    ("sh", ".profile"),
    ("fish", ".config/fish/conf.d/mcpcred.fish"),
    ("powershell", ".config/powershell/Microsoft.PowerShell_profile.ps1"),
    (
        "nu",
        if cfg!(target_os = "macos") {
            "Library/Application Support/nushell/config.nu"
        } else {
            ".config/nushell/config.nu"
        },
    ),
    ("elvish", ".config/elvish/rc.elv"),
];

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn the_lines_are_printed_and_nothing_is_changed() {
    let sandbox = Sandbox::new().with("A");
    for shell in ["bash", "zsh", "sh", "fish", "powershell", "nu", "elvish"] {
        let lines = sandbox.run(["init", shell, "A"]).succeeds().stdout();
        assert!(lines.contains(&format!("export-env --shell {shell} --startup A")), "{lines}");
        assert!(!lines.contains(CANARY));
        let document = sandbox.run(["init", shell, "--tag", "work", "--json"]).succeeds().json("init");
        assert!(document["lines"].as_str().unwrap().contains("--tag=work"), "{document}");
    }
    sandbox.run(["init", "tcsh"]).exits(2);
    sandbox.run(["init", "zsh", "--dry-run"]).exits(2).says("--install");
    assert!(!sandbox.path(".zshrc").exists() && !sandbox.path(".config").exists());
}

#[test]
#[cfg(unix)]
fn a_shell_reads_the_lines_in_a_file_that_came_from_windows() {
    let sandbox = Sandbox::new();
    for (shell, file) in FILES.iter().filter(|(shell, _)| ["bash", "sh"].contains(shell)) {
        let path = sandbox.path(file);
        write(&path, "true # mine\r\n");
        sandbox.run(["init", shell, "--install"]).succeeds();
        let mut reading = std::process::Command::new(shell);
        reading.arg("-c").arg(". \"$0\"").arg(&path).stdin(std::process::Stdio::null());
        let ran = reading.env("HOME", sandbox.path("")).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{shell}");
        sandbox.run(["init", shell, "--uninstall"]).succeeds();
        assert_eq!(fs::read_to_string(&path).unwrap(), "true # mine\r\n");
    }
}

#[test]
#[cfg(unix)]
fn the_lines_come_once_and_go_without_a_trace() {
    let sandbox = Sandbox::new();
    for (shell, file) in FILES {
        let path = sandbox.path(file);
        for before in
            [None, Some(""), Some("alias ll='ls -l'\n"), Some("no line feed at its end"), Some("a\r\nb\r\n")]
        {
            _ = fs::remove_file(&path);
            if let Some(before) = before {
                write(&path, before);
            }
            let dry = sandbox.run(["init", shell, "--install", "--dry-run"]).succeeds();
            assert!(dry.stderr().starts_with("Would "), "{}", dry.said());
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), before, "{shell}");

            let document = sandbox.run(["init", shell, "--install", "--json"]).succeeds().json("init");
            let change = if before.is_none() { "made" } else { "added" };
            assert_eq!(document["files"][0]["change"], change, "{shell} {before:?}");
            let once = fs::read_to_string(&path).unwrap();
            assert!(once.starts_with(before.unwrap_or_default()), "{once}");
            sandbox.run(["init", shell, "--install"]).succeeds().says("has the lines already");
            assert_eq!(fs::read_to_string(&path).unwrap(), once);

            sandbox.run(["init", shell, "--install", "OTHER"]).succeeds().says("up to date");
            assert!(fs::read_to_string(&path).unwrap().contains("OTHER"));
            sandbox.run(["init", shell, "--uninstall", "--dry-run"]).succeeds().says("Would ");
            sandbox.run(["init", shell, "--uninstall"]).succeeds();
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), before, "{shell}");
            sandbox.run(["init", shell, "--uninstall"]).succeeds().says("no lines of mcpcred");
        }
    }
}

#[test]
fn marks_that_somebody_changed_are_told_and_left_alone() {
    let sandbox = Sandbox::new();
    let path = sandbox.path(".zshrc");
    write(&path, "# >>> mcpcred >>> of old\nmine\n");
    for flag in ["--install", "--uninstall"] {
        sandbox.run(["init", "zsh", flag]).exits(1).says("take out by hand");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "# >>> mcpcred >>> of old\nmine\n");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::{Command, Output};
    use std::time::Instant;

    use nix::sys::stat::Mode;

    use super::*;
    #[cfg(target_os = "linux")]
    use crate::support::crash::killed_at;
    use crate::support::terminal::Terminal;
    use crate::support::{contains, feed};

    #[test]
    fn a_file_among_dotfiles_keeps_its_link_and_its_mode() {
        let sandbox = Sandbox::new();
        let real = sandbox.path("dotfiles/zshrc");
        write(&real, "mine\n");
        fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
        symlink("dotfiles/zshrc", sandbox.path(".zshrc")).unwrap();
        for (flag, has_lines) in [("--install", true), ("--uninstall", false)] {
            sandbox.run(["init", "zsh", flag]).succeeds();
            assert!(fs::symlink_metadata(sandbox.path(".zshrc")).unwrap().is_symlink());
            assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
            assert_eq!(fs::read_to_string(&real).unwrap() != "mine\n", has_lines);
        }
    }

    #[test]
    fn a_file_that_can_not_be_used_is_told() {
        let sandbox = Sandbox::new();
        nix::unistd::mkfifo(&sandbox.path(".zshrc"), Mode::S_IRWXU).unwrap();
        sandbox.run(["init", "zsh", "--install"]).exits(1).says("is not a regular file");
    }

    /// How each shell is opened by a person who types `script`, and how by a program. `None` where it is not here.
    fn opened(sandbox: &Sandbox, shell: &str, script: &str, is_person: bool) -> Option<Output> {
        let nu =
            concat!(env!("CARGO_MANIFEST_DIR"), "/target/parsers/node_modules/@nushell/linux-x64/bin/nu");
        let (program, words): (&str, &[&str]) = match (shell, is_person) {
            ("sh", true) => ("dash", &["-l", "-i", "-c"]),
            ("sh", false) => ("dash", &["-l", "-c"]),
            ("nu", true) => (nu, &["--interactive", "--execute"]),
            // The profile as it would be read by a program that reads it on purpose.
            ("nu", false) => (nu, &["--config", ".config/nushell/config.nu", "--commands"]),
            (shell, true) => (shell, &["-i", "-c"]),
            (shell, false) => (shell, &["-c"]),
        };
        // A remote command makes bash read the file, as the variable does here; zsh reads it when it is told to.
        let script = if (shell, is_person) == ("zsh", false) {
            format!(". ~/.zshrc; {script}")
        } else {
            script.to_owned()
        };
        let mut command = Command::new(program);
        sandbox.surround(command.args(words).arg(script));
        if (shell, is_person) == ("bash", false) {
            command.env("BASH_ENV", sandbox.path(super::FILES[0].1));
        }
        let is_here = Command::new(program).arg("--version").output().is_ok();
        assert!(is_here || option_env!("CI").is_none(), "{shell} is not here");
        is_here.then(|| feed(command, b""))
    }

    fn prints(shell: &str, variable: &str) -> String {
        match shell {
            "nu" => format!("print $\"[($env.{variable}? | default '')]\"; exit"),
            "fish" => format!("echo \"[$'{variable}']\"").replace('\'', ""),
            _ => format!("echo \"[${variable}]\""),
        }
    }

    const SHELLS: [&str; 5] = ["bash", "zsh", "sh", "fish", "nu"];

    #[test]
    fn a_shell_that_a_person_opens_has_the_credentials_and_one_that_a_program_opens_has_none() {
        let sandbox = Sandbox::new().with("A");
        let odd = b"it's $HOME \\ \"quoted\" `x`";
        sandbox.feed(["add", "B", "--stdin", "--tag", "shell"], odd).succeeds();
        for shell in SHELLS {
            sandbox.run(["init", shell, "--install"]).succeeds();
            let Some(output) = opened(&sandbox, shell, &prints(shell, "B"), true) else { continue };
            let shown = String::from_utf8_lossy(&output.stdout);
            assert!(contains(&output.stdout, odd), "{shell}: {output:?}");
            assert!(output.status.success() && !shown.contains("mcpcred"), "{shell}: {shown}");
            let output = opened(&sandbox, shell, &prints(shell, "A"), true).unwrap();
            assert!(contains(&output.stdout, CANARY.as_bytes()), "{shell}: {output:?}");

            let output = opened(&sandbox, shell, &prints(shell, "A"), false).unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "{shell}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");

            // Only those that were chosen.
            sandbox.run(["init", shell, "--install", "--tag", "shell"]).succeeds();
            let output = opened(&sandbox, shell, &prints(shell, "A"), true).unwrap();
            assert!(contains(&output.stdout, b"[]"), "{shell}: {output:?}");
        }
        sandbox.holds_no_canary();
    }

    /// The lines on stderr that are ours; a shell without a terminal has some of its own.
    fn words(output: &Output) -> Vec<String> {
        let text = String::from_utf8_lossy(&output.stderr);
        text.lines().filter(|line| line.contains("mcpcred")).map(str::to_owned).collect()
    }

    /// Whatever is killed, a shell reads the old file or the new one.
    #[test]
    #[cfg(target_os = "linux")]
    fn an_init_that_is_killed_leaves_the_file_old_or_new_and_can_be_repeated() {
        let own = "# mine\nalias ll='ls -l'\n";
        let installed = |flag: &str, before: Option<&str>| {
            let mut kills = 0;
            loop {
                let sandbox = Sandbox::new();
                let path = sandbox.path(".zshrc");
                if let Some(before) = before {
                    write(&path, before);
                }
                if flag == "--uninstall" {
                    sandbox.run(["init", "zsh", "--install"]).succeeds();
                }
                let old = fs::read_to_string(&path).ok();
                if !killed_at(&sandbox, &["init", "zsh", flag], b"", kills) {
                    break kills;
                }
                let left = fs::read_to_string(&path).ok();
                sandbox.run(["init", "zsh", flag]).succeeds();
                let new = fs::read_to_string(&path).ok();
                assert!(left == old || left == new, "torn after {kills}: {left:?}");
                assert!(old != new && before.is_none_or(|before| new.unwrap().starts_with(before)));
                let beside = fs::read_dir(sandbox.path("")).unwrap().flatten();
                let drafts = beside.filter(|it| it.file_name().to_string_lossy().contains("mcpcred-new"));
                assert_eq!(drafts.count(), 0, "after {kills}");
                kills += 1;
            }
        };
        for (flag, before) in
            [("--install", Some(own)), ("--install", None), ("--uninstall", Some(own)), ("--uninstall", None)]
        {
            let kills = installed(flag, before);
            assert!(kills > 4, "{kills} changes of {flag} are not all");
        }
    }

    /// PowerShell runs in the workflows alone; here a grammar of it reads what it would run.
    #[test]
    #[cfg(target_os = "linux")]
    fn powershell_would_understand_the_lines_and_what_they_load() {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parsers/powershell");
        assert!(module.exists() || option_env!("CI").is_none(), "no grammar: .ci/prepare brings it");
        if !module.exists() {
            return;
        }
        let understands = |text: &[u8]| {
            let mut python = Command::new("python3");
            python.env("PYTHONPATH", &module).args([
                "-c",
                "import sys, tree_sitter, tree_sitter_powershell as powershell\n\
                language = tree_sitter.Language(powershell.language())\n\
                tree = tree_sitter.Parser(language).parse(sys.stdin.buffer.read())\n\
                sys.exit(3 if tree.root_node.has_error else 0)",
            ]);
            match feed(python, text) {
                output if output.status.success() => true,
                output => {
                    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
                    false
                }
            }
        };
        assert!(!understands(b"if ($x) { 'never closed }"));
        let sandbox = Sandbox::new().with("A");
        for (name, value) in [
            ("QUOTES", "it's \"quoted\", \u{2018}twice\u{2019}"),
            ("RUNS", "$(New-Item pwned) `whoami` ; calc & | %PATH% {0} @'"),
            ("LINES", "first\nsecond\tand\r\nthird\n'@\n"),
        ] {
            sandbox.feed(["add", name, "--stdin"], value.as_bytes()).succeeds();
        }
        let loaded = sandbox.run(["export-env", "--shell", "powershell"]).succeeds().0.stdout;
        assert!(loaded.len() > 200 && understands(&loaded));
        let tagged = sandbox.run(["init", "powershell", "--tag", "it's \u{2019}$x"]).succeeds().0.stdout;
        assert!(understands(&tagged));
        let program = sandbox.path("it's \u{2018}here\u{2019} $x `y`/mcpcred");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_mcpcred"), &program).unwrap();
        let mut command = Command::new(&program);
        sandbox.surround(command.args(["init", "powershell"]));
        let lines = feed(command, b"").stdout;
        assert!(contains(&lines, "it''s".as_bytes()) && understands(&lines));
    }

    #[test]
    fn a_locked_store_costs_one_line_and_the_shell_opens() {
        let mut sandbox = Sandbox::new().with("A");
        let key = sandbox.path("key");
        for shell in SHELLS {
            sandbox.run(["init", shell, "--install"]).succeeds();
            sandbox.unset("MCPCRED_KEY_FILE");
            if let Some(output) = opened(&sandbox, shell, &prints(shell, "A"), true) {
                assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "{shell}: {output:?}");
                assert_eq!(words(&output).len(), 1, "{shell}: {output:?}");
                assert!(output.status.success(), "{shell}: {output:?}");
            }
            sandbox.set("MCPCRED_KEY_FILE", key.to_str().unwrap());
        }
        sandbox.unset("MCPCRED_KEY_FILE");
        let ran = sandbox.run(["export-env", "--shell", "zsh", "--startup"]).exits(4).prints("");
        assert_eq!(ran.stderr().lines().count(), 1, "{}", ran.said());
        sandbox.run(["export-env", "--shell", "zsh", "--startup", "NOPE"]).exits(3).prints("");
        sandbox.run(["export-env", "--startup"]).exits(2);
    }

    #[test]
    fn a_program_that_is_gone_costs_one_line_and_the_shell_opens() {
        let sandbox = Sandbox::new().with("A");
        let program = sandbox.path("it's here/mcpcred");
        for shell in SHELLS {
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            // By another process: a file that this one holds open for writing, a fork of it would hold as well.
            let copy = Command::new("cp").args([Path::new(env!("CARGO_BIN_EXE_mcpcred")), &program]).status();
            assert!(copy.unwrap().success());
            let mut command = Command::new(&program);
            sandbox.surround(command.args(["init", shell, "--install"]));
            assert!(feed(command, b"").status.success());
            let Some(output) = opened(&sandbox, shell, &prints(shell, "A"), true) else { continue };
            assert!(contains(&output.stdout, CANARY.as_bytes()), "{shell}: {output:?}");
            fs::remove_file(&program).unwrap();
            let output = opened(&sandbox, shell, &prints(shell, "A"), true).unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "{shell}: {output:?}");
            assert_eq!(words(&output).len(), 1, "{shell}: {output:?}");
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }

    #[test]
    fn a_store_that_does_not_answer_is_given_up_after_two_seconds() {
        let mut sandbox = Sandbox::new().with("A");
        let pipe = sandbox.path("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        sandbox.set("MCPCRED_KEY_FILE", pipe.to_str().unwrap());
        let start = Instant::now();
        let ran = sandbox.run(["export-env", "--shell", "bash", "--startup"]).exits(4).prints("");
        assert!((2..8).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        assert_eq!(ran.stderr().lines().count(), 1, "{}", ran.said());
    }

    #[test]
    fn a_strict_startup_file_goes_on_after_the_lines() {
        let mut sandbox = Sandbox::new().with("A");
        for (shell, file) in [("bash", ".bashrc"), ("zsh", ".zshrc"), ("sh", ".profile")] {
            for options in ["set -eu", "set -f", "IFS=x"] {
                write(&sandbox.path(file), &format!("{options}\n"));
                sandbox.run(["init", shell, "--install"]).succeeds();
                let path = sandbox.path(file);
                let with = format!("{}echo after $?\n", fs::read_to_string(&path).unwrap());
                fs::write(&path, with).unwrap();
                for key in [Some(sandbox.path("key")), None] {
                    sandbox.unset("MCPCRED_KEY_FILE");
                    if let Some(key) = &key {
                        sandbox.set("MCPCRED_KEY_FILE", key.to_str().unwrap());
                    }
                    let Some(output) = opened(&sandbox, shell, "set +eu; echo end", true) else { continue };
                    let shown = String::from_utf8_lossy(&output.stdout);
                    assert_eq!(shown, "after 0\nend\n", "{shell} {options} {key:?}: {output:?}");
                }
                sandbox.set("MCPCRED_KEY_FILE", sandbox.path("key").to_str().unwrap());
            }
        }
    }

    /// A person types the beginning of a command and presses Tab.
    fn completes(shell: &str, arguments: &[&str]) {
        let mut sandbox = Sandbox::new().with("UNUSUAL_TOKEN");
        let folder = Path::new(env!("CARGO_BIN_EXE_mcpcred")).parent().unwrap();
        sandbox.set("PATH", &format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()));
        sandbox.set("TERM", "xterm");
        if shell == "zsh" {
            write(&sandbox.path(".zshrc"), "autoload -U compinit; compinit -u\n");
        }
        sandbox.run(["init", shell, "--install"]).succeeds();
        let mut command = Command::new(shell);
        sandbox.surround(command.args(arguments));
        if Command::new(shell).arg("--version").output().is_err() && option_env!("CI").is_none() {
            return;
        }
        let mut terminal = Terminal::start(&command);
        terminal.insist("mcpcred get UNU\t", "SUAL_TOKEN");
        terminal.send("\x15exit\r");
    }

    #[test]
    fn bash_completes_the_names_of_credentials() {
        completes("bash", &["-i"]);
    }

    #[test]
    fn zsh_completes_the_names_of_credentials() {
        completes("zsh", &["-i"]);
    }

    #[test]
    fn fish_completes_the_names_of_credentials() {
        completes("fish", &["-i"]);
    }

    #[test]
    fn elvish_has_the_credentials_and_completes_their_names() {
        completes("elvish", &[]);
        let mut sandbox = Sandbox::new().with("A");
        if Command::new("elvish").arg("-version").output().is_err() && option_env!("CI").is_none() {
            return;
        }
        sandbox.run(["init", "elvish", "--install"]).succeeds();
        sandbox.set("TERM", "xterm");
        for (key, shown) in [(true, format!("[{CANARY}]")), (false, "loaded no credentials".to_owned())] {
            if !key {
                sandbox.unset("MCPCRED_KEY_FILE");
            }
            let mut command = Command::new("elvish");
            sandbox.surround(&mut command);
            let mut terminal = Terminal::start(&command);
            if key {
                terminal.insist("echo '['$E:A']'\r", &shown);
            } else {
                terminal.expect(&shown);
            }
            terminal.send("exit\r");
        }
    }
}
