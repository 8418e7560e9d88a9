//! The audit log: who used what, in lines of which none can be changed, dropped or moved without it showing.
//!
//! Every line ends with a link (HMAC-SHA-256) over its own bytes and the link of the line before, made with a key that
//! rests in the store beside the values. How far the log goes stands in a small file beside it, sealed with the same
//! key, and from time to time in the store: whoever replaces both files by older copies is noticed by that. While the
//! store is locked there is no key; such lines are held by a hash alone, and the next line with a key covers them.

mod anchor;
pub(crate) mod anomaly;
mod begun;
mod client;
mod event;
pub(crate) mod export;
mod files;
mod head;
mod journal;
mod key;
mod line;
mod origin;
pub(crate) mod reader;
mod settle;
#[cfg(test)]
mod tests;
pub(crate) mod usage;
pub(crate) mod verify;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

pub(crate) use crate::audit::anchor::Anchor;
pub(crate) use crate::audit::anomaly::{Anomaly, DueOn};
pub(crate) use crate::audit::begun::{Begun, interrupted};
pub(crate) use crate::audit::event::{Action, Event, Outcome};
pub(crate) use crate::audit::files::LogFiles;
pub(crate) use crate::audit::journal::{Journal, Limits};
pub(crate) use crate::audit::key::ChainKey;
pub(crate) use crate::audit::line::Line;
#[cfg(test)]
pub(crate) use crate::audit::origin::Origin;
pub(crate) use crate::audit::origin::{Circumstances, shortened};

/// Where lines go.
pub(crate) trait AuditLog {
    /// Puts the events on record: all of them, in their order and without any other between them, or none.
    ///
    /// # Errors
    /// Where that does not work; nothing of them is on record then.
    fn append(&self, batch: &Batch<'_>) -> Result<Appended, AuditError>;

    /// Says whether a line could be written, before anything is done that would have to be on record.
    ///
    /// # Errors
    /// Why it could not.
    fn check_writable(&self) -> Result<(), AuditError>;

    /// Whether the log still has the line that a store saw.
    ///
    /// # Errors
    /// Where the log can't be read.
    fn holds(&self, anchor: &Anchor) -> Result<bool, AuditError>;
}

/// What goes on record in one write.
pub(crate) struct Batch<'a> {
    /// What happened.
    pub(crate) events: &'a [Event],
    /// Who asked.
    pub(crate) circumstances: &'a Circumstances,
    /// When.
    pub(crate) time: Timestamp,
    /// The key, while the store is open.
    pub(crate) key: Option<&'a ChainKey>,
    /// When a credential should be replaced.
    pub(crate) due_on: DueOn<'a>,
}

/// How far the log goes after a write.
#[derive(Debug)]
pub(crate) struct Appended {
    /// For the store.
    pub(crate) anchor: Anchor,
    /// Whether it is time to tell the store.
    pub(crate) is_anchor_due: bool,
    /// What is not as it was before.
    pub(crate) anomalies: Vec<Anomaly>,
}

/// Why something can't go on record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// The log can't be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// Other processes write for ever.
    #[error("another process held the audit log for {} s", after.as_secs())]
    Busy { after: Duration },
}

/// What happens to a value whose handing out can't go on record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhenUnwritable {
    /// It is not handed out.
    #[default]
    Refuse,
    /// It is handed out, and a warning says that it is not on record.
    Allow,
}

/// The log as one command uses it: what is the same for all of its lines is said once.
pub(crate) struct Recorder {
    log: Box<dyn AuditLog>,
    when_unwritable: WhenUnwritable,
    circumstances: RefCell<Circumstances>,
    reading: Cell<Action>,
    whither: Cell<Option<&'static str>>,
}

impl Recorder {
    /// Writes to `log`.
    pub(crate) fn new(
        log: Box<dyn AuditLog>,
        when_unwritable: WhenUnwritable,
        circumstances: Circumstances,
    ) -> Self {
        let circumstances = RefCell::new(circumstances);
        Self {
            log,
            when_unwritable,
            circumstances,
            reading: Cell::new(Action::Get),
            whither: Cell::new(None),
        }
    }

    /// The log itself.
    pub(crate) fn log(&self) -> &dyn AuditLog {
        &*self.log
    }

    /// Whether what can't go on record is not done. A check hands nothing out, and goes on.
    pub(crate) fn refuses(&self) -> bool {
        self.when_unwritable == WhenUnwritable::Refuse && self.reading() != Action::Check
    }

    /// What reading a value means from now on; [`Action::Get`] where nobody says.
    pub(crate) fn read_for(&self, action: Action) {
        self.reading.set(action);
    }

    /// What reading a value means.
    pub(crate) fn reading(&self) -> Action {
        self.reading.get()
    }

    /// Where values go from now on, in a word of our own, where that is nothing that the action tells.
    pub(crate) fn read_into(&self, place: &'static str) {
        self.whither.set(Some(place));
    }

    /// See [`Recorder::read_into`].
    pub(crate) fn whither(&self) -> Option<&'static str> {
        self.whither.get()
    }

    /// The program that values are read for: `argv[0]` alone.
    pub(crate) fn set_program(&self, program: &str) {
        self.circumstances.borrow_mut().program = Some(shortened(program));
    }

    /// Puts the events on record.
    ///
    /// # Errors
    /// Where that does not work, whatever the settings say.
    pub(crate) fn append(
        &self,
        events: &[Event],
        time: Timestamp,
        key: Option<&ChainKey>,
        due_on: DueOn<'_>,
    ) -> Result<Appended, AuditError> {
        let circumstances = self.circumstances.borrow();
        self.log.append(&Batch { events, circumstances: &circumstances, time, key, due_on })
    }
}
