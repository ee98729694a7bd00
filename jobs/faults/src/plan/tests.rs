use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::fault::FaultKind;

fn decider(seed: u64, rules: Vec<Rule>) -> Decider {
    Decider::new(Plan { seed, rules }).unwrap()
}

fn request<'a>(method: &'a str, path: &'a str, headers: &'a HeaderMap) -> Facts<'a> {
    Facts {
        method,
        path,
        query: None,
        headers,
        body: Some(0),
    }
}

/// Which of some equal requests suffer, from 1.
fn hits(rule: Rule, requests: u64) -> Vec<u64> {
    let headers = HeaderMap::new();
    let mut decider = decider(7, vec![rule]);
    let facts = request("GET", "/", &headers);
    (1..=requests)
        .filter(|_| decider.decide(&facts).is_some())
        .collect()
}

fn matches(rule: Rule, facts: &Facts<'_>) -> bool {
    decider(7, vec![rule]).decide(facts).is_some()
}

#[test]
fn a_rule_matches_when_every_condition_holds() {
    let mut headers = HeaderMap::new();
    headers.append(
        "x-amz-target",
        HeaderValue::from_static("AWSStepFunctions.SendTaskSuccess"),
    );
    let facts = Facts {
        query: Some("uploadId=a%2Fb&partNumber=2&acl"),
        body: Some(10),
        ..request("PUT", "/boards/inbox/a.jpg", &headers)
    };
    let rule = || Rule::new(Fault::Reset);
    for yes in [
        rule(),
        rule().method("PUT"),
        rule().path("/boards/"),
        rule().path_regex(r"\.jpe?g$"),
        rule().query("acl").query("uploadId"),
        rule().query_value("uploadId", "a%2Fb"),
        rule().header("X-Amz-Target"),
        rule().header_contains("x-amz-target", "SendTask"),
        Rule::new(Fault::ResetInUpload { after: Some(9) }),
    ] {
        assert!(matches(yes.clone(), &facts), "{yes:?}");
        assert!(!matches(yes.clone().method("GET"), &facts), "{yes:?}");
    }
    for no in [
        rule().method("put"),
        rule().path("/inbox/"),
        rule().path_regex("^inbox"),
        rule().query("upload"),
        rule().query("acl").query("policy"),
        rule().query_value("partNumber", "22"),
        rule().header("host"),
        rule().header("not a header name"),
        rule().header_contains("x-amz-target", "sendtask"),
        Rule::new(Fault::ResetInUpload { after: Some(10) }),
    ] {
        assert!(!matches(no.clone(), &facts), "{no:?}");
    }
}

#[test]
fn nth_skip_and_times_choose_among_the_matching_requests() {
    let rule = || Rule::new(Fault::Reset);
    assert_eq!(hits(rule(), 3), [1, 2, 3]);
    assert_eq!(hits(rule().nth(2), 5), [2]);
    assert_eq!(hits(rule().skip(3), 5), [4, 5]);
    assert_eq!(hits(rule().times(2), 5), [1, 2]);
    assert_eq!(hits(rule().skip(1).times(2), 5), [2, 3]);
    assert!(hits(rule().share(0.0), 1000).is_empty());
    assert_eq!(hits(rule().share(1.0), 3), [1, 2, 3]);
    assert_eq!(hits(rule().share(0.5).times(3), 1000).len(), 3);
}

#[test]
fn the_first_rule_to_fire_decides_and_the_others_count_on() {
    let headers = HeaderMap::new();
    let rules = vec![
        Rule::new(Fault::Throttle).nth(2),
        Rule::new(Fault::Hang).skip(1).times(1),
        Rule::new(Fault::Reset),
    ];
    let mut decider = decider(7, rules);
    let facts = request("GET", "/", &headers);
    let kinds: Vec<_> = (0..4)
        .filter_map(|_| decider.decide(&facts))
        .map(|decision| (decision.rule, decision.fault.kind()))
        .collect();
    assert_eq!(
        kinds,
        [
            (2, FaultKind::Reset),
            (0, FaultKind::Throttle),
            (1, FaultKind::Hang),
            (2, FaultKind::Reset)
        ]
    );
}

#[test]
fn a_fault_that_was_given_back_may_fire_again() {
    let headers = HeaderMap::new();
    let mut decider = decider(7, vec![Rule::new(Fault::Reset).times(1)]);
    let facts = request("GET", "/", &headers);
    assert!(decider.decide(&facts).is_some());
    assert!(decider.decide(&facts).is_none());
    decider.give_back(0);
    assert!(decider.decide(&facts).is_some());
    assert!(decider.decide(&facts).is_none());
}

#[test]
fn a_plan_that_cannot_be_followed_is_refused() {
    for (rule, told) in [
        (
            Rule::new(Fault::Reset).share(1.1),
            "rule 1: a share is 0 to 1",
        ),
        (
            Rule::new(Fault::Reset).share(f64::NAN),
            "rule 1: a share is 0 to 1",
        ),
        (
            Rule::new(Fault::Reset).path_regex("("),
            "rule 1: regex parse error",
        ),
        (Rule::new(Fault::Reset).nth(0), "rule 1: nth counts from 1"),
        (
            Rule::new(Fault::error(200)),
            "rule 1: an error's status is 400 to 599",
        ),
    ] {
        let plan = Plan {
            seed: 0,
            rules: vec![rule],
        };
        let error = Decider::new(plan).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (
        0.0..=1.0,
        prop::option::of("GET|PUT"),
        0u64..5,
        prop::option::of(0u64..20),
    );
    let rule = rule.prop_map(|(share, method, skip, times)| {
        let mut rule = Rule::new(Fault::Corrupt { at: None })
            .share(share)
            .skip(skip);
        rule.method = method;
        rule.times = times;
        rule
    });
    prop::collection::vec(rule, 0..4)
}

proptest! {
    #[test]
    fn the_same_seed_and_sequence_give_the_same_faults(
        seed: u64,
        rules in rules(),
        methods in prop::collection::vec("GET|PUT", 0..200),
    ) {
        let headers = HeaderMap::new();
        let mut one = decider(seed, rules.clone());
        let mut other = decider(seed, rules);
        for method in &methods {
            let facts = request(method, "/", &headers);
            prop_assert_eq!(one.decide(&facts), other.decide(&facts));
        }
    }

    #[test]
    fn requests_that_a_rule_does_not_match_leave_its_choices_alone(
        seed: u64,
        share in 0.0..=1.0,
        others in prop::collection::vec(0usize..4, 100),
    ) {
        let headers = HeaderMap::new();
        let rule = Rule::new(Fault::Reset).method("PUT").share(share);
        let mut alone = decider(seed, vec![rule.clone()]);
        let mut among = decider(seed, vec![rule, Rule::new(Fault::Hang).method("GET").share(0.5)]);
        for others in others {
            for _ in 0..others {
                among.decide(&request("GET", "/", &headers));
            }
            let facts = request("PUT", "/", &headers);
            prop_assert_eq!(alone.decide(&facts), among.decide(&facts));
        }
    }

    /// 10,000 draws: six standard deviations are at most 3 % of the requests.
    #[test]
    fn the_share_of_faults_is_near_what_was_asked(seed: u64, share in 0.0..=1.0) {
        let headers = HeaderMap::new();
        let mut decider = decider(seed, vec![Rule::new(Fault::Reset).share(share)]);
        let facts = request("GET", "/", &headers);
        let hits = (0..10_000).filter(|_| decider.decide(&facts).is_some()).count();
        let had = hits as f64 / 10_000.0;
        prop_assert!((had - share).abs() < 0.03, "asked {}, had {}", share, had);
    }

    #[test]
    fn different_seeds_choose_differently(seed in 0u64..u64::MAX) {
        let headers = HeaderMap::new();
        let rules = vec![Rule::new(Fault::Reset).share(0.5)];
        let mut one = decider(seed, rules.clone());
        let mut next = decider(seed + 1, rules);
        let facts = request("GET", "/", &headers);
        let differ = (0..200).any(|_| one.decide(&facts).is_some() != next.decide(&facts).is_some());
        prop_assert!(differ);
    }
}
