//! The figures that were: nobody makes the picture worse unseen.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::figures::{Better, COLUMNS, Figures};

/// Figures by board, the mean among them.
type Rows = Vec<(String, Figures)>;

/// Figures and the boards they were measured on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub seed: u64,
    pub boards: usize,
    pub pixels: f64,
    /// Board, figure, value.
    figures: BTreeMap<String, BTreeMap<String, f64>>,
}

/// The row of the mean.
pub const MEAN: &str = "mean";

impl Baseline {
    pub fn new(seed: u64, boards: usize, pixels: f64, rows: &Rows) -> Self {
        let row = |figures: &Figures| {
            let judged = COLUMNS
                .iter()
                .zip(figures)
                .filter(|(c, _)| c.better != Better::Neither);
            // Four digits are enough to see and few enough to read in a diff.
            let rounded = |value: f64| (value * 1e4).round() / 1e4;
            judged
                .filter_map(|(column, figure)| Some((column.key.to_owned(), rounded((*figure)?))))
                .collect()
        };
        let figures = rows
            .iter()
            .map(|(name, figures)| (name.clone(), row(figures)))
            .collect();
        Self {
            seed,
            boards,
            pixels,
            figures,
        }
    }

    pub fn read(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
    }

    pub fn write(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let head = "# Figures of the default recipe: `cargo run --release -p whiteboarder-core --example score -- \
            --update-baseline`.\n\n";
        Ok(std::fs::write(
            path,
            head.to_owned() + &toml::to_string(self)?,
        )?)
    }

    /// Whether these are figures of the same boards.
    pub fn comparable(&self, other: &Self) -> bool {
        (self.seed, self.boards, self.pixels.to_bits())
            == (other.seed, other.boards, other.pixels.to_bits())
    }

    /// A sentence for every figure that is worse in `now` by more than its tolerance.
    pub fn worse(&self, now: &Self) -> Vec<String> {
        let mut sentences = Vec::new();
        for (board, was) in &self.figures {
            for column in COLUMNS
                .iter()
                .filter(|column| column.better != Better::Neither)
            {
                let Some(&was) = was.get(column.key) else {
                    continue;
                };
                let tolerance = if board == MEAN {
                    column.tolerance
                } else {
                    column.tolerance * 3.0
                };
                let key = column.key;
                let Some(&is) = now.figures.get(board).and_then(|row| row.get(key)) else {
                    sentences.push(format!("{board}: {key} was {was} and is measured no more."));
                    continue;
                };
                let loss = if column.better == Better::High {
                    was - is
                } else {
                    is - was
                };
                if loss > tolerance {
                    let digits = column.decimals + 1;
                    sentences.push(format!(
                        "{board}: {key} became worse, from {was:.digits$} to {is:.digits$} (tolerance {tolerance:.3})."
                    ));
                }
            }
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: f64) -> Baseline {
        let mut rows: Rows = vec![
            ("plain".into(), [Some(50.0); COLUMNS.len()]),
            (MEAN.into(), [Some(50.0); COLUMNS.len()]),
        ];
        // The column `f1`, where more is better.
        rows[1].1[5] = Some(50.0 + change);
        Baseline::new(1, 1, 2e6, &rows)
    }

    #[test]
    fn a_figure_within_its_tolerance_or_better_is_not_worse() {
        assert!(with(0.0).worse(&with(-0.1)).is_empty());
        assert!(with(0.0).worse(&with(9.0)).is_empty());
    }

    #[test]
    fn a_worse_figure_is_told_in_a_sentence() {
        let told = with(0.0).worse(&with(-1.0));
        assert_eq!(
            told,
            ["mean: f1 became worse, from 50.000 to 49.000 (tolerance 0.150)."]
        );
    }

    #[test]
    fn a_baseline_is_read_as_it_was_written() {
        let text = toml::to_string(&with(0.25)).unwrap();
        assert_eq!(toml::from_str::<Baseline>(&text).unwrap(), with(0.25));
    }

    #[test]
    fn figures_of_other_boards_are_not_compared() {
        let mut other = with(0.0);
        other.seed = 2;
        assert!(!with(0.0).comparable(&other));
    }
}
