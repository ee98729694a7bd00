//! Pictures between a stage that works on lines in one direction and one that works on lines in the other.
//!
//! Panels of 16 lines lie one after the other, and within a panel the 16 pixels at the same place of its lines side by
//! side. A panel is one piece of memory, so panels can be written at the same time; and lines in the other direction are
//! read by whole cache lines.

use std::ops::Range;

use rayon::prelude::*;

use super::Lane;
use super::cell::Cell;

/// Lines in a panel.
pub(super) const PANEL: usize = 16;

/// The size of such a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels {
    /// Lines in the direction in which they are written.
    pub(super) lines: usize,
    /// Pixels in a line.
    pub(super) length: usize,
}

impl Panels {
    /// How many panels there are.
    pub(super) fn panels(self) -> usize {
        self.lines.div_ceil(PANEL)
    }

    /// How many numbers they hold.
    pub(super) fn memory(self) -> usize {
        self.panels() * PANEL * self.length
    }

    /// The lines of one panel.
    pub(super) fn lines_of(self, panel: usize) -> Range<usize> {
        panel * PANEL..((panel + 1) * PANEL).min(self.lines)
    }

    /// Has all panels written, each by a call with its number, in parallel.
    pub(super) fn fill<C: Cell, E: Send>(
        self,
        memory: &mut [C],
        lanes: &mut [Lane<C>],
        write: impl Fn(&mut Lane<C>, usize, &mut [C]) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let size = PANEL * self.length;
        let per_lane = self.panels().div_ceil(lanes.len());
        let shares = memory[..self.memory()].par_chunks_mut(size * per_lane);
        let shares = shares.enumerate().zip(lanes);
        shares.try_for_each(|((share, memory), lane)| {
            for (i, panel) in memory.chunks_exact_mut(size).enumerate() {
                write(lane, share * per_lane + i, panel)?;
            }
            Ok(())
        })
    }

    /// Writes the lines of one panel; line l begins at `lines[l · room]`.
    #[inline(always)]
    pub(super) fn store<C: Cell>(lines: &[C], room: usize, panel: &mut [C]) {
        let panel = panel.as_chunks_mut::<PANEL>().0;
        for (block, panel) in panel.chunks_mut(PANEL).enumerate() {
            // Lines have room for whole blocks.
            let mut square = [[C::default(); PANEL]; PANEL];
            for (l, row) in square.iter_mut().enumerate() {
                row.copy_from_slice(&lines[l * room + block * PANEL..][..PANEL]);
            }
            for (i, to) in panel.iter_mut().enumerate() {
                for (to, row) in to.iter_mut().zip(&square) {
                    *to = row[i];
                }
            }
        }
    }

    /// Reads lines of the other direction, number `which` of them; each begins `room` behind the one before, and is
    /// followed by anything.
    #[inline(always)]
    pub(super) fn gather<C: Cell>(
        self,
        memory: &[C],
        which: Range<usize>,
        lines: &mut [C],
        room: usize,
    ) {
        let panels = memory[..self.memory()].chunks_exact(PANEL * self.length);
        for (p, panel) in panels.enumerate() {
            let panel = panel[which.start * PANEL..which.end * PANEL]
                .as_chunks::<PANEL>()
                .0;
            for (pixels, line) in panel.iter().zip(lines.chunks_exact_mut(room)) {
                line[p * PANEL..][..PANEL].copy_from_slice(pixels);
            }
        }
    }
}
