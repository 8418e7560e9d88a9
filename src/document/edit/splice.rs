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
    /// Of what is put at the same place, what goes on with something inner comes first, and what stands before
    /// something outer.
    pub(super) rank: isize,
    /// Whether it stands before what follows, and does not go on with what is before.
    pub(super) is_before: bool,
}

impl Splice {
    pub(super) fn new(span: Range<usize>, with: SecretBuffer) -> Self {
        Self::of(span, with.into_secret())
    }

    /// Bytes in the place of others.
    pub(crate) fn of(span: Range<usize>, with: Secret) -> Self {
        Self { span, with, group: 0, rank: 0, is_before: false }
    }

    pub(super) fn before(at: usize, with: SecretBuffer) -> Self {
        Self { is_before: true, ..Self::new(at..at, with) }
    }

    pub(super) fn text(span: Range<usize>, with: &str) -> Self {
        Self::of(span, Secret::copy_of(with.as_bytes()))
    }

    pub(super) fn deletion(span: Range<usize>) -> Self {
        Self::of(span, Secret::new(Vec::new()))
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
    splices.sort_by_key(|splice| (splice.span.start, splice.span.end > splice.span.start, splice.rank));
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
