//! `Node`: a value in a document and where its text lies; what each syntax is read into.

use std::ops::Range;

use zeroize::Zeroizing;

/// A document as one of the readers understood it.
pub(super) struct Tree {
    pub(super) root: Node,
    /// Every comment with its marks, in the order of the file.
    pub(super) comments: Vec<Range<usize>>,
    /// Where the first comma is that no value follows.
    pub(super) trailing_comma: Option<usize>,
    /// Values that other places of the document repeat by name: anchors of YAML with an alias.
    pub(super) shared: Vec<Range<usize>>,
}

/// A value and where its text lies, in bytes from the beginning of the file, quotes and all.
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: NodeKind,
}

pub(super) enum NodeKind {
    Null,
    Boolean(bool),
    Number,
    String(Content),
    Sequence(Vec<Node>),
    /// Keys may occur twice: the later one counts, as for every client.
    Mapping(Vec<Member>),
}

pub(super) struct Member {
    pub(super) key: Content,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

/// What a string says.
pub(super) enum Content {
    /// The same as is written in the file, there.
    Written(Range<usize>),
    /// Something else, because of an escape.
    Decoded(Zeroizing<String>),
}

impl Content {
    /// What it says.
    pub(super) fn text<'d>(&'d self, document: &'d [u8]) -> &'d str {
        match self {
            Self::Written(range) => document
                .get(range.clone())
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or_default(),
            Self::Decoded(text) => text,
        }
    }
}

/// Why a reader gave up. The words are fixed: what a library says may quote the text.
pub(super) struct Fault {
    /// Where, in bytes.
    pub(super) offset: usize,
    /// What is wrong there.
    pub(super) kind: FaultKind,
}

pub(super) enum FaultKind {
    /// The syntax does not allow it.
    Syntax(&'static str),
    /// More than [`super::MAX_DEPTH`] values in one another.
    TooDeep,
    /// More than [`super::MAX_VALUES`] values.
    TooMany,
}

impl Fault {
    pub(super) fn syntax(offset: usize, what: &'static str) -> Self {
        Self { offset, kind: FaultKind::Syntax(what) }
    }

    /// The same in a text that begins that many bytes after the beginning of the file.
    pub(super) fn shifted(self, base: usize) -> Self {
        Self { offset: base + self.offset, ..self }
    }

    pub(super) fn too_deep(offset: usize) -> Self {
        Self { offset, kind: FaultKind::TooDeep }
    }

    pub(super) fn too_many(offset: usize) -> Self {
        Self { offset, kind: FaultKind::TooMany }
    }
}
