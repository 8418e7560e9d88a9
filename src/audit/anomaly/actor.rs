//! `Actor`: to whom a value went, and what is the same for every version and every build of it.

use std::fmt;

use crate::audit::Action;
use crate::audit::line::Line;
use crate::audit::usage;

/// How much of a name has to be left when a version is taken off its end.
const SHORTEST: usize = 3;

/// So many hexadecimal digits are what a build adds to a name.
const SHORTEST_BUILD: usize = 6;

/// To whom a value went: the program that `run` started and who asked for it, or who asked alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor {
    shown: String,
    /// The same for `python3.12` and `python3.13`, and for every build of `main-0f3a9c21b7`.
    pub(super) family: String,
}

impl Actor {
    pub(super) fn of(line: &Line) -> Self {
        let asked = usage::actor(line);
        let program = line.program.as_deref().filter(|_| line.action == Action::Run);
        // Its folder may be one of a version, or made for this one start.
        match program.and_then(|program| program.rsplit(['/', '\\']).next()) {
            Some(program) => Self {
                family: format!("{} of {}", family(program), family(&asked)),
                shown: format!("{program} of {asked}"),
            },
            None => Self { family: family(&asked), shown: asked },
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// The name without its version, without what a build added, and without `.exe`.
fn family(program: &str) -> String {
    let lower = program.to_ascii_lowercase();
    let mut name = lower.strip_suffix(".exe").unwrap_or(&lower);
    while let Some((before, end)) = name.rsplit_once(['-', '_'])
        && before.len() >= SHORTEST
        && (is_version(end) || is_build(end))
    {
        name = before;
    }
    let plain = name.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    let name = if plain.len() >= SHORTEST { plain } else { name };
    name.to_owned()
}

fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    digits.starts_with(|it: char| it.is_ascii_digit())
        && digits.chars().all(|it| it.is_ascii_digit() || it == '.')
}

fn is_build(text: &str) -> bool {
    text.len() >= SHORTEST_BUILD
        && text.chars().all(|it| it.is_ascii_hexdigit())
        && text.contains(|it: char| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_builds_are_of_one_family() {
        for (program, expected) in [
            ("python3.12", "python"),
            ("Python.exe", "python"),
            ("server-1.4.0", "server"),
            ("server-v2", "server"),
            ("main-0f3a9c21b7d4e5f6", "main"),
            ("main_0f3a9c_12", "main"),
            ("claude-code", "claude-code"),
            ("mcp-server-github", "mcp-server-github"),
            ("x-deadbeef", "x-deadbeef"),
            ("feedface", "feedface"),
            ("s3", "s3"),
            ("7z", "7z"),
            ("", ""),
            ("1-2-3", "1-2"),
            ("äö-12", "äö"),
        ] {
            assert_eq!(family(program), expected, "{program}");
        }
    }

    #[test]
    fn the_folder_of_a_program_does_not_matter_and_who_asked_does() {
        let run = |program: &str, client: &str| {
            let mut line = crate::audit::anomaly::line_of("2026-10-01T00:00:00Z", "run", "TOKEN");
            (line.program, line.client) = (Some(program.to_owned()), Some(client.to_owned()));
            Actor::of(&line)
        };
        let one = run("/tmp/build-17/bin/python3.12", "claude-code");
        assert_eq!(one.to_string(), "python3.12 of claude-code");
        assert_eq!(one.family, run(r"C:\Python313\python3.13.exe", "claude-code").family);
        assert_ne!(one.family, run("/usr/bin/python3.12", "shell").family);
    }
}
