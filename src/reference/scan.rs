//! One walk over a text that finds placeholders: every byte is looked at a bounded number of times.

use std::ops::Range;

use crate::catalog::client::ReferenceSyntax as S;
use crate::reference::Reference;

/// The longest name of a variable or question that is taken for one, in bytes.
const LONGEST_NAME: usize = 256;

/// The longest path, in bytes: `PATH_MAX` of Linux.
const LONGEST_PATH: usize = 4096;

/// What an editor, or another client, fills in by itself. `env`, `input` and `file` with a colon are read apart.
const EDITOR: &[&str] = &[
    "/",
    "cwd",
    "execPath",
    "extensionPath",
    "fileWorkspaceFolder",
    "pathSeparator",
    "relativeFile",
    "userHome",
    "workspaceFolder",
    "workspaceFolderBasename",
    "workspacePath",
];

/// The same with something behind a colon.
const EDITOR_PREFIXES: &[&str] = &["command:", "config:", "workspaceFolder:"];

/// Whose placeholders are looked for.
pub(super) enum Reading<'s> {
    /// Those of a client.
    Of(&'s [S]),
    /// Those of all clients, as long as nobody would take the text for something else.
    Any,
}

/// A placeholder of which the end has not been seen.
struct Open {
    start: usize,
    /// Where the default or the command begins.
    inside: usize,
    /// How many placeholders were found before it.
    found: usize,
    /// What it is; nothing where the client does not know it.
    what: Option<(S, Range<usize>)>,
    closer: u8,
}

struct Walk<'t> {
    text: &'t str,
    reading: &'t Reading<'t>,
    open: Vec<Open>,
    found: Vec<Reference>,
}

/// All placeholders in the text.
pub(super) fn scan(text: &str, reading: &Reading<'_>) -> Vec<Reference> {
    let mut walk = Walk { text, reading, open: Vec::new(), found: Vec::new() };
    let mut at = 0;
    while let Some(next) = walk.next_mark(at) {
        at = walk.step(next);
    }
    walk.found
}

impl Walk<'_> {
    /// Where the next byte stands that could begin or end something.
    fn next_mark(&self, from: usize) -> Option<usize> {
        let is_mark = |byte: &u8| match byte {
            b'$' | b'{' | b'%' | b'\\' => true,
            b'}' | b'(' | b')' => !self.open.is_empty(),
            _ => false,
        };
        Some(from + self.text.as_bytes().get(from..)?.iter().position(is_mark)?)
    }

    /// Looks at one mark, and returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        let end = match self.text.as_bytes()[at] {
            b'$' => self.dollar(at),
            b'{' => self.bare(at),
            b'%' => self.percent(at),
            // Only a shell takes a dollar for itself because of what stands before it.
            b'\\' if self.knows(S::Command) && !matches!(self.reading, Reading::Any) => self.after_escape(at),
            mark => self.close(at, mark),
        };
        end.unwrap_or(at + 1)
    }

    fn knows(&self, syntax: S) -> bool {
        match self.reading {
            Reading::Of(syntaxes) => syntaxes.contains(&syntax),
            Reading::Any => true,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn after_escape(&self, at: usize) -> Option<usize> {
        self.text[at + 1..].chars().next().map(|character| at + 1 + character.len_utf8())
    }

    /// Notes a placeholder, and returns where it ends.
    fn note(&mut self, syntax: S, name: Range<usize>, span: Range<usize>) -> usize {
        let name = self.text[name].to_owned();
        let end = span.end;
        self.found.push(Reference { syntax, name, default: None, span });
        end
    }

    /// A dollar and what follows it.
    fn dollar(&mut self, at: usize) -> Option<usize> {
        match self.byte(at + 1)? {
            b'{' => Some(self.braces(at)),
            b'(' if self.knows(S::Command) => {
                self.push(at, at + 2, Some((S::Command, at + 2..at + 2)), b')');
                Some(at + 2)
            }
            _ => self.word(at),
        }
    }

    /// `$VAR` and `$env:VAR`.
    fn word(&mut self, at: usize) -> Option<usize> {
        if self.knows(S::DollarEnv)
            && let Some(from) = self.after(at + 1, "env:")
            && let Some(end) = self.name(from)
        {
            return Some(self.note(S::DollarEnv, from..end, at..end));
        }
        let end = self.name(at + 1)?;
        let is_one = match self.reading {
            Reading::Of(syntaxes) => syntaxes.contains(&S::Dollar),
            Reading::Any => self.stands_alone(at, end) && is_conventional(&self.text[at + 1..end]),
        };
        is_one.then(|| self.note(S::Dollar, at + 1..end, at..end))
    }

    /// `${…}`, read as far as its default; returns where to go on.
    fn braces(&mut self, at: usize) -> usize {
        let inside = at + 2;
        if let Some(end) = self.expression(at) {
            return end;
        }
        for (prefix, syntax, longest) in
            [("input:", S::Input, LONGEST_NAME), ("file:", S::File, LONGEST_PATH)]
        {
            if let Some(from) = self.after(inside, prefix)
                && self.knows(syntax)
                && let Some(end) = self.up_to_brace(from, longest)
            {
                return self.note(syntax, from..end, at..end + 1);
            }
        }
        if self.knows(S::Editor)
            && let Some(end) = self.editor(inside)
        {
            return self.note(S::Editor, inside..end, at..end + 1);
        }
        if self.knows(S::UserConfig)
            && let Some(from) = self.after(inside, "user_config.")
            && let Some(end) = self.odd_name(from)
            && self.byte(end) == Some(b'}')
        {
            return self.note(S::UserConfig, from..end, at..end + 1);
        }
        let (name, plain, with_default) = match self.after(inside, "env:") {
            Some(from) => (self.odd_name(from).map(|end| from..end), S::Env, S::Env),
            None => (self.name(inside).map(|end| inside..end), S::Braces, S::BracesDefault),
        };
        if let Some(name) = name {
            match (self.byte(name.end), self.byte(name.end + 1)) {
                (Some(b'}'), _) if self.knows(plain) => {
                    let span = at..name.end + 1;
                    return self.note(plain, name, span);
                }
                (Some(b':'), Some(mark @ (b'-' | b'?'))) => {
                    let syntax =
                        if mark == b'-' || plain == S::Env { with_default } else { S::BracesRequired };
                    let from = name.end + 2;
                    let what = self.knows(syntax).then_some((syntax, name));
                    self.push(at, from, what, b'}');
                    return from;
                }
                _ => {}
            }
        }
        // `${env:X}` holds an `{env:X}` for those who read that.
        if let Some(end) = self.bare(at + 1) {
            return end;
        }
        // Its closing brace must not end the default that it stands in.
        if !self.open.is_empty() {
            self.push(at, inside, None, b'}');
        }
        inside
    }

    /// `${{ secrets.NAME }}`.
    fn expression(&mut self, at: usize) -> Option<usize> {
        let from = self.spaces(self.after(at, "${{")?);
        let (syntax, from) = [("secrets.", S::Secrets), ("inputs.", S::Inputs), ("vars.", S::Inputs)]
            .into_iter()
            .find_map(|(prefix, syntax)| Some((syntax, self.after(from, prefix)?)))?;
        let name = from..self.odd_name(from)?;
        let end = self.after(self.spaces(name.end), "}}")?;
        self.knows(syntax).then(|| self.note(syntax, name, at..end))
    }

    /// `{env:VAR}` and `{file:path}`.
    fn bare(&mut self, at: usize) -> Option<usize> {
        for (prefix, syntax) in [("{env:", S::BareEnv), ("{file:", S::BareFile)] {
            if !self.knows(syntax) {
                continue;
            }
            let Some(from) = self.after(at, prefix) else { continue };
            let end = match syntax {
                S::BareEnv => self.odd_name(from).filter(|end| self.byte(*end) == Some(b'}')),
                _ => self.up_to_brace(from, LONGEST_PATH),
            };
            if let Some(end) = end {
                return Some(self.note(syntax, from..end, at..end + 1));
            }
        }
        None
    }

    /// `%VAR%`.
    fn percent(&mut self, at: usize) -> Option<usize> {
        if !self.knows(S::Percent) {
            return None;
        }
        let end = self.name(at + 1).filter(|end| self.byte(*end) == Some(b'%'))?;
        let name = &self.text[at + 1..end];
        // In a URL `%AB%` may be two bytes.
        let is_one = !matches!(self.reading, Reading::Any) || name.len() > 2 && is_conventional(name);
        is_one.then(|| self.note(S::Percent, at + 1..end, at..end + 1))
    }

    fn push(&mut self, start: usize, inside: usize, what: Option<(S, Range<usize>)>, closer: u8) {
        self.open.push(Open { start, inside, found: self.found.len(), what, closer });
    }

    /// A bracket that may end what is open.
    fn close(&mut self, at: usize, mark: u8) -> Option<usize> {
        let closer = self.open.last()?.closer;
        if mark == b'(' && closer == b')' {
            // A pair of parentheses within a command.
            self.push(at, at + 1, None, b')');
            return None;
        }
        if mark != closer {
            return None;
        }
        let Open { start, inside, found, what, .. } = self.open.pop()?;
        let (syntax, name) = what?;
        let command = syntax == S::Command;
        if command && inside == at {
            return None;
        }
        // What was found within it is part of it.
        self.found.truncate(found);
        self.found.push(Reference {
            syntax,
            name: self.text[name].to_owned(),
            default: (!command).then_some(inside..at),
            span: start..at + 1,
        });
        None
    }

    /// Where this text ends, if it stands here.
    fn after(&self, at: usize, text: &str) -> Option<usize> {
        self.text.as_bytes().get(at..)?.starts_with(text.as_bytes()).then_some(at + text.len())
    }

    /// Where the spaces end that begin here; a few of them.
    fn spaces(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().take(LONGEST_NAME).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// Where the name of a variable ends that begins here.
    fn name(&self, at: usize) -> Option<usize> {
        self.run(at, |byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// The same with what Windows and other programs allow in names: `ProgramFiles(x86)`, `my.key-1`.
    fn odd_name(&self, at: usize) -> Option<usize> {
        self.run(at, |byte| byte.is_ascii_alphanumeric() || b"_.-()".contains(&byte))
    }

    fn run(&self, at: usize, belongs: impl Fn(u8) -> bool) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..)?;
        if !rest.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_') {
            return None;
        }
        let length = rest.iter().take(LONGEST_NAME + 1).take_while(|byte| belongs(**byte)).count();
        (length <= LONGEST_NAME).then_some(at + length)
    }

    /// Where the closing brace is, if there is something before it and all of that is on one line.
    fn up_to_brace(&self, at: usize, longest: usize) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..)?;
        let length = rest.iter().take(longest + 1).position(|byte| b"{}\r\n".contains(byte))?;
        (length > 0 && rest[length] == b'}').then_some(at + length)
    }

    /// Where the closing brace is, if an editor fills in what stands before it.
    fn editor(&self, at: usize) -> Option<usize> {
        let word =
            EDITOR.iter().filter_map(|word| self.after(at, word)).find(|end| self.byte(*end) == Some(b'}'));
        word.or_else(|| {
            let from = EDITOR_PREFIXES.iter().find_map(|prefix| self.after(at, prefix))?;
            self.up_to_brace(from, LONGEST_NAME)
        })
    }

    /// Whether no letter, digit or dollar touches it.
    fn stands_alone(&self, start: usize, end: usize) -> bool {
        let touches = |character: char| character.is_alphanumeric() || "_$\\%".contains(character);
        !self.text[..start].ends_with(touches) && !self.text[end..].starts_with(touches)
    }
}

/// Whether it is written as the names of variables are: in capitals, and more than one letter.
fn is_conventional(name: &str) -> bool {
    name.len() > 1
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
