//! Bars that move on a terminal, and nothing that moves anywhere else.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Terminal;
use super::text;

/// No time left is shown before this much has passed: the first guesses are wild.
const ETA_AFTER: Duration = Duration::from_secs(3);

/// Redraws per second; more only costs.
const RATE: u8 = 12;

/// The bars of one command, and the lines that scroll above them.
#[derive(Debug)]
pub struct Bars {
    group: MultiProgress,
    terminal: Terminal,
}

/// What a bar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes: `612 MB/1.0 GB  11.4 MB/s`.
    Bytes,
    /// Pixels: `11.4 MP/s`.
    Pixels,
    /// Things: no rate.
    Items,
}

impl Bars {
    /// Draws on standard error if that is a terminal.
    pub fn new(terminal: &Terminal) -> Bars {
        let target = if terminal.live {
            ProgressDrawTarget::stderr_with_hz(RATE)
        } else {
            ProgressDrawTarget::hidden()
        };
        Bars {
            group: MultiProgress::with_draw_target(target),
            terminal: terminal.clone(),
        }
    }

    /// Whether bars can be seen.
    pub fn live(&self) -> bool {
        self.terminal.live
    }

    /// A bar with a name in front and a message behind it.
    pub fn add(&self, name: &'static str, total: u64, unit: Unit) -> ProgressBar {
        let bar = self.group.add(ProgressBar::new(total));
        bar.set_style(style(unit, self.terminal.unicode, self.terminal.color_err));
        bar.set_prefix(name);
        if self.terminal.live {
            // The time left and the rate change also while nothing arrives.
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        bar
    }

    /// A line of text below the bars, for instance the uploads that run now.
    pub fn add_text(&self) -> ProgressBar {
        let bar = self.group.add(ProgressBar::new(0));
        bar.set_style(template("{wide_msg}"));
        bar
    }

    /// A line that stays, above the bars.
    pub fn line(&self, line: &str) {
        if self.terminal.quiet {
            return;
        }
        if self.terminal.live {
            self.group.suspend(|| self.terminal.note(line));
        } else {
            self.terminal.note(line);
        }
    }

    /// Takes all bars away.
    pub fn clear(&self) {
        let _ = self.group.clear();
    }
}

fn template(text: &str) -> ProgressStyle {
    // Templates are constants of this module; the test below parses each.
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn style(unit: Unit, unicode: bool, color: bool) -> ProgressStyle {
    let bar = if color {
        "{bar:32.blue/238}"
    } else {
        "{bar:32}"
    };
    let rest = match unit {
        Unit::Bytes => "{amount}  {rate}  {left}",
        Unit::Pixels => "{rate}  {left}",
        Unit::Items => "{left}",
    };
    template(&format!(" {{prefix:<8}} {bar}  {{msg}}  {rest}"))
        .progress_chars(if unicode { "━╸─" } else { "=>-" })
        .with_key(
            "amount",
            |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let total = state.len().unwrap_or_default();
                let _ = write!(out, "{}/{}", text::bytes(state.pos()), text::bytes(total));
            },
        )
        .with_key(
            "rate",
            move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let per_second = state.per_sec();
                let _ = match unit {
                    Unit::Bytes => write!(out, "{}/s", text::bytes(per_second as u64)),
                    Unit::Pixels => write!(out, "{:.1} MP/s", per_second / 1e6),
                    Unit::Items => Ok(()),
                };
            },
        )
        .with_key(
            "left",
            |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let finished = state.len().is_some_and(|total| state.pos() >= total);
                if !finished && state.pos() > 0 && state.elapsed() >= ETA_AFTER {
                    let _ = write!(out, "{} left", text::duration(state.eta()));
                }
            },
        )
}

/// Says something at most every so often: for logs that should not be flooded.
#[derive(Debug)]
pub struct Every {
    period: Duration,
    last: Instant,
}

impl Every {
    /// The first time comes after one period.
    pub fn new(period: Duration) -> Every {
        Every {
            period,
            last: Instant::now(),
        }
    }

    /// Whether it is time again.
    pub fn due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.period;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

/// A bar of text for lines that are drawn by hand: `━━━━╸───`.
pub fn small_bar(done: u64, total: u64, columns: usize, unicode: bool) -> String {
    let (full, head, empty) = if unicode {
        ('━', '╸', '─')
    } else {
        ('=', '>', '-')
    };
    let filled = (done.min(total) * columns as u64).checked_div(total);
    let filled = filled.map_or(columns, |filled| filled as usize);
    let mut bar = String::new();
    for column in 0..columns {
        let _ = bar.write_char(match column.cmp(&filled) {
            std::cmp::Ordering::Less => full,
            std::cmp::Ordering::Equal => head,
            std::cmp::Ordering::Greater => empty,
        });
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        for bar in ["{bar:32.blue/238}", "{bar:32}", "{wide_msg}"] {
            assert!(ProgressStyle::with_template(bar).is_ok(), "{bar}");
        }
    }

    #[test]
    fn a_small_bar_is_as_long_as_asked_and_fills_up() {
        assert_eq!(small_bar(0, 10, 4, true), "╸───");
        assert_eq!(small_bar(5, 10, 4, true), "━━╸─");
        assert_eq!(small_bar(10, 10, 4, false), "====");
        assert_eq!(small_bar(0, 0, 4, false), "====");
    }
}
