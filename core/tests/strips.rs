//! Rolling in strips is rolling: bit for bit, whatever the memory, the tiles and the lanes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Debug;

use proptest::prelude::*;
use whiteboarder_core::cancel::{Cancel, Never, Progress};
use whiteboarder_core::rolling::{
    Element, Missing, Operation, Region, Roller, Rolling, Shape, View, ViewMut,
};
use whiteboarder_core::strips::{
    Generated, Layout, MemorySink, MemorySource, Pixel, RollError, RowSink, RowSource, StripError,
    StripOptions, StripReport, roll_strips, roll_strips_with, split,
};

/// Numbers without a pattern (the 32-bit output of a 64-bit linear congruential generator).
fn noise(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
}

/// A sample as tests make it.
trait Made: Pixel + Debug {
    fn made(random: u32, hole: bool) -> Self;
    /// Equal, bit for bit but for what NaN are made of.
    fn same(self, other: Self) -> bool;
}

impl Made for u8 {
    fn made(random: u32, _hole: bool) -> Self {
        (random >> 5) as Self
    }
    fn same(self, other: Self) -> bool {
        self == other
    }
}

impl Made for u16 {
    fn made(random: u32, _hole: bool) -> Self {
        (random >> 5) as Self
    }
    fn same(self, other: Self) -> bool {
        self == other
    }
}

impl Made for f32 {
    fn made(random: u32, hole: bool) -> Self {
        if hole && random.is_multiple_of(5) {
            Self::NAN
        } else {
            (random >> 8) as Self / 70_000.0
        }
    }
    fn same(self, other: Self) -> bool {
        self.to_bits() == other.to_bits() || self.is_nan() && other.is_nan()
    }
}

fn samples<T: Made>(layout: &Layout, seed: u64, holes: bool) -> Vec<T> {
    let mut next = noise(seed);
    let count = layout.row_len() * layout.height;
    (0..count).map(|_| T::made(next(), holes)).collect()
}

/// The whole picture at once; transparency carried over.
fn whole<T: Made>(layout: &Layout, picture: &[T], rolling: &Rolling) -> Vec<T> {
    let mut result = picture.to_vec();
    let (w, h, n) = (layout.width, layout.height, layout.channels);
    for channel in 0..layout.rolled() {
        let from = View::channel(picture, w, h, n, channel).unwrap();
        let to = ViewMut::channel(&mut result, w, h, n, channel).unwrap();
        Roller::new().roll(from, to, rolling, &Never).unwrap();
    }
    result
}

fn in_strips<T: Made>(
    layout: &Layout,
    picture: &[T],
    rolling: &Rolling,
    options: &StripOptions,
) -> (Vec<T>, StripReport) {
    let mut source = MemorySource::new(*layout, picture).unwrap();
    let mut sink = MemorySink::new(layout);
    let mut roller = Roller::new();
    let report = roll_strips(
        &mut source,
        &mut sink,
        rolling,
        options,
        &mut roller,
        &Never,
    )
    .unwrap();
    (sink.into_samples().unwrap(), report)
}

fn assert_same<T: Made>(got: &[T], want: &[T], what: &dyn Debug) {
    assert_eq!(got.len(), want.len());
    let wrong = got.iter().zip(want).position(|(a, b)| !a.same(*b));
    if let Some(at) = wrong {
        panic!("sample {at} is {:?}, not {:?}: {what:?}", got[at], want[at]);
    }
}

fn check<T: Made>(
    layout: &Layout,
    rolling: &Rolling,
    options: &StripOptions,
    seed: u64,
    holes: bool,
    cuts: &[usize],
) {
    let picture = samples::<T>(layout, seed, holes);
    let want = whole(layout, &picture, rolling);
    let (got, report) = in_strips(layout, &picture, rolling, options);
    assert_same(&got, &want, &(layout, rolling, options, report));
    // The first one is higher by the apron.
    let rest = layout
        .height
        .saturating_sub(report.rows_per_strip + report.apron);
    assert_eq!(report.strips, 1 + rest.div_ceil(report.rows_per_strip));

    // Tiles of every size, each from a window of its own.
    let range = if T::RANGE.is_finite() { T::RANGE } else { 2e5 };
    // A paraboloid and missing samples look as far as the picture goes.
    let apron = if holes {
        layout.height.max(layout.width)
    } else {
        rolling.apron(range)
    };
    let mut roller = Roller::new();
    let mut got = picture.clone();
    let columns = split(layout.width, cuts[0], apron);
    for rows in split(layout.height, cuts[1], apron) {
        for columns in &columns {
            for channel in 0..layout.rolled() {
                let (n, stride) = (layout.channels, layout.row_len());
                let at = rows.window.start * stride + columns.window.start * n + channel;
                let (w, h) = (columns.window.len(), rows.window.len());
                let window = View::new(&picture[at..], w, h, n, stride).unwrap();
                let region = Region {
                    x: columns.region.start - columns.window.start,
                    width: columns.region.len(),
                    ..rows.region_in_window(0)
                };
                let at = rows.region.start * stride + columns.region.start * n + channel;
                let (w, h) = (region.width, region.height);
                let to = ViewMut::new(&mut got[at..], w, h, n, stride).unwrap();
                roller
                    .roll_region(window, region, to, rolling, &Never)
                    .unwrap();
            }
        }
    }
    assert_same(&got, &want, &("tiles", layout, rolling, cuts));
}

fn layouts() -> impl Strategy<Value = Layout> {
    (1..40_usize, 1..90_usize, 1..=4_usize, any::<bool>())
        .prop_map(|(w, h, n, alpha)| Layout::new(w, h, n, alpha && n % 2 == 0).unwrap())
}

fn rollings() -> impl Strategy<Value = Rolling> {
    let operation = prop::sample::select(vec![
        Operation::Erosion,
        Operation::Dilation,
        Operation::Opening,
        Operation::Closing,
    ]);
    let shape = prop::sample::select(vec![Shape::Ball, Shape::Ball, Shape::Paraboloid]);
    (
        0.3..12.0_f64,
        0.1..4.0_f64,
        shape,
        operation,
        any::<[bool; 2]>(),
    )
        .prop_map(
            |(radius, squeeze, shape, operation, [presmooth, propagate])| Rolling {
                element: Element::new(shape, radius, radius * squeeze).unwrap(),
                operation,
                presmooth,
                missing: if propagate {
                    Missing::Propagate
                } else {
                    Missing::Ignore
                },
            },
        )
}

fn options() -> impl Strategy<Value = StripOptions> {
    (0..18_u32, any::<bool>()).prop_map(|(bits, overlap)| StripOptions {
        overlap,
        ..StripOptions::new(1 << bits)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strips_and_tiles_are_the_whole(
        layout in layouts(),
        rolling in rollings(),
        options in options(),
        seed in any::<u64>(),
        holes in any::<bool>(),
        cuts in [1..6_usize, 1..6_usize],
    ) {
        check::<u8>(&layout, &rolling, &options, seed, holes, &cuts);
        check::<u16>(&layout, &rolling, &options, seed, holes, &cuts);
        check::<f32>(&layout, &rolling, &options, seed, holes, &cuts);
    }

    #[test]
    fn parts_cover_the_picture(height in 0..500_usize, parts in 0..20_usize, apron in 0..600_usize) {
        let found = split(height, parts, apron);
        prop_assert_eq!(found.len(), parts.max(1).min(height));
        let mut next = 0;
        for part in &found {
            prop_assert_eq!(part.region.start, next);
            next = part.region.end;
            prop_assert!(part.region.len().abs_diff(height / found.len()) <= 1);
            prop_assert_eq!(part.window.start, part.region.start.saturating_sub(apron));
            prop_assert_eq!(part.window.end, (part.region.end + apron).min(height));
        }
        prop_assert_eq!(next, height);
        prop_assert_eq!(split(usize::MAX, 3, usize::MAX)[2].region.end, usize::MAX);
    }
}

fn opening(radius: f64) -> Rolling {
    Rolling::new(Element::ball(radius).unwrap(), Operation::Opening)
}

#[test]
fn strips_are_as_high_as_memory_allows_and_the_report_says_so() {
    let layout = Layout::new(100, 2000, 1, false).unwrap();
    let picture = samples::<u8>(&layout, 1, false);
    let rolling = opening(5.0);
    let run = |memory: u64, overlap| {
        let options = StripOptions {
            overlap,
            ..StripOptions::new(memory)
        };
        in_strips(&layout, &picture, &rolling, &options).1
    };
    let all = run(10 << 20, false);
    assert_eq!((all.strips, all.rows_per_strip, all.apron), (1, 2000, 10));
    assert!(!all.over_budget && !all.overlapped && !all.surveyed);
    let both = run(10 << 20, true);
    assert!(both.overlapped && both.strips >= 8 && both.rows_per_strip >= 40);
    for overlap in [false, true] {
        let some = run(100 << 10, overlap);
        assert!(some.strips > 1 && some.rows_per_strip >= 40, "{some:?}");
        assert!(some.peak_bytes_estimate <= 100 << 10 && !some.over_budget);
        assert!(some.window_rows < 400);
    }
    let none = run(1000, true);
    assert!(none.over_budget && none.rows_per_strip >= 16 && none.strips > 1);
    assert!(none.peak_bytes_estimate > 1000 && !none.overlapped);
    // A limit is a limit.
    let options = StripOptions {
        most_bytes: 2000,
        ..StripOptions::new(1000)
    };
    let mut source = MemorySource::new(layout, &picture[..]).unwrap();
    let mut sink = MemorySink::new(&layout);
    let mut roller = Roller::new();
    let refused = roll_strips(
        &mut source,
        &mut sink,
        &rolling,
        &options,
        &mut roller,
        &Never,
    );
    let error = refused.unwrap_err();
    assert!(
        matches!(
            error,
            RollError::Failed(StripError::NeedsMemory { allowed: 2000, .. })
        ),
        "{error}"
    );
    assert!(sink.into_samples().is_none());
}

#[test]
fn a_paraboloid_looks_at_the_picture_first_when_memory_is_short() {
    let layout = Layout::new(50, 600, 1, false).unwrap();
    let element = Element::paraboloid(6.0, 6.0).unwrap();
    let rolling = Rolling::new(element, Operation::Opening);
    let options = StripOptions::new(60 << 10);
    let make = |change: fn(&mut f32)| {
        let mut picture: Vec<f32> = samples::<u8>(&layout, 2, false)
            .into_iter()
            .map(|v| f32::from(v) / 64.0)
            .collect();
        change(&mut picture[777]);
        let want = whole(&layout, &picture, &rolling);
        let (got, report) = in_strips(&layout, &picture, &rolling, &options);
        assert_same(&got, &want, &report);
        report
    };
    let plain = make(|_| ());
    assert!(
        plain.surveyed && plain.strips > 3 && plain.apron < 40,
        "{plain:?}"
    );
    let missing = make(|sample| *sample = f32::NAN);
    assert!(missing.surveyed && missing.strips == 1 && missing.over_budget);
    assert_eq!(make(|sample| *sample = f32::NEG_INFINITY).strips, 1);
    let ball = opening(6.0);
    let picture = samples::<f32>(&layout, 3, true);
    let (_, report) = in_strips(&layout, &picture, &ball, &options);
    assert!(!report.surveyed && report.strips > 3);
}

#[test]
fn results_can_be_changed_before_they_are_written() {
    let layout = Layout::new(33, 200, 4, true).unwrap();
    let picture = samples::<u8>(&layout, 4, false);
    let rolling = opening(4.0);
    let background = whole(&layout, &picture, &rolling);
    for overlap in [false, true] {
        let options = StripOptions {
            overlap,
            ..StripOptions::new(30 << 10)
        };
        let mut source = MemorySource::new(layout, &picture[..]).unwrap();
        let mut sink = MemorySink::new(&layout);
        let mut next = 0;
        let report = roll_strips_with(
            &mut source,
            &mut sink,
            &rolling,
            &options,
            &mut Roller::new(),
            &Never,
            &mut |rows| {
                assert_eq!((rows.y, rows.layout), (next, layout));
                next += rows.picture.len() / layout.row_len();
                for (i, (result, picture)) in rows.result.iter_mut().zip(rows.picture).enumerate() {
                    if i % 4 < 3 {
                        *result = picture - *result;
                    }
                }
            },
        );
        assert!(report.unwrap().strips > 2);
        assert_eq!(next, layout.height);
        let pairs = picture.iter().zip(&background).enumerate();
        let want: Vec<u8> = pairs
            .map(|(i, (p, b))| if i % 4 < 3 { p - b } else { *p })
            .collect();
        assert_same(&sink.into_samples().unwrap(), &want, &overlap);
    }
}

#[test]
fn two_lanes_make_one_picture() {
    let layout = Layout::new(61, 97, 3, false).unwrap();
    let picture = samples::<u16>(&layout, 5, false);
    let rolling = opening(7.5);
    let mut put_together = Vec::new();
    for part in split(layout.height, 2, rolling.apron(65_535.0)) {
        let rows = part.window.start * layout.row_len()..part.window.end * layout.row_len();
        let window = &picture[rows];
        let region = part.region_in_window(layout.width);
        let mut own = vec![0; region.height * layout.row_len()];
        for channel in 0..3 {
            let (w, n) = (layout.width, layout.channels);
            let from = View::channel(window, w, part.window.len(), n, channel).unwrap();
            let to = ViewMut::channel(&mut own, w, region.height, n, channel).unwrap();
            Roller::new()
                .roll_region(from, region, to, &rolling, &Never)
                .unwrap();
        }
        put_together.extend(own);
    }
    assert_same(&put_together, &whole(&layout, &picture, &rolling), &"lanes");
}

/// Takes so many rows, then fails.
struct Failing(usize);

impl RowSink<u8> for Failing {
    fn write_rows(&mut self, rows: &[u8]) -> Result<(), StripError> {
        let rows = rows.len() / 20;
        self.0 = self.0.checked_sub(rows).ok_or_else(|| {
            StripError::Write(std::io::Error::from(std::io::ErrorKind::StorageFull))
        })?;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StripError> {
        panic!("a picture that could not be written was finished");
    }
}

/// Ends before it should.
struct Short<S>(S, usize);

impl<S: RowSource<u8>> RowSource<u8> for Short<S> {
    fn layout(&self) -> Layout {
        self.0.layout()
    }
    fn read_rows(&mut self, rows: &mut [u8]) -> Result<(), StripError> {
        let all = StripError::Read(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        self.1 = self.1.checked_sub(rows.len() / 20).ok_or(all)?;
        self.0.read_rows(rows)
    }
    fn rewind(&mut self) -> Result<(), StripError> {
        self.0.rewind()
    }
}

#[test]
fn what_fails_ends_everything() {
    let layout = Layout::new(20, 60_000, 1, false).unwrap();
    let make = |y: usize, row: &mut [u8]| row.fill(y as u8);
    for overlap in [false, true] {
        let options = StripOptions {
            overlap,
            ..StripOptions::new(600 << 10)
        };
        let run = |source: &mut dyn RowSource<u8>, sink: &mut dyn RowSink<u8>| {
            let mut roller = Roller::new();
            roll_strips(source, sink, &opening(2.0), &options, &mut roller, &Never).unwrap_err()
        };
        let mut sink = MemorySink::new(&layout);
        for rows in [0, 59_000] {
            let error = run(&mut Short(Generated::new(layout, make), rows), &mut sink);
            let RollError::Failed(StripError::Read(_)) = error else {
                panic!("{error}")
            };
        }
        assert!(sink.into_samples().is_none());
        for rows in [0, 59_000] {
            let error = run(&mut Generated::new(layout, make), &mut Failing(rows));
            let RollError::Failed(StripError::Write(_)) = error else {
                panic!("{error}")
            };
        }
    }
}

#[test]
fn it_can_be_cancelled_and_tells_how_far_it_is() {
    let layout = Layout::new(100, 3000, 1, false).unwrap();
    let make = |y: usize, row: &mut [u8]| row.fill(y as u8);
    for overlap in [false, true] {
        let options = StripOptions {
            overlap,
            ..StripOptions::new(300 << 10)
        };
        let cancel = Cancel::new();
        let done = std::sync::atomic::AtomicU64::new(0);
        let progress = Progress {
            cancel: &cancel,
            advanced: |pixels| {
                done.fetch_add(pixels, std::sync::atomic::Ordering::Relaxed);
            },
        };
        let run = |stop_after: usize| {
            let mut strips = 0;
            let mut sink = MemorySink::new(&layout);
            let result = roll_strips_with(
                &mut Generated::new(layout, make),
                &mut sink,
                &opening(2.0),
                &options,
                &mut Roller::new(),
                &progress,
                &mut |_| {
                    strips += 1;
                    if strips == stop_after {
                        cancel.cancel();
                    }
                },
            );
            (result, sink.into_samples().is_some())
        };
        let (result, complete) = run(usize::MAX);
        assert!(result.unwrap().strips > 3 && complete);
        let all = done.load(std::sync::atomic::Ordering::Relaxed);
        assert!(all >= 2 * 300_000, "{all}");
        let (result, complete) = run(2);
        assert!(matches!(result, Err(RollError::Stopped(_))) && !complete);
    }
}
