//! Precedence: which entry counts, where several files of a client have one of that name.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::client::FieldKind;
use crate::configuration::discover::is_of_one_folder;
use crate::configuration::entry::{ServerEntry, Standing};

/// Where an entry is: the number of the reading, and its number there.
type At = (usize, usize);

/// Marks every entry that a stronger one takes the place of. Where the client merges, the strongest takes the others
/// in. In time proportional to the entries, but for sorting those of one name.
pub(crate) fn settle(all: &mut [Vec<ServerEntry<'_>>]) {
    let mut groups: BTreeMap<(String, String), Vec<At>> = BTreeMap::new();
    let mut exclusive: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for (number, entries) in all.iter().enumerate() {
        for (at, entry) in
            entries.iter().enumerate().filter(|(_, entry)| entry.here && !entry.configuration.apart)
        {
            let client = entry.client.id.clone();
            if entry.configuration.exclusive {
                let strongest = exclusive.entry(client.clone()).or_insert(entry.strength);
                *strongest = entry.strength.max(*strongest);
            }
            groups.entry((client, entry.name.clone())).or_default().push((number, at));
        }
    }
    for ((client, _), mut group) in groups {
        group.sort_by_key(|(number, at)| std::cmp::Reverse((all[*number][*at].strength, *number, *at)));
        if let Some(strongest) = exclusive.get(&client) {
            for (number, at) in &group {
                all[*number][*at].shadowed = all[*number][*at].strength.0 != strongest.0;
            }
        }
        group.retain(|(number, at)| !all[*number][*at].shadowed);
        // What is not approved takes no other's place, and a stronger one takes its own.
        let counts = |(number, at): &At| all[*number][*at].standing == Standing::Counts;
        let Some(strongest) = group.iter().position(counts) else { continue };
        let winner = group[strongest];
        let others: Vec<At> = group.split_off(strongest + 1);
        let others: Vec<At> = others.into_iter().filter(|other| is_weaker(all, winner, *other)).collect();
        if all[winner.0][winner.1].client.merges {
            let approved: Vec<At> = others.iter().copied().filter(counts).collect();
            merge(all, winner, &approved);
            // As it will be once somebody approves it.
            let weaker: Vec<At> = std::iter::once(winner).chain(approved).collect();
            for waiting in &group[..strongest] {
                merge(all, *waiting, &weaker);
            }
        }
        for (number, at) in others {
            all[number][at].shadowed = true;
        }
    }
}

/// Whether the one takes the place of the other: not, where both are of projects of their own.
fn is_weaker(all: &[Vec<ServerEntry<'_>>], winner: At, other: At) -> bool {
    let (winner, other) = (&all[winner.0][winner.1], &all[other.0][other.1]);
    let is_apart = is_of_one_folder(winner.configuration)
        && is_of_one_folder(other.configuration)
        && winner.folder != other.folder;
    !is_apart
}

/// Gives the winner what only the others say, the strongest of them first.
fn merge(all: &mut [Vec<ServerEntry<'_>>], winner: At, others: &[At]) {
    let own = &all[winner.0][winner.1];
    let key = |kind: FieldKind, name: &str| match kind {
        // An array or a text as a whole.
        FieldKind::Command | FieldKind::Args => (FieldKind::Command, String::new()),
        FieldKind::Url => (FieldKind::Url, String::new()),
        _ => (kind, name.to_owned()),
    };
    let mut said: BTreeSet<_> = own.fields.iter().map(|field| key(field.kind, &field.name)).collect();
    let mut taken: BTreeSet<_> = own.named.iter().map(|it| (it.kind, it.target.clone())).collect();
    let mut strengths = vec![own.strength];
    let (mut fields, mut names) = (Vec::new(), Vec::new());
    let mut enabled = own.says_enabled.then_some(own.enabled);
    for (number, at) in others {
        let other = &all[*number][*at];
        // Of two that are written into one file the later counts alone.
        if strengths.iter().any(|it| (it.0, it.1) == (other.strength.0, other.strength.1)) {
            continue;
        }
        strengths.push(other.strength);
        let new: Vec<_> = other
            .fields
            .iter()
            .filter(|field| !said.contains(&key(field.kind, &field.name)))
            .cloned()
            .collect();
        said.extend(new.iter().map(|field| key(field.kind, &field.name)));
        fields.extend(new);
        let new: Vec<_> =
            other.named.iter().filter(|it| !taken.contains(&(it.kind, it.target.clone()))).cloned().collect();
        taken.extend(new.iter().map(|it| (it.kind, it.target.clone())));
        names.extend(new);
        enabled = enabled.or_else(|| other.says_enabled.then_some(other.enabled));
    }
    let own = &mut all[winner.0][winner.1];
    own.merged = fields;
    own.merged_named = names;
    own.enabled = enabled.unwrap_or(own.enabled);
}
