//! What the error codes of the platforms mean: pure functions, so that each is tested on every platform.

use std::time::Duration;

use crate::store::{StoreError, StoreKind};

/// The meaning of a failure in a native store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The store, or the session that it belongs to, is not there.
    Absent(&'static str),
    /// It is locked, and nobody could be asked.
    Locked,
    /// A person or the system said no.
    Denied,
    /// No answer in time.
    TimedOut(Duration),
    /// Another process was in the way: the same call may well succeed.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "the Secret Service has no such failures"))]
    Momentary(&'static str),
    /// None of these.
    Failed,
}

impl Verdict {
    /// The error that says so.
    pub(super) fn into_error(self, store: StoreKind) -> StoreError {
        match self {
            Self::Absent(reason) => StoreError::Absent { store, reason: reason.to_owned() },
            Self::Locked => StoreError::Locked { store },
            Self::Denied => StoreError::Denied { store },
            Self::TimedOut(after) => StoreError::TimedOut { store, after },
            Self::Momentary(what) => StoreError::Failed { store, source: what.into() },
            Self::Failed => StoreError::Failed { store, source: "it did not say why".into() },
        }
    }
}

/// A status of the macOS Security framework (`SecBase.h`).
#[cfg(any(target_os = "macos", test))]
pub(super) fn of_security_status(status: i32) -> Verdict {
    match status {
        -25291 | -25294 | -25307 => Verdict::Absent("there is no login keychain"),
        -34018 => Verdict::Absent("this build of mcpcred has no right to use it"),
        // Interaction not allowed, interaction required.
        -25308 | -25315 => Verdict::Locked,
        // Cancelled by the user, authorization failed, no permission to write, read only, owned by another program.
        -128 | -25293 | -61 | -25292 | -25244 => Verdict::Denied,
        -25299 => Verdict::Momentary("another process stored the same item"),
        _ => Verdict::Failed,
    }
}

/// A Windows error (`winerror.h`), in the words of the store crate, which keeps the code to itself.
#[cfg(any(windows, test))]
pub(super) fn of_windows_error(words: &str) -> Verdict {
    let code = words.strip_prefix("Windows error code ").and_then(|code| code.parse().ok());
    match code {
        None if words.ends_with("ERROR_NO_SUCH_LOGON_SESSION") => {
            Verdict::Absent("this logon has no credential set, as over ssh or WinRM")
        }
        Some(5) => Verdict::Denied,
        // More data: the item changed its size while it was read.
        Some(234) => Verdict::Momentary("another process was writing the same item"),
        // The credential service is not running, or not there.
        Some(1062 | 1060 | 1722) => Verdict::Absent("its service is not running"),
        _ => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keychain_says_locked_denied_absent_and_not_now_in_numbers() {
        assert_eq!(of_security_status(-25308), Verdict::Locked);
        for denied in [-128, -25293, -25244] {
            assert_eq!(of_security_status(denied), Verdict::Denied);
        }
        assert!(matches!(of_security_status(-25307), Verdict::Absent(_)));
        assert!(matches!(of_security_status(-34018), Verdict::Absent(_)));
        assert!(matches!(of_security_status(-25299), Verdict::Momentary(_)));
        assert_eq!(of_security_status(-50), Verdict::Failed);
    }

    #[test]
    fn windows_says_them_in_words() {
        assert!(matches!(of_windows_error("Windows ERROR_NO_SUCH_LOGON_SESSION"), Verdict::Absent(_)));
        assert_eq!(of_windows_error("Windows error code 5"), Verdict::Denied);
        assert!(matches!(of_windows_error("Windows error code 234"), Verdict::Momentary(_)));
        assert_eq!(of_windows_error("Windows error code 8"), Verdict::Failed);
        assert_eq!(of_windows_error("Windows ERROR_INVALID_PARAMETER"), Verdict::Failed);
    }

    #[test]
    fn a_verdict_becomes_the_error_of_its_name() {
        let store = StoreKind::Wincred;
        assert!(matches!(
            Verdict::Denied.into_error(store),
            StoreError::Denied { store: StoreKind::Wincred }
        ));
        assert!(matches!(Verdict::Locked.into_error(store), StoreError::Locked { .. }));
        assert!(matches!(Verdict::Absent("x").into_error(store), StoreError::Absent { .. }));
        let after = Duration::from_secs(5);
        assert!(matches!(Verdict::TimedOut(after).into_error(store), StoreError::TimedOut { .. }));
        assert!(matches!(Verdict::Momentary("x").into_error(store), StoreError::Failed { .. }));
    }
}
