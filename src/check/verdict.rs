//! `Verdict`: what is the case with a value, before it is known where it stands.

use jiff::Timestamp;

use crate::check::finding::{Action, Finding, Reason, Status};

/// A finding without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) action: Option<Action>,
    pub(crate) fingerprint: Option<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) scopes: Option<Vec<String>>,
    /// Whether its credential is another than the one of that name here.
    pub(crate) is_of_other_profile: bool,
}

impl Verdict {
    /// What is the case, in one sentence.
    pub(crate) fn new(status: Status, reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            reason,
            message,
            action: None,
            fingerprint: None,
            expires: None,
            scopes: None,
            is_of_other_profile: false,
        }
    }

    /// Nothing is wrong.
    pub(crate) fn ready(message: impl Into<String>) -> Self {
        Self::new(Status::Ready, Reason::Ok, message)
    }

    /// A server will not work, or a secret lies in the open.
    pub(crate) fn problem(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(Status::Problem, reason, message)
    }

    /// It works, and should be looked at.
    pub(crate) fn warning(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(Status::Warning, reason, message)
    }

    /// Says what to do.
    pub(crate) fn action(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// Says what to do, in a sentence.
    pub(crate) fn advice(self, sentence: impl Into<String>) -> Self {
        self.action(Action { sentence: sentence.into(), ..Action::default() })
    }

    /// Says what to do, in a sentence and a command.
    pub(crate) fn command(self, sentence: impl Into<String>, command: impl Into<String>) -> Self {
        self.action(Action { sentence: sentence.into(), command: Some(command.into()), page: None })
    }

    /// Says when it ends.
    pub(crate) fn expires(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }

    /// Says which value it is about.
    pub(crate) fn fingerprint(mut self, fingerprint: impl Into<Option<String>>) -> Self {
        self.fingerprint = fingerprint.into();
        self
    }

    /// The graver of two: the status decides, and then which reason stops a server first.
    pub(crate) fn or_graver(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if (other.status, other.reason.gravity()) > (self.status, self.reason.gravity()) => {
                let fingerprint = other.fingerprint.or(self.fingerprint);
                Self { fingerprint, ..other }
            }
            _ => self,
        }
    }

    /// The finding, about nothing in particular yet.
    pub(crate) fn finding(self) -> Finding {
        let Self { status, reason, message, action, fingerprint, expires, scopes, is_of_other_profile } =
            self;
        Finding {
            status,
            reason,
            server: None,
            clients: Vec::new(),
            scope: None,
            credential: None,
            message,
            action,
            location: None,
            fingerprint,
            expires,
            scopes,
            is_of_other_profile,
        }
    }
}
