//! DOCUMENTS OF OTHER PROGRAMS: JSON with or without comments, TOML and YAML as one tree, with the place of every value.
//!
//! Nothing is executed, expanded or followed. The text may hold secrets in the open, so it rests in memory that is
//! wiped, the tree points into it, and a value comes out as [`Text`], which can't be printed by accident.

pub(crate) mod edit;
mod error;
mod file;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
pub(crate) mod inverse;
mod json;
mod node;
mod place;
mod pointer;
mod toml;
mod value;
mod yaml;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

pub(crate) use crate::document::error::{DocumentError, Why};
pub(crate) use crate::document::place::Place;
pub(crate) use crate::document::pointer::Pointer;
pub(crate) use crate::document::value::{Shape, Text, Value};

use crate::document::node::{FaultKind, Node, NodeKind, Tree};
use crate::document::place::{BYTE_ORDER_MARK, Lines, WIDE_MARKS};
use crate::secret::{Secret, SecretBuffer};

/// The largest file that is read, in bytes. The configuration of a client has some kilobytes; the largest real one,
/// Claude Code's with its history, some megabytes.
pub(crate) const MAX_DOCUMENT: usize = 16 * 1024 * 1024;

/// The same for YAML. Its library keeps everything between two brackets in memory before it says anything of it, up
/// to two hundred times what is written.
pub(crate) const MAX_YAML: usize = 2 * 1024 * 1024;

/// How deep a document may be nested.
pub(crate) const MAX_DEPTH: usize = 128;

/// How many values a document may have: what a large file holds in text takes no more memory than it does, what it
/// holds in values takes a multiple.
pub(crate) const MAX_VALUES: usize = 500_000;

/// How many repeated keys are told; a person needs one.
const MAX_DUPLICATES: usize = 100;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Syntax {
    /// RFC 8259. Comments, trailing commas and a byte order mark are read too; [`Document::first_of`] tells where the
    /// first one is, because a client that does not take it then ignores the whole file.
    Json,
    /// JSON with comments and trailing commas, as editors write it.
    Jsonc,
    /// TOML 1.0 and 1.1.
    Toml,
    /// YAML 1.2, its first document. Aliases are not followed.
    Yaml,
}

/// What RFC 8259 does not allow, and some readers let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Leniency {
    /// The mark of the byte order at the beginning.
    Mark,
    /// A comment.
    Comment,
    /// A comma behind the last value.
    Comma,
}

impl Syntax {
    /// As a person calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Jsonc => "JSON with comments",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        }
    }
}

/// A file that was read and understood.
pub(crate) struct Document {
    path: PathBuf,
    syntax: Syntax,
    text: Secret,
    lines: Lines,
    tree: Tree,
    duplicates: Vec<(Pointer, usize)>,
    /// What follows it in its file and is no part of it.
    tail: Secret,
    is_front_matter: bool,
}

impl Document {
    /// Reads a file. `None` where there is none; links are followed; nothing else than a regular file is opened, so
    /// that no pipe is waited for.
    ///
    /// # Errors
    /// Where the file can't be read, is no regular file, is larger than [`MAX_DOCUMENT`], or is not understood.
    pub(crate) fn read(path: &Path, syntax: Syntax) -> Result<Option<Self>, DocumentError> {
        match file::read(path) {
            Ok(Some(text)) => Self::parse(path, text, syntax).map(Some),
            Ok(None) => Ok(None),
            Err(why) => Err(DocumentError::new(path, why)),
        }
    }

    /// Reads what stands between two lines of `---` at the beginning of a file, as YAML; an empty mapping where there
    /// is nothing of that sort. Places are those of the file.
    ///
    /// # Errors
    /// The same as for [`Document::read`].
    pub(crate) fn read_front_matter(path: &Path) -> Result<Option<Self>, DocumentError> {
        let Some(text) = content(path)? else { return Ok(None) };
        let end = front_matter(text.expose_secret());
        let (matter, tail) = text.expose_secret().split_at(end);
        let mut document = Self::parse(path, Secret::copy_of(matter), Syntax::Yaml)?;
        document.tail = Secret::copy_of(tail);
        document.is_front_matter = true;
        Ok(Some(document))
    }

    /// Understands a text; `path` is only what it is called.
    ///
    /// A file without a value is an empty mapping, as it is to its clients, but for [`Syntax::Json`]: their readers
    /// call that an error.
    ///
    /// # Errors
    /// Where the text is longer than [`MAX_DOCUMENT`] or [`MAX_YAML`], is not UTF-8, is not written in the syntax, is nested deeper
    /// than [`MAX_DEPTH`], or holds more than [`MAX_VALUES`].
    pub(crate) fn parse(path: &Path, text: Secret, syntax: Syntax) -> Result<Self, DocumentError> {
        let error = |why| DocumentError::new(path, why);
        let limit = if syntax == Syntax::Yaml { MAX_YAML } else { MAX_DOCUMENT };
        if text.len() > limit {
            return Err(error(Why::TooLarge { limit }));
        }
        let bytes = text.expose_secret();
        if WIDE_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
            return Err(error(Why::Wide));
        }
        let lines = Lines::of(bytes);
        let characters = text
            .expose_secret_str()
            .map_err(|fault| error(Why::NotText { place: lines.place(bytes, fault.valid_up_to()) }))?;
        let body = characters.strip_prefix(BYTE_ORDER_MARK).unwrap_or(characters);
        let base = characters.len() - body.len();
        let result = match syntax {
            Syntax::Json | Syntax::Jsonc => json::read(body, base, syntax),
            Syntax::Toml => toml::read(body, base),
            Syntax::Yaml => yaml::read(body, base),
        };
        let tree = result.map_err(|fault| {
            let place = lines.place(bytes, fault.offset);
            error(match fault.kind {
                FaultKind::Syntax(what) => Why::Syntax { syntax, place, what },
                FaultKind::TooDeep => Why::TooDeep { place },
                FaultKind::TooMany => Why::TooMany { place },
            })
        })?;
        let mut duplicates = Vec::new();
        find_duplicates(bytes, &tree.root, &mut Vec::new(), &mut duplicates);
        let tail = Secret::new(Vec::new());
        Ok(Self {
            path: path.to_owned(),
            syntax,
            text,
            lines,
            tree,
            duplicates,
            tail,
            is_front_matter: false,
        })
    }

    /// The whole document.
    pub(crate) fn root(&self) -> Value<'_> {
        Value::root(self)
    }

    /// What a pointer leads to: the last of several members under one key.
    pub(crate) fn find(&self, pointer: &Pointer) -> Option<Value<'_>> {
        self.root().find(pointer)
    }

    /// Understands another text in the place of its own; what follows it in its file stays.
    ///
    /// # Errors
    /// The same as for [`Document::parse`].
    fn again(&self, text: Secret) -> Result<Self, DocumentError> {
        let tail = Secret::copy_of(self.tail.expose_secret());
        let parsed = Self::parse(&self.path, text, self.syntax)?;
        Ok(Self { tail, is_front_matter: self.is_front_matter, ..parsed })
    }

    /// Whether it is what stands between two lines of `---` at the beginning of its file.
    pub(crate) fn is_front_matter(&self) -> bool {
        self.is_front_matter
    }

    /// All bytes of its file as they were read: with what follows the front matter.
    pub(crate) fn whole(&self) -> Secret {
        let mut whole = SecretBuffer::with_capacity(self.text.len() + self.tail.len());
        whole.push(self.text.expose_secret());
        whole.push(self.tail.expose_secret());
        whole.into_secret()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All of its text, with the byte order mark where it has one: spans count from here.
    pub(crate) fn text(&self) -> Text<'_> {
        Text::of(self.text.expose_secret_str().unwrap_or_default())
    }

    /// Where the first comment or trailing comma is in JSON.
    pub(crate) fn leniency(&self) -> Option<Place> {
        self.first_of(&[Leniency::Comment, Leniency::Comma]).map(|(_, place)| place)
    }

    /// What a file of [`Syntax::Json`] or [`Syntax::Jsonc`] has first of what some of its clients refuse.
    pub(crate) fn first_of(&self, refused: &[Leniency]) -> Option<(Leniency, Place)> {
        let is_json = matches!(self.syntax, Syntax::Json | Syntax::Jsonc);
        let first = |leniency: &Leniency| match leniency {
            Leniency::Mark => self.text().expose().starts_with(BYTE_ORDER_MARK).then_some(0),
            Leniency::Comment => self.tree.comments.first().map(|comment| comment.start),
            Leniency::Comma => self.tree.trailing_comma,
        };
        let found = refused.iter().filter(|_| is_json).filter_map(|it| Some((first(it)?, *it)));
        found.min_by_key(|(offset, _)| *offset).map(|(offset, leniency)| (leniency, self.place(offset)))
    }

    /// How it is written.
    pub(crate) fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Keys that are written again later in the same mapping, where the earlier one lies, which nobody reads. No
    /// more than the first hundred.
    pub(crate) fn duplicates(&self) -> impl Iterator<Item = (&Pointer, Place)> {
        self.duplicates.iter().map(|(pointer, offset)| (pointer, self.place(*offset)))
    }

    /// Comments with their marks, in the order of the file.
    pub(crate) fn comments(&self) -> impl Iterator<Item = (Text<'_>, Place)> {
        self.tree.comments.iter().map(|span| (Text::of(self.slice(span)), self.place(span.start)))
    }

    /// The place of a byte, counted from the beginning of the file; of the end for one past it.
    pub(crate) fn place(&self, offset: usize) -> Place {
        self.lines.place(self.text.expose_secret(), offset)
    }

    fn slice(&self, span: &Range<usize>) -> &str {
        self.text
            .expose_secret()
            .get(span.clone())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// All bytes of a file, as [`Document::read`] gets them.
///
/// # Errors
/// Where the file can't be read, is no regular file, or is larger than [`MAX_DOCUMENT`].
pub(crate) fn content(path: &Path) -> Result<Option<Secret>, DocumentError> {
    file::read(path).map_err(|why| DocumentError::new(path, why))
}

/// Where the front matter of a file ends, before the line that closes it; 0 where it has none.
fn front_matter(text: &[u8]) -> usize {
    let is_mark = |line: &[u8]| line.trim_ascii_end() == b"---";
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let Some(first) = lines.next() else { return 0 };
    if !is_mark(first.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(first)) {
        return 0;
    }
    let mut end = first.len();
    for line in lines {
        if is_mark(line) {
            return end;
        }
        end += line.len();
    }
    0
}

/// As deep as the document, which has a limit.
fn find_duplicates<'d>(
    text: &'d [u8],
    node: &'d Node,
    way: &mut Vec<std::borrow::Cow<'d, str>>,
    duplicates: &mut Vec<(Pointer, usize)>,
) {
    match &node.kind {
        NodeKind::Sequence(nodes) => {
            for (number, node) in nodes.iter().enumerate() {
                way.push(number.to_string().into());
                find_duplicates(text, node, way, duplicates);
                way.pop();
            }
        }
        NodeKind::Mapping(members) => {
            let mut seen = HashMap::with_capacity(members.len());
            for member in members {
                let key = member.key.text(text);
                if let Some(earlier) = seen.insert(key, member.key_span.start)
                    && duplicates.len() < MAX_DUPLICATES
                {
                    let parent = way.iter().fold(Pointer::default(), |pointer, step| pointer.join(step));
                    duplicates.push((parent.join(key), earlier));
                }
                way.push(key.into());
                find_duplicates(text, &member.value, way, duplicates);
                way.pop();
            }
        }
        NodeKind::Null | NodeKind::Boolean(_) | NodeKind::Number | NodeKind::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
