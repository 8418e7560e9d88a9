//! Each rule by itself: what it tells, and what it leaves alone.

use jiff::{SignedDuration, Timestamp};

use super::*;

/// A machine that is used, one line after another.
#[derive(Default)]
struct Machine {
    memory: Memory,
    rules: Rules,
}

fn on_day(day: i64, hour: i64) -> Timestamp {
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(day * 24 + hour)
}

impl Machine {
    /// One use, and the rules that tell of it.
    fn uses(&mut self, day: i64, name: &str, client: &str, program: Option<&str>) -> Vec<Rule> {
        let mut line = line_of("2026-10-01T00:00:00Z", if program.is_some() { "run" } else { "get" }, name);
        line.time = on_day(day, 9);
        line.client = Some(client.to_owned());
        line.program = program.map(str::to_owned);
        let found = self.rules.judge(&mut self.memory, &line, &|_| None);
        found.into_iter().map(|anomaly| anomaly.rule).collect()
    }

    /// Twice on each of these days, which nobody wonders about.
    fn habit(&mut self, days: std::ops::Range<i64>, name: &str, client: &str, program: Option<&str>) {
        for day in days {
            for _ in 0..2 {
                assert_eq!(self.uses(day, name, client, program), [], "day {day}");
            }
        }
    }
}

#[test]
fn a_client_that_comes_in_the_first_days_is_learnt() {
    let mut machine = Machine::default();
    for _ in 0..20 {
        assert_eq!(machine.uses(0, "TOKEN", "shell", None), []);
    }
    machine.habit(0..7, "TOKEN", "shell", None);
    assert_eq!(machine.uses(6, "TOKEN", "vscode", None), []);
    machine.habit(7..9, "TOKEN", "vscode", None);
    assert_eq!(machine.uses(8, "TOKEN", "claude-code", None), [Rule::NewProgram]);
    assert_eq!(machine.uses(8, "TOKEN", "claude-code", None), []);
}

#[test]
fn a_stranger_is_told_of_a_young_credential_and_a_client_of_others_is_not() {
    let mut machine = Machine::default();
    machine.habit(0..9, "OLD_TOKEN", "claude-code", None);
    machine.habit(0..9, "OLD_TOKEN", "shell", None);
    machine.habit(9..12, "NEW_TOKEN", "shell", None);
    machine.habit(9..12, "NEW_TOKEN", "shell", None);
    assert_eq!(machine.uses(12, "NEW_TOKEN", "claude-code", None), []);
    assert_eq!(machine.uses(12, "NEW_TOKEN", "stranger", None), [Rule::NewProgram]);
    // Whom nobody used yet is given to its first program.
    assert_eq!(machine.uses(12, "NEWEST_TOKEN", "its-own-server", None), []);
    // A client of others is no client of this one, once this one is in use for long.
    assert_eq!(machine.uses(12, "OLD_TOKEN", "stranger", None), [Rule::NewProgram]);
}

#[test]
fn a_new_version_and_a_new_build_are_no_new_programs() {
    let mut machine = Machine::default();
    machine.habit(0..10, "TOKEN", "claude-code", Some("/usr/bin/python3.12"));
    machine.habit(0..10, "TOKEN", "shell", Some("target/debug/deps/main-0f3a9c21b7d4e5f6"));
    assert_eq!(machine.uses(10, "TOKEN", "claude-code", Some("/opt/python/bin/python3.13")), []);
    assert_eq!(machine.uses(10, "TOKEN", "shell", Some("/tmp/x/main-77aa12bb34cc55dd")), []);
    assert_eq!(machine.uses(10, "TOKEN", "claude-code", Some("/usr/bin/curl")), [Rule::NewProgram]);
}

#[test]
fn every_rule_is_turned_off_or_made_strict_by_its_setting() {
    let mut machine = Machine::default();
    machine.rules.programs_known_after_days = 0;
    machine.habit(0..5, "TOKEN", "shell", None);
    assert_eq!(machine.uses(5, "TOKEN", "vscode", None), [Rule::NewProgram]);
    machine.rules.known_after_uses = 0;
    assert_eq!(machine.uses(5, "TOKEN", "claude-code", None), []);
}

#[test]
fn what_is_remembered_of_programs_is_bounded() {
    let mut memory = Memory::default();
    for number in 0..1000 {
        memory.meets_program(&format!("program {number}"), on_day(number / 10, 0));
    }
    assert!(memory.meets_program("program 999", on_day(100, 0)));
    assert!(memory.meets_program("program 800", on_day(100, 0)));
    assert!(!memory.meets_program("program 1", on_day(100, 0)));
    assert!(serde_json::to_vec(&memory).unwrap().len() < 16 * 1024);
}
