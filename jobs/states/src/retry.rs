//! Retriers and catchers.

use std::sync::Arc;

use crate::definition::Assign;
use crate::error::Failure;
use crate::filters::ResultPath;
use crate::random::Random;
use crate::template::Template;

/// No delay is longer, whatever the rate: the service's own bound of `MaxDelaySeconds`.
const MAX_DELAY_SECONDS: f64 = 31_622_400.0;

/// One entry of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retrier {
    pub(crate) errors: Vec<String>,
    /// Seconds before the first retry.
    pub(crate) interval: u64,
    pub(crate) max_attempts: u32,
    /// What each delay is multiplied by for the next; at least 1.
    pub(crate) backoff: f64,
    pub(crate) max_delay: Option<u64>,
    pub(crate) full_jitter: bool,
}

impl Retrier {
    /// Milliseconds to wait after so many attempts of this retrier (0 before its first).
    ///
    /// Interval · Backoff^attempts, capped; with full jitter anything from 0 to that.
    pub(crate) fn delay_millis(&self, attempts: u32, random: &Random) -> u64 {
        // A power beyond the exponent's range is infinite, and the cap takes care of it.
        let exponent = i32::try_from(attempts).unwrap_or(i32::MAX);
        let cap = self
            .max_delay
            .map_or(MAX_DELAY_SECONDS, |seconds| seconds as f64);
        let seconds = (self.interval as f64 * self.backoff.powi(exponent)).min(cap);
        let millis = (seconds * 1000.0).round() as u64;
        if self.full_jitter {
            random.below(millis + 1)
        } else {
            millis
        }
    }
}

/// The retrier that takes a failure: the first whose names match, if it has attempts left.
///
/// A retrier that is used up does not hand on to a later one.
pub(crate) fn find_retrier<'r>(
    retriers: &'r [Retrier],
    attempts: &[u32],
    failure: &Failure,
) -> Option<(usize, &'r Retrier)> {
    let (index, retrier) = retriers
        .iter()
        .enumerate()
        .find(|(_, retrier)| failure.matches(&retrier.errors))?;
    let used = attempts.get(index).copied().unwrap_or(0);
    (used < retrier.max_attempts).then_some((index, retrier))
}

/// One entry of `Catch`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Catcher {
    pub(crate) errors: Vec<String>,
    pub(crate) next: Arc<str>,
    pub(crate) result_path: ResultPath,
    pub(crate) assign: Assign,
    /// `Output`, in `JSONata`.
    pub(crate) output: Option<Template>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier() -> Retrier {
        Retrier {
            errors: vec!["States.ALL".to_owned()],
            interval: 3,
            max_attempts: 3,
            backoff: 1.5,
            max_delay: None,
            full_jitter: false,
        }
    }

    #[test]
    fn delays_grow_by_the_rate_up_to_the_cap() {
        let random = Random::new(1);
        let delays = |retrier: &Retrier| {
            (0..4)
                .map(|attempts| retrier.delay_millis(attempts, &random))
                .collect::<Vec<_>>()
        };
        assert_eq!(delays(&retrier()), [3000, 4500, 6750, 10_125]);
        let capped = Retrier {
            max_delay: Some(5),
            ..retrier()
        };
        assert_eq!(delays(&capped), [3000, 4500, 5000, 5000]);
        let flat = Retrier {
            backoff: 1.0,
            ..retrier()
        };
        assert_eq!(delays(&flat), [3000, 3000, 3000, 3000]);
    }

    #[test]
    fn a_delay_never_overflows() {
        let wild = Retrier {
            interval: 99_999_999,
            backoff: f64::MAX,
            ..retrier()
        };
        assert_eq!(wild.delay_millis(u32::MAX, &Random::new(1)), 31_622_400_000);
    }

    #[test]
    fn full_jitter_is_spread_between_nothing_and_the_delay() {
        let jittery = Retrier {
            full_jitter: true,
            backoff: 1.0,
            ..retrier()
        };
        let random = Random::new(5);
        let delays: Vec<_> = (0..1000)
            .map(|_| jittery.delay_millis(0, &random))
            .collect();
        assert!(delays.iter().all(|delay| *delay <= 3000));
        let mean = delays.iter().sum::<u64>() / 1000;
        assert!((1300..1700).contains(&mean), "{mean}");
    }

    #[test]
    fn the_first_that_matches_decides_even_when_it_is_used_up() {
        let named = Retrier {
            errors: vec!["A".to_owned()],
            max_attempts: 1,
            ..retrier()
        };
        let retriers = [named, retrier()];
        let failure = |name: &str| Failure::reported(Some(name.to_owned()), None);
        let index = |attempts: &[u32], name: &str| {
            find_retrier(&retriers, attempts, &failure(name)).map(|(index, _)| index)
        };
        assert_eq!(index(&[], "A"), Some(0));
        assert_eq!(index(&[1, 0], "A"), None);
        assert_eq!(index(&[1, 2], "B"), Some(1));
        assert_eq!(index(&[0, 3], "B"), None);
    }
}
