//! What is never a secret: what stands for a value, what says where one is, and what only looks like one.

use sha2::{Digest, Sha256};

use crate::recognise::randomness::is_surely_random;
use crate::reference::{find_any, is_bare_name};

/// Words that nobody's token holds by chance, in lower case.
const EXAMPLES: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "notareal",
    "redacted",
    "dummy-",
    "dummy_",
    "your-",
    "your_",
    "yourtoken",
    "yourkey",
];

/// Tokens of providers' own pages, as the first eight bytes of their SHA-256.
const KNOWN_EXAMPLES: &[u64] = &[
    0x2caf_c097_0149_a84f, // Stripe
    0xf2d6_ca16_5150_33e5, // Stripe
    0xf537_5a46_3650_89a8, // Slack
    0xbc3a_e723_f57c_6b9e, // GitHub
    0x82e7_4299_544e_0073, // GitHub
    0x6d7f_a4e6_4d4b_1f3e, // GitHub
    0x0209_1175_c1ae_3023, // SendGrid
    0x96ad_2ccd_8146_2a76, // webhooks as standardwebhooks.com signs them
];

/// Values that people write where a password will be, in lower case.
const NO_PASSWORDS: &[&str] = &[
    "admin",
    "changeit",
    "changeme",
    "default",
    "demo",
    "dummy",
    "empty",
    "example",
    "false",
    "fixme",
    "foo",
    "guest",
    "insert",
    "mypassword",
    "mysecretpassword",
    "na",
    "nil",
    "no",
    "none",
    "null",
    "pass",
    "password",
    "password123",
    "passwd",
    "placeholder",
    "postgres",
    "pwd",
    "redacted",
    "root",
    "sample",
    "secret",
    "tbd",
    "test",
    "todo",
    "true",
    "undefined",
    "unused",
    "user",
    "yes",
];

/// Words of a person who tells another what to write there, in lower case.
const REQUESTS: &[&str] = &[
    "your",
    "change",
    "changeme",
    "replace",
    "insert",
    "enter",
    "put",
    "paste",
    "add",
    "example",
    "placeholder",
    "here",
    "todo",
    "fixme",
    "redacted",
    "dummy",
    "fake",
    "sample",
];

/// How a place is written where a secret lies, in lower case.
const PLACES: &[&str] = &[
    "!secret ",
    "@microsoft.keyvault(",
    "arn:",
    "aws-sm:",
    "azurekv:",
    "bw:",
    "bws:",
    "doppler:",
    "env:",
    "env.",
    "file:",
    "gcp-sm:",
    "gcp:",
    "keychain:",
    "keyring:",
    "keyvault:",
    "op://",
    "pass:",
    "projects/",
    "ref+",
    "secret:",
    "secret://",
    "secretref:",
    "sm://",
    "ssm:",
    "vault:",
];

/// How hashes, pictures, certificates and public keys begin.
const OTHER_BEGINNINGS: &[&str] = &[
    "sha1:",
    "sha1-",
    "sha256:",
    "sha256-",
    "sha384-",
    "sha512:",
    "sha512-",
    "md5:",
    "data:",
    "ssh-",
    "ecdsa-",
    "sk-ssh-",
    "sk-ecdsa-",
    "-----BEGIN PUBLIC",
    "-----BEGIN CERT",
    "-----BEGIN RSA PUBLIC",
    "-----BEGIN EC PUBLIC",
    "-----BEGIN PGP PUBLIC",
    "-----BEGIN SSH2 PUBLIC",
    "AAAAB3NzaC1",
    "AAAAC3NzaC1",
    "AAAAE2VjZHNh",
    "MFkwEwYH",
    "MCowBQYD",
    "age1",
    "iVBORw0KGgo",
    "R0lGOD",
    "/9j/",
    "PHN2Zy",
    "PD94bWw",
    "UklGR",
    "JVBERi0",
];

/// Whether a token of a known shape stands for a value instead of being one.
pub(super) fn is_example(token: &str) -> bool {
    is_filler(token) || KNOWN_EXAMPLES.contains(&mark(token))
}

/// Whether it was typed and not drawn: rows of one character, the alphabet, a word.
fn is_filler(token: &str) -> bool {
    has_row(token)
        || has_sequence(token.bytes())
        || has_sequence(token.bytes().filter(u8::is_ascii_alphabetic))
        || has_sequence(token.bytes().filter(u8::is_ascii_digit))
        || EXAMPLES.iter().any(|word| holds(token, word))
}

fn mark(token: &str) -> u64 {
    Sha256::digest(token.as_bytes()).iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

/// Ten times the same, or four times what people write for what they leave out.
fn has_row(token: &str) -> bool {
    let (mut last, mut row) = (0, 0);
    token.bytes().any(|byte| {
        row = if byte == last { row + 1 } else { 1 };
        last = byte;
        row >= if b"xX*.#".contains(&byte) { 4 } else { 10 }
    })
}

/// Eight in the order of the alphabet or of the numbers: `12345678`, `abcdefgh`; with the others left out that of
/// `abc123def456ghi789`.
fn has_sequence(mut bytes: impl Iterator<Item = u8>) -> bool {
    let (mut last, mut row) = (0_u8, 0);
    bytes.any(|byte| {
        let byte = byte.to_ascii_lowercase();
        let follows =
            byte == last.wrapping_add(1) || (last, byte) == (b'9', b'0') || (last, byte) == (b'9', b'a');
        row = if follows && byte.is_ascii_alphanumeric() { row + 1 } else { 1 };
        last = byte;
        row >= 8
    })
}

/// Without a copy in small letters, which would have to be wiped.
fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the value, under whatever name, stands for another or says where it is: a placeholder of a client, the name of
/// a variable, a request to write something there, a place in a vault.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || is_name_of_variable(value) || is_bracketed(value) {
        return true;
    }
    !value.contains(char::is_alphanumeric)
        || value.contains("...")
        || value.contains('…')
        || begins_with_any(value, PLACES)
        || has_request(value)
        || is_filler(value)
        || value.contains(['$', '{', '%', '`']) && (value.starts_with('`') || !find_any(value).is_empty())
}

/// How the value begins, where it says in which vault or file a secret lies instead of being one: `op://`, `ssm:`.
pub(super) fn place_elsewhere(value: &str) -> Option<&'static str> {
    PLACES.iter().copied().find(|place| begins_with_any(value.trim_start(), &[place]))
}

/// Whether the value asks a person to write something else in its place, and nothing could fill it in.
pub(super) fn is_request(value: &str) -> bool {
    let is_filled_in = value.contains(['$', '{', '%', '`']) || place_elsewhere(value).is_some();
    let asks = [("<", ">"), ("[", "]")]
        .iter()
        .any(|(open, close)| value.len() > 2 && value.starts_with(open) && value.ends_with(close));
    !is_filled_in
        && (asks || value.contains("...") || value.contains('…') || has_request(value) || is_filler(value))
}

/// `ACME_CLIENT_SECRET`: words in capitals, not letters and digits drawn by lot.
fn is_name_of_variable(value: &str) -> bool {
    is_bare_name(value)
        && value.contains('_')
        && value.split('_').all(|word| word.bytes().filter(u8::is_ascii_digit).count() <= 1)
}

/// `<token>`, `[token]`, `{token}`, `%token%`.
pub(super) fn is_bracketed(value: &str) -> bool {
    [("<", ">"), ("[", "]"), ("{", "}"), ("%", "%"), ("$(", ")"), ("__", "__")]
        .iter()
        .any(|(open, close)| value.len() > 1 && value.starts_with(open) && value.ends_with(close))
}

fn begins_with_any(value: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|it| value.get(..it.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(it)))
}

/// `your-api-key-here`, `REPLACE_ME`: one of its words asks for something. Words in a row of other letters and digits are
/// none.
fn has_request(value: &str) -> bool {
    value.len() <= 200
        && value
            .split(|it: char| !it.is_ascii_alphanumeric())
            .any(|word| REQUESTS.iter().any(|request| word.eq_ignore_ascii_case(request)))
}

/// Whether a password is one that people write where they have none.
pub(super) fn is_no_password(value: &str) -> bool {
    let is_request =
        begins_with_any(value, &["your"]) && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_placeholder(value) || is_request || is_usual_password(value)
}

/// `changeme`, `postgres`: what is written where a password will be, and what many a database of a developer's own has.
pub(super) fn is_usual_password(value: &str) -> bool {
    NO_PASSWORDS.iter().any(|it| value.eq_ignore_ascii_case(it))
}

/// Whether the value is something else that looks drawn by lot: a path, an address, a hash, a picture, a public key.
pub(super) fn is_something_else(value: &str) -> bool {
    is_file_or_address(value) || value.contains(char::is_whitespace) || is_address_of_mail(value)
}

/// The same for a password, which may have blanks and an `@`.
pub(super) fn is_file_or_address(value: &str) -> bool {
    value.contains("://")
        || OTHER_BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
        || is_path(value)
        || is_public_der(value)
}

/// A certificate or public key in base64 without its frame. In a private key a version follows the length.
fn is_public_der(value: &str) -> bool {
    value.starts_with("MII") && value.get(6..9).is_some_and(|it| it != "IBA")
}

/// Of any system; base64 may begin with `/` too.
fn is_path(value: &str) -> bool {
    let drive = value.as_bytes().get(1..3).is_some_and(|it| matches!(it, br":\" | b":/"));
    let begins = ["/", "~/", "./", "../", r"\\", r".\", r"..\", "~\\"].iter().any(|it| value.starts_with(it));
    (drive || begins) && !value.split(['/', '\\']).any(is_surely_random)
}

fn is_address_of_mail(value: &str) -> bool {
    value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && !user.contains(':')
            && host.contains('.')
            && !host.contains(['@', '/', ':'])
            && value.len() < 100
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_documentation_are_examples() {
        for token in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_1234567890abcdefghijklmnopqrstuvwxyz",
            "figd_YOUR_TOKEN_HERE",
            "acme_abc123def456ghi789jkl012mno345",
            "0000000000000000",
        ] {
            assert!(is_example(token), "{token}");
        }
        for token in ["AKIAQ3EGPLEEXAMPL", "ghp_x7Kq2mWz9RtLb4Vn", "3fa85f64-5717-4562-b3fc-2c963f66afa6"] {
            assert!(!is_example(token), "{token}");
        }
    }

    #[test]
    fn what_stands_for_a_value_is_no_value() {
        for value in [
            "",
            "${X}",
            "$XY",
            "%ACME_TOKEN%",
            "{env:X}",
            "<YOUR_TOKEN>",
            "your-api-key-here",
            "[key]",
            "REPLACE_ME",
            "GITHUB_TOKEN",
            "xxxxxxxx",
            "****",
            "••••",
            "sk-...",
            "op://a/b/c",
            "$(gh auth token)",
            "`gh auth token`",
            "env:X",
            "abc${X}def",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["Xk29fQ7mZp04LtYw", "JBSWY3DPEHPK3PXP", "K29F_Q7M2_P04L", "hunter2", "p%40ss"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn paths_hashes_and_pictures_are_something_else() {
        for value in [
            "/run/secrets/token",
            "~/.ssh/id_ed25519",
            r"C:\keys\sa.json",
            "../data/token.json",
            r"\\server\share\key",
            "sha256:9f86d081884c7d659a2feaa0c55ad015",
            "data:image/png;base64,AAAA",
            "ssh-ed25519 AAAA",
            "https://example.com/token",
            "anna@example.com",
            "a sentence about tokens",
        ] {
            assert!(is_something_else(value), "{value}");
        }
        for value in ["/Xk29fQ7mZp04LtYwB8sN1vCq+8s/2kd93jfLw0qz", "p@ssw0rd", "abc/def"] {
            assert!(!is_something_else(value), "{value}");
        }
    }
}
