//! `Alignment`: which bytes of a written text stand for which bytes of what it says.

use std::ops::Range;

use crate::document::edit::spelling::quoting::Quoting;

/// A piece of both: the lengths of what is written and of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) written: usize,
    pub(crate) said: usize,
    /// Whether both are the same bytes.
    pub(crate) is_same: bool,
}

/// All pieces, in order.
pub(crate) struct Alignment(pub(crate) Vec<Piece>);

impl Alignment {
    /// Puts both beside one another; nothing where they do not fit by the rules that are known here.
    pub(crate) fn of(written: &str, said: &str, quoting: Quoting) -> Option<Self> {
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut rest, mut meant) = (written, said);
        while !rest.is_empty() || !meant.is_empty() {
            let piece = next(rest, meant, quoting)?;
            rest = rest.get(piece.written..)?;
            meant = meant.get(piece.said..)?;
            match pieces.last_mut() {
                Some(last) if last.is_same && piece.is_same => {
                    last.written += piece.written;
                    last.said += piece.said;
                }
                _ => pieces.push(piece),
            }
        }
        Some(Self(pieces))
    }

    /// Which written bytes stand for a part of what is said; nothing where it begins or ends within a piece.
    pub(crate) fn written(&self, said: &Range<usize>) -> Option<Range<usize>> {
        Some(self.boundary(said.start, true)?..self.boundary(said.end, said.is_empty())?)
    }

    /// Pieces that say nothing, at the beginning of a part, are not part of it.
    fn boundary(&self, said: usize, is_start: bool) -> Option<usize> {
        let (mut at_written, mut at_said) = (0, 0);
        for piece in &self.0 {
            if at_said == said && !(is_start && piece.said == 0) {
                return Some(at_written);
            }
            if said < at_said + piece.said {
                return piece.is_same.then_some(at_written + said - at_said);
            }
            at_written += piece.written;
            at_said += piece.said;
        }
        (at_said == said).then_some(at_written)
    }
}

fn same(character: char) -> Piece {
    Piece { written: character.len_utf8(), said: character.len_utf8(), is_same: true }
}

fn next(written: &str, said: &str, quoting: Quoting) -> Option<Piece> {
    let is_line_style = matches!(quoting, Quoting::YamlLiteral | Quoting::YamlFolded);
    // In a block, blanks at the end of a line are part of what it says.
    let is_folding = matches!(quoting, Quoting::YamlPlain | Quoting::YamlSingle | Quoting::YamlDouble);
    if quoting.has_escapes() && written.starts_with('\\') {
        return escape(written, said, quoting);
    }
    if quoting == Quoting::YamlSingle && written.starts_with("''") {
        return said.starts_with('\'').then_some(Piece { written: 2, said: 1, is_same: false });
    }
    let blank = written.len() - written.trim_start_matches([' ', '\t']).len();
    let breaks_here = written.get(blank..).is_some_and(|it| it.starts_with(['\n', '\r']));
    if breaks_here
        && (is_folding || written.starts_with(['\n', '\r']))
        && let Some(piece) = line_break(written, said, quoting, is_line_style)
    {
        return Some(piece);
    }
    let character = written.chars().next();
    match (character, said.chars().next()) {
        (Some(character), Some(meant)) if character == meant => Some(same(character)),
        // What ends a block is cut off.
        (Some(' ' | '\t' | '\n' | '\r'), None) if is_line_style => {
            let length = written.len();
            written.trim().is_empty().then_some(Piece { written: length, said: 0, is_same: false })
        }
        // The end of a file ends a line of a block as well.
        (None, Some('\n')) if is_line_style && said.len() == 1 => {
            Some(Piece { written: 0, said: 1, is_same: false })
        }
        _ => None,
    }
}

/// White space with ends of lines in it: said as one blank, or as one end of a line fewer, or as it is without
/// indentation.
fn line_break(written: &str, said: &str, quoting: Quoting, is_line_style: bool) -> Option<Piece> {
    let piece = |written: usize, said: usize| Some(Piece { written, said, is_same: false });
    match quoting {
        // The end of a line is said in one way however it is written.
        Quoting::TomlLines | Quoting::TomlLiteralLines => {
            return (written.starts_with("\r\n") && said.starts_with('\n')).then(|| piece(2, 1)).flatten();
        }
        _ if is_line_style => {}
        Quoting::YamlPlain | Quoting::YamlSingle | Quoting::YamlDouble => {}
        _ => return None,
    }
    let blank = written.len() - written.trim_start_matches([' ', '\t', '\n', '\r']).len();
    let run = written.get(..blank)?;
    let breaks = run.replace("\r\n", "\n").chars().filter(|it| matches!(it, '\n' | '\r')).count();
    let said_breaks = said.len() - said.trim_start_matches('\n').len();
    if quoting == Quoting::YamlLiteral {
        // One at a time: what is indented more keeps that.
        let end = if run.starts_with("\r\n") { 2 } else { 1 };
        if !said.starts_with('\n') {
            return None;
        }
        let rest = written.get(end..)?;
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let kept = said.get(1..)?.len() - said.get(1..)?.trim_start_matches(' ').len();
        let is_blank_line =
            rest.get(spaces..).is_some_and(|it| it.is_empty() || it.starts_with(['\n', '\r']));
        if is_blank_line && kept == 0 {
            return piece(end + spaces, 1);
        }
        return piece(end + spaces.checked_sub(kept)?, 1);
    }
    if breaks == 1 && said.starts_with(' ') {
        return piece(blank, 1);
    }
    if said_breaks > 0 && said_breaks + 1 == breaks {
        return piece(blank, said_breaks);
    }
    if !is_line_style || said_breaks == 0 || said_breaks != breaks {
        return None;
    }
    // One at a time, so that a part can end between them.
    let end = if run.starts_with("\r\n") { 2 } else { 1 };
    let rest = run.get(end..)?;
    piece(end + rest.len() - rest.trim_start_matches([' ', '\t']).len(), 1)
}

fn escape(written: &str, said: &str, quoting: Quoting) -> Option<Piece> {
    let bytes = written.as_bytes();
    let letter = *bytes.get(1)?;
    let piece = |written: usize, said: usize| Some(Piece { written, said, is_same: false });
    // The end of a line is taken away with what indents the next.
    let rest = written.get(1..)?;
    let is_continued = match quoting {
        Quoting::TomlLines => rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']),
        Quoting::YamlDouble => rest.starts_with(['\n', '\r']),
        _ => false,
    };
    if is_continued {
        if quoting == Quoting::TomlLines {
            return piece(written.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len(), 0);
        }
        let next = rest.strip_prefix("\r\n").or(rest.strip_prefix(['\n', '\r']))?;
        return piece(written.len() - next.trim_start_matches([' ', '\t']).len(), 0);
    }
    let (digits, length) = match (letter, quoting) {
        (b'x' | b'U', Quoting::Json) => return None,
        (b'x', _) => (2, 4),
        (b'u', _) => (4, 6),
        (b'U', _) => (8, 10),
        (b'\t', Quoting::YamlDouble) => return said.starts_with('\t').then(|| piece(2, 1)).flatten(),
        _ => {
            let meaning = quoting.meaning(letter)?;
            return said.starts_with(meaning).then(|| piece(2, meaning.len_utf8())).flatten();
        }
    };
    let unit = |from: usize| u32::from_str_radix(written.get(from..from + digits)?, 16).ok();
    let number = unit(2)?;
    let meant = said.chars().next()?;
    let is_pair = (0xd800..0xdc00).contains(&number)
        && quoting == Quoting::Json
        && written.get(6..8) == Some("\\u")
        && unit(8).is_some_and(|low| (0xdc00..0xe000).contains(&low));
    if is_pair {
        let number = 0x1_0000 + ((number - 0xd800) << 10) + (unit(8)? - 0xdc00);
        return (u32::from(meant) == number).then(|| piece(12, meant.len_utf8())).flatten();
    }
    // Half of a pair is read as the character that replaces what is none.
    let is_half = (0xd800..0xe000).contains(&number) && meant == '\u{fffd}';
    (u32::from(meant) == number || is_half).then(|| piece(length, meant.len_utf8())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_can_end_between_the_line_breaks_at_the_end_of_a_block() {
        for (written, said) in
            [("folded text\n  here\n\n", "folded text here\n\n"), ("text\r\n  \r\n\r\n", "text\n\n\n")]
        {
            let alignment = Alignment::of(written, said, Quoting::YamlFolded).unwrap();
            let end = said.trim_end().len() + 1;
            let part = alignment.written(&(0..end)).and_then(|part| written.get(part));
            assert_eq!(part.map(str::trim_end), Some(written.trim_end()), "{written:?}");
        }
    }
}
