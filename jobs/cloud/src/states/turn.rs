//! One transaction's view of the engine: what an operation may read, change, and have done afterwards.

use std::collections::VecDeque;

use rusqlite::Connection;
use states_language::{
    Command, Event, Execution, ExecutionInfo, Moment, Resource, Status, TaskRequest, Timestamp,
    step,
};

use super::arn::{self, Home};
use super::cache::Cache;
use super::error::{Fault, StoreError};
use super::events;
use super::integrations::{CallContext, Integrations, Started};
use super::message::TaskKey;
use super::store;
use super::store::tasks::Phase;
use super::tokens::TaskToken;

/// Something to do once the transaction is committed. Everything here can be derived from the store
/// again after a crash.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send the timer's event at this moment (milliseconds since the epoch).
    Arm { execution: i64, timer: u64, at: i64 },
    /// Forget a timer.
    Disarm { execution: i64, timer: u64 },
    /// Call a service.
    Call {
        execution: i64,
        request: TaskRequest,
        context: CallContext,
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
    /// There are new events in the outbox.
    Announce,
    /// A deleted machine has to be swept away.
    Sweep,
}

/// Handed to every [`Operation`](super::message::Operation) of a transaction.
pub(crate) struct Turn<'a> {
    /// The store, in a transaction.
    pub(crate) store: &'a Connection,
    /// Where our ARNs live.
    pub(crate) home: &'a Home,
    /// What can be called.
    pub(crate) integrations: &'a dyn Integrations,
    /// The time of this transaction; it never runs backwards.
    pub(crate) now: Timestamp,
    cache: &'a mut Cache,
    effects: &'a mut Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        store: &'a Connection,
        home: &'a Home,
        integrations: &'a dyn Integrations,
        now: Timestamp,
        cache: &'a mut Cache,
        effects: &'a mut Vec<Effect>,
    ) -> Self {
        Self {
            store,
            home,
            integrations,
            now,
            cache,
            effects,
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
        self.cache.put(id, revision, execution, true);
        self.after(Effect::Began);
        self.advance(id, Event::Started)?;
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
    pub(crate) fn advance(&mut self, id: i64, event: Event) -> Result<bool, Fault> {
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
            if begins {
                self.announce(&execution, Status::Running)?;
            }
            store::history::append(self.store, id, &stepped.history)?;
            for command in stepped.commands {
                events.extend(self.perform(id, &execution, command)?);
            }
        }
        self.cache.put(id, revision, execution, counted);
        Ok(counted)
    }

    /// Does what a command says, as far as the store is concerned. Gives the event that follows from
    /// it at once, if any.
    fn perform(
        &mut self,
        id: i64,
        execution: &Execution,
        command: Command,
    ) -> Result<Option<Event>, Fault> {
        match command {
            Command::StartTask(request) => return self.start_task(id, execution.info(), request),
            Command::CancelTask { task } => {
                let key = TaskKey {
                    execution: id,
                    task: task.0,
                };
                self.close_task(key)?;
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
            Command::Finish => self.finish(id, execution)?,
        }
        Ok(None)
    }

    fn start_task(
        &mut self,
        id: i64,
        info: &ExecutionInfo,
        request: TaskRequest,
    ) -> Result<Option<Event>, Fault> {
        let task = request.task;
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
                return Ok(Some(Event::TaskFailed {
                    task,
                    error,
                    cause: Some(cause),
                }));
            }
            let token = TaskToken::random(id, task.0);
            let place = store::tasks::insert(self.store, &token, arn)?;
            let key = TaskKey {
                execution: id,
                task: task.0,
            };
            self.after(Effect::Queue {
                activity: arn.clone(),
                place,
                task: key,
            });
            return Ok(None);
        }
        let queues = self.integrations.queues(&request.resource);
        let context = self.call_context(info);
        self.after(Effect::Call {
            execution: id,
            request,
            context,
        });
        // The clocks of a service call run from the moment at which it is made, unless it says when.
        Ok((!queues).then_some(Event::TaskStarted {
            task,
            worker_name: None,
        }))
    }

    fn call_context(&self, info: &ExecutionInfo) -> CallContext {
        CallContext {
            region: self.home.region.clone(),
            account: self.home.account.clone(),
            execution_arn: info.arn.clone(),
            state_machine_arn: info.state_machine_arn.clone(),
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
        self.announce(execution, execution.status())?;
        self.after(Effect::Ended { execution: id });
        store::machines::release_ended(self.store)?;
        if store::machines::find_deleted(self.store)?.is_some() {
            self.after(Effect::Sweep);
        }
        Ok(())
    }

    fn announce(&mut self, execution: &Execution, status: Status) -> Result<(), Fault> {
        let event = events::status_change(self.home, execution, status, self.now);
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
            } else {
                let context = self.call_context(execution.info());
                let request = request.clone();
                self.effects.push(Effect::Call {
                    execution: id,
                    request,
                    context,
                });
            }
        }
        self.cache.put(id, revision, execution, false);
        Ok(())
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
