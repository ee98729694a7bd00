//! Telling people and programs that a batch has ended, or that a picture has failed: on the terminal, by a command, a
//! webhook, an SNS topic, as the configuration's `[[notify]]` say.
//!
//! Whatever goes wrong here is a warning: it changes neither what was done nor how the program ends.

mod command;
mod http;
pub mod rule;
mod screen;
mod sns;
mod webhook;

use std::time::{Duration, Instant};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::track::ItemStatus;

use self::rule::{EventKind, NotifyRule, Way};
use crate::batch::outcome::{Counts, reason};
use crate::config::Settings;
use crate::term::{Terminal, text};

/// Failed pictures of one batch that are told one by one; the end of the batch tells of all.
const ITEMS_TOLD: usize = 20;

/// What is told. This is the body of a webhook (docs/formats.md).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// Version of this document's shape, 1.
    pub version: u32,
    /// The same at every try of the same notice.
    pub id: String,
    /// What happened.
    pub event: EventKind,
    /// When, RFC 3339, UTC.
    pub time: String,
    /// The target.
    pub profile: String,
    /// The batch.
    pub batch: String,
    /// A few words.
    pub title: String,
    /// One sentence.
    pub text: String,
    /// The picture that failed, of `item-failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<FailedItem>,
    /// How many ended how, of the batch's events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Since the command began.
    pub seconds: f64,
}

/// A picture that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailedItem {
    /// Its name within the batch.
    pub name: String,
    /// The error's name.
    pub error: Option<String>,
    /// What happened, in one sentence.
    pub message: Option<String>,
}

/// Sends the notices of one command.
pub struct Notifier {
    rules: Vec<NotifyRule>,
    profile: String,
    terminal: Terminal,
    began: Instant,
    items: usize,
    sending: JoinSet<Result<(), String>>,
}

impl Notifier {
    /// By the configuration; the clock of `after` begins.
    pub fn new(settings: &Settings) -> Notifier {
        Notifier {
            rules: settings.file.notify.clone(),
            profile: settings.profile.clone(),
            terminal: settings.terminal.clone(),
            began: Instant::now(),
            items: 0,
            sending: JoinSet::new(),
        }
    }

    /// A picture failed. Does not wait.
    pub fn item_failed(&mut self, item: &ItemStatus) {
        self.items += 1;
        if self.items > ITEMS_TOLD {
            return;
        }
        let mut notice = self.notice(EventKind::ItemFailed, &item.batch);
        notice.title = String::from("whiteboarder: a picture failed");
        notice.text = format!("failed: {}: {}", text::safe(&item.name), reason(item));
        notice.item = Some(FailedItem {
            name: item.name.clone(),
            error: item.error.clone(),
            message: item.message.clone(),
        });
        self.tell(&notice);
    }

    /// The batch has ended. Waits until everything is sent, given up, or somebody presses Ctrl-C.
    pub async fn batch_ended(&mut self, batch: &str, counts: Counts, cancel: &CancellationToken) {
        let bad = counts.failed + counts.stopped > 0;
        let kind = if bad {
            EventKind::BatchFailed
        } else {
            EventKind::BatchFinished
        };
        let mut notice = self.notice(kind, batch);
        notice.title = format!(
            "whiteboarder: batch {}",
            if bad {
                "ended with failures"
            } else {
                "finished"
            }
        );
        let others = text::counts(&[(counts.failed, "failed"), (counts.stopped, "stopped")]);
        let took = text::duration(Duration::from_secs_f64(notice.seconds));
        notice.text = format!(
            "{} cleaned{others} in {took}, batch {batch}",
            counts.cleaned
        );
        notice.counts = Some(counts);
        self.tell(&notice);
        self.settle(cancel).await;
    }

    /// Sends a notice of each kind that a rule is for, as a trial; gives how each rule ended.
    pub async fn trial(&mut self) -> Vec<(String, Result<(), String>)> {
        let mut ended = Vec::new();
        for rule in std::mem::take(&mut self.rules) {
            let mut notice = self.notice(rule.on[0], "01TRIAL");
            notice.title = String::from("whiteboarder: a trial");
            notice.text = String::from("this is how a notification looks");
            let way = rule.way();
            let sent = match way {
                Ok(Way::Terminal(how)) => screen::tell(how, &notice, &self.terminal),
                Ok(ref other) => send(other.clone(), notice).await,
                Err(ref wrong) => Err(wrong.clone()),
            };
            ended.push((
                way.map_or_else(|_| "?".to_owned(), |way| way.to_string()),
                sent,
            ));
        }
        ended
    }

    fn notice(&self, event: EventKind, batch: &str) -> Notice {
        let now = OffsetDateTime::now_utc();
        Notice {
            version: 1,
            id: uuid::Uuid::new_v4().to_string(),
            event,
            time: now
                .replace_nanosecond(0)
                .unwrap_or(now)
                .format(&Rfc3339)
                .unwrap_or_default(),
            profile: self.profile.clone(),
            batch: batch.to_owned(),
            title: String::new(),
            text: String::new(),
            item: None,
            counts: None,
            seconds: self.began.elapsed().as_secs_f64(),
        }
    }

    fn tell(&mut self, notice: &Notice) {
        for rule in &self.rules {
            if !rule.wants(notice.event, notice.seconds) {
                continue;
            }
            match rule.way() {
                Ok(Way::Terminal(how)) => {
                    if let Err(wrong) = screen::tell(how, notice, &self.terminal) {
                        tracing::debug!(%wrong, "not told on the terminal");
                    }
                }
                Ok(way) => drop(self.sending.spawn(send(way, notice.clone()))),
                // The configuration's check refuses such a rule before.
                Err(wrong) => self.warn(&wrong),
            }
        }
    }

    /// Every try ends by itself, so this does.
    async fn settle(&mut self, cancel: &CancellationToken) {
        loop {
            tokio::select! {
                sent = self.sending.join_next() => match sent {
                    None => return,
                    Some(Ok(Err(wrong))) => self.warn(&wrong),
                    Some(_) => {}
                },
                () = cancel.cancelled() => {
                    self.sending.abort_all();
                    return;
                }
            }
        }
    }

    fn warn(&self, wrong: &str) {
        self.terminal
            .note(&text::safe(&format!("warning: {wrong}")));
    }
}

/// Sends a notice; the error is one sentence without a secret.
async fn send(way: Way, notice: Notice) -> Result<(), String> {
    match &way {
        Way::Terminal(_) => Ok(()),
        Way::Command(command) => command::run(command, &notice).await,
        Way::Webhook { url, secret_file } => {
            webhook::post(url, secret_file.as_deref(), &notice, &http::Client::new()).await
        }
        Way::Sns(topic) => sns::publish(topic, &notice, &http::Client::new()).await,
    }
    .map_err(|wrong| format!("no notification by {way}: {wrong}"))
}

#[cfg(test)]
pub fn sample() -> Notice {
    Notice {
        version: 1,
        id: "5f1c".to_owned(),
        event: EventKind::ItemFailed,
        time: "2026-11-21T20:00:00Z".to_owned(),
        profile: "local".to_owned(),
        batch: "01B".to_owned(),
        title: "whiteboarder: a picture failed".to_owned(),
        text: "failed: a.jpg: it ends early".to_owned(),
        item: Some(FailedItem {
            name: "a.jpg".to_owned(),
            error: Some("ImageCorrupt".to_owned()),
            message: Some("it ends early".to_owned()),
        }),
        counts: None,
        seconds: 2.5,
    }
}
