use super::*;

fn throttled() -> JobsError {
    JobsError::Service {
        operation: "states:ListExecutions".to_owned(),
        code: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
    }
}

#[test]
fn throttling_doubles_the_pause_and_answers_bring_it_down_again() {
    let mut now = Instant::now();
    let mut gate = Gate::default();
    let mut pauses = Vec::new();
    for _ in 0..7 {
        gate.after(Some(&throttled()), now);
        assert!(!gate.is_open(now));
        pauses.push(gate.pause.as_secs());
        now += gate.pause;
        assert!(gate.is_open(now));
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    for _ in 0..10 {
        gate.after(None, now);
    }
    assert!(gate.pause.is_zero() && gate.is_open(now));
}

#[test]
fn calls_that_were_throttled_together_slow_down_once() {
    let now = Instant::now();
    let mut gate = Gate::default();
    for _ in 0..8 {
        gate.after(Some(&throttled()), now);
    }
    assert_eq!(gate.pause, SLOW.0);
}

#[test]
fn what_is_denied_is_left_alone_for_a_while_and_is_no_throttling() {
    let now = Instant::now();
    let mut gate = Gate::default();
    let denied = JobsError::AccessDenied {
        operation: "states:ListExecutions".to_owned(),
        resource: "m".to_owned(),
    };
    gate.after(Some(&denied), now);
    assert!(!gate.is_open(now + DENIED / 2) && gate.is_open(now + DENIED));
    assert!(gate.pause.is_zero());
}
