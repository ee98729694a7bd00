//! Cleans files and tells how much processor time each stage took (all threads together, which other programs on the
//! machine hardly disturb) and how much memory the process has needed so far:
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p whiteboarder-core --example measure -- OUT_DIR FILE…
//! ```
//!
//! `RECIPE=file.toml` in the environment replaces the default recipe, and `VIEW=1600` also writes
//! `NAME.view.png`, before and after side by side, so many pixels wide each. The numbers in `src/cost/` come from
//! here, one process per file.

mod processor;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use image::imageops::{FilterType, overlay, resize};
use image::{DynamicImage, GrayImage, RgbImage};
use whiteboarder_core::image::{Channels, Limits, Picture, decode, encode_png, read_header};
use whiteboarder_core::{clean, cost, finish, recipe::Recipe};

use processor::processor_seconds;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: measure OUT_DIR FILE…")?;
    std::fs::create_dir_all(&folder)?;
    let recipe = match std::env::var_os("RECIPE") {
        Some(path) => Recipe::from_toml(&std::fs::read_to_string(path)?)?,
        None => Recipe::default(),
    };
    let view = std::env::var("VIEW")
        .ok()
        .and_then(|width| width.parse().ok());
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:24} {:>6} {:>6} | {:>6} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6} | {:>7} {:>7}",
        "file",
        "MP",
        "MB",
        "decode",
        "backgr",
        "finish",
        "encode",
        "total",
        "model",
        "ratio",
        "peak MB",
        "model"
    )?;
    for path in arguments {
        let bytes = std::fs::read(&path)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let header = read_header(&bytes)?;
        let estimate = cost::estimate(&header, bytes.len() as u64, &recipe);
        let mut marks = vec![processor_seconds()];
        let photograph = decode(&bytes, &Limits::default())?;
        marks.push(processor_seconds());
        let analysis = clean::analyse(&photograph, &recipe);
        marks.push(processor_seconds());
        let picture = finish::finish(&photograph, &analysis);
        marks.push(processor_seconds());
        let png = encode_png(&picture)?;
        marks.push(processor_seconds());
        let chosen = analysis.chosen();
        drop((picture, photograph, analysis));
        let total = marks[4] - marks[0];
        let peak = peak_megabytes();
        writeln!(
            out,
            "{name:24} {:6.2} {:6.2} | {:6.3} {:6.3} {:6.3} {:6.3} {:6.3} | {:6.3} {:6.2} | {:7.1} {:7.1}",
            header.pixels() as f64 / 1e6,
            png.len() as f64 / 1e6,
            marks[1] - marks[0],
            marks[2] - marks[1],
            marks[3] - marks[2],
            marks[4] - marks[3],
            total,
            estimate.seconds,
            estimate.seconds / total,
            peak,
            estimate.memory_bytes as f64 / f64::from(1 << 20),
        )?;
        writeln!(out, "  {chosen:?}")?;
        std::fs::write(folder.join(format!("{name}.png")), &png)?;
        if let Some(width) = view {
            let pair = [
                decode(&bytes, &Limits::default())?,
                decode(&png, &Limits::default())?,
            ];
            let pair = pair.map(|picture| shrunk(picture, width));
            let mut both = RgbImage::new(pair[0].width() * 2, pair[0].height());
            overlay(&mut both, &pair[0], 0, 0);
            overlay(&mut both, &pair[1], i64::from(pair[0].width()), 0);
            both.save(folder.join(format!("{name}.view.png")))?;
        }
    }
    Ok(())
}

fn shrunk(picture: Picture, width: u32) -> RgbImage {
    let (w, h) = (picture.width, picture.height);
    let rgb = match picture.channels {
        Channels::Grey => GrayImage::from_raw(w, h, picture.data)
            .map(|grey| DynamicImage::ImageLuma8(grey).to_rgb8()),
        Channels::Rgb => RgbImage::from_raw(w, h, picture.data),
    }
    .unwrap_or_default();
    let width = width.min(w);
    resize(&rgb, width, (h * width).div_ceil(w), FilterType::Triangle)
}

/// The process's peak resident memory (Linux; 0 elsewhere).
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
