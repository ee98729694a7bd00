//! Intrinsic functions: `States.Format('{} of {}', $.a, $.b)`.
//!
//! A call is read once, with its definition ([`Call::parse`]), and evaluated as often as its state
//! runs. What the functions do is in `functions`.

mod functions;
mod parser;

pub(crate) use parser::is_intrinsic;

use serde_json::Value;

use crate::error::Problem;
use crate::path::Path;
use crate::random::Random;
use crate::scope::Scope;

/// A call and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// As it was written.
    pub(crate) text: String,
    function: Function,
    arguments: Vec<Argument>,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
enum Argument {
    /// A number, `true`, `false` or `null`.
    Literal(Value),
    /// What stands between single quotes, escapes and all: `States.Format` reads them itself.
    Text(String),
    Path(Path),
    Call(Call),
}

/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

impl Function {
    /// Name after `States.`, function, fewest and most arguments.
    const TABLE: [(&'static str, Function, usize, usize); 18] = [
        ("Format", Function::Format, 1, usize::MAX),
        ("StringToJson", Function::StringToJson, 1, 1),
        ("JsonToString", Function::JsonToString, 1, 1),
        ("Array", Function::Array, 0, usize::MAX),
        ("ArrayPartition", Function::ArrayPartition, 2, 2),
        ("ArrayContains", Function::ArrayContains, 2, 2),
        ("ArrayRange", Function::ArrayRange, 3, 3),
        ("ArrayGetItem", Function::ArrayGetItem, 2, 2),
        ("ArrayLength", Function::ArrayLength, 1, 1),
        ("ArrayUnique", Function::ArrayUnique, 1, 1),
        ("Base64Encode", Function::Base64Encode, 1, 1),
        ("Base64Decode", Function::Base64Decode, 1, 1),
        ("Hash", Function::Hash, 2, 2),
        ("JsonMerge", Function::JsonMerge, 3, 3),
        ("MathRandom", Function::MathRandom, 2, 3),
        ("MathAdd", Function::MathAdd, 2, 2),
        ("StringSplit", Function::StringSplit, 2, 2),
        ("UUID", Function::Uuid, 0, 0),
    ];
}

/// Applies a function (its name without `States.`) to values, where no randomness is needed.
pub(crate) fn apply(name: &str, arguments: Vec<Value>) -> Result<Value, String> {
    let known = Function::TABLE.iter().find(|(known, ..)| *known == name);
    let Some((_, function, fewest, most)) = known else {
        return Err(format!("there is no function '{name}'"));
    };
    if !(*fewest..=*most).contains(&arguments.len()) {
        let given = arguments.len();
        return Err(format!(
            "the function takes {fewest} arguments, not {given}"
        ));
    }
    functions::apply(*function, arguments, &Random::new(0))
}

impl Call {
    /// Evaluates the call for a field of that name.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, Problem> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(match argument {
                Argument::Literal(value) => value.clone(),
                Argument::Text(raw) if self.function == Function::Format => raw.as_str().into(),
                Argument::Text(raw) => parser::unescape(raw).into(),
                Argument::Path(path) => scope.lookup(path, field)?,
                Argument::Call(call) => call.evaluate(scope, field)?,
            });
        }
        // Only the template of a Format keeps its escapes; texts among its other arguments lose
        // them as everywhere.
        if self.function == Function::Format {
            for (argument, value) in self.arguments.iter().zip(&mut values).skip(1) {
                if let Argument::Text(raw) = argument {
                    *value = parser::unescape(raw).into();
                }
            }
        }
        functions::apply(self.function, values, scope.random).map_err(|message| {
            Problem::intrinsic(format!(
                "The function '{}' had the following error: {message}",
                self.text
            ))
        })
    }
}
