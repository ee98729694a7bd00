//! Rolling over pictures larger than memory holds no more than it was allowed to, and files that claim to be huge cost
//! nothing.
//!
//! A test binary of its own, because it counts every allocation of the process.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/counting.rs"]
mod counting;
mod support;

use counting::{alone, held};
use support::Tiff;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::image::Limits;
use whiteboarder_core::rolling::{Element, Operation, Roller, Rolling};
use whiteboarder_core::strips::{
    AnySource, Generated, Layout, OutputFormat, Pixel, RowSink, StripError, StripOptions, Tags,
    create, open_bytes, roll_strips,
};

/// Takes rows and forgets them.
struct Forgetful(usize);

impl<T> RowSink<T> for Forgetful {
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError> {
        self.0 += rows.len();
        Ok(())
    }
    fn finish(&mut self) -> Result<(), StripError> {
        Ok(())
    }
}

fn bounded<T: Pixel>(channels: usize, memory: u64, presmooth: bool, make: fn(usize) -> T) {
    // Four million samples, of which some fit.
    let layout = Layout::new(500, 8000 / channels, channels, false).unwrap();
    let rolling = Rolling {
        presmooth,
        ..Rolling::new(Element::ball(2.0).unwrap(), Operation::Opening)
    };
    for overlap in [false, true] {
        let options = StripOptions {
            overlap,
            ..StripOptions::new(memory)
        };
        // Threads and what they keep are there before.
        rayon::broadcast(|_| ());
        let (report, most) = held(|| {
            let fill = |y: usize, row: &mut [T]| {
                for (x, sample) in row.iter_mut().enumerate() {
                    *sample = make(y * 31 + x * x);
                }
            };
            let mut source = Generated::new(layout, fill);
            let mut sink = Forgetful(0);
            let mut roller = Roller::new();
            let report = roll_strips(
                &mut source,
                &mut sink,
                &rolling,
                &options,
                &mut roller,
                &Never,
            );
            assert_eq!(sink.0, layout.row_len() * layout.height);
            report.unwrap()
        });
        assert!(report.strips >= 4 && !report.over_budget, "{report:?}");
        assert!(report.peak_bytes_estimate <= memory);
        // Tables of the element and the like are no rows. And a list that grows, as the roller's may by a row of tiles, is
        // there twice while it does.
        let allowed = memory as usize * 3 / 2 + (1 << 20);
        assert!(
            most <= allowed,
            "{} of {} KiB: {report:?}",
            most >> 10,
            memory >> 10
        );
    }
}

#[test]
fn memory_is_bounded_whatever_the_height() {
    let _alone = alone();
    bounded::<u8>(1, 1 << 20, false, |i| i as u8);
    bounded::<u8>(3, 1 << 20, true, |i| i as u8);
    bounded::<u16>(1, 3 << 20, true, |i| i as u16);
    bounded::<f32>(1, 4 << 20, false, |i| (i % 1000) as f32);
}

/// A file that takes everything and keeps nothing.
struct Abyss;

impl std::io::Write for Abyss {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Abyss {
    fn seek(&mut self, _to: std::io::SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn writers_hold_some_rows_only() {
    let _alone = alone();
    let layout = Layout::new(2000, 3000, 3, false).unwrap();
    for format in [
        OutputFormat::Png,
        OutputFormat::of_extension("TIF").unwrap(),
    ] {
        let ((), most) = held(|| {
            let mut sink = create::<u16, _>(Abyss, format, &layout, &Tags::default()).unwrap();
            let rows: Vec<u16> = (0..10 * layout.row_len()).map(|i| (i * i) as u16).collect();
            for _ in 0..300 {
                sink.write_rows(&rows).unwrap();
            }
            sink.finish().unwrap();
        });
        assert!(most < 4 << 20, "{format:?}: {} KiB", most >> 10);
    }
}

#[test]
fn readers_hold_some_rows_only() {
    let _alone = alone();
    let (width, height) = (3000, 4000);
    let data: Vec<u8> = (0..width * height).map(|i| (i * 7 / 11) as u8).collect();
    let picture = whiteboarder_core::image::Picture::new(
        width,
        height,
        whiteboarder_core::image::Channels::Grey,
        data.clone(),
    );
    let png = whiteboarder_core::image::encode_png(&picture.unwrap()).unwrap();
    // One strip for all, as many programs write it.
    let tiff = Tiff::new(width, height, 1, &[8], data).bytes();
    for bytes in [png, tiff] {
        let bytes: std::sync::Arc<[u8]> = bytes.into();
        let ((), most) = held(|| {
            let (source, _) = open_bytes(bytes, &Limits::default()).unwrap();
            let AnySource::U8(mut source) = source else {
                panic!("these are 8 bits")
            };
            let mut rows = vec![0; 3000 * 10];
            (0..400).for_each(|_| source.read_rows(&mut rows).unwrap());
        });
        assert!(most < 2 << 20, "{} KiB", most >> 10);
    }
}

#[test]
fn claims_cost_nothing() {
    let _alone = alone();
    let open = Limits {
        max_side: u32::MAX,
        max_pixels: u64::MAX,
        max_memory: 1 << 30,
    };
    let refused = |name: &str, bytes: Vec<u8>| {
        let (error, most) = held(|| open_bytes(bytes, &open).map(|_| ()).unwrap_err());
        assert!(most < 20 << 20, "{name}: {} MiB", most >> 20);
        error.to_string()
    };
    let picture = support::gradient();
    let mut png = whiteboarder_core::image::encode_png(&picture).unwrap();
    png[16..20].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF]);
    let check = support::crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&check);
    let mut high = png.clone();
    refused("wide PNG", png);
    high[16..24].copy_from_slice(&[0, 0, 1, 0, 0x7F, 0xFF, 0xFF, 0xFF]);
    let check = support::crc32(&high[12..29]).to_be_bytes();
    high[29..33].copy_from_slice(&check);
    assert!(refused("high PNG", high).contains("cut short"));
    let mut tiff = Tiff::gradient();
    tiff.long(256, &[2_000_000_000]).long(257, &[2_000_000_000]);
    assert!(refused("TIFF", tiff.bytes()).contains("cut short"));
    // Deflate may tell a lot, but not in one strip of everything.
    tiff.long(256, &[60_000])
        .long(257, &[30])
        .long(278, &[30])
        .short(259, &[8]);
    tiff.short(258, &[16; 3]).short(277, &[3]);
    tiff.pixels = vec![0; 60_000];
    let ((), most) = held(|| {
        let (source, _) = open_bytes(tiff.bytes(), &open).unwrap();
        let AnySource::U16(mut source) = source else {
            panic!("these are 16 bits")
        };
        let mut row = vec![0; 180_000];
        assert!(source.read_rows(&mut row).is_err());
    });
    assert!(most < 40 << 20, "{} MiB", most >> 20);
    // Lists of four gigabytes.
    for tag in [273_u16, 279, 258, 34675] {
        let mut tiff = Tiff::gradient();
        let mut bytes = tiff.set(34675, 7, vec![0; 100]).bytes();
        let places = (0..20).map(|i| 10 + 12 * i);
        let entry = places
            .into_iter()
            .find(|at| bytes[*at..*at + 2] == tag.to_le_bytes());
        bytes[entry.unwrap() + 4..][..4].fill(0xFF);
        let (_, most) = held(|| open_bytes(bytes, &open).is_ok());
        assert!(most < 20 << 20, "tag {tag}: {} MiB", most >> 20);
    }
}
