//! What each intrinsic function does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use sha2::Digest as _;

use super::Function;
use crate::path::equals;
use crate::random::Random;

/// The longest text that `Hash`, `Base64Encode` and `Base64Decode` take, in characters.
const MAX_CHARACTERS: usize = 10_000;

/// The longest array that `ArrayRange` makes.
const MAX_RANGE: i128 = 1000;

type Outcome = Result<Value, String>;

/// Applies a function. The parser has checked how many arguments there are.
pub(super) fn apply(function: Function, arguments: Vec<Value>, random: &Random) -> Outcome {
    let mut arguments = Arguments {
        values: arguments.into_iter(),
        position: 0,
    };
    match function {
        Function::Format => format(arguments),
        Function::StringToJson => {
            let text = arguments.string()?;
            serde_json::from_str(&text).map_err(|error| format!("the text is not JSON: {error}"))
        }
        Function::JsonToString => Ok(arguments.any()?.to_string().into()),
        Function::Array => Ok(arguments.values.collect()),
        Function::ArrayPartition => {
            let items = arguments.array()?;
            let size = arguments.whole()?;
            let size = usize::try_from(size).ok().filter(|size| *size > 0);
            let size = size.ok_or("the size of a part must be at least 1")?;
            Ok(items
                .chunks(size)
                .map(|part| Value::Array(part.to_vec()))
                .collect())
        }
        Function::ArrayContains => {
            let items = arguments.array()?;
            let wanted = arguments.any()?;
            Ok(items.iter().any(|item| equals(item, &wanted)).into())
        }
        Function::ArrayRange => {
            array_range(arguments.whole()?, arguments.whole()?, arguments.whole()?)
        }
        Function::ArrayGetItem => {
            let mut items = arguments.array()?;
            let index = arguments.whole()?;
            match usize::try_from(index)
                .ok()
                .filter(|index| *index < items.len())
            {
                Some(index) => Ok(items.swap_remove(index)),
                None => Err(format!(
                    "index {index} is outside of the {} items",
                    items.len()
                )),
            }
        }
        Function::ArrayLength => Ok(arguments.array()?.len().into()),
        Function::ArrayUnique => {
            let mut unique: Vec<Value> = Vec::new();
            for item in arguments.array()? {
                if !unique.iter().any(|known| equals(known, &item)) {
                    unique.push(item);
                }
            }
            Ok(Value::Array(unique))
        }
        Function::Base64Encode => Ok(BASE64.encode(arguments.short_string()?).into()),
        Function::Base64Decode => {
            let text = arguments.short_string()?;
            let bytes = BASE64
                .decode(text)
                .map_err(|error| format!("not Base64: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| "the decoded bytes are not UTF-8")?;
            Ok(text.into())
        }
        Function::Hash => hash(&arguments.any()?, &arguments.string()?),
        Function::JsonMerge => {
            let mut merged = arguments.object()?;
            let over = arguments.object()?;
            match arguments.any()? {
                Value::Bool(false) => {
                    merged.extend(over);
                    Ok(Value::Object(merged))
                }
                Value::Bool(true) => Err("only shallow merging (false) is supported".to_owned()),
                _ => Err("argument 3 must be a boolean".to_owned()),
            }
        }
        Function::MathRandom => math_random(arguments, random),
        Function::MathAdd => {
            let (left, right) = (arguments.whole()?, arguments.whole()?);
            left.checked_add(right)
                .map(Value::from)
                .ok_or_else(|| "the sum is too large".to_owned())
        }
        Function::StringSplit => {
            let (text, separators) = (arguments.string()?, arguments.string()?);
            let parts = text
                .split(|c| separators.contains(c))
                .filter(|part| !part.is_empty());
            Ok(parts.map(Value::from).collect())
        }
        Function::Uuid => Ok(random.uuid().into()),
    }
}

/// Takes arguments one by one, as the type that is wanted.
struct Arguments {
    values: std::vec::IntoIter<Value>,
    position: usize,
}

impl Arguments {
    fn any(&mut self) -> Result<Value, String> {
        self.position += 1;
        self.values
            .next()
            .ok_or_else(|| format!("argument {} is missing", self.position))
    }

    fn refuse<T>(&self, wanted: &str, value: &Value) -> Result<T, String> {
        let mut shown = value.to_string();
        if shown.chars().count() > 80 {
            shown = shown.chars().take(80).chain(['…']).collect();
        }
        Err(format!(
            "argument {} must be {wanted}, but is {shown}",
            self.position
        ))
    }

    fn string(&mut self) -> Result<String, String> {
        match self.any()? {
            Value::String(text) => Ok(text),
            other => self.refuse("a string", &other),
        }
    }

    fn short_string(&mut self) -> Result<String, String> {
        let text = self.string()?;
        if text.chars().count() > MAX_CHARACTERS {
            return Err(format!(
                "the text has more than {MAX_CHARACTERS} characters"
            ));
        }
        Ok(text)
    }

    fn array(&mut self) -> Result<Vec<Value>, String> {
        match self.any()? {
            Value::Array(items) => Ok(items),
            other => self.refuse("an array", &other),
        }
    }

    fn object(&mut self) -> Result<Map<String, Value>, String> {
        match self.any()? {
            Value::Object(fields) => Ok(fields),
            other => self.refuse("an object", &other),
        }
    }

    /// A whole number; fractions are rounded, as the service does.
    fn whole(&mut self) -> Result<i64, String> {
        let value = self.any()?;
        if let Some(number) = value.as_i64() {
            return Ok(number);
        }
        match value.as_f64().map(f64::round) {
            // Beyond 2^53 not every whole number exists as a fraction, so nobody means those.
            Some(number) if value.is_f64() && number.abs() <= 9_007_199_254_740_992.0 => {
                Ok(number as i64)
            }
            _ => self.refuse("an integer", &value),
        }
    }
}

fn format(mut arguments: Arguments) -> Outcome {
    let template = arguments.string()?;
    let mut text = String::with_capacity(template.len());
    let mut characters = template.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '{' => {
                if characters.next() != Some('}') {
                    return Err("a '{' must be followed by '}' or escaped".to_owned());
                }
                match arguments.values.next() {
                    Some(Value::String(value)) => text.push_str(&value),
                    Some(value) => text.push_str(&value.to_string()),
                    None => return Err("there are more {} than values".to_owned()),
                }
            }
            '}' => return Err("a '}' must follow '{' or be escaped".to_owned()),
            _ => text.push(character),
        }
    }
    match arguments.values.len() {
        0 => Ok(text.into()),
        left => Err(format!("{left} values are left over after the last {{}}")),
    }
}

/// From first to last, both included where the step hits them.
fn array_range(first: i64, last: i64, step: i64) -> Outcome {
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    let count = ((last - first) / step + 1).max(0);
    let count = if (last - first).signum() * step.signum() < 0 {
        0
    } else {
        count
    };
    if count > MAX_RANGE {
        return Err(format!(
            "the array would have {count} items, more than {MAX_RANGE}"
        ));
    }
    Ok((0..count)
        .map(|index| Value::from((first + index * step) as i64))
        .collect())
}

fn hash(data: &Value, algorithm: &str) -> Outcome {
    // Values other than strings are hashed as their JSON text.
    let text = match data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > MAX_CHARACTERS {
        return Err(format!(
            "the text has more than {MAX_CHARACTERS} characters"
        ));
    }
    let digest = match algorithm {
        "MD5" => hex::encode(md5::Md5::digest(&text)),
        "SHA-1" => hex::encode(sha1::Sha1::digest(&text)),
        "SHA-256" => hex::encode(sha2::Sha256::digest(&text)),
        "SHA-384" => hex::encode(sha2::Sha384::digest(&text)),
        "SHA-512" => hex::encode(sha2::Sha512::digest(&text)),
        _ => return Err(format!("there is no algorithm '{algorithm}'")),
    };
    Ok(digest.into())
}

/// A whole number from start to end; the end is not included.
fn math_random(mut arguments: Arguments, random: &Random) -> Outcome {
    let (start, end) = (arguments.whole()?, arguments.whole()?);
    let seeded = match arguments.values.len() {
        0 => None,
        _ => Some(Random::new(arguments.whole()? as u64)),
    };
    if start >= end {
        return Err(format!("the start {start} must be less than the end {end}"));
    }
    let span = end.wrapping_sub(start) as u64;
    let offset = seeded.as_ref().unwrap_or(random).below(span);
    Ok(start.wrapping_add(offset as i64).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Call;
    use super::*;
    use crate::execution::{Execution, ExecutionInfo};
    use crate::scope::{Context, InThread, Scope};
    use crate::thread::ThreadId;
    use crate::time::Timestamp;

    fn evaluate(call: &str, input: &Value) -> Result<Value, String> {
        let info = ExecutionInfo {
            arn: "arn:execution".to_owned(),
            name: "name".to_owned(),
            role_arn: "role".to_owned(),
            state_machine_arn: "arn:machine".to_owned(),
            state_machine_name: "machine".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let execution = Execution::new(info, "{}").unwrap();
        let surroundings = InThread {
            execution: &execution,
            thread: ThreadId::ROOT,
            retried: false,
            token: None,
            item: None,
            given: &Map::new(),
        };
        let context = Context::new(&surroundings);
        let scope = Scope {
            input,
            result: None,
            error: None,
            context: &context,
            random: &Random::new(1),
            now: Timestamp(0),
        };
        let call = Call::parse(call).unwrap_or_else(|error| panic!("{call}: {error}"));
        call.evaluate(&scope, "x.$")
            .map_err(|problem| format!("{}: {}", problem.error, problem.message))
    }

    #[test]
    fn functions_give_what_the_guide_says() {
        let input = json!({
            "name": "Foo",
            "n": 5,
            "f": 1.0,
            "list": [1, 2, 3, 4, 5, 6, 7, 8, 9],
            "twice": [1, 2, 2, "a", "a", 1.0, {"x": 1}, {"x": 1.0}],
            "object": {"a": {"a1": 1, "a2": 2}, "b": 2},
            "over": {"a": {"a3": 1}, "c": 3},
            "text": "{\"foo\": [1, 2.50]}",
            "template": "<{}>",
        });
        let table = [
            (
                "States.Format('Hello, my name is {}.', $.name)",
                json!("Hello, my name is Foo."),
            ),
            (
                "States.Format('{}/{}/{}/{}', $.n, $.f, true, null)",
                json!("5/1.0/true/null"),
            ),
            (
                "States.Format('{}', $.object)",
                json!(r#"{"a":{"a1":1,"a2":2},"b":2}"#),
            ),
            (
                r"States.Format('\{\} {} it\'s \\', 'a\'b')",
                json!(r"{} a'b it's \"),
            ),
            ("States.Format('{}', '\\{\\}')", json!("{}")),
            ("States.Format($.template, $.name)", json!("<Foo>")),
            ("States.Format('plain')", json!("plain")),
            ("States.StringToJson($.text)", json!({"foo": [1, 2.50]})),
            (
                "States.JsonToString($.over)",
                json!(r#"{"a":{"a3":1},"c":3}"#),
            ),
            ("States.Array()", json!([])),
            (
                "States.Array('a', $.n, States.Array(1))",
                json!(["a", 5, [1]]),
            ),
            (
                "States.ArrayPartition($.list, 4)",
                json!([[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
            ),
            ("States.ArrayContains($.list, $.n)", json!(true)),
            ("States.ArrayContains($.list, 'x')", json!(false)),
            ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
            ("States.ArrayRange(1, 8, 2)", json!([1, 3, 5, 7])),
            ("States.ArrayRange(3, 1, -1)", json!([3, 2, 1])),
            ("States.ArrayRange(1, 3, -1)", json!([])),
            ("States.ArrayRange(3, 1, 1)", json!([])),
            ("States.ArrayRange(3, 1, 5)", json!([])),
            ("States.ArrayRange(4, 4, 5)", json!([4])),
            ("States.ArrayGetItem($.list, 5)", json!(6)),
            ("States.ArrayLength($.list)", json!(9)),
            ("States.ArrayUnique($.twice)", json!([1, 2, "a", {"x": 1}])),
            (
                "States.Base64Encode('Data to encode')",
                json!("RGF0YSB0byBlbmNvZGU="),
            ),
            (
                "States.Base64Decode('RGVjb2RlZCBkYXRh')",
                json!("Decoded data"),
            ),
            (
                "States.Hash('abc', 'MD5')",
                json!("900150983cd24fb0d6963f7d28e17f72"),
            ),
            (
                "States.Hash('abc', 'SHA-1')",
                json!("a9993e364706816aba3e25717850c26c9cd0d89d"),
            ),
            (
                "States.Hash('abc', 'SHA-256')",
                json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ),
            (
                "States.JsonMerge($.object, $.over, false)",
                json!({"a": {"a3": 1}, "b": 2, "c": 3}),
            ),
            ("States.MathAdd(111, -1)", json!(110)),
            ("States.MathAdd($.n, 1.6)", json!(7)),
            (
                "States.StringSplit('1,2,3,4,5', ',')",
                json!(["1", "2", "3", "4", "5"]),
            ),
            (
                "States.StringSplit('This.is+a,test=string', '.+,=')",
                json!(["This", "is", "a", "test", "string"]),
            ),
            ("States.StringSplit(',a,,b,', ',')", json!(["a", "b"])),
            ("States.MathRandom(7, 8)", json!(7)),
        ];
        for (call, expected) in table {
            assert_eq!(evaluate(call, &input), Ok(expected), "{call}");
        }
    }

    #[test]
    fn long_digests_have_their_length() {
        for (algorithm, length) in [("SHA-384", 96), ("SHA-512", 128)] {
            let digest = evaluate(&format!("States.Hash('abc', '{algorithm}')"), &json!({}));
            assert_eq!(digest.unwrap().as_str().map(str::len), Some(length));
        }
    }

    #[test]
    fn random_numbers_stay_in_range_and_a_seed_repeats_them() {
        let number = evaluate("States.MathRandom(-5, 5)", &json!({}))
            .unwrap()
            .as_i64()
            .unwrap();
        assert!((-5..5).contains(&number));
        let seeded = || evaluate("States.MathRandom(0, 1000000, 42)", &json!({})).unwrap();
        assert_eq!(seeded(), seeded());
        let whole_range = format!("States.MathRandom({}, {})", i64::MIN, i64::MAX);
        assert!(evaluate(&whole_range, &json!({})).is_ok());
    }

    #[test]
    fn what_cannot_be_is_an_intrinsic_failure_that_names_the_call() {
        let input = json!({"list": [1], "text": "{", "long": "x".repeat(10_001)});
        let table = [
            ("States.StringToJson($.text)", "not JSON"),
            ("States.StringToJson(5)", "argument 1 must be a string"),
            ("States.Format('{} {}', 1)", "more {} than values"),
            ("States.Format('{}', 1, 2)", "1 values are left over"),
            ("States.Format('{x}', 1)", "must be followed"),
            ("States.Format('}')", "must follow"),
            ("States.ArrayPartition($.list, 0)", "at least 1"),
            ("States.ArrayGetItem($.list, 1)", "outside"),
            ("States.ArrayGetItem($.list, -1)", "outside"),
            ("States.ArrayRange(0, 1000, 1)", "1001 items"),
            ("States.ArrayRange(0, 10, 0)", "must not be 0"),
            ("States.ArrayLength('x')", "an array"),
            ("States.Base64Encode($.long)", "10000 characters"),
            ("States.Base64Decode('*')", "not Base64"),
            ("States.Base64Decode('/w==')", "UTF-8"),
            ("States.Hash('x', 'CRC32')", "CRC32"),
            ("States.JsonMerge($, $, true)", "shallow"),
            ("States.JsonMerge($.list, $, false)", "an object"),
            ("States.MathRandom(5, 5)", "less than"),
            ("States.MathAdd(9223372036854775807, 1)", "too large"),
            ("States.MathAdd('1', 1)", "an integer"),
        ];
        for (call, words) in table {
            let error = evaluate(call, &input).expect_err(call);
            assert!(
                error.starts_with("States.IntrinsicFailure: The function '"),
                "{error}"
            );
            assert!(error.contains(words), "{call}: {error}");
        }
    }

    #[test]
    fn a_missing_argument_is_told_as_the_path_that_leads_nowhere() {
        assert_eq!(
            evaluate("States.Array($.none)", &json!({"a": 1})).unwrap_err(),
            "States.Runtime: The JSONPath '$.none' specified for the field 'x.$' could not be \
             found in the input '{\"a\":1}'"
        );
    }

    #[test]
    fn uuids_come_from_the_seed() {
        let uuid = evaluate("States.UUID()", &json!({})).unwrap();
        assert_eq!(uuid, evaluate("States.UUID()", &json!({})).unwrap());
        assert_eq!(uuid.as_str().map(str::len), Some(36));
    }
}
