//! How high strips are: from what memory there is, and from how far results look.

use std::ops::Range;

use super::{Layout, Pixel, SampleKind};
use crate::rolling::{Region, Rolling, Shape};

/// Side of the largest tiles in which the roller works, in pixels.
const TILE: usize = 32;

/// How much memory rolling in strips may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripOptions {
    /// Bytes that strips are made for: window, results, and what the roller, the source and the sink hold beside them.
    /// When not even a low strip fits with its aprons, more is used, and the report says so.
    pub memory_bytes: u64,
    /// Bytes beyond which it is not even tried.
    pub most_bytes: u64,
    /// Whether the next strip is read and the last one is written while one is rolled, by two threads more. It pays
    /// where rows come from files, and costs memory for two strips more.
    pub overlap: bool,
}

impl StripOptions {
    /// Strips for so many bytes of memory, overlapping; without a limit for windows that do not fit.
    #[must_use]
    pub const fn new(memory_bytes: u64) -> Self {
        Self {
            memory_bytes,
            most_bytes: u64::MAX,
            overlap: true,
        }
    }
}

/// What is known before strips are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub height: usize,
    pub apron: usize,
    /// Bytes of a row of all channels.
    pub row_bytes: u64,
    /// Bytes that the roller holds for each row of the window.
    pub scratch_bytes: u64,
    /// What source and sink hold, and the roller besides.
    pub fixed: u64,
}

/// How high strips are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// How many strips.
    pub strips: usize,
    /// Rows of each but the first, which is higher by an apron, and the last.
    pub rows: usize,
    pub overlap: bool,
    pub bytes: u64,
}

impl Needs {
    /// For rows of this layout, of these samples, rolled like this by so many threads.
    pub fn new<T: Pixel>(layout: &Layout, rolling: &Rolling, threads: usize, files: u64) -> Self {
        // The roller computes 8 bits in 8 bits and all else in floating point of 32; a ball's passes have a padded copy of
        // the window each, with minima of its blocks; a paraboloid's four are more than it needs.
        let number = if T::KIND == SampleKind::U8 { 1 } else { 4 };
        let copies = match rolling.element.shape() {
            Shape::Ball => rolling.operation.passes(),
            Shape::Paraboloid => 4,
        };
        let padded = (layout.width + 2 * TILE) * number;
        let scratch = (padded + padded / 32) * copies;
        // Padding above and below, and a row of tiles for each thread.
        let tiles = 2 * TILE * scratch + TILE * padded * threads;
        Self {
            height: layout.height,
            apron: rolling.apron(T::RANGE).min(layout.height),
            row_bytes: (layout.row_len() * size_of::<T>()) as u64,
            scratch_bytes: scratch as u64,
            fixed: files.saturating_add(tiles as u64),
        }
    }

    fn bytes(&self, rows: usize, overlap: bool) -> u64 {
        let window = rows.saturating_add(self.apron.saturating_mul(2));
        let window = window.min(self.height) as u64;
        let windows = window.saturating_mul(self.row_bytes.saturating_add(self.scratch_bytes));
        let result = rows.saturating_add(self.apron).min(self.height) as u64;
        // One strip of results; of overlapping strips another one that is written, and one that is read.
        let strips = if overlap {
            result.saturating_mul(2).saturating_add(rows as u64)
        } else {
            result
        };
        windows
            .saturating_add(strips.saturating_mul(self.row_bytes))
            .saturating_add(self.fixed)
    }

    /// The highest strip that fits; 0 when none does.
    fn highest(&self, overlap: bool, memory: u64) -> usize {
        let (mut fits, mut not) = (0, self.height + 1);
        while not - fits > 1 {
            let middle = fits + (not - fits) / 2;
            if self.bytes(middle, overlap) <= memory {
                fits = middle;
            } else {
                not = middle;
            }
        }
        fits
    }

    /// Whether strips within this memory would be lower than what little recomputing asks for.
    pub fn is_tight(&self, memory: u64) -> bool {
        self.highest(false, memory) < self.apron.saturating_mul(4).min(self.height)
    }

    /// Strips for these options.
    pub fn plan(&self, options: &StripOptions) -> Plan {
        let memory = options.memory_bytes;
        let good = self.apron.saturating_mul(4).max(16);
        let overlapping = if options.overlap {
            self.highest(true, memory)
        } else {
            0
        };
        if overlapping >= good && good < self.height {
            // Eight strips are enough to keep three threads busy; fewer would let them wait for one another, and low ones
            // roll over their aprons too often.
            let rows = overlapping.min(self.height.div_ceil(8).max(good.saturating_mul(2)));
            if rows + self.apron < self.height {
                return self.even(rows, true);
            }
        }
        let fits = self.highest(false, memory);
        let least = (self.apron / 2).max(16).min(self.height);
        let rows = if least.saturating_add(self.apron.saturating_mul(2)) < self.height {
            fits.max(least)
        } else {
            // Every window would be about the whole picture: then once is enough.
            self.height
        };
        self.even(rows, false)
    }

    /// Strips of at most so many rows, as alike as possible. There is no apron above the first one, so it is higher by as
    /// much: then all windows are alike, and no memory has to grow after the first.
    fn even(&self, most: usize, overlap: bool) -> Plan {
        let rest = self.height - self.apron;
        let (strips, rows) = if most >= rest {
            (1, self.height)
        } else {
            let strips = rest.div_ceil(most.max(1));
            (strips, rest.div_ceil(strips))
        };
        Plan {
            strips,
            rows,
            overlap,
            bytes: self.bytes(rows, overlap),
        }
    }

    /// Rows of the strip that begins at row `y`.
    pub fn strip(&self, y: usize, plan: &Plan) -> Range<usize> {
        let above = if y == 0 { self.apron } else { 0 };
        y..(y + plan.rows + above).min(self.height)
    }

    /// Rows of the window, with those of the next strip that are read meanwhile.
    pub fn window_rows(&self, plan: &Plan) -> usize {
        let ahead = if plan.overlap { plan.rows } else { 0 };
        let rows = self.apron.saturating_mul(2).saturating_add(plan.rows);
        rows.min(self.height).saturating_add(ahead).min(self.height)
    }

    /// Rows of the highest result.
    pub fn result_rows(&self, plan: &Plan) -> usize {
        plan.rows.saturating_add(self.apron).min(self.height)
    }
}

/// A part of a picture that can be rolled by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Rows of the picture that must be there.
    pub window: Range<usize>,
    /// Rows of the picture whose result it gives.
    pub region: Range<usize>,
}

impl Part {
    /// Its region within its window, for [`Roller::roll_region`](crate::rolling::Roller::roll_region).
    #[must_use]
    pub fn region_in_window(&self, width: usize) -> Region {
        Region {
            x: 0,
            y: self.region.start - self.window.start,
            width,
            height: self.region.len(),
        }
    }
}

/// Splits `height` rows into `parts` parts as alike as possible, each with a window that reaches `apron` rows beyond its
/// region or to the picture's edge ([`Rolling::apron`](crate::rolling::Rolling::apron)). There are fewer parts when there are fewer rows.
#[must_use]
pub fn split(height: usize, parts: usize, apron: usize) -> Vec<Part> {
    let parts = parts.clamp(1, height.max(1));
    // Not `i * height / parts`, which may overflow.
    let start = |i: usize| height / parts * i + (height % parts).min(i);
    (0..parts)
        .map(|i| part(start(i)..start(i + 1), height, apron))
        .filter(|part| !part.region.is_empty())
        .collect()
}

/// The part with this region.
pub(super) fn part(region: Range<usize>, height: usize, apron: usize) -> Part {
    let window = region.start.saturating_sub(apron)..region.end.saturating_add(apron).min(height);
    Part { window, region }
}
