//! One realistic home and project for every client: `tests/configurations`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::Person;
use crate::catalog::client::embedded;
use crate::configuration::discover::Discovery;
use crate::configuration::entry::ServerEntry;

/// All that is read, a line each, without a single value.
fn shown(person: &Person, discovery: &Discovery<'_>) -> String {
    let mut text = String::new();
    for (reading, entries) in discovery.readings.iter().zip(discovery.entries()) {
        writeln!(text, "{}", person.shown(&reading.path)).unwrap();
        if let Err(error) = &reading.document {
            writeln!(text, "  {}", error.why()).unwrap();
        }
        for entry in entries {
            show(&mut text, &entry);
        }
    }
    for leftover in &discovery.leftovers {
        let (path, use_) = (person.shown(&leftover.path), if leftover.in_use { ", in use" } else { "" });
        writeln!(text, "{path}\n  {}{use_}", leftover.what).unwrap();
    }
    text.replace(&person.written().replace('/', "~1"), "@PROJECT@")
}

fn show(text: &mut String, entry: &ServerEntry<'_>) {
    let scope = serde_json::to_value(entry.scope).unwrap();
    let mut notes = String::new();
    for (note, is_so) in
        [("elsewhere", !entry.here), ("disabled", !entry.enabled), ("shadowed", entry.shadowed)]
    {
        if is_so {
            write!(notes, " ({note})").unwrap();
        }
    }
    writeln!(text, "  {} {}{notes}", scope.as_str().unwrap(), entry.name).unwrap();
    for field in &entry.fields {
        let kind = serde_json::to_value(field.kind).unwrap();
        let part = field.part.as_ref().map_or(String::new(), |part| format!(" from {}", part.start));
        let (place, pointer) = (field.value.place(), field.value.pointer());
        writeln!(
            text,
            "    {}:{} {} {} {pointer}{part}",
            place.line,
            place.column,
            kind.as_str().unwrap(),
            field.name
        )
        .unwrap();
    }
    for field in &entry.merged {
        writeln!(text, "    + {} {}", field.name, field.value.pointer()).unwrap();
    }
    for named in entry.all_named() {
        let place = named.value.place();
        writeln!(text, "    {}:{} {} becomes {}", place.line, place.column, named.variable, named.target)
            .unwrap();
    }
    for fault in &entry.faults {
        writeln!(text, "    {}: {}: {}", fault.value.place(), fault.what, fault.mend).unwrap();
    }
}

fn copy(from: &Path, person: &Person, to: &str) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = format!("{to}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), person, &to);
        } else {
            person.write(to.trim_start_matches('/'), &fs::read_to_string(entry.path()).unwrap());
        }
    }
}

#[test]
fn every_client_is_read_as_it_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations");
    for client in embedded().unwrap().iter().filter(|client| !client.files.is_empty()) {
        let own = folder.join(&client.id);
        let person = Person::new();
        for (from, to) in [("home", ""), ("project", "project")] {
            if own.join(from).is_dir() {
                copy(&own.join(from), &person, to);
            }
        }
        let seen = shown(&person, &person.looks(&[&client.id]));
        assert!(!seen.contains("EXAMPLE"), "{}: a value is shown: {seen}", client.id);
        let expected = own.join("expected.txt");
        snapbox::assert_data_eq!(seen, snapbox::Data::read_from(&expected, None).raw());
    }
}
