//! Files of people: what is read, what is refused, and in which words.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use proptest::prelude::*;
use whiteboarder_core::image::{
    Channels, Format, HEAD_BYTES, ImageError, Limits, Picture, decode, encode_png, read_header,
};

fn board(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../assets/boards")
            .join(name),
    )
    .unwrap()
}

/// A picture in which every pixel of a corner is recognisable.
fn gradient(width: u32, height: u32, channels: Channels) -> Picture {
    let data = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [x * 255 / width, y * 255 / height, 128]))
        .map(|v| v as u8)
        .collect::<Vec<_>>();
    let data = match channels {
        Channels::Rgb => data,
        Channels::Grey => data.chunks_exact(3).map(|p| p[0] / 2 + p[1] / 2).collect(),
    };
    Picture::new(width, height, channels, data).unwrap()
}

fn jpeg(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colour = match picture.channels {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
    };
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode(&picture.data, picture.width, picture.height, colour)
        .unwrap();
    bytes
}

/// A JPEG with an EXIF block that says how the camera was held.
fn jpeg_held(picture: &Picture, orientation: u8) -> Vec<u8> {
    let mut exif =
        b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg(picture);
    bytes.splice(2..2, exif);
    bytes
}

fn png(
    width: u32,
    height: u32,
    colour: png::ColorType,
    depth: png::BitDepth,
    data: &[u8],
) -> Vec<u8> {
    png_with(width, height, colour, depth, data, |_| {})
}

fn png_with(
    width: u32,
    height: u32,
    colour: png::ColorType,
    depth: png::BitDepth,
    data: &[u8],
    change: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    change(&mut encoder);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(data)
        .unwrap();
    bytes
}

fn refused(bytes: &[u8]) -> ImageError {
    // Without the pixels, which nobody wants to see in a test's output.
    decode(bytes, &Limits::default())
        .map(|picture| (picture.width, picture.height))
        .unwrap_err()
}

#[test]
fn pictures_survive_png_exactly() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for (width, height) in [(1, 1), (1, 77), (300, 1), (123, 45)] {
            let picture = gradient(width, height, channels);
            let bytes = encode_png(&picture).unwrap();
            assert_eq!(decode(&bytes, &Limits::default()).unwrap(), picture);
            let header = read_header(&bytes).unwrap();
            assert_eq!(
                (header.width, header.height, header.channels),
                (width, height, channels)
            );
            assert_eq!((header.format, header.orientation), (Format::Png, 1));
        }
    }
}

#[test]
fn jpeg_is_read_in_grey_and_colour() {
    for channels in [Channels::Grey, Channels::Rgb] {
        let picture = gradient(61, 47, channels);
        let read = decode(&jpeg(&picture), &Limits::default()).unwrap();
        assert_eq!((read.width, read.height, read.channels), (61, 47, channels));
        let worst = read
            .data
            .iter()
            .zip(&picture.data)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        assert!(worst <= 16, "{channels} is off by {worst}");
    }
}

#[test]
fn all_eight_orientations_come_out_upright() {
    // A red corner, top left as seen; the EXIF standard says where each orientation stores it.
    let (w, h) = (64, 32);
    for orientation in 1..=8_u8 {
        let (sw, sh) = if orientation >= 5 { (h, w) } else { (w, h) };
        let (right, bottom) = match orientation {
            1 | 5 => (false, false),
            2 | 8 => (true, false),
            3 | 7 => (true, true),
            _ => (false, true),
        };
        let data = (0..sh)
            .flat_map(|y| (0..sw).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let near =
                    |v: u32, n: u32, far: bool| if far { n - 1 - v < n / 2 } else { v < n / 2 };
                let red = near(x, sw, right) && near(y, sh, bottom);
                if red { [255, 0, 0] } else { [255, 255, 255] }
            })
            .collect();
        let bytes = jpeg_held(
            &Picture::new(sw, sh, Channels::Rgb, data).unwrap(),
            orientation,
        );
        let header = read_header(&bytes).unwrap();
        assert_eq!(
            (header.width, header.height, header.orientation),
            (w, h, orientation)
        );
        let read = decode(&bytes, &Limits::default()).unwrap();
        assert_eq!((read.width, read.height), (w, h));
        let green_at = |x: u32, y: u32| read.data[((y * w + x) * 3 + 1) as usize];
        assert!(green_at(8, 8) < 60, "{orientation}: no red at the top left");
        for (x, y) in [(w - 8, 8), (8, h - 8), (w - 8, h - 8)] {
            assert!(green_at(x, y) > 200, "{orientation}: red at {x}, {y}");
        }
    }
}

#[test]
fn orientations_5_and_7_are_not_confused_with_6_and_8() {
    // The corner test cannot tell a transposition from a turn: an asymmetric picture can.
    let stored = gradient(32, 64, Channels::Rgb);
    let at = |p: &Picture, x: u32, y: u32| p.data[((y * p.width + x) * 3) as usize];
    let seen = |o: u8| decode(&jpeg_held(&stored, o), &Limits::default()).unwrap();
    // Stored red grows to the right; transposed, it grows downwards (5, 6) or upwards (7, 8).
    for (orientation, down) in [(5, true), (6, true), (7, false), (8, false)] {
        let picture = seen(orientation);
        assert_eq!(
            at(&picture, 32, 28) > at(&picture, 32, 3),
            down,
            "{orientation}"
        );
    }
    // Stored green grows downwards; transposed, it grows to the right (5, 8) or to the left (6, 7).
    let green = |p: &Picture, x: u32| p.data[((16 * p.width + x) * 3 + 1) as usize];
    for (orientation, rightwards) in [(5, true), (6, false), (7, false), (8, true)] {
        let picture = seen(orientation);
        assert_eq!(
            green(&picture, 60) > green(&picture, 3),
            rightwards,
            "{orientation}"
        );
    }
}

#[test]
fn nonsense_in_exif_does_not_refuse_a_picture() {
    let picture = gradient(16, 16, Channels::Rgb);
    for orientation in [0, 9, 255] {
        assert_eq!(
            read_header(&jpeg_held(&picture, orientation))
                .unwrap()
                .orientation,
            1
        );
    }
    let mut bytes = jpeg(&picture);
    bytes.splice(2..2, *b"\xFF\xE1\x00\x0CExif\0\0\xFF\xFF\xFF\xFF");
    assert_eq!(decode(&bytes, &Limits::default()).unwrap().width, 16);
}

#[test]
fn png_orientation_counts_before_the_pixels() {
    let mut bytes = encode_png(&gradient(20, 10, Channels::Rgb)).unwrap();
    let tiff = b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
    let mut chunk = (tiff.len() as u32).to_be_bytes().to_vec();
    chunk.extend(b"eXIf");
    chunk.extend(tiff);
    chunk.extend(crc32(&chunk[4..]).to_be_bytes());
    bytes.splice(33..33, chunk);
    let header = read_header(&bytes).unwrap();
    assert_eq!(
        (header.width, header.height, header.orientation),
        (10, 20, 8)
    );
    let picture = decode(&bytes, &Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (10, 20));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            (c >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(c & 1))
        })
    })
}

#[test]
fn transparency_lies_over_white() {
    let rgba = [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128];
    let picture = decode(
        &png(3, 1, png::ColorType::Rgba, png::BitDepth::Eight, &rgba),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(picture.channels, Channels::Rgb);
    assert_eq!(picture.data, [10, 20, 30, 255, 255, 255, 127, 177, 227]);
    let grey = png(
        2,
        1,
        png::ColorType::GrayscaleAlpha,
        png::BitDepth::Eight,
        &[40, 255, 40, 0],
    );
    let picture = decode(&grey, &Limits::default()).unwrap();
    assert_eq!(
        (picture.channels, picture.data),
        (Channels::Grey, vec![40, 255])
    );
}

#[test]
fn palettes_low_depths_and_16_bits_become_8_bits() {
    let palette = png_with(
        4,
        1,
        png::ColorType::Indexed,
        png::BitDepth::Two,
        &[0b00_01_10_01],
        |e| {
            e.set_palette(vec![1, 2, 3, 40, 50, 60, 255, 0, 255]);
        },
    );
    let picture = decode(&palette, &Limits::default()).unwrap();
    assert_eq!(picture.data, [1, 2, 3, 40, 50, 60, 255, 0, 255, 40, 50, 60]);
    let bits = png(
        8,
        1,
        png::ColorType::Grayscale,
        png::BitDepth::One,
        &[0b1010_0101],
    );
    let picture = decode(&bits, &Limits::default()).unwrap();
    assert_eq!(
        (picture.channels, &picture.data[..4]),
        (Channels::Grey, &[255, 0, 255, 0][..])
    );
    let deep = png(
        2,
        1,
        png::ColorType::Grayscale,
        png::BitDepth::Sixteen,
        &[0x12, 0xFF, 0xAB, 0x00],
    );
    assert_eq!(
        decode(&deep, &Limits::default()).unwrap().data,
        [0x13, 0xAA],
        "the nearest, not the upper half"
    );
}

#[test]
fn a_jpeg_cut_anywhere_is_an_error_and_never_half_a_picture() {
    let whole = board("sketch.jpg");
    decode(&whole, &Limits::default()).unwrap();
    // Inside the EXIF block, the tables, at ten places of the pixels, and within the last bytes.
    let tenths = (1..10).map(|tenth| whole.len() * tenth / 10);
    let ends = [
        1,
        2,
        3,
        10,
        40,
        200,
        620,
        whole.len() - 100,
        whole.len() - 2,
        whole.len() - 1,
    ];
    for cut in tenths.chain(ends) {
        let error = refused(&whole[..cut]);
        assert_eq!(
            error.name(),
            if cut < 3 {
                "ImageUnsupported"
            } else {
                "ImageCorrupt"
            },
            "cut at {cut}"
        );
        if cut >= 3 {
            let words = error.to_string();
            assert_eq!(
                words,
                "the JPEG file is cut short: it ends before its picture does; copy or download it again",
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_jpeg_whose_missing_half_is_covered_up_is_an_error() {
    // Some tools close a broken file with an end marker; the pixels are missing all the same.
    let whole = board("sketch.jpg");
    for part in [3, 5, 8] {
        let mut bytes = whole[..whole.len() * part / 10].to_vec();
        bytes.extend([0xFF, 0xD9]);
        let error = refused(&bytes);
        assert_eq!(error.name(), "ImageCorrupt", "{part}/10: {error}");
    }
}

#[test]
fn a_progressive_jpeg_without_its_last_scans_is_an_error() {
    // Our encoder writes no progressive files, but a scan that tells only some coefficients is the same thing.
    let mut bytes = jpeg(&gradient(32, 32, Channels::Rgb));
    let scan = bytes.windows(2).position(|w| w == [0xFF, 0xDA]).unwrap();
    // Length, number of channels, two bytes each, first and last coefficient, bits.
    let last = scan + 2 + 2 + 1 + 6 + 1;
    assert_eq!(bytes[last - 1..last + 2], [0, 63, 0]);
    for (at, value) in [(last, 40), (last + 1, 1)] {
        let before = std::mem::replace(&mut bytes[at], value);
        assert_eq!(
            refused(&bytes),
            ImageError::Truncated {
                format: Format::Jpeg
            }
        );
        bytes[at] = before;
    }
    decode(&bytes, &Limits::default()).unwrap();
}

#[test]
fn vector_instructions_change_no_pixel() {
    use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    for name in ["sketch.jpg", "architecture.jpg"] {
        let bytes = board(name);
        let pixels = |vectors: bool| {
            let options = DecoderOptions::default()
                .set_use_unsafe(vectors)
                .jpeg_set_out_colorspace(ColorSpace::RGB);
            zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(&bytes), options)
                .decode()
                .unwrap()
        };
        assert!(
            pixels(true) == pixels(false),
            "{name} depends on the processor"
        );
    }
}

#[test]
fn a_png_cut_anywhere_is_an_error() {
    let whole = board("timetable.png");
    let tenths = (1..10).map(|tenth| whole.len() * tenth / 10);
    for cut in tenths.chain([
        1,
        4,
        8,
        20,
        40,
        whole.len() - 13,
        whole.len() - 5,
        whole.len() - 1,
    ]) {
        let error = refused(&whole[..cut]);
        assert_eq!(
            error,
            ImageError::Truncated {
                format: Format::Png
            },
            "cut at {cut}"
        );
    }
}

#[test]
fn a_flipped_bit_in_a_png_is_noticed() {
    let mut bytes = board("timetable.png");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    assert_eq!(refused(&bytes).name(), "ImageCorrupt");
}

#[test]
fn nothing_and_text_are_no_pictures() {
    assert_eq!(
        refused(b"").to_string(),
        "the file is empty; copy or download it again"
    );
    assert_eq!(
        refused(b"hello, world").to_string(),
        "this is not a picture; JPEG, PNG, TIFF, WebP and BMP are read"
    );
}

#[test]
fn kinds_of_jpeg_that_are_not_read_are_named() {
    let bytes = jpeg(&gradient(16, 16, Channels::Rgb));
    let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    let with = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[frame + at] = value;
        refused(&changed).to_string()
    };
    let tail = ", which is not supported; save it as ordinary 8-bit RGB and try again";
    assert_eq!(with(9, 2), format!("this JPEG file uses 2 channels{tail}"));
    assert_eq!(
        with(1, 0xC3),
        format!("this JPEG file uses lossless coding{tail}")
    );
    assert_eq!(
        with(4, 12),
        format!("this JPEG file uses 12 bits per sample{tail}")
    );
    assert_eq!(
        with(1, 0xC9),
        format!("this JPEG file uses arithmetic coding{tail}")
    );
}

#[test]
fn limits_are_checked_before_pixels_are_allocated() {
    // A header that claims 60,000 × 60,000 pixels, which no test machine could allocate.
    let mut bytes = encode_png(&gradient(4, 4, Channels::Rgb)).unwrap();
    bytes[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let crc = crc32(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&crc);
    let error = refused(&bytes);
    assert_eq!(error.name(), "ImageTooLarge");
    assert_eq!(
        error.to_string(),
        "the picture measures 60000 × 60000 pixels (3600.0 MP), and the limit is 256.0 MP; make it smaller first"
    );
    let open = Limits {
        max_pixels: u64::MAX,
        ..Limits::default()
    };
    assert!(matches!(
        decode(&bytes, &open),
        Err(ImageError::NeedsMemory { .. })
    ));
    let narrow = Limits {
        max_side: 3,
        ..Limits::default()
    };
    let small = encode_png(&gradient(4, 2, Channels::Rgb)).unwrap();
    let error = decode(&small, &narrow).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the picture measures 4 × 2 pixels, and no side may exceed 3; make it smaller first"
    );
    let poor = Limits {
        max_memory: 10 << 20,
        ..Limits::default()
    };
    let words = decode(&small, &poor).unwrap_err().to_string();
    assert!(
        words.starts_with("cleaning a picture of 4 × 2 pixels needs about "),
        "{words}"
    );
    assert!(
        words.ends_with("MB of memory, and 10 MB are allowed; make it smaller first"),
        "{words}"
    );
}

#[test]
fn every_board_tells_its_header_within_the_first_256_kib() {
    let expected = [
        ("architecture.jpg", 3264, 2448, Channels::Rgb, 1),
        ("retro.png", 1280, 960, Channels::Rgb, 1),
        ("roadmap.jpg", 4000, 3000, Channels::Rgb, 1),
        ("sketch.jpg", 2112, 2816, Channels::Rgb, 6),
        ("timetable.png", 2000, 1500, Channels::Grey, 1),
        ("wall.jpg", 6000, 4000, Channels::Rgb, 1),
    ];
    for (name, width, height, channels, orientation) in expected {
        let bytes = board(name);
        let header = read_header(&bytes[..bytes.len().min(HEAD_BYTES)]).unwrap();
        assert_eq!(
            (
                header.width,
                header.height,
                header.channels,
                header.orientation
            ),
            (width, height, channels, orientation),
            "{name}"
        );
        assert!(!header.progressive);
    }
}

#[test]
fn a_header_that_goes_on_asks_for_more() {
    let bytes = board("sketch.jpg");
    assert_eq!(
        read_header(&bytes[..60]),
        Err(ImageError::HeaderBeyond {
            format: Format::Jpeg,
            given: 60
        })
    );
    let bytes = board("retro.png");
    assert_eq!(
        read_header(&bytes[..20]),
        Err(ImageError::HeaderBeyond {
            format: Format::Png,
            given: 20
        })
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0..3,
    ) {
        let start: &[u8] = match kind {
            0 => b"\xFF\xD8\xFF\xE0\x00\x04ab\xFF\xC0\x00\x11\x08\x00\x10\x00\x10\x03",
            1 => b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08\x02\0\0\0",
            _ => b"",
        };
        bytes.splice(0..0, start.iter().copied());
        let _ = read_header(&bytes);
        let _ = decode(&bytes, &Limits::default());
    }

    #[test]
    fn a_damaged_jpeg_never_panics(at in 0_usize..2000, value in any::<u8>()) {
        let mut bytes = jpeg(&gradient(48, 40, Channels::Rgb));
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = decode(&bytes, &Limits::default());
    }
}

#[test]
fn foreign_decoders_read_our_png() {
    let picture = gradient(70, 30, Channels::Rgb);
    let foreign = image::load_from_memory(&encode_png(&picture).unwrap())
        .unwrap()
        .to_rgb8();
    assert_eq!(foreign.into_raw(), picture.data);
    // And the other way round.
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&picture.data, 70, 30, ExtendedColorType::Rgb8)
        .unwrap();
    assert_eq!(decode(&bytes, &Limits::default()).unwrap(), picture);
}
