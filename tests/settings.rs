//! A person sets things up: files, links and variables that are not what they should be.

use crate::support::Sandbox;

#[test]
fn a_variable_that_is_not_understood_is_wrong_usage() {
    let mut sandbox = Sandbox::new();
    sandbox.set("MCPCRED_PROFILE", "Not A Profile");
    sandbox.run(["list"]).exits(2).says("MCPCRED_PROFILE");
    sandbox.run(["run", "-e", "A", "--", "true"]).exits(125);
    sandbox.unset("MCPCRED_PROFILE");
    sandbox.set("MCPCRED_STORE", "elsewhere");
    sandbox.run(["list"]).exits(2).says("MCPCRED_STORE");
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use nix::sys::stat::Mode;

    use crate::support::Sandbox;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn settings_may_lie_among_dotfiles_under_a_umask_that_lets_the_group_write() {
        let mut sandbox = Sandbox::bare();
        let dotfiles = sandbox.path("dotfiles.toml");
        fs::write(&dotfiles, "profile = \"work\"\n").unwrap();
        fs::create_dir(sandbox.path("config")).unwrap();
        symlink(&dotfiles, sandbox.path("config/config.toml")).unwrap();
        sandbox.set("MCPCRED_STORE", "vault");
        let profile = |sandbox: &Sandbox| {
            sandbox.run(["list", "--json"]).succeeds().json("list")["profile"].as_str().unwrap().to_owned()
        };
        assert_eq!(profile(&sandbox), "work");
        set_mode(&dotfiles, 0o664);
        assert_eq!(profile(&sandbox), "work");
        set_mode(&dotfiles, 0o666);
        sandbox.run(["list"]).exits(1).says("can be written by others");
    }

    #[test]
    fn what_is_no_file_of_ours_is_passed_over_and_told_once() {
        let sandbox = Sandbox::new();
        nix::unistd::mkfifo(&sandbox.path(".mcpcred.toml"), Mode::S_IRWXU).unwrap();
        fs::create_dir(sandbox.path(".mcpcred.local.toml")).unwrap();
        for words in [&["run", "-e", "NOPE", "--", "true"][..], &["run", "-e", "NOPE"], &["list"]] {
            let told = sandbox.run(words).stderr().matches("is passed over").count();
            assert!(told == 2 || words.len() == 3, "{words:?}: {told}");
        }
    }

    #[test]
    fn a_file_of_somebody_else_does_not_keep_a_person_from_working() {
        let sandbox = Sandbox::new();
        let file = sandbox.path(".mcpcred.toml");
        fs::write(&file, "profile = \"theirs\"\n").unwrap();
        // Only root can give a file away.
        if fs::metadata(&file).unwrap().uid() != 0
            || std::os::unix::fs::chown(&file, Some(4711), None).is_err()
        {
            return;
        }
        sandbox.run(["list"]).succeeds().says("it belongs to another user");
    }
}
