//! The Secret Service with real parts: a bus, GNOME Keyring, `secret-tool`, `dbus-monitor`.

mod session;

use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};

use super::*;
use crate::store::conformance::{self, key};
use crate::store::detect::{Answer, Fact, probe, round_trip, second_opinion};
use crate::store::secret_service::tests::session::{Monitor, Session, at, run, store_arguments};

const SHORT: Patience = Patience { deadline: Duration::from_millis(300), may_prompt: false };

#[track_caller]
fn why_absent(surroundings: &Surroundings) -> String {
    let start = Instant::now();
    let store = SecretService::new(surroundings.clone(), Patience::QUIET);
    let reasons: Vec<_> = [
        store.get(&key("A")).map(drop),
        store.put(&key("A"), &Secret::copy_of(b"value")),
        store.remove(&key("A")).map(drop),
        store.keys().map(drop),
    ]
    .into_iter()
    .map(|answer| match answer {
        Err(StoreError::Absent { reason, .. }) => reason,
        other => panic!("{other:?}"),
    })
    .collect();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(reasons.windows(2).all(|two| two[0] == two[1]), "{reasons:?}");
    reasons.into_iter().next().unwrap()
}

#[test]
fn without_a_bus_it_is_absent() {
    assert!(why_absent(&Surroundings::default()).contains("no session bus"));
}

#[test]
fn a_socket_that_is_missing_or_stale_is_an_absent_bus() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    assert!(why_absent(&at(&socket)).contains("cannot be reached"));
    drop(UnixListener::bind(&socket).unwrap());
    assert!(why_absent(&at(&socket)).contains("cannot be reached"));
    assert!(
        why_absent(&Surroundings { session_bus: Some("nonsense".to_owned()), ..Surroundings::default() })
            .contains("no session bus")
    );
}

#[test]
fn a_bus_that_accepts_and_says_nothing_ends_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept() {
            held.push(connection);
        }
    });
    times_out(&at(&socket));
}

#[test]
fn a_bus_that_does_not_even_accept_ends_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let address = SocketAddrUnix::new(&path).unwrap();
    let full = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    bind(&full, &address).unwrap();
    listen(&full, 0).unwrap();
    let _queued = std::os::unix::net::UnixStream::connect(&path).unwrap();
    times_out(&at(&path));
}

#[track_caller]
fn times_out(surroundings: &Surroundings) {
    let store = SecretService::new(surroundings.clone(), SHORT);
    let answers = [
        store.get(&key("A")).map(drop),
        store.put(&key("A"), &Secret::copy_of(b"value")),
        store.remove(&key("A")).map(drop),
        store.keys().map(drop),
    ];
    for answer in answers {
        assert!(
            matches!(answer, Err(StoreError::TimedOut { after, .. }) if after == SHORT.deadline),
            "{answer:?}"
        );
    }
    let start = Instant::now();
    assert!(store.get(&key("A")).is_err());
    assert!((300..600).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
#[ignore = "needs dbus-daemon"]
fn a_bus_without_a_keyring_says_so() {
    let session = Session::without_keyring();
    assert_eq!(why_absent(&session.surroundings()), "no program on this session bus provides it");
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn a_stale_address_falls_back_to_the_bus_of_the_login() {
    let session = Session::with_keyring();
    session.store_with_secret_tool("TOKEN", "from secret-tool");
    let surroundings = Surroundings {
        session_bus: Some("unix:path=/nowhere/bus".to_owned()),
        runtime_folder: Some(session.folder.path().to_owned()),
        ..Surroundings::default()
    };
    let store = SecretService::new(surroundings, Patience::QUIET);
    assert_eq!(store.get(&key("TOKEN")).unwrap(), Some(Secret::copy_of(b"from secret-tool")));
    store.put(&key("TOKEN"), &Secret::copy_of(b"new")).unwrap();
    assert_eq!(store.get(&key("TOKEN")).unwrap(), Some(Secret::copy_of(b"new")));
    assert!(store.remove(&key("TOKEN")).unwrap());
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn a_locked_keyring_is_locked_and_nobody_is_asked_without_a_screen() {
    let session = Session::with_keyring();
    session.store_with_secret_tool("TOKEN", "value");
    session.lock();
    for patience in [Patience::QUIET, Patience::ASKING] {
        // One store an operation: the first refusal would answer for all.
        let answers = [
            session.store(patience).get(&key("TOKEN")).map(drop),
            session.store(patience).put(&key("TOKEN"), &Secret::copy_of(b"other")),
            session.store(patience).put(&key("NEW"), &Secret::copy_of(b"other")),
            session.store(patience).remove(&key("TOKEN")).map(drop),
        ];
        for answer in answers {
            assert!(matches!(answer, Err(StoreError::Locked { .. })), "{answer:?}");
        }
        assert_eq!(session.store(patience).keys().unwrap(), [key("TOKEN")], "names are shown");
    }
    assert_eq!(probe(&session.surroundings())[0].answer, Answer::Locked { can_ask: false });
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn a_keyring_that_nobody_has_unlocked_since_the_login_does_not_even_show_names() {
    let mut session = Session::with_keyring();
    session.store_with_secret_tool("TOKEN", "value");
    session.children[1].kill().unwrap();
    session.children[1].wait().unwrap();
    session.start_keyring(&[], "");
    for answer in [
        session.store(Patience::QUIET).get(&key("TOKEN")).map(drop),
        session.store(Patience::QUIET).keys().map(drop),
    ] {
        assert!(matches!(answer, Err(StoreError::Locked { .. })), "{answer:?}");
    }
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn the_first_refusal_answers_for_the_rest_of_the_process() {
    let session = Session::with_keyring();
    session.store_with_secret_tool("TOKEN", "value");
    let store = session.store(Patience::QUIET);
    session.lock();
    assert!(matches!(store.get(&key("TOKEN")), Err(StoreError::Locked { .. })));
    drop(session);
    assert!(matches!(store.get(&key("TOKEN")), Err(StoreError::Locked { .. })), "without a bus");
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring-daemon, gcr-prompter and Xvfb"]
fn a_dialog_that_nobody_answers_ends_at_the_deadline() {
    let session = Session::with_screen();
    session.store_with_secret_tool("TOKEN", "value");
    session.lock();
    let surroundings = Surroundings { has_display: true, ..session.surroundings() };
    let patience = Patience { deadline: Duration::from_secs(3), may_prompt: true };
    let start = Instant::now();
    let answer = SecretService::new(surroundings.clone(), patience).get(&key("TOKEN"));
    assert!(matches!(answer, Err(StoreError::TimedOut { .. })), "{answer:?}");
    assert!((3000..3500).contains(&start.elapsed().as_millis()));
    let quiet = SecretService::new(surroundings, Patience::QUIET).get(&key("TOKEN"));
    assert!(matches!(quiet, Err(StoreError::Locked { .. })), "no dialog where none may come up");
}

#[test]
#[ignore = "needs dbus-daemon, gnome-keyring-daemon, gcr-prompter, Xvfb and xdotool"]
fn a_dialog_that_is_answered_opens_the_keyring_and_one_that_is_closed_is_a_no() {
    let session = Session::with_screen();
    session.store_with_secret_tool("TOKEN", "value");
    let surroundings = Surroundings { has_display: true, ..session.surroundings() };
    for (keys, is_opened) in [("Escape", false), ("p a s s w o r d Return", true)] {
        session.lock();
        let store = SecretService::new(surroundings.clone(), Patience::ASKING);
        let answer = thread::scope(|scope| {
            scope.spawn(|| session.press(keys));
            store.get(&key("TOKEN"))
        });
        if is_opened {
            assert_eq!(answer.unwrap(), Some(Secret::copy_of(b"value")));
        } else {
            assert!(matches!(answer, Err(StoreError::Denied { .. })), "{answer:?}");
        }
    }
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn a_keyring_that_hangs_ends_at_the_deadline_and_one_that_dies_at_once() {
    let session = Session::with_keyring();
    kill(session.keyring(), Signal::SIGSTOP).unwrap();
    times_out(&session.surroundings());
    let start = Instant::now();
    thread::scope(|scope| {
        let reader = scope.spawn(|| session.store(Patience::QUIET).get(&key("TOKEN")));
        sleep(Duration::from_millis(100));
        kill(session.keyring(), Signal::SIGKILL).unwrap();
        let error = reader.join().unwrap().unwrap_err();
        assert!(
            matches!(&error, StoreError::Failed { source, .. } if source.to_string().contains("ended")),
            "{error:?}"
        );
    });
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn of_several_items_the_newest_counts() {
    let session = Session::with_keyring();
    for (more, value) in [("a", "oldest"), ("b", "middle"), ("c", "newest")] {
        let mut arguments = store_arguments("TOKEN").to_vec();
        arguments.extend(["more", more]);
        run(&mut session.command("secret-tool", &arguments), value);
        sleep(Duration::from_millis(1100));
    }
    session.store_with_secret_tool("OTHER", "other");
    let store = session.store(Patience::QUIET);
    assert_eq!(store.get(&key("TOKEN")).unwrap(), Some(Secret::copy_of(b"newest")));
    assert_eq!(store.keys().unwrap().len(), 2);
    let facts = facts(&session.surroundings(), Patience::QUIET);
    assert!(facts.contains(&Fact::Twins(key("TOKEN"), 3)) && facts.contains(&Fact::Items(2)), "{facts:?}");
    assert!(matches!(&facts[0], Fact::Provider { name: Some(name), pid }
        if name.starts_with("gnome-keyring") && *pid == session.children[1].id()));
}

#[test]
#[ignore = "needs dbus-daemon and gnome-keyring-daemon"]
fn items_of_other_programs_are_not_listed_and_an_empty_value_is_no_value() {
    let session = Session::with_keyring();
    run(
        &mut session.command("secret-tool", &["store", "--label=x", "service", "ssh", "username", "me"]),
        "x",
    );
    run(&mut session.command("secret-tool", &["store", "--label=x", "host", "example.org"]), "x");
    session.store_with_secret_tool("EMPTY", "");
    let store = session.store(Patience::QUIET);
    assert_eq!(store.keys().unwrap(), [key("EMPTY")]);
    assert!(matches!(store.get(&key("EMPTY")), Err(StoreError::Empty { .. })));
}

/// GNOME Keyring aborts now and then on a client whose first message is another one.
#[test]
#[ignore = "needs dbus-daemon, dbus-monitor and gnome-keyring-daemon"]
fn the_first_message_is_answered_before_the_next_is_sent() {
    let session = Session::with_keyring();
    session.store_with_secret_tool("TOKEN", "value");
    let store = session.store(Patience::QUIET);
    answers_first(&session, || assert!(store.get(&key("TOKEN")).unwrap().is_some()));
    answers_first(&session, || store.put(&key("NEW"), &Secret::copy_of(b"value")).unwrap());
}

fn answers_first(session: &Session, work: impl FnOnce()) {
    let monitor = Monitor::start(session.command("dbus-monitor", &[]));
    work();
    let seen = monitor.stop();
    let position = |text: &str| seen.find(text).unwrap_or_else(|| panic!("no {text} in {seen}"));
    let first = position("member=ReadAlias");
    let line_end = first + seen[first..].find('\n').unwrap();
    let answer = line_end + seen[line_end..].find("method return").unwrap();
    assert!(position("destination=org.freedesktop.secrets") < line_end, "nothing came before");
    assert!(answer < position("member=OpenSession") && answer < position("member=SearchItems"));
}

#[expect(clippy::disallowed_methods, reason = "the keyring around the test is named in the environment")]
fn around_us() -> Surroundings {
    Surroundings { session_bus: std::env::var("DBUS_SESSION_BUS_ADDRESS").ok(), ..Surroundings::default() }
}

fn store_around_us() -> SecretService {
    SecretService::new(around_us(), Patience::QUIET)
}

/// One process writes at a time: the suite counts the items.
#[test]
#[ignore = "needs a session bus with an unlocked keyring that may be written to"]
fn it_keeps_what_a_store_promises() {
    let store = store_around_us();
    conformance::check(&store);
    round_trip(&store).unwrap();
    assert_eq!(second_opinion(), Fact::SecondOpinion(None));
    eight_processes_write();
    secret_tool_and_we_read_each_others_items(&store);
    twins_are_written_and_removed_together(&store);
    nobody_on_the_bus_sees_the_secret(&store);
}

fn secret_tool_and_we_read_each_others_items(store: &SecretService) {
    let value = "ghp_grüße\n";
    store.put(&key("OURS"), &Secret::copy_of(value.as_bytes())).unwrap();
    let lookup = ["service", "mcpcred:conformance", "username", "OURS"];
    assert_eq!(run(Command::new("secret-tool").arg("lookup").args(lookup), ""), value.as_bytes());
    let shown = run(Command::new("secret-tool").args(["search", "--all"]).args(lookup), "");
    assert!(String::from_utf8_lossy(&shown).contains("label = mcpcred: OURS"));
    assert!(store.remove(&key("OURS")).unwrap());

    run(Command::new("secret-tool").args(store_arguments("THEIRS")), "typed in a terminal");
    assert_eq!(store.get(&key("THEIRS")).unwrap(), Some(Secret::copy_of(b"typed in a terminal")));
    assert!(store.remove(&key("THEIRS")).unwrap());
}

fn twins_are_written_and_removed_together(store: &SecretService) {
    for more in ["a", "b"] {
        run(Command::new("secret-tool").args(store_arguments("TWINS")).args(["more", more]), "old");
    }
    store.put(&key("TWINS"), &Secret::copy_of(b"new")).unwrap();
    assert_eq!(store.get(&key("TWINS")).unwrap(), Some(Secret::copy_of(b"new")));
    assert!(store.remove(&key("TWINS")).unwrap());
    assert_eq!(store.get(&key("TWINS")).unwrap(), None);
}

fn nobody_on_the_bus_sees_the_secret(store: &SecretService) {
    let value = "a-value-that-nobody-else-sees";
    let monitor = Monitor::start(Command::new("dbus-monitor"));
    store.put(&key("SEEN"), &Secret::copy_of(value.as_bytes())).unwrap();
    store.get(&key("SEEN")).unwrap().unwrap();
    let seen = monitor.stop();
    assert!(store.remove(&key("SEEN")).unwrap());
    let hexadecimal: Vec<_> = value.bytes().take(8).map(|byte| format!("{byte:02x}")).collect();
    assert!(seen.contains("member=GetSecrets") && seen.contains("SEEN"), "it does see the calls");
    assert!(!seen.contains(value) && !seen.contains(&hexadecimal.join(" ")));
}

fn eight_processes_write() {
    let program = std::env::current_exe().unwrap();
    let writer = "store::secret_service::tests::a_process_writes_and_reads";
    let start =
        |_| Command::new(&program).args(["--ignored", "--exact", writer]).stdout(Stdio::null()).spawn();
    let writers: Vec<_> = (0..8).map(start).collect();
    for writer in writers {
        assert!(writer.unwrap().wait().unwrap().success());
    }
}

#[test]
#[ignore = "needs a session bus with an unlocked keyring that may be written to"]
fn a_process_writes_and_reads() {
    let store = store_around_us();
    let key = key_of_process();
    for round in 0..10 {
        let secret = Secret::copy_of(format!("round {round}").as_bytes());
        store.put(&key, &secret).unwrap();
        assert_eq!(store.get(&key).unwrap(), Some(secret));
    }
    assert!(store.remove(&key).unwrap());
}

/// In another profile than the suite's.
fn key_of_process() -> ItemKey {
    ItemKey::from_parts("mcpcred:processes", &format!("P{}", std::process::id())).unwrap()
}
