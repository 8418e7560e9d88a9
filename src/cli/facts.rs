//! The flags that say what is known about a credential.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::catalog::provider::Provider;
use crate::credential::{Expiry, Facts, Kind, Schedule};
use crate::live::Endpoint;
use crate::name::CredentialName;

use jiff::Timestamp;

/// Facts as they are typed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is known about it")]
pub(super) struct FactArguments {
    /// What sort of secret it is [default: guessed from the name]
    #[arg(long, value_parser = kind_parser())]
    kind: Option<Kind>,
    /// The MCP server that it is for
    #[arg(long, add = super::completions::servers())]
    server: Option<String>,
    /// What you call it
    #[arg(long)]
    label: Option<String>,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// When its issuer will stop accepting it: `2027-01-31` or `90d`
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    /// How often to replace it: `90d` or `never` [default: token 90d, database 60d, cloud-key 30d]
    #[arg(long, value_name = "PERIOD")]
    rotate_every: Option<Schedule>,
    /// Of an OAuth token: where its issuer revokes it (RFC 7009), for `lockdown` and `rotate --revoke-old`
    #[arg(long, value_name = "URL")]
    revoke_at: Option<Endpoint>,
    /// Of an OAuth token: the client that it was issued to, which revoking may need
    #[arg(long, value_name = "CLIENT_ID")]
    issued_to: Option<String>,
    /// Of an OAuth token: the credential that holds the secret of that client, where it has one
    #[arg(long, value_name = "NAME", requires = "issued_to", add = super::completions::names())]
    issued_with: Option<CredentialName>,
    /// Anything else worth keeping; never a secret
    #[arg(long)]
    note: Option<String>,
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    let names = Kind::ALL.map(Kind::as_str);
    PossibleValuesParser::new(names)
        .map(|text| Kind::ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or_default())
}

/// The authorization server that the person named for it, as a provider that can revoke it.
pub(super) fn issuer(facts: &Facts) -> Option<Provider> {
    let endpoint: Endpoint = facts.revoke_at.as_deref()?.parse().ok()?;
    Some(endpoint.provider(facts.issued_to.as_deref(), facts.issued_with.as_ref()))
}

impl FactArguments {
    /// The facts of a new credential.
    pub(super) fn for_new(&self, name: &CredentialName, now: Timestamp) -> Facts {
        let kind = self.kind.unwrap_or_else(|| Kind::suggested_by(name));
        let mut facts = Facts::new(kind, now);
        self.apply(&mut facts, now);
        facts
    }

    /// Changes what was said, and leaves the rest.
    pub(super) fn apply(&self, facts: &mut Facts, now: Timestamp) {
        if let Some(kind) = self.kind
            && kind != facts.kind
        {
            facts.kind = kind;
            facts.rotate_every_days = kind.rotation_days();
        }
        let set = |fact: &mut Option<String>, said: &Option<String>| {
            if said.is_some() {
                fact.clone_from(said);
            }
        };
        set(&mut facts.server, &self.server);
        set(&mut facts.label, &self.label);
        set(&mut facts.note, &self.note);
        set(&mut facts.revoke_at, &self.revoke_at.as_ref().map(|endpoint| endpoint.as_str().to_owned()));
        if self.issued_to.is_some() {
            facts.issued_to.clone_from(&self.issued_to);
            facts.issued_with.clone_from(&self.issued_with);
        }
        if !self.tags.is_empty() {
            facts.tags.clone_from(&self.tags);
            facts.tags.sort();
            facts.tags.dedup();
        }
        if let Some(expires) = self.expires {
            facts.expires = Some(expires.moment(now));
        }
        if let Some(Schedule(days)) = self.rotate_every {
            facts.rotate_every_days = days;
        }
    }
}
