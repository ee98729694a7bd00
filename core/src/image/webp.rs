//! WebP: our own walk over the chunks (size, orientation, profile, completeness), pixels by the crate `image`.
//!
//! The container is RIFF: chunks of a name, a length and that many bytes, padded to an even number. Orientation comes
//! after the pixels, so a header may need the file's end as well.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder};

use super::colour::{Conversion, Depth, Profile};
use super::error::in_words;
use super::header::elsewhere;
use super::parts::{Missing, Part, Parts};
use super::rows::{Alpha, Ink, Layout, whole};
use super::{Channels, Format, Header, ImageError, Picture, exif as exif_block};

/// Pixels that a byte of a lossy picture can tell at best: each square of 16 × 16 tells how it is predicted, in brightness and
/// in colour, by fixed probabilities that make it more than a bit (RFC 6386, 11.2).
const MOST_PIXELS_PER_BYTE: u64 = 8 * 256;
/// Chunks that are looked at; an animation may have more.
const MOST_CHUNKS: usize = 64;
/// An EXIF block that is longer is not looked at for the orientation.
const MOST_EXIF_BYTES: u64 = 1 << 20;

const TRUNCATED: ImageError = ImageError::Truncated {
    format: Format::WebP,
};

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::WebP,
        detail: detail.into(),
    }
}

/// Whether a file begins like a WebP.
pub(super) fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12).is_none_or(|kind| kind == b"WEBP")
}

/// One chunk, without its bytes.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    name: [u8; 4],
    /// Where its bytes begin.
    at: u64,
    length: u64,
}

/// The chunks up to the end that the container tells.
struct Chunks<'a> {
    parts: Parts<'a>,
    at: u64,
    end: u64,
}

impl<'a> Chunks<'a> {
    fn new(parts: Parts<'a>) -> Result<Self, Missing> {
        let size = little(parts.get(4, 4)?);
        Ok(Self {
            parts,
            at: 12,
            end: 8 + size,
        })
    }

    fn next(&mut self) -> Result<Option<Chunk>, Missing> {
        if self.at + 8 > self.end {
            return Ok(None);
        }
        let head = self.parts.get(self.at, 8)?;
        let chunk = Chunk {
            name: [head[0], head[1], head[2], head[3]],
            at: self.at + 8,
            length: little(&head[4..]),
        };
        self.at = chunk.at + chunk.length + chunk.length % 2;
        Ok(Some(chunk))
    }
}

/// Up to eight bytes, the lowest first.
fn little(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// What the first chunk tells.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are flags of the format"
)]
struct First {
    width: u32,
    height: u32,
    /// Lossless, as far as is known.
    lossless: bool,
    alpha: bool,
    animated: bool,
    exif: bool,
}

impl First {
    fn read(parts: Parts<'_>, chunk: Chunk) -> Result<Self, ImageError> {
        let get = |length| parts.get(chunk.at, length).map_err(elsewhere(Format::WebP));
        let simple = |width: u64, height: u64, lossless, alpha| Self {
            width: width as u32,
            height: height as u32,
            lossless,
            alpha,
            animated: false,
            exif: false,
        };
        let first = match &chunk.name {
            b"VP8 " => {
                let head = get(10)?;
                if head[0] & 1 != 0 || head[3..6] != [0x9D, 0x01, 0x2A] {
                    return Err(corrupt("its first frame is no whole picture"));
                }
                let size = |at: usize| little(&head[at..at + 2]) & 0x3FFF;
                simple(size(6), size(8), false, false)
            }
            b"VP8L" => {
                let head = get(5)?;
                let bits = little(&head[1..]);
                if head[0] != 0x2F {
                    return Err(corrupt("its lossless picture has no signature"));
                }
                let size = |bits: u64| (bits & 0x3FFF) + 1;
                simple(size(bits), size(bits >> 14), true, bits >> 28 & 1 == 1)
            }
            b"VP8X" => {
                let head = get(10)?;
                let size = |at: usize| little(&head[at..at + 3]) as u32 + 1;
                Self {
                    width: size(4),
                    height: size(7),
                    lossless: false,
                    alpha: head[0] & 0x10 != 0,
                    animated: head[0] & 0x02 != 0,
                    exif: head[0] & 0x08 != 0,
                }
            }
            _ => return Err(corrupt("its first chunk is not a picture")),
        };
        if first.width == 0 || first.height == 0 {
            return Err(corrupt("its width or height is zero"));
        }
        Ok(first)
    }

    /// What the decoder holds beside the picture, in bytes per pixel: brightness and colour differences (1.5) while it
    /// makes RGB of them, four samples instead of three where there is transparency, which is itself decoded as
    /// if it were a picture, and canvas and frame of an animation.
    fn bytes_per_pixel(&self, lossless: bool) -> u64 {
        match (self.animated, lossless, self.alpha) {
            (true, _, _) => 14,
            (false, true, _) => 5,
            (false, false, true) => 8,
            (false, false, false) => 2,
        }
    }
}

pub(super) fn read_header(parts: Parts<'_>) -> Result<Header, ImageError> {
    let missing = elsewhere(Format::WebP);
    let mut chunks = Chunks::new(parts).map_err(&missing)?;
    let chunk = chunks.next().map_err(&missing)?.ok_or(TRUNCATED)?;
    let first = First::read(parts, chunk)?;
    let mut lossless = first.lossless;
    let mut orientation = 1;
    if &chunk.name == b"VP8X" {
        for _ in 0..MOST_CHUNKS {
            // Beyond the picture only the orientation is of interest.
            let Some(chunk) = chunks.next().map_err(&missing)? else {
                break;
            };
            match &chunk.name {
                b"VP8L" => lossless = true,
                b"EXIF" if chunk.length <= MOST_EXIF_BYTES => {
                    let block = parts.get(chunk.at, chunk.length).map_err(&missing)?;
                    orientation = exif_block::orientation(plain(block));
                    break;
                }
                _ => {}
            }
            if matches!(&chunk.name, b"VP8L" | b"VP8 " | b"ANMF") && !first.exif {
                break;
            }
        }
    }
    let header = Header {
        width: first.width,
        height: first.height,
        channels: Channels::Rgb,
        format: Format::WebP,
        orientation: 1,
        progressive: false,
        decoder_bytes: first.bytes_per_pixel(lossless)
            * u64::from(first.width)
            * u64::from(first.height),
        more_pictures: first.animated,
    };
    Ok(header.held(orientation))
}

/// Some programs put JPEG's prefix before the block.
fn plain(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}

/// The first chunk of a name in a whole file.
fn find(bytes: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let parts = [Part { offset: 0, bytes }];
    let mut chunks = Chunks::new(Parts(&parts)).ok()?;
    while let Ok(Some(chunk)) = chunks.next() {
        if chunk.name == name {
            let end = usize::try_from(chunk.at + chunk.length).ok()?;
            return bytes.get(chunk.at as usize..end);
        }
    }
    None
}

/// The EXIF block.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    find(bytes, *b"EXIF").map(plain)
}

/// Decodes the pixels as stored, without orientation: of an animation its first frame.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    let failed = |error: image::ImageError| match error {
        image::ImageError::IoError(_) => TRUNCATED,
        other => corrupt(in_words(&other)),
    };
    let (width, height) = header.stored();
    complete(bytes, (width, height))?;
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    if decoder.dimensions() != (width, height) {
        return Err(corrupt("its size is told twice, differently"));
    }
    let mut limits = image::Limits::no_limits();
    limits.max_image_width = Some(width);
    limits.max_image_height = Some(height);
    decoder.set_limits(limits).map_err(failed)?;
    let layout = match decoder.color_type() {
        ColorType::Rgb8 => Layout::opaque(Ink::Rgb),
        ColorType::Rgba8 => Layout {
            ink: Ink::Rgb,
            alpha: Some(Alpha::Straight),
        },
        _ => return Err(corrupt("its colours are unheard of")),
    };
    let mut data = vec![0; width as usize * height as usize * layout.count()];
    decoder.read_image(&mut data).map_err(failed)?;
    let profile = find(bytes, *b"ICCP").map(|icc| Profile::Icc(icc.into()));
    let conversion = Conversion::new(profile.as_ref(), Ink::Rgb, Depth::Eight);
    let data = whole(data, layout, &conversion);
    Picture::new(width, height, header.channels, data)
}

/// Every chunk that the container promises must be there in full, and the pictures within must have the size that the
/// container tells: the decoder makes room for theirs. Bytes after its end are none of the picture.
fn complete(bytes: &[u8], (width, height): (u32, u32)) -> Result<(), ImageError> {
    let parts = [Part { offset: 0, bytes }];
    let parts = Parts(&parts);
    let mut chunks = Chunks::new(parts).map_err(|_| TRUNCATED)?;
    let mut picture = false;
    while let Some(chunk) = chunks.next().map_err(|_| TRUNCATED)? {
        if chunk.at + chunk.length > bytes.len() as u64 {
            return Err(TRUNCATED);
        }
        match &chunk.name {
            b"VP8 " | b"VP8L" => sized(parts, chunk, (width, height))?,
            b"ANMF" if !picture => first_frame(parts, chunk, (width, height))?,
            b"ANMF" => {}
            _ => continue,
        }
        picture = true;
    }
    if picture {
        Ok(())
    } else {
        Err(corrupt("it has no picture"))
    }
}

/// Checks the size of a picture in a chunk.
fn sized(parts: Parts<'_>, chunk: Chunk, size: (u32, u32)) -> Result<(), ImageError> {
    let own = First::read(parts, chunk)?;
    let pixels = u64::from(own.width) * u64::from(own.height);
    if &chunk.name == b"VP8 " && pixels / MOST_PIXELS_PER_BYTE > chunk.length {
        return Err(TRUNCATED);
    }
    if (own.width, own.height) == size {
        Ok(())
    } else {
        Err(corrupt("its size is told twice, differently"))
    }
}

/// Checks the first frame of an animation: it lies within the canvas, and its pictures are of its size.
fn first_frame(parts: Parts<'_>, frame: Chunk, canvas: (u32, u32)) -> Result<(), ImageError> {
    let head = parts.get(frame.at, 16).map_err(|_| TRUNCATED)?;
    let side = |at: usize| little(&head[at..at + 3]) as u32 + 1;
    let size = (side(6), side(9));
    if size.0 > canvas.0 || size.1 > canvas.1 {
        return Err(corrupt("its first frame is larger than its canvas"));
    }
    let mut chunks = Chunks {
        parts,
        at: frame.at + 16,
        end: frame.at + frame.length,
    };
    while let Some(chunk) = chunks.next().map_err(|_| TRUNCATED)? {
        if matches!(&chunk.name, b"VP8 " | b"VP8L") {
            sized(parts, chunk, size)?;
        }
    }
    Ok(())
}
