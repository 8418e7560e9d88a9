//! The automated ways: a program of the person's, or the provider itself.

use std::ffi::OsString;
use std::path::Path;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::audit::{Action, Event, Outcome};
use crate::catalog::provider::{self, Provider};
use crate::cli::rotate::document;
use crate::cli::rotate::job::{Former, Job};
use crate::credentials::Replacement;
use crate::failure::Failure;
use crate::inject::environment::{CREDENTIALS_FOLDER, ChildEnvironment};
use crate::live::{self, Question, Replaced, Terms};
use crate::os::process::hook::{self, HookError};
use crate::os::process::launch::Value;
use crate::rotation::{Hook, Program};
use crate::secret::Secret;
use crate::slip;

/// How long a provider may take to exchange a token: longer than an answer takes, since nobody can take it back.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a store is tried that does not take a value of which there is no other copy, with pauses in between.
const TRIES: u32 = 5;

impl Job<'_> {
    /// Lets the person's own program make the new value.
    pub(super) fn by_hook(&self, hook: &Hook) -> Result<(), Failure> {
        let (program, arguments) = match &hook.program {
            Program::Run(words) => {
                let mut words = words.iter().map(OsString::from);
                (words.next().unwrap_or_default(), words.collect())
            }
            Program::Shell(line) if cfg!(windows) => {
                ("cmd".into(), vec!["/d".into(), "/c".into(), line.into()])
            }
            Program::Shell(line) => ("/bin/sh".into(), vec!["-c".into(), line.into()]),
        };
        let mut environment = ChildEnvironment::inherit(self.app.environment.all());
        environment.clean(&hook.environment);
        environment.remove(&self.app.credentials.managed_names()?);
        environment.remove(&[CREDENTIALS_FOLDER]);
        let mut variables = environment.into_variables();
        let profile = self.app.credentials.profile().to_string();
        for (name, text) in [("MCPCRED_NAME", self.name.as_str()), ("MCPCRED_PROFILE", &profile)] {
            variables.push((name.into(), Value::Inherited(text.into())));
        }
        self.app.credentials.read_for(Action::Check, Some(Path::new(&program)));
        let replacement = self.app.credentials.begin_replacement(&self.name)?;
        let asked = hook::ask(&program, &arguments, &variables, replacement.former(), hook.time);
        let (words, outcome) = match asked {
            Ok(answer) => (answer.words, Ok(answer.value)),
            Err(failure) => (failure.words, Err(failure.error)),
        };
        let new = outcome.as_ref().ok();
        let secrets: Vec<&Secret> = new.into_iter().chain([replacement.former()]).collect();
        for line in hook::masked_lines(&words, &secrets) {
            let line = line.split(' ').map(shown_word).collect::<Vec<_>>().join(" ");
            self.app.ui.say(&format!("{}: {line}", shown(&program)));
        }
        match outcome {
            Ok(new) if new == *replacement.former() => {
                self.give_up(replacement, "hook");
                Err(self
                    .unchanged("your own program printed the value that is in force already")
                    .hint("it gets that one on stdin, and has to print the new one"))
            }
            Ok(new) => {
                self.put_in_place(&replacement, &new, None)?;
                self.follow_up(&new, &Former::MayLive)
            }
            Err(error) => {
                self.give_up(replacement, "hook");
                Err(self.unchanged(&format!("{}: {error}", shown(&program))).hint(hint_about(&error)))
            }
        }
    }

    /// Lets the provider exchange the token for a new one.
    pub(super) fn by_provider(&self, provider: &Provider, rotate: &provider::Rotate) -> Result<(), Failure> {
        let replacement = self.app.credentials.begin_replacement(&self.name)?;
        let terms = Terms { each: PATIENCE, ..Terms::new(&self.hosts, self.app.credentials.now()) };
        let token = Secret::copy_of_secret(replacement.former());
        match live::replace(provider, rotate, token, &terms) {
            Replaced::By { token, expires } => {
                self.row.borrow_mut().former_is(document::Former::Exchanged);
                self.put_in_place(&replacement, &token, expires)?;
                if !self.keep().is_zero() {
                    self.app.credentials.note_previous_revoked(&self.name)?;
                }
                self.follow_up(&token, &Former::Dead)
            }
            Replaced::Not { words, is_dead } => {
                self.give_up(replacement, "provider");
                let by_hand = format!("make a new one by hand with `mcpcred rotate {} --by-hand`", self.name);
                Err(if is_dead {
                    Failure::new(Failure::GENERAL, format!("`{}` was not replaced: {words}", self.name))
                        .because("the value that is stored is dead, or it is of another host")
                        .hint(format!("{by_hand}, or name its host with `--host {}=URL`", provider.id))
                } else {
                    self.unchanged(&words).hint(by_hand)
                })
            }
            Replaced::Unknown { words } => Err(self.lost(replacement, provider, &words)),
        }
    }

    /// Finds out what became of a token whose exchange got no answer.
    fn lost(&self, replacement: Replacement<'_>, provider: &Provider, words: &str) -> Failure {
        // This one can be asked again at any time, so nobody is kept waiting for it.
        let terms = Terms::new(&self.hosts, self.app.credentials.now());
        let former = Secret::copy_of_secret(replacement.former());
        self.give_up(replacement, "provider");
        let question = Question::new(provider, None, former);
        let answered = live::ask(&[question], &terms, |_, _| {}).pop();
        match answered.map(|answered| answered.verdict) {
            Some(live::Verdict::Alive | live::Verdict::InsufficientScope) => {
                self.unchanged(words).hint("try again later")
            }
            Some(live::Verdict::Rejected) => {
                Failure::new(Failure::GENERAL, format!("`{}` was not replaced: {words}", self.name))
                    .because(format!("{} does not accept the former value any more, and the new one never arrived", provider.name))
                    .hint(format!("make a new one with `mcpcred rotate {} --by-hand`", self.name))
            }
            _ => Failure::new(Failure::NO_ANSWER, format!("`{}` was not replaced: {words}", self.name))
                .because("whether the former value lives is not known; it is still the one that is stored")
                .hint(format!(
                    "ask with `mcpcred check --live`; where it is dead, `mcpcred rotate {} --by-hand` replaces it",
                    self.name
                )),
        }
    }

    /// Makes the new value the one in force. There may be no other copy of it, so neither a full disk nor a store that
    /// does not answer ends this at once.
    fn put_in_place(
        &self,
        replacement: &Replacement<'_>,
        new: &Secret,
        expires: Option<Timestamp>,
    ) -> Result<(), Failure> {
        for tries in 1.. {
            let kept = replacement.receive(new);
            let finished = replacement.finish(new, self.keep(), |entry| {
                entry.facts.expires = expires;
                self.note(entry, None);
            });
            let failure = match (finished, kept) {
                (Ok(_), _) => break,
                (Err(error), Ok(())) => {
                    return Err(Failure::from(error)
                        .because(format!(
                            "the new value of `{}` has come, and is sealed on the disk",
                            self.name
                        ))
                        .because("the next command that reads it puts it in place"));
                }
                (Err(error), Err(_)) => Failure::from(error),
            };
            let failure = failure
                .because(format!("neither the store nor the disk takes the new value of `{}`", self.name));
            if self.app.ui.can_ask() {
                failure.tell(self.app.ui);
                if self.app.ui.confirm("Mend that now, and try again?").unwrap_or(false) {
                    continue;
                }
                return Err(failure);
            }
            if tries >= TRIES {
                return Err(failure);
            }
            thread::sleep(Duration::from_millis(200) * tries);
        }
        self.row.borrow_mut().ends(document::Outcome::Replaced);
        self.app.ui.say(&format!("Rotated `{}`", self.name));
        Ok(())
    }

    /// The value in use stays; where that can't be noted, the next reader does.
    fn give_up(&self, replacement: Replacement<'_>, who: &'static str) {
        _ = replacement.abandon();
        let event = Event::new(Action::Rotate).of(self.app.credentials.profile(), &self.name);
        // The failure itself is what a person hears of.
        _ = self.app.credentials.record(event.ended(Outcome::Failed).because(who));
    }

    fn unchanged(&self, words: &str) -> Failure {
        Failure::new(Failure::GENERAL, format!("`{}` was not replaced: {words}", self.name))
            .because("the value before is in force")
    }
}

fn hint_about(error: &HookError) -> &'static str {
    match error {
        HookError::NotStarted(_) => "name it in `[rotate.command]` with its whole path",
        HookError::TimedOut(_) => "give it more time there, such as `within = \"5m\"`",
        HookError::Empty => "it has to print the new value on stdout, and nothing else",
        _ => "see what it said above, and whether the other side has a new value already",
    }
}

/// A word that a hook said, unless it may be a token: one that failed may have told the new value.
fn shown_word(word: &str) -> &str {
    let may_be_token = |part: &str| {
        let count = |is_it: fn(&u8) -> bool| part.bytes().filter(is_it).count();
        slip::is_token(part)
            || part.len() >= 16 && count(u8::is_ascii_digit) >= 2 && count(u8::is_ascii_alphabetic) >= 2
    };
    let is_outside = |character: char| !character.is_ascii_alphanumeric() && !"-_.~+".contains(character);
    if word.split(is_outside).any(may_be_token) { "…" } else { word }
}

/// The file's name alone: a path may be long.
fn shown(program: &OsString) -> String {
    let path = Path::new(program);
    path.file_name().unwrap_or(program).to_string_lossy().into_owned()
}
