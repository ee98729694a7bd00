//! The price table: TOML, by region, with a date.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The table that ships with the program.
pub const BUNDLED: &str = include_str!("../../../../assets/prices.toml");

/// Version of the table's shape.
const VERSION: u32 = 1;

/// Whose prices hold for a region that the table does not have.
const FALLBACK: &str = "us-east-1";

/// Prices by region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// Version of this document's shape, 1.
    pub version: u32,
    /// The day on which the prices were looked up, `YYYY-MM-DD`.
    pub date: String,
    /// What the amounts are in: `USD`.
    pub currency: String,
    /// Where they were looked up.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The prices of each region, by its name.
    pub regions: BTreeMap<String, Rates>,
}

/// The list prices of one region, without free tiers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Lambda on x86, a gigabyte of memory for a second.
    pub lambda_gb_second: f64,
    /// The same on arm64.
    pub lambda_arm_gb_second: f64,
    /// One invocation of a Lambda function.
    pub lambda_request: f64,
    /// Fargate, Linux on x86, a virtual processor for an hour.
    pub fargate_vcpu_hour: f64,
    /// Fargate, a gigabyte of memory for an hour.
    pub fargate_gb_hour: f64,
    /// Seconds that a Fargate task is paid for at least.
    pub fargate_minimum_seconds: f64,
    /// One transition of a standard workflow of Step Functions.
    pub states_transition: f64,
    /// One PUT, POST or COPY of S3 Standard.
    pub s3_put: f64,
    /// One GET or HEAD.
    pub s3_get: f64,
    /// One LIST.
    pub s3_list: f64,
    /// A gigabyte in S3 Standard for a month.
    pub s3_gb_month: f64,
    /// One event of S3 on the default bus of EventBridge.
    pub eventbridge_event: f64,
    /// A gigabyte out of AWS to the internet.
    pub data_transfer_out_gb: f64,
}

/// A region's prices, found in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priced<'a> {
    /// The prices.
    pub rates: Rates,
    /// The region that they are of.
    pub region: &'a str,
    /// Whether they are another region's, because the table does not have the one asked for.
    pub fallback: bool,
}

/// Why a price table cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PriceError {
    /// It is no TOML of this shape.
    #[error("{}{message}", .line.map_or_else(String::new, |line| format!("line {line}: ")))]
    Shape {
        /// Counted from 1.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// It is of another version.
    #[error("it has version {found}, and this build reads version {VERSION}")]
    Version {
        /// The one it says.
        found: u32,
    },
    /// A price that none can be.
    #[error("`{name}` of {region} is {value}: a price is 0 or more")]
    Value {
        /// Whose.
        region: String,
        /// Which.
        name: &'static str,
        /// What it says.
        value: String,
    },
}

impl PriceTable {
    /// The table that ships.
    #[must_use]
    pub fn bundled() -> Self {
        // A test reads the same bytes.
        Self::parse(BUNDLED).unwrap_or_else(|_| Self {
            version: VERSION,
            date: String::new(),
            currency: "USD".to_owned(),
            sources: Vec::new(),
            regions: BTreeMap::new(),
        })
    }

    /// Reads a table.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let table: Self = toml::from_str(text).map_err(|error| PriceError::Shape {
            line: error.span().map(|span| {
                let before = text.as_bytes().iter().take(span.start);
                before.filter(|byte| **byte == b'\n').count() + 1
            }),
            message: error.message().to_owned(),
        })?;
        if table.version != VERSION {
            let found = table.version;
            return Err(PriceError::Version { found });
        }
        for (region, rates) in &table.regions {
            for (name, value) in rates.named() {
                if !(value.is_finite() && value >= 0.0) {
                    return Err(PriceError::Value {
                        region: region.clone(),
                        name,
                        value: value.to_string(),
                    });
                }
            }
        }
        Ok(table)
    }

    /// The regions of both, ours where both have one; date, currency and sources are ours. Another currency's regions
    /// cannot be taken over.
    #[must_use]
    pub fn over(mut self, other: Self) -> Self {
        if self.currency == other.currency {
            for (region, rates) in other.regions {
                self.regions.entry(region).or_insert(rates);
            }
        }
        self
    }

    /// The prices of a region, or those of us-east-1 when the table does not have it; `None` when it has neither.
    #[must_use]
    pub fn of<'a>(&self, region: &'a str) -> Option<Priced<'a>> {
        let found = |region: &'a str, fallback| {
            self.regions.get(region).map(|rates| Priced {
                rates: *rates,
                region,
                fallback,
            })
        };
        found(region, false).or_else(|| found(FALLBACK, true))
    }
}

impl Rates {
    pub(super) fn named(&self) -> [(&'static str, f64); 13] {
        [
            ("lambda_gb_second", self.lambda_gb_second),
            ("lambda_arm_gb_second", self.lambda_arm_gb_second),
            ("lambda_request", self.lambda_request),
            ("fargate_vcpu_hour", self.fargate_vcpu_hour),
            ("fargate_gb_hour", self.fargate_gb_hour),
            ("fargate_minimum_seconds", self.fargate_minimum_seconds),
            ("states_transition", self.states_transition),
            ("s3_put", self.s3_put),
            ("s3_get", self.s3_get),
            ("s3_list", self.s3_list),
            ("s3_gb_month", self.s3_gb_month),
            ("eventbridge_event", self.eventbridge_event),
            ("data_transfer_out_gb", self.data_transfer_out_gb),
        ]
    }
}
