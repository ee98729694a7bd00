//! Borrowed rectangles of samples, so that one channel of an interleaved picture needs no copy.

use crate::plane::Plane;

/// A rectangle of samples of somebody else's memory.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    data: &'a [T],
    width: usize,
    height: usize,
    step: usize,
    stride: usize,
}

/// A rectangle of samples to be written.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    data: &'a mut [T],
    width: usize,
    height: usize,
    step: usize,
    stride: usize,
}

/// Samples from the first to behind the last of such a rectangle.
fn extent(width: usize, height: usize, step: usize, stride: usize) -> Option<usize> {
    let row = width.checked_sub(1)?.checked_mul(step)?.checked_add(1)?;
    let rows = height.checked_sub(1)?.checked_mul(stride)?;
    let fits = step > 0 && stride >= row;
    fits.then(|| rows.checked_add(row)).flatten()
}

impl<'a, T> View<'a, T> {
    /// `width` × `height` samples that begin at `data[0]`; one pixel to the right is `step` samples on, one row down
    /// `stride` samples.
    ///
    /// `None` when the rectangle is empty, its rows overlap, or `data` ends before it.
    #[must_use]
    pub fn new(
        data: &'a [T],
        width: usize,
        height: usize,
        step: usize,
        stride: usize,
    ) -> Option<Self> {
        let extent = extent(width, height, step, stride)?;
        Some(Self {
            data: data.get(..extent)?,
            width,
            height,
            step,
            stride,
        })
    }

    /// Channel number `channel` of an interleaved picture with `channels` samples per pixel and no padding; `None` as
    /// for [`View::new`].
    #[must_use]
    pub fn channel(
        data: &'a [T],
        width: usize,
        height: usize,
        channels: usize,
        channel: usize,
    ) -> Option<Self> {
        Self::new(
            data.get(channel..)?,
            width,
            height,
            channels,
            width.checked_mul(channels)?,
        )
    }

    /// A whole plane.
    #[must_use]
    pub fn of(plane: &'a Plane<T>) -> Self {
        Self {
            data: &plane.data,
            width: plane.width,
            height: plane.height,
            step: 1,
            stride: plane.width,
        }
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Samples from one pixel of a row to the next.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// The samples from the first of row `y` to the last; pixels are [`View::step`] apart.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [T] {
        let start = y * self.stride;
        &self.data[start..=start + (self.width - 1) * self.step]
    }
}

impl<T: Copy> View<'_, T> {
    /// A copy without gaps.
    #[must_use]
    pub fn to_plane(&self) -> Plane<T> {
        let rows = (0..self.height).flat_map(|y| self.row(y).iter().step_by(self.step).copied());
        Plane {
            width: self.width,
            height: self.height,
            data: rows.collect(),
        }
    }
}

impl<'a, T> ViewMut<'a, T> {
    /// As [`View::new`].
    #[must_use]
    pub fn new(
        data: &'a mut [T],
        width: usize,
        height: usize,
        step: usize,
        stride: usize,
    ) -> Option<Self> {
        let extent = extent(width, height, step, stride)?;
        Some(Self {
            data: data.get_mut(..extent)?,
            width,
            height,
            step,
            stride,
        })
    }

    /// As [`View::channel`].
    #[must_use]
    pub fn channel(
        data: &'a mut [T],
        width: usize,
        height: usize,
        channels: usize,
        channel: usize,
    ) -> Option<Self> {
        Self::new(
            data.get_mut(channel..)?,
            width,
            height,
            channels,
            width.checked_mul(channels)?,
        )
    }

    /// A whole plane.
    #[must_use]
    pub fn of(plane: &'a mut Plane<T>) -> Self {
        Self {
            width: plane.width,
            height: plane.height,
            step: 1,
            stride: plane.width,
            data: &mut plane.data,
        }
    }

    /// The same rectangle for a shorter time, so that it can be written more than once.
    #[must_use]
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut {
            data: &mut *self.data,
            ..*self
        }
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Samples from one pixel of a row to the next.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// The rows in bands of `rows` rows; each band is a slice in which pixels are [`ViewMut::step`] and rows
    /// [`ViewMut::stride`] samples apart.
    pub(crate) fn bands(self, rows: usize) -> std::slice::ChunksMut<'a, T> {
        self.data.chunks_mut(self.stride * rows)
    }

    /// Samples from one row to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }
}
