//! The two kinds of numbers that tiles are computed in: u8 for pictures of 8 bits, f32 for all others (the whole
//! numbers of 16-bit pictures are exact in it).

use super::super::sample::Sample;

/// A number of a tile. Sums saturate at [`Lane::TOP`]; NaN is nothing.
pub(crate) trait Lane:
    Copy + Send + Sync + PartialOrd + Default + std::fmt::Debug + 'static
{
    /// Above every result.
    const TOP: Self;
    /// Below every result.
    const BOTTOM: Self;
    /// Side of a tile in pixels, a multiple of 8.
    const TILE: usize;
    /// Whether depths are whole levels, few enough to be counted ([`super::levels`]).
    const IS_LEVELLED: bool;

    /// `self + depth`.
    fn plus(self, depth: Self) -> Self;
    /// `self − other`, for the comparison of neighbours.
    fn minus(self, other: Self) -> f32;
    /// −self.
    fn negated(self) -> Self;
    /// The depth of the skin from the two halves that an element gives.
    fn depth(height: f64, skin: f64) -> Self;
    /// Whether it is NaN.
    fn is_nothing(self) -> bool;
    /// The least number above self, or TOP.
    fn above(self) -> Self;
    /// A number between self and the higher one, if there is any that is neither.
    fn between(self, higher: Self) -> Self;
    /// Whole numbers in the same order, for what is not NaN.
    fn rank(self) -> u32;

    /// The lower one; `other` when self is NaN.
    #[inline(always)]
    fn lower(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    /// The higher one; `other` when self is NaN.
    #[inline(always)]
    fn higher(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

impl Lane for u8 {
    const TOP: Self = Self::MAX;
    const BOTTOM: Self = Self::MIN;
    const TILE: usize = 64;
    const IS_LEVELLED: bool = true;

    #[inline(always)]
    fn plus(self, depth: Self) -> Self {
        self.saturating_add(depth)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> f32 {
        f32::from(self) - f32::from(other)
    }
    #[inline(always)]
    fn negated(self) -> Self {
        !self
    }
    fn depth(height: f64, skin: f64) -> Self {
        <Self as Sample>::depth(height, skin)
    }
    #[inline(always)]
    fn is_nothing(self) -> bool {
        false
    }
    // By these the compiler sees the minimum of a whole row; of comparisons it makes scalar code.
    #[inline(always)]
    fn lower(self, other: Self) -> Self {
        self.min(other)
    }
    #[inline(always)]
    fn higher(self, other: Self) -> Self {
        self.max(other)
    }
    #[inline(always)]
    fn above(self) -> Self {
        self.saturating_add(1)
    }
    #[inline(always)]
    fn between(self, higher: Self) -> Self {
        self + higher.saturating_sub(self) / 2
    }
    #[inline(always)]
    fn rank(self) -> u32 {
        self.into()
    }
}

impl Lane for f32 {
    const TOP: Self = Self::INFINITY;
    const BOTTOM: Self = Self::NEG_INFINITY;
    const TILE: usize = 16;
    const IS_LEVELLED: bool = false;

    #[inline(always)]
    fn plus(self, depth: Self) -> Self {
        self + depth
    }
    #[inline(always)]
    fn minus(self, other: Self) -> f32 {
        self - other
    }
    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }
    fn depth(height: f64, skin: f64) -> Self {
        <Self as Sample>::depth(height, skin)
    }
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.is_nan()
    }
    #[inline(always)]
    fn above(self) -> Self {
        self.next_up()
    }
    #[inline(always)]
    fn between(self, higher: Self) -> Self {
        0.5 * self + 0.5 * higher
    }
    #[inline(always)]
    fn rank(self) -> u32 {
        // Negative numbers are ordered the other way round.
        let bits = self.to_bits();
        if bits >> 31 == 0 {
            bits | 1 << 31
        } else {
            !bits
        }
    }
}
