//! One bit per cell.

/// A mask of cells, packed, rows from top to bottom, each of whole words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    width: usize,
    height: usize,
    words: Vec<u64>,
}

impl Bits {
    /// The cells for which `set` is true.
    pub(crate) fn of(width: usize, height: usize, set: &[bool]) -> Self {
        let per_row = width.div_ceil(64);
        let mut words = vec![0; per_row * height];
        for (row, words) in set.chunks_exact(width).zip(words.chunks_exact_mut(per_row)) {
            for (x, _) in row.iter().enumerate().filter(|(_, set)| **set) {
                words[x / 64] |= 1 << (x % 64);
            }
        }
        Self {
            width,
            height,
            words,
        }
    }

    /// Rebuilds a mask from its words; `None` when there are not exactly as many as its rows need.
    pub(crate) fn from_words(width: usize, height: usize, words: Vec<u64>) -> Option<Self> {
        (width > 0 && words.len() == width.div_ceil(64).checked_mul(height)?).then_some(Self {
            width,
            height,
            words,
        })
    }

    /// Cells in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The words, row by row; the lowest bit is the leftmost cell.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether a cell is set; the cell must be inside.
    #[must_use]
    #[inline]
    pub fn get(&self, x: usize, y: usize) -> bool {
        self.words[y * self.width.div_ceil(64) + x / 64] >> (x % 64) & 1 == 1
    }

    /// Whether any cell of a rectangle is set.
    pub(crate) fn any(
        &self,
        columns: std::ops::Range<usize>,
        rows: std::ops::Range<usize>,
    ) -> bool {
        let per_row = self.width.div_ceil(64);
        let (first, last) = (columns.start / 64, columns.end.saturating_sub(1) / 64);
        rows.into_iter().any(|y| {
            (first..=last).any(|word| {
                let mut bits = self.words[y * per_row + word];
                if word == first {
                    bits &= u64::MAX << (columns.start % 64);
                }
                if word == last {
                    bits &= u64::MAX >> (63 - (columns.end - 1) % 64);
                }
                bits != 0
            })
        })
    }

    /// How many cells are set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }
}
