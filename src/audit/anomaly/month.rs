//! A month that is made up, with events planted in it: what the rules find, miss, and find where nothing is.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::audit::anomaly::memory::Memory;

const NAMES: [&str; 12] = [
    "GITHUB_TOKEN",
    "SLACK_TOKEN",
    "DATABASE_URL",
    "NOTION_TOKEN",
    "LINEAR_KEY",
    "SENTRY_TOKEN",
    "STRIPE_KEY",
    "JIRA_TOKEN",
    "FIGMA_TOKEN",
    "OPENAI_KEY",
    "AWS_SECRET",
    "GRAFANA_TOKEN",
];

/// The same numbers in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What a line of the month is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A day like any other.
    Ordinary,
    /// A part of what was planted, of which a rule may tell as well.
    Planted,
    /// The line at which this rule has to tell.
    Told(Rule),
}

/// Lines in the order of time.
#[derive(Default)]
struct Month {
    lines: Vec<(Line, Part)>,
}

/// What became of a month, by rule.
#[derive(Default)]
struct Result {
    planted: Vec<Rule>,
    found: Vec<Rule>,
    /// Told of a line that was planted for another rule, which is no false alarm.
    beside: Vec<Rule>,
    false_alarms: Vec<Rule>,
}

fn at(day: u64, seconds: u64) -> Timestamp {
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::try_from(day * 86_400 + seconds).unwrap())
}

fn used(time: Timestamp, name: &str, client: &str) -> Line {
    let mut line = line_of("2026-10-01T00:00:00Z", "get", name);
    line.time = time;
    line.client = Some(client.to_owned());
    line.store = Some("vault".to_owned());
    line
}

/// A start of a program through a client.
fn started(time: Timestamp, name: &str, client: &str, program: &str) -> Line {
    let mut line = used(time, name, client);
    line.action = Action::Run;
    line.program = Some(program.to_owned());
    line
}

impl Month {
    fn add(&mut self, line: Line, part: Part) {
        self.lines.push((line, part));
    }

    /// People who work from seven to six, with a long evening now and then, and clients that start with the day.
    fn ordinary(chance: &mut Chance) -> Self {
        let mut month = Self::default();
        for day in 0..30 {
            let is_weekend = day % 7 >= 5;
            for (number, name) in NAMES.iter().enumerate() {
                let often = if is_weekend { chance.below(2) } else { 4 + chance.below(12) };
                for _ in 0..often {
                    // Hours from 7 to 17, mostly; one in forty is an hour later.
                    let late = u64::from(chance.below(40) == 0);
                    let second = (7 + chance.below(11) + late) * 3600 + chance.below(3600);
                    let client =
                        ["claude-code", "vscode", "shell"][(number + usize::from(chance.below(6) == 0)) % 3];
                    month.add(used(at(day, second), name, client), Part::Ordinary);
                }
                if !is_weekend && chance.below(9) == 0 {
                    let mut line = used(at(day, 8 * 3600 + chance.below(3600)), name, "shell");
                    (line.outcome, line.detail) = (Outcome::Denied, Some("wrong-passphrase".to_owned()));
                    month.add(line, Part::Ordinary);
                }
            }
            // A profile that loads everything into a shell, once a morning.
            for name in NAMES {
                let mut line = used(at(day, 7 * 3600 + 1800), name, "shell");
                line.action = Action::Export;
                month.add(line, Part::Ordinary);
            }
            month.servers_and_builds(chance, day);
        }
        month
    }

    /// Servers that a client starts each morning, one of which gets a new Python in the middle of the month; a test
    /// that is built anew every day; and an editor that a person takes up on the twelfth day.
    fn servers_and_builds(&mut self, chance: &mut Chance, day: u64) {
        let morning = 8 * 3600 + chance.below(3600);
        let python = if day < 15 { "/usr/bin/python3.12" } else { "/opt/uv/python3.13/bin/python3.13" };
        self.add(started(at(day, morning), NAMES[0], "claude-code", "npx"), Part::Ordinary);
        self.add(started(at(day, morning + 1), NAMES[3], "claude-code", python), Part::Ordinary);
        let built = format!("/tmp/build-{day}/deps/main-{:016x}", chance.below(u64::MAX >> 33).pow(2));
        for _ in 0..chance.below(4) {
            let noon = 12 * 3600 + chance.below(3600);
            self.add(started(at(day, noon), "DATABASE_URL", "shell", &built), Part::Ordinary);
        }
        for name in [NAMES[0], NAMES[4]] {
            if day >= 12 && chance.below(2) == 0 {
                self.add(used(at(day, 10 * 3600 + chance.below(3600)), name, "zed"), Part::Ordinary);
            }
        }
    }

    /// Six of each kind that stand for something, and of programs that have nothing to do with a credential fourteen.
    fn plant(&mut self) {
        for number in 0..6_u64 {
            let name = NAMES[usize::try_from(number).unwrap()];
            let day = 16 + number * 2;
            let noon = 12 * 3600 + number * 7;
            let stranger =
                format!("stranger-{}", ["a", "b", "c", "d", "e", "f"][usize::try_from(number).unwrap()]);
            self.add(used(at(day, noon), name, &stranger), Part::Told(Rule::NewProgram));
            let mut line = used(at(day, noon + 60), name, "shell");
            line.host = Some(format!("elsewhere-{number}"));
            self.add(line, Part::Told(Rule::NewHost));
            for second in 0..40 {
                let part = if second == 29 { Part::Told(Rule::Burst) } else { Part::Planted };
                self.add(used(at(day, 13 * 3600 + second), name, "shell"), part);
            }
            self.add(
                used(at(day, 3 * 3600), NAMES[6 + usize::try_from(number).unwrap()], "shell"),
                Part::Told(Rule::UnseenHour),
            );
            for second in 0..5 {
                let mut line = used(at(day, 14 * 3600 + second), name, "shell");
                (line.outcome, line.detail) = (Outcome::Denied, Some("wrong-passphrase".to_owned()));
                self.add(line, if second == 2 { Part::Told(Rule::FailedUnlocks) } else { Part::Planted });
            }
            for (place, name) in NAMES.iter().enumerate() {
                let mut line = used(at(day, 15 * 3600), name, "claude-code");
                (line.action, line.pid) = (Action::Export, 4000 + u32::try_from(number).unwrap());
                self.add(line, if place == 2 { Part::Told(Rule::ExportFromAgent) } else { Part::Planted });
            }
        }
        // In the second week: strangers, an agent that takes what it never had, and one that gives what it has to another
        // program.
        for (day, name, client, program) in [
            (8, "LINEAR_KEY", "curl", None),
            (9, "AWS_SECRET", "shell", Some("/tmp/x/collect")),
            (10, "SLACK_TOKEN", "claude-code", None),
            (11, "AWS_SECRET", "claude-code", None),
            (13, "JIRA_TOKEN", "claude-code", Some("/usr/bin/env")),
            (14, "GITHUB_TOKEN", "claude-code", Some("/usr/bin/curl")),
            (14, "FIGMA_TOKEN", "shell", Some("xxd")),
            (15, "STRIPE_KEY", "copilot-cli", None),
        ] {
            let time = at(day, 11 * 3600);
            let line = match program {
                Some(program) => started(time, name, client, program),
                None => used(time, name, client),
            };
            self.add(line, Part::Told(Rule::NewProgram));
        }
    }

    /// What is planted, what of it is found, and what is found besides.
    fn judge(&mut self, rules: &Rules, due: &str) -> Result {
        self.lines.sort_by_key(|(line, _)| line.time);
        let due_on: Timestamp = "2026-10-29T00:00:00Z".parse().unwrap();
        let mut memory = Memory::default();
        let mut result = Result::default();
        let mut open: Vec<(usize, Rule)> = Vec::new();
        for (number, (_, part)) in self.lines.iter().enumerate() {
            if let Part::Told(rule) = part {
                open.push((number, *rule));
            }
        }
        result.planted.extend(open.iter().map(|(_, rule)| *rule));
        // Two days of use after the day of rotation.
        result.planted.extend([Rule::PastRotation; 2]);
        let mut days = BTreeSet::new();
        for (number, (line, part)) in self.lines.iter_mut().enumerate() {
            line.n = number as u64 + 1;
            for anomaly in rules.judge(&mut memory, line, &|name| (name == due).then_some(due_on)) {
                // A use that happened to be in the same minute brings the end of a burst forward.
                let is_it = |(at, rule): &(usize, Rule)| *rule == anomaly.rule && at.abs_diff(number) <= 3;
                let place = open.iter().position(is_it);
                let is_due = anomaly.rule == Rule::PastRotation && anomaly.name.as_deref() == Some(due);
                if place.is_some() || (is_due && days.insert(line.time.as_second() / 86_400)) {
                    place.map(|place| open.remove(place));
                    result.found.push(anomaly.rule);
                } else if *part == Part::Ordinary {
                    result.false_alarms.push(anomaly.rule);
                } else {
                    result.beside.push(anomaly.rule);
                }
            }
        }
        result
    }
}

/// Months with these seeds: a table, how much was missed, and how many lines there are for each false alarm.
fn months(seeds: std::ops::RangeInclusive<u64>) -> (String, usize, usize) {
    let (mut lines, mut all) = (0, Result::default());
    for seed in seeds.clone() {
        let mut month = Month::ordinary(&mut Chance(seed));
        month.plant();
        lines += month.lines.len();
        let Result { planted, found, beside, false_alarms } = month.judge(&Rules::default(), "GITHUB_TOKEN");
        all.planted.extend(planted);
        all.found.extend(found);
        all.beside.extend(beside);
        all.false_alarms.extend(false_alarms);
    }
    let count = |of: &[Rule], rule: Rule| of.iter().filter(|it| **it == rule).count();
    let rules = [
        Rule::NewProgram,
        Rule::NewHost,
        Rule::Burst,
        Rule::UnseenHour,
        Rule::FailedUnlocks,
        Rule::PastRotation,
        Rule::ExportFromAgent,
    ];
    let rows = rules.map(|rule| {
        let (planted, found) = (count(&all.planted, rule), count(&all.found, rule));
        format!(
            "{:<18} planted {planted:>3} found {found:>3} missed {:>3} beside {:>3} false alarms {:>3}",
            rule.as_str(),
            planted - found,
            count(&all.beside, rule),
            count(&all.false_alarms, rule)
        )
    });
    let table = format!("months {seeds:?}, {lines} lines\n{}", rows.join("\n"));
    eprint_table(&table);
    (table, all.planted.len() - all.found.len(), lines / all.false_alarms.len().max(1))
}

#[test]
fn what_was_planted_is_found_and_little_else() {
    let (table, missed, lines_an_alarm) = months(1..=5);
    assert_eq!(missed, 0, "{table}");
    assert!(lines_an_alarm >= 1000, "{table}");
}

/// Months that nobody looked at while the rules were made.
#[test]
fn the_rules_hold_for_months_that_they_were_not_made_with() {
    let (table, missed, lines_an_alarm) = months(101..=120);
    assert_eq!(missed, 0, "{table}");
    assert!(lines_an_alarm >= 1000, "{table}");
}

/// The figures, with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures for who asks")]
fn eprint_table(table: &str) {
    eprintln!("{table}");
}
