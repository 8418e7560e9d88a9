//! Tests of rewriting: all or nothing, and nobody's edit is lost.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ClientLock, Outcome, Rewrite, Rewriting};
use crate::secret::Secret;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn begin(&self) -> Rewriting {
        Rewriting::begin(&self.folder.path().join("data")).unwrap()
    }

    /// Files beside the configurations, the data folder aside.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "data")
            .collect();
        names.sort();
        names
    }
}

fn rewrite(path: &Path, before: Option<&str>, after: &str) -> Rewrite {
    let secret = |text: &str| Secret::copy_of(text.as_bytes());
    let before = before.map(secret);
    Rewrite { path: path.to_owned(), before, after: Some(secret(after)), lock: ClientLock::None }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn all_files_get_their_new_content_and_nothing_is_left_beside_them() {
    let home = Home::new();
    let (one, two) = (home.file("one.json", "1"), home.file("two.json", "2"));
    let three = home.folder.path().join("new/three.json");
    let mut rewriting = home.begin();
    rewriting.add(rewrite(&one, Some("1"), "one")).unwrap();
    rewriting.add(rewrite(&two, Some("2"), "two")).unwrap();
    rewriting.add(rewrite(&three, None, "three")).unwrap();
    assert_eq!((text(&one), three.exists()), ("1".to_owned(), false));
    let done = rewriting.carry_out().unwrap();
    let written = |path: &PathBuf| (path.clone(), Outcome::Written);
    assert_eq!(done, [written(&one), written(&two), written(&three)]);
    assert_eq!([text(&one), text(&two), text(&three)], ["one", "two", "three"]);
    assert_eq!(home.names(), ["new", "one.json", "two.json"]);
}

#[test]
fn an_edit_in_between_is_kept_and_told_and_the_others_are_written() {
    let home = Home::new();
    let (one, two) = (home.file("one.json", "1"), home.file("two.json", "2"));
    let three = home.folder.path().join("three.json");
    let mut rewriting = home.begin();
    rewriting.add(rewrite(&one, Some("1"), "one")).unwrap();
    rewriting.add(rewrite(&two, Some("2"), "two")).unwrap();
    rewriting.add(rewrite(&three, None, "three")).unwrap();
    fs::write(&one, "the client's").unwrap();
    fs::write(&three, "the client's too").unwrap();
    let outcomes: Vec<Outcome> =
        rewriting.carry_out().unwrap().into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(outcomes, [Outcome::ChangedMeanwhile, Outcome::Written, Outcome::ChangedMeanwhile]);
    assert_eq!([text(&one), text(&two), text(&three)], ["the client's", "two", "the client's too"]);
    assert_eq!(home.names(), ["one.json", "three.json", "two.json"]);
}

#[test]
fn a_file_goes_unless_somebody_wrote_it_in_between() {
    let home = Home::new();
    let (one, two) = (home.file("one.json", "1"), home.file("two.json", "2"));
    let mut rewriting = home.begin();
    rewriting.add(Rewrite { after: None, ..rewrite(&one, Some("1"), "") }).unwrap();
    rewriting.add(Rewrite { after: None, ..rewrite(&two, Some("2"), "") }).unwrap();
    assert_eq!([text(&one), text(&two)], ["1", "2"]);
    fs::write(&two, "somebody's").unwrap();
    let done = rewriting.carry_out().unwrap();
    assert_eq!(done, [(one, Outcome::Written), (two.clone(), Outcome::ChangedMeanwhile)]);
    assert_eq!((text(&two), home.names()), ("somebody's".to_owned(), vec!["two.json".to_owned()]));
}

#[test]
#[cfg(unix)]
fn a_link_to_a_file_that_is_not_there_yet_stays_one() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    let link = home.folder.path().join("link");
    symlink("dotfiles/real", home.folder.path().join("second")).unwrap();
    symlink("second", &link).unwrap();
    let mut rewriting = home.begin();
    rewriting.add(rewrite(&link, None, "one")).unwrap();
    assert_eq!(rewriting.carry_out().unwrap(), [(link.clone(), Outcome::Written)]);
    drop(rewriting);
    assert_eq!(text(&home.folder.path().join("dotfiles/real")), "one");
    let mut rewriting = home.begin();
    rewriting.add(Rewrite { after: None, ..rewrite(&link, Some("one"), "") }).unwrap();
    assert_eq!(rewriting.carry_out().unwrap(), [(link.clone(), Outcome::Written)]);
    assert!(link.is_symlink() && !link.exists());
}

#[test]
fn what_is_not_carried_out_leaves_nothing_behind() {
    let home = Home::new();
    let one = home.file("one.json", "1");
    let mut rewriting = home.begin();
    rewriting.add(rewrite(&one, Some("1"), "one")).unwrap();
    assert!(rewriting.add(rewrite(&one, Some("1"), "other")).unwrap_err().to_string().contains("twice"));
    drop(rewriting);
    assert_eq!((text(&one), home.names()), ("1".to_owned(), vec!["one.json".to_owned()]));
}

#[test]
fn a_draft_that_a_killed_process_left_is_swept() {
    let home = Home::new();
    let one = home.file("one.json", "1");
    home.file(".one.json.x1.mcpcred-new", "draft");
    home.file(".other.json.x1.mcpcred-new", "another's draft");
    let mut rewriting = home.begin();
    rewriting.add(rewrite(&one, Some("1"), "one")).unwrap();
    rewriting.carry_out().unwrap();
    assert_eq!(home.names(), [".other.json.x1.mcpcred-new", "one.json"]);
}

#[test]
fn the_lock_of_a_client_is_waited_for_and_given_back() {
    let home = Home::new();
    for (client, name) in [("claude-code", ".claude.json"), ("cline", "cline_mcp_settings.json")] {
        let one = home.file(name, "1");
        let lock = one.with_file_name(format!("{name}.lock"));
        fs::create_dir(&lock).unwrap();
        fs::write(lock.join("owner.x"), "").unwrap();
        let mut rewriting = home.begin();
        rewriting
            .add(Rewrite { lock: ClientLock::of(client, &one), ..rewrite(&one, Some("1"), "one") })
            .unwrap();
        let path = one.clone();
        let client = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(200));
            fs::write(&path, "the client's").unwrap();
            fs::remove_dir_all(&lock).unwrap();
        });
        let done = rewriting.carry_out().unwrap();
        client.join().unwrap();
        assert_eq!(done, [(one.clone(), Outcome::ChangedMeanwhile)]);
        assert_eq!(text(&one), "the client's");
        fs::remove_file(one).unwrap();
        assert_eq!(home.names(), Vec::<String>::new());
    }
}

#[test]
fn a_lock_that_a_killed_client_left_is_taken_over() {
    let home = Home::new();
    for (client, name) in [("claude-code", ".claude.json"), ("cline", "cline_mcp_settings.json")] {
        let one = home.file(name, "1");
        let lock = one.with_file_name(format!("{name}.lock"));
        fs::create_dir(&lock).unwrap();
        let old = fs::metadata(&lock).unwrap().modified().unwrap() - std::time::Duration::from_secs(60);
        let opened = fs::File::open(&lock);
        // Windows opens no folder like this.
        let Ok(folder) = opened else { return };
        folder.set_modified(old).unwrap();
        let mut rewriting = home.begin();
        rewriting
            .add(Rewrite { lock: ClientLock::of(client, &one), ..rewrite(&one, Some("1"), "one") })
            .unwrap();
        assert_eq!(rewriting.carry_out().unwrap(), [(one.clone(), Outcome::Written)]);
        fs::remove_file(one).unwrap();
        assert_eq!(home.names(), Vec::<String>::new());
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn the_mode_stays_and_links_stay_links() {
        let home = Home::new();
        for mode in [0o600, 0o644, 0o640] {
            let real = home.file("real.json", "1");
            fs::set_permissions(&real, fs::Permissions::from_mode(mode)).unwrap();
            let link = home.folder.path().join("link.json");
            _ = symlink("real.json", &link);
            let mut rewriting = home.begin();
            rewriting.add(rewrite(&link, Some("1"), "one")).unwrap();
            assert_eq!(rewriting.carry_out().unwrap(), [(link.clone(), Outcome::Written)]);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(text(&real), "one");
            assert_eq!(fs::metadata(&real).unwrap().mode() & 0o7777, mode);
            assert_eq!(home.names(), ["link.json", "real.json"]);
        }
    }

    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        let home = Home::new();
        let path = home.folder.path().join("a/b/new.json");
        let mut rewriting = home.begin();
        rewriting.add(rewrite(&path, None, "1")).unwrap();
        rewriting.carry_out().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn what_must_not_be_replaced_is_refused() {
        let home = Home::new();
        let one = home.file("one.json", "1");
        fs::hard_link(&one, home.folder.path().join("two.json")).unwrap();
        let circle = home.folder.path().join("circle.json");
        symlink("circle.json", &circle).unwrap();
        let mut rewriting = home.begin();
        for path in [&one, &circle, &home.folder.path().to_path_buf()] {
            assert!(rewriting.add(rewrite(path, Some("1"), "one")).is_err());
        }
        assert_eq!(home.names(), ["circle.json", "one.json", "two.json"]);
    }

    #[test]
    fn what_was_replaced_is_put_back_when_the_next_can_not_be() {
        let home = Home::new();
        let one = home.file("one.json", "1");
        let new = home.folder.path().join("new.json");
        let two = home.file("two.json", "2");
        let mut rewriting = home.begin();
        rewriting.add(rewrite(&one, Some("1"), "one")).unwrap();
        rewriting.add(rewrite(&new, None, "new")).unwrap();
        rewriting.add(rewrite(&two, Some("2"), "two")).unwrap();
        // Its draft vanishes, so that the system refuses.
        let draft = home.names().into_iter().find(|name| name.starts_with(".two.json.")).unwrap();
        fs::remove_file(home.folder.path().join(draft)).unwrap();
        let error = rewriting.carry_out().unwrap_err();
        assert!(error.to_string().starts_with(&two.display().to_string()), "{error}");
        assert!(error.remaining().is_empty());
        assert_eq!([text(&one), text(&two)], ["1", "2"]);
        assert_eq!(home.names(), ["one.json", "two.json"]);
    }
}
