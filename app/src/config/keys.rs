//! One row per key of the configuration file: the only place that knows names, kinds, ranges, variables and flags.
//!
//! The file's check, the flags' ranges, the environment, `whiteboarder config show` and `docs/configuration.md` are
//! all driven by these rows.

use toml::de::DeValue;

use crate::notify::rule::span;

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// At the top.
    Top,
    /// In `[local]`.
    Local,
    /// In each `[profiles.NAME]`.
    Profile,
    /// In each `[[notify]]`.
    Notify,
}

/// What values a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any text but an empty one.
    Text,
    /// The beginning of every request's address.
    Url,
    /// A state machine's ARN.
    MachineArn,
    /// A whole number, both ends included.
    Whole(u32, u32),
    /// A number, both ends included.
    Number(f64, f64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words, at least one.
    Words(&'static [&'static str]),
    /// A list of texts, the first of which is not empty.
    Texts,
    /// A time: `30s`, `5m`, `2h`.
    Span,
    /// The ARN of a topic.
    TopicArn,
}

impl Kind {
    /// `a whole number from 0 to 64`.
    pub fn expected(self) -> String {
        match self {
            Kind::Text => "a text".to_owned(),
            Kind::Url => "a URL that begins with http:// or https://".to_owned(),
            Kind::MachineArn => "the ARN of a state machine".to_owned(),
            Kind::Whole(min, max) => format!("a whole number from {min} to {max}"),
            Kind::Number(min, max) => format!("a number from {min} to {max}"),
            Kind::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                words.join(" or ")
            }
            Kind::Words(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("a list of {}", words.join(", "))
            }
            Kind::Texts => "a list of texts: a program and its arguments".to_owned(),
            Kind::Span => "a time like \"30s\", \"5m\" or \"2h\"".to_owned(),
            Kind::TopicArn => "the ARN of a topic of SNS".to_owned(),
        }
    }

    /// Whether a value of the file will do.
    pub fn accepts(self, value: &DeValue<'_>) -> bool {
        match (self, value) {
            (Kind::Whole(min, max), DeValue::Integer(number)) => {
                i64::from_str_radix(number.as_str(), number.radix())
                    .is_ok_and(|number| (i64::from(min)..=i64::from(max)).contains(&number))
            }
            (Kind::Number(min, max), DeValue::Integer(number)) => {
                i64::from_str_radix(number.as_str(), number.radix())
                    .is_ok_and(|number| (min..=max).contains(&(number as f64)))
            }
            (Kind::Number(min, max), DeValue::Float(number)) => number
                .as_str()
                .parse()
                .is_ok_and(|number: f64| (min..=max).contains(&number)),
            (Kind::Words(words), DeValue::Array(list)) => {
                let word = |value: &DeValue<'_>| match value {
                    DeValue::String(text) => words.contains(&text.as_ref()),
                    _ => false,
                };
                !list.is_empty() && list.iter().all(|value| word(value.get_ref()))
            }
            (Kind::Texts, DeValue::Array(list)) => {
                let text = |value: &DeValue<'_>| matches!(value, DeValue::String(_));
                let first = list.iter().next().map(toml::Spanned::get_ref);
                list.iter().all(|value| text(value.get_ref()))
                    && matches!(first, Some(DeValue::String(text)) if !text.is_empty())
            }
            (Kind::Whole(..) | Kind::Number(..), _) => false,
            (_, DeValue::String(text)) => self.accepts_text(text),
            _ => false,
        }
    }

    fn accepts_text(self, text: &str) -> bool {
        match self {
            Kind::Text => !text.trim().is_empty(),
            Kind::Url => ["http://", "https://"].iter().any(|scheme| {
                text.strip_prefix(scheme)
                    .is_some_and(|rest| !rest.is_empty())
            }),
            Kind::MachineArn => text.starts_with("arn:") && text.contains(":stateMachine:"),
            Kind::Choice(words) => words.contains(&text),
            Kind::Span => span(text).is_some(),
            Kind::TopicArn => text.starts_with("arn:") && text.split(':').nth(2) == Some("sns"),
            Kind::Whole(..) | Kind::Number(..) | Kind::Words(_) | Kind::Texts => false,
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Where it stands.
    pub table: Table,
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it, for people.
    pub default: &'static str,
    /// Whether its table needs it.
    pub required: bool,
    /// The environment variable that says the same; may be empty.
    pub variable: &'static str,
    /// The flag that says the same; may be empty.
    pub flag: &'static str,
    /// One line for people.
    pub help: &'static str,
}

impl Key {
    /// Reads what a flag or a variable says.
    ///
    /// # Errors
    ///
    /// `must be a whole number from 0 to 64, but is "many"`.
    pub fn parse(&self, text: &str) -> Result<toml::Value, String> {
        let wrong = || format!("must be {}, but is \"{text}\"", self.kind.expected());
        let value = match self.kind {
            Kind::Whole(min, max) => text
                .parse()
                .ok()
                .filter(|number| (i64::from(min)..=i64::from(max)).contains(number))
                .map(toml::Value::Integer),
            Kind::Number(min, max) => text
                .parse()
                .ok()
                .filter(|number| (min..=max).contains(number))
                .map(toml::Value::Float),
            kind => kind
                .accepts_text(text)
                .then(|| toml::Value::String(text.to_owned())),
        };
        value.ok_or_else(wrong)
    }
}

/// A row of `[local]`: each has a flag of `local start` and a variable.
macro_rules! local {
    ($name:literal, $kind:expr, $default:literal, $variable:literal, $flag:literal, $help:literal) => {
        Key {
            table: Table::Local,
            name: $name,
            kind: $kind,
            default: $default,
            required: false,
            variable: $variable,
            flag: $flag,
            help: $help,
        }
    };
}

/// A row of `[profiles.NAME]`: these have neither.
macro_rules! profile {
    ($name:literal, $kind:expr, $default:literal, $required:literal, $help:literal) => {
        Key {
            table: Table::Profile,
            name: $name,
            kind: $kind,
            default: $default,
            required: $required,
            variable: "",
            flag: "",
            help: $help,
        }
    };
}

/// A row of `[[notify]]`: these have neither, either.
macro_rules! notify {
    ($name:literal, $kind:expr, $default:literal, $required:literal, $help:literal) => {
        Key {
            table: Table::Notify,
            ..profile!($name, $kind, $default, $required, $help)
        }
    };
}

/// Every key, in the order of the documentation.
pub const KEYS: &[Key] = &[
    Key {
        table: Table::Top,
        name: "profile",
        kind: Kind::Text,
        default: "local",
        required: false,
        variable: "WHITEBOARDER_PROFILE",
        flag: "--profile",
        help: "the target of `submit`, `watch` and `runs`: `local`, or the name of a [profiles.NAME]",
    },
    Key {
        table: Table::Top,
        name: "prices",
        kind: Kind::Text,
        default: "prices.toml in the configuration folder, else those that ship",
        required: false,
        variable: "",
        flag: "",
        help: "a file with prices that costs are estimated with; a relative path begins at this file's folder",
    },
    Key {
        table: Table::Top,
        name: "theme",
        kind: Kind::Text,
        default: "auto",
        required: false,
        variable: "WHITEBOARDER_THEME",
        flag: "--theme",
        help: "how the screens are coloured: `auto` (light or dark, as the terminal is), `dark`, `light`, `contrast`, or a theme of your own: its name in the folder `themes`, or its file",
    },
    local!(
        "port",
        Kind::Whole(0, 65_535),
        "any free one",
        "WHITEBOARDER_LOCAL_PORT",
        "--port",
        "port on 127.0.0.1; 0 takes any free one"
    ),
    local!(
        "lambda_memory_mb",
        Kind::Whole(128, 10_240),
        "512",
        "WHITEBOARDER_LOCAL_LAMBDA_MEMORY_MB",
        "--lambda-memory-mb",
        "memory of the Lambda lane's functions in MB"
    ),
    local!(
        "lambda_timeout_s",
        Kind::Whole(1, 900),
        "15",
        "WHITEBOARDER_LOCAL_LAMBDA_TIMEOUT_S",
        "--lambda-timeout-s",
        "time-out of the Lambda lane's functions in seconds"
    ),
    local!(
        "lambda_concurrency",
        Kind::Whole(1, 1_000),
        "this machine's cores",
        "WHITEBOARDER_LOCAL_LAMBDA_CONCURRENCY",
        "--lambda-concurrency",
        "functions of each name that run at the same time"
    ),
    local!(
        "workers",
        Kind::Whole(0, 64),
        "1",
        "WHITEBOARDER_LOCAL_WORKERS",
        "--workers",
        "worker processes of the ECS lane; with 0 what is planned for ECS waits"
    ),
    local!(
        "idle_minutes",
        Kind::Number(0.0, 525_600.0),
        "10",
        "WHITEBOARDER_LOCAL_IDLE_MINUTES",
        "--idle-minutes",
        "the cloud ends after this many minutes without work; 0 means never"
    ),
    local!(
        "keep_days",
        Kind::Whole(0, 36_500),
        "90",
        "WHITEBOARDER_LOCAL_KEEP_DAYS",
        "--keep-days",
        "the histories of executions are kept this many days after their end, as on AWS; 0 means for ever; pictures always stay"
    ),
    local!(
        "durability",
        Kind::Choice(&["normal", "full"]),
        "normal",
        "WHITEBOARDER_LOCAL_DURABILITY",
        "--durability",
        "what the state of executions survives: `normal` the end of the process at any moment, `full` a loss of power as well; uploads always survive both"
    ),
    local!(
        "mocks",
        Kind::Text,
        "none",
        "WHITEBOARDER_LOCAL_MOCKS",
        "--mocks",
        "a mock file, which answers for the Task states of executions that are started with a test case ([how](rehearsing.md)); in this file a relative path begins at its folder"
    ),
    local!(
        "time_scale",
        Kind::Number(0.0, 1_000.0),
        "1",
        "WHITEBOARDER_LOCAL_TIME_SCALE",
        "--time-scale",
        "how much of their time Wait states and pauses before retries take: 0.01 a hundredth, 0 nothing; time-outs and heartbeats are never scaled ([why](rehearsing.md#time))"
    ),
    profile!(
        "endpoint",
        Kind::Url,
        "AWS itself",
        false,
        "URL of everything, for a target that is not AWS"
    ),
    profile!(
        "region",
        Kind::Text,
        "",
        true,
        "the region, for example `eu-central-1`"
    ),
    profile!(
        "aws_profile",
        Kind::Text,
        "the SDK's usual chain",
        false,
        "a profile of `~/.aws/config` that has the credentials; without it the usual chain: environment, files, container, instance"
    ),
    profile!(
        "bucket",
        Kind::Text,
        "",
        true,
        "the bucket that the batches lie in"
    ),
    profile!(
        "state_machine_arn",
        Kind::MachineArn,
        "",
        true,
        "ARN of the state machine that the bucket's events start"
    ),
    profile!(
        "lambda_memory_mb",
        Kind::Whole(128, 10_240),
        "512",
        false,
        "memory of the Lambda there in MB: `submit --dry-run` predicts with it"
    ),
    profile!(
        "lambda_timeout_s",
        Kind::Whole(1, 900),
        "15",
        false,
        "time-out of the Lambda there in seconds: `submit --dry-run` predicts with it"
    ),
    notify!(
        "on",
        Kind::Words(&["batch-finished", "batch-failed", "item-failed"]),
        "",
        true,
        "of what is told: a batch has ended well, has ended with failures, a picture has failed"
    ),
    notify!(
        "after",
        Kind::Span,
        "always",
        false,
        "only when the batch has taken longer than this"
    ),
    notify!(
        "terminal",
        Kind::Choice(&["osc9", "osc777", "bell"]),
        "",
        false,
        "a sequence that the terminal shows as a notification, or its bell; never into pipes and files"
    ),
    notify!(
        "command",
        Kind::Texts,
        "",
        false,
        "a program and its arguments, without a shell; `{title}`, `{text}`, `{event}` and `{batch}` are filled in"
    ),
    notify!(
        "webhook",
        Kind::Url,
        "",
        false,
        "a URL that gets a POST of JSON, tried again up to 5 times"
    ),
    notify!(
        "secret_file",
        Kind::Text,
        "unsigned",
        false,
        "a file of mode 0600 with the secret that signs the webhook's posts"
    ),
    notify!("sns", Kind::TopicArn, "", false, "a topic of SNS"),
    notify!(
        "aws_profile",
        Kind::Text,
        "the SDK's usual chain",
        false,
        "a profile of `~/.aws/config` that has the credentials for the topic"
    ),
    notify!(
        "endpoint",
        Kind::Url,
        "AWS itself",
        false,
        "URL of SNS, for one that is not AWS"
    ),
];

/// The rows of a table.
pub fn of(table: Table) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.table == table)
}
