//! `Anomaly`: use that is not as it was before, found by rules that each fit in a sentence.

mod actor;
mod memory;
#[cfg(test)]
mod month;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use crate::audit::anomaly::memory::{Memory, MemoryFile, replay};

use crate::audit::anomaly::actor::Actor;
use crate::audit::client::{CLIENTS, Sort};
use crate::audit::line::Line;
use crate::audit::{Action, Outcome};

/// Which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    /// A credential that is in use went to a program that never had it, in no version.
    NewProgram,
    /// A credential that is in use was asked for on a machine that never had it.
    NewHost,
    /// A credential was asked for more often within a minute than makes sense.
    Burst,
    /// A credential was used at an hour at which it never was.
    UnseenHour,
    /// A store refused several times in a row.
    FailedUnlocks,
    /// A credential was used though it should have been replaced.
    PastRotation,
    /// An agent had several credentials written out at once.
    ExportFromAgent,
    /// What a newer mcpcred knows.
    #[serde(other)]
    Other,
}

impl Rule {
    /// The word for programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NewProgram => "new-program",
            Self::NewHost => "new-host",
            Self::Burst => "burst",
            Self::UnseenHour => "unseen-hour",
            Self::FailedUnlocks => "failed-unlocks",
            Self::PastRotation => "past-rotation",
            Self::ExportFromAgent => "export-from-agent",
            Self::Other => "other",
        }
    }
}

/// How strict each rule is; 0 turns it off. In the person's own `config.toml` below `[audit.anomalies]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    /// After so many uses of a credential its programs and its machines are known.
    pub(crate) known_after_uses: u64,
    /// And its programs after so many days of use as well, since not every client asks on the first. One that never had
    /// any credential is told before that, where the machine has been in use for so long.
    pub(crate) programs_known_after_days: u16,
    /// So many uses of a credential within a minute are a burst.
    pub(crate) burst_per_minute: u64,
    /// After so many days of use the hours of a credential are known.
    pub(crate) hours_known_after_days: u16,
    /// So many refusals of a store in a row.
    pub(crate) failed_unlocks: u64,
    /// Whether use past the day of rotation is told, once a day.
    pub(crate) past_rotation: bool,
    /// So many credentials in one export by an agent.
    pub(crate) export_from_agent: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            known_after_uses: 10,
            programs_known_after_days: 7,
            burst_per_minute: 30,
            hours_known_after_days: 14,
            failed_unlocks: 3,
            past_rotation: true,
            export_from_agent: 3,
        }
    }
}

/// Use that is not as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anomaly {
    /// The rule that found it.
    pub(crate) rule: Rule,
    /// When.
    pub(crate) time: Timestamp,
    /// In which line.
    pub(crate) line: u64,
    /// Of which credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// In a sentence.
    pub(crate) message: String,
}

/// When a credential should be replaced, where that is known.
pub(crate) type DueOn<'a> = &'a dyn Fn(&str) -> Option<Timestamp>;

impl Rules {
    /// What is odd about the line, given what came before; the memory then holds it too.
    pub(crate) fn judge(&self, memory: &mut Memory, line: &Line, due_on: DueOn<'_>) -> Vec<Anomaly> {
        let mut found = Vec::new();
        let mut tell = |rule, message: String| {
            let name = line.name.clone();
            found.push(Anomaly { rule, time: line.time, line: line.n, name, message });
        };
        if let Some(count) = memory.refusals(line)
            && count == self.failed_unlocks
        {
            tell(Rule::FailedUnlocks, format!("a store refused {count} times in a row"));
        }
        let is_use = line.action.is_use() && line.outcome == Outcome::Done;
        let (Some(name), true) = (&line.name, is_use) else { return found };
        let who = Actor::of(line);
        let is_agent =
            CLIENTS.iter().any(|it| it.sort == Sort::Agent && Some(it.id) == line.client.as_deref());
        if line.action == Action::Export && is_agent {
            let count = memory.exported(line);
            if self.export_from_agent > 0 && count == self.export_from_agent {
                tell(
                    Rule::ExportFromAgent,
                    format!("{who} had {count} credentials or more written out at once"),
                );
            }
        }
        let due = due_on(name).filter(|due| self.past_rotation && *due <= line.time);
        let profile = line.profile.as_deref().unwrap_or_default();
        let is_stranger = !memory.meets_program(&who.family, line.time);
        let days_of_machine = memory.days(line.time);
        let known = memory.of(profile, name);
        let days = known.days(line.time);
        let is_known = self.known_after_uses > 0 && known.uses >= self.known_after_uses;
        // A client of one credential is likely to be given another one; what never had any is not.
        let learnt = if is_stranger { days_of_machine } else { days };
        let are_programs_known = is_known && learnt >= i64::from(self.programs_known_after_days);
        if !known.meets_program(&who.family) && are_programs_known {
            tell(Rule::NewProgram, format!("`{name}` went to `{who}`, which never had it"));
        }
        if let Some(host) = &line.host
            && !known.meets_host(host)
            && is_known
        {
            tell(Rule::NewHost, format!("`{name}` was used on `{host}`, where it never was"));
        }
        let count = known.within_a_minute(line.time);
        if self.burst_per_minute > 0 && count == self.burst_per_minute {
            tell(Rule::Burst, format!("`{name}` was used {count} times within a minute"));
        }
        let hour = line.time.as_second().div_euclid(3600).rem_euclid(24);
        let hour = u32::try_from(hour).unwrap_or(0);
        let is_new_hour = !known.meets_hour(hour);
        if is_new_hour && self.hours_known_after_days > 0 && days >= i64::from(self.hours_known_after_days) {
            tell(Rule::UnseenHour, format!("`{name}` was used at {hour} o'clock (UTC), as never before"));
        }
        if due.is_some() && known.is_first_of_day(line.time) {
            tell(
                Rule::PastRotation,
                format!("`{name}` is past the day on which it should have been replaced"),
            );
        }
        known.uses += 1;
        found
    }
}

/// A line, for tests.
#[cfg(test)]
pub(crate) fn line_of(time: &str, action: &str, name: &str) -> Line {
    let text = format!(
        r#"{{"n":1,"time":"{time}","action":"{action}","outcome":"done","profile":"default","name":"{name}","host":"box","pid":7}}"#
    );
    serde_json::from_str(&text).unwrap()
}
