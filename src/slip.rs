//! A value in the place of a name, a slip of the fingers: to be noticed, and not to be repeated.

/// How tokens begin whose characters could be those of a name.
const TOKEN_PREFIXES: [&str; 14] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "npm_",
    "hf_",
    "phc_",
    "phx_",
    "ntn_",
    "sk_live_",
    "sk_test_",
    "sntrys_",
];

/// How the access keys of AWS begin, all of 20 characters.
const ACCESS_KEY_PREFIXES: [&str; 2] = ["AKIA", "ASIA"];

/// Whether the text is a token of a kind that is known by its beginning.
pub(crate) fn is_token(text: &str) -> bool {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    (text.len() >= 20 && begins(&TOKEN_PREFIXES)) || (text.len() == 20 && begins(&ACCESS_KEY_PREFIXES))
}

/// Whether the text could be a value: a token, no name at all, or letters and digits in a long row, which a name
/// would part with `_`.
pub(crate) fn may_be_value(text: &str) -> bool {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    is_token(text) || !is_name || (text.len() >= 16 && !text.contains('_') && digits >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_noticed_and_names_are_not() {
        for token in ["ghp_0123456789abcdefghij", "AKIAIOSFODNN7EXAMPLE"] {
            assert!(is_token(token) && may_be_value(token), "{token}");
        }
        for value in ["f9403fc5f537b4ab332da1b0", "pass word", "xoxb-1", "glpat-x"] {
            assert!(!is_token(value) && may_be_value(value), "{value}");
        }
        for name in ["GITHUB_TOKEN", "hf_token", "AKIA", "DATABASE_URL_OF_2026", "OAUTH2"] {
            assert!(!may_be_value(name), "{name}");
        }
    }
}
