//! `Quoting`: the styles in which text is written, and how each writes a character.

use crate::document::Syntax;
use crate::secret::SecretBuffer;

/// A style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Quoting {
    /// `"…"` of JSON.
    Json,
    /// `"…"` of TOML.
    TomlBasic,
    /// `'…'` of TOML.
    TomlLiteral,
    /// `"""…"""`.
    TomlLines,
    /// `'''…'''`.
    TomlLiteralLines,
    /// Without quotes.
    YamlPlain,
    /// `'…'` of YAML.
    YamlSingle,
    /// `"…"` of YAML.
    YamlDouble,
    /// Below a `|`.
    YamlLiteral,
    /// Below a `>`.
    YamlFolded,
}

impl Quoting {
    /// The one that can hold any text.
    pub(crate) fn double(syntax: Syntax) -> Self {
        match syntax {
            Syntax::Json | Syntax::Jsonc => Self::Json,
            Syntax::Toml => Self::TomlBasic,
            Syntax::Yaml => Self::YamlDouble,
        }
    }

    /// What stands before the text.
    pub(crate) fn opening(self) -> &'static str {
        match self {
            Self::Json | Self::TomlBasic | Self::YamlDouble => "\"",
            Self::TomlLiteral | Self::YamlSingle => "'",
            Self::TomlLines => "\"\"\"",
            Self::TomlLiteralLines => "'''",
            Self::YamlPlain | Self::YamlLiteral | Self::YamlFolded => "",
        }
    }

    /// What stands behind it.
    pub(crate) fn closing(self) -> &'static str {
        self.opening()
    }

    /// Whether a backslash takes away or gives a meaning.
    pub(super) fn has_escapes(self) -> bool {
        matches!(self, Self::Json | Self::TomlBasic | Self::TomlLines | Self::YamlDouble)
    }

    /// Writes a character as most programs do, or says that the style can't hold it.
    pub(crate) fn spell(self, character: char, out: &mut SecretBuffer) -> bool {
        let mut buffer = zeroize::Zeroizing::new([0_u8; 4]);
        let is_control = character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
        match self {
            Self::Json if character >= ' ' && !matches!(character, '"' | '\\') => {}
            Self::TomlLiteralLines if character == '\n' => {}
            Self::TomlLiteral if character == '\'' => return false,
            Self::TomlLiteral | Self::TomlLiteralLines => {
                if is_control && character != '\t' {
                    return false;
                }
            }
            Self::YamlSingle if character == '\'' => {
                out.push(b"''");
                return true;
            }
            Self::YamlPlain | Self::YamlSingle | Self::YamlLiteral | Self::YamlFolded => {
                if is_control {
                    return false;
                }
            }
            Self::Json | Self::TomlBasic | Self::TomlLines | Self::YamlDouble => {
                if is_control || matches!(character, '"' | '\\') {
                    if !self.short(character, out) {
                        hexadecimal(character, 4, false, out);
                    }
                    return true;
                }
            }
        }
        out.push(character.encode_utf8(buffer.as_mut_slice()).as_bytes());
        true
    }

    /// Writes a backslash and a letter, where one stands for the character.
    pub(crate) fn short(self, character: char, out: &mut SecretBuffer) -> bool {
        if matches!((self, character), (Self::YamlSingle, '\'')) {
            out.push(b"''");
            return true;
        }
        if !self.has_escapes() {
            return false;
        }
        let is_yaml = self == Self::YamlDouble;
        let is_toml = matches!(self, Self::TomlBasic | Self::TomlLines);
        let letter = match character {
            '"' => b'"',
            '\\' => b'\\',
            '/' if !is_toml => b'/',
            '\u{8}' => b'b',
            '\u{c}' => b'f',
            '\n' => b'n',
            '\r' => b'r',
            '\t' => b't',
            '\u{1b}' if !matches!(self, Self::Json) => b'e',
            '\0' if is_yaml => b'0',
            '\u{7}' if is_yaml => b'a',
            '\u{b}' if is_yaml => b'v',
            ' ' if is_yaml => b' ',
            '\u{85}' if is_yaml => b'N',
            '\u{a0}' if is_yaml => b'_',
            '\u{2028}' if is_yaml => b'L',
            '\u{2029}' if is_yaml => b'P',
            _ => return false,
        };
        out.push(&[b'\\', letter]);
        true
    }

    /// What a backslash and this letter stand for.
    pub(super) fn meaning(self, letter: u8) -> Option<char> {
        let all = [
            ('"', b'"'),
            ('\\', b'\\'),
            ('/', b'/'),
            ('\u{8}', b'b'),
            ('\u{c}', b'f'),
            ('\n', b'n'),
            ('\r', b'r'),
            ('\t', b't'),
            ('\u{1b}', b'e'),
            ('\0', b'0'),
            ('\u{7}', b'a'),
            ('\u{b}', b'v'),
            (' ', b' '),
            ('\u{85}', b'N'),
            ('\u{a0}', b'_'),
            ('\u{2028}', b'L'),
            ('\u{2029}', b'P'),
        ];
        let (character, _) = all.into_iter().find(|(_, it)| *it == letter)?;
        let mut probe = SecretBuffer::with_capacity(2);
        (self.short(character, &mut probe)).then_some(character)
    }
}

/// Writes a character by its number. In JSON, and with four digits, one beyond the first plane is a pair.
pub(crate) fn hexadecimal(character: char, digits: usize, is_upper: bool, out: &mut SecretBuffer) -> bool {
    let mut one = |letter: u8, number: u32| {
        out.push(&[b'\\', letter]);
        for shift in (0..digits).rev() {
            let digit = (number >> (4 * shift)) & 0xf;
            let digit = char::from_digit(digit, 16).unwrap_or('0');
            let digit = if is_upper { digit.to_ascii_uppercase() } else { digit };
            out.push(&[u8::try_from(digit).unwrap_or(b'0')]);
        }
    };
    let number = u32::from(character);
    match digits {
        2 if number < 0x100 => one(b'x', number),
        4 if number < 0x1_0000 => one(b'u', number),
        4 => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                one(b'u', u32::from(*unit));
            }
        }
        8 => one(b'U', number),
        _ => return false,
    }
    true
}
