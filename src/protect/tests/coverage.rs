//! Which combinations of client, scope and field are covered: the table of the README, which can't go stale.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::samples::{FIELDS, TOKENS, sample};
use super::{Outcome, protected};
use crate::catalog::Catalog;
use crate::catalog::client::{ConfigurationFile, Scope};
use crate::protect::mechanism::{Mechanism, Style};

/// Where the table stands in the README.
const BEGIN: &str = "<!-- coverage -->\n";
const END: &str = "<!-- end of coverage -->\n";

/// How a field is covered, in a word.
fn word(style: Style, mechanism: Mechanism) -> Option<&'static str> {
    match (style, mechanism) {
        (Style::Wrapper, Mechanism::Wrapper) => Some("wrapper"),
        (Style::Wrapper, Mechanism::Argument) => Some("argument"),
        (Style::Wrapper, Mechanism::HeadersHelper) => Some("helper"),
        (Style::Wrapper, Mechanism::Command) => Some("command"),
        (Style::Wrapper, Mechanism::Input) => Some("question"),
        (Style::Bridge, Mechanism::Bridge) => Some("bridge*"),
        (Style::Reference, Mechanism::Reference) => Some("reference*"),
        _ => None,
    }
}

fn of(outcome: &Outcome, field: &str) -> Mechanism {
    let found: Vec<_> = outcome.steps.iter().filter(|step| step.server == field).collect();
    assert_eq!(found.len(), 1, "{field}: {}", outcome.told());
    found[0].mechanism
}

#[test]
fn the_readme_tells_what_is_covered() {
    let catalog = Catalog::embedded();
    let mut rows: BTreeMap<[&str; 4], Vec<String>> = BTreeMap::new();
    let (mut covered, mut on_request, mut all) = (0, 0, 0);
    for client in &catalog.clients {
        let mut scopes: BTreeMap<[&str; 4], Vec<Scope>> = BTreeMap::new();
        for scope in [Scope::User, Scope::Project, Scope::Local] {
            let Some(file) = client.files.iter().find(|file| is_sample(file) && file.scope == scope) else {
                continue;
            };
            let text = sample(file);
            let mut cells = ["stays"; 4];
            for style in [Style::Bridge, Style::Reference, Style::Wrapper] {
                let outcome = protected(catalog, &client.id, file, &text, style);
                for (field, cell) in FIELDS.iter().zip(&mut cells) {
                    if let Some(word) = word(style, of(&outcome, field)) {
                        *cell = word;
                    }
                }
                for (field, token) in FIELDS.iter().zip(TOKENS) {
                    let is_gone = !outcome.after.contains(token);
                    assert_eq!(is_gone, of(&outcome, field) != Mechanism::None, "{} {field}", client.id);
                }
            }
            all += cells.len();
            on_request += cells.iter().filter(|cell| cell.ends_with('*')).count();
            covered += cells.iter().filter(|cell| **cell != "stays" && !cell.ends_with('*')).count();
            scopes.entry(cells).or_default().push(scope);
        }
        let is_split = scopes.len() > 1;
        for (cells, scopes) in scopes {
            let scopes: Vec<String> =
                scopes.iter().map(|scope| format!("{scope:?}").to_lowercase()).collect();
            let name = if is_split {
                format!("{} ({})", client.name, scopes.join(", "))
            } else {
                client.name.clone()
            };
            rows.entry(cells).or_default().push(name);
        }
    }
    let mut table = "| variables | arguments | headers | URL | clients |\n|---|---|---|---|---|\n".to_owned();
    for (cells, clients) in &rows {
        writeln!(table, "| {} | {} |", cells.join(" | "), clients.join(", ")).unwrap();
    }
    writeln!(
        table,
        "\nOf {all} combinations of client, scope and field {covered} are covered, and {on_request} (\\*) where you ask for it with `--style`."
    )
    .unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    #[expect(clippy::disallowed_methods, reason = "as the other snapshots are written anew")]
    let is_overwritten = std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite");
    if is_overwritten && written != table {
        std::fs::write(path, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert_eq!(written, table, "write it anew with `SNAPSHOTS=overwrite`");
    }
}

/// Whether it is a file that somebody changes on this machine.
fn is_sample(file: &ConfigurationFile) -> bool {
    !file.guest && file.writable && !file.elsewhere
}
