//! `whiteboarder clean`: clean pictures here and now, without any cloud.

mod follow;
mod report;
mod target;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum as _};
use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_core::geometry::{Corners, Crop, Geometry, GeometryError, QuadChoice};
use whiteboarder_core::image::Limits;
use whiteboarder_jobs::submit::{Wish, plan};

use super::recipe::RecipeChoice;
use crate::cleaning::document::Document;
use crate::cleaning::layout::{check_writable, find, skipped_lines};
use crate::cleaning::pool::{Message, Options, Pool, Sized};
use crate::cleaning::wishes::{Kind, lay_out};
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::progress::{Bars, Unit};
use crate::term::screen::GraphicsChoice;
use crate::term::show::Show;
use follow::{End, Run};
use report::{Report, Status};
use target::Target;

/// Clean pictures here and now, several at a time.
///
/// Takes files and folders (with everything in them). Results are PNG files named after their picture,
/// `board.jpg` → `board.jpg.png`, in the folder given with -o; or exactly the file given with -o when there
/// is one picture, whose ending tells the format. A name that ends in .pdf is one document with a page per picture.
/// An input is never overwritten, and a result appears only when it is complete.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder clean board.jpg -o board.png --show
  whiteboarder clean photos more/board.png -o cleaned --recipe hard
  whiteboarder clean page.jpg -o page.png --recipe ./mine.toml --set finish.white=90
  whiteboarder clean photos -o lecture.pdf --quad auto
  whiteboarder clean board.jpg -o board.png --crop 10%,5%,80%,90% --also mask,transparent,svg
  whiteboarder clean photos -o cleaned --format jpeg --quality 85 --pdf lecture.pdf
  whiteboarder clean photos -o cleaned --json | jq '.items[] | select(.status == \"failed\")'

--also writes beside each result: board.jpg.background.png, board.jpg.mask.png, board.jpg.transparent.png,
board.jpg.true.png (png-true), and by their endings the other formats. A PNG tells in its text `whiteboarder` what
was chosen for it.

--json prints one document; what does not apply is left out:
  {\"items\": [{\"input\", \"name\", \"output\", \"status\": \"cleaned\"|\"failed\"|\"stopped\", \"width\",
    \"height\", \"bytes\", \"seconds\": {\"decode\", \"background\", \"finish\", \"encode\", \"total\"},
    \"outputs\": [{\"path\", \"format\", \"bytes\", \"page\", \"held\": \"palette\"|\"true-colour\"|\"bits\"|\"outlines\", …}],
    \"chosen\": {\"surface\", \"stroke_px\", \"small\", \"noise\", \"ink\", \"white\", \"dark\", \"lift\"},
    \"more_pictures\": true|false, \"geometry\": {\"said\", \"message\", \"quad\": [{\"x\", \"y\"}, …]},
    \"error\": {\"name\", \"message\"}}], \"skipped\": [{\"path\", \"reason\"}],
    \"pdf\": {\"path\", \"pages\", \"bytes\"},
    \"summary\": {\"cleaned\", \"failed\", \"stopped\", \"seconds\"}}")]
pub struct CleanArgs {
    /// Pictures (JPEG, PNG, TIFF, WebP, BMP) and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder for the results, or a file name (.png, .jpg, .webp, .svg, .pdf) for a single picture
    #[arg(long, short, value_name = "DIR|FILE", required_unless_present = "pdf")]
    output: Option<PathBuf>,
    /// Format of the results [default: what -o ends in, else png]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    format: Option<Kind>,
    /// Quality of JPEG files, 1 to 100 [default: 90]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// More files beside each result, with commas between
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    also: Vec<Kind>,
    /// One document with a page per picture, in their order
    #[arg(long, value_name = "FILE.pdf")]
    pdf: Option<PathBuf>,
    /// Keep this rectangle: pixels or percent of the upright photograph
    #[arg(long, value_name = "X,Y,W,H", allow_hyphen_values = true)]
    crop: Option<Crop>,
    /// Straighten the board with these four corners, or look for it; unless it is found surely, the picture stays whole
    #[arg(long, value_name = "X,Y,X,Y,X,Y,X,Y|auto", value_parser = quad, allow_hyphen_values = true)]
    quad: Option<QuadChoice>,
    #[command(flatten)]
    recipe: RecipeChoice,
    /// Pictures at the same time [default: this machine's cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print one JSON document when done
    #[arg(long)]
    json: bool,
    /// Print the results too, as pictures; needs a terminal
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// How to print pictures
    #[arg(long, value_name = "HOW", default_value = "auto", requires = "show")]
    graphics: GraphicsChoice,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::MAIN).try_map(|name| Kind::from_str(&name, false))
}

fn quad(text: &str) -> Result<QuadChoice, GeometryError> {
    if text.trim() == "auto" {
        return Ok(QuadChoice::Auto);
    }
    text.parse::<Corners>().map(QuadChoice::Given)
}

impl CleanArgs {
    fn geometry(&self) -> Result<Geometry> {
        let geometry = Geometry {
            crop: self.crop,
            quad: self.quad.unwrap_or_default(),
        };
        if geometry.crop.is_some() && matches!(geometry.quad, QuadChoice::Given(_)) {
            return Err(Failure::usage(GeometryError::CropAndCorners.to_string())
                .hint("--quad auto looks for the board within --crop")
                .into());
        }
        Ok(geometry)
    }
}

pub fn run(args: &CleanArgs, settings: &Settings) -> Result<Exit> {
    let started = Instant::now();
    let terminal = &settings.terminal;
    let show = args
        .show
        .then(|| Show::on(terminal, args.graphics))
        .transpose()?;
    let recipe = args.recipe.read(&settings.dirs)?;
    let geometry = args.geometry()?;
    let mut found = find(&args.paths, args.output.as_deref())?;
    // Pages in the order in which somebody named the pictures; within a folder, by name.
    found.files.sort_by_key(|file| {
        let mut paths = args.paths.iter();
        paths.position(|path| file.path.starts_with(path))
    });
    // The plan is asked only for its sizes: what will run at the same time must fit into memory.
    let planned = plan(found, &recipe, Wish::Auto, &DEFAULT_LOCAL_LAMBDA);
    let skipped = planned.skipped;
    for line in skipped_lines(&skipped) {
        terminal.note(&line);
    }
    let pixels: Vec<u64> = planned
        .items
        .iter()
        .map(|item| u64::from(item.width.unwrap_or(0)) * u64::from(item.height.unwrap_or(0)))
        .collect();
    let memory: Vec<u64> = planned
        .items
        .iter()
        .map(|item| item.memory_mb.unwrap_or(0) << 20)
        .collect();
    let files: Vec<_> = planned.items.into_iter().map(|item| item.file).collect();
    let target = Target::of(args, files.len())?;
    let tasks = lay_out(files, &target.wishes(&args.also))?;
    let first = tasks.first().and_then(|task| task.products.first());
    check_writable(first.map(|product| product.path.as_path()))?;
    let begin =
        |path: &PathBuf| Document::new(path).map_err(|error| Failure::file("write", path, &error));
    let document = target.document.as_ref().map(begin).transpose()?;

    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let options = Options {
        recipe,
        geometry,
        quality: target.quality,
        limits: Limits::default(),
        threads: args.jobs.map_or(cores, usize::from),
    };
    let items = tasks.iter().map(report::not_yet).collect();
    let sized: Vec<Sized> = tasks
        .into_iter()
        .zip(memory)
        .map(|(task, memory_bytes)| Sized { task, memory_bytes })
        .collect();
    let bars = Bars::new(terminal);
    let bar = bars.add("clean", pixels.iter().sum(), Unit::Pixels);
    bar.set_message(format!("0/{}", sized.len()));

    let pool = Pool::start(sized, options, document)?;
    let sender = pool.sender.clone();
    on_interrupt(move || {
        let _ = sender.send(Message::Interrupted);
    });
    let mut run = Run {
        settings,
        bars: &bars,
        bar: &bar,
        pixels: &pixels,
        geometry,
        items,
        finished: 0,
        failed: 0,
    };
    let end = run.follow(&pool);
    bar.finish_and_clear();
    bars.clear();

    let mut items = run.items;
    let pdf = match (&end, pool.document()) {
        (_, None) => None,
        (End::Done, Some(document)) => document
            .finish()
            .map_err(|error| Failure::file("write", document.path(), &error))?,
        (_, Some(document)) => {
            document.discard();
            // What was only a page of it is nowhere.
            for item in &mut items {
                item.outputs.retain(|output| output.page.is_none());
                if item.status == Status::Cleaned && item.outputs.is_empty() {
                    item.status = Status::Stopped;
                }
            }
            None
        }
    };
    let report = Report::new(items, skipped, pdf, started.elapsed().as_secs_f64());
    if let Some(show) = &show {
        report.show(show)?;
    }
    report.finish(args.json, settings, end)
}
