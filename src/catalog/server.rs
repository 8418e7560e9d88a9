//! MCP servers: which credentials each one needs, and how it is known when one sees it.

use serde::{Deserialize, Serialize};

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
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
    /// A command that starts its local form, where it is not the usual one for its package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    /// Where its remote form is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// How it is known in a configuration.
    #[serde(default)]
    pub(crate) known_by: KnownBy,
    /// What it needs: one of the alternatives that fit is enough; none is needed where the list is empty.
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

/// What tells a server in a configuration. Any one is enough. A `*` in a name stands for any characters; a name holds
/// one at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KnownBy {
    /// npm packages, without a version.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) npm: Vec<String>,
    /// Python packages, however their dashes are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pypi: Vec<String>,
    /// Container images, without a tag.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) images: Vec<String>,
    /// Programs, without a folder and without `.exe`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<String>,
    /// Hosts of remote servers, with a port or a path where one host has several; `*.` for any subdomain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) urls: Vec<String>,
}

impl KnownBy {
    /// Every name, of any kind.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.npm, &self.pypi, &self.images, &self.commands, &self.urls]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// One way of giving a server what it needs: all of its credentials together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Alternative {
    /// For this form of the server alone; for both where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<Transport>,
    /// For these packages, images, programs or hosts alone, as [`KnownBy`] names them; for all where the list is
    /// empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) of: Vec<String>,
    /// Whether the server starts without it as well, and does less.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) optional: bool,
    /// What does instead of credentials: `a login in the browser (OAuth)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instead: Option<String>,
    /// What.
    #[serde(rename = "credential", skip_serializing_if = "Vec::is_empty")]
    pub(crate) credentials: Vec<Requirement>,
}

impl Alternative {
    /// Its credentials without those that are only good to have.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &Requirement> {
        self.credentials.iter().filter(|credential| !credential.optional || self.optional)
    }

    /// Whether it is for the server that was known by that name and runs there.
    pub(crate) fn fits(&self, transport: Transport, known_by: Option<&str>) -> bool {
        self.only.is_none_or(|only| only == transport)
            && (self.of.is_empty() || known_by.is_none_or(|name| self.of.iter().any(|own| own == name)))
    }
}

/// Where a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// As a program that the client starts; secrets are in its environment.
    Local,
    /// Behind a URL; secrets are in headers, also where a program such as `mcp-remote` stands in between.
    Remote,
}

/// One credential that a server needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirement {
    /// The variable that the server reads, or the name under which a header's value is kept.
    pub(crate) name: String,
    /// Other names of the same secret: one stored credential feeds all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<String>,
    /// Names of the bare secret, where the server wants it in a [`Form`]: it has to be put into that first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) made_from: Vec<String>,
    /// What it is.
    pub(crate) kind: SecretKind,
    /// Words for a person: `personal access token, fine-grained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Whether the server starts without this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) optional: bool,
    /// The `id` of its provider in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// The least that it must be allowed to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// Where a person makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) create_at: Option<String>,
    /// How the variable wants it, where that is not the bare value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Form>,
    /// The header that carries it to a remote server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<Header>,
    /// Flags that take it, which the environment should replace: `--api-key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<String>,
    /// Whether the server also takes it as an argument of its own, without a flag.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) positional: bool,
    /// Whether the server takes it as such an argument alone, and reads no variable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) argument_only: bool,
    /// Parts of the query of a URL that carry it: `tavilyApiKey`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) query: Vec<String>,
    /// Whether the path of a URL may carry it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) in_path: bool,
}

impl Requirement {
    /// A requirement of that name about which nothing else is known.
    pub(crate) fn new(name: impl Into<String>, kind: SecretKind) -> Self {
        Self {
            name: name.into(),
            aliases: Vec::new(),
            made_from: Vec::new(),
            kind,
            token: None,
            optional: false,
            provider: None,
            scope: None,
            create_at: None,
            form: None,
            header: None,
            flags: Vec::new(),
            positional: false,
            argument_only: false,
            query: Vec::new(),
            in_path: false,
        }
    }

    /// Its name and its aliases: one secret, of one value.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.aliases).map(String::as_str)
    }

    /// Whether that is one of its names.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// How `mcpcred run` is told to hand over the credential that is stored under that name.
    pub(crate) fn flag(&self, credential: &str) -> [String; 2] {
        if self.argument_only {
            ["--expand".to_owned(), credential.to_owned()]
        } else if self.name == credential {
            ["-e".to_owned(), credential.to_owned()]
        } else {
            ["-e".to_owned(), format!("{}={credential}", self.name)]
        }
    }

    /// What stands for that credential among the arguments, where the server reads it from there.
    pub(crate) fn place(&self, credential: &str) -> Option<String> {
        self.argument_only.then(|| format!("{{{{{credential}}}}}"))
    }
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
    /// A private key in PEM, of several lines.
    PrivateKey,
    /// The path of a file that holds it: `KUBECONFIG`. The path itself is no secret.
    Path,
    /// JSON or YAML that holds it.
    Document,
}

impl SecretKind {
    /// In words, for a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::PairId => "key id",
            Self::PairSecret => "key",
            Self::ConnectionString => "connection string",
            Self::Password => "password",
            Self::PrivateKey => "private key",
            Self::Path => "path of a file",
            Self::Document => "document",
        }
    }
}

/// How a variable wants a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// Base64 of `user:token`, as HTTP's Basic takes it.
    Basic,
    /// `Bearer token`: all that follows `Authorization:`.
    Bearer,
    /// JSON of headers: `{"Authorization": "Bearer token"}`.
    HeaderJson,
    /// `account/key:secret`: a pair and what it belongs to, in one.
    AccountKeySecret,
}

impl Form {
    /// In words, for a person.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Basic => "base64 of `email:token`",
            Self::Bearer => "`Bearer ` before the token",
            Self::HeaderJson => "JSON of headers, `{\"Authorization\": \"Bearer …\"}`",
            Self::AccountKeySecret => "`account/key:secret`",
        }
    }
}

/// A header and its value, with `{token}` in the place of the secret: `Authorization: Bearer {token}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Header {
    /// What it is called; case does not count.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// A text that is no header.
#[derive(Debug, thiserror::Error)]
#[error("a header is written as `Name: {{token}}` or `Name: Bearer {{token}}`")]
pub(crate) struct InvalidHeader;

impl TryFrom<String> for Header {
    type Error = InvalidHeader;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, value) = text.split_once(": ").ok_or(InvalidHeader)?;
        let is_name =
            !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
        if !is_name || value.matches("{token}").count() != 1 || value.contains(char::is_control) {
            return Err(InvalidHeader);
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl From<Header> for String {
    fn from(header: Header) -> Self {
        format!("{}: {}", header.name, header.value)
    }
}

impl Server {
    /// The alternatives for the form of the server that was known by that name, or for any where nobody said.
    pub(crate) fn alternatives_for(
        &self,
        transport: Transport,
        known_by: Option<&str>,
    ) -> impl Iterator<Item = &Alternative> {
        self.alternatives.iter().filter(move |alternative| alternative.fits(transport, known_by))
    }

    /// A command that starts its local form, where one is known.
    pub(crate) fn start_command(&self) -> Option<String> {
        self.start_commands().into_iter().next()
    }

    /// All commands that start its local form, the best first.
    pub(crate) fn start_commands(&self) -> Vec<String> {
        let first = |names: &[String]| names.iter().find(|name| !name.contains('*')).cloned();
        let environment = || {
            let mut flags = String::new();
            let local = self.alternatives_for(Transport::Local, None).find(|it| !it.credentials.is_empty());
            for credential in local.iter().flat_map(|it| it.needed()) {
                flags.extend([" -e ", &credential.name]);
            }
            flags
        };
        let commands = [
            self.start.clone(),
            first(&self.known_by.npm).map(|package| format!("npx -y {package}")),
            first(&self.known_by.pypi).map(|package| format!("uvx {package}")),
            first(&self.known_by.images).map(|image| format!("docker run -i --rm{} {image}", environment())),
            first(&self.known_by.commands),
        ];
        commands.into_iter().flatten().collect()
    }

    /// Everything that it may be given.
    pub(crate) fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.alternatives.iter().flat_map(|alternative| &alternative.credentials)
    }

    /// The requirement of that name, or with that alias.
    pub(crate) fn requirement(&self, name: &str) -> Option<&Requirement> {
        self.requirements()
            .find(|requirement| requirement.name == name)
            .or_else(|| self.requirements().find(|requirement| requirement.is_named(name)))
    }
}
