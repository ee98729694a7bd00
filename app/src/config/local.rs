//! The local cloud's settings: each may come from a flag, the environment or the file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use local_cloud::{Durability, TimeScale};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use whiteboarder_core::cost::{Capacity, DEFAULT_LOCAL_LAMBDA};

use super::keys::{self, Table};
use crate::error::Failure;
use crate::term::text;

/// What somebody asked for; everything is optional. The flags of `local start`, the `[local]` table of
/// the configuration file, and the variables `WHITEBOARDER_LOCAL_…`.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocalOptions {
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, env = "WHITEBOARDER_LOCAL_PORT", value_name = "N")]
    #[arg(value_parser = of_key::<u16>("port"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Memory of the Lambda lane's functions in MB
    #[arg(help = format!(
        "Memory of the Lambda lane's functions in MB [default: {}]",
        DEFAULT_LOCAL_LAMBDA.memory_mb
    ))]
    #[arg(long, env = "WHITEBOARDER_LOCAL_LAMBDA_MEMORY_MB", value_name = "MB")]
    #[arg(value_parser = of_key::<u32>("lambda_memory_mb"))]
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
    #[arg(value_parser = of_key::<u32>("lambda_timeout_s"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_timeout_s: Option<u32>,
    /// Functions of each name that run at the same time [default: this machine's cores]
    #[arg(long, env = "WHITEBOARDER_LOCAL_LAMBDA_CONCURRENCY", value_name = "N")]
    #[arg(value_parser = of_key::<usize>("lambda_concurrency"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_concurrency: Option<usize>,
    /// Worker processes of the ECS lane [default: 1]
    #[arg(long, env = "WHITEBOARDER_LOCAL_WORKERS", value_name = "N")]
    #[arg(value_parser = of_key::<usize>("workers"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// End after this many minutes without work; 0 means never [default: 10]
    #[arg(long, env = "WHITEBOARDER_LOCAL_IDLE_MINUTES", value_name = "MINUTES")]
    #[arg(value_parser = of_key::<f64>("idle_minutes"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<f64>,
    /// Days that the history of an execution is kept after its end; 0 means for ever; pictures always
    /// stay [default: 90]
    #[arg(long, env = "WHITEBOARDER_LOCAL_KEEP_DAYS", value_name = "DAYS")]
    #[arg(value_parser = of_key::<u32>("keep_days"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// What the state of executions survives: `normal` the end of the process at any moment, `full` a
    /// loss of power as well; uploads always survive both [default: normal]
    #[arg(long, env = "WHITEBOARDER_LOCAL_DURABILITY", value_name = "HOW")]
    #[arg(value_parser = of_key::<Durability>("durability"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// A mock file, which answers for the Task states of executions that are started with a test case
    #[arg(long, env = "WHITEBOARDER_LOCAL_MOCKS", value_name = "FILE")]
    #[arg(value_parser = of_key::<String>("mocks"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mocks: Option<String>,
    /// How much of their time Wait states and pauses before retries take: 0.01 a hundredth, 0 nothing; time-outs and
    /// heartbeats are never scaled [default: 1]
    #[arg(long, env = "WHITEBOARDER_LOCAL_TIME_SCALE", value_name = "FACTOR")]
    #[arg(value_parser = of_key::<f64>("time_scale"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_scale: Option<f64>,
}

/// Reads a flag by the rules of the key of this name, so that flag, variable and file take the same values.
fn of_key<T: DeserializeOwned + Clone + Send + Sync + 'static>(
    name: &'static str,
) -> impl Fn(&str) -> std::result::Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let key = keys::of(Table::Local).find(|key| key.name == name);
        let value = key.ok_or("unknown setting")?.parse(text);
        let value = value.map_err(|wrong| format!("it {wrong}"))?;
        T::deserialize(value).map_err(|error| error.message().to_owned())
    }
}

impl LocalOptions {
    /// What the environment asks for. An empty variable asks for nothing.
    pub fn from_environment() -> Result<LocalOptions> {
        LocalOptions::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<LocalOptions> {
        let mut asked = toml::Table::new();
        for key in keys::of(Table::Local) {
            let Some(text) = variable(key.variable).filter(|text| !text.is_empty()) else {
                continue;
            };
            let value = key
                .parse(&text.to_string_lossy())
                .map_err(|wrong| Failure::usage(format!("{} {wrong}", key.variable)))?;
            asked.insert(key.name.to_owned(), value);
        }
        Ok(LocalOptions::deserialize(asked)?)
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
            keep_days: self.keep_days.or(other.keep_days),
            durability: self.durability.or(other.durability),
            mocks: self.mocks.or_else(|| other.mocks.clone()),
            time_scale: self.time_scale.or(other.time_scale),
        }
    }

    /// The same with paths that begin at this folder.
    ///
    /// # Errors
    ///
    /// The folder's path is not Unicode.
    pub fn beginning_at(mut self, folder: &Path) -> Result<LocalOptions> {
        if let Some(mocks) = &self.mocks {
            let path = std::path::absolute(folder.join(mocks))?;
            let path = path.into_os_string().into_string().map_err(|path| {
                let path = text::path(Path::new(&path));
                Failure::usage(format!("the path {path} is not Unicode"))
                    .hint("move the mock file to a folder with a plain path")
            })?;
            self.mocks = Some(path);
        }
        Ok(self)
    }

    /// What is asked for, by the names of the keys.
    pub fn to_table(&self) -> toml::Table {
        // Numbers and words only: there is nothing that TOML could not say.
        toml::Table::try_from(self).unwrap_or_default()
    }

    /// As arguments of `local serve`.
    pub fn to_arguments(&self) -> Vec<String> {
        let asked = self.to_table();
        keys::of(Table::Local)
            .filter_map(|key| {
                let value = match asked.get(key.name)? {
                    toml::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                Some(format!("{}={value}", key.flag))
            })
            .collect()
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
            keep: match self.keep_days.unwrap_or(90) {
                0 => None,
                days => Some(Duration::from_hours(24 * u64::from(days))),
            },
            durability: self.durability.unwrap_or_default(),
            mocks: self.mocks.as_ref().map(PathBuf::from),
            // Flags, variables and file have been checked.
            time_scale: TimeScale::new(self.time_scale.unwrap_or(1.0)).unwrap_or_default(),
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
    /// How long the history of an ended execution is kept; for ever when absent.
    pub keep: Option<Duration>,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// What answers for Task states in executions of test cases.
    pub mocks: Option<PathBuf>,
    /// How much of their time waits take.
    pub time_scale: TimeScale,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        options: LocalOptions,
    }

    #[test]
    fn variables_flags_and_file_are_the_same_settings() {
        let text = |name: &str| match name {
            "WHITEBOARDER_LOCAL_DURABILITY" => "full",
            "WHITEBOARDER_LOCAL_LAMBDA_MEMORY_MB" => "128",
            _ => "7",
        };
        let all = LocalOptions::from_variables(|name| Some(text(name).into())).unwrap();
        assert_eq!(all.to_table().len(), keys::of(Table::Local).count());
        let mut line = vec!["x".to_owned()];
        line.extend(all.to_arguments());
        let flags = <Flags as clap::Parser>::try_parse_from(line).unwrap();
        assert_eq!(flags.options, all);
        let file = toml::to_string(&all).unwrap();
        assert_eq!(toml::from_str::<LocalOptions>(&file).unwrap(), all);
        assert_eq!(LocalOptions::default().or(&all), all);
        assert_eq!(all.clone().or(&LocalOptions::default()), all);
    }

    #[test]
    fn the_flags_of_clap_are_those_of_the_table() {
        let command = Flags::command();
        let of_clap: Vec<_> = command
            .get_arguments()
            .filter(|flag| flag.get_id() != "help")
            .map(|flag| {
                let long = format!("--{}", flag.get_long().unwrap());
                let variable = flag.get_env().unwrap().to_str().unwrap().to_owned();
                (flag.get_id().to_string(), long, variable)
            })
            .collect();
        let of_table: Vec<_> = keys::of(Table::Local)
            .map(|key| {
                (
                    key.name.to_owned(),
                    key.flag.to_owned(),
                    key.variable.to_owned(),
                )
            })
            .collect();
        assert_eq!(of_clap, of_table);
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let settings = LocalOptions::default().resolve();
        let table = |name| {
            keys::of(Table::Local)
                .find(|key| key.name == name)
                .unwrap()
                .default
        };
        assert_eq!(
            settings.lambda_memory_mb.to_string(),
            table("lambda_memory_mb")
        );
        assert_eq!(
            settings.lambda_timeout_s.to_string(),
            table("lambda_timeout_s")
        );
        assert_eq!(settings.workers.to_string(), table("workers"));
        let minutes = settings.idle_after.unwrap().as_secs() / 60;
        assert_eq!(minutes.to_string(), table("idle_minutes"));
        let days = settings.keep.unwrap().as_secs() / 86_400;
        assert_eq!(days.to_string(), table("keep_days"));
        assert_eq!(settings.durability, Durability::Normal);
        assert_eq!(table("durability"), "normal");
        assert_eq!(settings.mocks, None);
        assert_eq!(
            f64::from(settings.time_scale).to_string(),
            table("time_scale")
        );
    }

    #[test]
    fn a_mock_file_is_found_from_anywhere() {
        let named = |mocks: &str| LocalOptions {
            mocks: Some(mocks.to_owned()),
            ..LocalOptions::default()
        };
        let found = |mocks| named(mocks).beginning_at(Path::new("/there")).unwrap();
        assert_eq!(found("m.json"), named("/there/m.json"));
        assert_eq!(found("/other/m.json"), named("/other/m.json"));
        let nothing = LocalOptions::default();
        assert_eq!(
            nothing.clone().beginning_at(Path::new("/there")).unwrap(),
            nothing
        );
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let wrong = |name: &str| (name == "WHITEBOARDER_LOCAL_WORKERS").then(|| "65".into());
        let error = LocalOptions::from_variables(wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "WHITEBOARDER_LOCAL_WORKERS must be a whole number from 0 to 64, but is \"65\""
        );
        let empty = LocalOptions::from_variables(|_| Some("".into())).unwrap();
        assert_eq!(empty, LocalOptions::default());
    }
}
