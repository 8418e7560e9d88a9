//! `Detector`: finds secrets in a text, in time proportional to its length.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::bytes::Regex;
use zeroize::Zeroizing;

use crate::catalog::provider::{Certainty, Provider, TokenShape};
use crate::document::Text;
use crate::recognise::jwt::{self, Jwt};
use crate::recognise::name::{Speech, Words};
use crate::recognise::places::{Manner, Place, Places};
use crate::recognise::randomness::{is_random, is_surely_random, is_uuid};
use crate::recognise::{Context, Evidence, Recognised, never};
use crate::secret::Secret;

/// The shortest token that a name alone makes one, in bytes.
const MIN_TOKEN: usize = 8;

/// The shortest password.
const MIN_PASSWORD: usize = 4;

/// The longest base64 that is looked into, in bytes.
const MAX_DECODED: usize = 1024;

/// The shape that is read before it is believed.
const JWT: &str = "jwt";

/// The shape whose pattern is but its beginning.
const PRIVATE_KEY: &str = "private-key";

/// The longest `PRIVATE KEY` in the frame of one, in bytes.
const MAX_FRAME: usize = 64;

/// Knows the shapes of all providers. It is made in a moment: patterns are compiled when their hint first occurs.
pub(crate) struct Detector<'c> {
    shapes: Vec<Known<'c>>,
    /// Over the hints of the shapes that need no name, and of the public ones.
    hints: Option<AhoCorasick>,
    /// The shape of each hint.
    hinted: Vec<usize>,
    /// Providers by the words that speak of them.
    by_word: HashMap<&'c str, Vec<&'c Provider>>,
    by_id: HashMap<&'c str, &'c Provider>,
}

struct Known<'c> {
    provider: &'c Provider,
    shape: &'c TokenShape,
    /// None where it is no pattern, which only a user's own catalog can bring about.
    pattern: OnceLock<Option<Regex>>,
}

impl Known<'_> {
    fn pattern(&self) -> Option<&Regex> {
        self.pattern.get_or_init(|| self.shape.compile().ok()).as_ref()
    }

    /// Whether all of the value is of this shape.
    fn is(&self, value: &str) -> bool {
        let possible =
            self.shape.hints.is_empty() || self.shape.hints.iter().any(|hint| value.contains(hint.as_str()));
        let all = |pattern: &Regex| {
            pattern.captures(value.as_bytes()).is_some_and(|it| secret_of(&it) == (0..value.len()))
        };
        possible && self.pattern().is_some_and(all)
    }
}

/// What is captured first, otherwise all of it.
fn secret_of(captures: &regex::bytes::Captures<'_>) -> Range<usize> {
    captures.get(1).or(captures.get(0)).map_or(0..0, |it| it.range())
}

/// What was found so far in one text.
struct Finds<'c> {
    found: Vec<Recognised<'c>>,
    /// What is known to be no secret.
    open: Vec<Range<usize>>,
}

impl<'c> Detector<'c> {
    /// Of the shapes of these providers.
    pub(crate) fn new(providers: &'c [Provider]) -> Self {
        let shapes: Vec<Known<'c>> = providers
            .iter()
            .flat_map(|provider| provider.tokens.iter().map(move |shape| (provider, shape)))
            .map(|(provider, shape)| Known { provider, shape, pattern: OnceLock::new() })
            .collect();
        let (mut hints, mut hinted) = (Vec::new(), Vec::new());
        for (number, known) in shapes.iter().enumerate() {
            if known.shape.certainty == Certainty::Sure || known.shape.public {
                hints.extend(known.shape.hints.iter().map(String::as_str));
                hinted.resize(hints.len(), number);
            }
        }
        let mut by_word: HashMap<&str, Vec<&Provider>> = HashMap::new();
        for provider in providers {
            for word in &provider.words {
                by_word.entry(word).or_default().push(provider);
            }
        }
        let by_id = providers.iter().map(|provider| (provider.id.as_str(), provider)).collect();
        Self { shapes, hints: AhoCorasick::new(&hints).ok(), hinted, by_word, by_id }
    }

    /// The secrets in the value of a field, in the order of the text and without overlap.
    pub(crate) fn examine(&self, context: &Context<'_>, text: Text<'_>) -> Vec<Recognised<'c>> {
        let text = text.expose();
        let mut finds = self.shapes_in(text);
        let mut places = Places::of(text, |place| finds.found.extend(self.judge(text, &place, false)));
        places.in_field(context.name, context.field);
        finds.settle()
    }

    /// Where in the value of a field a word stands that asks for a secret, such as `YOUR_API_KEY`, in a place whose name
    /// says that one belongs there. In the order of the text.
    pub(crate) fn requests(&self, context: &Context<'_>, text: Text<'_>) -> Vec<Range<usize>> {
        let text = text.expose();
        let mut found = Vec::new();
        let mut places = Places::of(text, |place| {
            let value = &text[place.span.clone()];
            let is_one = match place.manner {
                // Many a database of a developer's own has such a password.
                Manner::Password => !never::is_usual_password(value),
                Manner::Named => matches!(Words::of(place.name).speech(), Speech::Token | Speech::Password),
                Manner::User | Manner::Bare => false,
            };
            if is_one && never::is_request(value) {
                found.push(place.span);
            }
        });
        places.in_field(context.name, context.field);
        found.sort_by_key(|span| (span.start, span.end));
        found.dedup();
        found
    }

    /// What has the shape of a provider's tokens anywhere in a text, whatever stands around it.
    pub(crate) fn shaped(&self, text: Text<'_>) -> Vec<Recognised<'c>> {
        self.shapes_in(text.expose()).settle()
    }

    /// The secrets in a comment, or in a line of a file that nobody reads any more.
    pub(crate) fn examine_prose(&self, text: Text<'_>) -> Vec<Recognised<'c>> {
        let text = text.expose();
        let mut finds = self.shapes_in(text);
        Places::of(text, |place| finds.found.extend(self.judge(text, &place, true))).in_prose();
        finds.settle()
    }

    /// Whose token it is by its shape alone, and which kind: shapes that are sure before those that need a name.
    pub(crate) fn provider_of(&self, value: &Secret) -> Option<(&'c Provider, &'c TokenShape)> {
        let value = value.expose_secret_str().ok()?;
        let sure = |known: &&Known<'_>| known.shape.certainty == Certainty::Sure;
        let hinted = |known: &&Known<'_>| !known.shape.hints.is_empty();
        let mut candidates =
            self.shapes.iter().filter(sure).chain(self.shapes.iter().filter(|it| !sure(it)).filter(hinted));
        candidates.find(|known| known.is(value)).map(|known| (known.provider, known.shape))
    }

    /// Whose token it is by its name and its shape; by the shape alone where that is sure, by the name alone where no
    /// shape fits.
    pub(crate) fn provider_named(
        &self,
        name: &str,
        value: &Secret,
    ) -> Option<(&'c Provider, Option<&'c TokenShape>)> {
        let text = value.expose_secret_str().ok()?;
        let sure = self.provider_of(value).filter(|(_, shape)| shape.certainty == Certainty::Sure);
        match (sure, self.attribute(&Words::of(name), text)) {
            (Some((provider, shape)), _) => Some((provider, Some(shape))),
            (None, (Some(provider), shape)) => Some((provider, shape)),
            (None, (None, _)) => None,
        }
    }

    /// The shape with which the value begins, and of which it need not be a whole one.
    pub(super) fn begun(&self, value: &str) -> Option<&'c TokenShape> {
        let sure = self
            .shapes
            .iter()
            .filter(|known| known.shape.certainty == Certainty::Sure && !known.shape.public);
        let hints = sure.flat_map(|known| known.shape.hints.iter().map(move |hint| (hint, known.shape)));
        hints
            .filter(|(hint, _)| hint.len() > 3 && value.starts_with(hint.as_str()))
            .max_by_key(|(hint, _)| hint.len())
            .map(|(_, shape)| shape)
    }

    /// Everything with a shape that needs no name.
    fn shapes_in(&self, text: &str) -> Finds<'c> {
        let mut finds = Finds { found: Vec::new(), open: Vec::new() };
        let Some(hints) = &self.hints else { return finds };
        let mut hit = Vec::new();
        for hint in hints.find_overlapping_iter(text) {
            hit.resize(self.shapes.len(), false);
            hit[self.hinted[hint.pattern().as_usize()]] = true;
        }
        for (known, _) in self.shapes.iter().zip(hit).filter(|(_, hit)| *hit) {
            let Some(pattern) = known.pattern() else { continue };
            for captures in pattern.captures_iter(text.as_bytes()) {
                let mut whole = captures.get(0).map_or(0..0, |it| it.range());
                let mut span = secret_of(&captures);
                if known.shape.id == PRIVATE_KEY {
                    span.end = end_of_key(text, span.end);
                    whole = span.clone();
                }
                let (Some(token), true) =
                    (text.get(span.clone()).filter(|token| !token.is_empty()), stands_apart(text, &whole))
                else {
                    continue;
                };
                if known.shape.public || never::is_example(token) || !believed(known.shape, token) {
                    finds.open.push(span);
                    continue;
                }
                let (provider, shape) = (Some(known.provider), Some(known.shape));
                finds.found.push(Recognised { span, provider, shape, evidence: Evidence::Shape });
            }
        }
        finds
    }

    /// Whether what stands at a place is a secret.
    fn judge(&self, text: &str, place: &Place<'_>, prose: bool) -> Option<Recognised<'c>> {
        let value = &text[place.span.clone()];
        let found = |provider, shape, evidence| {
            Some(Recognised { span: place.span.clone(), provider, shape, evidence })
        };
        match place.manner {
            Manner::Password => {
                let provider = self.provider_of_scheme(place.name);
                let is_one = value.len() >= MIN_PASSWORD && !never::is_no_password(value);
                is_one.then(|| found(provider, None, Evidence::Address))?
            }
            Manner::User => {
                let is_one =
                    value.len() >= 20 && is_random(value) && !is_uuid(value) && !never::is_placeholder(value);
                is_one.then(|| found(None, None, Evidence::Address))?
            }
            Manner::Bare => {
                let is_one = is_surely_random(value)
                    && !never::is_placeholder(value)
                    && !never::is_something_else(value);
                is_one.then(|| found(None, None, Evidence::Place))?
            }
            Manner::Named => {
                let words = Words::of(place.name);
                match words.speech() {
                    Speech::Harmless => None,
                    Speech::Nothing => {
                        let is_one =
                            is_surely_random(value) && self.begins_as_tokens_do(value) && !is_harmless(value);
                        is_one.then(|| found(None, None, Evidence::Place))?
                    }
                    Speech::Password => {
                        let typed = !prose
                            || value.bytes().any(|it| it.is_ascii_digit() || b"!#$%&*+?@^~".contains(&it));
                        let is_one = value.len() >= MIN_PASSWORD
                            && typed
                            && !never::is_no_password(value)
                            && !never::is_file_or_address(value);
                        let (provider, shape) = self.attribute(&words, value);
                        is_one.then(|| found(provider, shape, Evidence::Name))?
                    }
                    Speech::Cookie => {
                        let is_one = value.len() >= 16 && is_random(value) && !is_harmless(value);
                        is_one.then(|| found(None, None, Evidence::Name))?
                    }
                    Speech::Token => {
                        if value.len() < MIN_TOKEN || value == place.name || is_harmless(value) {
                            return None;
                        }
                        let (provider, shape) = match self.within_base64(value) {
                            Pair::None => self.attribute(&words, value),
                            Pair::Placeholder => return None,
                            Pair::Of(provider, shape) => return found(provider, shape, Evidence::Name),
                        };
                        let is_one = shape.is_some() || is_random(value);
                        is_one.then(|| found(provider, shape, Evidence::Name))?
                    }
                }
            }
        }
    }

    /// Whether it has the beginning and the form of tokens, though not of one provider's alone: `secret_…`, `sk-…`.
    fn begins_as_tokens_do(&self, value: &str) -> bool {
        let unsure = self.shapes.iter().filter(|known| known.shape.certainty == Certainty::Context);
        let mut begun =
            unsure.filter(|known| known.shape.hints.iter().any(|hint| value.starts_with(hint.as_str())));
        begun.any(|known| known.is(value))
    }

    /// Whom the words of a name speak of, and which of its shapes the value has.
    fn attribute(&self, words: &Words, value: &str) -> (Option<&'c Provider>, Option<&'c TokenShape>) {
        let named: Vec<&Provider> =
            words.iter().filter_map(|word| self.by_word.get(word)).flatten().copied().collect();
        let context = self.shapes.iter().filter(|known| known.shape.certainty == Certainty::Context);
        let (mut own, mut other) = (None, None);
        for known in context {
            if named.iter().any(|it| std::ptr::eq(*it, known.provider)) {
                own = own.or_else(|| known.is(value).then_some(known));
            } else if known.provider.words.is_empty() || known.shape.hints.iter().any(|hint| hint.len() > 3) {
                let hinted = known.shape.hints.iter().any(|hint| value.starts_with(hint.as_str()));
                other = other.or_else(|| (hinted && known.is(value)).then_some(known));
            }
        }
        match own.or(other) {
            Some(known) => (Some(known.provider), Some(known.shape)),
            None => (named.first().copied(), None),
        }
    }

    /// What `user:secret` in base64 holds.
    fn within_base64(&self, value: &str) -> Pair<'c> {
        let Some(bytes) = decoded(value) else { return Pair::None };
        let text = std::str::from_utf8(&bytes).ok();
        let Some(text) = text.filter(|text| text.bytes().all(|byte| (b' '..0x7f).contains(&byte))) else {
            return Pair::None;
        };
        match text.split_once(':') {
            Some((user, secret)) if !user.contains(['"', '{', ' ']) => {
                if secret.len() < MIN_PASSWORD || never::is_no_password(secret) {
                    return Pair::Placeholder;
                }
                let first = self.shapes_in(text).settle().into_iter().next();
                first.map_or(Pair::Of(None, None), |it| Pair::Of(it.provider, it.shape))
            }
            _ => Pair::None,
        }
    }

    fn provider_of_scheme(&self, scheme: &str) -> Option<&'c Provider> {
        let id = match scheme.split('+').next().unwrap_or_default() {
            "http" | "https" | "ws" | "wss" | "ftp" | "sftp" | "ssh" | "git" | "smtp" | "smtps" => {
                return None;
            }
            "mongodb" => "mongodb",
            _ => "database",
        };
        self.by_id.get(id).copied()
    }
}

/// What base64 holds.
enum Pair<'c> {
    /// No `user:secret`.
    None,
    /// One whose secret stands for another.
    Placeholder,
    /// One whose secret may have a shape.
    Of(Option<&'c Provider>, Option<&'c TokenShape>),
}

/// The bytes that are written in base64, which are wiped.
fn decoded(value: &str) -> Option<Zeroizing<Vec<u8>>> {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let is_base64 = value.len() <= MAX_DECODED && value.len().is_multiple_of(4) && value.bytes().all(written);
    is_base64.then(|| STANDARD.decode(value).ok().map(Zeroizing::new))?
}

/// Either a placeholder or something that only looks like a secret.
fn is_harmless(value: &str) -> bool {
    never::is_placeholder(value) || never::is_something_else(value) || jwt::is_header(value)
}

/// Whether it holds what its shape promises.
fn believed(shape: &TokenShape, token: &str) -> bool {
    shape.id != JWT || jwt::read(token) == Jwt::Secret
}

/// Where a private key ends of which this much has been seen: behind the line that says so, or behind its last letter.
fn end_of_key(text: &str, seen: usize) -> usize {
    let rest = &text[seen..];
    let dashes = rest.find("-----").unwrap_or(rest.len());
    if let Some(line) = rest[dashes..].strip_prefix("-----END")
        && let Some(length) =
            line.bytes().take(MAX_FRAME).collect::<Vec<_>>().windows(5).position(|it| it == b"-----")
    {
        return seen + dashes + "-----END".len() + length + 5;
    }
    let body =
        |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte);
    let length = rest.as_bytes()[..dashes].iter().take_while(|byte| body(byte)).count();
    seen + rest[..length].trim_end().len()
}

/// Whether no letter or digit touches it, which would make it a part of something else. What stands before it may be
/// the end of an escape (`\n`, `%3D`).
fn stands_apart(text: &str, span: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let begins_word = is_word(span.start);
    let before = bytes[..span.start].last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let escaped = match bytes[..span.start] {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    };
    let apart_before = !begins_word || !before || escaped;
    let ends_word = span.end > 0 && is_word(span.end - 1);
    apart_before && !(ends_word && is_word(span.end))
}

/// Parts of a text that do not overlap.
#[derive(Default)]
struct Spans(BTreeMap<usize, usize>);

impl Spans {
    fn touch(&self, span: &Range<usize>) -> bool {
        self.0.range(..span.end).next_back().is_some_and(|(_, end)| *end > span.start)
    }

    /// Adds it, unless it touches another.
    fn add(&mut self, span: &Range<usize>) -> bool {
        let free = !self.touch(span);
        if free {
            self.0.insert(span.start, span.end);
        }
        free
    }
}

impl<'c> Finds<'c> {
    /// Without overlap: the surer one stays, then the longer one. What is known to be no secret by its shape is none by
    /// its name either.
    fn settle(self) -> Vec<Recognised<'c>> {
        let Self { mut found, open } = self;
        if found.is_empty() {
            return found;
        }
        let mut public = Spans::default();
        for span in &open {
            public.add(span);
        }
        found.retain(|it| it.evidence == Evidence::Shape || !public.touch(&it.span));
        let rank = |it: &Recognised<'_>| (it.evidence, it.shape.is_some(), it.span.len());
        found.sort_by(|one, other| rank(other).cmp(&rank(one)).then(one.span.start.cmp(&other.span.start)));
        let mut kept = Spans::default();
        found.retain(|it| kept.add(&it.span));
        found.sort_by_key(|it| it.span.start);
        found
    }
}
