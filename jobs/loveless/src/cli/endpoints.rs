//! Where services are, when it is not where AWS has them.

use anyhow::bail;
use http::Uri;

/// The variables by which that is said.
const VARIABLES: [&str; 4] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SFN",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_S3",
];

/// Refuses an endpoint that is none. The SDK would find out with every call.
pub(super) fn check() -> anyhow::Result<()> {
    for name in VARIABLES {
        // An empty one is none.
        let value = std::env::var(name).unwrap_or_default();
        if !value.is_empty() && !is_endpoint(&value) {
            bail!("{name} is `{value}`, which is no URL (http://HOST:PORT)");
        }
    }
    Ok(())
}

fn is_endpoint(value: &str) -> bool {
    value.parse().is_ok_and(|url: Uri| {
        let scheme = url.scheme_str().unwrap_or_default();
        matches!(scheme, "http" | "https") && url.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_scheme_and_a_host() {
        for (value, sound) in [
            ("http://127.0.0.1:4566", true),
            ("https://sqs.eu-west-1.amazonaws.com/", true),
            ("127.0.0.1:4566", false),
            ("nonsense", false),
            ("ftp://host", false),
            ("http://", false),
        ] {
            assert_eq!(is_endpoint(value), sound, "{value}");
        }
    }
}
