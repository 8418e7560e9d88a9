//! `Template`: a value with names of credentials where secrets were.

use serde::{Deserialize, Serialize};

use crate::document::edit::NewValue;
use crate::document::inverse::hiding::Hiding;
use crate::document::inverse::{InverseError, Values};
use crate::document::{Shape, Text, Value};
use crate::secret::SecretBuffer;

/// A value of a document, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Template {
    Null,
    Boolean(bool),
    Number(String),
    Text(Vec<Part>),
    Sequence(Vec<Self>),
    Mapping(Vec<(String, Self)>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    Text(String),
    /// The value of the credential of this name.
    Credential(String),
}

impl Template {
    /// Of a value before its change.
    pub(super) fn of(value: &Value<'_>, hiding: &Hiding<'_>) -> Result<Self, InverseError> {
        Ok(match value.shape() {
            Shape::Null => Self::Null,
            Shape::Boolean(boolean) => Self::Boolean(boolean),
            Shape::Number => Self::Number(hiding.without_secret(value.written().expose())?),
            Shape::String => Self::Text(hiding.parts_of(value)?),
            Shape::Sequence => {
                Self::Sequence(value.items().map(|item| Self::of(&item, hiding)).collect::<Result<_, _>>()?)
            }
            Shape::Mapping => {
                let members = value.members().map(|(key, member)| {
                    Ok((hiding.without_secret(key.expose())?, Self::of(&member, hiding)?))
                });
                Self::Mapping(members.collect::<Result<_, InverseError>>()?)
            }
        })
    }

    /// Of what is put into a document.
    pub(super) fn of_new(value: &NewValue, hiding: &Hiding<'_>) -> Result<Self, InverseError> {
        Ok(match value {
            NewValue::Null => Self::Null,
            NewValue::Boolean(boolean) => Self::Boolean(*boolean),
            NewValue::Number(number) => Self::Number(hiding.without_secret(number)?),
            NewValue::Text(text) => {
                Self::Text(hiding.plain(text.expose_secret_str().map_err(|_| InverseError::NotText)?)?)
            }
            NewValue::Sequence(items) => {
                Self::Sequence(items.iter().map(|item| Self::of_new(item, hiding)).collect::<Result<_, _>>()?)
            }
            NewValue::Mapping(members) => {
                let members = members
                    .iter()
                    .map(|(key, value)| Ok((hiding.without_secret(key)?, Self::of_new(value, hiding)?)));
                Self::Mapping(members.collect::<Result<_, InverseError>>()?)
            }
        })
    }

    /// The value with what credentials hold now.
    pub(super) fn filled(&self, values: &Values<'_>) -> Result<NewValue, InverseError> {
        Ok(match self {
            Self::Null => NewValue::Null,
            Self::Boolean(boolean) => NewValue::Boolean(*boolean),
            Self::Number(number) => NewValue::Number(number.clone()),
            Self::Text(parts) => NewValue::Text(filled(parts, values)?.into_secret()),
            Self::Sequence(items) => {
                NewValue::Sequence(items.iter().map(|item| item.filled(values)).collect::<Result<_, _>>()?)
            }
            Self::Mapping(members) => {
                let members = members.iter().map(|(key, value)| Ok((key.clone(), value.filled(values)?)));
                NewValue::Mapping(members.collect::<Result<_, InverseError>>()?)
            }
        })
    }

    /// Whether a value says this, whatever the credentials hold.
    pub(super) fn fits(&self, value: &Value<'_>) -> bool {
        match (self, value.shape()) {
            (Self::Null, Shape::Null) => true,
            (Self::Boolean(meant), Shape::Boolean(found)) => *meant == found,
            (Self::Number(meant), Shape::Number) => value.written().is(meant),
            (Self::Text(parts), Shape::String) => value.text().is_some_and(|text| fits(parts, text)),
            (Self::Sequence(meant), Shape::Sequence) => {
                meant.len() == value.items().count()
                    && meant.iter().zip(value.items()).all(|(meant, item)| meant.fits(&item))
            }
            (Self::Mapping(meant), Shape::Mapping) => {
                meant.len() == value.members().count()
                    && meant.iter().all(|(key, meant)| value.get(key).is_some_and(|found| meant.fits(&found)))
            }
            _ => false,
        }
    }

    /// The names of the credentials in it.
    pub(super) fn credentials<'t>(&'t self, names: &mut Vec<&'t str>) {
        match self {
            Self::Null | Self::Boolean(_) | Self::Number(_) => {}
            Self::Text(parts) => names.extend(parts.iter().filter_map(Part::credential)),
            Self::Sequence(items) => items.iter().for_each(|item| item.credentials(names)),
            Self::Mapping(members) => members.iter().for_each(|(_, value)| value.credentials(names)),
        }
    }
}

impl Part {
    pub(super) fn credential(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Credential(name) => Some(name),
        }
    }
}

/// The text with what credentials hold now.
pub(super) fn filled(parts: &[Part], values: &Values<'_>) -> Result<SecretBuffer, InverseError> {
    let mut out = SecretBuffer::with_capacity(64);
    for part in parts {
        match part {
            Part::Text(text) => out.push(text.as_bytes()),
            Part::Credential(name) => out.push(values.of(name)?.as_bytes()),
        }
    }
    Ok(out)
}

/// Whether a text says this, with any text for every credential, but some.
fn fits(parts: &[Part], text: Text<'_>) -> bool {
    let mut rest = text.expose();
    let mut is_open = false;
    for (number, part) in parts.iter().enumerate() {
        match part {
            Part::Credential(_) => is_open = true,
            Part::Text(meant) if !is_open => match rest.strip_prefix(meant.as_str()) {
                Some(after) => rest = after,
                None => return false,
            },
            Part::Text(meant) if number + 1 == parts.len() => {
                return rest.strip_suffix(meant.as_str()).is_some_and(|secret| !secret.is_empty());
            }
            Part::Text(meant) => match rest.find(meant.as_str()) {
                Some(at) if at > 0 => {
                    rest = rest.get(at + meant.len()..).unwrap_or_default();
                    is_open = false;
                }
                _ => return false,
            },
        }
    }
    if is_open { !rest.is_empty() } else { rest.is_empty() }
}
