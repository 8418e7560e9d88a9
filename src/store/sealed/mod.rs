//! `Sealed`: values that do not fit into a native store, as encrypted files whose keys the store keeps.

mod file;
pub(crate) mod rescue;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::os::private_file;
use crate::secret::Secret;
use crate::store::sealed::file::{CipherKey, open, seal};
use crate::store::{CredentialStore, ItemKey, Stopped, StoreError, StoreKind};

const PREFIX: &str = "mcpcred-ref:";
const VERSION: &str = "v1";
const SUFFIX: &str = "sealed";

/// How often a reader starts again because a writer was faster.
const ATTEMPTS: usize = 100;

/// A file that no item refers to may be one that is being written, until it is this old.
const SETTLED: Duration = Duration::from_secs(3600);

/// A native store, and files for what it cannot hold: values that are too long for it, or of bytes that it, or
/// a program that shows it, may change.
///
/// The item of such a value is a reference with a key that is used once; the file is written before the item,
/// and the former file removed after it. So a crash, or two writers of one item at once, leave at most a file
/// that nothing refers to.
#[derive(Debug)]
pub(crate) struct Sealed {
    native: Box<dyn CredentialStore>,
    folder: PathBuf,
    inline_limit: usize,
}

/// What an item holds in place of a value: `mcpcred-ref:v1:<record>:<generation>:<key>`.
struct Reference {
    record: String,
    generation: u64,
    key: CipherKey,
}

/// What an item is about to hold, and held.
struct Prepared {
    /// What it held, where that may have a file.
    former: Option<Secret>,
    /// What stands for the value, where it is in a file.
    reference: Option<Secret>,
}

impl Sealed {
    /// Values of more than `inline_limit` bytes go into files in `folder`, which is made when it is needed.
    pub(crate) fn new(native: Box<dyn CredentialStore>, folder: PathBuf, inline_limit: usize) -> Self {
        Self { native, folder, inline_limit }
    }

    /// The files that no item refers to. Reads the items that have files.
    ///
    /// # Errors
    /// Where the folder or the store cannot be read.
    pub(crate) fn orphans(&self) -> Result<Vec<PathBuf>, StoreError> {
        let files = self.files("")?;
        if files.is_empty() {
            return Ok(files);
        }
        let digests: HashSet<String> =
            files.iter().filter_map(|file| Some(name_of(file)?.0.to_owned())).collect();
        let mut keys = self.native.keys()?;
        keys.retain(|key| digests.contains(&digest(key)));
        let items = self.native.get_many(&keys)?.into_iter().flatten();
        let in_use: HashSet<String> =
            items.filter_map(|item| Some(self.parse(&item).ok()??.record)).collect();
        Ok(files
            .into_iter()
            .filter(|file| !name_of(file).is_some_and(|(_, record)| in_use.contains(record)))
            .collect())
    }

    /// Removes orphans that are an hour old, so that none is of a writer at work, and says how many.
    ///
    /// # Errors
    /// Those of [`Sealed::orphans`], or where a file stays.
    pub(crate) fn sweep(&self) -> Result<usize, StoreError> {
        private_file::sweep(&self.folder);
        let mut count = 0;
        for orphan in self.orphans()? {
            let age =
                fs::metadata(&orphan).and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
            if age.is_some_and(|age| age > SETTLED) && self.remove_file(&orphan)? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// The item as it is in the native store, where the key has a file at all: else it needs no reading.
    fn item_with_file(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        if self.files(&digest(key))?.is_empty() { Ok(None) } else { self.native.get(key) }
    }

    /// Makes ready what the item is to hold: the value itself, or a reference to a file that is written here.
    fn prepare(&self, key: &ItemKey, secret: &Secret) -> Result<Prepared, StoreError> {
        let former = self.item_with_file(key)?;
        if self.fits_inline(secret) {
            return Ok(Prepared { former, reference: None });
        }
        let former_generation = former
            .as_ref()
            .and_then(|item| self.parse(item).ok()?)
            .map_or(0, |reference| reference.generation);
        let reference = Reference::fresh(key, former_generation.saturating_add(1)).map_err(|error| {
            StoreError::Failed { store: self.kind(), source: format!("no random bytes: {error}").into() }
        })?;
        private_file::create_folder(&self.folder).map_err(|source| io_failed(&self.folder, source))?;
        let path = self.path(&reference.record);
        let binding = file::binding(key, &reference.record, reference.generation);
        let content = seal(secret, &reference.key, &binding)
            .map_err(|source| StoreError::Failed { store: self.kind(), source: source.into() })?;
        private_file::replace(&path, &content).map_err(|source| io_failed(&path, source))?;
        Ok(Prepared { former, reference: Some(reference.to_item()) })
    }

    /// Removes the file of the former item, once the new one has its place.
    fn leave(&self, key: &ItemKey, former: Option<&Secret>) -> Result<(), StoreError> {
        let Some(former) = former else { return Ok(()) };
        let Ok(Some(reference)) = self.parse(former) else { return Ok(()) };
        // Another writer's value may be there by now. Only the former one means that nothing was kept.
        if self.native.get(key)?.as_ref() == Some(former) {
            return Err(StoreError::NotReadBack { store: self.kind() });
        }
        // Left to `sweep` where it does not go: the value is stored.
        _ = private_file::remove(&self.path(&reference.record));
        Ok(())
    }

    /// The value in the file of a reference, `None` where the file is not there.
    fn read_file(&self, key: &ItemKey, reference: &Reference) -> Result<Option<Secret>, StoreError> {
        let path = self.path(&reference.record);
        if name_of(&path).is_none_or(|(owner, _)| owner != digest(key)) {
            return Err(damaged(path, "the reference is of another item"));
        }
        let content = private_file::read(&path, file::LIMIT).map_err(|source| io_failed(&path, source))?;
        let binding = file::binding(key, &reference.record, reference.generation);
        content.map(|content| open(&content, &reference.key, &binding, &path)).transpose()
    }

    /// The value that an item stands for. Where its file has just gone, a writer was faster, and the item is
    /// read again.
    fn resolve(&self, key: &ItemKey, mut item: Option<Secret>) -> Result<Option<Secret>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(seen) = item else { return Ok(None) };
            let Some(reference) = self.parse(&seen)? else { return Ok(Some(seen)) };
            if let Some(secret) = self.read_file(key, &reference)? {
                return Ok(Some(secret));
            }
            item = self.native.get(key)?;
            if item.as_ref() == Some(&seen) {
                return Err(damaged(self.path(&reference.record), "it is missing"));
            }
        }
        Err(damaged(self.folder.clone(), "the value does not come to rest"))
    }

    fn fits_inline(&self, secret: &Secret) -> bool {
        secret.len() <= self.inline_limit
            && secret.expose_secret_str().is_ok_and(|text| {
                !text.starts_with(PREFIX)
                    && !text.contains(|it: char| it.is_control() && !"\t\r\n".contains(it))
            })
    }

    /// The reference that an item holds, or `None` where it holds a value.
    fn parse(&self, item: &Secret) -> Result<Option<Reference>, StoreError> {
        let Some(text) = item.expose_secret_str().ok().and_then(|text| text.strip_prefix(PREFIX)) else {
            return Ok(None);
        };
        let parts: Vec<&str> = text.split(':').collect();
        if let Some(version) = parts.first()
            && *version != VERSION
        {
            let found = version.chars().take(8).filter(char::is_ascii_alphanumeric).collect();
            let path = self.folder.clone();
            return Err(StoreError::UnknownVersion {
                path,
                what: "references of version",
                found,
                known: VERSION,
            });
        }
        let reference = match parts[..] {
            [_, record, generation, key] => Reference::from_parts(record, generation, key),
            _ => None,
        };
        reference.map(Some).ok_or_else(|| damaged(self.folder.clone(), "a reference to it makes no sense"))
    }

    fn path(&self, record: &str) -> PathBuf {
        self.folder.join(record).with_extension(SUFFIX)
    }

    /// The sealed files whose names start with `start`.
    fn files(&self, start: &str) -> Result<Vec<PathBuf>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(io_failed(&self.folder, source)),
        };
        let paths = entries.flatten().map(|entry| entry.path());
        Ok(paths.filter(|path| name_of(path).is_some_and(|(_, record)| record.starts_with(start))).collect())
    }

    fn remove_file(&self, path: &Path) -> Result<bool, StoreError> {
        private_file::remove(path).map_err(|source| io_failed(path, source))
    }
}

impl CredentialStore for Sealed {
    fn kind(&self) -> StoreKind {
        self.native.kind()
    }

    fn put(&self, key: &ItemKey, secret: &Secret) -> Result<(), StoreError> {
        self.put_many(&[(key.clone(), secret)]).map_err(|stopped| stopped.error)
    }

    fn put_many(&self, items: &[(ItemKey, &Secret)]) -> Result<(), Stopped> {
        let mut prepared = Vec::with_capacity(items.len());
        let mut failure = None;
        for (key, secret) in items {
            match self.prepare(key, secret) {
                Ok(ready) => prepared.push(ready),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let ready = items.iter().zip(&prepared);
        let native: Vec<(ItemKey, &Secret)> =
            ready.map(|((key, secret), it)| (key.clone(), it.reference.as_ref().unwrap_or(secret))).collect();
        let count = native.len();
        let (put, stored, tried) = match self.native.put_many(&native) {
            Ok(()) => (failure.map_or(Ok(()), Err), count, count),
            Err(Stopped { stored, tried, error }) => (Err(error), stored, tried),
        };
        for (number, ((key, _), it)) in native.iter().zip(&prepared).take(stored).enumerate() {
            self.leave(key, it.former.as_ref()).map_err(|error| Stopped { stored: number, tried, error })?;
        }
        put.map_err(|error| Stopped { stored, tried, error })
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret>, StoreError> {
        let item = self.native.get(key)?;
        self.resolve(key, item)
    }

    fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Option<Secret>>, StoreError> {
        let items = self.native.get_many(keys)?;
        keys.iter().zip(items).map(|(key, item)| self.resolve(key, item)).collect()
    }

    fn remove(&self, key: &ItemKey) -> Result<bool, StoreError> {
        // An item that cannot be read can still be removed; its file is then left to `sweep`.
        let former = self.item_with_file(key).unwrap_or_default();
        let was_there = self.native.remove(key)?;
        if let Some(Ok(Some(reference))) = former.as_ref().map(|item| self.parse(item)) {
            self.remove_file(&self.path(&reference.record))?;
        }
        Ok(was_there)
    }

    fn keys(&self) -> Result<Vec<ItemKey>, StoreError> {
        self.native.keys()
    }
}

impl Reference {
    fn fresh(key: &ItemKey, generation: u64) -> Result<Self, getrandom::Error> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)?;
        Ok(Self {
            record: format!("{}-{:016x}", digest(key), u64::from_be_bytes(random)),
            generation,
            key: CipherKey::generate()?,
        })
    }

    fn from_parts(record: &str, generation: &str, key: &str) -> Option<Self> {
        // The record becomes a path.
        name_of(Path::new(record).with_extension(SUFFIX).as_path()).filter(|(_, name)| *name == record)?;
        let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(key).ok()?);
        let key = CipherKey::from_bytes(&bytes)?;
        Some(Self { record: record.to_owned(), generation: generation.parse().ok()?, key })
    }

    fn to_item(&self) -> Secret {
        let key = Zeroizing::new(STANDARD_NO_PAD.encode(self.key.bytes()));
        let open = format!("{PREFIX}{VERSION}:{}:{}:", self.record, self.generation);
        let mut item = Vec::with_capacity(open.len() + key.len());
        item.extend_from_slice(open.as_bytes());
        item.extend_from_slice(key.as_bytes());
        Secret::new(item)
    }
}

/// Which item a file belongs to and the file's record, from its name `<16 digits>-<16 digits>.sealed`.
fn name_of(path: &Path) -> Option<(&str, &str)> {
    let record = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.strip_suffix('.')?;
    let (owner, random) = record.split_once('-')?;
    let is_number = |text: &str| text.len() == 16 && text.bytes().all(|it| b"0123456789abcdef".contains(&it));
    (is_number(owner) && is_number(random)).then_some((owner, record))
}

/// The part of a record that its item decides.
fn digest(key: &ItemKey) -> String {
    let mut hash = Sha256::new();
    hash.update(key.service().as_bytes());
    hash.update([0]);
    hash.update(key.account().as_bytes());
    let hash = hash.finalize();
    hash.first_chunk().map(|first| format!("{:016x}", u64::from_be_bytes(*first))).unwrap_or_default()
}

fn damaged(path: PathBuf, detail: &'static str) -> StoreError {
    StoreError::Damaged { path, detail }
}

fn io_failed(path: &Path, source: io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source }
}
