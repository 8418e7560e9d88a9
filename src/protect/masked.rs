//! A document with its secrets covered, and what changes in it, for a person to look at.

use std::ops::Range;

use memchr::memmem;
use similar::TextDiff;

use crate::check::exposure;
use crate::check::values::Values;
use crate::configuration::discover::Reader;
use crate::configuration::entry;
use crate::document::Document;
use crate::protect::naming::Planned;

/// What stands in the place of a value.
const COVER: &str = "…";

/// What is covered besides what is planned: a value shorter than this would be found everywhere.
const SHORTEST: usize = 4;

/// The difference between two documents as `diff -u` writes it, with every value covered.
pub(crate) fn difference(
    values: &Values<'_>,
    planned: &[Planned],
    readers: &[Reader<'_>],
    name: &str,
    (before, after): (&Document, &Document),
) -> String {
    let before = covered(values, planned, readers, before);
    let after = covered(values, planned, readers, after);
    let difference = TextDiff::from_lines(&before, &after);
    difference.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// The text of a document without any value that is known to be a secret.
fn covered(values: &Values<'_>, planned: &[Planned], readers: &[Reader<'_>], document: &Document) -> String {
    let text = document.text();
    let mut spans: Vec<Range<usize>> = Vec::new();
    for reader in readers {
        for entry in entry::entries(document, reader) {
            spans.extend(exposure::exposed_in(values, &entry).iter().map(exposure::Exposed::span));
        }
    }
    spans.extend(values.detector.shaped(text).into_iter().map(|found| found.span));
    for (comment, _) in document.comments() {
        // A comment points into the text.
        let start = comment.expose().as_ptr().addr() - text.expose().as_ptr().addr();
        let found = values.detector.examine_prose(comment).into_iter();
        spans.extend(found.map(|found| start + found.span.start..start + found.span.end));
    }
    let bytes = text.expose().as_bytes();
    for form in planned.iter().flat_map(Planned::forms).filter(|form| form.len() >= SHORTEST) {
        let value = form.expose_secret();
        spans.extend(memmem::find_iter(bytes, value).map(|start| start..start + value.len()));
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let (mut covered, mut at) = (String::new(), 0);
    for span in spans.into_iter().filter(|span| span.end > span.start) {
        if span.end <= at {
            continue;
        }
        if span.start >= at {
            covered.push_str(text.expose().get(at..span.start).unwrap_or_default());
            covered.push_str(COVER);
        }
        at = span.end;
    }
    covered.push_str(text.expose().get(at..).unwrap_or_default());
    covered
}
