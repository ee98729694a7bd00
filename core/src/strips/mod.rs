//! Rolling over pictures larger than memory: rows come in, rows go out, and what lies between is a window of them.
//!
//! - [`RowSource`] gives rows, [`RowSink`] takes them; there are some in memory ([`MemorySource`], [`Generated`],
//!   [`MemorySink`]) and some over files ([`open`], [`create`]);
//! - [`roll_strips`] rolls from one to the other; the result is bit for bit that of [`Roller::roll`](crate::rolling::Roller::roll) on the whole picture;
//! - [`cleaning`] cleans from one to the other;
//! - [`split`] divides a picture between several lanes.
//!
//! A result depends on the samples within [`Rolling::apron`](crate::rolling::Rolling::apron) rows of it, no others. So a window of a strip and
//! an apron on both sides is enough for the strip. Every row is read once: the window moves on, and rows that the next
//! strip needs as well stay. What is paid is rolling over the aprons more than once; strips are made at least four times as
//! high as the apron where memory allows.
//!
//! # What samples are
//!
//! As they are in the file. 16 bits stay 16 bits and floating point stays floating point; nothing is converted to
//! sRGB, and a colour profile is handed on to the result ([`Tags`]). Rows are in the order in which they are stored: an
//! element is as wide as high and does not care how the picture is held, and the orientation is handed on as well. A last
//! channel that is transparency is carried through unchanged, colours are not divided by it.
//!
//! Files whose decoder gives whole pictures only (JPEG, WebP, BMP, and the kinds of TIFF that [`FileInfo::reading`] tells) are
//! decoded as [`image::decode`](crate::image::decode) does: 8 bits of sRGB, upright, transparency laid over white.

pub mod cleaning;
mod error;
mod files;
mod memory;
mod pixel;
mod plan;
mod roll;

pub use error::{RollError, StripError};
pub use files::{
    AnySource, Compression, FileInfo, OutputFormat, Reading, Tags, create, open, open_bytes,
};
pub use memory::{Generated, MemorySink, MemorySource};
pub use pixel::{Pixel, SampleKind};
pub use plan::{Part, StripOptions, split};
pub use roll::{StripReport, StripRows, roll_strips, roll_strips_with};

pub(crate) use pixel::ByteOrder;

/// The shape of rows: how many samples there are, and what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Pixels in a row; at least 1.
    pub width: usize,
    /// Rows; at least 1.
    pub height: usize,
    /// Samples of a pixel, 1 to 4; those of one pixel come after one another.
    pub channels: usize,
    /// Whether the last channel is transparency, which is not rolled over.
    pub alpha: bool,
}

impl Layout {
    /// `None` unless there is at least one pixel and one channel that is not transparency, four channels at most, and the
    /// number of samples fits into a `usize`.
    #[must_use]
    pub fn new(width: usize, height: usize, channels: usize, alpha: bool) -> Option<Self> {
        let some = width > 0 && height > 0 && (1..=4).contains(&channels);
        let all = width.checked_mul(channels)?.checked_mul(height)?;
        (some && channels > usize::from(alpha) && all <= isize::MAX as usize / 4).then_some(Self {
            width,
            height,
            channels,
            alpha,
        })
    }

    /// Samples in a row.
    #[must_use]
    pub const fn row_len(&self) -> usize {
        self.width * self.channels
    }

    /// Channels that are rolled over: all but transparency.
    #[must_use]
    pub const fn rolled(&self) -> usize {
        self.channels - self.alpha as usize
    }
}

/// Gives the rows of a picture, from top to bottom.
pub trait RowSource<T>: Send {
    /// Their shape.
    fn layout(&self) -> Layout;

    /// Fills `rows`, which is as long as a whole number of rows, with the next ones.
    ///
    /// # Errors
    ///
    /// When they cannot be read; also when there are not so many any more. A source need not notice that its file is damaged
    /// before the last row is read, but then it must.
    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError>;

    /// Starts again: the next row is the first.
    ///
    /// # Errors
    ///
    /// When that is impossible.
    fn rewind(&mut self) -> Result<(), StripError>;

    /// Bytes of memory that it holds or will hold for reading.
    fn buffer_bytes(&self) -> u64 {
        0
    }
}

/// Takes the rows of a picture, from top to bottom.
pub trait RowSink<T>: Send {
    /// Takes the next rows, of which there is a whole number.
    ///
    /// # Errors
    ///
    /// When they cannot be written; also when there are more than the picture has.
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError>;

    /// After the last row: completes the picture. Nothing is complete before.
    ///
    /// # Errors
    ///
    /// When it cannot be completed; also when rows are missing.
    fn finish(&mut self) -> Result<(), StripError>;

    /// Bytes of memory that it holds or will hold for writing.
    fn buffer_bytes(&self) -> u64 {
        0
    }
}
