//! `Terminal`: a program on a real pseudo-terminal, and a person before it (unix).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::sys::wait::WaitStatus;
use rexpect::process::PtyProcess;

/// How long a person waits for the program.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts with the echo on, as a person's terminal does; killed when dropped.
pub(crate) struct Terminal {
    process: PtyProcess,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    expected_up_to: usize,
    ended: Option<i32>,
}

impl Terminal {
    /// Starts `command`, whose arguments and environment are used; its streams are the terminal.
    #[allow(clippy::disallowed_methods, reason = "the rules about the environment are for what ships")]
    pub(crate) fn start(command: &Command) -> Self {
        let mut words = vec![command.get_program().to_owned()];
        words.extend(command.get_args().map(OsStr::to_owned));
        // `rexpect` turns the echo off, which would hide that a prompt forgets to.
        let mut wrapped = Command::new("/bin/sh");
        wrapped.args(["-c", r#"stty sane echo && exec "$@""#, "sh"]).args(words);
        // That a command clears its environment is not to be seen from outside: nothing comes along that it does not
        // name, least of all where the person who runs the tests keeps their settings (`XDG_CONFIG_HOME`).
        wrapped.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        Self::run(wrapped)
    }

    /// Starts `script` in an interactive way: every command of it is a job, as in a person's shell.
    pub(crate) fn start_shell(script: &str, arguments: &[OsString]) -> Self {
        let mut shell = Command::new("bash");
        shell.args(["--norc", "--noprofile", "-c"]);
        shell.arg(format!("stty sane echo; set -m; {script}")).arg("bash").args(arguments);
        Self::run(shell)
    }

    fn run(command: Command) -> Self {
        let mut process = PtyProcess::new(command).expect("a pseudo-terminal");
        process.set_kill_timeout(Some(2000));
        let keyboard = process.get_file_handle().expect("the terminal's other end");
        let mut output = process.get_file_handle().expect("the terminal's other end");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                shown.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
            }
        });
        Self { process, keyboard, screen, expected_up_to: 0, ended: None }
    }

    /// Every byte that was shown so far.
    pub(crate) fn screen(&self) -> Vec<u8> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `text` is shown, after what was waited for before.
    pub(crate) fn expect(&mut self, text: &str) {
        assert!(self.is_shown(text, PATIENCE), "`{text}` is not on the screen: {}", self.shown());
    }

    /// Types the keys until `text` is shown. A shell that is only beginning, which a prompt does not tell in the same words
    /// everywhere, may drop what is typed; so each time the line is emptied first.
    #[allow(dead_code, reason = "the tests beside the terminal's source share this file and know no shell")]
    pub(crate) fn insist(&mut self, keys: &str, text: &str) {
        // Each time twice as long: on a busy machine an answer may take longer than the first wait.
        for seconds in [2, 4, 8, 16, 32] {
            self.send("\x15");
            self.send(keys);
            if self.is_shown(text, Duration::from_secs(seconds)) {
                return;
            }
        }
        panic!("`{text}` is not on the screen: {}", self.shown());
    }

    /// Whether `text` comes within that time, after what was waited for before.
    fn is_shown(&mut self, text: &str, patience: Duration) -> bool {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            let news = &screen[self.expected_up_to..];
            if let Some(at) = news.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.expected_up_to += at + text.len();
                return true;
            }
            if start.elapsed() >= patience {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen()).into_owned()
    }

    /// Types, or pastes; returns once the terminal took all of it.
    pub(crate) fn send(&mut self, keys: impl AsRef<[u8]>) {
        self.keyboard.write_all(keys.as_ref()).expect("a terminal that takes keys");
    }

    /// Types, and then Enter.
    pub(crate) fn send_line(&mut self, line: impl AsRef<[u8]>) {
        self.send(line);
        self.send("\r");
    }

    /// The program's process.
    #[cfg(target_os = "linux")]
    #[allow(dead_code, reason = "the tests beside the terminal's source share this file and do not trace")]
    pub(crate) fn process(&self) -> nix::unistd::Pid {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match nix::unistd::tcgetpgrp(&self.keyboard) {
                Ok(leader) if leader.as_raw() > 0 => return leader,
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
        panic!("nobody took the terminal");
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).expect("a terminal with modes");
        modes.local_flags.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG)
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).expect("a process to signal");
    }

    /// Waits for the end, and returns the exit status as a shell would: 128 + N after signal N.
    pub(crate) fn wait(&mut self) -> i32 {
        let start = Instant::now();
        while self.ended.is_none() {
            match self.process.status() {
                Some(WaitStatus::Exited(_, code)) => self.ended = Some(code),
                Some(WaitStatus::Signaled(_, signal, _)) => self.ended = Some(128 + signal as i32),
                _ if start.elapsed() > PATIENCE => {
                    panic!("still running: {}", String::from_utf8_lossy(&self.screen()))
                }
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
        // What it wrote last may still be on its way to the screen.
        let mut length = usize::MAX;
        while length != self.screen().len() {
            length = self.screen().len();
            thread::sleep(Duration::from_millis(50));
        }
        self.ended.unwrap_or_default()
    }
}
