//! Rows from files and to files: samples as they are, and nothing but errors from files that are broken.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/memory.rs"]
mod memory;
mod support;

use std::fmt::Debug;
use std::io::Cursor;

use memory::Memory;
use proptest::prelude::*;
use support::{Tiff, fixture, fixtures, gradient};
use whiteboarder_core::cancel::Never;
use whiteboarder_core::image::{Channels, Limits};
use whiteboarder_core::rolling::{Element, Operation, Roller, Rolling};
use whiteboarder_core::strips::{
    AnySource, Compression, FileInfo, Layout, MemorySink, OutputFormat, Pixel, Reading, RowSource,
    SampleKind, StripError, StripOptions, Tags, create, open, open_bytes, roll_strips,
};

/// Samples of any kind, as numbers.
#[derive(Clone, Debug, PartialEq)]
enum Samples {
    U8(Vec<u8>),
    U16(Vec<u16>),
    F32(Vec<f32>),
}

fn rows<T: Pixel>(source: &mut dyn RowSource<T>, at_once: usize) -> Result<Vec<T>, StripError> {
    let layout = source.layout();
    let mut samples = vec![T::default(); layout.row_len() * layout.height];
    for rows in samples.chunks_mut(layout.row_len() * at_once) {
        source.read_rows(rows)?;
    }
    // There is no row below the last one.
    let mut more = vec![T::default(); layout.row_len()];
    assert!(source.read_rows(&mut more).is_err());
    Ok(samples)
}

/// All rows, read twice.
fn all(source: AnySource) -> Result<Samples, StripError> {
    fn twice<T: Pixel + Debug>(mut source: Box<dyn RowSource<T>>) -> Result<Vec<T>, StripError> {
        let first = rows(&mut *source, 1)?;
        source.rewind()?;
        let second = rows(&mut *source, 7)?;
        assert!(
            first == second,
            "it was not the same when it was read again"
        );
        Ok(second)
    }
    Ok(match source {
        AnySource::U8(source) => Samples::U8(twice(source)?),
        AnySource::U16(source) => Samples::U16(twice(source)?),
        AnySource::F32(source) => Samples::F32(twice(source)?),
    })
}

fn read(bytes: Vec<u8>) -> (Samples, FileInfo) {
    let (source, info) = open_bytes(bytes, &Limits::default()).unwrap();
    (all(source).unwrap(), info)
}

fn write<T: Pixel>(samples: &[T], layout: &Layout, format: OutputFormat, tags: &Tags) -> Vec<u8> {
    let memory = Memory::default();
    let mut sink = create::<T, _>(memory.clone(), format, layout, tags).unwrap();
    for rows in samples.chunks(layout.row_len() * 5) {
        sink.write_rows(rows).unwrap();
    }
    assert!(sink.write_rows(&samples[..layout.row_len()]).is_err());
    sink.finish().unwrap();
    memory.bytes()
}

const TIFF: OutputFormat = OutputFormat::Tiff(Compression::Deflate);
const PLAIN: OutputFormat = OutputFormat::Tiff(Compression::None);

fn value(i: usize) -> u32 {
    (i as u32).wrapping_mul(2_654_435_761) >> 7
}

#[test]
fn what_is_written_is_read_again() {
    let tags = Tags {
        orientation: 6,
        profile: Some(support::display_p3().into()),
    };
    let shapes = [
        (1, false),
        (2, true),
        (3, false),
        (4, true),
        (2, false),
        (4, false),
    ];
    for (channels, alpha) in shapes {
        // Wide enough for many strips, and odd.
        let layout = Layout::new(1237, 301, channels, alpha).unwrap();
        let count = layout.row_len() * layout.height;
        let eight: Vec<u8> = (0..count).map(|i| value(i) as u8).collect();
        let sixteen: Vec<u16> = (0..count).map(|i| value(i) as u16).collect();
        let float: Vec<f32> = (0..count).map(|i| value(i) as f32 / 777.0 - 5.0).collect();
        for format in [OutputFormat::Png, TIFF, PLAIN] {
            let png = format == OutputFormat::Png;
            if png && (channels == 2 || channels == 4) && !alpha {
                let error = create::<u8, _>(Memory::default(), format, &layout, &tags);
                assert!(matches!(error, Err(StripError::Unwritable { .. })));
                continue;
            }
            let mut files = vec![
                (
                    write(&eight, &layout, format, &tags),
                    Samples::U8(eight.clone()),
                ),
                (
                    write(&sixteen, &layout, format, &tags),
                    Samples::U16(sixteen.clone()),
                ),
            ];
            if png {
                let error = create::<f32, _>(Memory::default(), format, &layout, &tags);
                assert!(error.err().unwrap().to_string().contains("TIFF"));
            } else {
                files.push((
                    write(&float, &layout, format, &tags),
                    Samples::F32(float.clone()),
                ));
            }
            for (bytes, want) in files {
                let (got, info) = read(bytes.clone());
                assert_eq!((info.layout, info.reading), (layout, Reading::Rows));
                assert_eq!(info.tags, tags, "{format:?}");
                assert!(got == want, "{format:?}, {info:?}");
                independent(bytes, &want, channels);
            }
        }
    }
}

/// The same by others' programs alone.
fn independent(bytes: Vec<u8>, want: &Samples, channels: usize) {
    use tiff::decoder::DecodingResult;
    if bytes.starts_with(b"\x89PNG") {
        let picture = image::load_from_memory(&bytes).unwrap();
        match want {
            Samples::U8(want) => assert!(picture.as_bytes() == want),
            Samples::U16(want) => {
                let got = match channels {
                    1 => picture.into_luma16().into_raw(),
                    2 => picture.into_luma_alpha16().into_raw(),
                    3 => picture.into_rgb16().into_raw(),
                    _ => picture.into_rgba16().into_raw(),
                };
                assert!(&got == want);
            }
            Samples::F32(_) => unreachable!(),
        }
        return;
    }
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    match (decoder.read_image().unwrap(), want) {
        (DecodingResult::U8(got), Samples::U8(want)) => assert!(&got == want),
        (DecodingResult::U16(got), Samples::U16(want)) => assert!(&got == want),
        (DecodingResult::F32(got), Samples::F32(want)) => assert!(&got == want),
        _ => panic!("it has samples of another kind"),
    }
}

#[test]
fn fixtures_are_read_with_their_samples_as_they_are() {
    let pixels = gradient().data;
    let deep: Vec<u16> = pixels.iter().map(|v| u16::from(*v) * 257).collect();
    let with_alpha = deep.as_chunks::<3>().0.iter().enumerate();
    let with_alpha =
        with_alpha.flat_map(|(i, p)| [p[0], p[1], p[2], if i % 40 < 20 { 65_535 } else { 0 }]);
    let float: Vec<f32> = pixels
        .iter()
        .map(|v| (f64::from(*v) / 255.0) as f32)
        .collect();
    let cases = [
        (
            "interlaced.png",
            Samples::U8(pixels.clone()),
            Reading::Frame,
        ),
        (
            "interlaced-alpha-16.png",
            Samples::U16(with_alpha.collect()),
            Reading::Frame,
        ),
        ("planar-tiles-16.tif", Samples::U16(deep), Reading::Rows),
        ("big-endian-float.tif", Samples::F32(float), Reading::Frame),
    ];
    for (name, want, reading) in cases {
        let (got, info) = read(fixture(name));
        assert_eq!(info.reading, reading, "{name}");
        assert!(got == want, "{name}: {got:?}");
    }
    for name in [
        "progressive.jpg",
        "jpeg-tiles.tif",
        "jpeg-ycbcr.tif",
        "group4.tif",
        "lossy.webp",
        "cmyk.jpg",
    ] {
        let (got, info) = read(fixture(name));
        assert_eq!(
            (info.reading, info.kind),
            (Reading::Picture, SampleKind::U8),
            "{name}"
        );
        assert_eq!(
            got,
            Samples::U8(support::read(&fixture(name)).data),
            "{name}"
        );
    }
}

#[test]
fn kinds_of_tiff() {
    // Byte orders, places of the directory, strips of one row; white is zero.
    for big_endian in [false, true] {
        for directory_last in [false, true] {
            let empty = Tiff {
                big_endian,
                directory_last,
                tags: Vec::new(),
                pixels: Vec::new(),
            };
            let mut tiff = empty.clone();
            let values: Vec<u16> = (0..12).map(|i| i * 5000).collect();
            tiff.pixels = values
                .iter()
                .flat_map(|v| {
                    if big_endian {
                        v.to_be_bytes()
                    } else {
                        v.to_le_bytes()
                    }
                })
                .collect();
            tiff.long(256, &[4])
                .long(257, &[3])
                .short(258, &[16])
                .short(259, &[1]);
            tiff.short(277, &[1])
                .long(278, &[3])
                .short(262, &[1])
                .short(274, &[3]);
            let (got, info) = read(tiff.bytes());
            assert_eq!(got, Samples::U16(values.clone()));
            assert_eq!((info.tags.orientation, info.reading), (3, Reading::Rows));
            tiff.short(262, &[0]);
            let inverted = values.iter().map(|v| 65_535 - v).collect();
            assert_eq!(read(tiff.bytes()).0, Samples::U16(inverted));
            // Two samples, the second one transparency: it is not inverted.
            tiff.long(256, &[2])
                .short(277, &[2])
                .short(258, &[16, 16])
                .short(338, &[2]);
            let (got, info) = read(tiff.bytes());
            let pairs = values.iter().enumerate();
            let want = pairs.map(|(i, v)| if i % 2 == 0 { 65_535 - v } else { *v });
            assert_eq!(got, Samples::U16(want.collect()));
            assert_eq!((info.layout.channels, info.layout.rolled()), (2, 1));
            // The second one anything: a channel.
            tiff.short(338, &[0]).short(262, &[1]);
            let (got, info) = read(tiff.bytes());
            assert_eq!(
                (got, info.layout.rolled()),
                (Samples::U16(values.clone()), 2)
            );
            // Floating point, white is zero.
            let mut float = empty.clone();
            float.pixels = [0.25_f32, 2.0]
                .iter()
                .flat_map(|v| {
                    if big_endian {
                        v.to_be_bytes()
                    } else {
                        v.to_le_bytes()
                    }
                })
                .collect();
            float
                .long(256, &[1])
                .long(257, &[2])
                .short(258, &[32])
                .short(259, &[1]);
            float
                .short(277, &[1])
                .long(278, &[2])
                .short(262, &[0])
                .short(339, &[3]);
            assert_eq!(read(float.bytes()).0, Samples::F32(vec![0.75, -1.0]));
        }
    }
}

#[test]
fn tiles_and_many_samples_of_a_tiff() {
    let pixels = gradient().data;
    // Tiles that stick out, without compression: 40 × 28 pixels in tiles of 16 × 16.
    let mut tiles = Tiff::gradient();
    tiles.directory_last = true;
    tiles.pixels = (0..6)
        .flat_map(|tile| (0..256).map(move |i| (tile % 3 * 16 + i % 16, tile / 3 * 16 + i / 16)))
        .flat_map(|(x, y): (usize, usize)| {
            let at = (y.min(27) * 40 + x.min(39)) * 3;
            gradient().data[at..at + 3].to_vec()
        })
        .collect();
    let places: Vec<u32> = (0..6).map(|i| 8 + i * 768).collect();
    tiles
        .short(322, &[16])
        .short(323, &[16])
        .long(324, &places)
        .long(325, &[768; 6]);
    let mut bytes = tiles.bytes();
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    for entry in bytes[directory + 2..].as_chunks_mut::<12>().0 {
        // What says where strips are shall say nothing.
        if [[17, 1], [23, 1]].contains(&[entry[0], entry[1]]) {
            entry[1] = 0xFF;
        }
    }
    let (got, info) = read(bytes);
    assert_eq!(
        (got, info.reading),
        (Samples::U8(pixels.clone()), Reading::Rows)
    );
    // Four samples of grey are channels, too; five are too many, and so are deep inks.
    let bytes = pixels[..40 * 28].to_vec();
    let grey = |samples: &[u16]| Tiff::new(10, 28, 1, samples, bytes.clone());
    assert_eq!(
        read(grey(&[8; 4]).short(338, &[0, 0, 0]).bytes())
            .1
            .layout
            .rolled(),
        4
    );
    for mut refused in [
        Tiff::new(8, 28, 1, &[8; 5], bytes.clone()),
        Tiff::new(5, 28, 5, &[16; 4], bytes.clone()),
        Tiff::new(10, 28, 1, &[32], bytes.clone()),
        Tiff::new(40, 14, 1, &[16], bytes.clone()),
        Tiff::new(10, 28, 2, &[8; 4], bytes.clone()),
    ]
    .into_iter()
    .zip([None, None, None, Some((339, vec![2])), Some((338, vec![0]))])
    .map(|(mut tiff, tag)| {
        if let Some((tag, values)) = tag {
            tiff.short(tag, &values);
        }
        tiff
    }) {
        let error = open_bytes(refused.short(284, &[1]).bytes(), &Limits::default());
        let error = error.map(|(_, info)| info).unwrap_err();
        assert!(error.to_string().contains("not supported"), "{error}");
    }
}

#[test]
fn kinds_of_png() {
    let encode =
        |colour, depth, change: &dyn Fn(&mut png::Encoder<'_, &mut Vec<u8>>), data: &[u8]| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 4, 2);
            encoder.set_color(colour);
            encoder.set_depth(depth);
            change(&mut encoder);
            encoder
                .write_header()
                .unwrap()
                .write_image_data(data)
                .unwrap();
            bytes
        };
    let palette = encode(
        png::ColorType::Indexed,
        png::BitDepth::Two,
        &|encoder| encoder.set_palette(vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        &[0b00_01_10_11, 0b11_10_01_00],
    );
    let (got, info) = read(palette);
    let colours = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]];
    let rows = colours.iter().chain(colours.iter().rev());
    assert_eq!(got, Samples::U8(rows.copied().flatten().collect()));
    assert_eq!((info.layout.rolled(), info.reading), (3, Reading::Rows));
    let bits = encode(
        png::ColorType::Grayscale,
        png::BitDepth::One,
        &|_| (),
        &[0xA0, 0x50],
    );
    assert_eq!(
        read(bits).0,
        Samples::U8(vec![255, 0, 255, 0, 0, 255, 0, 255])
    );
    // One grey of sixteen bits is transparent.
    let deep: Vec<u8> = (0..8_u16).flat_map(|v| (v * 1000).to_be_bytes()).collect();
    let key = |encoder: &mut png::Encoder<'_, &mut Vec<u8>>| {
        encoder.set_trns(2000_u16.to_be_bytes().to_vec());
    };
    let (got, info) = read(encode(
        png::ColorType::Grayscale,
        png::BitDepth::Sixteen,
        &key,
        &deep,
    ));
    let want = (0..8).flat_map(|v| [v * 1000, if v == 2 { 0 } else { 65_535 }]);
    assert_eq!(got, Samples::U16(want.collect()));
    assert_eq!(info.layout.rolled(), 1);
}

#[test]
fn a_jpeg_is_read_upright() {
    let app1 = [b"Exif\0\0".as_slice(), &support::exif(6)].concat();
    let bytes = support::jpeg_with(&gradient(), 0xE1, &app1);
    let (got, info) = read(bytes.clone());
    assert_eq!(
        (info.layout.width, info.layout.height, info.tags.orientation),
        (28, 40, 1)
    );
    assert_eq!(got, Samples::U8(support::read(&bytes).data));
}

/// A file of each kind, with what it takes to read it.
fn zoo() -> Vec<Vec<u8>> {
    let mut zoo: Vec<Vec<u8>> = fixtures().into_iter().map(|(_, bytes)| bytes).collect();
    let layout = Layout::new(40, 28, 3, false).unwrap();
    let deep: Vec<u16> = (0..40 * 28 * 3).map(|i| value(i) as u16).collect();
    let float: Vec<f32> = deep.iter().map(|v| f32::from(*v)).collect();
    let tags = Tags {
        orientation: 6,
        profile: Some(support::display_p3().into()),
    };
    for format in [OutputFormat::Png, TIFF, PLAIN] {
        zoo.push(write(&gradient().data, &layout, format, &tags));
        zoo.push(write(&deep, &layout, format, &tags));
    }
    zoo.push(write(&float, &layout, TIFF, &tags));
    zoo.push(Tiff::gradient().bytes());
    zoo.push(support::jpeg(&gradient()));
    zoo
}

/// Reads all, if it can be read.
fn attempt(bytes: Vec<u8>) -> Result<Samples, StripError> {
    let limits = Limits {
        max_side: 4000,
        max_pixels: 1_000_000,
        max_memory: 64 << 20,
    };
    open_bytes(bytes, &limits).and_then(|(source, _)| all(source))
}

#[test]
fn a_file_that_is_cut_short_is_an_error() {
    for bytes in zoo() {
        let want = attempt(bytes.clone()).unwrap();
        for length in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            match attempt(bytes[..length].to_vec()) {
                Err(_) => {}
                // What is cut off may be no pixels: a directory's padding, an ending.
                Ok(got) => assert!(
                    got == want && length + 16 >= bytes.len(),
                    "{length} of {}",
                    bytes.len()
                ),
            }
        }
    }
}

proptest! {
    #[test]
    fn changed_files_do_no_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        number in prop::option::of((any::<prop::sample::Index>(), any::<u32>())),
    ) {
        let zoo = zoo();
        let mut bytes = which.get(&zoo).clone();
        for (at, value) in changes {
            // Numbers are in headers and directories, which may be at the end.
            let range = match value % 3 {
                0 => 0..bytes.len(),
                1 => 0..bytes.len().min(300),
                _ => bytes.len().saturating_sub(300)..bytes.len(),
            };
            let at = range.start + at.index(range.len());
            bytes[at] = value;
        }
        if let Some((at, value)) = number {
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        // It is read, or refused in words.
        if let Err(error) = attempt(bytes) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn from_file_to_file() {
    let folder = std::env::temp_dir().join(format!("strips-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let layout = Layout::new(301, 203, 4, true).unwrap();
    let picture: Vec<u8> = (0..layout.row_len() * layout.height)
        .map(|i| value(i) as u8)
        .collect();
    let rolling = Rolling::new(Element::ball(5.0).unwrap(), Operation::Closing);
    let mut results = Vec::new();
    for (name, format) in [
        ("a.png", OutputFormat::Png),
        ("a.tif", PLAIN),
        ("b.tif", TIFF),
    ] {
        let (from, to) = (folder.join(name), folder.join(format!("out-{name}")));
        std::fs::write(&from, write(&picture, &layout, format, &Tags::default())).unwrap();
        let (source, info) = open(&from, &Limits::default()).unwrap();
        let AnySource::U8(mut source) = source else {
            panic!("{info:?}")
        };
        let target = std::fs::File::create(&to).unwrap();
        let mut sink = create::<u8, _>(target, format, &info.layout, &info.tags).unwrap();
        let options = StripOptions::new(3 << 20);
        let mut roller = Roller::new();
        roll_strips(
            &mut *source,
            &mut *sink,
            &rolling,
            &options,
            &mut roller,
            &Never,
        )
        .unwrap();
        let (source, info) = open(&to, &Limits::default()).unwrap();
        assert_eq!(info.layout, layout);
        results.push(all(source).unwrap());
    }
    let mut sink = MemorySink::new(&layout);
    let mut source = whiteboarder_core::strips::MemorySource::new(layout, picture).unwrap();
    let options = StripOptions::new(u64::MAX);
    roll_strips(
        &mut source,
        &mut sink,
        &rolling,
        &options,
        &mut Roller::new(),
        &Never,
    )
    .unwrap();
    let want = Samples::U8(sink.into_samples().unwrap());
    assert!(results.iter().all(|result| *result == want));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn limits_are_checked_before_anything_else() {
    let picture =
        whiteboarder_core::image::Picture::new(60, 50, Channels::Grey, vec![9; 3000]).unwrap();
    let bytes = whiteboarder_core::image::encode_png(&picture).unwrap();
    let refused = |limits: Limits| {
        open_bytes(bytes.clone(), &limits)
            .err()
            .unwrap()
            .to_string()
    };
    let all = Limits::default();
    assert!(
        refused(Limits {
            max_side: 59,
            ..all
        })
        .contains("59")
    );
    assert!(
        refused(Limits {
            max_pixels: 2999,
            ..all
        })
        .contains("MP")
    );
    assert!(
        refused(Limits {
            max_memory: 100,
            ..all
        })
        .contains("memory")
    );
    let jpeg = support::jpeg(&picture);
    let limits = Limits {
        max_memory: 3000,
        ..all
    };
    assert!(
        open_bytes(jpeg, &limits)
            .err()
            .unwrap()
            .to_string()
            .contains("memory")
    );
}
