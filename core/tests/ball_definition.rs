//! The rolling ball keeps its definition: compared pixel by pixel with the formula, and with what follows from it.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use proptest::prelude::*;
use whiteboarder_core::background::Plane;
use whiteboarder_core::rolling::Element;
use whiteboarder_core::rolling::definition::{close, dilate, erode, open, presmooth};

/// How far the ball's skin lies above its middle, h·sqrt(1 − ρ²/r²), straight from the formula; at most h, whatever
/// rounding says.
fn skin(ball: &Element, dx: i64, dy: i64) -> Option<f64> {
    let room = ball.radius() * ball.radius() - (dx * dx + dy * dy) as f64;
    let skin = ball.height() / ball.radius() * room.max(0.0).sqrt();
    (room >= 0.0).then(|| skin.min(ball.height()))
}

/// The depth K for f32 pictures.
fn depth(ball: &Element, dx: i64, dy: i64) -> Option<f32> {
    skin(ball, dx, dy).map(|skin| ball.height() as f32 - skin as f32)
}

/// The same for u8 pictures: the whole grey levels of it.
fn floored(ball: &Element, dx: i64, dy: i64) -> Option<i64> {
    skin(ball, dx, dy).map(|skin| (ball.height() - skin).floor() as i64)
}

fn offsets(plane_size: (usize, usize), p: usize) -> impl Iterator<Item = (usize, i64, i64)> {
    let (w, h) = plane_size;
    (0..w * h).map(move |q| {
        (
            q,
            (q % w) as i64 - (p % w) as i64,
            (q / w) as i64 - (p / w) as i64,
        )
    })
}

/// E(p) = min over q of I(q) + K(q − p); O(p) = max over q of E(q) − K(q − p). Per pixel, over the whole picture.
fn by_formula_f32(plane: &Plane<f32>, ball: &Element) -> (Vec<f32>, Vec<f32>) {
    let size = (plane.width, plane.height);
    let reachable =
        |p| offsets(size, p).filter_map(|(q, dx, dy)| depth(ball, dx, dy).map(|k| (q, k)));
    let eroded: Vec<f32> = (0..plane.data.len())
        .map(|p| {
            reachable(p)
                .map(|(q, k)| plane.data[q] + k)
                .fold(f32::INFINITY, f32::min)
        })
        .collect();
    let opened = (0..plane.data.len())
        .map(|p| {
            reachable(p)
                .map(|(q, k)| eroded[q] - k)
                .fold(f32::NEG_INFINITY, f32::max)
        })
        .collect();
    (eroded, opened)
}

fn by_formula_u8(plane: &Plane<u8>, ball: &Element) -> (Vec<u8>, Vec<u8>) {
    let size = (plane.width, plane.height);
    let reachable =
        |p| offsets(size, p).filter_map(|(q, dx, dy)| floored(ball, dx, dy).map(|k| (q, k)));
    let eroded: Vec<i64> = (0..plane.data.len())
        .map(|p| {
            reachable(p)
                .map(|(q, k)| i64::from(plane.data[q]) + k)
                .min()
                .unwrap()
        })
        .collect();
    let opened: Vec<i64> = (0..plane.data.len())
        .map(|p| reachable(p).map(|(q, k)| eroded[q] - k).max().unwrap())
        .collect();
    let bytes = |values: Vec<i64>| {
        values
            .into_iter()
            .map(|v| u8::try_from(v).unwrap())
            .collect()
    };
    (bytes(eroded), bytes(opened))
}

fn balls() -> impl Strategy<Value = Element> {
    // Fractional, smaller than a pixel, larger than the picture; balls and ellipsoids.
    prop_oneof![
        (0.2..24.0_f64).prop_map(|radius| Element::ball(radius).unwrap()),
        (1_u8..20).prop_map(|radius| Element::ball(f64::from(radius)).unwrap()),
        (0.2..24.0_f64, 0.05..300.0_f64).prop_map(|(r, h)| Element::ellipsoid(r, h).unwrap()),
    ]
}

fn sizes() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        (1_usize..14, 1_usize..14),
        Just((1, 1)),
        (1_usize..40, Just(1)),
        (Just(1), 1_usize..40)
    ]
}

fn planes_u8() -> impl Strategy<Value = Plane<u8>> {
    sizes().prop_flat_map(|(w, h)| {
        proptest::collection::vec(any::<u8>(), w * h)
            .prop_map(move |d| Plane::new(w, h, d).unwrap())
    })
}

fn planes_f32() -> impl Strategy<Value = Plane<f32>> {
    sizes().prop_flat_map(|(w, h)| {
        proptest::collection::vec(-40.0..300.0_f32, w * h)
            .prop_map(move |d| Plane::new(w, h, d).unwrap())
    })
}

fn negated(plane: &Plane<f32>) -> Plane<f32> {
    plane.map(|v| -v)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn u8_equals_the_formula(plane in planes_u8(), ball in balls()) {
        let (eroded, opened) = by_formula_u8(&plane, &ball);
        prop_assert_eq!(erode(&plane, &ball).data, eroded);
        prop_assert_eq!(open(&plane, &ball).data, opened);
    }

    #[test]
    fn f32_equals_the_formula_bit_for_bit(plane in planes_f32(), ball in balls()) {
        let (eroded, opened) = by_formula_f32(&plane, &ball);
        prop_assert_eq!(erode(&plane, &ball).data, eroded);
        prop_assert_eq!(open(&plane, &ball).data, opened);
    }

    #[test]
    fn a_light_surface_is_the_dual(plane in planes_f32(), ball in balls()) {
        prop_assert_eq!(close(&plane, &ball), negated(&open(&negated(&plane), &ball)));
        prop_assert_eq!(
            dilate(&plane, &ball),
            negated(&erode(&negated(&plane), &ball))
        );
    }

    #[test]
    fn the_dual_holds_for_u8(plane in planes_u8(), ball in balls()) {
        prop_assert_eq!(close(&plane, &ball), open(&plane.map(|v| 255 - v), &ball).map(|v| 255 - v));
    }

    #[test]
    fn the_ball_stays_between_apex_and_picture(plane in planes_u8(), ball in balls()) {
        let (eroded, opened) = (erode(&plane, &ball), open(&plane, &ball));
        for ((e, o), i) in eroded.data.iter().zip(&opened.data).zip(&plane.data) {
            prop_assert!(e <= o && o <= i);
        }
        let closed = close(&plane, &ball);
        prop_assert!(closed.data.iter().zip(&plane.data).all(|(c, i)| c >= i));
    }

    #[test]
    fn rolling_twice_changes_nothing(plane in planes_u8(), ball in balls()) {
        let once = open(&plane, &ball);
        prop_assert_eq!(open(&once, &ball), once);
    }

    #[test]
    fn a_brighter_picture_has_no_darker_background(
        plane in planes_u8(), ball in balls(), lifts in proptest::collection::vec(0_u8..60, 1600),
    ) {
        let brighter = Plane {
            data: plane.data.iter().zip(&lifts).map(|(v, l)| v.saturating_add(*l)).collect(),
            ..plane
        };
        let (low, high) = (open(&plane, &ball), open(&brighter, &ball));
        prop_assert!(low.data.iter().zip(&high.data).all(|(l, h)| l <= h));
    }

    #[test]
    fn a_constant_moves_through(plane in planes_u8(), ball in balls(), lift in 0_u8..100) {
        // Room above, so that nothing saturates.
        let low = plane.map(|v| v / 2);
        let high = low.map(|v| v + lift);
        prop_assert_eq!(open(&high, &ball), open(&low, &ball).map(|v| v + lift));
        prop_assert_eq!(close(&high, &ball), close(&low, &ball).map(|v| v + lift));
    }

    #[test]
    fn floored_and_real_openings_are_within_a_level(plane in planes_u8(), ball in balls()) {
        let real = open(&plane.map(f32::from), &ball);
        for (whole, real) in open(&plane, &ball).data.iter().zip(&real.data) {
            prop_assert!((f32::from(*whole) - real).abs() < 1.001, "{} and {}", whole, real);
        }
    }

    #[test]
    fn nan_is_ignored_as_a_source(
        plane in planes_f32(), ball in balls(), holes in proptest::collection::vec(any::<bool>(), 1600),
    ) {
        // A pixel of +∞ is no source either; at pixels that have a value both must agree.
        let with = |hole: f32| Plane {
            data: plane.data.iter().zip(&holes).map(|(v, h)| if *h { hole } else { *v }).collect(),
            ..plane
        };
        let (missing, infinite) = (with(f32::NAN), with(f32::INFINITY));
        let (a, b) = (open(&missing, &ball), open(&infinite, &ball));
        for ((a, b), hole) in a.data.iter().zip(&b.data).zip(&holes) {
            prop_assert!(*hole || a == b, "{} and {}", a, b);
        }
    }
}

#[test]
fn where_nothing_but_nan_is_in_reach_the_result_is_nan() {
    let ball = Element::ball(2.0).unwrap();
    let row = Plane::new(8, 1, [vec![f32::NAN; 7], vec![5.0]].concat()).unwrap();
    let eroded = erode(&row, &ball);
    assert!(eroded.data[..5].iter().all(|v| v.is_nan()));
    // The far pixel is reached from where the ball is deepest.
    assert_eq!(
        eroded.data[5..],
        [5.0 + 2.0, 5.0 + (2.0 - 3.0_f32.sqrt()), 5.0]
    );
    let closed = close(&row, &ball);
    assert!(closed.data[0].is_nan() && closed.data[7] == 5.0);
}

#[test]
fn balls_without_size_do_not_exist() {
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Element::ball(radius), None);
        assert_eq!(Element::ellipsoid(3.0, radius), None);
    }
}

#[test]
fn a_ball_wider_than_a_stroke_bridges_it_and_a_narrower_one_does_not() {
    let row = |ink: std::ops::Range<usize>| {
        Plane::new(
            60,
            1,
            (0..60)
                .map(|x| if ink.contains(&x) { 40_u8 } else { 200 })
                .collect(),
        )
        .unwrap()
    };
    let stroke = row(28..32);
    let wide = close(&stroke, &Element::ball(25.0).unwrap());
    assert!(wide.data.iter().all(|&v| v >= 199), "{:?}", wide.data);
    let narrow = close(&stroke, &Element::ellipsoid(1.0, 50.0).unwrap());
    assert_eq!(narrow.data[30], 40);
}

#[test]
fn an_ellipsoid_on_a_reduced_picture_gives_the_reduced_background() {
    // A wide valley, as wide as two balls: the ball sinks in to the same depth at either scale.
    let valley = |width: usize| {
        let data = (0..width).map(|x| {
            if x.abs_diff(width / 2) < width / 10 {
                0.0
            } else {
                30.0_f32
            }
        });
        Plane::new(width, 1, data.collect()).unwrap()
    };
    let full = close(&valley(1000), &Element::ellipsoid(200.0, 60.0).unwrap());
    let half = close(&valley(500), &Element::ellipsoid(100.0, 60.0).unwrap());
    assert!(
        (full.data[500] - half.data[250]).abs() < 0.3,
        "{} {}",
        full.data[500],
        half.data[250]
    );
    assert!(
        full.data[500] > 0.1 && full.data[500] < 29.9,
        "the test sees no sinking"
    );
}

#[test]
fn presmooth_is_the_mean_of_what_is_there() {
    let plane = Plane::new(3, 2, vec![0.0_f32, 6.0, 12.0, 6.0, 12.0, 18.0]).unwrap();
    assert_eq!(presmooth(&plane).data, [6.0, 9.0, 12.0, 6.0, 9.0, 12.0]);
    let bytes = presmooth(&Plane::new(2, 1, vec![1_u8, 2]).unwrap());
    assert_eq!(bytes.data, [2, 2], "halves are rounded up");
    let single = Plane::new(1, 1, vec![7_u8]).unwrap();
    assert_eq!(presmooth(&single), single);
}
