//! Whether a server gets what it needs: what its entry refers to, what our own wrapper hands over, and what the
//! catalog says that it needs.

mod literal;
mod place;
mod required;
mod wrapped;

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::catalog::client::{FieldKind, ReferenceSyntax, Unset};
use crate::catalog::recognition::Recognised;
use crate::catalog::server::Transport;
use crate::check::finding::{Reason, Status};
use crate::check::handing;
use crate::check::known::Source;
use crate::check::placeholder::written;
use crate::check::values::{For, Values};
use crate::check::verdict::Verdict;
use crate::check::wrapper::Wrapper;
use crate::configuration::entry::{Field, NamedBy, ServerEntry};
use crate::configuration::leftover::Leftover;
use crate::document::{Text, Value};
use crate::reference::{self, Outcome, Reference};

/// A verdict on one credential of an entry, and where the entry speaks of it.
pub(crate) struct Judged<'d> {
    pub(crate) credential: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) value: Option<Value<'d>>,
    /// Where in the text of that value, in bytes.
    pub(crate) within: usize,
}

/// What is looked at: one entry.
pub(crate) struct Presence<'c, 'd> {
    values: &'c Values<'c>,
    entry: &'c ServerEntry<'d>,
    server: Option<Recognised<'c>>,
    wrapper: Option<Wrapper>,
    project_credentials: &'c [String],
    judged: Vec<Judged<'d>>,
    /// Variables and headers that something is put into.
    provided: BTreeSet<String>,
}

impl<'c, 'd> Presence<'c, 'd> {
    /// The verdicts on all credentials of the entry; one that says that none is needed where that is so.
    pub(crate) fn of(
        values: &'c Values<'c>,
        entry: &'c ServerEntry<'d>,
        env_files: &[Leftover],
        project_credentials: &'c [String],
    ) -> Vec<Judged<'d>> {
        let server = recognise(values, entry);
        let command = entry.command().map(Text::expose);
        let wrapper = command.and_then(|command| Wrapper::read(command, entry.arguments().map(Text::expose)));
        let mut presence = Self {
            values,
            entry,
            server,
            wrapper,
            project_credentials,
            judged: Vec::new(),
            provided: env_files.iter().flat_map(|file| file.variables().unwrap_or_default()).collect(),
        };
        presence.wrapped();
        presence.helped();
        presence.fields();
        presence.named();
        presence.required();
        if presence.judged.is_empty() {
            let instead = server.map(|server| server.alternatives().find_map(|it| it.instead.as_deref()));
            let verdict = match instead {
                Some(Some(instead)) => Verdict::ready(format!("needs no credential here: {instead}")),
                Some(None) => Verdict::ready("needs no credential"),
                None => Verdict::ready("refers to no credential"),
            };
            presence.judge(None, verdict, None);
        }
        presence.judged
    }

    fn judge(&mut self, credential: Option<String>, verdict: Verdict, value: Option<Value<'d>>) {
        self.judge_within(credential, verdict, value, 0);
    }

    fn judge_within(
        &mut self,
        credential: Option<String>,
        verdict: Verdict,
        value: Option<Value<'d>>,
        within: usize,
    ) {
        self.judged.push(Judged { credential, verdict, value, within });
    }

    /// Another program that hands it credentials of its own, such as `op run`. It is looked for where that counts.
    fn broker(&self) -> Option<&'static str> {
        let arguments: Vec<&str> = self.entry.arguments().map(Text::expose).collect();
        Catalog::broker(self.entry.command()?.expose(), &arguments)
    }

    /// Whom a credential is for, in a command that a person copies.
    fn whom(&self) -> For<'c> {
        let is_plain = |name: &&str| {
            !name.is_empty()
                && name.len() <= 40
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        let named: Option<&'c str> = Some(self.entry.name.as_str()).filter(is_plain);
        For { server: self.server.map(|known| known.server.id.as_str()).or(named), origin: None }
    }

    fn fields(&mut self) {
        let entry = self.entry;
        for field in entry.all_fields().filter(|field| field.kind != FieldKind::EnvFile) {
            let Some(written) = field.value.text() else { continue };
            let text = written.expose();
            let is_named = matches!(field.kind, FieldKind::Env | FieldKind::Headers | FieldKind::Args);
            if !text.is_empty() && is_named {
                self.provided.insert(field.name.clone());
            }
            let own = reference::find(text, entry.references().syntaxes_in(field.kind));
            let foreign = reference::find_foreign(text, &own);
            if own.is_empty() && foreign.is_empty() {
                self.literal(field, written);
            }
            for foreign in foreign {
                if entry.expands_itself(field, &foreign) {
                    self.expanded_by_server(field, &foreign);
                } else {
                    self.unsupported(field, &foreign);
                }
            }
            for found in own {
                if entry.expands_itself(field, &found) && self.is_own_variable(&found.name) {
                    continue;
                }
                self.reference(field, text, &found);
            }
        }
    }

    /// Whether the entry itself sets a variable of that name.
    fn is_own_variable(&self, name: &str) -> bool {
        self.entry.all_fields().any(|field| field.kind == FieldKind::Env && field.name == name)
    }

    /// A placeholder that the program expands from its own environment: what the entry sets, and what comes with the
    /// client.
    fn expanded_by_server(&mut self, field: &Field<'d>, found: &Reference) {
        let name = found.name.as_str();
        if !found.is_variable()
            || self.provided.contains(name)
            || self.is_own_variable(name)
            || !self.is_secret(name)
        {
            return;
        }
        let verdict = if self.is_inherited(name) {
            self.variable(name, true)
        } else {
            Some(self.unset(name, Outcome::Empty, true))
        };
        if let Some(verdict) = verdict {
            self.judge(Some(name.to_owned()), verdict, Some(field.value.clone()));
        }
    }

    fn unsupported(&mut self, field: &Field<'d>, found: &Reference) {
        if matches!(
            found.syntax,
            ReferenceSyntax::UserConfig | ReferenceSyntax::Editor | ReferenceSyntax::Inputs
        ) || found.name.is_empty()
        {
            return;
        }
        let client = self.entry.client;
        let written = written(found);
        let supported = self.entry.references().syntaxes_in(field.kind);
        // To a client that takes whatever stands in the braces for a name, it is one that is not set.
        let is_emptied = supported.contains(&ReferenceSyntax::Braces)
            && self.entry.references().unset_in(field.kind) == Unset::Empty;
        let message = match found.syntax {
            ReferenceSyntax::Env | ReferenceSyntax::Input | ReferenceSyntax::File if is_emptied => {
                format!("{} does not know `{written}`, and the server gets nothing in its place", client.name)
            }
            ReferenceSyntax::DollarEnv if is_emptied && supported.contains(&ReferenceSyntax::Dollar) => {
                format!("{} takes `$env` for a name, and the server gets `:{}`", client.name, found.name)
            }
            _ => format!("{} passes `{written}` on as it is written", client.name),
        };
        let verdict = if self.entry.references().unknown {
            let message = format!("whether {} fills in `{written}` is not known", client.name);
            Verdict::new(Status::Unknown, Reason::UnsupportedReference, message)
        } else {
            Verdict::problem(Reason::UnsupportedReference, message)
        };
        let advice = match handing::placeholder(self.entry, field.kind, &found.name) {
            Some(instead) if found.is_variable() => {
                format!("write `{instead}`, or let mcpcred start the server")
            }
            _ => handing::instead(self.entry, field, &found.name),
        };
        let verdict = verdict.advice(advice);
        self.judge(Some(found.name.clone()), verdict, Some(field.value.clone()));
    }

    fn reference(&mut self, field: &Field<'d>, text: &str, found: &Reference) {
        if self.printed(field, text, found) {
            return;
        }
        let client = self.entry.client;
        let is_set = |name: &str| self.values.known.variable(name).map(|value| value.is_empty());
        let outcome = reference::outcome(text, found, self.entry.references(), field.kind, &is_set);
        let name = found.name.as_str();
        let is_secret = self.is_secret(name) || self.stands_for_secret(field, text, found);
        let verdict = match outcome {
            Outcome::Value => self.variable(name, is_secret),
            Outcome::SetEmpty => Some(self.values.empty_variable(name)),
            Outcome::Default => {
                let syntaxes = self.entry.references().syntaxes_in(field.kind);
                for inner in found.within_default(text, syntaxes) {
                    self.reference(field, text, &inner);
                }
                self.defaulted(text, found, is_secret)
            }
            Outcome::Empty | Outcome::Literal | Outcome::Error | Outcome::Omitted | Outcome::Unknown => {
                Some(self.unset(name, outcome, is_secret))
            }
            Outcome::Blanked | Outcome::Withheld => {
                let what = match outcome {
                    Outcome::Blanked => format!("makes `{name}` empty here"),
                    _ => format!("keeps `{name}` to itself and passes the placeholder on"),
                };
                let message = format!("{} {what}, whatever its value", client.name);
                let verdict = Verdict::problem(Reason::UnsupportedReference, message);
                Some(verdict.advice("give the value another name of your own, or let mcpcred hand it over"))
            }
            Outcome::Torn => Some(
                Verdict::problem(
                    Reason::UnsupportedReference,
                    format!("{} does not expand the placeholder within the default of `{name}`", client.name),
                )
                .advice("write the default without a placeholder"),
            ),
            // That there is no such question is a fault of the entry.
            Outcome::Asks if entry_has_fault(self.entry, field) => None,
            Outcome::Asks => Some(Verdict::ready(format!("{} asks for it and keeps it", client.name))),
            Outcome::AfterApproval => Some(Verdict::new(
                Status::Unknown,
                Reason::NotVerifiable,
                format!("{} hands it over once it is approved in its settings", client.name),
            )),
            Outcome::Elsewhere => self.elsewhere(found),
            Outcome::Plain => None,
        };
        if let Some(verdict) = verdict {
            self.judge(Some(found.name.clone()), verdict, Some(field.value.clone()));
        }
    }

    fn elsewhere(&self, found: &Reference) -> Option<Verdict> {
        let from = match found.syntax {
            ReferenceSyntax::File | ReferenceSyntax::BareFile => format!("the file `{}`", found.name),
            ReferenceSyntax::Secrets => "the secrets of the client".to_owned(),
            ReferenceSyntax::Command => "a command, which is not run here".to_owned(),
            _ => return None,
        };
        Some(Verdict::new(Status::Unknown, Reason::NotVerifiable, format!("comes from {from}")))
    }

    /// A variable that is set in this environment.
    fn variable(&self, name: &str, is_secret: bool) -> Option<Verdict> {
        let Some(Source::Environment(value)) = self.values.known.source(name) else { return None };
        if !is_secret {
            return Some(Verdict::ready(format!("`{name}` is set")));
        }
        let verdict = self.values.value(name, &value);
        Some(match self.values.known.find(name) {
            Some(stored) => verdict.or_graver(crate::check::freshness::verdict(
                &stored.name,
                &stored.entry.facts,
                self.values.now,
            )),
            None => verdict,
        })
    }

    fn defaulted(&self, text: &str, found: &Reference, is_secret: bool) -> Option<Verdict> {
        let (name, default) = (&found.name, found.default.clone());
        let default = default.and_then(|range| text.get(range)).unwrap_or_default();
        if !is_secret {
            return None;
        }
        if default.is_empty() {
            return Some(self.unset(name, Outcome::Empty, true));
        }
        Some(Verdict::ready(format!("`{name}` is not set, and its default stands in")))
    }

    /// A variable that is not set in this environment.
    fn unset(&self, name: &str, outcome: Outcome, is_secret: bool) -> Verdict {
        let becomes = match outcome {
            Outcome::Literal => "the server gets the placeholder itself",
            Outcome::Empty => "the server gets nothing in its place",
            Outcome::Error => "the server is not started",
            Outcome::Omitted => "it is left out",
            _ => "what the server gets is not known",
        };
        if let Some(stored) = self.values.stored_as(name) {
            let own = stored.name.as_str();
            let message =
                format!("`{own}` is stored, and `{name}` is not set in this environment: {becomes}");
            // Under another name it would not be found.
            let sentence = if own.eq_ignore_ascii_case(name) {
                "load it before the client starts".to_owned()
            } else {
                format!("write `{own}` where `{name}` is named, and load it before the client starts")
            };
            return Verdict::warning(Reason::UnsetReference, message)
                .command(sentence, handing::loading(own));
        }
        if is_secret {
            let mut verdict = self.values.missing(name, self.whom());
            let stored = verdict.action.as_mut().filter(|action| action.command.is_some());
            if let Some(action) = stored {
                action.sentence = action.sentence.replace(", and store it", ", store it");
                action.sentence.push_str(", and load it before the client starts");
            }
            return verdict;
        }
        Verdict::warning(Reason::UnsetReference, format!("`{name}` is not set: {becomes}"))
            .advice(format!("set `{name}`, or write its value into the configuration"))
    }

    fn is_secret(&self, name: &str) -> bool {
        self.values.is_secret(name)
    }

    fn named(&mut self) {
        let entry = self.entry;
        for named in entry.all_named() {
            let name = named.variable.as_str();
            if named.by == NamedBy::Container && self.provided.contains(name) {
                continue;
            }
            self.provided.insert(named.target.clone());
            let is_secret = self.is_secret(name) || self.holds_secret(named.kind, &named.target);
            let verdict = match self.values.known.source(name) {
                Some(Source::EmptyVariable) => Some(self.values.empty_variable(name)),
                Some(Source::Environment(_)) => self.variable(name, is_secret),
                _ if named.by == NamedBy::ClientStore => Some(Verdict::new(
                    Status::Unknown,
                    Reason::NotVerifiable,
                    format!("{} looks for `{name}` in a store of its own", entry.client.name),
                )),
                _ => Some(self.unset(name, Outcome::Omitted, is_secret)),
            };
            if let Some(verdict) = verdict {
                self.judge(Some(named.variable.clone()), verdict, Some(named.value.clone()));
            }
        }
    }

    /// Whether the server finds a variable in what the client passes on.
    fn is_inherited(&self, name: &str) -> bool {
        let passes = self.entry.client.inherits.passes_on(name)
            && !self.entry.client.references.withholds(name)
            && !self.server.is_some_and(|known| known.transport == Transport::Remote)
            && !self.wrapper.as_ref().is_some_and(|wrapper| wrapper.clean);
        // `run` takes away what mcpcred keeps, but for what it was told to hand over.
        let is_taken_away = self.wrapper.is_some() && self.values.known.find(name).is_some();
        passes && !is_taken_away && matches!(self.values.known.source(name), Some(Source::Environment(_)))
    }
}

/// Whether the entry has a fault at this field.
fn entry_has_fault(entry: &ServerEntry<'_>, field: &Field<'_>) -> bool {
    entry.faults.iter().any(|fault| fault.value.span() == field.value.span())
}

/// The server of the catalog that an entry starts or calls.
pub(crate) fn recognise<'c>(values: &Values<'c>, entry: &ServerEntry<'_>) -> Option<Recognised<'c>> {
    let arguments: Vec<&str> = entry.arguments().map(Text::expose).collect();
    let command = entry.command().map(Text::expose);
    values.catalog.recognise(command, &arguments, entry.url().map(Text::expose))
}
