//! Looks for the board in files, and in scenes that are made up so that the truth is known:
//!
//! ```sh
//! cargo run --release -p whiteboarder-core --example quads -- FILES… [--draw DIR]
//! cargo run --release -p whiteboarder-core --example quads -- --scenes 200 [--from SEED] [--draw DIR]
//! ```
//!
//! `--draw` writes each picture with the quad drawn in (found: red; of a scene, the truth: green).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use whiteboarder_core::geometry::{
    Bounds, Camera, Detection, Dewarp, Point, Quad, aspect_ratio, detect,
};
use whiteboarder_core::image::{Channels, Limits, Picture, decode, encode_png};

#[path = "../processor/mod.rs"]
mod processor;
#[path = "../../tests/support/scenes.rs"]
mod scenes;

use processor::processor_seconds;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let (mut draw, mut from, mut count) = (None, 0, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--draw" => draw = Some(PathBuf::from(arguments.next().ok_or("--draw DIR")?)),
            "--scenes" => count = arguments.next().ok_or("--scenes N")?.parse()?,
            "--from" => from = arguments.next().ok_or("--from SEED")?.parse()?,
            _ => files.push(PathBuf::from(argument)),
        }
    }
    if let Some(folder) = &draw {
        std::fs::create_dir_all(folder)?;
    }
    for file in files {
        let picture = decode(&std::fs::read(&file)?, &Limits::default())?;
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let begun = Instant::now();
        let detection = detect(&picture);
        say(&format!(
            "{name:24} {:4} ms  {}",
            begun.elapsed().as_millis(),
            words(&detection)
        ));
        if let Some(folder) = &draw {
            drawn(
                &picture,
                &detection,
                None,
                &folder.join(format!("{name}.png")),
            )?;
        }
        let Detection::Found { quad, .. } = detection else {
            continue;
        };
        let (width, height) = (picture.width, picture.height);
        let (camera, bounds) = (
            Camera::of_photograph(width, height),
            Bounds::of_photograph(width, height),
        );
        let dewarp = Dewarp::new(&quad, &camera, &bounds);
        let begun = processor_seconds();
        let straight = dewarp.apply(&picture);
        say(&format!(
            "{:24} straightened to {} × {} in {:.2} s of processor time ({:?})",
            "",
            straight.width,
            straight.height,
            processor_seconds() - begun,
            aspect_ratio(&quad, &camera)
        ));
        if let Some(folder) = &draw {
            std::fs::write(
                folder.join(format!("{name}.straight.png")),
                encode_png(&straight)?,
            )?;
        }
    }
    made_up(from, count, draw.as_deref())
}

/// Made-up scenes: how many are right.
fn made_up(from: u64, count: u64, draw: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let (mut boards, mut found, mut refused, mut wrong) = (0, 0, 0, 0);
    for seed in from..from + count {
        let scene = scenes::scene(seed);
        let detection = detect(&scene.picture);
        boards += u64::from(scene.board.is_some());
        let verdict = match scene.verdict(&detection) {
            scenes::Verdict::Right => {
                found += 1;
                "right"
            }
            scenes::Verdict::Refused => {
                refused += 1;
                "refused"
            }
            scenes::Verdict::Wrong => {
                wrong += 1;
                "WRONG"
            }
        };
        say(&format!(
            "{seed:4} {:14} {verdict:8} {}",
            scene.kind,
            words(&detection)
        ));
        if let (Some(folder), true) = (draw, verdict != "right") {
            let name = format!("{seed:04}-{verdict}.png");
            drawn(&scene.picture, &detection, scene.board, &folder.join(name))?;
        }
    }
    if count > 0 {
        say(&format!(
            "{count} scenes, {boards} with a whole board: {found} found, {refused} refused, {wrong} wrong"
        ));
    }
    Ok(())
}

fn words(detection: &Detection) -> String {
    match detection {
        Detection::Found { quad, confidence } => {
            let corners = quad.corners().map(|c| format!("{:.0},{:.0}", c.x, c.y));
            format!("{} ({confidence:.2})", corners.join(" "))
        }
        Detection::Refused(refusal) => format!("{refusal:?}: {refusal}"),
    }
}

#[allow(clippy::print_stdout, reason = "this is what the example is for")]
fn say(line: &str) {
    println!("{line}");
}

/// Writes the picture, reduced, with quads.
#[allow(clippy::many_single_char_names, reason = "points of a drawing")]
fn drawn(
    picture: &Picture,
    detection: &Detection,
    truth: Option<Quad>,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let step = (picture.width.max(picture.height) / 900).max(1);
    let (width, height) = (picture.width / step, picture.height / step);
    let channels = picture.channels.count();
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let start = (y * step) as usize * picture.row_len() + (x * step) as usize * channels;
            let pixel = &picture.data[start..start + channels];
            data.extend((0..3).map(|c| pixel[c % channels]));
        }
    }
    let mut line = |quad: Quad, colour: [u8; 3]| {
        let corners = quad.corners();
        for i in 0..4 {
            let (a, b): (Point, Point) = (corners[i], corners[(i + 1) % 4]);
            for k in 0..4000 {
                let t = f64::from(k) / 4000.0;
                let x = (a.x + (b.x - a.x) * t) / f64::from(step);
                let y = (a.y + (b.y - a.y) * t) / f64::from(step);
                if x >= 1.0 && y >= 1.0 && x < f64::from(width) - 1.0 && y < f64::from(height) - 1.0
                {
                    for (dx, dy) in [(0, 0), (1, 0), (0, 1)] {
                        let at = ((y as usize + dy) * width as usize + x as usize + dx) * 3;
                        data[at..at + 3].copy_from_slice(&colour);
                    }
                }
            }
        }
    };
    if let Some(truth) = truth {
        line(truth, [0, 200, 0]);
    }
    if let Detection::Found { quad, .. } = detection {
        line(*quad, [255, 0, 0]);
    }
    std::fs::write(
        path,
        encode_png(&Picture::new(width, height, Channels::Rgb, data)?)?,
    )?;
    Ok(())
}
