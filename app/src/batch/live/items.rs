//! What is shown of the items: where they are, how they end, what they wait for.

use std::time::Duration;

use whiteboarder_jobs::track::{ItemState, ItemStatus, Place, Waiting};

use super::Live;
use crate::batch::outcome::reason;
use crate::term::glyph::{Mark, Style, place};
use crate::term::text;

impl Live<'_> {
    pub(super) fn item(&mut self, item: &ItemStatus) {
        let now = (item.state, item.places.last().copied());
        let before = self.tally.set(item);
        if before.is_some_and(|before| (before.state, before.place) == now) {
            return;
        }
        let name = text::safe(&item.name);
        let at = now
            .1
            .or(item.planned)
            .map_or(String::new(), |at| self.place(at));
        let moved = if item.moved {
            format!("  {}", self.terminal.marked(Mark::Moved, "moved"))
        } else {
            String::new()
        };
        match item.state {
            ItemState::Failed => {
                let mark = self.terminal.marked(Mark::Failed, "failed");
                self.bars.line(&format!("{mark}  {name}  {}", reason(item)));
                self.bars.line(&self.faint(&format!(
                    "          whiteboarder runs show {}/{name}",
                    item.batch
                )));
            }
            ItemState::Cleaned if !self.bars.live() => {
                let mark = self.terminal.marked(Mark::Done, "cleaned");
                let took = item
                    .seconds
                    .map_or(String::new(), |took| format!("  {}", text::seconds(took)));
                self.bars
                    .line(&format!("{mark}  {name}  {at}{took}{moved}"));
            }
            ItemState::Running if !self.bars.live() && now.1.is_some() => {
                let mark = self.terminal.marked(Mark::Running, "running");
                self.bars.line(&format!("{mark}  {name}  {at}{moved}"));
            }
            _ => {}
        }
        self.draw_clean();
    }

    fn place(&self, at: Place) -> String {
        place(&at.to_string(), self.terminal.unicode)
    }

    fn faint(&self, line: &str) -> String {
        Style::Faint.paint(line, self.terminal.color_err)
    }

    fn counts(&self) -> String {
        let count = self.tally.count();
        let mut parts = vec![format!("{}/{}", count.settled(), self.total)];
        for (wanted, mark, word) in [
            (ItemState::Cleaned, Mark::Done, "cleaned"),
            (ItemState::Failed, Mark::Failed, "failed"),
            (ItemState::Stopped, Mark::Stopped, "stopped"),
            (ItemState::Running, Mark::Running, "running"),
        ] {
            let number = count.in_state(wanted);
            if number > 0 {
                parts.push(self.terminal.marked(mark, &format!("{number} {word}")));
            }
        }
        for at in [Place::Lambda, Place::Ecs] {
            let number = count.at(at);
            if number > 0 {
                parts.push(format!("{} {number}", self.place(at)));
            }
        }
        parts.join("  ")
    }

    fn draw_clean(&self) {
        if let Some(bar) = &self.clean {
            bar.set_position(self.tally.count().settled() as u64);
            bar.set_message(self.counts());
        }
    }

    /// Off a terminal, a sign of life every ten seconds.
    pub(super) fn periodic(&mut self) {
        if !self.bars.live() && self.summary.due() {
            self.bars.line(&self.counts());
        }
    }

    /// Those that wait together, in one line: there may be thousands.
    pub(super) fn waiting(
        &self,
        waiting: Waiting,
        items: usize,
        first: &str,
        seconds: f64,
        advice: &str,
    ) {
        let since = text::duration(Duration::from_secs_f64(seconds.max(0.0)));
        let what = match waiting {
            Waiting::Upload => format!("for {since} for its upload"),
            Waiting::Execution => format!("uploaded {since} ago, but no execution has begun"),
            Waiting::Worker => format!("for {since} for a worker"),
        };
        let mark = self.terminal.marked(Mark::Queued, "queued");
        let first = text::safe(first);
        let which = if items == 1 {
            first
        } else {
            format!("{}, first: {first}", text::count(items, "picture"))
        };
        let advice = text::safe(advice);
        self.bars
            .line(&format!("{mark}  {which}  {what}: {advice}"));
    }
}
