//! Verifying: what was changed, dropped, moved or cut off, and up to where the log is certain.

#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::audit::anchor::Anchor;
use crate::audit::event::Action;
use crate::audit::files::LogFiles;
use crate::audit::head::{Found, Head};
use crate::audit::key::{ChainKey, Link};
use crate::audit::line::{self, Place};
use crate::audit::reader::Pieces;
use crate::os::lock::FileLock;
use crate::os::private_file;

/// How long somebody who writes is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is wrong. The list only grows: programs read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The line is not as it was written, or was never written by us.
    Changed,
    /// Lines before this one are missing.
    Dropped,
    /// The line stands in another place than it was written.
    Moved,
    /// The line was there already.
    Repeated,
    /// Lines at the end are missing.
    Truncated,
    /// Log and head are an older copy than what the store saw.
    OlderCopy,
    /// The head was gone, so lines before this one may be missing.
    HeadLost,
    /// The head is not as it was written.
    HeadChanged,
}

impl Fault {
    /// In a few words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Changed => "was changed, or was never written by mcpcred",
            Self::Dropped => "does not follow the line before: lines between them were dropped",
            Self::Moved => "stands in another place than it was written",
            Self::Repeated => "was there already",
            Self::Truncated => "is missing, with all after it that the head knows",
            Self::OlderCopy => "is missing or another one: the log was replaced by an older copy",
            Self::HeadLost => "is where the head was gone, and lines before it may be missing",
            Self::HeadChanged => "is where the head was found changed",
        }
    }
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Flaw {
    /// What.
    pub(crate) fault: Fault,
    /// The number that the line has, or should have.
    pub(crate) line: u64,
    /// The file, and the place of the line in it.
    pub(crate) file: Option<String>,
    pub(crate) place: Option<u64>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Verification {
    /// How many lines there are.
    pub(crate) lines: u64,
    /// In how many files.
    pub(crate) files: usize,
    /// The first and the last number.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The first thing that is wrong.
    pub(crate) first_flaw: Option<Flaw>,
    /// How many things are.
    pub(crate) flaws: u64,
    /// Up to this line the log is as it was written, whatever was replaced by what.
    pub(crate) certain_to: u64,
    /// Up to this line it is, unless log and head were replaced together by older copies of both.
    pub(crate) sealed_to: u64,
    /// Lines at the end that no key vouches for yet.
    pub(crate) loose: u64,
    /// Lines whose key is in no store that was asked.
    pub(crate) unchecked: u64,
    /// Lines that were torn off by a killed process or a full disk, and healed.
    pub(crate) healed: u64,
    /// Lines whose clock was behind that of the line before.
    pub(crate) clock_set_back: u64,
    /// When that was first.
    pub(crate) set_back_at: Option<u64>,
}

impl Verification {
    /// Whether everything is as it was written, as far as it could be checked.
    pub(crate) fn is_whole(&self) -> bool {
        self.first_flaw.is_none() && self.unchecked == 0
    }
}

/// The walk along the lines.
#[derive(Clone)]
struct Walk<'a> {
    keys: &'a [ChainKey],
    anchors: &'a [Anchor],
    head: Option<Head>,
    found: Verification,
    /// The link of the line before.
    previous: Option<Link>,
    time: Option<Timestamp>,
    /// Numbers that were passed over, and may yet come.
    gap: Option<std::ops::Range<u64>>,
    last_keyed: u64,
    is_broken: bool,
}

/// Checks the log in these files with those keys, and against what the stores saw of it. Others may write meanwhile.
///
/// # Errors
/// Where a file can't be read.
pub(crate) fn verify(files: &LogFiles, keys: &[ChainKey], anchors: &[Anchor]) -> io::Result<Verification> {
    let (head, is_damaged) = match read_head(files)? {
        Found::Whole(head) => (Some(head), false),
        Found::Damaged => (None, true),
        Found::Nothing => (None, false),
    };
    let mut walk = Walk::new(keys, anchors, head);
    walk.found.files = files.all()?.len();
    let mut pieces = Pieces::of(files)?;
    let mut piece = Vec::new();
    // What other processes write while this one reads is theirs to check.
    let end = walk.head.as_ref().map(|head| head.tail.n);
    while pieces.next_into(&mut piece)? {
        let Some(whole) = piece.strip_suffix(b"\n") else {
            walk.torn(&piece, Some(&pieces));
            continue;
        };
        if end.is_some_and(|end| walk.found.last >= end) && walk.is_later(whole) {
            break;
        }
        walk.line(whole, Some(&pieces));
    }
    walk.end(is_damaged);
    Ok(walk.found)
}

/// The head while nobody writes it; where it can't be locked (on a disk that is read-only), as it is.
fn read_head(files: &LogFiles) -> io::Result<Found> {
    let path = files.head();
    if !path.exists() {
        return Ok(Found::Nothing);
    }
    match FileLock::acquire(&path, PATIENCE) {
        Ok(mut lock) => Head::read(lock.file()),
        Err(_) => private_file::open(&path)?.map_or(Ok(Found::Nothing), |file| Head::read(&file)),
    }
}

impl<'a> Walk<'a> {
    fn new(keys: &'a [ChainKey], anchors: &'a [Anchor], head: Option<Head>) -> Self {
        Self {
            keys,
            anchors,
            head,
            found: Verification::default(),
            previous: None,
            time: None,
            gap: None,
            last_keyed: 0,
            is_broken: false,
        }
    }

    fn flaw(&mut self, fault: Fault, line: u64, pieces: Option<&Pieces>) {
        self.found.flaws += 1;
        self.is_broken = true;
        if self.found.first_flaw.is_none() {
            let file = pieces.and_then(|it| Some(it.path.file_name()?.to_string_lossy().into_owned()));
            let place = pieces.map(|it| it.number);
            self.found.first_flaw = Some(Flaw { fault, line, file, place });
        }
    }

    fn expected(&self) -> u64 {
        self.found.last + 1
    }

    /// The last piece of all may be a line that is being written, or one that was torn and will be healed.
    fn torn(&mut self, piece: &[u8], pieces: Option<&Pieces>) {
        let is_last = self.head.as_ref().is_none_or(|head| self.found.last >= head.tail.n);
        if piece.len() < line::LONGEST && is_last {
            self.found.healed += 1;
        } else {
            self.flaw(Fault::Changed, self.expected(), pieces);
            self.previous = None;
        }
    }

    /// Whether a line after those that the head knew follows them, so that it came while we read.
    fn is_later(&self, whole: &[u8]) -> bool {
        !self.is_broken
            && line::split(whole).zip(Place::of(whole)).is_some_and(|((body, link), place)| {
                place.n == self.expected()
                    && self.link(self.previous, body, &place).is_none_or(|it| it == link)
            })
    }

    /// The link that the line should have; `None` where its key is not at hand.
    fn link(&self, previous: Option<Link>, body: &[u8], place: &Place<'_>) -> Option<Link> {
        let previous = previous.unwrap_or_default();
        match place.key {
            None => Some(Link::loose(previous, body)),
            Some(id) => self.keys.iter().find(|key| key.id() == id).map(|key| key.link(previous, body)),
        }
    }

    fn line(&mut self, whole: &[u8], pieces: Option<&Pieces>) {
        self.found.lines += 1;
        let parsed = line::split(whole).zip(Place::of(whole));
        let Some(((body, link), place)) = parsed else {
            self.flaw(Fault::Changed, self.expected(), pieces);
            // The next line follows a link that is no longer known.
            (self.previous, self.found.last) = (None, self.expected());
            return;
        };
        let after = place.after.and_then(Link::parse);
        let is_first = self.found.lines == 1;
        if is_first {
            // The oldest file that is kept names the link that it follows.
            self.found.first = place.n;
            self.found.last = place.n.saturating_sub(1);
            self.previous = if place.n == 1 { Some(Link::default()) } else { after };
        }
        let expected = self.expected();
        let follows = after.filter(|_| self.previous != after).or(self.previous);
        let own = self.link(follows, body, &place);
        self.found.unchecked += u64::from(own.is_none());
        let is_genuine = own.is_none_or(|own| own == link);
        // After a line that can't be read, its link is not known, and the next one is taken at its word.
        let is_blind = self.previous.is_none() && !is_first && after.is_none();
        let is_next =
            place.n == expected && (after.is_none() || self.previous.is_none() || after == self.previous);
        if (is_genuine || is_blind) && is_next {
            self.seam(&place, pieces);
        } else if place.n > expected {
            self.gap.get_or_insert(expected..place.n);
            self.flaw(Fault::Dropped, place.n, pieces);
        } else if place.n < expected {
            let is_from_gap = self.gap.as_ref().is_some_and(|gap| gap.contains(&place.n));
            self.flaw(if is_from_gap { Fault::Moved } else { Fault::Repeated }, place.n, pieces);
            if let (true, Some(first)) = (is_from_gap, &mut self.found.first_flaw)
                && first.fault == Fault::Dropped
            {
                first.fault = Fault::Moved;
            }
        } else {
            self.flaw(Fault::Changed, place.n, pieces);
        }
        self.note(&place, link);
        self.previous = Some(link);
        self.found.last = place.n;
    }

    /// What the log says of itself.
    fn seam(&mut self, place: &Place<'_>, pieces: Option<&Pieces>) {
        if place.action != Action::Heal {
            return;
        }
        let fault = match place.detail.unwrap_or_default().split(' ').next() {
            Some("torn") => {
                self.found.healed += 1;
                return;
            }
            Some("shortened") => Fault::Truncated,
            Some("head-lost") => Fault::HeadLost,
            Some("head-changed") => Fault::HeadChanged,
            Some("rolled-back") => Fault::OlderCopy,
            // What is foreign stands before it, and was told.
            _ => return,
        };
        self.flaw(fault, place.n, pieces);
    }

    fn note(&mut self, place: &Place<'_>, link: Link) {
        if self.time.is_some_and(|before| place.time < before) {
            self.found.clock_set_back += 1;
            self.found.set_back_at.get_or_insert(place.n);
        }
        self.time = Some(place.time);
        if place.key.is_some() {
            self.last_keyed = place.n;
        }
        let head = self.head.as_ref().and_then(|head| head.sealed.as_ref());
        if head.is_some_and(|sealed| sealed.n == place.n && sealed.link != link) {
            self.flaw(Fault::OlderCopy, place.n, None);
        }
        if self.anchors.iter().any(|anchor| anchor.n == place.n && anchor.link != link) {
            self.flaw(Fault::OlderCopy, place.n, None);
        }
        if !self.is_broken && place.key.is_some() {
            self.found.sealed_to = place.n;
        }
    }

    fn end(&mut self, is_damaged: bool) {
        let last = self.found.last;
        if is_damaged {
            self.flaw(Fault::HeadChanged, last, None);
        }
        if let Some(Head { sealed, tail }) = self.head.clone() {
            if let Some(sealed) = sealed {
                let key = self.keys.iter().find(|key| key.id() == sealed.key);
                if key.is_some_and(|key| !sealed.is_by(key)) {
                    self.flaw(Fault::HeadChanged, sealed.n, None);
                }
                if self.found.lines > 0 && self.found.first > sealed.first {
                    self.flaw(Fault::Dropped, sealed.first, None);
                    self.found.sealed_to = 0;
                }
            }
            if tail.n > last {
                self.flaw(Fault::Truncated, last + 1, None);
            }
        } else if self.found.lines > 0 && !is_damaged {
            self.flaw(Fault::HeadLost, last, None);
        }
        let ahead = self.anchors.iter().map(|anchor| anchor.n).filter(|n| *n > last).max();
        if ahead.is_some() {
            self.flaw(Fault::OlderCopy, last + 1, None);
        }
        let limit = self.found.first_flaw.as_ref().map_or(u64::MAX, |flaw| flaw.line.saturating_sub(1));
        self.found.sealed_to = self.found.sealed_to.min(limit);
        let anchored = self.anchors.iter().map(|anchor| anchor.n).max().unwrap_or(0);
        self.found.certain_to = anchored.min(self.found.sealed_to);
        self.found.loose = last.saturating_sub(self.last_keyed);
    }
}
