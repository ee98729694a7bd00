//! All kinds of files there are, each small and whole.
#![allow(clippy::unwrap_used)]

use whiteboarder_core::image::{Picture, encode_png};

use crate::support::{self, Tiff, fixtures, gradient};

/// An uncompressed BMP.
pub fn bmp(picture: &Picture) -> Vec<u8> {
    let mut bmp = Vec::new();
    image::ImageEncoder::write_image(
        image::codecs::bmp::BmpEncoder::new(&mut bmp),
        &picture.data,
        picture.width,
        picture.height,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
    bmp
}

pub fn zoo() -> Vec<Vec<u8>> {
    let picture = gradient();
    let mut zoo: Vec<Vec<u8>> = fixtures().into_iter().map(|(_, bytes)| bytes).collect();
    let icc = support::display_p3();
    let mut tiff = Tiff::gradient();
    tiff.set(34675, 7, icc.clone()).short(274, &[6]);
    zoo.push(tiff.bytes());
    tiff.directory_last = true;
    zoo.push(tiff.bytes());
    zoo.push(bmp(&picture));
    let app1 = [b"Exif\0\0".as_slice(), &support::exif(6)].concat();
    zoo.push(support::jpeg_with(&picture, 0xE1, &app1));
    let app2 = [b"ICC_PROFILE\0\x01\x01".as_slice(), &icc].concat();
    zoo.push(support::jpeg_with(&picture, 0xE2, &app2));
    zoo.push(support::with_chunk(
        encode_png(&picture).unwrap(),
        b"eXIf",
        &support::exif(8),
    ));
    zoo.push(support::webp_with(
        &picture,
        0x28,
        &[(b"ICCP", &icc)],
        &[(b"EXIF", &support::exif(5))],
    ));
    zoo
}
