//! The S3 protocol over the store: `s3s` reads requests and checks signatures, this answers them.
//!
//! One function for each operation: [`bucket`], [`object`], [`multipart`] and [`listing`] hold them,
//! [`body`] what a request says of its body, [`mod@answer`] what they share on the way back. [`gate`] is what a
//! request passes before `s3s` sees it, [`parameters`] and [`whole`] what it passes inside.

mod answer;
mod body;
mod bucket;
mod gate;
mod listing;
mod multipart;
mod object;
mod parameters;
mod whole;

use std::sync::Arc;

use s3s::auth::{S3Auth, SecretKey};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketInput,
    DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput,
    ListPartsOutput, PostObjectInput, PostObjectOutput, PutObjectInput, PutObjectOutput,
    UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};

use super::error::StoreError;
use super::store::ObjectStore;
use answer::answer;
pub(super) use answer::request_id;
pub use gate::Service;
use parameters::KnownParameters;
use whole::WholeInstead;

/// The service that knows this one access key.
pub(super) fn build(store: Arc<ObjectStore>, access_key: &str, secret_key: &str) -> Service {
    let operations = S3ServiceBuilder::new(Api {
        store: Arc::clone(&store),
    });
    let mut builder = S3ServiceBuilder::new(Api { store });
    builder.set_access(KnownParameters);
    builder.set_route(WholeInstead {
        operations: operations.build(),
    });
    builder.set_auth(OneKey {
        access_key: access_key.to_owned(),
        secret_key: secret_key.into(),
    });
    Service::new(builder.build())
}

/// The ready-made authentication answers `NotSignedUp` for an unknown key, which S3 does not.
struct OneKey {
    access_key: String,
    secret_key: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for OneKey {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access_key {
            return Ok(self.secret_key.clone());
        }
        Err(S3Error::with_message(
            S3ErrorCode::InvalidAccessKeyId,
            "the access key id does not exist in this local cloud",
        ))
    }
}

struct Api {
    store: Arc<ObjectStore>,
}

type Answer<T> = S3Result<S3Response<T>>;

#[async_trait::async_trait]
impl S3 for Api {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        answer(&request_id(), bucket::create(&self.store, req)).await
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        answer(&request_id(), bucket::head(&self.store, req)).await
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        answer(&request_id(), bucket::delete(&self.store, req)).await
    }

    async fn list_buckets(&self, req: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        answer(&request_id(), bucket::list(&self.store, req)).await
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> Answer<GetBucketLocationOutput> {
        answer(&request_id(), bucket::location(&self.store, req)).await
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let id = request_id();
        answer(&id, object::put(&self.store, req, &id)).await
    }

    async fn post_object(&self, _req: S3Request<PostObjectInput>) -> Answer<PostObjectOutput> {
        let feature = "uploading by an HTML form".to_owned();
        answer(&request_id(), async {
            Err(StoreError::NotImplemented { feature })
        })
        .await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        answer(&request_id(), object::get(&self.store, req)).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        answer(&request_id(), object::head(&self.store, req)).await
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let id = request_id();
        answer(&id, object::copy(&self.store, req, &id)).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        answer(&request_id(), object::delete(&self.store, req)).await
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> Answer<DeleteObjectsOutput> {
        answer(&request_id(), object::delete_many(&self.store, req)).await
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        answer(&request_id(), listing::objects(&self.store, req)).await
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> Answer<ListObjectsV2Output> {
        answer(&request_id(), listing::objects_v2(&self.store, req)).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        answer(&request_id(), multipart::begin(&self.store, req)).await
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        answer(&request_id(), multipart::put(&self.store, req)).await
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> Answer<UploadPartCopyOutput> {
        answer(&request_id(), multipart::copy(&self.store, req)).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let id = request_id();
        answer(&id, multipart::complete(&self.store, req, &id)).await
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        answer(&request_id(), multipart::abort(&self.store, req)).await
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        answer(&request_id(), multipart::parts(&self.store, req)).await
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        answer(&request_id(), listing::uploads(&self.store, req)).await
    }
}
