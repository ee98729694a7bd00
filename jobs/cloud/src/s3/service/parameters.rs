//! Who may ask, and for what: signed requests whose parameters somebody here reads.
//!
//! S3 tells many operations apart by a parameter of the query. One that `s3s` does not know (`PUT /bucket/key?renameObject`)
//! it takes for the plain operation, which would overwrite the object, or delete the bucket. So the operations that
//! write refuse every parameter that is not theirs.

use http::Uri;
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Error, S3ErrorCode, S3Result};

/// Asked for each request after its signature was checked.
pub(super) struct KnownParameters;

#[async_trait::async_trait]
impl S3Access for KnownParameters {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            let message = "the request is not signed";
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, message));
        }
        match missing(context.s3_op().name(), context.uri()) {
            None => Ok(()),
            Some(what) => Err(S3Error::with_message(
                S3ErrorCode::NotImplemented,
                format!("{what} is not implemented by the local S3"),
            )),
        }
    }
}

/// What of a request this store does not have: the operation, or a parameter that makes it another one.
fn missing(operation: &str, uri: &Uri) -> Option<String> {
    let known: &[&str] = match operation {
        "PutObject" | "CopyObject" | "CreateBucket" | "DeleteBucket" => &[],
        "UploadPart" | "UploadPartCopy" => &["partNumber", "uploadId"],
        "CompleteMultipartUpload" | "AbortMultipartUpload" => &["uploadId"],
        "CreateMultipartUpload" => &["uploads"],
        "DeleteObject" => &["versionId"],
        "DeleteObjects" => &["delete"],
        // Reading changes nothing, and AWS passes over what it does not know. These two it knows.
        "ListObjects" | "ListObjectsV2" => {
            let of_other = |name: &&str| matches!(*name, "abac" | "metadataConfiguration");
            return names(uri).find(of_other).map(parameter);
        }
        "GetBucketLocation"
        | "GetObject"
        | "HeadBucket"
        | "HeadObject"
        | "ListBuckets"
        | "ListMultipartUploads"
        | "ListParts"
        | "PostObject" => return None,
        other => return Some(other.to_owned()),
    };
    let unknown = |name: &&str| !known.contains(name) && !goes_with_all(name);
    names(uri).find(unknown).map(parameter)
}

fn parameter(name: &str) -> String {
    format!("the parameter {name}")
}

/// Parameters of presigned URLs of either version, and the operation's name that some SDKs add.
fn goes_with_all(name: &str) -> bool {
    matches!(
        name,
        "x-id" | "AWSAccessKeyId" | "Signature" | "Expires" | "content-type" | "content-md5"
    ) || name.to_ascii_lowercase().starts_with("x-amz-")
}

/// Names of the parameters, as they were sent.
pub(super) fn names(uri: &Uri) -> impl Iterator<Item = &str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_write_with_a_parameter_that_nobody_reads_is_no_plain_write() {
        for (operation, target, name) in [
            ("PutObject", "/b/k?renameObject", "renameObject"),
            ("PutObject", "/b/k?encryption=", "encryption"),
            ("PutObject", "/b/k?x-id=PutObject&uploadId=u", "uploadId"),
            ("DeleteObject", "/b/k?acl", "acl"),
            (
                "DeleteBucket",
                "/b?metadataConfiguration",
                "metadataConfiguration",
            ),
            ("CreateBucket", "/b?abac", "abac"),
            (
                "ListObjects",
                "/b?metadataConfiguration",
                "metadataConfiguration",
            ),
        ] {
            let found = missing(operation, &target.parse().unwrap());
            assert_eq!(found, Some(parameter(name)), "{operation} {target}");
        }
        let found = missing("PutObjectAcl", &"/b/k?acl".parse().unwrap());
        assert_eq!(found.as_deref(), Some("PutObjectAcl"));
    }

    #[test]
    fn what_belongs_to_the_operation_passes() {
        for (operation, target) in [
            ("PutObject", "/b/k"),
            ("PutObject", "/b/k?x-id=PutObject"),
            ("PutObject", "/b/k?X-Amz-Signature=1&x-amz-acl=private"),
            (
                "PutObject",
                "/b/k?AWSAccessKeyId=A&Signature=s&content-type=t&Expires=1",
            ),
            ("UploadPart", "/b/k?partNumber=1&uploadId=u"),
            ("CreateMultipartUpload", "/b/k?uploads"),
            ("DeleteObjects", "/b?delete"),
            ("DeleteObject", "/b/k?versionId=null"),
            ("ListObjectsV2", "/b?list-type=2&anything=1"),
            ("GetObject", "/b/k?anything"),
        ] {
            assert_eq!(
                missing(operation, &target.parse().unwrap()),
                None,
                "{target}"
            );
        }
    }
}
