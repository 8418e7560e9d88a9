//! A person watches the log while it grows (unix).

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::audit::{set, verified};
use crate::support::Sandbox;
use crate::support::terminal::Terminal;

/// Who reads what is followed; ended when dropped.
struct Reader {
    program: Child,
    numbers: Arc<Mutex<Vec<u64>>>,
}

impl Reader {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command = sandbox.command(["audit", "--follow", "--json"]);
        let mut program =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let numbers = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&numbers);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).unwrap();
                read.lock().unwrap().push(line["n"].as_u64().unwrap());
            }
        });
        Self { program, numbers }
    }

    /// The numbers of the lines that were read, once that one is among them.
    fn up_to(&self, last: u64) -> Vec<u64> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            let numbers = self.numbers.lock().unwrap().clone();
            if numbers.contains(&last) {
                return numbers;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{last} is not among {:?}", self.numbers.lock().unwrap());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        _ = self.program.kill();
        _ = self.program.wait();
    }
}

fn archives(sandbox: &Sandbox) -> usize {
    let names = fs::read_dir(sandbox.data()).unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().starts_with("audit-")).count()
}

#[test]
fn no_line_is_missed_where_files_change_meanwhile() {
    let sandbox = Sandbox::new().with("TOKEN");
    set(&sandbox, "[audit]\nfile_mib = 1\n[audit.anomalies]\nburst_per_minute = 0\n");
    let reader = Reader::start(&sandbox);
    reader.up_to(1);
    let reason = "x".repeat(450);
    let names: Vec<String> = (0..700).map(|number| format!("-e=V{number}=TOKEN")).collect();
    let mut arguments = vec!["run", "--reason", &reason];
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(["--", "true"]);
    while archives(&sandbox) < 2 {
        sandbox.run(&arguments).succeeds();
    }
    sandbox.run(["get", "TOKEN"]).succeeds();
    let last = verified(&sandbox, 0)["last"].as_u64().unwrap();
    assert_eq!(reader.up_to(last), (1..=last).collect::<Vec<u64>>());
}

#[test]
fn a_person_at_a_terminal_sees_each_line_as_it_comes() {
    let sandbox = Sandbox::new().with("TOKEN");
    let mut terminal = Terminal::start(&sandbox.command(["audit", "--follow", "--action", "get"]));
    std::thread::sleep(Duration::from_millis(300));
    sandbox.run(["get", "TOKEN", "--reason", "a first look"]).succeeds();
    terminal.expect("\"a first look\"");
    sandbox.run(["get", "TOKEN", "--reason", "\u{1b}[31m again"]).succeeds();
    terminal.expect(" again\"");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.wait(), 143);
    let screen = String::from_utf8_lossy(&terminal.screen()).into_owned();
    assert!(!screen.contains("\u{1b}[31m") && !screen.contains("  add  "), "{screen}");
}
