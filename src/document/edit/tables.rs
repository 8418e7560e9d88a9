//! Tables of TOML that are written as statements: with headers, or with dots in keys.

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::document::edit::editor::Editor;
use crate::document::edit::render::Layout;
use crate::document::edit::splice::Splice;
use crate::document::edit::statements::{Key, Kind, Statement, statements};
use crate::document::edit::style::{indentation, line_start};
use crate::document::edit::{EditWhy, Insertion, NewValue};
use crate::document::node::{Node, NodeKind};
use crate::document::place::BYTE_ORDER_MARK;
use crate::secret::SecretBuffer;

/// A table, or an array of tables, and all statements of the document.
struct Tables<'e, 'd> {
    editor: &'e Editor<'d>,
    statements: Vec<Statement>,
    path: Vec<Key>,
}

impl Editor<'_> {
    /// Takes members away and puts new ones in.
    pub(super) fn table(
        &self,
        node: &Node,
        removed: &[usize],
        insertions: &[Insertion],
    ) -> Result<Vec<Splice>, EditWhy> {
        let mut path = Vec::new();
        if !self.find_path(&self.document.tree.root, node, &mut path) {
            return Err(EditWhy::Unsupported("this table is not found"));
        }
        let base = if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let statements = statements(self.text.get(base..).unwrap_or_default(), base);
        let tables = Tables { editor: self, statements, path };
        let mut splices = Vec::new();
        if !removed.is_empty() {
            tables.remove(node, removed, insertions.is_empty(), &mut splices)?;
        }
        for insertion in insertions {
            splices.push(tables.insert(insertion, removed)?);
        }
        Ok(splices)
    }

    fn find_path(&self, from: &Node, node: &Node, path: &mut Vec<Key>) -> bool {
        if std::ptr::eq(from, node) {
            return true;
        }
        let bytes = self.text.as_bytes();
        let children: Vec<(String, &Node)> = match &from.kind {
            NodeKind::Mapping(members) => {
                members.iter().map(|member| (member.key.text(bytes).to_owned(), &member.value)).collect()
            }
            NodeKind::Sequence(nodes) => {
                nodes.iter().enumerate().map(|(number, node)| (number.to_string(), node)).collect()
            }
            _ => return false,
        };
        for (key, child) in children {
            path.push(Zeroizing::new(key));
            if self.find_path(child, node, path) {
                return true;
            }
            path.pop();
        }
        false
    }
}

impl Tables<'_, '_> {
    fn child(&self, node: &Node, number: usize) -> Vec<Key> {
        let key = match &node.kind {
            NodeKind::Mapping(members) => {
                members.get(number).map(|member| member.key.text(self.editor.text.as_bytes()).to_owned())
            }
            _ => Some(number.to_string()),
        };
        let mut path = self.path.clone();
        path.push(Zeroizing::new(key.unwrap_or_default()));
        path
    }

    fn remove(
        &self,
        node: &Node,
        removed: &[usize],
        is_all: bool,
        splices: &mut Vec<Splice>,
    ) -> Result<(), EditWhy> {
        let gone: Vec<Vec<Key>> = removed.iter().map(|number| self.child(node, *number)).collect();
        let doomed: HashSet<usize> = self
            .statements
            .iter()
            .enumerate()
            .filter(|(_, statement)| gone.iter().any(|path| statement.is_in(path)))
            .map(|(number, _)| number)
            .collect();
        let remains = self
            .statements
            .iter()
            .enumerate()
            .any(|(number, statement)| !doomed.contains(&number) && statement.is_in(&self.path));
        let mut needs_stand_in = is_all && !remains && !self.path.is_empty();
        for (number, statement) in self.statements.iter().enumerate() {
            if !doomed.contains(&number) {
                continue;
            }
            if std::mem::take(&mut needs_stand_in) {
                let span = statement.span.clone();
                splices.push(Splice::text(span, &self.stand_in(statement)?));
                continue;
            }
            splices.push(Splice::deletion(self.line(statement)));
        }
        Ok(())
    }

    /// What says that there is an empty table, in the place of the first statement about what was in it.
    fn stand_in(&self, statement: &Statement) -> Result<String, EditWhy> {
        let own =
            self.path.len().checked_sub(statement.table).filter(|own| *own > 0 || statement.is_header());
        let last = own.and_then(|own| statement.keys.get(own.checked_sub(1)?));
        let has_numbers = statement.is_header() && statement.keys.len() != statement.path.len();
        let Some(last) = last.filter(|_| !has_numbers) else {
            return Err(EditWhy::Unsupported("an empty array of tables can't be written here"));
        };
        let keys = self.editor.text.get(statement.span.start..last.end).unwrap_or_default();
        Ok(match statement.kind {
            Kind::Table => format!("{keys}]"),
            Kind::Pair => format!("{keys}{}{{}}", self.editor.style.colon),
            Kind::Item => return Err(EditWhy::Unsupported("an empty array of tables can't be written here")),
        })
    }

    /// The lines of a statement with their end; comments stay. Blank lines before a header go with it.
    fn line(&self, statement: &Statement) -> Range<usize> {
        let text = self.editor.text;
        let start = line_start(text, statement.span.start);
        let is_first = text
            .get(start..statement.span.start)
            .is_some_and(|it| it.bytes().all(|it| matches!(it, b' ' | b'\t')));
        let after = self.editor.behind_blanks(statement.span.end);
        if !is_first || self.editor.comment_at(after).is_some() {
            return statement.span.start..after;
        }
        let rest = text.get(after..).unwrap_or_default();
        let end =
            after + if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with(['\n', '\r'])) };
        let before = text.get(..start).unwrap_or_default();
        if end == after {
            // The last line has no end, and the one before gets none.
            let without = before.strip_suffix("\r\n").or(before.strip_suffix('\n')).unwrap_or(before);
            return without.len()..end;
        }
        if statement.is_header() {
            let content = before.trim_end_matches([' ', '\t', '\r', '\n']);
            let first_blank = text
                .get(content.len()..start)
                .and_then(|it| it.find('\n'))
                .map_or(start, |end| content.len() + end + 1);
            return if content.is_empty() { start..end } else { first_blank..end };
        }
        start..end
    }

    fn insert(&self, insertion: &Insertion, removed: &[usize]) -> Result<Splice, EditWhy> {
        let Some(key) = &insertion.key else { return self.insert_item(insertion, removed) };
        let is_section = matches!(&insertion.value, NewValue::Mapping(members) if !members.is_empty());
        let header = self.statements.iter().position(|it| it.is_header() && it.path == self.path);
        let pairs = |table: usize| {
            self.statements
                .iter()
                .rev()
                .find(move |it| it.kind == Kind::Pair && it.table == table && it.is_in(&self.path))
        };
        // With dots in keys of another table.
        if !self.path.is_empty()
            && header.is_none()
            && let Some(last) = self
                .statements
                .iter()
                .rev()
                .find(|it| it.kind == Kind::Pair && it.table < self.path.len() && it.is_in(&self.path))
            && let Some(end) = last.keys.get(self.path.len() - last.table - 1)
        {
            let prefix = self.editor.text.get(last.span.start..end.end).unwrap_or_default();
            return self.pair_after(last, prefix, key, &insertion.value);
        }
        if is_section && !self.is_inline_here() {
            return self.section(key, &insertion.value, false);
        }
        if let Some(last) = pairs(self.path.len()) {
            return self.pair_after(last, "", key, &insertion.value);
        }
        match header.and_then(|header| self.statements.get(header)) {
            Some(header) => self.pair_after(header, "", key, &insertion.value),
            None if self.path.is_empty() => self.first_pair(key, &insertion.value),
            None => self.new_header(key, &insertion.value),
        }
    }

    /// Whether tables beside the new one are written within a line.
    fn is_inline_here(&self) -> bool {
        let depth = self.path.len() + 1;
        let is_beside = |it: &&Statement| it.is_in(&self.path) && it.path.len() >= depth;
        let has_headers = self.statements.iter().filter(is_beside).any(Statement::is_header);
        let is_table = |it: &&Statement| {
            let end = it.span.end.saturating_sub(1);
            it.kind == Kind::Pair && it.path.len() == depth && self.editor.byte(end) == Some(b'}')
        };
        !has_headers && self.statements.iter().filter(is_beside).any(|it| is_table(&it))
    }

    fn pair_after(
        &self,
        statement: &Statement,
        prefix: &str,
        key: &str,
        value: &NewValue,
    ) -> Result<Splice, EditWhy> {
        let text = self.editor.text;
        let at = self.end_of_line(statement.span.end);
        let mut out = SecretBuffer::with_capacity(64);
        let ends = text.get(..at).is_some_and(|before| before.ends_with(['\n', '\r']));
        if !ends {
            out.push(self.editor.style.newline.as_bytes());
        }
        out.push(indentation(text, statement.span.start).as_bytes());
        if !prefix.is_empty() {
            out.push(prefix.as_bytes());
            out.push(b".");
        }
        self.pair(key, value, &mut out)?;
        if ends {
            out.push(self.editor.style.newline.as_bytes());
        }
        Ok(Splice::new(at..at, out))
    }

    fn pair(&self, key: &str, value: &NewValue, out: &mut SecretBuffer) -> Result<(), EditWhy> {
        self.editor.render_key(key, out)?;
        out.push(self.editor.style.colon.as_bytes());
        self.editor.render(value, &Layout { indentation: String::new(), is_tall: true }, out)
    }

    /// A pair in a document that has none outside of tables.
    fn first_pair(&self, key: &str, value: &NewValue) -> Result<Splice, EditWhy> {
        let newline = self.editor.style.newline.as_bytes();
        let mut out = SecretBuffer::with_capacity(64);
        let Some(first) = self.statements.first() else {
            let at = self.editor.text.len();
            let is_at_line = self.editor.text.get(..at).is_some_and(|it| it.ends_with(['\n', '\r']));
            if !is_at_line && !self.editor.text.trim_start_matches(BYTE_ORDER_MARK).is_empty() {
                out.push(newline);
            }
            self.pair(key, value, &mut out)?;
            out.push(newline);
            return Ok(Splice::new(at..at, out));
        };
        let at = line_start(self.editor.text, first.span.start);
        self.pair(key, value, &mut out)?;
        out.push(newline);
        out.push(newline);
        Ok(Splice::before(at, out))
    }

    /// A header for a table that only has tables in it, before the first of them.
    fn new_header(&self, key: &str, value: &NewValue) -> Result<Splice, EditWhy> {
        let newline = self.editor.style.newline.as_bytes();
        let first = self.statements.iter().find(|it| it.is_in(&self.path));
        let first = first.ok_or(EditWhy::Unsupported("this table is not found"))?;
        let at = line_start(self.editor.text, first.span.start);
        let mut out = SecretBuffer::with_capacity(64);
        self.header(&self.path, false, &mut out)?;
        self.pair(key, value, &mut out)?;
        out.push(newline);
        out.push(newline);
        Ok(Splice::before(at, out))
    }

    /// A table of its own behind all that is in this one, or an item of an array of tables.
    fn section(&self, key: &str, value: &NewValue, is_item: bool) -> Result<Splice, EditWhy> {
        let text = self.editor.text;
        let last = self.statements.iter().rev().find(|it| it.is_in(&self.path)).or(self.statements.last());
        let mut out = SecretBuffer::with_capacity(128);
        let newline = self.editor.style.newline.as_bytes();
        let at = last.map_or(text.len(), |last| self.end_of_line(last.span.end));
        let is_at_line = text.get(..at).is_some_and(|it| it.ends_with(['\n', '\r']));
        if last.is_some() || !text.trim_start_matches(BYTE_ORDER_MARK).trim().is_empty() {
            if !is_at_line {
                out.push(newline);
            }
            out.push(newline);
        }
        let mut path = self.path.clone();
        if !is_item {
            path.push(Zeroizing::new(key.to_owned()));
        }
        self.sections(&path, value, is_item, &mut out)?;
        let mut out = out.into_secret();
        if last.is_some() && !is_at_line {
            // A file whose last line has no end keeps that.
            let bytes = out.expose_secret();
            let without = bytes.strip_suffix(newline).unwrap_or(bytes);
            out = crate::secret::Secret::copy_of(without);
        }
        Ok(Splice::of(at..at, out))
    }

    fn sections(
        &self,
        path: &[Key],
        value: &NewValue,
        is_item: bool,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        let NewValue::Mapping(members) = value else {
            return Err(EditWhy::Unsupported("an array of tables holds tables alone"));
        };
        let newline = self.editor.style.newline.as_bytes();
        self.header(path, is_item, out)?;
        let is_table = |value: &NewValue| matches!(value, NewValue::Mapping(members) if !members.is_empty());
        for (key, value) in members.iter().filter(|(_, value)| !is_table(value)) {
            self.pair(key, value, out)?;
            out.push(newline);
        }
        for (key, value) in members.iter().filter(|(_, value)| is_table(value)) {
            // Below an item, a table within a line is certain to belong to it.
            if is_item || self.has_inline_tables() {
                self.pair(key, value, out)?;
                out.push(newline);
                continue;
            }
            let mut inner = path.to_vec();
            inner.push(Zeroizing::new(key.clone()));
            out.push(newline);
            self.sections(&inner, value, false, out)?;
        }
        Ok(())
    }

    /// Whether entries beside the new one have their tables within a line.
    fn has_inline_tables(&self) -> bool {
        let depth = self.path.len() + 2;
        let beside: Vec<&Statement> =
            self.statements.iter().filter(|it| it.is_in(&self.path) && it.path.len() >= depth).collect();
        let is_line = |it: &&Statement| {
            let end = it.span.end.saturating_sub(1);
            it.kind == Kind::Pair && it.path.len() == depth && self.editor.byte(end) == Some(b'}')
        };
        !beside.iter().any(|it| it.is_header() && it.path.len() >= depth) && beside.iter().any(is_line)
    }

    fn header(&self, path: &[Key], is_item: bool, out: &mut SecretBuffer) -> Result<(), EditWhy> {
        out.push(if is_item { b"[[" } else { b"[" });
        // Numbers of items are not written.
        let arrays: Vec<&[Key]> = self
            .statements
            .iter()
            .filter(|it| it.kind == Kind::Item)
            .filter_map(|it| it.path.split_last().map(|(_, array)| array))
            .collect();
        let mut is_first = true;
        for (number, key) in path.iter().enumerate() {
            let is_number = path.get(..number).is_some_and(|before| arrays.contains(&before));
            if is_number {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                out.push(b".");
            }
            self.editor.render_key(key, out)?;
        }
        out.push(if is_item { b"]]" } else { b"]" });
        out.push(self.editor.style.newline.as_bytes());
        Ok(())
    }

    fn insert_item(&self, insertion: &Insertion, removed: &[usize]) -> Result<Splice, EditWhy> {
        let next = insertion.index.to_string();
        let mut path = self.path.clone();
        path.push(Zeroizing::new(next));
        let next = self.statements.iter().find(|it| it.kind == Kind::Item && it.path == path);
        let Some(next) = next.filter(|_| !removed.contains(&insertion.index)) else {
            return self.section("", &insertion.value, true);
        };
        let at = line_start(self.editor.text, next.span.start);
        let mut out = SecretBuffer::with_capacity(128);
        self.sections(&self.path, &insertion.value, true, &mut out)?;
        out.push(self.editor.style.newline.as_bytes());
        Ok(Splice::before(at, out))
    }

    /// Behind the end of a line, or the end of the file.
    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.editor.text.get(from..).unwrap_or_default();
        rest.find('\n').map_or(self.editor.text.len(), |end| from + end + 1)
    }
}
