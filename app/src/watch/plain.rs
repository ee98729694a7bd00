//! The dashboard's facts for scripts, logs and screen readers: a table of executions, or a line whenever one changes.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::Target;
use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::query::{Around, Query};
use whiteboarder_jobs::watch::{Digest, Feed, FeedOptions, Machine, News, Order, Run, start};

use super::document::Document;
use super::one::{ended, refused};
use super::price::Pricing;
use super::{Watched, moment, panes, view};
use crate::batch::live::emit;
use crate::config::Settings;
use crate::error::Exit;
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};

/// What is wanted of the executions.
pub struct Wanted {
    /// Which machine, which batch.
    pub watched: Watched,
    /// Which executions.
    pub query: Query,
    /// At most so many, the newest first.
    pub limit: usize,
}

/// Executions as they come from the feed.
struct Collected {
    feed: Feed,
    news: tokio::sync::mpsc::UnboundedReceiver<News>,
    machine: Option<Machine>,
    runs: HashMap<String, Run>,
    complete: bool,
    pricing: Option<Pricing>,
}

impl Collected {
    fn begin(target: &Target, watched: &Watched, settings: &Settings) -> Collected {
        let options = FeedOptions {
            machine: watched.machine.clone(),
            batch: watched.batch.clone(),
            cache: Some(settings.dirs.cache.join("watch")),
            ..FeedOptions::default()
        };
        let (feed, news) = start(target.clone(), options);
        Collected {
            feed,
            news,
            machine: None,
            runs: HashMap::new(),
            complete: false,
            pricing: Pricing::of(settings),
        }
    }

    /// Takes the next news in; the executions that it brought come back.
    async fn next(&mut self) -> Result<Vec<Run>> {
        match self.news.recv().await {
            None => Err(ended()),
            Some(News::Machine(machine)) => {
                self.machine = Some(*machine);
                Ok(Vec::new())
            }
            Some(News::Runs(runs)) => {
                for run in &runs {
                    self.runs.insert(run.arn.clone(), run.clone());
                }
                Ok(runs)
            }
            Some(News::Listed { complete, .. }) => {
                self.complete |= complete;
                Ok(Vec::new())
            }
            Some(News::Health(health)) => {
                refused(health, self.machine.is_none())?;
                Ok(Vec::new())
            }
            Some(_) => Ok(Vec::new()),
        }
    }

    fn cost(&self, digest: &Digest) -> Option<f64> {
        self.pricing.as_ref()?.total(digest)
    }

    fn lets(&self, query: &Query, run: &Run) -> bool {
        let cost = |digest: &Digest| self.cost(digest);
        let around = Around {
            now_ms: now_ms(),
            cost: &cost,
        };
        query.matches(run, around)
    }

    /// Those that the query lets through, the newest first.
    fn found(&self, query: &Query) -> Vec<&Run> {
        let mut found: Vec<&Run> = self
            .runs
            .values()
            .filter(|run| self.lets(query, run))
            .collect();
        found.sort_by(|a, b| (b.started_ms, &b.name).cmp(&(a.started_ms, &a.name)));
        found
    }
}

/// Prints the executions that there are, once.
pub async fn list(
    target: &Target,
    settings: &Settings,
    wanted: &Wanted,
    json: bool,
) -> Result<Exit> {
    let mut collected = Collected::begin(target, &wanted.watched, settings);
    while !collected.complete {
        collected.next().await?;
    }
    // Histories are read of what will be printed; of all, when the query asks for what only they tell.
    loop {
        let unread: Vec<String> = if wanted.query.needs_digests() {
            collected
                .runs
                .values()
                .filter(|run| run.digest.is_none())
                .map(|run| run.arn.clone())
                .collect()
        } else {
            let found = collected.found(&wanted.query).into_iter();
            found
                .take(wanted.limit)
                .filter(|run| run.digest.is_none())
                .map(|run| run.arn.clone())
                .collect()
        };
        if unread.is_empty() {
            break;
        }
        collected.feed.order(Order::Visible(unread));
        while collected.next().await?.is_empty() {}
    }
    let found = collected.found(&wanted.query);
    let of = found.len();
    let shown = &found[..of.min(wanted.limit)];
    let terminal = &settings.terminal;
    let pricing = collected.pricing.as_ref();
    if json {
        let now_ms = now_ms();
        let documents: Vec<Document<'_>> = shown
            .iter()
            .map(|run| Document::of(run, pricing, now_ms))
            .collect();
        terminal.document(&Listing {
            machine: collected
                .machine
                .as_ref()
                .map(|machine| machine.arn.as_str()),
            found: of,
            listed: collected.runs.len(),
            currency: pricing.map(|pricing| pricing.currency.as_str()),
            executions: documents,
        })?;
        return Ok(Exit::Success);
    }
    if shown.is_empty() {
        terminal.note(if collected.runs.is_empty() {
            "no executions yet"
        } else {
            "no execution is like that"
        });
        return Ok(Exit::Success);
    }
    let ours = collected
        .machine
        .as_ref()
        .is_some_and(|machine| machine.ours);
    for line in table(shown, pricing, ours, terminal).lines(terminal) {
        terminal.line(&line)?;
    }
    if of > shown.len() {
        terminal.note(&format!(
            "the newest {} of {of}; `-n {of}` shows all",
            shown.len()
        ));
    }
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct Listing<'a> {
    machine: Option<&'a str>,
    /// How many the query found.
    found: usize,
    /// How many there are.
    listed: usize,
    currency: Option<&'a str>,
    executions: Vec<Document<'a>>,
}

fn table(runs: &[&Run], pricing: Option<&Pricing>, ours: bool, terminal: &Terminal) -> Table {
    let unicode = terminal.unicode;
    let none = panes::facts::nothing(unicode);
    let now_ms = now_ms();
    let mut table = Table::new(&[
        ("status", Align::Left),
        (if ours { "image" } else { "execution" }, Align::Left),
        ("place", Align::Left),
        ("started", Align::Left),
        ("took", Align::Right),
        ("tries", Align::Right),
        ("cost", Align::Right),
        ("error", Align::Left),
    ])
    .hiding(&[("tries", 0), ("error", 20), ("cost", 0)]);
    for run in runs {
        let (mark, word) = panes::facts::status(run);
        let digest = run.digest.as_deref();
        let status = format!("{} {word}", mark.glyph(unicode));
        let until = run.stopped_ms.unwrap_or(now_ms);
        let cost = pricing.zip(digest);
        let cost = cost.and_then(|(pricing, digest)| {
            Some(text::money(pricing.total(digest)?, &pricing.currency))
        });
        let error = digest.and_then(|digest| digest.error.as_deref());
        table.row(vec![
            Cell::styled(status, mark.style()),
            text::safe(super::sift::name(run)).into(),
            digest
                .map_or(String::new(), |digest| view::places(digest, ours, unicode))
                .into(),
            moment(run.started_ms, now_ms).into(),
            text::seconds((until - run.started_ms).max(0) as f64 / 1000.0).into(),
            digest
                .map_or(String::new(), |digest| digest.attempts.to_string())
                .into(),
            cost.unwrap_or_else(|| none.to_owned()).into(),
            text::safe(error.unwrap_or_default()).into(),
        ]);
    }
    table
}

#[derive(Serialize)]
struct Event<'a> {
    event: &'static str,
    #[serde(flatten)]
    document: Document<'a>,
}

/// Says whenever an execution that the query lets through is new or changed, until it is told to stop.
pub async fn follow(
    target: &Target,
    settings: &Settings,
    wanted: &Wanted,
    json: bool,
    cancel: &CancellationToken,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let mut collected = Collected::begin(target, &wanted.watched, settings);
    let mut told: HashMap<String, String> = HashMap::new();
    loop {
        let runs = tokio::select! {
            () = cancel.cancelled() => return Ok(Exit::Interrupted),
            runs = collected.next() => runs?,
        };
        let going: Vec<String> = collected
            .runs
            .values()
            .filter(|run| run.status == ExecutionStatus::Running || run.digest.is_none())
            .map(|run| run.arn.clone())
            .collect();
        if !runs.is_empty() {
            collected.feed.order(Order::Visible(going));
        }
        for run in runs {
            // Without its history there is little to say; it is on its way.
            if run.digest.is_none() || !collected.lets(&wanted.query, &run) {
                continue;
            }
            let words = line(&run, collected.pricing.as_ref(), terminal);
            let before = told.insert(run.arn.clone(), words.clone());
            if before.as_ref() == Some(&words) {
                continue;
            }
            if json {
                let document = Document::of(&run, collected.pricing.as_ref(), now_ms());
                emit(
                    terminal,
                    &Event {
                        event: "execution",
                        document,
                    },
                )?;
            } else {
                terminal.line(&words)?;
            }
        }
    }
}

/// What changes of an execution, in a line: not its age.
fn line(run: &Run, pricing: Option<&Pricing>, terminal: &Terminal) -> String {
    let (mark, word) = panes::facts::status(run);
    let Some(digest) = run.digest.as_deref() else {
        return String::new();
    };
    let unicode = terminal.unicode;
    let mut parts = vec![
        format!("{} {word:<9}", mark.glyph(unicode)),
        text::safe(super::sift::name(run)),
    ];
    if !digest.places.is_empty() {
        parts.push(panes::facts::lanes(&digest.places, unicode));
    }
    if let Some(state) = &digest.state {
        parts.push(format!("in {}", text::safe(state)));
    }
    if let Some(stopped) = run.stopped_ms {
        parts.push(text::seconds(
            (stopped - run.started_ms).max(0) as f64 / 1000.0,
        ));
        let cost = pricing.and_then(|pricing| Some((pricing, pricing.total(digest)?)));
        parts.extend(cost.map(|(pricing, cost)| text::money(cost, &pricing.currency)));
    }
    if let Some(error) = &digest.error {
        parts.push(text::safe(error));
    }
    parts.join("  ")
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
