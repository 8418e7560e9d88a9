//! `Malformation`: what is wrong with a value that should be a secret, without looking it up anywhere.

use std::fmt;

use crate::catalog::provider::TokenShape;
use crate::catalog::server::SecretKind;
use crate::recognise::detector::Detector;
use crate::recognise::never;
use crate::secret::Secret;

/// The longest path of any system, in bytes.
const MAX_PATH: usize = 4096;

/// What is wrong. None of it is a part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformation {
    /// It is no text.
    NotText,
    /// A character that nobody sees.
    Invisible,
    /// It ends in a newline, which `echo` leaves there.
    TrailingNewline,
    /// It stands between quotes, which a shell would have taken off.
    Quoted,
    /// A blank before or behind it.
    Padded,
    /// It goes over several lines.
    SeveralLines,
    /// A blank within it.
    Spaced,
    /// `Bearer` or another word of a header before it. Not wrong where the server wants the whole header.
    Scheme,
    /// `NAME=value` instead of the value.
    Assignment,
    /// `your-token-here`, `${TOKEN}`, a row of `x`.
    Placeholder,
    /// A character that no token has.
    NotAscii,
    /// Shorter than it should be, or shortened with dots.
    Truncated {
        /// How many characters there are.
        has: usize,
        /// How many such a token has at least, where that is known.
        needs: Option<usize>,
    },
    /// The content of a file where its path should be.
    ContentForPath,
    /// A path that begins with `~`, which only a shell understands.
    Tilde,
    /// A path where the content of the file should be.
    PathForContent,
    /// No JSON where JSON should be.
    NotJson,
    /// No address where one should be.
    NotAddress,
}

/// In half a sentence whose subject is the value: `ends in a newline`.
impl fmt::Display for Malformation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::NotText => "is no text",
            Self::Invisible => "holds a character that nobody sees",
            Self::TrailingNewline => "ends in a newline",
            Self::Quoted => "stands between quotes",
            Self::Padded => "has a blank before or behind it",
            Self::SeveralLines => "goes over several lines",
            Self::Spaced => "has a blank within it",
            Self::Scheme => "begins with a word of a header, such as `Bearer`",
            Self::Assignment => "is a whole line `NAME=value` instead of the value",
            Self::Placeholder => "is a placeholder and no value",
            Self::NotAscii => "holds a character that no token has",
            Self::Truncated { has, needs: Some(needs) } => {
                return write!(
                    formatter,
                    "was cut off: it has {has} characters, and such a token has at least {needs}"
                );
            }
            Self::Truncated { needs: None, .. } => "was cut off: it holds dots in place of the rest",
            Self::ContentForPath => "is the content of a file, and its path is needed",
            Self::Tilde => "is a path that begins with `~`, which only a shell understands",
            Self::PathForContent => "is the path of a file, and its content is needed",
            Self::NotJson => "is no JSON",
            Self::NotAddress => "is no address of the form `scheme://host`",
        };
        formatter.write_str(words)
    }
}

impl Detector<'_> {
    /// What is wrong with a value of this kind, the likeliest reason first; nothing where it looks as it should, and
    /// where it is empty. `expected` is the shape that it should have, where only one can be meant; without it the
    /// value's own beginning tells.
    pub(crate) fn malformed(
        &self,
        value: &Secret,
        expected: Option<&TokenShape>,
        kind: SecretKind,
    ) -> Option<Malformation> {
        if value.is_empty() {
            return None;
        }
        let Ok(text) = value.expose_secret_str() else { return Some(Malformation::NotText) };
        if text.chars().any(is_invisible) {
            return Some(Malformation::Invisible);
        }
        if text.ends_with(['\n', '\r']) && !text.trim().contains(['\n', '\r']) {
            return Some(Malformation::TrailingNewline);
        }
        match kind {
            SecretKind::Password => never::is_placeholder(text).then_some(Malformation::Placeholder),
            SecretKind::Path => of_path(text),
            // Of several lines it may be YAML as well.
            SecretKind::Document if !text.starts_with('{') && text.contains('\n') => None,
            SecretKind::Document => framed(text).or_else(|| of_json(text)),
            SecretKind::PrivateKey => None,
            SecretKind::ConnectionString => framed(text).or_else(|| of_address(text)),
            SecretKind::Token | SecretKind::PairId | SecretKind::PairSecret => self.of_token(text, expected),
        }
    }

    fn of_token(&self, text: &str, expected: Option<&TokenShape>) -> Option<Malformation> {
        // A key in PEM has lines.
        if text.starts_with("-----BEGIN") {
            return None;
        }
        if let Some(malformation) = framed(text) {
            return Some(malformation);
        }
        if text.contains(['\n', '\r']) {
            return Some(Malformation::SeveralLines);
        }
        if has_scheme(text) {
            return Some(Malformation::Scheme);
        }
        if is_assignment(text) {
            return Some(Malformation::Assignment);
        }
        let shape = expected.filter(|shape| begins_as(shape, text)).or_else(|| self.begun(text));
        if let Some(at) = text.find("...").or_else(|| text.find('…'))
            && at > 0
            && (shape.is_some() || at >= 4)
        {
            return Some(Malformation::Truncated { has: text.chars().count(), needs: None });
        }
        if never::is_placeholder(text) {
            return Some(Malformation::Placeholder);
        }
        if !text.is_ascii() {
            return Some(Malformation::NotAscii);
        }
        if text.contains(' ') {
            return Some(Malformation::Spaced);
        }
        let needs = shape.and_then(|shape| shape.least_length).filter(|needs| text.len() < *needs);
        needs.map(|needs| Malformation::Truncated { has: text.len(), needs: Some(needs) })
    }
}

fn begins_as(shape: &TokenShape, text: &str) -> bool {
    shape.hints.iter().any(|hint| text.starts_with(hint.as_str()))
}

/// Quotes and blanks around it.
fn framed(text: &str) -> Option<Malformation> {
    let quotes = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’')];
    let within =
        |(open, close)| text.chars().nth(1).is_some() && text.starts_with(open) && text.ends_with(close);
    if quotes.into_iter().any(within) {
        return Some(Malformation::Quoted);
    }
    (text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace))
        .then_some(Malformation::Padded)
}

fn of_path(text: &str) -> Option<Malformation> {
    let is_content = text.contains('\n')
        || text.len() > MAX_PATH
        || text.starts_with(['{', '['])
        || text.starts_with("-----BEGIN");
    if is_content {
        return Some(Malformation::ContentForPath);
    }
    if let Some(malformation) = framed(text) {
        return Some(malformation);
    }
    if text.starts_with('~') {
        return Some(Malformation::Tilde);
    }
    never::is_placeholder(text).then_some(Malformation::Placeholder)
}

fn of_json(text: &str) -> Option<Malformation> {
    if !text.starts_with(['{', '[']) {
        let malformation = if never::is_file_or_address(text) {
            Malformation::PathForContent
        } else {
            Malformation::NotJson
        };
        return Some(malformation);
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_err().then_some(Malformation::NotJson)
}

fn of_address(text: &str) -> Option<Malformation> {
    if is_assignment(text) && text.contains("://") {
        return Some(Malformation::Assignment);
    }
    if never::is_bracketed(text) || text.contains('<') && text.contains('>') {
        return Some(Malformation::Placeholder);
    }
    let is_one = text.contains("://") || text.contains('=');
    (!is_one).then_some(Malformation::NotAddress)
}

fn has_scheme(text: &str) -> bool {
    let schemes = ["bearer ", "basic ", "token ", "bearer:", "authorization:"];
    schemes.iter().any(|it| text.get(..it.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(it)))
}

/// `TOKEN=abc`, `export TOKEN=abc`, `$env:TOKEN="abc"`; not base64 with `=` at its end.
fn is_assignment(text: &str) -> bool {
    let line = ["export ", "set ", "$env:"].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text);
    line.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim();
        name.len() > 2
            && name.starts_with(|it: char| it.is_ascii_uppercase())
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && value.bytes().any(|byte| byte != b'=')
    })
}

/// Characters without width, marks of direction, and controls that are no ends of lines.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::provider::Providers;

    fn said(text: &str, kind: SecretKind) -> Option<Malformation> {
        let providers = Providers::embedded().unwrap().providers;
        Detector::new(&providers).malformed(&Secret::copy_of(text.as_bytes()), None, kind)
    }

    fn token(body: usize) -> String {
        "a1B2c3D4e5".chars().cycle().take(body).collect()
    }

    #[test]
    fn a_token_as_it_should_be_is_fine() {
        let whole = format!("ghp_{}", token(36));
        for value in
            [&whole, "a4f9c2", "Xk29fQ7mZp04LtYw==", "ATTA9f86d081", "-----BEGIN PRIVATE KEY-----\nX\n", ""]
        {
            assert_eq!(said(value, SecretKind::Token), None, "{value}");
        }
    }

    #[test]
    fn a_slip_of_the_hand_is_named() {
        let whole = format!("ghp_{}", token(36));
        let cases = [
            (format!("\"{whole}\""), Malformation::Quoted),
            (format!("“{whole}”"), Malformation::Quoted),
            (format!("{whole}\n"), Malformation::TrailingNewline),
            (format!("{whole}\r\n"), Malformation::TrailingNewline),
            (format!(" {whole}"), Malformation::Padded),
            (format!("{}\n{}", token(20), token(20)), Malformation::SeveralLines),
            (format!("Bearer {whole}"), Malformation::Scheme),
            (format!("GITHUB_TOKEN={whole}"), Malformation::Assignment),
            (format!("export GITHUB_TOKEN={whole}"), Malformation::Assignment),
            (format!("{}\u{200b}{}", token(20), token(20)), Malformation::Invisible),
            (format!("{whole}ß"), Malformation::NotAscii),
            (format!("{} {}", token(20), token(20)), Malformation::Spaced),
            (format!("ghp_{}", token(20)), Malformation::Truncated { has: 24, needs: Some(40) }),
            (format!("ghp_{}...", token(20)), Malformation::Truncated { has: 27, needs: None }),
            ("your-token-here".to_owned(), Malformation::Placeholder),
            ("${GITHUB_TOKEN}".to_owned(), Malformation::Placeholder),
            ("<token>".to_owned(), Malformation::Placeholder),
        ];
        for (value, expected) in cases {
            assert_eq!(said(&value, SecretKind::Token), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_path_is_a_path() {
        assert_eq!(said("/home/anna/.kube/config", SecretKind::Path), None);
        assert_eq!(said(r"C:\Users\anna\.kube\config", SecretKind::Path), None);
        assert_eq!(
            said("apiVersion: v1\nkind: Config\n", SecretKind::Path),
            Some(Malformation::ContentForPath)
        );
        assert_eq!(
            said("{\"type\":\"service_account\"}", SecretKind::Path),
            Some(Malformation::ContentForPath)
        );
        assert_eq!(said("~/.kube/config", SecretKind::Path), Some(Malformation::Tilde));
        assert_eq!(said("/home/anna/.kube/config\n", SecretKind::Path), Some(Malformation::TrailingNewline));
    }

    #[test]
    fn json_is_json_and_an_address_an_address() {
        assert_eq!(said("{\"a\": 1}", SecretKind::Document), None);
        assert_eq!(said("{\"a\": 1", SecretKind::Document), Some(Malformation::NotJson));
        assert_eq!(said("/home/anna/sa.json", SecretKind::Document), Some(Malformation::PathForContent));
        assert_eq!(said("postgresql://app@db/app", SecretKind::ConnectionString), None);
        assert_eq!(said("host=db user=app", SecretKind::ConnectionString), None);
        assert_eq!(said("db.example.com", SecretKind::ConnectionString), Some(Malformation::NotAddress));
        assert_eq!(
            said("DATABASE_URL=postgres://db/app", SecretKind::ConnectionString),
            Some(Malformation::Assignment)
        );
        assert_eq!(
            said("mongodb+srv://<user>:<password>@db/", SecretKind::ConnectionString),
            Some(Malformation::Placeholder)
        );
    }

    #[test]
    fn a_password_may_be_odd() {
        for value in [" a b ", "\"quoted\"", "Bearer of good news", "pässwort"] {
            assert_eq!(said(value, SecretKind::Password), None, "{value}");
        }
        assert_eq!(said("secret\n", SecretKind::Password), Some(Malformation::TrailingNewline));
        assert_eq!(said("<password>", SecretKind::Password), Some(Malformation::Placeholder));
    }

    #[test]
    fn what_is_said_of_a_value_holds_none_of_it() {
        let said = Malformation::Truncated { has: 24, needs: Some(40) }.to_string();
        assert_eq!(said, "was cut off: it has 24 characters, and such a token has at least 40");
    }
}
