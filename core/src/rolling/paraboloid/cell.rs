//! The numbers that lattice points are held in.

use std::fmt::Debug;

use super::{Bank, Scratch};

/// A kind of number for lattice points: whole numbers, with sums that are exact as far as they matter.
pub trait Cell: Copy + Send + Sync + PartialOrd + Default + Debug + 'static {
    /// No source, above everything that is one.
    const NONE: Self;

    /// The depth of a paraboloid at a distance of `offset` pixels: `coefficient · offset²`, or anything that no sample
    /// can make up for, if it is more than that.
    fn depth(coefficient: i64, offset: i64) -> Self;
    /// The sum.
    fn plus(self, other: Self) -> Self;
    /// A small number, exactly.
    fn small(v: usize) -> Self;
    /// A small number, times another.
    fn scaled(self, by: usize) -> Self;
    /// That small number again.
    fn to_small(self) -> usize;
    /// The number as f64, exactly.
    fn to_f64(self) -> f64;
    /// The memory kept for this kind of number.
    fn bank(scratch: &mut Scratch) -> &mut Bank<Self>
    where
        Self: Sized;

    /// The lower of the two.
    #[inline(always)]
    fn lower(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
}

impl Cell for i32 {
    // More than any sample, 255 · 2^22; and the sum with any depth is less than 2^31.
    const NONE: Self = 1 << 30;

    fn depth(coefficient: i64, offset: i64) -> Self {
        coefficient
            .saturating_mul(offset)
            .saturating_mul(offset)
            .min(i64::from(Self::NONE) - 1) as Self
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn small(v: usize) -> Self {
        v as Self
    }
    #[inline(always)]
    fn scaled(self, by: usize) -> Self {
        self * by as Self
    }
    #[inline(always)]
    fn to_small(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn bank(scratch: &mut Scratch) -> &mut Bank<Self> {
        &mut scratch.narrow
    }
}

impl Cell for f64 {
    const NONE: Self = Self::INFINITY;

    fn depth(coefficient: i64, offset: i64) -> Self {
        coefficient as Self * (offset as Self * offset as Self)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    fn small(v: usize) -> Self {
        v as Self
    }
    #[inline(always)]
    fn scaled(self, by: usize) -> Self {
        self * by as Self
    }
    #[inline(always)]
    fn to_small(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    fn bank(scratch: &mut Scratch) -> &mut Bank<Self> {
        &mut scratch.wide
    }
}
