//! Cleaning in strips is cleaning: bit for bit, whatever the strips, the threads and the file; and a file that cannot be
//! cleaned so says why.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/board.rs"]
mod board;
#[path = "support/memory.rs"]
mod memory;
mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use board::board;
use memory::Memory;
use proptest::prelude::*;
use support::{Tiff, fixtures};
use whiteboarder_core::cancel::{Cancel, Cancelled, Interrupt, Never};
use whiteboarder_core::clean;
use whiteboarder_core::image::{self, Channels, Limits, Picture};
use whiteboarder_core::recipe::{Method, Recipe, Style};
use whiteboarder_core::strips::cleaning::{
    CleanError, CleanReport, OpenError, Photograph, WholeOnly, clean_file, clean_strips,
};
use whiteboarder_core::strips::{
    Compression, Layout, MemorySink, MemorySource, OutputFormat, SampleKind, StripError,
    StripOptions, Tags, create,
};

fn layout_of(picture: &Picture) -> Layout {
    let (width, height) = (picture.width as usize, picture.height as usize);
    Layout::new(width, height, picture.channels.count(), false).unwrap()
}

fn options(memory: u64, overlap: bool) -> StripOptions {
    StripOptions {
        overlap,
        ..StripOptions::new(memory)
    }
}

fn in_strips(
    picture: &Picture,
    recipe: &Recipe,
    options: &StripOptions,
    threads: usize,
) -> (Vec<u8>, CleanReport) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(|| {
        let layout = layout_of(picture);
        let mut source = MemorySource::new(layout, &picture.data).unwrap();
        let mut sink = MemorySink::<u8>::new(&layout);
        let report = clean_strips(&mut source, &mut sink, recipe, options, &Never).unwrap();
        (sink.into_samples().unwrap(), report)
    })
}

/// A file cleaned in low strips, and the report.
fn cleaned(bytes: Vec<u8>, recipe: &Recipe, format: OutputFormat) -> (Vec<u8>, CleanReport) {
    let mut photograph = Photograph::of_bytes(bytes, &Limits::default()).unwrap();
    let target = Memory::default();
    let options = options(1, false);
    let report = clean_file(
        &mut photograph,
        target.clone(),
        format,
        recipe,
        &options,
        &Never,
    )
    .unwrap();
    (target.bytes(), report)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn strips_give_the_bits_of_the_whole(
        (width, height) in (1_usize..300, 1_usize..420),
        colour in any::<bool>(),
        dark in any::<bool>(),
        style in prop::sample::select(vec![Style::Ink, Style::Light, Style::Subtract]),
        stroke in prop::sample::select(vec![0.0, 3.0, 40.0]),
        strength in prop::sample::select(vec![100.0, 60.0]),
        memory in prop::sample::select(vec![1_u64, 8 << 20, 11 << 20, 64 << 20]),
        overlap in any::<bool>(),
        threads in 1_usize..4,
    ) {
        let channels = if colour { Channels::Rgb } else { Channels::Grey };
        let picture = board(width, height, channels, dark);
        let mut recipe = Recipe::default();
        recipe.finish.style = style;
        recipe.finish.strength = strength;
        recipe.background.stroke = stroke;
        let whole = clean::clean(&picture, &recipe);
        let (result, report) = in_strips(&picture, &recipe, &options(memory, overlap), threads);
        prop_assert_eq!(report.chosen, clean::analyse(&picture, &recipe).chosen());
        prop_assert!(result == whole.data, "{:?}", report);
    }
}

#[test]
fn pictures_larger_than_the_grid_are_averaged_alike() {
    // Cells of 3 pixels, of which neither width nor height is a multiple.
    for (width, height) in [(47, 5003), (5002, 41)] {
        for channels in [Channels::Grey, Channels::Rgb] {
            let picture = board(width, height, channels, false);
            let whole = clean::clean(&picture, &Recipe::default());
            for threads in [1, 3] {
                for overlap in [false, true] {
                    let options = options(12 << 20, overlap);
                    let (result, report) =
                        in_strips(&picture, &Recipe::default(), &options, threads);
                    assert!(result == whole.data, "{report:?}");
                }
            }
        }
    }
}

#[test]
fn every_file_that_is_read_gives_the_bits_of_the_whole() {
    let recipe = Recipe::default();
    let mut count = 0;
    for (name, bytes) in fixtures() {
        let Ok(picture) = image::decode(&bytes, &Limits::default()) else {
            continue;
        };
        match Photograph::of_bytes(bytes.clone(), &Limits::default()) {
            Ok(_) => {}
            Err(OpenError::Whole(WholeOnly::Turned(3..=8))) => continue,
            Err(OpenError::Failed(StripError::Image(error))) => {
                // What is not read in strips at all; the reader of whole pictures makes 8 bits of it.
                assert!(
                    error.to_string().contains("not supported"),
                    "{name}: {error}"
                );
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        }
        let whole = clean::clean(&picture, &recipe);
        for format in [OutputFormat::Png, OutputFormat::Tiff(Compression::Deflate)] {
            let (result, report) = cleaned(bytes.clone(), &recipe, format);
            assert_eq!(report.depth, SampleKind::U8);
            let result = image::decode(&result, &Limits::default()).unwrap();
            assert!(result == whole, "{name}");
        }
        count += 1;
    }
    assert!(count > 10, "{count} fixtures only");
}

#[test]
fn transparency_profiles_and_mirrors_are_as_in_the_whole() {
    let board = board(211, 150, Channels::Rgb, false);
    let mut next = 0_u32;
    let mut random = || {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        next >> 16
    };
    for (channels, alpha) in [(1, false), (2, true), (3, false), (4, true)] {
        let layout = Layout::new(211, 150, channels, alpha).unwrap();
        let count = layout.row_len() * layout.height;
        let colours = layout.rolled();
        let eight: Vec<u8> = (0..count)
            .map(|i| match i % channels {
                c if c < colours => board.data[i / channels * 3 + c],
                _ => [255, 255, 0, 128][i / 9 % 4],
            })
            .collect();
        let sixteen: Vec<u16> = eight
            .iter()
            .map(|v| (u16::from(*v) * 257).saturating_sub(random() as u16 % 200))
            .collect();
        let profiles = [None, (colours == 3).then(support::display_p3)];
        for (orientation, profile) in [1, 2].into_iter().zip(profiles) {
            let tags = Tags {
                orientation,
                profile: profile.map(Into::into),
            };
            for format in [
                OutputFormat::Png,
                OutputFormat::Tiff(Compression::None),
                OutputFormat::Tiff(Compression::Deflate),
            ] {
                let eight = {
                    let memory = Memory::default();
                    let mut sink = create(memory.clone(), format, &layout, &tags).unwrap();
                    sink.write_rows(&eight).unwrap();
                    sink.finish().unwrap();
                    memory.bytes()
                };
                let sixteen = {
                    let memory = Memory::default();
                    let mut sink = create(memory.clone(), format, &layout, &tags).unwrap();
                    sink.write_rows(&sixteen).unwrap();
                    sink.finish().unwrap();
                    memory.bytes()
                };
                for bytes in [eight, sixteen] {
                    let recipe = Recipe::default();
                    let picture = image::decode(&bytes, &Limits::default()).unwrap();
                    let whole = clean::clean(&picture, &recipe);
                    let (result, _) = cleaned(bytes, &recipe, OutputFormat::Png);
                    let result = image::decode(&result, &Limits::default()).unwrap();
                    assert!(result == whole, "{channels} channels, {tags:?}, {format:?}");
                }
            }
        }
    }
}

#[test]
fn samples_that_mean_nothing_are_not_looked_at() {
    let pixels: Vec<u8> = (0..40 * 28).map(|i| (i * 7) as u8).collect();
    let mut tiff = Tiff::new(10, 28, 1, &[8; 4], pixels);
    let bytes = tiff.short(338, &[0, 0, 0]).bytes();
    let picture = image::decode(&bytes, &Limits::default()).unwrap();
    let (result, _) = cleaned(bytes, &Recipe::default(), OutputFormat::Png);
    let result = image::decode(&result, &Limits::default()).unwrap();
    assert!(result == clean::clean(&picture, &Recipe::default()));
}

#[test]
fn what_needs_the_whole_picture_says_so() {
    let picture = board(60, 50, Channels::Grey, false);
    let mut source = MemorySource::new(layout_of(&picture), &picture.data).unwrap();
    let mut sink = MemorySink::<u8>::new(&layout_of(&picture));
    for method in [Method::Ball, Method::Paraboloid] {
        let mut recipe = Recipe::default();
        recipe.background.method = method;
        let error = clean_strips(&mut source, &mut sink, &recipe, &options(1, false), &Never);
        let error = error.unwrap_err();
        assert!(matches!(error, CleanError::Whole(WholeOnly::Method(m)) if m == method));
        assert!(
            error.to_string().contains("use method `whiteboard`"),
            "{error}"
        );
    }
    let mut tiff = Tiff::gradient();
    for orientation in 3..=8 {
        tiff.short(274, &[orientation]);
        let error = Photograph::of_bytes(tiff.bytes(), &Limits::default()).unwrap_err();
        let turned =
            matches!(error, OpenError::Whole(WholeOnly::Turned(o)) if u16::from(o) == orientation);
        assert!(turned, "{error}");
    }
    let mut float = Tiff::new(40, 30, 0, &[32], vec![0; 4 * 1200]);
    float.short(339, &[3]);
    let error = Photograph::of_bytes(float.bytes(), &Limits::default()).unwrap_err();
    assert!(
        matches!(error, OpenError::Whole(WholeOnly::Inverted)),
        "{error}"
    );
}

#[test]
fn a_recipe_out_of_range_and_too_little_memory_are_errors() {
    let picture = board(60, 50, Channels::Grey, false);
    let mut source = MemorySource::new(layout_of(&picture), &picture.data).unwrap();
    let mut sink = MemorySink::<u8>::new(&layout_of(&picture));
    let mut recipe = Recipe::default();
    recipe.finish.faint = 1000.0;
    let error = clean_strips(&mut source, &mut sink, &recipe, &options(1, false), &Never);
    assert!(matches!(error, Err(CleanError::Recipe(_))));
    let tight = StripOptions {
        most_bytes: 1 << 20,
        ..StripOptions::new(1)
    };
    let error = clean_strips(&mut source, &mut sink, &Recipe::default(), &tight, &Never);
    let error = error.unwrap_err();
    assert!(matches!(
        error,
        CleanError::Failed(StripError::NeedsMemory { .. })
    ));
    assert!(error.to_string().contains("1 MB are allowed"), "{error}");
}

/// Ends the work after so many looks.
struct After(AtomicU64);

impl Interrupt for After {
    type Stopped = Cancelled;
    fn check(&self) -> Result<(), Cancelled> {
        let left = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        left.map(|_| ()).map_err(|_| Cancelled)
    }
}

/// Does something between a source and a sink; tells whether that was as it should be.
type Work<'a> = dyn Fn(&mut MemorySource<&Vec<u8>>, &mut MemorySink<u8>) -> bool + 'a;

#[test]
fn it_ends_soon_after_it_is_cancelled_and_nothing_is_complete() {
    let picture = board(200, 3000, Channels::Rgb, false);
    let layout = layout_of(&picture);
    for overlap in [false, true] {
        let run = |work: &Work<'_>| {
            let mut source = MemorySource::new(layout, &picture.data).unwrap();
            let mut sink = MemorySink::<u8>::new(&layout);
            let stopped = work(&mut source, &mut sink);
            (stopped, sink.into_samples())
        };
        let options = options(9 << 20, overlap);
        let cancel = Cancel::new();
        cancel.cancel();
        let (stopped, samples) = run(&|source, sink| {
            let result = clean_strips(source, sink, &Recipe::default(), &options, &cancel);
            matches!(result, Err(CleanError::Stopped(Cancelled)))
        });
        assert!(stopped && samples.is_none());
        // Wherever it looks.
        let looks = Count::default();
        let (_, samples) = run(&|source, sink| {
            clean_strips(source, sink, &Recipe::default(), &options, &looks).is_ok()
        });
        assert!(samples.is_some());
        let looks = looks.0.load(Ordering::Relaxed);
        for after in [1, looks / 3, looks / 2, looks - 1] {
            let (stopped, samples) = run(&|source, sink| {
                let after = After(AtomicU64::new(after));
                let result = clean_strips(source, sink, &Recipe::default(), &options, &after);
                matches!(result, Err(CleanError::Stopped(Cancelled)))
            });
            assert!(stopped && samples.is_none(), "{after} of {looks}");
        }
    }
}

/// Counts looks and pixels.
#[derive(Default)]
struct Count(AtomicU64, AtomicU64);

impl Interrupt for Count {
    type Stopped = Cancelled;
    fn check(&self) -> Result<(), Cancelled> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn advance(&self, pixels: u64) {
        self.1.fetch_add(pixels, Ordering::Relaxed);
    }
}

#[test]
fn a_file_cut_short_is_an_error_and_no_result() {
    let picture = board(300, 400, Channels::Rgb, false);
    let png = image::encode_png(&picture).unwrap();
    let memory = Memory::default();
    let tiff = OutputFormat::Tiff(Compression::Deflate);
    let mut sink = create(memory.clone(), tiff, &layout_of(&picture), &Tags::default()).unwrap();
    sink.write_rows(&picture.data).unwrap();
    sink.finish().unwrap();
    let plain = Tiff::new(300, 400, 2, &[8; 3], picture.data.clone()).bytes();
    for bytes in [png, memory.bytes(), plain] {
        for keep in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 20] {
            let target = Memory::default();
            let photograph = Photograph::of_bytes(&bytes[..keep], &Limits::default());
            let error = match photograph {
                Err(error) => error.to_string(),
                Ok(mut photograph) => clean_file(
                    &mut photograph,
                    target.clone(),
                    OutputFormat::Png,
                    &Recipe::default(),
                    &options(1, true),
                    &Never,
                )
                .unwrap_err()
                .to_string(),
            };
            assert!(
                error.contains("cut short") || error.contains("damaged"),
                "{error}"
            );
            assert!(image::decode(&target.bytes(), &Limits::default()).is_err());
        }
    }
}
