//! Installed clients with a known hole, told by the metadata that lies beside them. Nothing is run.

use std::cmp::Reverse;
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::check::finding::{Action, Finding, Location, Reason, Status};

/// The longest metadata that is read, in bytes. The extension's has four thousand.
const LONGEST: u64 = 64 * 1024;

/// How many installations are looked at.
const MOST: usize = 64;

/// How many names of a folder are looked at.
const MOST_NAMES: usize = 4096;

/// CVE-2025-52882: a web page that a person visits could talk to the editor's part of Claude Code. As
/// <https://github.com/anthropics/claude-code/security/advisories/GHSA-9f65-56v6-gxw7> tells, editors have it in 0.2.116
/// to 1.0.23 and `JetBrains` in 0.1.1 to 0.1.8, and whatever is older than 1.0.24 and 0.1.9 should go.
const ADVISORY: &str = "https://github.com/anthropics/claude-code/security/advisories/GHSA-9f65-56v6-gxw7";
const IDENTIFIER: &str = "CVE-2025-52882";
const EXTENSION_MENDED: Version = Version([1, 0, 24]);
const PLUGIN_MENDED: Version = Version([0, 1, 9]);

/// The first package that carries the extension, which `claude` puts into the editors that it finds.
const PACKAGE_SPOILED: Version = Version([0, 2, 116]);

/// Where editors keep their extensions below the home folder, what the editor is called, and its command.
const EDITORS: [(&str, &str, Option<&str>); 17] = [
    (".vscode/extensions", "VS Code", Some("code")),
    (".vscode-insiders/extensions", "VS Code Insiders", Some("code-insiders")),
    (".vscode-oss/extensions", "VSCodium", Some("codium")),
    (".cursor/extensions", "Cursor", Some("cursor")),
    (".windsurf/extensions", "Windsurf", Some("windsurf")),
    (".windsurf-next/extensions", "Windsurf Next", Some("windsurf-next")),
    (".devin/extensions", "Devin", None),
    (".kiro/extensions", "Kiro", Some("kiro")),
    (".trae/extensions", "Trae", Some("trae")),
    (".antigravity/extensions", "Antigravity", Some("antigravity")),
    (".positron/extensions", "Positron", Some("positron")),
    (".vscode-server/extensions", "the server of VS Code", None),
    (".vscode-server-insiders/extensions", "the server of VS Code Insiders", None),
    (".vscodium-server/extensions", "the server of VSCodium", None),
    (".cursor-server/extensions", "the server of Cursor", None),
    (".windsurf-server/extensions", "the server of Windsurf", None),
    (".devin-server/extensions", "the server of Devin", None),
];

/// Where the IDEs of `JetBrains` and Android Studio keep their plugins: Linux, macOS, Windows.
const IDES: [&str; 8] = [
    ".local/share/JetBrains/*",
    ".local/share/Google/*",
    ".config/JetBrains/*",
    ".config/Google/*",
    "Library/Application Support/JetBrains/*/plugins",
    "Library/Application Support/Google/*/plugins",
    "AppData/Roaming/JetBrains/*/plugins",
    "AppData/Roaming/Google/*/plugins",
];

/// Where packages of npm are installed for all of a person's projects.
const PACKAGES: [&str; 10] = [
    ".claude/local/node_modules",
    ".npm-global/lib/node_modules",
    ".local/lib/node_modules",
    ".nvm/versions/node/*/lib/node_modules",
    ".local/share/fnm/node-versions/*/installation/lib/node_modules",
    ".local/share/mise/installs/node/*/lib/node_modules",
    ".asdf/installs/nodejs/*/lib/node_modules",
    ".volta/tools/image/packages/@anthropic-ai/claude-code/lib/node_modules",
    ".bun/install/global/node_modules",
    "AppData/Roaming/npm/node_modules",
];

const EXTENSION: &str = "anthropic.claude-code-";
const PLUGIN: &str = "claude-code-jetbrains-plugin";

/// Major, minor and patch. What follows them does not count: the mended plugin is `0.1.9-beta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version([u32; 3]);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self([next()?, next()?, next()?]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(formatter, "{major}.{minor}.{patch}")
    }
}

/// What `package.json` says that matters here.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    #[serde(default)]
    publisher: String,
    version: String,
}

/// The clients below this home folder that have a known hole, the same in the same order. What can't be read is passed
/// over; at most [`MOST`] installations are looked at, and [`LONGEST`] bytes of each.
pub(crate) fn vulnerable(home: &Path) -> Vec<Finding> {
    let mut search = Search { left: MOST, findings: Vec::new() };
    for (below, editor, command) in EDITORS {
        search.extensions(&home.join(below), editor, command);
    }
    for below in IDES {
        for folder in expand(home, below) {
            search.plugin(&folder);
        }
    }
    for below in PACKAGES {
        for folder in expand(home, below) {
            search.package(&folder, below == PACKAGES[0]);
        }
    }
    search.findings
}

struct Search {
    left: usize,
    findings: Vec<Finding>,
}

impl Search {
    /// Whether one more installation may be looked at.
    fn may_look(&mut self) -> bool {
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    /// An editor keeps older versions on disk, and loads the newest that it has not marked as obsolete.
    fn extensions(&mut self, folder: &Path, editor: &str, command: Option<&str>) {
        let mut own: Vec<String> = names(folder)
            .into_iter()
            .filter(|name| name.to_ascii_lowercase().starts_with(EXTENSION))
            .collect();
        if own.is_empty() {
            return;
        }
        let obsolete: Map<String, Value> = read(&folder.join(".obsolete")).unwrap_or_default();
        own.retain(|name| !obsolete.keys().any(|gone| gone.eq_ignore_ascii_case(name)));
        own.sort_by_cached_key(|name| Reverse(Version::parse(&name[EXTENSION.len()..])));
        for name in own {
            if !self.may_look() {
                return;
            }
            let file = folder.join(name).join("package.json");
            let Some(manifest) = read::<Manifest>(&file) else { continue };
            let is_it =
                manifest.name == "claude-code" && manifest.publisher.eq_ignore_ascii_case("anthropic");
            let Some(version) = Version::parse(&manifest.version).filter(|_| is_it) else { continue };
            if version < EXTENSION_MENDED {
                self.note(
                    Status::Problem,
                    file,
                    format!(
                        "the Claude Code extension {version} in {editor} lets a web page read files through the \
                         editor ({IDENTIFIER})"
                    ),
                    format!("update the extension to {EXTENSION_MENDED} or later, and restart the editor"),
                    command.map(|command| format!("{command} --install-extension anthropic.claude-code --force")),
                );
            }
            return;
        }
    }

    /// The file of a plugin has its version in its name.
    fn plugin(&mut self, ide: &Path) {
        let folder = ide.join(PLUGIN).join("lib");
        let found = names(&folder).into_iter().find_map(|name| {
            let version = name.strip_prefix(PLUGIN)?.strip_prefix('-')?;
            Some((Version::parse(version)?, folder.join(&name)))
        });
        let Some((version, file)) = found else { return };
        if self.may_look() && version < PLUGIN_MENDED {
            self.note(
                Status::Warning,
                file,
                format!(
                    "the Claude Code plugin {version} of a JetBrains IDE tells a web page which files are open \
                     ({IDENTIFIER})"
                ),
                format!("update the plugin to {PLUGIN_MENDED} or later, and restart the IDE"),
                None,
            );
        }
    }

    fn package(&mut self, modules: &Path, is_local: bool) {
        let file = modules.join("@anthropic-ai").join("claude-code").join("package.json");
        if !file.exists() || !self.may_look() {
            return;
        }
        let version = read::<Manifest>(&file)
            .filter(|manifest| manifest.name == "@anthropic-ai/claude-code")
            .and_then(|manifest| Version::parse(&manifest.version));
        let Some(version) = version else { return };
        if (PACKAGE_SPOILED..EXTENSION_MENDED).contains(&version) {
            let command = if is_local {
                "claude update"
            } else {
                "npm install --global @anthropic-ai/claude-code@latest"
            };
            self.note(
                Status::Warning,
                file,
                format!(
                    "Claude Code {version} puts an extension into editors that lets a web page read files through \
                     them ({IDENTIFIER})"
                ),
                format!("update Claude Code to {EXTENSION_MENDED} or later"),
                Some(command.to_owned()),
            );
        }
    }

    fn note(
        &mut self,
        status: Status,
        file: PathBuf,
        message: String,
        sentence: String,
        command: Option<String>,
    ) {
        self.findings.push(Finding {
            status,
            reason: Reason::VulnerableClient,
            server: None,
            clients: vec!["claude-code".to_owned()],
            scope: None,
            credential: None,
            message,
            action: Some(Action { sentence, command, page: Some(ADVISORY.to_owned()) }),
            location: Some(Location { file, place: None, pointer: None }),
            fingerprint: None,
            expires: None,
            scopes: None,
            is_of_other_profile: false,
        });
    }
}

/// The folders that a path with one `*` stands for; the path itself where it has none.
fn expand(home: &Path, below: &str) -> Vec<PathBuf> {
    let Some((before, after)) = below.split_once("/*") else { return vec![home.join(below)] };
    let folder = home.join(before);
    let after = after.trim_start_matches('/');
    names(&folder).into_iter().map(|name| folder.join(name).join(after)).collect()
}

/// The names in a folder in order, as far as they are text.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.take(MOST_NAMES).flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// What a short file of JSON says; nothing where it is no such file. A pipe is not opened.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return None;
    }
    let mut content = Vec::new();
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut content).ok()?;
    serde_json::from_slice(&content).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(home: &Path, name: &str, content: &str) {
        let path = home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn extension(home: &Path, root: &str, version: &str) {
        let manifest = format!(r#"{{"name":"claude-code","publisher":"Anthropic","version":"{version}"}}"#);
        write(home, &format!("{root}/anthropic.claude-code-{version}/package.json"), &manifest);
    }

    fn messages(home: &Path) -> Vec<String> {
        vulnerable(home).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn an_old_extension_is_told_with_its_editor_and_the_command_that_mends_it() {
        for (version, is_old) in [
            ("1.0.23", true),
            ("0.2.116", true),
            ("1.0.24", false),
            ("1.0.100", false),
            ("2.1.330", false),
            ("10.0.0", false),
        ] {
            let home = tempfile::tempdir().unwrap();
            extension(home.path(), ".cursor/extensions", version);
            let findings = vulnerable(home.path());
            assert_eq!(!findings.is_empty(), is_old, "{version}");
            for finding in findings {
                assert_eq!((finding.status, finding.reason), (Status::Problem, Reason::VulnerableClient));
                let told = format!("extension {version} in Cursor");
                assert!(finding.message.contains(&told) && finding.message.contains(IDENTIFIER));
                let command = finding.action.unwrap().command.unwrap();
                assert_eq!(command, "cursor --install-extension anthropic.claude-code --force");
                assert!(finding.location.unwrap().file.ends_with("package.json"));
            }
        }
    }

    #[test]
    fn what_an_editor_no_longer_loads_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        extension(home.path(), ".vscode/extensions", "1.0.9");
        extension(home.path(), ".vscode/extensions", "2.1.330");
        assert_eq!(messages(home.path()), Vec::<String>::new());
        // Somebody went back to the older one.
        write(
            home.path(),
            ".vscode/extensions/.obsolete",
            r#"{"Anthropic.claude-code-2.1.330":true,"other":true}"#,
        );
        assert_eq!(messages(home.path()).len(), 1);
        write(home.path(), ".vscode/extensions/.obsolete", r#"{"anthropic.claude-code-1.0.9":true}"#);
        assert_eq!(messages(home.path()).len(), 0);
    }

    #[test]
    fn a_folder_without_metadata_of_its_own_is_no_extension() {
        let home = tempfile::tempdir().unwrap();
        let folder = ".vscode/extensions/anthropic.claude-code-1.0.9";
        fs::create_dir_all(home.path().join(folder)).unwrap();
        let manifest = format!("{folder}/package.json");
        for content in [
            "",
            "{",
            "[]",
            r#"{"name":"claude-code","publisher":"somebody","version":"1.0.9"}"#,
            r#"{"name":"claude-code","publisher":"Anthropic","version":"latest"}"#,
            r#"{"name":"claude-code","publisher":"Anthropic","version":"1.0"}"#,
            r#"{"name":"claude-code","publisher":"Anthropic","version":"1.99999999999.9"}"#,
            &format!(
                r#"{{"name":"claude-code","publisher":"Anthropic","version":"1.0.9"{}}}"#,
                " ".repeat(64 * 1024)
            ),
            &"[".repeat(60_000),
        ] {
            write(home.path(), &manifest, content);
            assert_eq!(messages(home.path()), Vec::<String>::new());
        }
        fs::remove_file(home.path().join(&manifest)).unwrap();
        fs::create_dir(home.path().join(&manifest)).unwrap();
        assert_eq!(messages(home.path()), Vec::<String>::new());
    }

    #[test]
    fn old_plugins_and_packages_are_told_too() {
        let home = tempfile::tempdir().unwrap();
        let lib = format!("IntelliJIdea2025.1/{PLUGIN}/lib");
        for (root, version) in [
            (".local/share/JetBrains", "0.1.8"),
            (".local/share/Google", "0.1.9"),
            (".config/JetBrains", "0.1.11"),
        ] {
            write(home.path(), &format!("{root}/{lib}/{PLUGIN}-{version}-beta.jar"), "");
            write(home.path(), &format!("{root}/{lib}/ktor-io-jvm-3.0.2.jar"), "");
        }
        let package = "node_modules/@anthropic-ai/claude-code/package.json";
        for (root, version) in [
            (".claude/local", "1.0.20"),
            (".nvm/versions/node/v22.1.0/lib", "1.0.23"),
            (".nvm/versions/node/v24.1.0/lib", "2.1.330"),
            (".npm-global/lib", "0.2.115"),
        ] {
            let manifest = format!(r#"{{"name":"@anthropic-ai/claude-code","version":"{version}"}}"#);
            write(home.path(), &format!("{root}/{package}"), &manifest);
        }
        let findings = vulnerable(home.path());
        assert!(findings.iter().all(|finding| finding.status == Status::Warning));
        let messages = messages(home.path());
        assert_eq!(messages.len(), 3, "{messages:?}");
        for (message, told) in
            messages.iter().zip(["plugin 0.1.8 of", "Claude Code 1.0.20 puts", "1.0.23 puts"])
        {
            assert!(message.contains(told), "{message}");
        }
    }

    #[test]
    fn a_home_full_of_them_is_looked_at_in_part() {
        let home = tempfile::tempdir().unwrap();
        for number in 0..200 {
            let package = format!(".nvm/versions/node/v{number}/lib/node_modules/@anthropic-ai/claude-code");
            let manifest = r#"{"name":"@anthropic-ai/claude-code","version":"1.0.1"}"#;
            write(home.path(), &format!("{package}/package.json"), manifest);
        }
        assert_eq!(vulnerable(home.path()).len(), MOST);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".vscode/extensions/anthropic.claude-code-1.0.9");
        fs::create_dir_all(&folder).unwrap();
        nix::unistd::mkfifo(&folder.join("package.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(messages(home.path()), Vec::<String>::new());
    }
}
