//! The marker counts whatever is in it, and lockdowns add up.

use std::collections::BTreeMap;

use super::*;

fn now() -> Timestamp {
    "2026-11-25T10:00:00Z".parse().unwrap()
}

fn held(profile: &str, name: &str) -> Held {
    Held { profile: profile.parse().unwrap(), name: name.parse().unwrap() }
}

fn covers(lockdown: &Lockdown, profile: &str, name: &str) -> bool {
    lockdown.covers(&profile.parse().unwrap(), &name.parse().unwrap())
}

#[test]
fn a_marker_covers_what_was_named_and_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let marker = Marker::in_folder(&folder.path().join("data"));
    assert_eq!(marker.look(), None);
    marker.set(Lockdown::of(vec![held("default", "A")], now())).unwrap();
    let later = "2026-11-25T11:00:00Z".parse().unwrap();
    let both = marker.set(Lockdown::of(vec![held("work", "B"), held("default", "a")], later)).unwrap();
    assert_eq!(marker.look(), Some(both.clone()));
    assert_eq!((both.since, both.credentials.len()), (Some(now()), 2));
    assert!(covers(&both, "default", "a") && covers(&both, "work", "B"));
    assert!(!covers(&both, "work", "A") && !covers(&both, "default", "C"));
    let all = marker.set(Lockdown::of_everything(later)).unwrap();
    assert!(all.everything && covers(&all, "x", "NEW"));
    assert_eq!(all.since, Some(now()));
    assert!(marker.lift().unwrap() && !marker.lift().unwrap());
    assert_eq!(marker.look(), None);
}

#[test]
fn a_marker_that_cannot_be_read_counts_for_everything() {
    let folder = tempfile::tempdir().unwrap();
    let marker = Marker::in_folder(folder.path());
    for content in [&b""[..], b"{", b"[]", br#"{"schema_version":1}"#, b"\xff\xfe"] {
        fs::write(folder.path().join("lockdown.json"), content).unwrap();
        let lockdown = marker.look().unwrap();
        assert!(lockdown.everything && lockdown.since.is_none(), "{content:?}");
    }
    // What it covers after another one stays everything.
    assert!(marker.set(Lockdown::of(vec![held("default", "A")], now())).unwrap().everything);
    fs::remove_file(folder.path().join("lockdown.json")).unwrap();
    fs::create_dir(folder.path().join("lockdown.json")).unwrap();
    assert!(marker.look().unwrap().everything);
    assert_eq!(Marker::in_folder(&folder.path().join("none")).look(), None);
}

fn item(name: &str, state: ItemState, tried: Option<Timestamp>) -> Item {
    Item {
        profile: "default".parse().unwrap(),
        name: name.parse().unwrap(),
        former: false,
        provider: None,
        state,
        words: String::new(),
        page: None,
        tried,
        not_before: None,
    }
}

#[test]
fn what_is_done_is_not_undone_by_one_that_knows_less() {
    let folder = tempfile::tempdir().unwrap();
    let file = ReportFile::in_folder(folder.path());
    let named = BTreeMap::from([("gitlab".to_owned(), "https://git.example.com/".to_owned())]);
    let none = BTreeMap::new();
    file.update(&[item("A", ItemState::Waiting, None), item("B", ItemState::ByHand, None)], &named).unwrap();
    file.update(&[item("a", ItemState::Revoked, Some(now()))], &none).unwrap();
    let report = file
        .update(&[item("A", ItemState::Waiting, None), item("C", ItemState::Offered, None)], &none)
        .unwrap();
    let states: Vec<_> = report.items.iter().map(|item| item.state).collect();
    assert_eq!(states, [ItemState::Revoked, ItemState::ByHand, ItemState::Offered]);
    assert_eq!(file.load().unwrap(), report);
    assert_eq!(report.hosts, named, "nobody forgets where tokens were to be told");
    file.clear().unwrap();
    assert_eq!(file.load().unwrap().items, []);
}
