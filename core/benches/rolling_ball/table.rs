//! One table of ratios, for people, for the documents (Markdown is both) or for programs.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::cases::{Case, Target};
use crate::measure::{Direct, Round, least, median};
use crate::strips::{self, Strips};

/// What was found of one case.
pub struct Row {
    pub case: Case,
    /// Median seconds.
    pub seconds: f64,
    /// Yardsticks: the median and the least of the rounds.
    pub yardsticks: f64,
    pub best: f64,
    /// The direct method on the same samples.
    pub direct: Direct,
    /// The flat square minimum of the same reach, in yardsticks.
    pub square: f64,
}

impl Row {
    pub fn new(case: Case, rounds: &[Round], direct: Direct, square: f64) -> Self {
        let ratios: Vec<f64> = rounds.iter().map(|r| r.case / r.yardstick).collect();
        Self {
            case,
            seconds: median(rounds.iter().map(|r| r.case).collect()),
            best: least(&ratios),
            yardsticks: median(ratios),
            direct,
            square,
        }
    }

    /// How many times as fast as the direct method.
    fn speedup(&self) -> f64 {
        self.direct.seconds / self.seconds
    }

    /// The targets in words, and whether all are met (`None` without any).
    fn verdict(&self, rows: &[Self]) -> (String, Option<bool>) {
        let mut words = Vec::new();
        let mut met = None;
        let mut hold = |text: String, fine: Option<bool>| {
            words.push(text);
            met = match (met, fine) {
                (Some(a), Some(b)) => Some(a && b),
                (a, b) => a.or(b),
            };
        };
        for target in &self.case.targets {
            match target {
                Target::None => {}
                Target::Yardsticks(limit) => {
                    hold(format!("≤ {limit} Y"), Some(self.yardsticks <= *limit));
                }
                Target::Direct(limit) => {
                    hold(
                        format!("≥ {limit} × direct"),
                        Some(self.speedup() >= *limit),
                    );
                }
                Target::Case(limit, name) => {
                    let other = rows.iter().find(|row| row.case.name == *name);
                    let ratio = other.map(|other| self.yardsticks / other.yardsticks);
                    let is = ratio.map_or("it was not measured".into(), |r| format!("is {r:.2}"));
                    let fine = ratio.map(|ratio| ratio <= *limit);
                    hold(format!("≤ {limit} × {name} ({is})"), fine);
                }
            }
        }
        (words.join(", "), met)
    }
}

fn yes(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "",
    }
}

/// What holds for the whole table.
pub struct Frame {
    pub width: usize,
    pub height: usize,
    pub rounds: usize,
    pub copy: f64,
    pub yardstick: f64,
    /// The large picture in strips, where it was measured.
    pub strips: Option<Strips>,
}

impl Frame {
    fn rest(&self, rows: &[Row]) -> Vec<(String, String, Option<bool>)> {
        let ratio = self.yardstick / self.copy;
        let mut rest = vec![(
            format!("yardstick ÷ copy = {ratio:.2}"),
            "≤ 3".to_owned(),
            Some(ratio <= 3.0),
        )];
        let mut hard: Vec<&Row> = rows
            .iter()
            .filter(|row| {
                row.case
                    .targets
                    .iter()
                    .any(|t| matches!(t, Target::Direct(_)))
            })
            .collect();
        hard.sort_by(|a, b| a.speedup().total_cmp(&b.speedup()));
        if let [worst, next, ..] = hard.as_slice() {
            let said = format!(
                "of the hard pictures the worst is {} ({:.1} × direct), the next {} ({:.1} ×)",
                worst.case.name,
                worst.speedup(),
                next.case.name,
                next.speedup()
            );
            let target = "≥ 5 × direct on all but the worst".to_owned();
            rest.push((said, target, Some(next.speedup() >= 5.0)));
        }
        rest.extend(strips::lines(self.strips.as_ref()));
        rest
    }

    /// The table as Markdown.
    pub fn write(&self, rows: &[Row], out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{} × {} pixels, {} threads, {} rounds. Copy {:.3} ms, yardstick Y {:.3} ms (a 3×3 minimum pass over the u8 board).\n",
            self.width,
            self.height,
            rayon::current_num_threads(),
            self.rounds,
            self.copy * 1e3,
            self.yardstick * 1e3
        )?;
        writeln!(
            out,
            "| {:44} | {:>9} | {:>8} | {:>8} | {:>16} | {:>11} | target | met |\n|---|--:|--:|--:|--:|--:|---|---|",
            "case", "ms", "Y median", "Y least", "direct ÷ ours", "flat square"
        )?;
        for row in rows {
            let (target, met) = row.verdict(rows);
            let share = if row.direct.share < 0.999 {
                format!(" ({:.0} %)", (row.direct.share * 100.0).max(1.0))
            } else {
                String::new()
            };
            writeln!(
                out,
                "| {:44} | {:9.2} | {:8.1} | {:8.1} | {:>16} | {:9.1} Y | {} | {} |",
                row.case.name,
                row.seconds * 1e3,
                row.yardsticks,
                row.best,
                format!("{:.1}{share}", row.speedup()),
                row.square,
                target,
                yes(met)
            )?;
        }
        writeln!(out)?;
        for (said, target, met) in self.rest(rows) {
            writeln!(
                out,
                "- {said}; target {target}: {}",
                met.map_or("?", |m| yes(Some(m)))
            )?;
        }
        writeln!(
            out,
            "\nThe direct method combines every pixel with every offset of the ball; a share in brackets says that only so much of its \
             work was done, on a piece of the board, and extrapolated (for a paraboloid: the ball of its radius). The flat square is a \
             minimum over 2r + 1 pixels each way (van Herk, Gil and Werman), on u8."
        )
    }

    /// The same for programs.
    pub fn json(&self, rows: &[Row]) -> Value {
        let list: Vec<Value> = rows
            .iter()
            .map(|row| {
                let (target, met) = row.verdict(rows);
                json!({
                    "case": row.case.name,
                    "milliseconds": row.seconds * 1e3,
                    "yardsticks": row.yardsticks,
                    "least_yardsticks": row.best,
                    "direct_over_ours": row.speedup(),
                    "direct_share_measured": row.direct.share,
                    "flat_square_yardsticks": row.square,
                    "target": target,
                    "met": met,
                })
            })
            .collect();
        let rest: Vec<Value> = self
            .rest(rows)
            .into_iter()
            .map(|(said, target, met)| json!({"what": said, "target": target, "met": met}))
            .collect();
        json!({
            "width": self.width,
            "height": self.height,
            "threads": rayon::current_num_threads(),
            "rounds": self.rounds,
            "copy_milliseconds": self.copy * 1e3,
            "yardstick_milliseconds": self.yardstick * 1e3,
            "cases": list,
            "strips": self.strips.as_ref().map(Strips::json),
            "rest": rest,
        })
    }
}
