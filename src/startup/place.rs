//! `files`: where each shell looks for what it runs when a person opens it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::client::Platform;
use crate::configuration::places::Places;
use crate::inject::shell::Shell;

/// The files that the lines belong into: one, except for the two editions of PowerShell on Windows. Empty where the
/// person has no home.
pub(crate) fn files(shell: Shell, places: &Places) -> Vec<PathBuf> {
    let below = |word: &str, path: &str| places.base(word)?.0.map(|base| base.join(path));
    let is_windows = places.platform() == Platform::Windows;
    let file = match shell {
        Shell::Bash => places.home().map(|home| for_bash(home, places.platform())),
        Shell::Zsh => {
            let folder = places.variable("ZDOTDIR").or_else(|| places.home().map(Path::to_owned));
            folder.map(|folder| folder.join(".zshrc"))
        }
        Shell::Fish => below("$XDG_CONFIG_HOME", "fish/conf.d/mcpcred.fish"),
        Shell::PowerShell if is_windows => return for_windows_power_shell(places),
        Shell::PowerShell => below("$XDG_CONFIG_HOME", "powershell/Microsoft.PowerShell_profile.ps1"),
        Shell::Nu => {
            let moved = places.variable("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
            moved
                .map(|folder| folder.join("nushell/config.nu"))
                .or_else(|| below("$CONFIG", "nushell/config.nu"))
        }
        Shell::Elvish => {
            let former = places.home().map(|home| home.join(".elvish/rc.elv")).filter(|file| file.is_file());
            let word = if is_windows { "$APPDATA" } else { "$XDG_CONFIG_HOME" };
            former.or_else(|| below(word, "elvish/rc.elv"))
        }
        // A POSIX shell reads `ENV` whenever it is interactive, and `.profile` when it is a login shell.
        _ => {
            // The shell expands what it holds, which is not done here.
            let named = places.variable("ENV").filter(|file| !file.to_string_lossy().contains('$'));
            named.or_else(|| places.home().map(|home| home.join(".profile")))
        }
    };
    file.into_iter().collect()
}

/// Terminals on Linux and Windows open bash as one that reads `.bashrc`; those of macOS as a login shell, which reads
/// the first of three files, and `.bashrc` only where that one says so.
fn for_bash(home: &Path, platform: Platform) -> PathBuf {
    let interactive = home.join(".bashrc");
    if platform != Platform::Macos {
        return interactive;
    }
    let of_login = [".bash_profile", ".bash_login", ".profile"].map(|name| home.join(name));
    match of_login.iter().find(|file| file.is_file()) {
        Some(file) if reads_bashrc(file) => interactive,
        Some(file) => file.clone(),
        None => of_login.into_iter().next().unwrap_or(interactive),
    }
}

fn reads_bashrc(file: &Path) -> bool {
    // May hold secrets, so it is wiped.
    let content = fs::read(file).map(zeroize::Zeroizing::new).unwrap_or_default();
    content.split(|byte| *byte == b'\n').any(|line| {
        let is_comment = line.trim_ascii_start().starts_with(b"#");
        !is_comment && line.windows(7).any(|window| window == b".bashrc")
    })
}

/// Windows PowerShell is always there; PowerShell 7 where its folder is, or its program.
fn for_windows_power_shell(places: &Places) -> Vec<PathBuf> {
    const NAME: &str = "Microsoft.PowerShell_profile.ps1";
    // The folder may have been moved, as by OneDrive; the system knows.
    let documents = if cfg!(windows) { dirs::document_dir() } else { None };
    let Some(documents) = documents.or_else(|| places.home().map(|home| home.join("Documents"))) else {
        return Vec::new();
    };
    let mut files = vec![documents.join("WindowsPowerShell").join(NAME)];
    let newer = documents.join("PowerShell");
    if newer.is_dir() || which::which("pwsh").is_ok() {
        files.push(newer.join(NAME));
    }
    files
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn places(
        platform: Platform,
        home: &TempDir,
        variables: &'static [(&'static str, &'static str)],
    ) -> Places {
        let lookup = move |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        Places::new(platform, Some(home.path().to_owned()), home.path().to_owned(), Box::new(lookup))
    }

    fn named(shell: Shell, places: &Places, home: &TempDir) -> Vec<String> {
        let name = |file: PathBuf| {
            let file = file.strip_prefix(home.path()).map(Path::to_owned).unwrap_or(file);
            file.to_str().unwrap().replace('\\', "/")
        };
        files(shell, places).into_iter().map(name).collect()
    }

    #[test]
    fn each_shell_has_its_own_file_on_each_system() {
        let home = tempfile::tempdir().unwrap();
        for (platform, shell, expected) in [
            (Platform::Linux, Shell::Bash, ".bashrc"),
            (Platform::Windows, Shell::Bash, ".bashrc"),
            (Platform::Macos, Shell::Bash, ".bash_profile"),
            (Platform::Macos, Shell::Zsh, ".zshrc"),
            (Platform::Linux, Shell::Sh, ".profile"),
            (Platform::Macos, Shell::Fish, ".config/fish/conf.d/mcpcred.fish"),
            (Platform::Linux, Shell::Nu, ".config/nushell/config.nu"),
            (Platform::Macos, Shell::Nu, "Library/Application Support/nushell/config.nu"),
            (Platform::Windows, Shell::Nu, "AppData/Roaming/nushell/config.nu"),
            (Platform::Macos, Shell::Elvish, ".config/elvish/rc.elv"),
            (Platform::Windows, Shell::Elvish, "AppData/Roaming/elvish/rc.elv"),
            (Platform::Linux, Shell::PowerShell, ".config/powershell/Microsoft.PowerShell_profile.ps1"),
        ] {
            let places = places(platform, &home, &[]);
            assert_eq!(named(shell, &places, &home), [expected], "{platform:?} {shell}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn variables_move_the_files() {
        let home = tempfile::tempdir().unwrap();
        let variables: &[_] = &[("ZDOTDIR", "/z"), ("XDG_CONFIG_HOME", "/c"), ("ENV", "/e/shinit")];
        let places = places(Platform::Macos, &home, variables);
        for (shell, expected) in [
            (Shell::Zsh, "/z/.zshrc"),
            (Shell::Sh, "/e/shinit"),
            (Shell::Fish, "/c/fish/conf.d/mcpcred.fish"),
            (Shell::Nu, "/c/nushell/config.nu"),
            (Shell::Elvish, "/c/elvish/rc.elv"),
        ] {
            assert_eq!(named(shell, &places, &home), [expected], "{shell}");
        }
    }

    #[test]
    fn a_login_shell_of_macos_is_met_where_it_looks() {
        let home = tempfile::tempdir().unwrap();
        let places = places(Platform::Macos, &home, &[]);
        fs::write(home.path().join(".profile"), "# reads no .bashrc\n").unwrap();
        assert_eq!(named(Shell::Bash, &places, &home), [".profile"]);
        fs::write(home.path().join(".profile"), "export A=1\n[ -f ~/.bashrc ] && . ~/.bashrc\n").unwrap();
        assert_eq!(named(Shell::Bash, &places, &home), [".bashrc"]);
        fs::write(home.path().join(".bash_profile"), "").unwrap();
        assert_eq!(named(Shell::Bash, &places, &home), [".bash_profile"]);
    }

    #[test]
    #[cfg(unix)]
    fn both_editions_of_power_shell_are_served_on_windows() {
        let home = tempfile::tempdir().unwrap();
        let places = places(Platform::Windows, &home, &[]);
        fs::create_dir_all(home.path().join("Documents/PowerShell")).unwrap();
        let name = "Microsoft.PowerShell_profile.ps1";
        assert_eq!(
            named(Shell::PowerShell, &places, &home),
            [format!("Documents/WindowsPowerShell/{name}"), format!("Documents/PowerShell/{name}")]
        );
    }
}
