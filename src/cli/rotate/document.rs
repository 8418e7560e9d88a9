//! What became of each replacement, as a document.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::children::Child;
use crate::failure::Failure;
use crate::name::CredentialName;

/// The document of `rotate --json`; its schema is `src/cli/schemas/rotate.schema.json`.
#[derive(Serialize)]
pub(super) struct Document {
    schema_version: u32,
    credentials: Vec<Row>,
}

/// One credential.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row {
    profile: String,
    name: String,
    outcome: Outcome,
    /// How the value came by its successor.
    way: Option<&'static str>,
    /// Whether its provider accepts the new value; `None` where nobody asked or it did not say.
    verified: Option<bool>,
    former: Former,
    /// Until when the former value is kept.
    former_until: Option<Timestamp>,
    /// When the value in force ends.
    expires: Option<Timestamp>,
    programs: Vec<Program>,
    clients: Vec<Client>,
    /// What went wrong, where something did.
    error: Option<String>,
}

/// How it ended. The list only grows: programs read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The value before is in force.
    #[default]
    Unchanged,
    /// The new value is in force.
    Replaced,
    /// The former value is in force again.
    RolledBack,
    /// The new value was rejected, and the one before is in force again.
    TakenBack,
    /// It waits for a person.
    Skipped,
}

/// What is known of the value before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Former {
    /// Its provider may accept it still.
    #[default]
    MayLive,
    /// Its provider exchanged it.
    Exchanged,
    /// Its provider was told to accept it no longer.
    Revoked,
}

/// A program that was started with the value before.
#[derive(Debug, Serialize)]
struct Program {
    pid: u32,
    #[serde(rename = "program")]
    name: String,
    server: Option<String>,
    started_by: Option<String>,
    /// Whether it was ended, for its supervisor to start it with the new value.
    ended: bool,
}

/// A client that starts servers with this credential.
#[derive(Debug, Serialize)]
pub(super) struct Client {
    #[serde(rename = "client")]
    pub(super) name: String,
    pub(super) servers: Vec<String>,
    /// What its servers need to get the new value.
    pub(super) restart: String,
}

impl Row {
    /// Of this credential, before anything was done.
    pub(super) fn of(app: &App, name: &CredentialName) -> Self {
        let profile = app.credentials.profile().to_string();
        Self { profile, name: name.to_string(), ..Self::default() }
    }

    /// How it ended.
    pub(super) fn ends(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    /// How the value came by its successor.
    pub(super) fn goes(&mut self, way: &'static str) {
        self.way = Some(way);
    }

    /// What its provider said of the new value.
    pub(super) fn verified(&mut self, is_accepted: bool) {
        self.verified = Some(is_accepted);
    }

    /// What became of the value before.
    pub(super) fn former_is(&mut self, former: Former) {
        self.former = former;
    }

    /// A program that holds the value before, or was ended because it did.
    pub(super) fn is_held_by(&mut self, child: &Child, ended: bool) {
        self.programs.push(Program {
            pid: child.identity.pid,
            name: child.program.clone(),
            server: child.server.clone(),
            started_by: child.started_by.clone(),
            ended,
        });
    }

    /// Clients that start servers with this credential.
    pub(super) fn is_used_by(&mut self, clients: Vec<Client>) {
        self.clients = clients;
    }

    /// With what went wrong, and with the dates that are on record now.
    pub(super) fn close(mut self, app: &App, failure: Option<&Failure>) -> Self {
        self.error = failure.map(|failure| failure.what().to_owned());
        let name: Option<CredentialName> = self.name.parse().ok();
        if let Some((_, entry)) = name.and_then(|name| app.credentials.find(&name).ok().flatten()) {
            self.former_until = entry.previous_until;
            self.expires = entry.facts.expires;
        }
        self
    }
}

/// Prints it.
///
/// # Errors
/// Where stdout can't take it.
pub(super) fn print(app: &App, credentials: Vec<Row>) -> Result<(), Failure> {
    Ok(app.print_json(&Document { schema_version: 1, credentials })?)
}
