//! `whiteboarder watch`: follow a batch to its end.

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::submit::load_manifest;
use whiteboarder_jobs::track::{FollowOptions, follow};
use whiteboarder_jobs::{JobsError, Reporter, runs};

use super::submit::Show;
use crate::batch::live::{Live, emit};
use crate::batch::outcome::{self, Counts, Written};
use crate::batch::target::connect;
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::Terminal;

/// Follow a batch until every picture is cleaned or has failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder watch
  whiteboarder watch 01JD7Q --json | jq -c 'select(.event == \"failed\")'

Ctrl-C only stops watching; the batch goes on. Ends with 1 when an item failed.
--json prints one object per line with `time` and `event`: execution, cleaned, failed, stuck, waiting,
offline, summary.")]
pub struct WatchArgs {
    /// The batch, or an unambiguous beginning of its id [default: the newest]
    batch: Option<String>,
    /// Lines instead of bars
    #[arg(long)]
    plain: bool,
    /// Print one JSON object per line as things happen
    #[arg(long)]
    json: bool,
}

pub fn run(args: &WatchArgs, settings: &Settings) -> Result<Exit> {
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    on_interrupt(move || asked.cancel());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(watch(args, settings, &cancel))
}

async fn watch(args: &WatchArgs, settings: &Settings, cancel: &CancellationToken) -> Result<Exit> {
    let target = connect(settings).await?;
    let batch = match &args.batch {
        Some(text) => runs::resolve(&target, text).await?.0,
        None => match runs::list(&target, 1).await?.into_iter().next() {
            Some(newest) => newest.batch,
            None => {
                return Err(Failure::usage("there is no batch to watch")
                    .hint("`whiteboarder submit PATH` makes one")
                    .into());
            }
        },
    };
    let manifest = load_manifest(&target, &batch).await?;
    let (reporter, events) = Reporter::channel();
    let terminal = Terminal {
        live: settings.terminal.live && !args.plain,
        ..settings.terminal.clone()
    };
    let mut live = Live::new(&terminal, args.json);
    live.expect(manifest.items.len());
    live.notify(settings);
    let mut show = Show {
        settings,
        target: target.clone(),
        live,
        events,
    };
    let options = FollowOptions::default();
    let followed = show
        .during(follow(&target, &manifest, &options, &reporter, cancel))
        .await;
    let status = followed.map_err(|error| match error.downcast_ref::<JobsError>() {
        Some(JobsError::Cancelled) => Failure::interrupted("the batch goes on without us")
            .hint(format!("`whiteboarder watch {batch}` follows it again"))
            .into(),
        _ => error,
    })?;
    let counts = Counts::of(&status);
    if args.json {
        emit(
            &terminal,
            &Summary {
                event: "summary",
                batch: &batch,
                counts,
                seconds: show.live.traffic().seconds,
            },
        )?;
    } else {
        outcome::print(&status, &Written::new(), &terminal)?;
        terminal.note(&format!(
            "batch {batch}: {}",
            counts.summary(&show.live.traffic(), &terminal)
        ));
    }
    show.live.ended(&batch, counts, cancel).await;
    Ok(counts.exit())
}

#[derive(serde::Serialize)]
struct Summary<'a> {
    event: &'static str,
    batch: &'a str,
    #[serde(flatten)]
    counts: Counts,
    seconds: f64,
}
