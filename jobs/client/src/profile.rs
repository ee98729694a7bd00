//! A named target, and the clients that speak to it.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use aws_credential_types::Credentials as StaticCredentials;
use aws_sdk_s3::config::StalledStreamProtectionConfig;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use whiteboarder_core::cost::Capacity;

use crate::error::{JobsError, from_sdk};
use crate::stack;

/// How long the head of an answer may take. Long answers of S3 begin at once and take their time then.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long an answer may stand still in its middle.
const STALLED_AFTER: Duration = Duration::from_secs(20);

/// Where credentials come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Given here, as for the local cloud.
    Static {
        /// Access key id.
        access_key: String,
        /// Secret key.
        secret_key: String,
        /// Session token of temporary credentials.
        session_token: Option<String>,
    },
    /// The SDK's usual chain: environment, files, SSO, container, instance.
    Chain,
    /// A profile of `~/.aws/config`.
    AwsProfile(String),
}

impl std::fmt::Debug for Credentials {
    /// Never shows a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Static { access_key, .. } => write!(f, "Static({access_key}, …)"),
            Self::Chain => f.write_str("Chain"),
            Self::AwsProfile(name) => write!(f, "AwsProfile({name})"),
        }
    }
}

/// A named target: `local`, AWS, or any endpoint that speaks S3 and Step Functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, as people type it.
    pub name: String,
    /// Endpoint URL of everything (`http://127.0.0.1:PORT`); `None` means AWS itself.
    pub endpoint: Option<String>,
    /// Region, also needed for an endpoint: it is part of the signature.
    pub region: String,
    /// Who we are.
    pub credentials: Credentials,
    /// The bucket.
    pub bucket: String,
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// What the target's Lambda really has: predictions are made for it.
    pub lambda: Capacity,
}

impl Profile {
    /// A profile of the local cloud with the stack's default names.
    #[must_use]
    pub fn local(
        endpoint: impl Into<String>,
        region: &str,
        account: &str,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        lambda: Capacity,
    ) -> Self {
        Self {
            name: "local".to_owned(),
            endpoint: Some(endpoint.into()),
            region: region.to_owned(),
            credentials: Credentials::Static {
                access_key: access_key.into(),
                secret_key: secret_key.into(),
                session_token: None,
            },
            bucket: stack::LOCAL_BUCKET.to_owned(),
            state_machine_arn: stack::state_machine_arn(region, account, stack::STATE_MACHINE_NAME),
            lambda,
        }
    }

    /// How the target is called in messages: the endpoint, or `AWS (<region>)`.
    #[must_use]
    pub fn describe(&self) -> String {
        self.endpoint
            .clone()
            .unwrap_or_else(|| format!("AWS ({})", self.region))
    }

    /// Whether the target is on this machine (polling may then be eager).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.endpoint.as_deref().is_some_and(|url| {
            let host = url.split("://").nth(1).unwrap_or(url);
            ["127.", "localhost", "[::1]"]
                .iter()
                .any(|start| host.starts_with(start))
        })
    }

    /// ARN of an execution of this profile's state machine.
    #[must_use]
    pub fn execution_arn(&self, execution: &str) -> String {
        format!(
            "{}:{execution}",
            self.state_machine_arn
                .replacen(":stateMachine:", ":execution:", 1)
        )
    }
}

struct Connected {
    profile: Arc<Profile>,
    s3: aws_sdk_s3::Client,
    s3_once: aws_sdk_s3::Client,
    sfn: aws_sdk_sfn::Client,
    sfn_once: aws_sdk_sfn::Client,
}

/// A profile with clients. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Target {
    inner: Arc<RwLock<Connected>>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target")
            .field(&self.profile().describe())
            .finish()
    }
}

impl Target {
    /// Builds the clients and checks that the bucket is there and lets us in, and that the state
    /// machine is there.
    pub async fn connect(profile: Profile) -> Result<Self, JobsError> {
        let target = Self::unchecked(profile).await;
        tokio::try_join!(target.check(), target.check_machine())?;
        Ok(target)
    }

    /// Builds the clients and asks nothing: for watching a state machine, which needs no bucket.
    pub async fn unchecked(profile: Profile) -> Self {
        Self {
            inner: Arc::new(RwLock::new(clients(profile).await)),
        }
    }

    /// A state machine that is not there would only show as batches whose executions nobody can
    /// find. Whoever may not ask is not stopped by that.
    async fn check_machine(&self) -> Result<(), JobsError> {
        let profile = self.profile();
        let arn = &profile.state_machine_arn;
        let describe = self.sfn().describe_state_machine().state_machine_arn(arn);
        match describe.send().await.map_err(|error| {
            from_sdk(
                error,
                &profile.describe(),
                "states:DescribeStateMachine",
                arn,
            )
        }) {
            Err(error @ JobsError::NoSuchStateMachine { .. }) => Err(error),
            Err(JobsError::Service { code, .. }) if code == "InvalidArn" => {
                Err(JobsError::NoSuchStateMachine { arn: arn.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Points this target, and all its clones, at a profile that replaced the old one: the local
    /// cloud comes back on another port after it was killed.
    pub async fn reconnect(&self, profile: Profile) -> Result<(), JobsError> {
        let connected = clients(profile).await;
        *self
            .inner
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = connected;
        self.check().await
    }

    /// Asks the bucket whether it is there.
    pub async fn check(&self) -> Result<(), JobsError> {
        let profile = self.profile();
        let answer = self.s3().head_bucket().bucket(&profile.bucket).send().await;
        let Err(error) = answer else {
            return Ok(());
        };
        // HEAD has no body and so no error code: the status has to tell.
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        match status {
            Some(404) => Err(JobsError::NoSuchBucket {
                bucket: profile.bucket.clone(),
                target: profile.describe(),
            }),
            // Wrong keys or missing permission: only a request with a body in its answer tells.
            Some(401 | 403) => {
                let list = self.s3().list_objects_v2().bucket(&profile.bucket);
                let answer = list.max_keys(1).send().await;
                answer.map(|_| ()).map_err(|error| {
                    from_sdk(error, &profile.describe(), "s3:ListBucket", &profile.bucket)
                })
            }
            _ => Err(from_sdk(
                error,
                &profile.describe(),
                "s3:HeadBucket",
                &profile.bucket,
            )),
        }
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> Arc<Profile> {
        Arc::clone(&self.read().profile)
    }

    /// The S3 client.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        self.read().s3.clone()
    }

    /// An S3 client that tries each request once and sets no time for its answer: for originals on
    /// their way, whose retries we count, tell, and learn from.
    pub(crate) fn s3_once(&self) -> aws_sdk_s3::Client {
        self.read().s3_once.clone()
    }

    /// The Step Functions client.
    #[must_use]
    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        self.read().sfn.clone()
    }

    /// A Step Functions client that tries each request once: for the dashboard, which counts its calls,
    /// slows down by itself and tells of it.
    pub(crate) fn sfn_once(&self) -> aws_sdk_sfn::Client {
        self.read().sfn_once.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Connected> {
        self.inner
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

async fn clients(profile: Profile) -> Connected {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(http)
        .region(aws_config::Region::new(profile.region.clone()))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .read_timeout(ANSWER_WITHIN)
                .build(),
        )
        .stalled_stream_protection(
            StalledStreamProtectionConfig::enabled()
                .grace_period(STALLED_AFTER)
                .build(),
        );
    match &profile.credentials {
        Credentials::Static {
            access_key,
            secret_key,
            session_token,
        } => {
            loader = loader.credentials_provider(StaticCredentials::new(
                access_key,
                secret_key,
                session_token.clone(),
                None,
                "whiteboarder profile",
            ));
        }
        Credentials::Chain => {}
        Credentials::AwsProfile(name) => loader = loader.profile_name(name),
    }
    if let Some(endpoint) = &profile.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = loader.load().await;
    let s3 =
        aws_sdk_s3::config::Builder::from(&config).force_path_style(profile.endpoint.is_some());
    let once = s3
        .clone()
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .disable_read_timeout()
                .build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let sfn = aws_sdk_sfn::Client::new(&config);
    let sfn_once =
        aws_sdk_sfn::config::Builder::from(&config).retry_config(RetryConfig::disabled());
    Connected {
        profile: Arc::new(profile),
        s3: aws_sdk_s3::Client::from_conf(s3.build()),
        s3_once: aws_sdk_s3::Client::from_conf(once.build()),
        sfn,
        sfn_once: aws_sdk_sfn::Client::from_conf(sfn_once.build()),
    }
}
