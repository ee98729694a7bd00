use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresignedRequest;
use aws_sdk_s3::presigning::PresigningConfig;

use crate::server::{ACCESS_KEY, BUCKET, SECRET_KEY, Server, client, refusal};

#[tokio::test]
async fn only_who_knows_the_secret_gets_in() {
    let server = Server::start().await;
    let wrong = client(server.address, ACCESS_KEY, "not the secret");
    let refused = wrong.list_buckets().send().await;
    assert_eq!(refusal(refused), (403, "SignatureDoesNotMatch".to_owned()));
    let refused = wrong
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"v".to_vec().into());
    assert_eq!(
        refusal(refused.send().await),
        (403, "SignatureDoesNotMatch".to_owned())
    );
    let stranger = client(server.address, "AKIASTRANGER", SECRET_KEY);
    let refused = stranger.list_buckets().send().await;
    assert_eq!(refusal(refused), (403, "InvalidAccessKeyId".to_owned()));
    for head in [
        "GET /boards/k HTTP/1.1",
        "PUT /boards/k HTTP/1.1",
        "DELETE /boards HTTP/1.1",
    ] {
        let answer = server.raw(head, b"").await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{head}: {answer}");
        assert!(
            answer.contains("<Code>AccessDenied</Code>"),
            "{head}: {answer}"
        );
    }
    assert_eq!(server.files(), [""; 0]);
}

#[tokio::test]
async fn a_presigned_url_is_enough_for_its_one_request() {
    let server = Server::start().await;
    let s3 = server.client();
    let hour = || PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("a b/ü")
        .presigned(hour())
        .await
        .unwrap();
    let answer = server.raw(&request(&put), b"by url").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("x-amz-request-id: "),
        "{answer}"
    );

    let get = s3
        .get_object()
        .bucket(BUCKET)
        .key("a b/ü")
        .response_content_type("text/x-test");
    let get = get.presigned(hour()).await.unwrap();
    let answer = server.raw(&request(&get), b"").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nby url"),
        "{answer}"
    );
    assert!(answer.contains("text/x-test"), "{answer}");

    let other = request(&get).replace("/a%20b/", "/a%20c/");
    let answer = server.raw(&other, b"").await;
    assert!(
        answer.contains("<Code>SignatureDoesNotMatch</Code>"),
        "{answer}"
    );
    let other = request(&get).replace("GET ", "DELETE ");
    let answer = server.raw(&other, b"").await;
    assert!(
        answer.contains("<Code>SignatureDoesNotMatch</Code>"),
        "{answer}"
    );

    let yesterday = SystemTime::now() - Duration::from_hours(24);
    let old = PresigningConfig::builder().start_time(yesterday);
    let old = old.expires_in(Duration::from_mins(1)).build().unwrap();
    let old = s3
        .get_object()
        .bucket(BUCKET)
        .key("a b/ü")
        .presigned(old)
        .await
        .unwrap();
    let answer = server.raw(&request(&old), b"").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("<Code>AccessDenied</Code>"), "{answer}");
}

fn request(presigned: &PresignedRequest) -> String {
    let path = presigned.uri().splitn(4, '/').nth(3).unwrap();
    let mut request = format!("{} /{path} HTTP/1.1", presigned.method());
    for (name, value) in presigned.headers().filter(|(name, _)| *name != "host") {
        request += &format!("\r\n{name}: {value}");
    }
    request
}
