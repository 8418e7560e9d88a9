//! Every hint and every exit code, on one page.

mod of_store;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use crate::audit::AuditError;
use crate::children::ChildrenError;
use crate::credentials::CredentialError;
use crate::import::dotenv::DotenvError;
use crate::import::pass::PassError;
use crate::index::IndexError;
use crate::inject::arguments::ExpandError;
use crate::inject::environment::{EnvironmentError, SecretInArgument};
use crate::inject::headers::HeaderError;
use crate::inject::shell::RenderError;
use crate::name::CredentialName;
use crate::os::clipboard::ClipboardError;
use crate::os::process::launch::LaunchError;
use crate::reminder::InstallationError;
use crate::rewrite::RewriteError;
use crate::settings::{SettingsError, Source};
use crate::slip;
use crate::startup::lines::Unwritable;
use crate::store::StoreKind;
use crate::ui::{AskError, Ui};
use crate::undo::UndoError;

/// What helps where the audit log can't be written, and nothing else does.
const UNRECORDED: &str = "`mcpcred doctor` tells about the audit log; whoever can do without it sets \
                          `when_unwritable = \"allow\"` below `[audit]` in their own `config.toml`";

/// A command that did not do what it was asked to: what happened, why, what to do next, and the exit status.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    why: Vec<String>,
    hint: Option<String>,
    code: u8,
    /// The name that was not found, where that is what happened.
    missing: Option<CredentialName>,
    /// The store that holds it, where another was asked for.
    elsewhere: Option<StoreKind>,
}

impl Failure {
    /// Failed.
    pub(crate) const GENERAL: u8 = 1;
    /// Wrong usage; nothing was done.
    pub(crate) const USAGE: u8 = 2;
    /// No such credential.
    pub(crate) const NOT_FOUND: u8 = 3;
    /// The store is locked, absent, denied or timed out.
    pub(crate) const NO_ANSWER: u8 = 4;
    /// A login, a consent or an approval is needed first, or was refused.
    pub(crate) const NEEDS_PERSON: u8 = 5;
    /// `run` only: failed before the start.
    pub(crate) const BEFORE_START: u8 = 125;
    /// `run` only: there is no program that could be executed.
    pub(crate) const NOT_EXECUTABLE: u8 = 126;
    /// `run` only: there is no such program.
    pub(crate) const COMMAND_NOT_FOUND: u8 = 127;

    /// A failure in words alone.
    pub(crate) fn new(code: u8, what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Vec::new(), hint: None, code, missing: None, elsewhere: None }
    }

    /// A failure in the words of an error, whose sources become the reasons.
    pub(crate) fn of(code: u8, error: &dyn Error) -> Self {
        let mut failure = Self::new(code, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            let is_said = failure.what.contains(&cause_text)
                || failure.why.iter().any(|said| said.contains(&cause_text));
            if !is_said {
                failure.why.push(cause_text);
            }
            source = cause.source();
        }
        failure
    }

    /// What happened, without the reasons.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Adds a reason.
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Says what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do next, where nothing better is said already.
    fn or_hint(self, hint: &str) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// A value stands where a name belongs: it is not repeated.
    pub(crate) fn value_as_name(code: u8) -> Self {
        Self::new(code, "that looks like a value, not like a name, and nothing was done")
            .because("arguments are seen by every program of this machine and stay in the shell's history")
            .hint("name it as its variable is called, such as `GITHUB_TOKEN`; and replace that token")
    }

    /// The same failure where values come from the environment alone, in which nothing can be stored.
    pub(crate) fn in_environment(mut self) -> Self {
        if let Some(name) = &self.missing {
            self.hint = Some(format!("set the variable `{name}`"));
        }
        self
    }

    /// The same failure, told by who asked for the store that does not hold it.
    pub(crate) fn asked_by(mut self, source: &Source) -> Self {
        if let Some(store) = self.elsewhere {
            self.hint =
                Some(format!("take the choice of {source} away, or say `--store {}`", store.as_str()));
        }
        self
    }

    /// The same failure in the midst of several steps, of which those before it are done.
    pub(crate) fn stopped(mut self) -> Self {
        self.why.push("what was done before stays done".to_owned());
        self.hint.get_or_insert_with(|| "go on with `mcpcred setup` whenever you like".to_owned());
        self
    }

    /// The same failure of `run`, whose own statuses would be taken for the child's.
    pub(crate) fn before_start(mut self) -> Self {
        if self.code < Self::BEFORE_START {
            self.code = Self::BEFORE_START;
        }
        self
    }

    /// Tells it, and gives the exit status.
    pub(crate) fn tell(&self, ui: Ui) -> ExitCode {
        ui.failure(&self.what, &self.why, self.hint.as_deref());
        ExitCode::from(self.code)
    }
}

impl Failure {
    /// Tells it in one line, for a shell that is being opened, and gives the exit status.
    pub(crate) fn tell_in_one_line(&self, ui: Ui) -> ExitCode {
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        ui.warn(&format!("mcpcred loaded no credentials into this shell: {}{hint}", self.what));
        ExitCode::from(self.code)
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        match &error {
            CredentialError::NotFound { name, .. } if slip::may_be_value(name.as_str()) => {
                Self::value_as_name(Self::NOT_FOUND)
            }
            CredentialError::NotFound { name, similar, .. } => {
                let hint = match similar {
                    Some(similar) => format!("did you mean `{similar}` instead of `{name}`"),
                    None => format!("store it with `mcpcred add {name}`, or see all with `mcpcred list`"),
                };
                Self { missing: Some(name.clone()), ..Self::of(Self::NOT_FOUND, &error).hint(hint) }
            }
            CredentialError::Vanished { name, .. } => Self::of(Self::NOT_FOUND, &error)
                .because("another program removed it, or the store was replaced")
                .hint(format!(
                    "store it again with `mcpcred rotate {name}`, or forget it with `mcpcred delete {name}`"
                )),
            CredentialError::Elsewhere { store, .. } => Self {
                elsewhere: Some(*store),
                ..Self::of(Self::NOT_FOUND, &error).hint("leave out what names the other store")
            },
            CredentialError::AlreadyExists { name } | CredentialError::Adopted { name, .. } => {
                Self::of(Self::GENERAL, &error)
                    .hint(format!("replace its value with `mcpcred rotate {name}`"))
            }
            CredentialError::Occupied { name, .. } => Self::of(Self::GENERAL, &error)
                .because("another program, or another data folder of mcpcred, stored it")
                .hint(format!("delete the one that is not wanted, there or with `mcpcred delete {name}`")),
            CredentialError::NoPrevious { .. } => {
                Self::of(Self::NOT_FOUND, &error).hint("keep one with `mcpcred rotate --keep-previous 7d`")
            }
            CredentialError::LockedDown { .. } => Self::of(Self::NEEDS_PERSON, &error).hint(
                "`mcpcred lockdown --status` tells what it covers; `mcpcred lockdown --lift` ends it, from a terminal",
            ),
            CredentialError::PreviousRevoked { name } => Self::of(Self::GENERAL, &error)
                .hint(format!("replace the value in use with `mcpcred rotate {name}`")),
            CredentialError::ReadOnly => Self::of(Self::USAGE, &error)
                .hint("choose a store with `--store`, or set the variable itself"),
            CredentialError::NoStore { reasons } => {
                reasons.iter().fold(Self::of(Self::NO_ANSWER, &error), Self::because).hint(
                    "make an encrypted file with `mcpcred store init`, from a terminal or with \
                     `MCPCRED_KEY_FILE` or `MCPCRED_PASSPHRASE_FILE` set",
                )
            }
            CredentialError::Index(error) => {
                let failure =
                    Self::of(Self::GENERAL, error).hint("`mcpcred doctor` tells what is wrong with it");
                match error {
                    IndexError::File { source, .. } => file_hint(failure, source),
                    IndexError::UnknownVersion { .. } => failure,
                }
            }
            CredentialError::NotRecorded(cause) | CredentialError::Unrecorded(cause) => {
                let failure = Self::of(Self::GENERAL, &error);
                match cause {
                    AuditError::Unwritable { source, .. } => file_hint(failure, source),
                    AuditError::Busy { .. } => failure,
                }
                .or_hint(UNRECORDED)
            }
            CredentialError::Store(_) => match error {
                CredentialError::Store(error) => error.into(),
                _ => Self::of(Self::GENERAL, &error),
            },
        }
    }
}

impl From<ChildrenError> for Failure {
    fn from(error: ChildrenError) -> Self {
        let failure = Self::of(Self::GENERAL, &error);
        match &error {
            ChildrenError::Folder { source, .. } => file_hint(failure, source),
            ChildrenError::NoIdentity => failure,
        }
    }
}

fn file_hint(failure: Failure, source: &io::Error) -> Failure {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure.hint("make room on that disk, and call again")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            failure.hint("set `MCPCRED_DATA_DIR` to a folder that can be written")
        }
        // Where a command is named already, that is what to do.
        io::ErrorKind::PermissionDenied if !source.to_string().contains('`') => {
            failure.hint("`mcpcred doctor` tells whose the files are")
        }
        _ => failure,
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let failure = Self::of(Self::GENERAL, &error);
        match &error {
            SettingsError::NoHome => {
                failure.hint("set `HOME`, or `MCPCRED_DATA_DIR` and `MCPCRED_CONFIG_DIR`")
            }
            SettingsError::File { .. } | SettingsError::Invalid { .. } => {
                failure.hint("mend or remove that file")
            }
            SettingsError::Variable { variable, .. } => {
                Self::of(Self::USAGE, &error).hint(format!("set `{variable}` anew"))
            }
        }
    }
}

impl From<RewriteError> for Failure {
    fn from(error: RewriteError) -> Self {
        let failure = Self::of(Self::GENERAL, &error);
        if let Some(path) = error.remaining().first() {
            return failure
                .because(format!("`{}` has its new content and could not be put back", path.display()))
                .hint("`mcpcred unprotect` puts it back");
        }
        let failure = failure.because("no file was changed");
        if error.is_busy() {
            return failure
                .hint("wait a moment, or end the program that writes it, and run the command again");
        }
        failure
    }
}

impl From<UndoError> for Failure {
    fn from(error: UndoError) -> Self {
        match error {
            UndoError::Rewrite(error) => error.into(),
            UndoError::Record { .. } => Self::of(Self::GENERAL, &error).because("no file was changed"),
            UndoError::Damaged { .. } => Self::of(Self::GENERAL, &error)
                .because("no file was changed")
                .hint("put it aside: what it undoes can then only be undone by hand"),
            UndoError::Inverse { .. } => Self::of(Self::GENERAL, &error)
                .because("no file was changed")
                .hint("leave out that file or server, or mend it by hand"),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let failure = Self::of(Self::NEEDS_PERSON, &error);
        match error {
            AskError::SeveralLines => {
                Self::of(Self::USAGE, &error).hint("pipe a value of several lines to `--stdin`")
            }
            AskError::TooLong => Self::of(Self::USAGE, &error).hint("a value has at most 1 MiB"),
            AskError::NotText => Self::of(Self::USAGE, &error).hint("pipe such bytes to `--stdin`"),
            AskError::NoTerminal | AskError::Interrupted | AskError::Io(_) => failure,
        }
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::of(Self::GENERAL, &error)
            .hint("start the program with `mcpcred run` instead, which takes any value")
    }
}

impl From<Unwritable> for Failure {
    fn from(error: Unwritable) -> Self {
        Self::of(Self::USAGE, &error).hint("use a tag of visible characters")
    }
}

impl From<InstallationError> for Failure {
    fn from(error: InstallationError) -> Self {
        let failure = Self::of(Self::GENERAL, &error);
        match error {
            InstallationError::Unknown => {
                failure.hint("have `mcpcred remind` run each day by what this system has")
            }
            InstallationError::Foreign(_) => failure.hint("move that file away first"),
            InstallationError::File { .. } => failure,
            InstallationError::Refused(_) => {
                failure.hint("the file that describes the task is in the data folder")
            }
        }
    }
}

impl From<ClipboardError> for Failure {
    fn from(error: ClipboardError) -> Self {
        let failure = Self::of(Self::NO_ANSWER, &error);
        match error {
            ClipboardError::Unavailable => failure.hint("call from a desktop session, or leave out `--clip`"),
            ClipboardError::NotText | ClipboardError::Silent => failure.hint("leave out `--clip`"),
        }
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::of(Self::BEFORE_START, &error).hint("store such a value in a file of the program's own")
    }
}

impl From<ExpandError> for Failure {
    fn from(error: ExpandError) -> Self {
        let code = if matches!(error, ExpandError::Unused(_)) { Self::USAGE } else { Self::BEFORE_START };
        Self::of(code, &error).hint("hand it over in a variable with `-e NAME`, where the program reads one")
    }
}

impl From<HeaderError> for Failure {
    fn from(error: HeaderError) -> Self {
        Self::of(Self::GENERAL, &error).hint("replace it with `mcpcred rotate`, without the line break")
    }
}

impl From<SecretInArgument> for Failure {
    fn from(error: SecretInArgument) -> Self {
        Self::of(Self::BEFORE_START, &error)
            .hint("leave it out of the arguments: the program finds it in its environment")
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        let code = match &error {
            LaunchError::NotFound(_) => Self::COMMAND_NOT_FOUND,
            LaunchError::NotExecutable { .. } | LaunchError::NoInterpreter(_) => Self::NOT_EXECUTABLE,
            _ => Self::BEFORE_START,
        };
        let failure = Self::of(code, &error);
        match &error {
            LaunchError::NotFound(_) => failure.hint(
                "install it, or name it with its whole path: clients started from a dock have a short `PATH`",
            ),
            LaunchError::NotExecutable { .. } | LaunchError::NoInterpreter(_) => {
                failure.hint("start the interpreter itself, with the file as its argument")
            }
            LaunchError::TooLarge => failure
                .hint("inject fewer credentials, or use `--clean`; Linux takes at most 128 KiB a variable"),
            LaunchError::BatchArgument(_) => {
                failure.hint("call what the batch file calls, such as `node` with the script's path")
            }
            LaunchError::Nul | LaunchError::Other { .. } => failure,
        }
    }
}

impl From<DotenvError> for Failure {
    fn from(error: DotenvError) -> Self {
        let failure = Self::of(Self::GENERAL, &error).because("nothing was imported");
        match error {
            DotenvError::Absent(_) => failure.hint("name the file: `mcpcred import dotenv PATH`"),
            DotenvError::Wide(_) | DotenvError::NotText { .. } => {
                failure.hint("save the file as UTF-8, and call again")
            }
            DotenvError::File(_) | DotenvError::TooLarge(_) => failure,
        }
    }
}

impl From<PassError> for Failure {
    fn from(error: PassError) -> Self {
        match &error {
            PassError::NotInstalled => Self::of(Self::NO_ANSWER, &error).hint("install it, and call again"),
            PassError::NoEntry(_) => {
                Self::of(Self::NOT_FOUND, &error).hint("`pass ls` shows the names of all entries")
            }
            PassError::Refused { words, may_ask, entry } => {
                let failure = Self::of(Self::NO_ANSWER, &error);
                let failure = if words.is_empty() { failure } else { failure.because(words) };
                if *may_ask {
                    failure.hint(format!("see what `pass show {entry}` says"))
                } else {
                    failure.hint("call from a terminal, where the passphrase of the key can be asked for")
                }
            }
            PassError::TimedOut(_) => Self::of(Self::NO_ANSWER, &error)
                .hint("answer the question for the passphrase, and call again"),
            PassError::NotStarted(_) | PassError::TooLarge(_) => Self::of(Self::GENERAL, &error),
        }
    }
}

/// Of stdout: the one stream whose failure a command can't do without.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::of(Self::GENERAL, &error).because("the output could not be written")
    }
}
