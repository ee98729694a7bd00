//! What expressions can see: the input, the context object and randomness.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::error::Problem;
use crate::execution::Execution;
use crate::path::{Miss, Path, Root, Selected};
use crate::random::Random;

/// The surroundings of one expression.
pub(crate) struct Scope<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a Context<'a>,
    pub(crate) random: &'a Random,
}

impl<'a> Scope<'a> {
    /// The same surroundings with another input.
    pub(crate) fn with_input<'b>(&'b self, input: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            input,
            context: self.context,
            random: self.random,
        }
    }

    fn root(&self, path: &Path) -> &Value {
        match path.root {
            Root::Input => self.input,
            Root::Context => self.context.value(),
        }
    }

    /// Selects, with the bare reason when nothing is there.
    pub(crate) fn select(&self, path: &Path) -> Result<Selected<'_>, Miss> {
        path.select(self.root(path))
    }

    /// For a value named in a payload template, `ErrorPath` or `CausePath`.
    pub(crate) fn lookup(&self, path: &Path, field: &str) -> Result<Value, Problem> {
        match self.select(path) {
            Ok(selected) => Ok(selected.to_value()),
            Err(Miss::TooMany) => Err(Problem::runtime(format!("{}.", Miss::TooMany))),
            Err(_) => Err(Problem::not_found(&path.text, field, self.root(path))),
        }
    }

    /// For `InputPath`, `OutputPath` and the like.
    pub(crate) fn filter(&self, path: &Path) -> Result<Selected<'_>, Problem> {
        self.select(path)
            .map_err(|miss| Problem::runtime(format!("Invalid path '{}' : {miss}", path.text)))
    }
}

/// The context object `$$`, made when somebody first asks for it.
pub(crate) struct Context<'a> {
    execution: &'a Execution,
    /// Whether the current state is one that can be retried.
    retried: bool,
    value: OnceCell<Value>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(execution: &'a Execution, retried: bool) -> Context<'a> {
        Context {
            execution,
            retried,
            value: OnceCell::new(),
        }
    }

    fn value(&self) -> &Value {
        self.value
            .get_or_init(|| context_object(self.execution, self.retried))
    }
}

fn context_object(execution: &Execution, retried: bool) -> Value {
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
    if let Some(current) = &execution.current {
        let mut state = json!({
            "Name": current.state,
            "EnteredTime": current.entered_at.to_iso(),
        });
        if let Some(fields) = state.as_object_mut().filter(|_| retried) {
            fields.insert("RetryCount".to_owned(), current.retry_count().into());
        }
        object.insert("State".to_owned(), state);
    }
    Value::Object(object)
}
