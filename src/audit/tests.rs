//! What the log promises, whatever was left of it.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::audit::files::LogFiles;
use crate::audit::head::{Found, Head};
use crate::audit::line::Place;
use crate::audit::origin::Origin;

/// A folder with a log in it.
pub(super) struct Log {
    folder: TempDir,
    pub(super) key: ChainKey,
    pub(super) limits: Limits,
}

impl Log {
    pub(super) fn new() -> Self {
        let limits = Limits { bytes: 8 * 1024 * 1024, files: 8 };
        Self { folder: tempfile::tempdir().unwrap(), key: ChainKey::generate().unwrap(), limits }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn files(&self) -> LogFiles {
        LogFiles::in_folder(self.path())
    }

    fn journal(&self) -> Journal {
        Journal::in_folder(self.path(), self.limits, anomaly::Rules::default())
    }

    pub(super) fn append_with(&self, events: &[Event], key: Option<&ChainKey>) -> Appended {
        let circumstances = Circumstances::of(Origin { pid: 7, ..Origin::default() });
        let time = Timestamp::from_second(1_800_000_000).unwrap();
        let batch = Batch { events, circumstances: &circumstances, time, key, due_on: &|_| None };
        self.journal().append(&batch).unwrap()
    }

    /// One line.
    pub(super) fn get(&self) -> Appended {
        self.append_with(&[Event::new(Action::Get)], Some(&self.key))
    }

    /// One line at that second.
    pub(super) fn get_at(&self, second: i64) {
        let circumstances = Circumstances::of(Origin::default());
        let time = Timestamp::from_second(second).unwrap();
        let (events, key) = (&[Event::new(Action::Get)], Some(&self.key));
        let batch = Batch { events, circumstances: &circumstances, time, key, due_on: &|_| None };
        self.journal().append(&batch).unwrap();
    }

    /// One line while the store is locked.
    pub(super) fn get_without_key(&self) -> Appended {
        self.append_with(&[Event::new(Action::Get).ended(Outcome::Denied)], None)
    }

    /// Every line with its number and its detail.
    fn lines(&self) -> Vec<(u64, String)> {
        let texts = self.files().all().unwrap().into_iter().map(|path| fs::read_to_string(path).unwrap());
        let all: Vec<String> = texts.collect();
        let lines = all.iter().flat_map(|text| text.lines());
        lines.map(|line| (Place::of(line.as_bytes()).unwrap().n, detail(line))).collect()
    }

    fn sealed_first(&self) -> u64 {
        match Head::read(&fs::File::open(self.files().head()).unwrap()).unwrap() {
            Found::Whole(head) => head.sealed.unwrap().first,
            other => panic!("{other:?}"),
        }
    }
}

fn detail(line: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    if word("detail").is_empty() { word("action") } else { word("detail") }
}

#[test]
fn lines_are_numbered_and_a_batch_stays_together() {
    let log = Log::new();
    log.get();
    log.append_with(&[Event::new(Action::Export), Event::new(Action::Export)], Some(&log.key));
    log.get_without_key();
    let expected = ["get", "export", "export", "get"];
    let numbered = (1..).zip(expected.map(str::to_owned)).collect::<Vec<(u64, String)>>();
    assert_eq!(log.lines(), numbered);
}

#[test]
fn a_line_that_was_torn_is_cut_off_and_told() {
    for length in [1, 20, 140] {
        let log = Log::new();
        log.get();
        let path = log.files().current();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..length]].concat()).unwrap();
        log.get();
        let found: Vec<String> = log.lines().into_iter().map(|(_, what)| what).collect();
        assert_eq!(found, ["get".to_owned(), format!("torn {length}"), "get".to_owned()]);
    }
}

#[test]
fn a_line_that_its_head_does_not_know_is_taken_over() {
    let log = Log::new();
    log.get();
    let before = fs::read(log.files().head()).unwrap();
    log.get();
    log.get();
    fs::write(log.files().head(), before).unwrap();
    log.get();
    let expected: Vec<_> = (1..=4).map(|number| (number, "get".to_owned())).collect();
    assert_eq!(log.lines(), expected);
}

#[test]
fn what_is_missing_or_foreign_is_told_and_nothing_stops() {
    let log = Log::new();
    for _ in 0..3 {
        log.get();
    }
    let path = log.files().current();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    log.get();
    assert_eq!(log.lines()[2..], [(4, "shortened 10".to_owned()), (5, "get".to_owned())]);
    let mut forged = fs::read(&path).unwrap();
    forged.extend_from_slice(b"{\"n\":6,\"time\":\"2027-01-01T00:00:00Z\",\"action\":\"get\"}\n");
    fs::write(&path, forged).unwrap();
    log.get();
    assert_eq!(log.lines().last(), Some(&(7, "get".to_owned())));
    assert!(log.lines().iter().any(|(_, what)| what.starts_with("foreign ")));
    fs::remove_file(log.files().head()).unwrap();
    log.get();
    assert!(log.lines().iter().any(|(number, what)| *number == 8 && what == "head-lost"));
    fs::write(log.files().head(), "nothing of ours").unwrap();
    log.get_without_key();
    assert_eq!(log.lines().last(), Some(&(11, "get".to_owned())));
}

#[test]
fn files_follow_each_other_and_the_oldest_go() {
    let mut log = Log::new();
    log.limits = Limits { bytes: 4096, files: 3 };
    for _ in 0..200 {
        log.get();
    }
    let archives = log.files().archives().unwrap();
    assert_eq!(archives.len(), 2);
    assert_eq!(log.sealed_first(), archives[0].0);
    let lines = log.lines();
    assert_eq!(lines[0], (archives[0].0, "continue".to_owned()));
    assert!(lines.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "{lines:?}");
    for path in log.files().all().unwrap() {
        assert!(fs::metadata(path).unwrap().len() <= 4096 + 600);
    }
}

#[test]
fn who_follows_misses_nothing_however_many_files_came_meanwhile() {
    let mut log = Log::new();
    log.limits = Limits { bytes: 4096, files: 100 };
    log.get();
    let mut follower = reader::Follower::at_end(&log.files()).unwrap();
    let mut numbers = |log: &Log| {
        let lines = follower.come().unwrap();
        assert!(log.lines().len() as u64 >= lines.last().map_or(0, |line| line.n));
        lines.into_iter().map(|line| line.n).collect::<Vec<u64>>()
    };
    assert_eq!(numbers(&log), Vec::<u64>::new());
    log.get();
    assert_eq!(numbers(&log), vec![2_u64]);
    for _ in 0..100 {
        log.get();
    }
    let last = log.lines().last().unwrap().0;
    assert!(log.files().archives().unwrap().len() > 3);
    assert_eq!(numbers(&log), (3..=last).collect::<Vec<u64>>());
    assert_eq!(numbers(&log), Vec::<u64>::new());
    for _ in 0..30 {
        log.get();
    }
    assert_eq!(numbers(&log), (last + 1..=log.lines().last().unwrap().0).collect::<Vec<u64>>());
}

#[test]
fn a_change_of_files_that_was_interrupted_is_finished() {
    let log = Log::new();
    for _ in 0..3 {
        log.get();
    }
    fs::rename(log.files().current(), log.files().archive(1)).unwrap();
    log.get();
    let expected = [(1, "get"), (2, "get"), (3, "get"), (4, "continue"), (5, "get")];
    assert_eq!(log.lines(), expected.map(|(number, what)| (number, what.to_owned())));
    log.get();
    assert_eq!(log.lines().last(), Some(&(6, "get".to_owned())));
}

#[test]
fn the_store_is_told_after_every_change_and_every_hundred_lines() {
    let log = Log::new();
    assert!(log.append_with(&[Event::new(Action::Add)], Some(&log.key)).is_anchor_due);
    let due: Vec<u64> = (2..=250).filter(|_| log.get().is_anchor_due).collect();
    assert_eq!(due, [100, 200]);
    let seen = log.get().anchor;
    assert!(log.journal().holds(&seen).unwrap());
    assert!(!log.journal().holds(&Anchor { n: seen.n + 1, ..seen }).unwrap());
    assert!(!log.journal().holds(&Anchor { n: seen.n - 1, ..seen }).unwrap());
}
