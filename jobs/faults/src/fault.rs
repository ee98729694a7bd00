//! What can go wrong: the faults and their parameters.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// One kind of misfortune with its parameters. Offsets count bytes of a body, from 0, without its framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers as an overloaded service, without asking the upstream: 503 `SlowDown`, for the JSON protocol
    /// 400 `ThrottlingException`, for Lambda 429 `TooManyRequestsException`.
    Throttle,
    /// Answers with an error, without asking the upstream.
    Error(ErrorAnswer),
    /// Resets the connection; the upstream never sees the request.
    Reset,
    /// Lets the upstream do its work and answer in full, then resets the connection: the client never hears.
    ResetAfterRequest,
    /// Resets the connection when this many bytes of the request's body have passed, half of them without a
    /// number. Only requests whose body is longer match. The upstream sees a body that breaks off.
    ResetInUpload {
        /// Bytes that pass.
        after: Option<u64>,
    },
    /// Resets the connection when this many bytes of the response's body have passed, half of them without a
    /// number. The last byte never passes; a response without a body is withheld whole.
    ResetInResponse {
        /// Bytes that pass.
        after: Option<u64>,
    },
    /// As [`Fault::ResetInResponse`], but the connection is closed in good order: the body is shorter than
    /// its `content-length`, or chunked and without its end.
    Truncate {
        /// Bytes that pass.
        after: Option<u64>,
    },
    /// Inverts the lowest bit of one byte of the response's body, of a seeded one without an offset. An offset
    /// beyond the end means the last byte; where the length is not told (chunked), no offset means the first byte.
    Corrupt {
        /// Offset of the byte.
        at: Option<u64>,
    },
    /// As [`Fault::Corrupt`], in the request's body. Only requests with a body match.
    CorruptRequest {
        /// Offset of the byte.
        at: Option<u64>,
    },
    /// Waits before the upstream is asked, then limits both bodies to a rate.
    Slow {
        /// The wait.
        latency: Duration,
        /// Bytes per second in each direction; no limit if `None`.
        rate: Option<NonZeroU64>,
    },
    /// Takes the request and never answers; ends when the client gives up or the proxy stops.
    Hang,
    /// Answers as a service whose clock differs: 403 `RequestTimeTooSkewed`, for the JSON protocol and Lambda
    /// `InvalidSignatureException`, with the service's time in the `date` header and in the body.
    Skew {
        /// How far the service's clock is ahead of ours, in seconds; negative is behind.
        ahead: i64,
    },
    /// Answers that the session's credentials have expired: 400 `ExpiredToken`, else `ExpiredTokenException`.
    Expired,
}

/// The answer of [`Fault::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// The error's name in the body. Without one, 502 and 504 are a load balancer's HTML page, and other
    /// statuses have the name that the protocol uses for them.
    pub code: Option<String>,
    /// The error's text.
    pub message: Option<String>,
}

impl Fault {
    /// An error with the status's own name.
    #[must_use]
    pub fn error(status: u16) -> Fault {
        Fault::Error(ErrorAnswer {
            status,
            code: None,
            message: None,
        })
    }

    /// An error with a name and a text, for example 403, `AccessDenied`, `Access Denied`.
    pub fn error_code(status: u16, code: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault::Error(ErrorAnswer {
            status,
            code: Some(code.into()),
            message: Some(message.into()),
        })
    }

    /// A wait before the upstream is asked.
    #[must_use]
    pub fn latency(latency: Duration) -> Fault {
        Fault::Slow {
            latency,
            rate: None,
        }
    }

    /// Which kind it is, without its parameters.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Fault::Throttle => FaultKind::Throttle,
            Fault::Error(_) => FaultKind::Error,
            Fault::Reset => FaultKind::Reset,
            Fault::ResetAfterRequest => FaultKind::ResetAfterRequest,
            Fault::ResetInUpload { .. } => FaultKind::ResetInUpload,
            Fault::ResetInResponse { .. } => FaultKind::ResetInResponse,
            Fault::Truncate { .. } => FaultKind::Truncate,
            Fault::Corrupt { .. } => FaultKind::Corrupt,
            Fault::CorruptRequest { .. } => FaultKind::CorruptRequest,
            Fault::Slow { .. } => FaultKind::Slow,
            Fault::Hang => FaultKind::Hang,
            Fault::Skew { .. } => FaultKind::Skew,
            Fault::Expired => FaultKind::Expired,
        }
    }

    /// Whether it can befall a request whose body has this length (`None`: chunked).
    pub(crate) fn suits(&self, body: Option<u64>) -> bool {
        let more_than = match self {
            Fault::ResetInUpload { after } => after.unwrap_or(0),
            Fault::CorruptRequest { .. } => 0,
            _ => return true,
        };
        body.is_none_or(|length| length > more_than)
    }
}

/// The kinds of faults, as counted and as named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// [`Fault::Throttle`]
    Throttle,
    /// [`Fault::Error`]
    Error,
    /// [`Fault::Reset`]
    Reset,
    /// [`Fault::ResetAfterRequest`]
    ResetAfterRequest,
    /// [`Fault::ResetInUpload`]
    ResetInUpload,
    /// [`Fault::ResetInResponse`]
    ResetInResponse,
    /// [`Fault::Truncate`]
    Truncate,
    /// [`Fault::Corrupt`]
    Corrupt,
    /// [`Fault::CorruptRequest`]
    CorruptRequest,
    /// [`Fault::Slow`]
    Slow,
    /// [`Fault::Hang`]
    Hang,
    /// [`Fault::Skew`]
    Skew,
    /// [`Fault::Expired`]
    Expired,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 13] = [
        FaultKind::Throttle,
        FaultKind::Error,
        FaultKind::Reset,
        FaultKind::ResetAfterRequest,
        FaultKind::ResetInUpload,
        FaultKind::ResetInResponse,
        FaultKind::Truncate,
        FaultKind::Corrupt,
        FaultKind::CorruptRequest,
        FaultKind::Slow,
        FaultKind::Hang,
        FaultKind::Skew,
        FaultKind::Expired,
    ];

    /// Its name, for example `reset_after_request`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Throttle => "throttle",
            FaultKind::Error => "error",
            FaultKind::Reset => "reset",
            FaultKind::ResetAfterRequest => "reset_after_request",
            FaultKind::ResetInUpload => "reset_in_upload",
            FaultKind::ResetInResponse => "reset_in_response",
            FaultKind::Truncate => "truncate",
            FaultKind::Corrupt => "corrupt",
            FaultKind::CorruptRequest => "corrupt_request",
            FaultKind::Slow => "slow",
            FaultKind::Hang => "hang",
            FaultKind::Skew => "skew",
            FaultKind::Expired => "expired",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<FaultKind> {
        FaultKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How many bytes of a body pass before it is cut: never all of them, where the length is known.
pub(crate) fn cut_at(after: Option<u64>, length: Option<u64>) -> u64 {
    match length {
        Some(length) => after.unwrap_or(length / 2).min(length.saturating_sub(1)),
        None => after.unwrap_or(0),
    }
}

/// Which byte of a body is damaged; `draw` chooses where the plan does not.
pub(crate) fn damage_at(at: Option<u64>, length: Option<u64>, draw: u64) -> u64 {
    match length {
        Some(length) => at
            .unwrap_or(draw % length.max(1))
            .min(length.saturating_sub(1)),
        None => at.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds_belong_together() {
        for kind in FaultKind::ALL {
            assert_eq!(FaultKind::named(kind.name()), Some(kind));
        }
        assert_eq!(FaultKind::named("flood"), None);
    }

    #[test]
    fn a_cut_withholds_at_least_one_byte_of_a_known_length() {
        assert_eq!(cut_at(None, Some(10)), 5);
        assert_eq!(cut_at(Some(3), Some(10)), 3);
        assert_eq!(cut_at(Some(10), Some(10)), 9);
        assert_eq!(cut_at(Some(u64::MAX), Some(1)), 0);
        assert_eq!(cut_at(Some(3), None), 3);
    }

    #[test]
    fn damage_lies_within_a_known_length() {
        assert_eq!(damage_at(Some(4), Some(10), 99), 4);
        assert_eq!(damage_at(Some(40), Some(10), 99), 9);
        assert_eq!(damage_at(None, Some(10), 123), 3);
        assert_eq!(damage_at(None, None, 123), 0);
    }

    #[test]
    fn faults_in_an_upload_ask_for_a_body_that_is_long_enough() {
        let cut = Fault::ResetInUpload { after: Some(100) };
        assert!(!cut.suits(Some(100)));
        assert!(cut.suits(Some(101)) && cut.suits(None));
        let flip = Fault::CorruptRequest { at: None };
        assert!(!flip.suits(Some(0)) && flip.suits(Some(1)));
        assert!(Fault::Reset.suits(Some(0)));
    }
}
