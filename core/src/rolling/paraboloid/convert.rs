//! Lines of samples to the lattice and back, with the best instructions there are.

use super::super::simd::Kernel;
use super::cell::Cell;
use super::lattice::{Lattice, OnLattice};

/// Brings samples to the lattice; gives whether some of them are odd.
pub(super) struct ToCells<'a, T: OnLattice> {
    /// Samples, `step` apart.
    pub(super) row: &'a [T],
    pub(super) step: usize,
    pub(super) negated: bool,
    pub(super) lattice: &'a Lattice,
    pub(super) line: &'a mut [T::Cell],
}

impl<T: OnLattice> Kernel for ToCells<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let (negated, lattice) = (self.negated, *self.lattice);
        let mut odd = false;
        if self.step == 1 {
            for (cell, &sample) in self.line.iter_mut().zip(self.row) {
                *cell = sample.to_cell(negated, &lattice);
                odd |= sample.is_odd(&lattice);
            }
        } else {
            for (cell, &sample) in self.line.iter_mut().zip(self.row.iter().step_by(self.step)) {
                *cell = sample.to_cell(negated, &lattice);
                odd |= sample.is_odd(&lattice);
            }
        }
        odd
    }
}

/// Makes samples of the results of one erosion, and negated sources for the next of them; none of them odd.
pub(super) struct Turn<'a, T: OnLattice> {
    pub(super) column: &'a mut [T::Cell],
    pub(super) lattice: &'a Lattice,
}

impl<T: OnLattice> Kernel for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let lattice = *self.lattice;
        for cell in self.column {
            // Only twice negated or not at all; both are the same.
            *cell = T::of_cell(*cell, false, &lattice).to_cell(true, &lattice);
        }
    }
}

/// Makes samples of lattice points; none of them odd.
pub(super) struct ToSamples<'a, T: OnLattice> {
    pub(super) row: &'a [T::Cell],
    pub(super) negated: bool,
    pub(super) lattice: &'a Lattice,
    /// Where they are wanted, `step` apart.
    pub(super) to: &'a mut [T],
    pub(super) step: usize,
}

impl<T: OnLattice> Kernel for ToSamples<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (negated, lattice) = (self.negated, *self.lattice);
        if self.step == 1 {
            for (to, &cell) in self.to.iter_mut().zip(self.row) {
                *to = T::of_cell(cell, negated, &lattice);
            }
        } else {
            for (to, &cell) in self.to.iter_mut().step_by(self.step).zip(self.row) {
                *to = T::of_cell(cell, negated, &lattice);
            }
        }
    }
}

/// Writes lines side by side into a panel, [`Panels::store`](super::panels::Panels::store).
pub(super) struct Store<'a, C> {
    pub(super) lines: &'a [C],
    pub(super) room: usize,
    pub(super) panel: &'a mut [C],
}

impl<C: Cell> Kernel for Store<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        super::panels::Panels::store(self.lines, self.room, self.panel);
    }
}
