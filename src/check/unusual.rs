//! Unusual use of credentials, as the audit log noticed it within the last week.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::audit::Anomaly;
use crate::check::finding::{Finding, Reason};
use crate::check::verdict::Verdict;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A warning for each rule and credential, of the last time.
pub(crate) fn check(noticed: &[Anomaly], now: Timestamp) -> Vec<Finding> {
    let is_recent = |anomaly: &&Anomaly| now.duration_since(anomaly.time) <= WEEK;
    let last: BTreeMap<_, &Anomaly> =
        noticed.iter().filter(is_recent).map(|it| ((it.rule, it.name.as_deref()), it)).collect();
    let findings = last.into_values().map(|anomaly| {
        let verdict = Verdict::warning(Reason::UnusualUse, anomaly.message.clone())
            .advice("look at `mcpcred audit anomalies`; if it was not you, replace the credential");
        Finding { credential: anomaly.name.clone(), ..verdict.finding() }
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::anomaly::Rule;

    #[test]
    fn what_is_older_than_a_week_is_not_told_and_the_rest_once() {
        let now: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
        let noticed =
            ["2026-11-01T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"].map(|time| Anomaly {
                rule: Rule::Burst,
                time: time.parse().unwrap(),
                line: 1,
                name: Some("TOKEN".to_owned()),
                message: format!("at {time}"),
            });
        let findings = check(&noticed, now);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "at 2026-11-24T00:00:00Z");
    }
}
