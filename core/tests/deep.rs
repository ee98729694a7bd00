//! Results of 16 bits: those of 8 bits in finer steps, the same from whole pictures and in strips, and only where the file
//! has something to gain.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/memory.rs"]
mod memory;
mod support;

use memory::Memory;
use support::Tiff;
use whiteboarder_core::cancel::{Cancel, Never};
use whiteboarder_core::clean::{self, CleanError};
use whiteboarder_core::clean_deep::{self, DeepError, DeepPicture};
use whiteboarder_core::image::{self, Channels, ImageError, Limits, Picture};
use whiteboarder_core::output::png16;
use whiteboarder_core::recipe::{Depth, Method, Recipe, Style};
use whiteboarder_core::strips::cleaning::{Photograph, clean_file};
use whiteboarder_core::strips::{
    AnySource, Compression, Layout, OutputFormat, SampleKind, StripOptions, Tags, create,
    open_bytes,
};

const WIDTH: usize = 301;
const HEIGHT: usize = 260;

/// A board in 16 bits, with soft strokes, shading and noise. `fine` is what samples have beside whole steps of 8 bits.
fn board(channels: Channels, fine: bool) -> Vec<u16> {
    let mut state = 77_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let n = channels.count();
    let mut data = Vec::with_capacity(WIDTH * HEIGHT * n);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let light = 0.95 - 0.3 * x as f64 / WIDTH as f64;
            let from_line = ((y % 40) as f64 - 20.0).abs();
            let cover = if x % 90 > 12 {
                (3.5 - from_line).clamp(0.0, 1.0)
            } else {
                0.0
            };
            for c in 0..n {
                let ink = [0.85, 0.4, 0.7][c];
                let value = 60_000.0 * light * (1.0 - cover * ink) + 900.0 * (random() - 0.5);
                let value = value.clamp(0.0, 65_535.0);
                data.push(if fine {
                    value as u16
                } else {
                    (value / 257.0) as u16 * 257
                });
            }
        }
    }
    data
}

fn png(channels: Channels, samples: &[u16]) -> Vec<u8> {
    png16(WIDTH as u32, HEIGHT as u32, channels, samples).unwrap()
}

fn deep_recipe() -> Recipe {
    let mut recipe = Recipe::default();
    recipe.output.depth = Depth::Source;
    recipe
}

fn deep(bytes: &[u8], recipe: &Recipe) -> DeepPicture {
    let deep = clean_deep::clean(bytes, recipe, &Limits::default());
    deep.unwrap().unwrap().picture
}

fn eight(bytes: &[u8], recipe: &Recipe) -> Picture {
    clean::clean(&image::decode(bytes, &Limits::default()).unwrap(), recipe)
}

/// How far the two are apart, at most and on average, in levels of 8 bits.
fn apart(deep: &DeepPicture, eight: &Picture) -> (f64, f64) {
    assert_eq!(deep.data.len(), eight.data.len());
    let pairs = deep.data.iter().zip(&eight.data);
    let each = pairs.map(|(a, b)| (f64::from(*a) / 257.0 - f64::from(*b)).abs());
    let each: Vec<f64> = each.collect();
    let most = each.iter().copied().fold(0.0, f64::max);
    (most, each.iter().sum::<f64>() / each.len() as f64)
}

#[test]
fn sixteen_bits_are_the_eight_in_finer_steps() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for style in [Style::Ink, Style::Light] {
            for method in [Method::Whiteboard, Method::Ball] {
                let mut recipe = deep_recipe();
                recipe.finish.style = style;
                recipe.background.method = method;
                // The same samples: nothing but the result is rounded otherwise.
                let bytes = png(channels, &board(channels, false));
                let (most, mean) = apart(&deep(&bytes, &recipe), &eight(&bytes, &recipe));
                assert!(most < 1.0 && mean < 0.3, "{style} {method}: {most} {mean}");
                // Between the steps of 8 bits there is more to see, and edges are steep.
                let bytes = png(channels, &board(channels, true));
                let (most, mean) = apart(&deep(&bytes, &recipe), &eight(&bytes, &recipe));
                assert!(most < 12.0 && mean < 0.6, "{style} {method}: {most} {mean}");
            }
        }
    }
}

#[test]
fn there_are_more_than_256_levels_of_ink() {
    let bytes = png(Channels::Grey, &board(Channels::Grey, true));
    let result = deep(&bytes, &deep_recipe());
    let mut levels = result.data.clone();
    levels.sort_unstable();
    levels.dedup();
    assert!(levels.len() > 1000, "{}", levels.len());
    assert_eq!(levels.last(), Some(&65_535), "paper is white");
    // And they are there in the file.
    let file = result.encode_png().unwrap();
    let read = clean_deep::decode(&file, &Limits::default()).unwrap();
    assert!(read == Some(result));
}

#[test]
fn what_was_chosen_is_what_eight_bits_choose() {
    let bytes = png(Channels::Rgb, &board(Channels::Rgb, true));
    let deep = clean_deep::clean(&bytes, &deep_recipe(), &Limits::default());
    let picture = image::decode(&bytes, &Limits::default()).unwrap();
    let analysis = clean::analyse(&picture, &deep_recipe());
    let deep = deep.unwrap().unwrap();
    assert_eq!(deep.chosen, analysis.chosen());
    // An analysis that was made elsewhere gives the same picture.
    let read = clean_deep::decode(&bytes, &Limits::default())
        .unwrap()
        .unwrap();
    assert!(clean_deep::finish(&read, &analysis) == deep.picture);
}

#[test]
fn strips_give_the_bits_of_the_whole_in_16_bits() {
    for channels in [Channels::Grey, Channels::Rgb] {
        let samples = board(channels, true);
        let layout = Layout::new(WIDTH, HEIGHT, channels.count(), false).unwrap();
        for orientation in [1, 2] {
            for profile in [None, (channels == Channels::Rgb).then(support::display_p3)] {
                let tags = Tags {
                    orientation,
                    profile: profile.map(Into::into),
                };
                let plain = OutputFormat::Tiff(Compression::None);
                let packed = OutputFormat::Tiff(Compression::Deflate);
                for (from, to) in [(OutputFormat::Png, packed), (plain, OutputFormat::Png)] {
                    let memory = Memory::default();
                    let mut sink = create(memory.clone(), from, &layout, &tags).unwrap();
                    sink.write_rows(&samples).unwrap();
                    sink.finish().unwrap();
                    let bytes = memory.bytes();
                    let whole = deep(&bytes, &deep_recipe());
                    for overlap in [false, true] {
                        let mut photograph =
                            Photograph::of_bytes(bytes.clone(), &Limits::default()).unwrap();
                        let target = Memory::default();
                        let options = StripOptions {
                            overlap,
                            ..StripOptions::new(if overlap { 10 << 20 } else { 1 })
                        };
                        let report = clean_file(
                            &mut photograph,
                            target.clone(),
                            to,
                            &deep_recipe(),
                            &options,
                            &Never,
                        )
                        .unwrap();
                        assert_eq!(report.depth, SampleKind::U16);
                        let (source, info) =
                            open_bytes(target.bytes(), &Limits::default()).unwrap();
                        let AnySource::U16(mut source) = source else {
                            panic!("these are 16 bits")
                        };
                        assert_eq!(info.tags, Tags::default(), "upright sRGB");
                        let mut result = vec![0; samples.len()];
                        source.read_rows(&mut result).unwrap();
                        assert!(result == whole.data, "{tags:?} {from:?} {report:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn colours_and_orientation_are_those_of_eight_bits() {
    let samples = board(Channels::Rgb, true);
    let layout = Layout::new(WIDTH, HEIGHT, 3, false).unwrap();
    for orientation in 1..=8 {
        let tags = Tags {
            orientation,
            profile: (orientation % 2 == 0).then(|| support::display_p3().into()),
        };
        let memory = Memory::default();
        let mut sink = create(memory.clone(), OutputFormat::Png, &layout, &tags).unwrap();
        sink.write_rows(&samples).unwrap();
        sink.finish().unwrap();
        let bytes = memory.bytes();
        let read = clean_deep::decode(&bytes, &Limits::default())
            .unwrap()
            .unwrap();
        let picture = image::decode(&bytes, &Limits::default()).unwrap();
        assert_eq!((read.width, read.height), (picture.width, picture.height));
        // Half a level, and what the table to 8 bits is off by where it is steepest.
        let (most, _) = apart(&read, &picture);
        assert!(most < 1.0, "{most} at orientation {orientation}");
    }
}

#[test]
fn transparency_and_floating_point_are_read_in_16_bits() {
    let float: Vec<u8> = [0.0_f32, 0.25, 1.0, 7.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let mut tiff = Tiff::new(2, 2, 1, &[32], float);
    tiff.short(339, &[3]);
    let read = clean_deep::decode(&tiff.bytes(), &Limits::default()).unwrap();
    assert_eq!(read.unwrap().data, [0, 16_384, 65_535, 65_535]);
    let pairs = [100_u16, 65_535, 100, 0, 0, 32_768, 9, 65_535];
    let pixels: Vec<u8> = pairs.iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut tiff = Tiff::new(2, 2, 1, &[16, 16], pixels);
    tiff.short(338, &[2]);
    let read = clean_deep::decode(&tiff.bytes(), &Limits::default()).unwrap();
    assert_eq!(read.unwrap().data, [100, 65_535, 32_767, 9]);
}

#[test]
fn where_there_is_nothing_to_gain_there_is_nothing() {
    let limits = Limits::default();
    let nothing = |bytes: &[u8], recipe: &Recipe| {
        clean_deep::clean(bytes, recipe, &limits).unwrap().is_none()
    };
    let deep = png(Channels::Grey, &board(Channels::Grey, true));
    assert!(!nothing(&deep, &deep_recipe()));
    assert!(nothing(&deep, &Recipe::default()), "nobody asked for it");
    let mut subtract = deep_recipe();
    subtract.finish.style = Style::Subtract;
    assert!(nothing(&deep, &subtract));
    for eight in [
        image::encode_png(&support::gradient()).unwrap(),
        Tiff::gradient().bytes(),
        support::jpeg(&support::gradient()),
        support::webp(&support::gradient()),
    ] {
        assert!(nothing(&eight, &deep_recipe()));
    }
    // Deeper than what is read so: the 8 bits that there are otherwise.
    let mut float = Tiff::new(2, 2, 1, &[64], vec![0; 32]);
    float.short(339, &[3]);
    assert!(nothing(&float.bytes(), &deep_recipe()));
}

#[test]
fn damage_limits_and_cancelling_end_it() {
    let bytes = png(Channels::Rgb, &board(Channels::Rgb, true));
    let recipe = deep_recipe();
    for keep in [100, bytes.len() / 2, bytes.len() - 20] {
        let error = clean_deep::clean(&bytes[..keep], &recipe, &Limits::default()).unwrap_err();
        assert_eq!(error.name(), "ImageCorrupt", "{error}");
    }
    let cancel = Cancel::new();
    cancel.cancel();
    let stopped = clean_deep::clean_with(&bytes, &recipe, &Limits::default(), &cancel);
    assert!(matches!(stopped, Err(DeepError::Stopped(_))));
    // What is enough for 8 bits is not enough for 16.
    let header = image::read_header(&bytes).unwrap();
    let need = whiteboarder_core::cost::estimate(&header, bytes.len() as u64, &recipe);
    let limits = Limits {
        max_memory: need.memory_bytes,
        ..Limits::default()
    };
    assert!(clean::clean_bytes(&bytes, &Recipe::default(), &limits).is_ok());
    let error = clean_deep::clean(&bytes, &recipe, &limits).unwrap_err();
    let needs = matches!(&error, CleanError::Image(ImageError::NeedsMemory { .. }));
    assert!(needs, "{error}");
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let bytes = png(Channels::Rgb, &board(Channels::Rgb, true));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build()
            .unwrap()
            .install(|| deep(&bytes, &deep_recipe()))
    };
    assert!(with(1) == with(3));
}
