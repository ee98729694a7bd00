//! AWS's published test suite ("Signature Version 4 test suite", as far as it needs no raw bytes in the request
//! line), and what a tampered request gets.

use http::Request;
use http::request::Parts;
use time::macros::datetime;

use super::*;

const KEY: Key<'static> = Key {
    access: "AKIDEXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const NOW: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);

/// A request of the suite: name, method, target, further headers, signed headers, body, signature.
type Vector = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static [u8],
    &'static str,
);

const PLAIN: &str = "host;x-amz-date";
const MINE: &str = "host;my-header1;x-amz-date";
const FORM: &str = "content-length;content-type;host;x-amz-content-sha256;x-amz-date";
const FORM_HASH: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
const UNRESERVED: &str = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

#[rustfmt::skip]
const VECTORS: &[Vector] = &[
    ("get-vanilla", "GET", "/", &[], PLAIN, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-unreserved", "GET", UNRESERVED, &[], PLAIN, b"", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    ("get-slashes-normalized", "GET", "//example//", &[], PLAIN, b"", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    ("get-relative-normalized", "GET", "/example/..", &[], PLAIN, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-slash-pointless-dot-normalized", "GET", "/./example", &[], PLAIN, b"", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    ("get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", &[], PLAIN, b"", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    ("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", &[], PLAIN, b"", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-vanilla-empty-query-key", "GET", "/?Param1=value1", &[], PLAIN, b"", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("get-vanilla-with-session-token", "GET", "/", &[("x-amz-security-token", TOKEN)], "host;x-amz-date;x-amz-security-token", b"", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
    ("get-header-key-duplicate", "GET", "/", &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")], MINE, b"", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    ("get-header-value-order", "GET", "/", &[("my-header1", "value4"), ("my-header1", "value1"), ("my-header1", "value3"), ("my-header1", "value2")], MINE, b"", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    ("get-header-value-trim", "GET", "/", &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")], "host;my-header1;my-header2;x-amz-date", b"", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("post-header-key-sort", "POST", "/", &[("my-header1", "value1")], MINE, b"", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    ("post-header-value-case", "POST", "/", &[("my-header1", "VALUE1")], MINE, b"", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    ("post-vanilla-query", "POST", "/?Param1=value1", &[], PLAIN, b"", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    ("post-x-www-form-urlencoded", "POST", "/", &[("content-type", "application/x-www-form-urlencoded"), ("content-length", "13"), ("x-amz-content-sha256", FORM_HASH)], FORM, b"Param1=value1", "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
    ("post-x-www-form-urlencoded-parameters", "POST", "/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("content-length", "13"), ("x-amz-content-sha256", FORM_HASH)], FORM, b"Param1=value1", "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"),
];

fn head(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    signed: &str,
    signature: &str,
) -> Parts {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "example.amazonaws.com")
        .header("x-amz-date", "20150830T123600Z")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}"
            ),
        );
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn vanilla() -> Parts {
    let (_, method, target, headers, signed, _, signature) = VECTORS[0];
    head(method, target, headers, signed, signature)
}

#[test]
fn the_published_requests_verify() {
    for (name, method, target, headers, signed, body, signature) in VECTORS {
        let head = head(method, target, headers, signed, signature);
        assert_eq!(verify(&head, body, KEY, "service", NOW), Ok(()), "{name}");
    }
}

#[test]
fn a_published_lambda_path_is_encoded_twice() {
    let head = Request::builder()
        .method("POST")
        .uri("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations")
        .header("host", "lambda.us-east-2.amazonaws.com")
        .header("x-amz-date", "20210511T154045Z")
        .body(())
        .unwrap()
        .into_parts()
        .0;
    let request = canonical::request(&head, &["host", "x-amz-date"], "hash");
    assert!(request.contains("/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A"));
}

#[test]
fn what_we_sign_verifies() {
    let head = Request::builder()
        .method("POST")
        .uri("/_local/stop?b=2&a=%20x")
        .header("host", "127.0.0.1:1")
        .header("x-amz-date", stamp(NOW))
        .body(())
        .unwrap()
        .into_parts()
        .0;
    let value = authorization(&head, b"{}", KEY, "eu-west-1", "local-cloud").unwrap();
    let mut signed = head;
    signed
        .headers
        .insert("authorization", value.parse().unwrap());
    assert_eq!(verify(&signed, b"{}", KEY, "local-cloud", NOW), Ok(()));
    assert_eq!(
        verify(&signed, b"{ }", KEY, "local-cloud", NOW),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn every_change_to_a_signed_request_is_noticed() {
    let check = |head: &Parts, body: &[u8]| verify(head, body, KEY, "service", NOW);
    assert_eq!(check(&vanilla(), b"x"), Err(SignatureError::Mismatch));

    let mut other_path = vanilla();
    other_path.uri = "/other".parse().unwrap();
    assert_eq!(check(&other_path, b""), Err(SignatureError::Mismatch));

    let mut other_method = vanilla();
    other_method.method = http::Method::DELETE;
    assert_eq!(check(&other_method, b""), Err(SignatureError::Mismatch));

    let mut other_host = vanilla();
    other_host
        .headers
        .insert("host", "evil.example".parse().unwrap());
    assert_eq!(check(&other_host, b""), Err(SignatureError::Mismatch));

    let mut lying_hash = vanilla();
    lying_hash
        .headers
        .insert("x-amz-content-sha256", FORM_HASH.parse().unwrap());
    assert_eq!(check(&lying_hash, b""), Err(SignatureError::Mismatch));

    let mut added_operation = vanilla();
    added_operation.headers.insert(
        "x-amz-target",
        "AWSStepFunctions.StopExecution".parse().unwrap(),
    );
    let refused = check(&added_operation, b"").unwrap_err();
    assert_eq!(
        refused,
        SignatureError::Unsigned {
            header: "x-amz-target".to_owned()
        }
    );
}

#[test]
fn another_key_or_secret_is_refused() {
    let other_secret = Key {
        secret: "other",
        ..KEY
    };
    assert_eq!(
        verify(&vanilla(), b"", other_secret, "service", NOW),
        Err(SignatureError::Mismatch)
    );
    let other_access = Key {
        access: "AKIDOTHER",
        ..KEY
    };
    let refused = verify(&vanilla(), b"", other_access, "service", NOW).unwrap_err();
    assert_eq!(refused.code(), "UnrecognizedClientException");
    let refused = verify(&vanilla(), b"", KEY, "states", NOW).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Credential should be scoped to correct service: 'states'."
    );
}

#[test]
fn fifteen_minutes_of_skew_are_allowed_and_no_more() {
    let at = |now| verify(&vanilla(), b"", KEY, "service", now);
    assert_eq!(at(NOW + SKEW), Ok(()));
    assert_eq!(at(NOW - SKEW), Ok(()));
    let expired = at(NOW + SKEW + Duration::SECOND).unwrap_err();
    assert_eq!(
        expired.to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
    );
    let early = at(NOW - SKEW - Duration::SECOND).unwrap_err();
    assert_eq!(early.code(), "InvalidSignatureException");
    assert!(
        early.to_string().starts_with("Signature not yet current"),
        "{early}"
    );
}

#[test]
fn what_is_no_signature_is_named() {
    let mut unsigned = vanilla();
    unsigned.headers.remove("authorization");
    for (header, code) in [
        (None, "MissingAuthenticationTokenException"),
        (Some("Basic Zm9v"), "MissingAuthenticationTokenException"),
        (
            Some("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0"),
            "IncompleteSignatureException",
        ),
        (
            Some("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/1/2, SignedHeaders=host, Signature=0"),
            "InvalidSignatureException",
        ),
        (
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150829/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
            ),
            "InvalidSignatureException",
        ),
        (
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=x-amz-date, Signature=0",
            ),
            "InvalidSignatureException",
        ),
    ] {
        let mut request = unsigned.clone();
        if let Some(header) = header {
            request
                .headers
                .insert("authorization", header.parse().unwrap());
        }
        let refused = verify(&request, b"", KEY, "service", NOW).unwrap_err();
        assert_eq!(refused.code(), code, "{header:?}: {refused}");
    }
    let mut undated = vanilla();
    undated.headers.remove("x-amz-date");
    let refused = verify(&undated, b"", KEY, "service", NOW).unwrap_err();
    assert_eq!(refused, SignatureError::NoDate);
    let mut odd = vanilla();
    odd.headers.insert("x-amz-date", "é".parse().unwrap());
    assert_eq!(
        verify(&odd, b"", KEY, "service", NOW),
        Err(SignatureError::NoDate)
    );
}
