//! `mcpcred setup`: the guided first day, and one server in one client.

mod guided;
mod plan;
mod server;
mod token;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::app::App;
use crate::catalog::client::Scope;
use crate::cli::Outcome;

/// Set up what MCP servers need, step by step, or add one server to one client
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without flags it goes through the day with you: takes the tokens that your servers lack, moves those \
that lie in the\nopen into the store, offers the lines for your shell, and checks. Every step can be skipped, Ctrl-C loses \
nothing that\nwas done, and a second time only what is left is asked. Without a terminal the plan is printed.\n\n\
With `--server` and `--client` the server of the catalog is written into the client's own configuration, started by\n\
`mcpcred run`, so that the token is in no file.\n\
Status: 5 a person is needed."
)]
pub(super) struct Setup {
    /// Add this server of the catalog, such as `github`
    #[arg(long, requires = "client", add = super::completions::servers())]
    server: Option<String>,
    /// To the configuration of this client, such as `claude-code`
    #[arg(long, requires = "server", add = super::completions::clients())]
    client: Option<String>,
    /// For whom: user, project or local [default: the widest that the client has]
    #[arg(long, requires = "server", value_parser = scope_parser(), hide_possible_values = true)]
    scope: Option<Scope>,
    /// What the client is to call it [default: the name in the catalog]
    #[arg(long, value_name = "NAME", requires = "server")]
    name: Option<String>,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    /// With `--server`: do not ask whether to write
    #[arg(long, requires = "server")]
    yes: bool,
    /// Print a JSON document
    #[arg(long)]
    json: bool,
    /// With `--server`: start it by this command, in place of the catalog's
    #[arg(last = true, value_name = "CMD", requires = "server")]
    command: Vec<String>,
}

fn scope_parser() -> impl TypedValueParser<Value = Scope> {
    let scopes = [Scope::User, Scope::Project, Scope::Local];
    PossibleValuesParser::new(scopes.map(Scope::word))
        .map(move |text| scopes.into_iter().find(|scope| scope.word() == text).unwrap_or(Scope::User))
}

impl Setup {
    pub(super) fn run(self, app: &App) -> Outcome {
        match (&self.server, &self.client) {
            (Some(server), Some(client)) => self.add(app, server, client),
            _ => guided::run(app, self.dry_run, self.json),
        }
    }
}
