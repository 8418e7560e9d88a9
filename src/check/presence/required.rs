//! What the catalog says that a server needs, against what its entry hands over.

use crate::catalog::client::{FieldKind, Inherits, Layout};
use crate::catalog::server::{Alternative, Requirement, Transport};
use crate::check::finding::{Reason, Status};
use crate::check::handing;
use crate::check::known::Source;
use crate::check::presence::Presence;
use crate::check::verdict::Verdict;
use crate::check::wrapper::is_mcpcred;
use crate::reference;

impl Presence<'_, '_> {
    /// What the catalog says that the server needs, where nothing in the entry hands it over.
    pub(super) fn required(&mut self) {
        let Some(server) = self.server else { return };
        if server.transport == Transport::Remote && self.entry.has_helper() {
            return;
        }
        let lacks = |alternative: &Alternative| -> Vec<Requirement> {
            alternative
                .credentials
                .iter()
                .filter(|it| !it.optional && !self.is_provided(it))
                .cloned()
                .collect()
        };
        let satisfied = server.alternatives().find(|it| !it.credentials.is_empty() && lacks(it).is_empty());
        if let Some(satisfied) = satisfied {
            self.inherited(satisfied);
            return;
        }
        if server.can_do_without() {
            return;
        }
        let is_spoken_of = |alternative: &Alternative| {
            let judged = || self.judged.iter().filter_map(|it| it.credential.as_deref());
            let names = |it: &Requirement| judged().any(|judged| it.is_named(judged));
            alternative.credentials.iter().any(names)
        };
        // What the entry has half of is what somebody meant.
        let nearest = server.alternatives().min_by_key(|it| (!is_spoken_of(it), lacks(it).len()));
        let Some(nearest) = nearest else { return };
        let is_told = |requirement: &Requirement| {
            let problems = self.judged.iter().filter(|it| it.verdict.status == Status::Problem);
            let mut names = problems.filter_map(|it| it.credential.as_deref());
            names.any(|told| requirement.is_named(told))
        };
        let mut lacking = lacks(nearest);
        lacking.retain(|requirement| !is_told(requirement));
        for requirement in lacking {
            let verdict = self.lacking(&requirement);
            let place = self.entry.value.clone();
            self.judge(Some(requirement.name), verdict, Some(place));
        }
    }

    fn is_provided(&self, requirement: &Requirement) -> bool {
        let is_flag = |text: &str| {
            let flag = text.split('=').next().unwrap_or_default();
            requirement.flags.iter().any(|own| own == flag)
        };
        let is_header = |name: &str| self.provided.iter().any(|it| it.eq_ignore_ascii_case(name));
        let reads_variable = !requirement.argument_only;
        requirement
            .names()
            .any(|name| reads_variable && (self.provided.contains(name) || self.is_inherited(name)))
            || requirement.header.as_ref().is_some_and(|header| is_header(&header.name))
            || (!requirement.flags.is_empty() && self.entry.arguments().any(|text| is_flag(text.expose())))
            || (requirement.positional && self.has_argument_for_it())
            || (requirement.in_path || !requirement.query.is_empty()) && self.is_in_url(requirement)
    }

    /// Whether an argument is the address of a database or another secret, or takes the place of one.
    fn has_argument_for_it(&self) -> bool {
        self.entry.arguments().any(|argument| {
            let text = argument.expose();
            text.contains("://") && !text.starts_with("http")
                || !reference::find_any(text).is_empty()
                || self.is_expanded(text)
                || !self.values.detector.shaped(argument).is_empty()
        })
    }

    /// Whether `mcpcred run --expand` puts a credential into the argument.
    fn is_expanded(&self, argument: &str) -> bool {
        let expansions = self.wrapper.iter().flat_map(|wrapper| &wrapper.expansions);
        expansions.map(|name| format!("{{{{{name}}}}}")).any(|place| argument.contains(&place))
    }

    fn is_in_url(&self, requirement: &Requirement) -> bool {
        let mut texts = self.entry.url().into_iter().chain(self.entry.arguments());
        texts.any(|text| {
            let text = text.expose();
            text.contains("://")
                && (requirement.query.iter().any(|key| text.contains(&format!("{key}=")))
                    || requirement.in_path)
        })
    }

    /// Says so of credentials that come with the environment alone.
    fn inherited(&mut self, alternative: &Alternative) {
        for requirement in &alternative.credentials {
            let inherited = requirement.names().find(|name| self.is_inherited(name)).map(str::to_owned);
            let is_said = requirement.names().any(|name| self.provided.contains(name));
            if let (Some(name), false) = (inherited, is_said)
                && let Some(verdict) = self.variable(&name, true)
            {
                self.judge(Some(name), verdict, None);
            }
        }
    }

    fn lacking(&self, requirement: &Requirement) -> Verdict {
        let name = requirement.name.as_str();
        if let Some(broker) = self.broker() {
            let message =
                format!("`{broker}` may hand `{name}` over when it starts the server, and was not asked");
            return Verdict::new(Status::Unknown, Reason::NotVerifiable, message);
        }
        let Some(stored) = self.values.stored_as(name).map(|stored| stored.name.as_str()) else {
            return self.kept_back(requirement).unwrap_or_else(|| self.nowhere(requirement));
        };
        if self.server.is_some_and(|known| known.transport == Transport::Remote) {
            return Verdict::problem(
                Reason::Missing,
                format!("`{stored}` is stored, and nothing hands it to this server"),
            )
            .advice("refer to it in a header of the entry, and load it before the client starts");
        }
        if requirement.argument_only {
            let message = format!("`{stored}` is stored, and this server reads it from its arguments alone");
            return Verdict::problem(Reason::Missing, message).advice(among_arguments(stored));
        }
        let assignment = if stored == name { stored.to_owned() } else { format!("{name}={stored}") };
        let command = self
            .entry
            .command()
            .map_or("…", |text| if is_mcpcred(text.expose()) { "…" } else { text.expose() });
        let is_plain = command.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        let command = if is_plain { command } else { "…" };
        Verdict::problem(
            Reason::Missing,
            format!("`{stored}` is stored, and nothing hands it to this server"),
        )
        .advice(format!("let mcpcred start the server: `mcpcred run -e {assignment} -- {command} …`"))
    }

    /// The verdict on what has to be stored first.
    fn nowhere(&self, requirement: &Requirement) -> Verdict {
        let name = requirement.name.as_str();
        let mut verdict = self.values.missing(name, self.whom());
        if let Some(action) = verdict.action.as_mut().filter(|_| requirement.argument_only) {
            action.sentence =
                format!("{}, and {}", action.sentence.replace(", and ", ", "), among_arguments(name));
        }
        verdict
    }

    /// The verdict on what this environment has, and what does not come to the server with it.
    fn kept_back(&self, requirement: &Requirement) -> Option<Verdict> {
        let is_set = |name: &&str| matches!(self.values.known.source(name), Some(Source::Environment(_)));
        let set = requirement.names().find(is_set)?;
        if requirement.argument_only {
            let message = format!(
                "`{set}` is set in this environment, and this server reads it from its arguments alone"
            );
            let placeholder = handing::placeholder(self.entry, FieldKind::Args, set);
            let advice = match placeholder.filter(|_| self.wrapper.is_none()) {
                Some(placeholder) => format!("write `{placeholder}` among the arguments of the entry"),
                None if self.values.known.is_none() => among_arguments(set),
                None => format!("store it, and {}", among_arguments(set)),
            };
            return Some(Verdict::problem(Reason::Missing, message).advice(advice));
        }
        let client = self.entry.client;
        let is_local = self.server.is_some_and(|known| known.transport == Transport::Local);
        let is_wrapped = self.wrapper.is_some();
        let (status, reason, why) = match client.inherits {
            _ if !is_local || is_wrapped => {
                (Status::Problem, Reason::Missing, "nothing hands it to this server".to_owned())
            }
            Inherits::Unknown => {
                let why = format!("it is not known whether {} passes it on to its servers", client.name);
                (Status::Unknown, Reason::NotVerifiable, why)
            }
            _ => (
                Status::Problem,
                Reason::Missing,
                format!("{} does not pass it on to its servers", client.name),
            ),
        };
        let verdict = Verdict::new(status, reason, format!("`{set}` is set in this environment, and {why}"));
        let variable = requirement.name.as_str();
        let assignment = if set == variable { set.to_owned() } else { format!("{variable}={set}") };
        let run = format!("let mcpcred hand it over: `mcpcred run -e {assignment} -- …`");
        let advice = match handing::placeholder(self.entry, FieldKind::Env, set) {
            _ if !is_local => "refer to it in a header of the entry".to_owned(),
            Some(placeholder) if !is_wrapped => {
                format!("write `\"{variable}\": \"{placeholder}\"` among the variables of the entry")
            }
            None if self.entry.layout == Layout::Codex && set == variable => {
                format!("add `\"{set}\"` to `env_vars` in the entry")
            }
            _ if self.values.known.is_none() => run,
            _ => format!("store it, and {run}"),
        };
        Some(verdict.advice(advice))
    }
}

/// How a credential gets among the arguments of a server.
fn among_arguments(name: &str) -> String {
    format!("let mcpcred put it among the arguments: `mcpcred run --expand {name} -- … {{{{{name}}}}}`")
}
