//! Exporting: lines for collectors, as they are, as CEF, or as the logs data of OTLP in JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::audit::line::Line;
use crate::audit::{Action, Outcome};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How severe a line is, from 0 to 10.
fn severity(line: &Line) -> u8 {
    match (line.action, line.outcome) {
        (Action::Heal, _) => 8,
        (Action::Lockdown, _) => 7,
        (_, Outcome::Denied) => 6,
        (_, Outcome::Failed) => 4,
        (action, _) if action.is_change() => 3,
        _ => 1,
    }
}

/// The line in the Common Event Format, version 0, without a newline.
pub(crate) fn cef(line: &Line) -> String {
    let mut text = format!(
        "CEF:0|mcpcred|mcpcred|{}|{}|{}|{}|",
        header(VERSION),
        header(line.action.as_str()),
        header(&format!("credential {}", line.action)),
        severity(line)
    );
    let mut field = |key: &str, value: &str| _ = write!(text, "{key}={} ", extension(value));
    field("rt", &line.time.as_millisecond().to_string());
    field("externalId", &line.n.to_string());
    field("act", line.action.as_str());
    field("outcome", line.outcome.as_str());
    let optional = [
        ("suser", &line.user),
        ("dvchost", &line.host),
        ("reason", &line.reason),
        ("msg", &line.detail),
        ("filePath", &line.program),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            field(key, value);
        }
    }
    if let Some(uid) = line.uid {
        field("suid", &uid.to_string());
    }
    field("dvcpid", &line.pid.to_string());
    let parents = (!line.parents.is_empty()).then(|| line.parents.join(" < "));
    let custom = [
        ("cs1", "credential", &line.name),
        ("cs2", "profile", &line.profile),
        ("cs3", "store", &line.store),
        ("cs4", "valueFingerprint", &line.value),
        ("cs5", "client", &line.client),
        ("cs6", "parents", &parents),
    ];
    for (key, label, value) in custom {
        if let Some(value) = value {
            field(&format!("{key}Label"), label);
            field(key, value);
        }
    }
    text.truncate(text.trim_end_matches(' ').len());
    text
}

/// In the header `\` and `|` are escaped, and there are no line breaks.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\r', '\n'], " ")
}

/// In a value `\`, `=` and line breaks are escaped; other control characters are left out.
fn extension(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '=' => escaped.push_str("\\="),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    // A blank at the end would be taken for the gap before the next key.
    escaped.truncate(escaped.trim_end_matches(' ').len());
    escaped
}

/// The lines as one document of OTLP's logs data in JSON.
pub(crate) fn otlp(lines: &[Line]) -> Value {
    let host = lines.iter().find_map(|line| line.host.as_deref());
    let mut resource = vec![text("service.name", "mcpcred"), text("service.version", VERSION)];
    resource.extend(host.map(|host| text("host.name", host)));
    json!({ "resourceLogs": [{
        "resource": { "attributes": resource },
        "scopeLogs": [{
            "scope": { "name": "mcpcred.audit", "version": VERSION },
            "logRecords": lines.iter().map(record).collect::<Vec<Value>>(),
        }],
    }] })
}

fn record(line: &Line) -> Value {
    let (number, word) = match severity(line) {
        0..=3 => (9, "INFO"),
        4..=6 => (13, "WARN"),
        _ => (17, "ERROR"),
    };
    let time = line.time.as_nanosecond().to_string();
    let mut attributes = vec![
        text("mcpcred.action", line.action.as_str()),
        text("mcpcred.outcome", line.outcome.as_str()),
        whole("mcpcred.line", line.n),
        whole("process.pid", u64::from(line.pid)),
    ];
    let optional = [
        ("mcpcred.credential", &line.name),
        ("mcpcred.profile", &line.profile),
        ("mcpcred.store", &line.store),
        ("mcpcred.value.fingerprint", &line.value),
        ("mcpcred.program", &line.program),
        ("mcpcred.reason", &line.reason),
        ("mcpcred.detail", &line.detail),
        ("mcpcred.client", &line.client),
        ("user.name", &line.user),
        ("host.name", &line.host),
    ];
    attributes.extend(optional.iter().filter_map(|(key, value)| Some(text(key, value.as_deref()?))));
    attributes.extend(line.uid.map(|uid| text("user.id", &uid.to_string())));
    if !line.parents.is_empty() {
        let values: Vec<Value> = line.parents.iter().map(|it| json!({ "stringValue": it })).collect();
        attributes.push(json!({ "key": "mcpcred.parents", "value": { "arrayValue": { "values": values } } }));
    }
    let name = line.name.as_deref().unwrap_or("-");
    json!({
        "timeUnixNano": time,
        "observedTimeUnixNano": time,
        "severityNumber": number,
        "severityText": word,
        "eventName": format!("mcpcred.{}", line.action),
        "body": { "stringValue": format!("{} {name}: {}", line.action, line.outcome.as_str()) },
        "attributes": attributes,
    })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// OTLP writes whole numbers of 64 bits as text.
fn whole(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::anomaly;

    fn line() -> Line {
        let mut line = anomaly::line_of("2026-11-25T16:00:00.5Z", "get", "TOKEN");
        line.reason = Some("a=b | c\\d\nnext\u{1b}[31m ".to_owned());
        line.parents = vec!["bash".to_owned(), "claude".to_owned()];
        line
    }

    #[test]
    fn cef_escapes_what_parts_its_fields() {
        let text = cef(&line());
        assert!(
            text.starts_with(&format!(
                "CEF:0|mcpcred|mcpcred|{VERSION}|get|credential get|1|rt=1795622400500 "
            )),
            "{text}"
        );
        assert!(text.contains(r"reason=a\=b | c\\d\nnext [31m dvcpid="), "{text}");
        assert!(text.contains("cs1Label=credential cs1=TOKEN"), "{text}");
        assert!(!text.contains(char::is_control), "{text}");
        assert_eq!(header("a|b\\c\n"), "a\\|b\\\\c ");
    }

    #[test]
    fn otlp_writes_64_bits_as_text_and_times_in_nanoseconds() {
        let document = otlp(&[line(), line()]);
        let records = &document["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        assert_eq!(records.as_array().unwrap().len(), 2);
        assert_eq!(records[0]["timeUnixNano"], "1795622400500000000");
        assert_eq!(records[0]["severityNumber"], 9);
        let find = |key: &str| {
            let attributes = records[0]["attributes"].as_array().unwrap();
            attributes.iter().find(|it| it["key"] == key).unwrap()["value"].clone()
        };
        assert_eq!(find("process.pid"), json!({ "intValue": "7" }));
        assert_eq!(find("mcpcred.credential"), json!({ "stringValue": "TOKEN" }));
    }
}
