//! Waits that last a part of their time.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How much of its time a wait takes: 1 is all of it, 0.01 a hundredth, 0 nothing.
///
/// It holds for what nobody works in: Wait states, whether they name seconds or a moment, and the pauses before
/// retries. Time-outs and heartbeats measure work, which takes the time that it takes, and are never scaled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct TimeScale(f64);

/// A scale outside its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a time scale is a number from 0 to {max}, and not {0}", max = TimeScale::MAX)]
pub struct InvalidScale(f64);

impl TimeScale {
    /// The largest scale.
    pub const MAX: f64 = 1_000.0;

    /// Time as it is.
    pub const REAL: TimeScale = TimeScale(1.0);

    /// The scale, from 0 to [`MAX`](Self::MAX).
    pub fn new(scale: f64) -> Result<TimeScale, InvalidScale> {
        if (0.0..=Self::MAX).contains(&scale) {
            Ok(TimeScale(scale))
        } else {
            Err(InvalidScale(scale))
        }
    }

    /// Whether time is as it is.
    #[must_use]
    pub fn is_real(&self) -> bool {
        *self == Self::REAL
    }

    /// What is left of a pause.
    pub(crate) fn millis(self, pause: u64) -> u64 {
        if self.is_real() {
            return pause;
        }
        // Too long for a number is for ever.
        (pause as f64 * self.0).round() as u64
    }

    /// When a wait ends that began at one moment and lasts until another.
    pub(crate) fn end(self, began: Timestamp, until: Timestamp) -> Timestamp {
        match u64::try_from(until.0.saturating_sub(began.0)) {
            Ok(wait) if !self.is_real() => began.plus_millis(self.millis(wait)),
            _ => until,
        }
    }
}

impl Default for TimeScale {
    fn default() -> TimeScale {
        Self::REAL
    }
}

impl TryFrom<f64> for TimeScale {
    type Error = InvalidScale;

    fn try_from(scale: f64) -> Result<TimeScale, InvalidScale> {
        TimeScale::new(scale)
    }
}

impl From<TimeScale> for f64 {
    fn from(scale: TimeScale) -> f64 {
        scale.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_number_within_its_range() {
        for good in [0.0, 0.01, 1.0, TimeScale::MAX] {
            assert_eq!(TimeScale::new(good).map(f64::from), Ok(good));
        }
        for bad in [-0.1, 1_000.1, f64::NAN, f64::INFINITY] {
            assert!(TimeScale::new(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<TimeScale>("-1").is_err());
    }

    #[test]
    fn a_wait_lasts_its_part_and_never_ends_before_it_began() {
        let hundredth = TimeScale::new(0.01).unwrap();
        let (began, until) = (Timestamp(5_000), Timestamp(105_000));
        assert_eq!(hundredth.end(began, until), Timestamp(6_000));
        assert_eq!(TimeScale::REAL.end(began, until), until);
        assert_eq!(TimeScale::new(0.0).unwrap().end(began, until), began);
        // A moment that has passed stays passed.
        assert_eq!(hundredth.end(until, began), began);
        let most = TimeScale::new(TimeScale::MAX).unwrap();
        assert_eq!(most.end(began, Timestamp(i64::MAX)), Timestamp(i64::MAX));
    }
}
