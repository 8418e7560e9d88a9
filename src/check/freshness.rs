//! Dates: what has ended, what ends soon, what should have been replaced.

use jiff::{SignedDuration, Timestamp};

use crate::check::finding::{Action, Reason, Status};
use crate::check::verdict::Verdict;
use crate::credential::Facts;
use crate::name::CredentialName;

/// How long before its end a credential is spoken of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

const DAY: i64 = 24 * 3600;

/// What the dates of a credential say, where they say anything.
pub(crate) fn verdict(name: &CredentialName, facts: &Facts, now: Timestamp) -> Option<Verdict> {
    let replace = |sentence: &str| Action {
        sentence: sentence.to_owned(),
        command: Some(format!("mcpcred rotate {name}")),
        page: None,
    };
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
