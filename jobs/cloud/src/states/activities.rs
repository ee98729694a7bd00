//! Handing tasks to workers, inside the engine.

use serde_json::{Value, json};
use states_language::{Event, TaskId};

use super::error::Fault;
use super::message::{Operation, TaskKey};
use super::store;
use super::store::tasks::Phase;
use super::tokens::TaskToken;
use super::turn::{Effect, Turn};

/// A poller takes the task that it was offered. Answers what the worker gets, or null when the task is
/// not to be had any more.
pub(crate) struct Take {
    pub(crate) task: TaskKey,
    pub(crate) worker: Option<String>,
}

impl Operation for Take {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let Some(task) = store::tasks::find(turn.store, self.task)? else {
            return Ok(Value::Null);
        };
        if task.phase != Phase::Queued {
            return Ok(Value::Null);
        }
        let id = TaskId(self.task.task);
        let input = turn.inspect(self.task.execution, |execution| {
            let mut open = execution.open_tasks();
            open.find(|request| request.task == id)
                .map(|request| request.input.clone())
        })?;
        let token = TaskToken::from_parts(self.task.execution, self.task.task, &task.secret);
        let (Some(input), Some(token)) = (input, token) else {
            return Ok(Value::Null);
        };
        store::tasks::set_phase(turn.store, self.task, Phase::Taken)?;
        // A task that was given back after it had been taken has been started already: the event is
        // ignored then, and its clocks go on running.
        let event = Event::TaskStarted {
            task: id,
            worker_name: self.worker.clone(),
        };
        turn.advance(self.task.execution, event)?;
        Ok(json!({ "taskToken": token.encode(), "input": input }))
    }
}

/// An offer was not accepted: its poller vanished before it could have seen the task. At any time a
/// task has one offer at most, so whatever became of it, it became through this one.
pub(crate) struct GiveBack {
    pub(crate) task: TaskKey,
}

impl Operation for GiveBack {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        if let Some(task) = store::tasks::find(turn.store, self.task)? {
            if task.phase == Phase::Taken {
                store::tasks::set_phase(turn.store, self.task, Phase::Queued)?;
            }
            if task.phase != Phase::Closed {
                let (activity, place) = (task.activity, task.place);
                turn.after(Effect::Queue {
                    activity,
                    place,
                    task: self.task,
                });
            }
        }
        Ok(Value::Null)
    }
}
