//! Size, channels and orientation from a few bytes of a file, without decoding anything.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use super::parts::{Missing, Part, Parts};
use super::{Foreign, ImageError, bmp, jpeg, png, tiff, webp};

/// How much of a file [`read_header`] usually needs: 256 KiB, which holds the EXIF block of any camera.
pub const HEAD_BYTES: usize = 256 << 10;
/// How much is read when a header goes on beyond the first [`HEAD_BYTES`].
const LONG_HEAD_BYTES: u64 = 8 << 20;
/// How much is read around a part that lies elsewhere; its neighbours are often wanted next.
const PART_BYTES: u64 = 64 << 10;
/// How many parts a header may be spread over.
const MOST_PARTS: usize = 8;

/// File format of a source picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline or progressive, Huffman coded, 8 bits.
    Jpeg,
    /// PNG of any colour type.
    Png,
    /// TIFF: its first picture.
    Tiff,
    /// WebP: its first frame.
    WebP,
    /// BMP.
    Bmp,
}

impl Format {
    /// All formats in words, for sentences.
    pub const LIST: &str = "JPEG, PNG, TIFF, WebP and BMP";
    /// The extensions of all formats, in lower case.
    pub const EXTENSIONS: &[&str] = &[
        "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "webp", "bmp",
    ];

    /// Whether files with this extension (without the dot, in any case) are read.
    #[must_use]
    pub fn has_extension(extension: &str) -> bool {
        let extension = extension.to_ascii_lowercase();
        Self::EXTENSIONS.contains(&extension.as_str())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
        })
    }
}

/// Channels of a decoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One: brightness.
    Grey,
    /// Three: red, green, blue.
    Rgb,
}

impl Channels {
    /// How many samples a pixel has: 1 or 3.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grey => "grey",
            Self::Rgb => "RGB",
        })
    }
}

/// What the header of a file tells about its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels, after orientation.
    pub width: u32,
    /// Height in pixels, after orientation.
    pub height: u32,
    /// Channels after decoding; transparency does not count.
    pub channels: Channels,
    /// File format.
    pub format: Format,
    /// EXIF orientation, 1 (upright) to 8. In a PNG only an `eXIf` chunk before the pixels counts.
    pub orientation: u8,
    /// A progressive JPEG, one whose scans come one channel at a time, or an interlaced PNG: the decoder needs the
    /// whole file before the first pixel is final.
    pub progressive: bool,
    /// What the decoder needs in memory at its peak, in bytes, beside the file and the picture's own samples.
    pub decoder_bytes: u64,
    /// Whether the file says that it holds more pictures (frames of an animation, pages); only the first is read.
    pub more_pictures: bool,
}

impl Header {
    /// Width times height.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Whether orientation exchanges width and height.
    #[must_use]
    pub fn transposed(&self) -> bool {
        self.orientation >= 5
    }

    /// Width and height as stored, before orientation.
    pub(crate) fn stored(&self) -> (u32, u32) {
        if self.transposed() {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }

    /// The same picture, held like this.
    pub(super) fn held(mut self, orientation: u8) -> Self {
        if self.transposed() != (orientation >= 5) {
            (self.width, self.height) = (self.height, self.width);
        }
        self.orientation = orientation;
        self
    }
}

/// Reads a header from the beginning of a file; [`HEAD_BYTES`] suffice for most files. For those whose header is not at
/// the beginning, there is [`HeaderReader`].
///
/// # Errors
///
/// [`ImageError::HeaderBeyond`] or [`ImageError::HeaderElsewhere`] when the header goes on beyond what was given;
/// otherwise what is wrong with the file.
pub fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    of_parts(Parts(&[Part {
        offset: 0,
        bytes: head,
    }]))
}

fn of_parts(parts: Parts<'_>) -> Result<Header, ImageError> {
    let head = parts.head();
    if let Some(foreign) = Foreign::of_content(parts) {
        return Err(ImageError::Foreign { kind: foreign });
    }
    match format_of(head) {
        Some(Format::Jpeg) => jpeg::read_header(head),
        Some(Format::Png) => png::read_header(head),
        Some(Format::Tiff) => tiff::read_header(parts),
        Some(Format::WebP) => webp::read_header(parts),
        Some(Format::Bmp) => bmp::read_header(head),
        None if head.is_empty() => Err(ImageError::Empty),
        // "Cut short" is truer than "not a picture".
        None if head.len() < png::SIGNATURE.len() && png::SIGNATURE.starts_with(head) => {
            Err(ImageError::Truncated {
                format: Format::Png,
            })
        }
        None => Err(ImageError::NotAPicture),
    }
}

/// The format that a file's first bytes tell.
pub(super) fn format_of(head: &[u8]) -> Option<Format> {
    if head.starts_with(&jpeg::SIGNATURE) {
        Some(Format::Jpeg)
    } else if head.starts_with(&png::SIGNATURE) {
        Some(Format::Png)
    } else if tiff::SIGNATURES.iter().any(|s| head.starts_with(s)) {
        Some(Format::Tiff)
    } else if webp::looks_like(head) {
        Some(Format::WebP)
    } else if bmp::looks_like(head) {
        Some(Format::Bmp)
    } else {
        None
    }
}

/// Reads a header in as few and as small parts of a file as possible, wherever the file is: it says what to read, is
/// given that, and says what next.
///
/// ```
/// use whiteboarder_core::image::{HeaderReader, HeaderStep};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let grey = whiteboarder_core::image::Picture::new(64, 48, whiteboarder_core::image::Channels::Grey, vec![190; 64 * 48])?;
/// # let file = whiteboarder_core::image::encode_png(&grey)?;
/// let mut reader = HeaderReader::new(file.len() as u64);
/// let header = loop {
///     match reader.step()? {
///         HeaderStep::Ready(header) => break header,
///         HeaderStep::Read { offset, length } => {
///             let range = offset as usize..(offset + length) as usize;
///             reader.give(offset, file[range].to_vec());
///         }
///     }
/// };
/// assert_eq!((header.width, header.height), (64, 48));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HeaderReader {
    file_bytes: u64,
    parts: Vec<(u64, Vec<u8>)>,
}

/// What [`HeaderReader`] needs or has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderStep {
    /// Read this range, which lies within the file and is not empty, and give it.
    Read {
        /// Where it begins.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
    /// The header.
    Ready(Header),
}

impl HeaderReader {
    /// For a file of this size.
    #[must_use]
    pub fn new(file_bytes: u64) -> Self {
        Self {
            file_bytes,
            parts: Vec::new(),
        }
    }

    /// Takes a part in. A part that was not asked for does no harm.
    pub fn give(&mut self, offset: u64, bytes: Vec<u8>) {
        self.parts.retain(|(at, _)| *at != offset);
        self.parts.push((offset, bytes));
    }

    /// What to do next.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn step(&self) -> Result<HeaderStep, ImageError> {
        Ok(match self.attempt(&of_parts)? {
            Ok(header) => HeaderStep::Ready(header),
            Err(Range { offset, length }) => HeaderStep::Read { offset, length },
        })
    }

    /// What `read` makes of the parts, or the range that it wants besides.
    fn attempt<T>(&self, read: &ReadParts<'_, T>) -> Result<Result<T, Range>, ImageError> {
        if self.parts.is_empty() && self.file_bytes > 0 {
            return Ok(Err(self.range(0, HEAD_BYTES as u64)));
        }
        let parts: Vec<Part<'_>> = self
            .parts
            .iter()
            .map(|(offset, bytes)| Part {
                offset: *offset,
                bytes,
            })
            .collect();
        match read(Parts(&parts)) {
            Ok(found) => Ok(Ok(found)),
            Err(ImageError::HeaderBeyond { format, given }) => {
                if given as u64 >= self.file_bytes.min(LONG_HEAD_BYTES) {
                    return Err(ImageError::Truncated { format });
                }
                Ok(Err(self.range(0, LONG_HEAD_BYTES)))
            }
            Err(ImageError::HeaderElsewhere {
                format,
                offset,
                length,
            }) => {
                let beyond = offset
                    .checked_add(length)
                    .is_none_or(|end| end > self.file_bytes);
                let known = self.parts.iter().any(|(at, _)| *at == offset);
                if beyond || known || self.parts.len() >= MOST_PARTS {
                    return Err(ImageError::Truncated { format });
                }
                Ok(Err(self.range(offset, length.max(PART_BYTES))))
            }
            Err(error) => Err(error),
        }
    }

    fn range(&self, offset: u64, length: u64) -> Range {
        Range {
            offset,
            length: length.min(self.file_bytes - offset),
        }
    }
}

/// Some bytes of a file.
struct Range {
    offset: u64,
    length: u64,
}

/// What reads something in the parts of a file that are at hand.
pub(super) type ReadParts<'a, T> = dyn Fn(Parts<'_>) -> Result<T, ImageError> + 'a;

/// Reads the header of a file that is open here.
///
/// # Errors
///
/// The outer error is the system's, the inner one is about the picture.
pub fn read_header_of(file: &mut (impl Read + Seek)) -> io::Result<Result<Header, ImageError>> {
    read_parts_of(file, &of_parts)
}

/// Reads whatever `read` finds in a file that is open here, of which it is given the parts that it asks for.
pub(super) fn read_parts_of<T>(
    file: &mut (impl Read + Seek),
    read: &ReadParts<'_, T>,
) -> io::Result<Result<T, ImageError>> {
    let mut reader = HeaderReader::new(file.seek(SeekFrom::End(0))?);
    loop {
        match reader.attempt(read) {
            Ok(Ok(found)) => return Ok(Ok(found)),
            Ok(Err(Range { offset, length })) => {
                file.seek(SeekFrom::Start(offset))?;
                let mut bytes = Vec::new();
                file.by_ref().take(length).read_to_end(&mut bytes)?;
                if (bytes.len() as u64) < length {
                    // It shrank under our eyes; do not ask for the rest again and again.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                reader.give(offset, bytes);
            }
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// The error for bytes that are not at hand: who has only parts of the file may fetch them.
pub(super) fn elsewhere(format: Format) -> impl Fn(Missing) -> ImageError {
    move |missing| ImageError::HeaderElsewhere {
        format,
        offset: missing.offset,
        length: missing.length,
    }
}
