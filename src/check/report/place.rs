//! Where a finding is, as each reader writes it.

use std::path::{Component, Path};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use url::Url;

use crate::check::finding::Location;

/// What stays as it is in a segment of a URI, beside letters and digits (RFC 3986, 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The segments of a path below the root, or `None` where it lies elsewhere.
fn below<'p>(root: &Path, file: &'p Path) -> Option<Vec<&'p [u8]>> {
    let segments: Option<Vec<_>> = file
        .strip_prefix(root)
        .ok()?
        .components()
        .map(|component| match component {
            Component::Normal(name) => Some(name.as_encoded_bytes()),
            _ => None,
        })
        .collect();
    segments.filter(|segments| !segments.is_empty() && !root.as_os_str().is_empty())
}

/// `config/mcp.json` where the file lies below the root, with `/` on every system.
pub(super) fn relative(root: &Path, file: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&below(root, file)?.join(&b'/')).into_owned())
}

/// The file as a person knows it, with its line.
pub(super) fn shown(root: &Path, location: &Location) -> String {
    let file = relative(root, &location.file).unwrap_or_else(|| location.file.to_string_lossy().into_owned());
    match location.place {
        Some(place) => format!("{file}:{}", place.line),
        None => file,
    }
}

/// The URI of a file: relative to the root where it lies below it, which the second value tells.
pub(super) fn uri(root: &Path, file: &Path) -> (String, bool) {
    let encoded = |segments: &[&[u8]]| {
        let segments: Vec<String> =
            segments.iter().map(|segment| percent_encode(segment, KEPT).to_string()).collect();
        segments.join("/")
    };
    if let Some(segments) = below(root, file) {
        return (encoded(&segments), true);
    }
    let uri = Url::from_file_path(file).map(String::from);
    (uri.unwrap_or_else(|()| encoded(&[file.as_os_str().as_encoded_bytes()])), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        if cfg!(windows) { Path::new(r"C:\work\a project") } else { Path::new("/work/a project") }
    }

    #[test]
    fn a_file_of_the_project_is_told_from_its_root() {
        let file = root().join("sub").join("mcp 100%.json");
        assert_eq!(relative(root(), &file).unwrap(), "sub/mcp 100%.json");
        assert_eq!(uri(root(), &file), ("sub/mcp%20100%25.json".to_owned(), true));
        let odd = root().join("a:b#c?d[é].json");
        assert_eq!(uri(root(), &odd).0, "a%3Ab%23c%3Fd%5B%C3%A9%5D.json");
        assert_eq!(relative(root(), root()), None);
        assert_eq!(relative(Path::new(""), Path::new("x.json")), None);
    }

    #[test]
    fn a_file_elsewhere_is_told_whole() {
        let other = root().with_file_name("a project 2").join(".mcp.json");
        assert_eq!(relative(root(), &other), None);
        let (uri, is_relative) = uri(root(), &other);
        let drive = if cfg!(windows) { "/C:" } else { "" };
        assert_eq!((uri, is_relative), (format!("file://{drive}/work/a%20project%202/.mcp.json"), false));
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_no_unicode_is_told_too() {
        use std::os::unix::ffi::OsStrExt;
        let file = root().join(std::ffi::OsStr::from_bytes(b"\xff.json"));
        assert_eq!(uri(root(), &file).0, "%FF.json");
        assert_eq!(relative(root(), &file).unwrap(), "\u{fffd}.json");
    }
}
