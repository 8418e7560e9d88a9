//! Questions to the person (`inputs`), which entries refer to as `${input:id}`.

use std::collections::{HashMap, HashSet};

use crate::catalog::client::{FieldKind, Layout, ReferenceSyntax};
use crate::configuration::entry::{Fault, Field, ServerEntry};
use crate::document::{Text, Value};
use crate::reference;

/// Gives the default of every question to the first entry that asks it (or to the first one), and tells of questions
/// that are asked and not there.
pub(super) fn attach<'d>(parent: &Value<'d>, entries: &mut [ServerEntry<'d>]) {
    if entries.first().is_none_or(|entry| entry.layout != Layout::Inputs) {
        return;
    }
    let inputs: Vec<Value<'d>> = parent.get("inputs").into_iter().flat_map(|inputs| inputs.items()).collect();
    let id = |input: &Value<'d>| input.get("id").and_then(|id| id.text()).map(Text::expose);
    let declared: HashSet<&str> = inputs.iter().filter_map(id).collect();
    let mut asked: HashMap<String, usize> = HashMap::new();
    for (number, entry) in entries.iter_mut().enumerate() {
        let mut faults = Vec::new();
        for field in &entry.fields {
            let text = field.value.text().map_or("", Text::expose);
            for found in reference::find(text, &[ReferenceSyntax::Input]) {
                if !declared.contains(found.name.as_str()) {
                    faults.push(Fault {
                        what: format!(
                            "`${{input:{}}}` is asked for, and `inputs` has no such question",
                            found.name
                        ),
                        mend: "add it to `inputs`, with `\"password\": true` for a secret".to_owned(),
                        is_grave: true,
                        value: field.value.clone(),
                    });
                }
                asked.entry(found.name).or_insert(number);
            }
        }
        entry.faults.append(&mut faults);
    }
    for input in &inputs {
        let (Some(id), Some(value)) = (id(input), input.get("default")) else { continue };
        let entry = &mut entries[asked.get(id).copied().unwrap_or(0)];
        if value.text().is_some() {
            let (kind, name) = (FieldKind::InputDefault, id.to_owned());
            entry.fields.push(Field { kind, name, value, part: None });
        }
    }
}
