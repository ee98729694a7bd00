//! `whiteboarder clean`: clean pictures here and now, without any cloud.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_core::image::Limits;
use whiteboarder_jobs::submit::{Skipped, Wish, plan};

use super::recipe::RecipeChoice;
use crate::cleaning::layout::{Job, check_writable, destination, find, lay_out, skipped_lines};
use crate::cleaning::pool::{Message, Options, Outcome, Pool, Reason, Sized};
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::glyph::{Mark, Style};
use crate::term::progress::{Bars, Unit};
use crate::term::screen::GraphicsChoice;
use crate::term::show::Show;
use crate::term::table::{Align, Cell, Table};
use crate::term::text;

/// Clean pictures here and now, several at a time.
///
/// Takes files and folders (with everything in them). Results are PNG files named after their picture,
/// `board.jpg` → `board.jpg.png`, in the folder given with -o; or exactly the file given with -o when there
/// is one picture. An input is never overwritten, and a result appears only when it is complete.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder clean board.jpg -o board.png --show
  whiteboarder clean photos more/board.png -o cleaned --recipe strong
  whiteboarder clean page.jpg -o page.png --recipe ./mine.toml --set finish.white=90
  whiteboarder clean photos -o cleaned --json | jq '.items[] | select(.status == \"failed\")'

--json prints one document; what does not apply is left out:
  {\"items\": [{\"input\", \"name\", \"output\", \"status\": \"cleaned\"|\"failed\"|\"stopped\", \"width\",
    \"height\", \"bytes\", \"seconds\": {\"decode\", \"background\", \"finish\", \"encode\", \"total\"},
    \"error\": {\"name\", \"message\"}}], \"skipped\": [{\"path\", \"reason\"}],
    \"summary\": {\"cleaned\", \"failed\", \"stopped\", \"seconds\"}}")]
pub struct CleanArgs {
    /// Pictures (JPEG, PNG, TIFF, WebP, BMP) and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder for the results, or a file name (.png) for a single picture
    #[arg(long, short, value_name = "DIR|FILE.png")]
    output: PathBuf,
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

/// An item of the JSON document.
#[derive(Debug, Serialize)]
struct Item {
    input: PathBuf,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// Of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Cleaned,
    Failed,
    /// Not begun or not finished, because the run ended.
    Stopped,
}

#[derive(Debug, Serialize)]
struct Seconds {
    decode: f64,
    background: f64,
    finish: f64,
    encode: f64,
    total: f64,
}

#[derive(Debug, Serialize)]
struct ItemError {
    name: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
struct Document {
    items: Vec<Item>,
    skipped: Vec<Skipped>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Summary {
    cleaned: usize,
    failed: usize,
    stopped: usize,
    seconds: f64,
}

pub fn run(args: &CleanArgs, settings: &Settings) -> Result<Exit> {
    let started = Instant::now();
    let terminal = &settings.terminal;
    let show = args
        .show
        .then(|| Show::on(terminal, args.graphics))
        .transpose()?;
    let recipe = args.recipe.read(&settings.dirs)?;
    let found = find(&args.paths, Some(&args.output))?;
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
    let destination = destination(&args.output, files.len())?;
    let jobs = lay_out(files, &destination)?;
    check_writable(jobs.first().map(|job| job.output.as_path()))?;

    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let options = Options {
        recipe,
        limits: Limits::default(),
        threads: args.jobs.map_or(cores, usize::from),
    };
    let sized = jobs
        .iter()
        .zip(memory)
        .map(|(job, memory_bytes)| Sized {
            job: job.clone(),
            memory_bytes,
        })
        .collect();
    let bars = Bars::new(terminal);
    let bar = bars.add("clean", pixels.iter().sum(), Unit::Pixels);
    bar.set_message(format!("0/{}", jobs.len()));

    let pool = Pool::start(sized, options)?;
    let sender = pool.sender.clone();
    on_interrupt(move || {
        let _ = sender.send(Message::Interrupted);
    });
    let mut run = Run {
        settings,
        bars: &bars,
        bar: &bar,
        pixels: &pixels,
        items: jobs.iter().map(not_yet).collect(),
        finished: 0,
        failed: 0,
    };
    let end = run.follow(&pool);
    bar.finish_and_clear();
    bars.clear();

    let items = run.items;
    let count = |status| items.iter().filter(|item| item.status == status).count();
    let summary = Summary {
        cleaned: count(Status::Cleaned),
        failed: count(Status::Failed),
        stopped: count(Status::Stopped),
        seconds: started.elapsed().as_secs_f64(),
    };
    let document = Document {
        items,
        skipped,
        summary,
    };
    if let Some(show) = &show {
        print_pictures(show, &document.items)?;
    }
    finish(args, settings, &document, end)
}

/// How the pool came to its end.
#[derive(Debug)]
enum End {
    Done,
    Interrupted,
    Fatal(Reason),
}

/// What is known while it runs.
struct Run<'a> {
    settings: &'a Settings,
    bars: &'a Bars,
    bar: &'a ProgressBar,
    pixels: &'a [u64],
    items: Vec<Item>,
    finished: usize,
    failed: usize,
}

impl Run<'_> {
    fn follow(&mut self, pool: &Pool) -> End {
        let mut end = End::Done;
        while self.finished < self.items.len() {
            match pool.messages.recv() {
                Ok(Message::Finished { index, outcome }) => {
                    if let Some(reason) = self.note(index, outcome) {
                        end = End::Fatal(reason);
                        break;
                    }
                }
                Ok(Message::Interrupted) => {
                    end = End::Interrupted;
                    break;
                }
                // Cannot be: the pool holds a sender itself.
                Err(_) => break,
            }
        }
        // After this nothing is written any more; what was finished meanwhile counts.
        pool.stop();
        while let Ok(message) = pool.messages.try_recv() {
            if let Message::Finished { index, outcome } = message {
                self.note(index, outcome);
            }
        }
        end
    }

    /// Takes an outcome down. Gives the reason back when it ends everything.
    fn note(&mut self, index: usize, outcome: Outcome) -> Option<Reason> {
        let terminal = &self.settings.terminal;
        self.finished += 1;
        let of = format!("{}/{}", self.finished, self.items.len());
        let item = self.items.get_mut(index)?;
        let name = text::safe(&item.name);
        let mut fatal = None;
        match outcome {
            Outcome::Cleaned(cleaned) => {
                item.status = Status::Cleaned;
                item.width = Some(cleaned.width);
                item.height = Some(cleaned.height);
                item.bytes = Some(cleaned.bytes);
                item.seconds = Some(Seconds {
                    decode: cleaned.timings.decode,
                    background: cleaned.timings.background,
                    finish: cleaned.timings.finish,
                    encode: cleaned.timings.encode,
                    total: cleaned.seconds,
                });
                if !self.bars.live() {
                    let mark = terminal.marked(Mark::Done, "cleaned");
                    let took = text::seconds(cleaned.seconds);
                    self.bars.line(&format!("{mark}  {of}  {name}  {took}"));
                }
            }
            Outcome::Failed(reason) => {
                self.failed += 1;
                fail(item, reason.clone());
                let mark = terminal.marked(Mark::Failed, "failed");
                self.bars.line(&format!(
                    "{mark}  {of}  {name}  {}: {}",
                    reason.name, reason.message
                ));
            }
            Outcome::Fatal(reason) => {
                self.failed += 1;
                fail(item, reason.clone());
                fatal = Some(reason);
            }
        }
        self.bar.inc(self.pixels.get(index).copied().unwrap_or(0));
        let failed = match self.failed {
            0 => String::new(),
            failed => format!("  {}", terminal.marked(Mark::Failed, &failed.to_string())),
        };
        self.bar.set_message(format!("{of}{failed}"));
        fatal
    }
}

fn fail(item: &mut Item, reason: Reason) {
    item.status = Status::Failed;
    item.output = None;
    item.error = Some(ItemError {
        name: reason.name,
        message: reason.message,
    });
}

fn not_yet(job: &Job) -> Item {
    Item {
        input: job.source.path.clone(),
        name: job.source.name.clone(),
        output: Some(job.output.clone()),
        status: Status::Stopped,
        width: None,
        height: None,
        bytes: None,
        seconds: None,
        error: None,
    }
}

/// The results, before the table: what matters last is what is still in sight.
fn print_pictures(show: &Show<'_>, items: &[Item]) -> Result<()> {
    for item in items.iter().filter(|item| item.status == Status::Cleaned) {
        if let Some(output) = &item.output {
            let bytes =
                std::fs::read(output).map_err(|error| Failure::file("read", output, &error))?;
            show.print(&text::path(output), &bytes)?;
        }
    }
    Ok(())
}

fn finish(args: &CleanArgs, settings: &Settings, document: &Document, end: End) -> Result<Exit> {
    let terminal = &settings.terminal;
    let Summary {
        cleaned,
        failed,
        stopped,
        seconds,
    } = document.summary;
    if args.json {
        terminal.document(document)?;
    } else if !terminal.quiet && cleaned + failed > 0 {
        for line in table(&document.items, settings).lines(terminal) {
            terminal.line(&line)?;
        }
    }
    let rest = text::counts(&[(failed, "failed"), (stopped, "not done")]);
    terminal.note(&format!(
        "{cleaned} cleaned{rest} in {}",
        text::seconds(seconds)
    ));
    match end {
        End::Done if failed > 0 || document.skipped.iter().any(|file| file.named) => {
            Ok(Exit::SomeFailed)
        }
        End::Done => Ok(Exit::Success),
        End::Interrupted => {
            Err(Failure::interrupted("stopped; the same command starts over").into())
        }
        End::Fatal(reason) => Err(Failure::usage(reason.message)
            .exit(Exit::SomeFailed)
            .hint("make room there, or choose another place with -o")
            .into()),
    }
}

fn table(items: &[Item], settings: &Settings) -> Table {
    let unicode = settings.terminal.unicode;
    let mut table = Table::new(&[
        ("image", Align::Left),
        ("status", Align::Left),
        ("pixels", Align::Right),
        ("took", Align::Right),
        ("output", Align::Left),
    ]);
    for item in items {
        let (mark, word) = match item.status {
            Status::Cleaned => (Mark::Done, "cleaned"),
            Status::Failed => (Mark::Failed, "failed"),
            Status::Stopped => (Mark::Stopped, "not done"),
        };
        let pixels = match (item.width, item.height) {
            (Some(width), Some(height)) => {
                format!("{width}{}{height}", if unicode { "×" } else { "x" })
            }
            _ => String::new(),
        };
        let last = match (&item.error, item.status, &item.output) {
            (Some(error), ..) => {
                Cell::styled(format!("{}: {}", error.name, error.message), Style::Bad)
            }
            (None, Status::Cleaned, Some(output)) => text::path(output).into(),
            _ => Cell::default(),
        };
        let took = item
            .seconds
            .as_ref()
            .map_or(String::new(), |seconds| text::seconds(seconds.total));
        table.row(vec![
            text::safe(&item.name).into(),
            Cell::styled(format!("{} {word}", mark.glyph(unicode)), mark.style()),
            pixels.into(),
            took.into(),
            last,
        ]);
    }
    table
}
