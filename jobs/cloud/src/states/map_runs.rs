//! Runs of distributed Maps: the interpreter's rules, kept in the store.
//!
//! Whatever happens to a run (it was asked for, its items are read, a child has ended, its results are
//! written) is stored first; then [`GoOn`] looks at what is stored and does what comes next, a little at a
//! time. So a run goes on after a crash where it stood.

use serde_json::Value;
use states_language::{
    Event, Execution, ExecutionInfo, ItemSource, Items, MapRun, MapRunError, MapRunRequest,
    MapRunStatus, Moment, ResultFile, ResultRecord, Status, TaskId, Timestamp, Verdict,
};

use super::api::start::EXPRESS_SECONDS;
use super::error::{Fault, StoreError};
use super::message::{Operation, TaskKey};
use super::store;
use super::store::map_runs::{NewRun, Run};
use super::turn::{Effect, Turn};

/// Children that begin, or are stopped, in one transaction.
const AT_ONCE: u64 = 64;

/// Something of a run that is done outside of the engine's thread.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Fetch the items.
    Read(Box<MapRunRequest>),
    /// Write the results' files, and then give the state its output.
    Write {
        bucket: String,
        files: Vec<ResultFile>,
        output: String,
    },
}

impl Turn<'_> {
    /// An execution asks for a run.
    pub(super) fn start_run(
        &mut self,
        id: i64,
        revision: i64,
        execution: &Execution,
        request: &MapRunRequest,
    ) -> Result<(), Fault> {
        let new = NewRun {
            task: TaskKey {
                execution: id,
                task: request.task.0,
            },
            revision,
            machine: &execution.info().state_machine_name,
            label: &request.label,
            arn: &request.arn,
            request: &text(request, "map run")?,
            now: self.now.0,
        };
        let run = store::map_runs::insert(self.store, &new)?;
        self.after(Effect::GoOn { run });
        Ok(())
    }

    /// The execution that asked for a run waits for it no more.
    pub(super) fn cancel_run(&mut self, task: TaskKey) -> Result<(), Fault> {
        let Some(run) = store::map_runs::find_task(self.store, task)? else {
            return Ok(());
        };
        if let Some(mut state) = read(&run)? {
            state.abort();
            self.keep(run.id, &state)?;
        }
        store::map_runs::set_ended(self.store, run.id, "ABORTED", self.now.0)?;
        self.after(Effect::GoOn { run: run.id });
        Ok(())
    }

    /// The children of a run that did not succeed run again.
    pub(super) fn redrive_run(&mut self, task: TaskKey) -> Result<(), Fault> {
        let Some(run) = store::map_runs::find_task(self.store, task)? else {
            return Ok(());
        };
        store::map_runs::set_redriven(self.store, run.id, self.now.0)?;
        if let Some(mut state) = read(&run)? {
            let unsuccessful = ["FAILED", "TIMED_OUT", "ABORTED"];
            let again = store::map_runs::executions(self.store, run.id, &unsuccessful, i64::MAX)?;
            let mut items = 0;
            for child in &again {
                items += store::map_runs::run_of(self.store, *child)?.map_or(0, |(_, items)| items);
            }
            state.redrive(again.len() as u64, items);
            self.keep(run.id, &state)?;
            for child in again {
                let missing = || StoreError::Missing(format!("execution {child}"));
                let summary =
                    store::executions::summary_of(self.store, child)?.ok_or_else(missing)?;
                self.redrive(child, summary.redrives as u64 + 1, None)?;
            }
        }
        self.after(Effect::GoOn { run: run.id });
        Ok(())
    }

    /// A child of a run has ended.
    pub(super) fn child_ended(&mut self, id: i64, status: Status) -> Result<(), Fault> {
        let Some((run, items)) = store::map_runs::run_of(self.store, id)? else {
            return Ok(());
        };
        let row = self.run(run)?;
        if let Some(mut state) = read(&row)? {
            // What a run that goes on does next is for `GoOn` to see.
            let verdict = state.ended(status, items);
            tracing::trace!(run, ?verdict, "a child has ended");
            self.keep(run, &state)?;
            let waits = verdict != Verdict::Continue || state.executions.pending > 0;
            if waits || state.status != MapRunStatus::Running {
                self.after(Effect::GoOn { run });
            }
        }
        Ok(())
    }

    fn run(&self, id: i64) -> Result<Run, Fault> {
        let run = store::map_runs::find(self.store, id)?;
        run.ok_or_else(|| StoreError::Missing(format!("map run {id}")).into())
    }

    /// What was asked for.
    pub(super) fn run_request(&self, id: i64) -> Result<MapRunRequest, Fault> {
        let request = store::map_runs::request(self.store, id)?
            .ok_or_else(|| StoreError::Missing(format!("the request of map run {id}")))?;
        serde_json::from_str(&request).map_err(|source| unreadable("map run", source))
    }

    pub(super) fn keep(&self, id: i64, state: &MapRun) -> Result<(), Fault> {
        store::map_runs::set_run(self.store, id, &text(state, "map run")?)?;
        Ok(())
    }

    /// The run has ended so: its state's task gets this.
    fn end_run(&mut self, run: &Run, result: Result<String, MapRunError>) -> Result<(), Fault> {
        let task = TaskId(run.task.task);
        let (status, event) = match result {
            Ok(output) => ("SUCCEEDED", Event::TaskSucceeded { task, output }),
            Err(MapRunError { error, cause }) => {
                let (error, cause) = (Some(error), Some(cause));
                ("FAILED", Event::TaskFailed { task, error, cause })
            }
        };
        store::map_runs::set_ended(self.store, run.id, status, self.now.0)?;
        self.advance(run.task.execution, event)?;
        Ok(())
    }

    /// Begins a child.
    fn begin_child(&mut self, run: &Run, request: &MapRunRequest, place: u64) -> Result<(), Fault> {
        let (_, input) = store::map_runs::child(self.store, run.id, place as i64)?;
        let name = uuid::Uuid::new_v4().to_string();
        let machine = format!("{}/{}", run.machine, run.label);
        let row_name = if request.express {
            format!("{name}:{}", uuid::Uuid::new_v4())
        } else {
            name.clone()
        };
        let role = store::machines::find_revision(self.store, run.revision)?
            .map(|revision| revision.role)
            .unwrap_or_default();
        let info = ExecutionInfo {
            arn: self.home.child(&machine, &row_name),
            name,
            role_arn: role,
            state_machine_arn: self.home.machine(&machine),
            state_machine_name: machine,
            region: self.home.region.clone(),
        };
        let mut child = Execution::new_child(info, &request.state, &input)
            .map_err(|error| StoreError::Missing(format!("a usable input of a child: {error}")))?;
        if request.express {
            child = child.with_time_limit(EXPRESS_SECONDS);
        }
        let id = store::executions::insert(
            self.store,
            -run.id,
            run.revision,
            &row_name,
            &input,
            None,
            self.now.0,
        )?;
        store::map_runs::set_execution(self.store, run.id, place as i64, id)?;
        if let Some(parent) = store::mocks::find(self.store, run.task.execution)? {
            let (root, machine) = (Some(parent.root), &parent.machine);
            store::mocks::insert(self.store, id, root, machine, &parent.case)?;
        }
        self.begin(id, run.revision, child)
    }

    fn records(&self, run: &Run) -> Result<Vec<ResultRecord>, Fault> {
        let machine = format!("{}/{}", run.machine, run.label);
        let mut records = Vec::new();
        for (input, execution) in store::map_runs::children(self.store, run.id)? {
            let mut record = ResultRecord {
                execution_arn: String::new(),
                name: String::new(),
                state_machine_arn: self.home.machine(&machine),
                input,
                output: None,
                error: None,
                cause: None,
                status: Status::Running,
                start_date: None,
                stop_date: None,
                redrive_count: 0,
            };
            if let Some(id) = execution {
                let missing = || StoreError::Missing(format!("execution {id}"));
                let summary = store::executions::summary_of(self.store, id)?.ok_or_else(missing)?;
                let details = store::executions::details(self.store, id)?.ok_or_else(missing)?;
                record.execution_arn = self.home.child(&machine, &summary.name);
                record.status = status(&summary.status);
                record.start_date = Some(Timestamp(summary.started));
                record.stop_date = summary.stopped.map(Timestamp);
                record.redrive_count = summary.redrives as u64;
                let name = summary.name.split(':').next();
                name.unwrap_or_default().clone_into(&mut record.name);
                record.output = details.output;
                record.error = details.error;
                record.cause = details.cause;
            }
            records.push(record);
        }
        Ok(records)
    }
}

fn status(word: &str) -> Status {
    match word {
        "SUCCEEDED" => Status::Succeeded,
        "FAILED" => Status::Failed,
        "TIMED_OUT" => Status::TimedOut,
        "ABORTED" => Status::Aborted,
        _ => Status::Running,
    }
}

/// The interpreter's run, once there is one.
pub(super) fn read(run: &Run) -> Result<Option<MapRun>, Fault> {
    let state = run.state.as_deref().map(serde_json::from_str);
    state
        .transpose()
        .map_err(|source| unreadable("map run", source))
}

fn unreadable(what: &str, source: serde_json::Error) -> Fault {
    let what = what.to_owned();
    StoreError::Unreadable { what, source }.into()
}

fn text(value: &impl serde::Serialize, what: &str) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|source| unreadable(what, source))
}

/// Does what comes next in a run.
pub(crate) struct GoOn {
    pub(crate) run: i64,
}

impl Operation for GoOn {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let Some(run) = store::map_runs::find(turn.store, self.run)? else {
            return Ok(Value::Null);
        };
        let state = read(&run)?;
        if run.status != "RUNNING" {
            // It ended before its children did.
            return stop_children(turn, &run);
        }
        let Some(mut state) = state else {
            let request = Box::new(turn.run_request(run.id)?);
            if let ItemSource::Items(_) = request.source {
                let items = Items::of_request(&request).unwrap_or_default();
                return Fetched {
                    run: run.id,
                    items: Ok(items),
                }
                .run(turn);
            }
            turn.after(Effect::Errand {
                run: run.id,
                errand: Errand::Read(request),
            });
            return Ok(Value::Null);
        };
        match state.status {
            MapRunStatus::Running if state.is_complete() => finish(turn, &run),
            MapRunStatus::Succeeded => finish(turn, &run),
            MapRunStatus::Failed => {
                let failed = state.items.failed + state.items.timed_out + state.items.aborted;
                tracing::debug!(run = run.id, failed, "a map run fails");
                turn.end_run(
                    &run,
                    Err(MapRunError {
                        error: "States.ExceedToleratedFailureThreshold".to_owned(),
                        cause: "The specified tolerated failure threshold was exceeded".to_owned(),
                    }),
                )?;
                turn.after(Effect::GoOn { run: run.id });
                Ok(Value::Null)
            }
            MapRunStatus::Aborted => Ok(Value::Null),
            MapRunStatus::Running => {
                let request = turn.run_request(run.id)?;
                let items_of = |place: u64| {
                    let found = store::map_runs::child(turn.store, run.id, place as i64);
                    found.map_or(1, |(items, _)| items)
                };
                let begun = state.begin(AT_ONCE, items_of);
                // Stored before the children begin: some of them end at once.
                turn.keep(run.id, &state)?;
                let full = begun.end - begun.start == AT_ONCE;
                for place in begun {
                    turn.begin_child(&run, &request, place)?;
                }
                if full {
                    turn.after(Effect::GoOn { run: run.id });
                }
                Ok(Value::Null)
            }
        }
    }
}

fn finish(turn: &mut Turn<'_>, run: &Run) -> Result<Value, Fault> {
    let request = turn.run_request(run.id)?;
    let records = turn.records(run)?;
    match request.results(&records) {
        Ok(written) if written.files.is_empty() => turn.end_run(run, Ok(written.output))?,
        Ok(written) => turn.after(Effect::Errand {
            run: run.id,
            errand: Errand::Write {
                bucket: written.bucket,
                files: written.files,
                output: written.output,
            },
        }),
        Err(error) => turn.end_run(run, Err(error))?,
    }
    Ok(Value::Null)
}

fn stop_children(turn: &mut Turn<'_>, run: &Run) -> Result<Value, Fault> {
    let most = AT_ONCE as i64;
    let running = store::map_runs::executions(turn.store, run.id, &["RUNNING"], most)?;
    let more = running.len() as u64 == AT_ONCE;
    for child in running {
        let event = Event::Stopped {
            error: None,
            cause: Some("The map run that it belongs to has ended".to_owned()),
        };
        turn.advance(child, event)?;
    }
    if more {
        turn.after(Effect::GoOn { run: run.id });
    }
    Ok(Value::Null)
}

/// The items of a run are there.
pub(crate) struct Fetched {
    pub(crate) run: i64,
    pub(crate) items: Result<Items, MapRunError>,
}

impl Operation for Fetched {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let run = turn.run(self.run)?;
        if run.status != "RUNNING" || run.state.is_some() {
            return Ok(Value::Null);
        }
        let request = turn.run_request(run.id)?;
        let definition = turn.definition(run.revision)?;
        let moment = Moment {
            now: turn.now,
            seed: uuid::Uuid::new_v4().as_u64_pair().0,
        };
        let children = match &self.items {
            Ok(items) => request.children(&definition, items, moment),
            Err(error) => Err(error.clone()),
        };
        let children = match children {
            Ok(children) => children,
            Err(error) => {
                turn.end_run(&run, Err(error))?;
                return Ok(Value::Null);
            }
        };
        let mut items = 0;
        for (place, child) in children.iter().enumerate() {
            items += child.items;
            let (place, count) = (place as i64, child.items);
            store::map_runs::insert_child(turn.store, run.id, place, count, &child.input)?;
        }
        let state = MapRun::new(&request, children.len() as u64, items);
        turn.keep(run.id, &state)?;
        turn.after(Effect::GoOn { run: run.id });
        Ok(Value::Null)
    }
}

/// The results of a run are written, or cannot be.
pub(crate) struct ResultsWritten {
    pub(crate) run: i64,
    pub(crate) result: Result<String, MapRunError>,
}

impl Operation for ResultsWritten {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let run = turn.run(self.run)?;
        if run.status != "RUNNING" {
            return Ok(Value::Null);
        }
        if let (Ok(_), Some(mut state)) = (&self.result, read(&run)?) {
            state.items.results_written = state.items.total;
            state.executions.results_written = state.executions.total;
            turn.keep(run.id, &state)?;
        }
        turn.end_run(&run, self.result.clone())?;
        Ok(Value::Null)
    }
}
