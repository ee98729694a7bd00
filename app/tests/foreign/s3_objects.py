"""Objects, through boto3: what goes in comes out, and what is asked for under conditions."""

import base64
import datetime
import hashlib
import io
import unicodedata
import zlib

import boto3
from botocore.config import Config
from check import ONCE, holds, noise, promise, refused, run, same, status

s3 = boto3.client("s3", config=ONCE)
BUCKET = "objects"
s3.create_bucket(Bucket=BUCKET)


def put(key, body=b"", **arguments):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **arguments)


def get(key, **arguments):
    return s3.get_object(Bucket=BUCKET, Key=key, **arguments)


def head(key, **arguments):
    return s3.head_object(Bucket=BUCKET, Key=key, **arguments)


def keys():
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


@promise
def what_is_put_is_got():
    body = noise(100_000)
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    same(put("thing", body)["ETag"], etag)
    answer = get("thing")
    same(answer["Body"].read(), body)
    same(answer["ETag"], etag)
    same(answer["ContentLength"], len(body))
    same(answer["ContentType"], "binary/octet-stream")
    same(answer["AcceptRanges"], "bytes")
    age = datetime.datetime.now(datetime.timezone.utc) - answer["LastModified"]
    holds(abs(age.total_seconds()) < 600, f"LastModified is {answer['LastModified']}")
    same(head("thing")["ContentLength"], len(body))
    put("empty")
    same(get("empty")["Body"].read(), b"")
    put("thing", b"other")
    same(get("thing")["Body"].read(), b"other", "the later one")
    same(status(s3.delete_object(Bucket=BUCKET, Key="thing")), 204)
    same(status(s3.delete_object(Bucket=BUCKET, Key="thing")), 204, "deleting it again")


@promise
def what_is_not_there_is_called_by_its_name():
    refused("NoSuchKey", get, http=404, key="nothing")
    refused("404", head, http=404, key="nothing")
    try:
        get("nothing")
    except s3.exceptions.NoSuchKey:
        pass
    s3.get_waiter("object_not_exists").wait(Bucket=BUCKET, Key="nothing")


@promise
def odd_keys_are_keys():
    nfc = unicodedata.normalize("NFC", "Tafel-ü")
    odd = [
        "a b", "a+b", "100%", "%41", "what?x=1", "#hash", "a&b=c;d", "star*", "'quote\"", "(round)",
        "a//b", "/leading", "trailing/", "back\\slash", "~tilde", "^|`{}<>[]", "tab\tline\n", "..a/b..",
        nfc, unicodedata.normalize("NFD", nfc), "白板/写真 📷.jpg", "k" * 1024, "ü" * 512,
    ]
    for number, key in enumerate(odd):
        put(key, b"%d" % number)
    for number, key in enumerate(odd):
        same(get(key)["Body"].read(), b"%d" % number, f"body of {key!r}")
    found = keys()
    same(sorted(set(odd) - set(found)), [], "keys that are not listed")
    utf8 = [key.encode() for key in found]
    same(utf8, sorted(utf8), "order of the list: by bytes")
    refused("KeyTooLongError", put, http=400, key="k" * 1025)
    refused("KeyTooLongError", put, http=400, key="ü" * 513)
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in odd]})
    same(deleted.get("Errors", []), [])
    same(sorted(set(odd) & set(keys())), [], "keys that are still listed")


@promise
def metadata_and_headers_come_back():
    expires = datetime.datetime(2031, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    given = {
        "ContentType": "image/jpeg",
        "CacheControl": "max-age=60, private",
        "ContentDisposition": 'attachment; filename="board.jpg"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "Expires": expires,
        "Metadata": {"recipe": "a=1,b=2", "MixedCase": "Kept Value", "empty": "", "spaces": "a  b"},
    }
    put("described", b"x", **given)
    for answer in [get("described"), head("described")]:
        for name in ["ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage"]:
            same(answer[name], given[name], name)
        same(answer["ExpiresString"], "Mon, 03 Feb 2031 04:05:06 GMT")
        same(answer["Metadata"], {"recipe": "a=1,b=2", "mixedcase": "Kept Value", "empty": "", "spaces": "a  b"})
    refused("MetadataTooLarge", put, http=400, key="big", Metadata={"m": "x" * 2048})


@promise
def the_answer_can_be_given_other_headers():
    put("described", b"x", ContentType="image/jpeg")
    wished = {
        "ResponseContentType": "text/plain",
        "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": "inline",
        "ResponseContentLanguage": "en",
        "ResponseContentEncoding": "identity",
        "ResponseExpires": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc),
    }
    answer = get("described", **wished)
    same(answer["ContentType"], "text/plain")
    same(answer["CacheControl"], "no-store")
    same(answer["ContentDisposition"], "inline")
    same(answer["ContentLanguage"], "en")
    same(answer["ContentEncoding"], "identity")
    same(answer["ExpiresString"], "Tue, 01 Jan 2030 00:00:00 GMT")
    same(get("described")["ContentType"], "image/jpeg", "as stored")
    answer = head("described", **wished)
    same((answer["ContentType"], answer["CacheControl"]), ("text/plain", "no-store"), "of HEAD")
    same(answer["ExpiresString"], "Tue, 01 Jan 2030 00:00:00 GMT", "of HEAD")


@promise
def a_range_is_that_part():
    put("range", b"0123456789")
    for header, part, content_range in [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ]:
        answer = get("range", Range=header)
        same(answer["Body"].read(), part, header)
        same((status(answer), answer["ContentRange"]), (206, content_range), header)
        answer = head("range", Range=header)
        same(answer["ContentLength"], len(part), f"HEAD {header}")
        same((status(answer), answer["ContentRange"]), (206, content_range), f"HEAD {header}")
    refused("InvalidRange", get, http=416, key="range", Range="bytes=10-")
    refused("InvalidRange", get, http=416, key="range", Range="bytes=-0")
    refused("416", head, http=416, key="range", Range="bytes=10-")


@promise
def a_range_that_is_none_is_passed_over():
    put("range", b"0123456789")
    for header in ["bytes=4-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4"]:
        answer = get("range", Range=header)
        same((status(answer), answer["Body"].read()), (200, b"0123456789"), header)


@promise
def reading_under_a_condition():
    etag = put("condition", b"v")["ETag"]
    modified = head("condition")["LastModified"]
    before = modified - datetime.timedelta(seconds=1)
    for read in [get, head]:
        code, missed = ("304", "412") if read is head else ("304", "PreconditionFailed")
        read("condition", IfMatch=etag)
        read("condition", IfMatch="*")
        read("condition", IfNoneMatch='"other"')
        read("condition", IfModifiedSince=before)
        read("condition", IfUnmodifiedSince=modified)
        answer = refused(code, read, http=304, key="condition", IfNoneMatch=etag)
        same(answer["ResponseMetadata"]["HTTPHeaders"]["etag"], etag)
        refused(code, read, http=304, key="condition", IfNoneMatch="*")
        refused(code, read, http=304, key="condition", IfModifiedSince=modified)
        refused(missed, read, http=412, key="condition", IfMatch='"other"')
        refused(missed, read, http=412, key="condition", IfUnmodifiedSince=before)


@promise
def writing_under_a_condition():
    s3.delete_object(Bucket=BUCKET, Key="once")
    refused("NoSuchKey", put, http=404, key="once", body=b"0", IfMatch='"x"')
    etag = put("once", b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", put, http=412, key="once", body=b"2", IfNoneMatch="*")
    refused("PreconditionFailed", put, http=412, key="once", body=b"2", IfMatch='"other"')
    same(get("once")["Body"].read(), b"1")
    put("once", b"3", IfMatch=etag)
    same(get("once")["Body"].read(), b"3")
    delete = s3.delete_object
    refused("PreconditionFailed", delete, http=412, Bucket=BUCKET, Key="once", IfMatch=etag)
    same(get("once")["Body"].read(), b"3")


def crc(data, width, polynomial):
    """A reflected CRC, bit by bit: nobody's library but ours."""
    ones = (1 << width) - 1
    value = ones
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return (value ^ ones).to_bytes(width // 8, "big")


BODY = b"what the marker wrote"
CHECKSUMS = {
    "CRC32": zlib.crc32(BODY).to_bytes(4, "big"),
    "CRC32C": crc(BODY, 32, 0x82F63B78),
    "CRC64NVME": crc(BODY, 64, 0x9A6C9329AC4BC9B5),
    "SHA1": hashlib.sha1(BODY).digest(),
    "SHA256": hashlib.sha256(BODY).digest(),
}


@promise
def checksums_are_verified_kept_and_given_back():
    for name, digest in CHECKSUMS.items():
        value = base64.b64encode(digest).decode()
        field = f"Checksum{name}"
        same(put(f"sum-{name}", BODY, **{field: value})[field], value, "on PutObject")
        same(head(f"sum-{name}", ChecksumMode="ENABLED")[field], value, "on HeadObject")
        answer = get(f"sum-{name}", ChecksumMode="ENABLED")
        same(answer["Body"].read(), BODY)
        same((answer[field], answer["ChecksumType"]), (value, "FULL_OBJECT"), "on GetObject")


@promise
def a_wrong_checksum_is_refused_and_nothing_is_stored():
    for name, digest in CHECKSUMS.items():
        wrong = base64.b64encode(bytes([digest[0] ^ 1]) + digest[1:]).decode()
        refused("BadDigest", put, http=400, key="wrong", body=BODY, **{f"Checksum{name}": wrong})
        short = base64.b64encode(digest[:-1]).decode()
        refused("InvalidRequest", put, http=400, key="wrong", body=BODY, **{f"Checksum{name}": short})
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    refused("BadDigest", put, http=400, key="wrong", body=BODY, ContentMD5=wrong)
    refused("InvalidDigest", put, http=400, key="wrong", body=BODY, ContentMD5="not base64")
    refused("404", head, http=404, key="wrong")


@promise
def boto3_can_be_told_which_checksum_to_make():
    for name in ["CRC32", "SHA1", "SHA256"]:
        answer = put("made", BODY, ChecksumAlgorithm=name)
        same(answer[f"Checksum{name}"], base64.b64encode(CHECKSUMS[name]).decode(), name)
    never = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
    never.put_object(Bucket=BUCKET, Key="made", Body=BODY)
    same(get("made")["Body"].read(), BODY)


@promise
def a_copy_keeps_or_replaces_what_describes_it():
    source = put("source ü", b"copy me", ContentType="text/a", Metadata={"a": "1"}, CacheControl="no-cache")
    where = {"Bucket": BUCKET, "Key": "source ü"}
    copied = s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=where)
    same(copied["CopyObjectResult"]["ETag"], source["ETag"])
    answer = get("copy")
    same(answer["Body"].read(), b"copy me")
    same((answer["ContentType"], answer["Metadata"]), ("text/a", {"a": "1"}))
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=where, Metadata={"b": "2"}, MetadataDirective="COPY")
    same(get("copy")["Metadata"], {"a": "1"}, "COPY")
    s3.copy_object(
        Bucket=BUCKET, Key="copy", CopySource=f"/{BUCKET}/source ü",
        Metadata={"b": "2"}, ContentType="text/b", MetadataDirective="REPLACE",
    )
    answer = get("copy")
    same((answer["ContentType"], answer["Metadata"]), ("text/b", {"b": "2"}), "REPLACE")
    holds("CacheControl" not in answer, "REPLACE leaves nothing of the source")
    refused("InvalidRequest", s3.copy_object, http=400, Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/copy")
    s3.copy_object(
        Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/copy", Metadata={"c": "3"}, MetadataDirective="REPLACE"
    )
    same(get("copy")["Metadata"], {"c": "3"}, "onto itself")
    refused("NoSuchKey", s3.copy_object, http=404, Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/nothing")
    refused("NoSuchBucket", s3.copy_object, http=404, Bucket=BUCKET, Key="copy", CopySource="not-there/k")
    refused(
        "PreconditionFailed", s3.copy_object, http=412,
        Bucket=BUCKET, Key="copy", CopySource=where, CopySourceIfMatch='"other"',
    )
    refused(
        "PreconditionFailed", s3.copy_object, http=412,
        Bucket=BUCKET, Key="copy", CopySource=where, CopySourceIfNoneMatch=source["ETag"],
    )


@promise
def a_thousand_objects_are_deleted_at_once():
    names = [f"many/{number:04}" for number in range(5)]
    for name in names:
        put(name)
    listed = [{"Key": name} for name in names]
    absent = [{"Key": f"absent/{number}"} for number in range(994)]
    same(put("many/kept")["ETag"], '"d41d8cd98f00b204e9800998ecf8427e"')
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": listed + absent + [{"Key": "many/ü&<>"}]})
    same(len(answer["Deleted"]), 1000)
    same([key for key in keys() if key.startswith("many/")], ["many/kept"])
    quiet = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "many/kept"}], "Quiet": True})
    same(("Deleted" in quiet, "Errors" in quiet), (False, False), "quiet")
    refused("MalformedXML", s3.delete_objects, http=400, Bucket=BUCKET, Delete={"Objects": absent + absent[:7]})
    conditional = put("conditional")["ETag"]
    answer = s3.delete_objects(
        Bucket=BUCKET,
        Delete={"Objects": [{"Key": "conditional", "ETag": '"other"'}]},
    )
    same(answer["Errors"][0]["Code"], "PreconditionFailed")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "conditional", "ETag": conditional}]})
    refused("404", head, key="conditional")


@promise
def a_damaged_list_of_keys_deletes_nothing():
    put("survivor", b"v")
    # Signed as it is sent, but the checksum is of other keys.
    for field, value in [
        ("ContentMD5", base64.b64encode(hashlib.md5(b"other").digest()).decode()),
        ("ChecksumSHA256", base64.b64encode(hashlib.sha256(b"other").digest()).decode()),
        ("ChecksumCRC32", "AAAAAA=="),
    ]:
        def damage(request, **_):
            name = "Content-MD5" if field == "ContentMD5" else f"x-amz-checksum-{field[8:].lower()}"
            for header in ["Content-MD5", "x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm"]:
                del request.headers[header]
            request.headers[name] = value

        damaged = boto3.client("s3", config=ONCE)
        # First, so that what is damaged is what is signed.
        damaged.meta.events.register_first("request-created.s3.DeleteObjects", damage)
        refused(
            "BadDigest", damaged.delete_objects, http=400,
            Bucket=BUCKET, Delete={"Objects": [{"Key": "survivor"}]},
        )
    same(get("survivor")["Body"].read(), b"v")


@promise
def files_go_up_and_down():
    body = noise(300_000, seed=7)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "file", ExtraArgs={"ContentType": "image/png"})
    down = io.BytesIO()
    s3.download_fileobj(BUCKET, "file", down)
    same(down.getvalue() == body, True, "the same bytes")
    same(head("file")["ContentType"], "image/png")


@promise
def the_resource_interface_works_too():
    bucket = boto3.resource("s3").Bucket(BUCKET)
    bucket.put_object(Key="resource/one", Body=b"1")
    same([entry.key for entry in bucket.objects.filter(Prefix="resource/")], ["resource/one"])
    same(bucket.Object("resource/one").get()["Body"].read(), b"1")
    bucket.objects.all().delete()
    same(keys(), [])


run()
