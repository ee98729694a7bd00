//! `whiteboarder submit`: clean pictures as a batch on a target.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::download::{self, download};
use whiteboarder_jobs::submit::{
    Batch, CreateOptions, Scan, ScanOptions, SubmitOptions, Wish, run as run_batch, upload,
};
use whiteboarder_jobs::track::BatchStatus;
use whiteboarder_jobs::{JobsError, Progress, Reporter, Target};

use super::recipe::RecipeChoice;
use crate::batch::live::{Live, emit};
use crate::batch::outcome::{self, Counts, Traffic};
use crate::batch::planned::{PlanEvent, Planned, narrower};
use crate::batch::target::{bring_back, connect, expected};
use crate::cleaning::layout::{Destination, check_writable, destination, find_with, lay_out};
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::{Terminal, text};

/// Plans of at most this many pictures are shown line by line.
const SHOWN: usize = 24;

/// Clean pictures as a batch: upload, follow, download.
///
/// Each picture becomes an execution of a state machine that plans where it runs, on Lambda or on ECS, and
/// cleans it there. The target is the cloud on this machine unless --profile says otherwise; it starts by
/// itself. What was interrupted goes on with --resume.
///
/// Before anything is sent, folders are searched, headers read, and it is told how many pictures there are, where each
/// will probably run, how long that takes and what it costs, or would cost on AWS. --dry-run ends there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder submit photos -o cleaned           upload, clean, download; a table of what ran where
  whiteboarder submit photos                      upload, print the batch's id; `watch` follows it
  whiteboarder submit photos --place ecs --wait   all on ECS, whatever the plan thinks
  whiteboarder submit photos --dry-run            only say what would happen, and what it would cost
  whiteboarder submit photos --include '*.jpg' --exclude 'drafts/' --exclude '*_raw.*'
  whiteboarder submit --resume 01JD… -o cleaned   go on with an interrupted batch

Patterns are matched with the name relative to the folder that is submitted, as in .gitignore: without a `/` at any
depth (`*.jpg`), with one from that folder on (`scans/**`); a folder that matches takes everything below with it
(`drafts/`). `*` and `?` stop at a `/`, `**` does not, `[0-9]` and `{png,tif}` choose. The case of letters does not
matter. --exclude wins. Put patterns into quotes, or the shell takes them.

--json prints one object per line with `time` and `event`: scan, plan, batch, upload_started,
upload_progress, upload_retry, uploaded, upload_failed, execution, cleaned, failed, stuck, waiting,
offline, downloaded, download_failed, and at the end submitted or summary (docs/formats.md has every field).")]
#[allow(clippy::struct_excessive_bools, reason = "they are flags")]
pub struct SubmitArgs {
    /// Pictures (JPEG, PNG, TIFF, WebP, BMP) and folders
    #[arg(required_unless_present = "resume", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only pictures whose names match this pattern; may be given several times
    #[arg(long, value_name = "GLOB", conflicts_with = "resume")]
    include: Vec<String>,
    /// No pictures whose names match this pattern; may be given several times
    #[arg(long, value_name = "GLOB", conflicts_with = "resume")]
    exclude: Vec<String>,
    /// Do not search the folders within the submitted ones
    #[arg(long, conflicts_with = "resume")]
    no_subfolders: bool,
    /// Where to run them
    #[arg(
        long,
        value_name = "PLACE",
        default_value = "auto",
        conflicts_with = "resume"
    )]
    place: PlaceArg,
    /// Wait until every picture is cleaned or has failed, and print a table
    #[arg(long)]
    wait: bool,
    /// Download the results to a folder, or to a file (.png) for a single picture; implies --wait
    #[arg(long, short, value_name = "DIR|FILE.png")]
    output: Option<PathBuf>,
    #[command(flatten)]
    recipe: RecipeChoice,
    /// Clean again what has been cleaned before with the same recipe
    #[arg(long, conflicts_with = "resume")]
    again: bool,
    /// Only say what would happen, and what it would cost
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Go on with a batch that was interrupted; its files are found where they were, or among PATHs
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["recipe", "set", "keep_metadata"])]
    resume: Option<String>,
    /// Print one JSON object per line as things happen
    #[arg(long)]
    json: bool,
}

/// `--place`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PlaceArg {
    /// The plan decides by size, time and memory
    Auto,
    /// On Lambda
    Lambda,
    /// On ECS
    Ecs,
}

impl From<PlaceArg> for Wish {
    fn from(place: PlaceArg) -> Wish {
        match place {
            PlaceArg::Auto => Wish::Auto,
            PlaceArg::Lambda => Wish::Lambda,
            PlaceArg::Ecs => Wish::Ecs,
        }
    }
}

/// Events that only this command has.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Told<'a> {
    Plan(PlanEvent<'a>),
    Summary {
        batch: &'a str,
        #[serde(flatten)]
        counts: Counts,
        #[serde(flatten)]
        traffic: Traffic,
        downloaded: usize,
        not_downloaded: usize,
    },
    Submitted {
        batch: &'a str,
        uploaded: usize,
        failed: usize,
    },
}

/// What is to be done, checked as far as this machine can.
struct Work {
    found: Option<Scan>,
    destination: Option<Destination>,
    recipe: Recipe,
}

pub fn run(args: &SubmitArgs, settings: &Settings) -> Result<Exit> {
    let work = prepare(args, settings)?;
    if args.dry_run {
        return dry_run(args, work, settings);
    }
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    on_interrupt(move || asked.cancel());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let left_out = work.found.as_ref().is_some_and(Scan::left_out_named);
    let exit = runtime.block_on(Box::pin(submit(args, work, settings, &cancel)))?;
    // Whoever names a file waits for its result.
    Ok(match exit {
        Exit::Success if left_out => Exit::SomeFailed,
        exit => exit,
    })
}

/// Everything that can be wrong here is found before anything is started or sent.
fn prepare(args: &SubmitArgs, settings: &Settings) -> Result<Work> {
    let recipe = args.recipe.read(&settings.dirs)?;
    let output = args.output.as_deref();
    let found = if args.paths.is_empty() {
        None
    } else {
        Some(find_with(&args.paths, output, &args.wanted())?)
    };
    let destination = match (&found, output) {
        (Some(found), Some(output)) => {
            let destination = destination(output, found.files.len())?;
            // Refuses results that would overwrite an original.
            let jobs = lay_out(found.files.clone(), &destination)?;
            if !args.dry_run {
                check_writable(jobs.first().map(|job| job.output.as_path()))?;
            }
            Some(destination)
        }
        _ => None,
    };
    Ok(Work {
        found,
        destination,
        recipe,
    })
}

impl SubmitArgs {
    /// Which of the files are wanted.
    fn wanted(&self) -> ScanOptions {
        ScanOptions {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            subfolders: !self.no_subfolders,
        }
    }
}

/// Begins each line of a dry run, so that none can be taken for something that happened.
const DRY_RUN: &str = "dry run: ";

fn dry_run(args: &SubmitArgs, work: Work, settings: &Settings) -> Result<Exit> {
    let terminal = &settings.terminal;
    let lanes = expected(settings)?;
    let planned = Planned::new(
        work.found.unwrap_or_default(),
        &work.recipe,
        args.place.into(),
        &lanes.lambda,
        &lanes,
        args.output.is_some(),
        settings,
    )?;
    if args.json {
        emit(terminal, &Told::Plan(planned.event(true)))?;
        return Ok(Exit::Success);
    }
    let room = narrower(terminal, DRY_RUN.len());
    let unicode = terminal.unicode;
    let table = planned.table(unicode).lines(&room);
    let left_out = planned.left_out("would leave out");
    let totals = planned.totals("would submit", room.width, unicode);
    let prices = planned.about_prices(room.width);
    for line in [table, left_out, totals, prices].concat() {
        terminal.line(&format!("{DRY_RUN}{line}"))?;
    }
    Ok(Exit::Success)
}

async fn submit(
    args: &SubmitArgs,
    mut work: Work,
    settings: &Settings,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let target = connect(settings).await?;
    let (reporter, events) = Reporter::channel();
    let live = Live::new(terminal, args.json);
    let mut show = Show {
        settings,
        target: target.clone(),
        live,
        events,
    };

    let batch = match &args.resume {
        Some(text) => {
            let found = work.found.take();
            let batch = resume(&target, text, found, settings, &reporter, cancel).await?;
            reporter.tell(Progress::Batch {
                batch: batch.id().to_owned(),
                items: batch.manifest.items.len(),
                bytes: batch.bytes_to_send(),
            });
            if let Some(output) = &args.output {
                work.destination = Some(destination(output, batch.manifest.items.len())?);
            }
            batch
        }
        None => create(args, &mut work, &mut show, &target, &reporter, cancel).await?,
    };
    let options = SubmitOptions::default();
    let id = batch.id().to_owned();
    if !args.wait && args.output.is_none() {
        let done = show
            .during(upload(&target, &batch, &options, &reporter, cancel))
            .await;
        let counts = show.live.uploaded();
        let summary = done.map_err(|error| paused(error, args, &id, counts))?;
        let failed = summary.failed.len();
        if args.json {
            let uploaded = summary.sent + summary.already;
            emit(
                terminal,
                &Told::Submitted {
                    batch: &id,
                    uploaded,
                    failed,
                },
            )?;
        } else {
            terminal.line(&id)?;
            terminal.note(&format!("`whiteboarder watch {id}` follows it"));
        }
        return Ok(if failed > 0 {
            Exit::SomeFailed
        } else {
            Exit::Success
        });
    }

    show.live.notify(settings);
    let done = show
        .during(run_batch(&target, &batch, &options, &reporter, cancel))
        .await;
    let counts = show.live.uploaded();
    let status = done.map_err(|error| paused(error, args, &id, counts))?;
    if let Some(destination) = &work.destination {
        let inputs = batch.inputs();
        let to = for_download(destination);
        let done = show
            .during(download(&target, &status, &to, &inputs, &reporter, cancel))
            .await;
        done.map_err(|error| paused(error, args, &id, counts))?;
    }
    let exit = conclude(args, settings, &show.live, &status)?;
    show.live.ended(&id, Counts::of(&status), cancel).await;
    Ok(exit)
}

/// Where the client should put results.
pub fn for_download(destination: &Destination) -> download::Destination {
    match destination {
        Destination::Folder(folder) => download::Destination::Folder(folder.clone()),
        Destination::File(file) => download::Destination::File(file.clone()),
    }
}

/// The last lines: the table, and how it went.
fn conclude(
    args: &SubmitArgs,
    settings: &Settings,
    live: &Live<'_>,
    status: &BatchStatus,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let counts = Counts::of(status);
    if args.json {
        emit(
            terminal,
            &Told::Summary {
                batch: &status.batch,
                counts,
                traffic: live.traffic(),
                downloaded: live.written.len(),
                not_downloaded: live.not_written,
            },
        )?;
    } else {
        outcome::print(status, &live.written, terminal)?;
        terminal.note(&format!(
            "batch {}: {}",
            status.batch,
            counts.summary(&live.traffic(), terminal)
        ));
    }
    Ok(if live.not_written > 0 {
        Exit::SomeFailed
    } else {
        counts.exit()
    })
}

/// Shows events while something runs.
pub struct Show<'a> {
    /// Everything resolved.
    pub settings: &'a Settings,
    /// Who is talked to.
    pub target: Target,
    /// What is shown.
    pub live: Live<'a>,
    /// What happens.
    pub events: UnboundedReceiver<Progress>,
}

impl Show<'_> {
    /// Runs something that reports, and shows what it reports. A local cloud that has gone is brought back.
    pub async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, JobsError>>,
    ) -> Result<T> {
        // On the heap: what the client does at the same time is a big value.
        let mut work = Box::pin(work);
        let target = self.target.clone();
        let mut rescue = None;
        let result = loop {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => {
                    if matches!(event, Progress::Offline { .. } | Progress::UploadRetry { .. })
                        && rescue.is_none()
                    {
                        rescue = Some(Box::pin(bring_back(self.settings, &target)));
                    }
                    self.live.event(&event)?;
                }
                () = async { if let Some(rescue) = &mut rescue { rescue.await } },
                    if rescue.is_some() => rescue = None,
                result = &mut work => break result,
            }
        };
        while let Ok(event) = self.events.try_recv() {
            self.live.event(&event)?;
        }
        self.live.finish();
        Ok(result?)
    }
}

async fn create(
    args: &SubmitArgs,
    work: &mut Work,
    show: &mut Show<'_>,
    target: &Target,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Batch> {
    let terminal = &show.settings.terminal;
    let found = work.found.take().unwrap_or_default();
    let scan = Progress::Scan {
        files: found.files.len(),
        bytes: found.bytes(),
        skipped: found.skipped.len(),
        excluded: found.excluded,
    };
    let planned = Planned::new(
        found,
        &work.recipe,
        args.place.into(),
        &target.profile().lambda,
        &expected(show.settings)?,
        args.output.is_some(),
        show.settings,
    )?;
    if args.json {
        emit(terminal, &scan)?;
        emit(terminal, &Told::Plan(planned.event(false)))?;
    } else {
        show_plan(&planned, terminal);
    }
    let options = CreateOptions {
        skip_unchanged: !args.again,
        ..CreateOptions::default()
    };
    let batch = Batch::create(
        target,
        planned.plan,
        &work.recipe,
        &options,
        reporter,
        cancel,
    )
    .await?;
    // Only `--resume` without paths needs the note; the batch does not fail for want of it.
    if let Err(error) = batch.remember(&show.settings.dirs.batches()) {
        tracing::warn!(%error, "the places of the files cannot be noted");
    }
    Ok(batch)
}

fn show_plan(planned: &Planned, terminal: &Terminal) {
    for line in planned.left_out("left out") {
        terminal.note(&line);
    }
    // On standard error: neither its width nor its colour is standard output's.
    let err = Terminal {
        color_out: terminal.color_err,
        ..terminal.clone()
    };
    if planned.plan.items.len() <= SHOWN {
        for line in planned.table(err.unicode).lines(&err) {
            terminal.note(&line);
        }
    }
    for line in planned.totals("submitting", err.width, err.unicode) {
        terminal.note(&line);
    }
}

async fn resume(
    target: &Target,
    text: &str,
    found: Option<Scan>,
    settings: &Settings,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Batch> {
    let (id, _) = whiteboarder_jobs::runs::resolve(target, text).await?;
    let files = match found {
        Some(found) => Some(found),
        None => Batch::recall(&settings.dirs.batches(), &id)?,
    };
    Ok(Batch::resume(target, &id, files, reporter, cancel).await?)
}

/// Ctrl-C, with how to go on; other errors as they are.
fn paused(
    error: anyhow::Error,
    args: &SubmitArgs,
    batch: &str,
    (uploaded, total): (usize, usize),
) -> anyhow::Error {
    let resume = match &args.output {
        Some(output) => format!(
            "`whiteboarder submit --resume {batch} -o {}` goes on where it stopped",
            text::path(Path::new(output))
        ),
        None => format!("`whiteboarder submit --resume {batch}` goes on where it stopped"),
    };
    match error.downcast_ref::<JobsError>() {
        Some(JobsError::Cancelled) => {
            let sentence = if uploaded < total {
                format!("{uploaded} of {} uploaded", text::count(total, "picture"))
            } else {
                "all is uploaded and goes on without us".to_owned()
            };
            Failure::interrupted(sentence).hint(resume).into()
        }
        Some(JobsError::Expired { .. }) => Failure::target(error.to_string())
            .hint(format!("log in again; {resume}"))
            .into(),
        Some(service @ JobsError::Service { .. }) if let Some(first) = service.hint() => {
            Failure::target(error.to_string())
                .hint(format!("{first}; {resume}"))
                .into()
        }
        Some(full) if full.is_no_room() => {
            let first = full.hint().unwrap_or_default();
            Failure::usage(error.to_string())
                .exit(Exit::SomeFailed)
                .hint(format!("{first}; {resume}"))
                .into()
        }
        Some(away) if away.is_transient() => Failure::target(error.to_string()).hint(resume).into(),
        _ => error,
    }
}

#[cfg(test)]
#[path = "submit_tests.rs"]
mod tests;
