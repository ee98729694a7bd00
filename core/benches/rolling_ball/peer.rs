//! Our half of `docs/benchmarks/compare.sh`: pictures for other programs, and our times on the same files.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use serde_json::json;
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::{Element, Operation, Roller, Rolling, Sample, View, ViewMut};

use crate::generator::{Board, Noise, rounded};
use crate::measure::{median, seconds};

#[path = "../../examples/processor/mod.rs"]
pub mod processor;

/// Writes the board with noise σ = 6, dark side up: scikit-image rolls under a picture only.
pub fn dump(folder: &Path, width: usize, height: usize) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let board = rounded(&Board::new(width, height).photograph(Noise::Gauss, 6.0));
    let dark = board.map(Sample::negated);
    let mut file = std::fs::File::create(folder.join("board.pgm"))?;
    write!(file, "P5\n{width} {height}\n255\n")?;
    file.write_all(&dark.data)?;
    Ok(())
}

/// A picture as [`dump`] writes it.
fn read(file: &Path) -> Result<Plane<u8>, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let mut lines = bytes.splitn(4, |&b| b == b'\n');
    let mut line = || lines.next().ok_or("this is not a PGM file");
    line()?;
    let size = std::str::from_utf8(line()?)?;
    let (width, height) = size.split_once(' ').ok_or("this is not a PGM file")?;
    line()?;
    let (width, height) = (width.parse()?, height.parse()?);
    Ok(Plane::new(width, height, line()?.to_vec()).ok_or("the PGM file has another size")?)
}

/// Prints wall and processor seconds of our erosion and opening for every radius, steady state, one JSON line each.
pub fn time(file: &Path, rounds: usize, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let picture = read(file)?;
    let floats = picture.map(f32::from);
    for radius in [10.0, 25.0, 50.0, 100.0, 200.0] {
        let element = Element::ball(radius).ok_or("radii are positive")?;
        for (name, operation) in [
            ("erosion", Operation::Erosion),
            ("opening", Operation::Opening),
        ] {
            let rolling = Rolling::new(element, operation);
            told(
                out,
                &format!("ours, {name}, u8"),
                &picture,
                &rolling,
                rounds,
            )?;
        }
        let smooth = Rolling {
            presmooth: true,
            ..Rolling::new(element, Operation::Opening)
        };
        told(
            out,
            "ours, opening with presmooth, f32",
            &floats,
            &smooth,
            rounds,
        )?;
    }
    Ok(())
}

fn told<T: Sample>(
    out: &mut impl Write,
    name: &str,
    picture: &Plane<T>,
    rolling: &Rolling,
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let mut roller = Roller::new();
    let mut result = picture.clone();
    let (mut walls, mut processors) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let before = processor::processor_seconds();
        let wall = seconds(|| {
            let Ok(()) = roller.roll(View::of(picture), ViewMut::of(&mut result), rolling, &Never);
        });
        // The first one warms the memory.
        if round > 0 {
            walls.push(wall);
            processors.push(processor::processor_seconds() - before);
        }
    }
    let line = json!({
        "program": name,
        "radius": rolling.element.radius(),
        "wall": median(walls),
        "cpu": median(processors),
        "width": picture.width,
        "height": picture.height,
    });
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
