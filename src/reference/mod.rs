//! PLACEHOLDERS: `${VAR}`, `${env:VAR}`, `{env:VAR}` and the others, as each client understands them.
//!
//! A configuration is never expanded here: it is read which names it refers to, and what its client would make of
//! them.

use std::ops::Range;

use crate::catalog::client::ReferenceSyntax;

/// A placeholder in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// How it is written.
    pub(crate) syntax: ReferenceSyntax,
    /// The name, the id, the path or the command in it.
    pub(crate) name: String,
    /// Where in the text the default lies, in bytes. It may be a secret.
    pub(crate) default: Option<Range<usize>>,
    /// Where in the text the whole placeholder lies, in bytes.
    pub(crate) span: Range<usize>,
}
