//! MCP servers: which credentials each one needs, and how it is known when one sees it.

use serde::{Deserialize, Serialize};

/// One server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// `github`: what `--server` takes.
    pub(crate) id: String,
    /// `GitHub`.
    pub(crate) name: String,
    /// What a person has to do before it works.
    pub(crate) setup: Setup,
    /// Its own page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
    /// What is good to know, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// How it is known in a configuration.
    #[serde(default)]
    pub(crate) known_by: KnownBy,
    /// What it needs: one of the alternatives is enough; none is needed where the list is empty.
    #[serde(default, rename = "alternative")]
    pub(crate) alternatives: Vec<Alternative>,
    /// Variables that are no secrets: `GITHUB_HOST`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) companions: Vec<String>,
}

/// How much work it is to get it going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Setup {
    /// One page, one token.
    Simple,
    /// Some choices: scopes, an app, several values.
    Moderate,
    /// An administrator, or several systems.
    Complex,
}

/// What tells a server in a configuration. Any one is enough.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KnownBy {
    /// npm packages, without a version.
    pub(crate) npm: Vec<String>,
    /// Python packages; `*` at the end or within stands for any characters.
    pub(crate) pypi: Vec<String>,
    /// Container images, without a tag.
    pub(crate) images: Vec<String>,
    /// Programs.
    pub(crate) commands: Vec<String>,
    /// Hosts of remote servers, with a path where one host has several; `*.` for any subdomain.
    pub(crate) urls: Vec<String>,
}

/// One way of giving a server what it needs: all of its credentials together.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alternative {
    /// Whether a person has to do without it: an OAuth login or a profile of the provider does as well.
    #[serde(default)]
    pub(crate) optional: bool,
    /// For the remote form of the server (headers), or for the local one (variables).
    #[serde(default)]
    pub(crate) remote: bool,
    /// What.
    #[serde(default, rename = "credential")]
    pub(crate) credentials: Vec<Requirement>,
    /// What does instead of credentials: `a login in the browser (OAuth)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instead: Option<String>,
}

/// One credential that a server needs.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirement {
    /// The name that the server reads.
    pub(crate) name: String,
    /// Other names of the same secret: one stored credential feeds all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<String>,
    /// What it is.
    pub(crate) kind: SecretKind,
    /// Words for a person: `personal access token, fine-grained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// The `id` of its provider in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// The least that it must be allowed to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// Where a person makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) create_at: Option<String>,
    /// How the server wants it, where that is not the bare value: `base64 of email:token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<String>,
    /// The header that carries it to a remote server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<String>,
    /// Flags that take it, which the environment should replace: `--api-key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<String>,
}

/// What sort of thing a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SecretKind {
    /// A token or key.
    Token,
    /// One half of a pair: useless without the other.
    PairId,
    /// The secret half of a pair.
    PairSecret,
    /// A URI with a password in it.
    ConnectionString,
    /// A password.
    Password,
    /// The path of a file that holds it: `KUBECONFIG`. The path itself is no secret.
    Path,
    /// JSON that holds it.
    Json,
}
