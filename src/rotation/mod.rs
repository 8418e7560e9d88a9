//! HOW OFTEN values are replaced, and by which programs: what the person's own settings say about it.

mod hook;
mod schedule;

pub(crate) use crate::rotation::hook::{Commands, Hook, Program};
pub(crate) use crate::rotation::schedule::Schedules;

use serde::Deserialize;

/// `[rotate]` of the person's own file; never of a project's, whose author would get the values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RotationSettings {
    /// How often, by kind and by provider.
    pub(crate) every: Schedules,
    /// With which program, by name, kind and provider.
    pub(crate) command: Commands,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{Facts, Kind};

    fn read(text: &str) -> Result<RotationSettings, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn schedules_and_programs_are_read() {
        let settings = read(
            r#"
            [every]
            kind = { token = "30d", other = "never" }
            provider.github = "2w"
            [command]
            name.DB_PASSWORD = ["rotate-db", "--role", "app"]
            kind.database = { run = ["rotate-db"], within = "5m", environment = ["PGHOST"] }
            provider.gitlab = { shell = "rotate-gitlab | tail -n 1" }
            "#,
        )
        .unwrap();
        let mut facts = Facts::new(Kind::Token, "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(settings.every.days(&facts, None), Some(30));
        assert_eq!(settings.every.days(&facts, Some("github")), Some(14));
        facts.rotate_every_days = Some(7);
        assert_eq!(settings.every.days(&facts, Some("github")), Some(7), "the person's word for this one");
        facts.rotate_every_days = None;
        assert_eq!(settings.every.days(&facts, Some("github")), None);
        let database = Facts::new(Kind::Database, "2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(settings.every.days(&database, None), Some(60));

        let commands = &settings.command;
        let find = |name: &str, kind, provider| commands.find(&name.parse().unwrap(), kind, provider);
        let by_name = find("db_password", Kind::Database, None).unwrap();
        assert_eq!(by_name.program, Program::Run(["rotate-db", "--role", "app"].map(str::to_owned).to_vec()));
        assert_eq!(by_name.time.as_secs(), 60);
        let by_kind = find("OTHER", Kind::Database, None).unwrap();
        assert_eq!(
            (by_kind.time.as_secs(), by_kind.environment.as_slice()),
            (300, &["PGHOST".to_owned()][..])
        );
        let by_provider = find("X", Kind::Database, Some("gitlab")).unwrap();
        assert!(matches!(&by_provider.program, Program::Shell(line) if line.ends_with("tail -n 1")));
        assert!(find("X", Kind::Token, None).is_none());
    }

    #[test]
    fn what_is_no_schedule_and_no_program_is_refused() {
        for wrong in [
            "every.kind.password = '90d'",
            "every.kind.token = 'often'",
            "every.name.X = '90d'",
            "command.name.X = []",
            "command.name.X = ['']",
            "command.name.X = 'a line'",
            "command.name.'1X' = ['a']",
            "command.name.X = { run = ['a'], shell = 'b' }",
            "command.name.X = { within = '5m' }",
            "command.name.X = { run = ['a'], within = '1w' }",
            "commands = {}",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
