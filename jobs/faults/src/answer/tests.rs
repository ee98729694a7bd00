use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-21 08:00:00 UTC);

fn told(fault: &Fault, protocol: Protocol) -> (u16, HeaderMap, String) {
    let response = answer(fault, protocol, None, NOW, 3).unwrap();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), response.headers().clone(), body)
}

#[test]
fn the_protocol_is_told_by_the_request() {
    let mut headers = HeaderMap::new();
    assert_eq!(Protocol::of("/bucket/key", &headers), Protocol::Xml);
    let invoke = "/2015-03-31/functions/plan/invocations";
    assert_eq!(Protocol::of(invoke, &headers), Protocol::RestJson);
    headers.insert("x-amz-target", HeaderValue::from_static("A.B"));
    assert_eq!(Protocol::of("/", &headers), Protocol::Json);
}

#[test]
fn each_protocol_throttles_in_its_own_words() {
    let (status, headers, body) = told(&Fault::Throttle, Protocol::Xml);
    assert_eq!(
        (status, &headers["content-type"]),
        (503, &"application/xml".parse().unwrap())
    );
    assert!(body.contains("<Code>SlowDown</Code>"), "{body}");
    assert_eq!(headers[MARK], "throttle");
    assert_eq!(headers["date"], "Sat, 21 Nov 2026 08:00:00 GMT");

    let (status, headers, body) = told(&Fault::Throttle, Protocol::Json);
    assert_eq!(
        (status, &headers["x-amzn-errortype"]),
        (400, &"ThrottlingException".parse().unwrap())
    );
    assert_eq!(
        body,
        r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#
    );
    assert_eq!(headers["content-type"], "application/x-amz-json-1.0");

    let (status, headers, _) = told(&Fault::Throttle, Protocol::RestJson);
    assert_eq!(
        (status, &headers["x-amzn-errortype"]),
        (429, &"TooManyRequestsException".parse().unwrap())
    );
}

#[test]
fn an_error_has_the_name_that_was_given_or_the_usual_one() {
    let (status, _, body) = told(
        &Fault::error_code(403, "AccessDenied", "a < b & c"),
        Protocol::Xml,
    );
    assert_eq!(status, 403);
    assert!(
        body.contains("<Code>AccessDenied</Code><Message>a &lt; b &amp; c</Message>"),
        "{body}"
    );
    let (status, _, body) = told(&Fault::error(500), Protocol::Xml);
    assert_eq!(status, 500);
    assert!(body.contains("<Code>InternalError</Code>"), "{body}");
    let (_, _, body) = told(&Fault::error(403), Protocol::Json);
    assert!(
        body.contains(r#""__type":"AccessDeniedException""#),
        "{body}"
    );
    // A line break cannot stand in a header; the body has it nevertheless.
    let (_, headers, body) = told(&Fault::error_code(400, "A\nB", "c"), Protocol::Json);
    assert!(!headers.contains_key("x-amzn-errortype") && body.contains(r"A\nB"));
}

#[test]
fn a_gateway_answers_with_a_page_unless_a_name_is_given() {
    for status in [502, 504] {
        let (answered, headers, body) = told(&Fault::error(status), Protocol::Json);
        assert_eq!(
            (answered, &headers["content-type"]),
            (status, &"text/html".parse().unwrap())
        );
        assert!(body.starts_with("<html>"), "{body}");
    }
    let (_, _, body) = told(&Fault::error_code(502, "BadGateway", "x"), Protocol::Xml);
    assert!(body.contains("<Code>BadGateway</Code>"), "{body}");
}

#[test]
fn a_differing_clock_is_told_with_both_times() {
    let (status, headers, body) = told(&Fault::Skew { ahead: 3600 }, Protocol::Xml);
    assert_eq!(status, 403);
    assert_eq!(headers["date"], "Sat, 21 Nov 2026 09:00:00 GMT");
    assert!(
        body.contains("<Code>RequestTimeTooSkewed</Code>")
            && body.contains("<RequestTime>20261121T080000Z</RequestTime>")
            && body.contains("<ServerTime>2026-11-21T09:00:00Z</ServerTime>"),
        "{body}"
    );
    let (status, _, body) = told(&Fault::Skew { ahead: 3600 }, Protocol::Json);
    assert_eq!(status, 400);
    assert!(
        body.contains("InvalidSignatureException")
            && body.contains("20261121T080000Z is now earlier than 20261121T085500Z"),
        "{body}"
    );
    let (_, headers, body) = told(&Fault::Skew { ahead: -1200 }, Protocol::Json);
    assert_eq!(headers["date"], "Sat, 21 Nov 2026 07:40:00 GMT");
    assert!(
        body.contains("is still later than 20261121T074500Z"),
        "{body}"
    );
}

#[test]
fn expired_credentials_are_told_in_each_protocol() {
    let (status, _, body) = told(&Fault::Expired, Protocol::Xml);
    assert!(
        status == 400 && body.contains("<Code>ExpiredToken</Code>"),
        "{body}"
    );
    let (status, _, body) = told(&Fault::Expired, Protocol::Json);
    assert!(
        status == 400 && body.contains("ExpiredTokenException"),
        "{body}"
    );
}

#[test]
fn faults_of_the_connection_have_no_answer() {
    for fault in [Fault::Reset, Fault::Hang, Fault::Corrupt { at: None }] {
        assert!(answer(&fault, Protocol::Xml, None, NOW, 1).is_none());
    }
}
