//! Colours come out as sRGB, whatever the file says they are; and the same everywhere.
#![allow(clippy::unwrap_used)]

mod support;

use sha2::{Digest, Sha256};
use support::{
    HEIGHT, Tiff, WIDTH, display_p3, distance, exif, gradient, grey, matrix_profile, power,
    profile, read, srgb, with_chunk,
};
use whiteboarder_core::image::Limits;
use whiteboarder_core::image::{Channels, Picture, decode, encode_png};

/// A PNG with this profile.
fn png_with(picture: &Picture, icc: Vec<u8>) -> Vec<u8> {
    let mut info = png::Info::with_size(picture.width, picture.height);
    info.color_type = match picture.channels {
        Channels::Grey => png::ColorType::Grayscale,
        Channels::Rgb => png::ColorType::Rgb,
    };
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = Some(icc.into());
    let mut bytes = Vec::new();
    png::Encoder::with_info(&mut bytes, info)
        .unwrap()
        .write_header()
        .unwrap()
        .write_image_data(&picture.data)
        .unwrap();
    bytes
}

/// The gradient with a profile, in every format that keeps it without loss.
fn with_profile(icc: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let picture = gradient();
    let mut tiff = Tiff::gradient();
    tiff.set(34675, 7, icc.to_vec());
    let deep = picture
        .data
        .iter()
        .flat_map(|v| (u16::from(*v) * 257).to_le_bytes());
    let mut tiff_16 = Tiff::new(WIDTH, HEIGHT, 2, &[16; 3], deep.collect());
    tiff_16.set(34675, 7, icc.to_vec());
    vec![
        ("PNG", png_with(&picture, icc.to_vec())),
        ("TIFF", tiff.bytes()),
        ("TIFF, 16 bits", tiff_16.bytes()),
        (
            "WebP",
            support::webp_with(&picture, 0x20, &[(b"ICCP", icc)], &[]),
        ),
    ]
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * picture.width + x) * 3) as usize;
    [picture.data[at], picture.data[at + 1], picture.data[at + 2]]
}

#[test]
fn display_p3_becomes_srgb_and_the_same_in_every_format() {
    let files = with_profile(&display_p3());
    let first = read(&files[0].1);
    // By the definitions of the two spaces, in 64-bit floating point.
    for (x, y, expected) in [
        (0, 0, [0, 0, 134]),
        (20, 14, [119, 126, 128]),
        (39, 0, [255, 0, 129]),
        (0, 27, [0, 247, 113]),
        (39, 27, [232, 243, 108]),
    ] {
        let seen = pixel(&first, x, y);
        let near = seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
        assert!(near, "at {x}, {y}: {seen:?} is not {expected:?}");
    }
    for (name, bytes) in &files {
        assert!(read(bytes) == first, "{name}");
    }
    // The same bytes on every machine: the arithmetic is ours, by tables and products that may not be fused.
    assert_eq!(
        hex::encode(Sha256::digest(&first.data)),
        "72a75c75f8d9326852e2e79d554156148b1b128a13a104afca3fdd3d42a17c37"
    );
}

#[test]
fn greys_stay_grey_in_any_profile_of_colours() {
    let data = (0..=255_u8).flat_map(|level| [level; 3]).collect();
    let greys = Picture::new(256, 1, Channels::Rgb, data).unwrap();
    let picture = read(&png_with(&greys, display_p3()));
    assert!(picture == greys, "P3 has sRGB's curve");
    let adobe = matrix_profile(
        [
            [0.609_74, 0.311_11, 0.019_47],
            [0.205_28, 0.625_67, 0.060_87],
            [0.149_19, 0.063_22, 0.744_57],
        ],
        &power(2.2),
    );
    let picture = read(&png_with(&greys, adobe));
    assert!(picture != greys);
    assert!(picture.data.chunks(3).all(|p| p[0] == p[1] && p[1] == p[2]));
}

#[test]
fn a_profile_that_is_srgb_changes_nothing() {
    for (name, bytes) in with_profile(&srgb()) {
        assert!(read(&bytes) == gradient(), "{name}");
    }
    // Nor one whose curve is a table, as the oldest and commonest has it.
    let mut table = b"curv\0\0\0\0\0\0\x04\0".to_vec();
    for step in 0..1024 {
        let sample = f64::from(step) / 1023.0;
        let light = if sample <= 0.040_45 {
            sample / 12.92
        } else {
            libm::pow((sample + 0.055) / 1.055, 2.4)
        };
        table.extend(((light * 65_535.0).round() as u16).to_be_bytes());
    }
    let colours = [
        [0.436_07, 0.222_49, 0.013_92],
        [0.385_15, 0.716_87, 0.097_08],
        [0.143_07, 0.060_61, 0.714_10],
    ];
    assert!(read(&png_with(&gradient(), matrix_profile(colours, &table))) == gradient());
}

#[test]
fn a_profile_in_pieces_is_put_together() {
    let icc = display_p3();
    let whole = [b"ICC_PROFILE\0\x01\x01".as_slice(), &icc].concat();
    let one = read(&support::jpeg_with(&gradient(), 0xE2, &whole));
    assert!(
        distance(&one, &read(&support::jpeg(&gradient()))) > 5,
        "it has an effect"
    );
    // Two pieces, the second first.
    let (start, end) = icc.split_at(200);
    let mut two = support::jpeg_with(
        &gradient(),
        0xE2,
        &[b"ICC_PROFILE\0\x01\x02".as_slice(), start].concat(),
    );
    let second = [b"ICC_PROFILE\0\x02\x02".as_slice(), end].concat();
    let mut segment = vec![0xFF, 0xE2];
    segment.extend((second.len() as u16 + 2).to_be_bytes());
    segment.extend(&second);
    let without = two.clone();
    two.splice(2..2, segment);
    assert!(read(&two) == one);
    // A piece is missing: as if there were none.
    assert!(read(&without) == read(&support::jpeg(&gradient())));
}

#[test]
fn grey_profiles_bend_grey() {
    let icc = profile(b"GRAY", b"XYZ ", &[(b"kTRC", power(1.0))]);
    let picture = read(&png_with(&grey(), icc.clone()));
    assert_eq!(picture.channels, Channels::Grey);
    // Linear light: a half is sRGB 188.
    let expected = |level: u8| {
        let light = f64::from(level) / 255.0;
        let sample = if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * libm::pow(light, 1.0 / 2.4) - 0.055
        };
        (sample * 255.0).round() as u8
    };
    for (seen, level) in picture.data.iter().zip(&grey().data) {
        assert!(
            seen.abs_diff(expected(*level)) <= 1,
            "{level} became {seen}"
        );
    }
    // A profile for grey says nothing of colours, and the other way round.
    assert!(read(&png_with(&gradient(), icc)) == gradient());
    assert!(read(&png_with(&grey(), display_p3())) == grey());
}

#[test]
fn inks_with_a_profile_go_through_its_tables() {
    // A lattice of two points per ink: paper is white, every ink takes all of its light away, in Lab of 8 bits.
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    let unit = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    table.extend(unit.into_iter().flat_map(support::fixed));
    let line: Vec<u8> = (0..=255).collect();
    (0..4).for_each(|_| table.extend(&line));
    for inks in 0..16_u8 {
        let paper = u8::from(inks == 0) * 255;
        table.extend([paper, 128, 128]);
    }
    (0..3).for_each(|_| table.extend(&line));
    let icc = profile(b"CMYK", b"Lab ", &[(b"A2B0", table)]);
    let inks = vec![0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255];
    let mut tiff = Tiff::new(4, 1, 5, &[8; 4], inks);
    let plain = read(&tiff.bytes());
    assert_eq!(plain.data, [255, 255, 255, 0, 255, 255, 0, 0, 0, 0, 0, 0]);
    let picture = read(&tiff.set(34675, 7, icc).bytes());
    let expected = [255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0_u8];
    let off = picture
        .data
        .iter()
        .zip(expected)
        .map(|(a, b)| a.abs_diff(b))
        .max();
    assert!(off <= Some(2), "{:?}", picture.data);
}

#[test]
fn a_broken_profile_is_as_good_as_none() {
    let whole = display_p3();
    let mut nonsense: Vec<Vec<u8>> = (0..whole.len())
        .step_by(7)
        .map(|cut| whole[..cut].to_vec())
        .collect();
    // A tag that claims four gigabytes, colours that do not make white, and no profile at all.
    let mut huge = whole.clone();
    huge[128 + 4 + 8..128 + 4 + 12].fill(0xFF);
    nonsense.push(huge);
    nonsense.push(matrix_profile([[9.0, 9.0, 9.0]; 3], &power(2.2)));
    nonsense.push(b"hello".to_vec());
    for icc in nonsense {
        for (name, bytes) in with_profile(&icc) {
            let picture = decode(&bytes, &Limits::default());
            assert!(
                picture.is_ok_and(|p| p == gradient()),
                "{name}, {} bytes",
                icc.len()
            );
        }
    }
}

#[test]
fn a_profile_that_unpacks_to_a_great_deal_does_not_stop_the_picture() {
    let bomb = png_with(&gradient(), vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(read(&bomb) == gradient());
}

#[test]
fn png_says_it_without_a_profile_in_the_order_of_the_standard() {
    let plain = |picture: &Picture| {
        let bytes = encode_png(picture).unwrap();
        // Our own files say sRGB; take that out.
        let at = bytes.windows(4).position(|w| w == b"sRGB").unwrap() - 4;
        [&bytes[..at], &bytes[at + 13..]].concat()
    };
    let p3 = [12, 13, 0, 1];
    let expected = read(&png_with(&gradient(), display_p3()));
    // Profiles round their numbers.
    for bytes in [plain(&gradient()), encode_png(&gradient()).unwrap()] {
        let picture = read(&with_chunk(bytes, b"cICP", &p3));
        assert!(distance(&picture, &expected) <= 1);
    }
    assert!(
        read(&with_chunk(
            png_with(&gradient(), display_p3()),
            b"cICP",
            &[1, 13, 0, 1]
        )) == gradient()
    );
    // What everybody writes for sRGB, and what is not that: a linear picture, unless sRGB is said as well.
    let gamma = |value: u32| value.to_be_bytes();
    assert!(read(&with_chunk(plain(&gradient()), b"gAMA", &gamma(45_455))) == gradient());
    let linear = read(&with_chunk(plain(&grey()), b"gAMA", &gamma(100_000)));
    let icc = profile(b"GRAY", b"XYZ ", &[(b"kTRC", power(1.0))]);
    assert!(linear == read(&png_with(&grey(), icc)));
    assert!(
        read(&with_chunk(
            encode_png(&grey()).unwrap(),
            b"gAMA",
            &gamma(100_000)
        )) == grey()
    );
    for nonsense in [0, 1, u32::MAX] {
        assert!(read(&with_chunk(plain(&grey()), b"gAMA", &gamma(nonsense))) == grey());
    }
}

#[test]
fn cameras_say_adobe_rgb_in_exif() {
    let block = |space: [u8; 2], index: &[u8; 4]| {
        let mut block =
            b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1A\0\0\0\0".to_vec();
        // Colour space, and the interoperability directory at 56.
        block.extend(b"\0\x02\xA0\x01\0\x03\0\0\0\x01");
        block.extend(space);
        block.extend(b"\0\0\xA0\x05\0\x04\0\0\0\x01\0\0\0\x38\0\0\0\0");
        block.extend(b"\0\x01\0\x01\0\x02\0\0\0\x04");
        block.extend(index);
        block.extend([0; 4]);
        block
    };
    let read_with = |block: &[u8]| read(&support::jpeg_with(&gradient(), 0xE1, block));
    let plain = read(&support::jpeg(&gradient()));
    let adobe = read_with(&block([0xFF, 0xFF], b"R03\0"));
    assert!(distance(&adobe, &plain) > 10);
    assert!(read_with(&block([0, 1], b"R98\0")) == plain);
    assert!(read_with(&block([0xFF, 0xFF], b"R98\0")) == plain);
    let usual = [b"Exif\0\0".as_slice(), &exif(1)].concat();
    assert!(read_with(&usual) == plain);
}
