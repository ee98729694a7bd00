//! One transaction's view of the engine: what an operation may read, change, and have done afterwards.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::Value;
use states_language::{
    Command, Definition, Event, Execution, ExecutionInfo, Moment, Resource, Status, TaskRequest,
    TimeScale, Timestamp, step,
};
use tokio::sync::oneshot;

use super::api::start::sync_answer;
use super::arn::{self, Home};
use super::cache::Cache;
use super::error::{Fault, StoreError};
use super::events;
use super::integrations::{CallContext, Integrations, Started, unsupported};
use super::map_runs::Errand;
use super::message::{Shared, TaskKey};
use super::mocks::Mocks;
use super::nested::starts_execution;
use super::store;
use super::store::tasks::Phase;
use super::tokens::{TaskToken, digest};

/// Something to do once the transaction is committed. Everything here can be derived from the store
/// again after a crash.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send the timer's event at this moment (milliseconds since the epoch).
    Arm { execution: i64, timer: u64, at: i64 },
    /// Forget a timer.
    Disarm { execution: i64, timer: u64 },
    /// Call a service, or wait for the end of a job that it has taken.
    Call {
        request: TaskRequest,
        context: Box<CallContext>,
        submitted: bool,
    },
    /// Drop a call.
    Abort { task: TaskKey },
    /// Offer a task to the pollers of an activity.
    Queue {
        activity: String,
        place: i64,
        task: TaskKey,
    },
    /// Offer it no longer.
    Unqueue { activity: String, place: i64 },
    /// One more execution runs.
    Began,
    /// An execution has ended: its timers and calls go.
    Ended { execution: i64 },
    /// Begin an execution, whose row exists already, in a transaction of its own.
    Begin { execution: i64 },
    /// Somebody waits for the end of an express execution.
    Await {
        execution: i64,
        end: Arc<Mutex<Option<oneshot::Sender<Value>>>>,
    },
    /// An express execution has ended: what is to be said of it.
    Tell { execution: i64, answer: Box<Value> },
    /// Do what comes next in the run of a distributed Map.
    GoOn { run: i64 },
    /// Fetch a run's items, or write its results.
    Errand { run: i64, errand: Errand },
    /// There are new events in the outbox.
    Announce,
    /// A deleted machine has to be swept away.
    Sweep,
}

/// What all transactions of an engine have around them.
pub(crate) struct Host {
    /// Where our ARNs live.
    pub(crate) home: Home,
    /// What can be called.
    pub(crate) integrations: Arc<dyn Integrations>,
    /// What is answered instead of being called.
    pub(crate) mocks: Option<Mocks>,
    /// How much of their time the waits of new executions take.
    pub(crate) time_scale: TimeScale,
    /// Who listens to events.
    pub(crate) shared: Arc<Shared>,
}

/// Handed to every [`Operation`](super::message::Operation) of a transaction.
pub(crate) struct Turn<'a> {
    /// The store, in a transaction.
    pub(crate) store: &'a Connection,
    /// Where our ARNs live.
    pub(crate) home: &'a Home,
    /// What can be called.
    pub(crate) integrations: &'a dyn Integrations,
    /// What is answered instead of being called, in executions of test cases.
    pub(crate) mocks: Option<&'a Mocks>,
    /// The time of this transaction; it never runs backwards.
    pub(crate) now: Timestamp,
    time_scale: TimeScale,
    shared: &'a Shared,
    cache: &'a mut Cache,
    effects: &'a mut Vec<Effect>,
    /// What happens to other executions because of the one that is being stepped.
    pending: VecDeque<(i64, Event)>,
    stepping: bool,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        store: &'a Connection,
        host: &'a Host,
        now: Timestamp,
        cache: &'a mut Cache,
        effects: &'a mut Vec<Effect>,
    ) -> Self {
        Self {
            store,
            home: &host.home,
            integrations: host.integrations.as_ref(),
            mocks: host.mocks.as_ref(),
            time_scale: host.time_scale,
            shared: &host.shared,
            now,
            cache,
            effects,
            pending: VecDeque::new(),
            stepping: false,
        }
    }

    /// Has something done after the commit.
    pub(crate) fn after(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Starts a new execution, whose row exists already.
    pub(crate) fn begin(
        &mut self,
        id: i64,
        revision: i64,
        execution: Execution,
    ) -> Result<(), Fault> {
        let execution = execution.with_time_scale(self.time_scale);
        self.cache.put_new(id, revision, execution);
        self.after(Effect::Began);
        if self.stepping {
            // A machine that starts itself must not do so for ever in one transaction.
            self.after(Effect::Begin { execution: id });
        } else {
            self.advance(id, Event::Started)?;
        }
        Ok(())
    }

    /// Makes an ended execution run again.
    pub(crate) fn redrive(
        &mut self,
        id: i64,
        redrives: u64,
        client_token: Option<&str>,
    ) -> Result<(), Fault> {
        store::executions::set_redriven(self.store, id, redrives, self.now.0, client_token)?;
        self.after(Effect::Began);
        if !self.advance(id, Event::Redriven)? {
            return Err(StoreError::Missing(format!("a way to redrive execution {id}")).into());
        }
        Ok(())
    }

    /// Lets an event happen to an execution: steps the interpreter, stores what it says, and notes what
    /// has to be done. `false` when the event came too late to matter.
    ///
    /// While another execution is being stepped, the event waits for the end of that, which comes in
    /// the same transaction.
    pub(crate) fn advance(&mut self, id: i64, event: Event) -> Result<bool, Fault> {
        if self.stepping {
            self.pending.push_back((id, event));
            return Ok(true);
        }
        self.stepping = true;
        let counted = self.step(id, event);
        while let Some((id, event)) = self.pending.pop_front().filter(|_| counted.is_ok()) {
            self.step(id, event)?;
        }
        self.stepping = false;
        counted
    }

    fn step(&mut self, id: i64, event: Event) -> Result<bool, Fault> {
        let Some((revision, mut execution)) = self.cache.take(self.store, id)? else {
            return Ok(false);
        };
        let definition = self.cache.definition(self.store, revision)?;
        let mut counted = false;
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let begins = matches!(event, Event::Started | Event::Redriven);
            let seed = uuid::Uuid::new_v4().as_u64_pair().0;
            let stepped = step(
                &definition,
                execution,
                event,
                Moment {
                    now: self.now,
                    seed,
                },
            );
            execution = stepped.execution;
            if stepped.ignored {
                continue;
            }
            counted = true;
            // Nobody can ask for the history of an express execution, and no events tell of it.
            if !is_express(&execution) {
                if begins {
                    self.announce(&execution, Status::Running)?;
                }
                store::history::append(self.store, id, &stepped.history)?;
            }
            for command in stepped.commands {
                events.extend(self.perform(id, revision, &execution, command)?);
            }
        }
        self.cache.put(id, revision, execution, counted);
        Ok(counted)
    }

    /// Does what a command says, as far as the store is concerned. Gives the events that follow from
    /// it at once.
    fn perform(
        &mut self,
        id: i64,
        revision: i64,
        execution: &Execution,
        command: Command,
    ) -> Result<Vec<Event>, Fault> {
        match command {
            Command::StartTask(request) => return self.start_task(id, execution.info(), request),
            Command::CancelTask { task } => {
                let key = TaskKey {
                    execution: id,
                    task: task.0,
                };
                self.close_task(key)?;
                self.stop_nested(key)?;
                self.after(Effect::Abort { task: key });
            }
            Command::SetTimer { timer, at } => {
                self.after(Effect::Arm {
                    execution: id,
                    timer: timer.0,
                    at: at.0,
                });
            }
            Command::CancelTimer { timer } => {
                self.after(Effect::Disarm {
                    execution: id,
                    timer: timer.0,
                });
            }
            Command::StartMapRun(run) => self.start_run(id, revision, execution, &run)?,
            Command::RedriveMapRun(run) => self.redrive_run(TaskKey {
                execution: id,
                task: run.task.0,
            })?,
            Command::CancelMapRun { task } => self.cancel_run(TaskKey {
                execution: id,
                task: task.0,
            })?,
            Command::Finish => self.finish(id, execution)?,
        }
        Ok(Vec::new())
    }

    fn start_task(
        &mut self,
        id: i64,
        info: &ExecutionInfo,
        request: TaskRequest,
    ) -> Result<Vec<Event>, Fault> {
        let task = request.task;
        let key = TaskKey {
            execution: id,
            task: task.0,
        };
        if let Some(events) = self.mocked_events(id, &request)? {
            return Ok(events);
        }
        if let Some(token) = &request.token {
            store::tasks::insert_token(self.store, key, &digest(token))?;
        }
        if let Some(pattern) = starts_execution(&request.resource) {
            return self.start_nested(key, &request, pattern);
        }
        if let Resource::Activity { arn } = &request.resource {
            let known = match arn::activity_name(arn) {
                Ok(name) if *arn == self.home.activity(name) => {
                    store::activities::created(self.store, name)?.is_some()
                }
                _ => false,
            };
            if !known {
                let cause = format!(
                    "An error occurred while executing the state '{}'. The activity {arn} does not \
                     exist.",
                    request.state
                );
                let error = Some("States.Runtime".to_owned());
                return Ok(vec![Event::TaskFailed {
                    task,
                    error,
                    cause: Some(cause),
                }]);
            }
            let token = TaskToken::random(id, task.0);
            let place = store::tasks::insert(self.store, &token, arn)?;
            self.after(Effect::Queue {
                activity: arn.clone(),
                place,
                task: key,
            });
            return Ok(Vec::new());
        }
        if !self.integrations.supports(&request.resource) {
            // Its machine could be made because a test case answers for the state; this is no execution of one.
            let cause = unsupported(&request.resource);
            return Ok(vec![Event::TaskFailed {
                task,
                error: Some("States.Runtime".to_owned()),
                cause: Some(cause),
            }]);
        }
        let queues = self.integrations.queues(&request.resource);
        let context = self.call_context(info, key);
        self.after(Effect::Call {
            request,
            context: Box::new(context),
            submitted: false,
        });
        // The clocks of a service call run from the moment at which it is made, unless it says when.
        let started = (!queues).then_some(Event::TaskStarted {
            task,
            worker_name: None,
        });
        Ok(started.into_iter().collect())
    }

    fn call_context(&self, info: &ExecutionInfo, task: TaskKey) -> CallContext {
        CallContext {
            region: self.home.region.clone(),
            account: self.home.account.clone(),
            execution_arn: info.arn.clone(),
            state_machine_arn: info.state_machine_arn.clone(),
            task,
            started: Started::default(),
        }
    }

    /// Closes a worker's task: later answers are told that they are late.
    pub(crate) fn close_task(&mut self, key: TaskKey) -> Result<(), Fault> {
        if let Some(task) = store::tasks::find(self.store, key)? {
            self.close(task)?;
        }
        Ok(())
    }

    fn close(&mut self, task: store::tasks::Task) -> Result<(), Fault> {
        if task.phase != Phase::Closed {
            store::tasks::set_phase(self.store, task.key, Phase::Closed)?;
        }
        if task.phase == Phase::Queued {
            self.after(Effect::Unqueue {
                activity: task.activity,
                place: task.place,
            });
        }
        Ok(())
    }

    fn finish(&mut self, id: i64, execution: &Execution) -> Result<(), Fault> {
        let end = store::executions::End {
            status: execution.status().as_str(),
            stopped: execution.stop_date().unwrap_or(self.now).0,
            error: execution.error(),
            cause: execution.cause(),
            output: execution.output(),
        };
        store::executions::set_ended(self.store, id, &end)?;
        for task in store::tasks::open(self.store, id)? {
            self.close(task)?;
        }
        if is_express(execution) {
            // What a child gave is its map run's result.
            if execution.map_state().is_none() {
                store::executions::remove(self.store, &[id])?;
            }
            self.after(Effect::Tell {
                execution: id,
                answer: Box::new(sync_answer(execution)),
            });
        } else {
            self.announce(execution, execution.status())?;
        }
        self.tell_parent(id, execution)?;
        if execution.map_state().is_some() {
            self.child_ended(id, execution.status())?;
        }
        self.after(Effect::Ended { execution: id });
        store::machines::release_ended(self.store)?;
        if store::machines::find_deleted(self.store)?.is_some() {
            self.after(Effect::Sweep);
        }
        Ok(())
    }

    fn announce(&mut self, execution: &Execution, status: Status) -> Result<(), Fault> {
        let event = events::status_change(self.home, execution, status, self.now);
        if !self.shared.wants(&event) {
            return Ok(());
        }
        let text = serde_json::to_string(&event).map_err(|source| StoreError::Unreadable {
            what: "event".to_owned(),
            source,
        })?;
        store::outbox::insert(self.store, &text)?;
        self.after(Effect::Announce);
        Ok(())
    }

    /// Notes everything that a running execution waits for, as if it had just been commanded: what the
    /// engine does with each execution when it opens.
    pub(crate) fn resume(&mut self, id: i64) -> Result<(), Fault> {
        let Some((revision, execution)) = self.cache.take(self.store, id)? else {
            return Err(StoreError::Missing(format!("the state of execution {id}")).into());
        };
        // Reading the definition now tells early of one that this build cannot run.
        let definition = self.cache.definition(self.store, revision);
        definition?;
        self.after(Effect::Began);
        if execution.start_date().is_none() {
            self.after(Effect::Begin { execution: id });
        }
        for (timer, at) in execution.timers() {
            self.effects.push(Effect::Arm {
                execution: id,
                timer: timer.0,
                at: at.0,
            });
        }
        for request in execution.open_tasks() {
            let key = TaskKey {
                execution: id,
                task: request.task.0,
            };
            if matches!(request.resource, Resource::Activity { .. }) {
                let task = store::tasks::find(self.store, key)?;
                if let Some(task) = task.filter(|task| task.phase == Phase::Queued) {
                    let store::tasks::Task {
                        activity, place, ..
                    } = task;
                    self.effects.push(Effect::Queue {
                        activity,
                        place,
                        task: key,
                    });
                }
            } else if starts_execution(&request.resource).is_none() {
                let submitted = execution.task_submitted(request.task);
                if submitted && !self.integrations.follows(&request.resource) {
                    continue;
                }
                let context = self.call_context(execution.info(), key);
                let request = request.clone();
                self.effects.push(Effect::Call {
                    request,
                    context: Box::new(context),
                    submitted,
                });
            }
        }
        self.cache.put(id, revision, execution, false);
        Ok(())
    }

    /// The parsed definition of a revision.
    pub(crate) fn definition(&mut self, revision: i64) -> Result<Arc<Definition>, StoreError> {
        self.cache.definition(self.store, revision)
    }

    /// The interpreter's state of an execution.
    pub(crate) fn inspect<T>(
        &mut self,
        id: i64,
        look: impl FnOnce(&Execution) -> T,
    ) -> Result<T, Fault> {
        let Some((revision, execution)) = self.cache.take(self.store, id)? else {
            return Err(StoreError::Missing(format!("the state of execution {id}")).into());
        };
        let seen = look(&execution);
        self.cache.put(id, revision, execution, false);
        Ok(seen)
    }
}

/// Express executions have ARNs of their own.
fn is_express(execution: &Execution) -> bool {
    execution.info().arn.contains(":express:")
}
