//! Files, the processes that clean them, and what those say.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use tempfile::TempDir;
use whiteboarder_core::image::{Limits, decode};

use crate::cleaning::{Told, Way};
use crate::huge::{Huge, Kind};
use crate::photograph;

/// One photograph.
#[derive(Serialize)]
pub struct PhotographRow {
    pub board: &'static str,
    /// The least of all rounds, each stage by itself.
    pub stages: [f64; 4],
    /// As one, with the least processor time of all rounds, the shortest time and the highest peak.
    #[serde(flatten)]
    pub whole: Told,
}

/// One picture in strips.
#[derive(Serialize)]
pub struct StripsRow {
    pub file: &'static str,
    #[serde(flatten)]
    pub told: Told,
}

/// Cleans photographs of about so many pixels; their rounds by turns.
pub fn photographs(pixels: f64, rounds: usize) -> Result<Vec<PhotographRow>, Box<dyn Error>> {
    let folder = TempDir::new()?;
    let mut files = Vec::new();
    for name in photograph::NAMES {
        let file = folder.path().join(format!("{name}.jpg"));
        std::fs::write(&file, photograph::of(name, pixels)?)?;
        files.push((name, file));
    }
    let mut rows: Vec<PhotographRow> = Vec::new();
    for round in 0..rounds {
        for (number, (board, file)) in files.iter().enumerate() {
            let results = [Way::Whole, Way::Stages].map(|way| (way, result_of(file, way)));
            let whole = process(Way::Whole, file, &results[0].1)?;
            let stages = process(Way::Stages, file, &results[1].1)?.stages;
            let stages = stages.ok_or("the stages were not told")?;
            if round == 0 {
                same_picture(&results[0].1, &results[1].1)?;
                rows.push(PhotographRow {
                    board,
                    stages,
                    whole,
                });
                continue;
            }
            let row = &mut rows[number];
            for (least, stage) in row.stages.iter_mut().zip(stages) {
                *least = least.min(stage);
            }
            row.whole.processor = row.whole.processor.min(whole.processor);
            row.whole.wall = row.whole.wall.min(whole.wall);
            row.whole.peak = row.whole.peak.max(whole.peak);
        }
    }
    Ok(rows)
}

/// Cleans pictures of growing size in strips; each is told as soon as it is done, for the last ones take minutes.
pub fn strips(
    most_megapixels: f64,
    quick: bool,
    mut tell: impl FnMut(&StripsRow) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let folder = TempDir::new()?;
    let (pixels, sizes): (f64, &[(usize, usize)]) = if quick {
        (0.2e6, &[(700, 500), (700, 2000)])
    } else {
        // The last one is as wide as the first: what remains is the height.
        let sizes = &[
            (10_000, 7_000),
            (20_000, 14_000),
            (40_000, 28_000),
            (10_000, 112_000),
        ];
        (12e6, sizes)
    };
    let jpeg = photograph::of(photograph::PEERS, pixels)?;
    for kind in [Kind::Png, Kind::TiledTiff] {
        for &(width, height) in sizes {
            if (width * height) as f64 > most_megapixels * 1e6 {
                continue;
            }
            let file = folder.path().join("huge");
            Huge::new(&jpeg, width, height)?.write(kind, &file)?;
            let result = result_of(&file, Way::Strips);
            let told = process(Way::Strips, &file, &result)?;
            if quick {
                let whole = result_of(&file, Way::Whole);
                process(Way::Whole, &file, &whole)?;
                same_size(&result, &whole)?;
            }
            // Room for the next ones.
            std::fs::remove_file(&file)?;
            std::fs::remove_file(&result)?;
            tell(&StripsRow {
                file: kind.name(),
                told,
            })?;
        }
    }
    Ok(())
}

fn result_of(file: &Path, way: Way) -> PathBuf {
    file.with_extension(format!("{}.png", way.name()))
}

/// Cleans in a process of its own.
fn process(way: Way, input: &Path, output: &Path) -> Result<Told, Box<dyn Error>> {
    let ended = Command::new(std::env::current_exe()?)
        .arg(format!("--{}", way.name()))
        .args([input, output])
        .output()?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        return Err(format!("{} of {}: {said}", way.name(), input.display()).into());
    }
    Ok(serde_json::from_slice(&ended.stdout)?)
}

/// The stages are worth nothing unless they are those of the whole.
fn same_picture(whole: &Path, stages: &Path) -> Result<(), Box<dyn Error>> {
    let read =
        |file: &Path| Ok::<_, Box<dyn Error>>(decode(&std::fs::read(file)?, &Limits::default())?);
    if read(whole)? == read(stages)? {
        Ok(())
    } else {
        Err("the stages, one by one, gave another picture than the whole".into())
    }
}

fn same_size(strips: &Path, whole: &Path) -> Result<(), Box<dyn Error>> {
    let read =
        |file: &Path| Ok::<_, Box<dyn Error>>(decode(&std::fs::read(file)?, &Limits::default())?);
    let (strips, whole) = (read(strips)?, read(whole)?);
    if (strips.width, strips.height) == (whole.width, whole.height) {
        Ok(())
    } else {
        Err("strips gave a picture of another size".into())
    }
}
