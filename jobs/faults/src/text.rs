//! Rules as people write them: `throttle:5%:PUT` on the command line, the same words as keys in a TOML file.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

use crate::fault::{ErrorAnswer, Fault, FaultKind};
use crate::plan::{Plan, PlanError};
use crate::rule::{Pair, Rule};

/// Words by key. Only `query` and `header` may stand more than once.
type Words = BTreeMap<String, Vec<String>>;

impl FromStr for Rule {
    type Err = PlanError;

    /// Reads `KIND[:PART]…`, where a part is `5%` (share), `PUT` (method), `/prefix` (path), `~regex`,
    /// `?key[=value]` (query), `@header[=part]`, a status (`error:500`) or `key=value`.
    fn from_str(text: &str) -> Result<Rule, PlanError> {
        let mut parts = text.split(':');
        let kind = kind(parts.next().unwrap_or_default())?;
        let mut words = Words::new();
        for part in parts {
            let (key, value) = key_of(part).ok_or_else(|| {
                PlanError::Text(format!(
                    "`{part}` in `{text}`: expected 5%, METHOD, /path, ~regex, ?query, @header or key=value"
                ))
            })?;
            words.entry(key.into()).or_default().push(value.into());
        }
        rule(kind, words).map_err(|error| PlanError::Text(format!("{error} in `{text}`")))
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    /// Reads a TOML plan: an optional `seed` and `[[rule]]` tables with a `fault` and the rule's keys.
    fn from_str(text: &str) -> Result<Plan, PlanError> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| PlanError::Text(error.to_string()))?;
        let mut plan = Plan::default();
        for (key, value) in table {
            match (key.as_str(), value) {
                ("seed", toml::Value::Integer(seed)) if seed >= 0 => plan.seed = seed as u64,
                ("seed", _) => return text_error("seed is a number from 0"),
                ("rule", toml::Value::Array(rules)) => {
                    for (index, value) in rules.into_iter().enumerate() {
                        let rule = table_rule(value).map_err(|error| {
                            PlanError::Text(format!("rule {}: {error}", index + 1))
                        })?;
                        plan.rules.push(rule);
                    }
                }
                _ => return text_error(format!("unknown key `{key}`: expected seed, [[rule]]")),
            }
        }
        Ok(plan)
    }
}

fn text_error<T>(text: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError::Text(text.into()))
}

fn kind(name: &str) -> Result<FaultKind, PlanError> {
    FaultKind::named(name).ok_or_else(|| {
        let names: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
        PlanError::Text(format!(
            "`{name}` is no fault: expected {}",
            names.join(", ")
        ))
    })
}

/// What a part without a key means by how it looks.
fn key_of(part: &str) -> Option<(&str, &str)> {
    if let Some(rest) = part.strip_prefix('~') {
        return Some(("regex", rest));
    }
    if let Some(rest) = part.strip_prefix('?') {
        return Some(("query", rest));
    }
    if let Some(rest) = part.strip_prefix('@') {
        return Some(("header", rest));
    }
    if part.starts_with('/') {
        return Some(("path", part));
    }
    if part.ends_with('%') && !part.contains('=') {
        return Some(("share", part));
    }
    if let Some(pair) = part.split_once('=') {
        return Some(pair);
    }
    let all = |test: fn(&u8) -> bool| !part.is_empty() && part.as_bytes().iter().all(test);
    if all(u8::is_ascii_digit) {
        return Some(("status", part));
    }
    all(u8::is_ascii_uppercase).then_some(("method", part))
}

fn table_rule(value: toml::Value) -> Result<Rule, PlanError> {
    let toml::Value::Table(table) = value else {
        return text_error("a rule is a table: [[rule]]");
    };
    let mut words = Words::new();
    for (key, value) in table {
        let values = match value {
            toml::Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let word = match value {
                toml::Value::String(word) => word,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                other => {
                    return text_error(format!("{key} is not written as {}", other.type_str()));
                }
            };
            words.entry(key.clone()).or_default().push(word);
        }
    }
    let name = one(&mut words, "fault")?;
    let Some(name) = name else {
        return text_error("`fault` is missing");
    };
    rule(kind(&name)?, words)
}

fn rule(kind: FaultKind, mut words: Words) -> Result<Rule, PlanError> {
    let words = &mut words;
    let mut rule = Rule::new(fault(kind, words)?);
    rule.method = one(words, "method")?;
    rule.path = one(words, "path")?;
    rule.regex = one(words, "regex")?;
    rule.query = pairs(words, "query");
    rule.headers = pairs(words, "header");
    rule.share = parsed(words, "share", "5% or 0.05", share)?;
    rule.nth = parsed(words, "nth", "a number from 1", |it| it.parse().ok())?;
    rule.skip = parsed(words, "skip", "a number", |it| it.parse().ok())?.unwrap_or(0);
    rule.times = parsed(words, "times", "a number", |it| it.parse().ok())?;
    if let Some(key) = words.keys().next() {
        return text_error(format!("{kind} has no `{key}`"));
    }
    Ok(rule)
}

fn fault(kind: FaultKind, words: &mut Words) -> Result<Fault, PlanError> {
    let bytes = "a number of bytes: 100, 64k, 2m";
    let time = "a time: 200ms, 5s, 2m, 1h";
    Ok(match kind {
        FaultKind::Throttle => Fault::Throttle,
        FaultKind::Reset => Fault::Reset,
        FaultKind::ResetAfterRequest => Fault::ResetAfterRequest,
        FaultKind::Hang => Fault::Hang,
        FaultKind::Expired => Fault::Expired,
        FaultKind::Error => Fault::Error(ErrorAnswer {
            status: parsed(words, "status", "400 to 599", |it| it.parse().ok())?.unwrap_or(500),
            code: one(words, "code")?,
            message: one(words, "message")?,
        }),
        FaultKind::ResetInUpload => Fault::ResetInUpload {
            after: parsed(words, "after", bytes, size)?,
        },
        FaultKind::ResetInResponse => Fault::ResetInResponse {
            after: parsed(words, "after", bytes, size)?,
        },
        FaultKind::Truncate => Fault::Truncate {
            after: parsed(words, "after", bytes, size)?,
        },
        FaultKind::Corrupt => Fault::Corrupt {
            at: parsed(words, "at", bytes, size)?,
        },
        FaultKind::CorruptRequest => Fault::CorruptRequest {
            at: parsed(words, "at", bytes, size)?,
        },
        FaultKind::Slow => {
            let latency = parsed(words, "latency", time, duration)?;
            let rate = parsed(words, "rate", "bytes per second: 1000, 64k, 2m", |it| {
                size(it).and_then(NonZeroU64::new)
            })?;
            if latency.is_none() && rate.is_none() {
                return text_error("slow needs a latency (latency=200ms) or a rate (rate=64k)");
            }
            Fault::Slow {
                latency: latency.unwrap_or_default(),
                rate,
            }
        }
        FaultKind::Skew => Fault::Skew {
            ahead: parsed(words, "ahead", "a time: 1h, -20m", signed_seconds)?.unwrap_or(3600),
        },
    })
}

fn one(words: &mut Words, key: &str) -> Result<Option<String>, PlanError> {
    let mut values = words.remove(key).unwrap_or_default();
    if values.len() > 1 {
        return text_error(format!("{key} stands more than once"));
    }
    Ok(values.pop())
}

fn pairs(words: &mut Words, key: &str) -> Vec<Pair> {
    let values = words.remove(key).unwrap_or_default();
    let pair = |word: String| match word.split_once('=') {
        Some((name, value)) => Pair {
            name: name.into(),
            value: Some(value.into()),
        },
        None => Pair {
            name: word,
            value: None,
        },
    };
    values.into_iter().map(pair).collect()
}

fn parsed<T>(
    words: &mut Words,
    key: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, PlanError> {
    let Some(word) = one(words, key)? else {
        return Ok(None);
    };
    match parse(&word) {
        Some(value) => Ok(Some(value)),
        None => text_error(format!("`{word}` is no {key}: expected {expected}")),
    }
}

fn share(word: &str) -> Option<f64> {
    let share = match word.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok()? / 100.0,
        None => word.parse().ok()?,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

fn size(word: &str) -> Option<u64> {
    let (number, unit) = match word.as_bytes().last()? {
        b'k' => (&word[..word.len() - 1], 1024),
        b'm' => (&word[..word.len() - 1], 1024 * 1024),
        _ => (word, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn duration(word: &str) -> Option<Duration> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_millis(number.checked_mul(milliseconds)?))
}

fn signed_seconds(word: &str) -> Option<i64> {
    let (sign, word) = match word.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, word),
    };
    // A century is enough, and keeps every date in range.
    let seconds = duration(word)?.as_secs();
    (seconds <= 100 * 366 * 86_400).then_some(sign * seconds as i64)
}

#[cfg(test)]
mod tests;
