//! `ChildEnvironment`: what a child sees, and no other credential.

use std::ffi::{OsStr, OsString};

use crate::os::process::launch::Value;
use crate::secret::Secret;

/// What `--clean` keeps: what a program needs to find its way, and nothing that identifies a person to a service.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "PWD",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
];

/// What `--clean` keeps on Windows besides: without `SystemRoot` few programs start.
const KEPT_ON_WINDOWS: &[&str] = &[
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "CommonProgramFiles",
    "USERPROFILE",
    "USERNAME",
    "USERDOMAIN",
    "HOMEDRIVE",
    "HOMEPATH",
    "TEMP",
    "TMP",
    "OS",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
];

/// The variables that open the vault. No child gets them.
pub(crate) const OWN_KEYS: &[&str] = &["MCPCRED_PASSPHRASE", "MCPCRED_PASSPHRASE_FILE", "MCPCRED_KEY_FILE"];

/// systemd's folder of credentials; no child gets it where the vault's key is one of them.
pub(crate) const CREDENTIALS_FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// How many logs npm keeps. It writes the arguments of what it starts into each of them.
const LOGS_OF_NPM: &str = "npm_config_logs_max";

/// An argument shorter than this is not searched for a secret: it would be found everywhere.
const SHORTEST_WORD: usize = 4;

/// A secret shorter than this counts only where it is the whole of an argument or of its part after `=`.
const SHORTEST_PART: usize = 8;

/// Why a child cannot have an environment. The value is never part of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// NUL ends a variable.
    #[error("the value of `{0}` holds a NUL byte, which no environment variable can")]
    Nul(String),
    /// Variables are UTF-16 on Windows.
    #[error("the value of `{0}` is not UTF-8 text, and environment variables are text on Windows")]
    NotText(String),
    /// A name that would be read as something else.
    #[error("the name of an environment variable is not empty and holds neither `=` nor NUL")]
    Name,
}

/// A command line that everybody on the machine can read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an argument of the command holds the value of a credential, and every user of this machine can read arguments"
)]
pub(crate) struct SecretInArgument;

/// The variables of a child, in order, each name once.
pub(crate) struct ChildEnvironment {
    variables: Vec<(OsString, Value)>,
}

impl ChildEnvironment {
    /// Everything in `variables` except what opens the vault.
    pub(crate) fn inherit(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = variables.into_iter().map(|(name, text)| (name, Value::Inherited(text))).collect();
        let mut own = Self { variables };
        own.remove(OWN_KEYS);
        own
    }

    /// Keeps what every program needs and what `also` names, nothing more.
    pub(crate) fn clean(&mut self, also: &[impl AsRef<OsStr>]) {
        self.variables.retain(|(name, _)| {
            let locale = name.as_encoded_bytes().starts_with(b"LC_");
            let windows = if cfg!(windows) { KEPT_ON_WINDOWS } else { &[] };
            let kept = KEPT.iter().chain(windows).any(|kept| is_same(name, kept.as_ref()));
            locale || kept || also.iter().any(|also| is_same(name, also.as_ref()))
        });
    }

    /// Takes variables out: the credentials that this child is not given.
    pub(crate) fn remove(&mut self, names: &[impl AsRef<OsStr>]) {
        self.variables.retain(|(name, _)| !names.iter().any(|other| is_same(name, other.as_ref())));
    }

    /// Keeps a program from writing its arguments into a file, where it is known to: npm keeps no log.
    pub(crate) fn keep_arguments_out_of_logs(&mut self) {
        self.variables.retain(|(name, _)| !name.eq_ignore_ascii_case(LOGS_OF_NPM));
        self.variables.push((LOGS_OF_NPM.into(), Value::Inherited("0".into())));
    }

    /// Gives the child a credential, in place of whatever had that name.
    ///
    /// # Errors
    /// Where the name or the value cannot be in an environment.
    pub(crate) fn set(&mut self, name: &str, secret: Secret) -> Result<(), EnvironmentError> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(EnvironmentError::Name);
        }
        if secret.expose_secret().contains(&0) {
            return Err(EnvironmentError::Nul(name.to_owned()));
        }
        if cfg!(windows) && secret.expose_secret_str().is_err() {
            return Err(EnvironmentError::NotText(name.to_owned()));
        }
        self.remove(&[name]);
        self.variables.push((name.into(), Value::Secret(secret)));
        Ok(())
    }

    /// The variables, for the launch.
    pub(crate) fn into_variables(self) -> Vec<(OsString, Value)> {
        self.variables
    }
}

/// Whether two names are one variable: on Windows without regard to case.
fn is_same(one: &OsStr, other: &OsStr) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

/// Refuses a command line that holds one of the secrets. One of 8 bytes or more is found anywhere in an argument;
/// one of 4 to 7 only as a whole argument, or as all of it after its first `=`; a shorter one not at all, since it
/// would be in every other command.
///
/// # Errors
/// [`SecretInArgument`], whose words are the same for every secret.
pub(crate) fn refuse_secret_in_arguments<'a>(
    arguments: &[OsString],
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> Result<(), SecretInArgument> {
    for secret in secrets {
        if arguments.iter().any(|argument| holds(argument.as_encoded_bytes(), secret.expose_secret())) {
            return Err(SecretInArgument);
        }
    }
    Ok(())
}

fn holds(argument: &[u8], secret: &[u8]) -> bool {
    if secret.len() < SHORTEST_WORD {
        false
    } else if secret.len() < SHORTEST_PART {
        let after = argument.iter().position(|byte| *byte == b'=').map(|equals| &argument[equals + 1..]);
        argument == secret || after == Some(secret)
    } else {
        argument.windows(secret.len()).any(|part| part == secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inherited(variables: &[(&str, &str)]) -> ChildEnvironment {
        ChildEnvironment::inherit(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    fn names(environment: &ChildEnvironment) -> Vec<&str> {
        environment.variables.iter().map(|(name, _)| name.to_str().unwrap()).collect()
    }

    #[test]
    fn a_child_gets_everything_but_the_keys_of_the_vault() {
        let environment = inherited(&[
            ("A", "1"),
            ("MCPCRED_PASSPHRASE", "x"),
            ("MCPCRED_KEY_FILE", "x"),
            ("MCPCRED_PASSPHRASE_FILE", "x"),
            ("MCPCRED_PROFILE", "work"),
        ]);
        assert_eq!(names(&environment), ["A", "MCPCRED_PROFILE"]);
    }

    #[test]
    fn a_clean_child_gets_what_it_needs_to_run() {
        let mut environment = inherited(&[
            ("PATH", "/bin"),
            ("AWS_SECRET", "x"),
            ("LC_ALL", "C"),
            ("SystemRoot", "x"),
            ("EXTRA", "x"),
        ]);
        environment.clean(&["EXTRA"]);
        let expected: &[&str] = if cfg!(windows) {
            &["PATH", "LC_ALL", "SystemRoot", "EXTRA"]
        } else {
            &["PATH", "LC_ALL", "EXTRA"]
        };
        assert_eq!(names(&environment), expected);
    }

    #[test]
    fn a_credential_takes_the_place_of_what_had_its_name() {
        let mut environment = inherited(&[("TOKEN", "old"), ("Token", "other"), ("B", "2")]);
        environment.set("TOKEN", Secret::copy_of(b"new")).unwrap();
        let expected: &[&str] = if cfg!(windows) { &["B", "TOKEN"] } else { &["Token", "B", "TOKEN"] };
        assert_eq!(names(&environment), expected);
        assert_eq!(environment.variables.last().unwrap().1.as_bytes(), b"new");
    }

    #[test]
    fn what_no_environment_can_hold_is_refused_by_name() {
        let mut environment = inherited(&[]);
        let nul = environment.set("TOKEN", Secret::copy_of(b"a\0b")).unwrap_err();
        assert_eq!(nul, EnvironmentError::Nul("TOKEN".to_owned()));
        assert_eq!(environment.set("A=B", Secret::copy_of(b"x")), Err(EnvironmentError::Name));
        assert_eq!(environment.set("BIN", Secret::copy_of(b"\xff")).is_err(), cfg!(windows));
    }

    #[test]
    fn a_secret_in_an_argument_is_refused_without_repeating_it() {
        let check = |argument: &str, secret: &str| {
            refuse_secret_in_arguments(&[argument.into()], [&Secret::copy_of(secret.as_bytes())])
        };
        let error = check("--header=Bearer ghp_12345678", "ghp_12345678").unwrap_err();
        assert!(!error.to_string().contains("ghp_"));
        assert!(check("--token=test", "test").is_err());
        assert!(check("test", "test").is_err());
        assert!(check("--testing", "test").is_ok());
        assert!(check("1", "1").is_ok());
        assert!(check("anything", "").is_ok());
    }
}
