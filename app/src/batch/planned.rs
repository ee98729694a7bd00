//! What a batch will be: the same facts as a table, as sentences, and as JSON.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use whiteboarder_core::cost::Capacity;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::price::{PriceTable, Quote, Setup, quote_known};
use whiteboarder_jobs::submit::{Manifest, Plan, PlannedItem, Scan, Skipped, Wish, plan};
use whiteboarder_jobs::track::Place;

use super::target::Lanes;
use crate::config::Settings;
use crate::term::glyph::place;
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};

/// Of files that are left out for one reason, so many are named.
const NAMED: usize = 3;

/// Columns that a narrow terminal does without, the first of them first, with what each needs at least.
const HIDDEN_FIRST: [(&str, usize); 4] = [("why", 30), ("memory", 0), ("pixels", 0), ("size", 0)];

/// A plan with what it costs and how long it takes.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    quote: Option<Quote>,
    prices: Prices,
    /// Whether what an earlier batch has cleaned is left to it.
    skips_unchanged: bool,
    /// Where that would be paid: `AWS us-east-1`.
    estimate_for: String,
    /// Whether the target is AWS, so that it will be paid.
    paid: bool,
    seconds: f64,
}

/// What costs are reckoned with.
#[derive(Debug)]
struct Prices {
    table: PriceTable,
    setup: Setup,
    region: String,
    /// Whether results will be fetched.
    download: bool,
}

impl Prices {
    fn quote(&self, plan: &mut Plan, unchanged: &BTreeSet<String>) -> Option<Quote> {
        let Prices {
            table,
            setup,
            region,
            download,
        } = self;
        quote_known(plan, setup, table, region, *download, unchanged)
    }
}

/// The event `plan`.
#[derive(Serialize)]
pub struct PlanEvent<'a> {
    /// Whether nothing is going to happen.
    pub dry_run: bool,
    /// The items, in the order of their names.
    pub items: &'a [PlannedItem],
    /// What is left out, one by one.
    pub skipped: &'a [Skipped],
    /// How many files the patterns kept out.
    pub excluded: usize,
    /// Patterns that met no file.
    pub unmatched: &'a [String],
    /// How many folders were not searched.
    pub subfolders: usize,
    /// Size of all items.
    pub bytes: u64,
    /// How many will probably run on Lambda.
    pub lambda: usize,
    /// How many on ECS.
    pub ecs: usize,
    /// About how long the cleaning takes in all.
    pub seconds: f64,
    /// What it will probably cost.
    pub cost: Option<&'a Quote>,
    /// Where that would be paid.
    pub cost_is_estimate_for: &'a str,
}

impl Planned {
    /// Plans what was found. `download` says whether the results will be fetched.
    pub fn new(
        found: Scan,
        recipe: &Recipe,
        wish: Wish,
        lambda: &Capacity,
        lanes: &Lanes,
        download: bool,
        settings: &Settings,
    ) -> Result<Planned> {
        let prices = Prices {
            table: settings.prices()?,
            setup: Setup::shipped(*lambda),
            region: lanes.region.clone(),
            download,
        };
        let mut plan = plan(found, recipe, wish, lambda);
        let quote = prices.quote(&mut plan, &BTreeSet::new());
        Ok(Planned {
            seconds: plan.seconds(lanes.lambdas, lanes.workers),
            plan,
            quote,
            prices,
            skips_unchanged: false,
            estimate_for: format!("AWS {}", lanes.region),
            paid: lanes.on_aws,
        })
    }

    /// The same, whether or not what an earlier batch has cleaned is left to it.
    pub fn skipping_unchanged(mut self, skips_unchanged: bool) -> Planned {
        self.skips_unchanged = skips_unchanged;
        self
    }

    /// For `--json`.
    pub fn event(&self, dry_run: bool) -> PlanEvent<'_> {
        let plan = &self.plan;
        PlanEvent {
            dry_run,
            items: &plan.items,
            skipped: &plan.skipped,
            excluded: plan.excluded,
            unmatched: &plan.unmatched,
            subfolders: plan.subfolders,
            bytes: plan.bytes(),
            lambda: plan.count(Place::Lambda),
            ecs: plan.count(Place::Ecs),
            seconds: self.seconds,
            cost: self.quote.as_ref(),
            cost_is_estimate_for: &self.estimate_for,
        }
    }

    /// A row for each item.
    pub fn table(&self, unicode: bool) -> Table {
        let mut table = Table::new(&[
            ("image", Align::Left),
            ("size", Align::Right),
            ("pixels", Align::Right),
            ("place", Align::Left),
            ("time", Align::Right),
            ("memory", Align::Right),
            ("cost", Align::Right),
            ("why", Align::Left),
        ])
        .hiding(&HIDDEN_FIRST);
        for item in &self.plan.items {
            table.row(self.row(item, unicode));
        }
        table
    }

    fn row(&self, item: &PlannedItem, unicode: bool) -> Vec<Cell> {
        let unknown = || "?".to_owned();
        let pixels = item
            .width
            .zip(item.height)
            .map(|(width, height)| format!("{:.1} MP", f64::from(width) * f64::from(height) / 1e6));
        let at = item.place.map(|at| place(&at.to_string(), unicode));
        let cost = item.cost.zip(self.quote.as_ref());
        vec![
            text::safe(&item.file.name).into(),
            text::bytes(item.file.bytes).into(),
            pixels.unwrap_or_else(unknown).into(),
            at.unwrap_or_else(unknown).into(),
            item.seconds.map_or_else(unknown, text::seconds).into(),
            item.memory_mb
                .map_or_else(unknown, |mb| format!("{mb} MB"))
                .into(),
            cost.map_or_else(unknown, |(cost, quote)| {
                text::money(cost.total, &quote.currency)
            })
            .into(),
            text::safe(&item.why).into(),
        ]
    }

    /// `126 pictures, 1.0 GB: λ lambda 119, ▣ ecs 7, about 4m05s, on AWS: $0.0041`, in as many lines as `width` asks for.
    pub fn totals(&self, beginning: &str, width: Option<usize>, unicode: bool) -> Vec<String> {
        let plan = &self.plan;
        let unreadable = plan
            .items
            .iter()
            .filter(|item| item.place.is_none())
            .count();
        let mut parts = vec![
            format!(
                "{beginning} {}, {}:",
                text::count(plan.items.len(), "picture"),
                text::bytes(plan.bytes())
            ),
            format!(
                "{} {},",
                place("lambda", unicode),
                plan.count(Place::Lambda)
            ),
            format!("{} {},", place("ecs", unicode), plan.count(Place::Ecs)),
        ];
        if unreadable > 0 {
            parts.push(format!("{unreadable} unreadable,"));
        }
        parts.push(format!("about {},", text::seconds(self.seconds)));
        parts.push(match &self.quote {
            None => "cost unknown".to_owned(),
            Some(quote) => {
                let amount = text::money(quote.cost.total, &quote.currency);
                if self.paid {
                    amount
                } else {
                    format!("on AWS: {amount}")
                }
            }
        });
        text::wrap(&parts, width)
    }

    /// What has to be known of the prices.
    pub fn about_prices(&self, width: Option<usize>) -> Vec<String> {
        let Some(quote) = &self.quote else {
            return Vec::new();
        };
        // Which these are is only known once their contents are compared with the target's.
        let unchanged = match (self.skips_unchanged, self.prices.download) {
            (false, _) => "",
            (true, false) => "; a picture that was cleaned before with this recipe costs nothing",
            (true, true) => {
                "; a picture that was cleaned before with this recipe costs only its download"
            }
        };
        let sentence = format!(
            "prices of {} of {}, storage for a month included{unchanged}{}",
            quote.region,
            quote.date,
            quote
                .note
                .as_ref()
                .map_or_else(String::new, |note| format!("; {note}"))
        );
        let words: Vec<String> = sentence.split(' ').map(str::to_owned).collect();
        text::wrap(&words, width)
    }

    /// Once the batch exists: how many of its items others do the work for, and what the rest will probably cost.
    /// `None` when there are none of these.
    pub fn unchanged(&self, manifest: &Manifest) -> Option<String> {
        let same = manifest.items.iter().filter(|item| item.same_as.is_some());
        let same: BTreeSet<String> = same.map(|item| item.name.clone()).collect();
        if same.is_empty() {
            return None;
        }
        let are = if same.len() == 1 {
            ["is", "it is"]
        } else {
            ["are", "they are"]
        };
        let mut plan = self.plan.clone();
        let quotes = self.prices.quote(&mut plan, &same).zip(self.quote.as_ref());
        let cost = quotes.map_or_else(String::new, |(quote, planned)| {
            let amount = |quote: &Quote| text::money(quote.cost.total, &quote.currency);
            let on_aws = if self.paid { "" } else { "on AWS: " };
            format!("; {on_aws}{}, not {}", amount(&quote), amount(planned))
        });
        Some(format!(
            "{} of {} {} not cleaned again: {} the same as others{cost}",
            same.len(),
            text::count(self.plan.items.len(), "picture"),
            are[0],
            are[1],
        ))
    }

    /// What is left out and why, and which pattern met nothing. `lead` begins what is about files: `left out`.
    pub fn left_out(&self, lead: &str) -> Vec<String> {
        let plan = &self.plan;
        let mut lines = left_out(&plan.skipped, lead);
        if plan.excluded > 0 {
            lines.push(format!(
                "{lead} {} by --include and --exclude",
                text::count(plan.excluded, "file")
            ));
        }
        if plan.subfolders > 0 {
            lines.push(format!(
                "{lead} {} by --no-subfolders",
                text::count(plan.subfolders, "folder")
            ));
        }
        for pattern in &plan.unmatched {
            lines.push(format!(
                "the pattern `{}` meets no file",
                text::safe(pattern)
            ));
        }
        lines
    }
}

/// A line for each file that was named itself; of those that lay in folders, the first of each kind, and how many more
/// there are.
fn left_out(skipped: &[Skipped], lead: &str) -> Vec<String> {
    let line = |file: &Skipped| format!("{lead} {}: {}", text::path(&file.path), file.reason);
    let (named, found): (Vec<_>, Vec<_>) = skipped.iter().partition(|file| file.named);
    let mut lines: Vec<String> = named.into_iter().map(line).collect();
    let mut kinds: Vec<(&str, Vec<&Skipped>)> = Vec::new();
    for file in found {
        match kinds.iter_mut().find(|(reason, _)| *reason == file.reason) {
            Some((_, files)) => files.push(file),
            None => kinds.push((&file.reason, vec![file])),
        }
    }
    for (_, files) in kinds {
        // One more line for one more file says more than a count of 1.
        let shown = if files.len() == NAMED + 1 {
            NAMED + 1
        } else {
            NAMED
        };
        lines.extend(files.iter().take(shown).map(|file| line(file)));
        if let Some(more) = files.len().checked_sub(shown).filter(|more| *more > 0) {
            lines.push(format!(
                "{lead} … and {more} more{}",
                ending(&files[0].path)
            ));
        }
    }
    lines
}

/// ` .txt`, or nothing.
fn ending(path: &Path) -> String {
    path.extension().map_or_else(String::new, |ending| {
        format!(" .{}", text::safe(&ending.to_string_lossy().to_lowercase()))
    })
}

/// The terminal as it is for lines that begin with so many columns of something else.
pub fn narrower(terminal: &Terminal, by: usize) -> Terminal {
    Terminal {
        width: terminal.width.map(|width| width.saturating_sub(by)),
        ..terminal.clone()
    }
}

#[cfg(test)]
#[path = "planned_tests.rs"]
mod tests;
