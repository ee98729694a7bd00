use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use crate::server::{BUCKET, Server, refusal};

#[tokio::test]
async fn a_bucket_lives_from_create_to_delete() {
    let server = Server::start().await;
    let s3 = server.client();
    s3.create_bucket().bucket("another").send().await.unwrap();
    let again = s3.create_bucket().bucket("another").send().await;
    assert_eq!(refusal(again), (409, "BucketAlreadyOwnedByYou".to_owned()));
    server.store.create_bucket("another").unwrap();

    let head = s3.head_bucket().bucket("another").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("us-east-1"));
    let location = s3
        .get_bucket_location()
        .bucket("another")
        .send()
        .await
        .unwrap();
    assert_eq!(
        location.location_constraint().map_or("", |l| l.as_str()),
        ""
    );

    let listed = s3.list_buckets().send().await.unwrap();
    let names: Vec<_> = listed
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, ["another", BUCKET]);
    assert_eq!(listed.owner().unwrap().id(), Some("000000000000"));
    let page = s3.list_buckets().max_buckets(1).send().await.unwrap();
    assert_eq!(page.buckets().len(), 1);
    let next = s3
        .list_buckets()
        .continuation_token(page.continuation_token().unwrap())
        .send()
        .await;
    assert_eq!(next.unwrap().buckets()[0].name(), Some(BUCKET));

    s3.delete_bucket().bucket("another").send().await.unwrap();
    let gone = s3.head_bucket().bucket("another").send().await;
    assert_eq!(refusal(gone).0, 404);
    let gone = s3.delete_bucket().bucket("another").send().await;
    assert_eq!(refusal(gone), (404, "NoSuchBucket".to_owned()));
}

#[tokio::test]
async fn a_bucket_with_objects_stays_and_one_with_unfinished_uploads_goes() {
    let server = Server::start().await;
    let s3 = server.client();
    s3.put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"1".to_vec().into())
        .send()
        .await
        .unwrap();
    let begun = s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let part = s3.upload_part().bucket(BUCKET).key("k").part_number(1);
    let part = part
        .upload_id(begun.upload_id().unwrap())
        .body(b"2".to_vec().into());
    part.send().await.unwrap();
    let refused = s3.delete_bucket().bucket(BUCKET).send().await;
    assert_eq!(refusal(refused), (409, "BucketNotEmpty".to_owned()));
    s3.delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    s3.delete_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(server.files(), [""; 0]);
}

#[tokio::test]
async fn a_bucket_has_a_valid_name_and_this_region() {
    let server = Server::start().await;
    let s3 = server.client();
    for name in ["UPPER", "a_b", "1.2.3.4"] {
        let refused = s3.create_bucket().bucket(name).send().await;
        assert_eq!(
            refusal(refused),
            (400, "InvalidBucketName".to_owned()),
            "{name}"
        );
        let refused = server
            .store
            .create_bucket(name)
            .map_err(|error| error.code());
        assert_eq!(refused, Err("InvalidBucketName"));
    }
    let elsewhere = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let refused = s3
        .create_bucket()
        .bucket("far-away")
        .create_bucket_configuration(elsewhere);
    let refused = refusal(refused.send().await);
    assert_eq!(
        refused,
        (400, "IllegalLocationConstraintException".to_owned())
    );
    let stranger = s3
        .head_bucket()
        .bucket(BUCKET)
        .expected_bucket_owner("111122223333");
    assert_eq!(refusal(stranger.send().await).0, 403);
}
