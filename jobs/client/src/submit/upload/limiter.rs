//! How many requests at the same time: additive increase while it pays, halved when the target objects.
//!
//! Pure: time comes as an argument.

use std::time::Duration;

/// Where it begins.
pub(super) const START: usize = 4;
/// A round lasts at least so long, and until as many requests have ended as there may be.
const ROUND: Duration = Duration::from_millis(300);
/// Rounds without a new attempt to grow, after one that did not pay or an objection.
const HOLD: u32 = 12;
/// More requests have to bring this much more throughput.
const PAYS: f64 = 1.05;
/// What a request costs beside its bytes, in bytes: makes many small files count.
const REQUEST: u64 = 64 * 1024;
/// Objections within this time are one: they answer requests that were sent under the same limit.
const ONE_OBJECTION: Duration = Duration::from_secs(1);

/// The limit, and what it learns from.
#[derive(Clone, Debug)]
pub(super) struct Limiter {
    limit: usize,
    most: usize,
    round: Round,
    /// Limit and throughput before the last increase.
    before: Option<(usize, f64)>,
    hold: u32,
    /// Grows by half at a time until the first increase that does not pay.
    starting: bool,
    cut: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began: Duration,
    bytes: u64,
    ended: usize,
    full: bool,
}

impl Limiter {
    /// Never more than `most`, never fewer than one.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            limit: START.min(most),
            most,
            round: Round::default(),
            before: None,
            hold: 0,
            starting: true,
            cut: None,
        }
    }

    /// Requests at the same time.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// A request of so many bytes has succeeded. `full`: as many ran beside it as may. A limit that
    /// nobody reaches teaches nothing.
    pub(super) fn succeeded(&mut self, now: Duration, bytes: u64, full: bool) {
        self.round.bytes += bytes + REQUEST;
        self.round.ended += 1;
        self.round.full |= full;
        let took = now.saturating_sub(self.round.began);
        if took < ROUND || self.round.ended < self.limit {
            return;
        }
        let throughput = self.round.bytes as f64 / took.as_secs_f64();
        if self.round.full {
            self.judge(throughput);
        }
        self.begin_round(now);
    }

    /// A request was throttled, or timed out.
    pub(super) fn objected(&mut self, now: Duration) {
        let same = |cut: Duration| now.saturating_sub(cut) < ONE_OBJECTION;
        if self.cut.is_some_and(same) {
            return;
        }
        self.cut = Some(now);
        self.limit = (self.limit / 2).max(1);
        self.before = None;
        self.hold = HOLD;
        self.starting = false;
        self.begin_round(now);
    }

    fn begin_round(&mut self, now: Duration) {
        self.round = Round {
            began: now,
            ..Round::default()
        };
    }

    fn judge(&mut self, throughput: f64) {
        if self.hold > 0 {
            self.hold -= 1;
            return;
        }
        match self.before {
            Some((limit, then)) if throughput < then * PAYS => {
                self.limit = limit;
                self.before = None;
                self.hold = HOLD;
                self.starting = false;
            }
            _ => {
                self.before = Some((self.limit, throughput));
                let step = if self.starting { self.limit / 2 } else { 1 };
                self.limit = (self.limit + step.max(1)).min(self.most);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Requests of 1 MB at a target that serves up to `useful` at the same time, each taking 100 ms; more
    /// only wait. Gives the limits after each round.
    fn limits(most: usize, useful: usize, rounds: usize) -> Vec<usize> {
        let mut limiter = Limiter::new(most);
        let mut now = Duration::ZERO;
        let mut seen = Vec::new();
        for _ in 0..rounds {
            for _ in 0..limiter.limit() * 4 {
                now += Duration::from_millis(100) / limiter.limit().min(useful) as u32;
                limiter.succeeded(now, 1_000_000, true);
            }
            seen.push(limiter.limit());
        }
        seen
    }

    #[test]
    fn it_grows_as_long_as_that_brings_more() {
        assert_eq!(Limiter::new(32).limit(), 4);
        assert_eq!(*limits(32, 1_000, 30).last().unwrap(), 32);
        let stays = limits(32, 6, 60);
        assert!(stays.iter().all(|limit| *limit <= 9), "{stays:?}");
        assert!(*stays.last().unwrap() >= 5, "{stays:?}");
    }

    #[test]
    fn an_objection_halves_it_once_however_many_answers_tell_it() {
        let mut limiter = Limiter::new(32);
        limiter.limit = 16;
        let now = Duration::from_secs(10);
        for milliseconds in 0..16 {
            limiter.objected(now + Duration::from_millis(milliseconds * 20));
        }
        assert_eq!(limiter.limit(), 8);
        limiter.objected(now + Duration::from_secs(2));
        assert_eq!(limiter.limit(), 4);
    }

    #[test]
    fn what_nobody_waits_for_is_no_reason_to_grow() {
        let mut limiter = Limiter::new(32);
        for second in 1..50 {
            limiter.succeeded(Duration::from_secs(second), 1_000, false);
        }
        assert_eq!(limiter.limit(), START);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_between_one_and_most(
            most in 0_usize..40,
            events in proptest::collection::vec((0_u64..2_000, 0_u64..10_000_000, 0_u8..6), 0..400),
        ) {
            let mut limiter = Limiter::new(most);
            let mut now = Duration::ZERO;
            for (pause, bytes, what) in events {
                now += Duration::from_millis(pause);
                let before = limiter.limit();
                if what == 0 {
                    limiter.objected(now);
                    prop_assert!(limiter.limit() <= before);
                } else {
                    limiter.succeeded(now, bytes, what > 2);
                }
                prop_assert!((1..=most.max(1)).contains(&limiter.limit()));
            }
        }

        #[test]
        fn a_target_that_goes_on_objecting_is_asked_one_at_a_time(most in 1_usize..64) {
            let mut limiter = Limiter::new(most);
            for second in 1..10 {
                limiter.objected(Duration::from_secs(second * 2));
            }
            prop_assert_eq!(limiter.limit(), 1);
        }
    }
}
