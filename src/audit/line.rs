//! `Line`: an event as one line of JSON, which ends with its link to the line before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::event::{Action, Event, Outcome};
use crate::audit::key::{ChainKey, Link};
use crate::audit::origin::Circumstances;

/// A line longer than this is none of ours.
pub(super) const LONGEST: usize = 16 * 1024;

const BEFORE_LINK: &[u8] = b",\"mac\":\"";
const AFTER_LINK: &[u8] = b"\"}";

/// Everything that a line says, as it is read. Unknown fields of a newer mcpcred are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Its number, from 1 and without gaps, over all files.
    pub(crate) n: u64,
    /// When.
    pub(crate) time: Timestamp,
    /// What was done.
    pub(crate) action: Action,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// On which credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// See `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Where its value rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<String>,
    /// The keyed fingerprint of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Of `run`: the program that got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// What a person gave as the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Words of our own on what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// The client or the kind of surroundings that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    /// The user's name, as the environment tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// The user's number, as the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<u32>,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// Our own process.
    #[serde(default)]
    pub(crate) pid: u32,
    /// The programs that led to it, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parents: Vec<String>,
    /// Where the line does not simply follow the one before: the link that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// Which key its link is made with; without one a hash alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// What is to be written, borrowed. Its fields are those of [`Line`], in the same order.
#[derive(Serialize)]
struct Draft<'a> {
    n: u64,
    time: Timestamp,
    action: Action,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    pid: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    parents: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

/// Where in the chain a line goes.
#[derive(Clone, Copy)]
pub(super) struct Position<'a> {
    pub(super) number: u64,
    pub(super) time: Timestamp,
    pub(super) previous: Link,
    pub(super) key: Option<&'a ChainKey>,
}

/// Appends the line to `buffer` and gives its link.
pub(super) fn write(
    buffer: &mut Vec<u8>,
    event: &Event,
    circumstances: &Circumstances,
    at: Position<'_>,
) -> Link {
    let is_of_the_log = matches!(event.action, Action::Continue | Action::Heal);
    let is_run = event.action == Action::Run;
    let origin = circumstances.origin();
    let draft = Draft {
        n: at.number,
        time: Timestamp::from_millisecond(at.time.as_millisecond()).unwrap_or(at.time),
        action: event.action,
        outcome: event.outcome,
        profile: event.profile.as_ref().map(crate::name::Profile::as_str),
        name: event.name.as_ref().map(crate::name::CredentialName::as_str),
        store: event.store.map(crate::store::StoreKind::as_str),
        value: event.value.as_deref(),
        program: circumstances.program.as_deref().filter(|_| is_run),
        reason: circumstances.reason.as_deref().filter(|_| !is_of_the_log),
        detail: event.detail.as_deref(),
        client: origin.client.map(|client| client.id),
        user: origin.user.as_deref(),
        uid: origin.uid,
        host: origin.host.as_deref(),
        pid: origin.pid,
        parents: &origin.parents,
        after: is_of_the_log.then(|| at.previous.to_text()),
        key: at.key.map(ChainKey::id),
    };
    let start = buffer.len();
    // Names, numbers and text: this can't fail.
    _ = serde_json::to_writer(&mut *buffer, &draft);
    buffer.pop();
    let body = &buffer[start..];
    let link = at.key.map_or_else(|| Link::loose(at.previous, body), |key| key.link(at.previous, body));
    buffer.extend_from_slice(BEFORE_LINK);
    buffer.extend_from_slice(link.to_text().as_bytes());
    buffer.extend_from_slice(AFTER_LINK);
    buffer.push(b'\n');
    link
}

/// The part that the link vouches for, and the link, of a line without its newline.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], Link)> {
    let rest = line.strip_suffix(AFTER_LINK)?;
    let (rest, text) = rest.split_at_checked(rest.len().checked_sub(Link::TEXT)?)?;
    let body = rest.strip_suffix(BEFORE_LINK)?;
    Some((body, Link::parse(str::from_utf8(text).ok()?)?))
}

/// What has to be known of a line to check it.
#[derive(Debug, Deserialize)]
pub(super) struct Place<'a> {
    pub(super) n: u64,
    pub(super) time: Timestamp,
    pub(super) action: Action,
    #[serde(borrow, default)]
    pub(super) detail: Option<&'a str>,
    #[serde(borrow, default)]
    pub(super) after: Option<&'a str>,
    #[serde(borrow, default)]
    pub(super) key: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Out of a line without its newline.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}
