//! How a file is cut into parts: by its size alone, so that every machine cuts it alike.

use crc_fast::{CrcAlgorithm, checksum_combine};

/// Files up to this size go up in one request.
pub(super) const ONE_PUT: u64 = 16 * MIB;
/// A part's size, as long as the file needs no more parts than S3 takes.
const PART: u64 = 8 * MIB;
/// S3 takes no more parts.
const MOST_PARTS: u64 = 10_000;
const MIB: u64 = 1024 * 1024;

/// Size of all parts but the last. A file of at most [`ONE_PUT`] is a single one.
pub(super) fn part_size(bytes: u64) -> u64 {
    if bytes <= ONE_PUT {
        return ONE_PUT;
    }
    PART.max(bytes.div_ceil(MOST_PARTS).next_multiple_of(MIB))
}

/// How many parts; an empty file has one.
pub(super) fn part_count(bytes: u64) -> u64 {
    bytes.div_ceil(part_size(bytes)).max(1)
}

/// Offset and length of part `number`, which counts from 1 to [`part_count`].
pub(super) fn part_range(bytes: u64, number: u64) -> (u64, u64) {
    let size = part_size(bytes);
    let offset = number.saturating_sub(1).saturating_mul(size).min(bytes);
    (offset, size.min(bytes - offset))
}

/// CRC-64/NVME of the whole from those of its parts.
pub(super) fn whole_crc(bytes: u64, parts: &[u64]) -> u64 {
    let mut numbered = (1..).zip(parts);
    let first = numbered.next().map_or(0, |(_, crc)| *crc);
    numbered.fold(first, |whole, (number, crc)| {
        checksum_combine(
            CrcAlgorithm::Crc64Nvme,
            whole,
            *crc,
            part_range(bytes, number).1,
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_files_are_one_part_and_larger_ones_have_the_same_parts_everywhere() {
        assert_eq!((part_count(0), part_range(0, 1)), (1, (0, 0)));
        assert_eq!(part_count(ONE_PUT), 1);
        assert_eq!(part_count(ONE_PUT + 1), 3);
        assert_eq!(part_range(ONE_PUT + 1, 3), (2 * PART, 1));
        assert_eq!(part_size(5_000 * 1_000_000_000), 477 * MIB);
    }

    proptest! {
        #[test]
        fn parts_cover_the_file_without_gaps_and_are_as_s3_wants_them(bytes in 0_u64..(5 << 40)) {
            let (count, size) = (part_count(bytes), part_size(bytes));
            prop_assert!(count <= MOST_PARTS);
            prop_assert!(count == 1 || size >= 5 * MIB);
            let mut reached = 0;
            for number in 1..=count {
                let (offset, length) = part_range(bytes, number);
                prop_assert_eq!(offset, reached);
                prop_assert!(length == size || number == count);
                prop_assert!(length > 0 || bytes == 0);
                reached += length;
            }
            prop_assert_eq!(reached, bytes);
        }
    }

    #[test]
    fn the_crc_of_the_whole_follows_from_its_parts() {
        let content: Vec<u8> = (0..ONE_PUT + PART + 12_345)
            .map(|n| ((n * 2_654_435_761) >> 13) as u8)
            .collect();
        let bytes = content.len() as u64;
        let crcs: Vec<u64> = (1..=part_count(bytes))
            .map(|number| {
                let (offset, length) = part_range(bytes, number);
                crc_fast::crc64_nvme(&content[offset as usize..(offset + length) as usize])
            })
            .collect();
        assert_eq!(crcs.len(), 4);
        assert_eq!(whole_crc(bytes, &crcs), crc_fast::crc64_nvme(&content));
    }
}
