//! `Server`: a program that `run` started, and that waits until it is ended (unix).

use std::io::Read;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::Sandbox;

/// Killed when dropped.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// Starts it through `run` and waits until it has taken the place of mcpcred.
    pub(crate) fn start(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::start_script(sandbox, arguments, "echo ready; exec sleep 60")
    }

    /// Starts one that does not end when it is asked to, and neither does what it started.
    pub(crate) fn start_deaf(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::start_script(sandbox, arguments, "trap '' TERM; sleep 60 & echo ready; wait; sleep 60")
    }

    fn start_script(sandbox: &Sandbox, arguments: &[&str], script: &str) -> Self {
        let mut command = sandbox.command(["run"]);
        command.args(arguments).args(["--", "sh", "-c", script]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
        assert_eq!(&line, b"ready\n");
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
