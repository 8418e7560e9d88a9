//! Words as a person can put them into a command line.

/// The word as shells take it, in quotes where it needs them; `None` where it can't be shown, or no quotes hold it.
pub(crate) fn quoted(word: &str) -> Option<String> {
    // PowerShell makes lists of commas, and of `@` what is in a variable.
    let more = if cfg!(windows) { "\\" } else { "@," };
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-~:+".contains(it) || more.contains(it);
    if !word.is_empty() && !word.starts_with('~') && word.chars().all(is_plain) {
        return Some(word.to_owned());
    }
    if word.is_empty() || word.chars().any(crate::ui::is_harmful) {
        return None;
    }
    if cfg!(windows) {
        // Both shells of Windows take these, and neither looks into them for anything but what is left out here.
        return (!word.contains(['"', '%', '$', '`']) && !word.ends_with('\\'))
            .then(|| format!("\"{word}\""));
    }
    Some(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_it_has_to_be() {
        assert_eq!(quoted("/home/me/.mcp.json").as_deref(), Some("/home/me/.mcp.json"));
        assert_eq!(quoted("a\u{1b}[2J"), None);
        assert_eq!(quoted("a\nb"), None);
        assert_eq!(quoted(""), None);
        let blank = if cfg!(windows) { "\"my server\"" } else { "'my server'" };
        assert_eq!(quoted("my server").as_deref(), Some(blank));
        let quote = (!cfg!(windows)).then_some(r"'it'\''s $HOME'");
        assert_eq!(quoted("it's $HOME").as_deref(), quote);
    }
}
