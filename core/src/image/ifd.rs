//! Directories of tags (IFD), of which both TIFF files and EXIF blocks are made: a reader that follows no pointer twice
//! and allocates nothing that the bytes at hand do not have.

use super::parts::{Missing, Part, Parts};

/// More entries than any directory of a camera or scanner has.
const MOST_ENTRIES: u64 = 4096;

/// Why a directory cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfdError {
    /// It lies where no bytes are at hand.
    Missing(Missing),
    /// It is none.
    Broken,
}

impl From<Missing> for IfdError {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

/// Byte order and offset size of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ifds<'a> {
    parts: Parts<'a>,
    pub big_endian: bool,
    /// `BigTIFF`: offsets of 8 bytes.
    big: bool,
    /// Where the first directory lies.
    pub first: u64,
}

/// One tag of a directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub tag: u16,
    /// Type of its values, as TIFF numbers them.
    pub kind: u16,
    /// How many values.
    pub count: u64,
    /// Where the values lie; within the entry itself when they are few.
    pub at: u64,
}

impl Entry {
    /// Bytes of all values together.
    pub fn length(&self) -> Option<u64> {
        let size = match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        };
        self.count.checked_mul(size)
    }
}

/// The tags of one directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    pub entries: Vec<Entry>,
    /// Whether another directory is said to follow, as far as is known.
    pub followed: bool,
    /// Where that one lies.
    pub next: u64,
}

impl Directory {
    pub fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

impl<'a> Ifds<'a> {
    /// Reads the few bytes with which every file of this kind begins.
    pub fn new(parts: Parts<'a>) -> Result<Self, IfdError> {
        let start = parts.get(0, 8)?;
        let big_endian = match start {
            [b'I', b'I', ..] => false,
            [b'M', b'M', ..] => true,
            _ => return Err(IfdError::Broken),
        };
        let mut ifds = Self {
            parts,
            big_endian,
            big: false,
            first: 0,
        };
        match ifds.number(start, 2, 2) {
            42 => ifds.first = ifds.number(start, 4, 4),
            43 => {
                ifds.big = true;
                ifds.first = ifds.number(parts.get(0, 16)?, 8, 8);
            }
            _ => return Err(IfdError::Broken),
        }
        Ok(ifds)
    }

    /// Over bytes that are all at hand.
    pub fn of_block(block: &'a [Part<'a>; 1]) -> Result<Self, IfdError> {
        Self::new(Parts(block))
    }

    /// An unsigned number of 1, 2, 4 or 8 bytes. The caller has checked that it lies within.
    fn number(&self, bytes: &[u8], at: usize, size: usize) -> u64 {
        let bytes = bytes.get(at..at + size).unwrap_or_default();
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, fold)
        } else {
            bytes.iter().rev().fold(0, fold)
        }
    }

    /// The directory at this offset.
    pub fn directory(&self, offset: u64) -> Result<Directory, IfdError> {
        let (count_size, entry_size) = if self.big { (8, 20) } else { (2, 12) };
        let count = self.number(self.parts.get(offset, count_size)?, 0, count_size as usize);
        if count == 0 || count > MOST_ENTRIES {
            return Err(IfdError::Broken);
        }
        let start = offset.checked_add(count_size).ok_or(IfdError::Broken)?;
        let bytes = self.parts.get(start, count * entry_size)?;
        let value_size = if self.big { 8 } else { 4 };
        let entries = bytes.chunks_exact(entry_size as usize).enumerate();
        let entries = entries.map(|(index, entry)| {
            let own = start + index as u64 * entry_size + entry_size - value_size as u64;
            let mut found = Entry {
                tag: self.number(entry, 0, 2) as u16,
                kind: self.number(entry, 2, 2) as u16,
                count: self.number(entry, 4, value_size),
                at: own,
            };
            if found
                .length()
                .is_none_or(|length| length > value_size as u64)
            {
                found.at = self.number(entry, 4 + value_size, value_size);
            }
            found
        });
        let next = start + count * entry_size;
        let next = self.parts.get(next, value_size as u64);
        Ok(Directory {
            entries: entries.collect(),
            followed: next.is_ok_and(|next| next.iter().any(|&byte| byte != 0)),
            next: next.map_or(0, |next| self.number(next, 0, value_size)),
        })
    }

    /// The bytes of an entry's values.
    pub fn bytes(&self, entry: &Entry) -> Result<&'a [u8], IfdError> {
        let length = entry.length().ok_or(IfdError::Broken)?;
        Ok(self.parts.get(entry.at, length)?)
    }

    /// One of an entry's values as an unsigned whole number.
    pub fn value(&self, entry: &Entry, index: u64) -> Result<u64, IfdError> {
        let size: u64 = match entry.kind {
            1 | 7 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            _ => return Err(IfdError::Broken),
        };
        if index >= entry.count {
            return Err(IfdError::Broken);
        }
        let offset = index
            .checked_mul(size)
            .and_then(|o| o.checked_add(entry.at));
        let bytes = self.parts.get(offset.ok_or(IfdError::Broken)?, size)?;
        Ok(self.number(bytes, 0, size as usize))
    }

    /// The first value of a tag; `None` when the directory does not have it or it is no whole number.
    pub fn first_value(&self, directory: &Directory, tag: u16) -> Result<Option<u64>, Missing> {
        let Some(entry) = directory.find(tag) else {
            return Ok(None);
        };
        match self.value(entry, 0) {
            Ok(value) => Ok(Some(value)),
            Err(IfdError::Broken) => Ok(None),
            Err(IfdError::Missing(missing)) => Err(missing),
        }
    }

    /// The text of a tag, as far as it is plain.
    pub fn text(&self, directory: &Directory, tag: u16) -> Option<&'a str> {
        let entry = directory.find(tag).filter(|entry| entry.kind == 2)?;
        let bytes = self.bytes(entry).ok()?;
        std::str::from_utf8(bytes)
            .ok()
            .map(|text| text.trim_end_matches('\0').trim())
    }
}
