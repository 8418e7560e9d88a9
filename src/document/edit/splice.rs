//! `Splice`: bytes of a file that other bytes take the place of; everything between two splices stays as it is.

use std::ops::Range;

use crate::secret::{Secret, SecretBuffer};

/// One replacement, counted in the text before all of them.
pub(crate) struct Splice {
    /// Which bytes go.
    pub(crate) span: Range<usize>,
    /// What comes there.
    pub(crate) with: Secret,
    /// Which edits it belongs to.
    pub(crate) group: usize,
}

impl Splice {
    pub(super) fn new(span: Range<usize>, with: SecretBuffer) -> Self {
        Self { span, with: with.into_secret(), group: 0 }
    }

    pub(super) fn text(span: Range<usize>, with: &str) -> Self {
        Self { span, with: Secret::copy_of(with.as_bytes()), group: 0 }
    }

    pub(super) fn deletion(span: Range<usize>) -> Self {
        Self { span, with: Secret::new(Vec::new()), group: 0 }
    }

    fn is_deletion(&self) -> bool {
        self.with.is_empty()
    }
}

/// Puts splices in order and makes one of deletions that touch. What is put at the same place stays in the order in
/// which it was asked for. The place of the second of two that are in each other's way is the error.
pub(super) fn ordered(mut splices: Vec<Splice>) -> Result<Vec<Splice>, usize> {
    splices.retain(|splice| !splice.span.is_empty() || !splice.is_deletion());
    // What is put before something comes before that is taken away.
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end > splice.span.start));
    let mut result: Vec<Splice> = Vec::with_capacity(splices.len());
    for splice in splices {
        match result.last_mut() {
            Some(last) if splice.span.start < last.span.end => {
                if !last.is_deletion() {
                    return Err(splice.span.start);
                }
                if splice.is_deletion() {
                    last.span.end = last.span.end.max(splice.span.end);
                    continue;
                }
                // What is put into white space that goes comes behind it, so long as it takes nothing else away.
                if splice.span.end > last.span.end {
                    return Err(splice.span.start);
                }
                let end = last.span.end;
                last.span.end = splice.span.start;
                let rest = Splice { group: last.group, ..Splice::deletion(splice.span.end..end) };
                result.push(splice);
                if !rest.span.is_empty() {
                    result.push(rest);
                }
            }
            _ => result.push(splice),
        }
    }
    Ok(result)
}

/// The text after all of them, in memory of exactly its size.
pub(crate) fn applied(text: &[u8], splices: &[Splice]) -> Secret {
    let gone: usize = splices.iter().map(|splice| splice.span.len()).sum();
    let put: usize = splices.iter().map(|splice| splice.with.len()).sum();
    let mut out = SecretBuffer::with_capacity(text.len() - gone + put);
    let mut copied = 0;
    for splice in splices {
        out.push(text.get(copied..splice.span.start).unwrap_or_default());
        out.push(splice.with.expose_secret());
        copied = splice.span.end;
    }
    out.push(text.get(copied..).unwrap_or_default());
    out.into_secret()
}
