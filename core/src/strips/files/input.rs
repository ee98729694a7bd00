//! A file that can be read from its beginning again.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A file, on a disk or in memory.
#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Bytes(Cursor<Arc<[u8]>>),
}

/// How much is read from the system at a time.
const BUFFER: usize = 256 << 10;

impl Input {
    /// The same file from its beginning. One of them can be read at a time: they may share a position.
    pub fn again(&self) -> io::Result<BufReader<Self>> {
        let mut input = match self {
            Self::File(file) => Self::File(file.try_clone()?),
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
        };
        input.rewind()?;
        Ok(BufReader::with_capacity(BUFFER, input))
    }

    /// With a buffer.
    pub fn buffered(self) -> BufReader<Self> {
        BufReader::with_capacity(BUFFER, self)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Bytes(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Bytes(bytes) => bytes.seek(to),
        }
    }
}
