//! Requests that are tried again: the connector of the AWS SDK, so that there is one TLS stack.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_types::body::SdkBody;

/// So often at most.
const TRIES: u32 = 5;
/// A try that takes longer is given up.
const PER_TRY: Duration = Duration::from_secs(10);

/// Sends requests.
pub struct Client {
    connector: Connector,
    /// Before the second try; each further one waits twice as long.
    first_pause: Duration,
}

/// What is posted: made anew for each try, since what is signed has a time.
pub struct Post {
    /// Headers, `content-type` among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// With connections of its own.
    pub fn new() -> Client {
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build();
        Client {
            connector,
            first_pause: Duration::from_millis(500),
        }
    }

    /// For tests, which need not wait.
    #[cfg(test)]
    pub fn impatient() -> Client {
        Client {
            first_pause: Duration::from_millis(5),
            ..Client::new()
        }
    }

    /// Posts until it is accepted (2xx), refused for good (other than 429 and 5xx), or tried often enough.
    pub async fn post(
        &self,
        url: &str,
        mut make: impl FnMut() -> Result<Post, String>,
    ) -> Result<(), String> {
        let mut pause = self.first_pause;
        let mut tries = 1;
        loop {
            let post = make()?;
            let wrong = match tokio::time::timeout(PER_TRY, self.once(url, post)).await {
                Ok(Ok(200..=299)) => return Ok(()),
                Ok(Ok(status)) if status == 429 || status >= 500 => {
                    format!("it answered {status}")
                }
                Ok(Ok(status)) => return Err(format!("it answered {status}")),
                Ok(Err(wrong)) => wrong,
                Err(_) => format!("it did not answer within {} s", PER_TRY.as_secs()),
            };
            if tries == TRIES {
                return Err(format!("{wrong}, {TRIES} times"));
            }
            tries += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn once(&self, url: &str, post: Post) -> Result<u16, String> {
        let mut request = http::Request::post(url);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(SdkBody::from(post.body))
            .map_err(|_| "its URL is not right".to_owned())?;
        let request = request
            .try_into()
            .map_err(|_| "its URL is not right".to_owned())?;
        match self.connector.call(request).await {
            Ok(response) => Ok(response.status().as_u16()),
            // What the connector says may hold the whole URL.
            Err(error) if error.is_timeout() => Err("it did not answer".to_owned()),
            Err(_) => Err("it cannot be reached".to_owned()),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use http_body_util::{BodyExt, Full};
    use hyper::body::{Bytes, Incoming};
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;

    /// What a server was asked.
    #[derive(Clone, Debug)]
    pub struct Asked {
        pub headers: BTreeMap<String, String>,
        pub body: String,
        pub answered: u16,
    }

    /// A server that answers with these codes, one after the other, and then with the last.
    pub async fn server(answers: &'static [u16]) -> (String, Arc<Mutex<Vec<Asked>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/secret-path", listener.local_addr().unwrap());
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let noted = Arc::clone(&noted);
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        let mut noted = noted.lock().unwrap();
                        let code = answers[noted.len().min(answers.len() - 1)];
                        noted.push(Asked {
                            headers: head
                                .headers
                                .iter()
                                .map(|(name, value)| {
                                    (name.to_string(), value.to_str().unwrap().to_owned())
                                })
                                .collect(),
                            body: String::from_utf8(body.to_vec()).unwrap(),
                            answered: code,
                        });
                        let answer = http::Response::builder().status(code);
                        answer.body(Full::new(Bytes::new()))
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        (url, asked)
    }
}
