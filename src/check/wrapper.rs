//! Our own wrapper in a configuration: `mcpcred run -e VAR=NAME -- CMD`, and our own helper for headers.

use crate::check::call::{Call, Origin, Refusal};

pub(crate) use crate::check::call::is_mcpcred;

/// What an entry asks `mcpcred run` for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrapper {
    /// Each variable and the credential that goes into it.
    pub(crate) assignments: Vec<(String, String)>,
    /// `--expand`: credentials that stand in the arguments.
    pub(crate) expansions: Vec<String>,
    /// `--server`.
    pub(crate) server: Option<String>,
    /// `--all`.
    pub(crate) all: bool,
    /// Whether nothing was named, so that the file of the project decides.
    pub(crate) by_project: bool,
    /// `--clean`: the environment of the client does not reach the server.
    pub(crate) clean: bool,
    /// Whose credentials they are.
    pub(crate) origin: Origin,
    /// Which of the arguments is `run`.
    pub(crate) run: usize,
    /// The first argument that mcpcred would not take, and why.
    pub(crate) refused: Option<(usize, Refusal)>,
}

/// What a helper's line asks our own command for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// `headers`, or `run` before a command of the person's own.
    pub(crate) command: &'static str,
    /// The credentials.
    pub(crate) names: Vec<String>,
    /// Whose they are.
    pub(crate) origin: Origin,
    /// Why mcpcred would print nothing.
    pub(crate) refused: Option<Refusal>,
}

/// The credentials that a helper's line asks our own command for; `None` where it calls something else.
pub(crate) fn asked_for_headers(line: &str) -> Option<Asked> {
    let call = Call::of_line(line).filter(|call| ["headers", "run"].contains(&call.command))?;
    let mut names: Vec<String> = Vec::new();
    let pair = |text: &'_ str| text.split_once('=').map_or(text.to_owned(), |(_, name)| name.to_owned());
    let assigned = call.values("env").map(pair).chain(call.values("expand").map(str::to_owned));
    let templates = call.values("header").chain(call.values("basic"));
    for name in assigned.chain(templates.flat_map(names_in).map(str::to_owned)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let refused = call.refused.map(|(_, why)| why);
    Some(Asked { command: call.command, names, origin: call.origin(), refused })
}

/// The names in a text that has `{NAME}` in the place of each credential.
fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

impl Wrapper {
    /// What `command` with these arguments asks for, where it is `mcpcred run`.
    pub(crate) fn read<'a>(command: &'a str, arguments: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let words = std::iter::once(command).chain(arguments);
        let call = Call::read(words).filter(|call| call.command == "run")?;
        let pair = |text: &str| {
            let (variable, name) = text.split_once('=').unwrap_or((text, text));
            (variable.to_owned(), name.to_owned())
        };
        let mut assignments: Vec<_> = call.values("env").map(pair).collect();
        for (variable, template) in call.values("basic").filter_map(|text| text.split_once('=')) {
            assignments.extend(names_in(template).map(|name| (variable.to_owned(), name.to_owned())));
        }
        let expansions: Vec<_> = call.values("expand").map(str::to_owned).collect();
        let server = call.values("server").last().map(str::to_owned);
        let all = call.has("all");
        Some(Self {
            by_project: assignments.is_empty() && expansions.is_empty() && server.is_none() && !all,
            assignments,
            expansions,
            server,
            all,
            clean: call.has("clean"),
            origin: call.origin(),
            // The program is the first of the words, and no argument.
            run: call.at.saturating_sub(1),
            refused: call.refused.map(|(at, why)| (at.saturating_sub(1), why)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&'static str]) -> Option<Wrapper> {
        Wrapper::read("/usr/local/bin/mcpcred", arguments.iter().copied())
    }

    fn pair(variable: &str, name: &str) -> (String, String) {
        (variable.to_owned(), name.to_owned())
    }

    #[test]
    fn what_a_person_may_write_is_understood() {
        let both = vec![pair("A", "A"), pair("B", "C")];
        for arguments in [
            &["run", "-e", "A", "-e", "B=C", "--", "x", "-e", "D"][..],
            &["run", "--env", "A", "--env=B=C", "--", "x"],
            &["--quiet", "run", "-eA", "-e=B=C", "--", "x"],
            &["--reason", "run", "--profile", "x", "run", "-eA", "--store", "vault", "-e=B=C", "--", "x"],
        ] {
            let wrapper = read(arguments).unwrap();
            assert_eq!((wrapper.assignments, wrapper.refused), (both.clone(), None), "{arguments:?}");
            assert_eq!(arguments[wrapper.run], "run");
        }
        let server = read(&["run", "--server", "github", "--", "x"]).unwrap();
        assert_eq!((server.server.as_deref(), server.by_project), (Some("github"), false));
        assert!(read(&["run", "--", "x"]).unwrap().by_project);
        let expanding = read(&["run", "--expand", "A", "--expand=B", "--", "x", "{{A}}"]).unwrap();
        assert_eq!(
            (expanding.expansions, expanding.by_project),
            (vec!["A".to_owned(), "B".to_owned()], false)
        );
        let basic = read(&["run", "--basic", "A=me:{B}", "--", "x"]).unwrap();
        assert_eq!((basic.assignments, basic.by_project), (vec![pair("A", "B")], false));
        assert!(read(&["run", "--all", "--clean", "--", "x"]).unwrap().clean);
        assert_eq!(read(&["run", "-e", "A", "npx", "x"]).unwrap().refused, Some((3, Refusal::Dashes)));
    }

    #[test]
    fn a_line_for_headers_names_what_it_needs() {
        for line in [
            r#"env X_DIR="/a b/c" Y=1 mcpcred headers --header "A: {A}" --header "B: {B}""#,
            r#"mcpcred headers --header "Authorization: Bearer {A}" --header=X:{B}{A}"#,
            r#""C:\Program Files\mcpcred.exe"  headers --url "https://x.example" --header 'A: {A}' --header "B={B}""#,
            r#"mcpcred --reason headers headers --no-prompt --header "A: {A}" --header "B: {B}""#,
            r#"mcpcred headers --basic "me:{B}" --header "A: {A}""#,
        ] {
            let asked = asked_for_headers(line).unwrap();
            assert_eq!(
                (&asked.names[..], asked.refused),
                (&["A".to_owned(), "B".to_owned()][..], None),
                "{line}"
            );
        }
        for line in [
            "mcpcred run -e X=A --expand B -- /opt/helper --token {{B}}",
            r#"LOG=1 "/opt/my programs/mcpcred" run --env A --expand B -- sh -c 'a; b '\'' c'"#,
        ] {
            let asked = asked_for_headers(line).unwrap();
            assert_eq!(
                (asked.command, &asked.names[..]),
                ("run", &["A".to_owned(), "B".to_owned()][..]),
                "{line}"
            );
            assert_eq!(asked.refused, None, "{line}");
        }
        let asked = asked_for_headers(r#"mcpcred --profile work headers --header "A: {A}""#).unwrap();
        assert_eq!(asked.origin.profile.as_deref(), Some("work"));
        for line in
            ["curl headers --header {A}", "mcpcred get A", "mcpcred", "", "echo mcpcred headers --header {A}"]
        {
            assert_eq!(asked_for_headers(line), None, "{line}");
        }
    }

    #[test]
    fn other_programs_and_other_commands_are_no_wrapper() {
        assert_eq!(Wrapper::read("npx", ["run"]), None);
        assert_eq!(read(&["headers", "x"]), None);
        assert_eq!(read(&[]), None);
    }
}
