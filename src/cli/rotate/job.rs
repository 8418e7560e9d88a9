//! `Job`: one replacement from its beginning to what comes after it.

use std::cell::{OnceCell, RefCell};

use jiff::SignedDuration;

use crate::app::App;
use crate::audit::Action;
use crate::catalog::Catalog;
use crate::catalog::provider::{Provider, TokenShape};
use crate::catalog::server::SecretKind;
use crate::cli::check::check_hosts;
use crate::cli::rotate::Rotate;
use crate::cli::rotate::document::{Outcome, Row};
use crate::cli::rotate::way::Way;
use crate::cli::source::make_up;
use crate::credentials::CredentialError;
use crate::failure::Failure;
use crate::index::Entry;
use crate::live::{Hosts, way_to_replace};
use crate::name::CredentialName;
use crate::recognise::Detector;
use crate::secret::Secret;

/// How long a former value is kept that may have to come back.
const UNTIL_VERIFIED: SignedDuration = SignedDuration::from_hours(24);

/// One credential, and everything that its replacement needs. What takes time is read when it is needed.
pub(super) struct Job<'j> {
    pub(super) request: &'j Rotate,
    pub(super) app: &'j App,
    pub(super) name: CredentialName,
    pub(super) entry: Entry,
    pub(super) hosts: Hosts,
    /// What became of it so far.
    pub(super) row: RefCell<Row>,
    catalog: OnceCell<Catalog>,
    former: OnceCell<Option<Secret>>,
}

/// What is known of the value that was in use.
pub(super) enum Former {
    /// Its issuer accepts it still, or nobody knows.
    MayLive,
    /// Its issuer exchanged it.
    Dead,
}

impl<'j> Job<'j> {
    /// # Errors
    /// Where there is no such credential.
    pub(super) fn new(request: &'j Rotate, app: &'j App, name: &CredentialName) -> Result<Self, Failure> {
        app.credentials.check_known(name)?;
        let Some((name, entry)) = app.credentials.find(name)? else {
            return Err(Failure::new(Failure::NOT_FOUND, format!("`{name}` was deleted in this moment")));
        };
        let hosts = request.host.iter().cloned().collect();
        let (catalog, former) = (OnceCell::new(), OnceCell::new());
        let row = RefCell::new(Row::of(app, &name));
        let job = Self { request, app, name, entry, hosts, row, catalog, former };
        if !request.host.is_empty() {
            check_hosts(job.catalog()?, &request.host)?;
        }
        Ok(job)
    }

    pub(super) fn catalog(&self) -> Result<&Catalog, Failure> {
        if let Some(catalog) = self.catalog.get() {
            return Ok(catalog);
        }
        let catalog = crate::cli::servers::load(self.app)?;
        Ok(self.catalog.get_or_init(|| catalog))
    }

    /// The value in use so far. `None` where the store lost it: then a new one is all the more welcome.
    pub(super) fn former(&self) -> Result<Option<&Secret>, Failure> {
        if self.former.get().is_none() {
            self.app.credentials.read_for(Action::Check, None);
            let former = match self.app.credentials.get(&self.name) {
                Ok(former) => Some(former),
                Err(CredentialError::Vanished { .. } | CredentialError::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            _ = self.former.set(former);
        }
        Ok(self.former.get().and_then(Option::as_ref))
    }

    /// Whose token this value is: by its form, else by its name.
    pub(super) fn provider_of(
        &self,
        value: Option<&Secret>,
    ) -> Result<Option<(&Provider, Option<&TokenShape>)>, Failure> {
        let catalog = self.catalog()?;
        let by_form = value
            .and_then(|value| Detector::new(&catalog.providers).provider_named(self.name.as_str(), value));
        Ok(by_form.or_else(|| {
            let requirement = catalog.requirement(self.name.as_str())?;
            let is_asked = matches!(requirement.kind, SecretKind::Token | SecretKind::PairSecret);
            let provider = requirement.provider.as_deref().filter(|_| is_asked)?;
            Some((catalog.provider(provider)?, None))
        }))
    }

    /// How this one is replaced.
    pub(super) fn way(&self) -> Result<Way<'_>, Failure> {
        let source = &self.request.source;
        if let Some(recipe) = source.recipe() {
            return Ok(Way::Generated(recipe.to_owned()));
        }
        if source.is_named() {
            return Ok(Way::Given);
        }
        if self.request.by_hand {
            return Ok(Way::Guided);
        }
        let former = self.former()?;
        let provider = self.provider_of(former)?;
        let commands = &self.app.settings.rotation.command;
        let id = provider.map(|(provider, _)| provider.id.as_str());
        if let Some(hook) = commands.find(&self.name, self.entry.facts.kind, id)
            && former.is_some()
        {
            return Ok(Way::Hook(hook));
        }
        if let Some(recipe) = &self.entry.facts.generated_as {
            return Ok(Way::Generated(recipe.clone()));
        }
        Ok(match provider.filter(|_| former.is_some()) {
            Some((provider, shape)) => match way_to_replace(provider, shape) {
                Some(rotate) => Way::Provider(provider, rotate),
                None => Way::Guided,
            },
            None => Way::Guided,
        })
    }

    /// Replaces the value, and does what was asked for afterwards.
    ///
    /// # Errors
    /// Whatever went wrong, with a word about which value is in force.
    pub(super) fn replace(&self) -> Result<(), Failure> {
        let way = self.way()?;
        self.row.borrow_mut().goes(way.as_str());
        let (app, request) = (self.app, self.request);
        if !matches!(way, Way::Given) {
            app.ui.say(&format!("Replacing `{}`, {}", self.name, way.words()));
        }
        if matches!(way, Way::Given | Way::Generated(_)) && (request.verify || request.revoke_old) {
            // Read before it is replaced.
            self.former()?;
        }
        match way {
            Way::Given => self.store(&request.source.read(app, &self.name)?, None)?,
            Way::Generated(recipe) => self.store(&make_up(&recipe)?, Some(recipe))?,
            Way::Guided => self.store(&self.ask()?, None)?,
            Way::Hook(hook) => self.by_hook(hook)?,
            Way::Provider(provider, rotate) => self.by_provider(provider, rotate)?,
        }
        self.tell_reach();
        Ok(())
    }

    /// What became of it, for a document.
    pub(super) fn into_row(self, failure: Option<&Failure>) -> Row {
        self.row.into_inner().close(self.app, failure)
    }

    /// Stores a value that is there, and goes on.
    fn store(&self, new: &Secret, recipe: Option<String>) -> Result<(), Failure> {
        self.app.credentials.rotate(&self.name, new, self.keep(), |entry| {
            // A new value does not end when the old one would have.
            entry.facts.expires = None;
            self.note(entry, recipe);
        })?;
        self.row.borrow_mut().ends(Outcome::Replaced);
        self.app.ui.say(&format!("Rotated `{}`", self.name));
        self.follow_up(new, &Former::MayLive)
    }

    /// What is noted of the new value.
    pub(super) fn note(&self, entry: &mut Entry, recipe: Option<String>) {
        entry.facts.generated_as = recipe;
        self.request.facts.apply(&mut entry.facts, self.app.credentials.now());
    }

    /// How long the former value is kept: for as long as was asked for, and until nobody may want it back.
    pub(super) fn keep(&self) -> SignedDuration {
        if self.request.verify { self.request.keep().max(UNTIL_VERIFIED) } else { self.request.keep() }
    }
}
