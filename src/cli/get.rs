//! `mcpcred get`: print one secret, or copy it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::process::ExitCode;

use crate::app::App;
use crate::cli::Outcome;
use crate::credential::Period;
use crate::inject::environment::OWN_KEYS;
use crate::inject::shell::{RenderError, Shell, render};
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
        if self.clip {
            app.credentials.read_into("clipboard");
        }
        let secret = if self.previous {
            app.credentials.get_previous(&self.name)?
        } else {
            app.credentials.get(&self.name)?
        };
        if self.clip {
            let seconds = self.clear_after.0.as_secs().max(1).unsigned_abs();
            let profile = app.credentials.profile().to_string();
            let folder = app.settings.data_folder.value.as_os_str();
            let more = [folder, profile.as_ref(), self.name.as_str().as_ref()];
            clipboard::spawn_keeper(&secret, seconds, &more, OWN_KEYS)?;
            app.ui.say(&format!("Copied `{}`; the clipboard is cleared in {seconds} s", self.name));
        } else if self.json {
            app.ui.data(document(app, &self.name, &secret)?.expose_secret())?;
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
fn document(app: &App, name: &CredentialName, secret: &Secret) -> Result<Secret, RenderError> {
    let encoded;
    let (encoding, text) = if secret.expose_secret_str().is_ok() {
        ("utf-8", secret)
    } else {
        encoded = base64(secret);
        ("base64", &encoded)
    };
    let profile = app.credentials.profile();
    let head =
        format!(r#"{{"schema_version":1,"profile":"{profile}","name":"{name}","encoding":"{encoding}","#);
    let value = render(Shell::Json, &[("value", text)])?;
    // The object of one variable, without its opening brace, ends ours.
    let rest = &value.expose_secret()[1..];
    let mut document = SecretBuffer::with_capacity(head.len() + rest.len());
    document.push(head.as_bytes());
    document.push(rest);
    Ok(document.into_secret())
}

fn base64(secret: &Secret) -> Secret {
    let mut text = vec![0; secret.len().div_ceil(3) * 4];
    // The buffer has exactly the size of the text, so this can't fail.
    let written = STANDARD.encode_slice(secret.expose_secret(), &mut text).unwrap_or_default();
    text.truncate(written);
    Secret::new(text)
}
