//! What a request says of its body, before it and after it.

use http::HeaderMap;
use s3s::TrailingHeaders;
use s3s::dto::ContentLength;

use crate::s3::checksum::{Algorithm, Expected};
use crate::s3::error::StoreError;
use crate::s3::receive::MAX_BODY;

/// The announcements of a body.
#[derive(Debug)]
pub(super) struct Announced {
    expected: Expected,
    /// The one that the client chose, by a value, a trailer or a name.
    pub algorithm: Option<Algorithm>,
    trailer: Option<Algorithm>,
}

/// Reads the announcements from the headers.
pub(super) fn announced(
    headers: &HeaderMap,
    content_length: Option<ContentLength>,
    content_md5: Option<&str>,
) -> Result<Announced, StoreError> {
    let length = content_length.and_then(|length| u64::try_from(length).ok());
    if let Some(size) = length
        && size > MAX_BODY
    {
        return Err(StoreError::EntityTooLarge { size });
    }
    let md5 = content_md5.map(Expected::decode_md5).transpose()?;
    let checksum = header_checksum(headers)?;
    let trailer = trailer(headers)?;
    if checksum.is_some() && trailer.is_some() {
        return Err(one_checksum());
    }
    let named = named_algorithm(headers)?;
    let algorithm = checksum
        .as_ref()
        .map(|(algorithm, _)| *algorithm)
        .or(trailer)
        .or(named);
    if let (Some(named), Some(algorithm)) = (named, algorithm)
        && named != algorithm
    {
        return Err(StoreError::request(format!(
            "x-amz-sdk-checksum-algorithm says {}, the checksum is a {}",
            named.name(),
            algorithm.name()
        )));
    }
    Ok(Announced {
        expected: Expected {
            length,
            md5,
            checksum,
        },
        algorithm,
        trailer,
    })
}

/// The one checksum among the headers.
pub(super) fn header_checksum(
    headers: &HeaderMap,
) -> Result<Option<(Algorithm, Vec<u8>)>, StoreError> {
    let mut found = None;
    for (name, value) in headers {
        let Some(algorithm) = checksum_header(name.as_str())? else {
            continue;
        };
        if found.is_some() {
            return Err(one_checksum());
        }
        let value = value.to_str().unwrap_or_default();
        found = Some((algorithm, algorithm.decode(value)?));
    }
    Ok(found)
}

/// The algorithm whose value this header carries. An algorithm that we cannot compute is refused: to keep
/// a body unverified that the client wanted verified would be worse.
fn checksum_header(name: &str) -> Result<Option<Algorithm>, StoreError> {
    let Some(suffix) = name.strip_prefix("x-amz-checksum-") else {
        return Ok(None);
    };
    if matches!(suffix, "algorithm" | "mode" | "type") {
        return Ok(None);
    }
    Algorithm::parse(&suffix.to_ascii_uppercase()).map(Some)
}

fn trailer(headers: &HeaderMap) -> Result<Option<Algorithm>, StoreError> {
    let mut found = None;
    for value in headers.get_all("x-amz-trailer") {
        for name in value.to_str().unwrap_or_default().split(',') {
            let Some(algorithm) = checksum_header(&name.trim().to_ascii_lowercase())? else {
                continue;
            };
            if found.replace(algorithm).is_some() {
                return Err(one_checksum());
            }
        }
    }
    Ok(found)
}

fn named_algorithm(headers: &HeaderMap) -> Result<Option<Algorithm>, StoreError> {
    let name = ["x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm"]
        .into_iter()
        .find_map(|header| headers.get(header));
    let name = name.and_then(|name| name.to_str().ok());
    name.map(|name| Algorithm::parse(&name.to_ascii_uppercase()))
        .transpose()
}

fn one_checksum() -> StoreError {
    StoreError::request("a request has one x-amz-checksum header or trailer, not several")
}

impl Announced {
    /// What to expect of the body, now that it and its trailer were read.
    pub(super) fn after(self, trailing: Option<&TrailingHeaders>) -> Result<Expected, StoreError> {
        let mut expected = self.expected;
        if let Some(algorithm) = self.trailer {
            let missing = || StoreError::MissingTrailer {
                header: algorithm.header(),
            };
            let headers = trailing
                .and_then(TrailingHeaders::take)
                .ok_or_else(missing)?;
            let value = headers.get(algorithm.header()).ok_or_else(missing)?;
            let value = algorithm.decode(value.to_str().unwrap_or_default())?;
            expected.checksum = Some((algorithm, value));
        }
        Ok(expected)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn code(pairs: &[(&'static str, &'static str)]) -> Option<&'static str> {
        announced(&headers(pairs), None, None)
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn a_trailer_that_was_announced_has_to_come() {
        let announced = announced(
            &headers(&[("x-amz-trailer", "x-amz-checksum-crc32")]),
            None,
            None,
        )
        .unwrap();
        assert_eq!(announced.algorithm, Some(Algorithm::Crc32));
        assert_eq!(
            announced.after(None).unwrap_err().code(),
            "MalformedTrailerError"
        );
    }

    #[test]
    fn a_checksum_that_cannot_be_verified_is_refused() {
        assert_eq!(
            code(&[("x-amz-checksum-xxhash64", "AAAAAAAAAAA=")]),
            Some("NotImplemented")
        );
        assert_eq!(
            code(&[("x-amz-checksum-crc32", "AAA=")]),
            Some("InvalidRequest")
        );
        assert_eq!(code(&[("x-amz-checksum-crc32", "AAAAAA==")]), None);
        let two = [
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-checksum-crc32c", "AAAAAA=="),
        ];
        assert_eq!(code(&two), Some("InvalidRequest"));
    }
}
