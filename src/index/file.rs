//! The index file: replaced atomically, never believed when damaged.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::index::{Index, SCHEMA_VERSION};
use crate::os::private_file;

/// Larger than any index that people make: 10,000 credentials take about 3 MB.
const LIMIT: usize = 64 * 1024 * 1024;

/// Where the index is kept.
#[derive(Debug, Clone)]
pub(crate) struct IndexFile {
    path: PathBuf,
}

/// What was found at that place.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// An index.
    Whole(Index),
    /// No file.
    Missing,
    /// A file that is no index, with the place and the reason.
    Damaged(String),
}

/// Why the index can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    /// The file can't be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A newer mcpcred wrote it.
    #[error("`{}` has schema version {found}, and this mcpcred knows {SCHEMA_VERSION}", path.display())]
    UnknownVersion { path: PathBuf, found: u64 },
}

#[derive(Deserialize)]
struct Version {
    schema_version: u64,
}

impl IndexFile {
    /// The index in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("index.json") }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the file can't be read, is not ours, or has a version this program does not know.
    pub(crate) fn load(&self) -> Result<Loaded, IndexError> {
        let content = private_file::read(&self.path, LIMIT).map_err(|source| self.failed(source))?;
        let Some(content) = content else { return Ok(Loaded::Missing) };
        match serde_json::from_slice::<Index>(&content) {
            Ok(index) if index.schema_version == SCHEMA_VERSION => Ok(Loaded::Whole(index)),
            outcome => match serde_json::from_slice::<Version>(&content) {
                Ok(Version { schema_version }) if schema_version != u64::from(SCHEMA_VERSION) => {
                    Err(IndexError::UnknownVersion { path: self.path.clone(), found: schema_version })
                }
                _ => Ok(Loaded::Damaged(
                    outcome.err().map_or_else(|| "unreadable".to_owned(), |error| error.to_string()),
                )),
            },
        }
    }

    /// Replaces it. The caller holds the lock.
    ///
    /// # Errors
    /// Where it can't be written; the old one is then still there.
    pub(crate) fn save(&self, index: &mut Index) -> Result<(), IndexError> {
        index.generation += 1;
        let written = serde_json::to_vec_pretty(index)
            .map_err(io::Error::other)
            .and_then(|content| private_file::replace(&self.path, &content));
        written.map_err(|source| self.failed(source))
    }

    /// Puts a damaged file aside under another name, and says which.
    ///
    /// # Errors
    /// Where it can't be renamed.
    pub(crate) fn put_aside(&self) -> Result<PathBuf, IndexError> {
        let aside = private_file::beside(&self.path, ".damaged");
        std::fs::rename(&self.path, &aside).map_err(|source| self.failed(source))?;
        Ok(aside)
    }

    fn failed(&self, source: io::Error) -> IndexError {
        IndexError::File { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_new_folder() -> (tempfile::TempDir, IndexFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = IndexFile::in_folder(folder.path());
        (folder, file)
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let (_folder, file) = in_new_folder();
        assert!(matches!(file.load().unwrap(), Loaded::Missing));
        let mut index = Index::default();
        file.save(&mut index).unwrap();
        assert!(matches!(file.load().unwrap(), Loaded::Whole(loaded) if loaded == index));
    }

    #[test]
    fn a_truncated_index_is_damaged() {
        let (_folder, file) = in_new_folder();
        std::fs::write(&file.path, br#"{"schema_version": 1, "generation": 3, "prof"#).unwrap();
        assert!(matches!(file.load().unwrap(), Loaded::Damaged(_)));
    }

    #[test]
    fn a_newer_index_is_refused_by_version() {
        let (_folder, file) = in_new_folder();
        std::fs::write(&file.path, br#"{"schema_version": 7, "other": {}}"#).unwrap();
        assert!(matches!(file.load(), Err(IndexError::UnknownVersion { found: 7, .. })));
    }
}
