//! A person copies a secret to a real clipboard (X11, under a screen of the test's own).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{CANARY, Sandbox, feed};

/// A screen that nobody sees, with a clipboard.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb, which `.ci/prepare` installs");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { server, display: format!(":{}", number.trim()) }
    }

    fn clipboard(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut xclip = Command::new("xclip");
        xclip.env("DISPLAY", &self.display).args(["-selection", "clipboard"]).args(arguments);
        if arguments.contains(&"-o") {
            return String::from_utf8(feed(xclip, b"").stdout).unwrap();
        }
        // It stays behind to serve the selection, so its output would never end.
        xclip.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = xclip.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        child.wait().unwrap();
        String::new()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

#[test]
fn a_copied_value_can_be_pasted_and_is_gone_after_its_time() {
    let screen = Screen::new();
    let mut sandbox = Sandbox::new().with("A");
    sandbox.set("DISPLAY", &screen.display);
    let ran = sandbox.run(["get", "A", "--clip", "--clear-after", "2s"]);
    ran.succeeds().prints("").says("the clipboard is cleared in 2 s");
    assert_eq!(screen.clipboard(&["-o"], b""), CANARY);
    sleep(Duration::from_secs(3));
    assert_eq!(screen.clipboard(&["-o"], b""), "");
    sandbox.holds_no_canary();
}

#[test]
fn what_somebody_else_copied_since_is_left_alone() {
    let screen = Screen::new();
    let mut sandbox = Sandbox::new().with("A");
    sandbox.set("DISPLAY", &screen.display);
    sandbox.run(["get", "A", "--clip", "--clear-after", "1s"]).succeeds();
    screen.clipboard(&[], b"something else");
    sleep(Duration::from_secs(2));
    assert_eq!(screen.clipboard(&["-o"], b""), "something else");
}

#[test]
fn without_a_screen_nothing_is_copied_and_that_is_said() {
    let sandbox = Sandbox::new().with("A");
    sandbox.run(["get", "A", "--clip"]).exits(4).prints("").says("there is no clipboard");
}

#[test]
fn a_lockdown_clears_the_clipboard_and_the_copy_is_on_record() {
    let screen = Screen::new();
    let mut sandbox = Sandbox::new().with("A").with("B");
    sandbox.set("DISPLAY", &screen.display);
    sandbox.run(["get", "A", "--clip", "--clear-after", "1m"]).succeeds().prints("");
    assert_eq!(screen.clipboard(&["-o"], b""), CANARY);
    // A lockdown of another one leaves it.
    sandbox.run(["lockdown", "B", "--no-revoke"]).succeeds();
    assert_eq!(screen.clipboard(&["-o"], b""), CANARY);
    let document = sandbox.run(["lockdown", "A", "--no-revoke", "--json"]).succeeds().json("lockdown");
    let steps = document["steps"].as_array().unwrap();
    let clipboard = steps.iter().find(|step| step["step"] == "clipboard").unwrap();
    assert_eq!(clipboard["outcome"], "done", "{clipboard}");
    assert_eq!(screen.clipboard(&["-o"], b""), "");
    let log = sandbox.run(["audit", "--action", "get", "--json"]).succeeds().json("audit");
    assert_eq!((&log["lines"][0]["name"], &log["lines"][0]["detail"]), (&"A".into(), &"clipboard".into()));
    sandbox.holds_no_canary();
}
