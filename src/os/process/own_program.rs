//! `own_program`: the path of mcpcred as it goes into files that other programs read.

use std::io;
use std::path::PathBuf;

/// Where this program is found again, also after it was updated: its place in the `PATH`, which may be a link that an
/// installer keeps pointing to the newest, else the file that runs.
///
/// # Errors
/// Where the system does not tell which file runs.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    let running = std::env::current_exe()?;
    let is_running = |path: &PathBuf| match (path.canonicalize(), running.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    };
    let name = running.file_stem().unwrap_or_default();
    let found = which::which_all(name).ok().and_then(|mut all| all.find(is_running));
    Ok(found.filter(|path| path.is_absolute()).unwrap_or(running))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_in_the_path_is_the_file_that_runs() {
        let own = own_program().unwrap();
        assert!(own.is_absolute());
        assert_eq!(own.canonicalize().unwrap(), std::env::current_exe().unwrap().canonicalize().unwrap());
    }
}
