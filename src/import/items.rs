//! Which items of a native store are meant, and what their credentials are called.

use std::collections::BTreeMap;

use crate::name::CredentialName;
use crate::recognise::is_secret_name;
use crate::store::ForeignItem;

/// The attribute that Python's `keyring` marks its items with on Linux.
const PYTHON_KEYRING: (&str, &str) = ("application", "Python keyring library");

/// What `mcp-secrets-plugin` calls its service where nobody says otherwise.
pub(crate) const PLUGIN_SERVICE: &str = "MyMCPServer";

/// The attributes that are asked for where Python's `keyring` stored something for a service.
pub(crate) fn of_python(service: &str) -> BTreeMap<String, String> {
    let wanted: &[(&str, &str)] = if cfg!(windows) {
        // Its targets are told apart afterwards: see [`python_key`].
        &[]
    } else if cfg!(target_os = "macos") {
        &[("service", service)]
    } else {
        &[PYTHON_KEYRING, ("service", service)]
    };
    wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The key under which Python's `keyring` stored an item of this service, or `None` where it did not.
///
/// On Windows the target is the service, or `key@service` for every further key of one service.
pub(crate) fn python_key<'i>(item: &'i ForeignItem, service: &str) -> Option<&'i str> {
    let attribute = |name: &str| item.attributes.get(name).map(String::as_str);
    match attribute("target") {
        Some(target) => {
            let user = attribute("username")?;
            let is_own = target == service || target.strip_suffix(service) == Some(&format!("{user}@"));
            is_own.then_some(user)
        }
        None => attribute("username").or_else(|| attribute("account")),
    }
}

/// What an item is called that says so itself: by its label, or by the one attribute that is the name of a secret.
pub(crate) fn own_name(item: &ForeignItem) -> Option<&str> {
    let is_name = |text: &&str| text.parse::<CredentialName>().is_ok() && is_secret_name(text);
    if let Some(label) = Some(item.label.as_str()).filter(is_name) {
        return Some(label);
    }
    let mut names = item.attributes.values().map(String::as_str).filter(is_name);
    let first = names.next()?;
    names.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(label: &str, attributes: &[(&str, &str)]) -> ForeignItem {
        let attributes =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ForeignItem { label: label.to_owned(), attributes, handle: String::new() }
    }

    #[test]
    fn an_item_that_says_what_it_is_is_called_that() {
        let named =
            |label: &str, attributes: &[(&str, &str)]| own_name(&item(label, attributes)).map(str::to_owned);
        assert_eq!(named("GITHUB_TOKEN", &[]).as_deref(), Some("GITHUB_TOKEN"));
        assert_eq!(
            named("GitHub", &[("service", "SLACK_TOKEN"), ("user", "me")]).as_deref(),
            Some("SLACK_TOKEN")
        );
        assert_eq!(named("GitHub", &[("service", "github"), ("user", "me")]), None);
        assert_eq!(named("x", &[("service", "A_TOKEN"), ("user", "B_TOKEN")]), None, "which of the two?");
    }

    #[test]
    fn keys_of_the_plugin_are_known_on_each_system() {
        let key =
            |attributes: &[(&str, &str)]| python_key(&item("", attributes), "MyMCPServer").map(str::to_owned);
        assert_eq!(key(&[("service", "MyMCPServer"), ("username", "api_key")]).as_deref(), Some("api_key"));
        assert_eq!(key(&[("service", "MyMCPServer"), ("account", "api_key")]).as_deref(), Some("api_key"));
        assert_eq!(key(&[("target", "MyMCPServer"), ("username", "api_key")]).as_deref(), Some("api_key"));
        assert_eq!(key(&[("target", "other@MyMCPServer"), ("username", "other")]).as_deref(), Some("other"));
        assert_eq!(key(&[("target", "x@MyMCPServer"), ("username", "other")]), None);
        assert_eq!(key(&[("target", "Elsewhere"), ("username", "api_key")]), None);
    }
}
