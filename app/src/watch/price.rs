//! What executions did cost, or will, with the prices of the configuration.

use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::price::{Rates, Setup, Spent, spent};
use whiteboarder_jobs::watch::Digest;

use crate::batch::target::expected;
use crate::config::Settings;

/// What prices are reckoned with.
#[derive(Clone, Debug)]
pub struct Pricing {
    /// What the target has.
    pub setup: Setup,
    /// Its prices.
    pub rates: Rates,
    /// `USD`.
    pub currency: String,
    /// Where that would be paid: `AWS us-east-1`.
    pub place: String,
    /// Whether it is paid: the target is AWS.
    pub paid: bool,
}

impl Pricing {
    /// For the settings' target; none when there are no prices for its region.
    pub fn of(settings: &Settings) -> Option<Pricing> {
        let lanes = expected(settings).ok()?;
        let prices = settings.prices().ok()?;
        let priced = prices.of(&lanes.region)?;
        Some(Pricing {
            setup: Setup::shipped(lanes.lambda),
            place: format!("AWS {}", priced.region),
            rates: priced.rates,
            currency: prices.currency.clone(),
            paid: lanes.on_aws,
        })
    }

    /// With given prices.
    #[cfg(test)]
    pub fn with_rates(setup: Setup, rates: Rates, currency: &str, region: &str) -> Pricing {
        Pricing {
            setup,
            rates,
            currency: currency.to_owned(),
            place: format!("AWS {region}"),
            paid: true,
        }
    }

    /// The terms of an execution's cost.
    pub fn spent(&self, digest: &Digest) -> Spent {
        spent(&digest.usage, &self.setup, &self.rates)
    }

    /// All of it; `None` when some of it cannot be told.
    pub fn total(&self, digest: &Digest) -> Option<f64> {
        self.spent(digest).total()
    }

    /// What the cleaning Lambda has.
    pub fn lambda(&self) -> &Capacity {
        &self.setup.lambda
    }

    /// What sums are reckoned with.
    pub fn with(&self) -> (&Setup, &Rates) {
        (&self.setup, &self.rates)
    }
}
