//! `Pen`: writes the same three entries in any of the ways in which people write YAML and TOML.

use super::samples::TOKENS;

/// Writes entries in ways that follow from `choices`.
pub(super) struct Pen<'c> {
    pub(super) out: String,
    choices: &'c [u8],
    taken: usize,
    /// What a level is indented by.
    unit: usize,
    /// Whether what was written last takes blanks and comments for its own.
    is_in_block: bool,
}

/// The members of an entry that starts a program: its variables and its arguments.
struct Entry {
    name: &'static str,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

/// A token in a variable, one in an argument, and one that stands alone.
fn entries() -> Vec<Entry> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let token = |number: usize| TOKENS[number].to_owned();
    vec![
        Entry {
            name: "one",
            arguments: words(&["-y", "@scope/one", "--token", TOKENS[1]]),
            variables: vec![
                ("LOG", "a: b # c".to_owned()),
                ("GITHUB_TOKEN", token(0)),
                ("LEVEL", "1".to_owned()),
            ],
        },
        Entry { name: "two", arguments: Vec::new(), variables: vec![("GITHUB_TOKEN", token(2))] },
        Entry { name: "three x", arguments: words(&["-x", TOKENS[3]]), variables: Vec::new() },
    ]
}

impl<'c> Pen<'c> {
    pub(super) fn new(choices: &'c [u8]) -> Self {
        let mut pen = Self { out: String::new(), choices, taken: 0, unit: 2, is_in_block: false };
        pen.unit = 1 + pen.roll(4);
        pen
    }

    fn roll(&mut self, sides: usize) -> usize {
        let choice = self.choices[self.taken % self.choices.len()] as usize + self.taken / self.choices.len();
        self.taken += 1;
        choice % sides
    }

    fn one_of(&mut self, ways: &[&'static str]) -> &'static str {
        ways[self.roll(ways.len())]
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// The end of a line.
    fn end(&mut self) {
        let ways: &[&'static str] = if std::mem::take(&mut self.is_in_block) {
            &["\n", "\n\n", "\n# é: [\n"]
        } else {
            &["\n", "\n", " # é \"x\n", "\n\n", "\n# é: [\n", "  \n"]
        };
        let end = self.one_of(ways);
        self.put(end);
    }

    fn blank(&mut self) -> &'static str {
        self.one_of(&["", " ", "  "])
    }

    /// In the order in which somebody wrote them.
    fn shuffled<T>(&mut self, mut all: Vec<T>) -> Vec<T> {
        for number in (1..all.len()).rev() {
            let other = self.roll(number + 1);
            all.swap(number, other);
        }
        all
    }

    // YAML

    /// A text of YAML; `below` is how far a line that belongs to it is indented, where it may have one.
    fn yaml_text(&mut self, text: &str, below: Option<usize>) {
        let is_plain = text.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
            && text.bytes().any(|it| it.is_ascii_alphabetic());
        let decoration = if self.roll(4) == 0 {
            let anchor = format!("&a{} ", self.taken);
            if self.roll(2) == 0 { "!!str ".to_owned() } else { anchor }
        } else {
            String::new()
        };
        self.put(&decoration);
        match (self.roll(6), below) {
            (0 | 1, _) if is_plain => self.put(text),
            (2, _) => self.put(&format!("'{text}'")),
            (3, Some(column)) => {
                let header = self.one_of(&[">-", "|-", ">-  # c", "|-"]);
                self.put(&format!("{header}\n{:column$}{text}", ""));
                self.is_in_block = true;
            }
            _ => self.put(&format!("\"{text}\"")),
        }
    }

    fn yaml_flow_gap(&mut self, column: usize) {
        if self.roll(5) == 0 {
            let comment = self.one_of(&["", " # c"]);
            self.put(&format!("{comment}\n{:column$}", ""));
        } else {
            self.put(" ");
        }
    }

    /// All between brackets; `write` puts one of them there.
    fn yaml_flow<T>(
        &mut self,
        [open, close]: [&str; 2],
        items: &[T],
        column: usize,
        write: impl Fn(&mut Self, &T),
    ) {
        self.put(open);
        for (number, item) in items.iter().enumerate() {
            self.yaml_flow_gap(column + 3);
            write(self, item);
            let is_last = number + 1 == items.len();
            if !is_last || self.roll(3) == 0 {
                self.put(",");
            }
        }
        self.yaml_flow_gap(column + 3);
        self.put(close);
        self.end();
    }

    fn yaml_sequence(&mut self, items: &[String], column: usize) {
        if items.is_empty() || self.roll(2) == 0 {
            self.put(" ");
            let anchor = if self.roll(5) == 0 { format!("&s{} ", self.taken) } else { String::new() };
            self.put(&anchor);
            self.yaml_flow(["[", "]"], items, column, |pen, item| pen.yaml_text(item, None));
            return;
        }
        self.end();
        // Dashes may stand right below the key.
        let own = column + self.roll(3);
        for item in items {
            let gap = self.one_of(&[" ", "  "]);
            self.put(&format!("{:own$}-{gap}", ""));
            self.yaml_text(item, Some(own + 3));
            self.end();
        }
    }

    fn yaml_mapping(&mut self, members: &[(&'static str, String)], column: usize) {
        if members.is_empty() || self.roll(2) == 0 {
            self.yaml_flow([" {", "}"], members, column, |pen, (key, value)| {
                pen.put(&format!("{key}: "));
                pen.yaml_text(value, None);
            });
            return;
        }
        let anchor = if self.roll(5) == 0 { format!(" &m{}", self.taken) } else { String::new() };
        self.put(&anchor);
        self.end();
        let own = column + self.unit;
        for (key, value) in members {
            let quote = self.one_of(&["", "", "'", "\""]);
            let gap = self.one_of(&[" ", "   "]);
            self.put(&format!("{:own$}{quote}{key}{quote}:{gap}", ""));
            self.yaml_text(value, Some(own + self.unit));
            self.end();
        }
    }

    /// An entry in lines; the first one may stand behind a dash.
    fn yaml_entry(&mut self, entry: &Entry, column: usize, is_behind_dash: bool, names: [&str; 3]) {
        let mut is_first = is_behind_dash;
        let mut members = vec![0, 2];
        if !entry.arguments.is_empty() || self.roll(2) == 0 {
            members.push(1);
        }
        if is_behind_dash {
            members.push(3);
        }
        for member in self.shuffled(members) {
            if !std::mem::take(&mut is_first) {
                self.put(&format!("{:column$}", ""));
            }
            match member {
                0 => {
                    self.put(&format!("{}: ", names[0]));
                    self.yaml_text("npx", Some(column + self.unit));
                    self.end();
                }
                1 => {
                    self.put(&format!("{}:", names[1]));
                    self.yaml_sequence(&entry.arguments, column);
                }
                2 => {
                    self.put(&format!("{}:", names[2]));
                    self.yaml_mapping(&entry.variables, column);
                }
                _ => {
                    self.put("name: ");
                    self.yaml_text(entry.name, None);
                    self.end();
                }
            }
        }
    }

    pub(super) fn yaml(&mut self, key: &str, names: [&str; 3]) {
        self.put("model: x");
        self.end();
        self.put(&format!("{key}:"));
        self.end();
        let column = self.unit;
        for entry in shuffled_entries(self) {
            self.put(&format!("{:column$}\"{}\":", "", entry.name));
            self.end();
            self.yaml_entry(&entry, 2 * column, false, names);
        }
        self.put("last: 1\n");
    }

    pub(super) fn yaml_list(&mut self, key: &str) {
        self.put(&format!("{key}:\n"));
        let own = self.roll(3);
        for entry in shuffled_entries(self) {
            self.put(&format!("{:own$}- ", ""));
            self.yaml_entry(&entry, own + 2, true, ["command", "args", "env"]);
        }
        self.put("last: 1\n");
    }

    // TOML

    fn toml_text(&mut self, text: &str) {
        match self.roll(5) {
            0 | 1 => self.put(&format!("'{text}'")),
            2 => self.put(&format!("'''{text}'''")),
            3 => self.put(&format!("\"\"\"\\\n   {text}\"\"\"")),
            _ => self.put(&format!("\"{text}\"")),
        }
    }

    fn toml_equals(&mut self) {
        let sign = self.one_of(&[" = ", "=", "  =   ", "\t= "]);
        self.put(sign);
    }

    fn toml_array(&mut self, items: &[String]) {
        self.put("[");
        for (number, item) in items.iter().enumerate() {
            let gap = self.one_of(&["", " ", "\n    ", " # c, ]\n  "]);
            self.put(gap);
            self.toml_text(item);
            let is_last = number + 1 == items.len();
            if !is_last || self.roll(3) == 0 {
                let gap = self.blank();
                self.put(gap);
                self.put(",");
            }
        }
        let gap = self.one_of(&["", " ", "\n", " # c\n"]);
        self.put(gap);
        self.put("]");
    }

    fn toml_inline(&mut self, members: &[(&'static str, String)]) {
        self.put("{");
        for (number, (key, value)) in members.iter().enumerate() {
            self.put(if number > 0 { ", " } else { " " });
            self.put(key);
            self.toml_equals();
            self.toml_text(value);
        }
        let gap = self.blank();
        self.put(gap);
        self.put("}");
    }

    fn toml_entry_in_a_line(&mut self, entry: &Entry) {
        self.put("{ command = ");
        self.toml_text("npx");
        if !entry.arguments.is_empty() {
            self.put(", args = ");
            self.toml_array(&entry.arguments);
        }
        self.put(", env = ");
        self.toml_inline(&entry.variables);
        self.put(" }");
    }

    /// Members of an entry as statements, with this before every key; answers whether its variables are to follow.
    fn toml_statements(&mut self, entry: &Entry, prefix: &str, may_follow: bool) -> bool {
        let mut follows = false;
        let mut members = vec![0, 2];
        if !entry.arguments.is_empty() || self.roll(2) == 0 {
            members.push(1);
        }
        for member in self.shuffled(members) {
            match member {
                0 => {
                    self.put(&format!("{prefix}command"));
                    self.toml_equals();
                    self.toml_text("npx");
                    self.end();
                }
                1 => {
                    self.put(&format!("{prefix}args"));
                    self.toml_equals();
                    self.toml_array(&entry.arguments);
                    self.end();
                }
                _ => match self.roll(3) {
                    0 if may_follow => follows = true,
                    1 => {
                        self.put(&format!("{prefix}env"));
                        self.toml_equals();
                        self.toml_inline(&entry.variables);
                        self.end();
                    }
                    _ => {
                        for (key, value) in &entry.variables {
                            let dot = self.one_of(&[".", " . "]);
                            self.put(&format!("{prefix}env{dot}{key}"));
                            self.toml_equals();
                            self.toml_text(value);
                            self.end();
                        }
                    }
                },
            }
        }
        follows
    }

    fn toml_variables(&mut self, entry: &Entry, header: &str) {
        self.put(&format!("[{header}]"));
        self.end();
        for (key, value) in &entry.variables {
            let indentation = self.blank();
            self.put(&format!("{indentation}{key}"));
            self.toml_equals();
            self.toml_text(value);
            self.end();
        }
    }

    pub(super) fn toml(&mut self, key: &str) {
        self.put("model = 1");
        self.end();
        if self.roll(4) == 0 {
            self.put(&format!("[{key}]"));
            self.end();
            for entry in shuffled_entries(self) {
                if self.roll(2) == 0 {
                    self.put(&format!("\"{}\" = ", entry.name));
                    self.toml_entry_in_a_line(&entry);
                    self.end();
                } else {
                    self.toml_statements(&entry, &format!("\"{}\".", entry.name), false);
                }
            }
            self.put("[last]\nx = 1\n");
            return;
        }
        let mut later: Vec<(Entry, String)> = Vec::new();
        for entry in shuffled_entries(self) {
            let name =
                if entry.name.contains(' ') { format!("'{}'", entry.name) } else { entry.name.to_owned() };
            let header = format!("{key}.{name}");
            if self.roll(4) == 0 {
                // The variables first, of a table that comes later.
                self.toml_variables(&entry, &format!("{header}.env"));
                self.put(&format!("[ {key} . {name} ]"));
                self.end();
                self.put("command = 'npx'\n");
                if !entry.arguments.is_empty() {
                    self.put("args = ");
                    self.toml_array(&entry.arguments);
                    self.end();
                }
                continue;
            }
            self.put(&format!("[{header}]"));
            self.end();
            if self.toml_statements(&entry, "", true) {
                if self.roll(2) == 0 {
                    self.toml_variables(&entry, &format!("{header}.env"));
                } else {
                    later.push((entry, header));
                }
            }
        }
        self.put("[other]\nx = 1\n");
        for (entry, header) in later {
            self.toml_variables(&entry, &format!("{header} . env"));
            self.put("[[others]]\nx = 1\n");
        }
    }

    pub(super) fn toml_list(&mut self, key: &str) {
        for entry in shuffled_entries(self) {
            self.put(&format!("[[{key}]]"));
            self.end();
            self.put("name = ");
            self.toml_text(entry.name);
            self.end();
            if self.toml_statements(&entry, "", true) {
                self.toml_variables(&entry, &format!("{key}.env"));
            }
        }
        self.put("[last]\nx = 1\n");
    }
}

fn shuffled_entries(pen: &mut Pen<'_>) -> Vec<Entry> {
    pen.shuffled(entries())
}
