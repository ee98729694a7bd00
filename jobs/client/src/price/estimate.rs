//! What an item will probably cost.

use std::collections::BTreeSet;

use serde::Serialize;
use whiteboarder_core::cost::{Capacity, MEMORY_MARGIN, TIME_MARGIN};

use super::{Cost, PriceTable, Rates, Transitions};
use crate::submit::{Plan, PlannedItem};
use crate::track::Place;

/// Bytes of a gigabyte, as AWS bills.
const GB: f64 = (1_u64 << 30) as f64;
/// Seconds that Plan takes on its function: it reads the first 256 KiB of an object.
const PLAN_SECONDS: f64 = 0.1;
/// Memory of the function that plans, in MB.
const PLAN_MEMORY_MB: u32 = 512;
/// Bytes of a result per pixel: a PNG with a palette. Twelve photographs of boards and pages need 0.055 together (0.01 to
/// 0.31, the small ones most), the sample boards 0.013.
const RESULT_BYTES_PER_PIXEL: f64 = 1.0 / 16.0;
/// Above this an original is uploaded in parts of [`PART`], as `submit` does.
const ONE_PUT: u64 = 64 << 20;
const PART: u64 = 16 << 20;
/// Objects on one page of a LIST.
const PAGE: usize = 1000;

/// A worker of the ECS lane: a Fargate task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Worker {
    /// Virtual processors.
    pub vcpus: f64,
    /// Memory in GB.
    pub memory_gb: f64,
}

impl Default for Worker {
    /// One processor, and the memory for the largest picture that is cleaned as a whole (4 GiB) and some room.
    fn default() -> Self {
        Self {
            vcpus: 1.0,
            memory_gb: 6.0,
        }
    }
}

/// What the target is taken to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// The cleaning Lambda.
    pub lambda: Capacity,
    /// Whether the functions run on arm64, which is cheaper.
    pub arm: bool,
    /// Memory of the Lambda that plans, in MB.
    pub plan_memory_mb: u32,
    /// A worker of the ECS lane.
    pub worker: Worker,
    /// States that executions enter.
    pub transitions: Transitions,
}

impl Setup {
    /// The stack as it ships, with this cleaning Lambda.
    #[must_use]
    pub fn shipped(lambda: Capacity) -> Self {
        Self {
            lambda,
            arm: false,
            plan_memory_mb: PLAN_MEMORY_MB,
            worker: Worker::default(),
            transitions: Transitions::shipped(),
        }
    }

    /// One run of a function: memory × time, rounded up to a millisecond, and one request.
    pub(crate) fn lambda_run(&self, seconds: f64, memory_mb: u32, rates: &Rates) -> f64 {
        let billed = (seconds * 1000.0).ceil() / 1000.0;
        self.lambda_time(billed, 1, memory_mb, rates)
    }

    /// So many seconds of a function, each run's rounded up already.
    pub(super) fn lambda_time(
        &self,
        seconds: f64,
        runs: u32,
        memory_mb: u32,
        rates: &Rates,
    ) -> f64 {
        let gb_second = if self.arm {
            rates.lambda_arm_gb_second
        } else {
            rates.lambda_gb_second
        };
        seconds * f64::from(memory_mb) / 1024.0 * gb_second + f64::from(runs) * rates.lambda_request
    }

    /// So many seconds of a worker.
    pub(crate) fn worker_time(&self, seconds: f64, rates: &Rates) -> f64 {
        let hour = self.worker.vcpus * rates.fargate_vcpu_hour
            + self.worker.memory_gb * rates.fargate_gb_hour;
        seconds * hour / 3600.0
    }
}

/// What is known of an item before it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// Size of the original.
    pub bytes: u64,
    /// Width × height; `None` when the header cannot be read.
    pub pixels: Option<u64>,
    /// Predicted seconds on one whole virtual processor.
    pub cpu_seconds: f64,
    /// Predicted peak memory in MB.
    pub memory_mb: u64,
    /// Where it will run; `None` when the header cannot be read: then it fails in Plan.
    pub place: Option<Place>,
    /// Whether its result is downloaded.
    pub download: bool,
}

impl Facts {
    /// Of an item of a plan.
    #[must_use]
    pub fn of(item: &PlannedItem, download: bool) -> Self {
        let pixels = item.width.zip(item.height);
        Self {
            bytes: item.file.bytes,
            pixels: pixels.map(|(width, height)| u64::from(width) * u64::from(height)),
            cpu_seconds: item.cpu_seconds.unwrap_or(0.0),
            memory_mb: item.memory_mb.unwrap_or(0),
            place: item.place,
            download,
        }
    }
}

/// How probable it is that an attempt on Lambda fails for want of time or memory and the item moves to ECS, 0 to 1.
///
/// Within the margins that [`whiteboarder_core::cost::fits`] keeps (a third of the time-out, four fifths of the memory) it
/// is 0, at the limit itself 1, and between them it grows evenly; the worse of both counts. A plan of its own never goes
/// beyond the margins, so this matters where Lambda was asked for.
#[must_use]
pub fn move_probability(facts: &Facts, lambda: &Capacity) -> f64 {
    time_risk(facts, lambda).max(memory_risk(facts, lambda))
}

fn time_risk(facts: &Facts, lambda: &Capacity) -> f64 {
    between(
        facts.cpu_seconds / lambda.vcpus / lambda.timeout_s,
        TIME_MARGIN,
    )
}

fn memory_risk(facts: &Facts, lambda: &Capacity) -> f64 {
    between(
        facts.memory_mb as f64 / f64::from(lambda.memory_mb),
        MEMORY_MARGIN,
    )
}

fn between(used: f64, margin: f64) -> f64 {
    // Written so that what is no number is a risk.
    if used <= margin {
        return 0.0;
    }
    ((used - margin) / (1.0 - margin)).min(1.0)
}

/// What an item will probably cost.
///
/// - **compute** = (1 − *p*) × Lambda + *p* × ECS for an item on Lambda, with *p* = [`move_probability`]; ECS alone for one
///   there. Lambda = time × memory × price + one request; ECS = time × (processors × price + memory × price).
/// - **attempts** = *p* × the failed run on Lambda: the whole time-out when time is what is short, else the predicted time.
/// - **transitions** = states entered; an item that moves enters more.
/// - **plan** = one run of 0.1 s on 512 MB. An item whose header cannot be read costs this and little else.
/// - **requests** = PUT of the original (in parts above 64 MiB), of the run's record and of the result, each with the event
///   that S3 sends for it; HEAD and GET by Plan, GET by the cleaning, and GET of the download.
/// - **`storage_month`** = original and result; a result is taken for a byte per 16 pixels.
/// - **download** = the result × the price of data out.
///
/// Cold starts, network and the time that a worker waits for work are not in it.
#[must_use]
pub fn estimate(facts: &Facts, setup: &Setup, rates: &Rates) -> Cost {
    let lambda = &setup.lambda;
    let moves = match facts.place {
        Some(Place::Lambda) => move_probability(facts, lambda),
        _ => 0.0,
    };
    let on_lambda = (facts.cpu_seconds / lambda.vcpus).min(lambda.timeout_s);
    let run = |seconds| setup.lambda_run(seconds, lambda.memory_mb, rates);
    let ecs = setup.worker_time(facts.cpu_seconds / setup.worker.vcpus, rates);
    let compute = match facts.place {
        Some(Place::Lambda) => (1.0 - moves) * run(on_lambda) + moves * ecs,
        Some(Place::Ecs) => ecs,
        None => 0.0,
    };
    let out_of_time = time_risk(facts, lambda) >= memory_risk(facts, lambda);
    let failed = if out_of_time {
        lambda.timeout_s
    } else {
        on_lambda
    };
    let states = setup.transitions;
    let more = f64::from(states.moved) - f64::from(states.lambda);
    let result = facts.place.and(facts.pixels).unwrap_or(0) as f64 * RESULT_BYTES_PER_PIXEL;
    Cost {
        compute,
        attempts: moves * run(failed),
        transitions: (f64::from(states.planned(facts.place)) + moves * more)
            * rates.states_transition,
        plan: setup.lambda_run(PLAN_SECONDS, setup.plan_memory_mb, rates),
        requests: requests(facts, rates),
        storage_month: (facts.bytes as f64 + result) / GB * rates.s3_gb_month,
        download: if facts.download {
            result / GB * rates.data_transfer_out_gb
        } else {
            0.0
        },
        total: 0.0,
    }
    .summed()
}

/// What an item costs whose result an earlier batch has, or will have: nothing is sent, planned, cleaned or kept for it.
/// What is left is the way of its result, if that is downloaded.
#[must_use]
pub fn estimate_unchanged(facts: &Facts, setup: &Setup, rates: &Rates) -> Cost {
    let fetched = facts.download && facts.place.is_some();
    Cost {
        requests: if fetched { rates.s3_get } else { 0.0 },
        download: estimate(facts, setup, rates).download,
        ..Cost::default()
    }
    .summed()
}

fn requests(facts: &Facts, rates: &Rates) -> f64 {
    let original = if facts.bytes > ONE_PUT {
        // Begun, its parts, completed.
        facts.bytes.div_ceil(PART) + 2
    } else {
        1
    };
    let cleaned = u64::from(facts.place.is_some());
    let puts = original + 1 + cleaned;
    let gets = 2 + cleaned + u64::from(facts.download) * cleaned;
    let events = 2 + cleaned;
    puts as f64 * rates.s3_put
        + gets as f64 * rates.s3_get
        + events as f64 * rates.eventbridge_event
}

/// What a plan will probably cost, and by whose prices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quote {
    /// All items together, the manifest's requests, and what is missing to the minute that a worker is paid for at least.
    #[serde(flatten)]
    pub cost: Cost,
    /// What the amounts are in.
    pub currency: String,
    /// The region whose prices these are.
    pub region: String,
    /// When the prices were looked up.
    pub date: String,
    /// What has to be known of these prices.
    pub note: Option<String>,
}

/// Fills in what each item of a plan will probably cost in a region, and adds it up. `None` when the table has neither
/// the region nor us-east-1.
///
/// Which items are unchanged since an earlier batch is not known before a batch is begun: here each is counted as new.
/// [`quote_known`] counts them as they are.
pub fn quote(
    plan: &mut Plan,
    setup: &Setup,
    table: &PriceTable,
    region: &str,
    download: bool,
) -> Option<Quote> {
    quote_known(plan, setup, table, region, download, &BTreeSet::new())
}

/// The same, once the names of the items are known that others do the work for.
pub fn quote_known(
    plan: &mut Plan,
    setup: &Setup,
    table: &PriceTable,
    region: &str,
    download: bool,
    unchanged: &BTreeSet<String>,
) -> Option<Quote> {
    let priced = table.of(region)?;
    let rates = &priced.rates;
    for item in &mut plan.items {
        let facts = Facts::of(item, download);
        item.cost = Some(if unchanged.contains(&item.file.name) {
            estimate_unchanged(&facts, setup, rates)
        } else {
            estimate(&facts, setup, rates)
        });
    }
    let mut cost: Cost = plan.items.iter().filter_map(|item| item.cost).sum();
    let on_ecs = plan
        .items
        .iter()
        .filter(|item| item.place == Some(Place::Ecs) && !unchanged.contains(&item.file.name));
    let seconds: f64 = on_ecs.filter_map(|item| item.seconds).sum();
    if seconds > 0.0 {
        let missing = (rates.fargate_minimum_seconds - seconds).max(0.0);
        cost.compute += setup.worker_time(missing, rates);
    }
    // The manifest is written, read back, and sends an event; one LIST tells what is there already.
    let pages = plan.items.len().div_ceil(PAGE);
    cost.requests +=
        rates.s3_put + rates.s3_get + rates.eventbridge_event + pages as f64 * rates.s3_list;
    let note = priced.fallback.then(|| {
        format!(
            "the table has no prices of {region}; these are {}'s",
            priced.region
        )
    });
    Some(Quote {
        cost: cost.summed(),
        currency: table.currency.clone(),
        region: priced.region.to_owned(),
        date: table.date.clone(),
        note,
    })
}
