//! A queue's URL.

/// A queue's URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl {
    /// The URL as it was given.
    pub url: String,
    /// The Region, where the host's name has it: `sqs.REGION.amazonaws.com`.
    pub region: Option<String>,
    /// The account's twelve digits.
    pub account: String,
    /// The queue's name.
    pub name: String,
}

impl QueueUrl {
    /// Whether message groups keep their order there: a queue's name says so.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.name.strip_suffix(".fifo").is_some()
    }
}

/// Not the URL of a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not a queue's URL (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)")]
pub struct NotAQueue {
    /// What was given.
    pub url: String,
}

impl std::str::FromStr for QueueUrl {
    type Err = NotAQueue;

    fn from_str(url: &str) -> Result<QueueUrl, NotAQueue> {
        let parts = || {
            let (_, rest) = url
                .split_once("://")
                .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
            let mut parts = rest.split('/');
            let (host, account, name) = (parts.next()?, parts.next()?, parts.next()?);
            let whole = parts.next().is_none() && !host.is_empty();
            let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
            (whole && digits && !name.is_empty()).then_some((host, account, name))
        };
        let (host, account, name) = parts().ok_or_else(|| NotAQueue {
            url: url.to_owned(),
        })?;
        let region = host
            .strip_prefix("sqs.")
            .and_then(|rest| rest.split_once(".amazonaws.com"))
            .map(|(region, _)| region.to_owned());
        Ok(QueueUrl {
            url: url.to_owned(),
            region,
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_or_refused() {
        let url: QueueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
            .parse()
            .unwrap();
        assert_eq!(url.region.as_deref(), Some("eu-west-1"));
        assert_eq!(
            (url.account.as_str(), url.name.as_str()),
            ("123456789012", "jobs")
        );
        let local: QueueUrl = "http://127.0.0.1:4566/000000000000/jobs".parse().unwrap();
        assert_eq!((local.region.as_ref(), local.is_fifo()), (None, false));
        let ordered: QueueUrl = "http://127.0.0.1:4566/000000000000/jobs.fifo"
            .parse()
            .unwrap();
        assert!(ordered.is_fifo());
        for bad in [
            "",
            "jobs",
            "arn:aws:sqs:eu-west-1:123456789012:jobs",
            "https://sqs.eu-west-1.amazonaws.com/jobs",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/a/b",
            "ftp://host/123456789012/jobs",
        ] {
            assert!(bad.parse::<QueueUrl>().is_err(), "{bad}");
        }
    }
}
