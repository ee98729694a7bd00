"""Objects in several parts, through boto3."""

import base64
import hashlib
import io

import boto3
from boto3.s3.transfer import TransferConfig
from check import ONCE, noise, promise, refused, run, same, status

s3 = boto3.client("s3", config=ONCE)
BUCKET = "multipart"
PART = 5 << 20
s3.create_bucket(Bucket=BUCKET)
BIG, SMALL = noise(PART, seed=2), noise(1000, seed=3)


def begin(key, **arguments):
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key, **arguments)
    return {"Bucket": BUCKET, "Key": key, "UploadId": upload["UploadId"]}


def part(upload, number, body, **arguments):
    answer = s3.upload_part(**upload, PartNumber=number, Body=body, **arguments)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def complete(upload, parts, **arguments):
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **arguments)


def body(key):
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


@promise
def a_file_beyond_the_threshold_goes_in_parts():
    content = noise(12 << 20, seed=4)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    seen = []
    s3.upload_fileobj(
        io.BytesIO(content), BUCKET, "big", Config=config, Callback=seen.append,
        ExtraArgs={"Metadata": {"a": "b"}, "ContentType": "image/jpeg"},
    )
    same(sum(seen), len(content), "bytes told to the progress bar")
    head = s3.head_object(Bucket=BUCKET, Key="big")
    digests = b"".join(hashlib.md5(content[at:at + PART]).digest() for at in range(0, len(content), PART))
    same(head["ETag"], f'"{hashlib.md5(digests).hexdigest()}-3"')
    same((head["Metadata"], head["ContentType"]), ({"a": "b"}, "image/jpeg"))
    down = io.BytesIO()
    s3.download_fileobj(BUCKET, "big", down, Config=config)
    same(down.getvalue() == content, True, "the same bytes")
    second = s3.get_object(Bucket=BUCKET, Key="big", PartNumber=2)
    same((status(second), second["PartsCount"], second["ContentLength"]), (206, 3, PART))
    same(second["Body"].read() == content[PART:2 * PART], True, "the second part")


@promise
def by_hand_begin_parts_list_complete():
    upload = begin("hand", ContentType="text/plain")
    first, second = part(upload, 1, BIG), part(upload, 2, b"overwritten")
    second = part(upload, 2, SMALL)
    listed = s3.list_parts(**upload)
    same([(p["PartNumber"], p["Size"], p["ETag"]) for p in listed["Parts"]],
         [(1, PART, first["ETag"]), (2, len(SMALL), second["ETag"])])
    page = s3.list_parts(**upload, MaxParts=1)
    same((page["IsTruncated"], page["NextPartNumberMarker"], len(page["Parts"])), (True, 1, 1))
    uploads = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    same([(u["Key"], u["UploadId"]) for u in uploads], [("hand", upload["UploadId"])])
    refused("404", s3.head_object, http=404, Bucket=BUCKET, Key="hand")
    answer = complete(upload, [first, second])
    digest = hashlib.md5(hashlib.md5(BIG).digest() + hashlib.md5(SMALL).digest()).hexdigest()
    same((answer["ETag"], answer["Bucket"], answer["Key"]), (f'"{digest}-2"', BUCKET, "hand"))
    same(body("hand") == BIG + SMALL, True, "the parts in order")
    same(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []), [])


@promise
def the_numbers_of_parts_need_no_sequence():
    upload = begin("gaps")
    ninth, third = part(upload, 9, SMALL), part(upload, 3, BIG)
    complete(upload, [third, ninth])
    same(body("gaps") == BIG + SMALL, True, "ordered by number")


@promise
def a_wrong_list_of_parts_is_refused_and_the_upload_lives_on():
    upload = begin("wrong")
    first, second, third = part(upload, 1, BIG), part(upload, 2, SMALL), part(upload, 3, SMALL)
    refused("InvalidPartOrder", complete, http=400, upload=upload, parts=[second, first])
    missing = {"PartNumber": 4, "ETag": first["ETag"]}
    refused("InvalidPart", complete, http=400, upload=upload, parts=[first, missing])
    other = {"PartNumber": 2, "ETag": first["ETag"]}
    refused("InvalidPart", complete, http=400, upload=upload, parts=[first, other])
    refused("EntityTooSmall", complete, http=400, upload=upload, parts=[first, second, third])
    refused("MalformedXML", complete, http=400, upload=upload, parts=[])
    complete(upload, [first, third])
    same(len(body("wrong")), PART + 1000)


@promise
def an_aborted_upload_is_gone():
    upload = begin("gone")
    first = part(upload, 1, SMALL)
    same(status(s3.abort_multipart_upload(**upload)), 204)
    refused("NoSuchUpload", s3.abort_multipart_upload, http=404, **upload)
    refused("NoSuchUpload", s3.list_parts, http=404, **upload)
    refused("NoSuchUpload", part, http=404, upload=upload, number=2, body=SMALL)
    refused("NoSuchUpload", complete, http=404, upload=upload, parts=[first])
    nonsense = {**upload, "UploadId": "no-such-upload"}
    refused("NoSuchUpload", complete, http=404, upload=nonsense, parts=[first])
    refused("404", s3.head_object, http=404, Bucket=BUCKET, Key="gone")


@promise
def part_numbers_have_bounds():
    upload = begin("bounds")
    for number in [0, 10_001, -1]:
        refused("InvalidArgument", part, http=400, upload=upload, number=number, body=SMALL)
    part(upload, 10_000, SMALL)
    s3.abort_multipart_upload(**upload)


@promise
def parts_are_copied_from_objects():
    s3.put_object(Bucket=BUCKET, Key="source", Body=BIG + SMALL)
    upload = begin("copied")
    parts = []
    for number, span in [(1, f"bytes=0-{PART - 1}"), (2, f"bytes={PART}-{PART + 999}")]:
        answer = s3.upload_part_copy(
            **upload, PartNumber=number, CopySource={"Bucket": BUCKET, "Key": "source"}, CopySourceRange=span
        )
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    same(parts[0]["ETag"], f'"{hashlib.md5(BIG).hexdigest()}"')
    refused(
        "InvalidArgument", s3.upload_part_copy, http=400, **upload, PartNumber=3,
        CopySource=f"{BUCKET}/source", CopySourceRange="bytes=99999999-999999999",
    )
    refused(
        "InvalidArgument", s3.upload_part_copy, http=400, **upload, PartNumber=3,
        CopySource=f"{BUCKET}/source", CopySourceRange="bytes=5-",
    )
    complete(upload, parts)
    same(body("copied") == BIG + SMALL, True, "the same bytes")
    s3.copy({"Bucket": BUCKET, "Key": "source"}, BUCKET, "managed", Config=TransferConfig(
        multipart_threshold=PART, multipart_chunksize=PART))
    same(body("managed") == BIG + SMALL, True, "by boto3's managed copy")


@promise
def checksums_of_parts_are_verified():
    sha = [base64.b64encode(hashlib.sha256(piece).digest()).decode() for piece in [BIG, SMALL]]
    upload = begin("sums", ChecksumAlgorithm="SHA256")
    refused("BadDigest", part, http=400, upload=upload, number=1, body=BIG, ChecksumSHA256=sha[1])
    parts = [
        {**part(upload, number, piece, ChecksumSHA256=value), "ChecksumSHA256": value}
        for number, piece, value in [(1, BIG, sha[0]), (2, SMALL, sha[1])]
    ]
    answer = complete(upload, parts)
    both = hashlib.sha256(hashlib.sha256(BIG).digest() + hashlib.sha256(SMALL).digest()).digest()
    same(answer["ChecksumSHA256"], base64.b64encode(both).decode() + "-2")
    same(answer["ChecksumType"], "COMPOSITE")


@promise
def completing_has_conditions_too():
    s3.put_object(Bucket=BUCKET, Key="there", Body=b"first")
    upload = begin("there")
    first = part(upload, 1, SMALL)
    refused("PreconditionFailed", complete, http=412, upload=upload, parts=[first], IfNoneMatch="*")
    same(body("there"), b"first")
    complete(upload, [first])
    same(body("there") == SMALL, True, "written without the condition")


run()
