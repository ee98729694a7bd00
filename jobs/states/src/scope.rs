//! What expressions can see: input, result, variables, context object, time and randomness.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::error::Problem;
use crate::execution::Execution;
use crate::path::{Miss, Path, Root, Selected};
use crate::random::Random;
use crate::thread::ThreadId;
use crate::time::Timestamp;

/// The surroundings of one expression.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// `$`, or `$states.input`.
    pub(crate) input: &'a Value,
    /// `$states.result`, where there is one.
    pub(crate) result: Option<&'a Value>,
    /// `$states.errorOutput`, where there is one.
    pub(crate) error: Option<&'a Value>,
    pub(crate) context: &'a Context<'a>,
    pub(crate) random: &'a Random,
    pub(crate) now: Timestamp,
}

impl<'a> Scope<'a> {
    /// The same surroundings with another input.
    pub(crate) fn with_input<'b>(&'b self, input: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { input, ..*self }
    }

    /// The same surroundings with a result.
    pub(crate) fn with_result<'b>(&'b self, result: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            result: Some(result),
            ..*self
        }
    }

    /// The same surroundings with an error.
    pub(crate) fn with_error<'b>(&'b self, error: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            error: Some(error),
            ..*self
        }
    }

    /// What a variable holds.
    pub(crate) fn variable(&self, name: &str) -> Option<&'a Value> {
        self.context.surroundings.variable(name)
    }

    fn root(&self, path: &Path) -> Result<&'a Value, Miss> {
        match &path.root {
            Root::Input => Ok(self.input),
            Root::Context => Ok(self.context.value()),
            Root::Variable(name) => self
                .variable(name)
                .ok_or_else(|| Miss::NoVariable(name.clone())),
        }
    }

    /// Selects, with the bare reason when nothing is there.
    pub(crate) fn select(&self, path: &Path) -> Result<Selected<'a>, Miss> {
        path.select(self.root(path)?)
    }

    /// For a value named in a payload template, `ErrorPath` or `CausePath`.
    pub(crate) fn lookup(&self, path: &Path, field: &str) -> Result<Value, Problem> {
        match self.select(path) {
            Ok(selected) => Ok(selected.to_value()),
            Err(miss @ (Miss::TooMany | Miss::NoVariable(_))) => {
                Err(Problem::runtime(format!("{miss}.")))
            }
            Err(_) => {
                let root = self.root(path).unwrap_or(self.input);
                Err(Problem::not_found(&path.text, field, root))
            }
        }
    }

    /// For `InputPath`, `OutputPath` and the like.
    pub(crate) fn filter(&self, path: &Path) -> Result<Selected<'a>, Problem> {
        self.select(path)
            .map_err(|miss| Problem::runtime(format!("Invalid path '{}' : {miss}", path.text)))
    }
}

/// The context object `$$`, made when somebody first asks for it, and the variables.
pub(crate) struct Context<'a> {
    surroundings: &'a dyn Surroundings,
    value: OnceCell<Value>,
}

/// Where an expression stands.
pub(crate) trait Surroundings {
    /// The context object.
    fn context(&self) -> Value;

    /// What the variable of that name holds here.
    fn variable(&self, name: &str) -> Option<&Value>;
}

impl<'a> Context<'a> {
    pub(crate) fn new(surroundings: &'a dyn Surroundings) -> Context<'a> {
        Context {
            surroundings,
            value: OnceCell::new(),
        }
    }

    pub(crate) fn value(&self) -> &Value {
        self.value.get_or_init(|| self.surroundings.context())
    }
}

/// The surroundings of a thread of an execution.
pub(crate) struct InThread<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) thread: ThreadId,
    /// Whether the current state is one that can be retried.
    pub(crate) retried: bool,
    /// The token of the task that is being prepared, if it has one.
    pub(crate) token: Option<&'a str>,
    /// The iteration that is about to begin, in a Map state's own fields: index and item.
    pub(crate) item: Option<(usize, &'a Value)>,
    /// Fields that replace those that are made.
    pub(crate) given: &'a Map<String, Value>,
}

impl InThread<'_> {
    /// The iteration of the nearest Map around the thread.
    fn map_item(&self) -> Option<(usize, &Value)> {
        if let Some(item) = self.item {
            return Some(item);
        }
        let threads = &self.execution.threads;
        let mut thread = threads.get(&self.thread)?;
        while let Some((parent, index)) = thread.parent {
            thread = threads.get(&parent)?;
            let group = thread.group()?;
            if group.iterates {
                return Some((index, group.input.value().get(index)?));
            }
        }
        None
    }
}

impl Surroundings for InThread<'_> {
    fn context(&self) -> Value {
        let execution = self.execution;
        let mut object = execution_context(execution);
        let thread = execution.threads.get(&self.thread);
        if let Some(current) = thread.and_then(|thread| thread.current.as_ref()) {
            let mut state = json!({
                "Name": &*current.state,
                "EnteredTime": current.entered_at.to_iso(),
            });
            if let Some(fields) = state.as_object_mut().filter(|_| self.retried) {
                fields.insert("RetryCount".to_owned(), current.retry_count().into());
            }
            object.insert("State".to_owned(), state);
        }
        if let Some(token) = self.token {
            object.insert("Task".to_owned(), json!({ "Token": token }));
        }
        if let Some((index, item)) = self.map_item() {
            let item = json!({ "Item": { "Index": index, "Value": item } });
            object.insert("Map".to_owned(), item);
        }
        for (key, value) in self.given {
            object.insert(key.clone(), value.clone());
        }
        Value::Object(object)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        let threads = &self.execution.threads;
        let mut thread = threads.get(&self.thread)?;
        loop {
            if let Some(value) = thread.variables.get(name) {
                return Some(value.value());
            }
            thread = threads.get(&thread.parent?.0)?;
        }
    }
}

/// The part of the context object that is the same for all of an execution.
fn execution_context(execution: &Execution) -> Map<String, Value> {
    let info = execution.info();
    let mut object = Map::new();
    let mut about = json!({
        "Id": info.arn,
        "Input": execution.input.value(),
        "Name": info.name,
        "RoleArn": info.role_arn,
        "StartTime": execution.start_date().unwrap_or_default().to_iso(),
        "RedriveCount": execution.redrive_count(),
    });
    if let (Some(fields), Some(date)) = (about.as_object_mut(), execution.redrive_date()) {
        fields.insert("RedriveTime".to_owned(), date.to_iso().into());
    }
    object.insert("Execution".to_owned(), about);
    object.insert(
        "StateMachine".to_owned(),
        json!({ "Id": info.state_machine_arn, "Name": info.state_machine_name }),
    );
    object
}
