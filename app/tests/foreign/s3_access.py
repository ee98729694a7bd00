"""Who gets in: signatures, presigned URLs, clocks."""

import datetime
import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from unittest import mock

import boto3
from botocore.auth import HmacV1Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from check import ONCE, holds, noise, promise, refused, run, same

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
KEY_ID, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
BUCKET = "access"
s3 = boto3.client("s3", config=ONCE.merge(Config(signature_version="s3v4")))
s3.create_bucket(Bucket=BUCKET)
s3.put_object(Bucket=BUCKET, Key="a b/ü.txt", Body=b"board", ContentType="text/plain")


def fetch(url, method="GET", body=None, headers=None):
    """Status, body and headers; no SDK."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def presigned(operation, expires=60, **arguments):
    arguments = {"Bucket": BUCKET, **arguments}
    return s3.generate_presigned_url(operation, Params=arguments, ExpiresIn=expires)


def shifted(**by):
    """Python's SDK believes that it is another time."""
    def moment(remove_tzinfo=True):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**by)
        return now.replace(tzinfo=None) if remove_tzinfo else now

    return mock.patch("botocore.auth.get_current_datetime", moment)


@promise
def a_presigned_url_is_enough_to_get():
    status, body, headers = fetch(presigned("get_object", Key="a b/ü.txt"))
    same((status, body, headers["Content-Type"]), (200, b"board", "text/plain"))
    wished = presigned("get_object", Key="a b/ü.txt", ResponseContentDisposition='attachment; filename="x"')
    same(fetch(wished)[2]["Content-Disposition"], 'attachment; filename="x"')
    same(fetch(presigned("get_object", Key="a b/ü.txt"), headers={"Range": "bytes=1-2"})[:2], (206, b"oa"))
    same(fetch(presigned("head_object", Key="a b/ü.txt"), "HEAD")[0], 200)
    holds(b"<Key>a%20b/%C3%BC.txt</Key>" in fetch(presigned("list_objects_v2"))[1], "a list by URL")


@promise
def a_presigned_url_is_enough_to_put():
    url = presigned("put_object", Key="by-url", ContentType="text/x-board")
    status, _, headers = fetch(url, "PUT", b"sent", {"Content-Type": "text/x-board"})
    same(status, 200)
    holds(headers["ETag"], "an entity tag")
    answer = s3.get_object(Bucket=BUCKET, Key="by-url")
    same((answer["Body"].read(), answer["ContentType"]), (b"sent", "text/x-board"))
    status, body, _ = fetch(url, "PUT", b"sent", {"Content-Type": "text/other"})
    same(status, 403, "with another type than was signed")
    holds(b"SignatureDoesNotMatch" in body, body)
    same(fetch(presigned("delete_object", Key="by-url"), "DELETE")[0], 204)


@promise
def a_presigned_url_ends():
    with shifted(hours=-1):
        url = presigned("get_object", Key="a b/ü.txt", expires=60)
    status, body, _ = fetch(url)
    same(status, 403)
    holds(b"<Code>AccessDenied</Code>" in body and b"Request has expired" in body, body)


@promise
def a_presigned_url_is_for_its_one_request():
    url = presigned("get_object", Key="a b/ü.txt")
    for what, tampered, method in [
        ("another key", url.replace("a%20b", "a%20c"), "GET"),
        ("another method", url, "DELETE"),
        ("a longer life", url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), "GET"),
        ("another parameter", url + "&response-content-type=text%2Fhtml", "GET"),
    ]:
        status, body, _ = fetch(tampered, method)
        same(status, 403, what)
        holds(b"<Code>SignatureDoesNotMatch</Code>" in body, f"{what}: {body}")
    same(fetch(url)[0], 200)


@promise
def without_a_signature_nothing_is_given():
    for method, path in [("GET", "/"), ("GET", f"/{BUCKET}"), ("PUT", f"/{BUCKET}/k"), ("DELETE", f"/{BUCKET}")]:
        status, body, _ = fetch(ENDPOINT + path, method, b"x" if method == "PUT" else None)
        same(status, 403, f"{method} {path}")
        holds(b"<Code>AccessDenied</Code>" in body, body)


@promise
def a_wrong_secret_and_an_unknown_key_are_told_apart():
    wrong = boto3.client("s3", aws_secret_access_key="wrong", aws_access_key_id=KEY_ID, config=ONCE)
    refused("SignatureDoesNotMatch", wrong.list_buckets, http=403)
    refused("403", wrong.head_object, http=403, Bucket=BUCKET, Key="k")
    unknown = boto3.client("s3", aws_secret_access_key=SECRET, aws_access_key_id="AKIAUNKNOWN", config=ONCE)
    refused("InvalidAccessKeyId", unknown.list_buckets, http=403)


@promise
def a_refused_upload_reads_its_answer_and_not_a_broken_pipe():
    wrong = boto3.client("s3", aws_secret_access_key="wrong", aws_access_key_id=KEY_ID, config=ONCE)
    body = noise(30 << 20)
    refused("SignatureDoesNotMatch", wrong.put_object, http=403, Bucket=BUCKET, Key="k", Body=body)
    # A client that does not wait for "100 Continue".
    address = urllib.parse.urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("PUT", f"/{BUCKET}/k", body=body)
    answer = connection.getresponse()
    same(answer.status, 403)
    holds(b"AccessDenied" in answer.read(), "the answer's body")
    connection.request("GET", "/")
    same(connection.getresponse().status, 403, "the connection goes on")
    refused("404", s3.head_object, Bucket=BUCKET, Key="k")


@promise
def a_clock_that_is_wrong_is_told():
    for hours in [-1, 1]:
        with shifted(hours=hours):
            refused("RequestTimeTooSkewed", s3.list_buckets, http=403)
    with shifted(minutes=5):
        s3.list_buckets()


@promise
def signature_version_2_is_not_spoken():
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    request = AWSRequest("GET", f"{ENDPOINT}/{BUCKET}", headers={"Date": now})
    HmacV1Auth(Credentials(KEY_ID, SECRET)).add_auth(request)
    status, body, _ = fetch(request.url, headers=dict(request.headers))
    same(status, 400)
    holds(b"Please use AWS4-HMAC-SHA256" in body, body)


@promise
def presigned_urls_may_have_it_as_boto3_makes_them_so():
    old = boto3.client("s3")
    where = {"Bucket": BUCKET, "Key": "a b/ü.txt"}
    url = old.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    holds("AWSAccessKeyId=" in url, f"{url} is of version 2")
    same(fetch(url)[:2], (200, b"board"))
    described = {**where, "Key": "v2", "ContentType": "text/x-board"}
    put = old.generate_presigned_url("put_object", Params=described, ExpiresIn=60)
    same(fetch(put, "PUT", b"by url", {"Content-Type": "text/x-board"})[0], 200)
    same(s3.get_object(Bucket=BUCKET, Key="v2")["Body"].read(), b"by url")
    delete = old.generate_presigned_url("delete_object", Params={**where, "Key": "v2"}, ExpiresIn=60)
    same(fetch(delete, "DELETE")[0], 204)
    wished = {**where, "ResponseContentType": "text/x-wished"}
    wished = old.generate_presigned_url("get_object", Params=wished, ExpiresIn=60)
    same(fetch(wished)[2]["Content-Type"], "text/x-wished")
    late = old.generate_presigned_url("get_object", Params=where, ExpiresIn=-60)
    for what, refused_url, method in [
        ("too late", late, "GET"),
        ("another key", url.replace("a%20b", "a%20c"), "GET"),
        ("another method", url, "DELETE"),
        ("another type", url + "&response-content-type=text%2Fhtml", "GET"),
    ]:
        status, body, _ = fetch(refused_url, method)
        same(status, 403, f"{what}: {body}")


@promise
def a_form_for_browsers_is_refused_in_words():
    form = s3.generate_presigned_post(BUCKET, "posted.txt")
    boundary = "----board"
    fields = {**form["fields"], "file": "content"}
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ) + f"--{boundary}--\r\n"
    body = body.replace('name="file"', 'name="file"; filename="posted.txt"')
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    status, answer, _ = fetch(form["url"], "POST", body.encode(), headers)
    same(status, 501)
    holds(b"<Code>NotImplemented</Code>" in answer, answer)
    refused("404", s3.head_object, Bucket=BUCKET, Key="posted.txt")


run()
