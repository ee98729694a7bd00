//! Files as cameras write them.

use std::error::Error;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use super::room::Photo;

/// What to write.
#[derive(Clone, Copy)]
pub enum File {
    /// JPEG of this quality.
    Jpeg(u8),
    /// JPEG of this quality from a camera held upright: pixels lie on their side, EXIF orientation 6 says so.
    JpegOnItsSide(u8),
    /// PNG in colour.
    Png,
    /// PNG in grey.
    PngGrey,
}

pub fn encode(photo: &Photo, file: File) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = (photo.width as u32, photo.height as u32);
    let mut bytes = Vec::new();
    match file {
        File::Jpeg(quality) => {
            JpegEncoder::new_with_quality(&mut bytes, quality).encode(
                &photo.rgb,
                width,
                height,
                ExtendedColorType::Rgb8,
            )?;
        }
        File::JpegOnItsSide(quality) => {
            JpegEncoder::new_with_quality(&mut bytes, quality).encode(
                &on_its_side(photo),
                height,
                width,
                ExtendedColorType::Rgb8,
            )?;
            bytes.splice(2..2, exif_app1(6));
        }
        File::Png => {
            png(&mut bytes).write_image(&photo.rgb, width, height, ExtendedColorType::Rgb8)?;
        }
        File::PngGrey => {
            // Rec. 709 weights in 16ths, on samples: what a copier would do.
            let grey: Vec<u8> = photo
                .rgb
                .chunks_exact(3)
                .map(|p| {
                    ((3 * u32::from(p[0]) + 12 * u32::from(p[1]) + u32::from(p[2]) + 8) / 16) as u8
                })
                .collect();
            png(&mut bytes).write_image(&grey, width, height, ExtendedColorType::L8)?;
        }
    }
    Ok(bytes)
}

fn png(bytes: &mut Vec<u8>) -> PngEncoder<&mut Vec<u8>> {
    PngEncoder::new_with_quality(bytes, CompressionType::Best, FilterType::Adaptive)
}

/// Turned by 90° counter-clockwise, so that orientation 6 (turn clockwise to view) brings it back.
fn on_its_side(photo: &Photo) -> Vec<u8> {
    let mut turned = Vec::with_capacity(photo.rgb.len());
    for x in (0..photo.width).rev() {
        for y in 0..photo.height {
            let at = (y * photo.width + x) * 3;
            turned.extend_from_slice(&photo.rgb[at..at + 3]);
        }
    }
    turned
}

/// An APP1 segment with nothing in it but the orientation.
fn exif_app1(orientation: u8) -> Vec<u8> {
    let mut payload = b"Exif\0\0".to_vec();
    // TIFF, little endian, first directory at 8, one entry, no next directory.
    payload.extend(b"II\x2A\0\x08\0\0\0\x01\0");
    // Tag 0x0112, type SHORT, one value.
    payload.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    payload.extend([0; 4]);
    let length = payload.len() as u16 + 2;
    [&[0xFF, 0xE1][..], &length.to_be_bytes(), &payload].concat()
}
