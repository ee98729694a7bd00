//! One `[[notify]]` of the configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A batch has ended, and every picture is cleaned.
    BatchFinished,
    /// A batch has ended, and some pictures have failed or were stopped.
    BatchFailed,
    /// A picture has failed.
    ItemFailed,
}

impl EventKind {
    /// As it stands in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::BatchFinished => "batch-finished",
            EventKind::BatchFailed => "batch-failed",
            EventKind::ItemFailed => "item-failed",
        }
    }
}

/// How a terminal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// The escape sequence of `iTerm2`, kitty, `WezTerm`, Windows Terminal, ghostty.
    Osc9,
    /// The one of urxvt, foot, VTE.
    Osc777,
    /// The bell.
    Bell,
}

/// The table as it stands in the file: exactly one of the four ways is set, by [`super::super::config`]'s check.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyRule {
    /// Events, at least one.
    pub on: Vec<EventKind>,
    /// Only when the batch took longer: `30s`, `5m`, `2h`.
    pub after: Option<String>,
    /// Tell the terminal.
    pub terminal: Option<Signal>,
    /// Run a program.
    pub command: Option<Vec<String>>,
    /// Post to a URL.
    pub webhook: Option<String>,
    /// What signs the post.
    pub secret_file: Option<PathBuf>,
    /// Publish to a topic.
    pub sns: Option<String>,
    /// Credentials for the topic.
    pub aws_profile: Option<String>,
    /// URL of SNS.
    pub endpoint: Option<String>,
}

/// A topic of SNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// A profile of `~/.aws/config`; none: the usual chain.
    pub aws_profile: Option<String>,
    /// URL; none: AWS itself.
    pub endpoint: Option<String>,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// On the terminal.
    Terminal(Signal),
    /// By a program and its arguments.
    Command(Vec<String>),
    /// By a post.
    Webhook {
        /// Where to.
        url: String,
        /// What signs it.
        secret_file: Option<PathBuf>,
    },
    /// By a topic.
    Sns(Topic),
}

impl std::fmt::Display for Way {
    /// Without what may be secret: a webhook's path often is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Way::Terminal(_) => f.write_str("the terminal"),
            Way::Command(command) => write!(
                f,
                "the command `{}`",
                command.first().map_or("", String::as_str)
            ),
            Way::Webhook { url, .. } => {
                let host = url.parse::<http::Uri>().ok();
                let host = host.as_ref().and_then(http::Uri::host);
                write!(f, "the webhook at {}", host.unwrap_or("?"))
            }
            Way::Sns(topic) => write!(f, "the topic {}", topic.arn),
        }
    }
}

impl NotifyRule {
    /// Whether this rule is for an event of a batch that has taken so long.
    pub fn wants(&self, event: EventKind, seconds: f64) -> bool {
        let after = self.after.as_deref().and_then(span).unwrap_or(0.0);
        self.on.contains(&event) && seconds >= after
    }

    /// The one way that is set.
    ///
    /// # Errors
    ///
    /// A sentence when it is not exactly one.
    pub fn way(&self) -> Result<Way, String> {
        let mut ways = Vec::new();
        ways.extend(self.terminal.map(Way::Terminal));
        ways.extend(self.command.clone().map(Way::Command));
        ways.extend(self.webhook.clone().map(|url| Way::Webhook {
            url,
            secret_file: self.secret_file.clone(),
        }));
        ways.extend(self.sns.clone().map(|arn| {
            Way::Sns(Topic {
                arn,
                aws_profile: self.aws_profile.clone(),
                endpoint: self.endpoint.clone(),
            })
        }));
        let one = ways.pop().filter(|_| ways.is_empty());
        one.ok_or_else(|| ONE_WAY.to_owned())
    }
}

/// What a rule needs.
pub const ONE_WAY: &str =
    "a [[notify]] needs exactly one of `terminal`, `command`, `webhook` and `sns`";

/// Seconds of `30s`, `5m`, `2h`.
pub fn span(text: &str) -> Option<f64> {
    let unit = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        _ => return None,
    };
    let number: f64 = text[..text.len() - 1].parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        for (text, seconds) in [
            ("30s", Some(30.0)),
            ("1.5m", Some(90.0)),
            ("2h", Some(7_200.0)),
        ] {
            assert_eq!(span(text), seconds);
        }
        for text in ["", "30", "s", "-1s", "infs", "1d", "1é"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn a_rule_is_for_its_events_and_for_long_batches() {
        let rule: NotifyRule =
            toml::from_str("on = [\"batch-failed\"]\nafter = \"30s\"\nterminal = \"bell\"")
                .unwrap();
        assert!(rule.wants(EventKind::BatchFailed, 31.0));
        assert!(!rule.wants(EventKind::BatchFailed, 29.0));
        assert!(!rule.wants(EventKind::BatchFinished, 31.0));
        assert_eq!(rule.way(), Ok(Way::Terminal(Signal::Bell)));
    }

    #[test]
    fn a_webhook_is_named_without_its_path() {
        let way = Way::Webhook {
            url: "https://hooks.example.com/T000/secret".into(),
            secret_file: None,
        };
        assert_eq!(way.to_string(), "the webhook at hooks.example.com");
    }
}
