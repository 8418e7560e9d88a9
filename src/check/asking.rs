//! Asking providers about the values that servers use, and what the answers change.

use crate::catalog::provider::{Provider, TokenShape};
use crate::catalog::server::SecretKind;
use crate::check::finding::{Action, Finding, Reason, Status};
use crate::check::freshness;
use crate::check::known::{Held, Source, Stored};
use crate::check::preflight::Found;
use crate::check::values::Values;
use crate::check::verdict::Verdict;
use crate::credentials::Lesson;
use crate::live::{self, Answered, Question, Terms};
use crate::secret::Secret;

/// Asks about every value that something refers to, corrects the findings, and gives what is to be noted of the
/// credentials that are kept.
pub(crate) fn ask(
    values: &Values<'_>,
    found: &mut Found,
    terms: &Terms<'_>,
    progress: impl FnMut(usize, usize),
) -> Vec<Lesson> {
    let mut names = Vec::new();
    let mut questions = Vec::new();
    for name in &found.used {
        let Some((value, is_kept)) = value_of(values, &found.findings, name) else { continue };
        let fingerprint = values.fingerprints.of_secret(&value);
        match provider_of(values, name, &value) {
            Some((provider, shape)) => {
                let mut question = Question::new(provider, shape, value);
                let needs: Vec<_> = question.needs().collect();
                for (need, variables) in needs {
                    let mut found =
                        variables.iter().filter_map(|variable| value_of(values, &found.findings, variable));
                    if let Some((beside, _)) = found.next() {
                        question = question.with(need, beside);
                    }
                }
                names.push((name.clone(), fingerprint, is_kept));
                questions.push(question);
            }
            None if is_asked_for(values, name) => {
                let verdict = Verdict::new(
                    Status::Unknown,
                    Reason::NotVerifiable,
                    format!("`{name}` is there, and no provider is known that could be asked about it"),
                );
                correct(&mut found.findings, (name, &fingerprint), &verdict);
            }
            None => {}
        }
    }
    let answers = live::ask(&questions, terms, progress);
    let mut lessons = Vec::new();
    for ((name, fingerprint, is_kept), answered) in names.iter().zip(answers) {
        correct(&mut found.findings, (name, fingerprint), &verdict(values, name, &answered));
        if let Some(stored) = values.known.find(name).filter(|_| *is_kept)
            && (answered.expires.is_some() || answered.scopes.is_some())
        {
            lessons.push(Lesson {
                name: stored.name.clone(),
                seen: stored.entry.clone(),
                expires: answered.expires,
                scopes: answered.scopes,
            });
        }
    }
    lessons
}

/// The value that a server would get under this name, and whether it is the one that is kept: that of mcpcred where a
/// server gets it from there, whatever the environment has.
fn value_of(values: &Values<'_>, findings: &[Finding], name: &str) -> Option<(Secret, bool)> {
    let kept = |stored: &Stored| match &stored.held {
        Held::Value(value) => Some((Secret::copy_of(value.expose_secret()), true)),
        _ => None,
    };
    let is_handed_over = |(value, _): &(Secret, bool)| {
        let fingerprint = values.fingerprints.of_secret(value);
        findings.iter().any(|it| is_about(it, name) && it.fingerprint.as_ref() == Some(&fingerprint))
    };
    if let Some(handed) = values.known.find(name).and_then(kept).filter(is_handed_over) {
        return Some(handed);
    }
    match values.known.source(name)? {
        Source::Environment(value) => Some((value, false)),
        Source::Store(stored) => kept(stored),
        Source::EmptyVariable => None,
    }
}

fn is_about(finding: &Finding, name: &str) -> bool {
    let names = |it: &str| it.eq_ignore_ascii_case(name);
    finding.credential.as_deref().is_some_and(names)
        && finding.reason != Reason::Plaintext
        && !finding.is_of_other_profile
}

/// By the form of the value; where it has none of its own, by the name.
fn provider_of<'c>(
    values: &Values<'c>,
    name: &str,
    value: &Secret,
) -> Option<(&'c Provider, Option<&'c TokenShape>)> {
    let by_form = values.detector.provider_of(value).map(|(provider, shape)| (provider, Some(shape)));
    let requirement = values.catalog.requirement(name);
    by_form.or_else(|| values.detector.provider_named(name, value)).or_else(|| {
        let requirement =
            requirement.filter(|it| matches!(it.kind, SecretKind::Token | SecretKind::PairSecret))?;
        Some((values.catalog.provider(requirement.provider.as_deref()?)?, None))
    })
}

/// Whether a person would expect an answer: not for paths and for the public half of a pair.
fn is_asked_for(values: &Values<'_>, name: &str) -> bool {
    match values.catalog.requirement(name) {
        Some(requirement) => !matches!(requirement.kind, SecretKind::Path | SecretKind::PairId),
        None => crate::recognise::is_secret_name(name),
    }
}

fn verdict(values: &Values<'_>, name: &str, answered: &Answered) -> Verdict {
    let words = &answered.words;
    let is_kept = values.known.find(name).is_some();
    let replace = |sentence: &str| Action {
        sentence: sentence.to_owned(),
        command: is_kept.then(|| format!("mcpcred rotate {name}")),
        page: values.catalog.page_for(name).map(str::to_owned),
    };
    let verdict = match answered.verdict {
        live::Verdict::Alive => {
            let dates = values.known.find(name).and_then(|stored| {
                let mut facts = stored.entry.facts.clone();
                facts.expires = answered.expires.or(facts.expires);
                freshness::verdict(&stored.name, &facts, values.now)
            });
            Verdict::ready(words.clone()).or_graver(dates)
        }
        live::Verdict::Rejected => Verdict::problem(Reason::Rejected, format!("`{name}`: {words}"))
            .action(replace("make a new one and store it")),
        live::Verdict::InsufficientScope => {
            Verdict::warning(Reason::InsufficientScope, format!("`{name}`: {words}"))
                .action(replace("make one that may do what the server needs"))
        }
        live::Verdict::RateLimited => {
            Verdict::new(Status::Unknown, Reason::RateLimited, format!("`{name}`: {words}"))
                .advice("check again later")
        }
        live::Verdict::NoAnswer => {
            Verdict::new(Status::Unknown, Reason::NoAnswer, format!("`{name}`: {words}"))
                .advice("check again when the provider can be reached")
        }
        live::Verdict::NotVerifiable => {
            Verdict::new(Status::Unknown, Reason::NotVerifiable, format!("`{name}`: {words}"))
        }
    };
    Verdict { expires: answered.expires.or(verdict.expires), scopes: answered.scopes.clone(), ..verdict }
}

/// Puts the verdict into every finding about this value that is not graver already.
fn correct(findings: &mut [Finding], (name, fingerprint): (&str, &str), verdict: &Verdict) {
    let is_of_value = |it: &Finding| it.fingerprint.as_deref().is_none_or(|own| own == fingerprint);
    let about = findings.iter_mut().filter(|finding| is_about(finding, name) && is_of_value(finding));
    for finding in about {
        finding.expires = verdict.expires.or(finding.expires);
        finding.scopes.clone_from(&verdict.scopes);
        let is_graver =
            (verdict.status, verdict.reason.gravity()) > (finding.status, finding.reason.gravity());
        if is_graver || (finding.status == Status::Ready && verdict.status == Status::Ready) {
            finding.status = verdict.status;
            finding.reason = verdict.reason;
            finding.message.clone_from(&verdict.message);
            finding.action.clone_from(&verdict.action);
        }
    }
}
