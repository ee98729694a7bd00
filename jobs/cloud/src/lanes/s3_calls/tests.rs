#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use states_language::{ItemReader, Resource};

use super::*;
use crate::s3::StoreSettings;

async fn ask(
    store: &Arc<ObjectStore>,
    action: &str,
    parameters: Value,
) -> Result<Value, TaskError> {
    let calls = S3Calls { store };
    let parameters = parameters.as_object().unwrap().clone();
    let answer = calls.call(action, &parameters).await?;
    Ok(serde_json::from_str(&answer).unwrap())
}

#[tokio::test]
async fn objects_are_put_read_listed_copied_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
    store.create_bucket("b").unwrap_err();
    store.create_bucket("bucket").unwrap();
    let at = |key: &str| json!({"Bucket": "bucket", "Key": key});
    let mut put = at("a/ü.json");
    put["Body"] = json!({"x": 1});
    ask(&store, "putObject", put).await.unwrap();
    let got = ask(&store, "getObject", at("a/ü.json")).await.unwrap();
    assert_eq!(got["Body"], r#"{"x":1}"#);
    assert_eq!(got["ContentLength"], 7);
    let mut copy = at("b/copy");
    copy["CopySource"] = json!("bucket/a/%C3%BC.json");
    ask(&store, "copyObject", copy).await.unwrap();
    let head = ask(&store, "headObject", at("b/copy")).await.unwrap();
    assert_eq!(head["ETag"], got["ETag"]);
    let listed = ask(
        &store,
        "listObjectsV2",
        json!({"Bucket": "bucket", "Delimiter": "/"}),
    );
    let listed = listed.await.unwrap();
    assert_eq!(
        listed["CommonPrefixes"],
        json!([{"Prefix": "a/"}, {"Prefix": "b/"}])
    );
    ask(&store, "deleteObject", at("b/copy")).await.unwrap();
    let gone = ask(&store, "getObject", at("b/copy")).await.unwrap_err();
    assert_eq!(gone.error, "S3.NoSuchKeyException");
    let stranger = ask(
        &store,
        "headObject",
        json!({"Bucket": "b", "Key": "k", "Range": "x"}),
    );
    assert!(stranger.await.unwrap_err().cause.contains("'Range'"));
}

#[tokio::test]
async fn items_come_from_files_and_listings_and_results_become_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
    store.create_bucket("bucket").unwrap();
    let calls = S3Calls { store: &store };
    for number in 0..3 {
        let file = ResultFile {
            key: format!("in/{number}"),
            body: format!("[{number}]"),
        };
        calls.write("bucket", file).await.unwrap();
    }
    let reader = |action: &str, arguments: Value| ItemReader {
        resource: Resource::parse(&format!("arn:aws:states:::s3:{action}")).unwrap(),
        arguments: arguments.to_string(),
        config: json!({"InputType": "JSON"}),
        max_items: Some(2),
    };
    let file = reader("getObject", json!({"Bucket": "bucket", "Key": "in/1"}));
    let items = calls.items(&file).await.unwrap();
    assert_eq!(
        (items.values, items.source.as_str()),
        (vec![json!(1)], "S3://bucket/in/1")
    );
    let listing = reader(
        "listObjectsV2",
        json!({"Bucket": "bucket", "Prefix": "in/"}),
    );
    let items = calls.items(&listing).await.unwrap();
    assert_eq!(items.values.len(), 2);
    assert_eq!(items.values[1]["Key"], "in/1");
    // The objects themselves, one after the other.
    let loaded = ItemReader {
        config: json!({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}),
        ..listing
    };
    let items = calls.items(&loaded).await.unwrap();
    assert_eq!(items.values, [json!(0), json!(1)]);
    let missing = reader("getObject", json!({"Bucket": "bucket", "Key": "nothing"}));
    let error = calls.items(&missing).await.unwrap_err();
    assert_eq!(error.error, "States.ItemReaderFailed");
}

#[tokio::test]
async fn an_inventory_is_read_from_its_manifest_packed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
    store.create_bucket("inventories").unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(b"\"b\",\"one.png\",\"1\"\n\"b\",\"two.png\",\"2\"\n")
        .unwrap();
    let manifest = json!({
        "sourceBucket": "b",
        "destinationBucket": "arn:aws:s3:::inventories",
        "version": "2016-11-30",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz", "size": 1}, {"key": "data/2.csv", "size": 1}],
    });
    for (key, body) in [
        ("manifest.json", manifest.to_string().into_bytes()),
        ("data/1.csv.gz", packed.finish().unwrap()),
        ("data/2.csv", b"b,three.png,3\n".to_vec()),
        (
            "orc.json",
            manifest.to_string().replace("CSV", "ORC").into_bytes(),
        ),
        ("broken.gz", b"\x1f\x8bno gzip".to_vec()),
    ] {
        let put = store.put_object("inventories", key, body.into(), None, BTreeMap::new());
        put.await.unwrap();
    }
    let calls = S3Calls { store: &store };
    let reader = |key: &str, max_items| ItemReader {
        resource: Resource::parse("arn:aws:states:::s3:getObject").unwrap(),
        arguments: json!({"Bucket": "inventories", "Key": key}).to_string(),
        config: json!({"InputType": "MANIFEST"}),
        max_items,
    };
    let items = calls.items(&reader("manifest.json", None)).await.unwrap();
    assert_eq!(items.source, "S3://inventories/manifest.json");
    assert_eq!(
        items.values,
        [
            json!({"Bucket": "b", "Key": "one.png", "Size": "1"}),
            json!({"Bucket": "b", "Key": "two.png", "Size": "2"}),
            json!({"Bucket": "b", "Key": "three.png", "Size": "3"}),
        ]
    );
    let first = calls
        .items(&reader("manifest.json", Some(1)))
        .await
        .unwrap();
    assert_eq!(first.values.len(), 1);
    for (key, words) in [
        ("orc.json", "ORC"),
        ("data/2.csv", "manifest"),
        ("broken.gz", "unpacked"),
    ] {
        let error = calls.items(&reader(key, None)).await.unwrap_err();
        assert_eq!(error.error, "States.ItemReaderFailed");
        assert!(error.cause.contains(words), "{}", error.cause);
    }
}
