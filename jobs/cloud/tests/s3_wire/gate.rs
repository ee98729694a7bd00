//! What S3 promises and `s3s` does not keep.

use std::time::Duration;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::{BUCKET, Server, noise, refusal};

fn hour() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_hours(1)).unwrap()
}

/// The head of the request that a presigned URL stands for.
fn head(presigned: &PresignedRequest) -> String {
    let path = presigned.uri().splitn(4, '/').nth(3).unwrap();
    format!("{} /{path} HTTP/1.1", presigned.method())
}

async fn with_object(server: &Server, body: &[u8]) -> aws_sdk_s3::Client {
    let s3 = server.client();
    let put = s3.put_object().bucket(BUCKET).key("k");
    put.body(body.to_vec().into()).send().await.unwrap();
    s3
}

async fn content(s3: &aws_sdk_s3::Client) -> Vec<u8> {
    let got = s3.get_object().bucket(BUCKET).key("k").send().await;
    got.unwrap().body.collect().await.unwrap().to_vec()
}

#[tokio::test]
async fn the_head_of_a_range_is_partial_content() {
    let server = Server::start().await;
    let s3 = with_object(&server, b"0123456789").await;
    let presigned = s3.head_object().bucket(BUCKET).key("k").presigned(hour());
    let head = head(&presigned.await.unwrap());
    let answer = server
        .raw(&format!("{head}\r\nRange: bytes=2-4"), b"")
        .await;
    assert!(answer.starts_with("HTTP/1.1 206 "), "{answer}");
    assert!(answer.contains("content-range: bytes 2-4/10"), "{answer}");
    let answer = server.raw(&head, b"").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_range_that_is_none_is_passed_over() {
    let server = Server::start().await;
    let s3 = with_object(&server, b"0123456789").await;
    for range in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4"] {
        let got = s3.get_object().bucket(BUCKET).key("k").range(range);
        let got = got.send().await.unwrap();
        assert_eq!(got.content_range(), None, "{range}");
        let body = got.body.collect().await.unwrap().to_vec();
        assert_eq!(body, b"0123456789", "{range}");
    }
    // The way around it is no way around the signature.
    let answer = server
        .raw(
            &format!("GET /{BUCKET}/k HTTP/1.1\r\nRange: bytes=a-b"),
            b"",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let missing = s3
        .get_object()
        .bucket(BUCKET)
        .key("none")
        .range("bytes=a-b");
    assert_eq!(refusal(missing.send().await), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn an_operation_that_is_not_here_is_no_plain_put_or_delete() {
    let server = Server::start().await;
    let s3 = with_object(&server, b"kept").await;
    for parameter in ["renameObject", "encryption", "acl", "tagging"] {
        let put = s3.put_object().bucket(BUCKET).key("k");
        let put = put.body(b"lost".to_vec().into()).customize();
        let put = put.mutate_request(move |request| {
            let uri = format!("{}&{parameter}", request.uri());
            request.set_uri(uri).unwrap();
        });
        let refused = refusal(put.send().await);
        assert_eq!(refused, (501, "NotImplemented".to_owned()), "{parameter}");
        let delete = s3.delete_object().bucket(BUCKET).key("k").customize();
        let delete = delete.mutate_request(move |request| {
            let uri = format!("{}&{parameter}=", request.uri());
            request.set_uri(uri).unwrap();
        });
        let refused = refusal(delete.send().await);
        assert_eq!(refused, (501, "NotImplemented".to_owned()), "{parameter}");
    }
    assert_eq!(content(&s3).await, b"kept");
}

#[tokio::test]
async fn a_list_of_keys_that_is_not_the_one_of_its_checksum_deletes_nothing() {
    let server = Server::start().await;
    let s3 = with_object(&server, b"kept").await;
    let key = ObjectIdentifier::builder().key("k").build().unwrap();
    let list = Delete::builder().objects(key).build().unwrap();
    for (name, value) in [
        // Of an empty body.
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
    ] {
        let delete = s3.delete_objects().bucket(BUCKET).delete(list.clone());
        let delete = delete.customize().mutate_request(move |request| {
            request.headers_mut().insert(name, value);
        });
        let refused = refusal(delete.send().await);
        assert_eq!(refused, (400, "BadDigest".to_owned()), "{name}");
    }
    assert_eq!(content(&s3).await, b"kept");
    let delete = s3.delete_objects().bucket(BUCKET).delete(list);
    assert_eq!(delete.send().await.unwrap().deleted().len(), 1);
}

#[tokio::test]
async fn who_sends_much_and_is_refused_reads_why() {
    let server = Server::start().await;
    let answer = server
        .raw(&format!("PUT /{BUCKET}/k HTTP/1.1"), &noise(8 << 20, 1))
        .await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("AccessDenied"), "{answer}");
    assert!(answer.contains("x-amz-request-id: "), "{answer}");
}

/// botocore keeps the first answer for the second request otherwise.
#[tokio::test]
async fn a_client_that_was_never_told_to_continue_gets_a_new_connection() {
    let server = Server::start().await;
    for length in [0, 3] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "PUT /{BUCKET}/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // To the end: the server closes.
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn the_header_of_signature_version_2_is_refused_in_s3s_words() {
    let server = Server::start().await;
    let answer = server
        .raw(
            "GET / HTTP/1.1\r\nAuthorization: AWS AKIALOCALEXAMPLE:c2lnbmF0dXJl",
            b"",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("Please use AWS4-HMAC-SHA256."), "{answer}");
}
