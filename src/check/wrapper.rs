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
    fn other_programs_and_other_commands_are_no_wrapper() {
        assert_eq!(Wrapper::read("npx", ["run"]), None);
        assert_eq!(read(&["headers", "x"]), None);
        assert_eq!(read(&[]), None);
        assert!(is_mcpcred(r"C:\Program Files\mcpcred\MCPCRED.EXE") && !is_mcpcred("not-mcpcred"));
    }
}
