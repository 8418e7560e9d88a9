//! Tests of edits that can be undone, with files.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Change, How, Records, Undone, carry_out, restore};
use crate::document::edit::{Edits, NewValue};
use crate::document::inverse::{Restored, State};
use crate::document::{Document, Syntax};
use crate::name::{CredentialName, Profile};
use crate::rewrite::Outcome;
use crate::secret::Secret;

const TOKEN: &str = "ghp_0123456789abcdef";

const CONFIGURATION: &str = "{\r\n  \"mcpServers\": {\r\n    \"a\": {\"command\": \"npx\", \"env\": {\"TOKEN\": \"ghp_0123456789abcdef\"}},\r\n    \"b\": {\"command\": \"npx\", \"env\": {\"TOKEN\": \"ghp_0123456789abcdef\"}}\r\n  }\r\n}\r\n";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, CONFIGURATION).unwrap();
        path
    }

    /// Takes the tokens of these servers out of these files.
    fn protect(
        &self,
        files: &[&Path],
        servers: &[&str],
        meanwhile: impl FnOnce(),
    ) -> Vec<(PathBuf, Outcome)> {
        let documents: Vec<Document> =
            files.iter().map(|file| Document::read(file, Syntax::Json).unwrap().unwrap()).collect();
        let changes = documents.iter().map(|document| {
            let mut edits = Edits::of(document);
            for server in servers {
                let entry = document.root().get("mcpServers").unwrap().get(server).unwrap();
                let token = entry.get("env").unwrap().get("TOKEN").unwrap();
                edits.group(&entry, server);
                edits.hide(&token, None, "TOKEN");
                edits.remove(&token);
                edits.replace(&entry.get("command").unwrap(), NewValue::text("mcpcred"));
            }
            Change { edited: edits.apply().unwrap(), client: "cursor".to_owned(), others: Vec::new() }
        });
        let changes = changes.collect();
        meanwhile();
        carry_out(&self.data(), &Profile::default(), Timestamp::UNIX_EPOCH, changes).unwrap()
    }

    fn undo(&self, server: Option<&str>) -> Vec<How> {
        let name: CredentialName = "TOKEN".parse().unwrap();
        let values = [(Profile::default(), name, Secret::copy_of(TOKEN.as_bytes()))];
        let is_wanted = |entry: &super::Entry| server.is_none_or(|server| entry.server == server);
        let undone: Vec<Undone> = restore(&self.data(), &is_wanted, &values).unwrap();
        undone.into_iter().map(|undone| undone.how).collect()
    }

    fn states(&self) -> Vec<State> {
        let records = Records::load(&self.data()).unwrap();
        let state = |entry: &super::Entry| entry.state(&entry.read().unwrap().unwrap());
        records.entries().iter().map(state).collect()
    }

    fn record(&self) -> String {
        fs::read_to_string(self.data().join("undo.json")).unwrap_or_default()
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn files_are_edited_and_come_back_byte_for_byte_and_the_record_holds_no_secret() {
    let home = Home::new();
    let (one, two) = (home.file("one.json"), home.file("two.json"));
    let done = home.protect(&[&one, &two], &["a", "b"], || ());
    assert_eq!(done, [(one.clone(), Outcome::Written), (two.clone(), Outcome::Written)]);
    for file in [&one, &two] {
        assert!(!text(file).contains(TOKEN) && text(file).contains("\"env\": {}"), "{}", text(file));
    }
    assert!(!home.record().contains("ghp_") && home.record().contains("TOKEN"));
    assert_eq!(home.states(), [State::InPlace; 4]);
    assert_eq!(home.undo(None), [const { How::Restored(Restored::Exactly) }; 4]);
    assert_eq!([text(&one), text(&two)], [CONFIGURATION, CONFIGURATION]);
    assert_eq!(home.record(), "");
    assert_eq!(home.undo(None), []);
}

#[test]
fn one_server_comes_back_and_the_other_stays() {
    let home = Home::new();
    let one = home.file("one.json");
    home.protect(&[&one], &["a", "b"], || ());
    let both = text(&one);
    assert_eq!(home.undo(Some("a")), [How::Restored(Restored::Exactly)]);
    assert_eq!(text(&one).matches(TOKEN).count(), 1);
    assert_eq!(home.states(), [State::InPlace]);
    home.protect(&[&one], &["a"], || ());
    assert_eq!(text(&one), both);
    assert_eq!(home.undo(None), [const { How::Restored(Restored::Exactly) }; 2]);
    assert_eq!(text(&one), CONFIGURATION);
}

#[test]
fn what_is_done_after_one_another_is_undone_backwards() {
    let home = Home::new();
    let one = home.file("one.json");
    home.protect(&[&one], &["b"], || ());
    home.protect(&[&one], &["a"], || ());
    assert_eq!(home.undo(None), [const { How::Restored(Restored::Exactly) }; 2]);
    assert_eq!(text(&one), CONFIGURATION);
}

#[test]
fn a_file_that_a_client_writes_meanwhile_is_left_and_not_on_record() {
    let home = Home::new();
    let (one, two) = (home.file("one.json"), home.file("two.json"));
    let theirs = CONFIGURATION.replace("npx", "uvx");
    let done = home.protect(&[&one, &two], &["a"], || fs::write(&one, &theirs).unwrap());
    assert_eq!(done, [(one.clone(), Outcome::ChangedMeanwhile), (two.clone(), Outcome::Written)]);
    assert_eq!(text(&one), theirs);
    assert_eq!(home.states(), [State::InPlace]);
    assert_eq!(home.undo(None), [How::Restored(Restored::Exactly)]);
    assert_eq!(text(&two), CONFIGURATION);
}

#[test]
fn a_value_that_is_not_stored_any_more_leaves_everything_as_it_is() {
    let home = Home::new();
    let one = home.file("one.json");
    home.protect(&[&one], &["a"], || ());
    let protected = text(&one);
    let undone = restore(&home.data(), &|_| true, &[]).unwrap();
    assert_eq!(undone[0].how, How::NotStored("TOKEN".parse().unwrap()));
    assert_eq!(text(&one), protected);
    assert_eq!(home.undo(None), [How::Restored(Restored::Exactly)]);
}

#[test]
fn what_a_killed_process_left_under_way_is_finished_or_forgotten() {
    let home = Home::new();
    let one = home.file("one.json");
    home.protect(&[&one], &["a"], || ());
    let record = home.record().replace("\"done\"", "\"under-way\"");
    let protected = text(&one);
    // Killed before the file was written, and after.
    for (content, states) in [(CONFIGURATION, vec![]), (protected.as_str(), vec![State::InPlace])] {
        fs::write(&one, content).unwrap();
        crate::os::private_file::replace(&home.data().join("undo.json"), record.as_bytes()).unwrap();
        // Whatever edits next looks at it first.
        let other = home.file("other.json");
        home.protect(&[&other], &["a"], || ());
        home.undo(Some("b"));
        let all = [states, vec![State::InPlace]].concat();
        assert_eq!(home.states(), all);
        assert_eq!(home.undo(None).len(), all.len());
        assert_eq!([text(&one), text(&other)], [CONFIGURATION, CONFIGURATION]);
    }
}

#[test]
fn a_damaged_record_is_told_and_nothing_is_touched() {
    let home = Home::new();
    let one = home.file("one.json");
    home.protect(&[&one], &["a"], || ());
    let protected = text(&one);
    for damage in ["{", "{\"schema_version\": 9, \"edits\": []}"] {
        crate::os::private_file::replace(&home.data().join("undo.json"), damage.as_bytes()).unwrap();
        assert!(restore(&home.data(), &|_| true, &[]).is_err());
        assert_eq!(text(&one), protected);
    }
}
