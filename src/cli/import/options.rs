//! The flags that every source of an import takes.

use std::str::FromStr;

use zeroize::Zeroizing;

use crate::cli::facts::FactArguments;
use crate::failure::Failure;
use crate::import::Offer;
use crate::name::{CredentialName, InvalidName};
use crate::slip;

/// What is said about an import, wherever the values come from.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Everything that is there, not only what looks like a secret
    #[arg(long)]
    pub(super) all: bool,
    /// Put this before every name that is not renamed
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub(super) prefix: String,
    /// Store what the source calls OLD as NEW; may be given several times
    #[arg(long, value_name = "OLD=NEW")]
    pub(super) rename: Vec<Rename>,
    /// Where a name holds another value already, replace that
    #[arg(long)]
    pub(super) replace: bool,
    /// Once all is stored and read back, take what was imported out of the source
    #[arg(long)]
    pub(super) delete_source: bool,
    /// Show what would happen, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Print a JSON document of what was done
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) facts: FactArguments,
}

/// A name of the source, and what it is called here.
#[derive(Debug, Clone)]
pub(super) struct Rename {
    old: String,
    new: CredentialName,
}

impl FromStr for Rename {
    type Err = InvalidRename;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (old, new) =
            text.rsplit_once('=').filter(|(old, _)| !old.is_empty()).ok_or(InvalidRename::Form)?;
        Ok(Self { old: old.to_owned(), new: new.parse()? })
    }
}

/// Why a text renames nothing. It is not repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidRename {
    /// There is no `=`, or nothing before it.
    #[error("what the source calls it, `=`, and its new name")]
    Form,
    /// The new name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
}

impl Options {
    /// What the credential of an offer is called.
    ///
    /// # Errors
    /// Where it is no name of a credential.
    pub(super) fn name_of(&self, offer: &Offer) -> Result<CredentialName, InvalidName> {
        match self.rename.iter().find(|rename| rename.old == *offer.called) {
            Some(rename) => Ok(rename.new.clone()),
            None if offer.named.is_empty() => Err(InvalidName::Empty),
            None if slip::is_token(&offer.named) => Err(InvalidName::Character),
            None => Zeroizing::new(format!("{}{}", self.prefix, *offer.named)).parse(),
        }
    }

    /// Whether the person gave this name of the source another one.
    pub(super) fn renames(&self, called: &str) -> bool {
        self.rename.iter().any(|rename| rename.old == called)
    }

    /// Refuses a new name for something that is not there.
    pub(super) fn check_renames<'c>(
        &self,
        called: &(impl Iterator<Item = &'c str> + Clone),
    ) -> Result<(), Failure> {
        for rename in &self.rename {
            if !called.clone().any(|called| called == rename.old) {
                let what = shown(&rename.old).unwrap_or_else(|| "what `--rename` names".to_owned());
                return Err(Failure::new(Failure::USAGE, format!("{what} is not among what is imported"))
                    .hint("`--dry-run` shows what the source offers; name it, or say `--all`"));
            }
        }
        Ok(())
    }
}

/// What the source calls something, where that can be shown: it is not a value in the place of a name.
pub(super) fn shown(called: &str) -> Option<String> {
    (!slip::may_be_value(called)).then(|| format!("`{called}`"))
}
