//! Buffers for originals, used again and again: allocators keep large ones that come and go, until the process is
//! twice as large as what it holds.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers that are free.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

/// A buffer that comes back when the last reader of its bytes is gone.
#[derive(Debug)]
struct Lent {
    bytes: Vec<u8>,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.home.free().push(bytes);
    }
}

impl Buffers {
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty buffer with room for so many bytes: the smallest free one that has it, else the largest of them made
    /// larger.
    pub(super) fn take(&self, room: usize) -> Vec<u8> {
        let mut free = self.free();
        let fits = (0..free.len())
            .filter(|at| free[*at].capacity() >= room)
            .min_by_key(|at| free[*at].capacity());
        let largest = || (0..free.len()).max_by_key(|at| free[*at].capacity());
        let at = fits.or_else(largest);
        let mut bytes = at.map_or_else(Vec::new, |at| free.swap_remove(at));
        drop(free);
        bytes.reserve_exact(room);
        bytes
    }

    /// The bytes for as many readers as there are; then the buffer is free again.
    pub(super) fn lend(self: &Arc<Self>, bytes: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent {
            bytes,
            home: Arc::clone(self),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_when_the_last_reader_is_gone() {
        let buffers = Arc::new(Buffers::default());
        let mut first = buffers.take(1_000);
        first.extend_from_slice(&[7; 1_000]);
        let place = first.as_ptr();
        let lent = buffers.lend(first);
        let other = lent.slice(10..20);
        drop(lent);
        let second = buffers.take(1_000);
        assert_ne!(second.as_ptr(), place, "somebody still reads");
        assert_eq!(&other[..], &[7; 10]);
        drop(other);
        let again = buffers.take(500);
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty());
    }

    #[test]
    fn the_smallest_that_fits_is_taken_and_one_too_small_is_made_larger() {
        let buffers = Arc::new(Buffers::default());
        for room in [10, 1_000, 100] {
            drop(buffers.lend(Vec::with_capacity(room)));
        }
        assert_eq!(buffers.take(50).capacity(), 100);
        assert!(buffers.take(5_000).capacity() >= 5_000);
        assert_eq!(buffers.take(5).capacity(), 10);
        assert!(buffers.take(1).capacity() >= 1, "there is none left");
    }
}
