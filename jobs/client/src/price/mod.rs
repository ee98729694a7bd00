//! What a batch costs: before, from the plan ([`estimate`], [`quote`]), and after, from histories ([`actual`], [`spent`]).
//!
//! Everything here is pure. Prices come from a [`PriceTable`], a dated TOML document that ships with the program and that
//! people can replace; nobody is asked for prices. Free tiers, taxes and discounts are left out.
//!
//! | term | what it is |
//! |---|---|
//! | `compute` | the attempt that succeeds: on Lambda memory × time + one request, on ECS the worker's processors and memory × time |
//! | `attempts` | attempts on Lambda that will fail, by their probability ([`move_probability`]); they are paid like others |
//! | `transitions` | states entered by a standard workflow, counted in the state machine that ships ([`Transitions`]) |
//! | `plan` | the Plan step's own invocation |
//! | `requests` | requests to S3, and the events that S3 sends, of one item ([`estimate`] counts them) |
//! | `storage_month` | original and result in S3 for a month |
//! | `download` | the result's way out of AWS, if it is downloaded |

mod actual;
mod estimate;
mod table;
mod transitions;

pub use actual::{Spent, actual, spent};
pub use estimate::{
    Facts, Quote, Setup, Worker, estimate, estimate_unchanged, move_probability, quote, quote_known,
};
pub use table::{BUNDLED, PriceError, PriceTable, Priced, Rates};
pub use transitions::Transitions;

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::Serialize;

/// An amount by its terms, in the table's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Lambda or ECS for the attempt that succeeds.
    pub compute: f64,
    /// Failed attempts, by their probability.
    pub attempts: f64,
    /// State transitions.
    pub transitions: f64,
    /// The Plan step's invocation.
    pub plan: f64,
    /// Requests to S3 and its events.
    pub requests: f64,
    /// Original and result in S3 for a month.
    pub storage_month: f64,
    /// The result's way out of AWS, if it is downloaded.
    pub download: f64,
    /// All of these.
    pub total: f64,
}

impl Cost {
    /// With `total` made the sum of the other terms.
    #[must_use]
    pub fn summed(mut self) -> Self {
        self.total = self.compute
            + self.attempts
            + self.transitions
            + self.plan
            + self.requests
            + self.storage_month
            + self.download;
        self
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            compute: self.compute + other.compute,
            attempts: self.attempts + other.attempts,
            transitions: self.transitions + other.transitions,
            plan: self.plan + other.plan,
            requests: self.requests + other.requests,
            storage_month: self.storage_month + other.storage_month,
            download: self.download + other.download,
            total: self.total + other.total,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests;
