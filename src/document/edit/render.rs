//! New values as text, in the style of the document that they come into.

use crate::document::Syntax;
use crate::document::edit::editor::Editor;
use crate::document::edit::spelling::{self, Quoting};
use crate::document::edit::{EditWhy, Insertion, NewValue};
use crate::secret::SecretBuffer;

/// Where a value comes to stand.
pub(super) struct Layout {
    /// The white space that its line begins with.
    pub(super) indentation: String,
    /// Whether what is in it has lines of its own.
    pub(super) is_tall: bool,
}

impl Editor<'_> {
    /// A value between brackets, with its key where it has one.
    pub(super) fn render_child(
        &self,
        insertion: &Insertion,
        layout: &Layout,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        if let Some(key) = &insertion.key {
            self.render_key(key, out)?;
            out.push(self.style.colon.as_bytes());
        }
        self.render(&insertion.value, layout, out)
    }

    pub(super) fn render_key(&self, key: &str, out: &mut SecretBuffer) -> Result<(), EditWhy> {
        let syntax = self.document.syntax();
        let is_bare = match syntax {
            Syntax::Json | Syntax::Jsonc => false,
            Syntax::Toml => {
                !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
            }
            Syntax::Yaml => spelling::is_plain_in_yaml(key),
        };
        if is_bare {
            out.push(key.as_bytes());
            return Ok(());
        }
        spelling::write(key, Quoting::double(syntax), out)
    }

    /// A value in brackets, or in quotes.
    pub(super) fn render(
        &self,
        value: &NewValue,
        layout: &Layout,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        let syntax = self.document.syntax();
        match value {
            NewValue::Null if syntax == Syntax::Toml => {
                return Err(EditWhy::Unsupported("TOML has nothing that stands for nothing"));
            }
            NewValue::Null => out.push(b"null"),
            NewValue::Boolean(true) => out.push(b"true"),
            NewValue::Boolean(false) => out.push(b"false"),
            NewValue::Number(number) => out.push(number.as_bytes()),
            NewValue::Text(text) => {
                let text =
                    text.expose_secret_str().map_err(|_| EditWhy::Unsupported("no text can hold it"))?;
                let is_plain = syntax == Syntax::Yaml && spelling::is_plain_in_yaml(text);
                let quoting = if is_plain { Quoting::YamlPlain } else { Quoting::double(syntax) };
                spelling::write(text, quoting, out)?;
            }
            NewValue::Sequence(items) => {
                let is_tall = layout.is_tall
                    && syntax != Syntax::Yaml
                    && self.style.tall_sequences.unwrap_or(syntax != Syntax::Toml);
                self.render_all(items.iter().map(|item| (None, item)), *b"[]", is_tall, layout, out)?;
            }
            NewValue::Mapping(members) => {
                let is_tall = layout.is_tall && matches!(syntax, Syntax::Json | Syntax::Jsonc);
                let members = members.iter().map(|(key, value)| (Some(key.as_str()), value));
                self.render_all(members, *b"{}", is_tall, layout, out)?;
            }
        }
        Ok(())
    }

    fn render_all<'v>(
        &self,
        children: impl ExactSizeIterator<Item = (Option<&'v str>, &'v NewValue)>,
        brackets: [u8; 2],
        is_tall: bool,
        layout: &Layout,
        out: &mut SecretBuffer,
    ) -> Result<(), EditWhy> {
        let is_empty = children.len() == 0;
        let inner = Layout {
            indentation: if is_tall {
                format!("{}{}", layout.indentation, self.style.unit)
            } else {
                layout.indentation.clone()
            },
            is_tall,
        };
        let padding = if brackets == *b"{}" && !is_empty { self.style.padding.as_str() } else { "" };
        let edge = |indentation: &str, out: &mut SecretBuffer| {
            if is_tall && !is_empty {
                out.push(self.style.newline.as_bytes());
                out.push(indentation.as_bytes());
            } else {
                out.push(padding.as_bytes());
            }
        };
        out.push(&brackets[..1]);
        for (number, (key, value)) in children.enumerate() {
            if number == 0 || is_tall {
                if number > 0 {
                    out.push(b",");
                }
                edge(&inner.indentation, out);
            } else {
                out.push(b",");
                out.push(self.style.gap.as_bytes());
            }
            if let Some(key) = key {
                self.render_key(key, out)?;
                out.push(self.style.colon.as_bytes());
            }
            self.render(value, &inner, out)?;
        }
        edge(&layout.indentation, out);
        out.push(&brackets[1..]);
        Ok(())
    }
}
