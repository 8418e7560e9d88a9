//! A person hands the log to that of the system: to sockets of the test's own, and to a real journal (unix).

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::audit::lines;
use crate::support::{Ran, Sandbox};

/// A socket in the place of that of the system.
fn listen(sandbox: &Sandbox) -> UnixDatagram {
    let socket = UnixDatagram::bind(sandbox.path("socket")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

fn send(sandbox: &Sandbox, to: &str, socket: &str) -> Ran {
    sandbox.run(["audit", "export", "--to", to, "--socket", socket])
}

/// Sends the log there, and gives what arrived: more datagrams than the system would hold back.
fn sent(sandbox: &Sandbox, to: &str) -> Vec<Vec<u8>> {
    let socket = listen(sandbox);
    let count = lines(sandbox).len();
    std::thread::scope(|scope| {
        let path = sandbox.path("socket");
        let sending = scope.spawn(move || send(sandbox, to, path.to_str().unwrap()));
        let received = (0..count).map(|_| {
            let mut datagram = vec![0; 64 * 1024];
            let length = socket.recv(&mut datagram).unwrap();
            datagram.truncate(length);
            datagram
        });
        let received = received.collect();
        sending.join().unwrap().succeeds().prints("").says(&format!("Handed over {count} lines"));
        received
    })
}

fn home() -> Sandbox {
    let sandbox = Sandbox::new().with("TOKEN");
    sandbox.run(["get", "TOKEN", "--reason", "a=b|c\nd"]).succeeds();
    for _ in 0..20 {
        sandbox.run(["get", "TOKEN"]).succeeds();
    }
    sandbox
}

#[test]
fn syslog_gets_one_message_a_line() {
    let sandbox = home();
    let received = sent(&sandbox, "syslog");
    for datagram in &received {
        let text = str::from_utf8(datagram).unwrap();
        assert!(text.starts_with("<86>mcpcred: CEF:0|mcpcred|mcpcred|"), "{text}");
        assert!(!text.contains(char::is_control), "{text}");
    }
    let cef = sandbox.run(["audit", "export", "--format", "cef"]).succeeds().stdout();
    let second = str::from_utf8(&received[1]).unwrap();
    assert_eq!(second.strip_prefix("<86>mcpcred: "), cef.lines().nth(1));
}

#[test]
fn the_journal_gets_fields_that_can_be_searched() {
    let sandbox = home();
    let received = sent(&sandbox, "journald");
    let text = str::from_utf8(&received[1]).unwrap();
    let fields: Vec<(&str, &str)> = text.lines().map(|line| line.split_once('=').unwrap()).collect();
    let field = |name: &str| fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    assert_eq!(field("SYSLOG_IDENTIFIER"), Some("mcpcred"));
    assert_eq!(field("PRIORITY"), Some("6"));
    assert_eq!(field("MCPCRED_ACTION"), Some("get"));
    assert_eq!(field("MCPCRED_OUTCOME"), Some("done"));
    assert_eq!(field("MCPCRED_LINE"), Some("2"));
    assert_eq!(field("MCPCRED_CREDENTIAL"), Some("TOKEN"));
    assert!(field("MESSAGE").is_some_and(|message| message.contains(r"reason=a\=b|c\nd")), "{text}");
}

#[test]
fn where_nobody_listens_it_is_told_what_helps() {
    let sandbox = home();
    let nowhere = sandbox.path("nowhere");
    for to in ["syslog", "journald"] {
        send(&sandbox, to, nowhere.to_str().unwrap()).exits(1).prints("").says("--socket");
    }
    sandbox.run(["audit", "export", "--socket", "/dev/log"]).exits(2);
}

#[cfg(target_os = "linux")]
mod real {
    use std::fs;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use serde_json::Value;

    use super::{home, send};
    use crate::audit::lines;

    const JOURNALD: &str = "/usr/lib/systemd/systemd-journald";

    /// systemd's journal with a namespace of its own, which goes with it.
    struct Journal {
        program: Child,
        namespace: String,
    }

    impl Journal {
        /// Where this machine has one, and lets us start it.
        fn start() -> Option<Self> {
            let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
            if !is_root || !Path::new(JOURNALD).exists() {
                return None;
            }
            let namespace = format!("mcpcred{}", std::process::id());
            let mut command = Command::new(JOURNALD);
            command.arg(&namespace).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let journal = Self { program: command.spawn().ok()?, namespace };
            let start = Instant::now();
            while !Path::new(&journal.socket("socket")).exists() {
                assert!(start.elapsed() < Duration::from_secs(20), "it does not come up");
                std::thread::sleep(Duration::from_millis(20));
            }
            Some(journal)
        }

        fn socket(&self, name: &str) -> String {
            format!("/run/systemd/journal.{}/{name}", self.namespace)
        }

        /// What came over that way, once it is so much.
        fn entries(&self, transport: &str, count: usize) -> Vec<Value> {
            let start = Instant::now();
            loop {
                let mut command = Command::new("journalctl");
                command.args(["--namespace", &self.namespace, "--output=json", "--no-pager"]);
                command.args(["SYSLOG_IDENTIFIER=mcpcred", &format!("_TRANSPORT={transport}")]);
                let output = command.output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                let entries: Vec<Value> =
                    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                if entries.len() >= count {
                    return entries;
                }
                assert!(start.elapsed() < Duration::from_secs(20), "{} of {count}", entries.len());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    impl Drop for Journal {
        fn drop(&mut self) {
            _ = self.program.kill();
            _ = self.program.wait();
            _ = fs::remove_dir_all(format!("/run/systemd/journal.{}", self.namespace));
            for folder in ["/var/log/journal", "/run/log/journal"] {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    if entry.file_name().to_string_lossy().ends_with(&format!(".{}", self.namespace)) {
                        _ = fs::remove_dir_all(entry.path());
                    }
                }
            }
        }
    }

    #[test]
    fn a_real_journal_takes_both_ways() {
        let Some(journal) = Journal::start() else {
            return super::the_journal_gets_fields_that_can_be_searched();
        };
        let sandbox = home();
        let count = lines(&sandbox).len();
        send(&sandbox, "journald", &journal.socket("socket")).succeeds();
        let entries = journal.entries("journal", count);
        let numbers: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
        let found: Vec<&str> = entries.iter().map(|entry| entry["MCPCRED_LINE"].as_str().unwrap()).collect();
        assert_eq!(found, numbers);
        assert_eq!(entries[1]["MCPCRED_CREDENTIAL"], "TOKEN");
        send(&sandbox, "syslog", &journal.socket("dev-log")).succeeds();
        let entries = journal.entries("syslog", count);
        // 10 stands for messages about security that are not for everybody.
        assert_eq!((&entries[1]["SYSLOG_FACILITY"], &entries[1]["PRIORITY"]), (&"10".into(), &"6".into()));
        assert!(entries[1]["MESSAGE"].as_str().unwrap().contains(r"reason=a\=b|c\nd"), "{:?}", entries[1]);
    }
}
