#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::image::{Channels, Format, read_header};
use crate::recipe::Method;

fn header(megapixels: u32) -> Header {
    Header {
        width: megapixels * 1000,
        height: 1000,
        channels: Channels::Rgb,
        format: Format::Jpeg,
        orientation: 1,
        progressive: false,
        decoder_bytes: 0,
        more_pictures: false,
    }
}

fn needs(header: &Header) -> Estimate {
    estimate(header, 3_000_000, &Recipe::default())
}

#[test]
fn the_sample_boards_use_both_lanes_of_the_default_local_cloud() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/boards");
    let lane = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let need = estimate(
            &read_header(&bytes).unwrap(),
            bytes.len() as u64,
            &Recipe::default(),
        );
        fits(&need, &DEFAULT_LOCAL_LAMBDA)
    };
    for name in [
        "retro.png",
        "timetable.png",
        "sketch.jpg",
        "architecture.jpg",
        "roadmap.jpg",
    ] {
        assert_eq!(lane(name), Ok(()), "{name}");
    }
    assert!(
        matches!(lane("wall.jpg"), Err(Misfit::Time { .. })),
        "{:?}",
        lane("wall.jpg")
    );
}

#[test]
fn a_portrait_photograph_of_12_megapixels_fits_the_default() {
    let portrait = Header {
        orientation: 6,
        ..header(12)
    };
    assert_eq!(
        fits(
            &estimate(&portrait, 6_000_000, &Recipe::default()),
            &DEFAULT_LOCAL_LAMBDA
        ),
        Ok(())
    );
}

#[test]
fn what_makes_work_harder_makes_the_prediction_higher() {
    let plain = needs(&header(12));
    let harder = [
        Header {
            width: 13_000,
            ..header(12)
        },
        Header {
            progressive: true,
            decoder_bytes: 6 * header(12).pixels(),
            ..header(12)
        },
        Header {
            orientation: 8,
            ..header(12)
        },
    ];
    for header in harder {
        let need = needs(&header);
        assert!(
            need.seconds > plain.seconds && need.memory_bytes >= plain.memory_bytes,
            "{header:?}"
        );
    }
    let grey = needs(&Header {
        channels: Channels::Grey,
        ..header(12)
    });
    assert!(grey.seconds < plain.seconds && grey.memory_bytes < plain.memory_bytes);
    let mut ball = Recipe::default();
    ball.background.method = Method::Ball;
    let at = |radius: f64, recipe: &mut Recipe| {
        recipe.background.radius = radius;
        estimate(&header(12), 3_000_000, recipe)
    };
    let (small, large) = (at(25.0, &mut ball), at(500.0, &mut ball));
    assert!(small.seconds > plain.seconds && large.seconds > small.seconds);
    assert!(
        large.seconds < 1.5 * small.seconds,
        "a sample costs the same under any exact ball; only its tables grow"
    );
    assert!(small.memory_bytes > plain.memory_bytes);
}

#[test]
fn a_ball_needs_the_background_beside_photograph_and_result() {
    let mut ball = Recipe::default();
    ball.background.method = Method::Ball;
    let need = |width, height| {
        let header = Header {
            width,
            height,
            ..header(1)
        };
        let pixels = header.pixels();
        let nothing = Header {
            width: 0,
            height: 0,
            ..header
        };
        let memory = |header: &Header| estimate(header, 0, &ball).memory_bytes;
        (memory(&header) - memory(&nothing)) / pixels
    };
    // Three channels of photograph, background and result: more than the background takes while it is found.
    assert!((8..=9).contains(&need(20_000, 15_000)));
    // Padding is most of what is needed for a picture of one column.
    assert!(need(1, 60_000) > 100);
}

#[test]
fn both_margins_are_kept_and_told() {
    let capacity = Capacity {
        memory_mb: 1000,
        timeout_s: 30.0,
        vcpus: 0.5,
    };
    let need = |seconds: f64, megabytes: u64| {
        fits(
            &Estimate {
                seconds,
                memory_bytes: megabytes << 20,
            },
            &capacity,
        )
    };
    assert_eq!(need(5.0, 800), Ok(()));
    let memory = need(5.0, 801).unwrap_err();
    assert_eq!(
        memory.to_string(),
        "it needs about 801 MB, and 800 MB are allowed"
    );
    let time = need(5.1, 800).unwrap_err();
    assert_eq!(
        time.to_string(),
        "it needs about 10.2 s there, and 10.0 s are allowed"
    );
    let nothing = Capacity {
        vcpus: 0.0,
        ..capacity
    };
    assert!(
        fits(
            &Estimate {
                seconds: 0.0,
                memory_bytes: 0
            },
            &nothing
        )
        .is_err()
    );
}

#[test]
fn lambda_gives_processors_by_memory() {
    assert!((Capacity::lambda(1769, 1.0).vcpus - 1.0).abs() < 1e-9);
    assert!((Capacity::lambda(256, 1.0).vcpus - 0.1447).abs() < 1e-4);
}
