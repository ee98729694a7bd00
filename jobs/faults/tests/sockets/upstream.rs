//! A small upstream that remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What was asked; `body` is what came, `whole` whether it came to its end.
#[derive(Debug, Clone)]
pub struct Asked {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub whole: bool,
}

pub struct Upstream {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// `length` bytes that differ from their neighbours.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|number| (number % 251) as u8).collect()
}

impl Upstream {
    /// Answers `/bytes/N` with a pattern of N bytes, `/chunked/N` with the same in chunks, `/refuse` with 403 before
    /// it takes the body, `/empty` with 204, and anything else with 200 and the body that it was sent.
    pub async fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let asked = Arc::clone(&remembered);
                let service = hyper::service::service_fn(move |request| {
                    let asked = Arc::clone(&asked);
                    async move { Ok::<_, Infallible>(answer(&asked, request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .preserve_header_case(true)
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Upstream { address, asked }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until the upstream has dealt with so many requests, whole or broken off.
    pub async fn until_asked(&self, requests: usize) -> Vec<Asked> {
        super::wire::until(|| self.asked().len() >= requests).await;
        self.asked()
    }
}

async fn answer(asked: &Mutex<Vec<Asked>>, request: Request<Incoming>) -> Answer {
    let (parts, mut incoming) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let mut body = Vec::new();
    let mut whole = true;
    if path != "/refuse" {
        while let Some(frame) = incoming.frame().await {
            match frame {
                Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(_) => whole = false,
            }
        }
    }
    asked.lock().unwrap().push(Asked {
        headers: parts.headers,
        body: body.clone(),
        whole,
    });
    let answer = Response::builder().header("ETag", "\"e\"");
    let (kind, number) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    match kind {
        "bytes" => {
            let bytes = pattern(number.parse().unwrap());
            answer.body(Full::new(Bytes::from(bytes)).boxed_unsync())
        }
        "chunked" => {
            let bytes = pattern(number.parse().unwrap());
            let chunks: Vec<_> = bytes.chunks(100).map(Bytes::copy_from_slice).collect();
            let chunks = chunks.into_iter().map(|chunk| Ok(Frame::data(chunk)));
            answer.body(StreamBody::new(futures::stream::iter(chunks)).boxed_unsync())
        }
        "refuse" => answer
            .status(403)
            .body(Full::from("refused").boxed_unsync()),
        "empty" => answer.status(204).body(Empty::new().boxed_unsync()),
        _ => answer.body(Full::new(Bytes::from(body)).boxed_unsync()),
    }
    .unwrap()
}
