//! Cropping and straightening, and the search for the board on scenes whose truth is known.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/scenes.rs"]
mod scenes;

use scenes::Verdict;
use whiteboarder_core::geometry::{
    Corners, Detection, Geometry, GeometryError, QuadChoice, Refusal, Said, detect,
};
use whiteboarder_core::image::{Channels, Picture};

/// Some of what the example `quads` measures; enough to notice a change.
const SEEDS: u64 = 40;

#[test]
fn of_many_scenes_most_boards_are_found_and_nothing_else_ever() {
    let (mut boards, mut found) = (0, 0);
    for seed in 0..SEEDS {
        let scene = scenes::scene(seed);
        let verdict = scene.verdict(&detect(&scene.picture));
        assert_ne!(verdict, Verdict::Wrong, "seed {seed}, {}", scene.kind);
        boards += u32::from(scene.board.is_some());
        found += u32::from(verdict == Verdict::Right);
    }
    assert!(found * 100 >= boards * 60, "{found} of {boards}");
}

fn grey(width: u32, height: u32) -> Picture {
    let data = (0..width * height).map(|i| 150 + (i % 7) as u8).collect();
    Picture::new(width, height, Channels::Grey, data).unwrap()
}

fn auto() -> Geometry {
    Geometry {
        quad: QuadChoice::Auto,
        ..Geometry::default()
    }
}

#[test]
fn a_picture_without_a_board_is_kept_whole() {
    let picture = grey(400, 300);
    let applied = auto().apply(picture.clone()).unwrap();
    assert_eq!(applied.picture, picture);
    assert_eq!(applied.quad, None);
    assert_eq!(applied.said, Said::NotFound(Refusal::NoEdges));
    assert!(
        applied
            .said
            .to_string()
            .starts_with("no board was cut out: no four straight edges")
    );
}

#[test]
fn a_tiny_picture_is_not_searched() {
    assert_eq!(detect(&grey(1, 1)), Detection::Refused(Refusal::Small));
    assert_eq!(detect(&grey(3000, 5)), Detection::Refused(Refusal::Small));
}

#[test]
fn a_found_board_is_straightened_and_fits_the_photograph() {
    let scene = scenes::scene(10);
    assert_eq!(scene.verdict(&detect(&scene.picture)), Verdict::Right);
    let pixels = scene.picture.data.len();
    let applied = auto().apply(scene.picture).unwrap();
    assert!(applied.quad.is_some());
    assert!(
        applied
            .said
            .to_string()
            .starts_with("the board was found, and was straightened")
    );
    assert!(applied.picture.data.len() <= pixels);
}

#[test]
fn corners_and_a_crop_together_are_refused() {
    let corners: Corners = "10%,10%,90%,10%,90%,90%,10%,90%".parse().unwrap();
    let geometry = Geometry {
        crop: Some("0,0,50%,50%".parse().unwrap()),
        quad: QuadChoice::Given(corners),
    };
    let refused = geometry.apply(grey(40, 30)).unwrap_err();
    assert_eq!(refused, GeometryError::CropAndCorners);
}

#[test]
fn nothing_is_what_it_says() {
    let picture = grey(40, 30);
    let applied = Geometry::default().apply(picture.clone()).unwrap();
    assert_eq!((applied.picture, applied.said), (picture, Said::Whole));
}

#[test]
fn a_board_is_looked_for_within_a_crop() {
    let scene = scenes::scene(10);
    let geometry = Geometry {
        crop: Some("1%,1%,98%,98%".parse().unwrap()),
        quad: QuadChoice::Auto,
    };
    let quad = geometry.apply(scene.picture).unwrap().quad.unwrap();
    assert!(scene.board.unwrap().farthest_corner(&quad) < 20.0);
}

#[test]
fn a_geometry_survives_being_written_down() {
    let geometry = Geometry {
        crop: Some("1,2,30%,40".parse().unwrap()),
        quad: QuadChoice::Given("1,2,30,2,30,40,1,40".parse().unwrap()),
    };
    let text = serde_json::to_string(&geometry).unwrap();
    assert_eq!(
        text,
        r#"{"crop":"1,2,30%,40","quad":{"given":"1,2,30,2,30,40,1,40"}}"#
    );
    assert_eq!(serde_json::from_str::<Geometry>(&text).unwrap(), geometry);
}
