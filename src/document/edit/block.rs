//! `Block`: a collection of YAML without brackets, whose parts stand below one another.

use std::ops::Range;

use crate::document::edit::editor::Editor;
use crate::document::edit::render::Layout;
use crate::document::edit::splice::Splice;
use crate::document::edit::style::{dash, line_start};
use crate::document::edit::{EditWhy, Insertion, NewValue};
use crate::document::node::{Node, NodeKind};
use crate::document::place::BYTE_ORDER_MARK;
use crate::secret::SecretBuffer;

/// A collection that is looked at to change what is in it.
struct Block<'e, 'd> {
    editor: &'e Editor<'d>,
    node: &'e Node,
    /// From the key or the dash to the end of the value.
    parts: Vec<Range<usize>>,
    /// How far its parts are indented.
    column: usize,
    /// Whether the first part begins its line: not behind a dash.
    is_first_in_line: bool,
}

impl Editor<'_> {
    /// Takes parts of a block away and puts new ones in.
    pub(super) fn block(
        &self,
        node: &Node,
        removed: &[usize],
        insertions: &[Insertion],
    ) -> Result<Vec<Splice>, EditWhy> {
        let is_empty = match &node.kind {
            NodeKind::Mapping(members) => members.is_empty(),
            NodeKind::Sequence(nodes) => nodes.is_empty(),
            _ => true,
        };
        if is_empty {
            return self.first_in_file(node, insertions);
        }
        let block = Block::of(self, node)?;
        let mut splices = Vec::new();
        if removed.len() == block.parts.len() {
            block.remove_all(insertions, &mut splices)?;
            return Ok(splices);
        }
        block.remove(removed, &mut splices);
        for insertion in insertions {
            splices.push(block.insert(insertion, removed)?);
        }
        Ok(splices)
    }

    /// Members of a file that has none.
    fn first_in_file(&self, node: &Node, insertions: &[Insertion]) -> Result<Vec<Splice>, EditWhy> {
        let is_root = std::ptr::eq(node, &raw const self.document.tree.root);
        if !is_root {
            return Err(EditWhy::Unsupported("this is written in a way that can't be edited"));
        }
        let at = self.text.len();
        let mut out = SecretBuffer::with_capacity(128);
        let has_text = !self.text.trim_start_matches(BYTE_ORDER_MARK).is_empty();
        if has_text && !self.text.ends_with(['\n', '\r']) {
            out.push(self.style.newline.as_bytes());
        }
        for insertion in insertions {
            self.block_part(insertion, 0, &mut out)?;
            out.push(self.style.newline.as_bytes());
        }
        Ok(vec![Splice::new(at..at, out)])
    }

    /// A member or an item, without the indentation of its first line and the end of its last.
    fn block_part(
        &self,
        insertion: &Insertion,
        column: usize,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        if let Some(key) = &insertion.key {
            return self.block_member(key, &insertion.value, column, out);
        }
        out.push(b"- ");
        match &insertion.value {
            NewValue::Mapping(members) if !members.is_empty() => self.block_members(members, column + 2, out),
            value => self.in_line(value, out),
        }
    }

    fn block_member(
        &self,
        key: &str,
        value: &NewValue,
        column: usize,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        self.render_key(key, out)?;
        out.push(b":");
        if !value.is_collection() || value.is_empty_collection() {
            out.push(b" ");
            return self.in_line(value, out);
        }
        let unit = self.style.unit.len().max(1);
        match value {
            NewValue::Mapping(members) => {
                self.block_line(column + unit, out);
                self.block_members(members, column + unit, out)
            }
            NewValue::Sequence(items) => {
                if self.style.tall_sequences == Some(false) {
                    out.push(b" ");
                    return self.in_line(value, out);
                }
                let column = column + self.style.sequence_indentation;
                for item in items {
                    self.block_line(column, out);
                    out.push(b"- ");
                    match item {
                        NewValue::Mapping(members) if !members.is_empty() => {
                            self.block_members(members, column + 2, out)?;
                        }
                        value => self.in_line(value, out)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn block_members(
        &self,
        members: &[(String, NewValue)],
        column: usize,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        for (number, (key, value)) in members.iter().enumerate() {
            if number > 0 {
                self.block_line(column, out);
            }
            self.block_member(key, value, column, out)?;
        }
        Ok(())
    }

    fn in_line(&self, value: &NewValue, out: &mut SecretBuffer) -> Result<(), EditWhy> {
        self.render(value, &Layout { indentation: String::new(), is_tall: false }, out)
    }

    fn block_line(&self, column: usize, out: &mut SecretBuffer) {
        out.push(self.style.newline.as_bytes());
        out.push(" ".repeat(column).as_bytes());
    }

    /// Behind the last byte before a place that is neither white space nor in a comment.
    pub(super) fn behind_last_significant(&self, from: usize) -> usize {
        let mut end = from;
        loop {
            let before = self.text.get(..end).unwrap_or_default();
            end = before.trim_end_matches([' ', '\t', '\r', '\n']).len();
            match end.checked_sub(1).and_then(|last| self.comment_around(last)) {
                Some(comment) => end = comment.start,
                None => return end,
            }
        }
    }

    /// Something in the place of nothing, which a key or a dash stands before.
    pub(super) fn in_place_of_nothing(&self, node: &Node, with: &NewValue) -> Result<Splice, EditWhy> {
        let start = node.span.start;
        let is_at_sign = matches!(self.byte(start), Some(b':' | b'-'))
            && matches!(self.byte(start + 1), None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b'}'));
        let at = if is_at_sign { start + 1 } else { self.behind_last_significant(start) };
        let mut out = SecretBuffer::with_capacity(64);
        if !matches!(at.checked_sub(1).and_then(|at| self.byte(at)), Some(b':' | b'-')) {
            return Err(EditWhy::Unsupported("this is written in a way that can't be edited"));
        }
        match with {
            NewValue::Mapping(members) if !members.is_empty() && self.byte(at - 1) == Some(b':') => {
                let column = self.column_of_line(at) + self.style.unit.len().max(1);
                self.block_line(column, &mut out);
                self.block_members(members, column, &mut out)?;
            }
            _ => {
                out.push(b" ");
                self.in_line(with, &mut out)?;
            }
        }
        Ok(Splice::new(at..at, out))
    }

    /// How far the first key of a line is indented, behind dashes.
    fn column_of_line(&self, offset: usize) -> usize {
        let start = line_start(self.text, offset);
        let line = self.text.get(start..offset).unwrap_or_default();
        line.len() - line.trim_start_matches([' ', '-']).len()
    }
}

impl<'e, 'd> Block<'e, 'd> {
    fn of(editor: &'e Editor<'d>, node: &'e Node) -> Result<Self, EditWhy> {
        let refused = EditWhy::Unsupported("this block is written in a way that can't be edited");
        let (ends, is_mapping): (Vec<(usize, usize)>, bool) = match &node.kind {
            NodeKind::Mapping(members) => {
                let ends =
                    members.iter().map(|it| (it.key_span.start, it.value.span.end.max(it.key_span.end)));
                (ends.collect(), true)
            }
            NodeKind::Sequence(nodes) => {
                (nodes.iter().map(|it| (it.span.start, it.span.end)).collect(), false)
            }
            _ => return Err(refused),
        };
        let mut parts: Vec<Range<usize>> = Vec::with_capacity(ends.len());
        let mut at = if is_mapping { node.span.start } else { dash(editor.text, node.span.start) };
        for (start, end) in ends {
            let begin = editor.significant(at, editor.text.len());
            let mut end = end;
            if is_mapping {
                // An anchor of a key, or a `?`, is not known here.
                if begin != start {
                    return Err(refused);
                }
                let next = editor.significant(end, editor.text.len());
                if editor.byte(next) == Some(b':') {
                    end = next + 1;
                }
            } else {
                if editor.byte(begin) != Some(b'-') {
                    return Err(refused);
                }
                end = end.max(begin + 1);
            }
            parts.push(begin..end);
            at = end;
        }
        let first = parts.first().map_or(node.span.start, |part| part.start);
        let start = line_start(editor.text, first);
        let before = editor.text.get(start..first).unwrap_or_default();
        let is_first_in_line = before.bytes().all(|byte| byte == b' ');
        Ok(Self { editor, node, parts, column: before.chars().count(), is_first_in_line })
    }

    /// Without the end of the line, which belongs to a text below a `|`.
    fn end_of_text(&self, end: usize) -> usize {
        let text = self.editor.text.get(..end).unwrap_or_default();
        text.trim_end_matches(['\n', '\r', ' ']).len()
    }

    fn remove(&self, removed: &[usize], splices: &mut Vec<Splice>) {
        let first_kept = (0..self.parts.len()).find(|number| !removed.contains(number)).unwrap_or_default();
        for number in removed {
            let Some(part) = self.parts.get(*number) else { continue };
            let next = self.parts.get(number + 1).map(|next| next.start);
            if *number < first_kept && !self.is_first_in_line {
                // What follows takes its place behind the dash.
                let end = match next {
                    Some(next) if !self.editor.has_comment(&(part.end..next)) => next,
                    _ => self.editor.behind_blanks(part.end),
                };
                splices.push(Splice::deletion(part.start..end));
                continue;
            }
            splices.push(Splice::deletion(self.lines(part)));
        }
    }

    /// The lines of a part, with their end; a comment behind it stays.
    fn lines(&self, part: &Range<usize>) -> Range<usize> {
        let text = self.editor.text;
        let start = line_start(text, part.start);
        if text.get(..part.end).is_some_and(|text| text.ends_with('\n')) {
            return start..part.end;
        }
        let after = self.editor.behind_blanks(part.end);
        if self.editor.comment_at(after).is_some() {
            return part.start..after;
        }
        let rest = text.get(after..).unwrap_or_default();
        let end =
            after + if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        if end > after {
            return start..end;
        }
        // The last line has no end, and the one before gets none.
        let before = text.get(..start).unwrap_or_default();
        let without = before.strip_suffix("\r\n").or(before.strip_suffix('\n')).unwrap_or(before);
        without.len()..end
    }

    /// Nothing is left, so brackets stand there, or what is new.
    fn remove_all(&self, insertions: &[Insertion], splices: &mut Vec<Splice>) -> Result<(), EditWhy> {
        let span = self.node.span.start..self.end_of_text(self.node.span.end.max(self.end()));
        let mut out = SecretBuffer::with_capacity(64);
        if !insertions.is_empty() {
            for (number, insertion) in insertions.iter().enumerate() {
                if number > 0 {
                    self.editor.block_line(self.column, &mut out);
                }
                self.editor.block_part(insertion, self.column, &mut out)?;
            }
            splices.push(Splice::new(span, out));
            return Ok(());
        }
        let brackets: &[u8] = if matches!(self.node.kind, NodeKind::Mapping(_)) { b"{}" } else { b"[]" };
        let at = self.editor.behind_last_significant(self.node.span.start);
        let is_below = self
            .editor
            .text
            .get(at..self.node.span.start)
            .is_some_and(|between| between.contains(['\n', '\r']));
        let is_behind_key = at.checked_sub(1).and_then(|at| self.editor.byte(at)) == Some(b':');
        if !(is_below && is_behind_key) {
            out.push(brackets);
            splices.push(Splice::new(span, out));
            return Ok(());
        }
        out.push(b" ");
        out.push(brackets);
        splices.push(Splice::new(at..at, out));
        for part in &self.parts {
            splices.push(Splice::deletion(self.lines(part)));
        }
        Ok(())
    }

    fn end(&self) -> usize {
        self.parts.last().map_or(self.node.span.end, |part| part.end)
    }

    fn insert(&self, insertion: &Insertion, removed: &[usize]) -> Result<Splice, EditWhy> {
        let text = self.editor.text;
        let newline = self.editor.style.newline.as_bytes();
        let mut out = SecretBuffer::with_capacity(64);
        let before = insertion.index.checked_sub(1).and_then(|number| self.parts.get(number));
        let Some(before) = before else {
            let first = (0..self.parts.len()).find(|number| !removed.contains(number));
            let first = first.and_then(|number| self.parts.get(number)).map_or(0, |part| part.start);
            let at = if self.is_first_in_line { line_start(text, first) } else { first };
            if self.is_first_in_line {
                out.push(" ".repeat(self.column).as_bytes());
            }
            self.editor.block_part(insertion, self.column, &mut out)?;
            out.push(newline);
            if !self.is_first_in_line {
                out.push(" ".repeat(self.column).as_bytes());
            }
            return Ok(Splice::before(at, out));
        };
        let kept_before = (0..insertion.index).any(|number| !removed.contains(&number));
        if !kept_before && !self.is_first_in_line {
            // All that stood behind the dash goes, and this comes there.
            let next = self.parts.get(insertion.index).map_or(before.end, |next| next.start);
            self.editor.block_part(insertion, self.column, &mut out)?;
            self.editor.block_line(self.column, &mut out);
            return Ok(Splice::before(next, out));
        }
        let at = if text.get(..before.end).is_some_and(|text| text.ends_with('\n')) {
            before.end
        } else {
            let rest = text.get(before.end..).unwrap_or_default();
            rest.find('\n').map_or(text.len(), |end| before.end + end + 1)
        };
        let is_at_line = text.get(..at).is_some_and(|text| text.ends_with(['\n', '\r']));
        if is_at_line {
            out.push(" ".repeat(self.column).as_bytes());
        } else {
            self.editor.block_line(self.column, &mut out);
        }
        self.editor.block_part(insertion, self.column, &mut out)?;
        if is_at_line {
            out.push(newline);
        }
        Ok(Splice::new(at..at, out))
    }
}
