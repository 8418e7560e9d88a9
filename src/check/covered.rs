//! Tokens where names belong: whoever mistook the one for the other is told so, and is not shown the token.

use std::borrow::Cow;

use crate::check::finding::{Action, Finding};
use crate::document::{Pointer, Text};
use crate::recognise::Detector;

/// What stands for a token.
const COVER: &str = "…";

/// Covers whatever has the shape of a token in the names and the words of findings. A command with one in it would not
/// work without it, and is left out.
pub(crate) fn cover(detector: &Detector<'_>, findings: &mut [Finding]) {
    let covered = |text: &str| -> Option<String> {
        match without_tokens(detector, text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(covered) => Some(covered),
        }
    };
    let replace = |text: &mut String| {
        if let Some(covered) = covered(text) {
            *text = covered;
        }
    };
    for finding in findings {
        let Finding { server, credential, message, action, location, .. } = finding;
        server.iter_mut().chain(credential).for_each(replace);
        replace(message);
        if let Some(Action { sentence, command, .. }) = action {
            replace(sentence);
            *command = command.take().filter(|command| covered(command).is_none());
        }
        if let Some(pointer) = location.as_mut().and_then(|location| location.pointer.as_mut())
            && let Some(text) = covered(pointer.as_str())
        {
            *pointer = Pointer::to_be_shown(text);
        }
    }
}

/// The text with `…` for every token in it.
fn without_tokens<'t>(detector: &Detector<'_>, text: &'t str) -> Cow<'t, str> {
    let mut covered = Cow::Borrowed(text);
    for found in detector.shaped(Text::of(text)).iter().rev() {
        if text.get(found.span.clone()).is_some() {
            covered.to_mut().replace_range(found.span.clone(), COVER);
        }
    }
    covered
}
