//! The functions that Step Functions adds to `JSONata`, and those that need a clock or chance.

use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;

use super::convert::{from_value, to_value};
use crate::intrinsic;
use crate::random::Random;
use crate::scope::Scope;
use crate::time::Timestamp;

/// 2^53: as many different numbers lie between 0 and 1 here.
const STEPS: u64 = 1 << 53;

/// The widest that `$pad` makes a text, in characters: no payload has room for more. The library fills it in one go, which
/// no bound on time interrupts.
const MAX_PAD: f64 = crate::MAX_BYTES as f64;

/// Registers those functions that an expression names.
pub(super) fn register(
    evaluator: &mut Evaluator,
    names: &[String],
    scope: &Scope<'_>,
) -> Result<(), EvaluatorError> {
    let now = scope.now;
    for name in names {
        match name.as_str() {
            "partition" => evaluator.register_fn("partition", intrinsic("ArrayPartition"))?,
            "range" => evaluator.register_fn("range", intrinsic("ArrayRange"))?,
            "hash" => evaluator.register_fn("hash", intrinsic("Hash"))?,
            "parse" => evaluator.register_fn("parse", intrinsic("StringToJson"))?,
            "uuid" => {
                let random = Random::new(scope.random.next());
                let uuid = move |_: &[JValue]| Ok(JValue::string(random.uuid()));
                evaluator.register_fn("uuid", uuid)?;
            }
            "random" => {
                let random = Random::new(scope.random.next());
                let draw = move |arguments: &[JValue]| Ok(draw(arguments, &random));
                evaluator.register_fn_override("random", draw)?;
            }
            "shuffle" => {
                let random = Random::new(scope.random.next());
                let shuffle = move |arguments: &[JValue]| Ok(shuffle(arguments, &random));
                evaluator.register_fn_override("shuffle", shuffle)?;
            }
            "millis" => {
                let millis = move |_: &[JValue]| Ok(JValue::Number(now.0 as f64));
                evaluator.register_fn_override("millis", millis)?;
            }
            "now" => {
                let at = move |arguments: &[JValue]| written(now, arguments);
                evaluator.register_fn_override("now", at)?;
            }
            "pad" => evaluator.register_fn_override("pad", pad)?,
            _ => {}
        }
    }
    Ok(())
}

/// An intrinsic function of the other query language, with values for arguments.
fn intrinsic(name: &'static str) -> impl Fn(&[JValue]) -> HostFnResult + 'static {
    move |arguments| {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = to_value(argument).map_err(failed)?;
            values.push(value.unwrap_or(Value::Null));
        }
        let value = intrinsic::apply(name, values).map_err(|message| failed(&message))?;
        Ok(from_value(&value))
    }
}

fn failed(message: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.to_owned())
}

/// A number from 0 up to, but not including, 1. The same for the same seed.
fn draw(arguments: &[JValue], random: &Random) -> JValue {
    let seeded = arguments
        .first()
        .and_then(JValue::as_f64)
        .map(|seed| Random::new(seed.to_bits()));
    let drawn = seeded.as_ref().unwrap_or(random).below(STEPS);
    JValue::Number(drawn as f64 / STEPS as f64)
}

/// Fisher and Yates, as Knuth gives it (The Art of Computer Programming, 3.4.2, algorithm P).
fn shuffle(arguments: &[JValue], random: &Random) -> JValue {
    let mut items = match arguments.first() {
        None | Some(JValue::Undefined) => return JValue::Undefined,
        Some(JValue::Array(items)) => items.to_vec(),
        Some(other) => vec![other.clone()],
    };
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last as u64 + 1) as usize);
    }
    JValue::array(items)
}

/// `$now(picture, timezone)`.
fn written(now: Timestamp, arguments: &[JValue]) -> HostFnResult {
    if arguments.is_empty() {
        return Ok(JValue::string(now.to_iso()));
    }
    let mut all = vec![JValue::Number(now.0 as f64)];
    all.extend(arguments.iter().take(2).cloned());
    built_in("fromMillis", &all)
}

/// `$pad(text, width, character)`, as the library has it, within bounds.
fn pad(arguments: &[JValue]) -> HostFnResult {
    if let [JValue::Number(_)] = arguments {
        // The library would take the context for the text; a function of the host does not see it.
        return Err(failed(
            "The function pad needs the text as its first argument",
        ));
    }
    let width = arguments.get(1).and_then(JValue::as_f64);
    if let Some(width) = width.filter(|width| width.abs() > MAX_PAD) {
        return Err(failed(&format!(
            "The width {width} of the function pad is more than {MAX_PAD} characters"
        )));
    }
    // Each round of the filling is at most as long as the filler.
    let filler = arguments.get(2).and_then(JValue::as_str);
    if filler.is_some_and(|filler| filler.chars().count() as f64 > MAX_PAD) {
        return Err(failed("The filler of the function pad is too long"));
    }
    built_in("pad", &arguments[..arguments.len().min(3)])
}

/// Calls the library's own function of this name.
fn built_in(name: &str, arguments: &[JValue]) -> HostFnResult {
    let mut context = Context::new();
    let mut names = Vec::new();
    for (number, argument) in arguments.iter().enumerate() {
        context.bind(format!("a{number}"), argument.clone());
        names.push(format!("$a{number}"));
    }
    let call = format!("${name}({})", names.join(", "));
    let tree = parser::parse(&call).map_err(|error| failed(&error.to_string()))?;
    Evaluator::with_context(context).evaluate(&tree, &JValue::Undefined)
}
