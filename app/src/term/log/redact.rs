//! Takes secrets out of what is kept: keys and tokens by their names, signed addresses, passwords in addresses.

use std::sync::LazyLock;

use regex::Regex;

/// What is recognized, and what is put in its place.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // `SecretAccessKey": "…"`, `X-Amz-Signature=…`, `task_token=…`
        (
            r#"(?i)([\w-]*(?:secret|password|passphrase|token|signature|credential|api[_-]?key|access[_-]?key)[\w-]*\\?["']?\s*(?:=|:\s*\\?["'])\s*\\?["']?)[^\s"'&,;<>)\]}\\]+"#,
            "$1***",
        ),
        // A request's header, to the end of its line.
        (
            r"(?i)\b((?:proxy-)?authorization|x-amz-security-token|cookie)(\s*:\s*)[^\r\n]+",
            "$1$2***",
        ),
        // The id of an access key, wherever it stands.
        (r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b", "$1***"),
        // Name and password in an address.
        (r"://[^/\s@]+@", "://***@"),
    ]
    .into_iter()
    .filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, instead)))
    .collect()
});

/// The text without what nobody else should read.
pub fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in PATTERNS.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *instead).into_owned();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 4);
    }

    #[test]
    fn secrets_are_taken_out_and_the_rest_stays() {
        for (text, kept) in [
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AKIA/2026&X-Amz-Signature=abc123&x=1",
                "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=***&X-Amz-Signature=***&x=1",
            ),
            (
                r#"{"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey": "wJalr/K7MDENG+bPx","Expiration":"x"}"#,
                r#"{"AccessKeyId":"***","SecretAccessKey": "***","Expiration":"x"}"#,
            ),
            (
                "AWS_SESSION_TOKEN=FwoGZXIvYXdzE export",
                "AWS_SESSION_TOKEN=*** export",
            ),
            (
                "the key ASIAIOSFODNN7EXAMPLE is not known",
                "the key ASIA*** is not known",
            ),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c\nnext",
                "Authorization: ***\nnext",
            ),
            (
                "cannot reach https://ada:lovelace@example.com/hook",
                "cannot reach https://***@example.com/hook",
            ),
            (
                "send_task_success task_token=\"AAAAKgAAAAIAAA\" ok",
                "send_task_success task_token=\"***\" ok",
            ),
            (
                "{\\\"secretAccessKey\\\":\\\"abc\\\"}",
                "{\\\"secretAccessKey\\\":\\\"***\\\"}",
            ),
        ] {
            assert_eq!(redacted(text), kept);
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_stays() {
        for text in [
            "the security token included in the request is expired",
            "ExpiredToken: the token has expired",
            "no credentials: run `aws configure`",
            "arn:aws:states:eu-west-1:123456789012:execution:whiteboarder:run-00001",
            "wrote cleaned/board@2x.png",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
