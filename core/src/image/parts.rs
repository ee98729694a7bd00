//! The parts of a file that are at hand: all of it, or its beginning and what was asked for since.
//!
//! Most headers lie at a file's beginning. A TIFF's directory may lie at its end and a WebP's orientation does, so that
//! whoever reads a header over a network should fetch two small ranges rather than the whole file.

/// A piece of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// Where in the file it begins.
    pub offset: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What is at hand of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a>(pub &'a [Part<'a>]);

/// Bytes that are not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// Where they begin.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
}

impl<'a> Parts<'a> {
    /// These bytes of the file, when one part has them all.
    pub fn get(self, offset: u64, length: u64) -> Result<&'a [u8], Missing> {
        let found = self.0.iter().find_map(|part| {
            let start = usize::try_from(offset.checked_sub(part.offset)?).ok()?;
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            part.bytes.get(start..end)
        });
        found.ok_or(Missing { offset, length })
    }

    /// The file's beginning, as far as it is at hand.
    pub fn head(self) -> &'a [u8] {
        let first = self.0.iter().find(|part| part.offset == 0);
        first.map_or(&[], |part| part.bytes)
    }
}
