//! Every shell reads back exactly the bytes, in a directory made of traps, and runs none of them.
//!
//! Each test writes thousands of values at once and asks the real shell for its environment. A shell that is
//! not installed is passed over, except where the tests were built with `CI` set. The parsers of other languages
//! are looked for in `target/parsers`:
//! `npm install --prefix target/parsers dotenv @nushell/linux-x64`, `chmod +x` on its `nu`, and
//! `pip install --target target/parsers/python python-dotenv`.

#![expect(clippy::unwrap_used, reason = "the functions that tests share are tests too")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// Names that a glob, an option parser or a command substitution would trip over.
const TRAPS: &[&str] =
    &["*", "a b", "[a]", "-e", "-n", "x=1", "$(touch pwned)", "{a,b}", "~", "\\", "V1=x", "é"];

/// Bytes that some shell gives a meaning, or keeps for itself (dash 0x81 to 0x88, bash 0x01 and 0x7f, zsh 0x83).
const NASTY: &[u8] = b" \t\n\r\x01\x7f\\'\"`$!*?[]{}()<>|&;#~=%^,:@-+.a0\x81\x83\x88\xa2\xc3\xa9\xe2\xff";

/// Whole values with a history.
const STORIES: &[&str] = &[
    "",
    "ghp_0123456789abcdefABCDEF",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_",
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    "\";touch pwned;\"",
    "a;touch pwned",
    "a\ntouch pwned\n",
    "\n\n",
    "\r\n",
    "end\n",
    "end\n\n\n",
    "  two  blanks  ",
    "\t",
    "-e",
    "-n",
    "--",
    "~",
    "~root",
    "=ls",
    "{a,b}",
    "{1..3}",
    "*",
    "[a-z]*",
    "!!",
    "!$",
    "a!b",
    "%PATH%",
    "%s%n",
    "$HOME",
    "${HOME}",
    "$$",
    "\\",
    "\\\\",
    "a\\",
    "\\n",
    "\\'",
    "\\\"",
    "it's",
    "say \"x\"",
    "it's \"x\"",
    "#",
    "a #b",
    "a#b",
    "<<EOF",
    "\u{2018}x\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}",
    "';$env:X='\u{2019};calc;\u{2018}",
    "\u{1f600}\u{feff}\u{85}\u{2028}\u{a0}",
    "-----BEGIN PRIVATE KEY-----\nMIIB+/==\n-----END PRIVATE KEY-----\n",
    "{\"type\": \"service_account\", \"key\": \"a\\nb\"}\n",
    ".",
    "x.",
    "%.",
];

/// The stories, every byte and every pair of nasty ones.
fn values() -> Vec<Vec<u8>> {
    let mut values = few_values();
    values.extend((1..=255).map(|byte| vec![byte]));
    for first in NASTY {
        values.extend(NASTY.iter().map(|second| vec![*first, *second]));
    }
    values
}

/// The stories, every byte, and long noise: for the many options that a shell may have set.
fn few_values() -> Vec<Vec<u8>> {
    let mut values: Vec<_> = STORIES.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.extend((1..=255).map(|byte| vec![b'a', byte, b'7']));
    values.extend([&b"\xc3\\"[..], b"\xe2\x80\\\n", b"\xf0\n\n"].map(<[u8]>::to_vec));
    // Noise, from a small generator of pseudo-random numbers.
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap().max(1)
    };
    values.extend([400, 1024, 4096].map(|length| (0..length).map(|_| next()).collect()));
    values
}

/// The values that `shell` has a spelling for.
fn writable(shell: Shell, values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    values.into_iter().filter(|value| render(shell, &[("V", &Secret::copy_of(value))]).is_ok()).collect()
}

fn rendered(shell: Shell, values: &[Vec<u8>]) -> Vec<u8> {
    let names: Vec<_> = (0..values.len()).map(|number| format!("V{number}")).collect();
    let secrets: Vec<_> = values.iter().map(|value| Secret::copy_of(value)).collect();
    let variables: Vec<_> = names.iter().map(String::as_str).zip(&secrets).collect();
    render(shell, &variables).unwrap().expose_secret().to_vec()
}

fn traps() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in TRAPS {
        fs::write(folder.path().join(name), "touch pwned").unwrap();
    }
    folder
}

/// A program of the search path, or of `target/parsers`. In CI it has to be there.
fn program(name: &str) -> Option<PathBuf> {
    let own = parsers().join(name);
    let found = if own.exists() { Some(own) } else { which::which(name).ok() };
    assert!(found.is_some() || option_env!("CI").is_none(), "{name} is missing");
    found
}

fn parsers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/parsers")
}

/// Runs `command` (a program and its arguments, `{}` being the file) among the traps, and compares what
/// `env -0` prints in the end.
fn arrives(shell: Shell, command: &[&str], values: &[Vec<u8>]) {
    let Some(program) = program(command[0]) else { return };
    let (home, folder) = (tempfile::tempdir().unwrap(), traps());
    let file = home.path().join("lines");
    fs::write(&file, rendered(shell, values)).unwrap();
    let arguments = command[1..].iter().map(|argument| argument.replace("{}", file.to_str().unwrap()));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home.path())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.is_empty(), "{command:?}: {}: {words}", output.status);
    compare(&output.stdout, values, command);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), TRAPS.len(), "{command:?} made a file");
}

/// Compares `NAME=value` entries that end in NUL.
fn compare(environment: &[u8], values: &[Vec<u8>], command: &[&str]) {
    let entries: HashMap<_, _> = environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| {
            let end = entry.iter().position(|byte| *byte == b'=')?;
            Some((&entry[..end], &entry[end + 1..]))
        })
        .collect();
    for (number, value) in values.iter().enumerate() {
        let name = format!("V{number}");
        let got = entries.get(name.as_bytes()).copied();
        let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
        assert_eq!(got.map(show), Some(show(value)), "{command:?}");
    }
}

const UNQUOTED: &str = "eval $(cat '{}'); exec env -0";
const QUOTED: &str = "eval \"$(cat '{}')\"; exec env -0";

#[test]
fn bash_reads_every_byte_back() {
    arrives(Shell::Bash, &["bash", "-c", UNQUOTED], &values());
    let values = few_values();
    for options in ["-f", "-u", "-e", "-H", "-B"] {
        arrives(Shell::Bash, &["bash", options, "-c", UNQUOTED], &values);
    }
    for option in ["nullglob", "failglob", "dotglob", "extglob", "nocaseglob"] {
        arrives(Shell::Bash, &["bash", "-O", option, "-c", UNQUOTED], &values);
    }
    arrives(Shell::Bash, &["bash", "--posix", "-c", UNQUOTED], &values);
    arrives(Shell::Bash, &["bash", "-c", QUOTED], &values);
    arrives(Shell::Bash, &["bash", "-c", ". '{}'; exec env -0"], &values);
}

#[test]
fn every_byte_is_read_back_in_any_locale() {
    for locale in ["C", "C.UTF-8", "POSIX"] {
        let command = format!("export LC_ALL={locale}; {UNQUOTED}");
        arrives(Shell::Bash, &["bash", "-c", &command], &values());
        arrives(Shell::Zsh, &["zsh", "-f", "-c", &command], &values());
        arrives(Shell::Sh, &["bash", "-c", &command], &few_values());
        arrives(Shell::Sh, &["dash", "-c", &command], &few_values());
    }
}

#[test]
fn zsh_reads_every_byte_back() {
    arrives(Shell::Zsh, &["zsh", "-f", "-c", UNQUOTED], &values());
    let values = few_values();
    for option in ["extendedglob", "shwordsplit", "nullglob", "magicequalsubst", "nounset"] {
        arrives(Shell::Zsh, &["zsh", "-f", "-o", option, "-c", UNQUOTED], &values);
        arrives(Shell::Zsh, &["zsh", "-f", "-o", option, "-o", "globsubst", "-c", UNQUOTED], &values);
    }
    for emulation in ["sh", "ksh", "csh"] {
        arrives(Shell::Zsh, &["zsh", "--emulate", emulation, "-f", "-c", UNQUOTED], &values);
    }
    arrives(Shell::Zsh, &["zsh", "-f", "-c", QUOTED], &values);
}

#[test]
fn dash_reads_every_byte_back() {
    arrives(Shell::Sh, &["dash", "-c", UNQUOTED], &values());
    let values = few_values();
    for options in ["-u", "-e", "-f"] {
        arrives(Shell::Sh, &["dash", options, "-c", UNQUOTED], &values);
    }
    arrives(Shell::Sh, &["dash", "-c", QUOTED], &values);
    arrives(Shell::Sh, &["dash", "-c", ". '{}'; exec env -0"], &values);
}

#[test]
fn other_posix_shells_read_every_byte_back() {
    arrives(Shell::Sh, &["busybox", "sh", "-c", UNQUOTED], &values());
    arrives(Shell::Zsh, &["busybox", "sh", "-c", UNQUOTED], &values());
    let values = few_values();
    arrives(Shell::Sh, &["bash", "--posix", "-c", UNQUOTED], &values);
    arrives(Shell::Sh, &["zsh", "--emulate", "sh", "-c", UNQUOTED], &values);
    for korn in ["ksh93", "mksh"] {
        if which::which(korn).is_ok() {
            arrives(Shell::Zsh, &[korn, "-c", UNQUOTED], &values);
        }
    }
}

#[test]
fn fish_reads_every_byte_back() {
    let values = values();
    for script in [
        "eval (cat '{}'); exec env -0",
        "eval $(cat '{}'); exec env -0",
        "cat '{}' | source; exec env -0",
        "eval \"$(cat '{}')\"; exec env -0",
    ] {
        arrives(Shell::Fish, &["fish", "--no-config", "-c", script], &values);
    }
}

#[test]
fn elvish_reads_every_byte_back() {
    let script = "eval (e:cat '{}' | slurp); exec env -0";
    arrives(Shell::Elvish, &["elvish", "-norc", "-c", script], &values());
}

#[test]
fn nushell_reads_every_text_back() {
    let values = writable(Shell::Nu, values());
    let nu = "node_modules/@nushell/linux-x64/bin/nu";
    arrives(Shell::Nu, &[nu, "-n", "-c", "open --raw '{}' | from nuon | load-env; exec env '-0'"], &values);
    arrives(Shell::Json, &[nu, "-n", "-c", "open --raw '{}' | from json | load-env; exec env '-0'"], &values);
}

#[test]
fn node_and_python_read_the_same_dotenv() {
    let values = writable(Shell::Dotenv, values());
    assert!(values.len() > 1000, "{} values have a spelling", values.len());
    node_and_python_read(&values);
}

fn node_and_python_read(values: &[Vec<u8>]) {
    let module = parsers().join("node_modules/dotenv");
    if module.exists() || option_env!("CI").is_some() {
        let module = module.display();
        let script = format!(
            "const e=require('{module}').parse(require('fs').readFileSync('{{}}'));\
             for(const k in e)process.stdout.write(k+'='+e[k]+'\\0')"
        );
        arrives(Shell::Dotenv, &["node", "-e", &script], values);
    }
    let module = parsers().join("python");
    if module.exists() || option_env!("CI").is_some() {
        let module = module.display();
        let script = format!(
            "import sys;sys.path.insert(0,'{module}');from dotenv import dotenv_values\n\
             for k,v in dotenv_values('{{}}').items():sys.stdout.buffer.write((k+'='+v+'\\0').encode())"
        );
        arrives(Shell::Dotenv, &["python3", "-c", &script], values);
    }
}

#[test]
fn json_is_what_a_parser_reads() {
    let values = writable(Shell::Json, values());
    let parsed: HashMap<String, String> = serde_json::from_slice(&rendered(Shell::Json, &values)).unwrap();
    for (number, value) in values.iter().enumerate() {
        assert_eq!(parsed[&format!("V{number}")].as_bytes(), value);
    }
}

#[test]
fn what_is_no_name_or_no_variable_is_refused() {
    let value = Secret::copy_of(b"x");
    for name in ["", "1A", "A-B", "A=B", "A;touch pwned", "É", "A\n"] {
        for shell in Shell::ALL {
            assert_eq!(render(shell, &[(name, &value)]), Err(RenderError::Name), "{shell}");
        }
    }
    for shell in Shell::ALL {
        let error = render(shell, &[("TOKEN", &Secret::copy_of(b"a\0b"))]).unwrap_err();
        assert_eq!(error, RenderError::Value { variable: "TOKEN".to_owned(), shell, reason: Reason::Nul });
    }
}

#[test]
fn nothing_is_written_as_nothing() {
    for shell in Shell::ALL {
        let empty: &[u8] = if matches!(shell, Shell::Json | Shell::Nu) { b"{}\n" } else { b"" };
        assert_eq!(render(shell, &[]).unwrap().expose_secret(), empty, "{shell}");
    }
}

#[test]
fn a_token_stays_readable() {
    let token = Secret::copy_of(b"ghp_x");
    for (shell, line) in [
        (Shell::Bash, "TOKEN='ghp_x';export TOKEN;\n"),
        (Shell::Zsh, "TOKEN=$'ghp_x';export TOKEN;\n"),
        (Shell::Sh, "TOKEN='ghp_x';export TOKEN;\n"),
        (Shell::Fish, "set -gx TOKEN ''ghp_x;\n"),
        (Shell::Elvish, "set-env TOKEN \"ghp_x\";\n"),
        (Shell::Nu, "{\"TOKEN\": \"ghp_x\"}\n"),
        (Shell::Json, "{\"TOKEN\":\"ghp_x\"}\n"),
        (Shell::Dotenv, "TOKEN='ghp_x'\n"),
    ] {
        assert_eq!(render(shell, &[("TOKEN", &token)]).unwrap().expose_secret_str(), Ok(line));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_bytes_arrive_in_any_shell(
        values in prop::collection::vec(prop::collection::vec(1_u8.., 0..200), 1..60),
    ) {
        arrives(Shell::Bash, &["bash", "-c", UNQUOTED], &values);
        arrives(Shell::Zsh, &["zsh", "-f", "-c", UNQUOTED], &values);
        arrives(Shell::Sh, &["dash", "-c", UNQUOTED], &values);
        arrives(Shell::Sh, &["busybox", "sh", "-c", UNQUOTED], &values);
        arrives(Shell::Fish, &["fish", "--no-config", "-c", "eval (cat '{}'); exec env -0"], &values);
    }

    #[test]
    fn any_text_is_read_alike_or_refused(
        values in prop::collection::vec("([a-z]|['\"`\\\\#$ =\n\r\t{}nr]|[\x01-\u{10ffff}]){0,12}", 1..100),
    ) {
        let values = values.into_iter().map(String::into_bytes).collect();
        node_and_python_read(&writable(Shell::Dotenv, values));
    }
}
