//! `Launching`: the part of an entry that starts a program, and the same with mcpcred before it.

use crate::catalog::client::Layout;
use crate::check::wrapper::Wrapper;
use crate::configuration::entry::{ServerEntry, program};
use crate::document::edit::{Edits, NewValue};
use crate::document::{Shape, Text, Value};
use crate::protect::mechanism::Left;

/// Where an entry has its command line.
pub(crate) struct Launching<'d> {
    /// The mapping that has it.
    holder: Value<'d>,
    /// The program.
    command: Value<'d>,
    /// The arguments.
    arguments: Arguments<'d>,
}

/// Where the arguments are.
enum Arguments<'d> {
    /// Behind the program, in the same sequence.
    Behind(Value<'d>),
    /// In a sequence of their own.
    Own(Value<'d>),
    /// Nowhere.
    None,
}

/// What the wrapper is to hand over.
#[derive(Default)]
pub(crate) struct Handed {
    /// Each variable and the credential that goes into it.
    pub(crate) assignments: Vec<(String, String)>,
    /// Credentials that stand in the arguments.
    pub(crate) expansions: Vec<String>,
    /// Each variable with a user and a password, and the template of both.
    pub(crate) pairs: Vec<(String, String)>,
}

impl Handed {
    /// Nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.expansions.is_empty() && self.pairs.is_empty()
    }

    /// Adds a variable, once.
    pub(crate) fn assign(&mut self, variable: &str, name: &str) {
        let pair = (variable.to_owned(), name.to_owned());
        if !self.assignments.contains(&pair) {
            self.assignments.push(pair);
        }
    }

    /// Adds a credential of the arguments, once.
    pub(crate) fn expand(&mut self, name: &str) {
        if !self.expansions.iter().any(|own| own == name) {
            self.expansions.push(name.to_owned());
        }
    }

    /// What our own wrapper, which is there already, does not hand over yet.
    fn beyond(&self, own: &Wrapper) -> Self {
        let assignments = self.assignments.iter().filter(|pair| !own.assignments.contains(pair));
        let expansions = self.expansions.iter().filter(|name| !own.expansions.contains(name));
        Self {
            assignments: assignments.cloned().collect(),
            expansions: expansions.cloned().collect(),
            pairs: self.pairs.clone(),
        }
    }

    /// As arguments of `mcpcred run`.
    pub(crate) fn flags(&self) -> Vec<String> {
        let assignments = self.assignments.iter().map(|(variable, name)| {
            if variable == name {
                ["-e".to_owned(), name.clone()]
            } else {
                ["-e".to_owned(), format!("{variable}={name}")]
            }
        });
        let expansions = self.expansions.iter().map(|name| ["--expand".to_owned(), name.clone()]);
        let pairs = self.pairs.iter();
        let pairs =
            pairs.map(|(variable, template)| ["--basic".to_owned(), format!("{variable}={template}")]);
        assignments.chain(expansions).chain(pairs).flatten().collect()
    }
}

impl<'d> Launching<'d> {
    /// Of an entry, as far as mcpcred can stand before it.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn of(entry: &ServerEntry<'d>) -> Result<Self, Left> {
        let holder = holder(&entry.value).ok_or_else(Left::starts_nothing)?;
        let Some(command) = ["command", "cmd", "path"].iter().find_map(|key| holder.get(key)) else {
            return Err(Left::starts_nothing());
        };
        if command.shape() == Shape::Sequence {
            let first = command.items().next().filter(|first| first.text().is_some());
            let first = first.ok_or_else(Left::starts_nothing)?;
            return Ok(Self { holder, command: first, arguments: Arguments::Behind(command) });
        }
        let Some(text) = command.text() else { return Err(Left::starts_nothing()) };
        let arguments = match holder.get("args") {
            None => Arguments::None,
            Some(own) if own.shape() == Shape::Sequence => Arguments::Own(own),
            Some(_) => return Err(Left::one_line()),
        };
        let has_own = matches!(&arguments, Arguments::Own(own) if own.items().next().is_some());
        if !has_own && is_line(text) {
            return Err(Left::one_line());
        }
        Ok(Self { holder, command, arguments })
    }

    /// The sequence of the arguments, and which item is the first of them.
    pub(crate) fn arguments(&self) -> Option<(&Value<'d>, usize)> {
        match &self.arguments {
            Arguments::Behind(all) => Some((all, 1)),
            Arguments::Own(own) => Some((own, 0)),
            Arguments::None => None,
        }
    }

    /// The words of the command line, where they are text.
    pub(crate) fn words(&self) -> Vec<&'d str> {
        let word = |value: &Value<'d>| value.text().map_or("", Text::expose);
        let mut words = vec![word(&self.command)];
        if let Some((sequence, first)) = self.arguments() {
            words.extend(sequence.items().skip(first).map(|item| word(&item)));
        }
        words
    }

    /// Adds variables that name places, unless they are set.
    pub(crate) fn set(&self, edits: &mut Edits<'d>, layout: Layout, variables: &[(&'static str, String)]) {
        let own = self.holder.get(environment(layout));
        // Not beside a list of variables, or something that no client reads.
        if own.is_none_or(|own| own.shape() == Shape::Mapping) {
            set_variables(edits, &self.holder, layout, variables);
        }
    }

    /// Starts the same with these credentials, and nothing else changed.
    pub(crate) fn wrap(&self, edits: &mut Edits<'d>, called: &str, flags: &[String], handed: &Handed) {
        let words = self.words();
        let (command, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
        let texts = |words: &[String]| words.iter().map(|word| NewValue::text(word)).collect::<Vec<_>>();
        let own = Wrapper::read(command, rest.iter().copied());
        if let (Some(own), Some((sequence, first))) = (own, self.arguments()) {
            let items = texts(&handed.beyond(&own).flags());
            if !items.is_empty() {
                edits.insert_items(sequence, first + own.run + 1, items);
            }
            return;
        }
        let mut before = vec!["run".to_owned()];
        before.extend(flags.iter().cloned());
        before.extend(handed.flags());
        before.push("--".to_owned());
        let mut items = texts(&before);
        match &self.arguments {
            Arguments::Behind(all) => {
                items.insert(0, NewValue::text(called));
                edits.insert_items(all, 0, items);
            }
            Arguments::Own(own) => {
                items.push(NewValue::copy_of(&self.command));
                edits.replace(&self.command, NewValue::text(called));
                edits.insert_items(own, 0, items);
            }
            Arguments::None => {
                items.push(NewValue::copy_of(&self.command));
                edits.replace(&self.command, NewValue::text(called));
                edits.insert(&self.holder, "args", NewValue::Sequence(items));
            }
        }
    }
}

/// Adds variables to those of an entry, unless they are set there.
pub(crate) fn set_variables<'d>(
    edits: &mut Edits<'d>,
    holder: &Value<'d>,
    layout: Layout,
    variables: &[(&'static str, String)],
) {
    let key = environment(layout);
    match holder.get(key).filter(|own| own.shape() == Shape::Mapping) {
        Some(own) => {
            for (name, value) in variables.iter().filter(|(name, _)| own.get(name).is_none()) {
                edits.insert(&own, name, NewValue::text(value));
            }
        }
        None if !variables.is_empty() => {
            let members = variables.iter().map(|(name, value)| ((*name).to_owned(), NewValue::text(value)));
            edits.insert(holder, key, NewValue::Mapping(members.collect()));
        }
        None => {}
    }
}

/// The key of the variables in entries of that layout.
fn environment(layout: Layout) -> &'static str {
    match layout {
        Layout::CommandArray => "environment",
        Layout::Goose => "envs",
        _ => "env",
    }
}

/// The mapping of an entry that has the command: the entry, or one in it.
fn holder<'d>(entry: &Value<'d>) -> Option<Value<'d>> {
    if let Some(command) = entry.get("command") {
        return Some(if command.shape() == Shape::Mapping { command } else { entry.clone() });
    }
    if entry.get("cmd").is_some() {
        return Some(entry.clone());
    }
    entry.get("transport").filter(|transport| transport.get("command").is_some())
}

/// Whether a command is a line with arguments in it, and not the path of a program with blanks in it.
fn is_line(command: Text<'_>) -> bool {
    let text = command.expose();
    text.contains(char::is_whitespace) && !std::path::Path::new(text).is_file()
}

/// Whether one of the words starts containers.
pub(crate) fn starts_container(words: &[&str]) -> bool {
    words.iter().any(|word| ["docker", "podman", "nerdctl", "finch"].contains(&program(word)))
}
