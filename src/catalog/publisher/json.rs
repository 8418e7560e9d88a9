//! JSON of other people: what has another shape than it should is passed over.

use serde_json::Value;

/// The longest word of a publisher that is kept, in characters.
const MAX_WORDS: usize = 200;

/// The member of that name, which older schemas write with underscores.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.get(name).or_else(|| {
        let mut older = String::with_capacity(name.len() + 4);
        for character in name.chars() {
            if character.is_ascii_uppercase() {
                older.push('_');
            }
            older.push(character.to_ascii_lowercase());
        }
        value.get(&older)
    })
}

/// The text of that name.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name)?.as_str().filter(|text| !text.is_empty())
}

/// The truth of that name; what is not said is `None`.
pub(super) fn truth(value: &Value, name: &str) -> Option<bool> {
    member(value, name)?.as_bool()
}

/// The items of the list of that name.
pub(super) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    member(value, name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Every text in the list of that name.
pub(super) fn texts<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v str> {
    items(value, name).iter().filter_map(Value::as_str)
}

/// The members of the object of that name.
pub(super) fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    member(value, name).and_then(Value::as_object).into_iter().flatten()
}

/// A publisher's words on one line, no longer than a person reads.
pub(super) fn words(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|character| !character.is_control()).collect();
    let cut = match line.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    };
    Some(cut).filter(|text| !text.is_empty())
}

/// An address that a person may be sent to.
pub(super) fn page(text: &str) -> Option<String> {
    let fits = text.starts_with("https://")
        && text.len() <= 2000
        && !text.contains(|it: char| it.is_control() || it == ' ');
    fits.then(|| text.to_owned())
}

/// An `id` out of a name: `io.github.acme/Tickets MCP` is `tickets-mcp`.
pub(super) fn id(name: &str) -> String {
    let last = name.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name);
    let mut id = String::new();
    for character in last.chars().take(200) {
        if character.is_ascii_alphanumeric() {
            id.push(character.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(63);
    let id = id.trim_matches('-');
    if id.is_empty() { "server".to_owned() } else { id.to_owned() }
}

/// A name of a variable out of any words: `tickets` and `--api-key` are `TICKETS_API_KEY`.
pub(super) fn variable(id: &str, words: &str) -> String {
    let mut name = String::new();
    for character in id.chars().chain(['-']).chain(words.chars()).take(120) {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_uppercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name.to_owned() }
}
