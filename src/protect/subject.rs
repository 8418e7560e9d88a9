//! `Subject`: an entry with secrets in the open, everybody who reads it, and what could be done for it.

use crate::catalog::client::{Client, FieldKind, References};
use crate::catalog::recognition::Recognised;
use crate::check::call::Origin;
use crate::check::exposure::{Exposed, suggested_name};
use crate::check::values::Values;
use crate::check::wrapper::Wrapper;
use crate::configuration::entry::ServerEntry;
use crate::document::Text;
use crate::name::Profile;
use crate::protect::launching::Launching;
use crate::protect::mechanism::{How, Left};
use crate::protect::naming::Suggestion;
use crate::secret::Secret;

/// One entry.
pub(crate) struct Subject<'s, 'd> {
    /// As the first of its readers has it.
    pub(crate) entry: &'s ServerEntry<'d>,
    /// Who reads it.
    pub(crate) readers: Vec<ReadBy<'d>>,
    /// Which server it is, where the catalog knows.
    pub(crate) known: Option<Recognised<'s>>,
    /// Where it has its command line, or why nothing can stand before it.
    launching: Result<Launching<'d>, Left>,
    /// What judges values.
    pub(crate) values: &'s Values<'s>,
}

/// A client that reads an entry, and what it does with placeholders in it.
#[derive(Clone, Copy)]
pub(crate) struct ReadBy<'d> {
    pub(crate) client: &'d Client,
    pub(crate) references: &'d References,
}

/// A way that was found.
pub(crate) struct Found {
    pub(crate) how: How,
    /// What becomes the credential.
    pub(crate) secret: Secret,
    /// What to call it, where that is known better here.
    pub(crate) suggested: Option<String>,
}

impl<'s, 'd> Subject<'s, 'd> {
    /// Of the same entry as each of its readers has it, the first one first.
    pub(crate) fn of(values: &'s Values<'s>, entries: &[&'s ServerEntry<'d>]) -> Option<Self> {
        let entry = *entries.first()?;
        let readers = entries.iter().map(|it| ReadBy { client: it.client, references: it.references() });
        let is_whole = !entry.client.merges || (entry.merged.is_empty() && !entry.shadowed);
        let origin = origin_of(entry);
        let other_profile = origin.as_ref().map(profile_of).filter(|it| !values.known.is_own(it));
        let other_store = origin.and_then(|it| it.store).filter(|it| !values.known.stores_in(it));
        let launching = if let Some(profile) = other_profile {
            Err(Left::of_other_profile(&profile))
        } else if let Some(store) = other_store {
            Err(Left::of_other_store(&store))
        } else if is_whole {
            Launching::of(entry)
        } else {
            Err(Left::new(
                "the client makes this server of entries in several files, key by key",
                "write all of the server into one file, and protect it then",
            ))
        };
        let known = crate::check::presence::recognise(values, entry);
        Some(Self { entry, readers: readers.collect(), known, launching, values })
    }

    /// The command line.
    ///
    /// # Errors
    /// Why nothing can stand before it.
    pub(crate) fn launching(&self) -> Result<&Launching<'d>, Left> {
        self.launching.as_ref().map_err(Clone::clone)
    }

    /// The secret alone, without what stands around it.
    pub(crate) fn secret(&self, exposed: &Exposed<'_, '_, '_>) -> Option<Secret> {
        let text = exposed.field.value.text().map(Text::expose)?;
        Some(Secret::copy_of(text.get(exposed.found.span.clone())?.as_bytes()))
    }

    /// What the secret could be called.
    pub(crate) fn name_for(&self, exposed: &Exposed<'_, '_, '_>) -> String {
        suggested_name(self.values, self.entry, exposed.field, exposed.found.provider)
    }

    /// What it is called in words where it is met here, by that name.
    pub(crate) fn suggestion<'n>(&'n self, name: &'n str, what: &'n str) -> Suggestion<'n> {
        Suggestion {
            name,
            server: &self.entry.name,
            known_server: self.known.map(|known| known.server.id.as_str()),
            what,
        }
    }

    /// What the catalog calls the argument without a flag.
    pub(crate) fn positional(&self) -> Option<String> {
        let known = self.known?;
        let mut all = known.alternatives().flat_map(|alternative| &alternative.credentials);
        all.find(|it| it.positional).map(|it| it.name.clone())
    }
}

/// Whose credentials an entry gets that mcpcred starts already, so far as it says so.
fn origin_of(entry: &ServerEntry<'_>) -> Option<Origin> {
    let wrapper = Wrapper::read(entry.command()?.expose(), entry.arguments().map(Text::expose))?;
    let variables = entry.all_fields().filter(|field| field.kind == FieldKind::Env);
    Some(variables.fold(wrapper.origin, |origin, field| {
        origin.or_variable(&field.name, field.value.text().map_or("", Text::expose))
    }))
}

fn profile_of(origin: &Origin) -> String {
    origin.profile.clone().unwrap_or_else(|| Profile::default().to_string())
}
