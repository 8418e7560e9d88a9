//! Folders that another program copies to a cloud, told by their names and marks.

use std::path::{Component, Path};

/// A folder as its program names it, wherever it lies below the home; the name may go on after a blank or a dash:
/// `OneDrive - Contoso`, `GoogleDrive-me@example.com`.
const NAMES: [(&str, &str); 14] = [
    ("Dropbox", "Dropbox"),
    ("OneDrive", "OneDrive"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
    ("My Drive", "Google Drive"),
    ("iCloudDrive", "iCloud Drive"),
    ("iCloud Drive", "iCloud Drive"),
    ("Nextcloud", "Nextcloud"),
    ("ownCloud", "ownCloud"),
    ("pCloudDrive", "pCloud"),
    ("Box Sync", "Box"),
    ("Box", "Box"),
    ("MEGAsync", "MEGA"),
    ("SynologyDrive", "Synology Drive"),
];

/// A mark that a program leaves in the folder that it copies.
const MARKS: [(&str, &str); 3] =
    [(".stfolder", "Syncthing"), (".dropbox.cache", "Dropbox"), (".sync_journal.db", "Nextcloud")];

/// The program that copies the folder of this file to a cloud, where one does. `home` and what is above it are not
/// looked at by name; links are followed first.
pub(crate) fn synced_by(file: &Path, home: &Path) -> Option<&'static str> {
    let file = file.canonicalize().ok()?;
    let home = home.canonicalize().ok()?;
    let below = file.strip_prefix(&home).unwrap_or(&file);
    let folders = || below.parent().into_iter().flat_map(Path::components);
    if let [library, cloud, ..] = folders().map(Component::as_os_str).collect::<Vec<_>>()[..]
        && library == "Library"
    {
        if cloud == "Mobile Documents" {
            return Some("iCloud Drive");
        } else if cloud == "CloudStorage" {
            return Some("a cloud drive");
        }
    }
    let by_name = folders().find_map(|folder| {
        let folder = folder.as_os_str().to_str()?;
        NAMES.iter().find(|(name, _)| is_named(folder, name)).map(|(_, program)| *program)
    });
    by_name.or_else(|| {
        let inside = file.ancestors().skip(1).take_while(|folder| folder.starts_with(&home));
        inside
            .flat_map(|folder| MARKS.iter().map(move |mark| (folder, mark)))
            .find(|(folder, (mark, _))| folder.join(mark).exists())
            .map(|(_, (_, program))| *program)
    })
}

fn is_named(folder: &str, name: &str) -> bool {
    folder.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-']))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn by(path: &str) -> Option<&'static str> {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "{}").unwrap();
        synced_by(&file, home.path())
    }

    #[test]
    fn a_folder_that_is_copied_to_a_cloud_is_known_by_its_name() {
        assert_eq!(by("Dropbox/work/.mcp.json"), Some("Dropbox"));
        assert_eq!(by("OneDrive - Contoso/repo/.mcp.json"), Some("OneDrive"));
        assert_eq!(by("Library/CloudStorage/GoogleDrive-me/x.json"), Some("a cloud drive"));
        assert_eq!(by("Library/Mobile Documents/com~apple~CloudDocs/x.json"), Some("iCloud Drive"));
    }

    #[test]
    fn a_folder_that_only_sounds_like_one_is_not() {
        for path in
            ["work/.mcp.json", "Boxes/x.json", "dropbox-client/x.json", "Library/x.json", "Dropbox.json"]
        {
            assert_eq!(by(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_of_syncthing_is_known_by_its_mark() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("shared/.stfolder")).unwrap();
        fs::create_dir_all(home.path().join("shared/repo")).unwrap();
        fs::write(home.path().join("shared/repo/.mcp.json"), "{}").unwrap();
        assert_eq!(synced_by(&home.path().join("shared/repo/.mcp.json"), home.path()), Some("Syncthing"));
    }
}
