//! `mcpcred run`: start a program with just the credentials it needs in its environment.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use crate::app::App;
use crate::audit::Action;
use crate::children::{Held, Registration, Start};
use crate::cli::Outcome;
use crate::credentials::CredentialError;
use crate::failure::Failure;
use crate::index::Entry;
use crate::inject::arguments::Arguments;
use crate::inject::environment::{CREDENTIALS_FOLDER, ChildEnvironment, refuse_secret_in_arguments};
use crate::inject::headers::{HeaderError, HeaderTemplate, InvalidTemplate};
use crate::name::{CredentialName, InvalidName};
use crate::os::process::launch::launch;
use crate::os::process::parent::parent_program;
use crate::secret::Secret;
use crate::slip;

/// Start a program with just those credentials in its environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Without -e, --server and --all the names come from `.mcpcred.toml`.\n\
On Unix mcpcred replaces itself with the program; on Windows it waits for it, and the program ends with it.\n\
Status: 125 mcpcred failed before the start, 126 not executable, 127 not found, 128+N ended by signal N.")]
pub(super) struct Run {
    /// Put the credential NAME into the variable VAR (or into a variable of its own name)
    #[arg(short, long = "env", value_name = "VAR[=NAME]")]
    env: Vec<Assignment>,
    /// Put the credential NAME in the place of `{{NAME}}` among the arguments too, where every program of this machine
    /// can read it while the program runs: only for one that reads no variable
    #[arg(long, value_name = "NAME")]
    expand: Vec<CredentialName>,
    /// Put a user and a password into the variable VAR, as the header `Authorization` has them (`Basic …`): for a
    /// program that is told them in a header and not in a URL
    #[arg(long, value_name = "VAR=USER:{NAME}")]
    basic: Vec<Basic>,
    /// Put in every credential that is for this MCP server
    #[arg(long, add = super::completions::servers())]
    server: Option<String>,
    /// Put in every credential of the profile
    #[arg(long)]
    all: bool,
    /// Start from a small set of variables instead of the whole environment
    #[arg(long)]
    clean: bool,
    /// With `--clean`: keep this variable too; may be given several times
    #[arg(long, value_name = "VAR", requires = "clean")]
    keep: Vec<OsString>,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// `VAR=NAME`, or `NAME` for both.
#[derive(Debug, Clone)]
struct Assignment {
    variable: CredentialName,
    name: CredentialName,
    /// Whether both were typed, as other programs take a variable and its value.
    is_pair: bool,
}

impl FromStr for Assignment {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (variable, name) = text.split_once('=').unwrap_or((text, text));
        Ok(Self { variable: variable.parse()?, name: name.parse()?, is_pair: text.contains('=') })
    }
}

/// `VAR=user:{NAME}`.
#[derive(Debug, Clone)]
struct Basic {
    variable: CredentialName,
    pair: HeaderTemplate,
    names: Vec<CredentialName>,
}

impl FromStr for Basic {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (variable, pair) = text.split_once('=').ok_or(InvalidTemplate::Pair)?;
        let variable = variable.parse().map_err(|_| InvalidTemplate::Pair)?;
        let pair = HeaderTemplate::basic(pair)?;
        let names: Result<Vec<_>, _> = pair.names().map(CredentialName::from_str).collect();
        let names = names.map_err(|_| InvalidTemplate::NoName)?;
        Ok(Self { variable, pair, names })
    }
}

impl Basic {
    /// The header's value, of the values of its names in their order.
    fn value(&self, found: &[(CredentialName, Secret)]) -> Result<Secret, HeaderError> {
        let names = self.pair.names();
        let values: Vec<(&str, &Secret)> = names.zip(found.iter().map(|(_, secret)| secret)).collect();
        self.pair.value(&values)
    }
}

impl Run {
    pub(super) fn run(self, app: &App) -> Outcome {
        let assignments = self.assignments(app)?;
        let in_pairs = self.basic.iter().flat_map(|basic| &basic.names);
        let names = assignments.iter().map(|it| &it.name).chain(&self.expand).chain(in_pairs);
        let names: Vec<CredentialName> = names.cloned().collect();
        let managed = app.credentials.managed_names()?;
        app.credentials.read_for(Action::Run, self.command.first().map(Path::new));
        let mut found = app.credentials.get_many(&names).map_err(|error| not_found(error, &assignments))?;
        let (program, arguments) = self
            .command
            .split_first()
            .ok_or_else(|| Failure::new(Failure::BEFORE_START, "there is no program to start"))?;
        refuse_secret_in_arguments(&self.command, found.iter().map(|(_, secret)| secret))?;
        let mut to_expand = found.split_off(assignments.len());
        let mut in_pairs = to_expand.split_off(self.expand.len());
        let values: Vec<(&str, &Secret)> =
            self.expand.iter().map(CredentialName::as_str).zip(to_expand.iter().map(|(_, it)| it)).collect();
        let arguments = Arguments::expanded(arguments, &values)?;
        let mut environment = ChildEnvironment::inherit(app.environment.all());
        if self.clean {
            environment.clean(&self.keep);
        }
        if !to_expand.is_empty() {
            environment.keep_arguments_out_of_logs();
        }
        environment.remove(&managed);
        if app.unlocking.has_key_in_credentials_folder() {
            environment.remove(&[CREDENTIALS_FOLDER]);
        }
        let mut held: Vec<Held> = Vec::with_capacity(names.len());
        let of_profile =
            |name: &CredentialName| Held { profile: app.credentials.profile().clone(), name: name.clone() };
        held.extend(to_expand.iter().chain(&in_pairs).map(|(name, _)| of_profile(name)));
        for basic in &self.basic {
            let others = in_pairs.split_off(basic.names.len());
            environment.set(basic.variable.as_str(), basic.value(&in_pairs)?)?;
            in_pairs = others;
        }
        for (assignment, (name, secret)) in assignments.iter().zip(found) {
            environment.set(assignment.variable.as_str(), secret)?;
            held.push(of_profile(&name));
        }
        app.tell_notices();
        let hardening = &app.hardening;
        let registration = self.register(app, held);
        // A lockdown that began since the values were read either finds the entry, or is found here.
        app.credentials.refuse_in_lockdown(&names)?;
        let status = launch(program, arguments.as_slice(), environment.into_variables(), || {
            hardening.restore_for_child();
        });
        drop(registration);
        finished(status?)
    }

    /// Puts the program on the list of those that run. It starts also where that can't be written, as in a
    /// container whose files are read-only: a server that does not start helps nobody.
    fn register(&self, app: &App, credentials: Vec<Held>) -> Option<Registration> {
        let name = |program: &Path| {
            let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
            if slip::is_token(&name) { "…".to_owned() } else { name }
        };
        let start = Start {
            program: self.command.first().map(|program| name(program.as_ref())).unwrap_or_default(),
            credentials,
            server: self.server.clone().filter(|server| !slip::is_token(server)),
            started_by: parent_program().map(|program| name(program.as_ref())),
            is_keeper: false,
        };
        match app.children().register(start, app.credentials.now()) {
            Ok(registration) => Some(registration),
            Err(error) if error.is_read_only() => None,
            Err(error) => {
                app.ui.warn(&format!("the program is not on the list of `mcpcred ps`: {error}"));
                None
            }
        }
    }

    fn assignments(&self, app: &App) -> Result<Vec<Assignment>, Failure> {
        let mut assignments = self.env.clone();
        let take = |name: CredentialName| {
            if !assignments.iter().any(|taken| taken.name == name) {
                assignments.push(Assignment { variable: name.clone(), name, is_pair: false });
            }
        };
        if self.all || self.server.is_some() {
            if app.credentials.stores().is_none() {
                return Err(Failure::new(
                    Failure::USAGE,
                    "which variables are credentials is not known while the store is `none`",
                )
                .hint("name them with `-e NAME`, or in `.mcpcred.toml`"));
            }
            let is_wanted = |entry: &Entry| self.all || entry.facts.server == self.server;
            let names = app.credentials.names_where(is_wanted)?;
            if let (Some(server), true) = (&self.server, names.is_empty()) {
                let count = app.credentials.list()?.len();
                let server = if slip::is_token(server) { "…" } else { server };
                return Err(Failure::new(
                    Failure::NOT_FOUND,
                    format!("none of the {count} credentials is for the server `{server}`"),
                )
                .hint("say which it needs with `-e NAME`, or store one with `mcpcred add NAME --server`"));
            }
            names.into_iter().for_each(take);
        } else if self.env.is_empty() && self.expand.is_empty() && self.basic.is_empty() {
            let Some(project) = &app.settings.project_credentials else {
                return Err(Failure::new(Failure::USAGE, "which credentials the program needs was not said")
                    .hint("name them with `-e NAME`, `--server SERVER` or `--all`, or in `.mcpcred.toml`"));
            };
            project.value.iter().cloned().for_each(take);
        }
        Ok(assignments)
    }
}

/// What follows `=` is a value to other programs, so it is not repeated, whatever it looks like.
fn not_found(error: CredentialError, assignments: &[Assignment]) -> Failure {
    match &error {
        CredentialError::NotFound { name, similar, .. }
            if assignments.iter().any(|it| it.is_pair && it.name == *name) =>
        {
            let failure = Failure::new(
                Failure::NOT_FOUND,
                "there is no credential of the name that is given in `-e VAR=NAME`",
            )
            .because("after `=` comes the name of a credential, not its value");
            match similar {
                Some(similar) => failure.hint(format!("did you mean `{similar}`")),
                None => failure.hint("see all names with `mcpcred list`; if that was a value, replace it"),
            }
        }
        _ => error.into(),
    }
}

/// The child's own status. On Windows it has 32 bits, more than `ExitCode` takes, so the process ends here.
#[expect(clippy::exit, reason = "the only way to hand on a status of 32 bits")]
fn finished(status: i32) -> Outcome {
    match u8::try_from(status) {
        Ok(status) => Ok(ExitCode::from(status)),
        Err(_) => std::process::exit(status),
    }
}
