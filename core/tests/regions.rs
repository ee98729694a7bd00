//! One analysis of the whole picture makes every region of the result a function of its own surroundings: the same bits as
//! in the whole, wherever it is computed.

#[path = "support/board.rs"]
mod board;

use board::board;
use proptest::prelude::*;
use whiteboarder_core::analysis::Analysis;
use whiteboarder_core::clean;
use whiteboarder_core::finish::{Region, Samples, finish, finish_region};
use whiteboarder_core::image::Channels;
use whiteboarder_core::recipe::{Method, Recipe, Style};

fn cut<T: Copy>(data: &[T], row_len: usize, channels: usize, region: Region) -> Vec<T> {
    (region.y..region.y + region.height)
        .flat_map(|y| {
            let start = y * row_len + region.x * channels;
            data[start..start + region.width * channels].iter().copied()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_region_is_that_part_of_the_whole(
        (width, height) in (20_usize..420, 20_usize..300),
        colour in any::<bool>(),
        dark in any::<bool>(),
        style in prop::sample::select(vec![Style::Ink, Style::Light, Style::Subtract]),
        stroke in prop::sample::select(vec![0.0, 3.0, 40.0]),
        corners in (0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64),
        strength in prop::sample::select(vec![100.0, 60.0]),
        method in prop::sample::select(vec![Method::Whiteboard, Method::Ball, Method::Paraboloid]),
    ) {
        let channels = if colour { Channels::Rgb } else { Channels::Grey };
        let picture = board(width, height, channels, dark);
        let mut recipe = Recipe::default();
        recipe.finish.style = style;
        recipe.finish.strength = strength;
        recipe.background.stroke = stroke;
        recipe.background.method = method;
        recipe.background.radius = 12.0;
        let analysis = clean::analyse(&picture, &recipe);
        let whole = finish(&picture, &analysis);
        prop_assert_eq!(&whole, &clean::clean(&picture, &recipe));

        // The analysis goes elsewhere and comes back.
        let text = serde_json::to_string(&analysis).unwrap();
        let elsewhere: Analysis = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&elsewhere, &analysis);

        let range = |a: f64, b: f64, n: usize| {
            let (a, b) = ((a * n as f64) as usize, (b * n as f64) as usize);
            (a.min(b), a.max(b) + 1)
        };
        let (x0, x1) = range(corners.0, corners.1, width);
        let (y0, y1) = range(corners.2, corners.3, height);
        let region = Region { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
        let reach = analysis.reach();
        let (left, top) = (x0.saturating_sub(reach), y0.saturating_sub(reach));
        let shown = Region {
            x: left,
            y: top,
            width: (x1 + reach).min(width) - left,
            height: (y1 + reach).min(height) - top,
        };
        let n = channels.count();
        let around = cut(&picture.data, picture.row_len(), n, shown);
        let samples = Samples { data: &around, width: shown.width, height: shown.height, channels: n };
        let found = finish_region(&samples, shown, region, &elsewhere);
        prop_assert_eq!(found, cut(&whole.data, picture.row_len(), n, region));
    }
}

#[test]
fn what_does_not_lie_in_the_samples_is_answered_with_nothing() {
    let picture = board(60, 40, Channels::Grey, false);
    let analysis = clean::analyse(&picture, &Recipe::default());
    let all = Region {
        x: 0,
        y: 0,
        width: 60,
        height: 40,
    };
    let samples = Samples::from(&picture);
    for region in [
        Region {
            x: 50,
            width: 20,
            ..all
        },
        Region { width: 0, ..all },
        Region { y: 1, ..all },
    ] {
        assert!(finish_region(&samples, all, region, &analysis).is_empty());
    }
}

#[test]
fn a_damaged_analysis_is_refused() {
    let picture = board(60, 40, Channels::Rgb, false);
    let analysis = clean::analyse(&picture, &Recipe::default());
    let good = serde_json::to_value(&analysis).unwrap();
    for (field, value) in [
        ("algorithm", serde_json::json!(1)),
        ("size", serde_json::json!([61_000, 40])),
        ("size", serde_json::json!([0, 40])),
        (
            "mask",
            serde_json::json!({"width": 60, "height": 40, "u64": "AAAA"}),
        ),
        (
            "mask",
            serde_json::json!({"width": 60, "height": u64::MAX, "u64": ""}),
        ),
        (
            "surroundings",
            serde_json::json!({"width": 3, "height": 3, "f32": "!"}),
        ),
        ("backdrop", serde_json::json!({"reduced": []})),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(serde_json::from_value::<Analysis>(bad).is_err(), "{field}");
    }
}

#[test]
fn sixteen_bits_are_finished_as_eight_are() {
    let picture = board(300, 200, Channels::Rgb, false);
    let analysis = clean::analyse(&picture, &Recipe::default());
    let eight = finish(&picture, &analysis);
    let deep: Vec<u16> = picture.data.iter().map(|&v| u16::from(v) * 257).collect();
    let all = Region {
        x: 0,
        y: 0,
        width: 300,
        height: 200,
    };
    let samples = Samples {
        data: &deep,
        width: 300,
        height: 200,
        channels: 3,
    };
    let sixteen = finish_region(&samples, all, all, &analysis);
    for (&deep, &sample) in sixteen.iter().zip(&eight.data) {
        assert!(
            (f32::from(deep) / 257.0 - f32::from(sample)).abs() <= 0.6,
            "{deep} {sample}"
        );
    }
}
