//! What stores answer, as a person reads it.

use crate::failure::{Failure, file_hint};
use crate::store::{StoreError, StoreKind};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Absent { .. }
            | StoreError::Locked { .. }
            | StoreError::Denied { .. }
            | StoreError::TimedOut { .. }
            | StoreError::Busy { .. }
            | StoreError::NoPassphrase
            | StoreError::WrongPassphrase => Self::NO_ANSWER,
            _ => Self::GENERAL,
        };
        let failure = Self::of(code, &error);
        match &error {
            StoreError::Absent { store: StoreKind::Vault, .. } => {
                failure.hint("make one with `mcpcred store init`")
            }
            StoreError::Absent { .. } => failure.hint(
                "`mcpcred doctor` tells what is missing; `mcpcred store init` makes an encrypted file instead",
            ),
            StoreError::Locked { store: StoreKind::SecretService } => {
                failure.hint("unlock the keyring in the desktop session, and call again")
            }
            StoreError::Locked { store: StoreKind::Keychain } => {
                failure.hint("unlock it with `security unlock-keychain`, and call again")
            }
            StoreError::Locked { .. } => failure.hint("unlock it, and call again"),
            StoreError::Denied { store: StoreKind::Vault } => {
                failure.hint("call again, and give its passphrase when asked")
            }
            StoreError::Denied { .. } => failure.hint("call again, and allow the access when asked"),
            StoreError::TimedOut { .. } => failure.hint("`mcpcred doctor` tells which part does not answer"),
            StoreError::Busy { .. } => failure.hint("end the other one, which may be waiting for an answer"),
            StoreError::NoPassphrase => failure.hint(
                "set `MCPCRED_KEY_FILE` or `MCPCRED_PASSPHRASE_FILE`, pass `--passphrase-fd`, or call from a terminal",
            ),
            StoreError::WrongPassphrase => {
                failure.hint("`mcpcred store status` tells which kinds of key open it")
            }
            StoreError::Damaged { path, .. } if path.ends_with("store.json") => {
                failure.hint("choose the store anew with `mcpcred store init --store STORE`; the values stay where they are")
            }
            StoreError::Damaged { .. } => {
                failure.hint("put the file back from a backup; `mcpcred doctor` tells what can still be read")
            }
            StoreError::UnknownVersion { .. } => {
                failure.hint("use the mcpcred that wrote it, or a newer one")
            }
            StoreError::RolledBack { .. } => failure.hint(
                "if you put back a backup yourself, say so with `mcpcred store unlock --accept-rollback`",
            ),
            StoreError::NotReadBack { .. } | StoreError::Empty { .. } => {
                failure.hint("`mcpcred doctor --self-test` tells whether the store keeps what it is given")
            }
            StoreError::File { source, .. } => file_hint(failure, source),
            StoreError::Failed { .. } => failure.hint("`mcpcred doctor` looks at the store more closely"),
        }
    }
}
