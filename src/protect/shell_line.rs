//! `ShellLine`: a line of one command, as the shell that a client hands it to parts it.

use std::ops::Range;

use crate::secret::SecretBuffer;

/// Which shell reads the lines of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shell {
    /// `sh`.
    Posix,
    /// `cmd`.
    Cmd,
}

impl Shell {
    /// The one of this system.
    pub(crate) const HERE: Self = if cfg!(windows) { Self::Cmd } else { Self::Posix };

    /// Whether a byte stands for itself wherever it is in a line, within quotes and without.
    pub(crate) fn leaves(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || b"_-./+:@=,".contains(&byte) || (byte == b'%' && self == Self::Posix)
    }

    /// Whether a word is no program, but something that the shell does itself.
    pub(crate) fn is_own(self, word: &str) -> bool {
        let own: &[&str] = match self {
            Self::Posix => &[
                "!", ".", ":", "[[", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue",
                "declare", "do", "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export",
                "fc", "fg", "fi", "for", "function", "getopts", "hash", "if", "jobs", "let", "local",
                "printf", "read", "readonly", "return", "select", "set", "shift", "source", "then", "time",
                "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait",
                "while", "{", "}",
            ],
            Self::Cmd => &[
                "assoc", "break", "call", "cd", "chdir", "cls", "color", "copy", "date", "del", "dir",
                "echo", "erase", "exit", "for", "ftype", "goto", "if", "md", "mkdir", "mklink", "move",
                "path", "pause", "popd", "prompt", "pushd", "rd", "rem", "ren", "rename", "rmdir", "set",
                "setlocal", "shift", "start", "time", "title", "type", "ver", "verify", "vol",
            ],
        };
        match self {
            Self::Posix => own.contains(&word) || word.starts_with('$'),
            Self::Cmd => own.iter().any(|own| word.eq_ignore_ascii_case(own)),
        }
    }
}

/// A command with its arguments and the variables that are set for it; nothing else of a shell is in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShellLine {
    /// `NAME=value` before the program.
    pub(crate) assignments: Vec<Word>,
    /// The program and its arguments.
    pub(crate) words: Vec<Word>,
}

/// A word of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Where it is, with its quotes.
    pub(crate) span: Range<usize>,
    /// What it is made of.
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a word.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it is, without quotes.
    pub(crate) span: Range<usize>,
    pub(crate) quotes: Quotes,
}

/// What stands around a part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    None,
    Single,
    Double,
}

impl ShellLine {
    /// Of a line; `None` where there is more in it than words and quotes: a second command, a redirection, a command
    /// within the command.
    pub(crate) fn read(text: &str, shell: Shell) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut line = Self { assignments: Vec::new(), words: Vec::new() };
        let mut at = 0;
        loop {
            at += bytes[at..].iter().take_while(|byte| is_blank(**byte)).count();
            if at == bytes.len() {
                break;
            }
            let word = Word::read(text, at, shell)?;
            at = word.span.end;
            let is_assignment = shell == Shell::Posix && line.words.is_empty() && word.is_assignment(text);
            if is_assignment { &mut line.assignments } else { &mut line.words }.push(word);
        }
        (!line.words.is_empty()).then_some(line)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

impl Word {
    fn read(text: &str, start: usize, shell: Shell) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut word = Self { span: start..start, pieces: Vec::new() };
        let mut at = start;
        while let Some(&byte) = bytes.get(at).filter(|byte| !is_blank(**byte)) {
            let quotes = match byte {
                b'"' => Quotes::Double,
                b'\'' if shell == Shell::Posix => Quotes::Single,
                _ => Quotes::None,
            };
            let from = at + usize::from(quotes != Quotes::None);
            let end = from + end_of_piece(&bytes[from..], quotes, shell)?;
            let piece = text.get(from..end)?;
            if !is_understood(piece, quotes, shell) {
                return None;
            }
            word.pieces.push(Piece { span: from..end, quotes });
            at = end + usize::from(quotes != Quotes::None);
        }
        // What follows is no part of the command.
        let is_comment = shell == Shell::Posix && bytes[start] == b'#';
        word.span.end = at;
        (!is_comment).then_some(word)
    }

    fn is_assignment(&self, text: &str) -> bool {
        let first = self.pieces.first().filter(|piece| piece.quotes == Quotes::None);
        let name = first.and_then(|piece| text.get(piece.span.clone())?.split_once('='));
        name.is_some_and(|(name, _)| is_variable(name))
    }

    /// The variable, and where its value is, where that stands there as it is.
    pub(crate) fn assignment<'t>(&self, text: &'t str) -> Option<(&'t str, Range<usize>)> {
        let (first, rest) = self.pieces.split_first()?;
        let (name, value) = text.get(first.span.clone())?.split_once('=')?;
        let value = match (value, rest) {
            ("", [only]) => only,
            (_, []) => {
                &Piece { span: first.span.start + name.len() + 1..first.span.end, quotes: Quotes::None }
            }
            _ => return None,
        };
        let written = text.get(value.span.clone())?;
        let is_plain = match value.quotes {
            Quotes::Single => true,
            Quotes::Double => !written.contains(['$', '\\']),
            Quotes::None => !written.contains(['$', '*', '?', '[', '~']),
        };
        is_plain.then_some((name, value.span.clone()))
    }

    /// Adds what the program is given for this word; `None` where a shell would have to say.
    pub(crate) fn said(&self, text: &str, out: &mut SecretBuffer) -> Option<()> {
        for piece in &self.pieces {
            let written = text.get(piece.span.clone())?;
            let is_the_shells = match piece.quotes {
                Quotes::Single => false,
                Quotes::None => written.contains(['$', '*', '?', '[', '~']),
                Quotes::Double => written.contains('$'),
            };
            if is_the_shells {
                return None;
            }
            let mut rest = written;
            while let Some((before, after)) = rest.split_once('\\').filter(|_| piece.quotes == Quotes::Double)
            {
                let is_escape = after.starts_with(['"', '\\']);
                out.push(before.as_bytes());
                let (own, behind) = after.split_at(usize::from(is_escape));
                out.push(if is_escape { own } else { "\\" }.as_bytes());
                rest = behind;
            }
            out.push(rest.as_bytes());
        }
        Some(())
    }
}

/// How long a piece is; nothing where its quotes do not end.
fn end_of_piece(bytes: &[u8], quotes: Quotes, shell: Shell) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let ends = match quotes {
            Quotes::Single => byte == b'\'',
            Quotes::Double => byte == b'"',
            Quotes::None => is_blank(byte) || byte == b'"' || (byte == b'\'' && shell == Shell::Posix),
        };
        if ends {
            return Some(at);
        }
        let is_escaped = quotes == Quotes::Double && byte == b'\\' && shell == Shell::Posix;
        at += usize::from(is_escaped);
        at += 1;
    }
    (quotes == Quotes::None).then_some(bytes.len())
}

/// Whether nothing in a piece is more than text and variables.
fn is_understood(piece: &str, quotes: Quotes, shell: Shell) -> bool {
    if piece.contains(['\n', '\r']) {
        return quotes == Quotes::Single;
    }
    match (shell, quotes) {
        (Shell::Cmd, _) => !piece.contains(['|', '&', '<', '>', '^', '%', '!', '(', ')']),
        (Shell::Posix, Quotes::Single) => true,
        (Shell::Posix, Quotes::Double) => !piece.contains('`') && !piece.contains("$("),
        (Shell::Posix, Quotes::None) => !piece.contains(['|', '&', ';', '<', '>', '(', ')', '`', '\\']),
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|it: char| it.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, shell: Shell) -> Option<Vec<String>> {
        let line = ShellLine::read(text, shell)?;
        let word = |word: &Word| {
            let mut out = SecretBuffer::with_capacity(64);
            word.said(text, &mut out).map(|()| out.into_secret().expose_secret_str().unwrap().to_owned())
        };
        line.assignments.iter().chain(&line.words).map(word).collect()
    }

    #[test]
    fn a_line_is_parted_as_a_shell_does() {
        for (line, expected) in [
            ("a  b\t'c d' \"e\\\"f\" g'h'\"i\"", &["a", "b", "c d", "e\"f", "ghi"][..]),
            ("A=1 B='x y' run --flag=\"z\"", &["A=1", "B=x y", "run", "--flag=z"]),
            (r#"echo '{"A":"b"}'"#, &["echo", r#"{"A":"b"}"#]),
            (r#"echo "a\b\\c""#, &["echo", r"a\b\c"]),
        ] {
            assert_eq!(said(line, Shell::Posix).unwrap(), expected, "{line}");
        }
        let line = ShellLine::read("A=1 B= run C=2", Shell::Posix).unwrap();
        assert_eq!((line.assignments.len(), line.words.len()), (2, 2));
        assert_eq!(said(r#"C:\x\y.exe "a b" 'c"#, Shell::Cmd).unwrap(), [r"C:\x\y.exe", "a b", "'c"]);
    }

    #[test]
    fn what_is_more_than_one_command_is_none() {
        for line in [
            "a | b",
            "a && b",
            "a; b",
            "a > b",
            "a `b`",
            "a $(b)",
            "a \"$(b)\"",
            "a \"`b`\"",
            "(a)",
            "a\nb",
            "# a",
            "a #b",
            "a 'b",
            "a \"b",
            "",
            "  ",
            "A=1",
            r"a\ b",
        ] {
            assert_eq!(ShellLine::read(line, Shell::Posix), None, "{line}");
        }
        for line in ["a | b", "a %B%", "a ^b", "a & b", "a \"b"] {
            assert_eq!(ShellLine::read(line, Shell::Cmd), None, "{line}");
        }
    }

    #[test]
    fn the_value_of_a_variable_is_known_where_it_stands_there_as_it_is() {
        for (line, expected) in [
            ("A=b x", Some(("A", "b"))),
            ("A='b $c' x", Some(("A", "b $c"))),
            ("A=\"b c\" x", Some(("A", "b c"))),
            ("A=b'c' x", None),
            ("A=\"b$c\" x", None),
            ("A=$c x", None),
        ] {
            let parted = ShellLine::read(line, Shell::Posix).unwrap();
            let found = parted.assignments[0].assignment(line);
            assert_eq!(found.map(|(name, value)| (name, &line[value])), expected, "{line}");
        }
    }
}
