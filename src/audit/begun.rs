//! `Begun`: a note of a change that is under way, so that one whose process is killed goes on record all the same.

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

/// More than any note has.
const LIMIT: u64 = 4096;

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
    name: Option<CredentialName>,
    pid: u32,
    /// When, in milliseconds since 1970, as lines have it.
    time: i64,
}

impl Begun {
    /// Notes in the folder of the log that this is about to be done now.
    ///
    /// # Errors
    /// Where that can't be written. Without it a change is as good, and only one that is killed is not on record.
    pub(crate) fn note(folder: &Path, event: &Event, now: Timestamp) -> io::Result<Self> {
        let mut number = [0; 8];
        getrandom::fill(&mut number).map_err(io::Error::other)?;
        let path = folder.join(format!("{PREFIX}{:016x}", u64::from_le_bytes(number)));
        let mut begun = Self::take(path)?;
        let Event { action, profile, name, .. } = event.clone();
        let note = Note { action, profile, name, pid: std::process::id(), time: now.as_millisecond() };
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
    fn event(&mut self, folder: &Path) -> Option<Event> {
        let mut content = Vec::new();
        self.lock.file().take(LIMIT).read_to_end(&mut content).ok()?;
        let note: Note = serde_json::from_slice(&content).ok()?;
        if note.is_on_record(folder) {
            return None;
        }
        let Note { action, profile, name, pid, .. } = note;
        let mut event = Event::new(action);
        if let (Some(profile), Some(name)) = (&profile, &name) {
            event = event.of(profile, name);
        }
        Some(event.ended(Outcome::Failed).because(format!("interrupted {pid}")))
    }
}

impl Note {
    /// Whether the process came so far as to write its line, and no further.
    fn is_on_record(&self, folder: &Path) -> bool {
        let since = Timestamp::from_millisecond(self.time).ok();
        let filter = Filter { actions: vec![self.action], since, ..Filter::default() };
        let name = self.name.as_ref().map(CredentialName::as_str);
        let mut is_there = false;
        let read = reader::each(&LogFiles::in_folder(folder), &filter, |line, _| {
            is_there |= line.pid == self.pid && line.name.as_deref() == name;
            Ok(())
        });
        read.is_ok() && is_there
    }
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
pub(crate) fn interrupted(folder: &Path) -> Vec<(Event, Begun)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // One that is locked is of a process that lives.
        if let Ok(mut begun) = Begun::take(entry.path())
            && let Some(event) = begun.event(folder)
        {
            found.push((event, begun));
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
        let begun = Begun::note(folder.path(), &event(), now()).unwrap();
        assert!(interrupted(folder.path()).is_empty());
        begun.stays();
        let (found, left) = interrupted(folder.path()).pop().unwrap();
        let expected = format!("interrupted {}", std::process::id());
        assert_eq!(found, event().ended(Outcome::Failed).because(expected));
        assert!(interrupted(folder.path()).is_empty(), "another one is at it");
        left.stays();
        assert_eq!(interrupted(folder.path()).len(), 1);
        assert_eq!((interrupted(folder.path()).len(), files(folder.path())), (0, 0));
    }

    #[test]
    fn what_came_so_far_as_its_line_is_not_told_twice() {
        let folder = tempfile::tempdir().unwrap();
        Begun::note(folder.path(), &event(), now()).unwrap().stays();
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
    fn a_change_that_ends_leaves_nothing_and_a_note_that_says_nothing_goes() {
        let folder = tempfile::tempdir().unwrap();
        drop(Begun::note(folder.path(), &event(), now()).unwrap());
        assert_eq!(files(folder.path()), 0);
        for content in [&b""[..], b"{", b"{\"action\":\"rotate\"}"] {
            Begun::note(folder.path(), &event(), now()).unwrap().stays();
            let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
            fs::write(&path, content).unwrap();
            assert!(interrupted(folder.path()).is_empty());
            assert_eq!(files(folder.path()), 0);
        }
    }
}
