//! `Server`: a program that `run` started, and that waits until it is ended.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, start};

/// Killed when dropped.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// Starts it through `run` and waits until it runs: on Unix it has taken the place of mcpcred then.
    pub(crate) fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let shell: &[&str] = if cfg!(windows) {
            // It waits for a line that never comes.
            &["cmd", "/d", "/c", "echo ready& set /p line="]
        } else {
            &["sh", "-c", "echo ready; exec sleep 60"]
        };
        Self::start_program(sandbox, arguments, shell)
    }

    /// Starts one that does not end when it is asked to, and neither does what it started.
    /// On Windows nobody is asked.
    pub(crate) fn start_deaf(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        if cfg!(windows) {
            return Self::start(sandbox, arguments);
        }
        let script = "trap '' TERM; sleep 60 & echo ready; wait; sleep 60";
        Self::start_program(sandbox, arguments, &["sh", "-c", script])
    }

    fn start_program(sandbox: &Sandbox, arguments: &[&str], program: &[&str]) -> Self {
        let mut command = sandbox.command(["run"]);
        command.args(arguments).arg("--").args(program);
        let mut child = start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "ready");
        Self(child)
    }

    /// Whether it ended within a moment.
    pub(crate) fn has_ended(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            if self.0.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Whether it runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
