//! Names of variables that an entry takes without a placeholder.

use crate::catalog::client::{FieldKind, Layout};
use crate::configuration::read::builder::Builder;
use crate::configuration::read::common::named_by;
use crate::document::{Shape, Value};

/// Reads what is under a key that names variables; returns whether it is such a key for this layout.
pub(super) fn read<'d>(builder: &mut Builder<'d>, key: &str, value: &Value<'d>, layout: Layout) -> bool {
    let by = named_by(layout);
    match (key, layout) {
        // `["NAME", {name = "NAME", source = "local"}]`
        ("env_vars", Layout::Codex) | ("env_keys", Layout::Goose) => {
            for item in value.items() {
                let name = if item.shape() == Shape::Mapping { item.get("name") } else { Some(item) };
                if let Some(name) = name {
                    builder.names(FieldKind::Env, None, &name, by);
                }
            }
        }
        ("bearer_token_env_var", Layout::Codex) | ("bearerTokenEnv", Layout::Common) => {
            builder.names(FieldKind::Headers, Some("Authorization"), value, by);
        }
        ("env_http_headers", Layout::Codex) => {
            for (header, name) in value.members() {
                builder.names(FieldKind::Headers, Some(header.expose()), &name, by);
            }
        }
        ("oauthClientSecretEnv", Layout::Common) => {
            builder.names(FieldKind::Oauth, Some("client_secret"), value, by);
        }
        ("api_key_env", Layout::Named) => builder.names(FieldKind::Headers, Some("Authorization"), value, by),
        ("api_key_header" | "api_key_format", Layout::Named) => {}
        _ => return false,
    }
    true
}
