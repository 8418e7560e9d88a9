//! Manifests of bundles (MCPB, formerly DXT) that a person names: a secret that is not marked as one is stored by the
//! client like any setting.

use std::path::{Path, PathBuf};

use crate::catalog::publisher;
use crate::check::finding::{Finding, Location, Reason};
use crate::check::verdict::Verdict;
use crate::configuration::discover::look;
use crate::configuration::places::Places;

/// Where Claude Desktop unpacks the bundles that a person installs.
const INSTALLED: &str = "$CONFIG/Claude/Claude Extensions/*/manifest.json";

/// The manifests of the bundles that are installed.
pub(crate) fn installed(places: &Places) -> Vec<PathBuf> {
    look(places, INSTALLED)
}

/// What is the case with those of the files that are manifests or bundles.
pub(crate) fn check(files: &[PathBuf]) -> Vec<Finding> {
    files.iter().flat_map(|file| of_file(file)).collect()
}

/// Whether a file is a bundle itself, and so no configuration of any client.
pub(crate) fn is_packed(file: &Path) -> bool {
    publisher::is_archive(file)
}

fn of_file(file: &Path) -> Vec<Finding> {
    let published = match publisher::read(file) {
        Ok(published) => published,
        Err(error) if is_packed(file) => {
            let verdict = Verdict::problem(Reason::Unreadable, format!("the file {}", error.why()))
                .advice("get the bundle anew from its publisher; what it asks for was not checked");
            let location = Some(Location::of_file(file, None));
            return vec![Finding { location, ..verdict.finding() }];
        }
        Err(_) => return Vec::new(),
    };
    let unmarked = published.unmarked.into_iter().map(|unmarked| {
        let verdict = Verdict::warning(
            Reason::NotMarkedSensitive,
            format!(
                "the bundle asks for `{}`, which looks like a secret, and does not mark it `sensitive`",
                unmarked.key
            ),
        )
        .advice("clients keep it in plaintext: add `\"sensitive\": true` to it, or ask the publisher to");
        Finding {
            server: Some(published.server.name.clone()),
            credential: Some(unmarked.key),
            location: Some(Location { file: file.to_owned(), place: None, pointer: Some(unmarked.pointer) }),
            ..verdict.finding()
        }
    });
    unmarked.collect()
}
