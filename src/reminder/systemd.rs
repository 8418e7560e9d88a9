//! Two units of systemd's user manager: what is done, and when.

use crate::reminder::{Errand, HOUR, MARK};

/// How the units are called.
pub(super) const UNIT: &str = "mcpcred-remind";

/// `mcpcred-remind.service`
pub(super) fn service(errand: &Errand) -> String {
    let Errand { program, arguments, variables } = errand;
    let mut command = quoted(program, false);
    for argument in arguments {
        command.push(' ');
        command.push_str(&quoted(argument, true));
    }
    let variables: Vec<String> = variables
        .iter()
        .map(|(name, text)| format!("Environment={}\n", quoted(&format!("{name}={text}"), false)))
        .collect();
    format!(
        "# {MARK}\n\
        [Unit]\n\
        Description=Tell which credentials of MCP servers should be replaced\n\
        \n\
        [Service]\n\
        Type=oneshot\n\
        ExecStart={command}\n\
        {}",
        variables.concat()
    )
}

/// `mcpcred-remind.timer`
pub(super) fn timer() -> String {
    format!(
        "# {MARK}\n\
        [Unit]\n\
        Description=Tell each day which credentials of MCP servers should be replaced\n\
        \n\
        [Timer]\n\
        OnCalendar=*-*-* {HOUR:02}:00:00\n\
        RandomizedDelaySec=10min\n\
        Persistent=true\n\
        \n\
        [Install]\n\
        WantedBy=timers.target\n"
    )
}

/// A word in quotes. `%` begins a specifier everywhere, `$` a variable in the arguments of a command alone.
fn quoted(word: &str, is_argument: bool) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    text.push('"');
    for character in word.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '%' => text.push_str("%%"),
            '$' if is_argument => text.push_str("$$"),
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_stay_what_they_are() {
        let errand = Errand {
            program: "/opt/a b/%h/\"x\"/$HOME/mcpcred".to_owned(),
            arguments: vec!["remind".to_owned(), "$x".to_owned()],
            variables: vec![("MCPCRED_DATA_DIR".to_owned(), "/a b/%u/\\".to_owned())],
        };
        let unit = service(&errand);
        assert!(
            unit.contains("ExecStart=\"/opt/a b/%%h/\\\"x\\\"/$HOME/mcpcred\" \"remind\" \"$$x\"\n"),
            "{unit}"
        );
        assert!(unit.contains("Environment=\"MCPCRED_DATA_DIR=/a b/%%u/\\\\\"\n"), "{unit}");
        assert!(timer().contains("OnCalendar=*-*-* 10:00:00\n"));
    }
}
