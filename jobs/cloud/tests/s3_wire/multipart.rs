use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use crate::server::{BUCKET, Server, noise, refusal};

const MIB: usize = 1024 * 1024;

async fn begin(s3: &Client, key: &str) -> String {
    let begun = s3.create_multipart_upload().bucket(BUCKET).key(key);
    let begun = begun
        .content_type("image/png")
        .metadata("a", "1")
        .send()
        .await
        .unwrap();
    begun.upload_id().unwrap().to_owned()
}

async fn upload(s3: &Client, key: &str, id: &str, number: i32, body: &[u8]) -> CompletedPart {
    let part = s3
        .upload_part()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id)
        .part_number(number);
    let part = part.body(body.to_vec().into()).send().await.unwrap();
    CompletedPart::builder()
        .part_number(number)
        .e_tag(part.e_tag().unwrap())
        .set_checksum_crc32(part.checksum_crc32().map(str::to_owned))
        .set_checksum_sha256(part.checksum_sha256().map(str::to_owned))
        .build()
}

fn of(parts: &[&CompletedPart]) -> CompletedMultipartUpload {
    let parts = parts.iter().map(|part| (*part).clone()).collect();
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build()
}

#[tokio::test]
async fn parts_become_one_object() {
    let server = Server::start().await;
    let s3 = server.client();
    let (first, last) = (noise(5 * MIB, 5), noise(300_000, 6));
    let id = begin(&s3, "big").await;
    // Out of order, with a gap, and one of them again.
    let seven = upload(&s3, "big", &id, 7, &last).await;
    upload(&s3, "big", &id, 2, b"a mistake").await;
    let two = upload(&s3, "big", &id, 2, &first).await;
    upload(&s3, "big", &id, 9, b"never listed").await;

    let page = s3
        .list_parts()
        .bucket(BUCKET)
        .key("big")
        .upload_id(&id)
        .max_parts(2);
    let page = page.send().await.unwrap();
    let numbers: Vec<_> = page
        .parts()
        .iter()
        .filter_map(|part| part.part_number())
        .collect();
    assert_eq!(numbers, [2, 7]);
    assert_eq!(page.parts()[0].size(), Some(5 * MIB as i64));
    assert_eq!(page.parts()[0].e_tag(), two.e_tag());
    assert_eq!(page.is_truncated(), Some(true));
    let next = s3.list_parts().bucket(BUCKET).key("big").upload_id(&id);
    let next = next.part_number_marker(page.next_part_number_marker().unwrap());
    let next = next.send().await.unwrap();
    assert_eq!(next.parts().len(), 1);
    assert_eq!(next.is_truncated(), Some(false));

    let complete = || {
        let parts = of(&[&two, &seven]);
        let complete = s3
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("big")
            .upload_id(&id);
        complete.multipart_upload(parts).send()
    };
    let completed = complete().await.unwrap();
    let etag = completed.e_tag().unwrap().to_owned();
    assert!(etag.ends_with("-2\"") && etag.len() == 36, "{etag}");
    assert_eq!(
        complete().await.unwrap().e_tag(),
        Some(etag.as_str()),
        "asked again"
    );

    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("big")
        .send()
        .await
        .unwrap();
    assert_eq!(got.e_tag(), Some(etag.as_str()));
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(got.metadata().unwrap()["a"], "1");
    assert!(got.body.collect().await.unwrap().to_vec() == [first.clone(), last.clone()].concat());
    let range = format!("bytes={}-{}", 5 * MIB - 3, 5 * MIB + 2);
    let across = s3
        .get_object()
        .bucket(BUCKET)
        .key("big")
        .range(range)
        .send()
        .await
        .unwrap();
    let across = across.body.collect().await.unwrap().to_vec();
    assert_eq!(across, [&first[5 * MIB - 3..], &last[..3]].concat());
    let part = s3
        .get_object()
        .bucket(BUCKET)
        .key("big")
        .part_number(7)
        .send()
        .await
        .unwrap();
    assert_eq!(part.parts_count(), Some(2));
    assert!(part.body.collect().await.unwrap().to_vec() == last);
    assert_eq!(server.files().len(), 2, "only the listed parts are kept");

    let copied = s3
        .copy_object()
        .bucket(BUCKET)
        .key("copy")
        .copy_source("boards/big")
        .send();
    let copied = copied.await.unwrap();
    assert!(
        !copied
            .copy_object_result()
            .unwrap()
            .e_tag()
            .unwrap()
            .contains('-')
    );
    let copy = s3
        .get_object()
        .bucket(BUCKET)
        .key("copy")
        .send()
        .await
        .unwrap();
    assert!(copy.body.collect().await.unwrap().to_vec() == [first, last].concat());
    for key in ["big", "copy"] {
        s3.delete_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(server.files(), [""; 0]);
}

#[tokio::test]
async fn an_upload_is_completed_only_with_what_was_uploaded() {
    let server = Server::start().await;
    let s3 = server.client();
    let id = begin(&s3, "k").await;
    let one = upload(&s3, "k", &id, 1, b"small").await;
    let two = upload(&s3, "k", &id, 2, b"also small").await;
    let complete = |parts: CompletedMultipartUpload| {
        let complete = s3
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id);
        complete.multipart_upload(parts)
    };
    let code = |refusal: (u16, String)| refusal.1;
    let refused = complete(of(&[&two, &one])).send().await;
    assert_eq!(code(refusal(refused)), "InvalidPartOrder");
    let refused = complete(of(&[&one, &two])).send().await;
    assert_eq!(code(refusal(refused)), "EntityTooSmall");
    let refused = complete(of(&[])).send().await;
    assert_eq!(code(refusal(refused)), "MalformedXML");
    let missing = CompletedPart::builder()
        .part_number(3)
        .e_tag(one.e_tag().unwrap())
        .build();
    let refused = complete(of(&[&missing])).send().await;
    assert_eq!(code(refusal(refused)), "InvalidPart");
    let other = CompletedPart::builder()
        .part_number(1)
        .e_tag(two.e_tag().unwrap())
        .build();
    let refused = complete(of(&[&other])).send().await;
    assert_eq!(code(refusal(refused)), "InvalidPart");
    let refused = complete(of(&[&one])).mpu_object_size(6).send().await;
    assert_eq!(code(refusal(refused)), "InvalidRequest");
    let refused = complete(of(&[&one]))
        .checksum_crc32("AAAAAA==")
        .send()
        .await;
    assert_eq!(code(refusal(refused)), "BadDigest");
    for number in [0, 10_001] {
        let part = s3
            .upload_part()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id)
            .part_number(number);
        let refused = part.body(b"v".to_vec().into()).send().await;
        assert_eq!(
            refusal(refused),
            (400, "InvalidArgument".to_owned()),
            "{number}"
        );
    }

    s3.put_object()
        .bucket(BUCKET)
        .key("k")
        .body(b"first".to_vec().into())
        .send()
        .await
        .unwrap();
    let refused = complete(of(&[&one])).if_none_match("*").send().await;
    assert_eq!(refusal(refused), (412, "PreconditionFailed".to_owned()));
    let head = s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    complete(of(&[&one]))
        .if_match(head.e_tag().unwrap())
        .send()
        .await
        .unwrap();
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"small");
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let server = Server::start().await;
    let s3 = server.client();
    let id = begin(&s3, "k").await;
    let part = upload(&s3, "k", &id, 1, b"part").await;
    assert_eq!(server.files().len(), 1);
    let abort = || {
        s3.abort_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id)
            .send()
    };
    abort().await.unwrap();
    assert_eq!(server.files(), [""; 0]);
    assert_eq!(refusal(abort().await), (404, "NoSuchUpload".to_owned()));
    let late = s3
        .upload_part()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id)
        .part_number(1);
    let late = late.body(noise(2_000_000, 7).into()).send().await;
    assert_eq!(refusal(late), (404, "NoSuchUpload".to_owned()));
    let complete = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id);
    let complete = complete.multipart_upload(of(&[&part])).send().await;
    assert_eq!(refusal(complete), (404, "NoSuchUpload".to_owned()));
    let listed = s3
        .list_parts()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(refusal(listed), (404, "NoSuchUpload".to_owned()));
    assert_eq!(server.files(), [""; 0]);
}

#[tokio::test]
async fn unfinished_uploads_are_listed_by_key_and_age() {
    let server = Server::start().await;
    let s3 = server.client();
    let mut ids = Vec::new();
    for key in ["a/1", "a/2", "b", "b", "c/1"] {
        ids.push(begin(&s3, key).await);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let listed = s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let found: Vec<_> = listed
        .uploads()
        .iter()
        .filter_map(|upload| upload.upload_id())
        .collect();
    assert_eq!(found, ids);
    let rolled = s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .delimiter("/")
        .send()
        .await
        .unwrap();
    let prefixes: Vec<_> = rolled
        .common_prefixes()
        .iter()
        .filter_map(|p| p.prefix())
        .collect();
    assert_eq!((rolled.uploads().len(), prefixes), (2, vec!["a/", "c/"]));
    let under = s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .prefix("a/")
        .send()
        .await
        .unwrap();
    assert_eq!(under.uploads().len(), 2);
    for delimiter in [None, Some("/".to_owned())] {
        let (mut entries, mut after) = (0, (None, None));
        loop {
            let page = s3.list_multipart_uploads().bucket(BUCKET).max_uploads(1);
            let page = page.set_delimiter(delimiter.clone());
            let page = page.set_key_marker(after.0).set_upload_id_marker(after.1);
            let page = page.send().await.unwrap();
            entries += page.uploads().len() + page.common_prefixes().len();
            after = (
                page.next_key_marker.clone(),
                page.next_upload_id_marker.clone(),
            );
            if page.is_truncated() != Some(true) {
                break;
            }
        }
        assert_eq!(entries, if delimiter.is_some() { 4 } else { 5 });
    }
}

#[tokio::test]
async fn a_part_may_be_copied_from_an_object() {
    let server = Server::start().await;
    let s3 = server.client();
    let body = noise(100_000, 8);
    s3.put_object()
        .bucket(BUCKET)
        .key("from")
        .body(body.clone().into())
        .send()
        .await
        .unwrap();
    let id = begin(&s3, "to").await;
    let copy = |range: &str| {
        let copy = s3
            .upload_part_copy()
            .bucket(BUCKET)
            .key("to")
            .upload_id(&id)
            .part_number(1);
        copy.copy_source("boards/from")
            .copy_source_range(range)
            .send()
    };
    assert_eq!(
        refusal(copy("bytes=10-100000").await),
        (400, "InvalidArgument".to_owned())
    );
    let copied = copy("bytes=10-99").await.unwrap();
    let etag = copied.copy_part_result().unwrap().e_tag().unwrap();
    let part = CompletedPart::builder().part_number(1).e_tag(etag).build();
    let complete = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("to")
        .upload_id(&id);
    complete
        .multipart_upload(of(&[&part]))
        .send()
        .await
        .unwrap();
    let got = s3
        .get_object()
        .bucket(BUCKET)
        .key("to")
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), body[10..100]);
}

#[tokio::test]
async fn checksums_of_parts_make_that_of_the_whole() {
    let server = Server::start().await;
    let s3 = server.client();
    let (first, last) = (noise(5 * MIB, 9), noise(1000, 10));
    let whole = s3.put_object().bucket(BUCKET).key("whole");
    let whole = whole.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let whole = whole
        .body([first.clone(), last.clone()].concat().into())
        .send()
        .await
        .unwrap();
    for (algorithm, kind) in [
        (ChecksumAlgorithm::Crc32, ChecksumType::FullObject),
        (ChecksumAlgorithm::Sha256, ChecksumType::Composite),
    ] {
        let begun = s3.create_multipart_upload().bucket(BUCKET).key("k");
        let begun = begun
            .checksum_algorithm(algorithm.clone())
            .checksum_type(kind.clone());
        let id = begun.send().await.unwrap().upload_id().unwrap().to_owned();
        let mut parts = Vec::new();
        for (number, body) in (1..).zip([&first, &last]) {
            let part = s3
                .upload_part()
                .bucket(BUCKET)
                .key("k")
                .upload_id(&id)
                .part_number(number);
            let part = part
                .checksum_algorithm(algorithm.clone())
                .body(body.clone().into());
            let part = part.send().await.unwrap();
            let listed = CompletedPart::builder()
                .part_number(number)
                .e_tag(part.e_tag().unwrap());
            let listed = listed.set_checksum_crc32(part.checksum_crc32().map(str::to_owned));
            parts.push(
                listed
                    .set_checksum_sha256(part.checksum_sha256().map(str::to_owned))
                    .build(),
            );
        }
        let other = s3
            .upload_part()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id)
            .part_number(3);
        let other = other
            .checksum_algorithm(ChecksumAlgorithm::Sha1)
            .body(b"v".to_vec().into());
        assert_eq!(
            refusal(other.send().await),
            (400, "InvalidRequest".to_owned())
        );
        let complete = s3
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .upload_id(&id);
        let complete = complete
            .multipart_upload(of(&[&parts[0], &parts[1]]))
            .checksum_type(kind.clone());
        let completed = complete.send().await.unwrap();
        assert_eq!(completed.checksum_type(), Some(&kind));
        let head = s3
            .head_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        match kind {
            ChecksumType::FullObject => {
                assert_eq!(head.checksum_crc32(), whole.checksum_crc32());
                assert_eq!(completed.checksum_crc32(), whole.checksum_crc32());
            }
            _ => {
                assert!(head.checksum_sha256().unwrap().ends_with("-2"));
                assert_eq!(completed.checksum_sha256(), head.checksum_sha256());
            }
        }
        let get = s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let body = get
            .send()
            .await
            .unwrap()
            .body
            .collect()
            .await
            .unwrap()
            .to_vec();
        assert!(body == [first.clone(), last.clone()].concat());
    }
    let impossible = s3.create_multipart_upload().bucket(BUCKET).key("k");
    let impossible = impossible.checksum_algorithm(ChecksumAlgorithm::Sha256);
    let impossible = impossible
        .checksum_type(ChecksumType::FullObject)
        .send()
        .await;
    assert_eq!(refusal(impossible), (400, "InvalidRequest".to_owned()));
}
