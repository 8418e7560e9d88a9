//! The folders of a workspace of several roots (`*.code-workspace`), each of which has configurations of its own.

use std::path::{Component, Path, PathBuf};

use crate::document::{Document, Syntax};

/// How many folders of one workspace are looked at.
const MOST_FOLDERS: usize = 64;

/// The folders of the file, where it is a workspace. Only those that are written from where it lies: whoever made the
/// file does not send us to another machine.
pub(super) fn folders(file: &Path) -> Vec<PathBuf> {
    let is_workspace = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("code-workspace"));
    let (true, Some(base)) = (is_workspace, file.parent()) else { return Vec::new() };
    let Ok(Some(document)) = Document::read(file, Syntax::Jsonc) else { return Vec::new() };
    let Some(all) = document.root().get("folders") else { return Vec::new() };
    let paths = all.items().take(MOST_FOLDERS).filter_map(|folder| folder.get("path")?.text());
    let is_near = |path: &Path| {
        path.components()
            .all(|it| matches!(it, Component::Normal(_) | Component::ParentDir | Component::CurDir))
    };
    let paths = paths.map(|path| PathBuf::from(path.expose())).filter(|path| is_near(path));
    paths.map(|path| base.join(path)).filter(|folder| folder.is_dir()).collect()
}
