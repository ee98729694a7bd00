//! Faults that damage bytes, and what the plan makes of them.

use fault_proxy::{Fault, FaultKind, FaultProxy, Rule};

use crate::upstream::{Upstream, pattern};
use crate::wire::{get, put, with_rule};

/// Where two bodies of the same length differ.
fn differences(one: &[u8], other: &[u8]) -> Vec<usize> {
    assert_eq!(one.len(), other.len());
    (0..one.len()).filter(|&at| one[at] != other[at]).collect()
}

#[tokio::test]
async fn one_byte_of_the_response_is_damaged() {
    let (_upstream, proxy) = with_rule(Rule::new(Fault::Corrupt { at: Some(77_777) })).await;
    let heard = get(proxy.address(), "/bytes/100000").await;
    assert_eq!(differences(&heard.body, &pattern(100_000)), [77_777]);
    assert_eq!(heard.end, None, "nothing else is wrong");
    assert_eq!(proxy.counts().of(FaultKind::Corrupt), 1);
}

#[tokio::test]
async fn one_byte_of_the_request_is_damaged() {
    let rule = Rule::new(Fault::CorruptRequest { at: Some(99_999) });
    let (upstream, proxy) = with_rule(rule).await;
    let sent = pattern(100_000);
    assert_eq!(put(proxy.address(), "/a", &sent).await.status(), 200);
    assert_eq!(differences(&upstream.asked()[0].body, &sent), [99_999]);
    // A request without a body does not match.
    assert_eq!(get(proxy.address(), "/bytes/10").await.body, pattern(10));
    assert_eq!(proxy.counts().of(FaultKind::CorruptRequest), 1);
    assert_eq!(proxy.counts().total(), 1);
}

#[tokio::test]
async fn the_seed_chooses_the_byte() {
    let upstream = Upstream::start().await;
    let mut places = Vec::new();
    for seed in [1, 1, 2] {
        let proxy = FaultProxy::to(upstream.endpoint())
            .seed(seed)
            .rule(Rule::new(Fault::Corrupt { at: None }))
            .start()
            .unwrap();
        let heard = get(proxy.address(), "/bytes/100000").await;
        places.push(differences(&heard.body, &pattern(100_000)));
    }
    assert_eq!(places[0].len(), 1);
    assert_eq!(places[0], places[1]);
    assert_ne!(places[0], places[2]);
}

#[tokio::test]
async fn a_fault_that_cannot_happen_is_not_counted_and_stays_in_the_budget() {
    let (_upstream, proxy) = with_rule(Rule::new(Fault::Corrupt { at: None }).times(1)).await;
    assert_eq!(get(proxy.address(), "/empty").await.status(), 204);
    assert_eq!(proxy.counts().total(), 0);
    assert_ne!(get(proxy.address(), "/bytes/10").await.body, pattern(10));
    assert_eq!(get(proxy.address(), "/bytes/10").await.body, pattern(10));
    assert_eq!(proxy.counts().of(FaultKind::Corrupt), 1);
}
