//! `Begun`: a note of a change that is under way, so that one whose process is killed goes on record all the same.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::event::{Action, Event, Outcome};
use crate::audit::files::LogFiles;
use crate::audit::reader::{self, Filter};
use crate::name::{CredentialName, Profile};
use crate::os::lock::FileLock;
use crate::os::private_file;

/// What the files are called, before a number that is nobody else's.
const PREFIX: &str = "audit.begun-";

/// More than any note has: one name takes up to 131 bytes.
const LIMIT: u64 = 2 * 1024 * 1024;

/// The note, which is locked for as long as its process lives, and goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Begun {
    path: PathBuf,
    lock: FileLock,
    stays: bool,
}

#[derive(Serialize, Deserialize)]
struct Note {
    action: Action,
    profile: Option<Profile>,
    /// One for each line that there is to be; nothing where the line has no name.
    names: Vec<Option<CredentialName>>,
    pid: u32,
    /// When, in milliseconds since 1970, as lines have it.
    time: i64,
}

impl Begun {
    /// Notes in the folder of the log that these are about to be done now: one action, in one profile.
    ///
    /// # Errors
    /// Where that can't be written. Without it a change is as good, and only one that is killed is not on record.
    pub(crate) fn note(folder: &Path, events: &[Event], now: Timestamp) -> io::Result<Self> {
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(io::Error::other)?;
        let path = folder.join(format!("{PREFIX}{:016x}", u64::from_le_bytes(number)));
        let mut begun = Self::take(path)?;
        let first = events.first().ok_or(io::ErrorKind::InvalidInput)?;
        let names = events.iter().map(|event| event.name.clone()).collect();
        let (profile, pid) = (first.profile.clone(), std::process::id());
        let note = Note { action: first.action, profile, names, pid, time: now.as_millisecond() };
        begun.lock.file().write_all(&serde_json::to_vec(&note)?)?;
        Ok(begun)
    }

    fn take(path: PathBuf) -> io::Result<Self> {
        let lock = FileLock::acquire(&path, Duration::ZERO).map_err(io::Error::other)?;
        Ok(Self { path, lock, stays: false })
    }

    /// Leaves it for the next one who looks.
    pub(crate) fn stays(mut self) {
        self.stays = true;
    }

    /// What was begun, where that can be read and is not on record: how far it came, nobody knows.
    fn events(&mut self, folder: &Path) -> Vec<Event> {
        let mut content = Vec::new();
        if self.lock.file().take(LIMIT).read_to_end(&mut content).is_err() {
            return Vec::new();
        }
        let Ok(note) = serde_json::from_slice::<Note>(&content) else { return Vec::new() };
        let recorded = note.recorded(folder);
        let missing = note.names.iter().filter(|name| !recorded.contains(&name.as_ref().map(text)));
        let event = |name: &Option<CredentialName>| {
            let mut event = Event::new(note.action);
            if let (Some(profile), Some(name)) = (&note.profile, name) {
                event = event.of(profile, name);
            }
            event.ended(Outcome::Failed).because(format!("interrupted {}", note.pid))
        };
        missing.map(event).collect()
    }
}

impl Note {
    /// The names of the lines that the process came so far as to write.
    fn recorded(&self, folder: &Path) -> HashSet<Option<String>> {
        let since = Timestamp::from_millisecond(self.time).ok();
        let filter = Filter { actions: vec![self.action], since, ..Filter::default() };
        let mut names = HashSet::new();
        let read = reader::each(&LogFiles::in_folder(folder), &filter, |line, _| {
            if line.pid == self.pid {
                names.insert(line.name.clone());
            }
            Ok(())
        });
        if read.is_ok() { names } else { HashSet::new() }
    }
}

fn text(name: &CredentialName) -> String {
    name.as_str().to_owned()
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.stays {
            // What can't be removed is told once more by the next one, and not forgotten.
            _ = private_file::remove(&self.path);
        }
    }
}

/// Changes whose processes ended before they were on record, each with its note, which goes once it is dropped.
pub(crate) fn interrupted(folder: &Path) -> Vec<(Vec<Event>, Begun)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // One that is locked is of a process that lives.
        if let Ok(mut begun) = Begun::take(entry.path()) {
            let events = begun.events(folder);
            if !events.is_empty() {
                found.push((events, begun));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::new(Action::Rotate).of(&Profile::default(), &"TOKEN".parse().unwrap())
    }

    fn now() -> Timestamp {
        "2026-11-25T10:00:00Z".parse().unwrap()
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_is_under_way_is_nobodys_and_what_was_left_is_found_until_it_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let begun = Begun::note(folder.path(), &[event()], now()).unwrap();
        assert!(interrupted(folder.path()).is_empty());
        begun.stays();
        let (found, left) = interrupted(folder.path()).pop().unwrap();
        let expected = format!("interrupted {}", std::process::id());
        assert_eq!(found, [event().ended(Outcome::Failed).because(expected)]);
        assert!(interrupted(folder.path()).is_empty(), "another one is at it");
        left.stays();
        assert_eq!(interrupted(folder.path()).len(), 1);
        assert_eq!((interrupted(folder.path()).len(), files(folder.path())), (0, 0));
    }

    #[test]
    fn what_came_so_far_as_its_line_is_not_told_twice() {
        let folder = tempfile::tempdir().unwrap();
        Begun::note(folder.path(), &[event()], now()).unwrap().stays();
        let pid = std::process::id();
        let line = |time: &str, pid: u32| {
            format!(
                r#"{{"n":1,"time":"{time}","action":"rotate","outcome":"done","name":"TOKEN","pid":{pid}}}"#
            )
        };
        let log = LogFiles::in_folder(folder.path()).current();
        // Of another process, and of one that had the same number before.
        fs::write(
            &log,
            [line("2026-11-25T10:00:01Z", pid + 1), line("2026-11-25T09:00:00Z", pid)].join("\n"),
        )
        .unwrap();
        interrupted(folder.path()).pop().unwrap().1.stays();
        fs::write(&log, line("2026-11-25T10:00:01Z", pid)).unwrap();
        assert!(interrupted(folder.path()).is_empty());
        assert_eq!(files(folder.path()), 1);
    }

    #[test]
    fn of_several_those_are_told_that_are_not_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| Event::new(Action::Add).of(&Profile::default(), &name.parse().unwrap());
        // The last one looks like a value, and has no name on record.
        let events = [of("A"), of("B"), of("C"), of("ghp_0123456789abcdefghij")];
        Begun::note(folder.path(), &events, now()).unwrap().stays();
        let pid = std::process::id();
        let line = |n: u64, name: &str| {
            format!(
                r#"{{"n":{n},"time":"2026-11-25T10:00:01Z","action":"add","outcome":"done","name":"{name}","pid":{pid}}}"#
            )
        };
        let log = LogFiles::in_folder(folder.path()).current();
        fs::write(&log, [line(1, "A"), line(2, "C")].join("\n")).unwrap();
        let (found, begun) = interrupted(folder.path()).pop().unwrap();
        let names: Vec<_> = found.into_iter().map(|event| event.name.map(|name| name.to_string())).collect();
        assert_eq!(names, [Some("B".to_owned()), None]);
        drop(begun);
        assert_eq!(files(folder.path()), 1);
    }

    #[test]
    fn a_change_that_ends_leaves_nothing_and_a_note_that_says_nothing_goes() {
        let folder = tempfile::tempdir().unwrap();
        drop(Begun::note(folder.path(), &[event()], now()).unwrap());
        assert_eq!(files(folder.path()), 0);
        for content in [&b""[..], b"{", b"{\"action\":\"rotate\"}"] {
            Begun::note(folder.path(), &[event()], now()).unwrap().stays();
            let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
            fs::write(&path, content).unwrap();
            assert!(interrupted(folder.path()).is_empty());
            assert_eq!(files(folder.path()), 0);
        }
    }
}
