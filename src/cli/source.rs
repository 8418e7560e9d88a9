//! Where a new value comes from: a hidden prompt, stdin, a variable, a file, or chance.

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::os::standard_input;
use crate::secret::{MAX_SECRET, Secret, SecretBuffer};
use crate::slip;
use crate::ui::AskError;

/// At most one of them; without any, a person is asked.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
#[command(next_help_heading = "Where the value comes from (default: a hidden prompt)")]
pub(super) struct ValueSource {
    /// Read it from stdin; one trailing newline is dropped
    #[arg(long)]
    stdin: bool,
    /// Take it from this environment variable
    #[arg(long, value_name = "VARIABLE")]
    from_env: Option<String>,
    /// Take it from this file; one trailing newline is dropped
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
    /// Make it up: so many characters, of `alphanumeric` (the default), `hex`, `base64url`, `symbols` or of those given
    #[arg(long, value_name = "LENGTH[:ALPHABET]")]
    generate: Option<Recipe>,
}

impl ValueSource {
    /// Whether anything but the prompt was named.
    pub(super) fn is_named(&self) -> bool {
        self.stdin || self.from_env.is_some() || self.from_file.is_some() || self.generate.is_some()
    }

    /// How the value is made up, where it is.
    pub(super) fn recipe(&self) -> Option<&str> {
        self.generate.as_ref().map(|recipe| recipe.text.as_str())
    }

    /// The value: 1 byte to 1 MiB, without NUL.
    pub(super) fn read(&self, app: &App, name: &CredentialName) -> Result<Secret, Failure> {
        let secret = if self.stdin {
            if io::stdin().is_terminal() {
                app.ui.say(
                    "reading the value from stdin, which is this terminal and shows it; end with Ctrl-D",
                );
            }
            read(standard_input::open()?, "stdin")?
        } else if let Some(variable) = &self.from_env {
            app.environment.secret(variable).ok_or_else(|| {
                let shown = if slip::may_be_value(variable) {
                    "of that name, which is not shown: it may be a secret".to_owned()
                } else {
                    format!("`{variable}`")
                };
                Failure::new(Failure::USAGE, format!("there is no environment variable {shown}"))
                    .hint("set it, or leave out `--from-env` to be asked")
            })?
        } else if let Some(path) = &self.from_file {
            let shown = path.display().to_string();
            let place =
                if slip::is_token(&shown) { "a file of that name".to_owned() } else { format!("`{shown}`") };
            let file = std::fs::File::open(path).map_err(|error| read_failure(&error, &place))?;
            read(file, &place)?
        } else if let Some(recipe) = &self.generate {
            recipe.make()?
        } else {
            app.ui.ask_secret(&format!("Secret for `{name}`: ")).map_err(|error| match error {
                AskError::NoTerminal => Failure::from(error)
                    .hint("give the value with `--stdin`, `--from-env`, `--from-file` or `--generate`"),
                _ => error.into(),
            })?
        };
        check(secret)
    }
}

fn read(reader: impl Read, place: &str) -> Result<Secret, Failure> {
    // A newline at the end does not count.
    let secret = SecretBuffer::read_to_end(reader, MAX_SECRET + 2);
    Ok(secret.map_err(|error| read_failure(&error, place))?.without_trailing_newline())
}

/// A value that is made up as a former one was.
pub(super) fn make_up(recipe: &str) -> Result<Secret, Failure> {
    let recipe = recipe.parse::<Recipe>().map_err(|why| {
        Failure::new(Failure::GENERAL, "how its value is made up is not understood")
            .because(why)
            .hint("say it anew with `--generate`")
    })?;
    recipe.make()
}

/// A value that can be stored.
pub(super) fn check(secret: Secret) -> Result<Secret, Failure> {
    match unfit(&secret) {
        Some(why) => Err(Failure::new(Failure::USAGE, format!("the value {why}, and nothing was stored"))),
        None => Ok(secret),
    }
}

/// Why no credential can have this value, as the end of a sentence.
pub(super) fn unfit(secret: &Secret) -> Option<&'static str> {
    if secret.is_empty() {
        Some("is empty")
    } else if secret.expose_secret().contains(&0) {
        Some("holds a NUL byte, which no environment variable can hold")
    } else if secret.len() > MAX_SECRET {
        Some("has more than 1 MiB")
    } else {
        None
    }
}

fn read_failure(error: &io::Error, place: &str) -> Failure {
    if error.kind() == io::ErrorKind::InvalidData {
        return Failure::new(Failure::USAGE, "the value has more than 1 MiB, and nothing was stored");
    }
    Failure::new(Failure::GENERAL, format!("cannot read the value from {place}")).because(error.to_string())
}

/// So many characters out of an alphabet.
#[derive(Debug, Clone)]
struct Recipe {
    text: String,
    length: usize,
    alphabet: Vec<u8>,
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

impl FromStr for Recipe {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (length, alphabet) = text.split_once(':').unwrap_or((text, "alphanumeric"));
        let length: usize = length.parse().map_err(|_| "the length is a number")?;
        if !(8..=4096).contains(&length) {
            return Err("the length is 8 to 4096 characters");
        }
        let alphanumeric = [LOWER, UPPER, DIGITS].concat();
        let mut alphabet = match alphabet {
            "alphanumeric" => alphanumeric,
            "hex" => format!("{DIGITS}abcdef"),
            "base64url" => format!("{alphanumeric}-_"),
            "symbols" => format!("{alphanumeric}!#$%&()*+,-./:;<=>?@[]^_{{|}}~"),
            own if own.is_ascii() && !own.bytes().any(|byte| byte.is_ascii_control()) => own.to_owned(),
            _ => return Err("an alphabet of your own holds visible ASCII characters"),
        }
        .into_bytes();
        alphabet.sort_unstable();
        alphabet.dedup();
        if alphabet.len() < 2 {
            return Err("an alphabet of your own holds at least 2 different characters");
        }
        Ok(Self { text: text.to_owned(), length, alphabet })
    }
}

impl Recipe {
    /// Every character is as likely as any other: bytes past the last whole multiple are thrown away.
    fn make(&self) -> Result<Secret, Failure> {
        let mut made = SecretBuffer::with_capacity(self.length);
        let mut random = Zeroizing::new([0_u8; 256]);
        let bound = 256 - 256 % self.alphabet.len();
        let mut count = 0;
        while count < self.length {
            getrandom::fill(random.as_mut_slice()).map_err(|error| {
                Failure::new(Failure::GENERAL, "the system gives no random numbers")
                    .because(error.to_string())
            })?;
            let usable = random.iter().filter(|byte| usize::from(**byte) < bound);
            for byte in usable.take(self.length - count) {
                made.push(&[self.alphabet[usize::from(*byte) % self.alphabet.len()]]);
                count += 1;
            }
        }
        Ok(made.into_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_values_have_the_length_and_the_characters_asked_for() {
        let made = |text: &str| text.parse::<Recipe>().unwrap().make().unwrap();
        assert_eq!(made("40").len(), 40);
        assert!(made("1000:hex").expose_secret().iter().all(u8::is_ascii_hexdigit));
        assert!(made("1000:ab").expose_secret().iter().all(|byte| b"ab".contains(byte)));
        let ones: usize = made("4096:01").expose_secret().iter().map(|byte| usize::from(byte - b'0')).sum();
        assert!((1800..2300).contains(&ones), "{ones}");
    }

    #[test]
    fn a_recipe_that_makes_weak_values_is_refused() {
        for bad in ["4", "5000", "x", "20:a", "20:aaaa", "20:é", ""] {
            assert!(bad.parse::<Recipe>().is_err(), "{bad}");
        }
    }
}
