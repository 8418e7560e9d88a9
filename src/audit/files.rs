//! `LogFiles`: which files the log consists of, the oldest first.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::audit::key::Link;
use crate::audit::line::{self, Place};
use crate::os::private_file;

/// What is read of the end of a file before the whole of it.
const ENDING: u64 = 128 * 1024;

/// Longer than any file becomes under any limit.
const LONGEST_FILE: usize = 2 * 1024 * 1024 * 1024;

/// The files of the log in one folder: that in use is `audit.jsonl`, a former one `audit-<its first line>.jsonl`.
#[derive(Debug, Clone)]
pub(crate) struct LogFiles {
    folder: PathBuf,
}

impl LogFiles {
    /// Those in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file in use.
    pub(crate) fn current(&self) -> PathBuf {
        self.folder.join("audit.jsonl")
    }

    /// How far the log goes.
    pub(crate) fn head(&self) -> PathBuf {
        self.folder.join("audit.head")
    }

    /// The former file that starts with this line.
    pub(super) fn archive(&self, start: u64) -> PathBuf {
        self.folder.join(format!("audit-{start:012}.jsonl"))
    }

    /// The former files with their first lines, the oldest first.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn archives(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let start =
                name.and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl")?.parse().ok());
            found.extend(start.map(|start| (start, path)));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// All files, the oldest first.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn all(&self) -> io::Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = self.archives()?.into_iter().map(|(_, path)| path).collect();
        files.push(self.current());
        Ok(files)
    }

    /// How many files there are, and their bytes together.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn size(&self) -> io::Result<(usize, u64)> {
        let (mut count, mut bytes) = (0, 0);
        for path in self.all()? {
            if let Ok(metadata) = fs::symlink_metadata(&path) {
                count += 1;
                bytes += metadata.len();
            }
        }
        Ok((count, bytes))
    }

    /// The first line of the oldest former file, where there is one.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(super) fn oldest(&self) -> io::Result<Option<u64>> {
        Ok(self.archives()?.first().map(|(start, _)| *start))
    }

    /// The files that are too many, and the line that is then the first.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(super) fn to_prune(&self, keep: usize, first: u64) -> io::Result<(u64, Vec<PathBuf>)> {
        let archives = self.archives()?;
        let count = (archives.len() + 1).saturating_sub(keep.max(2));
        let first = archives.get(count).map_or(first, |(start, _)| if count == 0 { first } else { *start });
        Ok((first, archives.into_iter().take(count).map(|(_, path)| path).collect()))
    }

    /// The link of that line, where it is kept.
    ///
    /// # Errors
    /// Where a file can't be read.
    pub(super) fn link_of(&self, n: u64) -> io::Result<Option<Link>> {
        if let Some(link) = find(&ending(&self.current())?, n) {
            return Ok(Some(link));
        }
        let whole =
            |path: &Path| Ok::<_, io::Error>(private_file::read(path, LONGEST_FILE)?.unwrap_or_default());
        if let Some(link) = find(&whole(&self.current())?, n) {
            return Ok(Some(link));
        }
        match self.archives()?.iter().rev().find(|(start, _)| *start <= n) {
            Some((_, path)) => Ok(find(&whole(path)?, n)),
            None => Ok(None),
        }
    }

    /// The numbers of the first and the last whole line of a file, and the link of the last.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub(super) fn bounds(path: &Path) -> io::Result<Option<(u64, u64, Link)>> {
        let content = private_file::read(path, LONGEST_FILE)?.unwrap_or_default();
        let mut lines = content.split_inclusive(|byte| *byte == b'\n');
        let whole = |bytes: &[u8]| {
            let bytes = bytes.strip_suffix(b"\n")?;
            let (_, link) = line::split(bytes)?;
            Some((Place::of(bytes)?.n, link))
        };
        let first = lines.clone().find_map(whole);
        let last = lines.rfind(|line| whole(line).is_some()).and_then(whole);
        Ok(first.zip(last).map(|((first, _), (last, link))| (first, last, link)))
    }
}

/// The last bytes of a file, from a line's start where that is not the whole of it.
fn ending(path: &Path) -> io::Result<Vec<u8>> {
    let Some(mut file) = private_file::open(path)? else { return Ok(Vec::new()) };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(ENDING)))?;
    let mut content = Vec::new();
    file.take(ENDING).read_to_end(&mut content)?;
    Ok(content)
}

fn find(content: &[u8], n: u64) -> Option<Link> {
    let start = format!("{{\"n\":{n},");
    let mut lines = content.rsplit(|byte| *byte == b'\n');
    let line = lines.find(|line| line.starts_with(start.as_bytes()))?;
    line::split(line).map(|(_, link)| link)
}
