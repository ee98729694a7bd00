//! What goes wrong with backgrounds.

#![allow(
    clippy::unnecessary_wraps,
    reason = "scenarios have one shape, and some are impossible on some machines"
)]

use std::fs;
use std::io::Cursor;

use tiff::encoder::{TiffEncoder, colortype};

use super::here::{home, told};
use super::{Scenario, Told};
use crate::support::{SLOW_BALL, disorder, end, interrupt, picture, wait_until};

pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("background-ball-height", || background("--height 5")),
    ("background-ellipsoid-height", || {
        background("--shape ellipsoid")
    }),
    ("background-scikit-opening", || {
        background("--like scikit-image --estimate opening")
    }),
    ("background-scikit-light", || {
        background("--like scikit-image --surface light")
    }),
    ("background-scikit-shape", || {
        background("--like scikit-image --shape paraboloid")
    }),
    ("background-scikit-presmooth", || {
        background("--like scikit-image --presmooth on")
    }),
    ("background-imagej-erosion", || {
        background("--like imagej --estimate erosion")
    }),
    ("background-imagej-ellipsoid", || {
        background("--like imagej --shape ellipsoid --height 5")
    }),
    ("background-imagej-height", || {
        background("--like imagej --shape paraboloid --height 5")
    }),
    ("background-colors", || background("--colors brightness")),
    ("background-no-colors", || {
        background("--like imagej --colors brightness")
    }),
    ("background-narrow", || {
        background_of("x.png", &disorder(1, 9), "out.png --like imagej")
    }),
    ("background-of-folder", || {
        told(&["background", "empty", "-o", "out.png"])
    }),
    ("background-bias-like", || {
        background("--like imagej --bias on")
    }),
    ("background-radius", || background("--radius 0")),
    ("background-ending", || {
        told(&["background", "a.png", "-o", "b.jpg"])
    }),
    ("background-folder", || {
        told(&["background", "a.png", "-o", "."])
    }),
    ("background-is-input", || {
        told(&["background", "a.png", "-o", "a.png"])
    }),
    ("background-float-png", || {
        background_of("f.tif", &floats(), "out.png")
    }),
    ("background-picture", || {
        background_of("x.png", &picture(100, 100, 1)[..80], "out.png")
    }),
    ("background-interrupted", interrupted_background),
];

/// `a.png` with these flags.
fn background(flags: &str) -> Option<Told> {
    let mut arguments = vec!["background", "a.png", "-o", "out.png"];
    arguments.extend(flags.split(' '));
    told(&arguments)
}

/// A picture to this output, with what flags follow it.
fn background_of(name: &str, bytes: &[u8], output: &str) -> Option<Told> {
    let home = home();
    fs::write(home.path(name), bytes).unwrap();
    let mut arguments = vec!["background", name, "-o"];
    arguments.extend(output.split(' '));
    Some(Told::of(&home.run(&arguments)))
}

/// A TIFF file of floating-point samples.
fn floats() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .unwrap()
        .write_image::<colortype::Gray32Float>(3, 3, &[0.5; 9])
        .unwrap();
    bytes.into_inner()
}

fn interrupted_background() -> Option<Told> {
    let home = home();
    fs::write(home.path("deep.png"), disorder(4000, 3000)).unwrap();
    let folder = home.folder("out");
    let mut arguments = vec!["background", "deep.png", "-o", "out/deep.png"];
    arguments.extend(SLOW_BALL);
    let child = home.command(&arguments).spawn().unwrap();
    wait_until("it writes", || {
        fs::read_dir(&folder).is_ok_and(|mut files| files.next().is_some())
    });
    interrupt(&child);
    Some(Told::of(&end(child)))
}
