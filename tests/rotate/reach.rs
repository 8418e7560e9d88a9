//! Who still holds the former value (Linux: supervisors are copies of a shell).

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{CANARY, Sandbox};

/// Programs that a test started; ended with it.
struct Started(Vec<Child>);

impl Drop for Started {
    fn drop(&mut self) {
        for child in &mut self.0 {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// A shell of that name that runs a server with the credential, as often as it ends.
fn start(sandbox: &Sandbox, name: &str) -> Child {
    let shell = sandbox.path(name);
    fs::copy("/bin/sh", &shell).unwrap();
    let script = "\"$1\" run -e A -- sleep 3600; \"$1\" run -e A -- sleep 3600; true";
    let mut command = std::process::Command::new(shell);
    sandbox.surround(&mut command);
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_mcpcred")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn running(sandbox: &Sandbox) -> Vec<(u64, String)> {
    let document = sandbox.run(["ps", "--json"]).succeeds().json("ps");
    let programs = document["programs"].as_array().unwrap();
    let row = |row: &serde_json::Value| {
        (row["pid"].as_u64().unwrap(), row["started_by"].as_str().unwrap_or_default().to_owned())
    };
    programs.iter().map(row).collect()
}

fn wait_for(sandbox: &Sandbox, is_it: impl Fn(&[(u64, String)]) -> bool) -> Vec<(u64, String)> {
    for _ in 0..500 {
        let running = running(sandbox);
        if is_it(&running) {
            return running;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("{:?}", running(sandbox));
}

#[test]
fn running_programs_are_told_of_and_those_of_a_supervisor_are_ended() {
    let sandbox = Sandbox::new().with("A").with("B");
    let started = Started(vec![start(&sandbox, "supervisord"), start(&sandbox, "some-client")]);
    let before = wait_for(&sandbox, |running| running.len() == 2);
    let pid = |by: &str| before.iter().find(|(_, own)| own == by).unwrap().0;
    let ran = sandbox.feed(["rotate", "A", "--stdin"], b"new").succeeds();
    for by in ["supervisord", "some-client"] {
        let words = format!("(process {}, started by `{by}`) holds the former value", pid(by));
        assert!(ran.stderr().contains(&words), "{}", ran.said());
    }
    assert_eq!(running(&sandbox).len(), 2);
    let ran = sandbox.feed(["rotate", "B", "--stdin", "--restart"], b"new").succeeds();
    assert!(!ran.stderr().contains("former value"), "{}", ran.said());

    let ran = sandbox.feed(["rotate", "A", "--stdin", "--restart"], b"newer").succeeds();
    assert!(
        ran.stderr().contains(&format!("Ended `sleep` (process {}", pid("supervisord"))),
        "{}",
        ran.said()
    );
    let client = pid("some-client");
    assert!(
        ran.stderr().contains(&format!("(process {client}, started by `some-client`) holds")),
        "{}",
        ran.said()
    );
    // The supervisor has started it again by now, with the new value.
    wait_for(&sandbox, |running| {
        let is_new =
            |(pid, by): &(u64, String)| by == "supervisord" && before.iter().all(|(old, _)| old != pid);
        running.iter().any(is_new) && running.iter().any(|(pid, _)| *pid == client)
    });
    // First who would start it again.
    drop(started);
    wait_for(&sandbox, |running| {
        for (pid, _) in running {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(*pid).unwrap());
            _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
        running.is_empty()
    });
}

#[test]
fn clients_that_start_servers_with_it_are_told_of_with_what_each_needs() {
    let sandbox = Sandbox::new().with("GITHUB_TOKEN");
    let servers = r#"{"mcpServers":{
        "wrapped":{"command":"mcpcred","args":["run","-e","GITHUB_TOKEN","--","npx","x"]},
        "referring":{"command":"npx","args":["x"],"env":{"TOKEN":"${GITHUB_TOKEN}"}},
        "other":{"command":"npx","args":["y"]}
    }}"#;
    fs::write(sandbox.path(".mcp.json"), servers).unwrap();
    let ran = sandbox.feed(["rotate", "GITHUB_TOKEN", "--stdin"], b"new").succeeds();
    let ran = ran.says("Claude Code starts `wrapped`, `referring` with it").says("start a new session");
    assert!(!ran.stderr().contains("`other`") && !ran.stderr().contains(CANARY), "{}", ran.said());
    let quiet = sandbox.feed(["rotate", "GITHUB_TOKEN", "--stdin", "--quiet"], b"newer").succeeds();
    assert_eq!(quiet.stderr(), "");
}
