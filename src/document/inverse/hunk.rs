//! `Region`: bytes of a file as they were left, and the former bytes of the hunks in it, without secrets.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::document::edit::{Quoting, Spelling, Splice, applied};
use crate::document::inverse::template::{Part, filled};
use crate::document::inverse::{InverseError, Values};
use crate::document::{Document, Value};
use crate::secret::{Secret, SecretBuffer};

/// A stretch of a file around an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Region {
    /// How many bytes before the entry it begins.
    pub(super) lead: usize,
    pub(super) length: usize,
    /// Of its bytes as they were left.
    pub(super) sha256: String,
    pub(super) hunks: Vec<Hunk>,
}

/// Bytes that others took the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hunk {
    /// Where, from the beginning of the region as it was left.
    pub(super) at: usize,
    /// How many bytes are there now.
    pub(super) now: usize,
    pub(super) before: Vec<Piece>,
}

/// Some of the former bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Piece {
    /// These.
    Text(String),
    /// The value of a credential, written like this.
    Credential { name: String, spelling: Spelling },
    /// A whole string in quotes, of which the former style can't be said.
    Quoted { parts: Vec<Part>, quoting: Quoting },
}

/// A splice that puts former bytes back, and where in them which secrets are.
pub(super) type Refill<'v> = (Splice, Vec<(Range<usize>, &'v str)>);

impl Region {
    /// Where it lies in a document, if its bytes are those that were left.
    pub(super) fn find(&self, document: &Document, entry: &Value<'_>) -> Option<Range<usize>> {
        let start = entry.span().start.checked_sub(self.lead)?;
        let span = start..start.checked_add(self.length)?;
        let bytes = document.text().expose().as_bytes().get(span.clone())?;
        (fingerprint(bytes) == self.sha256).then_some(span)
    }

    /// What puts the former bytes back, where the region lies there, each with the places of secrets in it; nothing
    /// where a value can't be written as the former one was.
    pub(super) fn splices<'v>(
        &self,
        start: usize,
        values: &Values<'v>,
    ) -> Result<Option<Vec<Refill<'v>>>, InverseError> {
        let mut splices = Vec::with_capacity(self.hunks.len());
        for hunk in &self.hunks {
            let mut out = SecretBuffer::with_capacity(256);
            let mut secrets = Vec::new();
            for piece in &hunk.before {
                match piece {
                    Piece::Text(text) => out.push(text.as_bytes()),
                    Piece::Credential { name, spelling } => {
                        let value = values.of(name)?;
                        let Some(written) = spelling.write(value) else { return Ok(None) };
                        secrets.push((out.len()..out.len() + written.len(), value));
                        out.push(written.expose_secret());
                    }
                    Piece::Quoted { parts, quoting } => {
                        let text = filled(parts, values)?.into_secret();
                        let text = text.expose_secret_str().unwrap_or_default();
                        let Some(written) = Spelling::plain(*quoting).write(text) else { return Ok(None) };
                        out.push(quoting.opening().as_bytes());
                        out.push(written.expose_secret());
                        out.push(quoting.closing().as_bytes());
                    }
                }
            }
            let at = start + hunk.at;
            let splice = Splice::of(at..at + hunk.now, out.into_secret());
            splices.push((splice, secrets));
        }
        Ok(Some(splices))
    }

    pub(super) fn credentials<'r>(&'r self, names: &mut Vec<&'r str>) {
        for piece in self.hunks.iter().flat_map(|hunk| &hunk.before) {
            match piece {
                Piece::Text(_) => {}
                Piece::Credential { name, .. } => names.push(name),
                Piece::Quoted { parts, .. } => names.extend(parts.iter().filter_map(Part::credential)),
            }
        }
    }
}

/// SHA-256, in hexadecimal digits.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // A `String` takes all that is written to it.
        _ = write!(text, "{byte:02x}");
    }
    text
}

/// All bytes with other bytes in places, which are in order.
pub(super) fn spliced(document: &Document, splices: &[Splice]) -> Secret {
    applied(document.text().expose().as_bytes(), splices)
}
