//! Trying again: when, how often, and how long in all.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::error::JobsError;

/// How long requests are tried again that no caller has set a patience for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// The first pause at most.
const FIRST: Duration = Duration::from_millis(250);
/// Tries again of what is refused for a wrong clock.
const SKEWED_TRIES: u32 = 3;
/// Every pause at most.
const LONGEST: Duration = Duration::from_secs(8);

/// The retries of one request: pauses that double, each cut at random so that many clients that failed
/// together do not come back together, until patience ends. It begins with the first failure: a long
/// upload that breaks at its end has all of it.
#[derive(Debug)]
pub(crate) struct Retries {
    patience: Duration,
    began: Option<Instant>,
    failures: u32,
}

impl Retries {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            patience,
            began: None,
            failures: 0,
        }
    }

    /// The pause before the next try, or none when there will be no next one.
    pub(crate) fn pause(&mut self, error: &JobsError) -> Option<Duration> {
        let began = *self.began.get_or_insert_with(Instant::now);
        // The first refusal tells the target's time, and the next request goes by it: what is refused
        // again and again is no matter of patience.
        let hopeless = error.is_skew() && self.failures >= SKEWED_TRIES;
        if hopeless || !error.is_transient() || began.elapsed() >= self.patience {
            return None;
        }
        Some(self.pause_anyway())
    }

    /// The pause before a next try that the caller has decided on.
    pub(crate) fn pause_anyway(&mut self) -> Duration {
        self.failures += 1;
        pause(self.failures, random())
    }

    /// The number of the next try: 2 after the first failure.
    pub(crate) fn attempt(&self) -> u32 {
        self.failures + 1
    }
}

/// Between half and all of what doubles with each failure; `random` is in 0 to 1.
fn pause(failures: u32, random: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(LONGEST).mul_f64(0.5 + random / 2.0)
}

/// In 0 to 1. The keys of the standard library's hash maps are random, which is random enough.
fn random() -> f64 {
    (RandomState::new().hash_one(0_u8) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Makes a request until it succeeds, fails for good, patience ends or somebody cancels. `tell` gets
/// the number of the attempt that comes, what went wrong, and the pause until then.
pub(crate) async fn patiently<T, F>(
    patience: Duration,
    cancel: &CancellationToken,
    mut tell: impl FnMut(u32, &JobsError, Duration),
    mut attempt: impl FnMut() -> F,
) -> Result<T, JobsError>
where
    F: Future<Output = Result<T, JobsError>>,
{
    let mut retries = Retries::new(patience);
    loop {
        let done = tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            done = attempt() => done,
        };
        let error = match done {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(pause) = retries.pause(&error) else {
            return Err(error);
        };
        tell(retries.attempt(), &error, pause);
        tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_cut_by_half_at_most() {
        assert_eq!(pause(1, 1.0), FIRST);
        assert_eq!(pause(1, 0.0), FIRST / 2);
        assert_eq!(pause(3, 1.0), FIRST * 4);
        for failures in [6, 7, 40, u32::MAX] {
            assert_eq!(pause(failures, 1.0), LONGEST);
            assert_eq!(pause(failures, 0.0), LONGEST / 2);
        }
        let some: Vec<f64> = (0..50).map(|_| random()).collect();
        assert!(some.iter().all(|r| (0.0..1.0).contains(r)));
        assert!(some.iter().any(|r| (r - some[0]).abs() > f64::EPSILON));
    }

    fn throttle() -> JobsError {
        JobsError::Service {
            operation: "s3:PutObject".to_owned(),
            code: "SlowDown".to_owned(),
            message: String::new(),
        }
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_told_and_what_does_not_is_not() {
        let cancel = CancellationToken::new();
        let (mut told, mut tries) = (Vec::new(), 0);
        let done = patiently(
            PATIENCE,
            &cancel,
            |attempt, _, _| told.push(attempt),
            || {
                tries += 1;
                let result = if tries < 3 {
                    Err(throttle())
                } else {
                    Ok(tries)
                };
                async move { result }
            },
        )
        .await;
        assert_eq!((done.ok(), told), (Some(3), vec![2, 3]));

        let denied = || async {
            Err::<(), _>(JobsError::AccessDenied {
                operation: "s3:PutObject".to_owned(),
                resource: "b".to_owned(),
            })
        };
        let mut told = 0;
        let done = patiently(PATIENCE, &cancel, |_, _, _| told += 1, denied).await;
        assert!(matches!(done, Err(JobsError::AccessDenied { .. })));
        assert_eq!(told, 0);
    }

    #[tokio::test]
    async fn patience_ends_and_cancelling_ends_it_at_once() {
        let cancel = CancellationToken::new();
        let failing = || async { Err::<(), _>(throttle()) };
        let done = patiently(Duration::ZERO, &cancel, |_, _, _| {}, failing).await;
        assert!(matches!(done, Err(JobsError::Service { .. })));
        let done = patiently(PATIENCE, &cancel, |_, _, _| cancel.cancel(), failing).await;
        assert!(matches!(done, Err(JobsError::Cancelled)));
    }
}
