//! From a profile's name to a target that answers.

use anyhow::Result;
use whiteboarder_core::cost::{Capacity, DEFAULT_LOCAL_LAMBDA};
use whiteboarder_jobs::{Credentials, Profile, Target};

use crate::config::{LocalOptions, ProfileTable, Settings, capacity};
use crate::error::Failure;
use crate::local::{REGION, Record};
use crate::term::text;

/// The name of the target on this machine.
pub const LOCAL: &str = "local";

/// Connects to the profile's target; the local cloud is started if need be.
pub async fn connect(settings: &Settings) -> Result<Target> {
    Ok(Target::connect(profile(settings).await?).await?)
}

/// The profile, with a local cloud that runs if that is what it means.
pub async fn profile(settings: &Settings) -> Result<Profile> {
    if settings.profile == LOCAL {
        let (record, _) = crate::cli::ensure_local(settings).await?;
        Ok(local(&record))
    } else {
        Ok(remote(&settings.profile, table(settings)?))
    }
}

/// Functions that run at the same time in an AWS account, unless it has asked for more.
const AWS_LAMBDAS: usize = 1000;
/// Workers that the ECS lane of a target is taken to have when nobody says so.
const AWS_WORKERS: usize = 1;

/// What a target has, as far as this machine knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// Its Lambda.
    pub lambda: Capacity,
    /// Functions that run at the same time.
    pub lambdas: usize,
    /// Workers of the ECS lane.
    pub workers: usize,
    /// Its region.
    pub region: String,
    /// Whether it is AWS itself, where things cost money.
    pub on_aws: bool,
}

/// What the target has, without asking anybody: for dry runs and estimates.
pub fn expected(settings: &Settings) -> Result<Lanes> {
    if settings.profile == LOCAL {
        let asked = settings.cloud_options(LocalOptions::from_environment()?)?;
        let asked = asked.resolve();
        return Ok(Lanes {
            lambda: asked.capacity(),
            lambdas: asked.lambda_concurrency,
            workers: asked.workers,
            region: REGION.to_owned(),
            on_aws: false,
        });
    }
    let table = table(settings)?;
    Ok(Lanes {
        lambda: capacity_of(table),
        lambdas: AWS_LAMBDAS,
        workers: AWS_WORKERS,
        region: table.region.clone(),
        on_aws: table.endpoint.is_none(),
    })
}

/// Where originals go, without asking anybody: `s3://bucket/inbox/`.
pub fn inbox(settings: &Settings) -> Result<String> {
    let bucket = if settings.profile == LOCAL {
        whiteboarder_jobs::stack::LOCAL_BUCKET
    } else {
        &table(settings)?.bucket
    };
    Ok(format!("s3://{bucket}/inbox/"))
}

fn table(settings: &Settings) -> Result<&ProfileTable> {
    settings
        .file
        .profiles
        .get(&settings.profile)
        .ok_or_else(|| {
            let mut known: Vec<&str> = vec![LOCAL];
            known.extend(settings.file.profiles.keys().map(String::as_str));
            let meant = text::did_you_mean(&settings.profile, known.iter().copied());
            let name = text::safe(&settings.profile);
            Failure::usage(format!("there is no profile `{name}`{meant}"))
                .hint(format!(
                    "there is {}; others go into the configuration file as [profiles.NAME]",
                    known.join(", ")
                ))
                .into()
        })
}

fn local(record: &Record) -> Profile {
    Profile::local(
        record.endpoint(),
        &record.region,
        &record.account,
        &record.access_key,
        &record.secret_key,
        record.capacity(),
    )
}

fn remote(name: &str, table: &ProfileTable) -> Profile {
    Profile {
        name: name.to_owned(),
        endpoint: table.endpoint.clone(),
        region: table.region.clone(),
        credentials: match &table.aws_profile {
            Some(name) => Credentials::AwsProfile(name.clone()),
            None => Credentials::Chain,
        },
        bucket: table.bucket.clone(),
        state_machine_arn: table.state_machine_arn.clone(),
        lambda: capacity_of(table),
    }
}

fn capacity_of(table: &ProfileTable) -> Capacity {
    capacity(
        table
            .lambda_memory_mb
            .unwrap_or(DEFAULT_LOCAL_LAMBDA.memory_mb),
        table
            .lambda_timeout_s
            .map_or(DEFAULT_LOCAL_LAMBDA.timeout_s, f64::from),
    )
}

/// Brings the local cloud back when it has gone while somebody was talking to it: it was killed, or
/// replaced. Other targets have to come back by themselves.
pub async fn bring_back(settings: &Settings, target: &Target) {
    if settings.profile != LOCAL {
        return;
    }
    match profile(settings).await {
        // The reader's own retries tell if this did not help.
        Ok(profile) => drop(target.reconnect(profile).await),
        Err(error) => tracing::warn!(%error, "the local cloud cannot be started again"),
    }
}
