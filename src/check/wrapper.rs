//! Our own wrapper in a configuration: `mcpcred run -e VAR=NAME -- CMD`, as `cli/run.rs` understands it.

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
}

/// Whether this is our own program, wherever it lies.
pub(crate) fn is_mcpcred(command: &str) -> bool {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    file == "mcpcred" || file.eq_ignore_ascii_case("mcpcred.exe")
}

/// The credentials that a helper's line asks `mcpcred headers` for; none where it calls something else.
pub(crate) fn asked_for_headers(line: &str) -> Vec<String> {
    let mut words = words(line).skip_while(|word| *word == "env" || word.contains('='));
    if !words.next().is_some_and(is_mcpcred) || words.find(|word| !word.starts_with('-')) != Some("headers") {
        return Vec::new();
    }
    let mut names: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        let template = match word.split_once('=') {
            Some(("--header", template)) => Some(template),
            _ if word == "--header" => words.next(),
            _ => None,
        };
        for part in template.unwrap_or_default().split('{').skip(1) {
            if let Some((name, _)) = part.split_once('}')
                && !names.iter().any(|own| own == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The words of a line as the shells of all systems part it, without the quotes around them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    let parted = line.split(move |character: char| {
        match quote {
            Some(open) if character == open => quote = None,
            None if character == '"' || character == '\'' => quote = Some(character),
            _ => {}
        }
        quote.is_none() && character.is_whitespace()
    });
    parted.map(|word| word.trim_matches(['"', '\''])).filter(|word| !word.is_empty())
}

impl Wrapper {
    /// What `command` with these arguments asks for, where it is `mcpcred run`.
    pub(crate) fn read<'a>(command: &str, arguments: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        if !is_mcpcred(command) {
            return None;
        }
        let mut arguments = arguments.into_iter();
        // Global flags may stand before the command.
        let run = arguments.by_ref().find(|argument| !argument.starts_with('-'))?;
        if run != "run" {
            return None;
        }
        let mut wrapper = Self::default();
        while let Some(argument) = arguments.next() {
            let (flag, attached) = match argument.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                _ => (argument, None),
            };
            let mut value = || attached.or_else(|| arguments.next()).map(str::to_owned);
            match flag {
                "--" => break,
                "-e" | "--env" => wrapper.assign(&value()?),
                "--expand" => wrapper.expansions.push(value()?),
                "--server" => wrapper.server = value(),
                "--all" => wrapper.all = true,
                "--clean" => wrapper.clean = true,
                "--keep" | "--profile" | "--store" | "--passphrase-fd" => drop(value()),
                _ => {
                    if let Some(assignment) = flag.strip_prefix("-e").filter(|_| !flag.starts_with("--")) {
                        wrapper.assign(assignment.strip_prefix('=').unwrap_or(assignment));
                    }
                }
            }
        }
        let is_named = !wrapper.assignments.is_empty() || !wrapper.expansions.is_empty();
        wrapper.by_project = !is_named && wrapper.server.is_none() && !wrapper.all;
        Some(wrapper)
    }

    fn assign(&mut self, text: &str) {
        let (variable, name) = text.split_once('=').unwrap_or((text, text));
        self.assignments.push((variable.to_owned(), name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Option<Wrapper> {
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
        ] {
            assert_eq!(read(arguments).unwrap().assignments, both, "{arguments:?}");
        }
        let server = read(&["run", "--server", "github", "--", "x"]).unwrap();
        assert_eq!((server.server.as_deref(), server.by_project), (Some("github"), false));
        assert!(read(&["run", "--", "x"]).unwrap().by_project);
        let expanding = read(&["run", "--expand", "A", "--expand=B", "--", "x", "{{A}}"]).unwrap();
        assert_eq!(
            (expanding.expansions, expanding.by_project),
            (vec!["A".to_owned(), "B".to_owned()], false)
        );
        assert!(read(&["run", "--all", "--clean", "--", "x"]).unwrap().clean);
    }

    #[test]
    fn a_line_for_headers_names_what_it_needs() {
        for line in [
            r#"env X_DIR="/a b/c" Y=1 mcpcred headers --header "A: {A}" --header "B: {B}""#,
            r#"mcpcred headers --header "Authorization: Bearer {A}" --header=X:{B}{A}"#,
            r#""C:\Program Files\mcpcred.exe"  headers --url "https://x.example" --header 'A: {A}' --header "B={B}""#,
        ] {
            assert_eq!(asked_for_headers(line), ["A", "B"], "{line}");
        }
        for line in
            ["curl headers --header {A}", "mcpcred get A", "mcpcred", "", "echo mcpcred headers --header {A}"]
        {
            assert!(asked_for_headers(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn other_programs_and_other_commands_are_no_wrapper() {
        assert_eq!(Wrapper::read("npx", ["run"]), None);
        assert_eq!(read(&["headers", "x"]), None);
        assert_eq!(read(&[]), None);
        assert!(is_mcpcred(r"C:\Program Files\mcpcred\MCPCRED.EXE") && !is_mcpcred("not-mcpcred"));
    }
}
