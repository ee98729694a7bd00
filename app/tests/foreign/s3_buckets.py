"""Buckets, through boto3."""

import boto3
from check import ONCE, holds, promise, refused, run, same, status

s3 = boto3.client("s3", config=ONCE)
KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"


@promise
def a_bucket_is_made_found_listed_and_deleted():
    made = s3.create_bucket(Bucket="first-bucket")
    same(made["Location"], "/first-bucket")
    head = s3.head_bucket(Bucket="first-bucket")
    same(head["BucketRegion"], "us-east-1")
    buckets = {bucket["Name"]: bucket for bucket in s3.list_buckets()["Buckets"]}
    holds("first-bucket" in buckets, f"the bucket is not in {list(buckets)}")
    holds(buckets["first-bucket"]["CreationDate"].tzinfo, "the creation date has a time zone")
    same(status(s3.delete_bucket(Bucket="first-bucket")), 204)
    refused("404", s3.head_bucket, http=404, Bucket="first-bucket")
    s3.get_waiter("bucket_not_exists").wait(Bucket="first-bucket")


@promise
def what_is_not_there_is_called_by_its_name():
    refused("NoSuchBucket", s3.delete_bucket, http=404, Bucket="not-there")
    refused("NoSuchBucket", s3.list_objects_v2, http=404, Bucket="not-there")
    refused("NoSuchBucket", s3.list_objects, http=404, Bucket="not-there")
    refused("NoSuchBucket", s3.put_object, http=404, Bucket="not-there", Key="k", Body=b"x")
    refused("NoSuchBucket", s3.get_object, http=404, Bucket="not-there", Key="k")
    refused("NoSuchBucket", s3.create_multipart_upload, http=404, Bucket="not-there", Key="k")
    refused("NoSuchBucket", s3.get_bucket_location, http=404, Bucket="not-there")


@promise
def a_bucket_that_is_yours_already_is_told():
    s3.create_bucket(Bucket="mine")
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, http=409, Bucket="mine")
    s3.delete_bucket(Bucket="mine")


@promise
def only_an_empty_bucket_is_deleted():
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="k", Body=b"v")
    refused("BucketNotEmpty", s3.delete_bucket, http=409, Bucket="full")
    s3.delete_object(Bucket="full", Key="k")
    upload = s3.create_multipart_upload(Bucket="full", Key="unfinished")
    s3.upload_part(
        Bucket="full", Key="unfinished", UploadId=upload["UploadId"], PartNumber=1, Body=b"x"
    )
    s3.delete_bucket(Bucket="full")


@promise
def bad_names_are_refused():
    for name in ["ab", "Upper-Case", "under_score", "192.168.1.1", "-dash", "dash-", "a..b", "a" * 64]:
        refused("InvalidBucketName", s3.create_bucket, http=400, Bucket=name)


@promise
def it_has_one_region():
    elsewhere = {"LocationConstraint": "eu-central-1"}
    refused(
        "IllegalLocationConstraintException",
        s3.create_bucket,
        http=400,
        Bucket="elsewhere",
        CreateBucketConfiguration=elsewhere,
    )
    s3.create_bucket(Bucket="here")
    same(s3.get_bucket_location(Bucket="here")["LocationConstraint"], None)
    s3.delete_bucket(Bucket="here")


@promise
def buckets_are_listed_by_prefix_and_in_pages():
    names = [f"paged-{number}" for number in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    pages = list(
        s3.get_paginator("list_buckets").paginate(Prefix="paged-", PaginationConfig={"PageSize": 2})
    )
    same([len(page["Buckets"]) for page in pages], [2, 2, 1])
    same([bucket["Name"] for page in pages for bucket in page["Buckets"]], names)
    for name in names:
        s3.delete_bucket(Bucket=name)


@promise
def what_the_local_s3_does_not_have_is_said_so_and_changes_nothing():
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key="k", Body=b"v")
    tag = {"TagSet": [{"Key": "a", "Value": "b"}]}
    for call, arguments in [
        (s3.get_bucket_versioning, {}),
        (s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (s3.list_object_versions, {}),
        (s3.get_bucket_tagging, {}),
        (s3.put_bucket_tagging, {"Tagging": tag}),
        (s3.delete_bucket_tagging, {}),
        (s3.get_bucket_policy, {}),
        (s3.put_bucket_policy, {"Policy": "{}"}),
        (s3.delete_bucket_policy, {}),
        (s3.get_bucket_acl, {}),
        (s3.get_bucket_cors, {}),
        (s3.get_bucket_encryption, {}),
        (s3.get_bucket_lifecycle_configuration, {}),
        (s3.get_bucket_notification_configuration, {}),
        (s3.put_bucket_notification_configuration, {"NotificationConfiguration": {}}),
        (s3.get_public_access_block, {}),
        (s3.delete_public_access_block, {}),
        (s3.get_bucket_metadata_configuration, {}),
        (s3.delete_bucket_metadata_configuration, {}),
        (s3.get_object_tagging, {"Key": "k"}),
        (s3.put_object_tagging, {"Key": "k", "Tagging": tag}),
        (s3.delete_object_tagging, {"Key": "k"}),
        (s3.get_object_acl, {"Key": "k"}),
        (s3.get_object_attributes, {"Key": "k", "ObjectAttributes": ["ETag"]}),
        (s3.put_object, {"Key": "k", "Body": b"other", "Tagging": "a=b"}),
        (s3.put_object_acl, {"Key": "k", "ACL": "private"}),
        (s3.rename_object, {"Key": "k", "RenameSource": "k2"}),
        (s3.update_object_encryption, {"Key": "k", "ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KMS_KEY}}}),
    ]:
        answer = refused("NotImplemented", call, http=501, Bucket="plain", **arguments)
        holds(answer["Error"]["Message"], f"{call} has no message")
    same(s3.get_object(Bucket="plain", Key="k")["Body"].read(), b"v")
    s3.delete_object(Bucket="plain", Key="k")
    for call in [s3.delete_bucket_metadata_configuration, s3.delete_bucket_policy]:
        refused("NotImplemented", call, http=501, Bucket="plain")
    s3.head_bucket(Bucket="plain")
    s3.delete_bucket(Bucket="plain")


@promise
def every_answer_has_a_request_id():
    answer = s3.list_buckets()
    holds(answer["ResponseMetadata"]["RequestId"], f"no request id: {answer['ResponseMetadata']}")
    answer = refused("InvalidBucketName", s3.create_bucket, Bucket="NO")
    holds(answer["ResponseMetadata"].get("RequestId"), "no request id in an error")


run()
