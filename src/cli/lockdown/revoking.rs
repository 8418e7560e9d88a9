//! Tokens are revoked where their providers allow it, once a person said so; the rest is listed.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use crate::app::App;
use crate::audit::{self, Action, Event};
use crate::catalog::Catalog;
use crate::catalog::provider::{Provider, TokenShape};
use crate::catalog::server::SecretKind;
use crate::cli::Outcome;
use crate::cli::facts::issuer;
use crate::cli::lockdown::Lockdown;
use crate::cli::lockdown::document::Document;
use crate::credentials::Target;
use crate::failure::Failure;
use crate::live::{self, Hosts, NamedHost, Revocation, Revoked};
use crate::lockdown::{Item, ItemState, Report};
use crate::recognise::Detector;
use crate::secret::Secret;

/// Whether a person said that tokens are to be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Yes.
    Given,
    /// No, or there was nothing to ask about.
    Withheld,
    /// There is no terminal to ask on.
    NobodyToAsk,
}

/// Where providers are told, by provider, as the report has it.
type NamedHosts = BTreeMap<String, String>;

/// A token that can be revoked from here.
struct Candidate<'c> {
    item: usize,
    revocation: Revocation<'c>,
}

impl Lockdown {
    /// Revokes what can be revoked of these, and notes all of them.
    /// What fails is a step of the report.
    pub(super) fn revoke(&self, app: &App, targets: &[Target], document: &mut Document) -> Consent {
        let begin = Instant::now();
        if targets.is_empty() {
            document.step(app, "tokens", begin, "nothing", "there is none");
            return Consent::Withheld;
        }
        let catalog = match Catalog::load(&app.settings.config_folder.value) {
            Ok(catalog) => catalog,
            // Without it a token might be told to somebody else than its provider.
            Err(error) => {
                let why = format!(
                    "none is revoked: {error}; mend it, and call `mcpcred lockdown --resume --revoke`"
                );
                document.step(app, "tokens", begin, "failed", why);
                return Consent::Withheld;
            }
        };
        let detector = Detector::new(&catalog.providers);
        let (known, hosts) = self.known(app);
        let targets: Vec<&Target> = targets.iter().filter(|target| !is_settled(target, &known)).collect();
        let owned: Vec<Target> = targets.iter().map(|target| (*target).clone()).collect();
        let issuers: Vec<Option<Provider>> = owned.iter().map(|target| issuer(&target.entry.facts)).collect();
        let mut items = Vec::new();
        let mut candidates = Vec::new();
        let values = app.credentials.values_to_revoke(&owned);
        for ((target, issuer), value) in owned.iter().zip(&issuers).zip(values) {
            let (mut item, revocation) = plan(&catalog, &detector, target, issuer.as_ref(), value);
            let former = known.iter().find(|known| known.is_about(&item));
            if let (Some(former), Some(_)) = (former, &revocation) {
                // What was consented to stays so, and what a provider asked for is kept to.
                item.state = former.state;
                item.not_before = former.not_before;
                item.tried = former.tried;
            }
            if let Some(revocation) = revocation {
                candidates.push(Candidate { item: items.len(), revocation });
            }
            items.push(item);
        }
        let candidates = with_needs(app, candidates, &owned);
        let consent = self.consent(app, &items, &candidates);
        if self.dry_run {
            let count = candidates.len();
            document.step(app, "tokens", begin, "planned", format!("{count} could be revoked from here"));
            document.items = items;
            return consent;
        }
        let now = app.credentials.now();
        let (ready, later): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| {
            let item = &items[candidate.item];
            (consent == Consent::Given || item.state == ItemState::Waiting)
                && item.not_before.is_none_or(|moment| moment <= now)
        });
        for candidate in &ready {
            items[candidate.item].state = ItemState::Waiting;
        }
        if consent == Consent::Given {
            for candidate in &later {
                items[candidate.item].state = ItemState::Waiting;
            }
        }
        // On disk first, so that who is interrupted from here on is resumed.
        save(app, &items, &hosts, document, begin);
        let count = ready.len();
        if count > 0 {
            let told = tell_providers(app, ready, &hosts, &mut items);
            save(app, &items, &hosts, document, begin);
            let events: Vec<Event> = told.into_iter().map(|place| event(&items[place])).collect();
            document.record(app, &events);
        }
        let over = items.iter().filter(|item| item.state.is_over()).count();
        let waiting = items.iter().filter(|item| item.state == ItemState::Waiting).count();
        let outcome = if waiting > 0 {
            "failed"
        } else if count > 0 {
            "done"
        } else {
            "skipped"
        };
        let detail = match (count, waiting) {
            (0, 0) => "none was revoked from here".to_owned(),
            (_, 0) => format!("{over} of {count} are revoked"),
            _ => format!("{over} are revoked, and {waiting} wait for `mcpcred lockdown --resume`"),
        };
        document.step(app, "tokens", begin, outcome, detail);
        consent
    }

    /// `lockdown --resume`: the same for everything that the lockdown covers, as far as it is not over.
    ///
    /// # Errors
    /// Where no lockdown is on, or the provider of a host is none.
    pub(super) fn resume(&self, app: &App) -> Outcome {
        let Some(lockdown) = app.credentials.marker().look() else {
            return Err(Failure::new(Failure::GENERAL, "no lockdown is on, so there is nothing to resume")
                .hint("`mcpcred lockdown --all` begins one"));
        };
        self.check_hosts(app)?;
        let mut document = Document::new(app, false);
        let mut targets = app.credentials.targets(None)?;
        targets.retain(|target| lockdown.covers(&target.profile, &target.name));
        document.covered = Some(lockdown);
        let consent = self.revoke(app, &targets, &mut document);
        if document.items.is_empty() {
            document.items = app.lockdown_report().load()?.items;
        }
        document.tell(app, self.json)?;
        Ok(match consent {
            Consent::NobodyToAsk if self.revoke => ExitCode::from(Failure::NEEDS_PERSON),
            _ if document.is_whole() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    /// What is known of an earlier try, and where providers are told: what is named now counts before what was named then.
    fn known(&self, app: &App) -> (Vec<Item>, NamedHosts) {
        // A list that can't be read can't be written either, which is told then.
        let report = if self.dry_run { None } else { app.lockdown_report().load().ok() };
        let Report { items, mut hosts, .. } = report.unwrap_or_default();
        hosts.extend(self.host.iter().map(|host| (host.provider.clone(), host.url().to_owned())));
        (items, hosts)
    }

    /// Asks for what can't be undone, where somebody is there to ask.
    fn consent(&self, app: &App, items: &[Item], candidates: &[Candidate<'_>]) -> Consent {
        let open: Vec<&Item> = candidates
            .iter()
            .map(|candidate| &items[candidate.item])
            .filter(|item| item.state != ItemState::Waiting)
            .collect();
        if open.is_empty() || self.no_revoke || self.dry_run {
            return Consent::Withheld;
        }
        if self.yes && self.revoke {
            return Consent::Given;
        }
        let mut providers: Vec<&str> = open.iter().filter_map(|item| item.provider.as_deref()).collect();
        providers.sort_unstable();
        providers.dedup();
        let (count, word) = (open.len(), if open.len() == 1 { "token" } else { "tokens" });
        let question = format!("Revoke {count} {word} at {}? This can't be undone", providers.join(", "));
        if !app.ui.can_ask() {
            return Consent::NobodyToAsk;
        }
        match app.ui.confirm(&question) {
            Ok(true) => Consent::Given,
            Ok(false) | Err(_) => Consent::Withheld,
        }
    }
}

/// Gives the places of those that were told about.
fn tell_providers(
    app: &App,
    ready: Vec<Candidate<'_>>,
    hosts: &NamedHosts,
    items: &mut [Item],
) -> Vec<usize> {
    let now = app.credentials.now();
    let hosts: Hosts = hosts.iter().filter_map(named).collect();
    let terms = live::terms_to_revoke(&hosts, now);
    let (places, revocations): (Vec<usize>, Vec<_>) =
        ready.into_iter().map(|candidate| (candidate.item, candidate.revocation)).unzip();
    let answers = live::revoke(revocations, &terms, |done, total| {
        app.ui.progress(&format!("Telling providers: {done} of {total}"), done == total);
    });
    for (place, revoked) in places.iter().zip(answers) {
        let item = &mut items[*place];
        let Revoked { outcome, words, not_before } = revoked;
        item.state = match outcome {
            live::Outcome::Revoked => ItemState::Revoked,
            live::Outcome::DeadBefore => ItemState::DeadBefore,
            live::Outcome::Refused | live::Outcome::ByHand => ItemState::ByHand,
            live::Outcome::RateLimited | live::Outcome::Unknown => ItemState::Waiting,
        };
        item.words = words;
        item.not_before = not_before;
        item.tried = Some(now);
    }
    places
}

fn named((provider, url): (&String, &String)) -> Option<NamedHost> {
    format!("{provider}={url}").parse().ok()
}

/// With what their calls need beside the tokens, where it is stored in the profile of each.
fn with_needs<'c>(app: &App, candidates: Vec<Candidate<'c>>, targets: &[Target]) -> Vec<Candidate<'c>> {
    let needs = |candidate: &Candidate<'c>| candidate.revocation.needs().collect::<Vec<_>>();
    let needs: Vec<_> = candidates.iter().map(needs).collect();
    let wanted = candidates.iter().zip(&needs).flat_map(|(candidate, needs)| {
        let profile = &targets[candidate.item].profile;
        needs.iter().map(move |(_, names)| (profile, *names))
    });
    let wanted: Vec<_> = wanted.collect();
    let mut values = app.credentials.values_beside(&wanted).into_iter();
    let filled = candidates.into_iter().zip(&needs).map(|(candidate, needs)| {
        let Candidate { item, mut revocation } = candidate;
        for ((need, _), value) in needs.iter().zip(values.by_ref()) {
            if let Some(value) = value {
                revocation = revocation.with(need, value);
            }
        }
        Candidate { item, revocation }
    });
    filled.collect()
}

/// For the log: what became of it, in a word.
fn event(item: &Item) -> Event {
    let (outcome, word) = match item.state {
        ItemState::Revoked => (audit::Outcome::Done, "revoked"),
        ItemState::DeadBefore => (audit::Outcome::Done, "dead-before"),
        ItemState::ByHand => (audit::Outcome::Denied, "by-hand"),
        ItemState::Waiting | ItemState::Offered => (audit::Outcome::Failed, "no-answer"),
    };
    Event::new(Action::Revoke).of(&item.profile, &item.name).ended(outcome).because(word)
}

/// Whether its revocation is over, and the value is still the one that was revoked.
fn is_settled(target: &Target, known: &[Item]) -> bool {
    known.iter().any(|item| {
        item.profile == target.profile
            && item.name.is_twin_of(&target.name)
            && item.former == target.former
            && item.state.is_over()
            && item.tried.is_some_and(|tried| tried >= target.in_use_since())
    })
}

/// What can be done about it.
fn plan<'c>(
    catalog: &'c Catalog,
    detector: &Detector<'c>,
    target: &Target,
    issuer: Option<&'c Provider>,
    value: Result<Option<Secret>, String>,
) -> (Item, Option<Revocation<'c>>) {
    let name = target.name.as_str();
    let mut item = Item {
        profile: target.profile.clone(),
        name: target.name.clone(),
        former: target.former,
        provider: None,
        state: ItemState::ByHand,
        words: String::new(),
        page: catalog.page_to_end(name).map(str::to_owned),
        tried: None,
        not_before: None,
    };
    let value = match value {
        Ok(Some(value)) => value,
        Ok(None) => {
            "its store does not hold a value".clone_into(&mut item.words);
            return (item, None);
        }
        Err(why) => {
            item.words = format!("its value can't be read: {why}");
            return (item, None);
        }
    };
    // What the person said of this one counts before what its form and its name suggest.
    let known = issuer.map(|issuer| (issuer, None));
    let Some((provider, shape)) = known.or_else(|| provider_of(catalog, detector, name, &value)) else {
        "no provider is known that issued it".clone_into(&mut item.words);
        return (item, None);
    };
    item.provider = Some(provider.name.clone());
    // Of whom the value is, its form tells better than its name.
    item.page = provider.page_to_end().map(str::to_owned).or(item.page);
    if provider.revoke_for(shape).is_none() {
        item.words = format!("{} has no call by which a token of this kind revokes itself", provider.name);
        return (item, None);
    }
    item.state = ItemState::Offered;
    item.words = format!("{} can revoke it", provider.name);
    (item, Some(Revocation::new(provider, shape, value)))
}

/// By the form of the value; where it has none of its own, by the name.
fn provider_of<'c>(
    catalog: &'c Catalog,
    detector: &Detector<'c>,
    name: &str,
    value: &Secret,
) -> Option<(&'c Provider, Option<&'c TokenShape>)> {
    let by_form = detector.provider_of(value).map(|(provider, shape)| (provider, Some(shape)));
    by_form.or_else(|| detector.provider_named(name, value)).or_else(|| {
        let requirement = catalog
            .requirement(name)
            .filter(|it| matches!(it.kind, SecretKind::Token | SecretKind::PairSecret))?;
        Some((catalog.provider(requirement.provider.as_deref()?)?, None))
    })
}

fn save(app: &App, items: &[Item], hosts: &NamedHosts, document: &mut Document, begin: Instant) {
    match app.lockdown_report().update(items, hosts) {
        Ok(report) => document.items = report.items,
        Err(error) => {
            document.items = items.to_vec();
            let why = format!("what is left to do can't be written down: {error}");
            document.step(app, "list", begin, "failed", why);
        }
    }
}
