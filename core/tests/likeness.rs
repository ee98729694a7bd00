//! The likenesses of other programs, compared with what the real ones gave: `fixtures/likeness/README.md`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::{Cancel, Cancelled, Never, Progress};
use whiteboarder_core::rolling::like::imagej::{self, Pixel, Product, Settings};
use whiteboarder_core::rolling::like::{LikeError, scikit_image};
use whiteboarder_core::rolling::{Roller, Sample, View, ViewMut};

const KINDS: [&str; 6] = ["noise", "ramp", "ink", "steps", "hill", "spikes"];

/// The generator: the same in `record.py` and `Record.java`. Samples of 16 bits.
fn picture(kind: &str, width: usize, height: usize, channel: u32) -> Plane<u16> {
    let number = KINDS.iter().position(|k| *k == kind).unwrap() as u32;
    let (w, h) = (width as u32, height as u32);
    let mut state = w * 65537 + h * 257 + number * 31 + channel * 7;
    let mut data = Vec::with_capacity(width * height);
    for y in 0..h {
        for x in 0..w {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let r = state >> 16;
            let v = match number {
                0 => r,
                1 => (x * 600 + y * 400) % 60000 + r / 16,
                2 if (x / 5 + y / 3) % 7 == 0 || (x * x + y) % 53 < 3 => 12000 + r / 16,
                2 => 50000_u32.saturating_sub((x * x + y * y) >> 1).max(20000) + r / 32,
                3 => (x / 9 * 7919 + y / 7 * 24709) % 65536,
                4 => (x * (w - x) + y * (h - y)) * 3 % 65536,
                _ if r.is_multiple_of(97) => state >> 8 & 65535,
                _ => 30000 + channel * 5000,
            };
            data.push(v.min(65535) as u16);
        }
    }
    Plane::new(width, height, data).unwrap()
}

fn bytes8(samples: &Plane<u16>) -> Plane<u8> {
    samples.map(|v| (v >> 8) as u8)
}

fn floats(samples: &Plane<u16>) -> Plane<f32> {
    samples.map(|v| f32::from(v) / 256.0 - 40.0)
}

/// Bytes of a result as the scripts write them: little-endian, one kind of NaN.
trait Raw: Copy {
    fn raw(self) -> Vec<u8>;
}

impl Raw for u8 {
    fn raw(self) -> Vec<u8> {
        vec![self]
    }
}

impl Raw for u16 {
    fn raw(self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }
}

impl Raw for f32 {
    fn raw(self) -> Vec<u8> {
        if self.is_nan() { Self::NAN } else { self }
            .to_le_bytes()
            .to_vec()
    }
}

fn raw<T: Raw>(samples: &[T]) -> Vec<u8> {
    samples.iter().flat_map(|v| v.raw()).collect()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..4])
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/likeness");
    fs::read(folder.join(name)).unwrap()
}

/// The lines of a table, each split at spaces.
fn table(name: &str) -> Vec<Vec<String>> {
    let text = String::from_utf8(fixture(name)).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect()
}

/// The settings and product of bit pattern `bits`, as `Record.java` counts them.
fn settings(radius: f64, bits: usize) -> (Settings, Product) {
    let settings = Settings {
        radius,
        light_background: bits & 1 != 0,
        sliding_paraboloid: bits & 4 != 0,
        presmooth: bits & 2 != 0,
    };
    let product = if bits & 8 == 0 {
        Product::Background
    } else {
        Product::Subtracted
    };
    (settings, product)
}

/// The bytes of a result; "fails" where ImageJ does.
fn outcome<E: Debug>(result: Result<Vec<u8>, LikeError<E>>) -> Option<Vec<u8>> {
    match result {
        Ok(bytes) => Some(bytes),
        Err(LikeError::Narrow { .. }) => None,
        Err(error) => panic!("{error:?}"),
    }
}

fn imagej_plane<T: Pixel + Raw>(
    plane: &Plane<T>,
    (settings, product): &(Settings, Product),
) -> Option<Vec<u8>> {
    let mut result = plane.clone();
    let rolled = imagej::roll(
        View::of(plane),
        ViewMut::of(&mut result),
        settings,
        *product,
        &Never,
    );
    outcome(rolled.map(|()| raw(&result.data)))
}

/// The three channels of a colour picture, interleaved.
fn colours(kind: &str, width: usize, height: usize) -> Vec<u8> {
    let channels = [0, 1, 2].map(|channel| bytes8(&picture(kind, width, height, channel)).data);
    (0..width * height)
        .flat_map(|i| [channels[0][i], channels[1][i], channels[2][i]])
        .collect()
}

fn imagej_separate(
    rgb: &[u8],
    width: usize,
    height: usize,
    (settings, product): &(Settings, Product),
) -> Option<Vec<u8>> {
    let mut result = rgb.to_vec();
    let rolled = (0..3).try_for_each(|channel| {
        let source = View::channel(rgb, width, height, 3, channel).unwrap();
        let result = ViewMut::channel(&mut result, width, height, 3, channel).unwrap();
        match product {
            Product::Background => imagej::background_u8(source, result, settings, &Never),
            Product::Subtracted => imagej::subtract_u8(source, result, settings, &Never),
        }
    });
    outcome(rolled.map(|()| result))
}

fn imagej_brightness(
    rgb: &[u8],
    width: usize,
    (settings, product): &(Settings, Product),
) -> Option<Vec<u8>> {
    let mut result = rgb.to_vec();
    let rolled = imagej::brightness_rgb(rgb, &mut result, width, settings, *product, &Never);
    outcome(rolled.map(|()| result))
}

/// Compares all lines of these types of samples; gives the number of results.
fn compare_imagej(types: &[&str]) -> usize {
    let mut differences = vec![];
    let mut compared = 0;
    for fields in table("imagej.txt") {
        let [sample, kind, width, height, radius, expected @ ..] = &fields[..] else {
            panic!("{fields:?}");
        };
        if !types.contains(&&sample[..]) {
            continue;
        }
        let (width, height): (usize, usize) = (width.parse().unwrap(), height.parse().unwrap());
        let plane = picture(kind, width, height, 0);
        let rgb = colours(kind, width, height);
        assert_eq!(expected.len(), 16);
        for (bits, expected) in expected.iter().enumerate() {
            let how = settings(radius.parse().unwrap(), bits);
            let result = match &sample[..] {
                "u8" => imagej_plane(&bytes8(&plane), &how),
                "u16" => imagej_plane(&plane, &how),
                "f32" => imagej_plane(&floats(&plane), &how),
                "separate" => imagej_separate(&rgb, width, height, &how),
                "brightness" => imagej_brightness(&rgb, width, &how),
                _ => panic!("{sample}"),
            };
            let result = result.map_or("fails".to_owned(), |bytes| hash(&bytes));
            compared += 1;
            if result != *expected {
                differences.push(format!("{sample} {kind} {width}×{height} {how:?}"));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {compared} differ: {:#?}",
        differences.len(),
        &differences[..differences.len().min(40)]
    );
    compared
}

#[test]
fn imagej_on_8_bits() {
    assert_eq!(compare_imagej(&["u8"]), 11 * 6 * 12 * 16);
}

#[test]
fn imagej_on_16_bits_and_floats() {
    assert_eq!(compare_imagej(&["u16", "f32"]), 2 * 11 * 5 * 3 * 16);
}

#[test]
fn imagej_on_colours() {
    assert_eq!(
        compare_imagej(&["separate", "brightness"]),
        2 * 11 * 5 * 3 * 16
    );
}

#[test]
fn imagej_pixel_by_pixel() {
    let recorded = fixture("imagej-u8-ink-64x48-25.raw");
    let plane = bytes8(&picture("ink", 64, 48, 0));
    for (bits, expected) in recorded.chunks(64 * 48).enumerate() {
        let how = settings(25.0, bits);
        let result = imagej_plane(&plane, &how).unwrap();
        let wrong = result.iter().zip(expected).position(|(a, b)| a != b);
        assert_eq!(
            wrong.map(|i| (i % 64, i / 64, result[i], expected[i])),
            None,
            "first wrong pixel (x, y, ours, ImageJ's): {how:?}"
        );
    }
}

fn scikit_plane<T: Sample + Raw>(plane: &Plane<T>, radius: f64, nansafe: bool) -> Vec<u8> {
    let mut result = plane.clone();
    scikit_image::rolling_ball(
        &mut Roller::new(),
        View::of(plane),
        ViewMut::of(&mut result),
        radius,
        nansafe,
        &Never,
    )
    .unwrap();
    raw(&result.data)
}

/// Floats with NaN (and infinities) as `record.py` puts them.
fn with_holes(samples: &Plane<u16>, holes: &str) -> Plane<f32> {
    let (every, rest) = match holes {
        "few" => (97, 13),
        "many" => (3, 1),
        "all" => (1, 0),
        _ => (1, 1),
    };
    let mut plane = floats(samples);
    for (v, &sample) in plane.data.iter_mut().zip(&samples.data) {
        if sample % every == rest {
            *v = f32::NAN;
        }
        if holes == "few" && sample % 89 == 5 {
            *v = f32::INFINITY;
        }
    }
    plane
}

#[test]
fn scikit_image_on_all_kinds_of_samples() {
    let mut differences = vec![];
    let mut compared = 0;
    for fields in table("scikit-image.txt") {
        let [kind, width, height, radius, expected @ ..] = &fields[..] else {
            panic!("{fields:?}");
        };
        let plane = picture(kind, width.parse().unwrap(), height.parse().unwrap(), 0);
        let radius: f64 = radius.parse().unwrap();
        let types = ["u8", "u16", "f32", "few", "many", "all"];
        let columns = types.iter().flat_map(|t| [(*t, false), (*t, true)]);
        assert_eq!(expected.len(), 12);
        for ((sample, nansafe), expected) in columns.zip(expected) {
            let result = match sample {
                "u8" => scikit_plane(&bytes8(&plane), radius, nansafe),
                "u16" => scikit_plane(&plane, radius, nansafe),
                _ => scikit_plane(&with_holes(&plane, sample), radius, nansafe),
            };
            compared += 1;
            if hash(&result) != *expected {
                differences.push(format!(
                    "{sample} {kind} {width}×{height} r={radius} nansafe={nansafe}"
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {compared} differ: {:#?}",
        differences.len(),
        &differences[..differences.len().min(40)]
    );
    assert_eq!(compared, 7 * 6 * 10 * 12);
}

#[test]
fn scikit_image_pixel_by_pixel() {
    let plane = picture("ink", 64, 48, 0);
    for (i, nansafe) in [false, true].into_iter().enumerate() {
        let recorded = fixture("scikit-image-u8-ink-64x48-7.3.raw");
        let result = scikit_plane(&bytes8(&plane), 7.3, nansafe);
        assert_eq!(result, recorded.chunks(64 * 48).nth(i).unwrap());
        let recorded = fixture("scikit-image-few-ink-64x48-7.3.raw");
        let result = scikit_plane(&with_holes(&plane, "few"), 7.3, nansafe);
        let expected = recorded.chunks(4 * 64 * 48).nth(i).unwrap();
        let wrong = result
            .chunks(4)
            .zip(expected.chunks(4))
            .position(|(a, b)| a != b);
        assert_eq!(wrong.map(|i| (i % 64, i / 64)), None, "first wrong pixel");
    }
}

#[test]
fn radii_that_are_none_are_refused() {
    let plane = Plane::filled(5, 4, 9_u8);
    let mut result = plane.clone();
    for radius in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        let rolled = scikit_image::rolling_ball(
            &mut Roller::new(),
            View::of(&plane),
            ViewMut::of(&mut result),
            radius,
            false,
            &Never,
        );
        assert!(matches!(rolled, Err(LikeError::Radius(_))), "{rolled:?}");
        for bits in 0..8 {
            let (settings, _) = settings(radius, bits);
            let rolled = imagej::background_u8(
                View::of(&plane),
                ViewMut::of(&mut result),
                &settings,
                &Never,
            );
            assert!(matches!(rolled, Err(LikeError::Radius(_))), "{rolled:?}");
        }
    }
    let rolled = imagej::background_u8(
        View::of(&plane),
        ViewMut::of(&mut result),
        &Settings::new(1e12),
        &Never,
    );
    assert_eq!(rolled, Err(LikeError::Radius(1e12)));
}

#[test]
fn no_float_makes_imagej_panic_or_hang() {
    let extremes = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        0.0,
        1.0,
    ];
    let noise = picture("noise", 17, 13, 0);
    for take in 1..=extremes.len() {
        let plane = noise.map(|v| extremes[usize::from(v) % take]);
        for radius in [1e-300, 1e-40, 0.7, 25.0, 1e30, 1e300] {
            for bits in 0..16 {
                let (settings, product) = settings(radius, bits);
                if !settings.sliding_paraboloid && radius > 1e10 {
                    continue;
                }
                let mut result = plane.clone();
                imagej::roll(
                    View::of(&plane),
                    ViewMut::of(&mut result),
                    &settings,
                    product,
                    &Never,
                )
                .unwrap();
            }
        }
    }
}

#[test]
fn imagej_counts_each_pixel_once_and_stops() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let plane = bytes8(&picture("ink", 120, 90, 0));
    for bits in 0..8 {
        for radius in [3.0, 25.0, 300.0] {
            let (settings, product) = settings(radius, bits);
            let mut result = plane.clone();
            let cancel = Cancel::new();
            let pixels = AtomicU64::new(0);
            let progress = Progress {
                cancel: &cancel,
                advanced: |more| {
                    pixels.fetch_add(more, Ordering::Relaxed);
                },
            };
            let (source, target) = (View::of(&plane), ViewMut::of(&mut result));
            imagej::roll(source, target, &settings, product, &progress).unwrap();
            assert_eq!(pixels.load(Ordering::Relaxed), 120 * 90);
            cancel.cancel();
            let target = ViewMut::of(&mut result);
            let stopped = imagej::roll(source, target, &settings, product, &progress);
            assert_eq!(stopped, Err(LikeError::Stopped(Cancelled)));
        }
    }
}
