//! How a value reaches a server instead of lying in its entry, in words that a person can follow.

use crate::catalog::client::{FieldKind, Layout, ReferenceSyntax};
use crate::check::placeholder::credential_name;
use crate::check::wrapper::is_mcpcred;
use crate::configuration::entry::{Field, ServerEntry};

/// How the entry would refer to a variable in such a field, where its client knows placeholders there.
pub(super) fn placeholder(entry: &ServerEntry<'_>, kind: FieldKind, name: &str) -> Option<String> {
    let supported = entry.references().syntaxes_in(kind);
    let written = [
        (ReferenceSyntax::Braces, format!("${{{name}}}")),
        (ReferenceSyntax::Env, format!("${{env:{name}}}")),
        (ReferenceSyntax::BareEnv, format!("{{env:{name}}}")),
        (ReferenceSyntax::Dollar, format!("${name}")),
    ];
    written.into_iter().find(|(syntax, _)| supported.contains(syntax)).map(|(_, written)| written)
}

/// What to do so that the credential of that name gets into this field.
pub(super) fn instead(entry: &ServerEntry<'_>, field: &Field<'_>, name: &str) -> String {
    let name = credential_name(name);
    if entry.command().is_some() {
        return format!("let mcpcred start the server: {}", start(entry, field, name));
    }
    if let Some(placeholder) = placeholder(entry, field.kind, name) {
        return format!("write `{placeholder}` in its place, and load it before the client starts");
    }
    if entry.layout == Layout::Codex && field.kind == FieldKind::Headers {
        let key = if field.name.eq_ignore_ascii_case("authorization") {
            format!("bearer_token_env_var = \"{name}\"")
        } else {
            "env_http_headers".to_owned()
        };
        return format!("name a variable instead, with `{key}`, and load it before the client starts");
    }
    "let mcpcred start a local bridge to the server, such as `mcp-remote`".to_owned()
}

/// What loads a credential into the shell that a client is started from.
pub(super) fn loading(name: &str) -> String {
    if cfg!(windows) {
        format!("mcpcred export-env {name} --shell powershell | Invoke-Expression")
    } else {
        format!("eval \"$(mcpcred export-env {name})\"")
    }
}

/// The command line that hands it over.
fn start(entry: &ServerEntry<'_>, field: &Field<'_>, name: &str) -> String {
    let is_variable = field.kind == FieldKind::Env && field.name != name;
    let assignment = match credential_name(&field.name) {
        variable if is_variable && variable == field.name => format!("{variable}={name}"),
        _ => name.to_owned(),
    };
    let command = entry.command().map_or("", |text| text.expose());
    let is_plain = !command.is_empty()
        && command.len() <= 64
        && command.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    let command = if is_plain && !is_mcpcred(command) { format!("{command} …") } else { "…".to_owned() };
    format!("`mcpcred run -e {assignment} -- {command}`")
}
