//! Values that are written out in an entry: what should be a secret and is none.

use crate::catalog::client::FieldKind;
use crate::catalog::server::SecretKind;
use crate::check::exposure::{in_words, suggested_name};
use crate::check::finding::{Reason, Status};
use crate::check::handing;
use crate::check::presence::Presence;
use crate::check::verdict::Verdict;
use crate::configuration::entry::Field;
use crate::document::Text;
use crate::recognise::{Context, place_elsewhere};
use crate::secret::Secret;

impl<'d> Presence<'_, 'd> {
    /// A secret in such a value is told elsewhere, and here nothing, a word that stands for one, and the place of one
    /// that only another program looks up.
    pub(super) fn literal(&mut self, field: &Field<'d>, text: Text<'d>) {
        if self.path(field, text.expose()) {
            return;
        }
        let is_value =
            matches!(field.kind, FieldKind::Env | FieldKind::Headers) && self.is_secret(&field.name);
        if is_value && self.whole(field, text.expose()) {
            return;
        }
        if matches!(field.kind, FieldKind::InputDefault | FieldKind::Setting) {
            return;
        }
        let context = Context { name: &field.name, field: field.kind };
        let Some(span) = self.values.detector.requests(&context, text).into_iter().next() else { return };
        let message = format!("a placeholder and no value stands in {}", in_words(field));
        self.store_instead(field, Verdict::problem(Reason::Malformed, message), span.start);
    }

    /// Judges a path that is written out, where the server looks it up on this machine. A relative one counts from a
    /// folder that only the server knows. Whether it was one.
    fn path(&mut self, field: &Field<'d>, text: &str) -> bool {
        // Few values look like that, so the catalog is asked last.
        if field.kind != FieldKind::Env
            || self.entry.configuration.elsewhere
            || !std::env::split_paths(text).all(|path| path.is_absolute())
        {
            return false;
        }
        let requirement = self.values.catalog.requirement(&field.name);
        let is_path = requirement.is_some_and(|it| it.kind == SecretKind::Path);
        let is_here = self
            .server
            .is_some_and(|known| !known.server.known_by.images.iter().any(|image| image == known.known_by));
        if !is_path || !is_here {
            return false;
        }
        let verdict = self.values.value(&field.name, &Secret::copy_of(text.as_bytes()));
        self.judge(Some(field.name.clone()), verdict, Some(field.value.clone()));
        true
    }

    /// Judges a value that should be a secret as a whole. Whether there was something to say.
    fn whole(&mut self, field: &Field<'d>, text: &str) -> bool {
        let name = field.name.as_str();
        let value = text.strip_prefix("Bearer ").unwrap_or(text);
        if let Some(place) = place_elsewhere(value) {
            self.place_elsewhere(field, place);
            return true;
        }
        let Some(verdict) = self.values.literal(name, &Secret::copy_of(value.as_bytes())) else {
            return false;
        };
        self.store_instead(field, verdict, 0);
        true
    }

    /// `op://…`: whoever starts the server looks it up, or nobody does.
    fn place_elsewhere(&mut self, field: &Field<'d>, place: &str) {
        let name = field.name.as_str();
        let is_variable = field.kind == FieldKind::Env;
        let verdict = if let Some(broker) = is_variable.then(|| self.broker()).flatten() {
            let message =
                format!("`{broker}` looks up `{name}` when it starts the server, and was not asked");
            Verdict::new(Status::Unknown, Reason::NotVerifiable, message)
        } else {
            let message =
                format!("nothing looks up what `{name}` names with `{place}…`: it is passed on as it is");
            let instead = handing::instead(self.entry, field, name);
            Verdict::problem(Reason::UnsupportedReference, message).advice(format!(
                "start the server with the program that knows such places, or store the value, and {instead}"
            ))
        };
        self.judge(Some(name.to_owned()), verdict, Some(field.value.clone()));
    }

    fn store_instead(&mut self, field: &Field<'d>, verdict: Verdict, within: usize) {
        let credential = suggested_name(self.values, self.entry, field, None);
        let instead = handing::instead(self.entry, field, &credential);
        let known = self.values.known;
        let verdict = if known.is_none() || known.find(&credential).is_some() {
            verdict.advice(instead)
        } else {
            verdict.command(format!("store the real one, and {instead}"), format!("mcpcred add {credential}"))
        };
        self.judge_within(Some(credential), verdict, Some(field.value.clone()), within);
    }
}
