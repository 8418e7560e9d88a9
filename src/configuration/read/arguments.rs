//! Arguments of a command line: which of them is the value of what.

use std::ops::Range;

use crate::catalog::client::FieldKind;
use crate::configuration::entry::{NamedBy, program};
use crate::configuration::read::builder::Builder;
use crate::document::{Text, Value};

/// The longest name of a flag, header or variable that is taken for one, in bytes.
const LONGEST_NAME: usize = 64;

/// Programs that start containers.
const CONTAINERS: &[&str] = &["docker", "podman", "nerdctl", "finch"];

/// Reads the arguments of a command.
pub(super) fn read<'d>(
    builder: &mut Builder<'d>,
    command: Option<&str>,
    items: impl Iterator<Item = Value<'d>>,
) {
    let mut container = command.is_some_and(is_container);
    // Up to `--` our own `-e VAR=NAME` has names only.
    let mut own = command.is_some_and(|command| program(command) == "mcpcred");
    let mut flag: Option<String> = None;
    for (number, item) in items.enumerate() {
        let Some(text) = item.text().map(Text::expose) else {
            builder.field(FieldKind::Args, number.to_string(), item);
            flag = None;
            continue;
        };
        let before = flag.take();
        if reads_file(builder, before.as_deref(), text, &item)
            || container && reads_variable(builder, before.as_deref(), text, &item)
        {
            continue;
        }
        own &= text != "--";
        if own && matches!(before.as_deref(), Some("-e" | "--env")) {
            builder.field(FieldKind::Args, "-e", item);
            continue;
        }
        let (name, part) = meaning(before.as_deref(), text).unwrap_or_else(|| (number.to_string(), None));
        builder.part(FieldKind::Args, name, item.clone(), part);
        // A program behind a wrapper: `mcpcred run -- docker run …`.
        container |= is_container(text);
        flag = is_flag(text).then(|| text.to_owned());
    }
}

fn is_container(text: &str) -> bool {
    CONTAINERS.contains(&program(text))
}

/// What is behind a flag within the same argument: `--flag=value`.
fn attached(text: &str, flag: &str) -> Option<usize> {
    text.strip_prefix(flag).map(|rest| text.len() - rest.len())
}

/// `--env-file FILE`, as Docker, Node.js, Bun, Deno, uv and `op run` take it: a file of variables.
fn reads_file<'d>(builder: &mut Builder<'d>, before: Option<&str>, text: &str, item: &Value<'d>) -> bool {
    const FLAG: &str = "--env-file";
    let start = if before == Some(FLAG) { Some(0) } else { attached(text, "--env-file=") };
    let Some(start) = start else { return false };
    let part = (start > 0).then_some(start..text.len());
    builder.part(FieldKind::EnvFile, FLAG, item.clone(), part);
    true
}

/// `-e NAME`, `-e NAME=value`, `--env=NAME=value`: what a container's program finds in its environment.
fn reads_variable<'d>(builder: &mut Builder<'d>, before: Option<&str>, text: &str, item: &Value<'d>) -> bool {
    let start = match before {
        Some("-e" | "--env") => Some(0),
        _ => attached(text, "--env=").or_else(|| attached(text, "-e").filter(|start| text.len() > *start)),
    };
    let Some(start) = start else { return false };
    let assignment = &text[start..];
    match assignment.split_once('=') {
        Some((name, _)) if is_variable(name) => {
            let value = start + name.len() + 1;
            builder.part(FieldKind::Args, name, item.clone(), Some(value..text.len()));
        }
        None if is_variable(assignment) => {
            let part = (start > 0).then_some(start..text.len());
            builder.part(FieldKind::Args, "-e", item.clone(), part);
            let (variable, target) = (assignment.to_owned(), assignment.to_owned());
            builder.named.push(crate::configuration::entry::NamedReference {
                kind: FieldKind::Args,
                variable,
                target,
                value: item.clone(),
                by: NamedBy::Container,
            });
        }
        _ => return false,
    }
    true
}

/// What an argument is called, and which part of it is the value.
fn meaning(before: Option<&str>, text: &str) -> Option<(String, Option<Range<usize>>)> {
    if matches!(before, Some("--header" | "--headers" | "-H")) {
        return Some(header(text, 0).unwrap_or_else(|| (before.unwrap_or_default().to_owned(), None)));
    }
    for flag in ["--header=", "--headers="] {
        if text.starts_with(flag) {
            return header(text, flag.len());
        }
    }
    if let Some((name, _)) = text.split_once('=') {
        let part = Some(name.len() + 1..text.len());
        if is_flag(name) || is_assigned(name) {
            return Some((name.to_owned(), part));
        }
    }
    before.map(|flag| (flag.to_owned(), None))
}

/// `Name: value`.
fn header(text: &str, from: usize) -> Option<(String, Option<Range<usize>>)> {
    let (name, value) = text[from..].split_once(':')?;
    let is_name = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let start = text.len() - value.trim_start().len();
    is_name.then(|| (name.to_owned(), Some(start..text.len())))
}

/// Whether it is a flag and nothing else: one with a value right behind it (`-pSECRET`) is not taken for a name.
fn is_flag(text: &str) -> bool {
    let (name, is_long) = match (text.strip_prefix("--"), text.strip_prefix('-')) {
        (Some(name), _) => (name, true),
        (None, Some(name)) => (name, false),
        (None, None) => return false,
    };
    let belongs = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte == b'-'
            || byte == b'_'
            || (is_long && (byte.is_ascii_alphanumeric() || byte == b'.'))
    };
    let is_one_letter = name.len() == 1 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_one_letter
        || name.len() > 1
            && name.len() <= LONGEST_NAME
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(belongs)
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `NAME` of `NAME=value`, in capitals.
fn is_assigned(name: &str) -> bool {
    is_variable(name) && name.len() > 1 && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Syntax};
    use crate::secret::Secret;

    /// `name` or `name=part` of each field, and the names of variables.
    fn seen(command: &str, arguments: &[&str]) -> Vec<String> {
        let json = serde_json::to_vec(arguments).unwrap();
        let document = Document::parse(std::path::Path::new("x"), Secret::new(json), Syntax::Json).unwrap();
        let mut builder = Builder::new();
        read(&mut builder, Some(command), document.root().items());
        let mut seen: Vec<String> = builder
            .fields
            .iter()
            .map(|field| match &field.part {
                Some(part) => {
                    format!("{}={}", field.name, &field.value.text().unwrap().expose()[part.clone()])
                }
                None => field.name.clone(),
            })
            .collect();
        seen.extend(builder.named.iter().map(|named| format!("${}", named.variable)));
        seen
    }

    #[test]
    fn a_value_is_called_as_the_flag_before_it() {
        assert_eq!(seen("npx", &["-y", "x", "--token", "t", "u"]), ["0", "-y", "2", "--token", "4"]);
        assert_eq!(seen("x", &["--api-key=a=b", "-t=c"]), ["--api-key=a=b", "-t=c"]);
        assert_eq!(seen("env", &["API_KEY=a", "x=y"]), ["API_KEY=a", "1"]);
    }

    #[test]
    fn a_value_right_behind_a_short_flag_is_never_a_name() {
        assert_eq!(seen("mysql", &["-pS3cret", "host"]), ["0", "1"]);
        assert_eq!(seen("mysql", &["-pS3cret=x", "host"]), ["0", "1"]);
    }

    #[test]
    fn a_header_is_called_by_its_own_name() {
        assert_eq!(
            seen(
                "npx",
                &["mcp-remote", "--header", "Authorization:Bearer x", "--header=X-Key: y", "-H", "z"]
            ),
            ["0", "1", "Authorization=Bearer x", "X-Key=y", "4", "-H"]
        );
    }

    #[test]
    fn a_container_takes_variables_over() {
        assert_eq!(
            seen(
                "/usr/bin/docker",
                &["run", "-e", "A", "-e", "B=c", "--env=D=e", "-eF=g", "--env", "H", "image"]
            ),
            ["0", "1", "-e", "3", "B=c", "D=e", "F=g", "7", "-e", "9", "$A", "$H"]
        );
        assert_eq!(seen("docker", &["run", "--env-file", ".env", "i"]), ["0", "1", "--env-file", "3"]);
        assert_eq!(seen("npx", &["-e", "A"]), ["0", "-e"]);
    }

    #[test]
    fn a_file_of_variables_is_one_whoever_reads_it() {
        for program in ["docker", "node", "uv", "op", "/usr/bin/bun"] {
            assert_eq!(
                seen(program, &["run", "--env-file", "a", "x"]),
                ["0", "1", "--env-file", "3"],
                "{program}"
            );
            assert_eq!(seen(program, &["--env-file=a", "x"]), ["--env-file=a", "1"], "{program}");
        }
    }

    #[test]
    fn a_container_behind_a_wrapper_is_one_too() {
        assert_eq!(
            seen("mcpcred", &["run", "-e", "NAME=OTHER", "--", "docker", "run", "-e", "A", "i"]),
            ["0", "1", "-e", "3", "4", "5", "6", "-e", "8", "$A"]
        );
    }
}
