//! The highest generation of a vault that this machine has seen, kept beside it, as well as it goes.

use std::path::{Path, PathBuf};

use crate::os::private_file;
use crate::store::vault::format::VaultId;

/// Bytes of the file: an id, a blank, twenty digits and a newline. It is always written whole and in place.
const SIZE: usize = 54;

/// What was noted of the vault that stands here.
///
/// A file alone can't tell that it was replaced by an older one. Whoever replaces this note too
/// is not noticed, and neither is a lost or unreadable one: nobody loses access for want of it.
pub(super) struct Note(Option<(String, u64)>);

impl Note {
    /// Reads the note beside `vault`. Read it before the vault: a writer notes last, so a vault read later is
    /// never older than an honest note.
    pub(super) fn read(vault: &Path) -> Self {
        let read = || {
            let content = private_file::read(&beside(vault), SIZE).ok()??;
            let (id, number) = str::from_utf8(&content).ok()?.strip_suffix('\n')?.split_once(' ')?;
            Some((id.to_owned(), number.parse().ok()?))
        };
        Self(read())
    }

    /// The highest generation seen of this vault, or 0 where nothing is known of it.
    pub(super) fn of(&self, id: VaultId) -> u64 {
        self.0.as_ref().filter(|(name, _)| *name == String::from(id)).map_or(0, |(_, number)| *number)
    }
}

/// Notes the generation; a folder that can't be written stays as it is.
pub(super) fn write(vault: &Path, id: VaultId, generation: u64) {
    // What is lost here is a warning, never a value.
    _ = private_file::overwrite(
        &beside(vault),
        format!("{} {generation:020}\n", String::from(id)).as_bytes(),
    );
}

fn beside(vault: &Path) -> PathBuf {
    private_file::beside(vault, ".generation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_seen_for_that_vault_alone() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault");
        let (ours, other) = (VaultId([1; 16]), VaultId([2; 16]));
        assert_eq!(Note::read(&vault).of(ours), 0);
        write(&vault, ours, 1_000_000);
        write(&vault, ours, 7);
        assert_eq!(Note::read(&vault).of(ours), 7);
        assert_eq!(Note::read(&vault).of(other), 0);
        assert_eq!(std::fs::metadata(beside(&vault)).unwrap().len(), SIZE as u64);
    }

    #[test]
    fn a_damaged_note_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault");
        std::fs::write(beside(&vault), "nothing of ours").unwrap();
        assert_eq!(Note::read(&vault).of(VaultId([1; 16])), 0);
    }
}
