//! The bridge: `mcp-remote`, which our wrapper starts in the place of a remote server.

use crate::catalog::client::{FieldKind, Layout};
use crate::check::exposure::{Exposed, exposed_in};
use crate::document::edit::{Edits, NewValue};
use crate::document::{Shape, Text, Value};
use crate::protect::launching::set_variables;
use crate::protect::mechanism::arguments::passes_braces;
use crate::protect::mechanism::headers::{
    can_be_header, has_no_placeholder, is_header_name, pair, secret_of_pair,
};
use crate::protect::mechanism::{How, Left};
use crate::protect::subject::{Found, Subject};

/// Under which keys clients write where a server is.
const ADDRESSES: &[&str] = &["url", "httpUrl", "serverUrl", "uri", "baseUrl", "sseUrl"];

/// An entry that can become one that starts the bridge.
pub(crate) struct Bridge<'d> {
    layout: Layout,
    /// The mapping that says where the server is: the entry, or one in it.
    holder: Value<'d>,
    /// The address.
    pub(crate) url: Value<'d>,
    /// Members that speak of a remote server, and of nothing else.
    gone: Vec<Value<'d>>,
    /// What says of which sort the server is, and what it says of a program.
    sort: Option<(Value<'d>, &'static str)>,
}

/// What is done about a secret in a header or in the URL, where the whole entry can be one for the bridge.
pub(crate) fn choose(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>) -> Option<Found> {
    Bridge::of(subject)?;
    let part = exposed.found.span.clone();
    let text = exposed.field.value.text().map_or("", Text::expose);
    let is_in_pair = exposed.field.kind == FieldKind::Url
        && pair(text).is_some_and(|pair| pair.start <= part.start && part.end <= pair.end);
    let secret = if is_in_pair { secret_of_pair(subject, exposed) } else { subject.secret(exposed) };
    Some(Found { how: How::Bridge { part }, secret: secret?, suggested: None })
}

impl<'d> Bridge<'d> {
    /// In the place of this entry. Not, where something in it is left to the client that the bridge would not do.
    pub(crate) fn of(subject: &Subject<'_, 'd>) -> Option<Self> {
        let entry = subject.entry;
        let starts_nothing = subject.launching().is_err_and(|left| left == Left::starts_nothing());
        if !starts_nothing || entry.command().is_some() || !entry.named.is_empty() || entry.has_helper() {
            return None;
        }
        let headers = || entry.fields.iter().filter(|field| field.kind == FieldKind::Headers);
        let is_plain = |text: &str| has_no_placeholder(subject, text) && !text.contains("${");
        let are_plain = headers().all(|field| {
            let text = field.value.text().map(Text::expose);
            field.value.is_member() && is_header_name(&field.name) && text.is_some_and(is_plain)
        });
        let exposed = exposed_in(subject.values, entry);
        let is_reached = |kind: FieldKind| matches!(kind, FieldKind::Headers | FieldKind::Url);
        if !are_plain || !exposed.iter().all(|it| is_reached(it.field.kind)) {
            return None;
        }
        let bridge = Self::in_place_of(entry.layout, &entry.value)?;
        let address = bridge.url.text().map(Text::expose)?;
        let secrets = exposed.iter().filter(|it| it.field.kind == FieldKind::Url);
        let has_way = match pair(address) {
            None => true,
            // What the bridge asks with refuses such a URL, and the bridge itself fills in variables among headers.
            Some(pair) => {
                let secrets: Vec<_> = secrets.map(|it| it.found.span.clone()).collect();
                passes_braces(subject) && can_be_header(subject, address, &pair, &secrets)
            }
        };
        (is_plain(address) && is_bridged(address) && has_way).then_some(bridge)
    }

    /// Looks at every member of an entry; nothing where one of them says what a bridge can't do.
    fn in_place_of(layout: Layout, entry: &Value<'d>) -> Option<Self> {
        let transport = entry.get("transport").filter(|it| it.shape() == Shape::Mapping);
        let holder = transport.unwrap_or_else(|| entry.clone());
        let url = ADDRESSES.iter().find_map(|key| holder.get(key))?;
        let mut bridge = Self { layout, holder, url, gone: Vec::new(), sort: None };
        let program = if layout == Layout::CommandArray { "local" } else { "stdio" };
        for (key, value) in bridge.holder.members() {
            let headers_alone = || value.members().all(|(key, _)| key.is("headers"));
            match key.expose() {
                "headers" | "http_headers" => bridge.gone.push(value),
                key if ADDRESSES.contains(&key) => bridge.gone.push(value),
                "requestOptions" if headers_alone() => bridge.gone.push(value),
                // That the server takes a key, and nobody is to log in.
                "oauth" if value.boolean() == Some(false) => bridge.gone.push(value),
                "requestOptions" | "requestInit" | "oauth" | "oauthClient" | "auth" | "authorization" => {
                    return None;
                }
                "type" => bridge.sort = Some((value, program)),
                "transport" if layout == Layout::Named => bridge.sort = Some((value, program)),
                "transport" => bridge.gone.push(value),
                _ if value.shape() == Shape::Null => return None,
                _ => {}
            }
        }
        Some(bridge)
    }

    /// Lets the entry start this program with these arguments, and say nothing else of where the server is.
    pub(crate) fn build(
        &self,
        edits: &mut Edits<'d>,
        called: &str,
        arguments: Vec<NewValue>,
        variables: &[(&'static str, String)],
    ) {
        for value in &self.gone {
            edits.remove(value);
        }
        if let Some((value, sort)) = &self.sort {
            edits.replace(value, NewValue::text(sort));
        }
        let command = if self.layout == Layout::Goose { "cmd" } else { "command" };
        if self.layout == Layout::CommandArray {
            let words = std::iter::once(NewValue::text(called)).chain(arguments).collect();
            edits.insert(&self.holder, command, NewValue::Sequence(words));
        } else {
            edits.insert(&self.holder, command, NewValue::text(called));
            edits.insert(&self.holder, "args", NewValue::Sequence(arguments));
        }
        set_variables(edits, &self.holder, self.layout, variables);
    }
}

/// Whether the bridge goes to an address without encryption only when it is told to.
pub(crate) fn wants_leave(address: &str) -> bool {
    let authority = address.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let host = authority.and_then(|it| it.rsplit('@').next()?.split(':').next());
    host.is_some_and(|host| !["localhost", "127.0.0.1"].contains(&host))
}

/// Whether the bridge can ask at such an address.
fn is_bridged(address: &str) -> bool {
    (address.starts_with("https://") || address.starts_with("http://")) && !address.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_the_bridge_takes() {
        for (address, is_taken, needs_leave) in [
            ("https://x.example/mcp?key=a", true, false),
            ("http://x.example/mcp", true, true),
            ("http://localhost:8080/mcp", true, false),
            ("https://me:secret@x.example/mcp", true, false),
            ("http://me:secret@127.0.0.1:1/mcp", true, false),
            ("https://x.example/a@b", true, false),
            ("https://x.example/{{A}}", false, false),
            ("ws://x.example", false, false),
        ] {
            assert_eq!((is_bridged(address), wants_leave(address)), (is_taken, needs_leave), "{address}");
        }
    }
}
