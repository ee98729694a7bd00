//! Checks Signature Version 4 on the JSON services, on Lambda and on the cloud's own control paths.
//!
//! [`verify`] is a pure function of the request's head, its body, the known key and the time. S3 is not
//! checked here: its rules differ (single encoding of paths, presigned URLs, signed chunks) and `s3s` has them.
//!
//! The signature covers the method, the path, the query, the headers that the client chose to sign and the
//! body. The region in the credential scope is taken as it is: one local cloud serves every region's clients.
//!
//! Source: "Create a signed AWS API request" in the IAM user guide, and AWS's published test suite.

mod canonical;
#[cfg(test)]
mod vectors;

use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A request may be this much older or newer than our clock.
const SKEW: Duration = Duration::minutes(15);

/// The one key that is known.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// The access key id.
    pub access: &'a str,
    /// Its secret.
    pub secret: &'a str,
}

/// Why a request is refused. The texts are AWS's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `Authorization` header, or it is not Signature Version 4.
    #[error("Missing Authentication Token")]
    Missing,
    /// The header lacks a part.
    #[error("Authorization header requires '{part}' parameter. Authorization={header}")]
    Incomplete {
        /// `Credential`, `SignedHeaders` or `Signature`.
        part: &'static str,
        /// The header without its signature.
        header: String,
    },
    /// There is no date, or it cannot be read.
    #[error("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")]
    NoDate,
    /// The access key is not ours.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The credential scope is not of the form `key/date/region/service/aws4_request`, or is for another service
    /// or day.
    #[error("Credential should be scoped to {should}.")]
    Scope {
        /// What was expected.
        should: String,
    },
    /// Signed too long ago.
    #[error("Signature expired: {signed} is now earlier than {limit} ({now} - 15 min.)")]
    Expired {
        /// When it was signed.
        signed: String,
        /// The oldest that is accepted.
        limit: String,
        /// Our clock.
        now: String,
    },
    /// Signed in the future.
    #[error("Signature not yet current: {signed} is still later than {limit} ({now} + 15 min.)")]
    NotYet {
        /// When it was signed.
        signed: String,
        /// The newest that is accepted.
        limit: String,
        /// Our clock.
        now: String,
    },
    /// A header that has to be signed is not.
    #[error("'{header}' must be a 'SignedHeader' in the AWS Authorization.")]
    Unsigned {
        /// The header.
        header: String,
    },
    /// The signature is of another request or made with another secret.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl SignatureError {
    /// The exception's name on the wire.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete { .. } | Self::NoDate => "IncompleteSignatureException",
            Self::UnknownKey => "UnrecognizedClientException",
            Self::Scope { .. }
            | Self::Expired { .. }
            | Self::NotYet { .. }
            | Self::Unsigned { .. }
            | Self::Mismatch => "InvalidSignatureException",
        }
    }
}

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    access: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Checks that a request is signed by `key` for `service` at about `now`.
pub fn verify(
    head: &Parts,
    body: &[u8],
    key: Key<'_>,
    service: &str,
    now: OffsetDateTime,
) -> Result<(), SignatureError> {
    let header = head
        .headers
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or(SignatureError::Missing)?;
    let authorization = parse(header)?;
    let known = authorization.access.as_bytes().ct_eq(key.access.as_bytes());
    if !bool::from(known) {
        return Err(SignatureError::UnknownKey);
    }
    if authorization.service != service {
        return Err(SignatureError::Scope {
            should: format!("correct service: '{service}'"),
        });
    }
    let stamp = timestamp(head).ok_or(SignatureError::NoDate)?;
    let signed_at = read_stamp(&stamp).ok_or(SignatureError::NoDate)?;
    if !stamp.starts_with(authorization.date) || authorization.date.len() != 8 {
        return Err(SignatureError::Scope {
            should: format!("the day of the request's date, {}", &stamp[..8]),
        });
    }
    check_clock(signed_at, now, &stamp)?;
    check_headers(head, &authorization.signed_headers)?;

    let payload = hex::encode(Sha256::digest(body));
    let claimed = head.headers.get("x-amz-content-sha256");
    if claimed.is_some_and(|claimed| claimed.as_bytes() != payload.as_bytes()) {
        return Err(SignatureError::Mismatch);
    }
    let request = canonical::request(head, &authorization.signed_headers, &payload);
    let scope = format!(
        "{}/{}/{}/aws4_request",
        authorization.date, authorization.region, authorization.service
    );
    let text = format!(
        "{ALGORITHM}\n{stamp}\n{scope}\n{}",
        hex::encode(Sha256::digest(request.as_bytes()))
    );
    let wanted = hex::encode(sign(key.secret, &authorization, &text));
    if bool::from(wanted.as_bytes().ct_eq(authorization.signature.as_bytes())) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Makes the value of an `Authorization` header: what [`verify`] accepts. The request must carry `host` and
/// `x-amz-date`; every header that it has is signed.
#[must_use]
pub fn authorization(
    head: &Parts,
    body: &[u8],
    key: Key<'_>,
    region: &str,
    service: &str,
) -> Option<String> {
    let stamp = timestamp(head)?;
    read_stamp(&stamp)?;
    let mut names: Vec<&str> = head.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let payload = hex::encode(Sha256::digest(body));
    let request = canonical::request(head, &names, &payload);
    let scope = format!("{}/{region}/{service}/aws4_request", &stamp[..8]);
    let text = format!(
        "{ALGORITHM}\n{stamp}\n{scope}\n{}",
        hex::encode(Sha256::digest(request.as_bytes()))
    );
    let signed_headers = names.join(";");
    let parts = Authorization {
        access: key.access,
        date: &stamp[..8],
        region,
        service,
        signed_headers: names,
        signature: "",
    };
    let signature = hex::encode(sign(key.secret, &parts, &text));
    Some(format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={signature}",
        key.access
    ))
}

/// A time as `X-Amz-Date` wants it: `20260102T030405Z`.
#[must_use]
pub fn stamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn parse(header: &str) -> Result<Authorization<'_>, SignatureError> {
    let rest = header
        .strip_prefix(ALGORITHM)
        .ok_or(SignatureError::Missing)?;
    let mut credential = None;
    let mut signed_headers = None;
    let mut signature = None;
    for part in rest.split(',') {
        match part.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value),
            Some(("SignedHeaders", value)) => signed_headers = Some(value),
            Some(("Signature", value)) => signature = Some(value),
            _ => {}
        }
    }
    let incomplete = |part| SignatureError::Incomplete {
        part,
        header: ALGORITHM.to_owned(),
    };
    let credential = credential.ok_or_else(|| incomplete("Credential"))?;
    let signed_headers = signed_headers.ok_or_else(|| incomplete("SignedHeaders"))?;
    let signature = signature.ok_or_else(|| incomplete("Signature"))?;
    let mut scope = credential.rsplitn(5, '/');
    let (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access)) = (
        scope.next(),
        scope.next(),
        scope.next(),
        scope.next(),
        scope.next(),
    ) else {
        return Err(SignatureError::Scope {
            should: "key/date/region/service/aws4_request".to_owned(),
        });
    };
    Ok(Authorization {
        access,
        date,
        region,
        service,
        signed_headers: signed_headers.split(';').collect(),
        signature,
    })
}

/// `X-Amz-Date`, or `Date` where a client writes the basic format there.
fn timestamp(head: &Parts) -> Option<String> {
    ["x-amz-date", "date"]
        .iter()
        .find_map(|name| head.headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn read_stamp(stamp: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(stamp, format)
        .ok()
        .map(PrimitiveDateTime::assume_utc)
}

fn check_clock(
    signed_at: OffsetDateTime,
    now: OffsetDateTime,
    signed: &str,
) -> Result<(), SignatureError> {
    let signed = signed.to_owned();
    if signed_at < now - SKEW {
        return Err(SignatureError::Expired {
            signed,
            limit: stamp(now - SKEW),
            now: stamp(now),
        });
    }
    if signed_at > now + SKEW {
        return Err(SignatureError::NotYet {
            signed,
            limit: stamp(now + SKEW),
            now: stamp(now),
        });
    }
    Ok(())
}

/// The host must be signed, so that a signature for one endpoint is of no use at another; so must the date and
/// the operation's name.
fn check_headers(head: &Parts, signed: &[&str]) -> Result<(), SignatureError> {
    for name in ["host", "x-amz-date", "x-amz-target"] {
        let present = name == "host" || head.headers.contains_key(name);
        if present && !signed.contains(&name) {
            return Err(SignatureError::Unsigned {
                header: name.to_owned(),
            });
        }
    }
    Ok(())
}

fn sign(secret: &str, scope: &Authorization<'_>, text: &str) -> [u8; 32] {
    let start = format!("AWS4{secret}");
    let parts = [
        scope.date,
        scope.region,
        scope.service,
        "aws4_request",
        text,
    ];
    let mut key = hmac(start.as_bytes(), parts[0].as_bytes());
    for part in &parts[1..] {
        key = hmac(&key, part.as_bytes());
    }
    key
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().into()
        }
        // HMAC takes keys of every length; a zero key would match no signature.
        Err(_) => [0; 32],
    }
}
