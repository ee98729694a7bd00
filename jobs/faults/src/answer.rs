//! The errors that services answer with, in the protocol that the request speaks. Pure: the time is given.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::fault::{ErrorAnswer, Fault};

/// Marks an answer that no upstream gave; its value is the kind of the fault.
pub(crate) const MARK: HeaderName = HeaderName::from_static("x-fault-proxy");

const HTTP_DATE: &[FormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);
const BASIC: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
const EXTENDED: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// How far clocks may differ for `SigV4`: fifteen minutes for S3, five elsewhere.
const S3_SKEW_MILLISECONDS: u32 = 900_000;

/// How a service speaks of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// S3: an XML document.
    Xml,
    /// Requests with `x-amz-target`, as to Step Functions: `__type` in JSON.
    Json,
    /// Lambda: `x-amzn-errortype` and JSON.
    RestJson,
}

impl Protocol {
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Protocol {
        if headers.contains_key("x-amz-target") {
            Protocol::Json
        } else if path.starts_with("/2015-03-31/functions/") {
            Protocol::RestJson
        } else {
            Protocol::Xml
        }
    }
}

/// A service's error: status, name, text, and elements of the XML document beside them.
struct Told {
    status: u16,
    code: String,
    message: String,
    elements: String,
}

impl Told {
    fn new(status: u16, code: &str, message: impl Into<String>) -> Told {
        Told {
            status,
            code: code.to_owned(),
            message: message.into(),
            elements: String::new(),
        }
    }
}

/// The answer of a fault that needs no upstream; `None` for the others. `number` becomes the request's id.
pub(crate) fn answer(
    fault: &Fault,
    protocol: Protocol,
    content_type: Option<&HeaderValue>,
    now: OffsetDateTime,
    number: u64,
) -> Option<Response<Bytes>> {
    use Protocol::{Json, RestJson, Xml};
    let mut clock = now;
    let told = match fault {
        Fault::Throttle => match protocol {
            Xml => Told::new(503, "SlowDown", "Please reduce your request rate."),
            Json => Told::new(400, "ThrottlingException", "Rate exceeded"),
            RestJson => Told::new(429, "TooManyRequestsException", "Rate Exceeded."),
        },
        Fault::Expired => match protocol {
            Xml => Told::new(400, "ExpiredToken", "The provided token has expired."),
            Json | RestJson => Told::new(
                if protocol == Json { 400 } else { 403 },
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
        },
        Fault::Skew { ahead } => {
            clock = now
                .checked_add(time::Duration::seconds(*ahead))
                .unwrap_or(now);
            skewed(protocol, now, clock)
        }
        Fault::Error(ErrorAnswer {
            status: status @ (502 | 504),
            code: None,
            ..
        }) => return Some(page(*status, now)),
        Fault::Error(error) => Told::new(
            error.status,
            error
                .code
                .as_deref()
                .unwrap_or_else(|| usual_code(error.status, protocol)),
            error.message.clone().unwrap_or_else(|| {
                let reason = StatusCode::from_u16(error.status).ok();
                let reason = reason.and_then(|status| status.canonical_reason());
                reason.unwrap_or("An injected error").to_owned()
            }),
        ),
        _ => return None,
    };
    let mut response = document(&told, protocol, content_type, number);
    set_date(&mut response, clock);
    if let Ok(kind) = HeaderValue::from_str(fault.kind().name()) {
        response.headers_mut().insert(MARK, kind);
    }
    Some(response)
}

fn skewed(protocol: Protocol, ours: OffsetDateTime, theirs: OffsetDateTime) -> Told {
    if protocol == Protocol::Xml {
        let mut told = Told::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        );
        told.elements = format!(
            "<RequestTime>{}</RequestTime><ServerTime>{}</ServerTime>\
             <MaxAllowedSkewMilliseconds>{S3_SKEW_MILLISECONDS}</MaxAllowedSkewMilliseconds>",
            text(ours, BASIC),
            text(theirs, EXTENDED)
        );
        return told;
    }
    let five_minutes = time::Duration::minutes(5);
    let message = if theirs >= ours {
        format!(
            "Signature expired: {} is now earlier than {} ({} - 5 min.)",
            text(ours, BASIC),
            text(theirs.saturating_sub(five_minutes), BASIC),
            text(theirs, BASIC)
        )
    } else {
        format!(
            "Signature not yet current: {} is still later than {} ({} + 5 min.)",
            text(ours, BASIC),
            text(theirs.saturating_add(five_minutes), BASIC),
            text(theirs, BASIC)
        )
    };
    let status = if protocol == Protocol::Json { 400 } else { 403 };
    Told::new(status, "InvalidSignatureException", message)
}

/// The names that S3, the common errors of the JSON protocol and Lambda use for a status.
fn usual_code(status: u16, protocol: Protocol) -> &'static str {
    let xml = protocol == Protocol::Xml;
    match status {
        403 if xml => "AccessDenied",
        403 => "AccessDeniedException",
        404 if xml => "NoSuchKey",
        404 => "ResourceNotFoundException",
        408 if xml => "RequestTimeout",
        408 => "RequestTimeoutException",
        409 if xml => "OperationAborted",
        409 => "ConflictException",
        412 => "PreconditionFailed",
        429 if xml => "SlowDown",
        429 => "TooManyRequestsException",
        400..500 if xml => "InvalidRequest",
        400..500 => "ValidationException",
        503 => "ServiceUnavailable",
        _ if xml => "InternalError",
        _ if protocol == Protocol::RestJson => "ServiceException",
        _ => "InternalFailure",
    }
}

fn document(
    told: &Told,
    protocol: Protocol,
    content_type: Option<&HeaderValue>,
    number: u64,
) -> Response<Bytes> {
    let id = format!("fault-proxy-{number}");
    let (body, content_type) = match protocol {
        Protocol::Xml => {
            let (code, message) = (escaped(&told.code), escaped(&told.message));
            let elements = &told.elements;
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                 <Message>{message}</Message>{elements}<RequestId>{id}</RequestId></Error>"
            );
            (body, HeaderValue::from_static("application/xml"))
        }
        Protocol::Json => {
            let body = serde_json::json!({"__type": told.code, "message": told.message});
            // Version 1.0 or 1.1, as the request.
            let json = HeaderValue::from_static("application/x-amz-json-1.0");
            (body.to_string(), content_type.cloned().unwrap_or(json))
        }
        Protocol::RestJson => {
            let body = serde_json::json!({"message": told.message});
            let json = HeaderValue::from_static("application/json");
            (body.to_string(), json)
        }
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() =
        StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    if let Ok(id) = HeaderValue::from_str(&id) {
        let name = match protocol {
            Protocol::Xml => "x-amz-request-id",
            Protocol::Json | Protocol::RestJson => "x-amzn-requestid",
        };
        headers.insert(HeaderName::from_static(name), id);
    }
    if protocol != Protocol::Xml
        && let Ok(code) = HeaderValue::from_str(&told.code)
    {
        headers.insert(HeaderName::from_static("x-amzn-errortype"), code);
    }
    response
}

/// What a load balancer says, which knows no service's protocol.
fn page(status: u16, now: OffsetDateTime) -> Response<Bytes> {
    let reason = match status {
        502 => "502 Bad Gateway",
        _ => "504 Gateway Time-out",
    };
    let page = format!(
        "<html>\r\n<head><title>{reason}</title></head>\r\n<body>\r\n<center><h1>{reason}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(Bytes::from(page));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    set_date(&mut response, now);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(MARK, HeaderValue::from_static("error"));
    response
}

fn set_date(response: &mut Response<Bytes>, clock: OffsetDateTime) {
    if let Ok(date) = HeaderValue::from_str(&text(clock, HTTP_DATE)) {
        response.headers_mut().insert(DATE, date);
    }
}

fn text(moment: OffsetDateTime, format: &[FormatItem<'_>]) -> String {
    // Numbers and names of a date: nothing that could fail to be written.
    moment
        .to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
