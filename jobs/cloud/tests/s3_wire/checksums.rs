use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};

use crate::server::{BUCKET, Server, noise, refusal};

/// Of `123456789`, as published for each algorithm.
const CHECK: [(ChecksumAlgorithm, &str); 5] = [
    (ChecksumAlgorithm::Crc32, "y/Q5Jg=="),
    (ChecksumAlgorithm::Crc32C, "4waSgw=="),
    (ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg="),
    (ChecksumAlgorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
    (
        ChecksumAlgorithm::Sha256,
        "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
    ),
];

fn with(
    put: PutObjectFluentBuilder,
    algorithm: &ChecksumAlgorithm,
    value: &str,
) -> PutObjectFluentBuilder {
    match algorithm {
        ChecksumAlgorithm::Crc32 => put.checksum_crc32(value),
        ChecksumAlgorithm::Crc32C => put.checksum_crc32_c(value),
        ChecksumAlgorithm::Crc64Nvme => put.checksum_crc64_nvme(value),
        ChecksumAlgorithm::Sha1 => put.checksum_sha1(value),
        _ => put.checksum_sha256(value),
    }
}

macro_rules! value {
    ($output:expr, $algorithm:expr) => {
        match $algorithm {
            ChecksumAlgorithm::Crc32 => $output.checksum_crc32(),
            ChecksumAlgorithm::Crc32C => $output.checksum_crc32_c(),
            ChecksumAlgorithm::Crc64Nvme => $output.checksum_crc64_nvme(),
            ChecksumAlgorithm::Sha1 => $output.checksum_sha1(),
            _ => $output.checksum_sha256(),
        }
    };
}

#[tokio::test]
async fn a_checksum_is_verified_kept_and_told() {
    let server = Server::start().await;
    let s3 = server.client();
    for (algorithm, expected) in &CHECK {
        let put = || {
            s3.put_object()
                .bucket(BUCKET)
                .key("k")
                .body(b"123456789".to_vec().into())
        };
        let given = with(put(), algorithm, expected).send().await.unwrap();
        assert_eq!(value!(given, algorithm), Some(*expected), "{algorithm}");
        let computed = put()
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(value!(computed, algorithm), Some(*expected), "{algorithm}");
        assert_eq!(computed.checksum_type(), Some(&ChecksumType::FullObject));

        let head = s3
            .head_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        assert_eq!(value!(head, algorithm), Some(*expected), "{algorithm}");
        let unasked = s3
            .head_object()
            .bucket(BUCKET)
            .key("k")
            .send()
            .await
            .unwrap();
        assert_eq!(value!(unasked, algorithm), None, "{algorithm}");
        // The SDK compares what it reads with the header and would fail here.
        let get = s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let get = get.send().await.unwrap();
        assert_eq!(value!(get, algorithm), Some(*expected), "{algorithm}");
        assert_eq!(get.body.collect().await.unwrap().to_vec(), b"123456789");

        let other = s3
            .put_object()
            .bucket(BUCKET)
            .key("bad")
            .body(b"12345678".to_vec().into());
        let refused = with(other, algorithm, expected).send().await;
        assert_eq!(
            refusal(refused),
            (400, "BadDigest".to_owned()),
            "{algorithm}"
        );
        let refused = with(put().key("bad"), algorithm, "no checksum")
            .send()
            .await;
        assert_eq!(
            refusal(refused),
            (400, "InvalidRequest".to_owned()),
            "{algorithm}"
        );
    }
    let bad = s3.head_object().bucket(BUCKET).key("bad").send().await;
    assert_eq!(refusal(bad).0, 404);
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn a_checksum_may_come_after_the_body() {
    let server = Server::start().await;
    let s3 = server.client();
    let body = noise(1_500_000, 4);
    let file = server.folder.path().join("body");
    std::fs::write(&file, &body).unwrap();
    for (algorithm, _) in &CHECK {
        // A body that is read from a file is hashed while it is sent: the value follows as a trailer.
        let stream = ByteStream::from_path(&file).await.unwrap();
        let put = s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .content_type("image/png")
            .body(stream);
        let put = put
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap();
        let get = s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let get = get.send().await.unwrap();
        assert_eq!(value!(put, algorithm), value!(get, algorithm));
        assert!(value!(get, algorithm).is_some(), "{algorithm}");
        assert_eq!(
            get.content_encoding(),
            None,
            "aws-chunked is only how it travelled"
        );
        assert!(
            get.body.collect().await.unwrap().to_vec() == body,
            "{algorithm}"
        );
    }
}

#[tokio::test]
async fn content_md5_is_verified() {
    let server = Server::start().await;
    let s3 = server.client();
    let put = |md5: &str| {
        s3.put_object()
            .bucket(BUCKET)
            .key("k")
            .body(b"hello".to_vec().into())
            .content_md5(md5)
            .send()
    };
    put("XUFAKrxLKna5cZ2REBfFkg==").await.unwrap();
    let refused = put("XUFAKrxLKna5cZ2REBfFkQ==").await;
    assert_eq!(refusal(refused), (400, "BadDigest".to_owned()));
    let refused = put("XUFA").await;
    assert_eq!(refusal(refused), (400, "InvalidDigest".to_owned()));
}

#[tokio::test]
async fn a_body_that_differs_from_its_signature_is_refused() {
    let server = Server::start().await;
    let s3 = server.client();
    let mut put = s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"hello".to_vec().into())
        .customize();
    // Exchanges the body after it was signed.
    put = put.interceptor(Exchange);
    assert_eq!(
        refusal(put.send().await),
        (400, "XAmzContentSHA256Mismatch".to_owned())
    );
    assert_eq!(server.files(), [""; 0]);
}

#[derive(Debug)]
struct Exchange;

impl aws_sdk_s3::config::Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn modify_before_transmit(
        &self,
        context: &mut aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut<'_>,
        _: &aws_sdk_s3::config::RuntimeComponents,
        _: &mut aws_sdk_s3::config::ConfigBag,
    ) -> Result<(), aws_sdk_s3::error::BoxError> {
        *context.request_mut().body_mut() = aws_sdk_s3::primitives::SdkBody::from("jello");
        Ok(())
    }
}
