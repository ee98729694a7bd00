use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{Delete, MetadataDirective, ObjectIdentifier, StorageClass};

use crate::server::{BUCKET, Server, noise, refusal};

/// Keys that a store of paths would trip over.
const KEYS: [&str; 14] = [
    "plain",
    "a b+c%20&d=e?f#g",
    "Übung/日本語/🖍.png",
    "../../etc/passwd",
    "./x",
    "//",
    "/leading",
    "trailing/",
    " blanks ",
    "line\nbreak\ttab",
    "quote\"<&>'",
    "a\u{301}",
    "á",
    "back\\slash",
];

#[tokio::test]
async fn an_object_comes_back_with_everything_it_was_put_with() {
    let server = Server::start().await;
    let s3 = server.client();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"hello".to_vec().into())
        .content_type("text/plain; charset=utf-8")
        .content_encoding("br")
        .content_language("de")
        .content_disposition("attachment; filename=\"a.txt\"")
        .cache_control("max-age=60")
        .expires(DateTime::from_secs(2_000_000_000))
        .storage_class(StorageClass::StandardIa)
        .metadata("wb-recipe", "{\"radius\":50}")
        .metadata("Umlaut", "Größe")
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));

    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.content_length(), Some(5));
    assert_eq!(got.content_type(), Some("text/plain; charset=utf-8"));
    assert_eq!(got.content_encoding(), Some("br"));
    assert_eq!(got.content_language(), Some("de"));
    assert_eq!(
        got.content_disposition(),
        Some("attachment; filename=\"a.txt\"")
    );
    assert_eq!(got.cache_control(), Some("max-age=60"));
    assert_eq!(got.expires_string(), Some("Wed, 18 May 2033 03:33:20 GMT"));
    assert_eq!(got.storage_class(), Some(&StorageClass::StandardIa));
    assert_eq!(got.metadata().unwrap()["wb-recipe"], "{\"radius\":50}");
    // As on AWS, what is not ASCII travels back as an encoded word (RFC 2047).
    assert_eq!(
        got.metadata().unwrap()["umlaut"],
        "=?UTF-8?B?R3LDtsOfZQ==?="
    );
    assert_eq!(got.accept_ranges(), Some("bytes"));
    let age =
        DateTime::from(std::time::SystemTime::now()).secs() - got.last_modified().unwrap().secs();
    assert!((0..60).contains(&age), "{age}");
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");

    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.content_type(), Some("text/plain; charset=utf-8"));
    assert_eq!(head.metadata().unwrap()["wb-recipe"], "{\"radius\":50}");
    assert_eq!(head.storage_class(), Some(&StorageClass::StandardIa));

    server
        .store
        .put_object(BUCKET, "bare", "".into(), None, [].into())
        .await
        .unwrap();
    let bare = s3
        .get_object()
        .bucket(BUCKET)
        .key("bare")
        .send()
        .await
        .unwrap();
    assert_eq!(bare.content_type(), Some("binary/octet-stream"));
    assert_eq!(bare.content_length(), Some(0));
    assert!(bare.body.collect().await.unwrap().to_vec().is_empty());
}

#[tokio::test]
async fn a_key_is_bytes_and_not_a_path() {
    let server = Server::start().await;
    let s3 = server.client();
    for key in KEYS {
        let body = key.as_bytes().to_vec();
        s3.put_object()
            .bucket(BUCKET)
            .key(key)
            .body(body.into())
            .send()
            .await
            .unwrap();
    }
    for key in KEYS {
        let got = s3
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
        assert_eq!(got.body.collect().await.unwrap().to_vec(), key.as_bytes());
        let copied = s3.copy_object().bucket(BUCKET).key(format!("copy/{key}"));
        let source = format!("{BUCKET}/{}", percent(key));
        copied.copy_source(source).send().await.unwrap();
    }
    let listed = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("copy/")
        .send()
        .await
        .unwrap();
    let mut keys: Vec<_> = listed
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let mut expected: Vec<_> = KEYS.iter().map(|key| format!("copy/{key}")).collect();
    expected.sort();
    assert_eq!(keys, expected);
    keys.extend(KEYS);
    let objects = keys
        .iter()
        .map(|key| ObjectIdentifier::builder().key(*key).build().unwrap());
    let delete = Delete::builder()
        .set_objects(Some(objects.collect()))
        .build()
        .unwrap();
    let deleted = s3
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.deleted().len(), keys.len());
    let listed = s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.key_count(), Some(0), "{:?}", listed.contents());
    assert_eq!(server.files(), [""; 0]);
}

fn percent(key: &str) -> String {
    key.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn equal_bodies_share_a_file_that_goes_with_the_last() {
    let server = Server::start().await;
    let s3 = server.client();
    for key in ["a", "b"] {
        s3.put_object()
            .bucket(BUCKET)
            .key(key)
            .body(b"same".to_vec().into())
            .send()
            .await
            .unwrap();
    }
    assert_eq!(server.files().len(), 1);
    s3.put_object()
        .bucket(BUCKET)
        .key("a")
        .body(b"other".to_vec().into())
        .send()
        .await
        .unwrap();
    assert_eq!(server.files().len(), 2);
    s3.delete_object()
        .bucket(BUCKET)
        .key("b")
        .send()
        .await
        .unwrap();
    assert_eq!(server.files().len(), 1);
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"other");
    s3.delete_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(server.files(), [""; 0]);
    s3.delete_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn ranges_are_cut_as_http_says() {
    let server = Server::start().await;
    let s3 = server.client();
    let body = noise(700_000, 2);
    let put = s3.put_object().bucket(BUCKET).key("k");
    put.body(body.clone().into()).send().await.unwrap();
    s3.put_object()
        .bucket(BUCKET)
        .key("empty")
        .send()
        .await
        .unwrap();
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=262100-300000", 262_100, 300_001),
        ("bytes=699990-", 699_990, 700_000),
        ("bytes=699990-800000", 699_990, 700_000),
        ("bytes=-7", 699_993, 700_000),
        ("bytes=-800000", 0, 700_000),
    ] {
        let got = s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap();
        let content_range = format!("bytes {start}-{}/700000", end - 1);
        assert_eq!(got.content_range(), Some(content_range.as_str()), "{range}");
        assert_eq!(got.content_length(), Some((end - start) as i64), "{range}");
        assert!(
            got.body.collect().await.unwrap().to_vec() == body[start..end],
            "{range}"
        );
    }
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_range(), None);
    assert!(got.body.collect().await.unwrap().to_vec() == body);
    for (key, range) in [
        ("k", "bytes=700000-"),
        ("k", "bytes=-0"),
        ("empty", "bytes=0-"),
    ] {
        let refused = s3
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .range(range)
            .send()
            .await;
        assert_eq!(
            refusal(refused),
            (416, "InvalidRange".to_owned()),
            "{range}"
        );
    }
}

#[tokio::test]
async fn reading_may_depend_on_what_the_client_has() {
    let server = Server::start().await;
    let s3 = server.client();
    s3.put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"v".to_vec().into())
        .send()
        .await
        .unwrap();
    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let etag = head.e_tag().unwrap();
    let changed = *head.last_modified().unwrap();
    let earlier = DateTime::from_secs(changed.secs() - 10);
    let get = || s3.get_object().bucket(BUCKET).key("k");
    get().if_match(etag).send().await.unwrap();
    get().if_none_match("\"0123\"").send().await.unwrap();
    get().if_modified_since(earlier).send().await.unwrap();
    get().if_unmodified_since(changed).send().await.unwrap();
    let failed = [
        (get().if_match("\"0123\"").send().await, 412),
        (get().if_unmodified_since(earlier).send().await, 412),
        (get().if_none_match(etag).send().await, 304),
        (get().if_modified_since(changed).send().await, 304),
    ];
    for (number, (result, status)) in failed.into_iter().enumerate() {
        assert_eq!(refusal(result).0, status, "{number}");
    }
    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .if_none_match(etag)
        .send()
        .await;
    assert_eq!(refusal(head).0, 304);
    let missing = s3.get_object().bucket(BUCKET).key("nothing").send().await;
    assert_eq!(refusal(missing), (404, "NoSuchKey".to_owned()));
    let missing = s3.head_object().bucket(BUCKET).key("nothing").send().await;
    assert_eq!(refusal(missing).0, 404);
    let missing = s3.get_object().bucket("nothing").key("k").send().await;
    assert_eq!(refusal(missing), (404, "NoSuchBucket".to_owned()));
}

#[tokio::test]
async fn of_many_writers_that_want_to_be_first_one_is() {
    let server = Server::start().await;
    let s3 = server.client();
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..12_u8 {
        let s3 = s3.clone();
        writers.spawn(async move {
            let put = s3.put_object().bucket(BUCKET).key("k").if_none_match("*");
            put.body(vec![number].into()).send().await.map_err(|error| {
                let status = error.raw_response().unwrap().status().as_u16();
                (status, error.into_service_error().code().map(str::to_owned))
            })
        });
    }
    let results = writers.join_all().await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1);
    for lost in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(*lost, (412, Some("PreconditionFailed".to_owned())));
    }
    assert_eq!(server.files().len(), 1, "bodies that lost are gone");

    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let put = || s3.put_object().bucket(BUCKET).body(b"next".to_vec().into());
    let stale = put().key("k").if_match("\"0123\"").send().await;
    assert_eq!(refusal(stale), (412, "PreconditionFailed".to_owned()));
    put()
        .key("k")
        .if_match(head.e_tag().unwrap())
        .send()
        .await
        .unwrap();
    let missing = put().key("missing").if_match("\"0123\"").send().await;
    assert_eq!(refusal(missing), (404, "NoSuchKey".to_owned()));
    let unknown = put().key("k").if_none_match("\"0123\"").send().await;
    assert_eq!(refusal(unknown), (501, "NotImplemented".to_owned()));
    let stale = s3
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .if_match("\"0123\"")
        .send()
        .await;
    assert_eq!(refusal(stale), (412, "PreconditionFailed".to_owned()));
}

#[tokio::test]
async fn limits_are_those_of_s3() {
    let server = Server::start().await;
    let s3 = server.client();
    let put = |key: String, metadata: usize| {
        let put = s3.put_object().bucket(BUCKET).key(key);
        put.metadata("k", "v".repeat(metadata))
            .body(b"v".to_vec().into())
            .send()
    };
    put("ü".repeat(512), 2047).await.unwrap();
    let refused = put("ü".repeat(512) + "x", 1).await;
    assert_eq!(refusal(refused), (400, "KeyTooLongError".to_owned()));
    let refused = put("k".to_owned(), 2048).await;
    assert_eq!(refusal(refused), (400, "MetadataTooLarge".to_owned()));
    let refused = s3
        .put_object()
        .bucket("nothing")
        .key("k")
        .body(noise(3_000_000, 3).into());
    assert_eq!(
        refusal(refused.send().await),
        (404, "NoSuchBucket".to_owned())
    );
    let refused = s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .tagging("a=b")
        .send()
        .await;
    assert_eq!(refusal(refused), (501, "NotImplemented".to_owned()));
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_what_describes_it() {
    let server = Server::start().await;
    let s3 = server.client();
    let put = s3
        .put_object()
        .bucket(BUCKET)
        .key("from")
        .body(b"body".to_vec().into());
    let put = put
        .content_type("text/plain")
        .metadata("a", "1")
        .send()
        .await
        .unwrap();
    let copy = |key: &str| {
        s3.copy_object()
            .bucket(BUCKET)
            .key(key)
            .copy_source("boards/from")
    };

    let copied = copy("kept").send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), put.e_tag());
    let kept = s3
        .get_object()
        .bucket(BUCKET)
        .key("kept")
        .send()
        .await
        .unwrap();
    assert_eq!(kept.content_type(), Some("text/plain"));
    assert_eq!(kept.metadata().unwrap()["a"], "1");
    assert_eq!(kept.body.collect().await.unwrap().to_vec(), b"body");
    assert_eq!(server.files().len(), 1, "a copy takes no room");

    let replaced = copy("replaced").metadata_directive(MetadataDirective::Replace);
    replaced
        .content_type("text/html")
        .metadata("b", "2")
        .send()
        .await
        .unwrap();
    let replaced = s3
        .head_object()
        .bucket(BUCKET)
        .key("replaced")
        .send()
        .await
        .unwrap();
    assert_eq!(replaced.content_type(), Some("text/html"));
    assert_eq!(replaced.metadata().unwrap().len(), 1);
    assert_eq!(replaced.metadata().unwrap()["b"], "2");

    let itself = copy("from").send().await;
    assert_eq!(refusal(itself), (400, "InvalidRequest".to_owned()));
    let itself = copy("from")
        .metadata_directive(MetadataDirective::Replace)
        .send()
        .await;
    itself.unwrap();
    let refused = copy("to").copy_source_if_match("\"0123\"").send().await;
    assert_eq!(refusal(refused), (412, "PreconditionFailed".to_owned()));
    let refused = copy("to")
        .copy_source_if_none_match(put.e_tag().unwrap())
        .send()
        .await;
    assert_eq!(refusal(refused), (412, "PreconditionFailed".to_owned()));
    let refused = copy("kept").if_none_match("*").send().await;
    assert_eq!(refusal(refused), (412, "PreconditionFailed".to_owned()));
    let missing = s3
        .copy_object()
        .bucket(BUCKET)
        .key("to")
        .copy_source("boards/nothing");
    assert_eq!(refusal(missing.send().await), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn many_deletes_tell_each_outcome() {
    let server = Server::start().await;
    let s3 = server.client();
    for key in ["a", "b", "c"] {
        s3.put_object()
            .bucket(BUCKET)
            .key(key)
            .body(b"v".to_vec().into())
            .send()
            .await
            .unwrap();
    }
    let object = |key: &str| ObjectIdentifier::builder().key(key);
    let delete = Delete::builder()
        .objects(object("a").build().unwrap())
        .objects(object("b").e_tag("\"0123\"").build().unwrap())
        .objects(object("nothing").build().unwrap())
        .build()
        .unwrap();
    let deleted = s3
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = deleted
        .deleted()
        .iter()
        .filter_map(|deleted| deleted.key())
        .collect();
    assert_eq!(keys, ["a", "nothing"]);
    assert_eq!(deleted.errors()[0].key(), Some("b"));
    assert_eq!(deleted.errors()[0].code(), Some("PreconditionFailed"));
    let quiet = Delete::builder()
        .objects(object("c").build().unwrap())
        .quiet(true);
    let quiet = s3
        .delete_objects()
        .bucket(BUCKET)
        .delete(quiet.build().unwrap())
        .send()
        .await;
    assert!(quiet.unwrap().deleted().is_empty());
    let listed = s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.contents().len(), 1);
}

#[tokio::test]
async fn an_object_put_from_rust_is_like_any_other() {
    let server = Server::start().await;
    let metadata = [("execution".to_owned(), "e1".to_owned())].into();
    let put = server.store.put_object(
        BUCKET,
        "runs/ü/e1",
        "{}".into(),
        Some("application/json"),
        metadata,
    );
    let put = put.await.unwrap();
    let got = server
        .client()
        .get_object()
        .bucket(BUCKET)
        .key("runs/ü/e1")
        .send()
        .await
        .unwrap();
    assert_eq!(got.e_tag(), Some(format!("\"{}\"", put.etag).as_str()));
    assert_eq!(got.content_type(), Some("application/json"));
    assert_eq!(got.metadata().unwrap()["execution"], "e1");
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"{}");
    let refused = server
        .store
        .put_object("nothing", "k", "".into(), None, [].into())
        .await;
    assert_eq!(refused.map_err(|error| error.code()), Err("NoSuchBucket"));
    let size = server.store.size_on_disk().unwrap();
    assert!(size > 4096, "{size}");
}
