//! Dates: what has ended, what ends soon, what should have been replaced.

use jiff::{SignedDuration, Timestamp};

use crate::catalog::provider::{Provider, TokenShape};
use crate::check::finding::{Action, Reason, Status};
use crate::check::verdict::Verdict;
use crate::credential::Facts;
use crate::name::CredentialName;

/// How long before its end a credential is spoken of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

const DAY: i64 = 24 * 3600;

const YEAR_IN_HOURS: u32 = 365 * 24;

/// What the dates of a credential say, where they say anything.
pub(crate) fn verdict(name: &CredentialName, facts: &Facts, now: Timestamp) -> Option<Verdict> {
    let replace = |sentence: &str| replacing(name, sentence);
    if let Some(expires) = facts.expires {
        let left = expires.duration_since(now);
        let day = expires.strftime("%Y-%m-%d");
        if left <= SignedDuration::ZERO {
            let message = format!("`{name}` expired on {day}");
            let action = replace("make a new one and store it");
            return Some(
                Verdict::new(Status::Problem, Reason::Expired, message).action(action).expires(expires),
            );
        }
        if left <= SOON {
            let message = format!("`{name}` expires on {day}, {}", in_days(left));
            let action = replace("make a new one in time and store it");
            return Some(
                Verdict::new(Status::Warning, Reason::ExpiresSoon, message).action(action).expires(expires),
            );
        }
    }
    let due = facts.rotation_due_on().filter(|due| *due <= now)?;
    let message = format!(
        "`{name}` should have been replaced by {}, {} days after it was stored",
        due.strftime("%Y-%m-%d"),
        facts.rotate_every_days.unwrap_or_default()
    );
    let action = replace("replace it at its provider and store the new one");
    Some(Verdict::new(Status::Warning, Reason::RotationDue, message).action(action))
}

/// What follows from how long tokens of its form live, where nobody knows when this one ends. It may have been made
/// before it was stored, so it ends by then at the latest.
pub(crate) fn lifetime(
    name: &CredentialName,
    facts: &Facts,
    (provider, shape): (&Provider, &TokenShape),
    now: Timestamp,
) -> Option<Verdict> {
    let hours = shape.lives_hours.filter(|_| facts.expires.is_none())?;
    let stored = facts.rotated.unwrap_or(facts.created);
    let ends = stored.checked_add(SignedDuration::from_hours(i64::from(hours))).ok()?;
    let left = ends.duration_since(now);
    let kind = format!("{} {}", provider.name, shape.name);
    let lives = format!("no {kind} lives longer than {}", in_hours(hours));
    let stored = stored.strftime("%Y-%m-%d");
    let (verdict, sentence) = if left <= SignedDuration::ZERO {
        let message = format!("`{name}` has expired: {lives}, and it was stored on {stored}");
        (Verdict::problem(Reason::Expired, message), "make a new one and store it")
    } else if left <= SOON {
        let message =
            format!("`{name}` expires by {}, {}: {lives}", ends.strftime("%Y-%m-%d"), in_days(left));
        (Verdict::warning(Reason::ExpiresSoon, message), "make a new one in time and store it")
    } else {
        return None;
    };
    Some(verdict.action(replacing(name, sentence)).expires(ends))
}

fn replacing(name: &CredentialName, sentence: &str) -> Action {
    Action { sentence: sentence.to_owned(), command: Some(format!("mcpcred rotate {name}")), page: None }
}

fn in_hours(hours: u32) -> String {
    match hours {
        1 => "an hour".to_owned(),
        YEAR_IN_HOURS => "a year".to_owned(),
        hours if hours % 24 == 0 => format!("{} days", hours / 24),
        hours => format!("{hours} hours"),
    }
}

fn in_days(left: SignedDuration) -> String {
    match left.as_secs() / DAY {
        0 => "in less than a day".to_owned(),
        1 => "in one day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::provider::Providers;
    use crate::credential::Kind;

    fn reason(change: impl FnOnce(&mut Facts)) -> Option<(Status, Reason)> {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut facts = Facts::new(Kind::Token, now);
        change(&mut facts);
        verdict(&"GITHUB_TOKEN".parse().unwrap(), &facts, now).map(|verdict| (verdict.status, verdict.reason))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_credential_is_spoken_of_fourteen_days_before_its_end() {
        assert_eq!(reason(|_| ()), None);
        let ends = |text: &str| reason(|facts| facts.expires = Some(at(text)));
        assert_eq!(ends("2026-12-06T12:00:01Z"), None);
        assert_eq!(ends("2026-12-06T12:00:00Z"), Some((Status::Warning, Reason::ExpiresSoon)));
        assert_eq!(ends("2026-11-22T12:00:01Z"), Some((Status::Warning, Reason::ExpiresSoon)));
        assert_eq!(ends("2026-11-22T12:00:00Z"), Some((Status::Problem, Reason::Expired)));
    }

    #[test]
    fn a_token_of_a_kind_that_lives_shortly_has_ended_by_then() {
        let providers = Providers::embedded().unwrap().providers;
        let said = |shape: &str, stored: &str, change: fn(&mut Facts)| {
            let mut facts = Facts::new(Kind::Token, at(stored));
            change(&mut facts);
            let kinds = providers.iter().flat_map(|it| it.tokens.iter().map(move |shape| (it, shape)));
            let kind = kinds.into_iter().find(|(_, it)| it.id == shape).unwrap();
            let now = at("2026-11-22T12:00:00Z");
            lifetime(&"GITHUB_TOKEN".parse().unwrap(), &facts, kind, now)
                .map(|verdict| (verdict.reason, verdict.message))
        };
        let app = "github-app-installation";
        let lives = "no GitHub installation token of an app lives longer than an hour";
        assert_eq!(
            said(app, "2026-11-22T11:00:00Z", |_| ()),
            Some((
                Reason::Expired,
                format!("`GITHUB_TOKEN` has expired: {lives}, and it was stored on 2026-11-22")
            ))
        );
        assert_eq!(
            said(app, "2026-11-22T11:00:01Z", |_| ()),
            Some((
                Reason::ExpiresSoon,
                format!("`GITHUB_TOKEN` expires by 2026-11-22, in less than a day: {lives}")
            ))
        );
        let reason = |shape, stored, change| said(shape, stored, change).map(|(reason, _)| reason);
        // One that was replaced since, and one of which it is known when it ends.
        let replaced = |facts: &mut Facts| facts.rotated = Some(at("2026-11-22T11:30:00Z"));
        assert_eq!(reason(app, "2026-11-01T00:00:00Z", replaced), Some(Reason::ExpiresSoon));
        let dated = |facts: &mut Facts| facts.expires = Some(at("2027-11-22T11:30:00Z"));
        assert_eq!(reason(app, "2026-11-01T00:00:00Z", dated), None);
        let yearly = "atlassian-api-token";
        assert_eq!(reason(yearly, "2026-01-01T00:00:00Z", |_| ()), None);
        assert_eq!(reason(yearly, "2025-12-01T00:00:00Z", |_| ()), Some(Reason::ExpiresSoon));
        assert_eq!(reason(yearly, "2025-11-01T00:00:00Z", |_| ()), Some(Reason::Expired));
        assert_eq!(reason("github-pat-classic", "2020-01-01T00:00:00Z", |_| ()), None);
    }

    #[test]
    fn a_token_is_due_after_ninety_days_and_without_a_schedule_never() {
        let stored = |text: &str, every| {
            reason(|facts| {
                facts.created = at(text);
                facts.rotate_every_days = every;
            })
        };
        assert_eq!(stored("2026-08-24T12:00:01Z", Some(90)), None);
        assert_eq!(stored("2026-08-24T12:00:00Z", Some(90)), Some((Status::Warning, Reason::RotationDue)));
        assert_eq!(stored("2020-01-01T00:00:00Z", None), None);
    }
}
