//! `whiteboarder watch`: the dashboard; without a terminal, lines until a batch has ended.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::submit::load_manifest;
use whiteboarder_jobs::track::{FollowOptions, follow};
use whiteboarder_jobs::watch::query::Query;
use whiteboarder_jobs::{JobsError, Reporter, Target, runs};

use super::submit::Show;
use crate::batch::live::{Live, emit};
use crate::batch::outcome::{self, Counts, Written};
use crate::batch::target::connect;
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::presets;
use crate::studio::{self, Front};
use crate::term::Terminal;
use crate::term::screen::GraphicsChoice;
use crate::watch::one::machine_of;
use crate::watch::plain::{self, Wanted};
use crate::watch::{self, Watched};

/// Watch executions live: what runs where, what failed and why, what it costs.
///
/// On a terminal this is the dashboard, over all executions of the profile's state machine, or of any other. Otherwise,
/// and with --plain or --json, it follows a batch to its end; with --state-machine or --filter it tells of every
/// execution that is new or changes until it is stopped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder watch
  whiteboarder watch latest
  whiteboarder watch --filter 'status:failed started<1h'
  whiteboarder watch --profile prod --state-machine arn:aws:states:eu-west-1:123456789012:stateMachine:orders
  whiteboarder watch 01JD7Q --json | jq -c 'select(.event == \"failed\")'

A filter is words, all of which must be found, and fields: status: place: planned: is:moved,cold,redriven,retried image:
batch: name: error: worker: state: kind:, and with < or > started, ended (ages: started<1h), took, attempts, redrives,
cost, memory. A - in front turns a word round.

Ctrl-C only stops watching; what runs goes on. A batch that is followed to its end gives 1 when an item failed.
--json prints one object per line with `time` and `event`: execution, cleaned, failed, stuck, waiting,
offline, summary.")]
pub struct WatchArgs {
    /// A batch, an unambiguous beginning of its id, or `latest`; or an execution's ARN
    #[arg(value_name = "BATCH|EXECUTION")]
    what: Option<String>,
    /// Another state machine than the profile's
    #[arg(long, value_name = "ARN|NAME")]
    state_machine: Option<String>,
    /// Only executions like this
    #[arg(
        long,
        value_name = "QUERY",
        default_value = "",
        hide_default_value = true
    )]
    filter: String,
    /// Lines instead of the dashboard
    #[arg(long)]
    plain: bool,
    /// Print one JSON object per line as things happen
    #[arg(long)]
    json: bool,
    /// Folder for the results that are downloaded from the dashboard
    #[arg(long, short, value_name = "DIR", default_value = "cleaned")]
    output: PathBuf,
    /// How to show pictures
    #[arg(long, value_name = "HOW")]
    graphics: Option<GraphicsChoice>,
}

pub fn run(args: &WatchArgs, settings: &Settings) -> Result<Exit> {
    let query = Query::parse(&args.filter).map_err(|error| {
        Failure::usage(format!("--filter: {error}"))
            .hint("`whiteboarder watch --help` has the fields")
    })?;
    let cancel = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if terminal && !args.plain && !args.json {
        // What was named wrongly is told before the screen is taken.
        let options = runtime.block_on(opening(args, settings))?;
        drop(runtime);
        return dashboard(args, settings, options);
    }
    let asked = cancel.clone();
    on_interrupt(move || asked.cancel());
    runtime.block_on(lines(args, settings, query, &cancel))
}

async fn opening(args: &WatchArgs, settings: &Settings) -> Result<watch::Options> {
    let mut options = watch::Options {
        watched: Watched {
            machine: args.state_machine.clone(),
            batch: None,
        },
        filter: args.filter.clone(),
        open: None,
        output: args.output.clone(),
    };
    match &args.what {
        None => {}
        Some(arn) if arn.starts_with("arn:") => {
            if options.watched.machine.is_none() {
                options.watched.machine = machine_of(arn);
            }
            options.open = Some(arn.clone());
        }
        Some(batch) => {
            let target = connect(settings).await?;
            options.watched.batch = Some(runs::resolve(&target, batch).await?.0);
        }
    }
    Ok(options)
}

fn dashboard(args: &WatchArgs, settings: &Settings, options: watch::Options) -> Result<Exit> {
    let recipe = presets::find(&settings.dirs, presets::DEFAULT)?;
    let studio = studio::open(studio::Options {
        paths: Vec::new(),
        output: Some(args.output.clone()),
        recipe: (presets::DEFAULT.to_owned(), recipe),
        graphics: args.graphics.unwrap_or_default(),
        watch: options,
        front: Front::Watch,
        bench: None,
    })?;
    studio.run(settings)
}

async fn lines(
    args: &WatchArgs,
    settings: &Settings,
    query: Query,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let target = connect(settings).await?;
    let one = args.what.as_ref().filter(|what| what.starts_with("arn:"));
    if args.state_machine.is_some() || !query.is_empty() || one.is_some() {
        let (machine, query) = match one {
            Some(arn) => (
                args.state_machine.clone().or_else(|| machine_of(arn)),
                Query::parse(arn).map_err(|error| Failure::usage(error.to_string()))?,
            ),
            None => (args.state_machine.clone(), query),
        };
        let batch = match &args.what {
            Some(what) if one.is_none() => Some(runs::resolve(&target, what).await?.0),
            _ => None,
        };
        let wanted = Wanted {
            watched: Watched { machine, batch },
            query,
            limit: usize::MAX,
        };
        return plain::follow(&target, settings, &wanted, args.json, cancel).await;
    }
    follow_batch(args, settings, target, cancel).await
}

async fn follow_batch(
    args: &WatchArgs,
    settings: &Settings,
    target: Target,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let batch = match &args.what {
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
