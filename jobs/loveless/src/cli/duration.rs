//! Durations as people type them.

use std::time::Duration;

/// `500ms`, `20s`, `15m`, `2h`, or a bare number of seconds; more than nothing.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds_per_unit = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("`{other}` is none of ms, s, m, h")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "expected a number, as in 20s".to_owned())?;
    match Duration::try_from_secs_f64(number * seconds_per_unit) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected more than 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood_and_nonsense_is_not() {
        for (text, millis) in [
            ("20s", 20_000),
            ("20", 20_000),
            ("500ms", 500),
            ("1.5m", 90_000),
            ("2h", 7_200_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "0", "0s", "-1s", "1d", "1..2s", "1e9"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
