use aws_sdk_s3::Client;
use aws_sdk_s3::types::EncodingType;

use crate::server::{BUCKET, Server, refusal};

const KEYS: [&str; 9] = [
    "a",
    "boards/1/x.png",
    "boards/1/y.png",
    "boards/2/x.png",
    "boards/ü/z.png",
    "boards.txt",
    "c/",
    "c/d",
    "🖍",
];

async fn put_all(s3: &Client) {
    for key in KEYS {
        s3.put_object()
            .bucket(BUCKET)
            .key(key)
            .body(b"v".to_vec().into())
            .send()
            .await
            .unwrap();
    }
}

fn sorted() -> Vec<String> {
    let mut keys: Vec<_> = KEYS.iter().map(|key| (*key).to_owned()).collect();
    keys.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    keys
}

#[tokio::test]
async fn pages_are_complete_and_in_byte_order() {
    let server = Server::start().await;
    let s3 = server.client();
    put_all(&s3).await;
    for size in [1, 2, 3, 9, 1000] {
        let mut pages = s3
            .list_objects_v2()
            .bucket(BUCKET)
            .max_keys(size)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.contents().len() <= size as usize);
            assert_eq!(page.key_count(), Some(page.contents().len() as i32));
            keys.extend(
                page.contents()
                    .iter()
                    .map(|object| object.key().unwrap().to_owned()),
            );
        }
        assert_eq!(keys, sorted(), "pages of {size}");

        let (mut keys, mut marker) = (Vec::new(), String::new());
        loop {
            let page = s3
                .list_objects()
                .bucket(BUCKET)
                .max_keys(size)
                .marker(&marker);
            let page = page.send().await.unwrap();
            keys.extend(
                page.contents()
                    .iter()
                    .map(|object| object.key().unwrap().to_owned()),
            );
            if page.is_truncated() != Some(true) {
                break;
            }
            marker.clone_from(keys.last().unwrap());
        }
        assert_eq!(keys, sorted(), "pages of {size} with markers");
    }
    let object = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .max_keys(1)
        .fetch_owner(true)
        .send()
        .await;
    let object = object.unwrap().contents()[0].clone();
    assert_eq!(
        (object.size(), object.e_tag()),
        (Some(1), Some("\"9e3669d19b675bd57058fd4664205d2a\""))
    );
    assert_eq!(object.storage_class().unwrap().as_str(), "STANDARD");
    assert_eq!(object.owner().unwrap().id(), Some("000000000000"));
}

#[tokio::test]
async fn a_delimiter_rolls_keys_up() {
    let server = Server::start().await;
    let s3 = server.client();
    put_all(&s3).await;
    let expected = ["a", "boards.txt", "boards/", "c/", "🖍"];
    for size in [1, 2, 5, 1000] {
        let list = s3
            .list_objects_v2()
            .bucket(BUCKET)
            .delimiter("/")
            .max_keys(size);
        let mut pages = list.into_paginator().send();
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            let keys = page.contents().iter().filter_map(|object| object.key());
            let prefixes = page
                .common_prefixes()
                .iter()
                .filter_map(|common| common.prefix());
            entries.extend(keys.chain(prefixes).map(str::to_owned));
        }
        entries.sort();
        assert_eq!(entries, expected, "pages of {size}");

        let (mut entries, mut marker) = (Vec::new(), None);
        loop {
            let page = s3
                .list_objects()
                .bucket(BUCKET)
                .delimiter("/")
                .max_keys(size);
            let page = page.set_marker(marker).send().await.unwrap();
            let keys = page.contents().iter().filter_map(|object| object.key());
            let prefixes = page
                .common_prefixes()
                .iter()
                .filter_map(|common| common.prefix());
            entries.extend(keys.chain(prefixes).map(str::to_owned));
            marker = page.next_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) {
                break;
            }
        }
        entries.sort();
        assert_eq!(entries, expected, "pages of {size} with markers");
    }
    let deeper = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("boards/")
        .delimiter("/");
    let deeper = deeper.send().await.unwrap();
    let prefixes: Vec<_> = deeper
        .common_prefixes()
        .iter()
        .filter_map(|p| p.prefix())
        .collect();
    assert_eq!(prefixes, ["boards/1/", "boards/2/", "boards/ü/"]);
    let after = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .start_after("boards/2/x.png");
    let after = after.send().await.unwrap();
    assert_eq!(after.contents()[0].key(), Some("boards/ü/z.png"));
    assert_eq!(after.start_after(), Some("boards/2/x.png"));
}

#[tokio::test]
async fn listings_may_be_url_encoded_and_wrong_questions_are_told() {
    let server = Server::start().await;
    let s3 = server.client();
    put_all(&s3).await;
    let encoded = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("boards/ü")
        .delimiter("/z");
    let encoded = encoded
        .encoding_type(EncodingType::Url)
        .send()
        .await
        .unwrap();
    assert_eq!(encoded.prefix(), Some("boards/%C3%BC"));
    assert_eq!(
        encoded.common_prefixes()[0].prefix(),
        Some("boards/%C3%BC/z")
    );
    assert_eq!(encoded.encoding_type(), Some(&EncodingType::Url));
    let nothing = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .max_keys(0)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (nothing.key_count(), nothing.is_truncated()),
        (Some(0), Some(false))
    );
    let refused = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .continuation_token("no token")
        .send()
        .await;
    assert_eq!(refusal(refused), (400, "InvalidArgument".to_owned()));
    let refused = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .max_keys(-1)
        .send()
        .await;
    assert_eq!(refusal(refused), (400, "InvalidArgument".to_owned()));
    let refused = s3.list_objects_v2().bucket("nothing").send().await;
    assert_eq!(refusal(refused), (404, "NoSuchBucket".to_owned()));
}
