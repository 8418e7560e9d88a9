//! `Reader`: the lines of the log one after the other, the oldest first, without holding more than one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::audit::Action;
use crate::audit::files::LogFiles;
use crate::audit::line::{LONGEST, Line};
use crate::os::private_file;

/// What a person wants to see.
#[derive(Debug, Default, Clone)]
pub(crate) struct Filter {
    /// Of this credential, in any case of its letters.
    pub(crate) name: Option<String>,
    /// Only these.
    pub(crate) actions: Vec<Action>,
    /// Not before.
    pub(crate) since: Option<Timestamp>,
    /// The client that was recognised, or one of the programs that led to us.
    pub(crate) client: Option<String>,
}

impl Filter {
    /// Whether the line is wanted.
    pub(crate) fn wants(&self, line: &Line) -> bool {
        let is_named = |wanted: &String| line.name.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(wanted));
        let is_client = |wanted: &String| {
            let known = line.client.iter().chain(&line.parents);
            known.into_iter().any(|it| it.eq_ignore_ascii_case(wanted))
        };
        self.name.as_ref().is_none_or(is_named)
            && (self.actions.is_empty() || self.actions.contains(&line.action))
            && self.since.is_none_or(|since| line.time >= since)
            && self.client.as_ref().is_none_or(is_client)
    }
}

/// Pieces that end with a newline, each with the file it is of and its number there.
pub(crate) struct Pieces {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<BufReader<File>>,
    /// The file in use.
    pub(crate) path: PathBuf,
    /// The number of the piece in it.
    pub(crate) number: u64,
}

impl Pieces {
    /// Those of all files.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn of(files: &LogFiles) -> io::Result<Self> {
        Ok(Self { files: files.all()?.into_iter(), open: None, path: PathBuf::new(), number: 0 })
    }

    /// The next piece, its newline included where it has one; `false` at the end of all. A piece that is longer than
    /// any line comes in parts, of which none ends with a newline but the last.
    ///
    /// # Errors
    /// Where a file can't be read.
    pub(crate) fn next_into(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            piece.clear();
            if let Some(reader) = &mut self.open {
                if reader.take(LONGEST as u64).read_until(b'\n', piece)? > 0 {
                    self.number += 1;
                    return Ok(true);
                }
                self.open = None;
            }
            let Some(path) = self.files.next() else { return Ok(false) };
            self.open = private_file::open(&path)?.map(|file| BufReader::with_capacity(128 * 1024, file));
            self.path = path;
            self.number = 0;
        }
    }
}

/// Gives each line that is wanted to `take`, and its bytes, the oldest first. What is no line is passed over: `verify` tells of it.
///
/// # Errors
/// Where a file can't be read, or `take` fails.
pub(crate) fn each(
    files: &LogFiles,
    filter: &Filter,
    mut take: impl FnMut(Line, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut pieces = Pieces::of(files)?;
    let mut piece = Vec::new();
    while pieces.next_into(&mut piece)? {
        if let Ok(line) = serde_json::from_slice::<Line>(&piece)
            && filter.wants(&line)
        {
            take(line, &piece)?;
        }
    }
    Ok(())
}

/// Follows the file in use from its end on. Files that were put aside meanwhile are read to their ends first, however many
/// they are.
#[derive(Debug)]
pub(crate) struct Follower {
    files: LogFiles,
    file: Option<File>,
    rest: Vec<u8>,
    /// The first line of the newest file that was put aside before.
    archived: u64,
}

impl Follower {
    /// From the end of the file in use.
    ///
    /// # Errors
    /// Where it can't be read.
    pub(crate) fn at_end(files: &LogFiles) -> io::Result<Self> {
        let mut file = private_file::open(&files.current())?;
        if let Some(file) = &mut file {
            io::Seek::seek(file, io::SeekFrom::End(0))?;
        }
        let archived = files.archives()?.last().map_or(0, |(start, _)| *start);
        Ok(Self { files: files.clone(), file, rest: Vec::new(), archived })
    }

    /// The lines that came since the last call; one or the other twice where files change at that moment.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub(crate) fn come(&mut self) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        self.read(&mut lines)?;
        if self.is_replaced()? {
            // What was written between the last look and the change of files.
            self.read(&mut lines)?;
            // Opened before the others are listed: one that is put aside in between is then read twice, and not never.
            let current = private_file::open(&self.files.current())?;
            let mut put_aside = self.files.archives()?;
            put_aside.retain(|(start, _)| *start > self.archived);
            // The first of them is the file that was followed so far.
            for (start, path) in put_aside.into_iter().skip(usize::from(self.file.is_some())) {
                self.rest.clear();
                self.file = private_file::open(&path)?;
                self.read(&mut lines)?;
                self.archived = start;
            }
            self.rest.clear();
            self.file = current;
            self.read(&mut lines)?;
        }
        Ok(lines)
    }

    fn read(&mut self, lines: &mut Vec<Line>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.read_to_end(&mut self.rest)?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let pieces = self.rest[..whole].split(|byte| *byte == b'\n');
        lines.extend(pieces.filter_map(|piece| serde_json::from_slice::<Line>(piece).ok()));
        self.rest.drain(..whole);
        Ok(())
    }

    fn is_replaced(&self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(true) };
        let (open, now) = (file.metadata()?, private_file::open(&self.files.current())?);
        let Some(now) = now else { return Ok(false) };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Ok(open.ino() != now.metadata()?.ino())
        }
        #[cfg(not(unix))]
        {
            // A file that is shorter than what was read of it is another one.
            Ok(now.metadata()?.len() < open.len() || now.metadata()?.created()? != open.created()?)
        }
    }
}
