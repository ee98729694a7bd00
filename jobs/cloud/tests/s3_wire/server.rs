//! A store of its own for each test, served by hyper.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use hyper_util::rt::TokioIo;
use local_cloud::s3::{ObjectStore, StoreSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub const ACCESS_KEY: &str = "AKIALOCALEXAMPLE";
pub const SECRET_KEY: &str = "a secret of this test";
pub const BUCKET: &str = "boards";

/// A served store with the bucket [`BUCKET`].
pub struct Server {
    pub store: Arc<ObjectStore>,
    pub address: SocketAddr,
    pub folder: tempfile::TempDir,
    _serving: Serving,
}

/// Ends serving when it is dropped.
struct Serving(tokio::task::JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
        store.create_bucket(BUCKET).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Serving(tokio::spawn(serve(listener, Arc::clone(&store))));
        Self {
            store,
            address,
            folder,
            _serving: serving,
        }
    }

    /// Ends it and gives back its folder.
    pub fn stop(self) -> tempfile::TempDir {
        self.folder
    }

    pub fn client(&self) -> Client {
        client(self.address, ACCESS_KEY, SECRET_KEY)
    }

    /// Sends a request as it is and reads the answer to the end of the connection.
    pub async fn raw(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{head}\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Every file under `objects/` and `incoming/`.
    pub fn files(&self) -> Vec<String> {
        files(self.folder.path())
    }
}

pub async fn serve(listener: TcpListener, store: Arc<ObjectStore>) {
    let service = store.service(ACCESS_KEY, SECRET_KEY);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(connection);
    }
}

pub fn client(address: SocketAddr, access_key: &str, secret_key: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!("http://{address}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(access_key, secret_key, None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Status and code of the error that a request has to end with.
pub fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String) {
    let error = result.expect_err("the request should have been refused");
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let code = error
        .as_service_error()
        .and_then(|error| error.code())
        .unwrap_or_default();
    (status, code.to_owned())
}

pub fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("objects"), root.join("incoming")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
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
