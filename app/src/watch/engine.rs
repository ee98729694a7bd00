//! What the dashboard does outside: a thread with the client's feed in it. It takes orders and tells what there is.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use whiteboarder_core::image::{Limits, decode};
use whiteboarder_jobs::watch::feed::{self, FeedOptions};
use whiteboarder_jobs::watch::{Health, News, Order};

use super::model::{Msg, Pictures};
use crate::batch::target::{bring_back, connect};
use crate::config::Settings;
use crate::error::sentence;
use crate::term::show::fitted;
use crate::term::text;
use crate::ui::picture::{Encoder, Shown};

/// News are handed on in handfuls, so that a thousand of them are one frame.
const HANDFUL: usize = 512;
/// How long a handful may wait for more.
const GATHER: Duration = Duration::from_millis(30);
/// How long leaving waits for what runs.
const TIDY: Duration = Duration::from_secs(1);
/// Pauses between tries to connect, in milliseconds.
const CONNECT: [u64; 4] = [500, 1_000, 2_000, 5_000];

/// What is watched.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// A state machine's ARN or name, when it is not the profile's.
    pub machine: Option<String>,
    /// A batch, when only its executions are wanted.
    pub batch: Option<String>,
}

type Tell = Box<dyn Fn(Msg) + Send + Sync>;
/// How large before and after are wanted.
type Room = Arc<Mutex<(u16, u16)>>;

/// The thread's end on the screen's side. Dropping it ends the feed.
pub struct Engine {
    orders: UnboundedSender<Order>,
    room: Room,
    thread: Option<thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread; `tell` is called on it.
    pub fn start(
        settings: &Settings,
        watched: Watched,
        encoder: Encoder,
        tell: impl Fn(Msg) + Send + Sync + 'static,
    ) -> std::io::Result<Engine> {
        // Nothing of the client's may write on a screen that is drawn on.
        let mut settings = settings.clone();
        settings.terminal.quiet = true;
        settings.terminal.live = false;
        let (orders, taken) = unbounded_channel();
        let room = Room::default();
        let worker = Worker {
            settings,
            watched,
            encoder,
            room: room.clone(),
            tell: Box::new(tell),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || runtime.block_on(Box::pin(worker.serve(taken))))?;
        Ok(Engine {
            orders,
            room,
            thread: Some(thread),
        })
    }

    /// Hands an order to the feed.
    pub fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// Fetches before and after of an execution for so many columns and rows each.
    pub fn pictures(&self, arn: String, size: (u16, u16)) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = size;
        self.order(Order::Pictures(arn));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let (closed, _) = unbounded_channel();
        self.orders = closed;
        if let Some(thread) = self.thread.take() {
            let began = std::time::Instant::now();
            while !thread.is_finished() && began.elapsed() < TIDY {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

struct Worker {
    settings: Settings,
    watched: Watched,
    encoder: Encoder,
    room: Room,
    tell: Tell,
}

impl Worker {
    async fn serve(self, mut orders: UnboundedReceiver<Order>) {
        let mut tries = 0;
        let target = loop {
            match connect(&self.settings).await {
                Ok(target) => break target,
                Err(error) => {
                    let next_ms = CONNECT[tries.min(CONNECT.len() - 1)];
                    tries += 1;
                    self.news(vec![News::Health(Health::Offline {
                        why: sentence(&error),
                        next_ms,
                    })]);
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(next_ms)) => {}
                        order = orders.recv() => if order.is_none() { return },
                    }
                }
            }
        };
        let options = FeedOptions {
            machine: self.watched.machine.clone(),
            batch: self.watched.batch.clone(),
            cache: Some(self.settings.dirs.cache.join("watch")),
            ..FeedOptions::default()
        };
        let (feed, mut news) = feed::start(target.clone(), options);
        let mut handful = Vec::with_capacity(HANDFUL);
        let mut lost = false;
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => feed.order(order),
                    None => return,
                },
                count = news.recv_many(&mut handful, HANDFUL) => {
                    if count == 0 {
                        return;
                    }
                    let offline = |news: &News| matches!(news, News::Health(Health::Offline { .. }));
                    let gone = handful.iter().any(offline);
                    self.news(std::mem::take(&mut handful));
                    if gone && !lost {
                        bring_back(&self.settings, &target).await;
                    }
                    lost = gone;
                    tokio::time::sleep(GATHER).await;
                }
            }
        }
    }

    fn news(&self, news: Vec<News>) {
        let (pictures, others): (Vec<_>, Vec<_>) = news
            .into_iter()
            .partition(|one| matches!(one, News::Pictures { .. }));
        if !others.is_empty() {
            (self.tell)(Msg::News(others));
        }
        // Of several only the last is still looked at.
        if let Some(News::Pictures { arn, before, after }) = pictures.into_iter().next_back() {
            let size = *self.room.lock().unwrap_or_else(PoisonError::into_inner);
            let (before, after) =
                tokio::task::block_in_place(|| (self.shown(before, size), self.shown(after, size)));
            (self.tell)(Msg::Drawn(Box::new(Pictures {
                arn,
                size,
                before,
                after,
            })));
        }
    }

    fn shown(&self, file: Option<Vec<u8>>, (columns, rows): (u16, u16)) -> Result<Shown, String> {
        let file = file.ok_or_else(|| "there is none".to_owned())?;
        let picture = decode(&file, &Limits::default())
            .map_err(|error| text::safe(&format!("cannot show it: {error}")))?;
        let small = fitted(picture, self.encoder.pixels(columns, rows));
        self.encoder
            .encode(&small, columns, rows)
            .map_err(|error| format!("cannot show it: {}", sentence(&error)))
    }
}
