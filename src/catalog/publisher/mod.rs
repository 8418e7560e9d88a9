//! What the publisher of a server declares: `server.json` of the MCP registry, and the manifest of a bundle.
//!
//! The files are of other people's making: sizes are limited, only what is needed is looked at, what has the wrong
//! shape is passed over, and no word of them is in an error.

mod bundle;
mod guess;
mod json;
mod registry;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::read::ZipReadOptions;
use zip::unstable::read::ZipIterable;

use crate::catalog::server::Server;
use crate::document::{Place, Pointer};

/// The largest declaration that is read, in bytes.
const MAX_DECLARATION: u64 = 4 * 1024 * 1024;

/// The largest bundle that is looked into, in bytes. Those of the makers' own have some 100 MB.
const MAX_BUNDLE: u64 = 2 * 1024 * 1024 * 1024;

/// How many files of a bundle are looked at.
const MAX_FILES: usize = 500_000;

/// What a publisher says.
#[derive(Debug)]
pub(crate) struct Published {
    /// As the catalog would have it.
    pub(crate) server: Server,
    /// What kind of file it was.
    pub(crate) origin: Origin,
    /// Settings of a bundle that look like secrets, and that the client is not told to hide.
    pub(crate) unmarked: Vec<Unmarked>,
}

/// A kind of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    /// `server.json` of the MCP registry.
    Registry,
    /// The manifest of a bundle (MCPB, once DXT).
    Bundle,
}

impl Origin {
    /// As a person calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Registry => "the MCP registry's `server.json`",
            Self::Bundle => "the manifest of a bundle",
        }
    }
}

/// A setting that should be marked `sensitive`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Unmarked {
    /// Its key in `user_config`.
    pub(crate) key: String,
    /// The way to it in `manifest.json`.
    pub(crate) pointer: Pointer,
}

/// Why a file says nothing.
#[derive(Debug, thiserror::Error)]
#[error("`{}` {why}", path.display())]
pub(crate) struct PublisherError {
    path: PathBuf,
    #[source]
    why: Why,
}

impl PublisherError {
    /// What is wrong with it; its words follow the name of the file.
    pub(crate) fn why(&self) -> &Why {
        &self.why
    }
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// The system does not let it be read.
    #[error("can't be read")]
    Unreadable(#[source] io::Error),
    /// A folder, a pipe, a device.
    #[error("is not a regular file")]
    NotAFile,
    /// More than a declaration or a bundle has.
    #[error("is larger than {} MiB, and no declaration is", .0 / 1024 / 1024)]
    TooLarge(u64),
    /// It is no JSON.
    #[error("is not JSON at {0}")]
    NotJson(Place),
    /// A ZIP archive that is damaged, or that hides what it holds.
    #[error("is an archive that can't be read")]
    Archive,
    /// A ZIP archive of another kind.
    #[error("is an archive without a `manifest.json`, so it is no bundle")]
    NoManifest,
    /// JSON of another kind.
    #[error("is neither a `server.json` of the MCP registry nor the manifest of a bundle")]
    Unknown,
    /// An answer of the registry with more than one server.
    #[error("holds {0} servers; keep the one that is meant")]
    Several(usize),
}

/// Reads a declaration: `server.json`, `manifest.json`, or a bundle (`.mcpb`, `.dxt`), told apart by what is in it.
/// Of a bundle nothing is unpacked but its manifest.
///
/// # Errors
/// Where the file can't be read, or is none of these.
pub(crate) fn read(path: &Path) -> Result<Published, PublisherError> {
    read_any(path).map_err(|why| PublisherError { path: path.to_owned(), why })
}

fn read_any(path: &Path) -> Result<Published, Why> {
    // Before it is opened, because a pipe without a writer would be waited for.
    let metadata = std::fs::metadata(path).map_err(Why::Unreadable)?;
    if !metadata.is_file() {
        return Err(Why::NotAFile);
    }
    let mut file = File::open(path).map_err(Why::Unreadable)?;
    let is_archive = begins_archive(&mut file).map_err(Why::Unreadable)?;
    let text = if is_archive {
        if metadata.len() > MAX_BUNDLE {
            return Err(Why::TooLarge(MAX_BUNDLE));
        }
        let body = file.try_clone().map_err(Why::Unreadable)?;
        manifest_of(io::BufReader::with_capacity(1024, file), body)?
    } else {
        file.rewind().map_err(Why::Unreadable)?;
        read_limited(file)?
    };
    declaration(&text, is_archive)
}

fn declaration(text: &[u8], is_bundle: bool) -> Result<Published, Why> {
    let body = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Why::NotJson(Place { line: number(error.line().max(1)), column: number(error.column().max(1)) })
    })?;
    if is_bundle || bundle::is_manifest(&value) {
        return bundle::read(&value).ok_or(Why::Unknown);
    }
    if let Some(servers) = value.get("servers").and_then(Value::as_array) {
        return match servers.as_slice() {
            [one] => registry::read(one).ok_or(Why::Unknown),
            _ => Err(Why::Several(servers.len())),
        };
    }
    registry::read(&value).ok_or(Why::Unknown)
}

/// Whether a file is an archive, as bundles are; what can't be read is none.
pub(crate) fn is_archive(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file && File::open(path).is_ok_and(|mut file| begins_archive(&mut file).unwrap_or(false))
}

fn begins_archive(file: &mut File) -> io::Result<bool> {
    let mut start = [0; 4];
    let length = read_start(file, &mut start)?;
    Ok(length == 4 && start.starts_with(b"PK") && (start[2..] == [3, 4] || start[2..] == [5, 6]))
}

fn read_start(file: &mut File, start: &mut [u8; 4]) -> io::Result<usize> {
    let mut length = 0;
    while length < start.len() {
        match file.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// All of it, up to the limit, whatever length was announced.
fn read_limited(reader: impl Read) -> Result<Vec<u8>, Why> {
    let mut text = Vec::new();
    reader.take(MAX_DECLARATION + 1).read_to_end(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Why::Archive,
        _ => Why::Unreadable(error),
    })?;
    if text.len() as u64 > MAX_DECLARATION { Err(Why::TooLarge(MAX_DECLARATION)) } else { Ok(text) }
}

/// The manifest out of an archive, whose list of files is walked and not kept; both readers are of the same file.
fn manifest_of<R: Read + Seek>(list: impl Read + Seek, mut body: R) -> Result<Vec<u8>, Why> {
    let mut archive = ZipIterable::try_new(list, zip::read::Config::default()).map_err(|_| Why::Archive)?;
    for entry in archive.files().map_err(|_| Why::Archive)?.take(MAX_FILES) {
        let entry = entry.map_err(|_| Why::Archive)?;
        if entry.name_raw() == b"manifest.json" {
            let manifest = entry.with_reader(&mut body, ZipReadOptions::new());
            return read_limited(manifest.map_err(|_| Why::Archive)?);
        }
    }
    Err(Why::NoManifest)
}
