//! The paraboloid is what its definition says, bit for bit, whatever the picture, the region and the number of threads.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::fmt::Debug;

use proptest::prelude::*;
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::{Cancel, Never};
use whiteboarder_core::rolling::{
    Element, Operation, Region, Roller, Rolling, Sample, View, ViewMut, definition,
};

const OPERATIONS: [Operation; 4] = [
    Operation::Erosion,
    Operation::Dilation,
    Operation::Opening,
    Operation::Closing,
];

/// The same sample, to the bit, except that there is one NaN.
trait Same: Sample + Debug + PartialEq + Default {
    fn bits(self) -> u32;
}
impl Same for u8 {
    fn bits(self) -> u32 {
        self.into()
    }
}
impl Same for u16 {
    fn bits(self) -> u32 {
        self.into()
    }
}
impl Same for f32 {
    fn bits(self) -> u32 {
        if self.is_nan() {
            Self::NAN.to_bits()
        } else {
            // Both zeros are one number.
            (self + 0.0).to_bits()
        }
    }
}

fn bits<T: Same>(plane: &Plane<T>) -> Vec<u32> {
    plane.data.iter().map(|v| v.bits()).collect()
}

fn fast<T: Same>(
    roller: &mut Roller,
    plane: &Plane<T>,
    element: &Element,
    operation: Operation,
) -> Plane<T> {
    rolled(roller, plane, &Rolling::new(*element, operation))
}

fn rolled<T: Same>(roller: &mut Roller, plane: &Plane<T>, rolling: &Rolling) -> Plane<T> {
    let mut result = Plane::filled(plane.width, plane.height, T::default());
    let Ok(()) = roller.roll(View::of(plane), ViewMut::of(&mut result), rolling, &Never);
    result
}

/// All four operations, in the definition and in the fast way.
fn agrees<T: Same>(plane: &Plane<T>, element: &Element) {
    for operation in OPERATIONS {
        same(plane, &Rolling::new(*element, operation));
    }
}

/// The same, of the smoothed picture.
fn agrees_smoothed<T: Same>(plane: &Plane<T>, element: &Element) {
    for operation in OPERATIONS {
        let rolling = Rolling {
            presmooth: true,
            ..Rolling::new(*element, operation)
        };
        same(plane, &rolling);
    }
}

fn same<T: Same>(plane: &Plane<T>, rolling: &Rolling) {
    let defined = definition::roll(plane, rolling);
    let rolled = rolled(&mut Roller::new(), plane, rolling);
    assert_eq!(
        bits(&defined),
        bits(&rolled),
        "{rolling:?}: {plane:?}\n defined {defined:?}\n  rolled {rolled:?}"
    );
}

fn negated<T: Same>(plane: &Plane<T>) -> Plane<T> {
    let data = plane.data.iter().map(|v| v.negated()).collect();
    Plane::new(plane.width, plane.height, data).unwrap()
}

/// `a ≤ b` in every pixel; NaN is not compared.
fn below<T: Same>(a: &Plane<T>, b: &Plane<T>) {
    for (a, b) in a.data.iter().zip(&b.data) {
        // Not `a <= b`, for NaN.
        let above = a > b;
        assert!(!above, "{a:?} is above {b:?}");
    }
}

/// E ≤ O ≤ I, openings of openings, duality.
fn algebra<T: Same>(plane: &Plane<T>, element: &Element) {
    let mut roller = Roller::new();
    let mut roll = |plane: &Plane<T>, operation| fast(&mut roller, plane, element, operation);
    let eroded = roll(plane, Operation::Erosion);
    let opened = roll(plane, Operation::Opening);
    below(&eroded, &opened);
    below(&opened, plane);
    assert_eq!(bits(&roll(&opened, Operation::Opening)), bits(&opened));
    assert_eq!(bits(&roll(&opened, Operation::Erosion)), bits(&eroded));
    assert_eq!(bits(&roll(&eroded, Operation::Dilation)), bits(&opened));
    let other = negated(plane);
    assert_eq!(
        bits(&negated(&roll(&other, Operation::Dilation))),
        bits(&eroded)
    );
    assert_eq!(
        bits(&negated(&roll(&other, Operation::Closing))),
        bits(&opened)
    );
}

fn element() -> impl Strategy<Value = Element> {
    // From needles to almost flat, in steps of all sizes.
    let logarithm = |range: std::ops::Range<f64>| range.prop_map(libm::exp);
    prop_oneof![
        (logarithm(-1.0..6.0), logarithm(-1.0..6.0)),
        (logarithm(-1.0..6.0), logarithm(-9.0..12.0)),
        logarithm(0.0..6.0).prop_map(|r| (r, r)),
        (1_u32..60, 1_u32..60).prop_map(|(r, h)| (r.into(), h.into())),
    ]
    .prop_map(|(radius, height)| Element::paraboloid(radius, height).unwrap())
}

fn size() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        4 => (1_usize..14, 1_usize..14),
        1 => (1_usize..90).prop_map(|n| (n, 1)),
        1 => (1_usize..90).prop_map(|n| (1, n)),
        1 => (15_usize..40, 1_usize..6),
        1 => (1_usize..6, 15_usize..40),
    ]
}

/// A picture of these samples; smooth, in steps, or as they come.
fn plane<T: Same>(
    sample: impl Strategy<Value = T> + Clone + 'static,
    ramp: impl Fn(f64) -> T + Clone + 'static,
) -> impl Strategy<Value = Plane<T>> {
    size().prop_flat_map(move |(width, height)| {
        let ramp = ramp.clone();
        let any = proptest::collection::vec(sample.clone(), width * height);
        let spots = (
            proptest::collection::vec(sample.clone(), width * height),
            sample.clone(),
        )
            .prop_map(|(samples, rest)| {
                let spots = samples.into_iter().enumerate();
                let spots = spots.map(|(i, v)| if i % 7 == 3 { v } else { rest });
                spots.collect::<Vec<_>>()
            });
        let smooth =
            (-1.0..1.0, -1.0..1.0, -1.0..1.0_f64).prop_map(move |(a, b, c): (f64, f64, f64)| {
                let pixels =
                    (0..height).flat_map(|y| (0..width).map(move |x| (x as f64, y as f64)));
                let pixels = pixels.map(|(x, y)| {
                    ramp(0.5 + a * x / 40.0 + b * y / 40.0 + c * (x * x + y * y) / 900.0)
                });
                pixels.collect::<Vec<_>>()
            });
        prop_oneof![2 => any, 1 => spots, 1 => smooth]
            .prop_map(move |data| Plane::new(width, height, data).unwrap())
    })
}

fn plane_u8() -> impl Strategy<Value = Plane<u8>> {
    plane(
        prop_oneof![2 => any::<u8>(), 1 => 100_u8..110, 1 => Just(255_u8)],
        |v| (v * 255.0) as u8,
    )
}

fn plane_u16() -> impl Strategy<Value = Plane<u16>> {
    plane(
        prop_oneof![2 => any::<u16>(), 1 => 30_000_u16..30_100, 1 => Just(65_535_u16)],
        |v| (v * 65_535.0) as u16,
    )
}

/// Greys of 0 to 255 with fractions, and of 0 to 1.
fn plane_f32() -> impl Strategy<Value = Plane<f32>> {
    prop_oneof![
        plane(-20.0_f32..280.0, |v| (v * 255.0) as f32),
        plane(0.0_f32..1.0, |v| v as f32),
    ]
}

/// Anything that f32 can hold.
fn plane_odd() -> impl Strategy<Value = Plane<f32>> {
    let sample = prop_oneof![
        4 => 0.0_f32..255.0,
        2 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
        1 => any::<f32>(),
        1 => Just(-0.0_f32),
        1 => any::<u32>().prop_map(f32::from_bits),
    ];
    plane(sample, |v| v as f32)
}

/// Samples of the kind that are all no sources, or all infinite.
fn plane_empty() -> impl Strategy<Value = Plane<f32>> {
    let sample = prop_oneof![
        2 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ];
    let none = prop_oneof![Just(f32::NAN), Just(f32::INFINITY)];
    prop_oneof![plane(sample, |_| f32::NAN), plane(none, |_| f32::NAN)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn u8_is_what_the_definition_says(plane in plane_u8(), element in element()) {
        agrees(&plane, &element);
    }

    #[test]
    fn u16_is_what_the_definition_says(plane in plane_u16(), element in element()) {
        agrees(&plane, &element);
    }

    #[test]
    fn f32_is_what_the_definition_says(plane in plane_f32(), element in element()) {
        agrees(&plane, &element);
    }

    #[test]
    fn odd_samples_are_what_the_definition_says(plane in plane_odd(), element in element()) {
        agrees(&plane, &element);
    }

    #[test]
    fn pictures_without_numbers_are_what_the_definition_says(plane in plane_empty(), element in element()) {
        agrees(&plane, &element);
    }

    #[test]
    fn smoothed_pictures_are_what_the_definition_says(
        (a, b, c) in (plane_u8(), plane_u16(), plane_f32()), odd in plane_odd(), element in element()
    ) {
        agrees_smoothed(&a, &element);
        agrees_smoothed(&b, &element);
        agrees_smoothed(&c, &element);
        agrees_smoothed(&odd, &element);
    }

    #[test]
    fn the_algebra_holds_exactly(
        (a, b, c) in (plane_u8(), plane_u16(), plane_f32()), element in element()
    ) {
        algebra(&a, &element);
        algebra(&b, &element);
        algebra(&c, &element);
    }

    #[test]
    fn odd_samples_keep_the_order(plane in plane_odd(), element in element()) {
        let mut roller = Roller::new();
        let eroded = fast(&mut roller, &plane, &element, Operation::Erosion);
        let opened = fast(&mut roller, &plane, &element, Operation::Opening);
        below(&eroded, &opened);
        below(&opened, &plane);
    }
}

/// Tilings: some cuts along each side.
fn tiles(width: usize, height: usize, cuts: &[(u16, u16)]) -> Vec<Region> {
    let along = |length: usize, cuts: &mut dyn Iterator<Item = u16>| {
        let mut at: Vec<usize> = cuts.map(|c| usize::from(c) % length).collect();
        at.extend([0, length]);
        at.sort_unstable();
        at.dedup();
        at.windows(2)
            .map(|w| (w[0], w[1] - w[0]))
            .collect::<Vec<_>>()
    };
    let columns = along(width, &mut cuts.iter().map(|c| c.0));
    let rows = along(height, &mut cuts.iter().map(|c| c.1));
    let tiles = rows.iter().flat_map(|&(y, height)| {
        columns.iter().map(move |&(x, width)| Region {
            x,
            y,
            width,
            height,
        })
    });
    tiles.collect()
}

/// Every tile of the tiling, from a window no larger than it must be, is the same part of the whole.
fn tiles_agree<T: Same>(plane: &Plane<T>, range: f64, element: &Element, cuts: &[(u16, u16)]) {
    let (width, height) = (plane.width, plane.height);
    let mut roller = Roller::new();
    for operation in OPERATIONS {
        let whole = fast(&mut roller, plane, element, operation);
        let rolling = Rolling::new(*element, operation);
        let apron = rolling.apron(range);
        for tile in tiles(width, height, cuts) {
            let (left, top) = (tile.x.saturating_sub(apron), tile.y.saturating_sub(apron));
            let right = (tile.x + tile.width).saturating_add(apron).min(width);
            let bottom = (tile.y + tile.height).saturating_add(apron).min(height);
            let window = View::new(
                &plane.data[top * width + left..],
                right - left,
                bottom - top,
                1,
                width,
            )
            .unwrap();
            let inside = Region {
                x: tile.x - left,
                y: tile.y - top,
                ..tile
            };
            let mut result = Plane::filled(tile.width, tile.height, T::default());
            let to = ViewMut::of(&mut result);
            let Ok(()) = roller.roll_region(window, inside, to, &rolling, &Never);
            for y in 0..tile.height {
                let expected = &whole.row(tile.y + y)[tile.x..tile.x + tile.width];
                let same = expected
                    .iter()
                    .zip(result.row(y))
                    .all(|(a, b)| a.bits() == b.bits());
                assert!(
                    same,
                    "{operation:?} of {element:?} in {tile:?}, apron {apron}"
                );
            }
        }
    }
}

fn cuts() -> impl Strategy<Value = Vec<(u16, u16)>> {
    proptest::collection::vec(any::<(u16, u16)>(), 1..4)
}

/// Pictures large enough for several panels and blocks: noise of some strength on a ramp with spots.
fn board(seed: u64, width: usize, height: usize) -> impl Iterator<Item = f64> {
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (noise, slope, ink) = (random() * random() * 60.0, random() * 2.0, random() * 200.0);
    (0..width * height).map(move |i| {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        let spot = if random() < 0.01 { ink } else { 0.0 };
        (20.0 + slope * (x + y / 2.0) + spot + noise * random()).clamp(0.0, 255.0)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn tiles_are_parts_of_the_whole(
        (seed, cuts) in (any::<u64>(), cuts()), (width, height) in (1_usize..120, 1_usize..120),
        element in element(),
    ) {
        let data = || board(seed, width, height);
        let bytes = Plane::new(width, height, data().map(|v| v as u8).collect()).unwrap();
        tiles_agree(&bytes, 255.0, &element, &cuts);
        let words = Plane::new(width, height, data().map(|v| (v * 257.0) as u16).collect()).unwrap();
        tiles_agree(&words, 65_535.0, &element, &cuts);
        let floats = Plane::new(width, height, data().map(|v| v as f32).collect()).unwrap();
        tiles_agree(&floats, f64::INFINITY, &element, &cuts);
        tiles_agree(&floats, 255.0, &element, &cuts);
    }

    #[test]
    fn larger_pictures_are_what_the_definition_says(
        seed in any::<u64>(), (width, height) in (20_usize..48, 20_usize..48), element in element(),
    ) {
        let data = || board(seed, width, height);
        agrees(&Plane::new(width, height, data().map(|v| v as u8).collect()).unwrap(), &element);
        agrees(&Plane::new(width, height, data().map(|v| v as f32).collect()).unwrap(), &element);
    }

    #[test]
    fn whole_numbers_move_with_constants(seed in any::<u64>(), by in 0_u8..100, element in element()) {
        let low: Vec<u8> = board(seed, 40, 30).map(|v| (v / 2.0) as u8).collect();
        let high = low.iter().map(|v| v + by).collect();
        let (low, high) = (Plane::new(40, 30, low).unwrap(), Plane::new(40, 30, high).unwrap());
        let mut roller = Roller::new();
        for operation in OPERATIONS {
            let mut moved = fast(&mut roller, &low, &element, operation);
            moved.data.iter_mut().for_each(|v| *v += by);
            prop_assert_eq!(moved, fast(&mut roller, &high, &element, operation));
        }
    }
}

#[test]
fn flat_paraboloids_find_the_lowest_sample_and_steep_ones_nothing() {
    let mut data: Vec<u8> = board(5, 60, 40).map(|v| v as u8).collect();
    data[777] = 3;
    let plane = Plane::new(60, 40, data).unwrap();
    let flat = Element::paraboloid(1e6, 1.0).unwrap();
    let eroded = fast(&mut Roller::new(), &plane, &flat, Operation::Erosion);
    assert!(eroded.data.iter().all(|&v| v == 3));
    for (radius, height) in [(0.01, 1.0), (1e-300, 1e300), (1.0, f64::MAX)] {
        let steep = Element::paraboloid(radius, height).unwrap();
        assert_eq!(
            fast(&mut Roller::new(), &plane, &steep, Operation::Opening),
            plane
        );
    }
    let flattest = Element::paraboloid(f64::MAX, f64::MIN_POSITIVE).unwrap();
    let eroded = fast(&mut Roller::new(), &plane, &flattest, Operation::Erosion);
    assert!(eroded.data.iter().all(|&v| v == 3));
}

#[test]
fn channels_of_an_interleaved_picture_are_rolled_in_place() {
    let (width, height) = (50, 37);
    let data: Vec<u8> = board(9, width * 3, height).map(|v| v as u8).collect();
    let element = Element::paraboloid(7.5, 12.0).unwrap();
    let rolling = Rolling::new(element, Operation::Closing);
    let mut roller = Roller::new();
    let mut results = vec![0; data.len()];
    for channel in 0..3 {
        let source = View::channel(&data, width, height, 3, channel).unwrap();
        let result = ViewMut::channel(&mut results, width, height, 3, channel).unwrap();
        let Ok(()) = roller.roll(source, result, &rolling, &Never);
    }
    for channel in 0..3 {
        let plane = View::channel(&data, width, height, 3, channel)
            .unwrap()
            .to_plane();
        let result = View::channel(&results, width, height, 3, channel)
            .unwrap()
            .to_plane();
        assert_eq!(definition::roll(&plane, &rolling), result);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let plane = Plane::new(211, 157, board(3, 211, 157).map(|v| v as f32).collect()).unwrap();
    let element = Element::paraboloid(40.0, 25.0).unwrap();
    let by = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| fast(&mut Roller::new(), &plane, &element, Operation::Opening))
    };
    let one = by(1);
    for threads in [2, 3, 8] {
        assert_eq!(by(threads), one);
    }
}

#[test]
fn progress_counts_every_pixel_of_every_pass_and_cancelling_ends_it() {
    use std::sync::atomic::{AtomicU64, Ordering};
    use whiteboarder_core::cancel::Progress;

    let plane = Plane::new(103, 71, board(4, 103, 71).map(|v| v as u8).collect()).unwrap();
    let element = Element::paraboloid(10.0, 10.0).unwrap();
    for (operation, presmooth) in OPERATIONS.into_iter().flat_map(|o| [(o, false), (o, true)]) {
        let (cancel, done) = (Cancel::new(), AtomicU64::new(0));
        let advanced = |pixels| {
            done.fetch_add(pixels, Ordering::Relaxed);
        };
        let mut result = plane.clone();
        let rolling = Rolling {
            presmooth,
            ..Rolling::new(element, operation)
        };
        let mut roll = |cancel: &Cancel| {
            let interrupt = Progress { cancel, advanced };
            let to = ViewMut::of(&mut result);
            Roller::new().roll(View::of(&plane), to, &rolling, &interrupt)
        };
        assert!(roll(&cancel).is_ok());
        cancel.cancel();
        assert!(roll(&cancel).is_err());
        assert_eq!(done.into_inner(), (103 * 71 * operation.passes()) as u64);
    }
}
