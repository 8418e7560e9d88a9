//! The settings of OAuth clients, and tokens in an entry: what a client can do without a value in its file.

use crate::catalog::client::FieldKind;
use crate::check::exposure::{Exposed, is_of_oauth_client};
use crate::protect::mechanism::{How, Left, command, headers, reference};
use crate::protect::subject::{Found, Subject};

/// What is done about such a secret, which would be called so.
pub(crate) fn choose(
    subject: &Subject<'_, '_>,
    exposed: &Exposed<'_, '_, '_>,
    name: &str,
    may_help: bool,
) -> Result<Found, Left> {
    if let Some(found) = command::choose(subject, exposed, may_help) {
        return Ok(found);
    }
    if headers::asks(subject, FieldKind::Oauth)
        && let Some(secret) = subject.secret(exposed)
    {
        let part = exposed.found.span.clone();
        return Ok(Found { how: How::Input { part }, secret, suggested: None });
    }
    Err(left(subject, exposed, name))
}

fn left(subject: &Subject<'_, '_>, exposed: &Exposed<'_, '_, '_>, name: &str) -> Left {
    let mut names: Vec<&str> = Vec::new();
    for reader in &subject.readers {
        if !names.contains(&reader.client.name.as_str()) {
            names.push(&reader.client.name);
        }
    }
    let who = names.join(", ");
    let is_of_client = is_of_oauth_client(exposed.field);
    let what = if is_of_client { "the secret of an OAuth client" } else { "this token" };
    if reference::choose(subject, exposed, name).is_some() {
        return Left::new(
            format!("{who} takes {what} from its file, or from a variable that it was started with"),
            "say `--style reference` to write a placeholder, and load it with `mcpcred export-env` before the client starts",
        );
    }
    let keeps_its_own = subject.readers.iter().all(|reader| reader.client.id == "claude-code");
    if is_of_client && keeps_its_own {
        return Left::new(
            format!("{who} keeps {what} in a store of its own, and reads none from this file"),
            "take it out, and hand it over once with `claude mcp add --client-secret`, which asks for it",
        );
    }
    let fills_in = subject.readers.iter().all(|it| !it.references.syntaxes_in(FieldKind::Oauth).is_empty());
    Left::new(
        if fills_in {
            format!(
                "{who} may keep a variable with {what} from itself, or write its value into the file again"
            )
        } else {
            format!("{who} takes {what} from its file alone")
        },
        if is_of_client {
            "register a public client, which has no secret, or replace the value and take the entry out"
        } else {
            "write it as a header instead, where the server takes one, and protect that"
        },
    )
}
