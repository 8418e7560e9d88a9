//! The property list of an agent of launchd.

use crate::reminder::{Errand, HOUR, MARK};

/// How the agent is called.
pub(super) const LABEL: &str = "mcpcred.remind";

/// `mcpcred.remind.plist`
pub(super) fn agent(errand: &Errand) -> String {
    let string = |text: &str| format!("<string>{}</string>", escaped(text));
    let words: Vec<String> = std::iter::once(&errand.program)
        .chain(&errand.arguments)
        .map(|word| format!("\t\t{}\n", string(word)))
        .collect();
    let variables: Vec<String> = errand
        .variables
        .iter()
        .map(|(name, text)| format!("\t\t<key>{}</key>\n\t\t{}\n", escaped(name), string(text)))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
        <!-- {MARK} -->\n\
        <plist version=\"1.0\">\n\
        <dict>\n\
        \t<key>Label</key>\n\
        \t{label}\n\
        \t<key>ProgramArguments</key>\n\
        \t<array>\n{words}\t</array>\n\
        \t<key>EnvironmentVariables</key>\n\
        \t<dict>\n{variables}\t</dict>\n\
        \t<key>StartCalendarInterval</key>\n\
        \t<dict>\n\
        \t\t<key>Hour</key>\n\
        \t\t<integer>{HOUR}</integer>\n\
        \t\t<key>Minute</key>\n\
        \t\t<integer>0</integer>\n\
        \t</dict>\n\
        \t<key>ProcessType</key>\n\
        \t<string>Background</string>\n\
        </dict>\n\
        </plist>\n",
        label = string(LABEL),
        words = words.concat(),
        variables = variables.concat(),
    )
}

/// Text as it stands between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// Read by another program that knows property lists.
    #[test]
    fn an_agent_says_what_to_start_and_when() {
        let errand = Errand {
            program: "/opt/a & b/<x>/mcpcred".to_owned(),
            arguments: vec!["remind".to_owned()],
            variables: vec![("MCPCRED_DATA_DIR".to_owned(), "/a \"b\"".to_owned())],
        };
        let script = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
        let mut python = Command::new("python3")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        python.stdin.take().unwrap().write_all(agent(&errand).as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = serde_json::json!({
            "Label": "mcpcred.remind",
            "ProgramArguments": ["/opt/a & b/<x>/mcpcred", "remind"],
            "EnvironmentVariables": { "MCPCRED_DATA_DIR": "/a \"b\"" },
            "StartCalendarInterval": { "Hour": 10, "Minute": 0 },
            "ProcessType": "Background",
        });
        assert_eq!(read, expected);
    }
}
