//! What fuzzing calls, one function a target. It exists under `cfg(fuzzing)` alone; `tests/fuzz/` has the programs,
//! and `.ci/fuzz` runs them. Every function panics where something does not hold.

use std::path::Path;
use std::sync::LazyLock;

use crate::catalog::client::{Client, ConfigurationFile, FieldKind, ReferenceSyntax};
use crate::catalog::server::SecretKind;
use crate::catalog::{Catalog, publisher};
use crate::configuration::discover::Reader;
use crate::configuration::entry;
use crate::document::{Document, DocumentError, Shape, Syntax, Text, Value, Why, invariants};
use crate::import::dotenv::{Dialect, DotenvFile};
use crate::import::encoding;
use crate::recognise::{Context, Detector, Recognised};
use crate::reference;
use crate::secret::Secret;

/// What is part of the binary.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| match Catalog::load(Path::new("/nowhere")) {
    Ok(catalog) => catalog,
    Err(error) => panic!("{error}"),
});

static DETECTOR: LazyLock<Detector<'static>> = LazyLock::new(|| Detector::new(&CATALOG.providers));

const FIELDS: &[FieldKind] = &[
    FieldKind::Command,
    FieldKind::Args,
    FieldKind::Env,
    FieldKind::Url,
    FieldKind::Headers,
    FieldKind::Helper,
    FieldKind::Oauth,
    FieldKind::InputDefault,
    FieldKind::Setting,
    FieldKind::EnvFile,
];

const REFERENCES: &[ReferenceSyntax] = &[
    ReferenceSyntax::Dollar,
    ReferenceSyntax::Braces,
    ReferenceSyntax::BracesDefault,
    ReferenceSyntax::BracesRequired,
    ReferenceSyntax::Env,
    ReferenceSyntax::DollarEnv,
    ReferenceSyntax::BareEnv,
    ReferenceSyntax::File,
    ReferenceSyntax::BareFile,
    ReferenceSyntax::Input,
    ReferenceSyntax::Secrets,
    ReferenceSyntax::Inputs,
    ReferenceSyntax::Percent,
    ReferenceSyntax::UserConfig,
    ReferenceSyntax::Command,
    ReferenceSyntax::BareName,
    ReferenceSyntax::Editor,
];

const KINDS: &[SecretKind] = &[
    SecretKind::Token,
    SecretKind::PairId,
    SecretKind::PairSecret,
    SecretKind::ConnectionString,
    SecretKind::Password,
    SecretKind::PrivateKey,
    SecretKind::Path,
    SecretKind::Document,
];

fn parse(bytes: &[u8], syntax: Syntax) -> Result<Document, DocumentError> {
    let result = Document::parse(Path::new("x"), Secret::copy_of(bytes), syntax);
    match &result {
        Ok(document) => invariants::check(document),
        Err(error) => assert!(error.place().is_some_and(|place| place.line > 0 && place.column > 0)),
    }
    result
}

/// JSON with and without comments. Another reader of JSON says the same of every text.
pub fn json(bytes: &[u8]) {
    let plain = parse(bytes, Syntax::Json);
    let lenient = parse(bytes, Syntax::Jsonc);
    assert!(lenient.is_ok() || plain.is_err(), "what is JSON is JSON with comments too");
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let other = serde_json::from_slice::<serde_json::Value>(bytes);
    match (&plain, &other) {
        (Ok(document), Ok(other)) => {
            assert!(document.leniency().is_none(), "the other reader takes no comments");
            assert!(is_same(&document.root(), other), "both readers find the same");
        }
        (Ok(document), Err(error)) => {
            let has_half_pair = || String::from_utf8_lossy(bytes).to_lowercase().contains("\\ud");
            let is_known = document.leniency().is_some()
                || error.to_string().contains("number out of range")
                || error.to_string().contains("recursion limit")
                || has_half_pair();
            assert!(is_known, "the other reader says {error}");
        }
        (Err(error), Ok(_)) => {
            assert!(matches!(error.why(), Why::TooDeep { .. } | Why::TooMany { .. }), "only we say {error}");
        }
        (Err(_), Err(_)) => {}
    }
}

fn is_same(value: &Value<'_>, other: &serde_json::Value) -> bool {
    use serde_json::Value as Other;
    match (value.shape(), other) {
        (Shape::Null, Other::Null) | (Shape::Number, Other::Number(_)) => true,
        (Shape::Boolean(boolean), Other::Bool(other)) => boolean == *other,
        (Shape::String, Other::String(other)) => value.text().is_some_and(|text| text.is(other)),
        (Shape::Sequence, Other::Array(others)) => {
            value.items().count() == others.len()
                && value.items().zip(others).all(|(item, other)| is_same(&item, other))
        }
        (Shape::Mapping, Other::Object(others)) => {
            value.members().all(|(key, _)| others.contains_key(key.expose()))
                && others
                    .iter()
                    .all(|(key, other)| value.get(key).is_some_and(|value| is_same(&value, other)))
        }
        _ => false,
    }
}

/// TOML. What the library reads by itself is read here too, unless it is too deep.
pub fn toml(bytes: &[u8]) {
    let result = parse(bytes, Syntax::Toml);
    let other = std::str::from_utf8(bytes).ok().and_then(|text| toml::from_str::<toml::Table>(text).ok());
    if let (Err(error), true) = (&result, other.is_some()) {
        assert!(matches!(error.why(), Why::TooDeep { .. } | Why::TooMany { .. }), "only we say {error}");
    }
}

/// YAML.
pub fn yaml(bytes: &[u8]) {
    _ = parse(bytes, Syntax::Yaml);
}

/// Placeholders: the first byte says for which field, the next three which syntaxes a client knows.
pub fn references(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_at_checked(4) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let field = FIELDS[usize::from(choice[0]) % FIELDS.len()];
    let bits = u32::from_le_bytes([choice[1], choice[2], choice[3], 0]);
    let known = REFERENCES.iter().enumerate().filter(|(number, _)| bits >> number & 1 == 1);
    let syntaxes: Vec<_> = known.map(|(_, syntax)| *syntax).collect();
    let found = reference::find(text, &syntaxes);
    assert!(found.iter().all(|reference| syntaxes.contains(&reference.syntax)));
    check_references(text, &found);
    check_references(text, &reference::find_any(text));
    for client in &CATALOG.clients {
        for found in reference::find(text, &client.references.syntaxes) {
            for set in [None, Some(true), Some(false)] {
                reference::outcome(text, &found, &client.references, field, &|_| set);
            }
            _ = found.within_default(text, &client.references.syntaxes);
        }
    }
}

fn check_references(text: &str, found: &[reference::Reference]) {
    let mut last = 0;
    for reference in found {
        let written = &text[reference.span.clone()];
        assert!(last <= reference.span.start && !written.is_empty(), "placeholders are in order");
        assert!(written.contains(&reference.name), "the name is written in it");
        if let Some(default) = &reference.default {
            assert!(reference.span.start < default.start && default.end < reference.span.end);
            assert!(text.is_char_boundary(default.start) && text.is_char_boundary(default.end));
        }
        last = reference.span.end;
    }
}

/// Secrets in text: the first byte says in which field, the line after it under which name.
pub fn recognise(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let Some((name, text)) = std::str::from_utf8(text).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let field = FIELDS[usize::from(*choice) % FIELDS.len()];
    check_finds(text, &DETECTOR.examine(&Context { name, field }, Text::of(text)));
    check_finds(text, &DETECTOR.examine_prose(Text::of(text)));
    check_finds(text, &DETECTOR.shaped(Text::of(text)));
    let value = Secret::copy_of(text.as_bytes());
    let expected = DETECTOR.provider_of(&value).map(|(_, shape)| shape);
    _ = DETECTOR.provider_named(name, &value);
    for kind in KINDS {
        if let Some(found) = DETECTOR.malformed(&value, expected, *kind) {
            assert!(!found.to_string().is_empty());
        }
    }
}

fn check_finds(text: &str, finds: &[Recognised<'_>]) {
    let mut last = 0;
    for find in finds {
        assert!(last <= find.span.start && find.span.start < find.span.end, "finds are in order");
        assert!(text.get(find.span.clone()).is_some(), "a find lies in the text");
        assert!(!find.what().is_empty());
        last = find.span.end;
    }
}

/// What publishers say: `server.json`, the manifest of a bundle, a bundle.
pub fn publisher(bytes: &[u8]) {
    static PLACE: LazyLock<Option<tempfile::TempPath>> =
        LazyLock::new(|| tempfile::NamedTempFile::new().ok().map(tempfile::NamedTempFile::into_temp_path));
    let Some(place) = PLACE.as_ref() else { return };
    if std::fs::write(place, bytes).is_err() {
        return;
    }
    match publisher::read(place) {
        Ok(published) => {
            assert!(!published.server.id.is_empty() && !published.origin.title().is_empty());
            assert!(published.unmarked.iter().all(|unmarked| unmarked.pointer.as_str().starts_with('/')));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Entries of configurations: the first two bytes say of which file of which client.
pub fn entries(bytes: &[u8]) {
    let files: Vec<(&Client, &ConfigurationFile)> = CATALOG
        .clients
        .iter()
        .flat_map(|client| client.files.iter().map(move |file| (client, file)))
        .collect();
    let Some((choice, text)) = bytes.split_at_checked(2) else { return };
    let (client, file) = files[usize::from(u16::from_le_bytes([choice[0], choice[1]])) % files.len()];
    let Ok(document) = parse(text, file.syntax) else { return };
    let reader =
        Reader { client, file, project: None, here: vec!["/home/user/project".into()], strength: (0, 0) };
    let written = document.text().expose();
    for entry in entry::entries(&document, &reader) {
        assert!(written.get(entry.value.span()).is_some());
        for field in entry.all_fields() {
            assert!(written.get(field.value.span()).is_some());
            if let Some(text) = field.value.text() {
                for found in reference::find(text.expose(), &entry.references().syntaxes) {
                    reference::outcome(text.expose(), &found, entry.references(), field.kind, &|_| {
                        Some(false)
                    });
                }
            }
        }
        assert!(entry.all_named().all(|named| written.get(named.value.span()).is_some()));
        assert!(entry.faults.iter().all(|fault| !fault.what.is_empty() && !fault.mend.is_empty()));
        _ = (entry.command(), entry.arguments().count(), entry.url());
        _ = (entry.has_helper(), entry.runs_mcp_remote(), entry.runs_shell());
    }
}

/// `.env` files in both dialects: what is left when a variable is taken out still reads as it did, which
/// [`DotenvFile::without`] makes sure of. And the bytes as the item of another program.
pub fn dotenv(bytes: &[u8]) {
    let item = encoding::decoded(Secret::copy_of(bytes));
    assert!(item.len() <= bytes.len() * 2, "UTF-8 takes three bytes where UTF-16 takes two");
    let Ok(file) = DotenvFile::parse(Path::new("x"), Secret::copy_of(bytes)) else { return };
    for dialect in [None, Some(Dialect::Node), Some(Dialect::Python)] {
        for variable in file.variables(dialect) {
            assert!(variable.line() > 0 && !variable.key.is_empty());
            if let Ok(Some(value)) = variable.value() {
                assert!(!value.is_empty() && value.len() <= bytes.len());
            }
            if let Some(rest) = file.without(&[variable.key], dialect) {
                assert!(rest.len() < bytes.len(), "a line went");
            }
        }
    }
}
