//! Clouds, clients and patience.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Stack};
use tempfile::TempDir;

pub const ACCESS: &str = "AKIDLOCAL";
pub const SECRET: &str = "a secret of this test";
pub const REGION: &str = "us-east-1";
pub const ACCOUNT: &str = "000000000000";

/// Nothing here takes that long, unless it never ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// A cloud and the folder that it lives in.
pub struct Running {
    pub cloud: Cloud,
    pub folder: TempDir,
}

impl Running {
    pub async fn new() -> Self {
        Self::with(Stack::default()).await
    }

    pub async fn with(stack: Stack) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cloud = Cloud::start(config(folder.path(), None, stack))
            .await
            .unwrap();
        Self { cloud, folder }
    }

    /// The same data in another process's life: killed, and started again.
    pub async fn again(self) -> Self {
        let Self { cloud, folder } = self;
        cloud.stop(false).await;
        let cloud = Cloud::start(config(folder.path(), None, Stack::default()))
            .await
            .unwrap();
        Self { cloud, folder }
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        sqs(&self.endpoint())
    }

    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        sfn(&self.endpoint())
    }

    pub fn endpoint(&self) -> String {
        endpoint(self.cloud.address())
    }
}

pub fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}")
}

pub fn config(root: &Path, port: Option<u16>, stack: Stack) -> CloudConfig {
    CloudConfig {
        root: root.to_owned(),
        port,
        access_key: ACCESS.to_owned(),
        secret_key: SECRET.to_owned(),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        build: "test 1".to_owned(),
        idle_after: None,
        durability: Durability::Normal,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack,
    }
}

fn http_client() -> aws_sdk_sqs::config::SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

pub fn sqs(endpoint: &str) -> aws_sdk_sqs::Client {
    sqs_of(endpoint, SECRET)
}

pub fn sqs_of(endpoint: &str, secret: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(aws_sdk_sqs::config::Region::new(REGION))
        .credentials_provider(Credentials::from_keys(ACCESS, secret, None))
        .http_client(http_client())
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

pub fn sfn(endpoint: &str) -> aws_sdk_sfn::Client {
    let config = aws_sdk_sfn::Config::builder()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(aws_sdk_sfn::config::Region::new(REGION))
        .credentials_provider(Credentials::from_keys(ACCESS, SECRET, None))
        .http_client(http_client())
        .build();
    aws_sdk_sfn::Client::from_conf(config)
}

/// The name of what went wrong.
pub fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> String {
    let error = result.unwrap_err();
    error.code().unwrap_or("none").to_owned()
}

pub async fn create(
    sqs: &aws_sdk_sqs::Client,
    name: &str,
    attributes: &[(QueueAttributeName, &str)],
) -> String {
    let mut call = sqs.create_queue().queue_name(name);
    for (attribute, value) in attributes {
        call = call.attributes(attribute.clone(), *value);
    }
    call.send().await.unwrap().queue_url.unwrap()
}

/// A queue whose messages are dead after so many receipts, and its dead-letter queue.
pub async fn create_with_dead_letters(
    sqs: &aws_sdk_sqs::Client,
    name: &str,
    receipts: u32,
) -> (String, String) {
    let dead = create(sqs, &format!("{name}-dead"), &[]).await;
    let policy = serde_json::json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead"),
        "maxReceiveCount": receipts,
    });
    let attributes = [(QueueAttributeName::RedrivePolicy, policy.to_string())];
    let attributes = attributes
        .each_ref()
        .map(|(name, value)| (name.clone(), value.as_str()));
    (create(sqs, name, &attributes).await, dead)
}

pub async fn send(sqs: &aws_sdk_sqs::Client, queue: &str, body: &str) -> String {
    let sent = sqs.send_message().queue_url(queue).message_body(body);
    sent.send().await.unwrap().message_id.unwrap()
}

/// What is visible now, with all attributes.
pub async fn receive(sqs: &aws_sdk_sqs::Client, queue: &str, wait: i32) -> Vec<Message> {
    let received = sqs
        .receive_message()
        .queue_url(queue)
        .max_number_of_messages(10)
        .wait_time_seconds(wait)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    received.messages.unwrap_or_default()
}

/// Messages by their state: visible, in flight, delayed.
pub async fn counts(sqs: &aws_sdk_sqs::Client, queue: &str) -> [u32; 3] {
    let told = sqs
        .get_queue_attributes()
        .queue_url(queue)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ]
    .map(|name| told[&name].parse().unwrap())
}

pub fn receipts(message: &Message) -> u32 {
    let attributes = message.attributes.as_ref().unwrap();
    attributes[&MessageSystemAttributeName::ApproximateReceiveCount]
        .parse()
        .unwrap()
}

/// Asks again until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("in vain: {what}");
}
