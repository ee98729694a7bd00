use proptest::prelude::*;

use super::camera::View;
use crate::geometry::{Bounds, Camera, Dewarp, Point, Quad, Rect, aspect_ratio};
use crate::image::{Channels, Picture};

/// A board of 16 × 10 squares.
const ACROSS: f64 = 16.0;
const DOWN: f64 = 10.0;

fn checkerboard(view: &View) -> Picture {
    view.render(|x, y| {
        let inside = (0.0..ACROSS).contains(&x) && (0.0..DOWN).contains(&y);
        let dark = (x.floor() as i64 + y.floor() as i64) % 2 != 0;
        if !inside || dark { 0.1 } else { 0.8 }
    })
}

fn dewarp(view: &View) -> (Picture, f64) {
    let quad = view.quad_of(ACROSS, DOWN);
    let (width, height) = (view.width, view.height);
    let camera = Camera::of_photograph(width, height);
    let dewarp = Dewarp::new(&quad, &camera, &Bounds::of_photograph(width, height));
    (
        dewarp.apply(&checkerboard(view)),
        aspect_ratio(&quad, &camera).0,
    )
}

/// Views of the board by focal length (long sides), and turns in degrees about the three axes.
const VIEWS: [(f64, [f64; 3]); 6] = [
    (0.8, [0.0, 0.0, 0.0]),
    (0.8, [25.0, -20.0, 3.0]),
    (1.2, [-35.0, 15.0, -4.0]),
    (0.7, [15.0, 30.0, 8.0]),
    (2.0, [30.0, 30.0, 0.0]),
    (0.78, [40.0, 0.0, 0.0]),
];

#[test]
fn a_dewarped_board_has_its_true_shape() {
    for (focal, turns) in VIEWS {
        let view = View::of_board(ACROSS, DOWN, 900, 700, focal, turns);
        let (picture, ratio) = dewarp(&view);
        let off = ratio / (ACROSS / DOWN) - 1.0;
        assert!(off.abs() < 0.01, "{focal} {turns:?}: ratio off by {off:.4}");
        let drawn = f64::from(picture.width) / f64::from(picture.height) / ratio - 1.0;
        assert!(
            drawn.abs() < 0.005,
            "{focal} {turns:?}: drawn off by {drawn:.4}"
        );
        let pixels = u64::from(picture.width) * u64::from(picture.height);
        assert!(pixels <= 900 * 700);
    }
}

#[test]
fn edges_of_a_dewarped_board_are_where_they_belong() {
    for (focal, turns) in VIEWS {
        let view = View::of_board(ACROSS, DOWN, 900, 700, focal, turns);
        let (picture, _) = dewarp(&view);
        let (width, height) = (f64::from(picture.width), f64::from(picture.height));
        let at = |x: f64, y: f64| picture.data[y as usize * picture.row_len() + x as usize];
        for row in 0..DOWN as u32 {
            let y = (f64::from(row) + 0.5) * height / DOWN;
            for column in 1..ACROSS as u32 {
                let edge = f64::from(column) * width / ACROSS;
                // The pixel that begins between one and two pixels from the edge, on either side.
                let (left, right) = (at(edge - 1.5, y), at(edge + 1.5, y));
                let bright = (row + column) % 2 == 0;
                let (dark_side, bright_side) = if bright { (left, right) } else { (right, left) };
                assert!(
                    dark_side < 176 && bright_side > 176,
                    "{focal} {turns:?}: {row} {column}: {dark_side} {bright_side}"
                );
            }
        }
    }
}

#[test]
fn a_whole_picture_at_its_own_size_stays_as_it_is() {
    let data = (0..40 * 30 * 3_u32).map(|i| (i * i % 251) as u8).collect();
    let picture = Picture::new(40, 30, Channels::Rgb, data).unwrap();
    let dewarp = Dewarp::sized(&Quad::rectangle(0.0, 0.0, 40.0, 30.0), 40, 30);
    assert_eq!(dewarp.apply(&picture), picture);
}

#[test]
fn stripes_finer_than_the_result_become_their_mean_light() {
    // Black and white columns: half of the light, which is sample 188.
    let data = (0..512 * 64_u32)
        .map(|i| if i % 2 == 0 { 0 } else { 255 })
        .collect();
    let picture = Picture::new(512, 64, Channels::Grey, data).unwrap();
    let quad = Quad::new(
        [(0.0, 0.0), (512.0, 0.0), (500.0, 64.0), (9.0, 64.0)].map(|(x, y)| Point::new(x, y)),
    );
    let small = Dewarp::sized(&quad.unwrap(), 60, 16).apply(&picture);
    for (i, &sample) in small.data.iter().enumerate() {
        if (1..59).contains(&(i % 60)) {
            assert!(sample.abs_diff(188) <= 10, "{i}: {sample}");
        }
    }
}

fn any_quad() -> impl Strategy<Value = Quad> {
    let corner = |x: f64, y: f64| (x - 18.0..x + 18.0, y - 18.0..y + 18.0);
    (
        corner(0.0, 0.0),
        corner(60.0, 0.0),
        corner(60.0, 50.0),
        corner(0.0, 50.0),
    )
        .prop_filter_map("convex", |(a, b, c, d)| {
            Quad::new([a, b, c, d].map(|(x, y)| Point::new(x, y))).ok()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_part_of_the_result_equals_that_part_of_the_whole(
        quad in any_quad(),
        (width, height) in (1..90_u32, 1..90_u32),
        (x, y, across, down) in (0..99_u32, 0..99_u32, 0..99_u32, 0..99_u32),
        grey: bool,
    ) {
        let channels = if grey { Channels::Grey } else { Channels::Rgb };
        let data = (0..60 * 50 * channels.count() as u32).map(|i| (i * 7919 % 256) as u8).collect();
        let photograph = Picture::new(60, 50, channels, data).unwrap();
        let dewarp = Dewarp::sized(&quad, width, height);
        let part = dewarp.region(&photograph, Rect { x, y, width: across, height: down });
        let (x, y) = (x.min(width - 1), y.min(height - 1));
        prop_assert_eq!(&part, &dewarp.apply(&photograph).cut(x, y, part.width, part.height));
    }

    #[test]
    fn the_ratio_and_the_size_are_sane_for_any_quad(quad in any_quad()) {
        let (ratio, _) = aspect_ratio(&quad, &Camera::of_photograph(60, 50));
        prop_assert!(ratio.is_finite() && ratio > 0.0);
        let dewarp = Dewarp::new(&quad, &Camera::of_photograph(60, 50), &Bounds::of_photograph(60, 50));
        prop_assert!(u64::from(dewarp.width()) * u64::from(dewarp.height()) <= 3000);
    }

    #[test]
    fn the_corners_of_the_result_are_the_corners_of_the_quad(quad in any_quad()) {
        let map = *Dewarp::sized(&quad, 33, 44).map();
        let ends = [(0.0, 0.0), (33.0, 0.0), (33.0, 44.0), (0.0, 44.0)];
        for (corner, (u, v)) in quad.corners().into_iter().zip(ends) {
            prop_assert!(map.map(u, v).distance(corner) < 1e-9);
        }
    }
}
