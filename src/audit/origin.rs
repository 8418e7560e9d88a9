//! `Origin`: who asks: user, machine, process, the programs that led to it, and the client among them.

use std::cell::OnceCell;

use crate::audit::client::{self, Client};
use crate::environment::Environment;
use crate::os::process::ancestors::ancestors;

/// How many programs are named.
const DEPTH: usize = 16;

/// The longest text that a line takes of anything, in characters.
const LONGEST: usize = 500;

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) user: Option<String>,
    pub(crate) uid: Option<u32>,
    pub(crate) host: Option<String>,
    pub(crate) pid: u32,
    pub(crate) parents: Vec<String>,
    pub(crate) client: Option<&'static Client>,
}

impl Origin {
    /// Of this very process.
    pub(crate) fn of_this_process(environment: Environment) -> Self {
        let parents: Vec<String> = ancestors(DEPTH).into_iter().map(|name| shortened(&name)).collect();
        let client = client::recognise(&parents, |variable| environment.has(variable));
        let user = ["LOGNAME", "USER", "USERNAME"].iter().find_map(|name| environment.text(name));
        Self {
            user: user.map(|user| shortened(&user)),
            uid: user_number(),
            host: host_name(environment).map(|host| shortened(&host)),
            pid: std::process::id(),
            parents,
            client,
        }
    }
}

#[cfg(unix)]
fn user_number() -> Option<u32> {
    Some(rustix::process::getuid().as_raw())
}

#[cfg(windows)]
fn user_number() -> Option<u32> {
    None
}

#[cfg(unix)]
fn host_name(_environment: Environment) -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(windows)]
fn host_name(environment: Environment) -> Option<String> {
    environment.text("COMPUTERNAME")
}

/// What is the same for all lines of one command.
pub(crate) struct Circumstances {
    environment: Environment,
    origin: OnceCell<Origin>,
    /// The program that `run` starts, without its arguments.
    pub(crate) program: Option<String>,
    /// What a person gave as the reason.
    pub(crate) reason: Option<String>,
}

impl Circumstances {
    /// Nothing is looked up before it is needed.
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment, origin: OnceCell::new(), program: None, reason: None }
    }

    /// Who asks.
    pub(crate) fn origin(&self) -> &Origin {
        self.origin.get_or_init(|| Origin::of_this_process(self.environment))
    }

    /// As [`Circumstances::new`], with an origin that is made up.
    #[cfg(test)]
    pub(crate) fn of(origin: Origin) -> Self {
        Self { environment: Environment, origin: OnceCell::from(origin), program: None, reason: None }
    }
}

/// As much of it as a line takes.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
