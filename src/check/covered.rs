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
    // Next to always there is none, and one long text is looked through much faster than thousands of short ones.
    if is_without_tokens(detector, &all_texts(findings)) {
        return;
    }
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

/// What findings show, a line each. No token goes over the end of a line.
fn all_texts(findings: &[Finding]) -> String {
    let mut all = String::new();
    for finding in findings {
        let Finding { server, credential, message, action, location, .. } = finding;
        let action = action.as_ref();
        let pointer = location.as_ref().and_then(|location| location.pointer.as_ref());
        let texts = [Some(message.as_str()), server.as_deref(), credential.as_deref()];
        let of_action = [
            action.map(|action| action.sentence.as_str()),
            action.and_then(|action| action.command.as_deref()),
            pointer.map(Pointer::as_str),
        ];
        for text in texts.into_iter().chain(of_action).flatten() {
            all.push_str(text);
            all.push('\n');
        }
    }
    all
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
