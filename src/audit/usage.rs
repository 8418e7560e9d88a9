//! `Usage`: per credential, when it was used last, by whom, how often, and on which days.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::audit::line::Line;
use crate::audit::{Action, Outcome};

/// How many days the picture of use over time shows.
pub(crate) const DAYS: usize = 30;

/// What the log tells of one credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Values given out.
    pub(crate) uses: u64,
    /// Attempts that failed or were denied.
    pub(crate) refused: u64,
    /// When a value was given out last.
    pub(crate) last_used: Option<Timestamp>,
    /// To whom.
    pub(crate) last_by: Option<String>,
    /// Everybody to whom, and how often.
    pub(crate) by: BTreeMap<String, u64>,
    /// Uses on each of the last days, today last.
    pub(crate) days: [u64; DAYS],
}

impl Default for Usage {
    fn default() -> Self {
        Self { uses: 0, refused: 0, last_used: None, last_by: None, by: BTreeMap::new(), days: [0; DAYS] }
    }
}

/// Who asked: the client that was recognised, or the nearest program.
pub(crate) fn actor(line: &Line) -> String {
    let known = line.client.as_ref().or(line.parents.first());
    known.cloned().unwrap_or_else(|| "unknown".to_owned())
}

impl Usage {
    /// Takes a line into account, seen from `now`.
    pub(crate) fn take(&mut self, line: &Line, now: Timestamp) {
        if !line.action.is_use() {
            return;
        }
        if line.outcome != Outcome::Done {
            self.refused += 1;
            return;
        }
        let actor = actor(line);
        self.uses += 1;
        if self.last_used.is_none_or(|last| last <= line.time) {
            self.last_used = Some(line.time);
            self.last_by = Some(actor.clone());
        }
        *self.by.entry(actor).or_default() += 1;
        let age = now.duration_since(line.time).as_secs().div_euclid(SECONDS_A_DAY);
        // What a clock that was wrong wrote into the future counts for today.
        if let Some(day) = usize::try_from(age.max(0)).ok().and_then(|age| (DAYS - 1).checked_sub(age)) {
            self.days[day] += 1;
        }
    }

    /// For how long it was not used; `None` where it never was.
    pub(crate) fn unused_for(&self, now: Timestamp) -> Option<SignedDuration> {
        self.last_used.map(|last| now.duration_since(last).max(SignedDuration::ZERO))
    }
}

const SECONDS_A_DAY: i64 = 86_400;

/// Draws use over time, a character a day: in blocks, or in plain characters where the terminal has no others.
pub(crate) fn sparkline(days: &[u64], is_plain: bool) -> String {
    let levels: &[char] = if is_plain {
        &['.', ':', '-', '=', '+', '*', '#', '@']
    } else {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    };
    let most = days.iter().copied().max().unwrap_or(0).max(1);
    let level = |count: u64| {
        let place = (count * levels.len() as u64).div_ceil(most).saturating_sub(1);
        levels[usize::try_from(place).unwrap_or(0).min(levels.len() - 1)]
    };
    days.iter().map(|count| if *count == 0 { ' ' } else { level(*count) }).collect()
}

/// Whether a line is about the log itself.
pub(crate) fn is_of_the_log(line: &Line) -> bool {
    matches!(line.action, Action::Continue | Action::Heal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_character_a_day_and_the_busiest_is_the_highest() {
        assert_eq!(sparkline(&[0, 1, 4, 8], false), " ▁▄█");
        assert_eq!(sparkline(&[0, 1, 4, 8], true), " .=@");
        assert_eq!(sparkline(&[0, 0], true), "  ");
    }
}
