//! What the person's settings say of schedules, put into the facts that a command looks at.

use crate::app::App;
use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::index::Entry;
use crate::name::CredentialName;

/// The credentials with the schedules that hold for them. The catalog is read only where a provider has one.
pub(super) fn applied(
    app: &App,
    mut entries: Vec<(CredentialName, Entry)>,
) -> Result<Vec<(CredentialName, Entry)>, Failure> {
    let schedules = &app.settings.rotation.every;
    if schedules.is_empty() {
        return Ok(entries);
    }
    let catalog = if schedules.know_providers() { Some(crate::cli::servers::load(app)?) } else { None };
    for (name, entry) in &mut entries {
        apply(app, catalog.as_ref(), name, entry);
    }
    Ok(entries)
}

/// The same for one of them.
pub(super) fn apply(app: &App, catalog: Option<&Catalog>, name: &CredentialName, entry: &mut Entry) {
    let provider = catalog.and_then(|catalog| catalog.requirement(name.as_str())?.provider.as_deref());
    entry.facts.rotate_every_days = app.settings.rotation.every.days(&entry.facts, provider);
}
