//! `Event`: one operation on a credential, as it goes on record. It has no field that could hold a value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{CredentialName, Profile};
use crate::slip;
use crate::store::StoreKind;

/// What was done. The list only grows: what a newer mcpcred wrote is read as [`Action::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// A new credential was stored.
    Add,
    /// A value was given out.
    Get,
    /// A value was written as a line for a shell or a file.
    Export,
    /// A value was put into the environment of a program.
    Run,
    /// A value was read to see what is wrong with it, and did not leave.
    Check,
    /// A value was replaced, or a former one put back.
    Rotate,
    /// A credential was removed.
    Delete,
    /// Credentials were moved to another store.
    Move,
    /// A value went into, or out of, the configuration of a client.
    Protect,
    /// A person logged in, and a token was stored.
    Login,
    /// A person logged out.
    Logout,
    /// A token was renewed.
    Refresh,
    /// A provider was asked to accept a value no longer.
    Revoke,
    /// A store was made, or chosen for what is stored from then on.
    Init,
    /// A store was opened in so many words.
    Unlock,
    /// A store was closed.
    Lock,
    /// The ways to open a store were changed.
    Rekey,
    /// What interrupted commands left was finished or taken back.
    Repair,
    /// Nothing more is handed out.
    Lockdown,
    /// That has ended.
    Lift,
    /// A child that held values was ended.
    Stop,
    /// The log itself: a new file follows the one before.
    Continue,
    /// The log itself: something was found that is not as it was written.
    Heal,
    /// What a newer mcpcred knows.
    #[serde(other)]
    Other,
}

impl Action {
    /// All that this program writes.
    pub(crate) const ALL: [Self; 23] = [
        Self::Add,
        Self::Get,
        Self::Export,
        Self::Run,
        Self::Check,
        Self::Rotate,
        Self::Delete,
        Self::Move,
        Self::Protect,
        Self::Login,
        Self::Logout,
        Self::Refresh,
        Self::Revoke,
        Self::Init,
        Self::Unlock,
        Self::Lock,
        Self::Rekey,
        Self::Repair,
        Self::Lockdown,
        Self::Lift,
        Self::Stop,
        Self::Continue,
        Self::Heal,
    ];

    /// The word in the log, which `--action` takes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Get => "get",
            Self::Export => "export",
            Self::Run => "run",
            Self::Check => "check",
            Self::Rotate => "rotate",
            Self::Delete => "delete",
            Self::Move => "move",
            Self::Protect => "protect",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Refresh => "refresh",
            Self::Revoke => "revoke",
            Self::Init => "init",
            Self::Unlock => "unlock",
            Self::Lock => "lock",
            Self::Rekey => "rekey",
            Self::Repair => "repair",
            Self::Lockdown => "lockdown",
            Self::Lift => "lift",
            Self::Stop => "stop",
            Self::Continue => "continue",
            Self::Heal => "heal",
            Self::Other => "other",
        }
    }

    /// Whether it gives a value to somebody.
    pub(crate) fn is_use(self) -> bool {
        matches!(self, Self::Get | Self::Export | Self::Run)
    }

    /// Whether it changes what a store holds, so that a write more to that store is no matter.
    pub(crate) fn is_change(self) -> bool {
        !self.is_use() && !matches!(self, Self::Check | Self::Unlock | Self::Lock)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It was done.
    #[default]
    Done,
    /// A store, a person or a rule said no.
    Denied,
    /// It did not work.
    Failed,
    /// What a newer mcpcred knows.
    #[serde(other)]
    Other,
}

impl Outcome {
    /// The word in the log.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Other => "other",
        }
    }
}

/// One operation. Made by [`Event::new`], and told more about with the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(super) action: Action,
    pub(super) outcome: Outcome,
    pub(super) profile: Option<Profile>,
    pub(super) name: Option<CredentialName>,
    pub(super) store: Option<StoreKind>,
    pub(super) value: Option<String>,
    pub(super) detail: Option<String>,
}

impl Event {
    /// An operation that was done.
    pub(crate) fn new(action: Action) -> Self {
        Self {
            action,
            outcome: Outcome::Done,
            profile: None,
            name: None,
            store: None,
            value: None,
            detail: None,
        }
    }

    /// On this credential. What looks like a value that was typed in the place of a name is left out.
    pub(crate) fn of(mut self, profile: &Profile, name: &CredentialName) -> Self {
        self.profile = Some(profile.clone());
        self.name = (!slip::may_be_value(name.as_str())).then(|| name.clone());
        self
    }

    /// Whose value rests in that store.
    pub(crate) fn in_store(mut self, store: StoreKind) -> Self {
        self.store = Some(store);
        self
    }

    /// With another end than [`Outcome::Done`].
    pub(crate) fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// With a few words of our own on it, such as `not-found`: never what a person typed or a server sent.
    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the fingerprint of the value that it was about.
    pub(crate) fn with_fingerprint(mut self, fingerprint: String) -> Self {
        self.value = Some(fingerprint);
        self
    }

    /// Whether it changed what a store holds.
    pub(super) fn is_done_change(&self) -> bool {
        self.outcome == Outcome::Done && self.action.is_change()
    }

    /// The store of the credential, where it is known.
    pub(crate) fn store(&self) -> Option<StoreKind> {
        self.store
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_word_and_what_is_unknown_is_read() {
        for action in Action::ALL {
            let written = serde_json::to_string(&action).unwrap();
            assert_eq!(written, format!("\"{action}\""));
            assert_eq!(serde_json::from_str::<Action>(&written).unwrap(), action);
        }
        assert_eq!(serde_json::from_str::<Action>("\"teleport\"").unwrap(), Action::Other);
    }

    #[test]
    fn a_value_in_the_place_of_a_name_is_left_out() {
        let of = |name: &str| Event::new(Action::Get).of(&Profile::default(), &name.parse().unwrap()).name;
        assert_eq!(of("ghp_0123456789abcdefghij"), None);
        assert!(of("GITHUB_TOKEN").is_some());
    }
}
