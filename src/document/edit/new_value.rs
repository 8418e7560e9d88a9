//! `NewValue`: what is written into a document: a small tree of values.

use crate::document::{Shape, Value};
use crate::secret::Secret;

/// A value that is not in a document yet.
pub(crate) enum NewValue {
    /// Nothing; TOML can't say it.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number, as it is written.
    Number(String),
    /// Text, which may be a secret. It has to be UTF-8.
    Text(Secret),
    /// Values in order.
    Sequence(Vec<Self>),
    /// Values under keys, in order.
    Mapping(Vec<(String, Self)>),
}

impl NewValue {
    /// Text that is no secret.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Secret::copy_of(text.as_bytes()))
    }

    /// A sequence of texts that are no secrets.
    pub(crate) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Sequence(texts.into_iter().map(|text| Self::text(text.as_ref())).collect())
    }

    /// A copy of what a document holds, in memory that is wiped; keys that are repeated too.
    pub(crate) fn copy_of(value: &Value<'_>) -> Self {
        match value.shape() {
            Shape::Null => Self::Null,
            Shape::Boolean(boolean) => Self::Boolean(boolean),
            Shape::Number => Self::Number(value.written().expose().to_owned()),
            Shape::String => {
                let text = value.text().map(|text| Secret::copy_of(text.expose().as_bytes()));
                Self::Text(text.unwrap_or_else(|| Secret::new(Vec::new())))
            }
            Shape::Sequence => Self::Sequence(value.items().map(|item| Self::copy_of(&item)).collect()),
            Shape::Mapping => Self::Mapping(
                value
                    .members()
                    .map(|(key, member)| (key.expose().to_owned(), Self::copy_of(&member)))
                    .collect(),
            ),
        }
    }

    /// Whether a value of a document says the same. The order of keys does not count.
    pub(crate) fn is(&self, value: &Value<'_>) -> bool {
        match (self, value.shape()) {
            (Self::Null, Shape::Null) => true,
            (Self::Boolean(meant), Shape::Boolean(found)) => *meant == found,
            (Self::Number(meant), Shape::Number) => value.written().is(meant),
            (Self::Text(meant), Shape::String) => {
                value.text().is_some_and(|found| found.expose().as_bytes() == meant.expose_secret())
            }
            (Self::Sequence(meant), Shape::Sequence) => {
                meant.len() == value.items().count()
                    && meant.iter().zip(value.items()).all(|(meant, item)| meant.is(&item))
            }
            (Self::Mapping(meant), Shape::Mapping) => {
                meant.len() == value.members().count()
                    && meant.iter().all(|(key, meant)| value.get(key).is_some_and(|found| meant.is(&found)))
            }
            _ => false,
        }
    }

    /// Whether it holds values of its own.
    pub(super) fn is_collection(&self) -> bool {
        matches!(self, Self::Sequence(_) | Self::Mapping(_))
    }

    /// Whether it is a collection that holds nothing.
    pub(super) fn is_empty_collection(&self) -> bool {
        match self {
            Self::Sequence(items) => items.is_empty(),
            Self::Mapping(members) => members.is_empty(),
            _ => false,
        }
    }
}
