//! `whiteboarder background`: results against the definition, files, JSON, and everything that can be wrong.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use serde_json::Value;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{TiffEncoder, colortype};
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::like::imagej::{self, Product, Settings};
use whiteboarder_core::rolling::like::scikit_image;
use whiteboarder_core::rolling::{
    Element, Missing, Operation, Roller, Rolling, Sample, View, ViewMut, definition,
};

use crate::support::{
    Ended, Home, SLOW_BALL, disorder, end, interrupt, is_root, noise, picture, truncated_jpeg,
    wait_until,
};

const WIDTH: u32 = 41;
const HEIGHT: u32 = 29;

/// Light with some writing and noise, `most` at the brightest; `channels` interleaved.
fn samples(channels: u32, most: u32) -> Vec<u32> {
    let pixel = |index: u32, random: u32| {
        let (sample, pixel) = (index % channels, index / channels);
        let (x, y) = (pixel % WIDTH, pixel / WIDTH);
        let light = most / 2 + most / 4 * x / WIDTH + most / 8 * (y + sample) / HEIGHT;
        let ink = if (x + y / 3) % 13 < 3 { most / 3 } else { 0 };
        light - ink + random % (most / 16)
    };
    (0..WIDTH * HEIGHT * channels)
        .zip(noise(channels))
        .map(|(index, random)| pixel(index, random))
        .collect()
}

fn eight(channels: u32) -> Vec<u8> {
    samples(channels, 255).iter().map(|&s| s as u8).collect()
}

fn sixteen(channels: u32) -> Vec<u16> {
    samples(channels, 65_535)
        .iter()
        .map(|&s| s as u16)
        .collect()
}

/// From 0 to 1, as programs for measurements like it.
fn floats() -> Vec<f32> {
    let deep = samples(1, 65_535);
    deep.iter().map(|&s| s as f32 / 65_535.0).collect()
}

fn png(path: &Path, image: &DynamicImage) {
    image.save_with_format(path, ImageFormat::Png).unwrap();
}

fn grey8(path: &Path) -> Vec<u8> {
    let data = eight(1);
    let image = ImageBuffer::<Luma<u8>, _>::from_raw(WIDTH, HEIGHT, data.clone()).unwrap();
    png(path, &image.into());
    data
}

fn tiff_of_floats(path: &Path, data: &[f32]) {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder
        .write_image::<colortype::Gray32Float>(WIDTH, HEIGHT, data)
        .unwrap();
    fs::write(path, bytes.into_inner()).unwrap();
}

fn read_png(path: &Path) -> DynamicImage {
    image::load_from_memory_with_format(&fs::read(path).unwrap(), ImageFormat::Png).unwrap()
}

fn read_tiff(path: &Path) -> DecodingResult {
    let mut decoder = Decoder::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (WIDTH, HEIGHT));
    decoder.read_image().unwrap()
}

fn read_floats(path: &Path) -> Vec<f32> {
    let DecodingResult::F32(data) = read_tiff(path) else {
        panic!("{} has no floating-point samples", path.display())
    };
    data
}

/// One channel of interleaved samples, rolled by the definition.
fn rolled<T: Sample>(data: &[T], channels: usize, channel: usize, rolling: &Rolling) -> Vec<T> {
    let plane = Plane {
        width: WIDTH as usize,
        height: HEIGHT as usize,
        data: data
            .iter()
            .skip(channel)
            .step_by(channels)
            .copied()
            .collect(),
    };
    definition::roll(&plane, rolling).data
}

fn rolling(element: Option<Element>, operation: Operation, presmooth: bool) -> Rolling {
    Rolling {
        presmooth,
        ..Rolling::new(element.unwrap(), operation)
    }
}

fn run(home: &Home, line: &str) -> Ended {
    let mut arguments = vec!["background"];
    arguments.extend(line.split_whitespace());
    home.run(&arguments)
}

fn only(home: &Home, folder: &str, names: &[&str]) {
    let mut found: Vec<_> = fs::read_dir(home.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
}

#[test]
fn a_ball_on_eight_bits_is_what_the_definition_says() {
    let home = Home::new();
    let data = grey8(&home.path("a.png"));
    let ended = run(&home, "a.png -o out/b.png --radius 7.5").expect(0);
    assert_eq!(ended.out, "");
    assert!(
        ended.err.contains("out/b.png: 41×29 pixels in "),
        "{}",
        ended.err
    );
    let expected = rolling(Element::ball(7.5), Operation::Closing, true);
    assert_eq!(
        read_png(&home.path("out/b.png"))
            .as_luma8()
            .unwrap()
            .as_raw(),
        &rolled(&data, 1, 0, &expected)
    );
    only(&home, "out", &["b.png"]);

    run(
        &home,
        "a.png -o c.png --radius 9 --estimate erosion --surface dark --presmooth off --quiet",
    )
    .expect(0);
    let expected = rolling(Element::ball(9.0), Operation::Erosion, false);
    assert_eq!(
        read_png(&home.path("c.png")).as_luma8().unwrap().as_raw(),
        &rolled(&data, 1, 0, &expected)
    );
    run(&home, "a.png -o d.tif --radius 9 --shape paraboloid").expect(0);
    let expected = rolling(Element::paraboloid(9.0, 9.0), Operation::Closing, true);
    let DecodingResult::U8(found) = read_tiff(&home.path("d.tif")) else {
        panic!()
    };
    assert_eq!(found, rolled(&data, 1, 0, &expected));
}

#[test]
fn sixteen_bits_stay_sixteen_bits() {
    let home = Home::new();
    let data = sixteen(1);
    let image = ImageBuffer::<Luma<u16>, _>::from_raw(WIDTH, HEIGHT, data.clone()).unwrap();
    png(&home.path("a.png"), &image.into());
    run(
        &home,
        "a.png -o b.png --shape ellipsoid --radius 8 --height 3000",
    )
    .expect(0);
    let expected = rolling(Element::ellipsoid(8.0, 3000.0), Operation::Closing, true);
    let expected = rolled(&data, 1, 0, &expected);
    assert_eq!(
        read_png(&home.path("b.png")).as_luma16().unwrap().as_raw(),
        &expected
    );
    // And out of a TIFF again.
    run(&home, "b.png -o b.tiff --radius 1 --presmooth off").expect(0);
    let DecodingResult::U16(again) = read_tiff(&home.path("b.tiff")) else {
        panic!()
    };
    let least = rolling(Element::ball(1.0), Operation::Closing, false);
    assert_eq!(again, rolled(&expected, 1, 0, &least));
}

#[test]
fn floating_point_samples_are_taken_as_they_are() {
    let home = Home::new();
    let mut data = floats();
    tiff_of_floats(&home.path("a.tif"), &data);
    run(
        &home,
        "a.tif -o b.tif --shape ellipsoid --radius 6 --height 0.02",
    )
    .expect(0);
    let mut expected = rolling(Element::ellipsoid(6.0, 0.02), Operation::Closing, true);
    assert_eq!(
        read_floats(&home.path("b.tif")),
        rolled(&data, 1, 0, &expected)
    );

    data[500] = f32::NAN;
    tiff_of_floats(&home.path("n.tif"), &data);
    for (word, missing) in [
        ("ignore", Missing::Ignore),
        ("propagate", Missing::Propagate),
    ] {
        let line =
            format!("n.tif -o n2.tif --shape ellipsoid --radius 6 --height 0.02 --nan {word}");
        run(&home, &line).expect(0);
        expected.missing = missing;
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let found = read_floats(&home.path("n2.tif"));
        assert!(
            found.iter().zip(&rolled(&data, 1, 0, &expected)).all(same),
            "{word}"
        );
    }
}

#[test]
fn each_channel_is_rolled_apart_and_transparency_is_carried_over() {
    let home = Home::new();
    let (rgb, rgba, grey) = (eight(3), eight(4), sixteen(2));
    png(
        &home.path("rgb.png"),
        &ImageBuffer::<Rgb<u8>, _>::from_raw(WIDTH, HEIGHT, rgb.clone())
            .unwrap()
            .into(),
    );
    png(
        &home.path("rgba.png"),
        &ImageBuffer::<Rgba<u8>, _>::from_raw(WIDTH, HEIGHT, rgba.clone())
            .unwrap()
            .into(),
    );
    png(
        &home.path("ga.png"),
        &ImageBuffer::<LumaA<u16>, _>::from_raw(WIDTH, HEIGHT, grey.clone())
            .unwrap()
            .into(),
    );
    for name in ["rgb", "rgba", "ga"] {
        let document = run(
            &home,
            &format!("{name}.png -o {name}2.png --radius 5 --json"),
        )
        .expect(0)
        .json();
        assert_eq!(document["alpha"], name != "rgb");
        assert_eq!(document["channels"], if name == "ga" { 1 } else { 3 });
    }
    let rolling = rolling(Element::ball(5.0), Operation::Closing, true);
    let channel = |data: &[u8], of: usize, n: usize| -> Vec<u8> {
        data.iter().skip(n).step_by(of).copied().collect()
    };
    let found = read_png(&home.path("rgb2.png"))
        .as_rgb8()
        .unwrap()
        .as_raw()
        .clone();
    for n in 0..3 {
        assert_eq!(channel(&found, 3, n), rolled(&rgb, 3, n, &rolling));
    }
    let found = read_png(&home.path("rgba2.png"))
        .as_rgba8()
        .unwrap()
        .as_raw()
        .clone();
    for n in 0..3 {
        assert_eq!(channel(&found, 4, n), rolled(&rgba, 4, n, &rolling));
    }
    assert_eq!(channel(&found, 4, 3), channel(&rgba, 4, 3));
    let image = read_png(&home.path("ga2.png"));
    let found = image.as_luma_alpha16().unwrap().as_raw();
    let background = rolled(&grey, 2, 0, &rolling);
    for (pixel, (source, background)) in grey.chunks(2).zip(background).enumerate() {
        assert_eq!(found[2 * pixel..][..2], [background, source[1]]);
    }
}

#[test]
fn subtracting_leaves_what_is_not_background() {
    let home = Home::new();
    let data = grey8(&home.path("a.png"));
    for (side, operation, presmooth) in [
        ("light", Operation::Closing, "on"),
        ("dark", Operation::Opening, "on"),
        ("dark", Operation::Opening, "off"),
    ] {
        let line = format!(
            "a.png -o b.png --radius 6 --subtract --surface {side} --presmooth {presmooth}"
        );
        run(&home, &line).expect(0);
        let how = rolling(Element::ball(6.0), operation, presmooth == "on");
        let expected: Vec<u8> = data
            .iter()
            .zip(rolled(&data, 1, 0, &how))
            .map(|(&picture, background)| {
                let difference = i32::from(picture) - i32::from(background);
                let paper = if side == "light" { 255 } else { 0 };
                (paper + difference).clamp(0, 255) as u8
            })
            .collect();
        assert_eq!(
            read_png(&home.path("b.png")).as_luma8().unwrap().as_raw(),
            &expected
        );
    }
    let data = floats();
    tiff_of_floats(&home.path("f.tif"), &data);
    run(
        &home,
        "f.tif -o g.tif --shape ellipsoid --radius 6 --height 0.02 --subtract",
    )
    .expect(0);
    let how = rolling(Element::ellipsoid(6.0, 0.02), Operation::Closing, true);
    let background = rolled(&data, 1, 0, &how);
    let expected: Vec<f32> = data.iter().zip(background).map(|(p, b)| p - b).collect();
    assert_eq!(read_floats(&home.path("g.tif")), expected);
}

/// What both programs compute is compared in the core; here, that the flags reach it.
#[test]
fn other_programs_results_come_from_their_own_code() {
    let home = Home::new();
    let data = grey8(&home.path("a.png"));
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let view = View::new(&data, width, height, 1, width).unwrap();
    for shape in ["ball", "paraboloid"] {
        for (flags, product) in [
            ("", Product::Background),
            ("--subtract", Product::Subtracted),
        ] {
            let line = format!(
                "a.png -o b.png --like imagej --shape {shape} --radius 12 --surface dark --presmooth off {flags}"
            );
            run(&home, &line).expect(0);
            let settings = Settings {
                light_background: false,
                sliding_paraboloid: shape == "paraboloid",
                presmooth: false,
                ..Settings::new(12.0)
            };
            let mut expected = vec![0; data.len()];
            let result = ViewMut::new(&mut expected, width, height, 1, width).unwrap();
            imagej::roll(view, result, &settings, product, &Never).unwrap();
            let found = read_png(&home.path("b.png"));
            assert_eq!(found.as_luma8().unwrap().as_raw(), &expected, "{line}");
        }
    }

    let rgba = eight(4);
    let image = ImageBuffer::<Rgba<u8>, _>::from_raw(WIDTH, HEIGHT, rgba.clone()).unwrap();
    png(&home.path("c.png"), &image.into());
    let rgb: Vec<u8> = rgba
        .chunks(4)
        .flat_map(|pixel| &pixel[..3])
        .copied()
        .collect();
    let mut expected = vec![0; rgb.len()];
    let settings = Settings::new(8.0);
    imagej::brightness_rgb(
        &rgb,
        &mut expected,
        width,
        &settings,
        Product::Subtracted,
        &Never,
    )
    .unwrap();
    let line = "c.png -o d.png --like imagej --radius 8 --subtract --json";
    let document = run(&home, line).expect(0).json();
    assert_eq!(document["parameters"]["colors"], "brightness");
    let image = read_png(&home.path("d.png"));
    let found = image.as_rgba8().unwrap().as_raw();
    for ((found, expected), source) in found.chunks(4).zip(expected.chunks(3)).zip(rgba.chunks(4)) {
        assert_eq!(found, [expected, &source[3..]].concat());
    }

    let mut floats = floats();
    floats[..600].fill(f32::NAN);
    tiff_of_floats(&home.path("f.tif"), &floats);
    for (word, nansafe) in [("ignore", false), ("propagate", true)] {
        let line = format!("f.tif -o g.tif --like scikit-image --radius 4.5 --nan {word}");
        run(&home, &line).expect(0);
        let mut expected = vec![0.0; floats.len()];
        let source = View::new(&floats, width, height, 1, width).unwrap();
        let result = ViewMut::new(&mut expected, width, height, 1, width).unwrap();
        scikit_image::rolling_ball(&mut Roller::new(), source, result, 4.5, nansafe, &Never)
            .unwrap();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(
            bits(&read_floats(&home.path("g.tif"))) == bits(&expected),
            "{word}"
        );
        assert_eq!(expected.contains(&f32::INFINITY), !nansafe);
    }
}

#[test]
fn json_says_everything_that_was_chosen() {
    let home = Home::new();
    grey8(&home.path("a.png"));
    let document = run(&home, "a.png -o b.png --json --threads 1")
        .expect(0)
        .json();
    let keys = |value: &Value| {
        let object = value.as_object().unwrap();
        object.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        keys(&document),
        "input output width height channels alpha sample parameters strips overlapped whole_frame peak_memory_bytes seconds"
    );
    assert_eq!(
        document["parameters"],
        serde_json::json!({
            "like": "exact", "estimate": "opening", "shape": "ball", "radius": 100.0, "height": 100.0,
            "surface": "light", "presmooth": true, "nan": "ignore", "subtract": false, "bias": false,
            "threads": 1, "memory_mb": 1024
        })
    );
    assert_eq!(
        (
            &document["width"],
            &document["height"],
            &document["channels"],
            &document["sample"]
        ),
        (&41.into(), &29.into(), &1.into(), &"u8".into())
    );
    assert_eq!(keys(&document["seconds"]), "read roll write total");
    assert!(document["seconds"]["total"].as_f64().unwrap() > 0.0);
    if cfg!(target_os = "linux") {
        assert!(document["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
}

#[test]
fn the_bias_is_measured_told_and_taken_out() {
    let home = Home::new();
    let (width, height, level) = (200, 140, 120.0);
    // The sum of twelve even distributions is a good Gaussian.
    let mut random = noise(3).map(|random| f64::from(random) / f64::from(u32::MAX));
    let mut gauss = || (0..12).map(|_| random.next().unwrap()).sum::<f64>() - 6.0;
    let data: Vec<u8> = (0..width * height)
        .map(|_| (level + 5.0 * gauss()).round() as u8)
        .collect();
    let image = ImageBuffer::<Luma<u8>, _>::from_raw(width, height, data).unwrap();
    png(&home.path("a.png"), &image.into());
    let off = |name: &str| {
        let image = read_png(&home.path(name));
        let data = image.as_luma8().unwrap().as_raw();
        data.iter().map(|&v| f64::from(v)).sum::<f64>() / data.len() as f64 - level
    };
    for side in ["light", "dark"] {
        let line = format!("a.png -o b.png --radius 20 --surface {side} --json");
        run(&home, &line).expect(0);
        let before = off("b.png");
        let document = run(&home, &format!("{line} --bias on")).expect(0).json();
        let sigma = document["bias"][0]["sigma"].as_f64().unwrap();
        let correction = document["bias"][0]["correction"].as_f64().unwrap();
        assert!((4.5..5.5).contains(&sigma), "{sigma}");
        assert!(correction * before < 0.0, "{correction} against {before}");
        assert!(
            off("b.png").abs() < before.abs() / 3.0,
            "{before}, then {}",
            off("b.png")
        );
    }
}

/// Each is one sentence that says what to change, before anything is read or written.
#[test]
fn what_does_not_go_together_is_refused() {
    let home = Home::new();
    grey8(&home.path("a.png"));
    for (flags, sentence) in [
        ("--height 9", "use --shape ellipsoid"),
        ("--shape ellipsoid", "add --height LEVELS"),
        ("--radius 0", "0 is not in 0.001..=100000 pixels"),
        ("--radius -1", "-1 is not in"),
        ("--radius nan", "is not in"),
        ("--radius 1e6", "1000000 is not in"),
        ("--shape ellipsoid --height inf", "inf is not in"),
        ("--threads 0", "0 is not in 1..=1024"),
        ("--memory 1", "1 is not in 16..=1048576"),
        ("--estimate closing", "possible values: erosion, opening"),
        (
            "--like scikit-image --estimate opening",
            "use --estimate erosion",
        ),
        ("--like scikit-image --surface light", "use --surface dark"),
        ("--like scikit-image --presmooth on", "use --presmooth off"),
        (
            "--like scikit-image --shape ellipsoid --height 4",
            "use --shape ball",
        ),
        ("--like scikit-image --bias on", "use --bias off"),
        ("--like imagej --estimate erosion", "use --estimate opening"),
        (
            "--like imagej --shape ellipsoid --height 4",
            "use --shape ball or paraboloid",
        ),
        (
            "--like imagej --shape paraboloid --height 4",
            "leave it out",
        ),
    ] {
        let ended = run(&home, &format!("a.png -o out/b.png {flags}")).expect(2);
        assert_eq!(ended.errors().len(), 1, "{flags}: {}", ended.err);
        assert!(ended.err.contains(sentence), "{flags}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
    assert!(!home.path("out").exists());
}

#[test]
fn bad_files_are_one_sentence_and_leave_nothing() {
    let home = Home::new();
    fs::write(home.path("half.jpg"), truncated_jpeg()).unwrap();
    fs::write(home.path("half.png"), &picture(100, 100, 1)[..400]).unwrap();
    fs::write(home.path("text.png"), "Dear all, this is a letter.").unwrap();
    home.folder("folder");
    for (input, code, sentence) in [
        ("half.jpg", 1, "cut short"),
        ("half.png", 1, "half.png: "),
        ("text.png", 1, "this is not a picture"),
        ("nowhere.png", 2, "nowhere.png: no such file or folder"),
        ("folder", 2, "it is a folder"),
    ] {
        let ended = run(&home, &format!("{input} -o out/b.png --radius 5 --json")).expect(code);
        assert_eq!(ended.errors().len(), 1, "{input}: {}", ended.err);
        assert!(ended.err.contains(sentence), "{input}: {}", ended.err);
        assert_eq!(ended.out, "");
        assert!(!home.path("out").exists() || fs::read_dir(home.path("out")).unwrap().count() == 0);
    }
}

#[test]
fn outputs_that_cannot_be_are_refused() {
    let home = Home::new();
    grey8(&home.path("a.png"));
    tiff_of_floats(&home.path("f.tif"), &floats());
    fs::hard_link(home.path("a.png"), home.path("hard.png")).unwrap();
    symlink("a.png", home.path("soft.png")).unwrap();
    home.folder("folder.png");
    let before = fs::read(home.path("a.png")).unwrap();
    for (line, sentence) in [
        (
            "a.png -o a.png",
            "would overwrite a.png, which is the input",
        ),
        (
            "a.png -o hard.png",
            "would overwrite hard.png, which is the input",
        ),
        (
            "a.png -o soft.png",
            "would overwrite soft.png, which is the input",
        ),
        (
            "soft.png -o ./a.png",
            "would overwrite ./a.png, which is the input",
        ),
        (
            "a.png -o b.jpg",
            "b.jpg is neither PNG nor TIFF by its name",
        ),
        ("a.png -o b", "b is neither PNG nor TIFF by its name"),
        (
            "a.png -o folder.png",
            "cannot write folder.png: it is a folder",
        ),
        (
            "a.png -o a.png/b.png",
            "a part of the path is a file, not a folder",
        ),
        ("f.tif -o b.png", "use a name that ends in .tif"),
        (
            "a.png -o b.png --like imagej --colors brightness",
            "use --colors separate",
        ),
    ] {
        let ended = run(&home, line).expect(2);
        assert_eq!(ended.errors().len(), 1, "{line}: {}", ended.err);
        assert!(ended.err.contains(sentence), "{line}: {}", ended.err);
    }
    assert_eq!(fs::read(home.path("a.png")).unwrap(), before);
    assert!(!home.path("b.png").exists() && !home.path("b.tif").exists());
}

#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    if is_root() {
        eprintln!("skipped: permissions say nothing to root");
        return;
    }
    let home = Home::new();
    grey8(&home.path("a.png"));
    let out = home.folder("out");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o500)).unwrap();
    let ended = run(&home, "a.png -o out/b.png").expect(2);
    assert_eq!(
        ended.errors(),
        ["error: cannot write out/b.png: permission denied"]
    );
}

#[test]
fn an_earlier_result_is_replaced() {
    let home = Home::new();
    grey8(&home.path("a.png"));
    fs::write(home.path("b.png"), "spoilt").unwrap();
    run(&home, "a.png -o b.png --radius 3").expect(0);
    assert!(
        fs::read(home.path("b.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing() {
    let home = Home::new();
    fs::write(home.path("a.png"), disorder(4000, 3000)).unwrap();
    home.folder("out");
    let mut arguments = vec!["background", "a.png", "-o", "out/b.png", "--json"];
    arguments.extend(SLOW_BALL);
    let child = home.command(&arguments).spawn().unwrap();
    wait_until("it writes", || {
        fs::read_dir(home.path("out")).unwrap().count() > 0
    });
    interrupt(&child);
    let ended = end(child).expect(130);
    assert_eq!(ended.err, "interrupted: stopped; nothing was written\n");
    assert_eq!(ended.out, "");
    only(&home, "out", &[]);
}
