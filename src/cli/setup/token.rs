//! `Token`: a credential that a person is asked for, with what they need to know to make one.

use crate::app::App;
use crate::catalog::Catalog;
use crate::catalog::server::{Form, Requirement, SecretKind};
use crate::cli::source::check;
use crate::credential::{Facts, Kind};
use crate::failure::Failure;
use crate::name::CredentialName;
use crate::recognise::{Detector, Malformation};
use crate::secret::Secret;

/// What is asked for.
pub(super) struct Token<'t> {
    /// The name that it is stored under.
    pub(super) name: &'t CredentialName,
    /// The server that it is for.
    pub(super) server: &'t str,
    /// What the catalog knows of it.
    pub(super) requirement: Option<&'t Requirement>,
}

impl Token<'_> {
    /// Asks until there is a value that looks right, or that the person wants all the same, and stores it. Says
    /// whether one was stored; an empty answer skips it.
    ///
    /// # Errors
    /// Where nobody can be asked, the question is interrupted, or the value can't be stored.
    pub(super) fn take(&self, app: &App, catalog: &Catalog) -> Result<bool, Failure> {
        self.describe(app, catalog);
        app.check_store_for_new()?;
        let detector = Detector::new(&catalog.providers);
        loop {
            let secret = app.ui.ask_secret(&format!("Secret for `{}` (Enter to skip): ", self.name))?;
            if secret.is_empty() {
                return Ok(false);
            }
            let secret = match check(secret) {
                Ok(secret) => secret,
                Err(failure) => {
                    failure.tell(app.ui);
                    continue;
                }
            };
            if let Some(malformation) = self.malformation(&detector, &secret) {
                app.ui.warn(&format!("what you gave {malformation}"));
                if !app.ui.confirm("Store it all the same?")? {
                    continue;
                }
            }
            self.store(app, &secret)?;
            return Ok(true);
        }
    }

    /// Offers to store the value that this environment has, where it has one that looks right. Says whether it was.
    ///
    /// # Errors
    /// Where nobody can be asked, or the value can't be stored.
    pub(super) fn take_from_environment(&self, app: &App, catalog: &Catalog) -> Result<bool, Failure> {
        let detector = Detector::new(&catalog.providers);
        let value = app.environment.credential(self.name).filter(|value| !value.is_empty());
        let value = value.filter(|value| self.malformation(&detector, value).is_none());
        let Some(Ok(value)) = value.map(check) else { return Ok(false) };
        let question =
            format!("`{}` for `{}` is set in this environment. Store that value?", self.name, self.server);
        if !app.ui.confirm(&question)? {
            return Ok(false);
        }
        self.store(app, &value)?;
        Ok(true)
    }

    /// What it is, where it is made, and what it has to be allowed to do.
    fn describe(&self, app: &App, catalog: &Catalog) {
        let known = self.requirement;
        let what = known.map(|it| it.token.clone().unwrap_or_else(|| it.kind.words().to_owned()));
        let what = what.map(|what| format!(", {what}")).unwrap_or_default();
        app.ui.say(&format!("`{}` for `{}`{what}", self.name, self.server));
        if let Some(page) = catalog.page_for(self.name.as_str()) {
            app.ui.say(&format!("  create one: {page}"));
        }
        if let Some(scope) = known.and_then(|it| it.scope.as_deref()) {
            app.ui.say(&format!("  it has to be allowed: {scope}"));
        }
        if let Some(form) = known.and_then(|it| it.form) {
            app.ui.say(&format!("  written as {}", form.words()));
        }
    }

    /// What is wrong with it, but for a scheme where the server wants one.
    fn malformation(&self, detector: &Detector<'_>, secret: &Secret) -> Option<Malformation> {
        let kind = self.requirement.map_or(SecretKind::Token, |it| it.kind);
        let is_whole = self.requirement.and_then(|it| it.form) == Some(Form::Bearer);
        let malformation = detector.malformed(secret, None, kind)?;
        let is_meant = is_whole && matches!(malformation, Malformation::Scheme | Malformation::Spaced);
        (!is_meant).then_some(malformation)
    }

    fn store(&self, app: &App, secret: &Secret) -> Result<(), Failure> {
        let kind = app.store_for_new()?;
        let mut facts = Facts::new(Kind::suggested_by(self.name), app.credentials.now());
        facts.server = Some(self.server.to_owned());
        app.credentials.add(self.name, facts, secret, kind)?;
        app.ui.say(&format!("Added `{}` to {}", self.name, kind.title()));
        Ok(())
    }
}
