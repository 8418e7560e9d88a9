//! Tests of files that are not what they should be.

use std::fs;

use super::{Document, Syntax, Why};
use crate::document::{MAX_DOCUMENT, MAX_YAML};

#[test]
fn a_file_that_is_not_there_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    assert!(Document::read(&path, Syntax::Json).unwrap().is_none());
    fs::write(&path, "{}").unwrap();
    assert!(Document::read(&path, Syntax::Json).unwrap().is_some());
    assert!(Document::read(&path.join("below.json"), Syntax::Json).unwrap().is_none());
}

#[test]
fn a_folder_is_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let error = Document::read(folder.path(), Syntax::Json).err().unwrap();
    assert!(matches!(error.why(), Why::NotAFile));
    assert!(error.to_string().starts_with(&folder.path().display().to_string()));
    assert_eq!(error.place(), None);
}

#[test]
fn a_large_file_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    let file = fs::File::create(&path).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    let error = Document::read(&path, Syntax::Json).err().unwrap();
    assert!(matches!(error.why(), Why::TooLarge { .. }));
    assert_eq!(error.why().to_string(), "is larger than 16 MiB, and no configuration is");
    file.set_len(MAX_DOCUMENT as u64).unwrap();
    assert_eq!(crate::document::content(&path).unwrap().unwrap().len(), MAX_DOCUMENT);
    file.set_len(MAX_YAML as u64 + 1).unwrap();
    let error = Document::read(&path, Syntax::Yaml).err().unwrap();
    assert_eq!(error.why().to_string(), "is larger than 2 MiB, and no configuration is");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    for syntax in super::ALL {
        fs::write(&path, b"{\n \"\xc3\xa9\xff\": 1}").unwrap();
        let error = Document::read(&path, syntax).err().unwrap();
        assert_eq!(error.why().to_string(), "is not UTF-8 at line 2, column 4");
        // UTF-16, as an editor on Windows may write it.
        fs::write(&path, b"\xff\xfe{\0}\0").unwrap();
        let error = Document::read(&path, syntax).err().unwrap();
        assert_eq!(error.place(), Some(super::at(1, 1)));
        assert_eq!(error.why().to_string(), "is written in UTF-16, and not in UTF-8");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_are_told() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("real"), "{}").unwrap();
    symlink(at("real"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    symlink(at("b"), at("a")).unwrap();
    symlink(at("a"), at("b")).unwrap();
    assert!(Document::read(&at("link"), Syntax::Json).unwrap().is_some());
    assert!(Document::read(&at("dangling"), Syntax::Json).unwrap().is_none());
    let error = Document::read(&at("a"), Syntax::Json).err().unwrap();
    assert_eq!(error.why().to_string(), "can't be read: its links lead in a circle");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("mcp.json");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [pipe.as_path(), socket.as_path(), "/dev/zero".as_ref(), "/dev/tty".as_ref()] {
        let error = Document::read(path, Syntax::Json).err().unwrap();
        assert!(matches!(error.why(), Why::NotAFile), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    fs::write(&path, "{}").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything.
    if let Err(error) = Document::read(&path, Syntax::Json) {
        assert_eq!(error.why().to_string(), "can't be read");
        assert!(std::error::Error::source(error.why()).is_some());
    }
}
