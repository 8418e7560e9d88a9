//! `Pattern`: names with `*` for anything and `?` for one character.

use std::str::FromStr;

/// What names are compared with, in the case that the system knows variables in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<u8>);

impl FromStr for Pattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("a pattern is not empty") } else { Ok(Self(text.as_bytes().to_vec())) }
    }
}

impl Pattern {
    /// Whether the name as a whole is one of those that are meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (&self.0[..], name.as_bytes());
        let (mut at, mut place) = (0, 0);
        // Behind the last star, and the place in the name that it was tried up to.
        let mut star: Option<(usize, usize)> = None;
        while place < name.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at + 1, place));
                    at += 1;
                }
                Some(b'?') => (at, place) = (at + 1, place + 1),
                Some(own) if is_same(*own, name[place]) => (at, place) = (at + 1, place + 1),
                _ => {
                    let Some((behind, tried)) = star else { return false };
                    star = Some((behind, tried + 1));
                    (at, place) = (behind, tried + 1);
                }
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

fn is_same(one: u8, other: u8) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(&other) } else { one == other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        let matches = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().matches(name);
        for (pattern, name) in [
            ("GITHUB_*", "GITHUB_TOKEN"),
            ("*_TOKEN", "A_TOKEN"),
            ("*", "A"),
            ("A?C", "ABC"),
            ("*A*B*", "xAyBz"),
            ("A*", "A"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("GITHUB_*", "XGITHUB_TOKEN"), ("A?", "A"), ("A", "AB"), ("*B", "BA"), ("?", "")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!("".parse::<Pattern>().is_err());
    }
}
