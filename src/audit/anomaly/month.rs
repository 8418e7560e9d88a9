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

/// Lines in the order of time, and which of them were planted, for which rule.
#[derive(Default)]
struct Month {
    lines: Vec<(Line, Option<Rule>)>,
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

impl Month {
    fn add(&mut self, line: Line, rule: Option<Rule>) {
        self.lines.push((line, rule));
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
                    month.add(used(at(day, second), name, client), None);
                }
                if !is_weekend && chance.below(9) == 0 {
                    let mut line = used(at(day, 8 * 3600 + chance.below(3600)), name, "shell");
                    (line.outcome, line.detail) = (Outcome::Denied, Some("wrong-passphrase".to_owned()));
                    month.add(line, None);
                }
            }
            // A profile that loads everything into a shell, once a morning.
            for name in NAMES {
                let mut line = used(at(day, 7 * 3600 + 1800), name, "shell");
                line.action = Action::Export;
                month.add(line, None);
            }
        }
        month
    }

    /// Twelve of each kind that stand for something.
    fn plant(&mut self) {
        for number in 0..6_u64 {
            let name = NAMES[usize::try_from(number).unwrap()];
            let day = 16 + number * 2;
            let noon = 12 * 3600 + number * 7;
            self.add(used(at(day, noon), name, &format!("stranger-{number}")), Some(Rule::NewProgram));
            let mut line = used(at(day, noon + 60), name, "shell");
            line.host = Some(format!("elsewhere-{number}"));
            self.add(line, Some(Rule::NewHost));
            for second in 0..40 {
                let rule = (second == 29).then_some(Rule::Burst);
                self.add(used(at(day, 13 * 3600 + second), name, "shell"), rule);
            }
            self.add(
                used(at(day, 3 * 3600), NAMES[6 + usize::try_from(number).unwrap()], "shell"),
                Some(Rule::UnseenHour),
            );
            for second in 0..5 {
                let mut line = used(at(day, 14 * 3600 + second), name, "shell");
                (line.outcome, line.detail) = (Outcome::Denied, Some("wrong-passphrase".to_owned()));
                self.add(line, (second == 2).then_some(Rule::FailedUnlocks));
            }
            for (place, name) in NAMES.iter().enumerate() {
                let mut line = used(at(day, 15 * 3600), name, "claude-code");
                (line.action, line.pid) = (Action::Export, 4000 + u32::try_from(number).unwrap());
                self.add(line, (place == 2).then_some(Rule::ExportFromAgent));
            }
        }
    }

    /// What is planted, what of it is found, and what is found besides, each by rule.
    fn judge(&mut self, rules: &Rules, due: &str) -> [Vec<Rule>; 3] {
        self.lines.sort_by_key(|(line, _)| line.time);
        let due_on: Timestamp = "2026-10-29T00:00:00Z".parse().unwrap();
        let mut memory = Memory::default();
        let (mut found, mut false_alarms) = (Vec::new(), Vec::new());
        let mut planted: Vec<(usize, Rule)> =
            self.lines.iter().enumerate().filter_map(|(at, (_, rule))| Some((at, (*rule)?))).collect();
        let all = planted.iter().map(|(_, rule)| *rule).collect::<Vec<Rule>>();
        let mut days = BTreeSet::new();
        for (number, (line, _)) in self.lines.iter_mut().enumerate() {
            line.n = number as u64 + 1;
            for anomaly in rules.judge(&mut memory, line, &|name| (name == due).then_some(due_on)) {
                // A use that happened to be in the same minute brings the end of a burst forward.
                let is_it = |(at, rule): &(usize, Rule)| *rule == anomaly.rule && at.abs_diff(number) <= 3;
                let place = planted.iter().position(is_it);
                let is_due = anomaly.rule == Rule::PastRotation && anomaly.name.as_deref() == Some(due);
                if place.is_some() || (is_due && days.insert(line.time.as_second() / 86_400)) {
                    place.map(|place| planted.remove(place));
                    found.push(anomaly.rule);
                } else {
                    false_alarms.push(anomaly.rule);
                }
            }
        }
        let mut planted = all;
        // Two days of use after the day of rotation.
        planted.extend([Rule::PastRotation; 2]);
        [planted, found, false_alarms]
    }
}

#[test]
fn what_was_planted_is_found_and_little_else() {
    let mut lines = 0;
    let (mut planted, mut found, mut false_alarms) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=5 {
        let mut month = Month::ordinary(&mut Chance(seed));
        month.plant();
        lines += month.lines.len();
        let [these, of_them, others] = month.judge(&Rules::default(), "GITHUB_TOKEN");
        planted.extend(these);
        found.extend(of_them);
        false_alarms.extend(others);
    }
    let count = |all: &[Rule], rule: Rule| all.iter().filter(|it| **it == rule).count();
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
        format!(
            "{:<18} planted {:>3} found {:>3} missed {:>3} false alarms {:>3}",
            rule.as_str(),
            count(&planted, rule),
            count(&found, rule),
            count(&planted, rule) - count(&found, rule),
            count(&false_alarms, rule)
        )
    });
    let table = format!("five months, {lines} lines\n{}", rows.join("\n"));
    eprint_table(&table);
    assert_eq!(found.len(), planted.len(), "{table}");
    assert!(false_alarms.len() <= lines / 500, "{table}");
}

/// The figures, with `--nocapture`.
#[expect(clippy::print_stderr, reason = "figures for who asks")]
fn eprint_table(table: &str) {
    eprintln!("{table}");
}
