//! A person of every client, with the files that the client and the person wrote, byte for byte: `tests/golden/protect`.
//!
//! `before` is what was written, `after` what `protect` made of it, `bridged` what `protect --style bridge` made of
//! that, and after `unprotect` all of it is as before. What differs from machine to machine, and what is secret, is a
//! word between two `@`. `SNAPSHOTS=overwrite` writes `after` and `bridged` anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::check::write;
use crate::support::{Ran, Sandbox, feed};

/// What stands for a secret in the files, and one of its form that is of nobody.
const SECRETS: [(&str, &str); 7] = [
    ("@GITHUB@", "ghp_wT7hQm2ZrKx94LbVnPsYdJfGcEaUoI1DRt3k"),
    ("@GITHUB_2@", "ghp_q8ZtLr5WnXv03MbKsJyHdQfCgPaEuTi7RoB2"),
    ("@NOTION@", "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"),
    ("@SLACK@", "xoxb-392817465093-5820394817263-Xk29fLmQ7bVtRz4nWpYs8cHd"),
    ("@FIGMA@", "figd_Xk29fLmQ7bVtRz4nWpYs8cHdJg3uEaKo5iTqNxB6"),
    ("@TAVILY@", "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"),
    ("@PASSWORD@", "S3cr3t-pa55word"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/protect")
}

/// All files below a folder, by their paths in it, with `/`.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries.map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// Where a file of the folder is in a home: `config` is what the system has for the settings of programs.
fn place(name: &str) -> String {
    let (root, rest) = name.split_once('/').unwrap();
    let own = |path: &str| path.to_owned();
    match root {
        "project" => format!("project/{rest}"),
        "config" if cfg!(windows) => format!("AppData/Roaming/{rest}"),
        "config" if cfg!(target_os = "macos") => format!("Library/Application Support/{rest}"),
        "config" => format!(".config/{rest}"),
        _ if cfg!(windows) && rest.starts_with(".config/goose/") => {
            own("AppData/Roaming/Block/goose/config/config.yaml")
        }
        _ if cfg!(windows) && rest.starts_with(".config/github-copilot/intellij/") => {
            own("AppData/Local/github-copilot/intellij/mcp.json")
        }
        _ if cfg!(windows)
            && [".config/zed/", ".config/amp/", ".config/devin/"].iter().any(|it| rest.starts_with(it)) =>
        {
            rest.replace(".config/", "AppData/Roaming/")
        }
        _ => own(rest),
    }
}

/// A home with the files of one client in it.
struct Person {
    sandbox: Sandbox,
    before: BTreeMap<String, String>,
    places: Vec<(&'static str, String)>,
}

impl Person {
    fn of(client: &Path) -> Self {
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path("project/.git")).unwrap();
        // `canonicalize` puts that before a path of Windows, and no program that people use does.
        let text = |path: PathBuf| path.to_str().unwrap().trim_start_matches(r"\\?\").to_owned();
        let project = fs::canonicalize(sandbox.path("project")).unwrap();
        let places = vec![
            ("@PROGRAM@", text(fs::canonicalize(env!("CARGO_BIN_EXE_mcpcred")).unwrap())),
            ("@PROJECT@", text(project).replace('\\', "/")),
            ("@DATA@", text(sandbox.data())),
            ("@CONFIG@", text(sandbox.path("config"))),
            ("@KEY@", text(sandbox.path("key"))),
        ];
        let person = Self { sandbox, before: files(&client.join("before")), places };
        for (name, content) in &person.before {
            write(&person.sandbox, &place(name), person.filled(content));
        }
        person
    }

    fn filled(&self, text: &str) -> String {
        let places = self.places.iter().map(|(mark, path)| (*mark, path.as_str()));
        SECRETS.into_iter().chain(places).fold(text.to_owned(), |text, (mark, own)| text.replace(mark, own))
    }

    /// The files as they are now, with the words in them again.
    fn now(&self) -> BTreeMap<String, String> {
        let read = |name: &String| {
            let mut text = fs::read_to_string(self.sandbox.path(&place(name))).unwrap();
            for (mark, own) in &self.places {
                // In quotes, a backslash is written twice.
                text = text.replace(&own.replace('\\', r"\\"), mark).replace(own, mark);
            }
            SECRETS.into_iter().fold(text, |text, (mark, own)| text.replace(own, mark))
        };
        self.before.keys().map(|name| (name.clone(), read(name))).collect()
    }

    #[track_caller]
    fn run(&self, client: &str, arguments: &[&str]) {
        let mut command = self.sandbox.command(arguments);
        command.args(["--yes", "--client", client]).current_dir(self.sandbox.path("project"));
        let ran = Ran(feed(command, b""));
        for (mark, secret) in SECRETS {
            assert!(!ran.said().contains(secret), "{client}: {mark}: {}", ran.said());
        }
        ran.succeeds();
    }
}

/// Compares, or writes anew.
#[track_caller]
fn is(folder: &Path, found: &BTreeMap<String, String>) {
    let is_overwritten = std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite");
    let meant = files(folder);
    if is_overwritten && meant != *found {
        _ = fs::remove_dir_all(folder);
        for (name, content) in found {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        return;
    }
    // No line for a shell of Windows can set a variable, so what needs one stays there, and names of others follow from
    // that: what is undone counts.
    let stays = cfg!(windows) && meant.values().any(|it| it.contains("MCPCRED_DATA_DIR="));
    for (name, content) in found {
        let meant = &meant[name];
        assert!(
            stays || of_any_system(meant) == of_any_system(content),
            "{}/{name}\n--- meant\n{meant}\n--- found\n{content}",
            folder.display()
        );
    }
    assert_eq!(meant.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{}", folder.display());
}

/// A path of Windows stands in quotes where one of another system needs none.
fn of_any_system(text: &str) -> String {
    let words = ["@PROGRAM@", "@DATA@", "@CONFIG@", "@KEY@"];
    let quotes = [("\\\"", "\\\""), ("\"", "\""), ("'", "'")];
    let mut text = text.to_owned();
    if cfg!(windows) {
        for (word, (open, close)) in words.iter().flat_map(|word| quotes.map(|quotes| (word, quotes))) {
            text = text.replace(&format!("{open}{word}{close}"), word);
        }
    }
    text
}

#[test]
fn what_every_client_reads_is_as_it_should_be_before_after_and_undone() {
    for entry in fs::read_dir(folder()).unwrap() {
        let folder = entry.unwrap().path();
        let client = folder.file_name().unwrap().to_str().unwrap();
        let person = Person::of(&folder);
        let written = person.now();
        person.run(client, &["protect"]);
        is(&folder.join("after"), &person.now());
        person.run(client, &["protect", "--style", "bridge"]);
        is(&folder.join("bridged"), &person.now());
        person.run(client, &["unprotect"]);
        assert_eq!(person.now(), written, "{client}");
        for (name, content) in &person.before {
            let undone = fs::read_to_string(person.sandbox.path(&place(name))).unwrap();
            assert_eq!(undone, person.filled(content), "{client}: {name}");
        }
    }
}

#[test]
fn no_client_whose_files_may_be_changed_is_left_out() {
    let listed = Sandbox::new().run(["servers", "--clients", "--json"]).json("clients");
    let is_changed = |client: &&serde_json::Value| {
        client["files"].as_array().unwrap().iter().any(|file| file["writable"] == true)
    };
    let clients = listed["clients"].as_array().unwrap().iter().filter(is_changed);
    let clients: BTreeSet<String> = clients.map(|client| client["id"].as_str().unwrap().to_owned()).collect();
    let folders = fs::read_dir(folder()).unwrap();
    let folders: BTreeSet<String> =
        folders.map(|it| it.unwrap().file_name().to_str().unwrap().to_owned()).collect();
    assert_eq!(folders, clients);
}
