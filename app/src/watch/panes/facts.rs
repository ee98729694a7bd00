//! What is known of an execution, as labels and values.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use time::OffsetDateTime;
use whiteboarder_jobs::price::Spent;
use whiteboarder_jobs::track::outcome::sentence;
use whiteboarder_jobs::track::{ExecutionStatus, Place};
use whiteboarder_jobs::watch::{Digest, Kind, Run};

use super::row;
use crate::term::glyph::{Mark, place};
use crate::term::text;
use crate::term::theme::Theme;

/// Columns of the labels.
const LABEL: usize = 10;
/// A cause has no more rows than this.
const CAUSE: usize = 4;

/// What the facts are read from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The execution.
    pub run: &'a Run,
    /// What it cost so far, when prices are known.
    pub spent: Option<&'a Spent>,
    /// In which currency.
    pub currency: &'a str,
    /// Now.
    pub now_ms: i64,
}

/// The mark and word of an execution's status. One that no worker has taken is queued.
pub fn status(run: &Run) -> (Mark, &'static str) {
    let waits = run
        .digest
        .as_ref()
        .is_some_and(|digest| digest.waiting_since_ms.is_some());
    match run.status {
        ExecutionStatus::Running if waits => (Mark::Queued, "queued"),
        ExecutionStatus::Running => (Mark::Running, "running"),
        ExecutionStatus::Succeeded => (Mark::Done, "done"),
        ExecutionStatus::Failed => (Mark::Failed, "failed"),
        ExecutionStatus::TimedOut => (Mark::Failed, "timed out"),
        ExecutionStatus::Aborted => (Mark::Stopped, "stopped"),
    }
}

/// `2026-11-21 12:04:11 UTC`.
pub fn utc(ms: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)) else {
        return "?".to_owned();
    };
    format!(
        "{} {:02}:{:02}:{:02} UTC",
        at.date(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Lanes in order: `λ lambda → ▣ ecs`.
pub fn lanes(places: &[Place], unicode: bool) -> String {
    let places: Vec<String> = places
        .iter()
        .map(|at| place(&at.to_string(), unicode))
        .collect();
    places.join(if unicode { " → " } else { " -> " })
}

/// What worked on it: the lanes, when its machine has a plan; of other machines what they asked, since a worker may be
/// anywhere.
pub fn ran(digest: &Digest, unicode: bool) -> Option<String> {
    if digest.planned.is_some() || digest.wished.is_some() {
        return (!digest.places.is_empty()).then(|| lanes(&digest.places, unicode));
    }
    let word = |kind: &Kind| match (kind, unicode) {
        (Kind::Lambda, true) => Some("λ lambda"),
        (Kind::Lambda, false) => Some("lambda"),
        (Kind::Ecs, true) => Some("▣ ecs"),
        (Kind::Ecs, false) => Some("ecs"),
        (Kind::Worker, true) => Some("◆ worker"),
        (Kind::Worker, false) => Some("worker"),
        (Kind::Execution, true) => Some("↳ execution"),
        (Kind::Execution, false) => Some("execution"),
        // A plain call: nothing of anybody's computed.
        (Kind::Service, _) => None,
    };
    let words: Vec<&str> = digest.kinds.iter().filter_map(word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What stands where nothing is known.
pub fn nothing(unicode: bool) -> &'static str {
    if unicode { "—" } else { "-" }
}

/// What there is to see at a glance; the rest is details.
const BRIEF: [&str; 11] = [
    "started",
    "took",
    "history",
    "state",
    "failed in",
    "error",
    "cause",
    "ran",
    "moved",
    "worker",
    "cost",
];

/// Collects rows.
struct Rows<'a> {
    brief: bool,
    lines: Vec<Line<'static>>,
    columns: usize,
    theme: &'a Theme,
}

impl Rows<'_> {
    fn put(&mut self, label: &'static str, value: &str, style: Style) {
        self.wrapped(label, value, style, 1);
    }

    fn wrapped(&mut self, label: &'static str, value: &str, style: Style, most: usize) {
        if self.brief && !BRIEF.contains(&label) {
            return;
        }
        let unicode = !self.theme.ascii();
        let room = self.columns.saturating_sub(LABEL + 1);
        let mut parts = if most > 1 {
            row::wrap(value, room)
        } else {
            vec![value.to_owned()]
        };
        if parts.len() > most {
            let rest = parts.split_off(most - 1).join(" ");
            parts.push(rest);
        }
        for (index, part) in parts.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let spans = vec![
                Span::styled(
                    row::fit(label, LABEL.min(self.columns), unicode) + " ",
                    self.theme.faint,
                ),
                Span::styled(row::clip(part, room, unicode), style),
            ];
            self.lines.push(row::line(spans, self.columns, unicode));
        }
    }
}

/// All of them, in rows that are no wider than asked.
pub fn facts(known: &Known<'_>, columns: u16, theme: &Theme) -> Vec<Line<'static>> {
    rows(known, columns, theme, false)
}

/// Those that tell at a glance how it goes.
pub fn brief(known: &Known<'_>, columns: u16, theme: &Theme) -> Vec<Line<'static>> {
    rows(known, columns, theme, true)
}

fn rows(known: &Known<'_>, columns: u16, theme: &Theme, brief: bool) -> Vec<Line<'static>> {
    let unicode = !theme.ascii();
    let run = known.run;
    let mut rows = Rows {
        brief,
        lines: Vec::new(),
        columns: usize::from(columns),
        theme,
    };
    let (mark, word) = status(run);
    let took = (run.stopped_ms.unwrap_or(known.now_ms) - run.started_ms).max(0) as f64 / 1000.0;
    let moved = run.digest.as_ref().is_some_and(|digest| digest.moved);
    let mut words = format!("{} {word}", mark.glyph(unicode));
    if moved {
        words = format!("{words}  {} moved", Mark::Moved.glyph(unicode));
    }
    rows.put("status", &words, row::style(mark, theme));
    if let Some(subject) = &run.subject {
        rows.put(
            "item",
            &format!("{}/{}", subject.batch, subject.name),
            theme.strong,
        );
    }
    rows.put("name", &run.name, theme.plain);
    rows.put("ARN", &run.arn, theme.faint);
    rows.put("started", &utc(run.started_ms), theme.plain);
    let mut words = text::seconds(took);
    match run.stopped_ms {
        Some(stopped) => words = format!("{words}, until {}", utc(stopped)),
        None => words.push_str(" so far"),
    }
    rows.put("took", &words, theme.plain);
    let Some(digest) = run.digest.as_deref() else {
        rows.put("history", "not read yet", theme.faint);
        return rows.lines;
    };
    let redriven = match run.redrives {
        0 => "never redriven".to_owned(),
        1 => "redriven once".to_owned(),
        times => format!("redriven {times} times"),
    };
    rows.put(
        "attempts",
        &format!("{}, {redriven}", digest.attempts),
        theme.plain,
    );
    ended(digest, run.status, &mut rows);
    placed(digest, &mut rows);
    worked(digest, known.now_ms, &mut rows);
    cost(known, &mut rows);
    let words = format!(
        "{} heartbeats, idle workers and billed milliseconds: Step Functions records none of them",
        nothing(unicode)
    );
    rows.wrapped("unknown", &words, theme.faint, 2);
    rows.lines
}

/// Where it is, or where and why it failed.
fn ended(digest: &Digest, status: ExecutionStatus, rows: &mut Rows<'_>) {
    let theme = rows.theme;
    if let Some(state) = digest
        .state
        .as_ref()
        .filter(|_| status == ExecutionStatus::Running)
    {
        rows.put("state", state, theme.strong);
    }
    if status == ExecutionStatus::Running || status == ExecutionStatus::Succeeded {
        return;
    }
    if let Some(state) = &digest.failed_in {
        rows.put("failed in", state, theme.strong);
    }
    if let Some(error) = &digest.error {
        rows.put("error", error, theme.bad);
    }
    let why = sentence(digest.error.as_deref(), digest.cause.as_deref());
    if Some(&why) != digest.error.as_ref() {
        rows.wrapped("cause", &why, theme.plain, CAUSE);
    }
}

/// Wished, planned, actual, moved.
fn placed(digest: &Digest, rows: &mut Rows<'_>) {
    let theme = rows.theme;
    let unicode = !theme.ascii();
    if let Some(wished) = digest.wished {
        rows.put("wished", &wished.to_string(), theme.plain);
    }
    if let Some(planned) = digest.planned {
        let why = if digest.why.is_empty() {
            String::new()
        } else {
            format!(": {}", digest.why)
        };
        let words = format!("{}{why}", place(&planned.to_string(), unicode));
        rows.wrapped("planned", &words, theme.plain, 2);
    }
    match ran(digest, unicode) {
        None => rows.put("ran", nothing(unicode), theme.faint),
        Some(words) => rows.put("ran", &words, theme.plain),
    }
    if digest.moved {
        let after = digest
            .moved_by
            .as_ref()
            .map_or(String::new(), |error| format!(" after {error}"));
        let words = format!("{} moved{after}", Mark::Moved.glyph(unicode));
        rows.put("moved", &words, theme.notable);
    }
}

/// Who worked, how long and with how much memory, against what was predicted.
fn worked(digest: &Digest, now_ms: i64, rows: &mut Rows<'_>) {
    let theme = rows.theme;
    let none = nothing(!theme.ascii());
    match (&digest.waiting_since_ms, digest.workers.as_slice()) {
        (Some(since), _) => {
            let waits = text::seconds((now_ms - since).max(0) as f64 / 1000.0);
            rows.put(
                "worker",
                &format!("none has taken it for {waits}"),
                theme.notable,
            );
        }
        (None, []) => {}
        (None, workers) => rows.put("worker", &workers.join(", "), theme.plain),
    }
    if digest.predicted.is_none() && digest.result.is_none() {
        return;
    }
    let predicted = digest.predicted.as_ref();
    let result = digest.result.as_ref();
    let both = |predicted: Option<String>, actual: Option<String>| {
        let known = |value: Option<String>| value.unwrap_or_else(|| none.to_owned());
        format!("{}, predicted {}", known(actual), known(predicted))
    };
    let seconds = both(
        predicted.map(|predicted| text::seconds(predicted.seconds)),
        result.map(|result| text::seconds(result.seconds.total)),
    );
    rows.put("cleaning", &seconds, theme.plain);
    let memory = both(
        predicted.map(|predicted| format!("{:.0} MB", predicted.memory_mb)),
        result.and_then(|result| Some(format!("{:.0} MB at its peak", result.peak_memory_mb?))),
    );
    rows.put("memory", &memory, theme.plain);
    if let Some(result) = result {
        let words = if result.cold_start { "cold" } else { "warm" };
        rows.put("start", words, theme.plain);
    }
}

fn cost(known: &Known<'_>, rows: &mut Rows<'_>) {
    let theme = rows.theme;
    let unicode = !theme.ascii();
    let Some(spent) = known.spent else {
        return;
    };
    let money = |amount: f64| text::money(amount, known.currency);
    let mut terms = vec![
        (spent.lambda, "lambda"),
        (spent.ecs, "ecs"),
        (spent.plan, "plan"),
    ];
    terms.push((spent.transitions, "transitions"));
    terms.retain(|(amount, _)| *amount > 0.0);
    let terms: Vec<String> = terms
        .iter()
        .map(|(amount, name)| format!("{name} {}", money(*amount)))
        .collect();
    let mut words = spent
        .total()
        .map_or_else(|| nothing(unicode).to_owned(), money);
    if !terms.is_empty() {
        words = format!("{words} ({})", terms.join(", "));
    }
    if spent.failed > 0.0 {
        words = format!(
            "{words}, of that {} for attempts that failed",
            money(spent.failed)
        );
    }
    if spent.unknown > 0 {
        let attempts = text::count(spent.unknown as usize, "attempt");
        words = format!(
            "{words}; {attempts} cannot be priced yet, or run on machines of an unknown size"
        );
    }
    rows.wrapped("cost", &words, theme.plain, 3);
}
