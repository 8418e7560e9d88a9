//! `revoke`: providers are told that tokens shall end, by the rules by which they are asked about them.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::provider::{Provider, TokenShape};
use crate::live::answer::{Answered, Verdict};
use crate::live::ask::{Terms, ask};
use crate::live::hosts::Hosts;
use crate::live::purpose::Purpose;
use crate::live::question::Question;
use crate::secret::Secret;

/// A token, and the provider that shall accept it no longer.
pub(crate) struct Revocation<'c>(Question<'c>);

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The provider said that it accepts it no longer.
    Revoked,
    /// The provider said that it did not accept it before.
    DeadBefore,
    /// The provider does not let the token do that: a person has to.
    Refused,
    /// The provider wants to be asked later.
    RateLimited,
    /// Nothing came that says something: no connection, no time, or an answer that is not understood.
    Unknown,
    /// There is no call for it: a person has to do it.
    ByHand,
}

/// The answer to one revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revoked {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The same in a sentence, lower case, without a full stop. Nothing of it is the provider's.
    pub(crate) words: String,
    /// Before when the provider does not want to be asked again.
    pub(crate) not_before: Option<Timestamp>,
}

impl<'c> Revocation<'c> {
    /// That this provider shall accept this token, of that shape where one is known, no longer.
    pub(crate) fn new(provider: &'c Provider, shape: Option<&'c TokenShape>, token: Secret) -> Self {
        Self(Question::of_revocation(provider, shape, token))
    }

    /// What the call needs beside the token, by name: the credentials that may hold it, the best first.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (&'c str, &'c [String])> + use<'c> {
        self.0.needs()
    }

    /// Adds one of them.
    pub(crate) fn with(self, need: &str, value: Secret) -> Self {
        Self(self.0.with(need, value))
    }

    /// How many tokens one request takes, where that is more than one.
    fn at_once(&self) -> Option<usize> {
        match &self.0.purpose {
            Ok(Purpose::Revoke(revoke)) => revoke.at_once,
            _ => None,
        }
    }
}

/// How providers are told: up to eight at once, four of them at the same host, all within half a minute.
pub(crate) fn terms(hosts: &Hosts, now: Timestamp) -> Terms<'_> {
    Terms { all: Duration::from_secs(30), at_once: 8, at_one_host: 4, ..Terms::new(hosts, now) }
}

/// Tells them, and answers in the order of the revocations. Where a provider takes many tokens in one request, it gets
/// one; where it does not take them so, each by itself. `progress` hears how many of how many requests are done.
///
/// No error: what goes wrong is an answer too.
pub(crate) fn revoke(
    revocations: Vec<Revocation<'_>>,
    terms: &Terms<'_>,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Revoked> {
    let mut questions: Vec<(Question<'_>, Vec<usize>)> = Vec::new();
    for (number, revocation) in revocations.into_iter().enumerate() {
        let most = revocation.at_once();
        let question = revocation.0;
        let open = questions
            .iter_mut()
            .find(|(other, numbers)| numbers.len() < most.unwrap_or(1) && is_same_request(other, &question));
        match open {
            Some((first, numbers)) => {
                first.more.push(question.token);
                numbers.push(number);
            }
            None => questions.push((question, vec![number])),
        }
    }
    let (questions, numbers): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    let mut answers: Vec<(usize, Answered)> = Vec::new();
    let mut alone = Vec::new();
    let answered = ask(&questions, terms, &mut progress);
    for ((mut question, numbers), answered) in questions.into_iter().zip(numbers).zip(answered) {
        if numbers.len() > 1 && is_about_one_of_them(&answered) {
            let more = std::mem::take(&mut question.more);
            alone.extend(
                more.into_iter().map(|token| question.alone(token)).zip(numbers[1..].iter().copied()),
            );
            alone.push((question, numbers[0]));
        } else {
            answers.extend(numbers.iter().map(|number| (*number, answered.clone())));
        }
    }
    if !alone.is_empty() {
        let (questions, numbers): (Vec<_>, Vec<_>) = alone.into_iter().unzip();
        answers.extend(numbers.into_iter().zip(ask(&questions, terms, &mut progress)));
    }
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answered)| Revoked::of(answered)).collect()
}

fn is_same_request(one: &Question<'_>, other: &Question<'_>) -> bool {
    match (&one.purpose, &other.purpose) {
        (Ok(own), Ok(others)) => one.provider.id == other.provider.id && own.is_same_as(others),
        _ => false,
    }
}

/// A request that is refused as a whole, which may be for one of its tokens.
fn is_about_one_of_them(answered: &Answered) -> bool {
    matches!(answered.status, Some(400 | 422)) && answered.verdict == Verdict::NoAnswer
}

impl Revoked {
    fn of(answered: Answered) -> Self {
        let outcome = match answered.verdict {
            Verdict::Alive => Outcome::Revoked,
            Verdict::Rejected => Outcome::DeadBefore,
            Verdict::InsufficientScope => Outcome::Refused,
            Verdict::RateLimited => Outcome::RateLimited,
            Verdict::NoAnswer => Outcome::Unknown,
            Verdict::NotVerifiable => Outcome::ByHand,
        };
        Self { outcome, words: answered.words, not_before: answered.not_before }
    }
}
