//! What holds for every document whatever its text says; property tests and fuzzing ask.

use crate::document::node::{Content, Node, NodeKind};
use crate::document::{Document, MAX_DEPTH, Syntax, Value};

/// Panics where something does not hold.
pub(crate) fn check(document: &Document) {
    let text = document.text().expose();
    let mut last = 0;
    for comment in &document.tree.comments {
        assert!(
            last <= comment.start && comment.start < comment.end,
            "comments are in order and none is empty"
        );
        assert!(text[comment.clone()].starts_with(['#', '/']), "a comment begins with its mark");
        last = comment.end;
    }
    assert_eq!(document.comments().count(), document.tree.comments.len());
    if let Some(place) = document.leniency() {
        assert!(place.line > 0 && place.column > 0);
    }
    for (pointer, place) in document.duplicates() {
        assert!(pointer.as_str().starts_with('/') && place.line > 0);
    }
    check_node(document, &document.tree.root, 0);
    check_value(&document.root());
}

/// The tree as the readers left it.
fn check_node(document: &Document, node: &Node, depth: usize) {
    let text = document.text().expose();
    assert!(depth <= MAX_DEPTH, "the depth has a limit");
    let written = &text[node.span.clone()];
    match &node.kind {
        NodeKind::Null | NodeKind::Boolean(_) | NodeKind::Number => {
            assert!(!written.starts_with(char::is_whitespace) && !written.ends_with(char::is_whitespace));
        }
        NodeKind::String(content) => check_content(text, content, written, node.span.start),
        NodeKind::Sequence(nodes) => {
            for inner in nodes {
                check_node(document, inner, depth + 1);
            }
            check_order(document, node, nodes.iter().map(|inner| inner.span.clone()));
        }
        NodeKind::Mapping(members) => {
            for member in members {
                let key = &text[member.key_span.clone()];
                check_content(text, &member.key, key, member.key_span.start);
                check_node(document, &member.value, depth + 1);
            }
            let keys = members.iter().map(|member| member.key_span.clone());
            check_order(document, node, keys);
            if document.syntax() != Syntax::Toml {
                for member in members {
                    assert!(member.key_span.end <= member.value.span.start, "a value follows its key");
                }
                check_order(document, node, members.iter().map(|member| member.value.span.clone()));
            }
        }
    }
}

fn check_content(text: &str, content: &Content, written: &str, start: usize) {
    match content {
        Content::Written(span) => {
            let inner = &text[span.clone()];
            assert!(
                start <= span.start && span.end <= start + written.len(),
                "the text lies in what is written"
            );
            let around = written.len() - inner.len();
            // Of a block of YAML, blank lines behind it.
            let blank = written.len() - written.trim_end().len();
            // Of TOML, quotes thrice on both sides and a line break.
            assert!(around <= 8 + blank, "no more than quotes stand around it");
        }
        Content::Decoded(decoded) => {
            assert_ne!(decoded.as_str(), written, "what reads as written is not copied");
        }
    }
}

/// Values stand one after another within what holds them. Tables of TOML are scattered: they are only in order.
fn check_order(document: &Document, node: &Node, spans: impl Iterator<Item = std::ops::Range<usize>>) {
    let is_toml = document.syntax() == Syntax::Toml;
    let mut last = if is_toml { 0 } else { node.span.start };
    for span in spans {
        assert!(last <= span.start && span.start <= span.end, "values are in the order of the file");
        last = if is_toml { span.start } else { span.end };
        assert!(is_toml || last <= node.span.end, "a value lies in what holds it");
    }
}

/// The same through what others see.
fn check_value(value: &Value<'_>) {
    let place = value.place();
    assert!(place.line > 0 && place.column > 0);
    assert_eq!(value.text().is_some(), matches!(value.shape(), super::Shape::String));
    for (key, member) in value.members() {
        assert!(value.get(key.expose()).is_some() && member.key_span().is_some());
        let step = key.expose().replace('~', "~0").replace('/', "~1");
        assert!(member.pointer().as_str().ends_with(&step));
        check_value(&member);
    }
    for (number, item) in value.items().enumerate() {
        assert!(item.pointer().as_str().ends_with(&format!("/{number}")));
        check_value(&item);
    }
}
