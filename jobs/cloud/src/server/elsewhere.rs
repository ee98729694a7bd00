//! Requests for services that this cloud does not have.
//!
//! `AWS_ENDPOINT_URL` sends every service's requests here. Without this they would end at S3 or Step Functions, whose
//! errors speak of signatures and buckets. Nothing is done for such a request, so its signature is not looked at.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::{Answer, json};

const XML: &str = "text/xml";

/// The service that a request is signed for.
pub(super) fn service(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let credential = authorization.split_once("Credential=")?.1;
    credential.split([',', ' ']).next()?.split('/').nth(3)
}

/// Whether this cloud has it.
pub(super) fn is_here(service: &str) -> bool {
    matches!(
        service,
        "s3" | "states" | "lambda" | "sqs" | crate::control::SERVICE
    )
}

/// Says so in the form that the service's clients read.
pub(super) fn answer(service: &str, headers: &HeaderMap) -> Answer {
    // Only what names of services have goes into the text.
    let name: String = service
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let message =
        format!("The local cloud has no service {name}: it has s3, states, lambda and sqs");
    let code = "UnknownOperationException";
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_json = headers.contains_key("x-amz-target")
        || content_type.is_some_and(|kind| {
            kind.as_bytes().starts_with(b"application/")
                && kind.as_bytes().windows(4).any(|word| word == b"json")
        });
    if is_json {
        return json::error(StatusCode::NOT_IMPLEMENTED, code, &message);
    }
    let xml = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    json::answer(StatusCode::NOT_IMPLEMENTED, XML, Bytes::from(xml))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn signed(authorization: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, authorization.parse().unwrap())])
    }

    #[test]
    fn the_service_is_read_from_the_scope() {
        let headers = signed(
            "AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/ecs/aws4_request, SignedHeaders=host, Signature=0",
        );
        assert_eq!(service(&headers), Some("ecs"));
        let tight =
            signed("AWS4-HMAC-SHA256 Credential=AKIA/20260102/eu/lambda/aws4_request,Signature=0");
        assert_eq!(service(&tight), Some("lambda"));
        for other in ["AWS AKIA:signature", "AWS4-HMAC-SHA256 Credential=AKIA", ""] {
            assert_eq!(service(&signed(other)), None, "{other}");
        }
        assert_eq!(service(&HeaderMap::new()), None);
    }
}
