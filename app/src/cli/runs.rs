//! `whiteboarder runs`: what was submitted, and what became of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::download::{download, pictures_of};
use whiteboarder_jobs::runs::{self, Acted};
use whiteboarder_jobs::submit::{Batch, load_manifest};
use whiteboarder_jobs::track::{FollowOptions, follow};
use whiteboarder_jobs::watch::query::Query;
use whiteboarder_jobs::watch::{self, Action};
use whiteboarder_jobs::{Reporter, Target};

use super::delete::{self, DeleteArgs};
use super::submit::{Show as Follow, for_download};
use crate::batch::live::Live;
use crate::batch::outcome::{self, Counts, Written};
use crate::batch::story::{facts, story};
use crate::batch::target::connect;
use crate::cleaning::layout::{check_writable, destination};
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;
use crate::term::glyph::Mark;
use crate::term::screen::GraphicsChoice;
use crate::term::show::Show;
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};
use crate::watch::plain::{self, Wanted};
use crate::watch::{Watched, one};

/// What was submitted, and what became of it.
///
/// BATCH is a batch's id or an unambiguous beginning of it, or `latest`; BATCH/NAME is one of its items. `show`, `stop` and
/// `redrive` also take the ARN of an execution of any state machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder runs list
  whiteboarder runs show latest
  whiteboarder runs download latest -o cleaned
  whiteboarder runs delete --older-than 30d")]
pub struct RunsArgs {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List batches, the newest first.
    #[command(after_help = "Example:\n  whiteboarder runs list --json | jq -r '.batches[].batch'")]
    List {
        /// At most so many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show a batch's items, or one item with everything that happened to it.
    #[command(after_help = "\
Examples:
  whiteboarder runs show latest
  whiteboarder runs show 01JD7Q/board.jpg --show")]
    Show {
        /// BATCH or BATCH/NAME; or any execution's ARN
        what: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Print the item before and after too, as pictures; needs a terminal
        #[arg(long, conflicts_with = "json")]
        show: bool,
        /// How to print pictures
        #[arg(long, value_name = "HOW", default_value = "auto", requires = "show")]
        graphics: GraphicsChoice,
    },
    /// List the executions of a state machine, the newest first, with where they ran and what they did cost.
    #[command(after_help = "\
Examples:
  whiteboarder runs executions
  whiteboarder runs executions --filter 'status:unsuccessful started<1d' --json
  whiteboarder runs executions --state-machine orders -n 1000

`whiteboarder watch --help` has the fields of a filter.")]
    Executions {
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
        /// At most so many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
        limit: usize,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Download a batch's results.
    #[command(after_help = "Example:\n  whiteboarder runs download latest -o cleaned")]
    Download {
        /// BATCH
        batch: String,
        /// Folder for the results, or a file name (.png) for a single one
        #[arg(long, short, value_name = "DIR|FILE.png")]
        output: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Stop what still runs of a batch, or one of its items.
    #[command(after_help = "Example:\n  whiteboarder runs stop 01JD7Q/wall.jpg")]
    Stop {
        /// BATCH or BATCH/NAME; or any execution's ARN
        what: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    Delete(DeleteArgs),
    /// Run what failed or was stopped again, from the step that failed.
    #[command(after_help = "Example:\n  whiteboarder runs redrive latest --wait")]
    Redrive {
        /// BATCH or BATCH/NAME; or any execution's ARN
        what: String,
        /// Wait until every picture is cleaned or has failed
        #[arg(long)]
        wait: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: RunsArgs, settings: &Settings) -> Result<Exit> {
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    on_interrupt(move || asked.cancel());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            result = dispatch(args.command, settings, &cancel) => result,
            // Those that take the token end by themselves and say what they did.
            () = async { cancel.cancelled().await; tokio::time::sleep(GRACE).await } => {
                Err(Failure::interrupted("stopped").into())
            }
        }
    })
}

/// What reacts to Ctrl-C itself has this long.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

async fn dispatch(
    command: RunsCommand,
    settings: &Settings,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let target = connect(settings).await?;
    match command {
        RunsCommand::List { limit, json } => list(&target, limit, json, &settings.terminal).await,
        RunsCommand::Show {
            what,
            json,
            show: wanted,
            graphics,
        } => {
            if what.starts_with("arn:") {
                return one::show(&target, settings, &what, json).await;
            }
            let terminal = &settings.terminal;
            let pictures = wanted.then(|| Show::on(terminal, graphics)).transpose()?;
            let (batch, name) = runs::resolve(&target, &what).await?;
            match name {
                None if wanted => Err(Failure::usage("--show is for one item of a batch")
                    .hint(format!(
                        "name it: whiteboarder runs show {what}/NAME --show"
                    ))
                    .into()),
                None => show(&target, &batch, json, &settings.terminal).await,
                Some(name) => {
                    show_item(&target, &batch, &name, json, pictures.as_ref(), terminal).await
                }
            }
        }
        RunsCommand::Executions {
            state_machine,
            filter,
            limit,
            json,
        } => {
            let query = Query::parse(&filter).map_err(|error| {
                Failure::usage(format!("--filter: {error}"))
                    .hint("`whiteboarder watch --help` has the fields")
            })?;
            let wanted = Wanted {
                watched: Watched {
                    machine: state_machine,
                    batch: None,
                },
                query,
                limit,
            };
            plain::list(&target, settings, &wanted, json).await
        }
        RunsCommand::Download {
            batch,
            output,
            json,
        } => {
            let (batch, _) = runs::resolve(&target, &batch).await?;
            fetch(settings, &target, &batch, &output, json, cancel).await
        }
        RunsCommand::Stop { what, json } if what.starts_with("arn:") => {
            let acted = one::act(&target, &what, Action::Stop).await?;
            tell(&of_executions(acted), "stopped", json, &settings.terminal)
        }
        RunsCommand::Redrive { what, json, .. } if what.starts_with("arn:") => {
            let acted = one::act(&target, &what, Action::Redrive).await?;
            tell(&of_executions(acted), "redriven", json, &settings.terminal)
        }
        RunsCommand::Stop { what, json } => {
            let (batch, name) = runs::resolve(&target, &what).await?;
            let names = name.map(|name| vec![name]);
            let silent = Reporter::silent();
            let acted = runs::stop(&target, &batch, names.as_deref(), &silent, cancel).await?;
            tell(&acted, "stopped", json, &settings.terminal)
        }
        RunsCommand::Delete(args) => delete::run(args, settings, &target, cancel).await,
        RunsCommand::Redrive { what, wait, json } => {
            let (batch, name) = runs::resolve(&target, &what).await?;
            let names = name.map(|name| vec![name]);
            let silent = Reporter::silent();
            let acted = runs::redrive(&target, &batch, names.as_deref(), &silent, cancel).await?;
            let exit = tell(&acted, "redriven", json, &settings.terminal)?;
            if wait && exit == Exit::Success {
                return follow_to_end(settings, &target, &batch, json, cancel).await;
            }
            Ok(exit)
        }
    }
}

/// The same report for executions as for items.
fn of_executions(acted: watch::Acted) -> Acted {
    let refused = acted.refused.into_iter();
    Acted {
        done: acted.done,
        skipped: Vec::new(),
        failed: refused.map(|refused| (refused.arn, refused.why)).collect(),
    }
}

async fn list(target: &Target, limit: usize, json: bool, terminal: &Terminal) -> Result<Exit> {
    let runs::Listed {
        batches,
        unreadable,
    } = runs::list_with_unreadable(target, limit).await?;
    if json {
        let unreadable: Vec<_> = unreadable
            .iter()
            .map(|(batch, reason)| json!({ "batch": batch, "reason": reason }))
            .collect();
        terminal.document(&json!({ "batches": batches, "unreadable": unreadable }))?;
        return Ok(Exit::Success);
    }
    for (batch, reason) in &unreadable {
        terminal.note(&format!("left out batch {batch}: {}", text::safe(reason)));
    }
    if batches.is_empty() {
        terminal.note("no batches yet: `whiteboarder submit PATH` makes one");
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&[
        ("batch", Align::Left),
        ("submitted", Align::Left),
        ("items", Align::Right),
        ("size", Align::Right),
        ("cleaned", Align::Right),
        ("failed", Align::Right),
        ("place", Align::Left),
    ]);
    for batch in batches {
        let failed = if batch.failed > 0 {
            Cell::styled(
                format!("{} {}", Mark::Failed.glyph(terminal.unicode), batch.failed),
                Mark::Failed.style(),
            )
        } else {
            "0".into()
        };
        table.row(vec![
            batch.batch.into(),
            batch.created.into(),
            batch.items.to_string().into(),
            text::bytes(batch.bytes).into(),
            batch.cleaned.to_string().into(),
            failed,
            batch.wish.to_string().into(),
        ]);
    }
    for line in table.lines(terminal) {
        terminal.line(&line)?;
    }
    Ok(Exit::Success)
}

async fn show(target: &Target, batch: &str, json: bool, terminal: &Terminal) -> Result<Exit> {
    let status = runs::show(target, batch).await?;
    let counts = Counts::of(&status);
    if json {
        terminal.document(&json!({
            "batch": status.batch,
            "created": status.created,
            "items": status.items,
            "summary": counts,
        }))?;
    } else {
        outcome::print(&status, &Written::new(), terminal)?;
        terminal.note(&format!("batch {batch}: {}", counts.sentence(terminal)));
    }
    Ok(Exit::Success)
}

async fn show_item(
    target: &Target,
    batch: &str,
    name: &str,
    json: bool,
    pictures: Option<&Show<'_>>,
    terminal: &Terminal,
) -> Result<Exit> {
    let (item, executions) = runs::show_item(target, batch, name).await?;
    if json {
        terminal.document(&json!({ "item": item, "executions": executions }))?;
        return Ok(Exit::Success);
    }
    for (label, value) in facts(&item, terminal) {
        terminal.line(&format!("{label:<10} {value}"))?;
    }
    for execution in &executions {
        terminal.line("")?;
        for line in story(execution, terminal) {
            terminal.line(&line)?;
        }
    }
    if let Some(show) = pictures {
        terminal.line("")?;
        let (before, after) = pictures_of(target, &item).await?;
        for (heading, file) in [("before", before), ("after", after)] {
            match file {
                Some(file) => show.print(heading, &file)?,
                None => terminal.note(&format!("{heading}: there is no picture")),
            }
        }
    }
    Ok(Exit::Success)
}

async fn fetch(
    settings: &Settings,
    target: &Target,
    batch: &str,
    output: &std::path::Path,
    json: bool,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let status = runs::show(target, batch).await?;
    let counts = Counts::of(&status);
    let to = destination(output, counts.cleaned)?;
    let probe = output.join("probe");
    check_writable(Some(match &to {
        crate::cleaning::layout::Destination::Folder(_) => &probe,
        crate::cleaning::layout::Destination::File(file) => file,
    }))?;
    // Originals are never written over, as far as we know where they are.
    let inputs: Vec<PathBuf> = Batch::recall(&settings.dirs.batches(), batch)?
        .map(|scan| scan.files.into_iter().map(|file| file.path).collect())
        .unwrap_or_default();
    let (reporter, events) = Reporter::channel();
    let live = Live::new(terminal, false);
    let mut show = Follow {
        settings,
        target: target.clone(),
        live,
        events,
    };
    let to = for_download(&to);
    let done = show
        .during(download(target, &status, &to, &inputs, &reporter, cancel))
        .await?;
    if json {
        let written: Vec<_> = done
            .written
            .iter()
            .map(|(item, path)| json!({ "item": item, "path": path }))
            .collect();
        let failed: Vec<_> = done
            .failed
            .iter()
            .map(|(item, error)| json!({ "item": item, "error": error }))
            .collect();
        terminal.document(&json!({ "batch": batch, "written": written, "failed": failed }))?;
    } else {
        for (_, path) in &done.written {
            terminal.line(&text::path(path))?;
        }
        let without = counts.items - counts.cleaned;
        let missing = match without {
            0 => String::new(),
            some => format!("; {} without a result", text::count(some, "item")),
        };
        terminal.note(&format!(
            "downloaded {}{missing}",
            text::count(done.written.len(), "result")
        ));
    }
    Ok(if done.failed.is_empty() {
        Exit::Success
    } else {
        Exit::SomeFailed
    })
}

fn tell(acted: &Acted, verb: &str, json: bool, terminal: &Terminal) -> Result<Exit> {
    let pairs = |list: &[(String, String)]| {
        list.iter()
            .map(|(item, reason)| json!({ "item": item, "reason": reason }))
            .collect::<Vec<_>>()
    };
    if json {
        terminal.document(&json!({
            verb: acted.done,
            "skipped": pairs(&acted.skipped),
            "failed": pairs(&acted.failed),
        }))?;
    } else {
        for item in &acted.done {
            terminal.line(&format!("{verb} {}", text::safe(item)))?;
        }
        for line in left_alone(&acted.skipped) {
            terminal.note(&line);
        }
        for (item, reason) in &acted.failed {
            terminal.complain(&format!(
                "not {verb}: {}: {}",
                text::safe(item),
                text::safe(reason)
            ));
        }
        if acted.done.is_empty() && acted.failed.is_empty() {
            terminal.note(&format!("there was nothing to be {verb}"));
        }
    }
    Ok(if acted.failed.is_empty() {
        Exit::Success
    } else {
        Exit::SomeFailed
    })
}

/// One line per reason: a batch has many items and few reasons.
fn left_alone(skipped: &[(String, String)]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (item, reason) in skipped {
        by_reason.entry(reason).or_default().push(item);
    }
    let line = |(reason, items): (&str, Vec<&str>)| match items.as_slice() {
        [item] => format!("left {} alone: {}", text::safe(item), text::safe(reason)),
        items => format!("left {} items alone: {}", items.len(), text::safe(reason)),
    };
    by_reason.into_iter().map(line).collect()
}

async fn follow_to_end(
    settings: &Settings,
    target: &Target,
    batch: &str,
    json: bool,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let manifest = load_manifest(target, batch).await?;
    let (reporter, events) = Reporter::channel();
    let quiet = Terminal {
        quiet: terminal.quiet || json,
        ..terminal.clone()
    };
    let mut live = Live::new(&quiet, false);
    live.expect(manifest.items.len());
    let mut show = Follow {
        settings,
        target: target.clone(),
        live,
        events,
    };
    let options = FollowOptions::default();
    let status = show
        .during(follow(target, &manifest, &options, &reporter, cancel))
        .await?;
    if !json {
        outcome::print(&status, &Written::new(), terminal)?;
    }
    Ok(Counts::of(&status).exit())
}
