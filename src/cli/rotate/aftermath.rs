//! What comes after a new value is in place: it is verified, and the former one is revoked.

use crate::audit::{self, Action, Event};
use crate::cli::facts::issuer;
use crate::cli::rotate::document;
use crate::cli::rotate::job::{Former, Job};
use crate::credentials::Lesson;
use crate::failure::Failure;
use crate::live::{self, Answered, Outcome, Question, Revocation, Terms, Verdict};
use crate::secret::Secret;

impl Job<'_> {
    /// Verifies the new value and revokes the former one, as far as that was asked for.
    ///
    /// # Errors
    /// Where the new value is not accepted, or that is not known; it is said which value is in force.
    pub(super) fn follow_up(&self, new: &Secret, former: &Former) -> Result<(), Failure> {
        if self.request.verify {
            self.verify(new, former)?;
        }
        let revoked = if self.request.revoke_old { self.revoke(new, former) } else { Ok(()) };
        if self.request.keep().is_zero() && self.request.verify {
            self.app.credentials.forget_previous(&self.name)?;
        }
        revoked
    }

    /// Tells the provider that it shall accept the former value no longer.
    fn revoke(&self, new: &Secret, former: &Former) -> Result<(), Failure> {
        let (app, name) = (self.app, &self.name);
        let Some(old) = self.former()?.filter(|old| *old != new) else {
            app.ui.say(&format!("There is no former value of `{name}` to revoke"));
            return Ok(());
        };
        if matches!(former, Former::Dead) {
            app.ui.say(&format!("The former value of `{name}` is dead already"));
            return Ok(());
        }
        let not_revoked = |code, words: &str| {
            Failure::new(
                code,
                format!("`{name}` was replaced, and its former value was not revoked: {words}"),
            )
            .because("the new value is in force, and the former one may be accepted still")
        };
        let issuer = issuer(&self.entry.facts);
        let known = issuer.as_ref().map(|issuer| (issuer, None));
        let provider = if known.is_some() { known } else { self.provider_of(Some(old))? };
        let Some((provider, shape)) = provider else {
            return Err(not_revoked(Failure::NEEDS_PERSON, "no provider is known for it")
                .hint("revoke it where it was made"));
        };
        let mut revocation = Revocation::new(provider, shape, Secret::copy_of_secret(old));
        for (need, variables) in revocation.needs() {
            if let Some(beside) = self.beside(variables) {
                revocation = revocation.with(need, beside);
            }
        }
        let terms = live::terms_to_revoke(&self.hosts, app.credentials.now());
        let Some(revoked) = live::revoke(vec![revocation], &terms, |_, _| {}).pop() else { return Ok(()) };
        let event = Event::new(Action::Revoke).of(app.credentials.profile(), name);
        if matches!(revoked.outcome, Outcome::Revoked | Outcome::DeadBefore) {
            self.row.borrow_mut().former_is(document::Former::Revoked);
            app.ui.say(&format!("Revoked the former value of `{name}`: {}", revoked.words));
            app.credentials.note_previous_revoked(name)?;
            return Ok(app.credentials.record(event)?);
        }
        app.credentials.record(event.ended(audit::Outcome::Failed).because("provider"))?;
        let code = match revoked.outcome {
            Outcome::Refused | Outcome::ByHand => Failure::NEEDS_PERSON,
            _ => Failure::NO_ANSWER,
        };
        let failure = not_revoked(code, &revoked.words);
        Err(match provider.page_to_end() {
            Some(page) => failure.hint(format!("revoke it by hand, at {page}")),
            None => failure.hint("revoke it where it was made"),
        })
    }

    fn verify(&self, new: &Secret, former: &Former) -> Result<(), Failure> {
        let (app, name) = (self.app, &self.name);
        let Some(answered) = self.answer_about(new)? else {
            return Err(self.unverified("no provider is known that could be asked about it", former));
        };
        match answered.verdict {
            Verdict::Alive => {
                self.row.borrow_mut().verified(true);
                app.ui.say(&format!("Verified `{name}`: {}", answered.words));
            }
            Verdict::InsufficientScope => {
                self.row.borrow_mut().verified(true);
                app.ui.warn(&format!("`{name}`: {}", answered.words));
            }
            Verdict::Rejected => {
                self.row.borrow_mut().verified(false);
                return Err(self.take_back(&answered.words, former)?);
            }
            Verdict::RateLimited | Verdict::NoAnswer | Verdict::NotVerifiable => {
                return Err(self.unverified(&answered.words, former));
            }
        }
        if let Some((name, seen)) = app.credentials.find(name)? {
            let Answered { expires, scopes, .. } = answered;
            app.credentials.learn(&[Lesson { name, seen, expires, scopes }])?;
        }
        Ok(())
    }

    fn answer_about(&self, value: &Secret) -> Result<Option<Answered>, Failure> {
        let Some((provider, shape)) = self.provider_of(Some(value))? else { return Ok(None) };
        let mut question = Question::new(provider, shape, Secret::copy_of_secret(value));
        for (need, variables) in question.needs().collect::<Vec<_>>() {
            if let Some(beside) = self.beside(variables) {
                question = question.with(need, beside);
            }
        }
        let terms = Terms::new(&self.hosts, self.app.credentials.now());
        Ok(live::ask(&[question], &terms, |_, _| {}).pop())
    }

    /// What a call needs beside the token, from the store or the environment.
    fn beside(&self, variables: &[String]) -> Option<Secret> {
        variables.iter().find_map(|variable| {
            let stored = variable.parse().ok().and_then(|name| self.app.credentials.get(&name).ok());
            stored.or_else(|| self.app.environment.secret(variable))
        })
    }

    /// A value that its provider rejects gives way to the former one, where that may live.
    fn take_back(&self, words: &str, former: &Former) -> Result<Failure, Failure> {
        let (app, name) = (self.app, &self.name);
        let failure = Failure::new(Failure::GENERAL, format!("`{name}` was not replaced: {words}"));
        if matches!(former, Former::Dead) || self.former()?.is_none() {
            return Ok(Failure::new(
                Failure::GENERAL,
                format!("the new value of `{name}` is in force: {words}"),
            )
            .because("there is no other: the former one is dead")
            .hint(format!("make a new one with `mcpcred rotate {name} --by-hand`")));
        }
        app.credentials.roll_back(name)?;
        self.row.borrow_mut().ends(document::Outcome::TakenBack);
        Ok(failure
            .because("the value before is in force again, and the rejected one is kept as the former for a day")
            .hint(format!(
                "make a new one and say `mcpcred rotate {name} --verify` again; `mcpcred rotate {name} --rollback` puts the rejected one back"
            )))
    }

    fn unverified(&self, words: &str, former: &Former) -> Failure {
        let name = &self.name;
        let failure =
            Failure::new(Failure::NO_ANSWER, format!("`{name}` was replaced, and is not verified: {words}"));
        match former {
            Former::Dead => failure.because("the new value is in force, and the former one is dead"),
            Former::MayLive => failure
                .because("the new value is in force, and the former one is kept for a day and not revoked")
                .hint(format!("`mcpcred rotate {name} --rollback` puts the former one back")),
        }
    }
}
