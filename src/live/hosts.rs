//! `Hosts`: where a provider is asked, when that is not where the catalog says.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// `gitlab=https://git.example.com`: what `--host` takes.
///
/// The URL stands for the beginning of the catalog's: its scheme and host, and as much of its path as has blanks that
/// nothing else fills (`https://dev.azure.com/{org}`). So a GitLab or Grafana of one's own is asked, an account is
/// chosen, and the tests reach a server on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedHost {
    /// The `id` of the provider in the catalog. Whether there is one of that name is for the caller to see.
    pub(crate) provider: String,
    base: Url,
}

impl NamedHost {
    /// What stands behind the `=`.
    pub(crate) fn url(&self) -> &str {
        self.base.as_str()
    }
}

/// Why a text names no host. No text of it is repeated: people paste tokens into the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// No `=`, or nothing before it.
    #[error("a host is named as PROVIDER=URL, such as `gitlab=https://git.example.com`")]
    Form,
    /// No URL.
    #[error("what stands behind the `=` is no URL with a host, such as `https://git.example.com`")]
    Url,
    /// Neither https nor this machine.
    #[error(
        "a token is sent over `https` only, or over `http` to an address of this machine such as 127.0.0.1"
    )]
    Plain,
    /// A user, a query or a fragment.
    #[error("the URL of a host has no user, no `?` and no `#` in it")]
    More,
}

impl FromStr for NamedHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, url) = text.split_once('=').ok_or(HostError::Form)?;
        if provider.is_empty() || url.is_empty() {
            return Err(HostError::Form);
        }
        let base = base(url)?;
        Ok(Self { provider: provider.to_owned(), base })
    }
}

/// A URL that a token may be sent to: to a host, over TLS or on this machine, and with nothing but a path behind it.
///
/// # Errors
/// Where it is none.
pub(super) fn base(text: &str) -> Result<Url, HostError> {
    let url = Url::parse(text).map_err(|_| HostError::Url)?;
    if !url.has_host() {
        return Err(HostError::Url);
    }
    if !is_private(&url) {
        return Err(HostError::Plain);
    }
    let is_bare = url.username().is_empty() && url.password().is_none();
    if !is_bare || url.query().is_some() || url.fragment().is_some() {
        return Err(HostError::More);
    }
    Ok(url)
}

/// The hosts that the person named, by provider. Of two for the same provider the later one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hosts(BTreeMap<String, Url>);

impl FromIterator<NamedHost> for Hosts {
    fn from_iter<T: IntoIterator<Item = NamedHost>>(named: T) -> Self {
        Self(named.into_iter().map(|host| (host.provider, host.base)).collect())
    }
}

impl Hosts {
    /// Where to ask: at the person's host where one was named, otherwise at the catalog's and then at the others, until
    /// one of them knows the token. `{token}` still stands in it.
    ///
    /// # Errors
    /// The beginning that the person has to name, where the catalog's has blanks and the person named none.
    pub(super) fn locate(&self, provider: &str, url: &str, others: &[String]) -> Result<Vec<String>, String> {
        let (base, rest) = split(url);
        match self.0.get(provider) {
            Some(named) => Ok(vec![format!("{}{rest}", named.as_str().trim_end_matches('/'))]),
            None if base.contains('{') => Err(base.to_owned()),
            None => {
                let others = others.iter().map(|host| format!("https://{host}{rest}"));
                Ok(std::iter::once(url.to_owned()).chain(others).collect())
            }
        }
    }
}

/// The part of a catalog's URL that a person may replace, and the rest: up to the host, or up to the end of the segment
/// with the last blank, which a `{token}` is not.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let blank = url.match_indices('{').filter(|(at, _)| !url[*at..].starts_with("{token"));
    let from = blank.map(|(at, _)| at).next_back().unwrap_or(host).max(host);
    let end = url[from..].find(['/', '?']).map_or(url.len(), |length| from + length);
    url.split_at(end)
}

/// Whether nobody on the way can read what is sent there: over TLS, or within this machine.
pub(super) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether the host is an address of this machine. A name is none, not even `localhost`: somebody else may answer for it.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(named: &[&str]) -> Hosts {
        named.iter().map(|text| text.parse::<NamedHost>().unwrap()).collect()
    }

    fn located(hosts: &Hosts, provider: &str, url: &str) -> Result<String, String> {
        hosts.locate(provider, url, &[]).map(|urls| urls.join(" "))
    }

    #[test]
    fn the_catalog_says_where_unless_the_person_does() {
        let url = "https://gitlab.com/api/v4/personal_access_tokens/self";
        assert_eq!(located(&Hosts::default(), "gitlab", url).unwrap(), url);
        let own = hosts(&["gitlab=https://git.example.com", "github=https://ghe.example.com/api/v3/"]);
        assert_eq!(
            located(&own, "gitlab", url).unwrap(),
            "https://git.example.com/api/v4/personal_access_tokens/self"
        );
        let user = "https://api.github.com/user?x={token}";
        assert_eq!(located(&own, "github", user).unwrap(), "https://ghe.example.com/api/v3/user?x={token}");
        assert_eq!(located(&own, "slack", "https://slack.com").unwrap(), "https://slack.com");
    }

    #[test]
    fn a_provider_with_several_hosts_is_asked_at_each_unless_the_person_knows_which() {
        let (url, others) = ("https://us.example.com/api/me?x=1", ["eu.example.com".to_owned()]);
        let urls = Hosts::default().locate("it", url, &others).unwrap();
        assert_eq!(urls, [url, "https://eu.example.com/api/me?x=1"]);
        let urls = hosts(&["it=https://own.example.com"]).locate("it", url, &others).unwrap();
        assert_eq!(urls, ["https://own.example.com/api/me?x=1"]);
    }

    #[test]
    fn blanks_are_filled_by_the_person_alone() {
        let cases = [
            (
                "https://dev.azure.com/{org}/_apis/projects?v=7.1",
                "https://dev.azure.com/{org}",
                "/_apis/projects?v=7.1",
            ),
            (
                "https://{site}.atlassian.net/rest/api/3/myself",
                "https://{site}.atlassian.net",
                "/rest/api/3/myself",
            ),
            ("https://{host}", "https://{host}", ""),
            ("https://a.example/{one}/x/{two}?q", "https://a.example/{one}/x/{two}", "?q"),
        ];
        for (url, base, rest) in cases {
            assert_eq!(split(url), (base, rest));
            assert_eq!(located(&Hosts::default(), "it", url), Err(base.to_owned()));
            let named = hosts(&["it=http://127.0.0.1:8080/mine/"]);
            assert_eq!(located(&named, "it", url).unwrap(), format!("http://127.0.0.1:8080/mine{rest}"));
        }
        let telegram = "https://api.telegram.org/bot{token}/getMe";
        assert_eq!(split(telegram), ("https://api.telegram.org", "/bot{token}/getMe"));
    }

    #[test]
    fn a_token_goes_nowhere_in_the_open() {
        let refused = |text: &str| text.parse::<NamedHost>().unwrap_err();
        for plain in [
            "http://git.example.com",
            "http://localhost:80",
            "http://10.0.0.1",
            "ftp://a.example",
            "http://0.0.0.0",
        ] {
            assert_eq!(refused(&format!("gitlab={plain}")), HostError::Plain, "{plain}");
        }
        for open in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:8080",
            "https://localhost",
            "https://10.0.0.1/x",
        ] {
            assert!(format!("gitlab={open}").parse::<NamedHost>().is_ok(), "{open}");
        }
        for more in
            ["https://user@a.example", "https://:pw@a.example", "https://a.example?x", "https://a.example/#x"]
        {
            assert_eq!(refused(&format!("gitlab={more}")), HostError::More, "{more}");
        }
        for form in ["https://a.example", "gitlab", "=https://a.example", "gitlab="] {
            assert_eq!(refused(form), HostError::Form, "{form}");
        }
        for none in ["gitlab=git.example.com", "gitlab=data:x", "gitlab=https://"] {
            assert_eq!(refused(none), HostError::Url, "{none}");
        }
    }
}
