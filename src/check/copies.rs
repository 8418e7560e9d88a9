//! Values that are known, in files that nobody reads as a configuration: known by their bytes, whatever their form.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::memmem;

use crate::check::known::Held;
use crate::check::values::Values;
use crate::document::Text;

/// A shorter value would be found in text that has nothing to do with it, in bytes.
const SHORTEST: usize = 8;

/// How many values are looked for.
const MOST: usize = 256;

/// A longer text is searched for what is known by its form alone, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// What is looked for.
pub(crate) struct Copies<'v> {
    wanted: Vec<Wanted<'v>>,
}

struct Wanted<'v> {
    value: &'v str,
    what: String,
}

impl<'v> Copies<'v> {
    /// Of the values that are kept, and of those that lie in the open in a configuration that is read, each with the
    /// server that it is for.
    pub(crate) fn of(values: &'v Values<'_>, exposed: &[(Text<'v>, String)]) -> Self {
        let mut seen = BTreeSet::new();
        let kept = values.known.stored().iter().filter_map(|stored| match &stored.held {
            Held::Value(value) => {
                Some((value.expose_secret_str().ok()?, format!("the value of the stored `{}`", stored.name)))
            }
            _ => None,
        });
        let exposed = exposed.iter().map(|(value, server)| {
            (value.expose(), format!("the secret that lies in plaintext in the server `{server}`"))
        });
        let all = kept.chain(exposed).filter(|(value, _)| value.len() >= SHORTEST && seen.insert(*value));
        Self { wanted: all.take(MOST).map(|(value, what)| Wanted { value, what }).collect() }
    }

    /// Where each lies in the text for the first time, in bytes, and what it is.
    pub(crate) fn find_in(&self, text: Text<'_>) -> Vec<(Range<usize>, &str)> {
        let text = text.expose();
        if text.len() > LONGEST {
            return Vec::new();
        }
        let place = |wanted: &Wanted<'_>| {
            let starts = memmem::find_iter(text.as_bytes(), wanted.value.as_bytes());
            let mut spans = starts.map(|start| start..start + wanted.value.len());
            spans.find(|span| stands_apart(text, span))
        };
        let found = self.wanted.iter().filter_map(|wanted| Some((place(wanted)?, wanted.what.as_str())));
        found.collect()
    }
}

/// Whether it is not a part of a longer word.
fn stands_apart(text: &str, span: &Range<usize>) -> bool {
    let is_part = |it: Option<char>| it.is_some_and(char::is_alphanumeric);
    let before = text.get(..span.start).and_then(|it| it.chars().next_back());
    let after = text.get(span.end..).and_then(|it| it.chars().next());
    let inside = text.get(span.clone()).unwrap_or_default();
    let joins = |inner: Option<char>, outer: Option<char>| is_part(inner) && is_part(outer);
    !joins(inside.chars().next(), before) && !joins(inside.chars().next_back(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str, text: &str) -> Option<(usize, usize)> {
        let wanted = vec![Wanted { value, what: String::new() }];
        Copies { wanted }.find_in(Text::of(text)).into_iter().map(|(span, _)| (span.start, span.end)).next()
    }

    #[test]
    fn a_value_is_found_as_a_word_of_its_own() {
        assert_eq!(found("pass word!", "x=\"pass word!\""), Some((3, 13)));
        assert_eq!(found("f4e1c0a7", "af4e1c0a7 f4e1c0a7b f4e1c0a7"), Some((20, 28)));
        assert_eq!(found("-f4e1c0a7", "a-f4e1c0a7"), Some((1, 10)));
        assert_eq!(found("f4e1c0a7", "af4e1c0a7\u{e9}"), None);
        assert_eq!(found("é4e1c0a7", "é4e1c0a7"), Some((0, 9)));
    }
}
