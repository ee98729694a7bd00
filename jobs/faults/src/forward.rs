//! A request's way to the upstream and its answer's way back, with the fault that befalls one of them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::header::EXPECT;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::body::{AwaitedBody, CutBody, CutMode, DamagedBody, KeptBody, Passing};
use crate::fault::{Fault, cut_at, damage_at};
use crate::ledger::Shot;
use crate::pace::PacedBody;
use crate::serve::Front;
use crate::wire::{Cut, Ending};

/// How long an upstream may leave `100-continue` unanswered until the body goes to it all the same (RFC 9110, 10.1.1).
const UNASKED: Duration = Duration::from_secs(1);

/// Passes a request on and its answer back, with the fault that befalls one of them.
pub(crate) async fn forward(
    front: &Front,
    ending: &Arc<Ending>,
    number: u64,
    request: Request<Incoming>,
    shot: Option<Shot>,
) -> Result<Response<Passing>, Cut> {
    let length = length(request.body());
    let expects = awaits_continue(&request);
    let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    *request.uri_mut() = upstream_uri(&front.upstream, request.uri());

    let mut rate = None;
    let mut shot = shot;
    if let Some(Fault::Slow {
        latency,
        rate: asked,
    }) = shot.as_ref().map(|shot| &shot.fault)
    {
        let latency = *latency;
        rate = *asked;
        if let Some(mut shot) = shot.take() {
            shot.hit();
        }
        tokio::time::sleep(latency).await;
    }
    if length != Some(0) {
        if let Some(rate) = rate {
            request = request.map(|body| PacedBody::new(body, rate).boxed_unsync());
        }
        let (changed, left) = in_request(request, length, ending, shot);
        (request, shot) = (changed, left);
    }
    let turn = Turn::default();
    if expects {
        request = turn.clone().hold_back(request);
    }

    let finished = turn.finished.clone().drop_guard();
    let response = front.client.request(request).await;
    turn.answered.cancel();
    if ending.is_now() {
        // The fault in the upload, whatever became of the request.
        return Err(Cut);
    }
    let response = match response {
        Ok(response) => response,
        Err(error) => {
            if !is_the_clients(&error) {
                front.ledger.upstream_failed(number, chain(&error));
            }
            return Err(ending.reset_now());
        }
    };
    let response = response.map(|body| {
        // The upload lives as long as the answer.
        let kept = KeptBody::new(body.map_err(Into::into).boxed_unsync(), finished);
        match rate {
            Some(rate) => PacedBody::new(kept.boxed_unsync(), rate).boxed_unsync(),
            None => kept.boxed_unsync(),
        }
    });
    match shot {
        Some(shot) => in_response(response, ending, shot).await,
        None => Ok(response),
    }
}

/// Applies a fault of the request's body; gives back the shot of one that is for the response.
fn in_request(
    request: Request<Passing>,
    length: Option<u64>,
    ending: &Arc<Ending>,
    shot: Option<Shot>,
) -> (Request<Passing>, Option<Shot>) {
    let Some(shot) = shot else {
        return (request, None);
    };
    match shot.fault {
        Fault::ResetInUpload { after } => {
            let (after, ending) = (cut_at(after, length), Arc::clone(ending));
            let cut = |body| CutBody::new(body, after, CutMode::Upload, ending, shot);
            (request.map(|body| cut(body).boxed_unsync()), None)
        }
        Fault::CorruptRequest { at } => {
            let at = damage_at(at, length, shot.draw);
            let damage = |body| DamagedBody::new(body, at, shot);
            (request.map(|body| damage(body).boxed_unsync()), None)
        }
        _ => (request, Some(shot)),
    }
}

/// Applies a fault of the response.
async fn in_response(
    response: Response<Passing>,
    ending: &Arc<Ending>,
    mut shot: Shot,
) -> Result<Response<Passing>, Cut> {
    let length = length(response.body());
    let (after, mode) = match shot.fault {
        Fault::ResetAfterRequest => {
            swallow(response.into_body()).await;
            shot.hit();
            return Err(ending.reset_now());
        }
        Fault::Corrupt { at } if length != Some(0) => {
            let at = damage_at(at, length, shot.draw);
            return Ok(response.map(|body| DamagedBody::new(body, at, shot).boxed_unsync()));
        }
        Fault::ResetInResponse { after } => (after, CutMode::Reset),
        Fault::Truncate { after } => (after, CutMode::Close),
        _ => return Ok(response),
    };
    if length == Some(0) {
        shot.hit();
        // Without the reset the connection is closed in good order.
        return Err(match mode {
            CutMode::Close => Cut,
            CutMode::Reset | CutMode::Upload => ending.reset_now(),
        });
    }
    let (after, ending) = (cut_at(after, length), Arc::clone(ending));
    Ok(response.map(|body| CutBody::new(body, after, mode, ending, shot).boxed_unsync()))
}

/// Whose turn it is between a client that awaits `100 Continue` and the upstream.
#[derive(Clone, Default)]
struct Turn {
    asked: CancellationToken,
    answered: CancellationToken,
    finished: CancellationToken,
}

impl Turn {
    fn hold_back(self, request: Request<Passing>) -> Request<Passing> {
        let asked = self.asked.clone();
        let go = async move {
            tokio::select! {
                biased;
                () = self.asked.cancelled() => true,
                () = self.answered.cancelled() => {
                    // The body is not wanted any more, but failing it would fail the answer too.
                    self.finished.cancelled().await;
                    false
                }
                () = tokio::time::sleep(UNASKED) => true,
            }
        };
        let mut request = request.map(|body| AwaitedBody::new(body, go).boxed_unsync());
        hyper::ext::on_informational(&mut request, move |response| {
            if response.status() == StatusCode::CONTINUE {
                asked.cancel();
            }
        });
        request
    }
}

/// The length of a body in bytes; `None`: only its end will tell.
pub(crate) fn length(body: &impl Body) -> Option<u64> {
    if body.is_end_stream() {
        return Some(0);
    }
    body.size_hint().exact()
}

pub(crate) fn awaits_continue<B>(request: &Request<B>) -> bool {
    let expect = request.headers().get(EXPECT);
    expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// The same path and query, to the letter, at the upstream.
fn upstream_uri(upstream: &Authority, uri: &Uri) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(upstream.clone());
    let path = uri.path_and_query().cloned();
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    // Scheme, authority and path make a URI.
    Uri::from_parts(parts).unwrap_or_default()
}

/// Takes a body to its end, or until it breaks off.
pub(crate) async fn swallow<B: Body + Unpin>(mut body: B) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Whether the client broke off its upload, rather than the upstream failing.
fn is_the_clients(error: &hyper_util::client::legacy::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return error.is_user();
        }
        cause = error.source();
    }
    false
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
