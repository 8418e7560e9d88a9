//! `difference`: what changes in a configuration, with every value covered that is not ours.

use std::ops::Range;

use similar::TextDiff;

use crate::configuration::entry::entries;
use crate::configuration::target::Target;
use crate::document::{Document, Shape, Value};
use crate::setup::insertion::named;

/// What stands in the place of a value.
const COVER: &str = "…";

/// The difference as `diff -u` writes it. Only what the entry of that name says is shown after the change; it holds no
/// value, and all that was there before might.
pub(crate) fn difference(target: &Target<'_>, name: &str, before: &Document, after: &Document) -> String {
    // As in a patch, where the root has no name of its own.
    let path = target.path.to_string_lossy().replace('\\', "/");
    let path = path.trim_start_matches('/');
    let (before, after) = (covered(target, None, before), covered(target, Some(name), after));
    let difference = TextDiff::from_lines(&before, &after);
    difference.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

fn covered(target: &Target<'_>, shown: Option<&str>, document: &Document) -> String {
    let reader = target.reader();
    let entries = entries(document, &reader);
    let shown = shown.and_then(|name| named(&entries, name));
    let text = document.text().expose();
    let mut spans = Vec::new();
    cover(&document.root(), shown.as_ref(), &mut spans);
    for (comment, _) in document.comments() {
        // A comment points into the text.
        let start = comment.expose().as_ptr().addr() - text.as_ptr().addr();
        spans.push(start..start + comment.expose().len());
    }
    spans.sort_by_key(|span| (span.start, span.end));
    let (mut covered, mut at) = (String::new(), 0);
    for span in spans {
        if span.start < at {
            continue;
        }
        covered.push_str(text.get(at..span.start).unwrap_or_default());
        covered.push_str(COVER);
        at = span.end;
    }
    covered.push_str(text.get(at..).unwrap_or_default());
    covered
}

/// Every text below a value. As deep as a document, which has a limit.
fn cover(value: &Value<'_>, shown: Option<&Value<'_>>, spans: &mut Vec<Range<usize>>) {
    if shown.is_some_and(|shown| shown.pointer() == value.pointer()) {
        return;
    }
    match value.shape() {
        Shape::Mapping => value.members().for_each(|(_, member)| cover(&member, shown, spans)),
        Shape::Sequence => value.items().for_each(|item| cover(&item, shown, spans)),
        Shape::String => {
            let span = value.content_span().unwrap_or_else(|| value.span());
            if !span.is_empty() {
                spans.push(span);
            }
        }
        _ => {}
    }
}
