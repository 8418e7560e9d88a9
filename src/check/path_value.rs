//! Values that are paths of files, such as `KUBECONFIG`.

use std::path::Path;

use crate::secret::Secret;

/// Whether every file that the value names is there; `None` where it can't be a path: the content of the file was
/// given in its place, or it is no text. Several paths are parted as in `PATH`.
pub(crate) fn all_exist(value: &Secret) -> Option<bool> {
    let text = value.expose_secret_str().ok()?;
    if text.len() > 32 * 1024 || text.contains(['\n', '\r', '\0']) || text.trim_start().starts_with('{') {
        return None;
    }
    let mut paths = std::env::split_paths(text).filter(|path| !path.as_os_str().is_empty()).peekable();
    paths.peek()?;
    Some(paths.all(|path: std::path::PathBuf| Path::is_file(&path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_looked_up_and_content_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        std::fs::write(&one, "x").unwrap();
        let secret = |text: &str| Secret::copy_of(text.as_bytes());
        let both = std::env::join_paths([&one, &two]).unwrap().into_string().unwrap();
        assert_eq!(all_exist(&secret(one.to_str().unwrap())), Some(true));
        assert_eq!(all_exist(&secret(&both)), Some(false));
        std::fs::write(&two, "x").unwrap();
        assert_eq!(all_exist(&secret(&both)), Some(true));
        assert_eq!(all_exist(&secret("apiVersion: v1\nkind: Config\n")), None);
        assert_eq!(all_exist(&secret("{\"apiVersion\": \"v1\"}")), None);
        assert_eq!(all_exist(&secret("")), None);
    }
}
