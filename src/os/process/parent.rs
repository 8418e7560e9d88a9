//! The program that started us, which for `export-env` is most often the shell to write for.

/// The path or the name of the parent's program. `None` where the system does not tell, or the parent is gone.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn parent_program() -> Option<String> {
    let parent = rustix::process::getppid()?.as_raw_nonzero();
    // `comm` is the name of the script where there is one, so the executable comes first. Another user's cannot be read.
    let executable = std::fs::read_link(format!("/proc/{parent}/exe")).ok();
    let text = executable.and_then(|path| path.into_os_string().into_string().ok());
    let program = text.or_else(|| std::fs::read_to_string(format!("/proc/{parent}/comm")).ok())?;
    let program = program.trim_end();
    // An executable that was replaced by an update while it ran.
    Some(program.strip_suffix(" (deleted)").unwrap_or(program).to_owned())
}

/// The path or the name of the parent's program. `None` where the system does not tell, or the parent is gone.
#[cfg(any(target_os = "macos", windows))]
pub(crate) fn parent_program() -> Option<String> {
    crate::os::process::system::parent_program()
}

/// No other system is asked.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
pub(crate) fn parent_program() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_test_has_a_name() {
        // The test runner is started by a program, whichever it is, except under Wine's own starter.
        let program = parent_program();
        assert!(program.is_none_or(|program| !program.is_empty()));
    }
}
