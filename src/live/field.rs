//! One field of a JSON document that is secret, without a copy of the others.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::secret::Secret;

/// The text at this JSON pointer, whose steps are names of objects. A number counts as its digits. Nothing where the
/// document is no JSON or has no such text.
pub(super) fn text_at(document: &Secret, pointer: &str) -> Option<Secret> {
    let steps: Vec<&str> = pointer.strip_prefix('/')?.split('/').collect();
    let mut deserializer = serde_json::Deserializer::from_slice(document.expose_secret());
    let found = Field(&steps).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    found
}

/// What is left of the way to the field.
struct Field<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Option<Secret>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<Secret>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the way to a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Secret::copy_of(text.as_bytes())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else {
            return Err(A::Error::custom("an object in the place of a text"));
        };
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key == *step {
                found = map.next_value_seed(Field(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(document: &str, pointer: &str) -> Option<String> {
        let found = text_at(&Secret::copy_of(document.as_bytes()), pointer)?;
        Some(found.expose_secret_str().unwrap().to_owned())
    }

    #[test]
    fn a_field_is_found_among_others() {
        let document =
            r#"{"id":42,"name":"x","scopes":["api"],"nested":{"token":"inner"},"token":"glpat-new"}"#;
        assert_eq!(at(document, "/token").unwrap(), "glpat-new");
        assert_eq!(at(document, "/nested/token").unwrap(), "inner");
        assert_eq!(at(document, "/id").unwrap(), "42");
        assert_eq!(at(r#"{"token":"a\"b"}"#, "/token").unwrap(), "a\"b");
        for none in ["/absent", "/nested", "/scopes", "/name/x", "token", "/nested/absent", ""] {
            assert_eq!(at(document, none), None, "{none}");
        }
        for broken in
            ["", "[]", "null", "<html>", r#"{"token":"x""#, r#"{"token":null}"#, r#"{"token":"x"} y"#]
        {
            assert_eq!(at(broken, "/token"), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(document in ".{0,80}", pointer in "/?[a-z/]{0,8}") {
            text_at(&Secret::copy_of(document.as_bytes()), &pointer);
        }
    }
}
