//! `mcpcred import keychain`, `wincred`, `secret-tool` and `mcp-secrets-plugin`: items of the system's own store that
//! other programs made.

use std::collections::BTreeMap;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::app::App;
use crate::cli::Outcome;
use crate::cli::import::options::{Options, shown};
use crate::cli::import::origin::{Origin, decoded};
use crate::cli::import::plan::{Haul, carry_out};
use crate::failure::Failure;
use crate::import::items::{PLUGIN_SERVICE, of_python, own_name, python_key};
use crate::import::{Choice, Offer, Place};
use crate::name::CredentialName;
use crate::recognise::is_secret_name;
use crate::store::{ForeignItem, NATIVE, StoreKind};
use crate::unlocking::Unlocking;

/// From the macOS Keychain: passwords that `security add-generic-password -a "$USER" -s NAME` made
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Keychain {
    /// Services, which are the names of the variables [default: those that are called like a secret]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The account of the items [default: $USER]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    options: Options,
}

impl Keychain {
    pub(super) fn run(self, app: &App) -> Outcome {
        let account = self.account.or_else(|| app.environment.text("USER")).ok_or_else(|| {
            Failure::new(Failure::USAGE, "`USER` is not set")
                .hint("say whose items are meant with `--account`")
        })?;
        let wanted = BTreeMap::from([("account".to_owned(), account)]);
        let called = |item: &ForeignItem| twice(item.attributes.get("service")?);
        import(app, &self.options, StoreKind::Keychain, &wanted, &self.names, &called, &looks)
    }
}

/// From the Windows Credential Manager: what `New-StoredCredential -Target NAME -UserName token` made
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Wincred {
    /// Targets, which are the names of the variables [default: those that are called like a secret]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The user name of the items
    #[arg(long, value_name = "USER", default_value = "token")]
    user: String,
    #[command(flatten)]
    options: Options,
}

impl Wincred {
    pub(super) fn run(self, app: &App) -> Outcome {
        let wanted = BTreeMap::from([("username".to_owned(), self.user)]);
        let called = |item: &ForeignItem| twice(item.attributes.get("target")?);
        import(app, &self.options, StoreKind::Wincred, &wanted, &self.names, &called, &looks)
    }
}

/// From the Secret Service of a Linux desktop: what `secret-tool store` made
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SecretTool {
    /// Attributes that the items have, such as service=github
    #[arg(value_name = "ATTRIBUTE=VALUE", required = true)]
    attributes: Vec<Attribute>,
    /// What the credential is called [default: the label or the attribute that is the name of a secret]
    #[arg(long = "as", value_name = "NAME")]
    name: Option<CredentialName>,
    #[command(flatten)]
    options: Options,
}

/// An attribute and its value.
#[derive(Debug, Clone)]
struct Attribute(String, String);

impl FromStr for Attribute {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("an attribute, `=`, and its value")?;
        if name.is_empty() || text.contains('\0') {
            return Err("an attribute has a name, and holds no NUL");
        }
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}

impl SecretTool {
    pub(super) fn run(self, app: &App) -> Outcome {
        let wanted: BTreeMap<String, String> =
            self.attributes.iter().map(|Attribute(name, value)| (name.clone(), value.clone())).collect();
        let called = |item: &ForeignItem| {
            let named = self.name.as_ref().map(CredentialName::as_str).or_else(|| own_name(item));
            Some((item.to_string(), named.unwrap_or_default().to_owned()))
        };
        let named = |_: &str| Some(Choice::Named);
        import(app, &self.options, StoreKind::SecretService, &wanted, &[], &called, &named)
    }
}

/// From what `mcp-secrets-plugin` stored with Python's `keyring`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct McpSecretsPlugin {
    /// Its keys [default: all of the service]
    #[arg(value_name = "KEY")]
    names: Vec<String>,
    /// Its service [default: that of the variable `SERVICE_NAME`, or `MyMCPServer`]
    #[arg(long = "service", value_name = "SERVICE")]
    of_service: Option<String>,
    #[command(flatten)]
    options: Options,
}

impl McpSecretsPlugin {
    pub(super) fn run(self, app: &App) -> Outcome {
        let service = self
            .of_service
            .or_else(|| app.environment.text("SERVICE_NAME"))
            .unwrap_or_else(|| PLUGIN_SERVICE.to_owned());
        let called = |item: &ForeignItem| twice(python_key(item, &service)?);
        let all = |_: &str| Some(Choice::All);
        let kind = Unlocking::native_kind();
        import(app, &self.options, kind, &of_python(&service), &self.names, &called, &all)
    }
}

/// Those that nobody named: what is called like a secret, or like any credential with `--all`.
fn looks(called: &str) -> Option<Choice> {
    is_secret_name(called).then_some(Choice::Looks)
}

/// What an item is called, for one whose credential is called the same.
fn twice(called: &str) -> Option<(String, String)> {
    Some((called.to_owned(), called.to_owned()))
}

/// Imports those items that have the attributes and are named, or chosen where none is named.
fn import(
    app: &App,
    options: &Options,
    kind: StoreKind,
    wanted: &BTreeMap<String, String>,
    names: &[String],
    called: &dyn Fn(&ForeignItem) -> Option<(String, String)>,
    choose: &dyn Fn(&str) -> Option<Choice>,
) -> Outcome {
    let items = app.unlocking.foreign_items(kind).map_err(|error| {
        let failure = Failure::from(error);
        if NATIVE == Some(kind) {
            failure
        } else {
            failure.hint("`mcpcred import --help` shows the other sources")
        }
    })?;
    let mut found = Vec::new();
    let mut chosen = Vec::new();
    for item in items.find(wanted)? {
        let Some((called, own)) = called(&item) else { continue };
        let choice = if names.contains(&called) {
            Some(Choice::Named)
        } else if !names.is_empty() {
            None
        } else if options.all && called.parse::<CredentialName>().is_ok() {
            Some(Choice::All)
        } else {
            choose(&called)
        };
        if let Some(choice) = choice {
            found.push(item);
            chosen.push((called, own, choice));
        }
    }
    if let Some(missing) = names.iter().find(|name| !chosen.iter().any(|(called, _, _)| called == *name)) {
        let what = shown(missing).map_or_else(|| "such item".to_owned(), |name| format!("item {name}"));
        return Err(Failure::new(Failure::NOT_FOUND, format!("{} has no {what}", kind.title()))
            .hint("see what it holds in the program of the system for it"));
    }
    let values = items.read(&found)?;
    let mut haul = Haul::default();
    for (number, ((called, named, choice), value)) in chosen.into_iter().zip(values).enumerate() {
        let place = Place::Item(found[number].to_string());
        haul.offers.push(Offer {
            called: Zeroizing::new(called),
            named: Zeroizing::new(named),
            place,
            value: decoded(value),
            choice,
            number,
        });
    }
    carry_out(app, options, haul, &Origin::Items { items, found })
}
