//! Parallel and inline Map: threads inside of a thread's state.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::flow::{Extra, Flow, Next};
use super::{Run, history, number};
use crate::definition::{Items, Kind, Map, State};
use crate::error::{Failure, Problem, RUNTIME};
use crate::event::Command;
use crate::filters::{Data, limit_failure};
use crate::payload::Payload;
use crate::scope::Scope;
use crate::thread::{Entering, Group, Phase, Thread, ThreadId};

/// Iterations of one inline Map that run at the same time at most: what the service gives.
const MAX_INLINE: usize = 40;

impl<'d> Run<'d> {
    /// Starts all branches of a Parallel state.
    pub(super) fn start_branches(
        &mut self,
        at: ThreadId,
        state: &'d State,
        branches: &'d [Arc<str>],
    ) -> Result<Flow, Failure> {
        let input = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let scope = scope.with_input(input.value());
            Ok(match &state.arguments {
                Some(arguments) => Data::Made(arguments.evaluate(&scope)?),
                None => input,
            })
        })?;
        let input = input
            .into_payload()
            .map_err(|error| limit_failure(&error, &state.name))?;
        let started = self.emit(at, state.kind.events().started, None)?;
        self.set_phase(
            at,
            Phase::Inside(Box::new(Group {
                input: input.clone(),
                results: vec![None; branches.len()],
                done: 0,
                next: branches.len(),
                limit: branches.len(),
                running: BTreeMap::new(),
                iterates: false,
            })),
        );
        for (index, first) in branches.iter().enumerate() {
            self.spawn(at, index, first, input.clone(), started);
        }
        Ok(Flow::Rest)
    }

    /// Starts as many iterations of a Map state as may run at once.
    pub(super) fn start_iterations(
        &mut self,
        at: ThreadId,
        state: &'d State,
        map: &'d Map,
    ) -> Result<Flow, Failure> {
        let (items, limit) = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let scope = scope.with_input(input.value());
            let limit = number(
                map.max_concurrency.as_ref(),
                "MaxConcurrencyPath",
                0,
                &scope,
            )?;
            let items = items(&map.items, &input, &scope)?;
            Ok((items, limit))
        })?;
        let items = items
            .into_payload()
            .map_err(|error| limit_failure(&error, &state.name))?;
        let length = items.value().as_array().map_or(0, Vec::len);
        let limit = match limit {
            None | Some(0) => MAX_INLINE,
            Some(limit) => usize::try_from(limit).unwrap_or(MAX_INLINE).min(MAX_INLINE),
        };
        let details = history::map_started(length);
        let started = self.emit(at, state.kind.events().started, details)?;
        self.set_phase(
            at,
            Phase::Inside(Box::new(Group {
                input: items,
                results: vec![None; length],
                done: 0,
                next: 0,
                limit,
                running: BTreeMap::new(),
                iterates: true,
            })),
        );
        if length == 0 {
            return self.complete(at);
        }
        for _ in 0..limit.min(length) {
            self.begin_iteration(at, state, map, started)?;
        }
        Ok(Flow::Rest)
    }

    /// Begins the next iteration, if there is one.
    fn begin_iteration(
        &mut self,
        at: ThreadId,
        state: &'d State,
        map: &'d Map,
        previous: u64,
    ) -> Result<(), Failure> {
        let thread = self.thread_mut(at);
        let Some(group) = thread.and_then(Thread::group_mut) else {
            return Ok(());
        };
        let index = group.next;
        let items = group.input.clone();
        let Some(item) = items.value().get(index) else {
            return Ok(());
        };
        group.next += 1;
        let extra = Extra {
            item: Some((index, item)),
            ..Extra::default()
        };
        let input = match &map.selector {
            None => Payload::from_value(item.clone()),
            Some(selector) => {
                let value = self.evaluate(at, state, extra, |raw, scope| {
                    let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
                    selector.evaluate(&scope.with_input(input.value()))
                })?;
                Payload::from_value(value)
            }
        };
        let input = input.map_err(|error| limit_failure(&error, &state.name))?;
        let event = "MapIterationStarted";
        let details = history::iteration(event, &state.name, index);
        let started = self.emit_after(previous, event, details)?;
        self.spawn(at, index, &map.start_at, input, started);
        Ok(())
    }

    fn spawn(
        &mut self,
        parent: ThreadId,
        index: usize,
        first: &Arc<str>,
        input: Payload,
        previous: u64,
    ) {
        let id = ThreadId(self.execution.next_thread);
        self.execution.next_thread += 1;
        let thread = Thread {
            parent: Some((parent, index)),
            path_event: previous,
            entering: Some(Entering {
                state: Arc::clone(first),
                input,
            }),
            ..Thread::default()
        };
        self.execution.threads.insert(id, thread);
        if let Some(group) = self.thread_mut(parent).and_then(Thread::group_mut) {
            group.running.insert(index, id);
        }
        self.ready.push_back(id);
    }

    /// A thread has come to its end: the execution, or a branch or an iteration.
    pub(super) fn thread_ended(&mut self, at: ThreadId, output: Payload) -> Next {
        let thread = self.execution.threads.get(&at)?;
        let Some((parent, index)) = thread.parent else {
            self.succeed(at, output);
            return None;
        };
        let last = thread.path_event;
        self.remove_thread(at);
        let flow = self.branch_succeeded(parent, index, output, last);
        Some((parent, flow))
    }

    fn branch_succeeded(
        &mut self,
        at: ThreadId,
        index: usize,
        output: Payload,
        last: u64,
    ) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        let thread = self.thread_mut(at);
        let Some(group) = thread.and_then(Thread::group_mut) else {
            return Ok(Flow::Rest);
        };
        group.running.remove(&index);
        if let Some(place) = group.results.get_mut(index) {
            *place = Some(output);
            group.done += 1;
        }
        let (complete, more) = (
            group.done == group.results.len(),
            group.next < group.results.len(),
        );
        let mut end = last;
        if let Kind::Map(map) = &state.kind {
            let event = "MapIterationSucceeded";
            let details = history::iteration(event, &state.name, index);
            end = self.emit_after(last, event, details)?;
            if more {
                // Recorded: it follows what the finished iteration ended with, not its success.
                self.begin_iteration(at, state, map, last)?;
            }
        }
        if !complete {
            return Ok(Flow::Rest);
        }
        self.set_path_event(at, end);
        self.complete(at)
    }

    /// Every branch or iteration has ended well.
    fn complete(&mut self, at: ThreadId) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        // Recorded: the state's exit does not follow this, but what this follows.
        let path = self.path_event(at);
        self.emit_after(path, state.kind.events().succeeded, None)?;
        let thread = self.thread_mut(at);
        let results = thread.and_then(Thread::group_mut).map(|group| {
            let results = std::mem::take(&mut group.results);
            results.into_iter().flatten().collect::<Vec<_>>()
        });
        self.set_phase(at, Phase::Idle);
        let result = Payload::array(&results.unwrap_or_default())
            .map_err(|_| Failure::result_too_large(&state.name))?;
        self.leave_with_result(at, state, &result)
    }

    /// A branch or an iteration has failed for good: those beside it are stopped.
    pub(super) fn branch_failed(&mut self, at: ThreadId, parent: ThreadId) -> Result<(), Failure> {
        let thread = self.execution.threads.get(&at);
        let index = thread
            .and_then(|thread| thread.parent)
            .map(|(_, index)| index);
        let cause = self.path_event(at);
        let state = self.state(parent)?;
        if let (Kind::Map(_), Some(index)) = (&state.kind, index) {
            let event = "MapIterationFailed";
            let details = history::iteration(event, &state.name, index);
            self.emit_after(cause, event, details)?;
        }
        self.set_path_event(parent, cause);
        self.abort_inside(parent)
    }

    /// Stops everything that still runs inside of a thread's state.
    pub(super) fn abort_inside(&mut self, at: ThreadId) -> Result<(), Failure> {
        let cause = self.path_event(at);
        self.abort_children(at, cause)
    }

    fn abort_children(&mut self, at: ThreadId, cause: u64) -> Result<(), Failure> {
        let thread = self.execution.threads.get(&at);
        let Some(group) = thread.and_then(Thread::group) else {
            return Ok(());
        };
        let iterates = group.iterates;
        let children: Vec<(usize, ThreadId)> = group
            .running
            .iter()
            .map(|(index, id)| (*index, *id))
            .collect();
        let mut stopped = Vec::new();
        for (index, child) in children {
            let thread = self.thread_mut(child);
            if thread.is_none_or(|thread| std::mem::replace(&mut thread.ended, true)) {
                continue;
            }
            stopped.push(child);
            self.abort_children(child, cause)?;
            self.abort_state(child, cause)?;
            if iterates {
                let name = Arc::clone(&self.current(at)?.state);
                let event = "MapIterationAborted";
                let details = history::iteration(event, &name, index);
                self.emit_after(cause, event, details)?;
            }
        }
        if !stopped.is_empty() {
            self.ready.retain(|ready| !stopped.contains(ready));
        }
        Ok(())
    }

    /// Tells that the state was aborted that a thread is in, and lets go of what it waits for.
    fn abort_state(&mut self, at: ThreadId, cause: u64) -> Result<(), Failure> {
        let thread = self.execution.threads.get(&at);
        if thread.is_none_or(|thread| thread.entering.is_some() || thread.current.is_none()) {
            return Ok(());
        }
        self.let_go(at);
        let state = self.state(at)?;
        if let Some(event) = state.kind.events().aborted {
            self.emit_after(cause, event, None)?;
        }
        Ok(())
    }

    /// Cancels the task or timer that a thread waits for.
    pub(super) fn let_go(&mut self, at: ThreadId) {
        let Some(current) = self.current_mut(at) else {
            return;
        };
        match &mut current.phase {
            Phase::Inside(_) | Phase::Idle => {}
            Phase::MapRun(run) => {
                // The run is kept, so that a redrive goes on with it.
                let task = run.task;
                if self.execution.owners.tasks.remove(&task).is_some() {
                    self.commands.push(Command::CancelMapRun { task });
                }
            }
            phase => match std::mem::replace(phase, Phase::Idle) {
                Phase::Task(open) => {
                    let task = open.request.task;
                    self.execution.owners.tasks.remove(&task);
                    self.commands.push(Command::CancelTask { task });
                    self.cancel_timer(open.timeout);
                    self.cancel_timer(open.heartbeat);
                }
                Phase::Waiting(timer) | Phase::BackingOff(timer) => self.cancel_timer(Some(timer)),
                _ => {}
            },
        }
    }

    /// Forgets what was inside of a thread's state, when that state is left or begins anew.
    pub(super) fn drop_inside(&mut self, at: ThreadId) {
        let Some(thread) = self.thread_mut(at) else {
            return;
        };
        let Some(current) = &mut thread.current else {
            return;
        };
        let phase = match &current.phase {
            Phase::Inside(_) | Phase::MapRun(_) => {
                std::mem::replace(&mut current.phase, Phase::Idle)
            }
            _ => return,
        };
        if thread.entering.is_some() {
            thread.current = None;
        }
        if let Phase::Inside(group) = phase {
            for child in group.running.into_values() {
                self.drop_inside(child);
                self.remove_thread(child);
            }
        }
    }

    fn remove_thread(&mut self, at: ThreadId) {
        let Some(thread) = self.execution.threads.remove(&at) else {
            return;
        };
        let bytes = thread.variables.values().map(|value| value.text().len());
        let bytes = bytes.sum::<usize>();
        self.execution.variable_bytes = self.execution.variable_bytes.saturating_sub(bytes);
    }

    /// Lets what is inside of a thread's state go on after a redrive. `false` when nothing is there
    /// that could, so that the state has to begin anew.
    pub(super) fn revive_inside(&mut self, at: ThreadId, redriven: u64) -> Result<bool, Failure> {
        let thread = self.execution.threads.get(&at);
        let Some(group) = thread.and_then(Thread::group) else {
            return Ok(false);
        };
        let children: Vec<ThreadId> = group.running.values().copied().collect();
        if children.is_empty() {
            return Ok(false);
        }
        let more = group.limit.saturating_sub(children.len());
        for child in children {
            self.revive(child, redriven)?;
        }
        let state = self.state(at)?;
        if let Kind::Map(map) = &state.kind {
            for _ in 0..more {
                self.begin_iteration(at, state, map, redriven)?;
            }
        }
        Ok(true)
    }
}

/// The array that a Map iterates over.
pub(super) fn items(items: &Items, input: &Data, scope: &Scope<'_>) -> Result<Data, Problem> {
    let (data, name) = match items {
        Items::Path(None) => (input.clone(), "$"),
        Items::Path(Some(path)) => {
            let value = scope.filter(path)?.to_value();
            (Data::Made(value), path.text.as_str())
        }
        Items::Made(template) => {
            let value = template.evaluate(scope)?;
            if let (crate::template::Template::Query(query), false) = (template, value.is_array()) {
                return Err(query.unexpected("array", &value));
            }
            (Data::Made(value), "Items")
        }
    };
    if matches!(data.value(), Value::Array(_)) {
        return Ok(data);
    }
    Err(Problem::new(
        RUNTIME,
        format!("Reference path \"{name}\" must point to array."),
    ))
}
