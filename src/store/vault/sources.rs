//! `UnlockSources`: where the key of a vault comes from, in order.

use std::mem;
use std::path::PathBuf;

use crate::secret::Secret;
use crate::store::vault::facts::VaultFacts;
use crate::store::vault::keychain;
use crate::store::vault::slot::SlotKind;
use crate::store::vault::unlock::{KeySource, UnlockKey};
use crate::store::{CredentialStore, StoreError};

/// The name of the vault's key among the credentials that systemd hands to a service.
pub(crate) const CREDENTIAL_FILE: &str = "mcpcred-vault-key";

/// How often a person may try.
const ATTEMPTS: u8 = 3;

/// Opens the store that keeps the key of a keychain slot.
pub(crate) type OpenNative = Box<dyn FnOnce() -> Result<Box<dyn CredentialStore>, StoreError>>;

/// Finds the cached key of the vault with this id.
pub(crate) type FindCached = Box<dyn FnOnce(&str) -> Result<Option<Secret>, StoreError>>;

/// Asks a person for a passphrase.
pub(crate) type Ask = Box<dyn FnMut() -> Result<Secret, StoreError>>;

/// Every source of a vault's key, as values. The first that was given counts: when it is wrong,
/// that is an error, and no other is tried behind the person's back. The keychain and the cache were
/// not given by anybody, so they may fail in silence; a person may try three times.
#[derive(Default)]
pub(crate) struct UnlockSources {
    /// From `--passphrase-fd`.
    pub(crate) passphrase: Option<Secret>,
    /// The folder of systemd's credentials, in which `mcpcred-vault-key` may be.
    pub(crate) credentials_directory: Option<PathBuf>,
    /// A file of at least 32 random bytes.
    pub(crate) key_file: Option<PathBuf>,
    /// A file that holds a passphrase.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// From the environment.
    pub(crate) environment_passphrase: Option<Secret>,
    /// Opens the operating system's store; called only for a vault with a keychain slot.
    pub(crate) native: Option<OpenNative>,
    /// Looks into the cache that `store unlock` filled.
    pub(crate) cached: Option<FindCached>,
    /// Asks a person.
    pub(crate) prompt: Option<Ask>,
    /// Where the search stands; starts as its default.
    pub(crate) progress: Progress,
}

/// How far the sources are used up.
#[derive(Default)]
pub(crate) struct Progress {
    given: bool,
    attempts: u8,
    native_failure: Option<StoreError>,
}

impl UnlockSources {
    /// The key that was given and the slot it makes in a new vault; neither keychain, cache nor prompt.
    ///
    /// # Errors
    /// Where a source that was named can't be read.
    pub(crate) fn given(&mut self) -> Result<Option<(UnlockKey, SlotKind)>, StoreError> {
        if let Some(passphrase) = self.passphrase.take() {
            return Ok(Some((UnlockKey::passphrase(passphrase)?, SlotKind::Passphrase)));
        }
        let credential = self.credentials_directory.take().map(|folder| folder.join(CREDENTIAL_FILE));
        // A service may have credentials of which none is ours.
        if let Some(path) = credential.filter(|path| path.exists()) {
            return Ok(Some((UnlockKey::read_raw(&path)?, SlotKind::Credential)));
        }
        if let Some(path) = self.key_file.take() {
            return Ok(Some((UnlockKey::read_raw(&path)?, SlotKind::KeyFile)));
        }
        if let Some(path) = self.passphrase_file.take() {
            return Ok(Some((UnlockKey::read_passphrase(&path)?, SlotKind::Passphrase)));
        }
        if let Some(passphrase) = self.environment_passphrase.take() {
            return Ok(Some((UnlockKey::passphrase(passphrase)?, SlotKind::Passphrase)));
        }
        Ok(None)
    }

    fn ask_keychain(&mut self, facts: &VaultFacts) -> Option<UnlockKey> {
        if !facts.has(SlotKind::Keychain) {
            return None;
        }
        let open = self.native.take()?;
        match open().and_then(|store| keychain::read_key(store.as_ref(), &facts.vault_id)) {
            Ok(key) => key,
            Err(error) => {
                // Told only where no other source unlocks the vault.
                self.progress.native_failure = Some(error);
                None
            }
        }
    }
}

impl KeySource for UnlockSources {
    fn next(&mut self, facts: &VaultFacts) -> Result<Option<UnlockKey>, StoreError> {
        if mem::take(&mut self.progress.given) {
            return Err(StoreError::WrongPassphrase);
        }
        if let Some((key, _)) = self.given()? {
            self.progress.given = true;
            return Ok(Some(key));
        }
        if let Some(key) = self.ask_keychain(facts) {
            return Ok(Some(key));
        }
        let cached = self.cached.take().and_then(|find| find(&facts.vault_id).ok().flatten());
        if let Some(key) = cached {
            return Ok(Some(UnlockKey::Cached(key)));
        }
        if let Some(ask) = self.prompt.as_mut().filter(|_| self.progress.attempts < ATTEMPTS) {
            self.progress.attempts += 1;
            return Ok(Some(UnlockKey::Passphrase(ask()?)));
        }
        match self.progress.native_failure.take() {
            Some(failure) if self.progress.attempts == 0 => Err(failure),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::rc::Rc;
    use std::time::Duration;

    use jiff::Timestamp;
    use tempfile::TempDir;

    use super::*;
    use crate::store::StoreKind;
    use crate::store::vault::cache::KeyCache;
    use crate::store::vault::{Argon2Cost, Rollback, Vault};

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::copy_of(text.as_bytes())
    }

    /// A folder with the vault of somebody whose passphrase is `right`.
    struct Home(TempDir);

    impl Home {
        fn new() -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            let key = UnlockKey::Passphrase(secret("right"));
            Vault::create(&home.vault(), &key, SlotKind::Passphrase, Argon2Cost::LEAST, now()).unwrap();
            home
        }

        fn vault(&self) -> PathBuf {
            self.0.path().join("vault")
        }

        fn file(&self, name: &str, content: &[u8]) -> Option<PathBuf> {
            let path = self.0.path().join(name);
            fs::write(&path, content).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            Some(path)
        }

        fn open(&self, mut sources: UnlockSources) -> Result<Vault, StoreError> {
            Vault::open(&self.vault(), &mut sources, Rollback::Refuse)
        }

        /// Another vault, which stands for the operating system's own store.
        fn native(&self) -> Vault {
            let path = self.0.path().join("native");
            let key = UnlockKey::Raw(Secret::new(vec![9; 32]));
            if Vault::exists(&path) {
                return Vault::open(&path, &mut Some(key), Rollback::Refuse).unwrap();
            }
            Vault::create(&path, &key, SlotKind::KeyFile, Argon2Cost::LEAST, now()).unwrap()
        }
    }

    fn must_not_ask() -> Option<Ask> {
        Some(Box::new(|| panic!("nobody may be asked")))
    }

    /// Answers with these texts and counts how often it was asked.
    fn prompt(answers: &[&str]) -> (Rc<Cell<usize>>, Option<Ask>) {
        let asked = Rc::new(Cell::new(0));
        let answers: Vec<Secret> = answers.iter().map(|answer| secret(answer)).collect();
        let mut answers = answers.into_iter();
        let counter = Rc::clone(&asked);
        let ask = move || {
            counter.set(counter.get() + 1);
            answers.next().ok_or(StoreError::Locked { store: StoreKind::Vault })
        };
        (asked, Some(Box::new(ask)))
    }

    #[test]
    fn without_any_source_the_vault_stays_locked() {
        assert!(matches!(Home::new().open(UnlockSources::default()), Err(StoreError::NoPassphrase)));
    }

    #[test]
    fn each_source_opens_the_vault_on_its_own() {
        let home = Home::new();
        let none = UnlockSources::default;
        assert!(home.open(UnlockSources { passphrase: Some(secret("right")), ..none() }).is_ok());
        assert!(home.open(UnlockSources { environment_passphrase: Some(secret("right")), ..none() }).is_ok());
        for content in [&b"right"[..], b"right\n", b"right\r\n"] {
            let passphrase_file = home.file("passphrase", content);
            assert!(home.open(UnlockSources { passphrase_file, ..none() }).is_ok());
        }
        let passphrase_file = home.file("passphrase", b"right\n\n");
        assert!(home.open(UnlockSources { passphrase_file, ..none() }).is_err());
        let (asked, ask) = prompt(&["wrong", "right"]);
        assert!(home.open(UnlockSources { prompt: ask, ..none() }).is_ok());
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn a_key_file_is_any_32_bytes_with_or_without_a_newline() {
        let home = Home::new();
        let vault =
            home.open(UnlockSources { passphrase: Some(secret("right")), ..Default::default() }).unwrap();
        // The last of these 32 bytes is a newline, and part of the key.
        let mut random = [0x5a; 32];
        random[31] = b'\n';
        let path = home.file("key", &random).unwrap();
        let key = UnlockKey::read_raw(&path).unwrap();
        assert_eq!(key.expose_secret(), random);
        vault.add_slot(&key, SlotKind::KeyFile, Argon2Cost::LEAST, now()).unwrap();
        for content in [random.to_vec(), [&random[..], b"\n"].concat()] {
            let sources = UnlockSources { key_file: home.file("key", &content), ..Default::default() };
            assert!(home.open(sources).is_ok());
            let folder = home.0.path().to_owned();
            fs::rename(folder.join("key"), folder.join(CREDENTIAL_FILE)).unwrap();
            assert!(
                home.open(UnlockSources { credentials_directory: Some(folder), ..Default::default() })
                    .is_ok()
            );
        }
        let short = home.open(UnlockSources { key_file: home.file("key", &[1; 31]), ..Default::default() });
        assert!(short.unwrap_err().to_string().contains("has 31 bytes"));
    }

    #[test]
    fn a_given_source_that_is_wrong_is_an_error_at_once() {
        let home = Home::new();
        let wrong = |sources| {
            let sources = UnlockSources { prompt: must_not_ask(), ..sources };
            home.open(sources).unwrap_err()
        };
        let none = UnlockSources::default;
        let both = UnlockSources {
            passphrase: Some(secret("wrong")),
            environment_passphrase: Some(secret("right")),
            ..none()
        };
        assert!(matches!(wrong(both), StoreError::WrongPassphrase));
        let key_file = home.file("key", &[1; 32]);
        assert!(matches!(wrong(UnlockSources { key_file, ..none() }), StoreError::WrongPassphrase));
        let missing = Some(home.0.path().join("missing"));
        assert!(matches!(wrong(UnlockSources { key_file: missing, ..none() }), StoreError::File { .. }));
        let empty = UnlockSources { passphrase: Some(secret("")), ..none() };
        assert!(matches!(wrong(empty), StoreError::NoPassphrase));
    }

    #[test]
    fn a_person_may_try_three_times() {
        let home = Home::new();
        let (asked, ask) = prompt(&["a", "b", "c", "right"]);
        let refused = home.open(UnlockSources { prompt: ask, ..Default::default() });
        assert!(matches!(refused, Err(StoreError::WrongPassphrase)));
        assert_eq!(asked.get(), 3);
        let (_, ask) = prompt(&[]);
        let gone = home.open(UnlockSources { prompt: ask, ..Default::default() });
        assert!(matches!(gone, Err(StoreError::Locked { .. })));
    }

    #[test]
    fn a_folder_of_other_credentials_is_passed_over() {
        let home = Home::new();
        let (asked, ask) = prompt(&["right"]);
        let credentials_directory = Some(home.0.path().to_owned());
        home.open(UnlockSources { credentials_directory, prompt: ask, ..Default::default() }).unwrap();
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn the_keychain_is_touched_only_for_a_vault_with_a_keychain_slot() {
        let home = Home::new();
        let untouched: OpenNative = Box::new(|| panic!("the keychain was touched"));
        let (_, ask) = prompt(&["right"]);
        let sources = UnlockSources { native: Some(untouched), prompt: ask, ..Default::default() };
        let vault = home.open(sources).unwrap();

        let native = home.native();
        vault.add_keychain_slot(&native, now()).unwrap();
        vault.add_keychain_slot(&native, now()).unwrap();
        assert_eq!(vault.slots().unwrap().len(), 2);
        let open: OpenNative = Box::new(move || Ok(Box::new(native)));
        let sources = UnlockSources { native: Some(open), prompt: must_not_ask(), ..Default::default() };
        assert!(home.open(sources).is_ok());

        let absent = || StoreError::Locked { store: StoreKind::Keychain };
        let (_, ask) = prompt(&["right"]);
        let native: Option<OpenNative> = Some(Box::new(move || Err(absent())));
        assert!(home.open(UnlockSources { native, prompt: ask, ..Default::default() }).is_ok());
        let native: Option<OpenNative> = Some(Box::new(move || Err(absent())));
        let locked = home.open(UnlockSources { native, ..Default::default() });
        assert!(matches!(locked, Err(StoreError::Locked { store: StoreKind::Keychain })));
    }

    #[test]
    fn a_vault_can_live_with_the_keychain_alone() {
        let home = Home::new();
        let native = home.native();
        let path = home.0.path().join("second");
        Vault::create_in_keychain(&path, &native, now()).unwrap();
        assert!(Vault::create_in_keychain(&path, &native, now()).is_err());
        assert_eq!(native.keys().unwrap().len(), 1);
        let native: Option<OpenNative> = Some(Box::new(move || Ok(Box::new(native))));
        let mut sources = UnlockSources { native, ..Default::default() };
        assert!(Vault::open(&path, &mut sources, Rollback::Refuse).is_ok());
    }

    #[test]
    fn an_unlocked_vault_opens_without_a_question_until_it_is_locked_or_the_time_is_over() {
        let home = Home::new();
        let vault =
            home.open(UnlockSources { passphrase: Some(secret("right")), ..Default::default() }).unwrap();
        let hour = Duration::from_secs(3600);
        vault.stay_unlocked(&KeyCache::Native(&home.native()), hour, now()).unwrap();
        let open_after = |passed: Duration| {
            let native = home.native();
            let cached: Option<FindCached> =
                Some(Box::new(move |id| KeyCache::Native(&native).cached_key(id, now() + passed)));
            home.open(UnlockSources { cached, ..Default::default() })
        };
        assert!(open_after(hour / 2).is_ok());
        assert!(matches!(open_after(hour), Err(StoreError::NoPassphrase)));
        assert!(open_after(hour / 2).is_err(), "what has expired once is gone");
        vault.stay_unlocked(&KeyCache::Native(&home.native()), hour, now()).unwrap();
        assert!(KeyCache::Native(&home.native()).forget_key(&vault.id()).unwrap());
        assert!(!KeyCache::Native(&home.native()).forget_key(&vault.id()).unwrap());
        assert!(open_after(Duration::ZERO).is_err());
    }

    #[test]
    fn a_cached_key_of_nothing_leads_on_to_the_prompt() {
        let home = Home::new();
        for key in [vec![1; 32], vec![1; 3]] {
            let (asked, ask) = prompt(&["right"]);
            let cached: Option<FindCached> = Some(Box::new(|_| Ok(Some(Secret::new(key)))));
            assert!(home.open(UnlockSources { cached, prompt: ask, ..Default::default() }).is_ok());
            assert_eq!(asked.get(), 1);
        }
    }
}
