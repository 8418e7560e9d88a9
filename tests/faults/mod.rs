//! What goes wrong around a person: each with a clear sentence and the right status, and nothing lost.

#[cfg(target_os = "linux")]
mod disk;
mod index;
#[cfg(target_os = "linux")]
mod log;
#[cfg(unix)]
mod streams;
mod values;
mod vault;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// Every file of ours but the log of who asked for what: what must be the same before and after.
fn snapshot(sandbox: &Sandbox) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    if let Ok(entries) = fs::read_dir(sandbox.data()) {
        // The log grows with every refusal, and an empty lock says nothing.
        let is_log = |entry: &fs::DirEntry| {
            entry.file_name().to_string_lossy().starts_with("audit")
                || entry.path().extension().is_some_and(|ending| ending == "lock")
        };
        let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|it| it.is_file());
        for entry in entries.flatten().filter(|entry| is_file(entry) && !is_log(entry)) {
            files.push((entry.path(), fs::read(entry.path()).unwrap()));
        }
    }
    files.sort();
    files
}

/// As [`snapshot`], of that file alone.
fn content(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    fs::read(sandbox.data().join(name)).unwrap()
}

/// Puts this content into a file of ours.
fn put(sandbox: &Sandbox, name: &str, content: impl AsRef<[u8]>) {
    fs::write(sandbox.data().join(name), content).unwrap();
}

/// A file that its owner alone can read.
fn write_private(path: &Path, content: &str) -> String {
    fs::write(path, content).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}
