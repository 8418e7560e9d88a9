//! `Builder`: an entry while it is being read.

use crate::catalog::client::FieldKind;
use crate::configuration::entry::{Fault, Field, NamedBy, NamedReference};
use crate::document::{Shape, Value};
use std::ops::Range;

/// How many values of one setting are looked at.
const MOST_LEAVES: usize = 4096;

/// What is known of an entry so far.
pub(super) struct Builder<'d> {
    pub(super) enabled: Option<bool>,
    pub(super) fields: Vec<Field<'d>>,
    pub(super) named: Vec<NamedReference<'d>>,
    pub(super) faults: Vec<Fault<'d>>,
}

impl<'d> Builder<'d> {
    pub(super) fn new() -> Self {
        Self { enabled: None, fields: Vec::new(), named: Vec::new(), faults: Vec::new() }
    }

    /// A value as a whole; what is nothing is no field.
    pub(super) fn field(&mut self, kind: FieldKind, name: impl Into<String>, value: Value<'d>) {
        self.part(kind, name, value, None);
    }

    /// A part of a value.
    pub(super) fn part(
        &mut self,
        kind: FieldKind,
        name: impl Into<String>,
        value: Value<'d>,
        part: Option<Range<usize>>,
    ) {
        if !matches!(value.shape(), Shape::Null | Shape::Mapping | Shape::Sequence) {
            self.fields.push(Field { kind, name: name.into(), value, part });
        }
    }

    /// A name of a variable.
    pub(super) fn names(&mut self, kind: FieldKind, target: Option<&str>, value: &Value<'d>, by: NamedBy) {
        let Some(text) = value.text() else { return };
        let variable = text.expose().to_owned();
        let target = target.map_or_else(|| variable.clone(), str::to_owned);
        self.named.push(NamedReference { kind, variable, target, value: value.clone(), by });
    }

    /// Something that keeps the server from working.
    pub(super) fn fault(&mut self, value: &Value<'d>, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        self.faults.push(Fault { what, mend, is_grave: true, value: value.clone() });
    }

    /// Something that the client does not do as a person may think, and that keeps nothing from working.
    pub(super) fn warning(&mut self, value: &Value<'d>, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        self.faults.push(Fault { what, mend, is_grave: false, value: value.clone() });
    }

    /// Every member of a mapping.
    pub(super) fn members(&mut self, kind: FieldKind, value: &Value<'d>) {
        for (key, value) in value.members() {
            self.field(kind, key.expose(), value);
        }
    }

    /// Every text in a value, each under the key that is nearest to it.
    pub(super) fn leaves(&mut self, kind: FieldKind, name: &str, value: &Value<'d>) {
        let mut left = MOST_LEAVES;
        self.leaves_where(kind, name, value, &|_| true, &mut left);
    }

    /// The same of texts under keys that fit. As deep as a document, which has a limit.
    pub(super) fn leaves_where(
        &mut self,
        kind: FieldKind,
        name: &str,
        value: &Value<'d>,
        fits: &dyn Fn(&str) -> bool,
        left: &mut usize,
    ) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match value.shape() {
            Shape::Mapping => {
                for (key, value) in value.members() {
                    self.leaves_where(kind, key.expose(), &value, fits, left);
                }
            }
            Shape::Sequence => {
                for value in value.items() {
                    self.leaves_where(kind, name, &value, fits, left);
                }
            }
            Shape::String if fits(name) => self.field(kind, name, value.clone()),
            _ => {}
        }
    }
}
