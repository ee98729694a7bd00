//! What the Batch screen does outside: a thread with the client in it. It takes orders and tells what becomes of them.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::download;
use whiteboarder_jobs::submit::{
    Batch, CreateOptions, Plan, ScanOptions, SubmitOptions, run as run_batch,
};
use whiteboarder_jobs::{JobsError, Progress, Reporter};

use super::model::{Choices, Msg, Order, Planned, Row};
use crate::batch::planned as priced;
use crate::batch::target::{bring_back, connect, expected, inbox};
use crate::cleaning::layout::{Destination, destination, find_with, skipped_lines};
use crate::cli::for_download;
use crate::config::Settings;
use crate::error::sentence;

/// Events are handed on in handfuls, so that a thousand of them are one frame.
const HANDFUL: usize = 512;
/// How long a handful may wait for more.
const GATHER: Duration = Duration::from_millis(30);

/// How long leaving waits for what runs to be tidied up.
const TIDY: Duration = Duration::from_secs(2);

/// An order.
enum Command {
    Plan {
        generation: u64,
        order: Box<Order>,
        choices: Choices,
    },
    Submit {
        without: Vec<String>,
        choices: Choices,
    },
}

/// The thread's end on the screen's side. Dropping it stops what runs; what is in the bucket goes on.
pub struct Engine {
    commands: UnboundedSender<Command>,
    cancel: std::sync::Arc<std::sync::Mutex<CancellationToken>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread; `tell` is called on it.
    pub fn start(
        settings: &Settings,
        tell: impl Fn(Msg) + Send + Sync + 'static,
    ) -> std::io::Result<Engine> {
        // Nothing of the client's may write on a screen that is drawn on.
        let mut settings = settings.clone();
        settings.terminal.quiet = true;
        settings.terminal.live = false;
        let (commands, orders) = unbounded_channel();
        let cancel = std::sync::Arc::new(std::sync::Mutex::new(CancellationToken::new()));
        let current = cancel.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("batch".to_owned())
            .spawn(move || {
                let worker = Worker {
                    settings,
                    tell: Box::new(tell),
                    cancel: current,
                    ready: None,
                };
                runtime.block_on(Box::pin(worker.serve(orders)));
            })?;
        Ok(Engine {
            commands,
            cancel,
            thread: Some(thread),
        })
    }

    /// Looks at the files.
    pub fn plan(&self, generation: u64, order: Box<Order>, choices: Choices) {
        let _ = self.commands.send(Command::Plan {
            generation,
            order,
            choices,
        });
    }

    /// Submits the last plan, or goes on with it.
    pub fn submit(&self, without: Vec<String>, choices: Choices) {
        *lock(&self.cancel) = CancellationToken::new();
        let _ = self.commands.send(Command::Submit { without, choices });
    }

    /// Stops the uploads.
    pub fn pause(&self) {
        lock(&self.cancel).cancel();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.pause();
        let (closed, _) = unbounded_channel();
        self.commands = closed;
        // What it has begun it tidies up; a target that does not answer does not keep anybody here.
        if let Some(thread) = self.thread.take() {
            let began = Instant::now();
            while !thread.is_finished() && began.elapsed() < TIDY {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the last plan was, and the batch that it became.
struct Ready {
    plan: Plan,
    recipe: Recipe,
    output: Destination,
    batch: Option<Batch>,
}

struct Worker {
    settings: Settings,
    tell: Box<dyn Fn(Msg) + Send + Sync>,
    cancel: std::sync::Arc<std::sync::Mutex<CancellationToken>>,
    ready: Option<Ready>,
}

impl Worker {
    async fn serve(mut self, mut orders: UnboundedReceiver<Command>) {
        while let Some(command) = orders.recv().await {
            match command {
                Command::Plan {
                    generation,
                    order,
                    choices,
                } => {
                    let plan = match self.plan(&order, choices) {
                        Ok(plan) => Ok(Box::new(plan)),
                        Err(error) => Err(sentence(&error)),
                    };
                    (self.tell)(Msg::Planned { generation, plan });
                }
                Command::Submit { without, choices } => {
                    let cancel = lock(&self.cancel).clone();
                    let end = Box::pin(self.submit(&without, choices, &cancel)).await;
                    (self.tell)(match end {
                        Ok(()) => Msg::Ended(Ok(())),
                        Err(error)
                            if matches!(
                                error.downcast_ref::<JobsError>(),
                                Some(JobsError::Cancelled)
                            ) =>
                        {
                            Msg::Paused
                        }
                        Err(error) => Msg::Ended(Err(sentence(&error))),
                    });
                }
            }
        }
    }

    fn plan(&mut self, order: &Order, choices: Choices) -> Result<Planned> {
        self.ready = None;
        let wanted = ScanOptions {
            subfolders: choices.subfolders,
            ..ScanOptions::default()
        };
        let mut found = find_with(&order.paths, Some(&order.output), &wanted)?;
        if let Some(only) = &order.only {
            found.files.retain(|file| only.contains(&file.name));
        }
        // The screen has the words "left out" in front of them.
        let left_out = skipped_lines(&found.skipped)
            .into_iter()
            .map(|line| line.trim_start_matches("left out ").to_owned())
            .collect();
        let lanes = expected(&self.settings)?;
        let planned = priced::Planned::new(
            found,
            &order.recipe,
            choices.wish,
            &lanes.lambda,
            &lanes,
            choices.download,
            &self.settings,
        )?;
        let plan = planned.plan;
        let rows_in_plan = plan.items.len();
        let rows = plan.items.iter().map(|item| Row {
            name: item.file.name.clone(),
            bytes: item.file.bytes,
            pixels: item
                .width
                .zip(item.height)
                .map(|(width, height)| u64::from(width) * u64::from(height)),
            place: item.place,
            seconds: item.seconds,
            memory_mb: item.memory_mb,
            cost: item.cost.as_ref().map(|cost| cost.total),
            why: item.why.clone(),
            out: false,
        });
        let planned = Planned {
            rows: rows.collect(),
            left_out,
            into: inbox(&self.settings)?,
        };
        self.ready = Some(Ready {
            plan,
            recipe: order.recipe.clone(),
            output: destination(&order.output, rows_in_plan)?,
            batch: None,
        });
        Ok(planned)
    }

    async fn submit(
        &mut self,
        without: &[String],
        choices: Choices,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let Some(ready) = &mut self.ready else {
            return Ok(());
        };
        let target = connect(&self.settings).await?;
        let (reporter, events) = Reporter::channel();
        let rescue = {
            let (settings, target) = (self.settings.clone(), target.clone());
            move || {
                let (settings, target) = (settings.clone(), target.clone());
                async move { bring_back(&settings, &target).await }
            }
        };
        let work = async {
            let options = CreateOptions {
                skip_unchanged: choices.skip_unchanged,
                ..CreateOptions::default()
            };
            let batch = match &mut ready.batch {
                Some(batch) => batch,
                none => {
                    let without: BTreeSet<&str> = without.iter().map(String::as_str).collect();
                    let mut plan = ready.plan.clone();
                    plan.items
                        .retain(|item| !without.contains(item.file.name.as_str()));
                    let begun =
                        Batch::begin(&target, plan, &ready.recipe, &options, &reporter, cancel)
                            .await?;
                    if let Err(error) = begun.remember(&self.settings.dirs.batches()) {
                        tracing::warn!(%error, "the places of the files cannot be noted");
                    }
                    none.insert(begun)
                }
            };
            batch.claim(&target, &options, &reporter, cancel).await?;
            let options = SubmitOptions::default();
            let status = run_batch(&target, batch, &options, &reporter, cancel).await?;
            if choices.download {
                let to = for_download(&ready.output);
                let inputs = batch.inputs();
                download::download(&target, &status, &to, &inputs, &reporter, cancel).await?;
            }
            drop(reporter);
            Ok::<(), JobsError>(())
        };
        let telling = hand_on(events, &*self.tell, rescue);
        let (done, ()) = tokio::join!(work, telling);
        Ok(done?)
    }
}

/// Hands events on until the last reporter is gone. A local cloud that has gone is brought back.
async fn hand_on<F: Future<Output = ()>>(
    mut events: UnboundedReceiver<Progress>,
    tell: &(dyn Fn(Msg) + Send + Sync),
    rescue: impl Fn() -> F,
) {
    let mut handful = Vec::with_capacity(HANDFUL);
    while events.recv_many(&mut handful, HANDFUL).await > 0 {
        let lost = handful.iter().any(|event| {
            matches!(
                event,
                Progress::Offline { .. } | Progress::UploadRetry { .. }
            )
        });
        tell(Msg::Progress(std::mem::take(&mut handful)));
        if lost {
            rescue().await;
        }
        tokio::time::sleep(GATHER).await;
    }
}
