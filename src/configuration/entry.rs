//! `ServerEntry`: a server as one client's configuration has it, whatever the layout.

use std::path::Path;

use crate::catalog::client::{Client, FieldKind, Layout, Scope};
use crate::document::Value;

/// One entry.
pub(crate) struct ServerEntry<'d> {
    /// The key that the client knows it by. Of any text, so it is sanitized before it is shown.
    pub(crate) name: String,
    /// Who reads it.
    pub(crate) client: &'d Client,
    /// Whom it is for.
    pub(crate) scope: Scope,
    /// The folder of the project it is for, where the entry itself says so (Claude Code's `projects`).
    pub(crate) project: Option<String>,
    /// The file.
    pub(crate) file: &'d Path,
    /// How it is laid out.
    pub(crate) layout: Layout,
    /// The entry as a whole.
    pub(crate) value: Value<'d>,
    /// Whether the client would start it.
    pub(crate) enabled: bool,
    /// Whether an entry of the same name in a nearer scope of the same client takes its place.
    pub(crate) shadowed: bool,
    /// Everything in it that may hold or name a secret, in the order of the file.
    pub(crate) fields: Vec<Field<'d>>,
    /// Names of variables that it takes without a placeholder: `env_vars`, `env_keys`, `bearer_token_env_var`.
    pub(crate) named: Vec<NamedReference<'d>>,
}

/// One value of an entry.
pub(crate) struct Field<'d> {
    /// Which part it is of.
    pub(crate) kind: FieldKind,
    /// Its key (`GITHUB_TOKEN`, `Authorization`), or its number among the arguments; the flag before it, where an
    /// argument follows one (`--token`).
    pub(crate) name: String,
    /// The value.
    pub(crate) value: Value<'d>,
}

/// A variable that an entry names.
pub(crate) struct NamedReference<'d> {
    /// Which part it is for.
    pub(crate) kind: FieldKind,
    /// The variable that the client reads.
    pub(crate) variable: String,
    /// The variable or header that the server finds it in.
    pub(crate) target: String,
    /// Where it is named.
    pub(crate) value: Value<'d>,
}
