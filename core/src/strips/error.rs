//! What can go wrong between a source and a sink, in words for the person who started it.

use std::io;

use crate::image::ImageError;

/// Why rows cannot be read, held or written.
#[derive(Debug, thiserror::Error)]
pub enum StripError {
    /// The file is not one that can be read, or is damaged.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The system cannot read the file.
    #[error("it cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The system cannot write the result.
    #[error("the result cannot be written: {0}")]
    Write(#[source] io::Error),
    /// The result cannot be said in the format that was asked for.
    #[error("{format} cannot hold this result: {detail}")]
    Unwritable {
        /// The format's name.
        format: &'static str,
        /// Why.
        detail: String,
    },
    /// There is not enough memory for even the lowest window.
    #[error(
        "going over {width} × {height} pixels in strips needs about {} MB of memory at once, and {} MB are allowed",
        .need.div_ceil(1 << 20), .allowed >> 20
    )]
    NeedsMemory {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// What it needs, in bytes.
        need: u64,
        /// The limit in bytes.
        allowed: u64,
    },
    /// There are fewer or more rows than were promised.
    #[error("the picture has {expected} rows, and there was one row too {}", if *.more { "many" } else { "few" })]
    Rows {
        /// Rows that there should be.
        expected: usize,
        /// Whether there were more; fewer otherwise.
        more: bool,
    },
    /// No picture has this shape.
    #[error(
        "{width} × {height} pixels with {channels} channels are no picture that can be rolled over"
    )]
    Shape {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Samples of a pixel.
        channels: usize,
    },
}

/// Why rolling from a source to a sink ended.
#[derive(Debug, thiserror::Error)]
pub enum RollError<S> {
    /// The interrupt wanted it.
    #[error("{0}")]
    Stopped(S),
    /// Something went wrong.
    #[error(transparent)]
    Failed(#[from] StripError),
}
