//! The plan of faults and its decisions: pure, without a socket or a clock.

use http::HeaderMap;
use regex::Regex;

use crate::fault::Fault;
use crate::rule::{Pair, Rule};

/// A seed and rules, the first of which to fire decides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Chooses the requests of a [`Rule::share`], and the bytes that are damaged.
    pub seed: u64,
    /// In the order in which they are asked.
    pub rules: Vec<Rule>,
}

/// A plan that cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A share outside 0 to 1.
    #[error("rule {rule}: a share is 0 to 1 (0% to 100%), not {share}")]
    Share {
        /// Number of the rule, from 1.
        rule: usize,
        /// What was asked.
        share: f64,
    },
    /// A regular expression that is none.
    #[error("rule {rule}: {error}")]
    Regex {
        /// Number of the rule, from 1.
        rule: usize,
        /// What is wrong.
        error: regex::Error,
    },
    /// A status that is no error's.
    #[error("rule {rule}: an error's status is 400 to 599, not {status}")]
    Status {
        /// Number of the rule, from 1.
        rule: usize,
        /// What was asked.
        status: u16,
    },
    /// The zeroth request.
    #[error("rule {rule}: nth counts from 1")]
    Nth {
        /// Number of the rule, from 1.
        rule: usize,
    },
    /// A text that is no rule.
    #[error("{0}")]
    Text(String),
}

/// What a decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The request's method.
    pub method: &'a str,
    /// Its path as sent.
    pub path: &'a str,
    /// What stands behind `?`, as sent.
    pub query: Option<&'a str>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The length of its body in bytes; `None`: chunked.
    pub body: Option<u64>,
}

/// That a fault befalls a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Index of the rule in the plan.
    pub rule: usize,
    /// What happens.
    pub fault: Fault,
    /// A seeded number for whatever the fault leaves open.
    pub draw: u64,
}

/// A plan being followed: the same seed, rules and sequence of requests give the same decisions.
#[derive(Debug)]
pub struct Decider {
    seed: u64,
    rules: Vec<Followed>,
}

#[derive(Debug)]
struct Followed {
    rule: Rule,
    regex: Option<Regex>,
    /// Requests that matched so far, whichever rule decided about them.
    matched: u64,
    fired: u64,
}

impl Decider {
    /// Checks a plan and begins to follow it.
    pub fn new(plan: Plan) -> Result<Decider, PlanError> {
        let mut rules = Vec::with_capacity(plan.rules.len());
        for (index, rule) in plan.rules.into_iter().enumerate() {
            rules.push(Followed::new(rule, index + 1)?);
        }
        Ok(Decider {
            seed: plan.seed,
            rules,
        })
    }

    /// Decides about the next request. Each rule counts the requests that match it, so that what one rule
    /// does leaves the others' choices alone.
    pub fn decide(&mut self, facts: &Facts<'_>) -> Option<Decision> {
        let mut decision = None;
        for (index, followed) in self.rules.iter_mut().enumerate() {
            if !followed.matches(facts) {
                continue;
            }
            followed.matched += 1;
            if decision.is_none() && followed.fires(self.seed, index) {
                followed.fired += 1;
                decision = Some(Decision {
                    rule: index,
                    fault: followed.rule.fault.clone(),
                    draw: draw(self.seed, index, followed.matched, Salt::Place),
                });
            }
        }
        decision
    }

    /// A fault did not come to pass, since the response had no body to damage or the upstream failed by
    /// itself: it does not count against [`Rule::times`].
    pub fn give_back(&mut self, rule: usize) {
        if let Some(followed) = self.rules.get_mut(rule) {
            followed.fired = followed.fired.saturating_sub(1);
        }
    }
}

impl Followed {
    fn new(rule: Rule, number: usize) -> Result<Followed, PlanError> {
        if let Some(share) = rule.share.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(PlanError::Share {
                rule: number,
                share,
            });
        }
        if rule.nth == Some(0) {
            return Err(PlanError::Nth { rule: number });
        }
        if let Fault::Error(error) = &rule.fault
            && !(400..600).contains(&error.status)
        {
            return Err(PlanError::Status {
                rule: number,
                status: error.status,
            });
        }
        let regex = rule.regex.as_deref().map(Regex::new).transpose();
        let regex = regex.map_err(|error| PlanError::Regex {
            rule: number,
            error,
        })?;
        Ok(Followed {
            rule,
            regex,
            matched: 0,
            fired: 0,
        })
    }

    fn matches(&self, facts: &Facts<'_>) -> bool {
        let rule = &self.rule;
        rule.method.as_ref().is_none_or(|it| it == facts.method)
            && rule
                .path
                .as_ref()
                .is_none_or(|it| facts.path.starts_with(it))
            && self.regex.as_ref().is_none_or(|it| it.is_match(facts.path))
            && rule.query.iter().all(|pair| in_query(pair, facts.query))
            && rule
                .headers
                .iter()
                .all(|pair| in_headers(pair, facts.headers))
            && rule.fault.suits(facts.body)
    }

    fn fires(&self, seed: u64, index: usize) -> bool {
        let rule = &self.rule;
        self.matched > rule.skip
            && rule.nth.is_none_or(|nth| nth == self.matched)
            && rule.times.is_none_or(|times| self.fired < times)
            && rule.share.is_none_or(|share| {
                // 53 bits are what a double holds: a number from 0 up to, not including, 1.
                let number = draw(seed, index, self.matched, Salt::Choice) >> 11;
                (number as f64) / ((1u64 << 53) as f64) < share
            })
    }
}

fn in_query(pair: &Pair, query: Option<&str>) -> bool {
    query.unwrap_or_default().split('&').any(|item| {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        key == pair.name && pair.value.as_ref().is_none_or(|it| it == value)
    })
}

fn in_headers(pair: &Pair, headers: &HeaderMap) -> bool {
    headers.get_all(pair.name.as_str()).iter().any(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        pair.value.as_ref().is_none_or(|it| value.contains(it))
    })
}

#[derive(Clone, Copy)]
enum Salt {
    Choice = 1,
    Place = 2,
}

/// A number for the `ordinal`th request that matched a rule: the finaliser of `SplitMix64` (Steele, Lea, Flood 2014)
/// over the inputs in turn. It has no state, so rules do not disturb each other.
fn draw(seed: u64, rule: usize, ordinal: u64, salt: Salt) -> u64 {
    [rule as u64, ordinal, salt as u64]
        .into_iter()
        .fold(mix(seed), |state, input| mix(state ^ mix(input)))
}

fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
