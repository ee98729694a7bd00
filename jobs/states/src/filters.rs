//! The fields that shape a state's input and output, and the order in which they work:
//!
//! `InputPath` → `Parameters` → the work → `ResultSelector` → `ResultPath` (into the *raw* input) →
//! `OutputPath`.

use serde_json::{Map, Value};

use crate::error::{Failure, Problem, RESULT_PATH_MATCH_FAILURE};
use crate::path::{Path, ReferencePath};
use crate::payload::{Payload, PayloadError};
use crate::scope::Scope;

/// `InputPath` or `OutputPath`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Filter {
    /// `$`, or not given: everything.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    At(Path),
}

/// Both filters of a state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct InputOutput {
    pub(crate) input: Filter,
    pub(crate) output: Filter,
}

/// `ResultPath`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ResultPath {
    /// `$`, or not given: the result takes the input's place.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    At(ReferencePath),
}

/// A value that may still be one that already has its text.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Kept(Payload),
    Made(Value),
}

impl Data {
    pub(crate) fn value(&self) -> &Value {
        match self {
            Data::Kept(payload) => payload.value(),
            Data::Made(value) => value,
        }
    }

    /// With its text, within the limits.
    pub(crate) fn into_payload(self) -> Result<Payload, PayloadError> {
        match self {
            Data::Kept(payload) => Ok(payload),
            Data::Made(value) => Payload::from_value(value),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Data::Kept(payload) => payload.value().clone(),
            Data::Made(value) => value,
        }
    }
}

impl Filter {
    /// What the filter leaves of `data`; `scope` gives it the context object.
    pub(crate) fn apply(&self, data: Data, scope: &Scope<'_>) -> Result<Data, Problem> {
        match self {
            Filter::Whole => Ok(data),
            Filter::Nothing => Ok(Data::Made(Value::Object(Map::new()))),
            Filter::At(path) => {
                let selected = scope.with_input(data.value()).filter(path)?.to_value();
                Ok(Data::Made(selected))
            }
        }
    }
}

impl ResultPath {
    /// Puts a result into the raw input.
    pub(crate) fn apply(&self, raw: &Payload, result: Data) -> Result<Data, Problem> {
        match self {
            ResultPath::Replace => Ok(result),
            ResultPath::Discard => Ok(Data::Kept(raw.clone())),
            ResultPath::At(path) => {
                let mut target = raw.value().clone();
                path.set(&mut target, result.into_value()).map_err(|_| {
                    let message = format!(
                        "Unable to apply ReferencePath {} to input {}",
                        path.text,
                        raw.text()
                    );
                    Problem::new(RESULT_PATH_MATCH_FAILURE, message)
                })?;
                Ok(Data::Made(target))
            }
        }
    }
}

/// The failure of a state whose input or output breaks a limit.
pub(crate) fn limit_failure(error: &PayloadError, state: &str) -> Failure {
    let cause = match error {
        PayloadError::TooLarge(_) => format!(
            "The state/task '{state}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        ),
        other => format!("The state/task '{state}' returned a result that cannot be kept: {other}"),
    };
    Failure::internal(crate::error::DATA_LIMIT_EXCEEDED, cause)
}
