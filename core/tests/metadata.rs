//! What a result tells of its photograph: nothing, unless it is asked for.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Tiff, exif, gradient};
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::{Limits, decode, encode_png, exif_thumbnail, read_header};
use whiteboarder_core::recipe::Recipe;

/// The gradient from a camera that was held upside down, somewhere, in every format that can tell.
fn photographs() -> Vec<(&'static str, Vec<u8>)> {
    let picture = gradient();
    let block = exif(3);
    let app1 = [b"Exif\0\0".as_slice(), &block].concat();
    let late = {
        // A PNG may tell it after the pixels, too.
        let mut bytes = encode_png(&picture).unwrap();
        let end = bytes.len() - 12;
        let chunk = support::with_chunk(vec![0; 33], b"eXIf", &block)[33..].to_vec();
        bytes.splice(end..end, chunk);
        bytes
    };
    let mut tiff = Tiff::gradient();
    tiff.big_endian = true;
    tiff.tags.clear();
    let tiff = {
        let mut tiff = Tiff {
            pixels: picture.data.clone(),
            ..tiff
        };
        tiff.long(256, &[picture.width])
            .long(257, &[picture.height]);
        tiff.short(258, &[8; 3])
            .short(259, &[1])
            .short(262, &[2])
            .short(277, &[3]);
        tiff.long(278, &[picture.height]).short(274, &[3]);
        tiff.set(271, 2, b"Kamera AG\0".to_vec());
        tiff.set(700, 1, b"<x:xmpmeta>secret</x:xmpmeta>".to_vec());
        let plain = tiff.bytes();
        // The place's directory goes to the end of the file, once it is known where that is.
        tiff.long(34853, &[0]);
        let at = tiff.bytes().len() as u32;
        assert!(at > plain.len() as u32);
        tiff.long(34853, &[at]);
        let mut bytes = tiff.bytes();
        bytes.extend(b"\0\x01\0\x1B\0\x07\0\0\0\x08");
        bytes.extend((at + 18).to_be_bytes());
        bytes.extend(b"\0\0\0\0Somewher");
        bytes
    };
    vec![
        ("JPEG", support::jpeg_with(&picture, 0xE1, &app1)),
        (
            "PNG",
            support::with_chunk(encode_png(&picture).unwrap(), b"eXIf", &block),
        ),
        ("PNG, late", late),
        (
            "WebP",
            support::webp_with(&picture, 0x08, &[], &[(b"EXIF", &block)]),
        ),
        ("TIFF", tiff),
    ]
}

fn has(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

fn cleaned(bytes: &[u8], keep: bool) -> Vec<u8> {
    let mut recipe = Recipe::default();
    recipe.output.keep_metadata = keep;
    clean_bytes(bytes, &recipe, &Limits::default()).unwrap().png
}

#[test]
fn a_result_does_not_tell_where_its_photograph_was_taken() {
    for (name, bytes) in photographs() {
        assert!(has(&bytes, b"Somewher"), "{name}");
        let png = cleaned(&bytes, false);
        for secret in [b"eXIf".as_slice(), b"Somewher", b"Kamera AG", b"secret"] {
            assert!(!has(&png, secret), "{name}");
        }
    }
}

#[test]
fn when_asked_to_it_keeps_what_stays_true() {
    for (name, bytes) in photographs() {
        let png = cleaned(&bytes, true);
        assert!(has(&png, b"Somewher") && has(&png, b"Kamera AG"), "{name}");
        for gone in [b"Thumbnail".as_slice(), b"Maker's note", b"secret"] {
            assert!(!has(&png, gone), "{name}");
        }
        // Upright already: who reads the result must not turn it once more.
        let header = read_header(&png).unwrap();
        assert_eq!(header.orientation, 1, "{name}");
        let (with, without) = (decode(&png, &Limits::default()), cleaned(&bytes, false));
        assert!(
            with.unwrap() == decode(&without, &Limits::default()).unwrap(),
            "{name}"
        );
        // And it can be read by a stranger: the block is where and as it should be.
        let reader = png::Decoder::new(std::io::Cursor::new(&png))
            .read_info()
            .unwrap();
        let block = reader.info().exif_metadata.as_ref().unwrap();
        assert!(block.starts_with(b"MM\0\x2A"), "{name}");
        assert_eq!(
            tag(block, 0x0112),
            Some([0, 3, 0, 0, 0, 1, 0, 1, 0, 0]),
            "{name}"
        );
    }
}

/// Type, count and value of a tag in the first directory of a big-endian block.
fn tag(block: &[u8], wanted: u16) -> Option<[u8; 10]> {
    let at = u32::from_be_bytes(block[4..8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_be_bytes([block[at], block[at + 1]]));
    let next = &block[at + 2 + 12 * count..][..4];
    assert_eq!(next, [0; 4], "no second directory");
    let entries = block[at + 2..].chunks(12).take(count);
    let mut found = entries.filter(|entry| entry[..2] == wanted.to_be_bytes());
    found.next().map(|entry| entry[2..].try_into().unwrap())
}

#[test]
fn a_photograph_that_tells_nothing_gives_the_same_result_either_way() {
    let bytes = encode_png(&gradient()).unwrap();
    let (asked, plain) = (cleaned(&bytes, true), cleaned(&bytes, false));
    assert_eq!(
        decode(&asked, &Limits::default()),
        decode(&plain, &Limits::default())
    );
    // Only the recipe's hash, in the result's own note, is another.
    assert_eq!(asked.len(), plain.len());
    assert!(!has(&asked, b"eXIf") && !has(&plain, b"eXIf"));
}

#[test]
fn a_block_that_points_at_itself_or_beyond_is_no_trap() {
    let mut block = exif(3);
    // EXIF and GPS directories: the first directory itself, and far away.
    block[8 + 2 + 24 + 8..][..4].copy_from_slice(&8_u32.to_be_bytes());
    block[8 + 2 + 36 + 8..][..4].copy_from_slice(&0xFFFF_FFF0_u32.to_be_bytes());
    let app1 = [b"Exif\0\0".as_slice(), &block].concat();
    let png = cleaned(&support::jpeg_with(&gradient(), 0xE1, &app1), true);
    assert!(has(&png, b"Kamera AG"));
    assert_eq!(read_header(&png).unwrap().orientation, 1);
}

#[test]
fn a_block_of_any_size_stays_small() {
    // Sixty values of eight thousand bytes each, all in the same place, and one of a million.
    let mut block = b"II*\0\x08\0\0\0\x3D\0".to_vec();
    for index in 0..61_u16 {
        // Whatever the tag is, it is kept when it is within EXIF; here they are all the host's names.
        block.extend((0x9C9B + index % 5).to_le_bytes());
        block.extend([1, 0]);
        let count: u32 = if index == 60 { 1_000_000 } else { 8_000 };
        block.extend(count.to_le_bytes());
        block.extend(1000_u32.to_le_bytes());
    }
    block.resize(1_100_000, b'x');
    let bytes = support::with_chunk(encode_png(&gradient()).unwrap(), b"eXIf", &block);
    let plain = cleaned(&bytes, false).len();
    assert!(cleaned(&bytes, true).len() < plain + (300 << 10));
}

/// A photograph whose EXIF block says that its thumbnail has so many bytes.
fn with_thumbnail(thumbnail: &[u8], length: u32) -> Vec<u8> {
    let mut block = b"MM\0\x2A\0\0\0\x08".to_vec();
    block.extend(b"\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\x1A");
    // The second directory at 26, the thumbnail behind it at 56.
    block.extend(b"\0\x02\x02\x01\0\x04\0\0\0\x01\0\0\0\x38");
    block.extend(b"\x02\x02\0\x04\0\0\0\x01");
    block.extend(length.to_be_bytes());
    block.extend([0; 4]);
    block.extend(thumbnail);
    let app1 = [b"Exif\0\0".as_slice(), &block].concat();
    support::jpeg_with(&gradient(), 0xE1, &app1)
}

#[test]
fn a_cameras_thumbnail_is_found_in_a_files_beginning_and_a_lie_about_it_is_none() {
    let small = support::jpeg(&gradient());
    let length = small.len() as u32;
    let photograph = with_thumbnail(&small, length);
    let head = &photograph[..small.len() + 100];
    assert_eq!(exif_thumbnail(head), Some(small.as_slice()));
    assert_eq!(exif_thumbnail(&head[..small.len()]), None, "cut off");
    for wrong in [length + 1, u32::MAX] {
        assert_eq!(exif_thumbnail(&with_thumbnail(&small, wrong)), None);
    }
    assert_eq!(exif_thumbnail(&with_thumbnail(b"no picture", 10)), None);
    // Those of the formats above say so in their own way, or not at all.
    for (name, bytes) in photographs() {
        assert_eq!(exif_thumbnail(&bytes), None, "{name}");
    }
}
