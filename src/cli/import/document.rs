//! The document of `import --json`; its schema is `src/cli/schemas/import.schema.json`.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::app::App;
use crate::cli::import::options::{Options, shown};
use crate::cli::import::plan::{Fate, PassedOver, Step};
use crate::import::Place;
use crate::name::{CredentialName, Profile};

#[derive(Serialize)]
struct Document<'d> {
    schema_version: u32,
    profile: &'d Profile,
    source: &'d str,
    dry_run: bool,
    credentials: Vec<Credential<'d>>,
    passed_over: Vec<Other<'d>>,
}

#[derive(Serialize)]
struct Credential<'d> {
    name: &'d CredentialName,
    #[serde(flatten)]
    from: Whence<'d>,
    action: Fate,
    removed_from_source: bool,
}

#[derive(Serialize)]
struct Other<'d> {
    #[serde(flatten)]
    from: Whence<'d>,
    reason: &'d str,
}

/// Where something lies; `None` where that has no such thing, or might show a value.
#[derive(Serialize)]
struct Whence<'d> {
    source_name: Option<&'d str>,
    file: Option<&'d Path>,
    line: Option<u32>,
}

impl<'d> Whence<'d> {
    fn of(called: &'d str, place: &'d Place) -> Self {
        let is_item = matches!(place, Place::Item(_));
        let source_name = (is_item || shown(called).is_some()).then_some(called);
        match place {
            Place::Line { file, line } => Self { source_name, file: Some(file), line: Some(*line) },
            Place::Environment | Place::Item(_) => Self { source_name, file: None, line: None },
        }
    }
}

/// Prints what was done, or would be.
pub(super) fn print(
    app: &App,
    options: &Options,
    source: &str,
    steps: &[Step],
    passed_over: &[PassedOver],
) -> io::Result<()> {
    let removed_from_source = options.delete_source && !options.dry_run;
    let mut credentials = Vec::with_capacity(steps.len());
    for Step { name, offer, fate } in steps {
        let from = Whence::of(&offer.called, &offer.place);
        credentials.push(Credential { name, from, action: *fate, removed_from_source });
    }
    let mut others = Vec::with_capacity(passed_over.len());
    for PassedOver { called, place, why } in passed_over {
        others.push(Other { from: Whence::of(called, place), reason: why });
    }
    app.print_json(&Document {
        schema_version: 1,
        profile: app.credentials.profile(),
        source,
        dry_run: options.dry_run,
        credentials,
        passed_over: others,
    })
}
