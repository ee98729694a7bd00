//! Cleaning in strips holds no more of a high picture than of a low one, and no more than it says.
//!
//! A test binary of its own, because it counts every allocation of the process.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/counting.rs"]
mod counting;
mod support;

use std::sync::Arc;

use counting::{alone, held};
use whiteboarder_core::cancel::Never;
use whiteboarder_core::image::Limits;
use whiteboarder_core::recipe::{Depth, Recipe};
use whiteboarder_core::strips::cleaning::{CleanReport, Photograph, clean_file, clean_strips};
use whiteboarder_core::strips::{
    Compression, Generated, Layout, MemorySink, OutputFormat, Pixel, RowSink, StripOptions, Tags,
    create,
};

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

/// A sample, from 8 bits.
trait Sample: Pixel {
    fn of(eight: u8) -> Self;
}

impl Sample for u8 {
    fn of(eight: u8) -> Self {
        eight
    }
}

impl Sample for u16 {
    fn of(eight: u8) -> Self {
        Self::from(eight) * 257
    }
}

/// A row of a board with strokes, by its number.
fn row<T: Sample>(y: usize, row: &mut [T]) {
    for (i, sample) in row.iter_mut().enumerate() {
        let x = i / 3;
        let ink = (y % 60 < 6 && x % 90 > 20) || (x % 130 < 5 && y % 200 > 60);
        let noise = ((x * 7 + y * 13) % 5) as u8;
        *sample = T::of(if ink { 60 } else { 200 } + noise);
    }
}

/// A file of this height.
fn file<T: Sample>(
    height: usize,
    write: impl FnOnce(&mut dyn FnMut(&mut [T])) -> Vec<u8>,
) -> Vec<u8> {
    let mut y = 0;
    let bytes = write(&mut |samples: &mut [T]| {
        row(y, samples);
        y += 1;
    });
    assert_eq!(y, height);
    bytes
}

const WIDTH: usize = 2000;

fn layout(height: usize) -> Layout {
    Layout::new(WIDTH, height, 3, false).unwrap()
}

/// Makes a file of some height.
type File = fn(usize) -> Vec<u8>;

/// PNG or striped TIFF, by our own writers.
fn written<T: Sample>(height: usize, format: OutputFormat) -> Vec<u8> {
    use std::sync::Mutex;
    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<std::io::Cursor<Vec<u8>>>>);
    impl std::io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl std::io::Seek for Memory {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.lock().unwrap().seek(to)
        }
    }
    let memory = Memory::default();
    file::<T>(height, |next| {
        let mut sink: Box<dyn RowSink<T>> =
            create(memory.clone(), format, &layout(height), &Tags::default()).unwrap();
        let mut samples = vec![T::default(); layout(height).row_len()];
        for _ in 0..height {
            next(&mut samples);
            sink.write_rows(&samples).unwrap();
        }
        sink.finish().unwrap();
        drop(sink);
        memory.0.lock().unwrap().get_ref().clone()
    })
}

/// A TIFF of tiles of 256 × 256, without compression.
fn tiled(height: usize) -> Vec<u8> {
    const TILE: usize = 256;
    let (across, down) = (WIDTH.div_ceil(TILE), height.div_ceil(TILE));
    let bytes = TILE * TILE * 3;
    let mut pixels = vec![0; across * down * bytes];
    let mut samples = vec![0_u8; WIDTH * 3];
    for y in 0..height {
        row(y, &mut samples);
        for (tile, part) in samples.chunks(TILE * 3).enumerate() {
            let at = (y / TILE * across + tile) * bytes + y % TILE * TILE * 3;
            pixels[at..at + part.len()].copy_from_slice(part);
        }
    }
    let mut tiff = support::Tiff::new(WIDTH as u32, height as u32, 2, &[8; 3], Vec::new());
    tiff.tags.retain(|(tag, ..)| *tag != 278);
    tiff.long(322, &[TILE as u32]).long(323, &[TILE as u32]);
    // Pixels lie behind the header, the directory behind them.
    let place = |i: usize| (8 + i * bytes) as u32;
    let count = across * down;
    tiff.long(324, &(0..count).map(place).collect::<Vec<_>>());
    tiff.long(325, &vec![bytes as u32; count]);
    tiff.directory_last = true;
    tiff.pixels = pixels;
    let mut bytes = tiff.bytes();
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let entries = usize::from(bytes[directory]);
    for entry in &mut bytes[directory + 2..].as_chunks_mut::<12>().0[..entries] {
        // What says where strips are shall say nothing.
        if [[17, 1], [23, 1]].contains(&[entry[0], entry[1]]) {
            entry[1] = 0xFF;
        }
    }
    bytes
}

fn most(bytes: &Arc<[u8]>, recipe: &Recipe, format: OutputFormat) -> (CleanReport, usize) {
    // Threads and what they keep, and tables, are there before.
    rayon::broadcast(|_| ());
    held(|| {
        let mut photograph = Photograph::of_bytes(Arc::clone(bytes), &Limits::default()).unwrap();
        assert!(photograph.is_read_by_rows());
        let options = StripOptions::new(24 << 20);
        clean_file(&mut photograph, Abyss, format, recipe, &options, &Never).unwrap()
    })
}

#[test]
fn ten_times_the_height_needs_no_more() {
    let _alone = alone();
    let (png, tiff) = (OutputFormat::Png, OutputFormat::Tiff(Compression::Deflate));
    let files: [(&str, File, OutputFormat); 4] = [
        (
            "PNG",
            |height| written::<u8>(height, OutputFormat::Png),
            png,
        ),
        (
            "PNG of 16 bits",
            |height| written::<u16>(height, OutputFormat::Png),
            tiff,
        ),
        (
            "TIFF in strips",
            |height| written::<u8>(height, OutputFormat::Tiff(Compression::Deflate)),
            png,
        ),
        ("TIFF in tiles", tiled, tiff),
    ];
    let mut recipe = Recipe::default();
    recipe.output.depth = Depth::Source;
    for (name, file, format) in files {
        let (low, high): (Arc<[u8]>, Arc<[u8]>) = (file(2000).into(), file(20_000).into());
        let (report, least) = most(&low, &recipe, format);
        assert!(
            least as u64 <= report.peak_bytes_estimate,
            "{name}: {report:?}"
        );
        let (report, most) = most(&high, &recipe, format);
        assert!(most < least + (4 << 20), "{name}: {most} after {least}");
        // Far less than the picture, which has 114 MiB.
        assert!(most < 48 << 20, "{name}: {} MiB", most >> 20);
        assert!(
            most as u64 <= report.peak_bytes_estimate + (2 << 20),
            "{name}: {} MiB, {report:?}",
            most >> 20
        );
        assert!(report.strips > 4, "{report:?}");
    }
}

#[test]
fn the_grid_of_a_square_picture_needs_what_is_told() {
    let _alone = alone();
    let large = [(2048, 2048), (5000, 5000)];
    for channels in [1, 3] {
        for (width, height) in [large[0], large[1], (600, 400)] {
            let layout = Layout::new(width, height, channels, false).unwrap();
            let mut sink = MemorySink::<u8>::new(&layout);
            let (report, most) = held(|| {
                let fill = |y: usize, samples: &mut [u8]| row(y, samples);
                let mut source = Generated::new(layout, fill);
                let options = StripOptions::new(24 << 20);
                clean_strips(&mut source, &mut sink, &Recipe::default(), &options, &Never).unwrap()
            });
            let told = report.peak_bytes_estimate as usize;
            let what = format!(
                "{width} × {height} × {channels}: {} of {} KiB",
                most >> 10,
                told >> 10
            );
            assert!(most <= told + (1 << 20), "{what}");
            // Nor is far too much asked for.
            assert!(
                !large.contains(&(width, height)) || most * 2 > told,
                "{what}"
            );
        }
    }
}
