//! `Insertion`: a new entry in a configuration, where none of that name is there.

use crate::configuration::entry::{ServerEntry, entries};
use crate::configuration::target::Target;
use crate::document::edit::{EditError, Edited, Edits, NewValue};
use crate::document::{Document, DocumentError, Shape, Syntax, Value};
use crate::secret::Secret;

/// What comes of it.
pub(crate) enum Insertion<'d> {
    /// The entry is new.
    New(Edited<'d>),
    /// It is there, and says the same.
    Same,
    /// Another one of that name is there, which would become this.
    Different(Edited<'d>),
}

/// Why an entry can't be put there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsertionError {
    /// The file is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is not edited.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Something else stands where the servers should.
    #[error("`{key}` in it is not what holds servers")]
    Occupied { key: String },
}

/// What a file says, or an empty one of the same syntax where there is none. A file of blanks alone counts as none.
///
/// # Errors
/// Where it is not understood.
pub(crate) fn document(target: &Target<'_>, content: Option<&Secret>) -> Result<Document, DocumentError> {
    let content = content.map(Secret::expose_secret).filter(|content| !content.trim_ascii().is_empty());
    let empty: &[u8] = match target.file.syntax {
        Syntax::Json | Syntax::Jsonc => b"{}\n",
        Syntax::Toml | Syntax::Yaml => b"",
    };
    Document::parse(&target.path, Secret::copy_of(content.unwrap_or(empty)), target.file.syntax)
}

/// Puts the entry at the end of those that are there. `entry` makes it.
///
/// # Errors
/// [`InsertionError`]
pub(crate) fn insert<'d>(
    document: &'d Document,
    target: &Target<'_>,
    name: &str,
    entry: &dyn Fn() -> NewValue,
) -> Result<Insertion<'d>, InsertionError> {
    let mut edits = Edits::of(document);
    let reader = target.reader();
    let found = named(&entries(document, &reader), name);
    if let Some(found) = found.and_then(|found| document.find(found.pointer())) {
        let new = entry();
        if new.is(&found) {
            return Ok(Insertion::Same);
        }
        edits.replace(&found, new);
        return Ok(Insertion::Different(edits.apply()?));
    }
    let is_sequence = target.file.layout == crate::catalog::client::Layout::Named;
    let (mut holder, mut left) = (document.root(), &target.keys[..]);
    while let Some((key, rest)) = left.split_first() {
        let Some(next) = holder.get(key) else { break };
        if next.shape() == Shape::Null {
            edits.replace(&next, nested(rest, name, entry(), is_sequence));
            return Ok(Insertion::New(edits.apply()?));
        }
        let wanted = if rest.is_empty() && is_sequence { Shape::Sequence } else { Shape::Mapping };
        if next.shape() != wanted {
            return Err(InsertionError::Occupied { key: key.clone() });
        }
        (holder, left) = (next, rest);
    }
    match left.split_first() {
        Some((key, rest)) => edits.insert(&holder, key, nested(rest, name, entry(), is_sequence)),
        None if is_sequence => edits.insert_items(&holder, usize::MAX, vec![entry()]),
        None => edits.insert(&holder, name, entry()),
    }
    Ok(Insertion::New(edits.apply()?))
}

/// The value of the entry of that name that counts here.
pub(crate) fn named<'d>(entries: &[ServerEntry<'d>], name: &str) -> Option<Value<'d>> {
    entries.iter().find(|entry| entry.name == name && entry.here).map(|entry| entry.value.clone())
}

/// The entry below keys that are not there yet.
fn nested(keys: &[String], name: &str, entry: NewValue, is_sequence: bool) -> NewValue {
    let servers = if is_sequence {
        NewValue::Sequence(vec![entry])
    } else {
        NewValue::Mapping(vec![(name.to_owned(), entry)])
    };
    keys.iter().rev().fold(servers, |value, key| NewValue::Mapping(vec![(key.clone(), value)]))
}
