//! `whiteboarder runs delete`: batches that nobody needs any more.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::runs::{self, Deleted, Extent};
use whiteboarder_jobs::{JobsError, Progress, Reporter, Target};

use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::term::ask::confirm_or_cancel;
use crate::term::progress::{Bars, Unit};
use crate::term::text;

/// Delete batches: results, records, and the originals in the bucket. The files on your disk stay.
///
/// What still runs is stopped first. The manifest goes last: after Ctrl-C or an error the same command deletes the
/// rest. The histories of the executions stay as long as Step Functions keeps them: 90 days on AWS, `keep_days` in the
/// local cloud.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder runs delete 01JD7Q
  whiteboarder runs delete --older-than 30d --yes

--json prints one document: {\"deleted\": [{\"batch\", \"objects\", \"bytes\", \"stopped\"}],
  \"failed\": [{\"batch\", \"error\"}]}")]
pub struct DeleteArgs {
    /// Batches
    #[arg(value_name = "BATCH", required_unless_present = "older_than")]
    batches: Vec<String>,
    /// All that were submitted longer ago than this: 12h, 30d, 8w
    #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "batches")]
    older_than: Option<Duration>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number and h, d or w: 12h, 30d, 8w".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return Err(wrong()),
    };
    let number: u16 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::hours(i64::from(number) * hours))
}

#[derive(Serialize)]
struct Done {
    batch: String,
    #[serde(flatten)]
    deleted: Deleted,
}

#[derive(Serialize)]
struct NotDone {
    batch: String,
    error: String,
}

pub async fn run(
    args: DeleteArgs,
    settings: &Settings,
    target: &Target,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let batches = chosen(&args, target).await?;
    let mut total = Extent::default();
    for batch in &batches {
        let extent = runs::extent(target, batch).await?;
        total.objects += extent.objects;
        total.bytes += extent.bytes;
        total.unfinished += extent.unfinished;
    }
    if !batches.is_empty() {
        let question = question(&batches, &total, &target.profile().bucket);
        if !confirm_or_cancel(question, args.yes, cancel).await? {
            terminal.note("nothing was deleted");
            return Ok(Exit::Success);
        }
    } else if !args.json {
        terminal.note("there is no batch that old");
    }

    let bars = Bars::new(terminal);
    let bar = bars.add("delete", total.objects as u64, Unit::Items);
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for batch in batches {
        let before = done
            .iter()
            .map(|done: &Done| done.deleted.objects)
            .sum::<usize>();
        let (reporter, mut events) = Reporter::channel();
        let mut work = Box::pin(runs::delete(target, &batch, &reporter, cancel));
        let mut gone = 0;
        let result = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => if let Progress::Deleted { objects, .. } = event {
                    gone = objects;
                    bar.set_position((before + objects) as u64);
                    bar.set_message(format!("{}/{}", before + objects, total.objects));
                },
                result = &mut work => break result,
            }
        };
        drop(work);
        match result {
            Ok(deleted) => {
                forget(settings, &batch);
                if !args.json {
                    bars.line(&told(&batch, &deleted));
                }
                done.push(Done { batch, deleted });
            }
            Err(JobsError::Cancelled) => {
                bars.clear();
                let gone = text::count(before + gone, "object");
                return Err(
                    Failure::interrupted(format!("{gone} deleted; the rest is there"))
                        .hint("the same command deletes the rest")
                        .into(),
                );
            }
            Err(
                error @ (JobsError::StillRunning { .. }
                | JobsError::Shared { .. }
                | JobsError::Service { .. }),
            ) => {
                let hint = error.hint().map(|hint| format!("; {hint}"));
                let error = text::safe(&error.to_string());
                bars.line(&format!(
                    "not deleted: {batch}: {error}{}",
                    hint.unwrap_or_default()
                ));
                failed.push(NotDone { batch, error });
            }
            Err(error) => {
                bars.clear();
                return Err(error.into());
            }
        }
    }
    bar.finish_and_clear();
    bars.clear();
    if args.json {
        terminal.document(&json!({ "deleted": done, "failed": failed }))?;
    }
    Ok(if failed.is_empty() {
        Exit::Success
    } else {
        Exit::SomeFailed
    })
}

/// The ids of the batches that are meant, each once.
async fn chosen(args: &DeleteArgs, target: &Target) -> Result<Vec<String>> {
    if let Some(age) = args.older_than {
        let before = OffsetDateTime::now_utc() - age;
        let all = runs::list(target, usize::MAX).await?;
        return Ok(all
            .into_iter()
            .filter(|batch| {
                OffsetDateTime::parse(&batch.created, &Rfc3339)
                    .is_ok_and(|created| created < before)
            })
            .map(|batch| batch.batch)
            .collect());
    }
    let mut batches = Vec::new();
    let mut seen = BTreeSet::new();
    for wanted in &args.batches {
        let (batch, name) = runs::resolve(target, wanted).await?;
        if let Some(name) = name {
            return Err(Failure::usage(format!(
                "`{}` is one item: only whole batches can be deleted",
                text::safe(&name)
            ))
            .hint(format!(
                "`whiteboarder runs delete {batch}` deletes its batch"
            ))
            .into());
        }
        if seen.insert(batch.clone()) {
            batches.push(batch);
        }
    }
    Ok(batches)
}

fn question(batches: &[String], total: &Extent, bucket: &str) -> String {
    let what = match batches {
        [batch] => format!("batch {batch}"),
        several => format!("{} batches", several.len()),
    };
    let objects = text::count(total.objects, "object");
    let bytes = text::bytes(total.bytes);
    let running = match total.unfinished {
        0 => String::new(),
        1 => " 1 item still runs and is stopped first.".to_owned(),
        some => format!(" {some} items still run and are stopped first."),
    };
    format!("Delete {what} ({objects}, {bytes}), the originals in bucket `{bucket}` too?{running}")
}

fn told(batch: &str, deleted: &Deleted) -> String {
    let stopped = match deleted.stopped {
        0 => String::new(),
        some => format!(", {} stopped", text::count(some, "item")),
    };
    format!(
        "deleted {batch}: {}, {}{stopped}",
        text::count(deleted.objects, "object"),
        text::bytes(deleted.bytes)
    )
}

/// The note of where its files came from is of no use any more.
fn forget(settings: &Settings, batch: &str) {
    let note = settings.dirs.batches().join(format!("{batch}.json"));
    if let Err(error) = std::fs::remove_file(&note)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, note = %note.display(), "a note cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_numbers_with_a_unit() {
        assert_eq!(age("12h"), Ok(Duration::hours(12)));
        assert_eq!(age("30d"), Ok(Duration::days(30)));
        assert_eq!(age("8w"), Ok(Duration::weeks(8)));
        assert_eq!(age("0d"), Ok(Duration::ZERO));
        for wrong in ["", "d", "30", "-1d", "1.5d", "1y", "1ü", "99999d"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
