//! `Flow`: a collection between brackets, with commas: all of JSON, arrays and inline tables of TOML, and YAML
//! where it looks like JSON.

use std::ops::Range;

use crate::document::Syntax;
use crate::document::edit::editor::Editor;
use crate::document::edit::render::Layout;
use crate::document::edit::splice::Splice;
use crate::document::edit::style::{indentation, line_start};
use crate::document::edit::{EditWhy, Insertion};
use crate::document::node::{Node, NodeKind};
use crate::secret::SecretBuffer;

/// A value in it with what belongs to it: its key, an anchor.
struct Part {
    span: Range<usize>,
    comma: Option<usize>,
    removed: bool,
}

/// A collection that is looked at to change what is in it.
pub(super) struct Flow<'e, 'd> {
    editor: &'e Editor<'d>,
    /// Behind the bracket that opens it, and before the one that closes it.
    inside: Range<usize>,
    parts: Vec<Part>,
    /// Whether its values have lines of their own.
    is_tall: bool,
    is_mapping: bool,
}

impl<'e, 'd> Flow<'e, 'd> {
    /// `removed` are the numbers of those that go; `outer_is_tall` is what its own collection is like.
    pub(super) fn of(
        editor: &'e Editor<'d>,
        node: &Node,
        removed: &[usize],
        outer_is_tall: bool,
    ) -> Result<Self, EditWhy> {
        let bytes = editor.text.as_bytes();
        let is_mapping = matches!(node.kind, NodeKind::Mapping(_));
        let brackets = if is_mapping { (b'{', b'}') } else { (b'[', b']') };
        let ends = (bytes.get(node.span.start), bytes.get(node.span.end.saturating_sub(1)));
        if node.span.len() < 2 || ends != (Some(&brackets.0), Some(&brackets.1)) {
            return Err(EditWhy::Unsupported("this is not written in brackets of its own"));
        }
        let inside = node.span.start + 1..node.span.end - 1;
        let mut flow = Flow { editor, inside, parts: Vec::new(), is_tall: outer_is_tall, is_mapping };
        flow.find_parts(node, removed)?;
        flow.is_tall = flow.find_height(outer_is_tall);
        Ok(flow)
    }

    fn find_parts(&mut self, node: &Node, removed: &[usize]) -> Result<(), EditWhy> {
        let ends: Vec<usize> = match &node.kind {
            NodeKind::Sequence(nodes) => nodes.iter().map(|inner| inner.span.end).collect(),
            NodeKind::Mapping(members) => {
                members.iter().map(|member| member.value.span.end.max(member.key_span.end)).collect()
            }
            _ => Vec::new(),
        };
        let mut start = self.inside.start;
        for (number, end) in ends.into_iter().enumerate() {
            let begin = self.editor.significant(start, self.inside.end);
            let mut end = end;
            let mut next = self.editor.significant(end, self.inside.end);
            // A key of YAML without a value.
            if self.editor.byte(next) == Some(b':') && self.editor.document.syntax() == Syntax::Yaml {
                end = next + 1;
                next = self.editor.significant(end, self.inside.end);
            }
            let comma = (next < self.inside.end && self.editor.byte(next) == Some(b',')).then_some(next);
            if begin >= end || begin < start {
                return Err(EditWhy::Unsupported("keys with dots in an inline table can't be edited"));
            }
            if comma.is_none() && next != self.inside.end {
                return Err(EditWhy::Unsupported("this collection is written in a way that can't be edited"));
            }
            start = comma.map_or(next, |comma| comma + 1);
            self.parts.push(Part { span: begin..end, comma, removed: removed.contains(&number) });
        }
        Ok(())
    }

    fn find_height(&self, outer_is_tall: bool) -> bool {
        let has_break =
            |range: Range<usize>| self.editor.text.get(range).is_some_and(|text| text.contains(['\n', '\r']));
        match (self.parts.first(), self.parts.get(1)) {
            (None, _) => match self.editor.document.syntax() {
                Syntax::Json | Syntax::Jsonc => outer_is_tall || has_break(self.inside.clone()),
                Syntax::Toml => !self.is_mapping && has_break(self.inside.clone()),
                Syntax::Yaml => false,
            },
            (Some(first), Some(second)) => has_break(first.span.end..second.span.start),
            (Some(first), None) => has_break(self.inside.start..first.span.start),
        }
    }

    /// Whether its values have lines of their own.
    pub(super) fn is_tall(&self) -> bool {
        self.is_tall
    }

    /// Takes away what is removed and puts in what is new.
    pub(super) fn change(&self, insertions: &[Insertion]) -> Result<Vec<Splice>, EditWhy> {
        let mut splices = Vec::new();
        let has_kept = self.parts.iter().any(|part| !part.removed);
        let has_comments = self.has_comment_between();
        if !has_kept && !has_comments {
            let mut inner = SecretBuffer::with_capacity(64);
            self.fill(insertions, &mut inner)?;
            splices.push(Splice::new(self.inside.clone(), inner));
            return Ok(splices);
        }
        let was_trailing = self.parts.last().is_some_and(|part| part.comma.is_some());
        for part in self.parts.iter().filter(|part| part.removed) {
            self.remove(part, &mut splices);
        }
        let last_kept = self.parts.iter().rposition(|part| !part.removed);
        let (behind, between): (Vec<_>, Vec<_>) =
            insertions.iter().partition(|insertion| last_kept.is_none_or(|last| insertion.index > last));
        for insertion in between {
            let Some(before) = self
                .parts
                .iter()
                .enumerate()
                .position(|(number, part)| number >= insertion.index && !part.removed)
            else {
                continue;
            };
            let start = self.parts.get(before).map_or(0, |part| part.span.start);
            let mut out = SecretBuffer::with_capacity(64);
            self.one(insertion, &mut out)?;
            out.push(b",");
            self.gap(&mut out);
            splices.push(Splice::before(start, out));
        }
        let Some(last) = last_kept.and_then(|last| self.parts.get(last)) else {
            // Comments alone are left.
            let mut out = SecretBuffer::with_capacity(64);
            for (number, insertion) in behind.iter().enumerate() {
                if number > 0 {
                    out.push(b",");
                }
                let own = self.own_indentation();
                self.line(&format!("{own}{}", self.editor.style.unit), &mut out);
                self.one(insertion, &mut out)?;
            }
            if !behind.is_empty() {
                let close = self.inside.end;
                let before = self.editor.text.get(..close).unwrap_or_default();
                let at = before.trim_end_matches([' ', '\t', '\r', '\n']).len().max(self.inside.start);
                let at = self.comment_end(at);
                if at == close || !self.editor.text.get(at..close).is_some_and(|it| it.contains(['\n', '\r']))
                {
                    self.line(&self.closing_indentation(), &mut out);
                }
                splices.push(Splice::new(at..at, out));
            }
            return Ok(splices);
        };
        let is_last = last_kept.is_some_and(|number| number + 1 == self.parts.len());
        if behind.is_empty() {
            if let (Some(comma), false, false) = (last.comma, is_last, was_trailing) {
                splices.push(Splice::deletion(comma..comma + 1));
            }
            return Ok(splices);
        }
        let mut out = SecretBuffer::with_capacity(128);
        for (number, insertion) in behind.iter().enumerate() {
            if number > 0 {
                out.push(b",");
            }
            self.gap(&mut out);
            self.one(insertion, &mut out)?;
        }
        if was_trailing {
            out.push(b",");
        }
        let mut at = last.comma.map_or(last.span.end, |comma| comma + 1);
        if self.is_tall {
            at = self.end_of_comments_in_line(at);
        }
        if last.comma.is_none() {
            splices.push(Splice::text(last.span.end..last.span.end, ","));
        }
        splices.push(Splice::new(at..at, out));
        Ok(splices)
    }

    /// Whether comments stand beside its values, not in them.
    fn has_comment_between(&self) -> bool {
        let mut at = self.inside.start;
        for part in &self.parts {
            if self.editor.has_comment(&(at..part.span.start)) {
                return true;
            }
            at = part.span.end;
        }
        self.editor.has_comment(&(at..self.inside.end))
    }

    /// All that is between the brackets of a collection that holds nothing else.
    fn fill(&self, insertions: &[Insertion], out: &mut SecretBuffer) -> Result<(), EditWhy> {
        if insertions.is_empty() {
            return Ok(());
        }
        let is_tall = self.is_tall;
        let child = self.child_indentation();
        for (number, insertion) in insertions.iter().enumerate() {
            if number > 0 {
                out.push(b",");
            }
            if is_tall {
                self.line(&child, out);
            } else if number > 0 {
                out.push(self.editor.style.gap.as_bytes());
            } else if self.is_mapping {
                out.push(self.editor.style.padding.as_bytes());
            }
            self.one(insertion, out)?;
        }
        if is_tall {
            self.line(&self.closing_indentation(), out);
        } else if self.is_mapping {
            out.push(self.editor.style.padding.as_bytes());
        }
        Ok(())
    }

    fn one(&self, insertion: &Insertion, out: &mut SecretBuffer) -> Result<(), EditWhy> {
        let layout = Layout { indentation: self.child_indentation(), is_tall: self.is_tall };
        self.editor.render_child(insertion, &layout, out)
    }

    fn child_indentation(&self) -> String {
        match self.parts.first() {
            Some(first) if self.is_tall && self.is_first_in_line(first.span.start) => {
                indentation(self.editor.text, first.span.start).to_owned()
            }
            Some(_) if !self.is_tall => self.own_indentation(),
            _ => format!("{}{}", self.own_indentation(), self.editor.style.unit),
        }
    }

    /// What its line begins with; in YAML, what stands behind dashes is as far in as if they were blanks.
    fn own_indentation(&self) -> String {
        let text = self.editor.text;
        let blank = indentation(text, self.inside.start);
        if self.editor.document.syntax() != Syntax::Yaml {
            return blank.to_owned();
        }
        let mut rest = text.get(line_start(text, self.inside.start)..).unwrap_or_default();
        let whole = rest.len();
        while let Some(after) = rest.strip_prefix(' ').or_else(|| rest.strip_prefix("- ")) {
            rest = after;
        }
        " ".repeat(whole - rest.len())
    }

    /// What the bracket at the end is indented by. In YAML it may not stand as far out as the key.
    fn closing_indentation(&self) -> String {
        let own = self.own_indentation();
        let is_yaml = self.editor.document.syntax() == Syntax::Yaml;
        format!("{own}{}", if is_yaml { self.editor.style.unit.as_str() } else { "" })
    }

    /// What stands between two values.
    fn gap(&self, out: &mut SecretBuffer) {
        if self.is_tall {
            self.line(&self.child_indentation(), out);
        } else {
            out.push(self.editor.style.gap.as_bytes());
        }
    }

    fn line(&self, indentation: &str, out: &mut SecretBuffer) {
        out.push(self.editor.style.newline.as_bytes());
        out.push(indentation.as_bytes());
    }

    fn is_first_in_line(&self, offset: usize) -> bool {
        let start = line_start(self.editor.text, offset);
        self.editor
            .text
            .get(start..offset)
            .is_some_and(|text| text.bytes().all(|it| matches!(it, b' ' | b'\t')))
    }

    /// Behind comments that follow in the same line.
    fn end_of_comments_in_line(&self, at: usize) -> usize {
        let mut end = at;
        loop {
            let next = self.editor.behind_blanks(end);
            match self.editor.comment_at(next) {
                Some(comment) if comment.end <= self.inside.end => end = comment.end,
                _ => return end,
            }
        }
    }

    /// The end of the comment that a byte lies in, or the byte.
    fn comment_end(&self, at: usize) -> usize {
        self.editor.comment_around(at).map_or(at, |comment| comment.end)
    }

    /// Takes a value away with its comma and the white space that nobody needs then; comments stay.
    fn remove(&self, part: &Part, splices: &mut Vec<Splice>) {
        let end = part.comma.map_or(part.span.end, |comma| comma + 1);
        if part.comma.is_some() && self.editor.has_comment(&(part.span.end..end)) {
            splices.push(Splice::deletion(part.span.clone()));
            splices.push(Splice::deletion(end - 1..end));
            return;
        }
        let after = self.editor.behind_blanks(end);
        let is_at_end = matches!(self.editor.byte(after), None | Some(b'\n' | b'\r'));
        let before = self
            .editor
            .text
            .get(..part.span.start)
            .map_or(part.span.start, |text| text.trim_end_matches([' ', '\t']).len());
        let span = if self.is_first_in_line(part.span.start) {
            if is_at_end {
                // The whole line goes, with the end of the one before.
                self.end_of_line_before(before)..after
            } else {
                part.span.start..after
            }
        } else if is_at_end || after >= self.inside.end || self.editor.comment_at(after).is_some() {
            before.max(self.inside.start)..end
        } else {
            part.span.start..after
        };
        splices.push(Splice::deletion(span));
    }

    /// The end of the line before, unless a comment ends there, which needs it no less.
    fn end_of_line_before(&self, start: usize) -> usize {
        let before = self.editor.text.get(..start).unwrap_or_default();
        let without = before.strip_suffix("\r\n").or(before.strip_suffix(['\n', '\r'])).unwrap_or(before);
        without.len().max(self.inside.start)
    }
}
