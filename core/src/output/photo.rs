//! JPEG and WebP files.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageResult};

use super::OutputError;
use crate::image::{Channels, Picture};

/// Most pixels on a side of a JPEG.
const JPEG_SIDE: u32 = 65_535;
/// Most bytes of an EXIF block in a JPEG: a segment, without its length and its name.
const JPEG_EXIF: usize = 65_535 - 2 - 6;
/// Most pixels on a side of a WebP.
const WEBP_SIDE: u32 = 16_384;

/// A baseline JPEG, each channel at full resolution: at half of it coloured strokes bleed. Its cosine transform is in
/// whole numbers and its quantisation one division, so it is the same on every machine.
pub(super) fn jpeg(
    picture: &Picture,
    quality: u8,
    exif: Option<&[u8]>,
) -> Result<Vec<u8>, OutputError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality.clamp(1, 100));
    let exif = exif.filter(|exif| exif.len() <= JPEG_EXIF);
    write(encoder, picture, exif, "JPEG", JPEG_SIDE)?;
    Ok(out)
}

/// A lossless WebP.
pub(super) fn webp(picture: &Picture, exif: Option<&[u8]>) -> Result<Vec<u8>, OutputError> {
    let mut out = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut out);
    write(encoder, picture, exif, "WebP", WEBP_SIDE)?;
    Ok(out)
}

fn write(
    mut encoder: impl ImageEncoder,
    picture: &Picture,
    exif: Option<&[u8]>,
    format: &'static str,
    max_side: u32,
) -> Result<(), OutputError> {
    let (width, height) = (picture.width, picture.height);
    if width.max(height) > max_side {
        return Err(OutputError::SideTooLong {
            format,
            width,
            height,
            max_side,
        });
    }
    let colour = match picture.channels {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
    };
    let written: ImageResult<()> = (|| {
        if let Some(exif) = exif {
            encoder
                .set_exif_metadata(exif.to_vec())
                .map_err(image::ImageError::Unsupported)?;
        }
        encoder.write_image(&picture.data, width, height, colour)
    })();
    written.map_err(|error| OutputError::Unencodable {
        format,
        detail: error.to_string(),
    })
}
