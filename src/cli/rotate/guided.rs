//! The guided way: the provider's page, and a prompt for what a person made there.

use crate::catalog::server::SecretKind;
use crate::cli::rotate::job::Job;
use crate::credential::Kind;
use crate::failure::Failure;
use crate::inject::environment::{CREDENTIALS_FOLDER, OWN_KEYS};
use crate::os::browser::{Browser, is_page};
use crate::recognise::Detector;
use crate::secret::Secret;

/// How often a value is asked for that is not what it should be.
const TRIES: usize = 3;

impl Job<'_> {
    /// Shows where the new value is made, and asks for it.
    pub(super) fn ask(&self) -> Result<Secret, Failure> {
        let app = self.app;
        let page = self.page()?;
        if !app.ui.can_ask() {
            // Asked all the same, for the words of the failure.
            return self.request.source.read(app, &self.name).map_err(|failure| match &page {
                Some(page) => failure.because(format!("a new one is made at {page}")),
                None => failure,
            });
        }
        match page {
            Some(page) => self.show(&page)?,
            None => app.ui.say("No page is known where a new one is made"),
        }
        for _ in 0..TRIES {
            let new = self.request.source.read(app, &self.name)?;
            match self.objection(&new)? {
                None => return Ok(new),
                Some(Objection::Refused(words)) => app.ui.warn(&words),
                Some(Objection::Doubt(words)) => {
                    app.ui.warn(&words);
                    if app.ui.confirm("Store it all the same?")? {
                        return Ok(new);
                    }
                }
            }
        }
        Err(Failure::new(Failure::NEEDS_PERSON, format!("`{}` was not replaced", self.name))
            .because("the value before is in force"))
    }

    fn page(&self) -> Result<Option<String>, Failure> {
        let catalog = self.catalog()?;
        if let Some(page) = catalog.page_for(self.name.as_str()) {
            return Ok(Some(page.to_owned()));
        }
        let provider = self.provider_of(self.former()?)?;
        Ok(provider.and_then(|(provider, _)| provider.create_at.clone()))
    }

    fn show(&self, page: &str) -> Result<(), Failure> {
        let (ui, environment) = (self.app.ui, self.app.environment);
        let scope = self.scope()?;
        ui.say(&format!("Make a new one at {page}"));
        if let Some(scope) = scope {
            ui.say(&format!("It needs: {scope}"));
        }
        if self.request.no_browser || !is_page(page) {
            return Ok(());
        }
        let has_display = environment.has("DISPLAY") || environment.has("WAYLAND_DISPLAY");
        let browser = Browser::here(environment.variable("BROWSER").as_deref(), has_display);
        let mut without: Vec<String> = OWN_KEYS.iter().map(|name| (*name).to_owned()).collect();
        without.push(CREDENTIALS_FOLDER.to_owned());
        without.extend(self.app.credentials.managed_names()?.iter().map(ToString::to_string));
        if browser.open(page, &without) {
            ui.say("Your browser shows it");
        }
        Ok(())
    }

    fn scope(&self) -> Result<Option<String>, Failure> {
        let requirement = self.catalog()?.requirement(self.name.as_str());
        if let Some(scope) = requirement.and_then(|requirement| requirement.scope.clone()) {
            return Ok(Some(scope));
        }
        let provider = self.provider_of(self.former()?)?;
        Ok(provider.and_then(|(provider, _)| provider.scope.clone()))
    }

    /// What speaks against this value.
    fn objection(&self, new: &Secret) -> Result<Option<Objection>, Failure> {
        let former = self.former()?;
        if former == Some(new) {
            let words = "that is the value in force already: make a new one";
            return Ok(Some(Objection::Refused(words.to_owned())));
        }
        let catalog = self.catalog()?;
        let detector = Detector::new(&catalog.providers);
        let kind = catalog.requirement(self.name.as_str()).map_or(
            match self.entry.facts.kind {
                Kind::Token => SecretKind::Token,
                _ => SecretKind::Password,
            },
            |requirement| requirement.kind,
        );
        if let Some(malformation) = detector.malformed(new, None, kind) {
            return Ok(Some(Objection::Doubt(format!("that value {malformation}"))));
        }
        let of = |value: &Secret| detector.provider_of(value).map(|(provider, _)| provider);
        Ok(match (former.and_then(of), of(new)) {
            (Some(before), Some(now)) if before.id != now.id => Some(Objection::Doubt(format!(
                "that looks like a token of {}, and the one before is of {}",
                now.name, before.name
            ))),
            (Some(before), None) => {
                Some(Objection::Doubt(format!("that does not look like a token of {}", before.name)))
            }
            _ => None,
        })
    }
}

/// What speaks against a value.
enum Objection {
    /// It is not taken.
    Refused(String),
    /// A person may know better.
    Doubt(String),
}
