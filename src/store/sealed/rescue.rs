//! `Rescue`: a place on the disk, made beforehand, for a new value that its store may not take.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::os::private_file;
use crate::secret::Secret;
use crate::store::sealed::file::{CipherKey, LIMIT, binding, open, seal};
use crate::store::{ItemKey, StoreError};

/// The folder of such files, below the data folder.
const FOLDER: &str = "rescue";

/// How much room is made beforehand: more than any token takes.
const ROOM: usize = 16 * 1024;

/// Bytes in front that tell how many follow. None follow in a file that waits for its value.
const LENGTH: usize = size_of::<u32>();

/// A file that waits for one value and seals it with a key that the store keeps.
///
/// Key and room are there before the value exists. So the moment in which somebody hands it out, and the former one is
/// dead, needs neither a store that answers nor a disk with room.
#[derive(Debug)]
pub(crate) struct Rescue {
    path: PathBuf,
    binding: Vec<u8>,
}

impl Rescue {
    /// The place for the value of this item, below `folder`. Touches nothing.
    pub(crate) fn of(folder: &Path, item: &ItemKey) -> Self {
        let profile = item.service().rsplit(':').next().unwrap_or_default();
        let name = item.account().split('~').next().unwrap_or_default();
        Self {
            path: folder.join(FOLDER).join(format!("{profile}~{name}.sealed")),
            binding: binding(item, FOLDER, 0),
        }
    }

    /// Makes room, and gives the key that the store has to keep.
    ///
    /// # Errors
    /// Where the file can't be written, or the system has no random bytes.
    pub(crate) fn prepare(&self) -> Result<Secret, StoreError> {
        let key = CipherKey::generate().map_err(|error| self.failed(io::Error::other(error)))?;
        let folder = self.path.parent().unwrap_or(&self.path);
        private_file::create_folder(folder).map_err(|error| self.failed(error))?;
        private_file::sweep(folder);
        private_file::replace(&self.path, &[0; ROOM]).map_err(|error| self.failed(error))?;
        let text = Zeroizing::new(STANDARD_NO_PAD.encode(key.bytes()));
        Ok(Secret::copy_of(text.as_bytes()))
    }

    /// Keeps the value: from here on it outlives this process and this machine's power.
    ///
    /// # Errors
    /// Where the file can't be written, or the key is none.
    pub(crate) fn keep(&self, value: &Secret, key: &Secret) -> Result<(), StoreError> {
        let key = self.key(key)?;
        let sealed =
            seal(value, &key, &self.binding).map_err(|error| self.failed(io::Error::other(error)))?;
        let length = u32::try_from(sealed.len()).map_err(|error| self.failed(io::Error::other(error)))?;
        let content = [&length.to_be_bytes()[..], &sealed].concat();
        let written = if content.len() <= ROOM {
            private_file::overwrite_for_good(&self.path, &content)
        } else {
            private_file::replace(&self.path, &content)
        };
        written.map_err(|error| self.failed(error))
    }

    /// The value that came, or `None` where none did.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the file does not open with this key.
    pub(crate) fn value(&self, key: &Secret) -> Result<Option<Secret>, StoreError> {
        let content = private_file::read(&self.path, LIMIT + ROOM).map_err(|error| self.failed(error))?;
        let Some((length, rest)) = content.as_deref().and_then(<[u8]>::split_first_chunk::<LENGTH>) else {
            return Ok(None);
        };
        match usize::try_from(u32::from_be_bytes(*length)) {
            Ok(0) => Ok(None),
            Ok(length) => {
                let sealed = rest.get(..length).ok_or_else(|| self.damaged("it is cut off"))?;
                open(sealed, &self.key(key)?, &self.binding, &self.path).map(Some)
            }
            Err(_) => Err(self.damaged("it is cut off")),
        }
    }

    /// Takes the file away, once its value is elsewhere. One that stays is no harm: nothing has its key any more.
    pub(crate) fn remove(&self) {
        _ = private_file::remove(&self.path);
    }

    /// Puts a file aside that does not open, so that it is lost to nobody.
    pub(crate) fn put_aside(&self) {
        _ = fs::rename(&self.path, private_file::beside(&self.path, ".damaged"));
    }

    fn key(&self, text: &Secret) -> Result<CipherKey, StoreError> {
        let none = || self.damaged("the store holds no key for it");
        let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(text.expose_secret()).map_err(|_| none())?);
        CipherKey::from_bytes(&bytes).ok_or_else(none)
    }

    fn damaged(&self, detail: &'static str) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), detail }
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::File { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Slot;

    fn rescue() -> (tempfile::TempDir, Rescue) {
        let folder = tempfile::tempdir().unwrap();
        let item = ItemKey::credential(&"work".parse().unwrap(), &"TOKEN".parse().unwrap(), Slot::Next);
        let rescue = Rescue::of(folder.path(), &item);
        (folder, rescue)
    }

    #[test]
    fn a_place_that_waits_holds_nothing_and_one_that_is_missing_neither() {
        let (_folder, rescue) = rescue();
        let key = Secret::copy_of(b"whatever");
        assert!(rescue.value(&key).unwrap().is_none());
        let key = rescue.prepare().unwrap();
        assert!(rescue.value(&key).unwrap().is_none());
        assert!(rescue.path.ends_with("rescue/work~TOKEN.sealed"));
        rescue.remove();
        rescue.remove();
        assert!(!rescue.path.exists());
    }

    #[test]
    fn a_value_comes_back_with_its_own_key_and_with_no_other() {
        let (_folder, rescue) = rescue();
        for length in [1, 40, ROOM - 1, ROOM, 100_000] {
            let key = rescue.prepare().unwrap();
            let value = Secret::new(vec![b'x'; length]);
            rescue.keep(&value, &key).unwrap();
            assert!(rescue.value(&key).unwrap().unwrap() == value, "{length}");
            let other = Rescue { binding: Vec::new(), path: rescue.path.clone() };
            assert!(other.value(&key).is_err());
            let error = rescue.value(&Secret::copy_of(b"no key")).unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            let next = CipherKey::generate().unwrap();
            let next = Secret::new(STANDARD_NO_PAD.encode(next.bytes()).into_bytes());
            assert!(rescue.value(&next).is_err());
            let content = fs::read(&rescue.path).unwrap();
            assert!(!content.windows(8).any(|window| window == b"xxxxxxxx"));
        }
    }

    proptest! {
        #[test]
        fn a_file_of_any_content_is_read_without_a_panic(content: Vec<u8>) {
            let (_folder, rescue) = rescue();
            let key = rescue.prepare().unwrap();
            private_file::replace(&rescue.path, &content).unwrap();
            let read = rescue.value(&key);
            prop_assert!(read.is_err() || read.unwrap().is_none());
        }
    }
}
