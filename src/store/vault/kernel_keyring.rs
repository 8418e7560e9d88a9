//! A vault's key in the Linux kernel's keyring, see `keyrings(7)`.

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::vault::cipher::failed;

/// Keeps the key for so many seconds: in the session's keyring where the session has one of its own, else in
/// the user's.
///
/// # Errors
/// `Failed` where the kernel refuses.
pub(super) fn put(vault_id: &str, secret: &Secret, seconds: u32) -> Result<(), StoreError> {
    put_key(&describe(vault_id), secret, seconds).map_err(explain)
}

fn put_key(description: &str, secret: &Secret, seconds: u32) -> Result<(), KeyError> {
    // Asking the kernel to make a session keyring would cut this process off from its parent's.
    let session = KeyRing::from_special_id(KeyRingIdentifier::Session, false)?;
    let has_own_session = !session.metadata()?.get_description().starts_with("_uid_ses.");
    let (ring, user) = if has_own_session {
        (session, Permission::VIEW)
    } else {
        let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
        // Only who possesses a key may set its timeout, and the user's keyring is possessed through a link.
        KeyRing::from_special_id(KeyRingIdentifier::Process, true)?.link_keyring(ring)?;
        // Other processes of the user find no such link, so they need rights of their own.
        (ring, Permission::VIEW | Permission::READ | Permission::SEARCH)
    };
    let key = ring.add_key(description, secret.expose_secret())?;
    let permissions = KeyPermissionsBuilder::builder().posessor(Permission::ALL).user(user).build();
    let limited =
        key.set_timeout(usize::try_from(seconds).unwrap_or(1)).and_then(|()| key.set_perms(permissions));
    // A key that would stay for ever is worse than none.
    limited.inspect_err(|_| _ = key.invalidate())
}

/// The key, or `None` where there is none any more.
///
/// # Errors
/// `Failed` where the kernel refuses to look.
pub(super) fn get(vault_id: &str) -> Result<Option<Secret>, StoreError> {
    let Some(key) = find(&describe(vault_id)).map_err(explain)? else { return Ok(None) };
    let mut bytes = Zeroizing::new([0_u8; 32]);
    match key.read(&mut *bytes) {
        Ok(32) => Ok(Some(Secret::copy_of(&*bytes))),
        Ok(_) => Ok(None),
        Err(error) => absence(error).map_err(explain),
    }
}

/// Removes the key and says whether there was one.
///
/// # Errors
/// `Failed` where the kernel refuses.
pub(super) fn remove(vault_id: &str) -> Result<bool, StoreError> {
    let mut was_there = false;
    // The session's keyring and the user's may have one each.
    for _ in 0..2 {
        let Some(key) = find(&describe(vault_id)).map_err(explain)? else { break };
        key.invalidate().map_err(explain)?;
        was_there = true;
    }
    Ok(was_there)
}

fn find(description: &str) -> Result<Option<Key>, KeyError> {
    for ring in [KeyRingIdentifier::Session, KeyRingIdentifier::User] {
        match KeyRing::from_special_id(ring, false).and_then(|ring| ring.search(description)) {
            Ok(key) => return Ok(Some(key)),
            Err(error) => absence::<()>(error)?,
        };
    }
    Ok(None)
}

/// The errors that only say that there is no key.
fn absence<T>(error: KeyError) -> Result<Option<T>, KeyError> {
    match error {
        KeyError::KeyDoesNotExist
        | KeyError::KeyringDoesNotExist
        | KeyError::KeyExpired
        | KeyError::KeyRevoked
        | KeyError::AccessDenied => Ok(None),
        other => Err(other),
    }
}

fn describe(vault_id: &str) -> String {
    format!("mcpcred:vault-key:{vault_id}")
}

fn explain(error: KeyError) -> StoreError {
    // ENOSYS has no name of its own in the library.
    let no_such_call = KeyError::Unknown(rustix::io::Errno::NOSYS.raw_os_error());
    let why = match error {
        KeyError::PermissionDenied | KeyError::OperationNotSupported => {
            "the kernel's keyring is closed to this process, as it is in most containers".to_owned()
        }
        error if error == no_such_call => "this kernel has no keyring".to_owned(),
        KeyError::QuotaExceeded => "this user's part of the kernel's keyring is full".to_owned(),
        other => format!("the kernel's keyring answered {other}"),
    };
    failed(why)
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    /// Containers close the keyring; then all there is to see is that the error says so.
    fn is_closed(outcome: &Result<(), StoreError>) -> bool {
        outcome.as_ref().is_err_and(|error| {
            assert!(error.to_string().starts_with("the vault failed"));
            true
        })
    }

    #[test]
    fn a_key_stays_until_it_is_forgotten() {
        let key = Secret::new(vec![7; 32]);
        if is_closed(&put("test-forgotten", &key, 60)) {
            return;
        }
        let elsewhere = std::thread::spawn(|| get("test-forgotten").unwrap());
        assert_eq!(elsewhere.join().unwrap(), Some(Secret::new(vec![7; 32])));
        put("test-forgotten", &Secret::new(vec![8; 32]), 60).unwrap();
        assert_eq!(get("test-forgotten").unwrap(), Some(Secret::new(vec![8; 32])));
        assert!(remove("test-forgotten").unwrap());
        assert_eq!(get("test-forgotten").unwrap(), None);
        assert!(!remove("test-forgotten").unwrap());
    }

    #[test]
    fn a_key_goes_away_with_its_timeout() {
        if is_closed(&put("test-timeout", &Secret::new(vec![7; 32]), 1)) {
            return;
        }
        sleep(Duration::from_millis(2100));
        assert_eq!(get("test-timeout").unwrap(), None);
    }
}
