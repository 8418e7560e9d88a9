//! `LastTold`: when a person was reminded, so that it is once a day.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::os::private_file;

/// Less than a day, since a timer is late by minutes on one day and not on the next.
const PAUSE: SignedDuration = SignedDuration::from_hours(20);

/// Larger than the file is.
const LIMIT: usize = 4096;

/// The file that says so.
pub(crate) struct LastTold(PathBuf);

#[derive(Serialize, Deserialize)]
struct Noted {
    last: Timestamp,
}

impl LastTold {
    /// Of the data folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("reminded.json"))
    }

    /// When that was. A file that says nothing counts as none.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        let content = private_file::read(&self.0, LIMIT).ok()??;
        serde_json::from_slice::<Noted>(&content).ok().map(|noted| noted.last)
    }

    /// Whether it is time again. A moment that is yet to come is one of a clock that was wrong.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.moment().is_none_or(|last| last > now || now.duration_since(last) >= PAUSE)
    }

    /// Notes that it was now.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn note(&self, now: Timestamp) -> io::Result<()> {
        private_file::create_folder(self.0.parent().unwrap_or(&self.0))?;
        let content = serde_json::to_vec(&Noted { last: now }).map_err(io::Error::other)?;
        private_file::replace(&self.0, &content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_once_a_day_whatever_the_clock_does() {
        let folder = tempfile::tempdir().unwrap();
        let last = LastTold::in_folder(folder.path());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(last.is_over(at("2026-11-25T10:00:00Z")));
        last.note(at("2026-11-25T10:07:00Z")).unwrap();
        assert!(!last.is_over(at("2026-11-25T10:08:00Z")));
        assert!(!last.is_over(at("2026-11-26T00:00:00Z")));
        assert!(last.is_over(at("2026-11-26T10:00:00Z")));
        assert!(last.is_over(at("2026-11-24T10:00:00Z")), "the clock was set back");
        std::fs::write(&last.0, "nonsense").unwrap();
        assert!(last.is_over(at("2026-11-25T10:08:00Z")));
    }
}
