//! `Leftover`: a file that is no configuration and may hold secrets: a copy, a dead file, a store in the open.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::catalog::client::Client;
use crate::configuration::discover::{Found, is_for, look};
use crate::configuration::places::Places;
use crate::document::{self, DocumentError};

/// One file.
#[derive(Debug)]
pub(crate) struct Leftover {
    /// Whose it is: the `id` of the client.
    pub(crate) client: Option<String>,
    /// What it is: `a backup that Claude Code made of its configuration`.
    pub(crate) what: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether the client needs it, so that it is not to be deleted.
    pub(crate) in_use: bool,
}

impl Leftover {
    /// What is written in it, in memory that is wiped; bytes that are no text are replaced. Empty where it is gone.
    ///
    /// # Errors
    /// Where it can't be read, is no regular file, or is larger than a document may be.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, DocumentError> {
        let Some(content) = document::content(&self.path)? else { return Ok(Zeroizing::default()) };
        Ok(Zeroizing::new(String::from_utf8_lossy(content.expose_secret()).into_owned()))
    }
}

/// Those of these clients, and copies that editors make beside the configurations that were found.
pub(super) fn find(
    places: &Places,
    clients: &[&Client],
    found: &[Found<'_>],
    is_configuration: &dyn Fn(&Path) -> bool,
) -> Vec<Leftover> {
    let mut leftovers: Vec<Leftover> = Vec::new();
    let mut add = |leftover: Leftover| {
        let is_known =
            is_configuration(&leftover.path) || leftovers.iter().any(|it| it.path == leftover.path);
        if !is_known && leftover.path.is_file() {
            leftovers.push(leftover);
        }
    };
    for client in clients {
        for leftover in client.leftovers.iter().filter(|it| is_for(&it.platforms, places.platform())) {
            for path in look(places, &leftover.path) {
                let (client, what) = (Some(client.id.clone()), leftover.what.clone());
                add(Leftover { client, what, path, in_use: leftover.in_use });
            }
        }
    }
    for found in found {
        let Some(name) = found.path.file_name().and_then(|name| name.to_str()) else { continue };
        let copies = [
            format!("{name}.bak"),
            format!("{name}~"),
            format!(".{name}.swp"),
            format!("{name}.old"),
            format!("{name}.orig"),
            format!("{name}.backup"),
            format!("{name}.save"),
        ];
        for copy in copies {
            let client = found.readers.first().map(|reader| reader.client.id.clone());
            let what = "a copy that somebody or an editor made of a configuration".to_owned();
            add(Leftover { client, what, path: found.path.with_file_name(copy), in_use: false });
        }
    }
    leftovers
}
