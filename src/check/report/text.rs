//! `text`: one line a finding, what is the case and what mends it below.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::check::finding::{Finding, Report, Status};
use crate::check::report::{Look, place, rule, summary, whose};
use crate::ui::sanitize;
use crate::ui::table::Table;

/// How wide a cell may be where no terminal says how much room there is.
const WIDEST: usize = 80;

/// How much of a place is shown at least, in columns.
const PLACE: usize = 18;

/// Blanks between two columns of a table.
const GAP: usize = 2;

/// How far the lines below are indented: as wide as the widest status and the gap.
const INDENT: &str = "         ";

/// The lines for every finding, and a summary at the end. What is ready has one line.
pub(super) fn render(report: &Report, findings: &[Finding], look: Look) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 4]> = findings.iter().map(cells).collect();
    let room = look.width.map(|width| room_for_place(&rows, width));
    let mut table = Table::new(&["STATUS", "SERVER", "CREDENTIAL", "REASON", "PLACE"]);
    for (finding, [status, server, credential, reason]) in findings.iter().zip(&rows) {
        let place = finding.location.as_ref().map(|location| place::shown(&report.root, location));
        let place = harmless(&place.unwrap_or_default());
        table.row(&[status, server, credential, reason, &tail(&place, room.unwrap_or(usize::MAX))]);
    }
    let lines = table.render(look.width);
    let mut lines = lines.lines();
    let mut text = format!("{}\n", lines.next().unwrap_or_default());
    for (finding, line) in findings.iter().zip(lines) {
        let (status, rest) = line.split_at(status(finding.status).len());
        let style = if look.colour { style(finding.status) } else { Style::new() };
        _ = writeln!(text, "{style}{status}{style:#}{rest}");
        if finding.status != Status::Ready {
            below(&mut text, finding, look);
        }
    }
    _ = writeln!(text, "\n{}", summary(report));
    text
}

fn cells(finding: &Finding) -> [String; 4] {
    [
        status(finding.status).to_owned(),
        cut(finding.server.as_deref().unwrap_or_default()),
        cut(finding.credential.as_deref().unwrap_or_default()),
        rule::of(finding.reason).id.replace('_', " "),
    ]
}

/// What the other columns leave of a line for the place. Of that the end is shown, which has the line; of the others,
/// where even so there is too little room, the beginning.
fn room_for_place(rows: &[[String; 4]], width: usize) -> usize {
    let widest = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let others: usize = (0..4).map(|column| widest(column) + GAP).sum();
    width.saturating_sub(others).max(PLACE)
}

fn below(text: &mut String, finding: &Finding, look: Look) {
    let mut say = |start: &str, words: &str| {
        let room = look.width.map(|width| width.saturating_sub(INDENT.len() + start.len()).max(20));
        for (number, line) in wrapped(&harmless(words), room).iter().enumerate() {
            let start = if number == 0 { start.to_owned() } else { " ".repeat(start.len()) };
            _ = writeln!(text, "{INDENT}{start}{line}");
        }
    };
    match whose(finding) {
        whose if whose.is_empty() => say("", &finding.message),
        whose => say("", &format!("{} ({whose})", finding.message)),
    }
    let Some(action) = &finding.action else { return };
    match &action.page {
        Some(page) if !action.sentence.is_empty() => say("-> ", &format!("{}: {page}", action.sentence)),
        Some(page) => say("-> ", page),
        None if !action.sentence.is_empty() => say("-> ", &action.sentence),
        None => {}
    }
    if let Some(command) = &action.command {
        // In one piece, to be copied.
        let style = if look.colour { AnsiColor::Cyan.on_default() } else { Style::new() };
        _ = writeln!(text, "{INDENT}   {style}{}{style:#}", harmless(command));
    }
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
        Status::Unknown => AnsiColor::Cyan.on_default().bold(),
        Status::Warning => AnsiColor::Yellow.on_default().bold(),
        Status::Problem => AnsiColor::Red.on_default().bold(),
    }
}

/// Text that neither a terminal nor a workflow's runner obeys: the runner looks for `##[` anywhere in a line.
fn harmless(text: &str) -> String {
    sanitize(text).replace("##[", "## [")
}

/// No more than a cell can bear.
fn cut(text: &str) -> String {
    let text = harmless(text);
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The end of a text that is wider than `room`.
fn tail(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let start = text.char_indices().rev().take_while(|(_, character)| {
        used += character.width().unwrap_or(0);
        used <= room
    });
    let start = start.last().map_or(text.len(), |(start, _)| start);
    format!("…{}", &text[start..])
}

/// The text in lines of at most `room` columns, broken at blanks where there are any.
fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![text.to_owned()] };
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let width = word.width();
        if used > 0 && used + 1 + width > room {
            lines.push(String::new());
            used = 0;
        }
        let Some(mut line) = lines.pop() else { continue };
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for character in word.chars() {
            let width = character.width().unwrap_or(0);
            if used + width > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += width;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Format;
    use crate::check::report::tests::{hostile, names, report};

    fn rendered(report: &Report, look: Look) -> String {
        String::from_utf8(crate::check::report::render(Format::Text, report, look).unwrap()).unwrap()
    }

    #[test]
    fn a_person_sees_what_is_wrong_and_what_mends_it() {
        let report = report();
        let expected = "\
STATUS   SERVER  CREDENTIAL     REASON                 PLACE
problem  github  GITHUB_TOKEN   plaintext              sub folder/.mcp.json:6
         a classic personal access token of GitHub lies in the open (claude-code, project)
         -> store it and refer to it by name: https://github.com/settings/tokens
            mcpcred add GITHUB_TOKEN --server github
problem  notes   NOTION_TOKEN   unsupported reference  HOME.claude.json:3
         `${env:NOTION_TOKEN}` is passed on as it is written (claude-code, user)
         -> write `${NOTION_TOKEN}`
warning  slack   SLACK_TOKEN    expires soon           sub folder/.mcp.json:9
         `SLACK_TOKEN` expires on 2026-12-01, in 9 days (claude-code, cursor, project)
            mcpcred rotate SLACK_TOKEN
unknown          OTHER_TOKEN    store unavailable
         the vault is locked
ready    sentry  SENTRY_ACCESS  ok                     sub folder/.mcp.json:20

2 problems, 1 warning, 1 unknown, 1 ready
";
        let home = report.findings[1].location.as_ref().unwrap().file.parent().unwrap().join("");
        let text = rendered(&report, Look::default()).replace(home.to_str().unwrap(), "HOME");
        assert_eq!(text, expected);
    }

    #[test]
    fn lines_fit_the_terminal_but_for_commands() {
        for width in [40, 80, 132] {
            for report in names().iter().map(|name| hostile(name)).chain([report()]) {
                let look = Look { width: Some(width), colour: false };
                for line in rendered(&report, look).lines().filter(|line| !line.contains("mcpcred ")) {
                    // A table has no columns of less than eight, so that five need 48.
                    assert!(line.width() <= width.max(48), "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_place_is_kept() {
        for width in [76, 80, 100] {
            let text = rendered(&report(), Look { width: Some(width), colour: false });
            assert!(text.contains(".mcp.json:20\n"), "{width}: {text}");
        }
        assert_eq!(tail("/home/kim/.claude.json:12", 16), "….claude.json:12");
        assert_eq!(tail("short", 16), "short");
        assert_eq!(tail("鍵鍵鍵鍵", 4), "…鍵");
    }

    #[test]
    fn words_are_wrapped_where_they_end() {
        assert_eq!(wrapped("one two three", Some(8)), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij kl", Some(4)), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("", Some(4)), [""]);
        assert_eq!(wrapped("one two", None), ["one two"]);
    }

    #[test]
    fn colours_are_there_only_where_they_may_be() {
        let coloured = rendered(&report(), Look { width: Some(80), colour: true });
        assert!(coloured.contains("\u{1b}[1m\u{1b}[31mproblem\u{1b}[0m  github"), "{coloured:?}");
        assert!(!rendered(&report(), Look { width: Some(80), colour: false }).contains('\u{1b}'));
    }

    #[test]
    fn no_name_moves_the_cursor_fakes_a_line_or_speaks_to_a_runner() {
        for name in names() {
            let report = hostile(&name);
            let text = rendered(&report, Look::default());
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\u{9b}', '\u{7f}']), "{text:?}");
            assert!(!text.contains("##["), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
            assert!(text.len() < 100_000, "{}", text.len());
        }
    }

    #[test]
    fn nothing_found_is_nothing_shown() {
        let report = Report { findings: Vec::new(), ..report() };
        assert_eq!(rendered(&report, Look::default()), "");
    }
}
