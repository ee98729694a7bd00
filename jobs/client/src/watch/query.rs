//! Which executions somebody wants to see: `status:failed place:ecs batch:01JD started>1h board`.
//!
//! A query is words with blanks between; all must hold. `field:value` looks in one field, `field:a,b` for either,
//! `field>value` and `field<value` compare; anything else is looked for in names, batches, errors and states. A `-` in
//! front turns a word round. Blanks inside of a value are written in double quotes.

use std::fmt::Write as _;

use thiserror::Error;

use super::run::{Digest, Kind, Run};
use crate::track::{ExecutionStatus, Place};

/// A parsed query. The empty one lets everything through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// In any of the texts.
    Anywhere(String),
    /// Any of these, as a part of the field's text.
    Text(TextField, Vec<String>),
    /// Any of these.
    Status(Vec<StatusWord>),
    Place(PlaceField, Vec<Option<Place>>),
    Kind(Vec<Kind>),
    Is(Vec<Property>),
    /// Above (or below) the value.
    Compare(NumberField, Side, f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextField {
    Image,
    Batch,
    Name,
    Error,
    Worker,
    State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusWord {
    Is(ExecutionStatus),
    /// Running, but in a queue until a worker takes it.
    Queued,
    /// Failed, timed out or aborted.
    Unsuccessful,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlaceField {
    Actual,
    Planned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Moved,
    Cold,
    Redriven,
    Retried,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberField {
    /// Age of the start, seconds.
    Started,
    /// Age of the end, seconds.
    Ended,
    /// Seconds from start to end, or until now.
    Took,
    Attempts,
    Redrives,
    Cost,
    /// Peak memory, MB.
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// A word of a query that means nothing, with what would.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct QueryError {
    /// The word.
    pub word: String,
    /// One sentence.
    pub message: String,
}

/// The fields with what they take, for help texts.
pub const FIELDS: [(&str, &str); 17] = [
    (
        "status",
        "running queued succeeded failed timed_out aborted unsuccessful",
    ),
    ("place", "lambda ecs none: where it ran last"),
    ("planned", "lambda ecs none"),
    ("is", "moved cold redriven retried"),
    ("image", "part of the picture's name"),
    ("batch", "beginning of the batch's id"),
    ("name", "part of the execution's name"),
    ("error", "part of the error's name"),
    ("worker", "part of a worker's name"),
    (
        "state",
        "part of the name of the state that it is in, or failed in",
    ),
    (
        "kind",
        "lambda ecs worker execution service: what was asked to work",
    ),
    (
        "started",
        "age, with < or >: started<1h is within the last hour",
    ),
    ("ended", "age, with < or >"),
    ("took", "duration, with < or >: took>30s"),
    ("attempts", "number, with < or >; so are redrives"),
    ("cost", "amount in the price table's currency, with < or >"),
    ("memory", "peak in MB, with < or >"),
];

/// What a query needs besides the execution itself.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Now, milliseconds since the epoch.
    pub now_ms: i64,
    /// What an execution did cost, when that is known.
    pub cost: &'a dyn Fn(&Digest) -> Option<f64>,
}

impl Query {
    /// Reads a query.
    ///
    /// ```
    /// use whiteboarder_jobs::watch::query::Query;
    /// assert!(Query::parse("status:failed,running place:ecs -batch:01JD took>30s board").is_ok());
    /// let wrong = Query::parse("stauts:failed").unwrap_err();
    /// assert!(wrong.to_string().contains("status"));
    /// ```
    ///
    /// # Errors
    /// A field that there is none of, or a value that the field does not take.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let terms = words(text).into_iter().map(|word| term(&word));
        Ok(Self {
            terms: terms.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it asks for what only histories tell; executions whose history was not read are not found by it.
    #[must_use]
    pub fn needs_digests(&self) -> bool {
        self.terms.iter().any(|term| match &term.test {
            Test::Anywhere(_) => false,
            Test::Text(field, _) => {
                !matches!(field, TextField::Image | TextField::Batch | TextField::Name)
            }
            Test::Status(words) => words.contains(&StatusWord::Queued),
            Test::Is(properties) => properties.iter().any(|p| *p != Property::Redriven),
            Test::Place(..) | Test::Kind(_) => true,
            Test::Compare(field, ..) => matches!(
                field,
                NumberField::Attempts | NumberField::Cost | NumberField::Memory
            ),
        })
    }

    /// Whether it lets an execution through.
    #[must_use]
    pub fn matches(&self, run: &Run, around: Around<'_>) -> bool {
        self.terms
            .iter()
            .all(|term| term.test.holds(run, around) != term.negated)
    }
}

/// Splits at blanks that are not in double quotes, and takes the quotes away.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            blank if blank.is_whitespace() && !quoted => words.push(String::new()),
            other => {
                if let Some(word) = words.last_mut() {
                    word.push(other);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn term(word: &str) -> Result<Term, QueryError> {
    let (negated, body) = match word.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, word),
    };
    let test = match body.find([':', '<', '>']) {
        // A name may have a colon in it: `:x`, `12:30`, `arn:aws:…` are no fields.
        Some(at)
            if at > 0
                && body[..at]
                    .chars()
                    .all(|c| c.is_ascii_alphabetic() || c == '_') =>
        {
            field(word, &body[..at], &body[at..])?
        }
        _ => Test::Anywhere(body.to_lowercase()),
    };
    Ok(Term { negated, test })
}

fn field(word: &str, name: &str, rest: &str) -> Result<Test, QueryError> {
    let (side, value) = match rest.split_at(1) {
        (">", value) => (Some(Side::Above), value),
        ("<", value) => (Some(Side::Below), value),
        (_, value) => (None, value),
    };
    let value = value.strip_prefix('=').unwrap_or(value);
    let refuse = |message: String| QueryError {
        word: word.to_owned(),
        message,
    };
    if value.is_empty() {
        return Err(refuse(format!("{word}: the value is missing")));
    }
    let name = name.to_ascii_lowercase();
    if name == "arn" && side.is_none() {
        return Ok(Test::Anywhere(format!("arn:{}", value.to_lowercase())));
    }
    let number = match name.as_str() {
        "started" => Some(NumberField::Started),
        "ended" => Some(NumberField::Ended),
        "took" => Some(NumberField::Took),
        "attempts" => Some(NumberField::Attempts),
        "redrives" => Some(NumberField::Redrives),
        "cost" => Some(NumberField::Cost),
        "memory" => Some(NumberField::Memory),
        _ => None,
    };
    if let Some(number) = number {
        let Some(side) = side else {
            return Err(refuse(format!(
                "{word}: {name} is compared, as in {name}>{value}"
            )));
        };
        let read = match number {
            NumberField::Started | NumberField::Ended | NumberField::Took => duration(value),
            _ => value.parse().ok().filter(|number: &f64| number.is_finite()),
        };
        let read = read.ok_or_else(|| match number {
            NumberField::Started | NumberField::Ended | NumberField::Took => {
                refuse(format!("{word}: {value} is no time like 30s, 5m, 2h or 1d"))
            }
            _ => refuse(format!("{word}: {value} is no number")),
        })?;
        return Ok(Test::Compare(number, side, read));
    }
    if side.is_some() {
        return Err(refuse(format!(
            "{word}: only started, ended, took, attempts, redrives, cost and memory are compared"
        )));
    }
    let lower = value.to_lowercase();
    let values = || lower.split(',').filter(|value| !value.is_empty());
    let texts = |field| Ok(Test::Text(field, values().map(str::to_owned).collect()));
    match name.as_str() {
        "status" => each(values(), status).map(Test::Status),
        "place" => each(values(), place).map(|places| Test::Place(PlaceField::Actual, places)),
        "planned" => each(values(), place).map(|places| Test::Place(PlaceField::Planned, places)),
        "kind" => each(values(), kind).map(Test::Kind),
        "is" => each(values(), property).map(Test::Is),
        "moved" => {
            let is = matches!(lower.as_str(), "yes" | "true");
            return Ok(Test::Is(vec![Property::Moved])).and_then(|test| {
                if is {
                    Ok(test)
                } else {
                    Err(refuse(format!("{word}: write is:moved or -is:moved")))
                }
            });
        }
        "image" => return texts(TextField::Image),
        "batch" => return texts(TextField::Batch),
        "name" => return texts(TextField::Name),
        "error" => return texts(TextField::Error),
        "worker" => return texts(TextField::Worker),
        "state" => return texts(TextField::State),
        _ => {
            let mut names = String::new();
            for (field, _) in FIELDS {
                let _ = write!(names, " {field}");
            }
            return Err(refuse(format!(
                "{word}: there is no field {name}; there are{names}"
            )));
        }
    }
    .map_err(|value| {
        let takes = FIELDS.iter().find(|(field, _)| *field == name);
        let takes = takes.map_or("", |(_, takes)| takes);
        refuse(format!("{word}: {name} is not {value}; it takes {takes}"))
    })
}

fn each<'a, T>(
    values: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    values
        .map(|value| read(value).ok_or_else(|| value.to_owned()))
        .collect()
}

fn status(word: &str) -> Option<StatusWord> {
    Some(StatusWord::Is(match word {
        "running" => ExecutionStatus::Running,
        "succeeded" | "done" | "cleaned" => ExecutionStatus::Succeeded,
        "failed" => ExecutionStatus::Failed,
        "timed_out" | "timedout" | "timeout" => ExecutionStatus::TimedOut,
        "aborted" | "stopped" => ExecutionStatus::Aborted,
        "queued" => return Some(StatusWord::Queued),
        "unsuccessful" => return Some(StatusWord::Unsuccessful),
        _ => return None,
    }))
}

fn place(word: &str) -> Option<Option<Place>> {
    match word {
        "lambda" => Some(Some(Place::Lambda)),
        "ecs" => Some(Some(Place::Ecs)),
        "none" => Some(None),
        _ => None,
    }
}

fn kind(word: &str) -> Option<Kind> {
    match word {
        "lambda" => Some(Kind::Lambda),
        "ecs" => Some(Kind::Ecs),
        "worker" | "activity" => Some(Kind::Worker),
        "execution" | "nested" => Some(Kind::Execution),
        "service" => Some(Kind::Service),
        _ => None,
    }
}

fn property(word: &str) -> Option<Property> {
    match word {
        "moved" => Some(Property::Moved),
        "cold" => Some(Property::Cold),
        "redriven" => Some(Property::Redriven),
        "retried" => Some(Property::Retried),
        _ => None,
    }
}

/// Seconds of `90`, `30s`, `5m`, `2h`, `1d`, `1h30m`.
fn duration(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, tail) = rest.split_at(digits.unwrap_or(rest.len()));
        let number: f64 = number.parse().ok()?;
        let (unit, tail) = match tail.strip_prefix("ms") {
            Some(tail) => (0.001, tail),
            None => match tail.chars().next() {
                None | Some('s') => (1.0, tail.get(1..).unwrap_or_default()),
                Some('m') => (60.0, &tail[1..]),
                Some('h') => (3600.0, &tail[1..]),
                Some('d') => (86_400.0, &tail[1..]),
                Some(_) => return None,
            },
        };
        seconds += number * unit;
        rest = tail;
    }
    (!text.is_empty()).then_some(seconds)
}

/// Whether the small-letter needle is in the text. Names are mostly ASCII, and these are many.
fn has(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return needle.is_empty()
            || text
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}

impl Test {
    fn holds(&self, run: &Run, around: Around<'_>) -> bool {
        let digest = run.digest.as_deref();
        match self {
            Self::Anywhere(needle) => {
                [
                    TextField::Image,
                    TextField::Name,
                    TextField::Batch,
                    TextField::Error,
                    TextField::State,
                ]
                .iter()
                .any(|field| field.any(run, |text| has(text, needle)))
                    || (needle.starts_with("arn:") && has(&run.arn, needle))
            }
            Self::Text(field @ TextField::Batch, needles) => field.any(run, |text| {
                let text = text.to_lowercase();
                needles.iter().any(|needle| text.starts_with(needle))
            }),
            Self::Text(field, needles) => {
                field.any(run, |text| needles.iter().any(|needle| has(text, needle)))
            }
            Self::Status(words) => words.iter().any(|word| match word {
                StatusWord::Is(status) => run.status == *status,
                StatusWord::Queued => {
                    run.status == ExecutionStatus::Running
                        && digest.is_some_and(|digest| digest.waiting_since_ms.is_some())
                }
                StatusWord::Unsuccessful => !matches!(
                    run.status,
                    ExecutionStatus::Running | ExecutionStatus::Succeeded
                ),
            }),
            Self::Place(field, places) => digest.is_some_and(|digest| {
                let place = match field {
                    PlaceField::Actual => digest.places.last().copied(),
                    PlaceField::Planned => digest.planned,
                };
                places.contains(&place)
            }),
            Self::Kind(kinds) => {
                digest.is_some_and(|digest| digest.kinds.iter().any(|kind| kinds.contains(kind)))
            }
            Self::Is(properties) => properties.iter().any(|property| match property {
                Property::Redriven => run.redrives > 0,
                Property::Moved => digest.is_some_and(|digest| digest.moved),
                Property::Retried => digest.is_some_and(|digest| digest.attempts > 1),
                Property::Cold => digest
                    .and_then(|digest| digest.result.as_ref())
                    .is_some_and(|result| result.cold_start),
            }),
            Self::Compare(field, side, bound) => {
                field.of(run, around).is_some_and(|value| match side {
                    Side::Above => value > *bound,
                    Side::Below => value < *bound,
                })
            }
        }
    }
}

impl TextField {
    fn any(self, run: &Run, test: impl Fn(&str) -> bool) -> bool {
        let subject = run.subject.as_ref();
        let digest = run.digest.as_deref();
        match self {
            Self::Image => subject.is_some_and(|subject| test(&subject.name)),
            Self::Batch => subject.is_some_and(|subject| test(&subject.batch)),
            Self::Name => test(&run.name),
            Self::Error => digest.is_some_and(|digest| digest.error.as_deref().is_some_and(test)),
            Self::Worker => {
                digest.is_some_and(|digest| digest.workers.iter().any(|worker| test(worker)))
            }
            Self::State => digest.is_some_and(|digest| {
                let states = [&digest.state, &digest.failed_in];
                states.into_iter().flatten().any(|state| test(state))
            }),
        }
    }
}

impl NumberField {
    fn of(self, run: &Run, around: Around<'_>) -> Option<f64> {
        let since = |from: i64, to: i64| (to - from).max(0) as f64 / 1000.0;
        let digest = run.digest.as_deref();
        match self {
            Self::Started => Some(since(run.started_ms, around.now_ms)),
            Self::Ended => run.stopped_ms.map(|ended| since(ended, around.now_ms)),
            Self::Took => Some(since(
                run.started_ms,
                run.stopped_ms.unwrap_or(around.now_ms),
            )),
            Self::Attempts => digest.map(|digest| f64::from(digest.attempts)),
            Self::Redrives => Some(f64::from(run.redrives)),
            Self::Cost => digest.and_then(around.cost),
            Self::Memory => digest?.result.as_ref()?.peak_memory_mb,
        }
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
