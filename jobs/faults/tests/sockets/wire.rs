//! A client that sees every byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use fault_proxy::{FaultProxy, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::upstream::Upstream;

/// An upstream, and a proxy with one rule before it.
pub async fn with_rule(rule: Rule) -> (Upstream, FaultProxy) {
    let upstream = Upstream::start().await;
    let proxy = FaultProxy::to(upstream.endpoint()).rule(rule).start();
    (upstream, proxy.unwrap())
}

/// Waits for something that must come about; a test that waits in vain fails after a minute.
pub async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about");
}

/// A response as it came, as far as it came.
#[derive(Debug)]
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
    /// How the connection ended after the response or in it; `None` while it is open.
    pub end: Option<Result<(), io::ErrorKind>>,
}

impl Heard {
    pub fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1);
        status.map_or(0, |status| status.parse().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn is_reset(&self) -> bool {
        self.end == Some(Err(io::ErrorKind::ConnectionReset))
    }

    pub fn is_closed_in_good_order(&self) -> bool {
        self.end == Some(Ok(()))
    }

    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let line = lines.find(|(key, _)| key.to_ascii_lowercase() == name);
        line.map(|(_, value)| value.to_owned())
    }
}

pub struct Client(pub TcpStream);

impl Client {
    pub async fn connect(address: SocketAddr) -> Client {
        Client(TcpStream::connect(address).await.unwrap())
    }

    /// Sends what may not be taken any more.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Reads one response: to its length if it has one, else to the end of the connection.
    pub async fn hear(&mut self) -> Heard {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 65_536];
        let mut end = None;
        let is_whole = |bytes: &[u8]| {
            let Some((head, body)) = split(bytes) else {
                return false;
            };
            let heard = Heard {
                head,
                body: Vec::new(),
                end: None,
            };
            let length = heard.header("content-length");
            let no_body = matches!(heard.status(), 100 | 204);
            no_body || length.is_some_and(|length| length.parse::<usize>().unwrap() <= body.len())
        };
        while end.is_none() && !is_whole(&bytes) {
            match self.0.read(&mut buffer).await {
                Ok(0) => end = Some(Ok(())),
                Ok(length) => bytes.extend_from_slice(&buffer[..length]),
                Err(error) => end = Some(Err(error.kind())),
            }
        }
        let (head, body) = split(&bytes).unwrap_or_default();
        Heard { head, body, end }
    }

    /// How the connection ends, when nothing more is to come.
    pub async fn end(&mut self) -> Result<(), io::ErrorKind> {
        match self.0.read(&mut [0; 1]).await {
            Ok(0) => Ok(()),
            Ok(_) => panic!("something more came"),
            Err(error) => Err(error.kind()),
        }
    }
}

fn split(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
    Some((head, bytes[at + 4..].to_vec()))
}

/// A GET on a connection of its own.
pub async fn get(address: SocketAddr, path: &str) -> Heard {
    let mut client = Client::connect(address).await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: any\r\n\r\n");
    client.send(request).await;
    client.hear().await
}

/// A PUT on a connection of its own.
pub async fn put(address: SocketAddr, path: &str, body: &[u8]) -> Heard {
    let mut client = Client::connect(address).await;
    let length = body.len();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: any\r\ncontent-length: {length}\r\n\r\n");
    client.send([head.as_bytes(), body].concat()).await;
    client.hear().await
}
