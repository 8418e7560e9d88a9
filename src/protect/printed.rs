//! `Printed`: the headers that a line prints which prints the same every time.

use std::path::Path;

use crate::configuration::entry::program;
use crate::document::{Document, Shape, Syntax, Text};
use crate::protect::shell_line::{Shell, ShellLine, Word};
use crate::secret::{Secret, SecretBuffer};

/// One JSON object of texts.
pub(crate) struct Printed(Document);

impl Printed {
    /// Of `echo '{…}'`, `printf '%s' '{…}'` and their like; `None` where anything else has a part in it.
    pub(crate) fn by(line: &str, shell: Shell) -> Option<Self> {
        let text = match shell {
            Shell::Posix => by_posix(line)?,
            Shell::Cmd => by_cmd(line)?,
        };
        let document = Document::parse(Path::new("line"), text, Syntax::Json).ok()?;
        let printed = Self(document);
        let headers = printed.headers();
        let is_twice = |(number, (name, _)): (usize, &(&str, &str))| {
            headers[..number].iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let are_texts = printed.0.root().members().all(|(_, value)| value.shape() == Shape::String);
        let is_fine = are_texts && !headers.is_empty() && !headers.iter().enumerate().any(is_twice);
        is_fine.then_some(printed)
    }

    /// Each name and its value, in the order of the line.
    pub(crate) fn headers(&self) -> Vec<(&str, &str)> {
        let members = self.0.root().members();
        members.map(|(key, value)| (key.expose(), value.text().map_or("", Text::expose))).collect()
    }
}

fn by_posix(text: &str) -> Option<Secret> {
    let line = ShellLine::read(text, Shell::Posix).filter(|line| line.assignments.is_empty())?;
    let said = |word: &Word| {
        let mut out = SecretBuffer::with_capacity(text.len());
        word.said(text, &mut out)?;
        Some(out.into_secret())
    };
    let words = line.words.iter().map(said).collect::<Option<Vec<Secret>>>()?;
    let words: Vec<&str> = words.iter().map(|word| word.expose_secret_str().ok()).collect::<Option<_>>()?;
    let (first, rest) = words.split_first()?;
    match program(first) {
        "echo" => by_echo(rest),
        "printf" => by_printf(rest),
        _ => None,
    }
}

/// Its words with a blank between them. Which backslashes mean something to it, no two shells agree on.
fn by_echo(words: &[&str]) -> Option<Secret> {
    let words = if words.first() == Some(&"-n") { &words[1..] } else { words };
    let mut out = SecretBuffer::with_capacity(256);
    for (number, word) in words.iter().enumerate() {
        if word.contains('\\') || (number == 0 && word.starts_with('-')) {
            return None;
        }
        out.push(if number == 0 { &b""[..] } else { b" " });
        out.push(word.as_bytes());
    }
    Some(out.into_secret())
}

/// Its format with an argument for every `%s`.
fn by_printf(words: &[&str]) -> Option<Secret> {
    let (format, arguments) = words.split_first()?;
    let format = format.strip_suffix("\\n").unwrap_or(format);
    let parts: Vec<&str> = format.split("%s").collect();
    let is_plain = !format.starts_with('-') && parts.iter().all(|part| !part.contains(['%', '\\']));
    if !is_plain || parts.len() != arguments.len() + 1 {
        return None;
    }
    let mut out = SecretBuffer::with_capacity(256);
    for (number, part) in parts.iter().enumerate() {
        out.push(part.as_bytes());
        out.push(arguments.get(number).copied().unwrap_or_default().as_bytes());
    }
    Some(out.into_secret())
}

/// What follows `echo`, with its quotes.
fn by_cmd(text: &str) -> Option<Secret> {
    let strip = |text: &'_ str, word: &str| {
        let (first, rest) = text.trim_start().split_once([' ', '\t'])?;
        first.eq_ignore_ascii_case(word).then(|| text.len() - rest.len())
    };
    let mut at = 0;
    for launcher in ["cmd", "cmd.exe", "/c"] {
        at += text.get(at..).and_then(|rest| strip(rest, launcher)).unwrap_or(0);
    }
    at += strip(text.get(at..)?, "echo")?;
    let rest = text.get(at..)?;
    let is_plain = !rest.contains(['|', '&', '<', '>', '^', '%', '!', '\n', '\r']);
    is_plain.then(|| Secret::copy_of(rest.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(line: &str, shell: Shell) -> Option<String> {
        let printed = Printed::by(line, shell)?;
        let headers: Vec<String> =
            printed.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Some(headers.join("\n"))
    }

    #[test]
    fn what_always_prints_the_same_is_known() {
        for line in [
            r#"echo '{"A":"b c"}'"#,
            r#"/bin/echo -n '{"A": "b c"}'"#,
            r#"echo "{\"A\":\"b c\"}""#,
            r#"printf '%s' '{"A":"b c"}'"#,
            r#"printf '%s\n' '{"A":"b c"}'"#,
            r#"printf '{"A":"b %s"}\n' c"#,
            r#"printf '{"A":"b c"}'"#,
            r#"echo '{"A":' '"b c"}'"#,
        ] {
            assert_eq!(printed(line, Shell::Posix).as_deref(), Some("A: b c"), "{line}");
        }
        for line in [r#"echo {"A":"b c"}"#, r#"cmd /c echo {"A":"b c"}"#, r#"CMD.EXE /C ECHO {"A":"b c"}"#] {
            assert_eq!(printed(line, Shell::Cmd).as_deref(), Some("A: b c"), "{line}");
        }
        assert_eq!(printed(r#"echo '{"A":"b","C":"d"}'"#, Shell::Posix).unwrap(), "A: b\nC: d");
    }

    #[test]
    fn what_something_else_has_a_part_in_is_not() {
        for line in [
            r#"echo {"A":"b"}"#,
            r#"echo "{\"A\":\"$B\"}""#,
            r#"echo '{"A":"b"}' | cat"#,
            r#"X=1 echo '{"A":"b"}'"#,
            r#"echo -e '{"A":"b"}'"#,
            r#"echo '{"A":"b\n"}'"#,
            r#"echo '{"A":"b","a":"c"}'"#,
            r#"echo '{"A":1}'"#,
            "echo '{}'",
            r#"printf '{"A":"%s %s"}' b"#,
            r#"printf '{"A":"%d"}' 1"#,
            r#"cat '{"A":"b"}'"#,
        ] {
            assert_eq!(printed(line, Shell::Posix), None, "{line}");
        }
        for line in [r#"echo {"A":"%B%"}"#, r#"echo {"A":"b"} & dir"#, r#"type {"A":"b"}"#] {
            assert_eq!(printed(line, Shell::Cmd), None, "{line}");
        }
    }
}
