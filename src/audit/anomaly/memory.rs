//! `Memory`: what the rules have to know of the past, small enough to be read at every use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::audit::anomaly::{Anomaly, DueOn, Rules};
use crate::audit::line::Line;
use crate::audit::reader::{self, Filter};
use crate::audit::{LogFiles, Outcome};
use crate::os::private_file;

/// Programs and machines that are remembered of one credential.
const MOST: usize = 32;

/// Programs that are remembered of this machine.
const MOST_PROGRAMS: usize = 256;

/// Anomalies that are remembered.
const RECENT: usize = 50;

/// More than any memory has: some thousand credentials.
const LIMIT: usize = 8 * 1024 * 1024;

const SECONDS_A_DAY: i64 = 86_400;

/// What came before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    credentials: BTreeMap<String, Known>,
    /// When anything was used first.
    first: Option<Timestamp>,
    /// Every program that had anything, with the day on which it last did.
    programs: BTreeMap<String, i64>,
    refusals: u64,
    export: Option<(u32, Timestamp, u64)>,
    /// The last anomalies that were told at the moment they happened.
    pub(crate) recent: Vec<Anomaly>,
}

/// What is known of one credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    pub(super) uses: u64,
    first: Option<Timestamp>,
    programs: Vec<String>,
    hosts: Vec<String>,
    /// A bit for each hour of the day.
    hours: u32,
    minute: Option<(i64, u64)>,
    told_on: i64,
}

impl Memory {
    /// What is known of a credential.
    pub(super) fn of(&mut self, profile: &str, name: &str) -> &mut Known {
        self.credentials.entry(format!("{profile}/{name}")).or_default()
    }

    /// Whether this program had any credential before.
    pub(super) fn meets_program(&mut self, program: &str, time: Timestamp) -> bool {
        let is_known = self.programs.insert(program.to_owned(), day_of(time)).is_some();
        if self.programs.len() > MOST_PROGRAMS {
            let oldest =
                self.programs.iter().min_by_key(|(_, day)| **day).map(|(program, _)| program.clone());
            oldest.map(|program| self.programs.remove(&program));
        }
        is_known
    }

    /// For how many days anything has been in use on this machine.
    pub(super) fn days(&mut self, time: Timestamp) -> i64 {
        days_since(&mut self.first, time)
    }

    /// How many times a store refused in a row, where the line is one more; anything that worked ends the row.
    pub(super) fn refusals(&mut self, line: &Line) -> Option<u64> {
        match (line.outcome, line.detail.as_deref()) {
            (Outcome::Denied, Some("wrong-passphrase" | "denied")) => {
                self.refusals += 1;
                return Some(self.refusals);
            }
            (Outcome::Done, _) if line.store.is_some() => self.refusals = 0,
            _ => {}
        }
        None
    }

    /// How many credentials this one process has had written out at this moment.
    pub(super) fn exported(&mut self, line: &Line) -> u64 {
        let count = match self.export {
            Some((pid, time, count)) if pid == line.pid && time == line.time => count + 1,
            _ => 1,
        };
        self.export = Some((line.pid, line.time, count));
        count
    }
}

fn day_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(SECONDS_A_DAY)
}

fn days_since(first: &mut Option<Timestamp>, time: Timestamp) -> i64 {
    let first = *first.get_or_insert(time);
    time.duration_since(first).as_secs().div_euclid(SECONDS_A_DAY)
}

/// Adds to the end of a list that is bounded, and says whether it was there. What was not met for longest goes.
fn meets(list: &mut Vec<String>, text: &str) -> bool {
    if let Some(place) = list.iter().position(|known| known == text) {
        list[place..].rotate_left(1);
        return true;
    }
    if list.len() >= MOST {
        list.remove(0);
    }
    list.push(text.to_owned());
    false
}

impl Known {
    pub(super) fn meets_program(&mut self, program: &str) -> bool {
        meets(&mut self.programs, program)
    }

    pub(super) fn meets_host(&mut self, host: &str) -> bool {
        meets(&mut self.hosts, host)
    }

    /// Whether it was used at that hour before, or at one beside it: a day is not always the same.
    pub(super) fn meets_hour(&mut self, hour: u32) -> bool {
        let near = [hour + 23, hour, hour + 1].map(|hour| 1_u32 << (hour % 24));
        let is_known = near.iter().any(|bit| self.hours & bit != 0);
        self.hours |= 1 << (hour % 24);
        is_known
    }

    /// How many uses there were in this minute, with this one.
    pub(super) fn within_a_minute(&mut self, time: Timestamp) -> u64 {
        let minute = time.as_second().div_euclid(60);
        let count = self.minute.filter(|(last, _)| *last == minute).map_or(0, |(_, count)| count) + 1;
        self.minute = Some((minute, count));
        count
    }

    /// For how many days it has been in use.
    pub(super) fn days(&mut self, time: Timestamp) -> i64 {
        days_since(&mut self.first, time)
    }

    /// Whether nothing was told on this day yet.
    pub(super) fn is_first_of_day(&mut self, time: Timestamp) -> bool {
        let day = day_of(time);
        std::mem::replace(&mut self.told_on, day) != day
    }
}

/// Where the memory is kept, beside the log. What is lost of it is learnt again: the log is what counts.
#[derive(Debug, Clone)]
pub(crate) struct MemoryFile {
    path: PathBuf,
}

impl MemoryFile {
    /// That of the log in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("audit.memory.json") }
    }

    /// Reads it; nothing where there is none, or none that makes sense.
    pub(crate) fn load(&self) -> Memory {
        serde_json::from_slice(&self.content()).unwrap_or_default()
    }

    fn content(&self) -> Vec<u8> {
        private_file::read(&self.path, LIMIT).ok().flatten().unwrap_or_default()
    }

    /// Judges new lines by what is remembered, and remembers them. The caller holds the lock of the log.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(crate) fn judge(&self, rules: &Rules, lines: &[u8], due_on: DueOn<'_>) -> io::Result<Vec<Anomaly>> {
        let former = self.content();
        let mut memory: Memory = serde_json::from_slice(&former).unwrap_or_default();
        let mut found = Vec::new();
        for piece in lines.split(|byte| *byte == b'\n').filter(|piece| !piece.is_empty()) {
            if let Ok(line) = serde_json::from_slice::<Line>(piece) {
                found.extend(rules.judge(&mut memory, &line, due_on));
            }
        }
        memory.recent.extend(found.iter().cloned());
        let surplus = memory.recent.len().saturating_sub(RECENT);
        memory.recent.drain(..surplus);
        let mut content = serde_json::to_vec(&memory).map_err(io::Error::other)?;
        // Blanks cover the rest of what was longer. In place, since it costs ext4 most of a millisecond to have a file
        // take the place of another.
        content.resize(content.len().max(former.len()), b' ');
        private_file::overwrite(&self.path, &content)?;
        Ok(found)
    }
}

/// What the rules find in the whole log, from its first line on.
///
/// # Errors
/// Where a file can't be read.
pub(crate) fn replay(files: &LogFiles, rules: &Rules, due_on: DueOn<'_>) -> io::Result<Vec<Anomaly>> {
    let mut memory = Memory::default();
    let mut found = Vec::new();
    reader::each(files, &Filter::default(), |line, _| {
        found.extend(rules.judge(&mut memory, &line, due_on));
        Ok(())
    })?;
    Ok(found)
}
