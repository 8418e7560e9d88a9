//! The programs that led to us: the parent, its parent, and so on.

/// Their names, the nearest first, at most `depth`. It ends where the system does not tell.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn ancestors(depth: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get());
    while let Some(process) = next.filter(|process| *process > 0 && names.len() < depth) {
        let Ok(text) = stat(process.unsigned_abs()) else { break };
        let text = String::from_utf8_lossy(&text);
        let Some((name, parent)) = parse(&text) else { break };
        names.push(name.to_owned());
        next = Some(parent);
    }
    names
}

/// `/proc/<pid>/stat` in one read: each read of it makes the kernel look again, and it tells no size before.
///
/// # Errors
/// Where there is no such process, or it is not to be seen.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn stat(process: u32) -> std::io::Result<Vec<u8>> {
    use std::io::Read;

    let mut text = Vec::with_capacity(1024);
    std::fs::File::open(format!("/proc/{process}/stat"))?.read_to_end(&mut text)?;
    Ok(text)
}

/// Name and parent out of `1 (name) S 0 …`; the name may hold anything, `)` too.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn parse(text: &str) -> Option<(&str, i32)> {
    let (start, rest) = text.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    Some((name, rest.split_ascii_whitespace().nth(1)?.parse().ok()?))
}

/// Their names, the nearest first, at most `depth`. It ends where the system does not tell.
#[cfg(any(target_os = "macos", windows))]
pub(crate) fn ancestors(depth: usize) -> Vec<String> {
    crate::os::process::system::ancestors(depth)
}

/// No other system is asked.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
pub(crate) fn ancestors(_depth: usize) -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_their_number_is_bounded() {
        assert!(ancestors(2).len() <= 2);
        assert!(ancestors(0).is_empty());
        assert!(ancestors(16).iter().all(|name| !name.is_empty()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_may_hold_anything() {
        assert_eq!(parse("7 (tmux: server) S 1 7 7 0"), Some(("tmux: server", 1)));
        assert_eq!(parse("7 (odd) R 3 (x) S 42 7"), Some(("odd) R 3 (x", 42)));
        assert_eq!(parse("nothing"), None);
    }
}
