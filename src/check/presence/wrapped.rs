//! What our own commands in an entry ask for: `mcpcred run` before its server, and `mcpcred headers` and `mcpcred get`
//! where its client asks a command.

use crate::catalog::client::{FieldKind, ReferenceSyntax};
use crate::check::call::{Call, Origin, Refusal};
use crate::check::finding::{Reason, Status};
use crate::check::presence::Presence;
use crate::check::values::For;
use crate::check::verdict::Verdict;
use crate::check::wrapper::{Wrapper, asked_for_headers};
use crate::configuration::entry::Field;
use crate::document::{Text, Value};
use crate::reference::Reference;

impl<'d> Presence<'_, 'd> {
    /// What our own wrapper hands over.
    pub(super) fn wrapped(&mut self) {
        let Some(wrapper) = self.wrapper.take() else { return };
        let origin = self.origin(&wrapper.origin);
        if let Some((at, refusal)) = wrapper.refused {
            let place = self.argument(at);
            self.judge(None, refused("run", refusal), Some(place));
        }
        let mut assignments = wrapper.assignments.clone();
        if wrapper.all || wrapper.server.is_some() {
            let names = self.names_for(&wrapper, &origin);
            if let (Some(server), true) = (&wrapper.server, names.is_empty() && assignments.is_empty()) {
                let needed =
                    self.server.and_then(|known| known.alternatives().find_map(|it| it.credentials.first()));
                let credential = needed.map(|it| it.name.clone());
                let whom = For { server: Some(server), origin: Some(&origin) };
                let verdict = match &credential {
                    Some(name) => self.values.missing(name, whom),
                    None => Verdict::problem(
                        Reason::Missing,
                        format!("no credential is stored for the server `{server}`"),
                    )
                    .command("store one", format!("mcpcred add NAME --server {server}")),
                };
                let place = self.entry.value.clone();
                self.judge(credential, verdict, Some(place));
            }
            assignments.extend(names.into_iter().map(|name| (name.clone(), name)));
        }
        if wrapper.by_project {
            assignments.extend(self.project_credentials.iter().map(|name| (name.clone(), name.clone())));
        }
        let expansions = wrapper.expansions.iter().map(|name| (None, name.clone()));
        let assignments = assignments.into_iter().map(|(variable, name)| (Some(variable), name));
        for (variable, name) in assignments.chain(expansions).collect::<Vec<_>>() {
            let verdict = self.values.handed_to_client(&name, For { origin: Some(&origin), ..self.whom() });
            self.provided.extend(variable);
            let place = self.place_of_argument(&name);
            self.judge(Some(name), verdict, Some(place));
        }
        self.wrapper = Some(wrapper);
    }

    /// The names of the credentials that are for the server, or all of them.
    fn names_for(&self, wrapper: &Wrapper, origin: &Origin) -> Vec<String> {
        let known = self.values.known;
        let is_wanted = |server: &Option<String>| wrapper.all || *server == wrapper.server;
        if let Some(profile) = origin.profile.as_deref().filter(|profile| !known.is_own(profile)) {
            let others = known.in_profile(profile).filter(|(_, entry)| is_wanted(&entry.facts.server));
            return others.map(|(name, _)| name.to_string()).collect();
        }
        let stored = known.stored().iter().filter(|it| is_wanted(&it.entry.facts.server));
        stored.map(|it| it.name.to_string()).collect()
    }

    /// What our own command in a line for headers is asked for.
    pub(super) fn helped(&mut self) {
        let entry = self.entry;
        for field in entry.all_fields().filter(|field| field.kind == FieldKind::Helper) {
            let Some(asked) = asked_for_headers(field.value.text().map_or("", Text::expose)) else {
                continue;
            };
            if let Some(refusal) = asked.refused {
                self.judge(None, refused(asked.command, refusal), Some(field.value.clone()));
            }
            let origin = self.origin(&asked.origin);
            for name in asked.names {
                let verdict =
                    self.values.handed_to_client(&name, For { origin: Some(&origin), ..self.whom() });
                self.judge(Some(name), verdict, Some(field.value.clone()));
            }
        }
    }

    /// What a command in the place of a value prints, where it is ours: `$(mcpcred get NAME)`.
    pub(super) fn printed(&mut self, field: &Field<'d>, text: &str, found: &Reference) -> bool {
        if found.syntax != ReferenceSyntax::Command {
            return false;
        }
        let line = text.get(found.span.start + "$(".len()..found.span.end - 1).unwrap_or_default();
        let Some(call) = Call::of_line(line).filter(|call| call.command == "get") else { return false };
        let Some(name) = call.words.first() else { return false };
        let origin = self.origin(&call.origin());
        let verdict = match call.refused {
            Some((_, refusal)) => refused("get", refusal),
            None => self.values.handed_to_client(name, For { origin: Some(&origin), ..self.whom() }),
        };
        self.judge(Some((*name).to_owned()), verdict, Some(field.value.clone()));
        true
    }

    /// Whose credentials a call is about, by its flags and by what the entry sets for us.
    fn origin(&self, said: &Origin) -> Origin {
        let fields = self.entry.all_fields().filter(|field| field.kind == FieldKind::Env);
        fields.fold(said.clone(), |origin, field| {
            origin.or_variable(&field.name, field.value.text().map_or("", Text::expose))
        })
    }

    fn argument(&self, at: usize) -> Value<'d> {
        let mut fields = self.entry.all_fields().filter(|field| field.kind == FieldKind::Args);
        fields.nth(at).map_or_else(|| self.entry.value.clone(), |field| field.value.clone())
    }

    /// The argument that speaks of a credential, or the entry.
    fn place_of_argument(&self, name: &str) -> Value<'d> {
        let speaks = |field: &&Field<'d>| {
            field.kind == FieldKind::Args
                && field.value.text().is_some_and(|text| {
                    let text = text.expose();
                    text == name || text.rsplit('=').next() == Some(name)
                })
        };
        let field = self.entry.all_fields().find(speaks);
        field.map_or_else(|| self.entry.value.clone(), |field| field.value.clone())
    }
}

/// That our own program ends at once, because it is called as it does not know.
fn refused(command: &str, refusal: Refusal) -> Verdict {
    let (what, mend) = match refusal {
        Refusal::Flag => {
            ("it has a flag that the command does not know", "write the flag as `--help` names it")
        }
        Refusal::Value => ("a flag in it lacks its value", "write the value behind the flag"),
        Refusal::Word => ("it has a word that belongs to no flag", "take the word out"),
        Refusal::Dashes => {
            ("`--` is missing before the program", "write `--` between what is for mcpcred and the program")
        }
        Refusal::Program => ("no program follows `--`", "write the program and its arguments behind `--`"),
    };
    let message = format!("`mcpcred {command}` refuses this call: {what}");
    Verdict::new(Status::Problem, Reason::Misconfigured, message)
        .advice(format!("{mend}; `mcpcred {command} --help` shows how"))
}
