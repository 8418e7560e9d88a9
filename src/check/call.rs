//! `Call`: a command line of our own in a configuration, read as `cli` reads it.

use crate::configuration::entry::program;

/// A flag of our own command line.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Without its dashes.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// Whether a value follows, in the same word or in the next one.
    pub(crate) takes_value: bool,
}

/// Flags that stand before or behind the command.
pub(crate) const GLOBAL: &[Flag] = &[
    valued("profile"),
    valued("store"),
    valued("passphrase-fd"),
    valued("reason"),
    switch("no-prompt"),
    switch("quiet").or('q'),
    switch("no-color"),
];

/// The commands that a configuration calls, each with its flags. `cli` has a test that it knows the same.
pub(crate) const COMMANDS: &[(&str, &[Flag])] = &[
    (
        "run",
        &[
            valued("env").or('e'),
            valued("expand"),
            valued("basic"),
            valued("server"),
            switch("all"),
            switch("clean"),
            valued("keep"),
        ],
    ),
    ("headers", &[valued("header"), valued("basic"), valued("url")]),
    ("get", &[switch("json"), switch("clip"), valued("clear-after"), switch("previous")]),
];

const fn valued(long: &'static str) -> Flag {
    Flag { long, short: None, takes_value: true }
}

const fn switch(long: &'static str) -> Flag {
    Flag { long, short: None, takes_value: false }
}

impl Flag {
    const fn or(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }
}

/// One call. Its words may hold a secret that somebody put there.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) command: &'static str,
    /// Which of the words is the command.
    pub(crate) at: usize,
    /// What was given, by the long name of the flag; nothing for a switch.
    given: Vec<(&'static str, &'a str)>,
    /// Words that belong to no flag, up to `--`.
    pub(crate) words: Vec<&'a str>,
    /// The first word that our own program would not take, and why.
    pub(crate) refused: Option<(usize, Refusal)>,
}

/// Why a call ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No command has such a flag.
    Flag,
    /// A flag that needs a value has none.
    Value,
    /// Too many words.
    Word,
    /// `run` takes its program behind `--` alone.
    Dashes,
    /// There is nothing to start.
    Program,
}

/// Whether this is our own program, wherever it lies.
pub(crate) fn is_mcpcred(command: &str) -> bool {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    file == "mcpcred" || file.eq_ignore_ascii_case("mcpcred.exe")
}

impl<'a> Call<'a> {
    /// Of the words of a command line, the program first, also behind `env VAR=VALUE` and `cmd /c`; `None` where it
    /// starts another program, or calls a command that no configuration has use for.
    pub(crate) fn read(words: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut words = words.into_iter().enumerate().peekable();
        let mut given = Vec::new();
        let launcher = words.next_if(|(_, word)| !is_mcpcred(word)).map_or("", |(_, word)| program(word));
        if !["", "env"].contains(&launcher) && !launcher.eq_ignore_ascii_case("cmd") {
            return None;
        }
        while let Some((_, word)) = words.next_if(|(_, word)| !is_mcpcred(word)) {
            match word.split_once('=') {
                Some((variable, value)) if launcher == "env" => {
                    given.extend(of_variable(variable, without_quotes(value)));
                }
                _ if launcher.eq_ignore_ascii_case("cmd") && word.starts_with('/') => {}
                _ => return None,
            }
        }
        words.next()?;
        let mut refused: Option<(usize, Refusal)> = None;
        let (mut command, mut rest, mut has_program) = (None, Vec::new(), false);
        while let Some((at, word)) = words.next() {
            let mut refuse = |why| refused = refused.or(Some((at, why)));
            let flags = || GLOBAL.iter().chain(command.map_or(&[][..], |(_, flags, _)| flags));
            if word == "--" {
                has_program = words.next().is_some();
                break;
            } else if let Some(text) = word.strip_prefix("--") {
                let (name, attached) = text
                    .split_once('=')
                    .map_or((text, None), |(it, value)| (it, Some(without_quotes(value))));
                match flags().find(|flag| flag.long == name) {
                    Some(flag) if flag.takes_value => {
                        let value = attached.or_else(|| Some(words.next_if(|(_, next)| is_value(next))?.1));
                        match value {
                            Some(value) => given.push((flag.long, value)),
                            None => refuse(Refusal::Value),
                        }
                    }
                    Some(flag) if attached.is_none() => given.push((flag.long, "")),
                    _ => refuse(Refusal::Flag),
                }
            } else if let Some(cluster) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
                let mut letters = cluster.chars();
                while let Some(letter) = letters.next() {
                    let Some(flag) = flags().find(|flag| flag.short == Some(letter)) else {
                        refuse(Refusal::Flag);
                        break;
                    };
                    if !flag.takes_value {
                        given.push((flag.long, ""));
                        continue;
                    }
                    let attached = letters.as_str();
                    let attached = attached.strip_prefix('=').unwrap_or(attached);
                    let value = Some(attached).filter(|it| !it.is_empty());
                    match value.or_else(|| Some(words.next_if(|(_, next)| is_value(next))?.1)) {
                        Some(value) => given.push((flag.long, value)),
                        None => refuse(Refusal::Value),
                    }
                    break;
                }
            } else if let Some((name, ..)) = command {
                if name == "run" {
                    // What follows are the words of the program.
                    refuse(Refusal::Dashes);
                    has_program = true;
                    break;
                }
                if name != "get" || !rest.is_empty() {
                    refuse(Refusal::Word);
                }
                rest.push(word);
            } else {
                // Behind a flag that is unknown it may be the value of that.
                let known = COMMANDS.iter().find(|(name, _)| *name == word);
                if known.is_none() && refused.is_none() {
                    return None;
                }
                command = known.map(|(name, flags)| (*name, *flags, at));
            }
        }
        let (command, _, at) = command?;
        if command == "run" && !has_program {
            refused = refused.or(Some((at, Refusal::Program)));
        }
        Some(Self { command, at, given, words: rest, refused })
    }

    /// Of a line that a shell reads.
    pub(crate) fn of_line(line: &'a str) -> Option<Self> {
        let mut words = words(line).peekable();
        // A shell takes `VAR=VALUE` before a program without `env` too.
        let first = *words.peek()?;
        let is_assigned = !is_mcpcred(first) && first.contains('=');
        Self::read(is_assigned.then_some("env").into_iter().chain(words))
    }

    /// Every value of a flag.
    pub(crate) fn values(&self, flag: &str) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(move |(own, _)| *own == flag).map(|(_, value)| *value)
    }

    /// Whether the flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.values(flag).next().is_some()
    }

    /// Which profile and which store it asks for.
    pub(crate) fn origin(&self) -> Origin {
        let last = |flag: &str| self.values(flag).last().map(str::to_owned);
        Origin { profile: last("profile"), store: last("store") }
    }
}

/// Whose credentials a call is about, where it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) profile: Option<String>,
    pub(crate) store: Option<String>,
}

impl Origin {
    /// With what the variables of the entry say, which a flag outdoes.
    pub(crate) fn or_variable(mut self, variable: &str, value: &str) -> Self {
        match of_variable(variable, value) {
            Some(("profile", value)) => self.profile = self.profile.or_else(|| Some(value.to_owned())),
            Some((_, value)) => self.store = self.store.or_else(|| Some(value.to_owned())),
            None => {}
        }
        self
    }
}

/// The flag that a variable of ours stands for.
fn of_variable<'a>(variable: &str, value: &'a str) -> Option<(&'static str, &'a str)> {
    match variable {
        _ if value.is_empty() => None,
        "MCPCRED_PROFILE" => Some(("profile", value)),
        "MCPCRED_STORE" => Some(("store", value)),
        _ => None,
    }
}

/// Whether a word can be the value of the flag before it: another flag is not.
fn is_value(word: &str) -> bool {
    !word.starts_with('-') || word == "-"
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
    parted.map(without_quotes).filter(|word| !word.is_empty())
}

/// Without the quotes around it: of a word, or of what stands behind its `=`.
fn without_quotes(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> Option<Refusal> {
        Call::of_line(line).unwrap().refused.map(|(_, refusal)| refusal)
    }

    #[test]
    fn flags_stand_before_and_behind_the_command_with_their_values() {
        for line in [
            "mcpcred --profile work --store=vault run -e A -- run",
            "mcpcred run --profile=work --reason 'a run' --store vault -qe A -- --profile other",
            "mcpcred --passphrase-fd 3 --reason run --no-prompt --profile work run --store vault -eA -- x",
            "env MCPCRED_PROFILE=work X=1 MCPCRED_STORE=vault /opt/mcpcred run -e=A -- x",
            "MCPCRED_PROFILE=other MCPCRED_STORE=vault mcpcred --profile work run --env A -- x",
            r#"env X="a b" MCPCRED_PROFILE="work" MCPCRED_STORE='vault' mcpcred run --env="A" -- x"#,
            r#"cmd /c "C:\Program Files\mcpcred.exe" run --profile work --store vault --env=A -- x"#,
        ] {
            let call = Call::of_line(line).unwrap();
            assert_eq!((call.command, call.refused), ("run", None), "{line}");
            let origin = Origin { profile: Some("work".to_owned()), store: Some("vault".to_owned()) };
            assert_eq!(call.origin(), origin, "{line}");
            assert_eq!(call.values("env").collect::<Vec<_>>(), ["A"], "{line}");
        }
        let call = Call::of_line("mcpcred --quiet get TOKEN --previous").unwrap();
        assert_eq!((call.command, &call.words[..], call.has("previous")), ("get", &["TOKEN"][..], true));
    }

    #[test]
    fn what_our_own_program_would_refuse_is_known() {
        for (line, expected) in [
            ("mcpcred run -e A npx x -e B", Refusal::Dashes),
            ("mcpcred run -e A", Refusal::Program),
            ("mcpcred run -e A --", Refusal::Program),
            ("mcpcred run --server --all -- x", Refusal::Value),
            ("mcpcred run -e -- x", Refusal::Value),
            ("mcpcred run --sever x -- x", Refusal::Flag),
            ("mcpcred run --all=yes -- x", Refusal::Flag),
            ("mcpcred -e A run -- x", Refusal::Flag),
            ("mcpcred run -x -- x", Refusal::Flag),
            ("mcpcred headers TOKEN --header {A}", Refusal::Word),
            ("mcpcred get A B", Refusal::Word),
        ] {
            assert_eq!(refusal(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_programs_and_other_commands_are_none() {
        for line in
            ["", "npx run", "mcpcred", "mcpcred list", "mcpcred serve", "echo mcpcred get A", "env A=B x"]
        {
            assert!(Call::of_line(line).is_none(), "{line}");
        }
        assert!(is_mcpcred(r"C:\Program Files\mcpcred\MCPCRED.EXE") && !is_mcpcred("not-mcpcred"));
    }
}
