//! The line for headers of an entry: that of our own command, and what comes before or into one of the person's own.

use std::fmt::Write;

use crate::catalog::client::Layout;
use crate::document::edit::{EditWhy, NewValue};
use crate::document::{Text, Value};
use crate::protect::changes::{Changes, template_of_pair};
use crate::protect::launching::Handed;
use crate::protect::mechanism::{How, headers};
use crate::protect::plan::{Item, Planning};
use crate::protect::printed::Printed;
use crate::protect::shell_line::{Shell, ShellLine, Word};
use crate::secret::{Secret, SecretBuffer};

/// A secret of a line, what is done about it, and its name.
struct Secretive<'i, 'd> {
    item: &'i Item<'d>,
    how: &'i How,
    name: String,
}

impl<'d> Changes<'_, 'd> {
    /// Headers of the entry that our own command prints, in one line for any shell.
    pub(super) fn helper(&mut self, planning: &Planning<'_, 'd>) {
        let mut flags = String::new();
        let mut last: Option<&Value<'d>> = None;
        let helped = |item: &&Item<'d>| matches!(item.way, Ok((How::Helper { .. }, _)));
        for item in planning.items.iter().filter(helped) {
            let value = &item.field.value;
            if last.is_some_and(|last| last.span() == value.span()) {
                continue;
            }
            let parts =
                planning.items.iter().filter(helped).filter(|it| it.field.value.span() == value.span());
            let template = self.template(value, parts);
            _ = write!(flags, " --header \"{}: {template}\"", item.field.name);
            self.edits.remove(value);
            last = Some(value);
        }
        let is_basic = self.basic(planning, &mut flags);
        let Some(key) = headers::helper_key(&planning.subject).filter(|_| !flags.is_empty()) else { return };
        let line = call(planning, is_basic, &flags);
        self.edits.insert(&planning.subject.entry.value, key, NewValue::text(&line));
    }

    /// The person's own line for headers: our command in its place where it prints the same every time, else before it.
    pub(super) fn own_line(&mut self, planning: &Planning<'_, 'd>) {
        let is_line = |how: &How| matches!(how, How::Printed | How::Prefixed { .. } | How::InShell);
        let own = planning.items.iter().filter_map(|item| match &item.way {
            Ok((how, number)) if is_line(how) => Some(Secretive { item, how, name: self.name(*number)? }),
            _ => None,
        });
        let mut own: Vec<Secretive<'_, 'd>> = own.collect();
        own.sort_by_key(|it| it.item.part.start);
        let Some(value) = own.first().map(|it| it.item.field.value.clone()) else { return };
        own.retain(|it| it.item.field.value.span() == value.span());
        let text = value.text().map_or("", Text::expose);
        if own.iter().any(|it| matches!(it.how, How::InShell)) {
            self.in_shell(planning, &value, text, &own);
        } else if own.iter().any(|it| matches!(it.how, How::Prefixed { .. })) {
            self.prefixed(planning, &value, text, &own);
        } else {
            self.printed(planning, &value, text, &own);
        }
    }

    fn name(&self, number: usize) -> Option<String> {
        self.values.get(number).map(|value| value.name.to_string())
    }

    /// What the line prints is printed by our command; headers without a secret come to stand in the entry.
    fn printed(
        &mut self,
        planning: &Planning<'_, 'd>,
        value: &Value<'d>,
        text: &str,
        own: &[Secretive<'_, 'd>],
    ) {
        let Some(printed) = Printed::by(text, Shell::HERE) else { return };
        let (mut flags, mut plain) = (String::new(), Vec::new());
        for (name, said) in printed.headers() {
            let mut template = SecretBuffer::with_capacity(said.len() + 64);
            let mut rest = said;
            let mut is_secret = false;
            let first_in = |rest: &str| {
                let places = own.iter().filter_map(|it| {
                    let secret = text.get(it.item.part.clone())?;
                    Some((rest.find(secret)?, secret.len(), &it.name))
                });
                places.min()
            };
            while let Some((at, length, name)) = first_in(rest) {
                template.push(rest.get(..at).unwrap_or_default().as_bytes());
                template.push(format!("{{{name}}}").as_bytes());
                is_secret = true;
                rest = rest.get(at + length..).unwrap_or_default();
            }
            template.push(rest.as_bytes());
            let template = template.into_secret();
            if is_secret {
                let template = template.expose_secret_str().unwrap_or_default();
                _ = write!(flags, " --header \"{name}: {template}\"");
            } else {
                plain.push((name.to_owned(), NewValue::Text(template)));
            }
        }
        let exposed = planning.items.iter().filter(|it| it.field.value.span() == value.span());
        if exposed.count() != own.len() {
            self.edits.refuse(value, EditWhy::Unsupported("another secret is in the same line"));
            return;
        }
        let entry = &planning.subject.entry.value;
        let key = if planning.subject.entry.layout == Layout::Codex { "http_headers" } else { "headers" };
        match entry.get(key) {
            _ if plain.is_empty() => {}
            Some(headers) => {
                for (name, said) in plain {
                    self.edits.insert(&headers, &name, said);
                }
            }
            None => self.edits.insert(entry, key, NewValue::Mapping(plain)),
        }
        self.edits.replace(value, NewValue::text(&call(planning, false, &flags)));
    }

    /// Our wrapper starts the program of the line, and fills in what stands among its arguments.
    fn prefixed(
        &mut self,
        planning: &Planning<'_, 'd>,
        value: &Value<'d>,
        text: &str,
        own: &[Secretive<'_, 'd>],
    ) {
        let Some(line) = ShellLine::read(text, Shell::HERE) else { return };
        let Some(program) = line.words.first() else { return };
        let mut handed = Handed::default();
        for Secretive { item, how, name } in own {
            if let How::Prefixed { variable: Some(variable) } = how {
                let words = line.assignments.iter().chain(Some(program));
                let is_own =
                    |word: &&Word| word.span.start <= item.part.start && item.part.end <= word.span.end;
                let mut words = words.skip_while(|word| !is_own(word));
                if let (Some(word), Some(next)) = (words.next(), words.next()) {
                    let span = word.span.start..next.span.start;
                    self.edits.replace_part(value, span, Secret::copy_of(b""));
                }
                handed.assign(variable, name);
            } else {
                let mark = format!("{{{{{name}}}}}");
                self.edits.replace_part(value, item.part.clone(), Secret::copy_of(mark.as_bytes()));
                handed.expand(name);
            }
        }
        let before = wrapper(planning, &handed);
        let start = program.span.start;
        self.edits.replace_part(value, start..start, Secret::copy_of(before.as_bytes()));
    }

    /// Our wrapper starts a shell with the same line, and fills in what stands in it.
    fn in_shell(
        &mut self,
        planning: &Planning<'_, 'd>,
        value: &Value<'d>,
        text: &str,
        own: &[Secretive<'_, 'd>],
    ) {
        let mut handed = Handed::default();
        let mut inner = SecretBuffer::with_capacity(text.len() * 2 + 256);
        let mut at = 0;
        let mut quoted = |part: &str| {
            for (number, part) in part.split('\'').enumerate() {
                inner.push(if number == 0 { &b""[..] } else { br"'\''" });
                inner.push(part.as_bytes());
            }
        };
        for Secretive { item, name, .. } in own {
            quoted(text.get(at..item.part.start).unwrap_or_default());
            quoted(&format!("{{{{{name}}}}}"));
            handed.expand(name);
            at = item.part.end;
        }
        quoted(text.get(at..).unwrap_or_default());
        let inner = inner.into_secret();
        let mut line = SecretBuffer::with_capacity(inner.len() + 1024);
        line.push(wrapper(planning, &handed).as_bytes());
        line.push(b"sh -c '");
        line.push(inner.expose_secret());
        line.push(b"'");
        self.edits.replace(value, NewValue::Text(line.into_secret()));
    }

    /// What stands before the host of a URL goes out of it, and our own command prints the header that the client made
    /// of it. Says whether there is such a thing.
    fn basic(&mut self, planning: &Planning<'_, 'd>, flags: &mut String) -> bool {
        let own = planning.items.iter().filter_map(|item| match &item.way {
            Ok((How::Basic { part }, number)) => Some((item, part, self.values.get(*number)?.name.as_str())),
            _ => None,
        });
        let own: Vec<_> = own.collect();
        let Some(value) = own.first().map(|(item, ..)| &item.field.value) else { return false };
        let text = value.text().map_or("", Text::expose);
        let Some(pair) = headers::pair(text) else { return false };
        let parts: Vec<_> = own.iter().map(|(_, part, name)| (*part, *name)).collect();
        _ = write!(flags, " --basic \"{}\"", template_of_pair(text, &pair, &parts));
        self.edits.replace_part(value, pair.start..pair.end + "@".len(), Secret::copy_of(b""));
        true
    }

    /// A text with `{NAME}` in the place of each secret. What stands around them was found to be plain.
    fn template<'i>(&self, value: &Value<'d>, items: impl Iterator<Item = &'i Item<'d>>) -> String
    where
        'd: 'i,
    {
        let text = value.text().map_or("", Text::expose);
        let (mut template, mut at) = (String::new(), 0);
        for item in items {
            let Ok((How::Helper { part, .. }, number)) = &item.way else { continue };
            template.push_str(text.get(at..part.start).unwrap_or_default());
            if let Some(value) = self.values.get(*number) {
                _ = write!(template, "{{{}}}", value.name);
            }
            at = part.end;
        }
        template.push_str(text.get(at..).unwrap_or_default());
        template
    }
}

/// Our command for headers, with these flags, as a line.
fn call(planning: &Planning<'_, '_>, is_basic: bool, flags: &str) -> String {
    let url = planning.subject.entry.url().and_then(|url| made_for(url, is_basic));
    let url = url.map(|url| format!(" --url \"{url}\"")).unwrap_or_default();
    let own: String = planning.flags.iter().flat_map(|flag| [" ", flag]).collect();
    format!("{} headers{own}{url}{flags}", called(planning))
}

/// Our wrapper before a program, as the beginning of a line.
fn wrapper(planning: &Planning<'_, '_>, handed: &Handed) -> String {
    let flags: String = planning.flags.iter().chain(&handed.flags()).flat_map(|flag| [" ", flag]).collect();
    format!("{} run{flags} -- ", called(planning))
}

/// Our own command that prints a value, within another value.
pub(super) fn printing(planning: &Planning<'_, '_>, name: &str) -> String {
    let flags: String = planning.flags.iter().flat_map(|flag| [" ", flag]).collect();
    format!("$({} get{flags} {name})", called(planning))
}

/// Our own name in a line, with what has to stand before it.
fn called(planning: &Planning<'_, '_>) -> String {
    let called = &planning.called;
    let is_word = called.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let before = &planning.surrounding;
    if is_word { format!("{before}{called}") } else { format!("{before}\"{called}\"") }
}

/// The address that a helper prints headers for, without what may be secret; nothing where it is not plain. What stands
/// before the host is left out where it goes.
fn made_for(url: Text<'_>, without_pair: bool) -> Option<String> {
    let text = url.expose();
    let address = text.split(['?', '#']).next()?;
    let pair = headers::pair(text).filter(|_| without_pair);
    let address = match pair {
        Some(pair) => format!("{}{}", address.get(..pair.start)?, address.get(pair.end + "@".len()..)?),
        None => address.to_owned(),
    };
    let is_plain = address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._-~".contains(&byte));
    (is_plain && address.starts_with("http")).then_some(address)
}
