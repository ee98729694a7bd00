//! A host for tests: keeps time, notes what it is told to do, and checks at every step what must
//! hold for all of them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs
)]

use serde_json::{Value, json};
use states_language::{
    Command, Definition, Event, Execution, ExecutionInfo, HistoryEvent, Moment, Status, Step,
    TaskRequest, TimerId, Timestamp, step,
};

/// 2023-11-14T22:13:20Z
pub const START: i64 = 1_700_000_000_000;

pub const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:clean";
pub const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:plan";
pub const INVOKE: &str = "arn:aws:states:::lambda:invoke";
pub const PUT_OBJECT: &str = "arn:aws:states:::aws-sdk:s3:putObject";

pub fn info() -> ExecutionInfo {
    ExecutionInfo {
        arn: "arn:aws:states:us-east-1:000000000000:execution:machine:run".to_owned(),
        name: "run".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/role".to_owned(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:machine".to_owned(),
        state_machine_name: "machine".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

/// A machine of the given states that begins with the first.
pub fn machine(states: &Value) -> Value {
    let first = states.as_object().unwrap().keys().next().unwrap();
    json!({ "StartAt": first, "States": states })
}

pub struct Host {
    pub definition: Definition,
    pub execution: Execution,
    pub history: Vec<HistoryEvent>,
    pub commands: Vec<Command>,
    pub now: i64,
    pub seed: u64,
}

impl Host {
    pub fn new(definition: &Value, input: &Value) -> Host {
        Host::with(
            Definition::parse(&definition.to_string()).expect("valid"),
            input,
        )
    }

    pub fn with(definition: Definition, input: &Value) -> Host {
        let execution = Execution::new(info(), &input.to_string()).unwrap();
        let (history, commands) = (Vec::new(), Vec::new());
        Host {
            definition,
            execution,
            history,
            commands,
            now: START,
            seed: 1,
        }
    }

    /// A machine of states, started.
    pub fn start(states: &Value, input: &Value) -> Host {
        let mut host = Host::new(&machine(states), input);
        host.send(Event::Started);
        host
    }

    /// Lets an event happen. Keeps the execution the way a host does: as JSON text.
    pub fn send(&mut self, event: Event) -> Step {
        let moment = Moment {
            now: Timestamp(self.now),
            seed: self.seed,
        };
        let before = self.execution.clone();
        let step = step(&self.definition, before.clone(), event, moment);

        let stored = serde_json::to_string(&step.execution).unwrap();
        let restored: Execution = serde_json::from_str(&stored).unwrap();
        assert_eq!(restored, step.execution, "storing changes nothing");
        assert_eq!(serde_json::to_string(&restored).unwrap(), stored);

        if step.ignored {
            assert_eq!(step.execution, before, "an ignored event changes nothing");
            assert!(step.commands.is_empty() && step.history.is_empty());
        }
        for event in &step.history {
            assert_eq!(event.id, self.history.len() as u64 + 1, "ids count on");
            assert!(event.previous_event_id < event.id);
            assert_eq!(event.timestamp, Timestamp(self.now));
            self.history.push(event.clone());
        }
        assert_eq!(step.execution.last_event_id(), self.history.len() as u64);
        let finished = step.commands.contains(&Command::Finish);
        if finished {
            assert_eq!(step.commands.last(), Some(&Command::Finish));
            assert_eq!(step.execution.open_tasks().count(), 0);
            assert_eq!(step.execution.timers().count(), 0);
        }
        assert_eq!(
            step.execution.status() == Status::Running,
            step.execution.stop_date().is_none(),
            "only what has ended has a stop date"
        );
        self.commands.extend(step.commands.iter().cloned());
        self.execution = restored;
        step
    }

    /// The open task.
    pub fn task(&self) -> TaskRequest {
        self.execution
            .open_tasks()
            .next()
            .expect("an open task")
            .clone()
    }

    pub fn task_starts(&mut self) -> Step {
        self.send(Event::TaskStarted {
            task: self.task().task,
            worker_name: None,
        })
    }

    pub fn task_succeeds(&mut self, output: &Value) -> Step {
        self.send(Event::TaskSucceeded {
            task: self.task().task,
            output: output.to_string(),
        })
    }

    pub fn task_fails(&mut self, error: &str) -> Step {
        let (error, cause) = (Some(error.to_owned()), Some(format!("cause of {error}")));
        self.send(Event::TaskFailed {
            task: self.task().task,
            error,
            cause,
        })
    }

    /// The open task that a state of this name asked for; the first, if several did.
    pub fn task_of(&self, state: &str) -> TaskRequest {
        let mut tasks = self.execution.open_tasks();
        let found = tasks.find(|task| task.state == state);
        found.expect("an open task of that state").clone()
    }

    pub fn starts(&mut self, task: &TaskRequest) -> Step {
        self.send(Event::TaskStarted {
            task: task.task,
            worker_name: None,
        })
    }

    pub fn succeeds(&mut self, task: &TaskRequest, output: &Value) -> Step {
        self.send(Event::TaskSucceeded {
            task: task.task,
            output: output.to_string(),
        })
    }

    pub fn fails(&mut self, task: &TaskRequest, error: &str) -> Step {
        self.send(Event::TaskFailed {
            task: task.task,
            error: Some(error.to_owned()),
            cause: None,
        })
    }

    /// The timers that are set, soonest first, in milliseconds from now.
    pub fn timers(&self) -> Vec<(TimerId, i64)> {
        let mut timers: Vec<_> = self
            .execution
            .timers()
            .map(|(timer, at)| (timer, at.0 - self.now))
            .collect();
        timers.sort_by_key(|(_, at)| *at);
        timers
    }

    /// Lets the soonest timer fire, at its time. Gives how many milliseconds passed.
    pub fn wait(&mut self) -> i64 {
        let (timer, millis) = self.timers()[0];
        self.now += millis;
        assert!(!self.send(Event::TimerFired { timer }).ignored);
        millis
    }

    /// `2 TaskStateEntered <- 0`: one line per event.
    pub fn lines(&self) -> Vec<String> {
        self.history
            .iter()
            .map(|event| {
                format!(
                    "{} {} <- {}",
                    event.id, event.event_type, event.previous_event_id
                )
            })
            .collect()
    }

    /// The types of the history's events.
    pub fn types(&self) -> Vec<&str> {
        self.history
            .iter()
            .map(|event| event.event_type.as_ref())
            .collect()
    }

    /// The details of an event, by id.
    pub fn details(&self, id: usize) -> Value {
        self.history[id - 1]
            .details
            .as_ref()
            .map_or(Value::Null, states_language::Details::to_value)
    }

    pub fn status(&self) -> Status {
        self.execution.status()
    }

    pub fn output(&self) -> Value {
        let output = self.execution.output().unwrap_or_else(|| {
            panic!(
                "no output: {:?} {:?}",
                self.execution.error(),
                self.execution.cause()
            )
        });
        serde_json::from_str(output).unwrap()
    }

    pub fn failure(&self) -> (&str, &str) {
        assert_eq!(self.status(), Status::Failed);
        let cause = self.execution.cause().unwrap_or_default();
        (self.execution.error().unwrap_or_default(), cause)
    }
}

/// The output of a machine that needs nothing from outside.
pub fn run(states: &Value, input: &Value) -> Value {
    Host::start(states, input).output()
}

/// The error and cause of a machine that fails by itself.
pub fn fail(states: &Value, input: &Value) -> (String, String) {
    let host = Host::start(states, input);
    let (error, cause) = host.failure();
    (error.to_owned(), cause.to_owned())
}
