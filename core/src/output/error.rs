//! What can go wrong when a file is written.

use crate::image::ImageError;

/// Why a picture cannot be written. The text of each is one sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The samples do not fit the size, or the encoder of true colour says no.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The format has no room for a picture of this size.
    #[error(
        "the picture measures {width} × {height} pixels, and a {format} may have {max_side} on a side; take PNG"
    )]
    SideTooLong {
        /// The format, as people call it.
        format: &'static str,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit in pixels.
        max_side: u32,
    },
    /// The encoder says no.
    #[error("the picture cannot be written as {format}: {detail}")]
    Unencodable {
        /// The format, as people call it.
        format: &'static str,
        /// The reason, in the encoder's words.
        detail: String,
    },
    /// A document was ended before its first page.
    #[error("a document needs a page")]
    NoPages,
    /// A document could not be written to where it goes.
    #[error("the document cannot be written: {0}")]
    Io(#[from] std::io::Error),
}
