//! `whiteboarder background`: the background of a picture, and nothing else.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::background::choice::Asked;
use crate::background::run::{Job, run as find};
use crate::error::Exit;
use crate::term::{Terminal, text};

/// Find the background of a picture: the surface on which a ball rolls.
///
/// Takes the samples as they are stored, of 8 bits, 16 bits or floating point, each channel apart; transparency is
/// carried over. Writes a PNG or a TIFF file with the same samples, by the name given with -o. The input is never
/// overwritten, and the result appears only when it is complete.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder background board.jpg -o paper.png
  whiteboarder background scan.tif -o flat.tif --subtract --radius 60
  whiteboarder background deep.tif -o paper.tif --shape ellipsoid --radius 100 --height 5000
  whiteboarder background cells.png -o like.png --like imagej --surface dark --radius 50 --subtract
  whiteboarder background cells.png -o like.png --like scikit-image --radius 50 --json | jq .seconds

--subtract writes, of a picture P and its background B, what the program given with --like does; exact is
  on a light surface  most - (B - P), white where both are equal, most being 255 or 65535;
  on a dark surface   P - B, black where both are equal;
  each held between 0 and most; and P - B, as it comes, of floating-point samples on either surface.

--json prints one document; what was not asked for is left out:
  {\"input\", \"output\", \"width\", \"height\", \"channels\", \"alpha\", \"sample\": \"u8\"|\"u16\"|\"f32\",
    \"parameters\": {\"like\", \"estimate\", \"shape\", \"radius\", \"height\", \"surface\", \"presmooth\", \"nan\",
    \"colors\", \"subtract\", \"bias\", \"threads\", \"memory_mb\"}, \"bias\": [{\"sigma\", \"correction\"}], \"strips\", \"overlapped\", \"whole_frame\",
    \"peak_memory_bytes\", \"seconds\": {\"read\", \"roll\", \"write\", \"total\"}}")]
pub struct BackgroundArgs {
    /// A picture (JPEG, PNG, TIFF, WebP, BMP)
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The result: a name that ends in .png (8 and 16 bits), .tif or .tiff (floating point, too)
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// Threads [default: this machine's cores]
    #[arg(long, value_name = "N", help_heading = "How it runs", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Memory for pixels; a larger picture goes through in strips, where its format allows
    #[arg(long, value_name = "MB", help_heading = "How it runs", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(16..=1_048_576))]
    memory: u64,
    /// Print one JSON document when done
    #[arg(long, help_heading = "How it runs")]
    json: bool,
}

pub fn run(args: &BackgroundArgs, terminal: &Terminal) -> Result<Exit> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let job = Job {
        input: args.input.clone(),
        output: args.output.clone(),
        choice: args.asked.choice()?,
        threads: args.threads.map_or(cores, usize::from),
        memory_mb: args.memory,
    };
    let report = find(job, terminal)?;
    if args.json {
        terminal.document(&report)?;
    }
    let times = if terminal.unicode { "×" } else { "x" };
    terminal.note(&format!(
        "{}: {}{times}{} pixels in {}",
        text::path(&report.output),
        report.width,
        report.height,
        text::seconds(report.seconds.total)
    ));
    Ok(Exit::Success)
}
