//! Files that are damaged, or that are made to do harm, through a whole cleaning: each gives a picture or a sentence that a
//! person can do something with, and none needs more memory than was allowed.
//!
//! A test binary of its own, because it counts every allocation of the process.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/counting.rs"]
mod counting;
mod support;
#[path = "support/zeros.rs"]
mod zeros;
#[path = "support/zoo.rs"]
mod zoo;

use counting::{alone, held};
use proptest::prelude::*;
use proptest::sample::Index;
use support::{Tiff, fixture, gradient, read, refused, with_chunk};
use whiteboarder_core::cancel::Never;
use whiteboarder_core::clean::{self, CleanError, clean_bytes};
use whiteboarder_core::image::{ImageError, Limits, decode, encode_png, read_header};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_core::strips::cleaning::{self, OpenError, Photograph, clean_file};
use whiteboarder_core::strips::{OutputFormat, StripError, StripOptions};
use zeros::zeros;
use zoo::{bmp, zoo};

/// What one cleaning may take in these tests. The estimate starts at 40 MiB for the process itself, which is not ours.
const MEMORY: u64 = 120 << 20;

fn limits() -> Limits {
    Limits {
        max_side: 65_535,
        // Larger ones are possible and slow.
        max_pixels: 100_000,
        max_memory: MEMORY,
    }
}

/// What a sentence about a picture must be like: words for the person who sent it, not for who wrote the decoder.
#[track_caller]
fn is_clear(error: &ImageError) {
    let words = error.to_string();
    for noise in [
        "\n",
        "  ",
        "::",
        "{",
        "}",
        "Error",
        "Some(",
        "None",
        "unwrap",
        "panicked",
        "index out of",
        // A decoder's panic that was caught is better than one that was not, but no sentence for people.
        "confuses its decoder",
    ] {
        assert!(!words.contains(noise), "{noise:?} in: {words}");
    }
    let begins = ["this ", "the ", "cleaning a picture of "];
    assert!(begins.iter().any(|word| words.starts_with(word)), "{words}");
    let said_what_to_do = [
        "are read",
        "copy or download",
        "save it",
        "make it smaller",
        "convert it",
        "export it",
        "develop it",
        "download the picture",
        "take its pages out",
        "no pixels to clean",
    ];
    assert!(
        said_what_to_do.iter().any(|word| words.contains(word)),
        "{words}"
    );
    assert!(
        words.chars().count() <= 300 && !words.ends_with('.'),
        "{words}"
    );
    assert!(
        ["ImageUnsupported", "ImageTooLarge", "ImageCorrupt"].contains(&error.name()),
        "{words}"
    );
}

/// Cleans a file as a whole and in strips, and judges what comes of it.
#[track_caller]
fn survives(bytes: &[u8]) {
    let mut recipe = Recipe::default();
    recipe.output.keep_metadata = true;
    let (whole, most) = held(|| clean_bytes(bytes, &recipe, &limits()).map(drop));
    assert!(most as u64 <= MEMORY, "{} MiB were held", most >> 20);
    match whole {
        Ok(()) => {}
        Err(CleanError::Image(error)) => is_clear(&error),
        Err(other) => panic!("this is not about the picture: {other}"),
    }
    let (strips, most) = held(|| in_strips(bytes, &recipe));
    assert!(
        most as u64 <= MEMORY,
        "in strips {} MiB were held",
        most >> 20
    );
    if let Some(StripError::Image(error)) = strips.err() {
        is_clear(&error);
    }
}

fn in_strips(bytes: &[u8], recipe: &Recipe) -> Result<(), StripError> {
    let mut photograph = match Photograph::of_bytes(bytes.to_vec(), &limits()) {
        Ok(photograph) => photograph,
        Err(OpenError::Whole(_)) => return Ok(()),
        Err(OpenError::Failed(error)) => return Err(error),
    };
    let target = std::io::Cursor::new(Vec::new());
    let options = StripOptions::new(8 << 20);
    match clean_file(
        &mut photograph,
        target,
        OutputFormat::Png,
        recipe,
        &options,
        &Never,
    ) {
        Ok(_) | Err(cleaning::CleanError::Whole(_)) => Ok(()),
        Err(cleaning::CleanError::Failed(error)) => Err(error),
        Err(other) => panic!("this is not about the picture: {other}"),
    }
}

/// One thing that happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    /// Some bits are turned over.
    Flip(Index, u8),
    /// Bytes are put in.
    Insert(Index, Vec<u8>),
    /// Bytes are lost.
    Remove(Index, usize),
    /// The rest is lost.
    Cut(Index),
    /// A part stands there twice.
    Repeat(Index, usize),
    /// Random bytes instead of the rest.
    Noise(Index, Vec<u8>),
}

impl Harm {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        let bytes = |most: usize| prop::collection::vec(any::<u8>(), 1..most);
        prop_oneof![
            4 => (at(), 1..=255_u8).prop_map(|(at, bits)| Self::Flip(at, bits)),
            2 => (at(), bytes(12)).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            2 => (at(), 1..40_usize).prop_map(|(at, count)| Self::Remove(at, count)),
            1 => at().prop_map(Self::Cut),
            1 => (at(), 1..200_usize).prop_map(|(at, count)| Self::Repeat(at, count)),
            1 => (at(), bytes(300)).prop_map(|(at, bytes)| Self::Noise(at, bytes)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Self::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = at.index(length);
                bytes.drain(at..(at + count).min(length));
            }
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Repeat(at, count) => {
                let at = at.index(length);
                let part = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, part);
            }
            Self::Noise(at, noise) => {
                bytes.truncate(at.index(length));
                bytes.extend(noise);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_damaged_file_gives_a_picture_or_a_clear_sentence(
        which in any::<Index>(),
        harm in prop::collection::vec(Harm::any(), 1..5),
    ) {
        let _alone = alone();
        let mut bytes = which.get(&zoo()).clone();
        for harm in harm {
            harm.apply(&mut bytes);
        }
        survives(&bytes);
    }

    #[test]
    fn a_damaged_header_gives_a_picture_or_a_clear_sentence(
        which in any::<Index>(),
        harm in prop::collection::vec((0..120_usize, any::<u8>()), 1..4),
    ) {
        let _alone = alone();
        let mut bytes = which.get(&zoo()).clone();
        for (at, value) in harm {
            let at = at.min(bytes.len() - 1);
            bytes[at] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn noise_after_a_signature_gives_a_clear_sentence(
        signature in prop::sample::select(vec![
            b"\xFF\xD8\xFF".as_slice(), b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0",
            b"RIFF\0\x01\0\0WEBPVP8 ", b"RIFF\0\x01\0\0WEBPVP8L", b"RIFF\0\x01\0\0WEBPVP8X", b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
            b"\0\0\0\x18ftyp", b"GIF89a", b"<", b"",
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let _alone = alone();
        survives(&[signature, &noise].concat());
    }
}

/// A PNG whose header says that it is so large; its pixels are those of the gradient.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = encode_png(&gradient()).unwrap();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let check = support::crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&check);
    png
}

/// The same with other formats.
fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = support::jpeg(&gradient());
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

fn tiff_of(width: u32, height: u32, compression: u16) -> Vec<u8> {
    let mut tiff = Tiff::gradient();
    tiff.long(256, &[width]).long(257, &[height]);
    tiff.long(278, &[height.max(1)]).short(259, &[compression]);
    tiff.bytes()
}

fn bmp_of(width: u32, height: u32) -> Vec<u8> {
    let mut bmp = bmp(&gradient());
    bmp[18..22].copy_from_slice(&width.to_le_bytes());
    bmp[22..26].copy_from_slice(&height.to_le_bytes());
    bmp
}

/// Lossy, whose size stands in 14 bits each behind the signature of its frame.
fn webp_of(width: u16, height: u16) -> Vec<u8> {
    let mut webp = fixture("lossy.webp");
    let frame = webp
        .windows(3)
        .position(|w| w == [0x9D, 0x01, 0x2A])
        .unwrap();
    webp[frame + 3..frame + 5].copy_from_slice(&width.to_le_bytes());
    webp[frame + 5..frame + 7].copy_from_slice(&height.to_le_bytes());
    webp
}

#[test]
fn no_width_and_no_height_are_told() {
    let _alone = alone();
    let zero = "its width or height is zero";
    for (name, bytes) in [
        ("PNG", png_of(0, 28)),
        ("PNG", png_of(40, 0)),
        ("JPEG", jpeg_of(0, 28)),
        ("TIFF", tiff_of(0, 28, 1)),
        ("TIFF", tiff_of(40, 0, 1)),
        ("WebP", webp_of(0, 28)),
        ("WebP", webp_of(40, 0)),
        ("BMP", bmp_of(0, 28)),
        ("BMP", bmp_of(40, 0)),
    ] {
        let error = refused(&bytes);
        assert_eq!(read_header(&bytes).unwrap_err(), error);
        assert!(
            error
                .to_string()
                .starts_with(&format!("the {name} file is damaged: {zero};")),
            "{error}"
        );
        survives(&bytes);
    }
    // In a JPEG that is a height to be told later (DNL), which nobody writes.
    let later = jpeg_of(40, 0);
    assert!(
        refused(&later)
            .to_string()
            .contains("a height that is told only after the pixels")
    );
    survives(&later);
}

#[test]
fn a_small_file_that_claims_to_be_large_costs_nothing() {
    let _alone = alone();
    let side = 15_000;
    let limits = Limits {
        max_memory: u64::MAX,
        ..Limits::default()
    };
    let mut runs = bmp_of(side, side);
    runs[28..34].copy_from_slice(&[8, 0, 1, 0, 0, 0]);
    for (name, bytes) in [
        ("PNG", png_of(side, side)),
        ("JPEG", jpeg_of(15_000, 15_000)),
        ("TIFF", tiff_of(side, side, 1)),
        ("TIFF", tiff_of(side, side, 5)),
        ("TIFF", tiff_of(side, side, 7)),
        ("TIFF", tiff_of(side, side, 8)),
        ("TIFF", tiff_of(side, side, 32773)),
        ("WebP", webp_of(15_000, 15_000)),
        ("BMP", bmp_of(side, side)),
        ("BMP", runs),
    ] {
        // They are within the limits, so it is not their size for which they are refused.
        let (result, most) = held(|| decode(&bytes, &limits).map(drop));
        let error = result.unwrap_err();
        assert_eq!(error.name(), "ImageCorrupt", "{name}: {error}");
        is_clear(&error);
        assert!(most < 4 << 20, "{name}: {} KiB were held", most >> 10);
    }
}

#[test]
fn what_unpacks_to_far_more_than_the_picture_costs_nothing() {
    /// Bytes of nothing.
    const MOST: usize = 256 << 20;
    let _alone = alone();
    let bomb = zeros(MOST);
    assert!(bomb.len() < 2 << 20);
    let png = encode_png(&gradient()).unwrap();
    let named = |name: &[u8]| [name, b"\0\0", &bomb].concat();
    let text = [b"Comment\0\x01\0\0\0".as_slice(), &bomb].concat();
    let mut tiff = Tiff::gradient();
    tiff.short(259, &[8]);
    tiff.pixels.clone_from(&bomb);
    for (name, bytes) in [
        (
            "PNG profile",
            with_chunk(png.clone(), b"iCCP", &named(b"icc")),
        ),
        (
            "PNG text",
            with_chunk(png.clone(), b"zTXt", &named(b"Comment")),
        ),
        ("PNG words", with_chunk(png.clone(), b"iTXt", &text)),
        ("PNG pixels", with_pixels(&png, &bomb)),
        ("TIFF strip", tiff.bytes()),
    ] {
        let (result, most) = held(|| decode(&bytes, &Limits::default()).map(drop));
        assert!(most < 24 << 20, "{name}: {} MiB were held", most >> 20);
        if let Err(error) = result {
            is_clear(&error);
        }
    }
}

/// The PNG with other compressed data.
fn with_pixels(png: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = with_chunk(png[..33].to_vec(), b"IDAT", data);
    bytes = [bytes, png[png.len() - 12..].to_vec()].concat();
    bytes
}

#[test]
fn of_an_animation_the_still_picture_or_the_first_frame_is_cleaned() {
    let _alone = alone();
    // Two frames; the first one is the still picture, the second one has pixels of its own.
    let png = encode_png(&gradient()).unwrap();
    let frame = |number: u32| {
        let sides = [number, support::WIDTH, support::HEIGHT, 0, 0];
        let mut bytes: Vec<u8> = sides.iter().flat_map(|v| v.to_be_bytes()).collect();
        bytes.extend([0, 1, 0, 10, 0, 0]);
        bytes
    };
    let mut animated = with_chunk(png.clone(), b"fcTL", &frame(0));
    animated = with_chunk(animated, b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    let end = animated.len() - 12;
    let more = with_chunk(vec![0; 33], b"fcTL", &frame(1));
    let pixels = [2_u32.to_be_bytes().to_vec(), zeros(28 * 121)].concat();
    let more = [
        more[33..].to_vec(),
        with_chunk(vec![0; 33], b"fdAT", &pixels)[33..].to_vec(),
    ]
    .concat();
    animated.splice(end..end, more);
    assert!(read(&animated) == gradient());
    // The animation has frames of its own, and who cannot show it sees the still picture: so do we.
    let still = with_chunk(png, b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(read(&still) == gradient());
    assert!(read(&fixture("animated.webp")) == gradient());
    // Of those with more pictures that is said.
    let (one_page, two_pages) = (Tiff::gradient().bytes(), {
        let mut tiff = Tiff::gradient().bytes();
        let directory = u32::from_le_bytes([tiff[4], tiff[5], tiff[6], tiff[7]]) as usize;
        let entries = usize::from(u16::from_le_bytes([tiff[directory], tiff[directory + 1]]));
        let end = directory + 2 + 12 * entries;
        let again = tiff[directory..end + 4].to_vec();
        let place = tiff.len().next_multiple_of(2);
        tiff[end..end + 4].copy_from_slice(&(place as u32).to_le_bytes());
        tiff.resize(place, 0);
        tiff.extend(again);
        tiff
    });
    for (bytes, more) in [
        (&animated, true),
        (&fixture("animated.webp"), true),
        (&two_pages, true),
        (&still, false),
        (&one_page, false),
        (&fixture("lossy.webp"), false),
        (&fixture("progressive.jpg"), false),
    ] {
        assert_eq!(read_header(bytes).unwrap().more_pictures, more);
        let recipe = Recipe::default();
        let done = clean::run(bytes, &clean::Request::new(&recipe)).unwrap();
        assert_eq!(done.more_pictures, more);
        let said =
            String::from_utf8_lossy(&done.outputs[0].bytes).contains("\"more_pictures\":true");
        assert_eq!(said, more);
    }
    assert_eq!(
        refused(b"GIF89a\x28\0\x1C\0\xF0\0\0").to_string(),
        "this is a GIF, which is not read; save it as PNG"
    );
}

#[test]
fn every_kind_of_jpeg_is_cleaned_or_named() {
    let _alone = alone();
    for name in ["progressive.jpg", "cmyk.jpg", "ycck.jpg"] {
        clean_bytes(&fixture(name), &Recipe::default(), &Limits::default()).unwrap();
    }
    // Everything that a start of frame may say (ITU-T T.81, table B.1).
    let lossless = "lossless coding";
    let arithmetic = "arithmetic coding";
    let hierarchical = "hierarchical or lossless coding";
    for (marker, words) in [
        (0xC3, lossless),
        (0xC5, hierarchical),
        (0xC6, hierarchical),
        (0xC7, hierarchical),
        (0xC9, arithmetic),
        (0xCA, arithmetic),
        (0xCB, arithmetic),
        (0xCD, hierarchical),
        (0xCE, hierarchical),
        (0xCF, hierarchical),
    ] {
        let mut bytes = support::jpeg(&gradient());
        let frame = bytes.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
        bytes[frame + 1] = marker;
        let error = refused(&bytes);
        assert_eq!(error.name(), "ImageUnsupported");
        assert!(error.to_string().contains(words), "{marker:X}: {error}");
        is_clear(&error);
        bytes[frame + 1] = 0xC1;
        bytes[frame + 4] = 12;
        let error = refused(&bytes);
        assert!(error.to_string().contains("12 bits per sample"), "{error}");
        is_clear(&error);
    }
}

#[test]
fn a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() {
    let _alone = alone();
    // Every scan makes a decoder go over the whole picture again, and a scan can be as small as this.
    for bytes in [fixture("progressive.jpg"), support::jpeg(&gradient())] {
        let scan = bytes.windows(2).rposition(|w| w == [0xFF, 0xDA]).unwrap();
        let end = bytes.windows(2).rposition(|w| w == [0xFF, 0xD9]).unwrap();
        let repeated = |times: usize| {
            let scans = bytes[scan..end].repeat(times);
            [&bytes[..scan], &scans, &bytes[end..]].concat()
        };
        let error = refused(&repeated(5_000));
        assert!(error.to_string().contains("more than 100 scans"), "{error}");
        assert_eq!(error.name(), "ImageUnsupported");
        is_clear(&error);
        survives(&repeated(3));
    }
}

#[test]
fn what_only_has_a_pictures_name_is_said_to_be_none() {
    let _alone = alone();
    let words = |bytes: &[u8]| {
        let error = refused(bytes);
        is_clear(&error);
        survives(bytes);
        error.to_string()
    };
    assert_eq!(words(b""), "the file is empty; copy or download it again");
    assert!(words(b"Dear all, this is a letter.").starts_with("this is not a picture;"));
    assert!(words(b"\0\0\0\0\0\0\0\0\0\0\0\0").starts_with("this is not a picture;"));
    for page in [
        "<!DOCTYPE html><html>",
        "\n <HTML>\n<head>",
        "<html lang=\"en\">",
    ] {
        assert!(words(page.as_bytes()).starts_with("this is a web page, not a picture:"));
    }
    let heic = words(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    assert!(heic.contains("set the camera to") || heic.contains("heif-convert"));
}

#[test]
fn a_folder_or_nothing_at_all_cannot_be_opened_as_a_picture() {
    let _alone = alone();
    let folder = std::env::temp_dir();
    let open = |path: &std::path::Path| match Photograph::open(path, &Limits::default()) {
        Err(OpenError::Failed(StripError::Read(error))) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(open(&folder), std::io::ErrorKind::IsADirectory);
    let nothing = folder.join("there is no such file.png");
    assert_eq!(open(&nothing), std::io::ErrorKind::NotFound);
}
