//! How asking behaves on a real pseudo-terminal (tests).

use std::fs::File;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::pty::openpty;
use nix::sys::signal::Signal;
use rustix::termios::{LocalModes, Termios, tcgetattr};
#[cfg(target_os = "linux")]
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::ui::terminal::support::Terminal;
use crate::ui::terminal::{AskError, Console};

const PROMPT: &str = "Secret for `GITHUB_TOKEN`: ";

/// Handlers of signals belong to the whole process, and it asks one question at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that a terminal shows until `until` is shown.
fn read_until(person: &mut File, until: &[u8]) -> Vec<u8> {
    let mut screen = Vec::new();
    let mut byte = [0];
    while !screen.ends_with(until) {
        person.read_exact(&mut byte).unwrap();
        screen.push(byte[0]);
    }
    screen
}

fn local_modes(termios: &Termios) -> LocalModes {
    termios.local_modes
}

/// Asks, types `keys` once asked, and returns the answer with what the screen showed after the prompt. The
/// terminal shows nothing while it asks and is itself again afterwards, with an empty queue, whatever happens.
fn ask(keys: &[u8]) -> (Result<Secret, AskError>, Vec<u8>) {
    let _alone = alone();
    let pair = openpty(None, None).unwrap();
    let mut person = File::from(pair.master);
    let console = Console::new(File::from(pair.slave.try_clone().unwrap()));
    let before = tcgetattr(&pair.slave).unwrap();
    assert!(before.local_modes.contains(LocalModes::ECHO));

    let asking = thread::spawn(move || console.ask_secret(PROMPT));
    read_until(&mut person, PROMPT.as_bytes());
    let hidden = tcgetattr(&pair.slave).unwrap();
    assert!(!hidden.local_modes.intersects(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON));
    person.write_all(keys).unwrap();
    let answer = asking.join().unwrap();

    let after = tcgetattr(&pair.slave).unwrap();
    assert_eq!(local_modes(&before), local_modes(&after));
    assert_eq!(before.input_modes, after.input_modes);
    rustix::io::write(&pair.slave, b"END").unwrap();
    let screen = read_until(&mut person, b"END");
    nix::fcntl::fcntl(&pair.slave, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK)).unwrap();
    assert_eq!(rustix::io::read(&pair.slave, &mut [0; 1]), Err(rustix::io::Errno::AGAIN));
    (answer, screen)
}

fn answer_to(keys: &[u8]) -> Vec<u8> {
    ask(keys).0.unwrap().expose_secret().to_vec()
}

#[test]
fn a_typed_secret_is_not_shown_but_its_length_is() {
    for enter in ["\r", "\n", "\r\n"] {
        let (answer, screen) = ask(format!("ghp_é🔑42{enter}").as_bytes());
        assert_eq!(answer.unwrap().expose_secret(), "ghp_é🔑42".as_bytes());
        let screen = String::from_utf8(screen).unwrap();
        assert!(screen.contains("(8 characters)\r\n") && !screen.contains("ghp"), "{screen:?}");
    }
}

#[test]
fn keys_that_edit_work() {
    assert_eq!(answer_to(b"wrong\x15tokeX\x7fn\r"), b"token");
}

#[test]
fn a_long_paste_arrives_whole() {
    for size in [4095, 4096, 8 * 1024, 64 * 1024] {
        let value: Vec<u8> = (b'0'..=b'z').cycle().take(size).collect();
        assert!(answer_to(&[&value[..], b"\r"].concat()) == value, "{size} bytes");
        let marked = [b"\x1b[200~", &value[..], b"\x1b[201~\r"].concat();
        assert!(answer_to(&marked) == value, "{size} bytes, marked");
    }
}

#[test]
fn a_marked_paste_may_have_many_lines() {
    let key = b"\x1b[200~-----BEGIN KEY-----\rbytes\r-----END KEY-----\r\x1b[201~\r";
    assert_eq!(answer_to(key), b"-----BEGIN KEY-----\nbytes\n-----END KEY-----\n");
}

#[test]
fn many_lines_without_marks_are_refused_and_never_reach_the_shell() {
    let lines = b"-----BEGIN KEY-----\rrm -rf important\r".repeat(2000);
    assert!(matches!(ask(&lines).0, Err(AskError::SeveralLines)));
}

#[test]
fn giving_up_mends_the_terminal() {
    for key in [b"half\x03", b"half\x04", b"half\x1c"] {
        assert!(matches!(ask(key).0, Err(AskError::Interrupted)));
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_question() {
    let _alone = alone();
    let pair = openpty(None, None).unwrap();
    let mut person = File::from(pair.master);
    let console = Console::new(File::from(pair.slave));
    let asking = thread::spawn(move || console.ask_secret(PROMPT));
    read_until(&mut person, PROMPT.as_bytes());
    drop(person);
    assert!(asking.join().unwrap().is_err());
}

#[test]
fn an_open_question_is_answered_with_a_line() {
    let pair = openpty(None, None).unwrap();
    let mut person = File::from(pair.master);
    let console = Console::new(File::from(pair.slave));
    let asking = thread::spawn(move || console.ask_line("Name: ").unwrap());
    read_until(&mut person, b"Name: ");
    person.write_all(b"Zo\xc3\xab\n").unwrap();
    assert_eq!(asking.join().unwrap(), "Zoë");
}

/// Not a test of its own: the program that the tests below start on a terminal.
#[test]
#[ignore = "asks on the controlling terminal; started by other tests"]
fn asks() {
    if !std::env::args().any(|argument| argument == "--exact") {
        return;
    }
    match Console::open().unwrap().ask_secret(PROMPT) {
        Ok(secret) => assert_eq!(secret.expose_secret(), b"token"),
        Err(error) => panic!("no answer: {error}"),
    }
}

fn program() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "ui::terminal::pseudo_terminal::asks", "--test-threads=1"]);
    command
}

#[test]
fn the_controlling_terminal_is_asked() {
    let mut terminal = Terminal::start(&program());
    terminal.expect(PROMPT);
    assert!(!terminal.echoes());
    terminal.send_line("token");
    terminal.expect("(5 characters)");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.echoes());
}

#[test]
fn a_signal_from_outside_ends_it_with_the_echo_on() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut terminal = Terminal::start(&program());
        terminal.expect(PROMPT);
        terminal.signal(signal);
        assert_eq!(terminal.wait(), 128 + signal as i32);
        assert!(terminal.echoes(), "{signal}");
    }
}

#[test]
fn a_stopped_question_leaves_the_shell_its_echo_and_goes_on_later() {
    let command = program();
    let mut words = vec![command.get_program().to_owned()];
    words.extend(command.get_args().map(std::ffi::OsStr::to_owned));
    let script = r#""$@"; echo stopped: $?; stty -a | grep -q ' echo ' && echo shown; fg"#;
    let mut terminal = Terminal::start_shell(script, &words);
    terminal.expect(PROMPT);
    terminal.send("to\x1a");
    terminal.expect("stopped: 148");
    terminal.expect("shown");
    terminal.expect(PROMPT);
    thread::sleep(Duration::from_millis(200));
    assert!(!terminal.echoes());
    terminal.send_line("ken");
    terminal.expect("(5 characters)");
    assert_eq!(terminal.wait(), 0);
    assert!(terminal.echoes());
}

/// Copies of the canary in the writable memory of this process. The canary is only ever held in disguise.
#[cfg(target_os = "linux")]
fn copies_in_memory(disguised: &[u8]) -> usize {
    use std::os::unix::fs::FileExt;

    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut chunk = vec![0; 1 << 20];
    let mut copies = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().and_then(|range| range.split_once('-')).unwrap();
        let (mut start, end) =
            (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        while start < end {
            let wanted = chunk.len().min(usize::try_from(end - start).unwrap());
            let Ok(count) = memory.read_at(&mut chunk[..wanted], start) else { break };
            chunk[..count].iter_mut().for_each(|byte| *byte ^= MASK);
            copies += chunk[..count].windows(disguised.len()).filter(|it| *it == disguised).count();
            // The scan comes across its own chunk, too.
            chunk.fill(0);
            let overlap = if start + count as u64 == end { 0 } else { disguised.len() - 1 };
            start += (count - overlap) as u64;
        }
    }
    copies
}

#[cfg(target_os = "linux")]
const MASK: u8 = 0x5a;

#[test]
#[cfg(target_os = "linux")]
fn an_answer_leaves_no_copy_in_memory() {
    let disguised: Vec<u8> = (0..40_u8).map(|number| (b'A' + (number * 5) % 26) ^ MASK).collect();
    let canary = || Zeroizing::new(disguised.iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>());
    assert_eq!(copies_in_memory(&disguised), 0);

    let keys = Zeroizing::new([b"\x1b[200~", &b"x".repeat(9000)[..], &canary()[..], b"\x1b[201~\r"].concat());
    let (answer, screen) = ask(&keys);
    drop(keys);
    let answer = answer.unwrap();
    assert!(answer.expose_secret().ends_with(&canary()));
    assert!(!screen.windows(40).any(|window| window == &canary()[..]));
    assert_eq!(copies_in_memory(&disguised), 1, "the scan does not find what is there");
    drop(answer);
    assert_eq!(copies_in_memory(&disguised), 0);
}
