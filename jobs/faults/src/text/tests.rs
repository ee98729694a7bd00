use super::*;

fn read(text: &str) -> Rule {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<Rule>().unwrap_err().to_string()
}

#[test]
fn a_command_line_rule_is_the_same_as_one_in_code() {
    assert_eq!(read("throttle:5%"), Rule::new(Fault::Throttle).share(0.05));
    assert_eq!(
        read("reset_after_request:2%:PUT:/boards/inbox/:times=3"),
        Rule::new(Fault::ResetAfterRequest)
            .share(0.02)
            .method("PUT")
            .path("/boards/inbox/")
            .times(3)
    );
    assert_eq!(
        read("error:403:code=AccessDenied:message=No entry:nth=2"),
        Rule::new(Fault::error_code(403, "AccessDenied", "No entry")).nth(2)
    );
    assert_eq!(
        read("corrupt_request:at=64k:?partNumber=2:?uploadId:skip=1"),
        Rule::new(Fault::CorruptRequest { at: Some(65_536) })
            .query_value("partNumber", "2")
            .query("uploadId")
            .skip(1)
    );
    assert_eq!(
        read("hang:@x-amz-target=SendTask:@authorization:~inbox/.*jpg$"),
        Rule::new(Fault::Hang)
            .header_contains("x-amz-target", "SendTask")
            .header("authorization")
            .path_regex("inbox/.*jpg$")
    );
    assert_eq!(
        read("slow:latency=200ms:rate=2m"),
        Rule::new(Fault::Slow {
            latency: Duration::from_millis(200),
            rate: NonZeroU64::new(2 * 1024 * 1024),
        })
    );
    assert_eq!(
        read("skew:ahead=-20m"),
        Rule::new(Fault::Skew { ahead: -1200 })
    );
    assert_eq!(read("error"), Rule::new(Fault::error(500)));
    for kind in FaultKind::ALL {
        let text = if kind == FaultKind::Slow {
            "slow:latency=1s"
        } else {
            kind.name()
        };
        assert_eq!(read(text).fault.kind(), kind);
    }
}

#[test]
fn a_plan_in_toml_is_the_same_as_one_in_code() {
    let plan: Plan = r#"
        seed = 7
        [[rule]]
        fault = "throttle"
        share = 0.05
        header = ["x-amz-target=SendTask", "authorization"]
        [[rule]]
        fault = "error"
        status = 403
        code = "AccessDenied"
        message = "No: never"
        query = "uploadId"
        times = 3
    "#
    .parse()
    .unwrap();
    let throttle = Rule::new(Fault::Throttle)
        .share(0.05)
        .header_contains("x-amz-target", "SendTask")
        .header("authorization");
    let error = Rule::new(Fault::error_code(403, "AccessDenied", "No: never"))
        .query("uploadId")
        .times(3);
    assert_eq!(plan.seed, 7);
    assert_eq!(plan.rules, [throttle, error]);
}

#[test]
fn what_is_no_rule_is_refused_with_what_was_expected() {
    for (text, told) in [
        ("flood:5%", "`flood` is no fault: expected throttle, error,"),
        ("throttle:after=3", "throttle has no `after`"),
        ("throttle:500", "throttle has no `status`"),
        ("throttle:500%", "`500%` is no share: expected 5% or 0.05"),
        ("throttle:NaN%", "is no share"),
        (
            "throttle:put",
            "`put` in `throttle:put`: expected 5%, METHOD",
        ),
        ("throttle:", "expected 5%, METHOD"),
        ("throttle:PUT:GET", "method stands more than once"),
        ("slow", "slow needs a latency"),
        ("slow:rate=0", "`0` is no rate"),
        ("slow:latency=5", "`5` is no latency: expected a time"),
        ("corrupt:at=-1", "`-1` is no at"),
        ("corrupt:at=99999999999999999999k", "is no at"),
        ("skew:ahead=99999999h", "is no ahead"),
    ] {
        let error = refused(text);
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn what_is_no_plan_is_refused_with_the_place() {
    for (text, told) in [
        ("sed = 7", "unknown key `sed`"),
        ("seed = -1", "seed is a number from 0"),
        ("seed = ", "TOML parse error at line 1"),
        ("rule = [7]", "rule 1: a rule is a table"),
        ("[[rule]]\nshare = 1", "rule 1: `fault` is missing"),
        (
            "[[rule]]\nfault = \"hang\"\n[[rule]]\nfault = \"x\"",
            "rule 2: `x` is no fault",
        ),
        (
            "[[rule]]\nfault = \"hang\"\nnth = true",
            "rule 1: nth is not written as boolean",
        ),
    ] {
        let error = text.parse::<Plan>().unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}
