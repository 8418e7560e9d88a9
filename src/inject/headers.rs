//! `HeaderTemplate`: a header with `{NAME}` in the place of each credential, and the JSON of headers that clients read.

use std::str::FromStr;

use crate::basic;
use crate::secret::{Secret, SecretBuffer};

/// `Authorization: Bearer {GITHUB_TOKEN}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderTemplate {
    name: String,
    /// Whether it is a user and a password, which are sent in base64 behind `Basic` (RFC 7617).
    is_basic: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// A text that is no template. It may hold a value, so it is not repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTemplate {
    /// No header.
    #[error("a header is written as `Name: {{CREDENTIAL}}` or `Name: Bearer {{CREDENTIAL}}`")]
    Form,
    /// No user and password.
    #[error("a user and a password are written as `user:{{CREDENTIAL}}`")]
    Pair,
    /// Nothing to fill in: a header without a secret belongs into the client's own configuration, and one with a
    /// secret nowhere.
    #[error("a header needs a `{{CREDENTIAL}}` in it: a value is never an argument")]
    NoName,
}

/// Why headers can't be printed. The value is never part of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// A header is one line of text (RFC 9110, section 5.5).
    #[error("the value of `{0}` holds a line break or bytes that are no text, which no header can")]
    NotALine(String),
    /// A name without a value.
    #[error("there is no value for `{0}`")]
    Missing(String),
}

impl FromStr for HeaderTemplate {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `=` too, for shells in which a blank is a trouble.
        let at = text.find([':', '=']).ok_or(InvalidTemplate::Form)?;
        let (name, value) = (&text[..at], text[at + 1..].trim());
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) || value.contains(char::is_control) {
            return Err(InvalidTemplate::Form);
        }
        Ok(Self { name: name.to_owned(), is_basic: false, parts: parts(value)? })
    }
}

/// What stands around the names, and the names.
fn parts(text: &str) -> Result<Vec<Part>, InvalidTemplate> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = open + rest[open..].find('}').ok_or(InvalidTemplate::Form)?;
        parts.push(Part::Text(rest[..open].to_owned()));
        parts.push(Part::Name(rest[open + 1..close].to_owned()));
        rest = &rest[close + 1..];
    }
    if parts.is_empty() {
        return Err(InvalidTemplate::NoName);
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

impl HeaderTemplate {
    /// `user:{PASSWORD}`, as the header that a client makes of a user and a password in a URL.
    ///
    /// # Errors
    /// Where nothing parts the two, or no credential is among them.
    pub(crate) fn basic(text: &str) -> Result<Self, InvalidTemplate> {
        if !text.contains(':') || text.contains(char::is_control) {
            return Err(InvalidTemplate::Pair);
        }
        Ok(Self { name: "Authorization".to_owned(), is_basic: true, parts: parts(text)? })
    }

    /// The header that it is about.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What stands behind the name of the header, with the values in it.
    ///
    /// # Errors
    /// [`HeaderError`]
    pub(crate) fn value(&self, values: &[(&str, &Secret)]) -> Result<Secret, HeaderError> {
        let filled = self.filled(values)?;
        if !self.is_basic {
            return Ok(filled);
        }
        let encoded = basic::of_pair(filled.expose_secret());
        let mut value = SecretBuffer::with_capacity(encoded.len() + "Basic ".len());
        value.push(b"Basic ");
        value.push(&encoded);
        Ok(value.into_secret())
    }

    /// The whole text, with the values in it.
    fn filled(&self, values: &[(&str, &Secret)]) -> Result<Secret, HeaderError> {
        let mut filled = SecretBuffer::with_capacity(128);
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push(text.as_bytes()),
                Part::Name(name) => {
                    let value = values.iter().find(|(own, _)| own == name);
                    let value = value.ok_or_else(|| HeaderError::Missing(name.clone()))?.1;
                    let text = value.expose_secret_str().ok().filter(|text| !text.contains(char::is_control));
                    filled.push(text.ok_or_else(|| HeaderError::NotALine(name.clone()))?.as_bytes());
                }
            }
        }
        Ok(filled.into_secret())
    }

    /// The credentials in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }
}

/// One JSON object of strings, on one line. Written here rather than by a serializer, whose buffers are not wiped.
///
/// # Errors
/// [`HeaderError`]
pub(crate) fn render(
    templates: &[&HeaderTemplate],
    values: &[(&str, &Secret)],
) -> Result<Secret, HeaderError> {
    let mut page = SecretBuffer::with_capacity(256);
    for (number, template) in templates.iter().enumerate() {
        page.push(if number == 0 { b"{\"" } else { b",\"" });
        page.push(template.name.as_bytes());
        page.push(b"\":\"");
        push_escaped(&mut page, template.value(values)?.expose_secret());
        page.push(b"\"");
    }
    page.push(b"}\n");
    Ok(page.into_secret())
}

/// RFC 8259, section 7: there are no control characters here.
fn push_escaped(page: &mut SecretBuffer, text: &[u8]) {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\');
    for part in text.split_inclusive(is_special) {
        let end = part.len() - usize::from(part.last().is_some_and(is_special));
        let (plain, last) = part.split_at(end);
        page.push(plain);
        if !last.is_empty() {
            page.push(b"\\");
            page.push(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> HeaderTemplate {
        text.parse().unwrap()
    }

    #[test]
    fn a_template_names_its_credentials() {
        let template = parsed("Authorization: Basic {USER}:{PASSWORD}!");
        assert_eq!(template.names().collect::<Vec<_>>(), ["USER", "PASSWORD"]);
        assert_eq!(parsed("X-Key={A}"), parsed("X-Key:   {A} "));
    }

    #[test]
    fn what_holds_no_name_is_refused_and_not_repeated() {
        assert_eq!(HeaderTemplate::from_str("Authorization: Bearer s3cret"), Err(InvalidTemplate::NoName));
        for text in ["", "x", "A b: {X}", ": {X}", "A: {X", "A: \u{7}{X}"] {
            assert_eq!(HeaderTemplate::from_str(text), Err(InvalidTemplate::Form), "{text:?}");
        }
    }

    #[test]
    fn the_document_is_json_whatever_the_value() {
        let value = Secret::copy_of("q\"\\ü{}".as_bytes());
        let templates = [&parsed("Authorization: Bearer {A}"), &parsed("X: \"{A}\"")];
        let page = render(&templates, &[("A", &value)]).unwrap();
        let document: serde_json::Value = serde_json::from_slice(page.expose_secret()).unwrap();
        assert_eq!(document, serde_json::json!({ "Authorization": "Bearer q\"\\ü{}", "X": "\"q\"\\ü{}\"" }));
    }

    #[test]
    fn a_user_and_a_password_are_one_header_as_in_the_standard() {
        let value = Secret::copy_of(b"open sesame");
        let page = render(&[&HeaderTemplate::basic("Aladdin:{A}").unwrap()], &[("A", &value)]).unwrap();
        let expected = "{\"Authorization\":\"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\"}\n";
        assert_eq!(page.expose_secret_str().unwrap(), expected);
        assert_eq!(HeaderTemplate::basic("{A}"), Err(InvalidTemplate::Pair));
        assert_eq!(HeaderTemplate::basic("me:open sesame"), Err(InvalidTemplate::NoName));
        let lines = Secret::copy_of(b"a\r\nX-Other: b");
        let error = render(&[&HeaderTemplate::basic("me:{A}").unwrap()], &[("A", &lines)]).unwrap_err();
        assert_eq!(error, HeaderError::NotALine("A".to_owned()));
    }

    #[test]
    fn a_value_of_several_lines_adds_no_header() {
        let value = Secret::copy_of(b"a\r\nX-Other: b");
        let error = render(&[&parsed("A: {A}")], &[("A", &value)]).unwrap_err();
        assert_eq!(error, HeaderError::NotALine("A".to_owned()));
        assert!(matches!(render(&[&parsed("A: {B}")], &[]), Err(HeaderError::Missing(_))));
    }
}
