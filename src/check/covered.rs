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
    let replace = |text: &mut String| cover_text(detector, text);
    for finding in findings {
        let Finding { server, credential, message, action, location, .. } = finding;
        server.iter_mut().chain(credential).for_each(replace);
        replace(message);
        if let Some(Action { sentence, command, .. }) = action {
            replace(sentence);
            *command = command.take().filter(|command| is_without_tokens(detector, command));
        }
        if let Some(pointer) = location.as_mut().and_then(|location| location.pointer.as_mut()) {
            cover_pointer(detector, pointer);
        }
    }
}

/// The same in one text.
pub(crate) fn cover_text(detector: &Detector<'_>, text: &mut String) {
    if let Cow::Owned(covered) = without_tokens(detector, text) {
        *text = covered;
    }
}

/// The same in a pointer, which leads nowhere then.
pub(crate) fn cover_pointer(detector: &Detector<'_>, pointer: &mut Pointer) {
    if let Cow::Owned(covered) = without_tokens(detector, pointer.as_str()) {
        *pointer = Pointer::to_be_shown(covered);
    }
}

/// Whether the text can be shown as it is.
pub(crate) fn is_without_tokens(detector: &Detector<'_>, text: &str) -> bool {
    matches!(without_tokens(detector, text), Cow::Borrowed(_))
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
