//! The plan as edits of one file: all changes of all of its entries, made at once.

mod helper;

use std::fmt::Write;
use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::configuration::entry::ServerEntry;
use crate::document::edit::{EditWhy, Edits, NewValue};
use crate::document::inverse::Escaping;
use crate::document::{Document, Shape, Text, Value};
use crate::protect::launching::Handed;
use crate::protect::mechanism::arguments::passes_braces;
use crate::protect::mechanism::bridge::{Bridge, wants_leave};
use crate::protect::mechanism::reference::written;
use crate::protect::mechanism::{How, headers};
use crate::protect::naming::Planned;
use crate::protect::plan::{Item, Planning};
use crate::secret::{Secret, SecretBuffer};

/// The edits of a file.
pub(crate) struct Changes<'p, 'd> {
    values: &'p [Planned],
    document: &'d Document,
    /// Questions that the file gets: beside which servers, and about which credentials.
    questions: Vec<(Value<'d>, Vec<String>)>,
    edits: Edits<'d>,
}

impl<'p, 'd> Changes<'p, 'd> {
    /// All that is planned for the entries of one document.
    pub(crate) fn of(
        document: &'d Document,
        plannings: &[&Planning<'_, 'd>],
        values: &'p [Planned],
    ) -> Edits<'d> {
        let mut changes = Self { values, document, questions: Vec::new(), edits: Edits::of(document) };
        for planning in plannings {
            changes.entry(planning);
        }
        changes.ask();
        changes.edits
    }

    fn entry(&mut self, planning: &Planning<'_, 'd>) {
        let mut handed = Handed::default();
        if planning.items.iter().any(|item| item.way.is_ok()) {
            self.edits.group(&planning.subject.entry.value, &planning.subject.entry.name);
        }
        for item in &planning.items {
            let Ok((how, number)) = &item.way else { continue };
            let Some(name) = self.values.get(*number).map(|value| value.name.to_string()) else { continue };
            // What stands there of a placeholder is no secret, and comes back as it is written.
            if item.named.is_none() {
                self.hide(item, how, *number, &name);
            }
            self.item(planning, item, how, &name, &mut handed);
        }
        self.helper(planning);
        self.own_line(planning);
        if planning.items.iter().any(|item| matches!(item.way, Ok((How::Bridge { .. }, _)))) {
            self.bridge(planning);
        } else if !handed.is_empty()
            && let Ok(launching) = planning.subject.launching()
        {
            launching.wrap(&mut self.edits, &planning.called, &planning.flags, &handed);
            launching.set(&mut self.edits, planning.subject.entry.layout, &planning.variables);
        }
    }

    /// Keeps a secret out of the way back, which names its credential, and how it was written where that is not as it is.
    fn hide(&mut self, item: &Item<'d>, how: &How, number: usize, name: &str) {
        let value = &item.field.value;
        let written = value.text().and_then(|text| text.expose().get(item.part.clone()));
        let secret = self.values.get(number).and_then(|it| it.secret.expose_secret_str().ok());
        let is_in_address = matches!(how, How::Basic { .. } | How::Bridge { .. });
        let name = match (written, secret) {
            (Some(written), Some(secret)) if is_in_address && written != secret => {
                let Some(escaping) = Escaping::of(written, secret) else {
                    let why = EditWhy::Unsupported("a percent sign stands there in no usual manner");
                    return self.edits.refuse(value, why);
                };
                escaping.named(name)
            }
            _ => name.to_owned(),
        };
        self.edits.hide(value, Some(item.part.clone()), &name);
    }

    fn item(
        &mut self,
        planning: &Planning<'_, 'd>,
        item: &Item<'d>,
        how: &How,
        name: &str,
        handed: &mut Handed,
    ) {
        let value = &item.field.value;
        let mut put = |part: &Range<usize>, new: &str| {
            self.edits.replace_part(value, part.clone(), Secret::copy_of(new.as_bytes()));
        };
        match how {
            How::Variable { variable } => {
                self.edits.remove(value);
                handed.assign(variable, name);
            }
            How::Emptied { variable, part } | How::Cut { variable, part } => {
                put(part, "");
                handed.assign(variable, name);
            }
            How::Taken { variable, items } => {
                if let Some((sequence, _)) = planning.subject.launching().ok().and_then(|it| it.arguments()) {
                    for taken in sequence.items().skip(items.start).take(items.len()) {
                        self.edits.remove(&taken);
                    }
                }
                handed.assign(variable, name);
            }
            How::Own { part } => {
                let variable = own_variable(name);
                put(part, &format!("${{{variable}}}"));
                handed.assign(&variable, name);
            }
            How::Expanded { part } => {
                put(part, &format!("{{{{{name}}}}}"));
                handed.expand(name);
            }
            How::Command { part } => put(part, &helper::printing(planning, name)),
            How::Reference { syntax, part } => put(part, &written(*syntax, name)),
            How::Input { part } => {
                put(part, &format!("${{input:{}}}", question_id(name)));
                self.question(planning.subject.entry, name);
            }
            How::Asked => self.edits.remove(value),
            // Together, with the other headers of the entry.
            How::Helper { .. }
            | How::Basic { .. }
            | How::Bridge { .. }
            | How::Printed
            | How::Prefixed { .. }
            | How::InShell => {}
        }
    }

    /// The entry starts `mcp-remote` under our wrapper, and says nothing else of where the server is.
    fn bridge(&mut self, planning: &Planning<'_, 'd>) {
        let Some(bridge) = Bridge::of(&planning.subject) else { return };
        let mut handed = Handed::default();
        let mut address = SecretBuffer::with_capacity(256);
        let url = bridge.url.text().map_or("", Text::expose);
        let pair = headers::pair(url).unwrap_or(0..0);
        // What stands before the host goes to the bridge in a header, which comes first.
        let mut rest = Vec::new();
        if !pair.is_empty() {
            let mut parts = self.bridged(planning, &bridge.url);
            parts.retain(|(part, _)| pair.start <= part.start && part.end <= pair.end);
            let template = template_of_pair(url, &pair, &parts);
            let variable = own_variable(parts.first().map_or("URL", |(_, name)| *name));
            self.with_marks(planning, &bridge.url, 0..pair.start, &mut handed, &mut address);
            rest =
                vec![NewValue::text("--header"), NewValue::text(&format!("Authorization:${{{variable}}}"))];
            handed.pairs.push((variable, template));
        }
        let from = if pair.is_empty() { 0 } else { pair.end + "@".len() };
        self.with_marks(planning, &bridge.url, from..url.len(), &mut handed, &mut address);
        // The bridge fills in variables of its own among headers, where they come to it as they are written.
        let fills_in = passes_braces(&planning.subject);
        let fields = planning.subject.entry.fields.iter();
        for field in fields.filter(|field| field.kind == FieldKind::Headers) {
            let text = field.value.text().map_or("", Text::expose);
            let mut argument = SecretBuffer::with_capacity(field.name.len() + text.len() + 64);
            argument.push(field.name.as_bytes());
            // Some clients on Windows part an argument at a blank.
            argument.push(b":");
            if fills_in {
                let mut at = 0;
                for (part, name) in self.bridged(planning, &field.value) {
                    let variable = own_variable(name);
                    argument.push(text.get(at..part.start).unwrap_or_default().as_bytes());
                    argument.push(format!("${{{variable}}}").as_bytes());
                    handed.assign(&variable, name);
                    at = part.end;
                }
                argument.push(text.get(at..).unwrap_or_default().as_bytes());
            } else {
                self.with_marks(planning, &field.value, 0..text.len(), &mut handed, &mut argument);
            }
            rest.push(NewValue::text("--header"));
            rest.push(NewValue::Text(argument.into_secret()));
        }
        let mut items = vec![NewValue::text("run")];
        items.extend(planning.flags.iter().map(|flag| NewValue::text(flag)));
        items.extend(handed.flags().iter().map(|flag| NewValue::text(flag)));
        items.extend(["--", "npx", "-y", "mcp-remote"].map(NewValue::text));
        items.push(NewValue::Text(address.into_secret()));
        if bridge.url.text().is_some_and(|url| wants_leave(url.expose())) {
            items.push(NewValue::text("--allow-http"));
        }
        // Else the bridge tells on stderr where it goes, and clients keep that in files.
        if self.bridged(planning, &bridge.url).iter().any(|(part, _)| part.start >= from) {
            items.push(NewValue::text("--silent"));
        }
        items.extend(rest);
        bridge.build(&mut self.edits, &planning.called, items, &planning.variables);
    }

    /// A part of a text with `{{NAME}}` in the place of each secret, which the wrapper fills in.
    fn with_marks(
        &self,
        planning: &Planning<'_, 'd>,
        value: &Value<'d>,
        within: Range<usize>,
        handed: &mut Handed,
        out: &mut SecretBuffer,
    ) {
        let text = value.text().map_or("", Text::expose);
        let mut at = within.start;
        for (part, name) in self.bridged(planning, value) {
            if part.start < within.start || part.end > within.end {
                continue;
            }
            out.push(text.get(at..part.start).unwrap_or_default().as_bytes());
            out.push(format!("{{{{{name}}}}}").as_bytes());
            handed.expand(name);
            at = part.end;
        }
        out.push(text.get(at..within.end).unwrap_or_default().as_bytes());
    }

    /// The secrets of a value that the bridge gets, in order, with their names.
    fn bridged<'i>(
        &'i self,
        planning: &'i Planning<'_, 'd>,
        value: &Value<'d>,
    ) -> Vec<(&'i Range<usize>, &'i str)> {
        let own = planning.items.iter().filter(|item| item.field.value.span() == value.span());
        let parts = own.filter_map(|item| match &item.way {
            Ok((How::Bridge { part }, number)) => Some((part, self.values.get(*number)?.name.as_str())),
            _ => None,
        });
        let mut parts: Vec<_> = parts.collect();
        parts.sort_by_key(|(part, _)| part.start);
        parts
    }

    /// Notes a question beside the servers.
    fn question(&mut self, entry: &ServerEntry<'d>, name: &str) {
        let beside = entry.value.pointer().split().and_then(|(servers, _)| servers.split());
        let Some(parent) = beside.and_then(|(parent, _)| self.document.find(&parent)) else { return };
        match self.questions.iter_mut().find(|(other, _)| other.pointer() == parent.pointer()) {
            Some((_, names)) if names.iter().any(|own| own == name) => {}
            Some((_, names)) => names.push(name.to_owned()),
            None => self.questions.push((parent, vec![name.to_owned()])),
        }
    }

    /// Adds the questions that are not there yet.
    fn ask(&mut self) {
        for (parent, names) in std::mem::take(&mut self.questions) {
            let inputs = parent.get("inputs");
            let is_there = |name: &&String| {
                let mut own =
                    inputs.iter().flat_map(Value::items).filter_map(|input| input.get("id")?.text());
                own.any(|id| id.is(&question_id(name)))
            };
            let new: Vec<NewValue> =
                names.iter().filter(|name| !is_there(name)).map(|name| question(name)).collect();
            match inputs.as_ref().filter(|inputs| inputs.shape() == Shape::Sequence) {
                _ if new.is_empty() => {}
                Some(inputs) => self.edits.insert_items(inputs, usize::MAX, new),
                None => self.edits.insert_at(&parent, 0, "inputs", NewValue::Sequence(new)),
            }
        }
    }
}

/// What stands before the host of a URL, with `{NAME}` in the place of each secret.
fn template_of_pair(url: &str, pair: &Range<usize>, parts: &[(&Range<usize>, &str)]) -> String {
    let (mut template, mut at) = (String::new(), pair.start);
    let said = |part: Range<usize>| url.get(part).and_then(headers::said_in_pair).unwrap_or_default();
    for (part, name) in parts {
        template.push_str(&said(at..part.start));
        _ = write!(template, "{{{name}}}");
        at = part.end;
    }
    template.push_str(&said(at..pair.end));
    // A user without a password has an empty one.
    if !url.get(pair.clone()).is_some_and(|pair| pair.contains(':')) {
        template.push(':');
    }
    template
}

/// What a question about a credential is called.
fn question_id(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// A question whose answer is hidden.
fn question(name: &str) -> NewValue {
    let id = question_id(name);
    let description = format!("{name} (mcpcred get {name} --clip)");
    NewValue::Mapping(vec![
        ("type".to_owned(), NewValue::text("promptString")),
        ("id".to_owned(), NewValue::text(&id)),
        ("description".to_owned(), NewValue::text(&description)),
        ("password".to_owned(), NewValue::Boolean(true)),
    ])
}

/// A variable that stands for a credential where the client may fill in variables too: one that nobody sets.
fn own_variable(name: &str) -> String {
    format!("{name}_FROM_MCPCRED")
}
