//! What can be wrong with a picture, in words for the person who sent it.

use super::{Foreign, Format};

/// Why a picture cannot be read or written. The text of each is one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The first bytes are of no format that is known.
    #[error("this is not a picture; {} are read", Format::LIST)]
    NotAPicture,
    /// A picture in a format that is known but not read.
    #[error("{kind}")]
    Foreign {
        /// Which one. Its text is the sentence.
        kind: Foreign,
    },
    /// A file of a format that is read, but of a kind that is not.
    #[error(
        "this {format} file uses {what}, which is not supported; save it as ordinary 8-bit RGB and try again"
    )]
    Unsupported {
        /// The file's format.
        format: Format,
        /// The feature, such as "arithmetic coding".
        what: String,
    },
    /// One side is longer than allowed.
    #[error("the picture measures {width} × {height} pixels, and no side may exceed {max_side}")]
    SideTooLong {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit in pixels.
        max_side: u32,
    },
    /// More pixels than allowed.
    #[error(
        "the picture measures {width} × {height} pixels ({:.1} MP), and the limit is {:.1} MP",
        *.width as f64 * *.height as f64 / 1e6, *.max_pixels as f64 / 1e6
    )]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The limit in pixels.
        max_pixels: u64,
    },
    /// Cleaning it would need more memory than there is.
    #[error(
        "cleaning a picture of {width} × {height} pixels needs about {} MB of memory, and {} MB are allowed",
        .need.div_ceil(1 << 20), .allowed >> 20
    )]
    NeedsMemory {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// What cleaning needs, in bytes.
        need: u64,
        /// The limit in bytes.
        allowed: u64,
    },
    /// The file ends before its picture does.
    #[error("the {format} file is cut short: it ends before its picture does")]
    Truncated {
        /// The file's format.
        format: Format,
    },
    /// The file breaks its format's rules.
    #[error("the {format} file is damaged: {detail}")]
    Corrupt {
        /// The file's format.
        format: Format,
        /// The rule, in the decoder's words.
        detail: String,
    },
    /// Only the beginning of a file was given, and its header goes on beyond that: read more and ask again.
    #[error("the {format} file's header goes on beyond the first {given} bytes")]
    HeaderBeyond {
        /// The file's format.
        format: Format,
        /// How many bytes were given.
        given: usize,
    },
    /// Only parts of a file were given, and its header goes on somewhere else: read these bytes and ask again, most
    /// simply with a [`HeaderReader`](super::HeaderReader).
    #[error("the {format} file's header goes on at byte {offset}, for {length} bytes")]
    HeaderElsewhere {
        /// The file's format.
        format: Format,
        /// Where the bytes begin.
        offset: u64,
        /// How many of them are needed at least.
        length: u64,
    },
    /// The samples do not fill a picture of this size.
    #[error("{samples} samples do not make a picture of {width} × {height} pixels")]
    Shape {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// How many samples there were.
        samples: usize,
    },
    /// The PNG encoder refused.
    #[error("the result cannot be written as PNG: {detail}")]
    Unencodable {
        /// The encoder's words.
        detail: String,
    },
}

impl ImageError {
    /// The name under which the function reports this error; state machines match on it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAPicture
            | Self::Foreign { .. }
            | Self::Unsupported { .. }
            | Self::Shape { .. }
            | Self::Unencodable { .. } => "ImageUnsupported",
            Self::SideTooLong { .. } | Self::TooManyPixels { .. } | Self::NeedsMemory { .. } => {
                "ImageTooLarge"
            }
            Self::Truncated { .. }
            | Self::Corrupt { .. }
            | Self::HeaderBeyond { .. }
            | Self::HeaderElsewhere { .. } => "ImageCorrupt",
        }
    }
}
