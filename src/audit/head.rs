//! `Head`: how far the log goes, in one small file beside it that is written in place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::audit::key::{ChainKey, Link};

const MAGIC: &str = "mcpcred-audit";
const VERSION: &str = "1";

/// More than any head has.
const LIMIT: usize = 1024;

/// What the head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// What a key vouches for; `None` before the first line with a key.
    pub(super) sealed: Option<Sealed>,
    /// Where the next line goes.
    pub(super) tail: Tail,
}

/// How far the log goes, as far as a key vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    /// The first line of the oldest file that is kept.
    pub(super) first: u64,
    /// The last line with a key.
    pub(super) n: u64,
    /// Its link.
    pub(super) link: Link,
    /// The key.
    pub(super) key: String,
    seal: Link,
}

/// Where the next line goes. Lines without a key may follow the sealed one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The first line of the file in use.
    pub(super) start: u64,
    /// The last line.
    pub(super) n: u64,
    /// Bytes of the file in use.
    pub(super) size: u64,
    /// The link of the last line.
    pub(super) link: Link,
}

/// What stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// No head.
    Damaged,
    /// A head.
    Whole(Head),
}

impl Sealed {
    /// Vouches for the line with this number and link.
    pub(super) fn by(key: &ChainKey, first: u64, n: u64, link: Link) -> Self {
        let seal = key.seal(sealed_text(first, n, link, key.id()).as_bytes());
        Self { first, n, link, key: key.id().to_owned(), seal }
    }

    /// Whether that key made the seal.
    pub(super) fn is_by(&self, key: &ChainKey) -> bool {
        key.id() == self.key
            && self.seal == key.seal(sealed_text(self.first, self.n, self.link, &self.key).as_bytes())
    }
}

fn sealed_text(first: u64, n: u64, link: Link, key: &str) -> String {
    format!("{first:020} {n:020} {} {key}", link.to_text())
}

impl Head {
    /// Reads it from the start of the file.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub(super) fn read(mut file: &File) -> io::Result<Found> {
        // Room for all of it, so that it comes in one read.
        let mut text = String::with_capacity(LIMIT);
        file.seek(SeekFrom::Start(0))?;
        match file.take(LIMIT as u64).read_to_string(&mut text) {
            Ok(0) => Ok(Found::Nothing),
            Ok(_) => Ok(Self::parse(&text).map_or(Found::Damaged, Found::Whole)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Found::Damaged),
            Err(error) => Err(error),
        }
    }

    /// Writes it over the former one, which has the same length.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub(super) fn write(&self, mut file: &File) -> io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(self.to_text().as_bytes())
    }

    fn to_text(&self) -> String {
        let sealed = self.sealed.as_ref().map_or_else(
            || format!("{} {}", sealed_text(0, 0, Link::default(), "--------"), Link::default().to_text()),
            |it| format!("{} {}", sealed_text(it.first, it.n, it.link, &it.key), it.seal.to_text()),
        );
        let Tail { start, n, size, link } = &self.tail;
        format!("{MAGIC} {VERSION} {sealed} {start:020} {n:020} {size:020} {}\n", link.to_text())
    }

    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.strip_suffix('\n')?.split(' ').collect();
        let [MAGIC, VERSION, first, count, link, key, seal, start, n, size, tail] = words[..] else {
            return None;
        };
        let sealed = Sealed {
            first: first.parse().ok()?,
            n: count.parse().ok()?,
            link: Link::parse(link)?,
            key: key.to_owned(),
            seal: Link::parse(seal)?,
        };
        let tail = Tail {
            start: start.parse().ok()?,
            n: n.parse().ok()?,
            size: size.parse().ok()?,
            link: Link::parse(tail)?,
        };
        let head = Self { sealed: (sealed.n > 0).then_some(sealed), tail };
        (head.to_text() == text).then_some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(n: u64, key: Option<&ChainKey>) -> Head {
        let link = Link::loose(Link::default(), b"x");
        let sealed = key.map(|key| Sealed::by(key, 1, n, link));
        Head { sealed, tail: Tail { start: 1, n, size: n * 300, link } }
    }

    #[test]
    fn a_head_is_read_as_it_was_written_and_never_grows() {
        let key = ChainKey::generate().unwrap();
        let file = tempfile::tempfile().unwrap();
        assert_eq!(Head::read(&file).unwrap(), Found::Nothing);
        let mut lengths = Vec::new();
        for written in [head(1, None), head(7, Some(&key)), head(u64::MAX / 300, Some(&key)), head(8, None)] {
            written.write(&file).unwrap();
            assert_eq!(Head::read(&file).unwrap(), Found::Whole(written));
            lengths.push(file.metadata().unwrap().len());
        }
        assert!(lengths.iter().all(|length| *length == lengths[0] && *length < LIMIT as u64));
    }

    #[test]
    fn every_bit_of_what_is_sealed_counts() {
        let key = ChainKey::generate().unwrap();
        let text = head(12, Some(&key)).to_text();
        let sealed_part = text.len() - (20 + 1) * 3 - Link::TEXT - 2;
        for at in 0..sealed_part {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let is_taken = Head::parse(&changed)
                    .is_some_and(|head| head.sealed.is_some_and(|sealed| sealed.is_by(&key)));
                assert!(!is_taken, "byte {at}, bit {bit}");
            }
        }
    }
}
