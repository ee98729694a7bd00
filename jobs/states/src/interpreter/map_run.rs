//! Distributed Map, as the execution sees it that contains it: something that is asked for and
//! answered, like a task.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value};

use super::flow::{Extra, Flow};
use super::group::items;
use super::{Run, history, number};
use crate::definition::{Distributed, Map, Percentage, Reader, State, Writer};
use crate::error::{Failure, Problem};
use crate::event::Command;
use crate::execution::{Execution, TaskId};
use crate::filters::{Data, limit_failure};
use crate::map_run::{
    BatchLimits, ItemReader, ItemSource, MapRunRequest, ResultWriter, SavedScope,
};
use crate::payload::{Payload, PayloadError};
use crate::scope::Scope;
use crate::template::Template;
use crate::thread::{Phase, ThreadId};

/// The longest label, in characters.
const MAX_LABEL: usize = 40;

impl Run<'_> {
    /// Asks for the run of a distributed Map.
    pub(super) fn start_map_run(
        &mut self,
        at: ThreadId,
        state: &State,
        map: &Map,
    ) -> Result<Flow, Failure> {
        let Some(distributed) = &map.distributed else {
            return Ok(Flow::Rest);
        };
        let task = TaskId(self.execution.next_task);
        let label = label(state, distributed);
        let arn = self.map_run_arn(&label);
        let variables = visible_variables(&self.execution, at);
        let request = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let evaluated =
                Evaluated::of(map, distributed, &input, &scope.with_input(input.value()))?;
            let context = scope.context.value().clone();
            Ok((input, context, evaluated))
        });
        let (input, context, evaluated) = request?;
        let too_large = |error: &PayloadError| limit_failure(error, &state.name);
        let source = match evaluated.source {
            Source::Items(items) => {
                let items = items.into_payload().map_err(|error| too_large(&error))?;
                ItemSource::Items(items.text().to_owned())
            }
            Source::Read(reader) => ItemSource::Read(reader),
        };
        let request = MapRunRequest {
            task,
            arn,
            state: state.name.to_string(),
            label,
            source,
            batch: evaluated.batch,
            writer: evaluated.writer,
            max_concurrency: evaluated.max_concurrency,
            tolerated_failure_count: evaluated.tolerated_count,
            tolerated_failure_percentage: evaluated.tolerated_percentage,
            express: distributed.express,
            redrives: 0,
            scope: SavedScope {
                input: input.into_payload().map_err(|error| too_large(&error))?,
                context,
                variables,
            },
        };
        self.emit(at, state.kind.events().started, history::map_started(0))?;
        self.emit(at, "MapRunStarted", history::map_run_started(&request.arn))?;
        self.execution.next_task += 1;
        self.execution.owners.tasks.insert(task, at);
        let request = Box::new(request);
        self.commands.push(Command::StartMapRun(request.clone()));
        self.set_phase(at, Phase::MapRun(request));
        Ok(Flow::Rest)
    }

    /// `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`
    fn map_run_arn(&self, label: &str) -> String {
        let machine =
            self.execution
                .info
                .state_machine_arn
                .replacen(":stateMachine:", ":mapRun:", 1);
        format!("{machine}/{label}:{}", self.random.uuid())
    }

    /// The thread that waits for this run.
    fn map_run_thread(&self, task: TaskId) -> Option<ThreadId> {
        let at = *self.execution.owners.tasks.get(&task)?;
        let current = self.current(at).ok()?;
        matches!(current.phase, Phase::MapRun(_)).then_some(at)
    }

    pub(super) fn map_run_succeeded(&mut self, task: TaskId, output: &str) -> bool {
        let Some(at) = self.map_run_thread(task) else {
            return false;
        };
        self.execution.owners.tasks.remove(&task);
        let flow = self.map_run_result(at, output);
        self.follow(at, flow);
        true
    }

    fn map_run_result(&mut self, at: ThreadId, output: &str) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        let result = match Payload::parse(output) {
            Ok(result) => result,
            Err(PayloadError::TooLarge(_)) => {
                return Err(Failure::result_too_large(&state.name));
            }
            Err(error) => return Err(limit_failure(&error, &state.name)),
        };
        self.emit(at, "MapRunSucceeded", None)?;
        let path = self.path_event(at);
        self.emit_after(path, state.kind.events().succeeded, None)?;
        self.drop_inside(at);
        self.leave_with_result(at, state, &result)
    }

    pub(super) fn map_run_failed(
        &mut self,
        task: TaskId,
        error: Option<String>,
        cause: Option<String>,
    ) -> bool {
        let Some(at) = self.map_run_thread(task) else {
            return false;
        };
        self.execution.owners.tasks.remove(&task);
        let details = history::failed("MapRunFailed", error.as_deref(), cause.as_deref());
        let flow = match self.emit(at, "MapRunFailed", details) {
            Ok(_) => Err(Failure::reported(error, cause)),
            Err(failure) => Err(failure),
        };
        self.follow(at, flow);
        true
    }

    /// Goes on with a run after a redrive.
    pub(super) fn revive_map_run(&mut self, at: ThreadId) -> Result<(), Failure> {
        let Some(current) = self.current_mut(at) else {
            return Ok(());
        };
        let Phase::MapRun(request) = &mut current.phase else {
            return Ok(());
        };
        request.redrives += 1;
        let request = request.clone();
        let details = history::map_run_redriven(&request.arn, request.redrives);
        self.emit(at, "MapRunRedriven", details)?;
        self.execution.owners.tasks.insert(request.task, at);
        self.commands.push(Command::RedriveMapRun(request));
        Ok(())
    }
}

/// `Label`, or the state's name as far as a label may have it.
fn label(state: &State, distributed: &Distributed) -> String {
    distributed.label.clone().unwrap_or_else(|| {
        let fits = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        state.name.chars().filter(fits).take(MAX_LABEL).collect()
    })
}

/// Every variable that a thread can read.
fn visible_variables(execution: &Execution, at: ThreadId) -> BTreeMap<String, Payload> {
    let mut variables = BTreeMap::new();
    let mut thread = execution.threads.get(&at);
    while let Some(here) = thread {
        for (name, value) in &here.variables {
            variables
                .entry(name.to_string())
                .or_insert_with(|| value.clone());
        }
        thread = here
            .parent
            .and_then(|(parent, _)| execution.threads.get(&parent));
    }
    variables
}

enum Source {
    Items(Data),
    Read(ItemReader),
}

/// The fields of the state that are evaluated once.
struct Evaluated {
    source: Source,
    batch: Option<BatchLimits>,
    writer: Option<ResultWriter>,
    max_concurrency: u64,
    tolerated_count: Option<u64>,
    tolerated_percentage: Option<f64>,
}

impl Evaluated {
    fn of(
        map: &Map,
        distributed: &Distributed,
        input: &Data,
        scope: &Scope<'_>,
    ) -> Result<Evaluated, Problem> {
        let source = match &distributed.reader {
            Some(reader) => Source::Read(read(reader, scope)?),
            None => Source::Items(items(&map.items, input, scope)?),
        };
        let batch = match &distributed.batcher {
            None => None,
            Some(batcher) => {
                let (items, bytes) = (batcher.max_items.as_ref(), batcher.max_bytes.as_ref());
                Some(BatchLimits {
                    max_items: number(items, "MaxItemsPerBatchPath", 1, scope)?,
                    max_bytes: number(bytes, "MaxInputBytesPerBatchPath", 1, scope)?,
                    input: text(batcher.input.as_ref(), scope)?,
                })
            }
        };
        let writer = distributed.writer.as_ref();
        let limit = map.max_concurrency.as_ref();
        let count = distributed.tolerated_count.as_ref();
        let percentage = distributed.tolerated_percentage.as_ref();
        Ok(Evaluated {
            source,
            batch,
            writer: writer.map(|writer| write(writer, scope)).transpose()?,
            max_concurrency: number(limit, "MaxConcurrencyPath", 0, scope)?.unwrap_or(0),
            tolerated_count: number(count, "ToleratedFailureCountPath", 0, scope)?,
            tolerated_percentage: percentage.map(|share| percent(share, scope)).transpose()?,
        })
    }
}

fn text(template: Option<&Template>, scope: &Scope<'_>) -> Result<Option<String>, Problem> {
    let value = template
        .map(|template| template.evaluate(scope))
        .transpose()?;
    Ok(value.map(|value| value.to_string()))
}

fn parameters(template: Option<&Template>, scope: &Scope<'_>) -> Result<String, Problem> {
    let given = text(template, scope)?;
    Ok(given.unwrap_or_else(|| Value::Object(Object::new()).to_string()))
}

fn read(reader: &Reader, scope: &Scope<'_>) -> Result<ItemReader, Problem> {
    Ok(ItemReader {
        resource: reader.resource.clone(),
        arguments: parameters(reader.arguments.as_ref(), scope)?,
        config: reader.config.clone(),
        max_items: number(reader.max_items.as_ref(), "MaxItemsPath", 0, scope)?,
    })
}

fn write(writer: &Writer, scope: &Scope<'_>) -> Result<ResultWriter, Problem> {
    Ok(ResultWriter {
        resource: writer.resource.clone(),
        arguments: parameters(writer.arguments.as_ref(), scope)?,
        transformation: writer.transformation.clone(),
        lines: writer.lines,
    })
}

fn percent(share: &Percentage, scope: &Scope<'_>) -> Result<f64, Problem> {
    let (value, what) = match share {
        Percentage::Fixed(share) => return Ok(*share),
        Percentage::Path(path) => (scope.filter(path)?.to_value(), path.text.as_str()),
        Percentage::Query(query) => (query.evaluate(scope)?, "ToleratedFailurePercentage"),
    };
    let share = value.as_f64().filter(|share| (0.0..=100.0).contains(share));
    share.ok_or_else(|| {
        Problem::runtime(format!(
            "The tolerated failure percentage is no number between 0 and 100: {what} == {value}"
        ))
    })
}
