//! How often the target is asked, and how much at a time.

use std::time::{Duration, Instant};

/// A token bucket, as Step Functions has one for each action of an account.
#[derive(Debug)]
pub(crate) struct Tokens {
    capacity: f64,
    per_second: f64,
    level: f64,
    at: Instant,
}

impl Tokens {
    /// A full bucket.
    pub(crate) fn new(capacity: u32, per_second: f64, now: Instant) -> Self {
        let capacity = f64::from(capacity);
        Self {
            capacity,
            per_second,
            level: capacity,
            at: now,
        }
    }

    /// How many calls may be made now.
    pub(crate) fn available(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_second).min(self.capacity);
        self.at = now;
        self.level as usize
    }

    /// Takes at most so many, and says how many.
    pub(crate) fn take(&mut self, wanted: usize, now: Instant) -> usize {
        let granted = wanted.min(self.available(now));
        self.level -= granted as f64;
        granted
    }

    /// How long until a call may be made.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        if self.available(now) > 0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.level) / self.per_second)
    }

    /// How many come back in so many seconds.
    pub(crate) fn within(&self, seconds: f64) -> usize {
        (self.per_second * seconds) as usize
    }
}

/// What we take of the account's buckets: half of what the smaller regions have, since others of
/// the account ask as well. Loopback has no account; there only the size of a look is bounded.
#[derive(Debug)]
pub(crate) struct Budgets {
    pub(crate) histories: Tokens,
    pub(crate) lists: Tokens,
    pub(crate) describes: Tokens,
    pub(crate) starts: Tokens,
    pub(crate) stops: Tokens,
}

impl Budgets {
    pub(crate) fn new(loopback: bool, now: Instant) -> Self {
        if loopback {
            Self {
                histories: Tokens::new(512, 2_000.0, now),
                lists: Tokens::new(100, 20.0, now),
                describes: Tokens::new(500, 100.0, now),
                starts: Tokens::new(1_000, 500.0, now),
                stops: Tokens::new(1_000, 500.0, now),
            }
        } else {
            Self {
                histories: Tokens::new(200, 10.0, now),
                lists: Tokens::new(50, 1.0, now),
                describes: Tokens::new(125, 5.0, now),
                starts: Tokens::new(400, 75.0, now),
                stops: Tokens::new(250, 12.5, now),
            }
        }
    }
}

/// The pauses between looks.
#[derive(Debug)]
pub(crate) struct Pace {
    fastest: Duration,
    slowest: Duration,
    /// Bound of the back-off when the service asks to slow down.
    throttled: Duration,
    pause: Duration,
}

/// A look that took long is followed by a pause of so many times its length: what is asked takes
/// at most a fifth of the time, however many items there are.
const DUTY: u32 = 4;

impl Pace {
    pub(crate) fn new(fastest: Duration, slowest: Duration, throttled: Duration) -> Self {
        Self {
            fastest,
            slowest: slowest.max(fastest),
            throttled: throttled.max(fastest),
            pause: fastest,
        }
    }

    /// After a look. `busy`: the target still works on the batch and should not be kept from it.
    pub(crate) fn after(
        &mut self,
        took: Duration,
        throttled: bool,
        changed: bool,
        busy: bool,
    ) -> Duration {
        self.pause = match (throttled, changed) {
            (true, _) => (self.pause * 2).min(self.throttled),
            (false, true) => self.fastest,
            (false, false) => (self.pause * 13 / 10).min(self.slowest),
        };
        if busy {
            self.pause.max(took * DUTY)
        } else {
            self.pause
        }
    }

    /// After a look that found nobody.
    pub(crate) fn offline(&mut self, longest: Duration) -> Duration {
        let doubled = self.pause * 2;
        self.pause = doubled.clamp(Duration::from_millis(250), longest);
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut tokens = Tokens::new(10, 2.0, start);
        assert_eq!(tokens.take(25, start), 10);
        assert_eq!(tokens.take(25, start), 0);
        assert_eq!(tokens.wait(start), Duration::from_millis(500));
        assert_eq!(tokens.take(25, start + Duration::from_millis(1_600)), 3);
        assert_eq!(tokens.take(25, start + Duration::from_hours(1)), 10);
    }

    #[test]
    fn asking_takes_at_most_a_fifth_of_the_time() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(second / 5, second, second * 5);
        assert_eq!(pace.after(second / 100, false, true, true), second / 5);
        assert_eq!(pace.after(second * 3, false, true, true), second * 12);
        let idle = pace.after(second / 100, false, false, true);
        assert_eq!(idle, second / 5 * 13 / 10, "a long look leaves no trace");
        assert_eq!(pace.after(second * 3, false, true, false), second / 5);
    }

    #[test]
    fn pauses_grow_while_nothing_happens_and_more_when_asked_to() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(second, second * 2, second * 5);
        let pauses: Vec<_> = (0..4)
            .map(|_| pace.after(Duration::ZERO, false, false, true))
            .collect();
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!(pauses[3], second * 2);
        pace.after(Duration::ZERO, true, false, true);
        assert_eq!(pace.after(Duration::ZERO, true, false, true), second * 5);
    }
}
