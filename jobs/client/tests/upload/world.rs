//! An S3 of its own for each test, that notes its requests and misbehaves when told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use local_cloud::s3::{ObjectStore, Service, StoreSettings};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use whiteboarder_core::cost::Capacity;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::submit::{
    Batch, CreateOptions, SubmitOptions, UploadSummary, Wish, plan, scan, upload,
};
use whiteboarder_jobs::{JobsError, Profile, Progress, Reporter, Target, names, stack};

/// What happens to a request.
pub enum Fault {
    None,
    /// It is not carried out, and this is the answer: status and error code.
    Refuse(u16, &'static str),
    /// It is carried out, and the connection ends without an answer.
    Lose,
    /// It is never answered.
    Hang,
    /// It is carried out only when this is notified.
    Hold(Arc<Notify>),
    /// It is carried out, and the answer ends in its middle.
    CutShort,
    /// It is carried out, and the answer says nothing of CRC-64: not every service knows it.
    WithoutCrc64,
}

type Error = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Error>;
type Plan = Box<dyn FnMut(&str) -> Fault + Send>;

pub struct World {
    pub store: Arc<ObjectStore>,
    pub folder: tempfile::TempDir,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    faults: Arc<Mutex<Plan>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(&folder.path().join("s3"), StoreSettings::default()).unwrap();
        store.create_bucket(stack::LOCAL_BUCKET).unwrap();
        std::fs::create_dir(folder.path().join("boards")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let faults: Arc<Mutex<Plan>> = Arc::new(Mutex::new(Box::new(|_| Fault::None)));
        let service = store.service("access", "secret");
        let serving = tokio::spawn(serve(
            listener,
            service,
            Arc::clone(&log),
            Arc::clone(&faults),
        ));
        Self {
            store,
            folder,
            address,
            log,
            faults,
            serving,
        }
    }

    /// From now on this decides. It gets `METHOD /path?query`.
    pub fn faults(&self, plan: impl FnMut(&str) -> Fault + Send + 'static) {
        *self.faults.lock().unwrap() = Box::new(plan);
    }

    /// Another machine.
    pub async fn target(&self) -> Target {
        target_at(self.endpoint()).await
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn boards(&self) -> PathBuf {
        self.folder.path().join("boards")
    }

    pub fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.boards().join(name), bytes).unwrap();
    }

    /// Begins to submit the folder: the manifest stands, nothing is claimed.
    pub async fn begin(&self, target: &Target, options: &CreateOptions) -> Batch {
        let recipe = Recipe::default();
        let found = scan(&[self.boards()]).unwrap();
        let plan = plan(found, &recipe, Wish::Auto, &target.profile().lambda);
        let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
        Batch::begin(target, plan, &recipe, options, &silent, &cancel)
            .await
            .unwrap()
    }

    /// Submits the folder, up to the uploads.
    pub async fn create(&self, target: &Target) -> Batch {
        self.create_with(target, &CreateOptions::default()).await
    }

    pub async fn create_with(&self, target: &Target, options: &CreateOptions) -> Batch {
        let mut batch = self.begin(target, options).await;
        let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
        batch
            .claim(target, options, &silent, &cancel)
            .await
            .unwrap();
        batch
    }

    /// Goes on with a batch that somebody else began.
    pub async fn resume(&self, target: &Target, batch: &str) -> Batch {
        let files = scan(&[self.boards()]).ok();
        let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
        Batch::resume(target, batch, files, &silent, &cancel)
            .await
            .unwrap()
    }

    /// The requests since the last call that contain all of these.
    pub fn requests(&self, containing: &[&str]) -> usize {
        let log = self.log.lock().unwrap();
        let all = |request: &&String| containing.iter().all(|part| request.contains(part));
        log.iter().filter(all).count()
    }

    pub fn forget_requests(&self) {
        self.log.lock().unwrap().clear();
    }

    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let s3 = self.target().await.s3();
        let list = s3.list_objects_v2().bucket(stack::LOCAL_BUCKET);
        let listed = list.prefix(prefix).send().await.unwrap();
        let keys = listed.contents().iter();
        keys.map(|object| object.key().unwrap().to_owned())
            .collect()
    }

    pub async fn get(&self, key: &str) -> Vec<u8> {
        let s3 = self.target().await.s3();
        let get = s3.get_object().bucket(stack::LOCAL_BUCKET).key(key);
        let object = get.send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    pub async fn put(&self, key: &str, body: &[u8], sha256: Option<&str>) {
        let metadata: BTreeMap<String, String> = sha256
            .map(|sha256| (names::META_SHA256.to_owned(), sha256.to_owned()))
            .into_iter()
            .collect();
        self.store
            .put_object(
                stack::LOCAL_BUCKET,
                key,
                body.to_vec().into(),
                None,
                metadata.into_iter().collect(),
            )
            .await
            .unwrap();
    }

    pub async fn delete(&self, key: &str) {
        let s3 = self.target().await.s3();
        let delete = s3.delete_object().bucket(stack::LOCAL_BUCKET).key(key);
        delete.send().await.unwrap();
    }

    /// Uploads that were begun and not ended.
    pub async fn unfinished(&self) -> Vec<(String, String)> {
        let s3 = self.target().await.s3();
        let list = s3.list_multipart_uploads().bucket(stack::LOCAL_BUCKET);
        let listed = list.send().await.unwrap();
        let name = |upload: &aws_sdk_s3::types::MultipartUpload| {
            (
                upload.key().unwrap().to_owned(),
                upload.upload_id().unwrap().to_owned(),
            )
        };
        listed.uploads().iter().map(name).collect()
    }
}

/// A world as another process sees it.
pub async fn target_at(endpoint: String) -> Target {
    let capacity = Capacity::lambda(2_048, 60.0);
    let (region, account) = ("us-east-1", "000000000000");
    let profile = Profile::local(endpoint, region, account, "access", "secret", capacity);
    Target::connect(profile).await.unwrap()
}

/// Uploads, and gives what was told.
pub async fn send(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    cancel: &CancellationToken,
) -> (Result<UploadSummary, JobsError>, Vec<Progress>) {
    let (reporter, mut events) = Reporter::channel();
    let done = upload(target, batch, options, &reporter, cancel).await;
    drop(reporter);
    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    (done, told)
}

/// Uploads what must go well.
pub async fn sent(target: &Target, batch: &Batch) -> UploadSummary {
    let options = SubmitOptions::default();
    let (done, _) = send(target, batch, &options, &CancellationToken::new()).await;
    done.unwrap()
}

/// Bytes that do not repeat soon.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

async fn serve(
    listener: TcpListener,
    service: Service,
    log: Arc<Mutex<Vec<String>>>,
    faults: Arc<Mutex<Plan>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (service, log, faults) = (service.clone(), Arc::clone(&log), Arc::clone(&faults));
        let answer = service_fn(move |request| {
            let line = format!("{} {}", request_method(&request), request.uri());
            log.lock().unwrap().push(line.clone());
            let fault = (*faults.lock().unwrap())(&line);
            answer(service.clone(), request, fault)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection);
    }
}

fn request_method(request: &Request<Incoming>) -> String {
    request.method().to_string()
}

async fn answer(
    service: Service,
    request: Request<Incoming>,
    fault: Fault,
) -> Result<Response<Body>, Error> {
    match fault {
        Fault::Refuse(status, code) => {
            BodyExt::collect(request.into_body()).await?;
            let text =
                format!("<Error><Code>{code}</Code><Message>said the test</Message></Error>");
            let body = Full::from(text).map_err(|never| match never {});
            let answer = Response::builder().status(status);
            return Ok(answer.body(body.boxed_unsync())?);
        }
        Fault::Hang => {
            std::future::pending::<()>().await;
        }
        Fault::Hold(ref gate) => gate.notified().await,
        _ => {}
    }
    let answer = service.call(request).await;
    let answer = answer.map_err(|_| "the connection cannot go on")?;
    match fault {
        Fault::Lose => Err("lost".into()),
        Fault::CutShort => {
            let (head, body) = answer.into_parts();
            let whole = BodyExt::collect(body).await?.to_bytes();
            let half = whole.slice(..whole.len() / 2);
            // The head still promises the whole length.
            let frames = futures::stream::once(async { Ok(hyper::body::Frame::data(half)) });
            let frames = frames.chain(futures::stream::once(async {
                // So that the half is on its way before the connection ends.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err::<_, Error>("cut".into())
            }));
            let body = http_body_util::StreamBody::new(frames);
            Ok(Response::from_parts(head, body.boxed_unsync()))
        }
        Fault::WithoutCrc64 => {
            let (mut head, body) = answer.into_parts();
            let whole = BodyExt::collect(body).await?.to_bytes();
            let mut text = String::from_utf8(whole.to_vec())?;
            let (opens, closes) = ("<ChecksumCRC64NVME>", "</ChecksumCRC64NVME>");
            while let (Some(from), Some(to)) = (text.find(opens), text.find(closes)) {
                text.replace_range(from..to + closes.len(), "");
            }
            head.headers.remove("content-length");
            head.headers.remove("x-amz-checksum-crc64nvme");
            let body = Full::from(text).map_err(|never| match never {});
            Ok(Response::from_parts(head, body.boxed_unsync()))
        }
        _ => Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync())),
    }
}
