//! Rows in memory, and rows that are made when they are asked for.

use super::{Layout, Pixel, RowSink, RowSource, StripError};

/// The rows of samples that are in memory.
#[derive(Clone, Debug)]
pub struct MemorySource<D> {
    layout: Layout,
    samples: D,
    next: usize,
}

impl<D> MemorySource<D> {
    /// `None` when there are not exactly as many samples as the layout says.
    #[must_use]
    pub fn new<T>(layout: Layout, samples: D) -> Option<Self>
    where
        D: AsRef<[T]>,
    {
        let want = layout.row_len() * layout.height;
        (samples.as_ref().len() == want).then_some(Self {
            layout,
            samples,
            next: 0,
        })
    }
}

impl<T: Pixel, D: AsRef<[T]> + Send> RowSource<T> for MemorySource<D> {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError> {
        let end = self.next + rows.len();
        let from = self.samples.as_ref().get(self.next..end);
        rows.copy_from_slice(from.ok_or(StripError::Rows {
            expected: self.layout.height,
            more: true,
        })?);
        self.next = end;
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StripError> {
        self.next = 0;
        Ok(())
    }
}

/// Rows that a function makes: it is given a row's number and fills its samples.
#[derive(Clone, Debug)]
pub struct Generated<F> {
    layout: Layout,
    make: F,
    next: usize,
}

impl<F> Generated<F> {
    /// Rows of this shape.
    pub const fn new(layout: Layout, make: F) -> Self {
        Self {
            layout,
            make,
            next: 0,
        }
    }
}

impl<T, F: FnMut(usize, &mut [T]) + Send> RowSource<T> for Generated<F> {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError> {
        for row in rows.chunks_exact_mut(self.layout.row_len()) {
            if self.next >= self.layout.height {
                return Err(StripError::Rows {
                    expected: self.layout.height,
                    more: true,
                });
            }
            (self.make)(self.next, row);
            self.next += 1;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StripError> {
        self.next = 0;
        Ok(())
    }
}

/// Keeps all rows in memory, which counts as the caller's and not against [`StripOptions::memory_bytes`](super::StripOptions::memory_bytes).
#[derive(Clone, Debug, Default)]
pub struct MemorySink<T> {
    samples: Vec<T>,
    want: usize,
    height: usize,
    finished: bool,
}

impl<T> MemorySink<T> {
    /// For a picture of this shape.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let want = layout.row_len() * layout.height;
        Self {
            samples: Vec::with_capacity(want),
            want,
            height: layout.height,
            finished: false,
        }
    }

    /// All samples; `None` before the picture is finished.
    #[must_use]
    pub fn into_samples(self) -> Option<Vec<T>> {
        self.finished.then_some(self.samples)
    }
}

impl<T: Pixel> RowSink<T> for MemorySink<T> {
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError> {
        if rows.len() > self.want - self.samples.len() {
            return Err(StripError::Rows {
                expected: self.height,
                more: true,
            });
        }
        self.samples.extend_from_slice(rows);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StripError> {
        self.finished = self.samples.len() == self.want;
        if self.finished {
            Ok(())
        } else {
            Err(StripError::Rows {
                expected: self.height,
                more: false,
            })
        }
    }
}
