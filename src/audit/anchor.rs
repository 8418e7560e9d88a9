//! `Anchor`: a line that the store saw, so that a log that was replaced by an older copy is noticed.

use crate::audit::key::Link;
use crate::secret::Secret;

const PREFIX: &str = "mcpcred-audit-head:v1";

/// What the store saw of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The first line that was kept then.
    pub(crate) first: u64,
    /// The last line then.
    pub(crate) n: u64,
    /// Its link.
    pub(super) link: Link,
}

impl Anchor {
    /// Out of the item of a store.
    pub(crate) fn parse(item: &Secret) -> Option<Self> {
        let mut words = item.expose_secret_str().ok()?.split(' ');
        let mut next = || words.next();
        if next()? != PREFIX {
            return None;
        }
        let anchor =
            Self { first: next()?.parse().ok()?, n: next()?.parse().ok()?, link: Link::parse(next()?)? };
        words.next().is_none().then_some(anchor)
    }

    /// The item of a store.
    pub(crate) fn to_item(self) -> Secret {
        let Self { first, n, link } = self;
        Secret::new(format!("{PREFIX} {first} {n} {}", link.to_text()).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_survives_the_store() {
        let anchor = Anchor { first: 1, n: 77, link: Link::loose(Link::default(), b"x") };
        assert_eq!(Anchor::parse(&anchor.to_item()), Some(anchor));
        assert_eq!(Anchor::parse(&Secret::copy_of(b"mcpcred-audit-head:v1 1 2 x")), None);
    }
}
