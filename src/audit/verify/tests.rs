//! Every change of a log shows, and is called by its name.

use std::fs;

use crate::audit::event::Event;
use crate::audit::tests::Log;
use crate::audit::verify::{Fault, Verification, Walk, verify};
use crate::audit::{Action, Anchor, ChainKey};

/// A log of a thousand lines, and what the store saw of it.
fn thousand() -> (Log, Anchor) {
    let log = Log::new();
    let events: Vec<Event> = (0..1000).map(|_| Event::new(Action::Get)).collect();
    let anchor = log.append_with(&events, Some(&log.key)).anchor;
    (log, anchor)
}

fn check(log: &Log, anchors: &[Anchor]) -> Verification {
    verify(&log.files(), std::slice::from_ref(&log.key), anchors).unwrap()
}

fn fault(log: &Log, anchors: &[Anchor]) -> Option<(Fault, u64)> {
    check(log, anchors).first_flaw.map(|flaw| (flaw.fault, flaw.line))
}

fn lines_of(log: &Log) -> Vec<Vec<u8>> {
    let content = fs::read(log.files().current()).unwrap();
    content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn put(log: &Log, lines: &[Vec<u8>]) {
    fs::write(log.files().current(), lines.concat()).unwrap();
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let (log, anchor) = thousand();
    let found = check(&log, &[anchor]);
    assert!(found.is_whole(), "{found:?}");
    assert_eq!((found.lines, found.first, found.last), (1000, 1, 1000));
    assert_eq!((found.certain_to, found.sealed_to, found.loose), (1000, 1000, 0));
    log.get_without_key();
    let found = check(&log, &[anchor]);
    assert!(found.is_whole(), "{found:?}");
    assert_eq!((found.sealed_to, found.loose), (1000, 1));
    log.get();
    assert_eq!(check(&log, &[anchor]).loose, 0);
    assert_eq!(check(&log, &[anchor]).certain_to, 1000);
}

#[test]
fn every_bit_of_a_thousand_lines_counts() {
    let (log, _) = thousand();
    let lines = lines_of(&log);
    let keys = std::slice::from_ref(&log.key);
    let mut walk = Walk::new(keys, &[], None);
    let mut flips = 0;
    for (number, line) in lines.iter().enumerate() {
        let next = lines.get(number + 1).cloned().unwrap_or_default();
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.clone();
                changed[at] ^= 1 << bit;
                changed.extend_from_slice(&next);
                let mut walk = walk.clone();
                for piece in changed.split_inclusive(|byte| *byte == b'\n') {
                    match piece.strip_suffix(b"\n") {
                        _ if !walk.found.is_whole() => break,
                        Some(whole) => walk.line(whole, None),
                        // The last line of all has lost its newline, and the head knows of it.
                        None => walk.flaw(Fault::Changed, 1000, None),
                    }
                }
                assert!(!walk.found.is_whole(), "line {}, byte {at}, bit {bit}", number + 1);
                flips += 1;
            }
        }
        walk.line(line.strip_suffix(b"\n").unwrap(), None);
        assert!(walk.found.is_whole());
    }
    assert!(flips > 1_000_000, "{flips}");
}

#[test]
fn a_newline_that_is_missing_at_the_end_shows() {
    let (log, anchor) = thousand();
    let mut lines = lines_of(&log);
    lines[999].pop();
    put(&log, &lines);
    assert_eq!(fault(&log, &[anchor]), Some((Fault::Changed, 1000)));
}

#[test]
fn every_line_that_is_dropped_doubled_or_swapped_shows() {
    let (log, _) = thousand();
    let lines = lines_of(&log);
    let mut walk = Walk::new(std::slice::from_ref(&log.key), &[], None);
    let whole = |at: usize| lines[at].strip_suffix(b"\n").unwrap();
    for at in 0..1000 {
        if at < 999 {
            // Dropped, or swapped with the next: either way the next one comes where it does not belong.
            let mut walk = walk.clone();
            walk.line(whole(at + 1), None);
            walk.line(whole(if at < 998 { at + 2 } else { at }), None);
            assert!(!walk.found.is_whole() || at == 0, "{at}");
        }
        walk.line(whole(at), None);
        let mut doubled = walk.clone();
        doubled.line(whole(at), None);
        assert_eq!(doubled.found.first_flaw.map(|flaw| flaw.fault), Some(Fault::Repeated), "{at}");
    }
    assert!(walk.found.is_whole());
}

#[test]
fn what_was_done_to_a_line_is_called_by_its_name() {
    let (log, anchor) = thousand();
    let lines = lines_of(&log);
    for number in [1, 2, 500, 999, 1000_u64] {
        let at = usize::try_from(number).unwrap() - 1;
        let mut dropped = lines.clone();
        dropped.remove(at);
        put(&log, &dropped);
        let expected = match number {
            1 => (Fault::Dropped, 1),
            1000 => (Fault::Truncated, 1000),
            _ => (Fault::Dropped, number + 1),
        };
        assert!(!check(&log, &[anchor]).is_whole());
        let found = fault(&log, &[anchor]);
        assert!(found == Some(expected) || number == 1, "{number}: {found:?}");
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        put(&log, &doubled);
        assert_eq!(fault(&log, &[anchor]), Some((Fault::Repeated, number)), "{number} doubled");
        if number < 1000 {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            put(&log, &swapped);
            let found = fault(&log, &[anchor]);
            assert!(found == Some((Fault::Moved, number + 1)) || number == 1, "{number}: {found:?}");
            assert!(found.is_some());
        }
    }
}

#[test]
fn a_line_of_somebody_without_the_key_shows() {
    let (log, anchor) = thousand();
    let lines = lines_of(&log);
    let other = ChainKey::generate().unwrap();
    for key in [None, Some(&other)] {
        put(&log, &lines);
        let before = fs::read(log.files().head()).unwrap();
        log.append_with(&[Event::new(Action::Get)], key);
        let mut forged = lines_of(&log);
        let last = forged.pop().unwrap();
        // In the place of the last line, under the old head.
        forged[999] = String::from_utf8(last).unwrap().replace("\"n\":1001", "\"n\":1000").into_bytes();
        put(&log, &forged);
        fs::write(log.files().head(), &before).unwrap();
        let found = check(&log, &[anchor]);
        assert!(!found.is_whole(), "{found:?}");
    }
}

#[test]
fn older_copies_are_told_from_a_log_that_was_cut() {
    let (log, _) = thousand();
    let (old_head, old_log) =
        (fs::read(log.files().head()).unwrap(), fs::read(log.files().current()).unwrap());
    let anchor = log.append_with(&[Event::new(Action::Add)], Some(&log.key)).anchor;
    let new_head = fs::read(log.files().head()).unwrap();
    fs::write(log.files().current(), &old_log).unwrap();
    assert_eq!(fault(&log, &[anchor]), Some((Fault::Truncated, 1001)));
    fs::write(log.files().head(), &old_head).unwrap();
    assert_eq!(fault(&log, &[anchor]), Some((Fault::OlderCopy, 1001)));
    assert!(check(&log, &[]).is_whole(), "nobody else could know");
    assert_eq!(check(&log, &[anchor]).sealed_to, 1000);
    // What was written since on top of the older copy hides nothing.
    log.get();
    log.get();
    assert_eq!(fault(&log, &[anchor]), Some((Fault::OlderCopy, 1001)));
    fs::write(log.files().head(), &new_head).unwrap();
    assert!(!check(&log, &[anchor]).is_whole());
    fs::remove_file(log.files().head()).unwrap();
    assert!(!check(&log, &[anchor]).is_whole());
    fs::write(log.files().head(), "nothing of ours").unwrap();
    assert!(!check(&log, &[]).is_whole());
}

#[test]
fn what_was_healed_is_told_and_what_was_lost_is_wrong() {
    let log = Log::new();
    log.get();
    let mut content = fs::read(log.files().current()).unwrap();
    content.extend_from_slice(b"{\"n\":2,\"ti");
    fs::write(log.files().current(), &content).unwrap();
    assert!(check(&log, &[]).is_whole());
    log.get();
    let found = check(&log, &[]);
    assert!(found.is_whole() && found.healed == 1, "{found:?}");
    fs::remove_file(log.files().head()).unwrap();
    log.get();
    assert_eq!(fault(&log, &[]).map(|it| it.0), Some(Fault::HeadLost));
    let log = Log::new();
    for _ in 0..3 {
        log.get();
    }
    put(&log, &lines_of(&log)[..2]);
    log.get();
    let found = fault(&log, &[]);
    assert_eq!(found.map(|it| it.0), Some(Fault::Dropped), "{found:?}");
}

#[test]
fn files_that_follow_each_other_are_one_log_and_none_may_go() {
    let mut log = Log::new();
    log.limits.bytes = 4096;
    log.limits.files = 4;
    for _ in 0..120 {
        log.get();
    }
    let found = check(&log, &[]);
    assert!(found.is_whole() && found.first > 1 && found.files == 4, "{found:?}");
    let archives = log.files().archives().unwrap();
    let (_, second) = &archives[1];
    let content = fs::read(second).unwrap();
    fs::remove_file(second).unwrap();
    assert_eq!(fault(&log, &[]).map(|it| it.0), Some(Fault::Dropped));
    fs::write(second, content).unwrap();
    fs::remove_file(&archives[0].1).unwrap();
    assert_eq!(fault(&log, &[]), Some((Fault::Dropped, archives[0].0)));
}

#[test]
fn a_clock_that_was_set_back_is_told_and_the_chain_holds() {
    let log = Log::new();
    log.get_at(1_800_000_000);
    log.get_at(1_700_000_000);
    log.get_at(1_800_000_001);
    let found = check(&log, &[]);
    assert!(found.is_whole());
    assert_eq!((found.clock_set_back, found.set_back_at), (1, Some(2)));
}

#[test]
fn without_the_key_nothing_is_called_whole() {
    let (log, _) = thousand();
    let found = verify(&log.files(), &[], &[]).unwrap();
    assert!(!found.is_whole() && found.unchecked == 1000 && found.first_flaw.is_none(), "{found:?}");
}
