//! Size, channels and orientation from the first bytes of a file, without decoding anything.

use std::fmt;

use super::{ImageError, jpeg, png};

/// How much of a file [`read_header`] usually needs: 256 KiB, which holds the EXIF block of any camera.
pub const HEAD_BYTES: usize = 256 << 10;

/// File format of a source picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline or progressive, Huffman coded, 8 bits.
    Jpeg,
    /// PNG of any colour type.
    Png,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
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

/// What the beginning of a file tells about its picture.
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
    /// A progressive JPEG, one whose scans come one channel at a time, or an interlaced PNG: the decoder must hold
    /// the whole picture in its working form as well.
    pub progressive: bool,
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
}

/// Reads a header from the beginning of a file; [`HEAD_BYTES`] suffice for almost every file.
///
/// # Errors
///
/// [`ImageError::HeaderBeyond`] when the header goes on beyond what was given; otherwise what is wrong with the file.
pub fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    if head.starts_with(&jpeg::SIGNATURE) {
        jpeg::read_header(head)
    } else if head.starts_with(&png::SIGNATURE) {
        png::read_header(head)
    } else if head.len() < png::SIGNATURE.len() && png::SIGNATURE.starts_with(head) {
        // Also the empty file: "cut short" is truer than "not a picture".
        Err(ImageError::Truncated {
            format: Format::Png,
        })
    } else {
        Err(ImageError::NotAPicture {
            looks_like: looks_like(head),
        })
    }
}

/// Names common formats that people try, so that the message can say what the file is.
fn looks_like(head: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(magic));
    if at(0, b"GIF8") {
        Some("a GIF")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("a WebP picture")
    } else if at(4, b"ftypheic") || at(4, b"ftypheix") || at(4, b"ftypmif1") {
        Some(
            "an HEIC picture, as iPhones take; set the camera to \"Most Compatible\" or export it as JPEG",
        )
    } else if at(4, b"ftypavif") {
        Some("an AVIF picture")
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        Some("a TIFF or a camera's raw file")
    } else if at(0, b"%PDF") {
        Some("a PDF")
    } else if at(0, b"BM") {
        Some("a BMP")
    } else {
        None
    }
}

/// Orientation out of an EXIF block (without its `Exif\0\0` prefix); 1 when it says nothing usable.
///
/// A broken EXIF block is no reason to refuse a picture: viewers show it upright, and so do we.
pub(super) fn exif_orientation(tiff: &[u8]) -> u8 {
    exif::Reader::new()
        .read_raw(tiff.to_vec())
        .ok()
        .and_then(|exif| {
            let field = exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
            field.value.get_uint(0)
        })
        .filter(|value| (1..=8).contains(value))
        .map_or(1, |value| value as u8)
}
