//! SNS: one signed request of its query protocol.

use std::time::SystemTime;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::json;

use super::Notice;
use super::http::{Client, Post};
use super::rule::Topic;

/// SNS's longest subject.
const SUBJECT: usize = 99;

/// Publishes a notice: its sentence for people, the whole of it for programs.
pub async fn publish(topic: &Topic, notice: &Notice, client: &Client) -> Result<(), String> {
    let region = topic.arn.split(':').nth(3).unwrap_or_default().to_owned();
    let credentials = credentials(topic, &region).await?;
    signed(topic, &region, &credentials, notice, client).await
}

async fn signed(
    topic: &Topic,
    region: &str,
    credentials: &Credentials,
    notice: &Notice,
    client: &Client,
) -> Result<(), String> {
    let url = match &topic.endpoint {
        Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
        None if region.starts_with("cn-") => format!("https://sns.{region}.amazonaws.com.cn/"),
        None => format!("https://sns.{region}.amazonaws.com/"),
    };
    let body = form(topic, notice)?.into_bytes();
    let identity = credentials.clone().into();
    client
        .post(&url, || {
            let kind = "application/x-www-form-urlencoded";
            let mut request = http::Request::post(&url)
                .header("content-type", kind)
                .body(())
                .map_err(|_| "its URL is not right".to_owned())?;
            let wrong = |error: &dyn std::error::Error| format!("it cannot be signed: {error}");
            let signing = v4::SigningParams::builder()
                .identity(&identity)
                .region(region)
                .name("sns")
                .time(SystemTime::now())
                .settings(SigningSettings::default())
                .build()
                .map_err(|error| wrong(&error))?;
            let headers = [("content-type", kind)].into_iter();
            let signable = SignableRequest::new("POST", &url, headers, SignableBody::Bytes(&body))
                .map_err(|error| wrong(&error))?;
            let (instructions, _) = sign(signable, &signing.into())
                .map_err(|error| wrong(&error))?
                .into_parts();
            instructions.apply_to_request_http1x(&mut request);
            let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = request.headers().iter();
            Ok(Post {
                headers: headers
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect(),
                body: body.clone(),
            })
        })
        .await
}

async fn credentials(topic: &Topic, region: &str) -> Result<Credentials, String> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(region.to_owned()));
    if let Some(profile) = &topic.aws_profile {
        loader = loader.profile_name(profile);
    }
    let none = || "there are no credentials for it".to_owned();
    let config = loader.load().await;
    let provider = config.credentials_provider().ok_or_else(none)?;
    let asked = provider.provide_credentials();
    match tokio::time::timeout(std::time::Duration::from_secs(10), asked).await {
        Ok(Ok(credentials)) => Ok(credentials),
        _ => Err(none()),
    }
}

fn form(topic: &Topic, notice: &Notice) -> Result<String, String> {
    let document = serde_json::to_string(notice).map_err(|error| error.to_string())?;
    // By subscription: people read the sentence, programs get the document.
    let message = json!({
        "default": notice.text,
        "http": document, "https": document, "lambda": document, "sqs": document, "firehose": document,
    });
    let subject: String = notice
        .title
        .chars()
        .filter(|c| c.is_ascii() && !c.is_control())
        .take(SUBJECT)
        .collect();
    let fields = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", &topic.arn),
        ("Subject", &subject),
        ("MessageStructure", "json"),
        ("Message", &message.to_string()),
        ("MessageAttributes.entry.1.Name", "event"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        (
            "MessageAttributes.entry.1.Value.StringValue",
            notice.event.name(),
        ),
    ];
    let fields = fields.map(|(name, value)| format!("{name}={}", encoded(value)));
    Ok(fields.join("&"))
}

/// By RFC 3986, as SigV4 wants it.
fn encoded(text: &str) -> String {
    let mut result = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                result.push(char::from(byte));
            }
            _ => {
                let hex = hex::encode_upper([byte]);
                result.extend(["%", &hex]);
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::http::tests::server;
    use super::*;
    use crate::notify::sample;

    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, more @ ..] = rest {
            if *first == b'%' {
                bytes.extend(hex::decode(&more[..2]).unwrap());
                rest = &more[2..];
            } else {
                bytes.push(*first);
                rest = more;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_notice_is_published_with_a_signature_and_tried_again() {
        let (url, asked) = server(&[500, 200]).await;
        let topic = Topic {
            arn: "arn:aws:sns:eu-central-1:123456789012:boards".into(),
            aws_profile: None,
            endpoint: Some(url),
        };
        let keys = Credentials::new("AKIDEXAMPLE", "a-secret-key", None, None, "test");
        let client = Client::impatient();
        signed(&topic, "eu-central-1", &keys, &sample(), &client)
            .await
            .unwrap();
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), 2);
        let one = &asked[1];
        let authorization = &one.headers["authorization"];
        assert!(
            authorization.starts_with("AWS4-HMAC-SHA256 Credential="),
            "{authorization}"
        );
        assert!(authorization.contains("/eu-central-1/sns/aws4_request"));
        assert!(authorization.contains("SignedHeaders=content-type;host;"));
        let secret = keys.secret_access_key();
        assert!(!format!("{one:?}").contains(secret));
        let form: std::collections::BTreeMap<_, _> = one
            .body
            .split('&')
            .map(|field| field.split_once('=').unwrap())
            .map(|(name, value)| (name, decoded(value)))
            .collect();
        assert_eq!(form["Action"], "Publish");
        assert_eq!(form["TopicArn"], topic.arn);
        assert_eq!(form["Subject"], "whiteboarder: a picture failed");
        let message: serde_json::Value = serde_json::from_str(&form["Message"]).unwrap();
        assert_eq!(message["default"], sample().text);
        let document: serde_json::Value =
            serde_json::from_str(message["sqs"].as_str().unwrap()).unwrap();
        assert_eq!(document, serde_json::to_value(sample()).unwrap());
    }
}
