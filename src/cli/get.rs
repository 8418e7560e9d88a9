//! `mcpcred get`: print one secret, or copy it.

use std::process::ExitCode;
use std::time::Duration;

use crate::app::App;
use crate::cli::Outcome;
use crate::credential::Period;
use crate::inject::json;
use crate::name::CredentialName;
use crate::os::clipboard;
use crate::secret::{Secret, SecretBuffer};

/// Print the value of a credential: byte for byte when piped, with a newline on a terminal
#[derive(Debug, clap::Args)]
pub(super) struct Get {
    /// Name of the credential
    #[arg(add = super::completions::names())]
    name: CredentialName,
    /// Print a JSON document that holds the value
    #[arg(long, conflicts_with = "clip")]
    json: bool,
    /// Copy it to the clipboard instead of printing it
    #[arg(long)]
    clip: bool,
    /// With `--clip`: when to clear the clipboard, if it still holds the value
    #[arg(long, value_name = "PERIOD", default_value = "45s", requires = "clip")]
    clear_after: Period,
    /// The value from before the last rotation, while it is kept
    #[arg(long)]
    previous: bool,
}

impl Get {
    pub(super) fn run(self, app: &App) -> Outcome {
        let secret = if self.previous {
            app.credentials.get_previous(&self.name)?
        } else {
            app.credentials.get(&self.name)?
        };
        if self.clip {
            let seconds = self.clear_after.0.as_secs().max(1).unsigned_abs();
            clipboard::spawn_keeper(&secret, Duration::from_secs(seconds))?;
            app.ui.say(&format!("Copied `{}`; the clipboard is cleared in {seconds} s", self.name));
        } else if self.json {
            app.ui.data(document(app, &self.name, &secret).expose_secret())?;
        } else {
            app.ui.data(secret.expose_secret())?;
            if app.ui.data_is_terminal() {
                app.ui.data(b"\n")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The value as text, or as base64 where it is not UTF-8; `encoding` says which.
fn document(app: &App, name: &CredentialName, secret: &Secret) -> Secret {
    let mut document = SecretBuffer::with_capacity(secret.len() * 6 + 512);
    let encoding = if secret.expose_secret_str().is_ok() { "utf-8" } else { "base64" };
    let head = format!(
        "{{\n  \"schema_version\": 1,\n  \"profile\": \"{}\",\n  \"name\": \"{name}\",\n  \"encoding\": \"{encoding}\",\n  \"value\": ",
        app.credentials.profile()
    );
    document.push(head.as_bytes());
    json::push_value(&mut document, secret);
    document.push(b"\n}\n");
    document.into_secret()
}
