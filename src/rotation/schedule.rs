//! `Schedules`: how often values are replaced where nobody said so of the credential itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::credential::{Facts, InvalidPeriod, Kind, Schedule};

/// `[rotate.every]`: what takes the place of a kind's own schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Schedules {
    kind: BTreeMap<Kind, Every>,
    provider: BTreeMap<String, Every>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Every(Schedule);

impl TryFrom<String> for Every {
    type Error = InvalidPeriod;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl Schedules {
    /// Whether it says anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.kind.is_empty() && self.provider.is_empty()
    }

    /// Whether the provider of a credential matters.
    pub(crate) fn know_providers(&self) -> bool {
        !self.provider.is_empty()
    }

    /// After how many days the value should be replaced. What was said of the credential itself counts first, then its
    /// provider, then its kind. A schedule that is the kind's own is taken for one that nobody chose.
    pub(crate) fn days(&self, facts: &Facts, provider: Option<&str>) -> Option<u32> {
        if facts.rotate_every_days != facts.kind.rotation_days() {
            return facts.rotate_every_days;
        }
        let by_provider = provider.and_then(|provider| self.provider.get(provider));
        match by_provider.or_else(|| self.kind.get(&facts.kind)) {
            Some(Every(Schedule(days))) => *days,
            None => facts.rotate_every_days,
        }
    }
}
