//! An execution as scripts get it: the names of `docs/formats.md`.

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use whiteboarder_jobs::price::Spent;
use whiteboarder_jobs::submit::Wish;
use whiteboarder_jobs::track::outcome::{Predicted, sentence};
use whiteboarder_jobs::track::{ExecutionStatus, Place};
use whiteboarder_jobs::watch::{Kind, Run};

use super::price::Pricing;

/// What is known of an execution. What its history would tell is `null` until that was read (`read`).
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// Its ARN.
    pub execution: &'a str,
    /// Its name.
    pub name: &'a str,
    /// As Step Functions says.
    pub status: ExecutionStatus,
    /// RFC 3339, UTC.
    pub started: Option<String>,
    /// RFC 3339, UTC.
    pub stopped: Option<String>,
    /// From start to end, or until now.
    pub seconds: f64,
    /// How often it was redriven.
    pub redrives: u32,
    /// The batch, of Whiteboarder's.
    pub batch: Option<&'a str>,
    /// The item, of Whiteboarder's.
    pub image: Option<&'a str>,
    /// Whether its history was read, as far as it goes.
    pub read: bool,
    /// Where somebody wished it to run.
    pub wished: Option<Wish>,
    /// Where Plan placed it.
    pub planned: Option<Place>,
    /// Plan's reason.
    pub why: Option<&'a str>,
    /// What Plan predicted.
    pub predicted: Option<&'a Predicted>,
    /// Lanes that worked on it.
    pub places: &'a [Place],
    /// Whether it moved.
    pub moved: Option<bool>,
    /// What made it move.
    pub moved_by: Option<&'a str>,
    /// Every kind of compute that was asked.
    pub kinds: &'a [Kind],
    /// Tries of work.
    pub attempts: Option<u32>,
    /// Workers that took it.
    pub workers: &'a [String],
    /// The state that it is in.
    pub state: Option<&'a str>,
    /// Since when it waits for a worker, RFC 3339, UTC.
    pub waiting_since: Option<String>,
    /// Error name.
    pub error: Option<&'a str>,
    /// What happened, in a sentence.
    pub message: Option<String>,
    /// The state that failed.
    pub failed_in: Option<&'a str>,
    /// Whether its Lambda was started for it.
    pub cold_start: Option<bool>,
    /// Peak memory of the function, MB.
    pub peak_memory_mb: Option<f64>,
    /// Seconds of the function.
    pub function_seconds: Option<f64>,
    /// What it did cost, by terms.
    pub cost: Option<Spent>,
    /// All of it; `null` when some cannot be told.
    pub cost_total: Option<f64>,
}

impl<'a> Document<'a> {
    /// Of an execution, now.
    pub fn of(run: &'a Run, pricing: Option<&Pricing>, now_ms: i64) -> Document<'a> {
        let digest = run.digest.as_deref();
        let result = digest.and_then(|digest| digest.result.as_ref());
        let failed = !matches!(
            run.status,
            ExecutionStatus::Running | ExecutionStatus::Succeeded
        );
        let cost = pricing.zip(digest);
        let cost = cost.map(|(pricing, digest)| pricing.spent(digest));
        let until = run.stopped_ms.unwrap_or(now_ms);
        Document {
            execution: &run.arn,
            name: &run.name,
            status: run.status,
            started: utc(run.started_ms),
            stopped: run.stopped_ms.and_then(utc),
            seconds: (until - run.started_ms).max(0) as f64 / 1000.0,
            redrives: run.redrives,
            batch: run.subject.as_ref().map(|subject| subject.batch.as_str()),
            image: run.subject.as_ref().map(|subject| subject.name.as_str()),
            read: digest.is_some(),
            wished: digest.and_then(|digest| digest.wished),
            planned: digest.and_then(|digest| digest.planned),
            why: digest
                .map(|digest| digest.why.as_str())
                .filter(|why| !why.is_empty()),
            predicted: digest.and_then(|digest| digest.predicted.as_ref()),
            places: digest.map_or(&[], |digest| &digest.places),
            moved: digest.map(|digest| digest.moved),
            moved_by: digest.and_then(|digest| digest.moved_by.as_deref()),
            kinds: digest.map_or(&[], |digest| &digest.kinds),
            attempts: digest.map(|digest| digest.attempts),
            workers: digest.map_or(&[], |digest| &digest.workers),
            state: digest.and_then(|digest| digest.state.as_deref()),
            waiting_since: digest.and_then(|digest| utc(digest.waiting_since_ms?)),
            error: digest.and_then(|digest| digest.error.as_deref()),
            message: digest
                .filter(|_| failed)
                .map(|digest| sentence(digest.error.as_deref(), digest.cause.as_deref())),
            failed_in: digest.and_then(|digest| digest.failed_in.as_deref()),
            cold_start: result.map(|result| result.cold_start),
            peak_memory_mb: result.and_then(|result| result.peak_memory_mb),
            function_seconds: result.map(|result| result.seconds.total),
            cost,
            cost_total: cost.and_then(|spent| spent.total()),
        }
    }
}

fn utc(ms: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?;
    at.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_documented_and_no_other() {
        let run = Run::default();
        let document = serde_json::to_value(Document::of(&run, None, 0)).unwrap();
        let fields: Vec<&str> = document
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let text = include_str!("../../../docs/formats.md");
        let (_, section) = text.split_once("<!-- executions -->").unwrap();
        let (section, _) = section.split_once("<!-- end of executions -->").unwrap();
        let documented: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert_eq!(documented, fields);
    }

    #[test]
    fn what_was_not_read_is_null_and_never_zero() {
        let run = Run {
            started_ms: 1_700_000_000_000,
            ..Run::default()
        };
        let document = Document::of(&run, None, 1_700_000_002_500);
        assert!((document.seconds - 2.5).abs() < 1e-9);
        assert_eq!(document.started.as_deref(), Some("2023-11-14T22:13:20Z"));
        assert_eq!(
            (document.read, document.moved, document.attempts),
            (false, None, None)
        );
        assert_eq!((document.cost_total, document.stopped), (None, None));
    }
}
