//! DOCUMENTS OF OTHER PROGRAMS: JSON with or without comments, TOML and YAML as one tree, with the place of every value.
//!
//! Nothing is executed, expanded or followed. The text may hold secrets in the open, so it rests in memory that is
//! wiped, the tree points into it, and a value comes out as [`Text`], which can't be printed by accident.

mod pointer;

pub(crate) use crate::document::pointer::Pointer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The largest file that is read, in bytes. The configuration of a client has some kilobytes; the largest real one,
/// Claude Code's with its history, some megabytes.
pub(crate) const MAX_DOCUMENT: usize = 16 * 1024 * 1024;

/// How deep a document may be nested.
pub(crate) const MAX_DEPTH: usize = 128;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Syntax {
    /// RFC 8259. Comments and trailing commas are read too; [`Document::leniency`] tells where the first one is,
    /// because a client that wants JSON then ignores the whole file.
    Json,
    /// JSON with comments and trailing commas, as editors write it.
    Jsonc,
    /// TOML 1.0 and 1.1.
    Toml,
    /// YAML 1.2, its first document. Aliases are not followed.
    Yaml,
}

/// A file that was read and understood.
pub(crate) struct Document {
    path: PathBuf,
    syntax: Syntax,
    text: Secret,
    root: Node,
    comments: Vec<Range<usize>>,
    leniency: Option<usize>,
    duplicates: Vec<(Pointer, usize)>,
}

/// A value and where its text lies, in bytes from the beginning of the file, quotes and all.
struct Node {
    span: Range<usize>,
    kind: NodeKind,
}

enum NodeKind {
    Null,
    Boolean(bool),
    Number,
    String(Content),
    Sequence(Vec<Node>),
    /// Keys may occur twice: the later one counts, as for every client.
    Mapping(Vec<Member>),
}

struct Member {
    key: Content,
    key_span: Range<usize>,
    value: Node,
}

/// What a string says.
enum Content {
    /// The same as is written in the file, there.
    Written(Range<usize>),
    /// Something else, because of an escape.
    Decoded(Zeroizing<String>),
}

/// Text from a document. It may be a secret, so it has neither `Debug` nor `Display`; `tests/house_rules.rs` lists
/// the files that may look at it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'d>(&'d str);

/// A place in a file as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Null,
    Boolean(bool),
    Number,
    String,
    Sequence,
    Mapping,
}

/// A value, where it is, and the way to what it holds.
#[derive(Clone)]
pub(crate) struct Value<'d> {
    document: &'d Document,
    node: &'d Node,
    pointer: Pointer,
}
