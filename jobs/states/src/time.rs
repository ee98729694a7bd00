//! Moments as milliseconds since the epoch, and their two texts: ISO (context object) and seconds (API).

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The text that the context object uses, for example `2024-01-01T00:00:00.123Z`.
    ///
    /// Moments before the year 0 or after 9999 are clamped to the nearest that such a text can tell.
    #[must_use]
    pub fn to_iso(self) -> String {
        // 0000-01-01 and the last moment of 9999.
        let millis = self.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
        let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        else {
            return "1970-01-01T00:00:00.000Z".to_owned();
        };
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond()
        )
    }

    /// Reads an RFC 3339 text as the language wants it: an upper-case `T`, and `Z` or an offset.
    ///
    /// Digits beyond milliseconds are cut off. Gives nothing for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Timestamp> {
        if text.as_bytes().get(10) != Some(&b'T') || text.contains('z') {
            return None;
        }
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000))
            .ok()
            .map(Timestamp)
    }

    /// Seconds since the epoch with a fraction of milliseconds, as the API's JSON numbers are.
    #[must_use]
    pub fn to_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// This moment, so many milliseconds later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus_millis(self, millis: u64) -> Timestamp {
        Timestamp(
            self.0
                .saturating_add(i64::try_from(millis).unwrap_or(i64::MAX)),
        )
    }

    /// This moment, so many whole seconds later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Timestamp {
        self.plus_millis(seconds.saturating_mul(1000))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_iso())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_texts_have_milliseconds() {
        assert_eq!(
            Timestamp(1_704_067_200_123).to_iso(),
            "2024-01-01T00:00:00.123Z"
        );
        assert_eq!(Timestamp(0).to_iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(i64::MAX).to_iso(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(i64::MIN).to_iso(), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn texts_are_read_as_the_language_wants_them() {
        let table = [
            ("2024-01-01T00:00:00.123Z", Some(1_704_067_200_123)),
            ("2024-01-01T00:00:00Z", Some(1_704_067_200_000)),
            ("2024-01-01T02:00:00+02:00", Some(1_704_067_200_000)),
            ("2024-01-01T00:00:00.123999999Z", Some(1_704_067_200_123)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-01-01t00:00:00Z", None),
            ("2024-01-01T00:00:00z", None),
            ("2024-01-01 00:00:00Z", None),
            ("2024-01-01T00:00:00", None),
            ("2024-02-30T00:00:00Z", None),
            ("", None),
            ("éééééééééé", None),
        ];
        for (text, millis) in table {
            assert_eq!(Timestamp::parse(text), millis.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn time_stops_at_its_end() {
        assert_eq!(Timestamp(i64::MAX).plus_seconds(1), Timestamp(i64::MAX));
        assert_eq!(Timestamp(5).plus_seconds(u64::MAX), Timestamp(i64::MAX));
        assert_eq!(Timestamp(5).plus_seconds(2), Timestamp(2005));
    }
}
