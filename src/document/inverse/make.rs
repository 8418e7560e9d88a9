//! Makes inverses of edits.

use std::ops::Range;

use crate::document::edit::{Edited, Marks, NewValue, Quoting, Spelling, Splice, Written};
use crate::document::inverse::hiding::Hiding;
use crate::document::inverse::hunk::{Hunk, Piece, Region, fingerprint};
use crate::document::inverse::step::Step;
use crate::document::inverse::template::{Part, Template};
use crate::document::inverse::{Inverse, InverseError};
use crate::document::{Pointer, Shape, Text, Value};
use crate::secret::Secret;

/// How the edits are undone: one inverse for every entry, and one for what is in none. `others` are secrets that are
/// stored nowhere and must not be written down.
///
/// # Errors
/// Where a secret would be written down.
pub(crate) fn inverses(
    edited: &Edited<'_>,
    others: &[Secret],
) -> Result<Vec<(String, Inverse)>, InverseError> {
    let old = edited.before();
    let hiding = Hiding::of(old, edited.hidden(), others);
    let mut maker = Maker { edited, hiding, groups: Vec::new() };
    for (label, _) in edited.groups() {
        maker.groups.push(Group { label: label.clone(), entry: None, steps: Vec::new(), is_shadowed: false });
    }
    let root = At::default();
    if let Some(first) = maker.groups.first_mut() {
        first.entry = Some((Pointer::default(), false));
    }
    maker.walk(&old.root(), &root)?;
    let secrets = maker.written_secrets();
    let groups = std::mem::take(&mut maker.groups);
    let mut inverses = Vec::new();
    for (number, group) in groups.into_iter().enumerate() {
        if group.steps.is_empty() {
            continue;
        }
        let (entry, is_shadowed) = group.entry.unwrap_or_default();
        let region = maker.region(number, (!is_shadowed).then_some(&entry), &secrets)?;
        inverses.push((
            group.label,
            Inverse { entry, region, steps: group.steps, is_shadowed: group.is_shadowed },
        ));
    }
    Ok(inverses)
}

struct Maker<'e, 'd> {
    edited: &'e Edited<'d>,
    hiding: Hiding<'e>,
    groups: Vec<Group>,
}

struct Group {
    label: String,
    /// Its entry after all edits, and whether another of the same key comes later.
    entry: Option<(Pointer, bool)>,
    steps: Vec<Step>,
    is_shadowed: bool,
}

/// Where a value is after all edits.
#[derive(Default)]
struct At {
    pointer: Pointer,
    /// The same from its entry.
    entry: Pointer,
    /// The same before all edits.
    was: Pointer,
    group: usize,
    is_shadowed: bool,
}

impl At {
    fn below(&self, key: &str, former: &str, is_shadowed: bool) -> Self {
        Self {
            pointer: self.pointer.join(key),
            entry: self.entry.join(key),
            was: self.was.join(former),
            group: self.group,
            is_shadowed: self.is_shadowed || is_shadowed,
        }
    }
}

impl At {
    fn moved(&self) -> Option<Pointer> {
        (self.was != self.entry).then(|| self.was.clone())
    }
}

/// Where the bytes of a secret lie.
struct WrittenSecret {
    span: Range<usize>,
    piece: Piece,
}

impl<'d> Maker<'_, 'd> {
    fn step(&mut self, at: &At, step: Step) {
        if let Some(group) = self.groups.get_mut(at.group) {
            group.steps.push(step);
            group.is_shadowed |= at.is_shadowed;
        }
    }

    /// As deep as the document, which has a limit.
    fn walk(&mut self, value: &Value<'d>, at: &At) -> Result<(), InverseError> {
        let marks = self.edited.marks_of(value);
        if let Some(marks) = marks {
            if let Some(new) = &marks.replacement {
                let now = Template::of_new(new, &self.hiding)?;
                let before = Template::of(value, &self.hiding)?;
                self.step(at, Step::Replaced { at: at.entry.clone(), was_at: at.moved(), now, before });
                return Ok(());
            }
            if !marks.parts.is_empty() {
                let now = Template::Text(self.text_after(value, marks)?);
                let before = Template::of(value, &self.hiding)?;
                self.step(at, Step::Replaced { at: at.entry.clone(), was_at: at.moved(), now, before });
            }
        }
        match value.shape() {
            Shape::Mapping => self.members(value, marks, at),
            Shape::Sequence => self.items(value, marks, at),
            _ => Ok(()),
        }
    }

    fn text_after(&self, value: &Value<'d>, marks: &Marks) -> Result<Vec<Part>, InverseError> {
        let said = value.text().map(Text::expose).unwrap_or_default();
        let mut parts = Vec::new();
        let mut copied = 0;
        for (part, with) in &marks.parts {
            parts.extend(self.hiding.plain(said.get(copied..part.start).unwrap_or_default())?);
            parts.extend(self.hiding.plain(with.expose_secret_str().map_err(|_| InverseError::NotText)?)?);
            copied = part.end;
        }
        parts.extend(self.hiding.plain(said.get(copied..).unwrap_or_default())?);
        Ok(joined(parts))
    }

    fn members(&mut self, value: &Value<'d>, marks: Option<&Marks>, at: &At) -> Result<(), InverseError> {
        let members: Vec<(Text<'d>, Value<'d>)> = value.members().collect();
        let insertions = marks.map_or(&[][..], |marks| marks.insertions.as_slice());
        let mut number = 0;
        for (position, (key, member)) in members.iter().enumerate() {
            number += insertions.iter().filter(|insertion| insertion.index == position).count();
            let is_shadowed = members
                .iter()
                .skip(position + 1)
                .any(|(later, value)| later == key && !self.edited.is_removed(value));
            let mut below = at.below(key.expose(), key.expose(), is_shadowed);
            if let Some(group) = self.edited.group_of(member) {
                below.group = group;
                below.entry = Pointer::default();
                below.was = Pointer::default();
                if let Some(group) = self.groups.get_mut(group) {
                    group.entry = Some((below.pointer.clone(), below.is_shadowed));
                }
            }
            if self.edited.is_removed(member) {
                let before = Template::of(member, &self.hiding)?;
                // Of an entry that goes as a whole, what holds it is left to point to.
                let at = at.below(key.expose(), key.expose(), is_shadowed);
                self.step(&at, Step::Removed { at: at.entry.clone(), index: number, before });
                continue;
            }
            number += 1;
            self.walk(member, &below)?;
        }
        for insertion in insertions {
            let now = Template::of_new(&insertion.value, &self.hiding)?;
            let key = insertion.key.as_deref().unwrap_or_default();
            let at = at.below(key, key, false);
            self.step(&at, Step::Added { at: at.entry.clone(), now });
        }
        Ok(())
    }

    fn items(&mut self, value: &Value<'d>, marks: Option<&Marks>, at: &At) -> Result<(), InverseError> {
        let items: Vec<Value<'d>> = value.items().collect();
        let insertions = marks.map_or(&[][..], |marks| marks.insertions.as_slice());
        let kept = items.iter().filter(|item| !self.edited.is_removed(item)).count();
        let length = kept + insertions.len();
        let mut number = 0;
        let mut gone: Vec<Template> = Vec::new();
        for position in 0..=items.len() {
            let new: Vec<&NewValue> = insertions
                .iter()
                .filter(|insertion| insertion.index == position)
                .map(|insertion| &insertion.value)
                .collect();
            if !new.is_empty() {
                let count = new.len();
                let now = new.into_iter().map(|new| Template::of_new(new, &self.hiding));
                let now = now.collect::<Result<_, _>>()?;
                self.step(at, Step::ItemsAdded { to: at.entry.clone(), index: number, now });
                number += count;
            }
            let item = items.get(position);
            if let Some(item) = item.filter(|item| self.edited.is_removed(item)) {
                gone.push(Template::of(item, &self.hiding)?);
                continue;
            }
            if !gone.is_empty() {
                let before = std::mem::take(&mut gone);
                let from = at.entry.clone();
                self.step(at, Step::ItemsRemoved { from, index: number, before, length });
            }
            let Some(item) = item else { break };
            let mut below = at.below(&number.to_string(), &position.to_string(), false);
            if let Some(group) = self.edited.group_of(item) {
                below.group = group;
                below.entry = Pointer::default();
                below.was = Pointer::default();
                if let Some(group) = self.groups.get_mut(group) {
                    group.entry = Some((below.pointer.clone(), below.is_shadowed));
                }
            }
            number += 1;
            self.walk(item, &below)?;
        }
        Ok(())
    }

    /// Where the bytes of every secret lie, in the order of the file.
    fn written_secrets(&self) -> Vec<WrittenSecret> {
        let mut secrets = Vec::new();
        self.find_secrets(&self.edited.before().root(), &mut secrets);
        secrets.sort_by_key(|secret| secret.span.start);
        secrets
    }

    fn find_secrets(&self, value: &Value<'d>, secrets: &mut Vec<WrittenSecret>) {
        let parts = self.hiding.in_value(value.address());
        if !parts.is_empty() {
            secrets.extend(self.secrets_in(value, &parts));
        }
        for (_, member) in value.members() {
            self.find_secrets(&member, secrets);
        }
        for item in value.items() {
            self.find_secrets(&item, secrets);
        }
    }

    fn secrets_in(&self, value: &Value<'d>, parts: &[(Range<usize>, &str)]) -> Vec<WrittenSecret> {
        let document = self.edited.before();
        let Some(written) = Written::of(document, value.node) else { return Vec::new() };
        let said = value.text().map(Text::expose).unwrap_or_default();
        let exactly = || {
            let alignment = written.alignment(document, value.node)?;
            let pieces = parts.iter().map(|(part, name)| {
                let span = alignment.written(part)?;
                let span = written.inside.start + span.start..written.inside.start + span.end;
                let raw = document.text().expose().get(span.clone())?;
                let spelling = Spelling::of(raw, said.get(part.clone())?, written.quoting)?;
                Some(WrittenSecret { span, piece: Piece::Credential { name: (*name).to_owned(), spelling } })
            });
            pieces.collect::<Option<Vec<_>>>()
        };
        exactly().unwrap_or_else(|| {
            let quoting = Quoting::double(document.syntax());
            // What can't be written down makes an empty one, and the values come back by their pointers.
            let parts = self.hiding.parts_of(value).unwrap_or_default();
            let mut span = written.outside.clone();
            if span != value.span() {
                let text = document.text().expose().get(..span.end).unwrap_or_default();
                span.end = text.trim_end_matches(['\n', '\r', ' ']).len();
            }
            vec![WrittenSecret { span, piece: Piece::Quoted { parts, quoting } }]
        })
    }

    fn region(
        &self,
        group: usize,
        entry: Option<&Pointer>,
        secrets: &[WrittenSecret],
    ) -> Result<Region, InverseError> {
        let after = self.edited.document();
        let mut hunks: Vec<(usize, &Splice)> = Vec::new();
        let mut grown = 0_usize;
        let mut shrunk = 0_usize;
        for splice in self.edited.splices() {
            if splice.group == group {
                hunks.push((splice.span.start + grown - shrunk, splice));
            }
            grown += splice.with.len();
            shrunk += splice.span.len();
        }
        let entry = entry.and_then(|entry| after.find(entry)).unwrap_or_else(|| after.root());
        let first = hunks.first().map_or(entry.span().start, |(at, _)| *at);
        let last = hunks.last().map_or(entry.span().end, |(at, splice)| at + splice.with.len());
        let span = first.min(entry.span().start)..last.max(entry.span().end);
        let bytes = after.text().expose().as_bytes().get(span.clone()).unwrap_or_default();
        let mut region = Region {
            lead: entry.span().start - span.start,
            length: span.len(),
            sha256: fingerprint(bytes),
            hunks: Vec::new(),
        };
        for (at, splice) in hunks {
            let before = self.pieces(&splice.span, secrets)?;
            region.hunks.push(Hunk { at: at - span.start, now: splice.with.len(), before });
        }
        Ok(region)
    }

    /// Bytes that were replaced, with names where secrets were.
    fn pieces(&self, span: &Range<usize>, secrets: &[WrittenSecret]) -> Result<Vec<Piece>, InverseError> {
        let text = self.edited.before().text().expose();
        let mut pieces = Vec::new();
        let mut copied = span.start;
        for secret in secrets.iter().filter(|it| it.span.start < span.end && span.start < it.span.end) {
            if secret.span.start < copied || span.end < secret.span.end {
                return Err(InverseError::SecretInPart);
            }
            pieces.extend(self.plain(text.get(copied..secret.span.start).unwrap_or_default())?);
            pieces.push(secret.piece.clone());
            copied = secret.span.end;
        }
        pieces.extend(self.plain(text.get(copied..span.end).unwrap_or_default())?);
        Ok(pieces)
    }

    fn plain(&self, text: &str) -> Result<Vec<Piece>, InverseError> {
        let quoting = Quoting::YamlPlain;
        let parts = self.hiding.plain(text)?.into_iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text),
            Part::Credential(name) => Piece::Credential { name, spelling: Spelling::plain(quoting) },
        });
        Ok(parts.collect())
    }
}

/// Texts that follow one another made one, so that the same text is always noted in the same way.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut result: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (result.last_mut(), part) {
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => result.push(part),
        }
    }
    result
}
