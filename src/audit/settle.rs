//! Settling: what a killed process, a full disk or a stranger left in the log is understood before the next line.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::audit::event::{Action, Event};
use crate::audit::files::LogFiles;
use crate::audit::head::{Found, Head, Sealed, Tail};
use crate::audit::journal::size_of;
use crate::audit::key::{ChainKey, Link};
use crate::audit::line::{self, Place};
use crate::os::private_file;

/// More than this, beyond what the head knows, is not taken over: a process writes a few lines before its head.
const LARGEST_REST: u64 = 4 * 1024 * 1024;

/// The log as the next line finds it.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) tail: Tail,
    pub(super) sealed: Option<Sealed>,
    /// What was found, to go on record before the line.
    pub(super) seams: Vec<Event>,
    /// Whether the file in use is empty and follows another one.
    pub(super) is_new_file: bool,
}

/// Says where the next line goes. `size` is that of the file in use; a line that was torn is cut off.
///
/// # Errors
/// Where a file can't be read, or can't be cut.
pub(super) fn settle(
    files: &LogFiles,
    head: &File,
    size: u64,
    key: Option<&ChainKey>,
) -> io::Result<Settled> {
    let mut seams = Vec::new();
    let (mut tail, sealed) = match Head::read(head)? {
        Found::Whole(head) => {
            let is_changed = head.sealed.as_ref().is_some_and(|sealed| {
                sealed.n > head.tail.n || key.is_some_and(|key| key.id() == sealed.key && !sealed.is_by(key))
            });
            seams.extend(is_changed.then(|| heal("head-changed")));
            (head.tail, head.sealed)
        }
        found => {
            let known = last_known(files)?;
            if found == Found::Damaged || known.is_some() {
                seams.push(heal("head-lost"));
            }
            (known.unwrap_or_default(), None)
        }
    };
    tail.start = tail.start.max(1);
    let archive = files.archive(tail.start);
    let archived = size_of(&archive)?;
    let is_moved = archived > 0;
    if is_moved {
        // The file was put aside, and the process ended before it could note that.
        let before = tail.size;
        seams.extend(adopt(&archive, archived, &mut tail, key)?);
        if archived < before {
            seams.push(heal(format!("shortened {}", before - archived)));
        }
        tail.start = tail.n + 1;
        tail.size = 0;
    }
    if size < tail.size {
        seams.push(heal(format!("shortened {}", tail.size - size)));
        tail.size = cut_to_whole_lines(&files.current(), size)?;
    } else {
        seams.extend(adopt(&files.current(), size, &mut tail, key)?);
    }
    let is_new_file = tail.size == 0 && (is_moved || tail.start > 1);
    Ok(Settled { tail, sealed, seams, is_new_file })
}

fn heal(what: impl Into<String>) -> Event {
    Event::new(Action::Heal).because(what)
}

/// Takes over what is whole beyond the end that is known; cuts off what is torn; leaves what is not ours.
fn adopt(path: &Path, size: u64, tail: &mut Tail, key: Option<&ChainKey>) -> io::Result<Vec<Event>> {
    let mut seams = Vec::new();
    if size <= tail.size {
        return Ok(seams);
    }
    let mut rest = Vec::new();
    if size - tail.size <= LARGEST_REST {
        let Some(mut file) = private_file::open(path)? else { return Ok(seams) };
        file.seek(SeekFrom::Start(tail.size))?;
        file.take(LARGEST_REST).read_to_end(&mut rest)?;
    }
    let mut foreign = if rest.is_empty() { size - tail.size } else { 0 };
    tail.size += foreign;
    for piece in rest.split_inclusive(|byte| *byte == b'\n') {
        let Some(whole) = piece.strip_suffix(b"\n") else {
            private_file::open_for_lock(path)?.set_len(tail.size)?;
            seams.push(heal(format!("torn {}", piece.len())));
            break;
        };
        match continued(whole, tail, key) {
            Some(link) => (tail.n, tail.link) = (tail.n + 1, link),
            None => foreign += piece.len() as u64,
        }
        tail.size += piece.len() as u64;
    }
    seams.extend((foreign > 0).then(|| heal(format!("foreign {foreign}"))));
    Ok(seams)
}

/// The link of a line that follows the one before, as far as that can be told with this key.
fn continued(whole: &[u8], tail: &Tail, key: Option<&ChainKey>) -> Option<Link> {
    let (body, link) = line::split(whole)?;
    let place = Place::of(whole).filter(|place| place.n == tail.n + 1)?;
    let is_ours = match (place.key, key) {
        (None, _) => Link::loose(tail.link, body) == link,
        (Some(id), Some(key)) if key.id() == id => key.link(tail.link, body) == link,
        (Some(_), _) => true,
    };
    is_ours.then_some(link)
}

/// The last line that stands in a file, where the head is gone.
fn last_known(files: &LogFiles) -> io::Result<Option<Tail>> {
    for path in files.all()?.into_iter().rev() {
        if let Some((start, n, link)) = LogFiles::bounds(&path)? {
            // An archive is left as it is: the next line starts a new file.
            let size = if path == files.current() { size_of(&path)? } else { 0 };
            let start = if size == 0 { n + 1 } else { start };
            let size = if size > 0 { cut_to_whole_lines(&path, size)? } else { 0 };
            return Ok(Some(Tail { start, n, size, link }));
        }
    }
    Ok(None)
}

/// Cuts what stands after the last newline, and gives the size.
fn cut_to_whole_lines(path: &Path, size: u64) -> io::Result<u64> {
    let mut content = Vec::new();
    let Some(mut file) = private_file::open(path)? else { return Ok(0) };
    let from = size.saturating_sub(line::LONGEST as u64);
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut content)?;
    let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole == content.len() {
        return Ok(size);
    }
    let size = from + whole as u64;
    private_file::open_for_lock(path)?.set_len(size)?;
    Ok(size)
}
