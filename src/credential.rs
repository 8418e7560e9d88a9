//! What is known about a credential besides its secret: kind, server, dates, notes.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Serialize};

use crate::name::CredentialName;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What sort of secret it is, which decides how often it should be replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A personal access token or an API key: replaced every 90 days.
    #[default]
    Token,
    /// A database password or connection string: every 60 days.
    Database,
    /// A key of a cloud provider: every 30 days.
    CloudKey,
    /// Anything else: no schedule of its own.
    Other,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Token, Self::Database, Self::CloudKey, Self::Other];

    /// The kind that a name suggests, where nobody said.
    pub(crate) fn suggested_by(name: &CredentialName) -> Self {
        let name = name.as_str().to_ascii_uppercase();
        let is_cloud = ["AWS_", "AZURE_CLIENT_", "GOOGLE_APPLICATION_", "GCP_", "ALIBABA_CLOUD_"];
        let is_database = ["DATABASE", "POSTGRES", "PG", "MYSQL", "MONGO", "REDIS", "MDB_"];
        let is_connection = ["_DSN", "_CONNECTION_STRING", "DATABASE_URL", "MONGODB_URI"];
        if is_cloud.iter().any(|prefix| name.starts_with(prefix)) {
            Self::CloudKey
        } else if is_database.iter().any(|prefix| name.starts_with(prefix))
            || is_connection.iter().any(|suffix| name.ends_with(suffix))
        {
            Self::Database
        } else {
            Self::Token
        }
    }

    /// After how many days such a secret should be replaced, where there is a rule.
    pub(crate) fn rotation_days(self) -> Option<u32> {
        match self {
            Self::Token => Some(90),
            Self::Database => Some(60),
            Self::CloudKey => Some(30),
            Self::Other => None,
        }
    }

    /// The name that `--kind` takes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Database => "database",
            Self::CloudKey => "cloud-key",
            Self::Other => "other",
        }
    }
}

/// The facts. None of them is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// What sort of secret it is.
    #[serde(default)]
    pub(crate) kind: Kind,
    /// The MCP server that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// When it was stored first.
    pub(crate) created: Timestamp,
    /// When its value was replaced last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotated: Option<Timestamp>,
    /// When its issuer will stop accepting it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Timestamp>,
    /// What its issuer lets it do, as far as the issuer told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    /// After how many days it should be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotate_every_days: Option<u32>,
    /// How its value was made up, as `--generate` takes it, where it was: the next one is made in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) generated_as: Option<String>,
    /// Where its issuer takes it back (RFC 7009), as the person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoke_at: Option<String>,
    /// The client of its issuer that it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issued_to: Option<String>,
    /// The credential that holds the secret of that client, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issued_with: Option<CredentialName>,
    /// Anything else worth keeping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

impl Facts {
    /// What is known of a credential when nothing was said: its kind, and the schedule of that kind.
    pub(crate) fn new(kind: Kind, created: Timestamp) -> Self {
        Self {
            kind,
            server: None,
            label: None,
            tags: Vec::new(),
            created,
            rotated: None,
            expires: None,
            scopes: Vec::new(),
            rotate_every_days: kind.rotation_days(),
            generated_as: None,
            revoke_at: None,
            issued_to: None,
            issued_with: None,
            note: None,
        }
    }

    /// The day on which its value should have been replaced, where there is a schedule.
    pub(crate) fn rotation_due_on(&self) -> Option<Timestamp> {
        let since = self.rotated.unwrap_or(self.created);
        let period = DAY.checked_mul(i32::try_from(self.rotate_every_days?).ok()?)?;
        since.checked_add(period).ok()
    }

    /// Whether that day has come.
    pub(crate) fn is_rotation_due(&self, now: Timestamp) -> bool {
        self.rotation_due_on().is_some_and(|due| due <= now)
    }

    /// Whether its issuer no longer accepts it.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// A length of time as a person writes it: `45s`, `8h`, `90d`, `12w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) SignedDuration);

impl Period {
    /// Whole days, rounded up.
    pub(crate) fn days(self) -> u32 {
        let days = self.0.as_secs().max(0).unsigned_abs().div_ceil(86_400);
        u32::try_from(days).unwrap_or(u32::MAX)
    }
}

/// A text that is no length of time.
#[derive(Debug, thiserror::Error)]
#[error("a period is written as `45s`, `30m`, `8h`, `90d` or `12w`, from 1 s to 100 years")]
pub(crate) struct InvalidPeriod;

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let span: Span = text.parse().map_err(|_| InvalidPeriod)?;
        let period = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| InvalidPeriod)?;
        let allowed = SignedDuration::from_secs(1)..=DAY * 36_525;
        if allowed.contains(&period) { Ok(Self(period)) } else { Err(InvalidPeriod) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.0)
    }
}

/// How often to replace a value: a period, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule(pub(crate) Option<u32>);

impl FromStr for Schedule {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "never" => Ok(Self(None)),
            _ => Ok(Self(Some(text.parse::<Period>()?.days()))),
        }
    }
}

/// When something ends: a date (its first moment, UTC), a moment, or a period from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// At this moment.
    At(Timestamp),
    /// So long from now.
    In(Period),
}

/// A text that is neither.
#[derive(Debug, thiserror::Error)]
#[error("an expiry is written as `2027-01-31`, `2027-01-31T12:00:00Z` or `90d`")]
pub(crate) struct InvalidExpiry;

impl Expiry {
    /// The moment, seen from `now`.
    pub(crate) fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::In(Period(period)) => now.checked_add(period).unwrap_or(Timestamp::MAX),
        }
    }
}

impl FromStr for Expiry {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            Ok(Self::At(moment))
        } else if let Ok(date) = text.parse::<Date>() {
            let midnight = date.to_zoned(TimeZone::UTC).map_err(|_| InvalidExpiry)?;
            Ok(Self::At(midnight.timestamp()))
        } else {
            text.parse().map(Self::In).map_err(|_| InvalidExpiry)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn names_suggest_kinds() {
        let kind = |name: &str| Kind::suggested_by(&name.parse().unwrap());
        assert_eq!(kind("GITHUB_TOKEN"), Kind::Token);
        assert_eq!(kind("AWS_SECRET_ACCESS_KEY"), Kind::CloudKey);
        assert_eq!(kind("DATABASE_URL"), Kind::Database);
        assert_eq!(kind("MONGODB_URI"), Kind::Database);
        assert_eq!(kind("SENTRY_DSN"), Kind::Database);
    }

    #[test]
    fn a_token_is_due_after_ninety_days_and_rotation_starts_anew() {
        let mut facts = Facts::new(Kind::Token, at("2026-01-01T00:00:00Z"));
        assert!(!facts.is_rotation_due(at("2026-03-31T23:59:59Z")));
        assert!(facts.is_rotation_due(at("2026-04-01T00:00:00Z")));
        facts.rotated = Some(at("2026-04-01T00:00:00Z"));
        assert!(!facts.is_rotation_due(at("2026-06-29T00:00:00Z")));
        facts.rotate_every_days = None;
        assert!(!facts.is_rotation_due(at("2036-01-01T00:00:00Z")));
    }

    #[test]
    fn periods_are_read_as_people_write_them() {
        assert_eq!("90d".parse::<Period>().unwrap().days(), 90);
        assert_eq!("12w".parse::<Period>().unwrap().days(), 84);
        assert_eq!("45s".parse::<Period>().unwrap().0.as_secs(), 45);
        for bad in ["", "x", "-1d", "0s", "1 fortnight", "9999999999d"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }

    #[test]
    fn expiries_are_dates_moments_or_periods() {
        assert_eq!("2027-01-31".parse::<Expiry>().unwrap(), Expiry::At(at("2027-01-31T00:00:00Z")));
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!("1d".parse::<Expiry>().unwrap().moment(now), at("2026-01-02T00:00:00Z"));
        assert!("soon".parse::<Expiry>().is_err());
    }
}
