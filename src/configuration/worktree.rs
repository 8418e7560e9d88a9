//! Worktrees of git: the repository that a folder is another working tree of.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The longest file of git that says where something is, in bytes.
const LONGEST: u64 = 4096;

/// The folder of the repository that has this folder for a worktree (`git worktree add`); `None` where it is a
/// repository of its own, or says of itself what the repository does not say of it.
pub(super) fn repository_of(root: &Path) -> Option<PathBuf> {
    let mark = root.join(".git");
    let administrative = root.join(line_of(&mark)?.strip_prefix("gitdir:")?.trim_start());
    let is_worktree = administrative.parent().is_some_and(|it| it.ends_with("worktrees"));
    let back = PathBuf::from(is_worktree.then(|| line_of(&administrative.join("gitdir")))??);
    let is_known = fs::canonicalize(administrative.join(back)).ok()? == fs::canonicalize(&mark).ok()?;
    let common = plain(&administrative.join(line_of(&administrative.join("commondir"))?));
    let common = common.filter(|common| is_known && common.is_dir())?;
    Some(if common.ends_with(".git") { common.parent()?.to_owned() } else { common })
}

/// The same path without `..`, as people and clients write it.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => plain.pop().then_some(())?,
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// The one line of a file.
fn line_of(path: &Path) -> Option<String> {
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LONGEST);
    let mut text = String::new();
    is_file.then(|| fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)).and_then(Result::ok)?;
    Some(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository and a worktree beside it, as git makes them.
    fn made(back: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let administrative = folder.path().join("repo/.git/worktrees/tree");
        let tree = folder.path().join("tree");
        fs::create_dir_all(&administrative).unwrap();
        fs::create_dir_all(&tree).unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}\n", administrative.display())).unwrap();
        fs::write(administrative.join("commondir"), "../..\n").unwrap();
        fs::write(administrative.join("gitdir"), format!("{}\n", folder.path().join(back).display()))
            .unwrap();
        (folder, tree)
    }

    #[test]
    fn a_worktree_is_one_of_its_repository() {
        let (folder, tree) = made("tree/.git");
        let repository = repository_of(&tree).unwrap();
        assert_eq!(
            fs::canonicalize(repository).unwrap(),
            fs::canonicalize(folder.path().join("repo")).unwrap()
        );
        assert_eq!(repository_of(&folder.path().join("repo")), None);
        assert_eq!(repository_of(folder.path()), None);
    }

    #[test]
    fn a_folder_that_only_says_so_is_none() {
        let (folder, tree) = made("other/.git");
        assert_eq!(repository_of(&tree), None);
        fs::create_dir(folder.path().join("other")).unwrap();
        fs::write(folder.path().join("other/.git"), "").unwrap();
        assert_eq!(repository_of(&tree), None);
        for text in ["", "gitdir:", "gitdir: /", "gitdir: ../repo/.git/modules/x", "\u{0}"] {
            fs::write(tree.join(".git"), text).unwrap();
            assert_eq!(repository_of(&tree), None, "{text:?}");
        }
    }
}
