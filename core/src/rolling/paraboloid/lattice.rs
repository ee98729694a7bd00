//! The lattice on which paraboloids are computed: whole multiples of a small power of two of a grey level.
//!
//! Sums and comparisons of whole numbers are exact in any order, so separating rows from columns, cutting a picture into
//! tiles and sharing it among threads change nothing. The way to the lattice and back rounds *down* for erosions, and by
//! negation up for dilations. That makes the two a Galois pair, `J ≤ erosion(I)` if and only if `dilation(J) ≤ I`, from
//! which it follows, to the bit, that `E ≤ O ≤ I` and that an opening of an opening changes nothing.

use super::cell::Cell;

/// A power of two, exactly. `exponent` from −1022 to 1023.
const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// The exponent of a normal positive number: the whole part of its logarithm to base 2.
const fn exponent(v: f64) -> i64 {
    ((v.to_bits() >> 52) & 0x7ff) as i64 - 1023
}

/// Samples of f32 are held between ± this many units; sums of two such numbers and of depths stay exact in f64.
const LIMIT: i64 = 1 << 49;

/// The lattice of one paraboloid and one kind of sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lattice {
    /// Grey levels per unit, a power of two.
    pub(crate) unit: f64,
    /// Units that the paraboloid lies below its apex at a distance of one pixel; n² times that at n pixels.
    pub(crate) coefficient: i64,
}

impl Lattice {
    /// The lattice of this unit for the paraboloid `curvature`·ρ², no steeper than `most`.
    fn new(unit: f64, curvature: f64, most: i64) -> Self {
        Self {
            unit,
            coefficient: ((curvature / unit).round() as i64).clamp(1, most),
        }
    }

    /// The flattest paraboloid that is told from others still flatter, by its curvature h/(2r²).
    pub(crate) const FLATTEST: f64 = power_of_two(-100);
    /// The steepest one. f32 has room for 2⁴⁹ units of its lattice.
    pub(crate) const STEEPEST: f64 = power_of_two(94);

    /// The least curvature to which `curvature` is rounded on any lattice.
    pub(crate) fn least(curvature: f64) -> f64 {
        // Half a unit less; but 1.5 units at most become 1. The coarsest lattice is that of u8; the one of f32 is finer
        // in relation to the curvature.
        (curvature - power_of_two(-i64::from(BITS_U8) - 1)).max(curvature * 0.65)
    }
}

/// Samples that have a place on the lattice.
pub trait OnLattice: Copy {
    /// How lattice points are held in memory.
    type Cell: Cell;

    /// The lattice for a paraboloid of this curvature.
    fn lattice(curvature: f64) -> Lattice;

    /// The highest lattice point that is not above the sample; none for samples that are no sources.
    fn lift(self, lattice: &Lattice) -> Option<i64>;
    /// The highest sample that is not above the lattice point.
    fn settle(point: i64, lattice: &Lattice) -> Self;
    /// `self`, but not above `pixel`. NaN is above nothing.
    fn held_below(self, pixel: Self) -> Self;

    /// The distance in pixels beyond which no source matters to a result, whatever the samples.
    fn reach(lattice: &Lattice) -> usize;

    /// [`OnLattice::lift`] of the sample, or of the negated sample, for the fast way; [`Cell::NONE`] for none.
    fn to_cell(self, negated: bool, lattice: &Lattice) -> Self::Cell;
    /// [`OnLattice::settle`] for the fast way, then negated if so asked. [`Cell::NONE`] becomes the highest sample.
    fn of_cell(cell: Self::Cell, negated: bool, lattice: &Lattice) -> Self;
    /// Whether results must be held below the pixel and NaN told from +∞: some sample is none that the lattice holds.
    fn is_odd(self, lattice: &Lattice) -> bool;
}

/// Lattice points per grey level of 8 bits, as a power of two: 255 levels and as much again of depth fit into 31 bits.
const BITS_U8: u32 = 22;
/// The same for 16 bits, in f64.
const BITS_U16: u32 = 32;

impl OnLattice for u8 {
    type Cell = i32;

    fn lattice(curvature: f64) -> Lattice {
        // At 256 levels per pixel no neighbour matters; steeper is the same.
        Lattice::new(power_of_two(-i64::from(BITS_U8)), curvature, 1 << 30)
    }
    fn lift(self, _: &Lattice) -> Option<i64> {
        Some(i64::from(self) << BITS_U8)
    }
    fn settle(point: i64, _: &Lattice) -> Self {
        (point >> BITS_U8) as Self
    }
    fn held_below(self, _: Self) -> Self {
        self
    }
    fn reach(lattice: &Lattice) -> usize {
        reach(i64::from(Self::MAX) << BITS_U8, lattice)
    }
    #[inline(always)]
    fn to_cell(self, negated: bool, _: &Lattice) -> i32 {
        i32::from(if negated { !self } else { self }) << BITS_U8
    }
    #[inline(always)]
    fn of_cell(cell: i32, negated: bool, _: &Lattice) -> Self {
        let level = (cell >> BITS_U8) as Self;
        if negated { !level } else { level }
    }
    #[inline(always)]
    fn is_odd(self, _: &Lattice) -> bool {
        false
    }
}

impl OnLattice for u16 {
    type Cell = f64;

    fn lattice(curvature: f64) -> Lattice {
        Lattice::new(power_of_two(-i64::from(BITS_U16)), curvature, 1 << 48)
    }
    fn lift(self, _: &Lattice) -> Option<i64> {
        Some(i64::from(self) << BITS_U16)
    }
    fn settle(point: i64, _: &Lattice) -> Self {
        (point >> BITS_U16) as Self
    }
    fn held_below(self, _: Self) -> Self {
        self
    }
    fn reach(lattice: &Lattice) -> usize {
        reach(i64::from(Self::MAX) << BITS_U16, lattice)
    }
    #[inline(always)]
    fn to_cell(self, negated: bool, _: &Lattice) -> f64 {
        f64::from(if negated { !self } else { self }) * power_of_two(BITS_U16 as i64)
    }
    #[inline(always)]
    fn of_cell(cell: f64, negated: bool, _: &Lattice) -> Self {
        // Adding 2^52 leaves the whole number in the lowest bits; unlike a cast it makes vector instructions everywhere.
        let level = floor(cell * power_of_two(-(BITS_U16 as i64)));
        let level = (level + power_of_two(52)).to_bits() as Self;
        if negated { !level } else { level }
    }
    #[inline(always)]
    fn is_odd(self, _: &Lattice) -> bool {
        false
    }
}

impl OnLattice for f32 {
    type Cell = f64;

    fn lattice(curvature: f64) -> Lattice {
        // Between 2^16 and 2^17 units at one pixel's distance; less for paraboloids so flat that samples would not fit.
        let unit = power_of_two(exponent(curvature).max(-16) - 16);
        Lattice::new(unit, curvature, 1 << 17)
    }
    fn lift(self, lattice: &Lattice) -> Option<i64> {
        // Exact: the unit is a power of two, and f64 has room for the exponents of f32 and unit together.
        let point = (f64::from(self) / lattice.unit).floor();
        (self < Self::INFINITY).then(|| (point as i64).clamp(-LIMIT, LIMIT))
    }
    fn settle(point: i64, lattice: &Lattice) -> Self {
        round_down(point as f64 * lattice.unit)
    }
    fn held_below(self, pixel: Self) -> Self {
        if pixel < self { pixel } else { self }
    }
    fn reach(_: &Lattice) -> usize {
        usize::MAX
    }
    #[inline(always)]
    fn to_cell(self, negated: bool, lattice: &Lattice) -> f64 {
        let sample = if negated { -self } else { self };
        let point = f64::from(sample) * (1.0 / lattice.unit);
        let limit = LIMIT as f64;
        let high = if point < limit { point } else { limit };
        let held = floor(if high > -limit { high } else { -limit });
        // False for NaN.
        if sample < Self::INFINITY {
            held
        } else {
            f64::NONE
        }
    }
    #[inline(always)]
    fn of_cell(cell: f64, negated: bool, lattice: &Lattice) -> Self {
        let sample = round_down(cell * lattice.unit);
        if negated { -sample } else { sample }
    }
    #[inline(always)]
    fn is_odd(self, lattice: &Lattice) -> bool {
        let held = f64::from(self.abs()) < LIMIT as f64 * lattice.unit;
        // NaN is not held.
        !held
    }
}

/// The distance at which the paraboloid is `range` units deep, rounded up.
fn reach(range: i64, lattice: &Lattice) -> usize {
    // One pixel more for rounding.
    (range as f64 / lattice.coefficient as f64).sqrt() as usize + 1
}

/// The largest f32 that is not above `v`.
#[inline(always)]
fn round_down(v: f64) -> f32 {
    let nearest = v as f32;
    if f64::from(nearest) > v {
        nearest.next_down()
    } else {
        nearest
    }
}

/// The largest whole number that is not above `v`, of less than ±2^51. (`f64::floor` is a call without SSE 4.1.)
#[inline(always)]
fn floor(v: f64) -> f64 {
    const MAGIC: f64 = power_of_two(52) + power_of_two(51);
    let nearest = (v + MAGIC) - MAGIC;
    if nearest > v { nearest - 1.0 } else { nearest }
}
