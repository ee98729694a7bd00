//! What people get: white paper, whole ink in its own colour, and the same bytes everywhere.
#![allow(clippy::unwrap_used)]

use sha2::{Digest, Sha256};
use whiteboarder_core::clean::{background, clean, clean_bytes};
use whiteboarder_core::image::{Channels, Limits, Picture, decode, encode_png};
use whiteboarder_core::recipe::{Colors, Method, Recipe, SurfaceChoice as Surface};

/// A board of which everything is known: a ramp of warm light, a red stroke, a faint grey one, a filled blue box, noise
/// from a fixed generator.
struct Scene {
    picture: Picture,
    what: Vec<What>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum What {
    Paper,
    Red,
    Faint,
    Blue,
    /// Within two pixels of ink, where nothing is promised.
    Edge,
}

fn scene(width: u32, height: u32, channels: Channels, dark: bool) -> Scene {
    let (w, h) = (width as i64, height as i64);
    let at = |x: i64, y: i64| {
        if (y - h / 5).abs() <= 3 && x > w / 10 && x < w * 9 / 10 {
            What::Red
        } else if (y - h * 2 / 5).abs() <= 3 && x > w / 10 && x < w * 9 / 10 {
            What::Faint
        } else if x > w / 5 && x < w / 2 && y > h * 3 / 5 && y < h * 4 / 5 {
            What::Blue
        } else {
            What::Paper
        }
    };
    let mut noise = 12_345_u32;
    let mut data = Vec::new();
    let mut what = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let here = at(x, y);
            let near = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| (dx, dy)));
            let edge = near.into_iter().any(|(dx, dy)| at(x + dx, y + dy) != here);
            what.push(if edge { What::Edge } else { here });
            // The share of light that comes back, in linear light.
            let through: [f64; 3] = match here {
                What::Red => [0.6, 0.05, 0.06],
                What::Faint => [0.7, 0.7, 0.7],
                What::Blue => [0.04, 0.10, 0.5],
                _ => [1.0; 3],
            };
            let light = 0.30 + 0.35 * x as f64 / w as f64 + 0.10 * y as f64 / h as f64;
            for (share, cast) in through.iter().zip([1.0, 0.9, 0.75]) {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let grain = f64::from(noise >> 24) / 64.0 - 2.0;
                let linear = if dark {
                    0.02 + 0.05 * light + (1.0 - share) * 0.7
                } else {
                    light * cast * share
                };
                // sRGB is near enough to a power of 2.2 for a test; libm keeps it the same everywhere.
                data.push((255.0 * libm::pow(linear, 1.0 / 2.2) + grain).clamp(0.0, 255.0) as u8);
            }
        }
    }
    if channels == Channels::Grey {
        data = data.chunks_exact(3).map(|p| p[1]).collect();
    }
    Scene {
        picture: Picture::new(width, height, channels, data).unwrap(),
        what,
    }
}

fn pixels<'a>(
    scene: &'a Scene,
    cleaned: &'a Picture,
    kind: What,
) -> impl Iterator<Item = &'a [u8]> {
    let all = cleaned.data.chunks_exact(cleaned.channels.count());
    all.zip(&scene.what)
        .filter(move |(_, what)| **what == kind)
        .map(|(pixel, _)| pixel)
}

fn share(pixels: impl Iterator<Item = impl AsRef<[u8]>>, test: impl Fn(&[u8]) -> bool) -> f64 {
    let (mut count, mut hits) = (0, 0);
    for pixel in pixels {
        count += 1;
        hits += usize::from(test(pixel.as_ref()));
    }
    assert!(count > 100, "only {count} pixels to judge by");
    hits as f64 / count as f64
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}

#[test]
fn paper_is_white_and_ink_keeps_its_colour() {
    let scene = scene(900, 700, Channels::Rgb, false);
    let cleaned = clean(&scene.picture, &Recipe::default());
    assert_eq!((cleaned.width, cleaned.height), (900, 700));
    let white = share(pixels(&scene, &cleaned, What::Paper), |p| p == [255; 3]);
    assert!(white > 0.998, "only {white} of the paper is white");
    let red = share(pixels(&scene, &cleaned, What::Red), |p| {
        p[0] > 170 && p[1] < 90 && p[2] < 100
    });
    assert!(red > 0.98, "only {red} of the red stroke is red");
    let faint = share(pixels(&scene, &cleaned, What::Faint), |p| {
        p.iter().all(|&v| v < 245)
    });
    assert!(faint > 0.98, "only {faint} of the faint stroke is left");
}

#[test]
fn faint_ink_in_a_reflection_stays() {
    let (width, height) = (900_usize, 700_usize);
    let mut noise = 99_u32;
    let mut data = Vec::new();
    // Three black lines, and a faint one through the reflection.
    let faint = |x: usize, y: usize| y.abs_diff(350) < 3 && (250..650).contains(&x);
    for y in 0..height {
        for x in 0..width {
            let black = [100, 170, 600].iter().any(|&line| y.abs_diff(line) < 4);
            let through = match () {
                () if black && (80..820).contains(&x) => 0.05,
                () if faint(x, y) => 0.81,
                () => 1.0,
            };
            let (dx, dy) = (x as f64 - 450.0, y as f64 - 350.0);
            let lamp = 0.45 * libm::exp(-(dx * dx + dy * dy) / (2.0 * 45.0 * 45.0));
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = f64::from(noise >> 24) / 64.0 - 2.0;
            let sample = 255.0 * libm::pow(0.35 * through + lamp, 1.0 / 2.2) + grain;
            data.extend([sample.clamp(0.0, 255.0) as u8; 3]);
        }
    }
    let photograph = Picture::new(width as u32, height as u32, Channels::Rgb, data).unwrap();
    let cleaned = clean(&photograph, &Recipe::default());
    let of = |at: &dyn Fn(usize, usize) -> bool| {
        let pixels = cleaned.data.chunks_exact(3).enumerate();
        let pixels = pixels.filter(|(i, _)| at(i % width, i / width));
        share(pixels.map(|(_, pixel)| pixel), |p| p[0] < 250)
    };
    let kept = of(&|x, y| y.abs_diff(350) < 2 && x.abs_diff(450) < 60);
    assert!(
        kept > 0.95,
        "only {kept} of the line is left where the lamp mirrors"
    );
    let dirt = of(&|x, y| (200..560).contains(&y) && y.abs_diff(350) > 8 && x > 60 && x < 840);
    assert!(dirt < 0.001, "{dirt} of the paper is dirty");
}

#[test]
fn a_filled_box_does_not_hollow() {
    let scene = scene(900, 700, Channels::Rgb, false);
    let blue = |p: &[u8]| p[0] < 90 && p[1] < 130 && p[2] > 140 && p[2] < 235;
    let cleaned = clean(&scene.picture, &Recipe::default());
    let whole = share(pixels(&scene, &cleaned, What::Blue), blue);
    assert!(whole > 0.99, "only {whole} of the box is blue");
    // The test can see a hollow box: one exact ball smaller than the box sinks into it.
    let mut ball = Recipe::default();
    ball.background.method = Method::Ball;
    ball.background.radius = 12.0;
    let hollow = share(
        pixels(&scene, &clean(&scene.picture, &ball), What::Blue),
        blue,
    );
    assert!(hollow < 0.5, "{hollow} of the box is blue");
}

#[test]
fn one_ball_wider_than_everything_cleans_too() {
    let scene = scene(300, 240, Channels::Rgb, false);
    let mut recipe = Recipe::default();
    recipe.background.method = Method::Ball;
    recipe.background.radius = 60.0;
    let cleaned = clean(&scene.picture, &recipe);
    let white = share(pixels(&scene, &cleaned, What::Paper), |p| p == [255; 3]);
    assert!(white > 0.97, "only {white} of the paper is white");
    let blue = share(pixels(&scene, &cleaned, What::Blue), |p| p[2] > p[0] + 60);
    assert!(blue > 0.98, "only {blue} of the box is blue");
}

#[test]
fn grey_stays_grey() {
    let scene = scene(500, 400, Channels::Grey, false);
    let cleaned = clean(&scene.picture, &Recipe::default());
    assert_eq!(cleaned.channels, Channels::Grey);
    assert!(share(pixels(&scene, &cleaned, What::Paper), |p| p[0] == 255) > 0.998);
    assert!(share(pixels(&scene, &cleaned, What::Red), |p| p[0] < 90) > 0.98);
}

#[test]
fn light_writing_on_a_dark_board_comes_out_on_black() {
    let scene = scene(600, 480, Channels::Rgb, true);
    let mut recipe = Recipe::default();
    recipe.background.surface = Surface::Dark;
    let cleaned = clean(&scene.picture, &recipe);
    let black = share(pixels(&scene, &cleaned, What::Paper), |p| p == [0; 3]);
    assert!(black > 0.99, "only {black} of the board is black");
    let light = share(pixels(&scene, &cleaned, What::Blue), |p| p[0] > 150);
    assert!(light > 0.98, "only {light} of the box is light");
}

#[test]
fn the_background_is_the_light_without_ink() {
    let scene = scene(600, 480, Channels::Rgb, false);
    let found = background(&scene.picture, &Recipe::default());
    let worst = pixels(&scene, &found, What::Blue)
        .map(|p| p[0])
        .min()
        .unwrap();
    assert!(worst > 140, "the background knows of the box: {worst}");
    let across = |x: usize| found.data[(10 * 600 + x) * 3];
    assert!(
        across(590) > across(10) + 30,
        "the background does not follow the light"
    );
}

#[test]
fn thresholds_follow_the_recipe() {
    let scene = scene(600, 480, Channels::Rgb, false);
    let mut recipe = Recipe::default();
    recipe.finish.white = 70.0;
    let gone = clean(&scene.picture, &recipe);
    assert!(share(pixels(&scene, &gone, What::Faint), |p| p == [255; 3]) > 0.5);
    recipe = Recipe::default();
    recipe.finish.saturation = 0.0;
    let colourless = clean(&scene.picture, &recipe);
    assert!(
        share(pixels(&scene, &colourless, What::Red), |p| p[0]
            .abs_diff(p[1])
            < 3)
            > 0.98
    );
    recipe = Recipe::default();
    recipe.finish.black = 40.0;
    let (normal, darker) = (
        clean(&scene.picture, &Recipe::default()),
        clean(&scene.picture, &recipe),
    );
    let sum = |p: &Picture| p.data.iter().map(|&v| u64::from(v)).sum::<u64>();
    assert!(sum(&darker) < sum(&normal));
}

#[test]
fn strength_goes_from_the_photograph_to_the_cleaned_picture() {
    let scene = scene(200, 150, Channels::Rgb, false);
    let at = |strength| {
        let mut recipe = Recipe::default();
        recipe.finish.strength = strength;
        clean(&scene.picture, &recipe)
    };
    assert_eq!(at(0.0), scene.picture);
    assert_eq!(at(100.0), clean(&scene.picture, &Recipe::default()));
    let (half, whole) = (at(50.0), at(100.0));
    for ((half, whole), before) in half.data.iter().zip(&whole.data).zip(&scene.picture.data) {
        let middle = f32::midpoint(f32::from(*whole), f32::from(*before));
        assert!((f32::from(*half) - middle).abs() <= 0.5);
    }
}

/// If this changes, every result of every user changes: raise `ALGORITHM_VERSION` with it.
#[test]
fn results_are_the_same_bytes_everywhere() {
    let mut ball = Recipe::default();
    ball.background.method = Method::Ball;
    ball.background.radius = 20.5;
    let mut dark = Recipe::default();
    dark.background.surface = Surface::Dark;
    let cases = [
        (
            "colour",
            scene(641, 479, Channels::Rgb, false),
            Recipe::default(),
            COLOUR,
        ),
        (
            "grey",
            scene(333, 500, Channels::Grey, false),
            Recipe::default(),
            GREY,
        ),
        (
            "one ball",
            scene(160, 120, Channels::Rgb, false),
            ball,
            BALL,
        ),
        ("dark", scene(320, 240, Channels::Rgb, true), dark, DARK),
    ];
    for (name, scene, recipe, expected) in cases {
        let cleaned = clean(&scene.picture, &recipe);
        let png = encode_png(&cleaned).unwrap();
        assert_eq!([sha(&cleaned.data), sha(&png)], expected, "{name}");
    }
}

const COLOUR: [&str; 2] = ["018ae4e30280b2d9", "0ea3a8a07504166a"];
const GREY: [&str; 2] = ["d35bea617ee49633", "37b7cc50609a1f0d"];
const BALL: [&str; 2] = ["2b2db92c1180fe3d", "fac73e04436c0d4e"];
const DARK: [&str; 2] = ["e051db5b7a662fbc", "e6f0e89f0c6d1c6b"];

#[test]
fn the_number_of_threads_changes_nothing() {
    let scene = scene(700, 533, Channels::Rgb, false);
    let mut ball = Recipe::default();
    ball.background.method = Method::Ball;
    ball.background.radius = 9.0;
    for recipe in [Recipe::default(), ball] {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| clean(&scene.picture, &recipe))
        };
        let one = with(1);
        assert!(
            one == with(2) && one == with(7),
            "{}",
            recipe.background.method
        );
    }
}

#[test]
fn a_file_gives_what_its_picture_gives() {
    let scene = scene(400, 300, Channels::Rgb, false);
    let bytes = encode_png(&scene.picture).unwrap();
    // A palette may give a colour's neighbour.
    let mut recipe = Recipe::default();
    recipe.output.colors = Colors::True;
    let cleaned = clean_bytes(&bytes, &recipe, &Limits::default()).unwrap();
    assert_eq!((cleaned.width, cleaned.height), (400, 300));
    let expected = clean(&scene.picture, &recipe);
    assert!(decode(&cleaned.png, &Limits::default()).unwrap() == expected);
    let t = cleaned.timings;
    assert!(t.decode > 0.0 && t.background > 0.0 && t.finish > 0.0 && t.encode > 0.0);
}

#[test]
fn any_size_is_cleaned() {
    for (width, height) in [
        (1, 1),
        (2, 1),
        (1, 3),
        (3, 900),
        (900, 2),
        (64, 64),
        (65, 129),
    ] {
        for channels in [Channels::Grey, Channels::Rgb] {
            let size = width as usize * height as usize * channels.count();
            let picture = Picture::new(width, height, channels, vec![180; size]).unwrap();
            for method in [Method::Whiteboard, Method::Ball] {
                let mut recipe = Recipe::default();
                recipe.background.method = method;
                let cleaned = clean(&picture, &recipe);
                assert!(
                    cleaned.data.iter().all(|&v| v == 255),
                    "{width} × {height}, {method}"
                );
            }
        }
    }
}

#[test]
fn black_and_white_pictures_do_no_harm() {
    for level in [0, 255] {
        let picture = Picture::new(50, 40, Channels::Rgb, vec![level; 50 * 40 * 3]).unwrap();
        for surface in [Surface::Light, Surface::Dark] {
            let mut recipe = Recipe::default();
            recipe.background.surface = surface;
            assert_eq!(clean(&picture, &recipe).data.len(), picture.data.len());
        }
    }
}

#[test]
fn errors_have_the_names_that_state_machines_match() {
    let scene = scene(40, 30, Channels::Rgb, false);
    let bytes = encode_png(&scene.picture).unwrap();
    let mut wrong = Recipe::default();
    wrong.finish.white = 1000.0;
    let limits = Limits::default();
    let name = |result: Result<_, whiteboarder_core::clean::CleanError>| {
        result
            .map(|_: whiteboarder_core::clean::Cleaned| ())
            .unwrap_err()
            .name()
    };
    assert_eq!(name(clean_bytes(&bytes, &wrong, &limits)), "RecipeInvalid");
    let recipe = Recipe::default();
    assert_eq!(
        name(clean_bytes(b"hello", &recipe, &limits)),
        "ImageUnsupported"
    );
    assert_eq!(
        name(clean_bytes(&bytes[..90], &recipe, &limits)),
        "ImageCorrupt"
    );
    let poor = Limits {
        max_memory: 1,
        ..limits
    };
    assert_eq!(name(clean_bytes(&bytes, &recipe, &poor)), "ImageTooLarge");
}
