//! The canonical request: the text over which both sides compute the signature.

use http::request::Parts;

/// Writes the canonical request of every service but S3: the path as sent is normalised and encoded once more.
pub(super) fn request(head: &Parts, signed_headers: &[&str], payload: &str) -> String {
    format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        head.method,
        path(head.uri.path()),
        query(head.uri.query().unwrap_or_default()),
        headers(head, signed_headers),
        signed_headers.join(";"),
        payload
    )
}

/// Removes empty and dot segments (RFC 3986 §5.2.4), then encodes what is left, per cent signs included.
fn path(sent: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut written = String::from("/");
    written.push_str(&segments.join("/"));
    if !segments.is_empty() && sent.ends_with('/') {
        written.push('/');
    }
    encode(written.as_bytes(), true)
}

/// Sorts the parameters by their encoded name, then value. A parameter without `=` gets one.
fn query(sent: &str) -> String {
    let mut pairs: Vec<(String, String)> = sent
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(&decode(name), false), encode(&decode(value), false))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// One `name:value` line per signed header; several values are joined by commas, runs of blanks become one.
fn headers(head: &Parts, signed: &[&str]) -> String {
    let mut lines = String::new();
    for name in signed {
        let mut values: Vec<String> = head
            .headers
            .get_all(*name)
            .iter()
            .map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes());
                text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect();
        if values.is_empty() && *name == "host" {
            // A request in absolute form may leave the header out.
            values.extend(head.uri.authority().map(ToString::to_string));
        }
        lines.push_str(name);
        lines.push(':');
        lines.push_str(&values.join(","));
        lines.push('\n');
    }
    lines
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut written = String::with_capacity(bytes.len());
    for &byte in bytes {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || (keep_slash && byte == b'/') {
            written.push(char::from(byte));
        } else {
            written.push('%');
            written.push_str(&hex::encode_upper([byte]));
        }
    }
    written
}

/// Decodes what is well encoded and leaves the rest as it is.
fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = pair.and_then(|pair| hex::decode(pair).ok()) {
            decoded.extend(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_normalised_and_encoded_a_second_time() {
        for (sent, canonical) in [
            ("/", "/"),
            ("//example//", "/example/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("/./", "/"),
            ("/./example", "/example"),
            (
                "/functions/a%3Ab/invocations",
                "/functions/a%253Ab/invocations",
            ),
        ] {
            assert_eq!(path(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn a_query_is_sorted_by_its_encoded_form() {
        for (sent, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("flag", "flag="),
            ("Qualifier=%24LATEST", "Qualifier=%24LATEST"),
            ("Qualifier=$LATEST", "Qualifier=%24LATEST"),
            ("bad=%zz", "bad=%25zz"),
        ] {
            assert_eq!(query(sent), canonical, "{sent}");
        }
    }
}
