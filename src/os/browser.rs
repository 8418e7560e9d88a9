//! `Browser`: what shows a person a page.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program that opens a page may take to say that it can't.
const PATIENCE: Duration = Duration::from_secs(2);

/// The programs that may open a page here, the best first: the words of each, with `%s` where the address goes, and at
/// the end where there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Browser(Vec<Vec<String>>);

impl Browser {
    /// Those of this system. `chosen` is what the variable `BROWSER` says: commands with colons between them (with
    /// semicolons on Windows). On Linux, without it, a display is needed.
    pub(crate) fn here(chosen: Option<&OsStr>, has_display: bool) -> Self {
        let own = chosen.and_then(OsStr::to_str).map(|text| {
            let separator = if cfg!(windows) { ';' } else { ':' };
            let commands = text.split(separator).map(|command| words(command.trim()));
            commands.filter(|words| !words.is_empty()).collect::<Vec<_>>()
        });
        let system: &[&[&str]] = if cfg!(target_os = "macos") {
            &[&["open"]]
        } else if cfg!(windows) {
            // Takes the address as it is, where `cmd /c start` would read `&` and `%` in it.
            &[&["rundll32", "url.dll,FileProtocolHandler"]]
        } else if has_display {
            &[&["xdg-open"], &["gio", "open"]]
        } else {
            &[]
        };
        let system = system.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect());
        Self(own.unwrap_or_else(|| system.collect()))
    }

    /// Opens the page, and says whether a program took it. Only addresses of `https` are opened, without a shell; the
    /// variables named in `without` are not passed on.
    pub(crate) fn open(&self, address: &str, without: &[impl AsRef<OsStr>]) -> bool {
        is_page(address) && self.0.iter().any(|words| start(words, address, without))
    }
}

/// Whether this is an address of `https` in which nothing stands that a program could take for more than an address.
pub(crate) fn is_page(address: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_graphic() && !"\"'`<>\\^{}|".contains(character);
    address.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_plain))
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

/// A program that runs on has shown the page or is about to; one that ends badly at once has not.
fn start(words: &[String], address: &str, without: &[impl AsRef<OsStr>]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let mut filled: Vec<OsString> = arguments.iter().map(|word| word.replace("%s", address).into()).collect();
    if !arguments.iter().any(|word| word.contains("%s")) {
        filled.push(address.into());
    }
    let mut command = Command::new(program);
    command.args(filled).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in without {
        command.env_remove(name);
    }
    let Ok(mut child) = command.spawn() else { return false };
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_https_are_opened() {
        assert!(is_page("https://github.com/settings/personal-access-tokens/new?name=a&x=%20"));
        for bad in [
            "http://a.example",
            "file:///etc/passwd",
            "https://",
            "https://a.example/ x",
            "https://a.example/\"&calc",
            "https://a.example/`x`",
            "https://a.example/\n",
            "javascript:alert(1)",
            "-https://a.example",
            "https://ä.example",
        ] {
            assert!(!is_page(bad), "{bad}");
        }
    }

    #[test]
    fn the_persons_own_browser_comes_first() {
        let separator = if cfg!(windows) { ";" } else { ":" };
        let chosen = format!("lynx -x %s{separator}{separator} w3m");
        let browser = Browser::here(Some(OsStr::new(&chosen)), true);
        assert_eq!(browser, Browser(vec![words("lynx -x %s"), words("w3m")]));
        assert!(cfg!(any(windows, target_os = "macos")) || Browser::here(None, false).0.is_empty());
        assert!(!Browser::here(None, true).0.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_is_missing_or_fails_gives_way_to_the_next() {
        let none: [&str; 0] = [];
        let open =
            |chosen: &str| Browser::here(Some(OsStr::new(chosen)), false).open("https://a.example", &none);
        assert!(open("no-such-program:false:true"));
        assert!(!open("no-such-program:false"));
        assert!(!Browser::here(Some(OsStr::new("true")), false).open("http://a.example", &none));
    }
}
