//! Operations on buckets.

use std::sync::Arc;

use s3s::S3Request;
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};

use super::answer::{check_owner, owner, timestamp_ms};
use crate::s3::buckets;
use crate::s3::error::StoreError;
use crate::s3::store::{ObjectStore, blocking};

/// S3 answers no constraint for its first region.
const FIRST_REGION: &str = "us-east-1";
/// Buckets of one page at most.
const MAX_BUCKETS: usize = 10_000;

pub(super) async fn create(
    store: &Arc<ObjectStore>,
    req: S3Request<CreateBucketInput>,
) -> Result<CreateBucketOutput, StoreError> {
    let CreateBucketInput {
        bucket,
        create_bucket_configuration,
        ..
    } = req.input;
    let constraint = create_bucket_configuration
        .and_then(|configuration| configuration.location_constraint)
        .map(|constraint| constraint.as_str().to_owned())
        .filter(|constraint| !constraint.is_empty() && *constraint != store.settings.region);
    if let Some(constraint) = constraint {
        let region = store.settings.region.clone();
        return Err(StoreError::IllegalLocationConstraint { constraint, region });
    }
    let location = Some(format!("/{bucket}"));
    let store = Arc::clone(store);
    blocking(move || buckets::create(&store, &bucket)).await?;
    Ok(CreateBucketOutput { location })
}

pub(super) async fn head(
    store: &Arc<ObjectStore>,
    req: S3Request<HeadBucketInput>,
) -> Result<HeadBucketOutput, StoreError> {
    check_owner(store, req.input.expected_bucket_owner.as_deref())?;
    let checked = Arc::clone(store);
    blocking(move || buckets::check(&checked, &req.input.bucket)).await?;
    let bucket_region = Some(store.settings.region.clone());
    Ok(HeadBucketOutput {
        bucket_region,
        ..HeadBucketOutput::default()
    })
}

pub(super) async fn delete(
    store: &Arc<ObjectStore>,
    req: S3Request<DeleteBucketInput>,
) -> Result<DeleteBucketOutput, StoreError> {
    check_owner(store, req.input.expected_bucket_owner.as_deref())?;
    let store = Arc::clone(store);
    blocking(move || buckets::delete(&store, &req.input.bucket)).await?;
    Ok(DeleteBucketOutput {})
}

pub(super) async fn list(
    store: &Arc<ObjectStore>,
    req: S3Request<ListBucketsInput>,
) -> Result<ListBucketsOutput, StoreError> {
    let ListBucketsInput {
        prefix,
        max_buckets,
        continuation_token,
        bucket_region,
    } = req.input;
    let limit = match max_buckets {
        None => MAX_BUCKETS,
        Some(limit) if (1..=MAX_BUCKETS as i32).contains(&limit) => limit as usize,
        Some(limit) => {
            return Err(StoreError::argument(format!(
                "max-buckets cannot be {limit}"
            )));
        }
    };
    let elsewhere = bucket_region.is_some_and(|region| region != store.settings.region);
    let mut found = if elsewhere {
        Vec::new()
    } else {
        let (store, prefix) = (Arc::clone(store), prefix.clone().unwrap_or_default());
        let after = continuation_token.unwrap_or_default();
        blocking(move || buckets::list(&store, &prefix, &after, limit + 1)).await?
    };
    let more = found.len() > limit;
    found.truncate(limit);
    // Names of buckets are no secret and sort, so the token is simply the last one.
    let token = found
        .last()
        .filter(|_| more)
        .map(|bucket| bucket.name.clone());
    let buckets = found
        .into_iter()
        .map(|bucket| Bucket {
            name: Some(bucket.name),
            creation_date: timestamp_ms(bucket.created_ms),
            bucket_region: Some(store.settings.region.clone()),
        })
        .collect();
    Ok(ListBucketsOutput {
        buckets: Some(buckets),
        continuation_token: token,
        owner: Some(owner(store)),
        prefix,
    })
}

pub(super) async fn location(
    store: &Arc<ObjectStore>,
    req: S3Request<GetBucketLocationInput>,
) -> Result<GetBucketLocationOutput, StoreError> {
    check_owner(store, req.input.expected_bucket_owner.as_deref())?;
    let checked = Arc::clone(store);
    blocking(move || buckets::check(&checked, &req.input.bucket)).await?;
    let region = &store.settings.region;
    let location_constraint =
        (region != FIRST_REGION).then(|| BucketLocationConstraint::from(region.clone()));
    Ok(GetBucketLocationOutput {
        location_constraint,
    })
}
