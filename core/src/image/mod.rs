//! Pictures in and out: files of [five formats](Format) to 8-bit sRGB samples, and back to PNG.
//!
//! Reading happens in two steps so that a hostile or huge file costs nothing: [`read_header`] learns size, channels
//! and orientation from a few bytes of the file, [`Limits`] are checked against *the whole need of a cleaning*,
//! and only then does [`decode`] allocate pixels.
//!
//! A file that ends too early is an error here, never a half-grey picture. What other decoders of pictures forgive, the
//! walks of this module find first: every chunk, strip and scan must be there in full.
//!
//! Where to start: `header.rs` for what is known before decoding; `jpeg/`, `png.rs`, `tiff/`, `webp.rs` and `bmp.rs` for
//! a format each; `rows.rs` and `colour/` for what becomes of samples; `foreign.rs` for what is not read and what to do.

mod bmp;
mod colour;
mod error;
mod exif;
mod foreign;
mod header;
mod ifd;
mod jpeg;
mod orient;
mod parts;
pub(crate) mod png;
mod rows;
mod stored;
pub(crate) mod tiff;
mod webp;

use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use error::ImageError;
pub(crate) use exif::of_orientation as exif_of_orientation;
pub use foreign::Foreign;
pub use header::{
    Channels, Format, HEAD_BYTES, Header, HeaderReader, HeaderStep, read_header, read_header_of,
};

pub(crate) use orient::{reverse, turned};
pub(crate) use stored::{Meaning, ToSrgb};

use crate::cost;
use crate::recipe::Recipe;

/// What may be read at all. Checked against the header, before any pixel is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest side in pixels.
    pub max_side: u32,
    /// Width times height.
    pub max_pixels: u64,
    /// Bytes that the whole cleaning may need (file, pixels, working memory, result), by the model in
    /// [`cost`].
    pub max_memory: u64,
}

impl Default for Limits {
    /// A desktop computer: sides to 65,535, 256 megapixels, 4 GiB.
    fn default() -> Self {
        Self {
            max_side: 65_535,
            max_pixels: 256_000_000,
            max_memory: 4 << 30,
        }
    }
}

impl Limits {
    /// Checks a picture of this header, whose cleaning needs `memory_bytes`.
    pub fn check(&self, header: &Header, memory_bytes: u64) -> Result<(), ImageError> {
        let (width, height) = (header.width, header.height);
        if width.max(height) > self.max_side {
            return Err(ImageError::SideTooLong {
                width,
                height,
                max_side: self.max_side,
            });
        }
        if header.pixels() > self.max_pixels {
            return Err(ImageError::TooManyPixels {
                width,
                height,
                max_pixels: self.max_pixels,
            });
        }
        if memory_bytes > self.max_memory {
            let (need, allowed) = (memory_bytes, self.max_memory);
            return Err(ImageError::NeedsMemory {
                width,
                height,
                need,
                allowed,
            });
        }
        Ok(())
    }
}

/// A decoded picture: 8-bit sRGB samples, channels interleaved, rows from top to bottom without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row; at least 1.
    pub width: u32,
    /// Rows; at least 1.
    pub height: u32,
    /// Grey or RGB.
    pub channels: Channels,
    /// `width · height · channels` samples.
    pub data: Vec<u8>,
}

impl Picture {
    /// A picture of these samples; an error when there are not exactly `width · height · channels` of them.
    pub fn new(
        width: u32,
        height: u32,
        channels: Channels,
        data: Vec<u8>,
    ) -> Result<Self, ImageError> {
        let want = u64::from(width) * u64::from(height) * channels.count() as u64;
        if width == 0 || height == 0 || data.len() as u64 != want {
            return Err(ImageError::Shape {
                width,
                height,
                samples: data.len(),
            });
        }
        Ok(Self {
            width,
            height,
            channels,
            data,
        })
    }

    /// A picture of the same size and channels without samples, to be filled in.
    pub(crate) fn clone_shape(&self) -> Self {
        Self {
            data: Vec::new(),
            ..*self
        }
    }

    /// A copy of the part that begins at (x, y), which must be inside of the picture.
    pub(crate) fn cut(&self, x: u32, y: u32, width: u32, height: u32) -> Self {
        let channels = self.channels.count();
        let (left, row_len) = (x as usize * channels, width as usize * channels);
        let rows = self.data.chunks_exact(self.row_len());
        let mut data = Vec::with_capacity(row_len * height as usize);
        for row in rows.skip(y as usize).take(height as usize) {
            data.extend_from_slice(&row[left..left + row_len]);
        }
        Self {
            width,
            height,
            channels: self.channels,
            data,
        }
    }

    /// Samples in a row.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.width as usize * self.channels.count()
    }
}

/// Decodes a whole file; orientation is applied, and colours become sRGB.
///
/// `limits` are checked first, with the memory that cleaning by the default recipe needs. Transparency is laid over
/// white; palettes are expanded; deeper samples become the nearest of 8 bits.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, ImageError> {
    let header = header_of_all(bytes)?;
    let need = cost::estimate(&header, bytes.len() as u64, &Recipe::default());
    limits.check(&header, need.memory_bytes)?;
    let stored = || match header.format {
        Format::Jpeg => jpeg::decode(bytes, &header),
        Format::Png => png::decode(bytes, &header),
        Format::Tiff => tiff::decode(bytes, &header),
        Format::WebP => webp::decode(bytes, &header),
        Format::Bmp => bmp::decode(bytes, &header),
    };
    let stored = guarded(header.format, stored)?;
    Ok(orient::apply(stored, header.orientation))
}

/// The header of a file of which there is no more than this.
pub(crate) fn header_of_all(bytes: &[u8]) -> Result<Header, ImageError> {
    read_header(bytes).map_err(|error| match error {
        ImageError::HeaderBeyond { format, .. } | ImageError::HeaderElsewhere { format, .. } => {
            ImageError::Truncated { format }
        }
        other => other,
    })
}

/// Calls a decoder. Decoders are long programs of others: one that trips over a damaged file must not take a whole
/// batch along.
pub(crate) fn guarded<T>(
    format: Format,
    decode: impl FnOnce() -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(ImageError::Corrupt {
            format,
            detail: "it confuses its decoder".to_owned(),
        })
    })
}

/// How the file that is open here can be read row by row, when it is a TIFF.
pub(crate) fn plan_tiff(
    file: &mut (impl Read + Seek),
    file_bytes: u64,
) -> io::Result<Result<tiff::Planned, ImageError>> {
    header::read_parts_of(file, &|parts| tiff::Plan::read(parts, file_bytes))
}

/// Encodes a picture as PNG: 8-bit grey or RGB, tagged sRGB, no other metadata. The same picture gives the same bytes
/// on every machine.
pub fn encode_png(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    png::encode(picture, None)
}

/// [`encode_png`] with what the source file's EXIF block says of the photograph (when, where, by whom, with what),
/// written anew: upright, and without thumbnail, maker's notes and XMP. A source without EXIF gives what
/// [`encode_png`] gives.
pub fn encode_png_with_metadata(picture: &Picture, source: &[u8]) -> Result<Vec<u8>, ImageError> {
    png::encode(picture, exif::for_result(source).as_deref())
}

/// The EXIF block of [`encode_png_with_metadata`], for files of any format.
#[must_use]
pub fn exif_for_result(source: &[u8]) -> Option<Vec<u8>> {
    exif::for_result(source)
}

/// The small JPEG that cameras put into a photograph's EXIF block, as it lies in the file: neither decoded nor turned. The
/// file's beginning is enough. It may be of another shape than the photograph, and of another photograph altogether when a
/// program has cut the file since.
#[must_use]
pub fn exif_thumbnail(head: &[u8]) -> Option<&[u8]> {
    exif::thumbnail(head)
}

/// A picture as it is seen, from the picture as it is stored with this EXIF orientation; what is none of 1 to 8 is upright.
#[must_use]
pub fn upright(picture: Picture, orientation: u8) -> Picture {
    orient::apply(picture, orientation)
}
