//! `text`: a line a finding, aligned; below it what is the case and what mends it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::reason::about;
use crate::check::report::{Look, beginning, shown, summary};
use crate::ui::sanitize;
use crate::ui::table::Table;

const HEADINGS: [&str; 6] = ["STATUS", "SERVER", "CREDENTIAL", "REASON", "CLIENT", "PLACE"];

/// Where the last columns begin that move below the finding where the table has no room for them.
const CLIENT: usize = 4;
const PLACE: usize = 5;

/// Blanks between two columns.
const GAP: usize = 2;

/// No cell has more characters of its text than this, so that a name of a megabyte does not widen every line.
const LONGEST: usize = 120;

/// Details stand behind a label of this width.
const LABEL: usize = 9;

/// Text is not wrapped into less than this.
const NARROWEST: usize = 20;

/// The findings, the gravest last, where a terminal shows them, else in their order; then a line with the counts. With a width every line fits it, except for a place, a
/// command or an address, which stay in one piece to be copied.
pub(super) fn render(report: &Report, look: Look) -> String {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| finding.status);
    let rows: Vec<[String; 6]> = findings.iter().map(|finding| cells(finding, report)).collect();
    let mut text = String::new();
    if !rows.is_empty() {
        let columns = columns(&rows, look.width);
        let mut table = Table::new(&HEADINGS[..columns]);
        for row in &rows {
            table.row(&row[..columns]);
        }
        let table = table.render(look.width);
        // A cell has no line break, so that a row is a line.
        let mut lines = table.lines();
        paint(&mut text, Style::new().bold(), lines.next().unwrap_or_default(), look);
        text.push('\n');
        for (line, finding) in lines.zip(findings) {
            let status = status(finding.status);
            paint(&mut text, style(finding.status), status, look);
            text.push_str(line.strip_prefix(status).unwrap_or(line));
            text.push('\n');
            if finding.status != Status::Ready {
                details(&mut text, finding, report, columns, look);
            }
        }
        text.push('\n');
    }
    wrapped(&mut text, &summary(report), 0, look.width);
    text
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Ready => "ready",
        Status::Unknown => "unknown",
        Status::Warning => "warning",
        Status::Problem => "problem",
    }
}

fn style(status: Status) -> Style {
    match status {
        Status::Ready => AnsiColor::Green.on_default(),
        Status::Unknown => AnsiColor::Cyan.on_default(),
        Status::Warning => AnsiColor::Yellow.on_default().bold(),
        Status::Problem => AnsiColor::Red.on_default().bold(),
    }
}

fn cells(finding: &Finding, report: &Report) -> [String; 6] {
    let name = |name: &Option<String>| beginning(name.as_deref().unwrap_or("-"), LONGEST);
    // What is ready is short: nobody has to go there.
    let (reason, place) = match finding.status {
        Status::Ready => ("", String::new()),
        _ => (about(finding.reason).words, place(finding, report, LONGEST)),
    };
    [
        status(finding.status).to_owned(),
        name(&finding.server),
        name(&finding.credential),
        reason.to_owned(),
        beginning(&clients(finding), LONGEST),
        place,
    ]
}

/// `claude-code, cursor (project)`
fn clients(finding: &Finding) -> String {
    let clients = finding.clients.join(", ");
    match finding.scope.and_then(|scope| serde_json::to_value(scope).ok()) {
        Some(serde_json::Value::String(scope)) if clients.is_empty() => scope,
        Some(serde_json::Value::String(scope)) => format!("{clients} ({scope})"),
        _ => clients,
    }
}

/// `.mcp.json:4:12`, as editors and terminals open it, sanitized.
fn place(finding: &Finding, report: &Report, longest: usize) -> String {
    let Some(location) = &finding.location else { return String::new() };
    let file = beginning(&shown(&location.file, &report.root), longest);
    match location.place {
        Some(place) => format!("{file}:{}:{}", place.line, place.column),
        None => file,
    }
}

/// How many columns there is room for without cutting one.
fn columns(rows: &[[String; 6]], width: Option<usize>) -> usize {
    let Some(width) = width else { return HEADINGS.len() };
    let mut widths = HEADINGS.map(UnicodeWidthStr::width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = cell.width().max(*widest);
        }
    }
    let fits =
        |columns: &usize| widths[..*columns].iter().map(|width| width + GAP).sum::<usize>() <= width + GAP;
    [HEADINGS.len(), PLACE].into_iter().find(fits).unwrap_or(CLIENT)
}

/// What stands below a finding: the columns that had no room, what is the case, and what mends it.
fn details(text: &mut String, finding: &Finding, report: &Report, columns: usize, look: Look) {
    let mut detail = |label: &str, content: &str, look: Look| {
        if !content.is_empty() {
            paint(text, Style::new().dimmed(), &format!("{label:>LABEL$}"), look);
            text.push(' ');
            wrapped(text, &sanitize(content), LABEL + 1, look.width);
        }
    };
    let whole = Look { width: None, ..look };
    if columns <= CLIENT {
        detail("client:", &clients(finding), look);
    }
    if columns <= PLACE {
        detail("where:", &place(finding, report, usize::MAX), whole);
    }
    detail("why:", &finding.message, look);
    if let Some(action) = &finding.action {
        detail("mend:", &action.sentence, look);
        detail("run:", action.command.as_deref().unwrap_or_default(), whole);
        detail("page:", action.page.as_deref().unwrap_or_default(), whole);
    }
}

fn paint(text: &mut String, style: Style, words: &str, look: Look) {
    if look.colour {
        _ = write!(text, "{style}{words}{style:#}");
    } else {
        text.push_str(words);
    }
}

/// Appends the words, broken between words, or within one that has no room on a line, and a line break. `used` columns
/// of the first line are taken, and as many are left free on the others.
fn wrapped(text: &mut String, words: &str, used: usize, width: Option<usize>) {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(used).max(NARROWEST));
    let mut column = 0;
    for (index, word) in words.split(' ').enumerate() {
        if index > 0 && column + 1 + word.width() <= room {
            text.push(' ');
            column += 1;
        } else if index > 0 {
            break_line(text, used);
            column = 0;
        }
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            if column + wide > room {
                break_line(text, used);
                column = 0;
            }
            text.push(character);
            column += wide;
        }
    }
    text.push('\n');
}

fn break_line(text: &mut String, indent: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
}
