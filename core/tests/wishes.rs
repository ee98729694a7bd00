//! From one file to all that is wished for.
#![allow(clippy::unwrap_used)]

mod support;

use support::{exif, gradient, with_chunk};
use whiteboarder_core::clean::{CleanError, KEYWORD, Request, clean, clean_bytes, run};
use whiteboarder_core::geometry::{Geometry, Said};
use whiteboarder_core::image::{Limits, Picture, decode, encode_png};
use whiteboarder_core::output::Format;
use whiteboarder_core::recipe::{Colors, Recipe};

fn photograph() -> Vec<u8> {
    encode_png(&gradient()).unwrap()
}

fn pixels(file: &[u8]) -> Picture {
    decode(file, &Limits::default()).unwrap()
}

/// The text chunks of a PNG file, in full.
fn texts(png: &[u8]) -> Vec<String> {
    let mut at = 8;
    let mut texts = Vec::new();
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        if &png[at + 4..at + 8] == b"tEXt" {
            texts.push(String::from_utf8(png[at + 8..at + 8 + length].to_vec()).unwrap());
        }
        at += 12 + length;
    }
    texts
}

#[test]
fn every_format_is_there_in_its_order_and_the_pixels_are_those_of_the_cleaning() {
    let recipe = Recipe::default();
    let formats = vec![
        Format::Png,
        Format::Svg,
        Format::JPEG,
        Format::INK_MASK,
        Format::WebP,
        Format::Pdf,
    ];
    let request = Request {
        formats: formats.clone(),
        background: true,
        picture: true,
        ..Request::new(&recipe)
    };
    let done = run(&photograph(), &request).unwrap();
    let endings: Vec<&str> = done.outputs.iter().map(|file| file.extension).collect();
    let wanted: Vec<&str> = formats.iter().map(Format::extension).collect();
    assert_eq!(endings, wanted);
    let cleaned = clean(&pixels(&photograph()), &recipe);
    assert_eq!(done.picture.as_ref(), Some(&cleaned));
    assert_eq!(pixels(&done.outputs[0].bytes), cleaned);
    let background = pixels(&done.background.unwrap().bytes);
    assert_eq!(
        (background.width, background.height),
        (done.width, done.height)
    );
    assert_eq!(done.said, Said::Whole);
}

#[test]
fn a_png_may_have_a_palette_unless_the_recipe_wants_true_colour() {
    let mut recipe = Recipe::default();
    assert_eq!(Request::new(&recipe).formats, [Format::Png8]);
    recipe.output.colors = Colors::True;
    assert_eq!(Request::new(&recipe).formats, [Format::Png]);
    let cleaned = clean_bytes(&photograph(), &recipe, &Limits::default()).unwrap();
    let plain = clean(&pixels(&photograph()), &recipe);
    assert_eq!(pixels(&cleaned.png), plain);
}

#[test]
fn a_png_says_once_what_was_chosen_for_it_and_nothing_of_the_photograph() {
    let recipe = Recipe::default();
    let block = exif(1);
    let photograph = with_chunk(photograph(), b"eXIf", &block);
    let request = Request {
        formats: vec![Format::Png8, Format::TransparentPng, Format::INK_MASK],
        background: true,
        ..Request::new(&recipe)
    };
    let done = run(&photograph, &request).unwrap();
    let again = run(&photograph, &request).unwrap();
    assert_eq!(done.outputs, again.outputs);
    for file in done.outputs.iter().chain(&done.background) {
        let [text] = texts(&file.bytes).try_into().unwrap();
        let (keyword, line) = text.split_once('\0').unwrap();
        assert_eq!(keyword, KEYWORD);
        let said: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(said["algorithm"], whiteboarder_core::ALGORITHM_VERSION);
        assert_eq!(said["recipe"], recipe.hash());
        assert_eq!(said["chosen"]["surface"], "light");
        assert!(line.len() < 400, "{line}");
        assert!(!file.bytes.windows(4).any(|window| window == b"eXIf"));
    }
}

#[test]
fn a_crop_is_cut_before_anything_is_learnt_and_one_that_misses_the_picture_is_an_error() {
    let recipe = Recipe::default();
    let with = |crop: &str| {
        let geometry = Geometry {
            crop: Some(crop.parse().unwrap()),
            ..Geometry::default()
        };
        let request = Request {
            geometry,
            formats: vec![Format::Png],
            ..Request::new(&recipe)
        };
        run(&photograph(), &request)
    };
    let done = with("0,0,50%,100%").unwrap();
    let half = Geometry {
        crop: Some("0,0,50%,100%".parse().unwrap()),
        ..Geometry::default()
    };
    let half = half.apply(pixels(&photograph())).unwrap().picture;
    assert_eq!(pixels(&done.outputs[0].bytes), clean(&half, &recipe));
    let missed = with("9000,0,5,5").unwrap_err();
    assert!(matches!(missed, CleanError::Geometry(_)));
    assert_eq!(missed.name(), "GeometryInvalid");
}

#[test]
fn what_a_format_has_no_room_for_is_said_in_a_sentence() {
    let long = Picture::new(
        17_000,
        2,
        whiteboarder_core::image::Channels::Grey,
        vec![200; 34_000],
    );
    let recipe = Recipe::default();
    let request = Request {
        formats: vec![Format::WebP],
        ..Request::new(&recipe)
    };
    let error = run(&encode_png(&long.unwrap()).unwrap(), &request).unwrap_err();
    assert_eq!(error.name(), "OutputUnwritable");
    assert!(error.to_string().ends_with("take PNG"), "{error}");
}
