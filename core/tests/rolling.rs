//! Every fast way to roll equals the definition, bit for bit.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use proptest::prelude::*;
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::{
    Element, Missing, Operation, Region, Roller, Rolling, Sample, View, ViewMut, definition,
};

/// What pictures are made of: each kind is the worst for another part of the fast way.
#[derive(Clone, Copy, Debug)]
enum Content {
    Random,
    Noise { sigma: f64 },
    Ramp { x: f64, y: f64 },
    Hills { radius: f64 },
    Waves { length: f64, height: f64 },
    Checks,
    Spot,
    Flat,
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        Just(Content::Random),
        (0.3..30.0_f64).prop_map(|sigma| Content::Noise { sigma }),
        (-3.0..3.0_f64, -3.0..3.0_f64).prop_map(|(x, y)| Content::Ramp { x, y }),
        (3.0..60.0_f64).prop_map(|radius| Content::Hills { radius }),
        (4.0..90.0_f64, 1.0..120.0_f64)
            .prop_map(|(length, height)| Content::Waves { length, height }),
        Just(Content::Checks),
        Just(Content::Spot),
        Just(Content::Flat),
    ]
}

/// Values of 0 to 255, in real numbers.
fn picture(width: usize, height: usize, content: Content, seed: u64) -> Plane<f64> {
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut data = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = (x as f64, y as f64);
            let v = match content {
                Content::Random => 255.0 * random(),
                Content::Noise { sigma } => {
                    200.0 + sigma * (random() + random() + random() + random() - 2.0) * 1.7
                }
                Content::Ramp { x, y } => (20.0 + x * fx + y * fy).rem_euclid(230.0),
                Content::Hills { radius } => {
                    let (dx, dy) = (
                        fx.rem_euclid(1.5 * radius) - 0.75 * radius,
                        fy.rem_euclid(1.5 * radius) - 0.75 * radius,
                    );
                    (radius * radius - dx * dx - dy * dy).max(0.0).sqrt()
                }
                Content::Waves { length, height } => {
                    125.0 + height * (libm::sin(fx / length) + libm::cos(fy / length * 1.3)) / 2.0
                }
                Content::Checks => f64::from(u8::from((x + y) % 2 == 0)) * 255.0,
                Content::Spot => {
                    if x == width / 2 && y == height / 3 {
                        3.0
                    } else {
                        250.0
                    }
                }
                Content::Flat => 77.0,
            };
            data.push(v);
        }
    }
    Plane {
        width,
        height,
        data,
    }
}

fn sizes() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        4 => (1_usize..110, 1_usize..90),
        1 => Just((1, 1)),
        1 => (1_usize..200, Just(1)),
        1 => (Just(1), 1_usize..200),
        1 => Just((64, 64)),
    ]
}

fn elements() -> impl Strategy<Value = Element> {
    prop_oneof![
        4 => (0.2..40.0_f64).prop_map(|r| Element::ball(r).unwrap()),
        4 => (1_u8..30).prop_map(|r| Element::ball(f64::from(r)).unwrap()),
        1 => (100.0..300.0_f64).prop_map(|r| Element::ball(r).unwrap()),
        4 => (0.2..40.0_f64, 0.05..300.0_f64).prop_map(|(r, h)| Element::ellipsoid(r, h).unwrap()),
        3 => (1_u32..800).prop_map(|n| Element::ball(f64::from(n).sqrt()).unwrap()),
    ]
}

fn rollings() -> impl Strategy<Value = Rolling> {
    let operation = prop_oneof![
        Just(Operation::Erosion),
        Just(Operation::Dilation),
        Just(Operation::Opening),
        Just(Operation::Closing),
    ];
    (elements(), operation, any::<bool>()).prop_map(|(element, operation, presmooth)| Rolling {
        element,
        operation,
        presmooth,
        missing: Missing::Ignore,
    })
}

fn rolled<T: Sample>(plane: &Plane<T>, rolling: &Rolling) -> Plane<T> {
    let mut result = plane.clone();
    let Ok(()) = Roller::new().roll(View::of(plane), ViewMut::of(&mut result), rolling, &Never);
    result
}

fn bits(plane: &Plane<f32>) -> Vec<u32> {
    // −0 and +0 are the same height.
    plane
        .data
        .iter()
        .map(|v| {
            if v.is_nan() {
                u32::MAX
            } else {
                (v + 0.0).to_bits()
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn u8_equals_the_definition(
        (w, h) in sizes(), content in content(), seed in any::<u64>(), rolling in rollings(),
    ) {
        let plane = picture(w, h, content, seed).map(|v| v as u8);
        prop_assert_eq!(rolled(&plane, &rolling), definition::roll(&plane, &rolling));
    }

    #[test]
    fn u16_equals_the_definition(
        (w, h) in sizes(), content in content(), seed in any::<u64>(), rolling in rollings(), scale in 1.0..257.0_f64,
    ) {
        let plane = picture(w, h, content, seed).map(|v| (v * scale) as u16);
        prop_assert_eq!(rolled(&plane, &rolling), definition::roll(&plane, &rolling));
    }

    #[test]
    fn f32_equals_the_definition(
        (w, h) in sizes(), content in content(), seed in any::<u64>(), rolling in rollings(), scale in 0.003..3.0_f64,
    ) {
        let plane = picture(w, h, content, seed).map(|v| (v * scale - 50.0) as f32);
        prop_assert_eq!(bits(&rolled(&plane, &rolling)), bits(&definition::roll(&plane, &rolling)));
    }

    #[test]
    fn f32_with_holes_equals_the_definition(
        (w, h) in sizes(), content in content(), seed in any::<u64>(), rolling in rollings(),
        holes in proptest::collection::vec(prop_oneof![9 => Just(0_u8), 1 => 1_u8..5], 61), many in any::<bool>(),
    ) {
        let mut plane = picture(w, h, content, seed).map(|v| v as f32);
        for (i, v) in plane.data.iter_mut().enumerate() {
            match holes[i % holes.len()] {
                1 => *v = f32::NAN,
                2 => *v = f32::INFINITY,
                3 if many => *v = f32::NEG_INFINITY,
                _ => {}
            }
        }
        prop_assert_eq!(bits(&rolled(&plane, &rolling)), bits(&definition::roll(&plane, &rolling)));
    }

    #[test]
    fn a_region_is_the_same_from_a_window(
        (w, h) in sizes(), content in content(), seed in any::<u64>(), rolling in rollings(),
        corners in (0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let plane = picture(w, h, content, seed).map(|v| v as u8);
        let whole = definition::roll(&plane, &rolling);
        let part = |a: f64, b: f64, n: usize| {
            let (a, b) = ((a * n as f64) as usize, (b * n as f64) as usize);
            (a.min(b), a.max(b) + 1)
        };
        let ((x0, x1), (y0, y1)) = (part(corners.0, corners.1, w), part(corners.2, corners.3, h));
        let apron = rolling.apron(255.0);
        let (wx, wy) = (x0.saturating_sub(apron), y0.saturating_sub(apron));
        let (ex, ey) = ((x1 + apron).min(w), (y1 + apron).min(h));
        let window = View::new(&plane.data[wy * w + wx..], ex - wx, ey - wy, 1, w).unwrap();
        let region = Region { x: x0 - wx, y: y0 - wy, width: x1 - x0, height: y1 - y0 };
        let mut result = Plane::filled(region.width, region.height, 0_u8);
        let Ok(()) = Roller::new().roll_region(window, region, ViewMut::of(&mut result), &rolling, &Never);
        for y in 0..region.height {
            prop_assert_eq!(result.row(y), &whole.row(y0 + y)[x0..x1]);
        }
    }
}
