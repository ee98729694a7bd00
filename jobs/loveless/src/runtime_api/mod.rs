//! A Lambda Runtime API (2018-06-01) for one function process, on loopback.
//!
//! Every process gets a host of its own: the address is the process's identity, so an answer can
//! never be taken for another process's. What a client may count on is in AWS's pages "Using the
//! Lambda runtime API for custom runtimes" and "Using the Lambda Extensions API"; where those are
//! silent, this host does what the Runtime Interface Emulator does.
//!
//! Read [`exchange`] first (the state between the supervisor and the function), then `routes`.

pub(crate) mod answer;
pub(crate) mod exchange;
mod extensions;
mod routes;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use exchange::Exchange;

/// The largest result, in bytes: 6 MiB and 100 bytes for the envelope. This many pass.
pub const RESPONSE_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// What the host tells extensions about the function.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub name: String,
    pub handler: String,
    pub account: String,
}

/// A running host. Dropping it closes the port and every connection.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    exchange: Arc<Exchange>,
    stop: CancellationToken,
}

impl RuntimeApi {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start(identity: Identity) -> io::Result<RuntimeApi> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let exchange = Arc::new(Exchange::new(identity));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, exchange.clone(), stop.clone()));
        Ok(RuntimeApi {
            address,
            exchange,
            stop,
        })
    }

    /// `host:port`, as `AWS_LAMBDA_RUNTIME_API` wants it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The state that the function and its supervisor share.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(listener: TcpListener, exchange: Arc<Exchange>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                // Small answers on a loopback connection must not wait for an acknowledgement.
                let _ = stream.set_nodelay(true);
                let (exchange, stop) = (exchange.clone(), stop.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let exchange = exchange.clone();
                        async move {
                            Ok::<_, std::convert::Infallible>(
                                routes::answer(exchange, request).await,
                            )
                        }
                    });
                    let connection =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    tokio::select! {
                        // A connection that breaks is the client's end; its exit is seen elsewhere.
                        _ = connection => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: leave others time to close some.
                tracing::warn!(%error, "the Runtime API cannot accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}
