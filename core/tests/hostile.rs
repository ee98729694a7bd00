//! Files made to do harm: no bytes make the readers panic, run on, or take more memory than they were given.
//!
//! A test binary of its own, because it counts every allocation of the process.
#![allow(clippy::unwrap_used)]

#[path = "support/counting.rs"]
mod counting;
mod support;
#[path = "support/zoo.rs"]
mod zoo;

use counting::{alone, held};
use proptest::prelude::*;
use support::{Tiff, gradient};
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::{
    HeaderReader, HeaderStep, ImageError, Limits, decode, encode_png, read_header,
};
use whiteboarder_core::recipe::Recipe;
use zoo::zoo;

/// What one picture may take in these tests. The estimate of a cleaning starts at 40 MiB for the process itself, which
/// is not ours; so this leaves pictures as many again.
const MEMORY: u64 = 80 << 20;

fn limits() -> Limits {
    Limits {
        max_side: 65_535,
        max_pixels: 4_000_000,
        max_memory: MEMORY,
    }
}

/// Everything that is done with strangers' bytes.
fn use_all(bytes: &[u8]) {
    let ((), most) = held(|| {
        let _ = read_header(bytes);
        let mut reader = HeaderReader::new(bytes.len() as u64);
        for turn in 0.. {
            let Ok(HeaderStep::Read { offset, length }) = reader.step() else {
                break;
            };
            assert!(turn < 20, "the header is asked for again and again");
            let part = &bytes[offset as usize..(offset + length) as usize];
            assert!(!part.is_empty());
            reader.give(offset, part.to_vec());
        }
        let _ = decode(bytes, &limits());
    });
    assert!(most as u64 <= MEMORY, "{} MiB were held", most >> 20);
}

proptest! {
    #[test]
    fn changed_files_of_every_format_do_no_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let _alone = alone();
        let zoo = zoo();
        let mut bytes = which.get(&zoo).clone();
        for (at, value) in changes {
            // Headers are where numbers are; half of the changes go there.
            let range = if value % 2 == 0 { bytes.len() } else { bytes.len().min(400) };
            let at = at.index(range);
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        use_all(&bytes);
    }

    #[test]
    fn numbers_at_their_limits_do_no_harm(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![0_u32, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF, 0x0000_FFFF, 0xFFFF_0000]),
    ) {
        let _alone = alone();
        let zoo = zoo();
        let mut bytes = which.get(&zoo).clone();
        let at = at.index(bytes.len() - 4);
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        use_all(&bytes);
    }
}

#[test]
fn what_a_cleaning_holds_is_what_was_estimated() {
    let _alone = alone();
    // Every picture of the zoo, laid out twelve times as wide and high as it is, would take minutes to make; a large one
    // of each format that can be written here says the same.
    let (width, height) = (1500, 1000);
    let data: Vec<u8> = (0..width * height * 3)
        .map(|i| (i * 7 / 11) as u8)
        .collect();
    let picture = whiteboarder_core::image::Picture::new(
        width,
        height,
        whiteboarder_core::image::Channels::Rgb,
        data.clone(),
    )
    .unwrap();
    let mut bmp = Vec::new();
    image::ImageEncoder::write_image(
        image::codecs::bmp::BmpEncoder::new(&mut bmp),
        &data,
        width,
        height,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
    let deep = data.iter().flat_map(|v| [*v, *v]).collect();
    let files = [
        ("JPEG", support::jpeg(&picture)),
        ("PNG", encode_png(&picture).unwrap()),
        ("WebP", support::webp(&picture)),
        ("BMP", bmp),
        (
            "TIFF",
            Tiff::new(width, height, 2, &[8; 3], data.clone()).bytes(),
        ),
        (
            "TIFF, 16 bits in one strip",
            Tiff::new(width, height, 2, &[16; 3], deep).bytes(),
        ),
        (
            "TIFF, turned",
            Tiff::new(width, height, 2, &[8; 3], data)
                .short(274, &[6])
                .bytes(),
        ),
    ];
    for (name, bytes) in files {
        let recipe = Recipe::default();
        let header = read_header(&bytes).unwrap();
        let estimate = whiteboarder_core::cost::estimate(&header, bytes.len() as u64, &recipe);
        let (_, most) = held(|| clean_bytes(&bytes, &recipe, &Limits::default()).unwrap());
        // The file itself is in the estimate but was there before.
        let most = (most + bytes.len()) as u64;
        assert!(
            most <= estimate.memory_bytes,
            "{name}: {} of {} KiB",
            most >> 10,
            estimate.memory_bytes >> 10
        );
    }
}

#[test]
fn claims_that_no_file_could_hold_are_refused_before_anything_is_allocated() {
    let _alone = alone();
    let open = Limits {
        max_side: u32::MAX,
        max_pixels: u64::MAX,
        max_memory: u64::MAX,
    };
    let refused = |name: &str, bytes: &[u8]| -> ImageError {
        let (result, most) = held(|| decode(bytes, &open).map(|p| p.width));
        assert!(most < 40 << 20, "{name}: {} MiB were held", most >> 20);
        result.unwrap_err()
    };
    let truncated = |error: &ImageError| matches!(error, ImageError::Truncated { .. });

    let mut tiff = Tiff::gradient();
    tiff.long(256, &[2_000_000_000]).long(257, &[2_000_000_000]);
    assert!(truncated(&refused("TIFF", &tiff.long(278, &[1]).bytes())));
    // Lists of strips and profiles of four gigabytes.
    for tag in [273, 279, 258, 34675, 347, 320] {
        let mut bytes = Tiff::gradient()
            .set(34675, 7, vec![0; 100])
            .set(347, 7, vec![0; 100])
            .short(320, &[0; 48])
            .bytes();
        let entry = (0..20)
            .map(|i| 10 + 12 * i)
            .find(|at| bytes[*at..*at + 2] == u16::to_le_bytes(tag));
        bytes[entry.unwrap() + 4..][..4].fill(0xFF);
        let (_, most) = held(|| decode(&bytes, &open).map(|p| p.width));
        assert!(most < 40 << 20, "tag {tag}: {} MiB were held", most >> 20);
    }
    // Tiles of a hundred times the picture.
    let mut tiles = Tiff::gradient();
    tiles
        .long(322, &[60_000])
        .long(323, &[60_000])
        .long(324, &[8])
        .long(325, &[10]);
    refused("tiles", &tiles.bytes());

    let mut jpeg = support::jpeg(&gradient());
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xFF);
    assert!(truncated(&refused("JPEG", &jpeg)));

    let mut png = encode_png(&gradient()).unwrap();
    png[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let crc = support::crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    refused("PNG", &png);

    let mut bmp = Vec::new();
    image::ImageEncoder::write_image(
        image::codecs::bmp::BmpEncoder::new(&mut bmp),
        &gradient().data,
        40,
        28,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
    for height in [1_000_000_000_i32, -1_000_000_000] {
        bmp[22..26].copy_from_slice(&height.to_le_bytes());
        assert!(truncated(&refused("BMP", &bmp)));
    }
    bmp[22..26].copy_from_slice(&i32::MIN.to_le_bytes());
    refused("BMP", &bmp);

    // A canvas of 16 million squared: told, but not held by what lies on it.
    let webp = support::webp_with(&gradient(), 0, &[], &[]);
    let mut wide = webp.clone();
    wide[24..30].fill(0xFF);
    refused("WebP", &wide);
    let mut long = webp;
    long[16..20].fill(0xFF);
    assert!(truncated(&refused("WebP chunk", &long)));
}

#[test]
fn directories_in_circles_come_to_an_end() {
    let _alone = alone();
    // All directories below are this one.
    let mut tiff = Tiff::gradient();
    tiff.long(330, &[8]).long(34665, &[8]).long(34853, &[8]);
    let mut bytes = tiff.bytes();
    let mut recipe = Recipe::default();
    recipe.output.keep_metadata = true;
    let clean = |bytes: &[u8]| {
        let (result, most) = held(|| clean_bytes(bytes, &recipe, &Limits::default()).map(drop));
        assert!(most < 40 << 20);
        result
    };
    assert_eq!(clean(&bytes), Ok(()));
    // The next one is, too.
    let next = 10 + 12 * usize::from(bytes[8]);
    bytes[next..next + 4].copy_from_slice(&8_u32.to_le_bytes());
    assert_eq!(
        clean(&bytes).map_err(|error| error.name()),
        Err("ImageCorrupt")
    );
}
