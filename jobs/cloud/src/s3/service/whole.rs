//! A `Range` that cannot be read is passed over, as RFC 9110 and S3 want it; `s3s` refuses it.
//!
//! The header is signed, so it cannot be taken away before the signature was checked. This route comes after the
//! check: it hands the request, without the range and without its signature, to the same operations again.

use http::{Extensions, HeaderMap, Method, Request, Uri, header};
use s3s::dto::Range;
use s3s::route::S3Route;
use s3s::service::S3Service;
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

/// Answers requests for a range that is none with the whole object.
pub(super) struct WholeInstead {
    /// The same operations without authentication.
    pub(super) operations: S3Service,
}

#[async_trait::async_trait]
impl S3Route for WholeInstead {
    fn is_match(
        &self,
        method: &Method,
        _uri: &Uri,
        headers: &HeaderMap,
        _extensions: &mut Extensions,
    ) -> bool {
        let range = headers.get(header::RANGE);
        let unreadable = range.is_some_and(|range| {
            range
                .to_str()
                .ok()
                .is_none_or(|range| Range::parse(range).is_err())
        });
        unreadable && matches!(*method, Method::GET | Method::HEAD)
    }

    async fn call(&self, req: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = req.method;
        *request.uri_mut() = unsigned(&req.uri)
            .ok_or_else(|| S3Error::with_message(S3ErrorCode::InvalidURI, "invalid URI"))?;
        *request.headers_mut() = req.headers;
        request.headers_mut().remove(header::RANGE);
        request.headers_mut().remove(header::AUTHORIZATION);
        let answer = self.operations.call(request).await;
        let answer = answer.map_err(|error| S3Error::internal_error(Unanswered(error)))?;
        let (head, body) = answer.into_parts();
        let mut response = S3Response::with_headers(body, head.headers);
        response.status = Some(head.status);
        Ok(response)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the operation did not answer: {0:?}")]
struct Unanswered(s3s::HttpError);

/// The address without the parameters of a presigned URL.
fn unsigned(uri: &Uri) -> Option<Uri> {
    let signs = |pair: &&str| !pair.to_ascii_lowercase().starts_with("x-amz-");
    let kept: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(signs)
        .collect();
    format!("{}?{}", uri.path(), kept.join("&")).parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_address_keeps_what_is_no_signature() {
        let signed = "/b/a%20b?X-Amz-Date=1&response-content-type=text%2Fx&X-Amz-Signature=2";
        assert_eq!(
            unsigned(&signed.parse().unwrap()).unwrap(),
            "/b/a%20b?response-content-type=text%2Fx"
        );
        assert_eq!(unsigned(&"/b/k".parse().unwrap()).unwrap(), "/b/k?");
    }
}
