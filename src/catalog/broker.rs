//! Brokers: programs that hand credentials of their own to what they start, as `mcpcred run` does.

/// Each with the number of words between it and the command, where no `--` stands before that: the verb, a profile, a
/// file. From the manuals of each; `0` also where the manual asks for the `--`.
const BROKERS: &[(&str, usize)] = &[
    ("op", 0),
    ("doppler", 1),
    ("infisical", 1),
    ("dotenvx", 1),
    ("dotenv", 0),
    ("mise", 1),
    ("aws-vault", 2),
    ("aws-sso", 1),
    ("chamber", 2),
    ("teller", 1),
    ("fnox", 1),
    ("secretspec", 1),
    ("envchain", 1),
    ("flox", 1),
    ("devbox", 1),
    ("varlock", 1),
    ("bws", 1),
    ("pass-cli", 1),
    ("ksm", 1),
    ("vals", 1),
    ("berglas", 1),
    ("hcp", 2),
    ("phase", 1),
    ("summon", 0),
    ("direnv", 2),
    ("sops", 2),
    ("gopass", 2),
    ("envconsul", 0),
];

/// The broker of that name, and how many words come before the command.
pub(super) fn named(program: &str) -> Option<(&'static str, usize)> {
    BROKERS.iter().copied().find(|(name, _)| program.eq_ignore_ascii_case(name))
}
