//! Values of another sort than a client expects: a number where a text belongs, a `type` that it does not know.

use crate::catalog::acceptance::{Otherwise, Typed};
use crate::catalog::client::{Client, Layout};
use crate::configuration::read::builder::Builder;
use crate::document::{Shape, Text, Value};

/// How many values of one mapping or list are looked at.
const MOST_VALUES: usize = 4096;

/// Notes the first value for which the client does not start the server; only for clients that are known to mind.
pub(super) fn look<'d>(builder: &mut Builder<'d>, entry: &Value<'d>, layout: Layout, client: &Client) {
    let Some(typed) = &client.typed else { return };
    let is_array = layout == Layout::CommandArray;
    let Some(odd) = of_type(entry, typed).or_else(|| of_command(entry, typed, is_array)).or_else(|| {
        let keys = ["env", "environment", "headers", "http_headers"];
        keys.into_iter().find_map(|key| of_texts(key, &entry.get(key)?, typed))
    }) else {
        return;
    };
    let name = &client.name;
    let what = match typed.otherwise {
        Otherwise::SkipsEntry => format!("{}, for which {name} passes over the entry", odd.what),
        Otherwise::FailsToStart => format!("{}, for which {name} does not start the server", odd.what),
        Otherwise::RefusesFile => format!("{}, for which {name} refuses the whole file", odd.what),
    };
    builder.fault(&odd.value, what, odd.mend);
}

/// A value that is not what it should be.
struct Odd<'d> {
    value: Value<'d>,
    what: String,
    mend: String,
}

fn of_type<'d>(entry: &Value<'d>, typed: &Typed) -> Option<Odd<'d>> {
    if typed.types.is_empty() {
        return None;
    }
    let one_of = || {
        let words: Vec<_> = typed.types.iter().map(|word| format!("`{word}`")).collect();
        format!("write one of {}", words.join(", "))
    };
    let Some(value) = entry.get("type") else {
        // What turns an entry of a weaker file on or off needs none.
        let what = "the entry has neither a `type` nor `enabled`".to_owned();
        let is_missing = typed.wants_type && entry.get("enabled").is_none();
        return is_missing.then(|| Odd { value: entry.clone(), what, mend: one_of() });
    };
    let is_known = value.text().is_some_and(|text| typed.types.iter().any(|word| text.is(word)));
    let what = "the `type` is none that it knows".to_owned();
    (!is_known).then(|| Odd { value, what, mend: one_of() })
}

fn of_command<'d>(entry: &Value<'d>, typed: &Typed, is_array: bool) -> Option<Odd<'d>> {
    let odd = |value: Value<'d>, what: &str, mend: &str| {
        Some(Odd { value, what: what.to_owned(), mend: mend.to_owned() })
    };
    let list = |key: &str, value: &Value<'d>| {
        let fits = |item: &Value<'d>| {
            item.shape() == Shape::String || (typed.lenient && item.shape() == Shape::Number)
        };
        let other = value.items().take(MOST_VALUES).find(|item| !fits(item));
        other.map(|value| Odd {
            value,
            what: format!("something in `{key}` is no text"),
            mend: "put it in quotes".to_owned(),
        })
    };
    let command = entry.get("command");
    match &command {
        Some(value) if is_array && value.shape() != Shape::Sequence => {
            return odd(
                value.clone(),
                "the `command` is no list",
                "write the program and its arguments as a list",
            );
        }
        Some(value) if is_array => return list("command", value),
        Some(value) if value.shape() != Shape::String => {
            let mend = "write the program as a text, and its arguments under `args`";
            return odd(value.clone(), "the `command` is no text", mend);
        }
        Some(value) if value.text().is_some_and(|text: Text<'_>| text.is("")) => {
            return odd(value.clone(), "the `command` is empty", "name the program that is to be started");
        }
        _ => {}
    }
    let has_address = ["url", "httpUrl", "tcp"].iter().any(|key| entry.get(key).is_some());
    if command.is_none() && !has_address && typed.otherwise != Otherwise::RefusesFile {
        let mend = "name the program that is to be started, or the address";
        return odd(entry.clone(), "there is neither a `command` nor an address", mend);
    }
    let arguments = entry.get("args")?;
    if arguments.shape() != Shape::Sequence {
        return odd(
            arguments,
            "the `args` are no list",
            "write each argument as a text of its own, within `[` and `]`",
        );
    }
    list("args", &arguments)
}

/// Variables or headers: each a text.
fn of_texts<'d>(key: &str, texts: &Value<'d>, typed: &Typed) -> Option<Odd<'d>> {
    if texts.shape() != Shape::Mapping {
        let (value, what) = (texts.clone(), format!("`{key}` is no mapping"));
        let is_fine = typed.lenient && texts.shape() == Shape::Null;
        return (!is_fine).then(|| Odd {
            value,
            what,
            mend: "write it as names with their values".to_owned(),
        });
    }
    let fits =
        |value: &Value<'d>| value.shape() == Shape::String || (typed.lenient && value.shape() == Shape::Null);
    let (name, value) = texts.members().take(MOST_VALUES).find(|(_, value)| !fits(value))?;
    let what = format!("the value of `{}` is no text", name.expose());
    Some(Odd { value, what, mend: "put it in quotes".to_owned() })
}
