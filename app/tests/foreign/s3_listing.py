"""Lists of objects, through boto3: both versions, prefixes, folders and pages."""

import urllib.parse

import boto3
from check import ONCE, holds, promise, refused, run, same

s3 = boto3.client("s3", config=ONCE)
BUCKET = "listing"
KEYS = sorted(
    ["a/1", "a/2", "a/b/3", "a b", "a+b", "b", "c/ü/1", "c/ü/2", "d%20e", "z&<>"], key=str.encode
)
s3.create_bucket(Bucket=BUCKET)
for _key in KEYS:
    s3.put_object(Bucket=BUCKET, Key=_key, Body=_key.encode())


def v2(**arguments):
    return s3.list_objects_v2(Bucket=BUCKET, **arguments)


def v1(**arguments):
    return s3.list_objects(Bucket=BUCKET, **arguments)


def keys(answer):
    return [entry["Key"] for entry in answer.get("Contents", [])]


def folders(answer):
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


@promise
def everything_is_listed_in_the_order_of_bytes():
    for answer in [v1(), v2()]:
        same(keys(answer), KEYS)
        same((answer["IsTruncated"], answer["MaxKeys"], answer["Name"]), (False, 1000, BUCKET))
        first = answer["Contents"][0]
        same((first["Size"], first["StorageClass"]), (len(KEYS[0].encode()), "STANDARD"))
        holds(first["ETag"].startswith('"'), "an entity tag in quotes")
    same(v2()["KeyCount"], len(KEYS))
    holds("Owner" in v1()["Contents"][0], "version 1 tells the owner")
    holds("Owner" not in v2()["Contents"][0], "version 2 does not")
    holds("Owner" in v2(FetchOwner=True)["Contents"][0], "unless it is asked to")


@promise
def a_prefix_chooses():
    for call in [v1, v2]:
        same(keys(call(Prefix="a/")), ["a/1", "a/2", "a/b/3"])
        same(keys(call(Prefix="c/ü")), ["c/ü/1", "c/ü/2"])
        same(keys(call(Prefix="nothing")), [])
        same(keys(call(Prefix="")), KEYS)


@promise
def a_delimiter_makes_folders():
    for call in [v1, v2]:
        answer = call(Delimiter="/")
        same(keys(answer), [key for key in KEYS if "/" not in key])
        same(folders(answer), ["a/", "c/"])
        answer = call(Delimiter="/", Prefix="a/")
        same((keys(answer), folders(answer)), (["a/1", "a/2"], ["a/b/"]))
        same(folders(call(Delimiter="/", Prefix="c")), ["c/"])
        same(folders(call(Delimiter="/ü/")), ["c/ü/"], "a delimiter of several characters")
    same(v2(Delimiter="/")["KeyCount"], len([key for key in KEYS if "/" not in key]) + 2)


@promise
def pages_join_without_gap_and_overlap():
    for name in ["list_objects", "list_objects_v2"]:
        for size in [1, 2, 3, 7, 1000]:
            pages = list(
                s3.get_paginator(name).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size})
            )
            same([key for page in pages for key in keys(page)], KEYS, f"{name}, pages of {size}")
            holds(all(len(keys(page)) <= size for page in pages), "no page is too long")
            pages = list(
                s3.get_paginator(name).paginate(
                    Bucket=BUCKET, Delimiter="/", PaginationConfig={"PageSize": size}
                )
            )
            same(
                ([key for page in pages for key in keys(page)],
                 [folder for page in pages for folder in folders(page)]),
                ([key for key in KEYS if "/" not in key], ["a/", "c/"]),
                f"{name} with folders, pages of {size}",
            )


@promise
def a_page_says_where_the_next_begins():
    first = v2(MaxKeys=3)
    same((keys(first), first["IsTruncated"], first["KeyCount"]), (KEYS[:3], True, 3))
    second = v2(MaxKeys=3, ContinuationToken=first["NextContinuationToken"])
    same(keys(second), KEYS[3:6])
    same(second["ContinuationToken"], first["NextContinuationToken"])
    same(keys(v2(StartAfter="b")), [key for key in KEYS if key > "b"])
    same(keys(v2(StartAfter="a/1", Prefix="a/")), ["a/2", "a/b/3"])
    same(v2(StartAfter="a b")["StartAfter"], "a b")
    same(keys(v1(Marker="b")), [key for key in KEYS if key > "b"])
    truncated = v1(MaxKeys=2, Delimiter="/")
    same((truncated["IsTruncated"], truncated["NextMarker"]), (True, "a+b"))
    refused("InvalidArgument", v2, http=400, ContinuationToken="nonsense")
    refused("InvalidArgument", v2, http=400, MaxKeys=-1)
    same((keys(v2(MaxKeys=0)), v2(MaxKeys=0)["IsTruncated"]), ([], False))
    same(v2(MaxKeys=5000)["MaxKeys"], 1000)


@promise
def keys_can_be_asked_for_in_url_encoding():
    answer = v2(EncodingType="url")
    same(answer["EncodingType"], "url")
    encoded = [urllib.parse.quote(key, safe="/") for key in KEYS]
    same([entry["Key"] for entry in answer["Contents"]], encoded)
    refused("InvalidArgument", v2, http=400, EncodingType="rot13")


@promise
def a_client_that_pins_the_buckets_owner_is_heard():
    account = boto3.client("stepfunctions").list_state_machines()["stateMachines"][0]["stateMachineArn"].split(":")[4]
    v2(ExpectedBucketOwner=account)
    refused("AccessDenied", v2, http=403, ExpectedBucketOwner="999999999999")


run()
