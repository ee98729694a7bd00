//! The local cloud's settings: each may come from a flag, the environment or the file.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser};
use local_cloud::Durability;
use serde::{Deserialize, Serialize};
use whiteboarder_core::cost::{Capacity, DEFAULT_LOCAL_LAMBDA};

use crate::error::Failure;

/// What somebody asked for; everything is optional. The flags of `local start`, the `[local]` table of
/// the configuration file, and the variables `WHITEBOARDER_LOCAL_…`.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalOptions {
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, env = "WHITEBOARDER_LOCAL_PORT", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Memory of the Lambda lane's functions in MB
    #[arg(help = format!(
        "Memory of the Lambda lane's functions in MB [default: {}]",
        DEFAULT_LOCAL_LAMBDA.memory_mb
    ))]
    #[arg(long, env = "WHITEBOARDER_LOCAL_LAMBDA_MEMORY_MB", value_name = "MB")]
    #[arg(value_parser = clap::value_parser!(u32).range(128..=10_240))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_memory_mb: Option<u32>,
    /// Time-out of the Lambda lane's functions in seconds
    #[arg(help = format!(
        "Time-out of the Lambda lane's functions in seconds [default: {:.0}]",
        DEFAULT_LOCAL_LAMBDA.timeout_s
    ))]
    #[arg(
        long,
        env = "WHITEBOARDER_LOCAL_LAMBDA_TIMEOUT_S",
        value_name = "SECONDS"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=900))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_timeout_s: Option<u32>,
    /// Functions of each name that run at the same time [default: this machine's cores]
    #[arg(long, env = "WHITEBOARDER_LOCAL_LAMBDA_CONCURRENCY", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_concurrency: Option<usize>,
    /// Worker processes of the ECS lane [default: 1]
    #[arg(long, env = "WHITEBOARDER_LOCAL_WORKERS", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// End after this many minutes without work; 0 means never [default: 10]
    #[arg(long, env = "WHITEBOARDER_LOCAL_IDLE_MINUTES", value_name = "MINUTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<f64>,
    /// What the state of executions survives: `normal` the end of the process at any moment, `full` a
    /// loss of power as well; uploads always survive both [default: normal]
    #[arg(long, env = "WHITEBOARDER_LOCAL_DURABILITY", value_name = "HOW")]
    #[arg(value_parser = durability)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
}

fn durability(text: &str) -> std::result::Result<Durability, String> {
    match text {
        "normal" => Ok(Durability::Normal),
        "full" => Ok(Durability::Full),
        other => Err(format!("`{other}` is neither `normal` nor `full`")),
    }
}

/// Reads what the environment alone says, by the same rules as the flags.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Environment {
    #[command(flatten)]
    options: LocalOptions,
}

/// clap's words about `'--workers <N>'`, when nobody typed a flag: about `WHITEBOARDER_LOCAL_WORKERS`.
fn by_variable(words: &str) -> String {
    let named = words.split_once("'--").and_then(|(before, rest)| {
        let (flag, after) = rest.split_once('\'')?;
        let name = flag.split(' ').next()?.replace('-', "_").to_uppercase();
        Some(format!("{before}WHITEBOARDER_LOCAL_{name}{after}"))
    });
    named.unwrap_or_else(|| words.to_owned())
}

impl LocalOptions {
    /// What the environment asks for.
    pub fn from_environment() -> Result<LocalOptions> {
        Environment::try_parse_from(std::iter::empty::<&str>())
            .map(|found| found.options)
            .map_err(|error| {
                let words = error.to_string();
                let first = words.lines().next().unwrap_or_default();
                Failure::usage(by_variable(first.trim_start_matches("error: "))).into()
            })
    }

    /// Our fields where they are set, else the other's.
    #[must_use]
    pub fn or(self, other: &LocalOptions) -> LocalOptions {
        LocalOptions {
            port: self.port.or(other.port),
            lambda_memory_mb: self.lambda_memory_mb.or(other.lambda_memory_mb),
            lambda_timeout_s: self.lambda_timeout_s.or(other.lambda_timeout_s),
            lambda_concurrency: self.lambda_concurrency.or(other.lambda_concurrency),
            workers: self.workers.or(other.workers),
            idle_minutes: self.idle_minutes.or(other.idle_minutes),
            durability: self.durability.or(other.durability),
        }
    }

    /// As arguments of `local serve`.
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut add = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.push(format!("--{flag}={value}"));
            }
        };
        add("port", self.port.map(|n| n.to_string()));
        add(
            "lambda-memory-mb",
            self.lambda_memory_mb.map(|n| n.to_string()),
        );
        add(
            "lambda-timeout-s",
            self.lambda_timeout_s.map(|n| n.to_string()),
        );
        add(
            "lambda-concurrency",
            self.lambda_concurrency.map(|n| n.to_string()),
        );
        add("workers", self.workers.map(|n| n.to_string()));
        add("idle-minutes", self.idle_minutes.map(|n| n.to_string()));
        add(
            "durability",
            self.durability.map(|how| {
                match how {
                    Durability::Normal => "normal",
                    Durability::Full => "full",
                }
                .to_owned()
            }),
        );
        arguments
    }

    /// With defaults for everything that nobody asked for.
    pub fn resolve(&self) -> LocalSettings {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let minutes = self.idle_minutes.unwrap_or(10.0);
        LocalSettings {
            port: self.port.filter(|port| *port != 0),
            lambda_memory_mb: self
                .lambda_memory_mb
                .unwrap_or(DEFAULT_LOCAL_LAMBDA.memory_mb),
            lambda_timeout_s: self
                .lambda_timeout_s
                .unwrap_or(DEFAULT_LOCAL_LAMBDA.timeout_s.round() as u32),
            lambda_concurrency: self.lambda_concurrency.unwrap_or(cores).max(1),
            workers: self.workers.unwrap_or(1),
            idle_after: (minutes > 0.0).then(|| Duration::from_secs_f64(minutes * 60.0)),
            durability: self.durability.unwrap_or_default(),
        }
    }
}

/// What the local cloud is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalSettings {
    /// Port on 127.0.0.1; any free one when absent.
    pub port: Option<u16>,
    /// Memory of a function, MB.
    pub lambda_memory_mb: u32,
    /// Time-out of a function, seconds.
    pub lambda_timeout_s: u32,
    /// Functions of one name at a time.
    pub lambda_concurrency: usize,
    /// Workers of the ECS lane.
    pub workers: usize,
    /// End after this long without work.
    pub idle_after: Option<Duration>,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

impl LocalSettings {
    /// What the Lambda lane has, for predictions.
    pub fn capacity(&self) -> Capacity {
        capacity(self.lambda_memory_mb, f64::from(self.lambda_timeout_s))
    }
}

/// What a Lambda of this memory has: its share of processors follows from its memory.
pub fn capacity(memory_mb: u32, timeout_s: f64) -> Capacity {
    Capacity::lambda(memory_mb, timeout_s)
}
