//! Opens the native store of the platform we run on.

use std::path::PathBuf;

use crate::store::keyring::Patience;
use crate::store::sealed::Sealed;
use crate::store::{CredentialStore, StoreError, StoreKind};

/// What the session around us offers, as values: `environment.rs` reads them, nobody below it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// `DBUS_SESSION_BUS_ADDRESS`.
    pub(crate) session_bus: Option<String>,
    /// `XDG_RUNTIME_DIR`, whose `bus` is tried where the given address leads nowhere: an old `tmux` keeps the
    /// address of a session that is gone.
    pub(crate) runtime_folder: Option<PathBuf>,
    /// Whether a dialog of a Linux desktop has a screen to come up on: `DISPLAY` or `WAYLAND_DISPLAY` is set.
    pub(crate) has_display: bool,
    /// Whether we came over ssh: `SSH_CONNECTION` is set.
    pub(crate) over_ssh: bool,
    /// Whether this is Linux inside Windows: `WSL_DISTRO_NAME` is set.
    pub(crate) in_wsl: bool,
}

/// The kind of native store that this platform has.
pub(crate) const NATIVE: Option<StoreKind> = if cfg!(target_os = "macos") {
    Some(StoreKind::Keychain)
} else if cfg!(windows) {
    Some(StoreKind::Wincred)
} else if cfg!(target_os = "linux") {
    Some(StoreKind::SecretService)
} else {
    None
};

/// The longest value that becomes an item of its own. Windows takes 2560 bytes; the rest is for what a later
/// version may add.
const INLINE_LIMIT: usize = if cfg!(windows) { 2048 } else { 64 * 1024 };

/// Opens the store of a kind; what it cannot hold goes into `sealed_folder`. It is not touched before the
/// first operation.
///
/// # Errors
/// [`StoreError::Absent`] for a kind of another platform.
pub(crate) fn open_native(
    kind: StoreKind,
    patience: Patience,
    surroundings: &Surroundings,
    sealed_folder: PathBuf,
) -> Result<Sealed, StoreError> {
    let native = open_unsealed(kind, patience, surroundings)?;
    Ok(Sealed::new(native, sealed_folder, INLINE_LIMIT))
}

/// The store itself, without the files.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "only Linux looks around"))]
pub(super) fn open_unsealed(
    kind: StoreKind,
    patience: Patience,
    surroundings: &Surroundings,
) -> Result<Box<dyn CredentialStore>, StoreError> {
    match kind {
        #[cfg(target_os = "linux")]
        StoreKind::SecretService => {
            Ok(Box::new(crate::store::secret_service::SecretService::new(surroundings.clone(), patience)))
        }
        #[cfg(target_os = "macos")]
        StoreKind::Keychain => Ok(Box::new(crate::store::keychain::open(patience))),
        #[cfg(windows)]
        StoreKind::Wincred => Ok(Box::new(crate::store::wincred::open(patience))),
        store => {
            Err(StoreError::Absent { store, reason: "it belongs to another operating system".to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_of_another_platform_is_absent() {
        let all = [StoreKind::Keychain, StoreKind::Wincred, StoreKind::SecretService];
        for kind in all {
            let folder = PathBuf::from("unused");
            let opened = open_native(kind, Patience::QUIET, &Surroundings::default(), folder);
            if Some(kind) == NATIVE {
                assert_eq!(opened.unwrap().kind(), kind);
            } else {
                assert!(matches!(opened, Err(StoreError::Absent { store, .. }) if store == kind));
            }
        }
    }
}
