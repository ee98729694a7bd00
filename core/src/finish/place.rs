//! Where a picture lies in what an analysis covers.

use crate::plane::around;

/// Which part of the analysed picture a picture shows. A preview's picture may be a cut-out, at any scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// From left to right.
    pub x: Stretch,
    /// From top to bottom.
    pub y: Stretch,
}

/// A stretch of an axis, in any unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    /// Where it begins.
    pub from: f64,
    /// How long it is.
    pub length: f64,
    /// How long the whole axis is.
    pub of: f64,
}

impl Place {
    /// All that was analysed.
    pub(crate) fn whole(width: usize, height: usize) -> Self {
        Self::part((0, 0), (width, height), (width, height))
    }

    /// Pixel for pixel, a rectangle at `from` of an analysed picture of size `of`.
    pub(crate) fn part(from: (usize, usize), size: (usize, usize), of: (usize, usize)) -> Self {
        let stretch = |from: usize, length: usize, of: usize| Stretch {
            from: from as f64,
            length: length as f64,
            of: of as f64,
        };
        Self {
            x: stretch(from.0, size.0, of.0),
            y: stretch(from.1, size.1, of.1),
        }
    }
}

impl Stretch {
    /// Where the centre of pixel `i` of the stretch's `n` lies on the whole axis. Of a stretch taken pixel for pixel
    /// every step of this is exact, so that a part's pixels lie exactly where the whole's do.
    fn centre(&self, i: usize, n: usize) -> f64 {
        self.from + (i as f64 + 0.5) * (self.length / n as f64)
    }

    /// Between which two of `source` samples of the whole axis the centre of pixel `i` of `n` lies, as [`around`] says it.
    pub(super) fn between(&self, i: usize, n: usize, source: usize) -> (u32, f32) {
        let (left, _, share) = around(self.centre(i, n) * source as f64 / self.of, source);
        (left as u32, share)
    }

    /// In which of the whole axis' `cells` of `side` units the centre of pixel `i` of `n` lies.
    pub(super) fn cell(&self, i: usize, n: usize, side: usize, cells: usize, pixels: usize) -> u32 {
        let at = self.centre(i, n) * (pixels as f64 / self.of) / side as f64;
        (at.max(0.0) as usize).min(cells - 1) as u32
    }
}
