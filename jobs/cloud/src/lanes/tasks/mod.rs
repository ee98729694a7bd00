//! ECS tasks: what `ecs:runTask` starts, a process for each.
//!
//! A task definition of the stack says what a container image would: which program, with which arguments and
//! environment. A task that was accepted is noted in a ledger before its process starts, so that one which died with
//! the cloud is told of by the next start: a state that waits for it (`.sync`) fails with the task as its cause, as
//! when the host of a task goes down. Two things differ from ECS, because tasks are this process's children: no
//! task outlives its cloud, and those beyond a definition's `concurrency` wait in `PROVISIONING`.
//!
//! `request` reads parameters, `record` is the task as AWS describes it, `ledger` keeps it, `process` runs it.

mod ledger;
mod process;
mod record;
mod request;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(crate) use ledger::VERSION as TASKS_VERSION;

use crate::config::CloudConfig;
use crate::lanes::process_environment;
use crate::states::{CallContext, TaskError, TaskKey};
use ledger::Ledger;
use process::Process;
use record::Record;
use request::{Catalogue, Refusal};

/// How often a drain looks whether tasks still run.
const DRAIN_CHECK: Duration = Duration::from_millis(50);

/// The tasks of this cloud.
pub(crate) struct TaskLane {
    catalogue: Catalogue,
    /// What every task's environment begins with.
    environment: BTreeMap<String, String>,
    /// Per family: how many more may run.
    places: BTreeMap<String, Arc<Semaphore>>,
    ledger: Arc<Ledger>,
    jobs: Arc<Mutex<BTreeMap<TaskKey, Job>>>,
    running: Arc<AtomicUsize>,
    lives: TaskTracker,
    runtime: Handle,
    drain: CancellationToken,
    stop: CancellationToken,
}

/// A task as far as the state that started it is concerned.
struct Job {
    /// Whether that state waits for its end.
    waited_for: bool,
    /// Ends the process.
    stop: CancellationToken,
    /// The task after its end; nothing before.
    end: watch::Receiver<Option<Record>>,
}

impl TaskLane {
    /// Opens the ledger. Tasks that an earlier life of this cloud left running are over: they died with it. After
    /// `drain` no process starts any more, with `stop` all are killed.
    pub(crate) fn open(
        path: &Path,
        config: &CloudConfig,
        endpoint: &str,
        drain: CancellationToken,
        stop: CancellationToken,
    ) -> Result<Self, rusqlite::Error> {
        let ledger = Ledger::open(path, config.durability)?;
        let mut jobs = BTreeMap::new();
        for (key, waited_for, record) in ledger.take_up()? {
            if waited_for {
                let (_, end) = watch::channel(Some(record));
                let stop = CancellationToken::new();
                jobs.insert(
                    key,
                    Job {
                        waited_for,
                        stop,
                        end,
                    },
                );
            } else {
                let (task, family) = (record.arn(), record.family());
                tracing::error!(task, family, "an ECS task died with the cloud that ran it");
            }
        }
        let catalogue = Catalogue::new(config);
        let places = catalogue.definitions.iter().map(|definition| {
            let places = Semaphore::new(definition.concurrency.max(1));
            (definition.family.clone(), Arc::new(places))
        });
        Ok(Self {
            places: places.collect(),
            environment: process_environment(config, endpoint),
            catalogue,
            ledger: Arc::new(ledger),
            jobs: Arc::new(Mutex::new(jobs)),
            running: Arc::default(),
            lives: TaskTracker::new(),
            runtime: Handle::current(),
            drain,
            stop,
        })
    }

    /// `RunTask`: takes a task, to be run as soon as there is a place; gives the answer as JSON text. With `waited_for`
    /// the caller asks for its [`end`](Self::end) and then [forgets](Self::forget) it.
    pub(crate) async fn run(
        &self,
        parameters: Map<String, Value>,
        context: &CallContext,
        waited_for: bool,
    ) -> Result<String, TaskError> {
        let plan = self
            .catalogue
            .plan(parameters)
            .map_err(|refusal| refused(&refusal))?;
        let places = self.places.get(&plan.family).cloned();
        let places = places.ok_or_else(|| refused(&Refusal::DefinitionNotFound))?;
        let record = Record::new(&plan, &self.catalogue, context, now_ms());
        let answer = answer(&record);
        let mut variables = self.environment.clone();
        variables.extend(plan.environment);
        let (told, end) = watch::channel(None);
        let stop = CancellationToken::new();
        let process = Process {
            command: plan.command,
            variables,
            stop_timeout: plan.stop_timeout,
            places,
            running: Arc::clone(&self.running),
            wish: stop.clone(),
            drain: self.drain.clone(),
            stop: self.stop.clone(),
        };
        let key = context.task;
        let job = Job {
            waited_for,
            stop,
            end,
        };
        // Before anything is written, so that it can be forgotten from now on.
        self.jobs().insert(key, job);
        let (ledger, noted) = (Arc::clone(&self.ledger), record.clone());
        let kept = tokio::task::spawn_blocking(move || ledger.insert(key, waited_for, &noted));
        let kept = kept.await.map_err(|error| error.to_string());
        if let Err(reason) = kept.and_then(|kept| kept.map_err(|error| error.to_string())) {
            self.jobs().remove(&key);
            return Err(refused(&Refusal::Server(reason)));
        }
        let (ledger, jobs) = (Arc::clone(&self.ledger), Arc::clone(&self.jobs));
        self.lives.spawn_on(
            async move {
                let Some(record) = process.live(record, &ledger).await else {
                    // The cloud ends, and the ledger says what ran.
                    return;
                };
                if waited_for {
                    told.send_replace(Some(record));
                } else {
                    lock(&jobs).remove(&key);
                }
            },
            &self.runtime,
        );
        Ok(answer)
    }

    /// Waits for the end of a task that the caller has run; gives the task as JSON text, as a failure when its
    /// container did not end well. Never ends when the cloud does: the next start knows.
    pub(crate) async fn end(&self, key: TaskKey) -> Result<String, TaskError> {
        let end = self.jobs().get(&key).map(|job| job.end.clone());
        let Some(mut end) = end else {
            return Err(TaskError {
                error: "States.TaskFailed".to_owned(),
                cause: "The ECS task is not in this cloud's ledger any more.".to_owned(),
            });
        };
        let record = match end.wait_for(Option::is_some).await {
            Ok(record) => record.clone(),
            Err(_) => None,
        };
        match record {
            Some(record) if record.ended_well() => Ok(record.to_string()),
            Some(record) => Err(TaskError {
                error: "States.TaskFailed".to_owned(),
                cause: record.to_string(),
            }),
            None => std::future::pending().await,
        }
    }

    /// Nobody waits for this task any more. One that still runs is stopped, if somebody did; others run on.
    pub(crate) fn forget(&self, key: TaskKey) {
        let job = {
            let mut jobs = self.jobs();
            match jobs.get(&key) {
                Some(job) if job.waited_for => jobs.remove(&key),
                _ => None,
            }
        };
        let Some(job) = job else {
            return;
        };
        job.stop.cancel();
        let ledger = Arc::clone(&self.ledger);
        self.runtime.spawn_blocking(move || {
            if let Err(error) = ledger.remove(key) {
                tracing::warn!(%error, "an ECS task that is over stays in the ledger");
            }
        });
    }

    /// Tasks whose processes run.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Waits until no process runs.
    pub(crate) async fn drained(&self) {
        while self.running() > 0 {
            tokio::time::sleep(DRAIN_CHECK).await;
        }
    }

    /// Waits until every process that was told to stop has ended.
    pub(crate) async fn ended(&self) {
        self.lives.close();
        self.lives.wait().await;
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<TaskKey, Job>> {
        lock(&self.jobs)
    }
}

fn lock(jobs: &Mutex<BTreeMap<TaskKey, Job>>) -> MutexGuard<'_, BTreeMap<TaskKey, Job>> {
    // The map is whole after a panic: nothing is left half done in it.
    jobs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer of `RunTask` as the integration gives it.
fn answer(record: &Record) -> String {
    crate::lanes::with_metadata(json!({ "Failures": [], "Tasks": [record.task()] })).to_string()
}

fn refused(refusal: &Refusal) -> TaskError {
    let cause = match refusal.code() {
        None => refusal.to_string(),
        Some((code, status)) => format!(
            "{refusal} (Service: AmazonECS; Status Code: {status}; Error Code: {code}; Request ID: {}; Proxy: null)",
            Uuid::new_v4()
        ),
    };
    let error = match refusal.code() {
        None => "States.Runtime".to_owned(),
        Some((code, _)) => format!("ECS.{code}"),
    };
    TaskError { error, cause }
}

/// Milliseconds since the epoch.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
