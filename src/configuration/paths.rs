//! Paths of the catalog: `{a,b}` for one of several, `*` for any characters within one step.

use std::fs;
use std::path::{Path, PathBuf};

/// How many files one path of the catalog stands for at most.
pub(crate) const MOST_MATCHES: usize = 256;

/// How many names in a folder are looked at.
const MOST_NAMES: usize = 4096;

/// What a path with `{a,b}` stands for, in order. Braces do not lie within one another.
pub(crate) fn alternatives(path: &str) -> Vec<String> {
    let group = path.split_once('{').and_then(|(before, rest)| {
        let (group, after) = rest.split_once('}')?;
        Some((before, group, after))
    });
    let Some((before, group, after)) = group else { return vec![path.to_owned()] };
    let tails = alternatives(after);
    group.split(',').flat_map(|word| tails.iter().map(move |tail| format!("{before}{word}{tail}"))).collect()
}

/// The files below a folder that a path without braces stands for, in the order of their names: those that are
/// there, whatever they are. No more than [`MOST_MATCHES`].
pub(crate) fn expand(base: &Path, path: &str) -> Vec<PathBuf> {
    let mut found = vec![base.to_owned()];
    for step in path.split('/').filter(|step| !step.is_empty()) {
        if step.contains('*') {
            found = found.iter().flat_map(|folder| names(folder, step)).take(MOST_MATCHES).collect();
        } else {
            for path in &mut found {
                path.push(step);
            }
        }
    }
    // A link that leads nowhere or in a circle is there too: reading it tells what is wrong.
    found.retain(|path| path.symlink_metadata().is_ok());
    found
}

/// What a folder holds under such names, sorted.
fn names(folder: &Path, step: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .take(MOST_NAMES)
        .map(|entry| entry.file_name())
        .filter(|name| is_match(&name.to_string_lossy(), step))
        .collect();
    found.sort();
    found.into_iter().map(|name| folder.join(name)).collect()
}

/// Whether a name is such a step. A `*` at the beginning stands for no dot there, as in a shell.
pub(crate) fn is_match(name: &str, step: &str) -> bool {
    !(step.starts_with('*') && name.starts_with('.')) && is_like(name, step)
}

/// Whether a text is such a pattern, in which `*` stands for any characters.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// How many steps at the end of a file's path are those of a path without braces; `None` where they are not all
/// there. What the path of the catalog begins with counts for nothing.
pub(crate) fn matching_steps(file: &Path, path: &str) -> Option<usize> {
    let mut names = file.components().rev();
    let mut count = 0;
    let steps = path.split('/').filter(|step| !step.is_empty() && *step != "~" && !step.starts_with('$'));
    for step in steps.collect::<Vec<_>>().into_iter().rev() {
        let name = names.next()?.as_os_str().to_string_lossy();
        if !is_match(&name, step) {
            return None;
        }
        count += 1;
    }
    (count > 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_one_of_several() {
        assert_eq!(alternatives("a/b"), ["a/b"]);
        assert_eq!(alternatives("a/{b,c}/d"), ["a/b/d", "a/c/d"]);
        assert_eq!(alternatives("{a,b}{1,2}"), ["a1", "a2", "b1", "b2"]);
        assert_eq!(alternatives("a{b"), ["a{b"]);
    }

    #[test]
    fn a_star_stands_for_any_characters_but_a_dot_in_front() {
        for (name, step) in
            [("a.json", "*.json"), (".a.b.c", ".a.*"), ("abc", "abc"), ("a-b-c", "*-*"), ("x", "*")]
        {
            assert!(is_match(name, step), "{name} {step}");
        }
        for (name, step) in
            [(".a.json", "*.json"), ("a.jsonc", "*.json"), ("ab", "a"), ("aba", "ab*ba"), ("", "a")]
        {
            assert!(!is_match(name, step), "{name} {step}");
        }
    }

    #[test]
    fn a_star_in_an_address_stands_for_anything() {
        assert!(is_like("https://a.example/mcp", "https://*.example/*"));
        assert!(is_like("https://a.example/mcp", "https://a.example/mcp"));
        assert!(is_like(".x", "*") && is_like("", "*"));
        assert!(!is_like("https://a.example/mcp", "https://a.example"));
        assert!(!is_like("https://a.other/mcp", "https://*.example/*"));
    }

    #[test]
    fn only_what_is_there_is_found_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["p/2/mcp.json", "p/10/mcp.json", "p/1/other.json", "p/.git/mcp.json"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = expand(folder.path(), "p/*/mcp.json");
        assert_eq!(found, [folder.path().join("p/10/mcp.json"), folder.path().join("p/2/mcp.json")]);
        assert_eq!(expand(folder.path(), "p/1/mcp.json"), Vec::<PathBuf>::new());
        assert_eq!(expand(folder.path(), "no/*/x"), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_folder_with_very_many_files_gives_some_of_them() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..300 {
            fs::write(folder.path().join(format!("{number}.json")), "").unwrap();
        }
        assert_eq!(expand(folder.path(), "*.json").len(), MOST_MATCHES);
    }

    #[test]
    fn a_file_is_known_by_the_end_of_its_path() {
        let steps = |file: &str, path| matching_steps(Path::new(file), path);
        assert_eq!(steps("/x/.cursor/mcp.json", "~/.cursor/mcp.json"), Some(2));
        assert_eq!(steps("/x/.cursor/mcp.json", ".cursor/mcp.json"), Some(2));
        assert_eq!(steps("mcp.json", ".cursor/mcp.json"), None);
        assert_eq!(steps("/x/.mcp.json", ".mcp.json"), Some(1));
        assert_eq!(steps("/x/y", "$OPENCODE_CONFIG"), None);
        assert_eq!(
            steps("/h/Code/User/profiles/a1/mcp.json", "$CONFIG/Code/User/profiles/*/mcp.json"),
            Some(5)
        );
    }
}
