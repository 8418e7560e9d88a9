//! `Value`: a value of a document and the way to what it holds; `Text`: what comes out of it.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use crate::document::node::{Content, Member, Node, NodeKind};
use crate::document::{Document, Place, Pointer, Syntax};

/// Text from a document. It may be a secret, so it has neither `Debug` nor `Display`; `tests/house_rules.rs` lists
/// the files that may look at it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'d>(&'d str);

impl<'d> Text<'d> {
    /// Text of whatever origin.
    pub(crate) fn of(text: &'d str) -> Self {
        Self(text)
    }

    /// The text itself. Never copy it into a `String` that stays: `Secret::copy_of` wipes its copy.
    pub(crate) fn expose(self) -> &'d str {
        self.0
    }

    /// Whether it is this word.
    pub(crate) fn is(self, word: &str) -> bool {
        self.0 == word
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing; an alias of YAML too, which is not followed.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number, or a date of TOML.
    Number,
    /// Text.
    String,
    /// Values in order.
    Sequence,
    /// Values under keys.
    Mapping,
}

/// A value, where it is, and the way to what it holds.
#[derive(Clone)]
pub(crate) struct Value<'d> {
    pub(super) document: &'d Document,
    pub(super) node: &'d Node,
    key_span: Option<&'d Range<usize>>,
    way: Option<Rc<Step<'d>>>,
    /// Written out when somebody asks: a file can be made in which every pointer is long.
    pointer: OnceCell<Pointer>,
}

struct Step<'d> {
    parent: Option<Rc<Self>>,
    key: Key<'d>,
}

enum Key<'d> {
    Name(&'d str),
    Number(usize),
}

impl<'d> Value<'d> {
    pub(super) fn root(document: &'d Document) -> Self {
        Self { document, node: &document.tree.root, key_span: None, way: None, pointer: OnceCell::new() }
    }

    fn below(&self, node: &'d Node, key: Key<'d>, key_span: Option<&'d Range<usize>>) -> Self {
        let way = Some(Rc::new(Step { parent: self.way.as_ref().map(Rc::clone), key }));
        Self { document: self.document, node, key_span, way, pointer: OnceCell::new() }
    }

    fn member(&self, member: &'d Member) -> (Text<'d>, Self) {
        let key = member.key.text(self.document.text.expose_secret());
        (Text(key), self.below(&member.value, Key::Name(key), Some(&member.key_span)))
    }

    /// What tells it from every other value of the document, equal ones too.
    pub(super) fn address(&self) -> *const Node {
        std::ptr::from_ref(self.node)
    }

    /// What it is.
    pub(crate) fn shape(&self) -> Shape {
        match self.node.kind {
            NodeKind::Null => Shape::Null,
            NodeKind::Boolean(boolean) => Shape::Boolean(boolean),
            NodeKind::Number => Shape::Number,
            NodeKind::String(_) => Shape::String,
            NodeKind::Sequence(_) => Shape::Sequence,
            NodeKind::Mapping(_) => Shape::Mapping,
        }
    }

    /// What a string says; nothing for every other shape.
    pub(crate) fn text(&self) -> Option<Text<'d>> {
        match &self.node.kind {
            NodeKind::String(content) => Some(Text(content.text(self.document.text.expose_secret()))),
            _ => None,
        }
    }

    /// Yes or no; nothing for every other shape.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.node.kind {
            NodeKind::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// What a mapping has under a key: the last, where it is written more than once.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let NodeKind::Mapping(members) = &self.node.kind else { return None };
        let text = self.document.text.expose_secret();
        let member = members.iter().rev().find(|member| member.key.text(text) == key)?;
        Some(self.member(member).1)
    }

    /// What a pointer leads to from here.
    pub(crate) fn find(&self, pointer: &Pointer) -> Option<Self> {
        pointer.steps().try_fold(self.clone(), |value, step| match value.shape() {
            Shape::Mapping => value.get(&step),
            Shape::Sequence => value.items().nth(step.parse().ok()?),
            _ => None,
        })
    }

    /// What a mapping holds, in the order of the file, with keys that are repeated; nothing for every other shape.
    pub(crate) fn members(&self) -> impl Iterator<Item = (Text<'d>, Self)> + use<'d> {
        let members: &'d [Member] = match &self.node.kind {
            NodeKind::Mapping(members) => members,
            _ => &[],
        };
        let parent = self.clone();
        members.iter().map(move |member| parent.member(member))
    }

    /// What a sequence holds; nothing for every other shape.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> + use<'d> {
        let nodes: &'d [Node] = match &self.node.kind {
            NodeKind::Sequence(nodes) => nodes,
            _ => &[],
        };
        let parent = self.clone();
        nodes.iter().enumerate().map(move |(number, node)| parent.below(node, Key::Number(number), None))
    }

    /// Where it lies in the file, in bytes, with quotes and brackets. A table of TOML lies where its header does.
    pub(crate) fn span(&self) -> Range<usize> {
        self.node.span.clone()
    }

    /// What is written there, with quotes and brackets.
    pub(crate) fn written(&self) -> Text<'d> {
        Text(self.document.slice(&self.node.span))
    }

    /// Where the text of a string lies, without the quotes; nothing where it is not written as it reads.
    pub(crate) fn content_span(&self) -> Option<Range<usize>> {
        match &self.node.kind {
            NodeKind::String(Content::Written(span)) => Some(span.clone()),
            _ => None,
        }
    }

    /// Where its key lies, with quotes; nothing for the whole document and in a sequence.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn key_span(&self) -> Option<Range<usize>> {
        self.key_span.cloned()
    }

    /// The place where it begins.
    pub(crate) fn place(&self) -> Place {
        self.document.place(self.node.span.start)
    }

    /// The file that it lies in.
    pub(crate) fn file(&self) -> &'d Path {
        self.document.path()
    }

    /// How its document is written.
    pub(super) fn file_syntax(&self) -> Syntax {
        self.document.syntax()
    }

    /// The place of a byte of its text, or where it begins, where the text is written with escapes.
    pub(crate) fn place_within(&self, offset: usize) -> Place {
        match self.content_span() {
            Some(content) => self.document.place(content.start + offset.min(content.len())),
            None => self.place(),
        }
    }

    /// The place of its key, or its own where it has none.
    pub(crate) fn place_of_key(&self) -> Place {
        self.key_span.map_or_else(|| self.place(), |key| self.document.place(key.start))
    }

    /// The way to it from the whole document.
    pub(crate) fn pointer(&self) -> &Pointer {
        self.pointer.get_or_init(|| {
            let mut steps = Vec::new();
            let mut next = self.way.as_deref();
            while let Some(step) = next {
                steps.push(&step.key);
                next = step.parent.as_deref();
            }
            steps.into_iter().rev().fold(Pointer::default(), |pointer, key| match key {
                Key::Name(name) => pointer.join(name),
                Key::Number(number) => pointer.join(&number.to_string()),
            })
        })
    }
}
