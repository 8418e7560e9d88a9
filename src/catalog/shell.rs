//! Shells: what one is given to run, and whether it reads the person's own profile before that.

/// Those that read lines as POSIX writes them, or nearly so.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ash", "fish", "ksh"];

/// Where the flag is that a command follows: `-c`, `-lc`, `-Command`.
pub(super) fn command_at(rest: &[&str]) -> usize {
    let is_flag = |word: &&str| {
        let letters = word.trim_start_matches('-');
        let short = letters.len() <= 4 && letters.bytes().all(|byte| byte.is_ascii_lowercase());
        word.starts_with('-')
            && ((short && letters.ends_with('c')) || letters.eq_ignore_ascii_case("command"))
    };
    rest.iter().position(is_flag).unwrap_or(rest.len())
}

/// The shell that reads the person's own profile before the command, which may set variables there: `zsh -lc`.
pub(super) fn reads_profile(program: &str, rest: &[&str]) -> Option<&'static str> {
    let shell = SHELLS.iter().find(|shell| program.eq_ignore_ascii_case(shell))?;
    let mut flags = rest.iter().take_while(|word| word.starts_with('-')).take(command_at(rest) + 1);
    let reads = |flag: &&str| match flag.strip_prefix("--") {
        Some(name) => name == "login" || name == "interactive",
        None => flag.strip_prefix('-').is_some_and(|letters| letters.contains(['l', 'i'])),
    };
    flags.any(reads).then_some(shell)
}

/// The command that a shell is given as an argument, and what follows it.
pub(super) fn shell_command<'w, 'l>(rest: &'w [&'l str]) -> Option<(&'l str, &'w [&'l str])> {
    let (text, after) = rest.get(command_at(rest) + 1..)?.split_first()?;
    Some((text, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_where_a_flag_says_so() {
        let reads = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            reads_profile(words[0], &words[1..])
        };
        assert_eq!(reads("zsh -lc npx"), Some("zsh"));
        assert_eq!(reads("bash --login -c npx"), Some("bash"));
        assert_eq!(reads("fish -i -c npx"), Some("fish"));
        for line in ["sh -c list", "bash lib.sh -l", "bash -c npx -i", "node -l"] {
            assert_eq!(reads(line), None, "{line}");
        }
    }
}
