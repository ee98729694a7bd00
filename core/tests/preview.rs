//! What people see while they tune a recipe: exact pictures are the full-size run's, drafts are close to it, and
//! whatever is cancelled ends and leaves nothing wrong behind.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::time::Duration;

use proptest::prelude::*;
use whiteboarder_core::cancel::{Cancel, Cancelled};
use whiteboarder_core::clean::{background, clean, clean_with};
use whiteboarder_core::finish::light::to_light;
use whiteboarder_core::image::{Channels, Picture};
use whiteboarder_core::preview::{Preview, Quality, View};
use whiteboarder_core::recipe::{Method, Recipe, SurfaceChoice as Surface};

/// Uneven light with noise; strokes of several widths and a filled box, light ones on a dark board.
fn board(width: u32, height: u32, channels: Channels, surface: Surface) -> Picture {
    let (w, h) = (width as f32, height as f32);
    let mut noise = 99_u32;
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let stroke = (y % 60 < 2 + (y / 60) % 5 && x % 90 > 15) || (x + 2 * y) % 160 < 4;
            let filled =
                x > width / 2 && x < width / 2 + width / 6 && y > height / 2 && y < height / 4 * 3;
            let ink = if filled {
                [0.3, 0.8, 0.75]
            } else {
                [0.75, 0.5, 0.7]
            };
            let light = 0.65 + 0.2 * x as f32 / w - 0.15 * y as f32 / h;
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (noise >> 24) as f32 / 51.0 - 2.5;
            for (channel, ink) in ink.into_iter().enumerate() {
                if channels == Channels::Grey && channel != 1 {
                    continue;
                }
                let covered = if stroke || filled { ink } else { 0.0 };
                let level = match surface {
                    Surface::Light | Surface::Auto => 255.0 * light * (1.0 - covered),
                    Surface::Dark => 60.0 * light + 170.0 * covered,
                };
                data.push((level + grain) as u8);
            }
        }
    }
    Picture::new(width, height, channels, data).unwrap()
}

fn recipe(method: Method, surface: Surface, radius: f64) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.background.method = method;
    recipe.background.surface = surface;
    recipe.background.radius = radius;
    recipe
}

fn whole(picture: &Picture, to_width: u32, to_height: u32) -> View {
    View::fit(picture.width, picture.height, to_width, to_height)
}

fn difference(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(
        (a.width, a.height, a.channels),
        (b.width, b.height, b.channels)
    );
    let all = a.data.iter().zip(&b.data);
    let sum: u64 = all.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.data.len() as f64
}

fn crop(picture: &Picture, view: &View) -> Picture {
    let channels = picture.channels.count();
    let data = (view.y..view.y + view.height).flat_map(|y| {
        let from = (y * picture.width + view.x) as usize * channels;
        &picture.data[from..from + view.width as usize * channels]
    });
    Picture::new(
        view.width,
        view.height,
        picture.channels,
        data.copied().collect(),
    )
    .unwrap()
}

/// A region of a picture of this size, and how large it is drawn: smaller, as large, or larger.
fn views(width: u32, height: u32) -> impl Strategy<Value = View> {
    (0..width, 0..height).prop_flat_map(move |(x, y)| {
        let sizes = (
            1..=width - x,
            1..=height - y,
            1..400_u32,
            1..400_u32,
            any::<bool>(),
        );
        sizes.prop_map(
            move |(width, height, to_width, to_height, is_pixels)| View {
                x,
                y,
                width,
                height,
                to_width: if is_pixels { width } else { to_width },
                to_height: if is_pixels { height } else { to_height },
            },
        )
    })
}

#[test]
fn exact_pictures_are_the_full_size_run_drawn_as_the_photograph_is() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for (method, surface) in [
            (Method::Whiteboard, Surface::Light),
            (Method::Whiteboard, Surface::Dark),
            (Method::Ball, Surface::Light),
        ] {
            let picture = board(331, 247, channels, surface);
            let recipe = recipe(method, surface, 9.0);
            let cleaned = clean(&picture, &recipe);
            let mut preview = Preview::new(picture.clone());
            let never = Cancel::new();
            assert_eq!(preview.full(&recipe, &never).unwrap(), cleaned);
            let after = Preview::new(cleaned.clone());
            let (preview, after) = (RefCell::new(preview), RefCell::new(after));
            let mut runner = proptest::test_runner::TestRunner::default();
            runner
                .run(&views(picture.width, picture.height), |view| {
                    let (mut preview, mut after) = (preview.borrow_mut(), after.borrow_mut());
                    let exact = preview.exact(&recipe, &view, &never).unwrap();
                    prop_assert_eq!(exact.quality, Quality::Exact);
                    prop_assert_eq!(&exact.picture, &after.before(&view));
                    let pixels = View {
                        to_width: view.width,
                        to_height: view.height,
                        ..view
                    };
                    let exact = preview.exact(&recipe, &pixels, &never).unwrap();
                    prop_assert_eq!(exact.picture, crop(&cleaned, &view));
                    Ok(())
                })
                .unwrap();
        }
    }
}

/// What is kept from one setting to the next is only what the next would find as well.
#[test]
fn whatever_was_tried_before_a_recipe_shows_what_it_shows_at_first() {
    let picture = board(500, 380, Channels::Rgb, Surface::Light);
    let (view, never) = (whole(&picture, 120, 90), Cancel::new());
    // A draft takes what an exact picture has found: one preview of each.
    let mut drafts = Preview::new(picture.clone());
    let mut exacts = Preview::new(picture.clone());
    let mut recipe = Recipe::default();
    let mut check = |change: &dyn Fn(&mut Recipe)| {
        change(&mut recipe);
        let fresh = || Preview::new(picture.clone());
        let draft = drafts.draft(&recipe, &view, &never).unwrap().picture;
        let first = fresh().draft(&recipe, &view, &never).unwrap().picture;
        assert!(draft == first, "draft of {recipe:?}");
        let exact = exacts.exact(&recipe, &view, &never).unwrap().picture;
        let first = fresh().exact(&recipe, &view, &never).unwrap().picture;
        assert!(exact == first, "exact picture of {recipe:?}");
    };
    check(&|_| ());
    check(&|recipe| recipe.background.small = 4.0);
    check(&|recipe| recipe.background.small_height = 9.0);
    check(&|recipe| recipe.background.wide = 9.0);
    check(&|recipe| recipe.background.wide_height = 4.0);
    check(&|recipe| recipe.background.surface = Surface::Dark);
    check(&|recipe| recipe.background.surface = Surface::Auto);
    check(&|recipe| recipe.background.stroke = 9.0);
    check(&|recipe| recipe.finish.strength = 60.0);
    check(&|recipe| recipe.finish.white = 80.0);
    check(&|recipe| recipe.background.method = Method::Ball);
    check(&|recipe| recipe.background.radius = 9.0);
    check(&|recipe| recipe.background.method = Method::Whiteboard);
}

/// Each time a preview that has nothing yet: so that the part itself is finished, and not cut from a kept result.
#[test]
fn a_part_that_is_finished_alone_is_that_part_of_the_full_size_run() {
    for channels in [Channels::Grey, Channels::Rgb] {
        let picture = board(300, 200, channels, Surface::Light);
        for method in [Method::Whiteboard, Method::Ball, Method::Paraboloid] {
            let recipe = recipe(method, Surface::Light, 12.0);
            let result = clean(&picture, &recipe);
            for (x, y, width, height) in [(0, 0, 64, 48), (131, 77, 50, 33), (236, 152, 64, 48)] {
                let view = View {
                    x,
                    y,
                    width,
                    height,
                    to_width: width,
                    to_height: height,
                };
                let exact = Preview::new(picture.clone())
                    .exact(&recipe, &view, &Cancel::new())
                    .unwrap();
                assert_eq!(exact.quality, Quality::Exact);
                assert_eq!(
                    exact.picture,
                    crop(&result, &view),
                    "{method:?} at {x}, {y}"
                );
            }
        }
    }
}

#[test]
fn the_background_is_the_one_that_is_taken_off() {
    let picture = board(300, 200, Channels::Rgb, Surface::Light);
    for method in [Method::Whiteboard, Method::Ball] {
        let recipe = recipe(method, Surface::Light, 12.0);
        let wanted = background(&picture, &recipe);
        let view = whole(&picture, 300, 200);
        let mut preview = Preview::new(picture.clone());
        let draft = preview
            .background(&recipe, &view, Quality::Draft, &Cancel::new())
            .unwrap();
        assert_eq!(draft.quality, Quality::Draft);
        let near = difference(&draft.picture, &wanted);
        assert!(near < 4.0, "{method:?}: {near}");
        let exact = preview
            .background(&recipe, &view, Quality::Exact, &Cancel::new())
            .unwrap();
        assert_eq!(exact.quality, Quality::Exact);
        assert_eq!(exact.picture, wanted, "{method:?}");
        // What is known now is used by the next draft.
        let again = preview
            .background(&recipe, &view, Quality::Draft, &Cancel::new())
            .unwrap();
        assert_eq!((again.picture, again.quality), (wanted, Quality::Exact));
    }
}

#[test]
fn a_draft_that_says_exact_is_exact() {
    for (method, surface) in [
        (Method::Whiteboard, Surface::Light),
        (Method::Ball, Surface::Light),
        (Method::Ball, Surface::Dark),
    ] {
        let picture = board(331, 247, Channels::Rgb, surface);
        let mut recipe = recipe(method, surface, 9.0);
        let never = Cancel::new();
        let mut preview = Preview::new(picture.clone());
        preview.full(&recipe, &never).unwrap();
        // What was found stays, the result does not.
        recipe.finish.saturation = 1.0;
        recipe.finish.strength = 90.0;
        let after = Preview::new(clean(&picture, &recipe));
        let (preview, after) = (RefCell::new(preview), RefCell::new(after));
        let mut runner = proptest::test_runner::TestRunner::default();
        // A right edge in the middle of a pixel of a smaller copy.
        let edge = View {
            x: 0,
            y: 0,
            width: 129,
            height: 150,
            to_width: 1,
            to_height: 42,
        };
        let views = prop_oneof![1 => Just(edge), 30 => views(picture.width, picture.height)];
        runner
            .run(&views, |view| {
                let (mut preview, mut after) = (preview.borrow_mut(), after.borrow_mut());
                let draft = preview.draft(&recipe, &view, &never).unwrap();
                prop_assert_eq!(draft.quality, Quality::Exact);
                prop_assert_eq!(draft.picture, after.before(&view));
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn drafts_are_close_to_exact_pictures() {
    for channels in [Channels::Grey, Channels::Rgb] {
        for surface in [Surface::Light, Surface::Dark] {
            for method in [Method::Whiteboard, Method::Ball] {
                let picture = board(1500, 1100, channels, surface);
                let recipe = recipe(method, surface, 16.0);
                let never = Cancel::new();
                let close_up = View {
                    x: 400,
                    y: 300,
                    width: 300,
                    height: 200,
                    to_width: 600,
                    to_height: 400,
                };
                for (view, bound) in [
                    (whole(&picture, 600, 440), 5.0),
                    // Half a thousand pixels' length is little for strokes of two pixels among noise.
                    (whole(&picture, 150, 110), 10.0),
                    (close_up, 1.5),
                ] {
                    let mut preview = Preview::new(picture.clone());
                    let draft = preview.draft(&recipe, &view, &never).unwrap();
                    assert_eq!(draft.quality, Quality::Draft);
                    let exact = preview.exact(&recipe, &view, &never).unwrap().picture;
                    let off = difference(&draft.picture, &exact);
                    let case = format!("{channels:?} {surface:?} {method} {view:?}");
                    assert!(off < bound, "{off} for {case}");
                    // The bound tells something: the photograph is far from it.
                    let before = difference(&preview.before(&view), &exact);
                    assert!(before > 12.0, "{before} for {case}");
                    // With the full-size run's background at hand a close-up is exact.
                    let mut changed = recipe.clone();
                    changed.finish.saturation = 1.0;
                    let draft = preview.draft(&changed, &view, &never).unwrap();
                    let exact = preview.exact(&changed, &view, &never).unwrap().picture;
                    if view == close_up {
                        assert_eq!(draft.quality, Quality::Exact);
                        assert!(draft.picture == exact, "{case}");
                    } else {
                        let off = difference(&draft.picture, &exact);
                        assert!(off < bound, "{off} with a known background for {case}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_reduced_is_averaged_in_linear_light() {
    // Black and white pixels in turn: half of the light is sRGB 188.
    let data = (0..64 * 64).map(|i| if (i / 64 + i % 64) % 2 == 0 { 255 } else { 0 });
    let chequered = Picture::new(64, 64, Channels::Grey, data.collect()).unwrap();
    let mut preview = Preview::new(chequered);
    for size in [32, 16, 5, 1] {
        let picture = preview.before(&View::fit(64, 64, size, size));
        assert!(
            picture
                .data
                .iter()
                .all(|v| v.abs_diff(188) <= 1 || size == 5),
            "{size}"
        );
        let middle = picture.data.iter().map(|&v| u32::from(v)).sum::<u32>() / (size * size);
        assert!(middle.abs_diff(188) <= 2, "{middle} at {size}");
    }
}

#[test]
fn what_is_enlarged_shows_single_pixels() {
    let picture = board(40, 30, Channels::Rgb, Surface::Light);
    let view = View {
        x: 7,
        y: 5,
        width: 11,
        height: 9,
        to_width: 44,
        to_height: 45,
    };
    let drawn = Preview::new(picture.clone()).before(&view);
    for y in 0..45 {
        for x in 0..44 {
            let at = |p: &Picture, x: u32, y: u32| {
                p.data[(y * p.width + x) as usize * 3..][..3].to_vec()
            };
            assert_eq!(at(&drawn, x, y), at(&picture, 7 + x / 4, 5 + y / 5));
        }
    }
}

proptest! {
    #[test]
    fn a_whole_picture_drawn_as_one_pixel_is_its_mean(
        picture in (1..90_u32, 1..90_u32).prop_flat_map(|(width, height)| {
            let data = proptest::collection::vec(any::<u8>(), (width * height) as usize);
            data.prop_map(move |data| Picture::new(width, height, Channels::Grey, data).unwrap())
        })
    ) {
        let light = |picture: &Picture| {
            let sum: f32 = picture.data.iter().map(|&v| to_light()[usize::from(v)]).sum();
            sum / picture.data.len() as f32
        };
        let one = Preview::new(picture.clone()).before(&View::fit(picture.width, picture.height, 1, 1));
        prop_assert!((light(&one) - light(&picture)).abs() < 0.012);
    }

    #[test]
    fn a_picture_of_one_colour_stays_so(
        (picture, view) in (1..90_u32, 1..90_u32).prop_flat_map(|(width, height)| {
            let data = [77, 5, 200].repeat((width * height) as usize);
            let picture = Picture::new(width, height, Channels::Rgb, data).unwrap();
            (Just(picture), views(width, height))
        })
    ) {
        let drawn = Preview::new(picture).before(&view);
        prop_assert_eq!((drawn.width, drawn.height), (view.to_width, view.to_height));
        prop_assert!(drawn.data.chunks_exact(3).all(|pixel| pixel == [77, 5, 200]));
    }
}

#[test]
fn a_view_is_clamped_to_its_picture() {
    let picture = board(50, 40, Channels::Rgb, Surface::Light);
    let (recipe, never) = (Recipe::default(), Cancel::new());
    let mut preview = Preview::new(picture);
    let beyond = View {
        x: 30,
        y: 1000,
        width: u32::MAX,
        height: 10,
        to_width: 8,
        to_height: 0,
    };
    let inside = View {
        x: 30,
        y: 39,
        width: 20,
        height: 1,
        to_width: 8,
        to_height: 1,
    };
    assert_eq!(preview.before(&beyond), preview.before(&inside));
    let draft = preview.draft(&recipe, &beyond, &never).unwrap().picture;
    assert_eq!((draft.width, draft.height), (8, 1));
    let exact = |preview: &mut Preview, view| preview.exact(&recipe, view, &never).unwrap().picture;
    assert_eq!(exact(&mut preview, &beyond), exact(&mut preview, &inside));
}

#[test]
fn pictures_of_any_size_are_shown() {
    for (width, height) in [(1, 1), (3, 2000), (2000, 3), (1, 700)] {
        for channels in [Channels::Grey, Channels::Rgb] {
            let data = vec![180; (width * height) as usize * channels.count()];
            let picture = Picture::new(width, height, channels, data).unwrap();
            for method in [Method::Whiteboard, Method::Ball] {
                for surface in [Surface::Light, Surface::Dark] {
                    let recipe = recipe(method, surface, 3.0);
                    let paper = if surface == Surface::Light { 255 } else { 0 };
                    for view in [
                        whole(&picture, 100, 80),
                        View {
                            to_width: 50,
                            to_height: 50,
                            ..whole(&picture, 1, 1)
                        },
                    ] {
                        let mut preview = Preview::new(picture.clone());
                        let never = Cancel::new();
                        assert!(preview.before(&view).data.iter().all(|&v| v == 180));
                        let draft = preview.draft(&recipe, &view, &never).unwrap().picture;
                        let exact = preview.exact(&recipe, &view, &never).unwrap().picture;
                        assert_eq!(draft, exact);
                        assert_eq!((exact.width, exact.height), (view.to_width, view.to_height));
                        assert!(exact.data.iter().all(|&v| v == paper), "{width} × {height}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_cancelled_before_it_begins_does_not_begin() {
    let picture = board(200, 150, Channels::Rgb, Surface::Light);
    let (recipe, view) = (Recipe::default(), whole(&picture, 100, 75));
    let cancelled = Cancel::new();
    cancelled.clone().cancel();
    assert!(cancelled.is_cancelled());
    assert_eq!(clean_with(&picture, &recipe, &cancelled), Err(Cancelled));
    assert_eq!(
        clean_with(&picture, &recipe, &Cancel::new()),
        Ok(clean(&picture, &recipe))
    );
    let mut preview = Preview::new(picture.clone());
    for _ in 0..2 {
        assert!(preview.draft(&recipe, &view, &cancelled).is_err());
        assert!(preview.exact(&recipe, &view, &cancelled).is_err());
        assert!(preview.full(&recipe, &cancelled).is_err());
        // Once more with a result at hand.
        assert_eq!(
            preview.full(&recipe, &Cancel::new()),
            Ok(clean(&picture, &recipe))
        );
    }
}

#[test]
fn what_is_cancelled_on_its_way_ends_and_leaves_nothing_wrong() {
    let picture = board(4000, 3000, Channels::Rgb, Surface::Light);
    // A second and more on two processors.
    let endless = recipe(Method::Ball, Surface::Light, 300.0);
    let soon = || {
        let cancel = Cancel::new();
        let theirs = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(60));
            theirs.cancel();
        });
        cancel
    };
    assert_eq!(clean_with(&picture, &endless, &soon()), Err(Cancelled));
    let mut preview = Preview::new(picture.clone());
    let view = whole(&picture, 100, 80);
    let quick = Recipe::default();
    let expected = Preview::new(clean(&picture, &quick)).before(&view);
    for _ in 0..2 {
        let exact = preview.exact(&quick, &view, &Cancel::new()).unwrap();
        assert_eq!(exact.picture, expected);
        let chosen = preview.chosen(&quick);
        assert!(chosen.is_some());
        assert!(preview.exact(&endless, &view, &soon()).is_err());
        assert!(preview.full(&endless, &soon()).is_err());
        // Its result is still at hand, and so is what was chosen for it.
        assert_eq!(preview.chosen(&quick), chosen);
        assert_eq!(preview.chosen(&endless), None);
    }
    assert_eq!(
        preview.full(&quick, &Cancel::new()),
        Ok(clean(&picture, &quick))
    );
}

#[test]
fn a_preview_can_move_to_the_thread_that_renders() {
    let preview = Preview::new(board(60, 40, Channels::Grey, Surface::Light));
    let size = std::thread::spawn(move || {
        let mut preview = preview;
        preview.before(&View::fit(60, 40, 30, 30)).data.len()
    });
    assert_eq!(size.join().unwrap(), 30 * 20);
}
