//! What can be wrong with a picture, in words for the person who sent it.

use super::{Foreign, Format};

/// Why a picture cannot be read or written. The text of each is one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// There is not a single byte.
    #[error("the file is empty; copy or download it again")]
    Empty,
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
    #[error(
        "the picture measures {width} × {height} pixels, and no side may exceed {max_side}; make it smaller first"
    )]
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
        "the picture measures {width} × {height} pixels ({:.1} MP), and the limit is {:.1} MP; make it smaller first",
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
        "cleaning a picture of {width} × {height} pixels needs about {} MB of memory, and {} MB are allowed; make it smaller first",
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
    #[error(
        "the {format} file is cut short: it ends before its picture does; copy or download it again"
    )]
    Truncated {
        /// The file's format.
        format: Format,
    },
    /// The file breaks its format's rules.
    #[error(
        "the {format} file is damaged: {detail}; copy or download it again, or save it anew in another program"
    )]
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

/// What a decoder says, as a part of a sentence for people: on one line, without the innards of its types that it prints
/// along, and without an end of its own.
pub(super) fn in_words(said: &impl std::fmt::Display) -> String {
    let mut words = String::new();
    let mut depth = 0_usize;
    for letter in said.to_string().chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '"' | '`' => {}
            _ if depth > 0 => {}
            letter if letter.is_whitespace() || letter.is_control() => words.push(' '),
            letter => words.push(letter),
        }
    }
    let words = words.replace("::", " ").replace("Error", "error");
    let words: Vec<&str> = words.split_whitespace().collect();
    let words = words.join(" ");
    let end = words.char_indices().nth(MOST_WORDS).map(|(at, _)| at);
    let words = words[..end.unwrap_or(words.len())].trim_end_matches([' ', '.', ':', ',', ';']);
    // Names such as "IDAT" stay as they are.
    let mut letters = words.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().collect::<String>() + &words[first.len_utf8()..]
        }
        _ => words.to_owned(),
    }
}

/// Letters of a decoder's words that are passed on.
const MOST_WORDS: usize = 140;

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
            Self::Empty
            | Self::Truncated { .. }
            | Self::Corrupt { .. }
            | Self::HeaderBeyond { .. }
            | Self::HeaderElsewhere { .. } => "ImageCorrupt",
        }
    }
}
