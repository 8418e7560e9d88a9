//! `Table`: aligned columns, as wide as they look.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::ui::sanitize::sanitize;

/// Blanks between two columns.
const GAP: usize = 2;

/// No column is cut to less than this.
const NARROWEST: usize = 8;

/// Rows under a heading. Cells pass [`sanitize`], so a label cannot break out of its place.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings and no rows yet.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut table = Self { rows: Vec::new() };
        table.row(headings);
        table
    }

    /// Adds a row; it has as many cells as there are headings.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        self.rows.push(cells.iter().map(|cell| sanitize(cell.as_ref()).into_owned()).collect());
    }

    /// The table as lines without blanks at their ends. With a `width` (of the terminal, see
    /// [`crate::ui::Ui::data_width`]) the widest columns are cut, and end in `…`, until a line fits;
    /// without one nothing is cut.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        for row in &self.rows {
            let start = text.len();
            for (cell, &width) in row.iter().zip(&widths) {
                let cell = fit(cell, width);
                text.push_str(&cell);
                text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + GAP));
            }
            text.truncate(start + text[start..].trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = cell.width().max(*widest);
            }
        }
        let gaps = GAP * columns.saturating_sub(1);
        while limit.is_some_and(|limit| widths.iter().sum::<usize>() + gaps > limit) {
            match widths.iter_mut().max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

/// The cell, cut to `width` columns where it is wider.
fn fit(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1;
    for character in cell.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "LABEL", "DUE"]);
        table.row(&["GITHUB_TOKEN", "鍵", "in 3 days"]);
        table.row(&["A", "a rather long label that nobody asked for", ""]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let expected = "\
NAME          LABEL                                      DUE
GITHUB_TOKEN  鍵                                         in 3 days
A             a rather long label that nobody asked for
";
        assert_eq!(table().render(None), expected);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_column() {
        let text = table().render(Some(40));
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert!(text.contains("GITHUB_TOKEN") && text.contains("in 3 days") && text.contains('…'), "{text}");
    }

    #[test]
    fn a_terminal_without_room_loses_no_row() {
        assert_eq!(table().render(Some(1)).lines().count(), 3);
    }

    #[test]
    fn a_label_stays_in_its_cell() {
        let mut table = Table::new(&["NAME"]);
        table.row(&["x\n\u{1b}[2Jy"]);
        assert_eq!(table.render(None), "NAME\nx\\n\\u{1b}[2Jy\n");
    }
}
