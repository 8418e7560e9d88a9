//! "Did you mean": the known name nearest to one that is not known.

use crate::name::CredentialName;

/// The known name most like the given one, where one is like it at all.
pub(crate) fn nearest<'known>(
    name: &CredentialName,
    known: impl Iterator<Item = &'known CredentialName>,
) -> Option<&'known CredentialName> {
    let wanted = name.as_str().to_ascii_uppercase();
    known
        .map(|known| (strsim::jaro_winkler(&wanted, &known.as_str().to_ascii_uppercase()), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_and_another_word_none() {
        let known: Vec<CredentialName> =
            ["GITHUB_TOKEN", "SLACK_TOKEN"].map(|name| name.parse().unwrap()).into();
        let found = |name: &str| nearest(&name.parse().unwrap(), known.iter()).map(CredentialName::as_str);
        assert_eq!(found("GITHB_TOKEN"), Some("GITHUB_TOKEN"));
        assert_eq!(found("slack_tokn"), Some("SLACK_TOKEN"));
        assert_eq!(found("DATABASE_URL"), None);
    }
}
