//! Scores a cleaning on boards with known truth:
//!
//! ```sh
//! cargo run --release -p whiteboarder-core --example score
//! ```
//!
//! draws boards by dice, photographs them, cleans the photographs through [`whiteboarder_core::clean::clean_bytes`],
//! prints the figures that [`figures`] defines, one row a board and their mean, and exits with 1 when one of them is worse than
//! the stored baseline allows. `--update-baseline` stores new ones.
//!
//! `--only NAME,NAME` looks at a few boards; `--write DIR` keeps `NAME.jpg` (photograph), `NAME.truth.png` and `NAME.png` (result); `--results DIR` scores the
//! files `NAME.png` there, another program's, instead of ours; `--raw` also scores the photographs as they are.

mod baseline;
mod board;
mod colour;
mod figures;
mod masks;
mod options;
#[path = "../processor/mod.rs"]
mod processor;
mod table;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::{Channels, Limits, decode};
use whiteboarder_core::recipe::Recipe;

use baseline::{Baseline, MEAN};
use board::{Board, kinds::KINDS};
use figures::{Figures, mean_of};
use options::Options;
use processor::processor_seconds;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1), KINDS.len())?;
    let recipe = match &options.recipe {
        Some(path) => Recipe::from_toml(&std::fs::read_to_string(path)?)?,
        None => Recipe::default(),
    };
    if let Some(folder) = &options.write {
        std::fs::create_dir_all(folder)?;
    }
    let (mut rows, mut raw) = (Vec::new(), Vec::new());
    table::head()?;
    for index in 0..options.boards {
        let kind = KINDS[index % KINDS.len()].name;
        if !options.only.is_empty() && !options.only.iter().any(|name| name == kind) {
            continue;
        }
        let board = board::board(options.seed, index, options.pixels)?;
        if options.raw {
            let figures = scored(&board.photo, None, &board)?;
            raw.push(figures);
            table::row(&format!("{} raw", board.name), &figures)?;
        }
        let figures = one(&board, &recipe, &options)?;
        table::row(&board.name, &figures)?;
        rows.push((board.name, figures));
    }
    let mean = |all: &[Figures]| mean_of(all);
    if options.raw {
        table::row("mean raw", &mean(&raw))?;
    }
    let all: Vec<Figures> = rows.iter().map(|(_, figures)| *figures).collect();
    rows.push((MEAN.to_owned(), mean(&all)));
    table::row(MEAN, &mean(&all))?;
    if options.results.is_some() || !options.only.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    judge(
        &options,
        &Baseline::new(options.seed, options.boards, options.pixels, &rows),
    )
}

/// Cleans one board, or takes another program's result of it, and scores that.
fn one(board: &Board, recipe: &Recipe, options: &Options) -> Result<Figures, Box<dyn Error>> {
    let (png, seconds) = if let Some(folder) = &options.results {
        let path = folder.join(format!("{}.png", board.name));
        let read = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
        (read?, None)
    } else {
        let before = processor_seconds();
        let cleaned = clean_bytes(&board.photo, recipe, &Limits::default())?;
        (cleaned.png, Some(processor_seconds() - before))
    };
    if let Some(folder) = &options.write {
        let path = |end: &str| folder.join(format!("{}{end}", board.name));
        std::fs::write(path(".jpg"), &board.photo)?;
        std::fs::write(path(".truth.png"), truth_png(board)?)?;
        std::fs::write(path(".png"), &png)?;
    }
    scored(&png, seconds, board)
}

fn scored(file: &[u8], seconds: Option<f64>, board: &Board) -> Result<Figures, Box<dyn Error>> {
    let picture = decode(file, &Limits::default())?;
    let (width, height) = (board.truth.width, board.truth.height);
    if (picture.width as usize, picture.height as usize) != (width, height) {
        return Err(format!("the result of {} is not {width} by {height}", board.name).into());
    }
    let rgb = match picture.channels {
        Channels::Rgb => picture.data,
        Channels::Grey => picture.data.iter().flat_map(|&grey| [grey; 3]).collect(),
    };
    let result = figures::Result {
        rgb: &rgb,
        bytes: file.len(),
        seconds,
    };
    Ok(figures::of(&result, &board.truth))
}

fn truth_png(board: &Board) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let (width, height) = (board.truth.width as u32, board.truth.height as u32);
    PngEncoder::new(&mut bytes).write_image(
        &board.truth.picture,
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// Compares with the baseline, or stores a new one.
fn judge(options: &Options, now: &Baseline) -> Result<ExitCode, Box<dyn Error>> {
    let path = options.baseline.clone().unwrap_or_else(default_path);
    if options.update_baseline {
        now.write(&path)?;
        table::say(&format!("Stored as the baseline in {}.", path.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.baseline.is_none() && !path.exists() {
        table::say("There is no baseline yet: --update-baseline stores one.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let was = Baseline::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if !was.comparable(now) || (options.recipe.is_some() && options.baseline.is_none()) {
        table::say(
            "Not compared with the baseline, which is of other boards or the default recipe.",
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let worse = was.worse(now);
    for sentence in &worse {
        table::say(sentence)?;
    }
    if worse.is_empty() {
        table::say("No figure is worse than the baseline allows.")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn default_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/score/baseline.toml")
}
