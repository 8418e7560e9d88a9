//! `Address`: host, port and path of a URL, to tell whose server it is. Never by a part of the host's name.

/// The parts of an `http` or `https` URL that tell a server. They point into it: the rest may be secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'u> {
    host: &'u str,
    port: Option<&'u str>,
    path: &'u str,
}

impl<'u> Address<'u> {
    /// Reads a URL as browsers do, but for what only serves to mislead: a host with anything but letters, digits,
    /// `-`, `_` and dots is none.
    pub(super) fn of(url: &'u str) -> Option<Self> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        Self::without_scheme(rest)
    }

    /// As it stands in the catalog: `api.githubcopilot.com/mcp`.
    fn without_scheme(rest: &'u str) -> Option<Self> {
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (host, None),
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
        let is_plain = !host.is_empty() && host.bytes().all(is_host) && !host.starts_with('.');
        let has_port = port.is_none_or(|port| port.len() <= 5 && port.bytes().all(|it| it.is_ascii_digit()));
        let path = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        (is_plain && has_port).then_some(Self { host, port, path })
    }

    /// Whether it is the server that the catalog names so. A pattern without a port fits any, one without a path any;
    /// `*.` stands for one or more names before the rest.
    pub(super) fn fits(self, pattern: &str) -> bool {
        // Nearly all patterns are of other hosts, and need not be taken apart.
        let begins = || pattern.get(..self.host.len()).is_some_and(|it| it.eq_ignore_ascii_case(self.host));
        if !pattern.starts_with("*.") && !begins() {
            return false;
        }
        let Some(wanted) = Address::without_scheme(pattern) else { return false };
        let host = match wanted.host.strip_prefix("*.") {
            Some(parent) => self
                .host
                .len()
                .checked_sub(parent.len() + 1)
                .filter(|before| *before > 0)
                .and_then(|before| self.host.get(before..))
                .and_then(|end| end.strip_prefix('.'))
                .is_some_and(|end| end.eq_ignore_ascii_case(parent)),
            None => self.host.eq_ignore_ascii_case(wanted.host),
        };
        host && (wanted.port.is_none() || wanted.port == self.port) && self.is_below(wanted.path)
    }

    /// Whether its path is that one, or goes on behind it. One with steps back could lead elsewhere.
    fn is_below(self, wanted: &str) -> bool {
        let wanted = wanted.trim_end_matches('/');
        if wanted.is_empty() {
            return true;
        }
        let dots = |step: &str| {
            [".", "..", "%2e", "%2e.", ".%2e", "%2e%2e"].iter().any(|it| step.eq_ignore_ascii_case(it))
        };
        let has_steps_back = self.path.split(['/', '\\']).any(dots);
        let rest = self.path.strip_prefix(wanted);
        !has_steps_back && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(url: &str, pattern: &str) -> bool {
        Address::of(url).is_some_and(|address| address.fits(pattern))
    }

    #[test]
    fn a_host_is_known_however_it_is_written() {
        for url in [
            "https://mcp.notion.com/mcp",
            "HTTPS://MCP.Notion.COM",
            " https://mcp.notion.com.:443/sse?x=1#y",
            "https://user:secret@mcp.notion.com/mcp",
            "https://mcp.notion.com?to=https://evil.example",
        ] {
            assert!(fits(url, "mcp.notion.com"), "{url}");
        }
    }

    #[test]
    fn a_host_that_only_looks_like_it_is_not_it() {
        for url in [
            "https://evil.example/?u=mcp.notion.com",
            "https://evil.example/mcp.notion.com",
            "https://mcp.notion.com.evil.example/mcp",
            "https://evilmcp.notion.com/",
            "https://mcp.notion.com@evil.example/",
            "https://evil.example\\@mcp.notion.com/",
            "https://evil.example#@mcp.notion.com/",
            "https://mcp.notion.com%2eevil.example/",
            "https://mcp.notion.com\t.evil.example/",
            "https://mcp.notion.com:x@evil.example/",
            "ftp://mcp.notion.com/",
            "mcp.notion.com",
            "https://",
            "",
        ] {
            assert!(!fits(url, "mcp.notion.com"), "{url}");
        }
    }

    #[test]
    fn a_path_and_a_port_narrow_a_host() {
        let copilot = "api.githubcopilot.com/mcp";
        assert!(fits("https://api.githubcopilot.com/mcp/", copilot));
        assert!(fits("https://api.githubcopilot.com/mcp/x/issues/readonly", copilot));
        assert!(!fits("https://api.githubcopilot.com/mcpx", copilot));
        assert!(!fits("https://api.githubcopilot.com/chat", copilot));
        assert!(!fits("https://api.githubcopilot.com/mcp/../chat", copilot));
        assert!(!fits("https://api.githubcopilot.com/mcp/%2E%2e/chat", copilot));
        assert!(fits("http://127.0.0.1:3845/mcp", "127.0.0.1:3845"));
        assert!(!fits("http://127.0.0.1:3000/mcp", "127.0.0.1:3845"));
    }

    #[test]
    fn a_star_stands_for_names_before_the_host_and_not_for_none() {
        assert!(fits("https://docs.mcp.cloudflare.com/mcp", "*.mcp.cloudflare.com"));
        assert!(fits("https://a.b.mcp.cloudflare.com/", "*.mcp.cloudflare.com"));
        for url in
            ["https://mcp.cloudflare.com/", "https://xmcp.cloudflare.com/", "https://.mcp.cloudflare.com/"]
        {
            assert!(!fits(url, "*.mcp.cloudflare.com"), "{url}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_for_the_host_is_what_a_browser_takes_for_it(
            url in r"[hH]ttps?://[a-zA-Z0-9@:./\\?#%\t -]{0,40}"
        ) {
            if let (Some(address), Ok(parsed)) = (Address::of(&url), url::Url::parse(&url)) {
                let host = parsed.host_str().unwrap_or_default();
                let host = host.strip_suffix('.').unwrap_or(host).to_owned();
                // An address in numbers is written in another way by a browser.
                if parsed.domain().is_some() {
                    prop_assert_eq!(address.host.to_ascii_lowercase(), host);
                }
            }
        }

        #[test]
        fn no_text_is_too_odd(url in any::<String>(), pattern in any::<String>()) {
            _ = fits(&url, &pattern);
        }
    }
}
