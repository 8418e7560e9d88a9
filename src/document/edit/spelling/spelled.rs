//! `Spelling`: how one text was written, said without the text: enough to write it, or another one, the same way.

use serde::{Deserialize, Serialize};

use crate::document::edit::spelling::align::{Alignment, Piece};
use crate::document::edit::spelling::quoting::{Quoting, hexadecimal};
use crate::secret::{Secret, SecretBuffer};

/// The style, and what in it is not written as most programs would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spelling {
    quoting: Quoting,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    odd: Vec<Odd>,
}

/// A character, or white space, that is written in a way of its own. It tells where, and never which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Odd {
    /// Before this byte of the text.
    at: usize,
    /// How many bytes of the text it stands for.
    said: usize,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// As it is.
    Verbatim,
    /// A backslash and a letter.
    Short,
    /// A number of this many digits.
    Number { digits: usize, is_upper: bool },
    /// White space and backslashes, as they are written.
    Blank(String),
}

impl Spelling {
    /// The plain way of a style.
    pub(crate) fn plain(quoting: Quoting) -> Self {
        Self { quoting, odd: Vec::new() }
    }

    /// How a text is written; nothing where that can't be said in this way.
    pub(crate) fn of(written: &str, said: &str, quoting: Quoting) -> Option<Self> {
        let alignment = Alignment::of(written, said, quoting)?;
        let mut spelling = Self::plain(quoting);
        let (mut at_written, mut at_said) = (0, 0);
        for piece in &alignment.0 {
            let raw = written.get(at_written..at_written + piece.written)?;
            let text = said.get(at_said..at_said + piece.said)?;
            spelling.note(raw, text, at_said, *piece)?;
            at_written += piece.written;
            at_said += piece.said;
        }
        let again = spelling.write(said)?;
        (again.expose_secret() == written.as_bytes()).then_some(spelling)
    }

    fn note(&mut self, raw: &str, text: &str, at: usize, piece: Piece) -> Option<()> {
        let quoting = self.quoting;
        if piece.is_same {
            for (offset, character) in text.char_indices() {
                let mut plain = SecretBuffer::with_capacity(12);
                let is_plain =
                    quoting.spell(character, &mut plain) && plain.into_secret().len() == character.len_utf8();
                if !is_plain {
                    let said = character.len_utf8();
                    self.odd.push(Odd { at: at + offset, said, form: Form::Verbatim });
                }
            }
            return Some(());
        }
        let mut characters = text.chars();
        let is_written = |write: &dyn Fn(char, &mut SecretBuffer) -> bool| {
            let mut characters = text.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else { return false };
            let mut out = SecretBuffer::with_capacity(12);
            write(character, &mut out) && out.into_secret().expose_secret() == raw.as_bytes()
        };
        if is_written(&|character, out| quoting.spell(character, out)) {
            return Some(());
        }
        let numbers = [2, 4, 8].into_iter().flat_map(|digits| [(digits, false), (digits, true)]);
        let number = numbers.into_iter().find(|(digits, is_upper)| {
            is_written(&|character, out| hexadecimal(character, *digits, *is_upper, out))
        });
        let form = if is_written(&|character, out| quoting.short(character, out)) {
            Form::Short
        } else if let Some((digits, is_upper)) = number {
            Form::Number { digits, is_upper }
        } else if raw.chars().all(|it| matches!(it, ' ' | '\t' | '\r' | '\n' | '\\'))
            && characters.all(char::is_whitespace)
        {
            Form::Blank(raw.to_owned())
        } else {
            return None;
        };
        self.odd.push(Odd { at, said: text.len(), form });
        Some(())
    }

    /// Writes a text, without quotes, in this way; nothing where that is not possible with it.
    pub(crate) fn write(&self, text: &str) -> Option<Secret> {
        let mut out = SecretBuffer::with_capacity(text.len() + 16);
        let mut odd = self.odd.iter().peekable();
        let mut at = 0;
        loop {
            while let Some(next) = odd.next_if(|odd| odd.at == at) {
                let meant = text.get(at..at + next.said)?;
                let mut characters = meant.chars();
                match &next.form {
                    Form::Blank(raw) => {
                        meant.chars().all(char::is_whitespace).then_some(())?;
                        out.push(raw.as_bytes());
                    }
                    Form::Verbatim => out.push(meant.as_bytes()),
                    Form::Short => self.quoting.short(characters.next()?, &mut out).then_some(())?,
                    Form::Number { digits, is_upper } => {
                        hexadecimal(characters.next()?, *digits, *is_upper, &mut out).then_some(())?;
                    }
                }
                at += next.said;
            }
            let Some(character) = text.get(at..)?.chars().next() else { break };
            self.quoting.spell(character, &mut out).then_some(())?;
            at += character.len_utf8();
        }
        odd.next().is_none().then(|| out.into_secret())
    }
}
