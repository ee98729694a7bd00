//! `whiteboarder submit`: clean pictures as a batch on a target.

mod args;
mod paused;
mod show;

use anyhow::Result;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::download::{self, download};
use whiteboarder_jobs::submit::{
    Batch, CreateOptions, Scan, SubmitOptions, run as run_batch, upload,
};
use whiteboarder_jobs::track::BatchStatus;
use whiteboarder_jobs::{Progress, Reporter, Target};

pub use self::args::SubmitArgs;
use self::paused::paused;
pub use self::show::Show;
use crate::batch::live::{Live, emit};
use crate::batch::outcome::{self, Counts, Traffic};
use crate::batch::planned::{PlanEvent, Planned, narrower};
use crate::batch::target::{connect, expected};
use crate::cleaning::layout::{Destination, check_writable, destination, find_with, lay_out};
use crate::config::Settings;
use crate::error::Exit;
use crate::interrupt::on_interrupt;
use crate::term::Terminal;

/// Plans of at most this many pictures are shown line by line.
const SHOWN: usize = 24;

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
    )?
    .skipping_unchanged(!args.again);
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
    let plan = planned.plan.clone();
    let mut batch = Batch::begin(target, plan, &work.recipe, &options, reporter, cancel).await?;
    // Only `--resume` without paths needs the note; the batch does not fail for want of it.
    if let Err(error) = batch.remember(&show.settings.dirs.batches()) {
        tracing::warn!(%error, "the places of the files cannot be noted");
    }
    let claimed = batch.claim(target, &options, reporter, cancel).await;
    let counts = (0, batch.manifest.items.len());
    claimed.map_err(|error| paused(error.into(), args, batch.id(), counts))?;
    if let Some(line) = planned.unchanged(&batch.manifest) {
        terminal.note(&line);
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

#[cfg(test)]
#[path = "submit_tests.rs"]
mod tests;
