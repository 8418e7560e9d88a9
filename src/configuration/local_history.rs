//! Older versions of a configuration that VS Code, and editors made of it, keep of every file that was saved in them.

use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::configuration::discover::look;
use crate::configuration::places::Places;

/// Where editors keep them.
const HOMES: [&str; 3] = [
    "$CONFIG/*/User/History",
    "$VSCODE_PORTABLE/user-data/User/History",
    "~/{.vscode-server,.vscode-server-insiders,.vscodium-server,.cursor-server}/data/User/History",
];

/// How many versions of one file are looked at: as many as an editor keeps, unless it is told otherwise.
const MOST_VERSIONS: usize = 50;

/// The list of the versions, which holds none of them.
const LIST: &str = "entries.json";

/// What an editor leaves as it is in the address of a file.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The folders in which editors keep older versions here.
pub(super) fn homes(places: &Places) -> Vec<PathBuf> {
    HOMES.iter().flat_map(|home| look(places, home)).collect()
}

/// The older versions of a file, in the order of their names. No folder is searched: its name follows from the file's.
pub(super) fn versions(homes: &[PathBuf], file: &Path) -> Vec<PathBuf> {
    let Some(address) = address(file) else { return Vec::new() };
    let name = folder_of(&address);
    let mut versions = Vec::new();
    for folder in homes.iter().map(|home| home.join(&name)) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let found = entries.flatten().filter(|entry| entry.file_name() != LIST).take(MOST_VERSIONS);
        versions.extend(found.map(|entry| entry.path()));
    }
    versions.sort();
    versions
}

/// `file:///home/ann/x.json`, and `file:///c%3A/Users/x.json` of a file on a drive of Windows.
fn address(file: &Path) -> Option<String> {
    let text = file.to_str()?;
    let text = text.strip_prefix(r"\\?\").unwrap_or(text);
    let path = match text.as_bytes() {
        [b'/', ..] => text.to_owned(),
        [drive, b':', ..] if drive.is_ascii_alphabetic() => {
            format!("/{}{}", char::from(drive.to_ascii_lowercase()), text[1..].replace('\\', "/"))
        }
        _ => return None,
    };
    Some(format!("file://{}", utf8_percent_encode(&path, KEPT)))
}

/// The name of the folder for a file of that address: a number of 32 bits in hexadecimal, with its sign before it.
fn folder_of(address: &str) -> String {
    let hash = address
        .encode_utf16()
        .fold(149_417_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    let sign = if hash < 0 { "-" } else { "" };
    format!("{sign}{:x}", hash.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_editors_write_it() {
        let of = |path: &str| address(Path::new(path));
        assert_eq!(of("/home/ann/a b/ü#1.json").unwrap(), "file:///home/ann/a%20b/%C3%BC%231.json");
        assert_eq!(of(r"C:\Users\Ann\mcp.json").unwrap(), "file:///c%3A/Users/Ann/mcp.json");
        assert_eq!(of(r"\\?\C:\x.json"), of(r"c:\x.json"));
        assert_eq!(of("x.json"), None);
        assert_eq!(of(r"\\host\share\x.json"), None);
    }

    /// Worked out with the hash of the editor's own source, in JavaScript.
    #[test]
    fn the_folder_of_a_file_follows_from_its_address() {
        assert_eq!(folder_of("file:///home/ann/.config/Code/User/mcp.json"), "-707e2abf");
        assert_eq!(folder_of("file:///c%3A/Users/Ann/mcp.json"), "3cc49936");
    }
}
