//! A rule of a plan: which requests a fault befalls.

use crate::fault::Fault;

/// A fault and the requests that it befalls. Every condition must hold; without one, every request matches.
///
/// ```
/// use fault_proxy::{Fault, Rule};
///
/// let rule = Rule::new(Fault::Throttle).method("PUT").path("/boards/inbox/").share(0.05).times(3);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) fault: Fault,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) regex: Option<String>,
    pub(crate) query: Vec<Pair>,
    pub(crate) headers: Vec<Pair>,
    pub(crate) share: Option<f64>,
    pub(crate) nth: Option<u64>,
    pub(crate) skip: u64,
    pub(crate) times: Option<u64>,
}

/// A query key or header, and what its value must be or contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl Rule {
    /// The fault for every request.
    #[must_use]
    pub fn new(fault: Fault) -> Rule {
        Rule {
            fault,
            method: None,
            path: None,
            regex: None,
            query: Vec::new(),
            headers: Vec::new(),
            share: None,
            nth: None,
            skip: 0,
            times: None,
        }
    }

    /// Only requests with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Rule {
        self.method = Some(method.into());
        self
    }

    /// Only paths that begin so, percent-encoded as they are sent.
    #[must_use]
    pub fn path(mut self, prefix: impl Into<String>) -> Rule {
        self.path = Some(prefix.into());
        self
    }

    /// Only paths in which the regular expression finds a match, percent-encoded as they are sent.
    #[must_use]
    pub fn path_regex(mut self, pattern: impl Into<String>) -> Rule {
        self.regex = Some(pattern.into());
        self
    }

    /// Only requests with this query key, for example `uploadId`.
    #[must_use]
    pub fn query(mut self, key: impl Into<String>) -> Rule {
        self.query.push(Pair {
            name: key.into(),
            value: None,
        });
        self
    }

    /// Only requests whose query has exactly this value for the key, percent-encoded as it is sent.
    #[must_use]
    pub fn query_value(mut self, key: impl Into<String>, value: impl Into<String>) -> Rule {
        self.query.push(Pair {
            name: key.into(),
            value: Some(value.into()),
        });
        self
    }

    /// Only requests with this header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>) -> Rule {
        self.headers.push(Pair {
            name: name.into(),
            value: None,
        });
        self
    }

    /// Only requests whose header contains this, for example `x-amz-target` and `SendTask`.
    #[must_use]
    pub fn header_contains(mut self, name: impl Into<String>, part: impl Into<String>) -> Rule {
        self.headers.push(Pair {
            name: name.into(),
            value: Some(part.into()),
        });
        self
    }

    /// This share of the matching requests, 0 to 1, chosen by the seed. All of them without this.
    #[must_use]
    pub fn share(mut self, share: f64) -> Rule {
        self.share = Some(share);
        self
    }

    /// Only the nth matching request, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Rule {
        self.nth = Some(nth);
        self
    }

    /// Leaves the first matching requests alone.
    #[must_use]
    pub fn skip(mut self, requests: u64) -> Rule {
        self.skip = requests;
        self
    }

    /// At most this many faults in all.
    #[must_use]
    pub fn times(mut self, times: u64) -> Rule {
        self.times = Some(times);
        self
    }
}
