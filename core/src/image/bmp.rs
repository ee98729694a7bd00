//! BMP: header by our own reading, pixels by the crate `image`.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::{ColorType, ImageDecoder};

use super::colour::{Conversion, Depth, Profile};
use super::error::in_words;
use super::rows::{Alpha, Ink, Layout, whole};
use super::{Channels, Format, Header, ImageError, Picture};

/// Bytes of the headers there are: Windows 2.0, 3.1, and its successors.
const HEADER_SIZES: [u32; 6] = [12, 40, 52, 56, 108, 124];
/// File header and the largest of them.
const HEAD: usize = 14 + 124;
/// The profile is embedded (`PROFILE_EMBEDDED`).
const EMBEDDED: u32 = u32::from_be_bytes(*b"MBED");

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::Bmp,
        detail: detail.into(),
    }
}

const TRUNCATED: ImageError = ImageError::Truncated {
    format: Format::Bmp,
};

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes([bytes[0], bytes[1]]))
}

/// Two letters are a weak signature; the size of the header that follows makes it a strong one.
pub(super) fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"BM") && long(head, 14).is_none_or(|size| HEADER_SIZES.contains(&size))
}

/// What the file's header tells.
struct Facts {
    width: u32,
    height: u32,
    bits: u16,
    compression: u32,
    /// Where the pixels begin.
    pixels_at: u32,
    /// There is a mask for transparency.
    alpha: bool,
}

impl Facts {
    fn read(head: &[u8]) -> Result<Self, ImageError> {
        let size = long(head, 14).ok_or(TRUNCATED)?;
        let pixels_at = long(head, 10).ok_or(TRUNCATED)?;
        let (width, height, bits, compression) = if size == 12 {
            let at = |place| short(head, place).ok_or(TRUNCATED);
            (u32::from(at(18)?), u32::from(at(20)?), at(24)?, 0)
        } else {
            let at = |place| long(head, place).ok_or(TRUNCATED);
            let height = at(22)? as i32;
            // A negative height means that rows go from top to bottom; a negative width means nothing.
            if at(18)? > i32::MAX as u32 || height == i32::MIN {
                return Err(corrupt("its width or height is impossible"));
            }
            let bits = short(head, 28).ok_or(TRUNCATED)?;
            (at(18)?, height.unsigned_abs(), bits, at(30)?)
        };
        if width == 0 || height == 0 {
            return Err(corrupt("its width or height is zero"));
        }
        // Only headers from version 3 on tell where transparency lies.
        let alpha = compression == 3 && size >= 56 && long(head, 66).unwrap_or(0) != 0;
        Ok(Self {
            width,
            height,
            bits,
            compression,
            pixels_at,
            alpha,
        })
    }

    fn check(&self) -> Result<(), ImageError> {
        let unsupported = |what: &str| {
            Err(ImageError::Unsupported {
                format: Format::Bmp,
                what: what.to_owned(),
            })
        };
        match self.compression {
            0..=3 => Ok(()),
            4 => unsupported("JPEG inside"),
            5 => unsupported("PNG inside"),
            _ => unsupported("an unknown compression"),
        }
    }

    /// Bytes of all rows, where they are not compressed.
    fn stored_bytes(&self) -> Option<u64> {
        let row = (u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4;
        matches!(self.compression, 0 | 3).then(|| row.saturating_mul(u64::from(self.height)))
    }
}

pub(super) fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    let facts = Facts::read(&head[..head.len().min(HEAD)])?;
    facts.check()?;
    Ok(Header {
        width: facts.width,
        height: facts.height,
        channels: Channels::Rgb,
        format: Format::Bmp,
        orientation: 1,
        progressive: false,
        decoder_bytes: u64::from(facts.alpha) * u64::from(facts.width) * u64::from(facts.height),
        more_pictures: false,
    })
}

/// Decodes the pixels.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    let facts = Facts::read(bytes)?;
    let end = facts.stored_bytes().map_or(0, |stored| {
        stored.saturating_add(u64::from(facts.pixels_at))
    });
    // A run of equal pixels is told in two bytes and is at most 255 long.
    let fewest = match facts.compression {
        1 | 2 => header.pixels() / 255,
        _ => 0,
    };
    if end.max(fewest) > bytes.len() as u64 {
        return Err(TRUNCATED);
    }
    let failed = |error: image::ImageError| match error {
        image::ImageError::IoError(_) => TRUNCATED,
        image::ImageError::Unsupported(what) => ImageError::Unsupported {
            format: Format::Bmp,
            what: in_words(&what),
        },
        other => corrupt(in_words(&other)),
    };
    let mut decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    let mut limits = image::Limits::no_limits();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    decoder.set_limits(limits).map_err(failed)?;
    let layout = match decoder.color_type() {
        ColorType::Rgb8 => Layout::opaque(Ink::Rgb),
        ColorType::Rgba8 => Layout {
            ink: Ink::Rgb,
            alpha: Some(Alpha::Straight),
        },
        _ => return Err(corrupt("its colours are unheard of")),
    };
    if decoder.dimensions() != (header.width, header.height) {
        return Err(corrupt("its size is told twice, differently"));
    }
    let samples = header.width as usize * header.height as usize * layout.count();
    let mut data = vec![0; samples];
    decoder.read_image(&mut data).map_err(failed)?;
    let profile = profile(bytes).map(|icc| Profile::Icc(icc.into()));
    let conversion = Conversion::new(profile.as_ref(), Ink::Rgb, Depth::Eight);
    let data = whole(data, layout, &conversion);
    Picture::new(header.width, header.height, header.channels, data)
}

/// The profile that a header of version 5 may point to.
fn profile(bytes: &[u8]) -> Option<&[u8]> {
    let embedded = long(bytes, 14)? == 124 && long(bytes, 14 + 56)? == EMBEDDED;
    let at = usize::try_from(long(bytes, 14 + 112)?)
        .ok()?
        .checked_add(14)?;
    let end = at.checked_add(usize::try_from(long(bytes, 14 + 116)?).ok()?)?;
    bytes.get(at..end).filter(|_| embedded)
}
