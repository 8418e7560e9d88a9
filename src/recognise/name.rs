//! Names: whether that of a variable, a header, a flag or a key speaks of a secret.

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// Nothing.
    Nothing,
    /// That it is no secret, though a word of it would say so: `MAX_TOKENS`, `KEY_ID`, `TOKEN_FILE`.
    Harmless,
    /// A token or key, drawn by lot.
    Token,
    /// A password, which a person may have thought of.
    Password,
    /// Cookies, each with a name of its own.
    Cookie,
}

/// The longest name that is looked at, in bytes.
const MAX_NAME: usize = 128;

/// Words of tokens and keys. Plural forms too.
const TOKENS: &[&str] = &[
    "accesskey",
    "apikey",
    "apikeys",
    "apisecret",
    "apitoken",
    "auth",
    "authkey",
    "authorization",
    "authtoken",
    "bearer",
    "credential",
    "credentials",
    "creds",
    "dsn",
    "jwt",
    "key",
    "keys",
    "licensekey",
    "masterkey",
    "pat",
    "privatekey",
    "secret",
    "secretkey",
    "secrets",
    "sig",
    "signature",
    "token",
    "tokens",
];

/// Words of passwords.
const PASSWORDS: &[&str] =
    &["pass", "passcode", "passphrase", "passwd", "password", "passwords", "pgpassword", "pw", "pwd"];

/// Endings of words that are written as one: `exaapikey`.
const ENDINGS: &[(&str, Speech)] = &[
    ("accesskey", Speech::Token),
    ("apikey", Speech::Token),
    ("authkey", Speech::Token),
    ("credentials", Speech::Token),
    ("passphrase", Speech::Password),
    ("password", Speech::Password),
    ("privatekey", Speech::Token),
    ("secret", Speech::Token),
    ("secretkey", Speech::Token),
    ("token", Speech::Token),
];

/// What, behind such a word, says that the value only has to do with a secret.
const ABOUT: &[&str] = &[
    "address",
    "alg",
    "algorithm",
    "alias",
    "arn",
    "audience",
    "backend",
    "bucket",
    "class",
    "column",
    "count",
    "dir",
    "directory",
    "domain",
    "enabled",
    "endpoint",
    "env",
    "expires",
    "expiry",
    "field",
    "file",
    "filename",
    "fingerprint",
    "folder",
    "format",
    "host",
    "id",
    "ids",
    "index",
    "interval",
    "issuer",
    "label",
    "length",
    "lifetime",
    "limit",
    "location",
    "manager",
    "method",
    "mode",
    "name",
    "names",
    "param",
    "path",
    "paths",
    "placeholder",
    "policy",
    "port",
    "prefix",
    "provider",
    "realm",
    "ref",
    "regex",
    "region",
    "required",
    "rotation",
    "scope",
    "scopes",
    "server",
    "size",
    "source",
    "stdin",
    "store",
    "strategy",
    "suffix",
    "template",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "urls",
    "usage",
    "user",
    "username",
    "validity",
    "var",
    "variable",
    "vault",
    "version",
];

/// What, right before such a word, says that it is not that kind of key or token.
const OTHER_KEYS: &[&str] = &[
    "cache",
    "continuation",
    "eos",
    "bos",
    "foreign",
    "group",
    "hot",
    "idempotency",
    "input",
    "max",
    "message",
    "min",
    "next",
    "num",
    "order",
    "output",
    "pad",
    "page",
    "partition",
    "primary",
    "public",
    "routing",
    "row",
    "shortcut",
    "site",
    "sort",
    "stop",
    "sync",
    "total",
    "unique",
];

/// What, anywhere, says that everybody may see it.
const OPEN: &[&str] = &["anon", "publishable", "public", "pub"];

/// What, at the beginning, says that it is a choice.
const CHOICES: &[&str] = &["allow", "disable", "enable", "has", "is", "no", "require", "skip", "use"];

/// The words of a name, in lower case: parted by what is no letter or digit, and where capitals begin.
pub(super) struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    /// Of a name of any text; of none where it is too long.
    pub(super) fn of(name: &str) -> Self {
        let mut words = Self { text: String::new(), ends: Vec::new() };
        if name.len() > MAX_NAME {
            return words;
        }
        words.text.reserve(name.len());
        let bytes = name.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| bytes[at]);
            let after = bytes.get(at + 1);
            // `apiKey`, and `AWSKey`.
            let begins = byte.is_ascii_uppercase()
                && (before.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
                    || before.is_some_and(|it| it.is_ascii_uppercase())
                        && after.is_some_and(u8::is_ascii_lowercase));
            if begins || !byte.is_ascii_alphanumeric() {
                words.end();
            }
            if byte.is_ascii_alphanumeric() {
                words.text.push(byte.to_ascii_lowercase() as char);
            }
        }
        words.end();
        words
    }

    fn end(&mut self) {
        let last = self.ends.last().copied().unwrap_or(0);
        if self.text.len() > last {
            self.ends.push(self.text.len());
        }
    }

    /// One after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// What they say together.
    pub(super) fn speech(&self) -> Speech {
        let mut said = Speech::Nothing;
        let mut before = "";
        for (number, word) in self.iter().enumerate() {
            if OPEN.contains(&word) || (number == 0 && CHOICES.contains(&word)) {
                return Speech::Harmless;
            }
            said = match of_word(word) {
                Speech::Nothing if before == "api" && word == "hash" => Speech::Token,
                Speech::Nothing if said != Speech::Nothing && ABOUT.contains(&word) => Speech::Harmless,
                Speech::Nothing => said,
                _ if OTHER_KEYS.contains(&before) => Speech::Harmless,
                Speech::Token if said == Speech::Password => said,
                speech => speech,
            };
            before = word;
        }
        said
    }
}

fn of_word(word: &str) -> Speech {
    match word {
        "cookie" | "cookies" => Speech::Cookie,
        _ if TOKENS.contains(&word) => Speech::Token,
        _ if PASSWORDS.contains(&word) => Speech::Password,
        _ => ENDINGS
            .iter()
            .find(|(ending, _)| word.ends_with(ending))
            .map_or(Speech::Nothing, |(_, speech)| *speech),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> Speech {
        Words::of(name).speech()
    }

    #[test]
    fn names_are_parted_as_people_read_them() {
        let words = |name| Words::of(name).iter().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words("GITHUB_PERSONAL_ACCESS_TOKEN"), ["github", "personal", "access", "token"]);
        assert_eq!(words("tavilyApiKey"), ["tavily", "api", "key"]);
        assert_eq!(words("--figma-api-key"), ["figma", "api", "key"]);
        assert_eq!(words("AWSSecretKey"), ["aws", "secret", "key"]);
        assert_eq!(words("X-Figma-Token"), ["x", "figma", "token"]);
        assert_eq!(words("PARIS_SCHLÜSSEL"), ["paris", "schl", "ssel"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn names_of_secrets_speak_of_them() {
        for name in [
            "GITHUB_TOKEN",
            "apiKey",
            "exaapikey",
            "X-API-Key",
            "Authorization",
            "clientSecret",
            "JIRA_PAT",
            "AWS_SECRET_ACCESS_KEY",
            "SECRET_KEY_BASE",
            "API_KEY_2",
            "TELEGRAM_API_HASH",
            "OPENAI_KEY",
            "--auth-token",
            "POSTHOG_AUTH_HEADER",
            "ADMIN_CREDENTIALS",
            "DD-APPLICATION-KEY",
        ] {
            assert_eq!(said(name), Speech::Token, "{name}");
        }
        for name in
            ["DB_PASSWORD", "MYSQL_PWD", "PGPASSWORD", "REDIS_PASS", "adminpassword", "SSH_PASSPHRASE"]
        {
            assert_eq!(said(name), Speech::Password, "{name}");
        }
        assert_eq!(said("Cookie"), Speech::Cookie);
    }

    #[test]
    fn names_that_only_have_to_do_with_secrets_do_not() {
        for name in [
            "MAX_TOKENS",
            "TOKEN_URL",
            "TOKEN_FILE",
            "SSH_KEY_PATH",
            "KEY_ID",
            "AWS_ACCESS_KEY_ID",
            "PUBLIC_KEY",
            "SUPABASE_ANON_KEY",
            "NEXT_PUBLIC_POSTHOG_KEY",
            "PRIMARY_KEY",
            "page_token",
            "USE_TOKEN",
            "PASSWORD_POLICY",
            "API_KEY_NAME",
            "AUTH_MODE",
            "TOKEN_TTL",
            "KEY_VAULT_NAME",
            "tokenEndpointAuthMethod",
        ] {
            assert_eq!(said(name), Speech::Harmless, "{name}");
        }
        for name in [
            "KEYBOARD",
            "MONKEY_PATCH",
            "TOKENIZER",
            "AUTHOR",
            "COMPASS",
            "PATH",
            "PATTERN",
            "KEYCLOAK_HOME",
            "PASSPORT",
            "REGION",
            "HOTKEYS",
            "SECRETARY",
        ] {
            assert_eq!(said(name), Speech::Nothing, "{name}");
        }
    }
}
