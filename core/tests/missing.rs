//! NaN that spreads: the roller's one step at the end equals the definition's step after each pass, for any region.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::{
    Element, Missing, Operation, Region, Roller, Rolling, View, ViewMut, definition,
};

fn planes() -> impl Strategy<Value = Plane<f32>> {
    let sample = prop_oneof![
        40 => -40.0..300.0_f32,
        1 => Just(f32::NAN),
    ];
    (1_usize..24, 1_usize..24).prop_flat_map(move |(w, h)| {
        proptest::collection::vec(sample.clone(), w * h)
            .prop_map(move |data| Plane::new(w, h, data).unwrap())
    })
}

fn rollings() -> impl Strategy<Value = Rolling> {
    let operation = prop_oneof![
        Just(Operation::Erosion),
        Just(Operation::Dilation),
        Just(Operation::Opening),
        Just(Operation::Closing),
    ];
    let element = prop_oneof![
        (0.3..7.0_f64).prop_map(|radius| Element::ball(radius).unwrap()),
        (0.3..4.0_f64, 0.05..50.0_f64)
            .prop_map(|(radius, height)| Element::paraboloid(radius, height).unwrap()),
    ];
    (element, operation, any::<bool>()).prop_map(|(element, operation, presmooth)| Rolling {
        presmooth,
        missing: Missing::Propagate,
        ..Rolling::new(element, operation)
    })
}

/// Samples as bits, one kind of NaN.
fn bits(samples: &[f32]) -> Vec<u32> {
    let bits = |v: &f32| if v.is_nan() { f32::NAN } else { *v }.to_bits();
    samples.iter().map(bits).collect()
}

/// For each pixel: whether NaN is within `reach` pixels of it along both axes.
fn near_nan(plane: &Plane<f32>, reach: usize) -> Vec<bool> {
    let all = || (0..plane.height).flat_map(|y| (0..plane.width).map(move |x| (x, y)));
    all()
        .map(|(x, y)| {
            all().any(|(u, v)| {
                plane.row(v)[u].is_nan() && x.abs_diff(u) <= reach && y.abs_diff(v) <= reach
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn one_pass_spreads_over_a_square(plane in planes(), rolling in rollings()) {
        let rolling = Rolling { operation: Operation::Erosion, presmooth: false, ..rolling };
        let rolled = definition::roll(&plane, &rolling);
        let nan: Vec<bool> = rolled.data.iter().map(|v| v.is_nan()).collect();
        prop_assert_eq!(nan, near_nan(&plane, rolling.element.radius().ceil() as usize));
    }

    #[test]
    fn the_roller_equals_the_definition(
        plane in planes(), rolling in rollings(), cut in (0..1000_usize, 0..1000_usize, 0..1000_usize, 0..1000_usize),
    ) {
        let expected = definition::roll(&plane, &rolling);
        let mut result = Plane::filled(plane.width, plane.height, 0.0);
        let mut roller = Roller::new();
        roller.roll(View::of(&plane), ViewMut::of(&mut result), &rolling, &Never).unwrap();
        prop_assert_eq!(bits(&result.data), bits(&expected.data));

        let (x, y) = (cut.0 % plane.width, cut.1 % plane.height);
        let region = Region {
            x,
            y,
            width: 1 + cut.2 % (plane.width - x),
            height: 1 + cut.3 % (plane.height - y),
        };
        let mut part = Plane::filled(region.width, region.height, 0.0);
        roller
            .roll_region(View::of(&plane), region, ViewMut::of(&mut part), &rolling, &Never)
            .unwrap();
        for (row, result) in part.data.chunks(region.width).enumerate() {
            let expected = &expected.row(y + row)[x..x + region.width];
            prop_assert_eq!(bits(result), bits(expected));
        }
    }

    #[test]
    fn a_window_with_its_apron_is_enough(plane in planes(), rolling in rollings(), at in (0..1000_usize, 0..1000_usize)) {
        let (x, y) = (at.0 % plane.width, at.1 % plane.height);
        let apron = rolling.apron(f64::INFINITY);
        let (left, top) = (x.saturating_sub(apron), y.saturating_sub(apron));
        let (right, bottom) = ((x + apron + 1).min(plane.width), (y + apron + 1).min(plane.height));
        let window = View::new(
            &plane.data[top * plane.width + left..],
            right - left,
            bottom - top,
            1,
            plane.width,
        );
        let region = Region { x: x - left, y: y - top, width: 1, height: 1 };
        let mut result = Plane::filled(1, 1, 0.0);
        Roller::new()
            .roll_region(window.unwrap(), region, ViewMut::of(&mut result), &rolling, &Never)
            .unwrap();
        let expected = definition::roll(&plane, &rolling).row(y)[x];
        prop_assert_eq!(bits(&result.data), bits(&[expected]));
    }
}
