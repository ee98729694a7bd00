//! Digests of bodies: computed once while a body streams to disk, then verified, stored and combined.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::error::StoreError;

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// What a checksum of several parts covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// The bytes of the object, as if it had been put at once.
    FullObject,
    /// The checksums of the parts; such a value ends in `-` and the number of parts.
    Composite,
}

/// The checksum that an object carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    pub algorithm: Algorithm,
    pub cover: Cover,
    /// Base64, with `-<parts>` when composite.
    pub value: String,
}

impl Algorithm {
    pub(super) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// S3's name, as in `x-amz-checksum-algorithm`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header or trailer that carries its value.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// By S3's name.
    pub(super) fn parse(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| StoreError::NotImplemented {
                feature: format!("the checksum algorithm {name}"),
            })
    }

    /// Bytes of a value.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// A value from its header.
    pub(super) fn decode(self, text: &str) -> Result<Vec<u8>, StoreError> {
        STANDARD
            .decode(text)
            .ok()
            .filter(|value| value.len() == self.length())
            .ok_or(StoreError::InvalidDigest {
                header: self.header(),
            })
    }

    /// What S3 takes when an upload names the algorithm but no type.
    pub(super) fn default_cover(self) -> Cover {
        match self {
            Self::Crc64Nvme => Cover::FullObject,
            _ => Cover::Composite,
        }
    }

    /// Only a CRC of a whole can be computed from those of its parts, and a CRC-64 always is.
    pub(super) fn allows(self, cover: Cover) -> bool {
        match cover {
            Cover::FullObject => !matches!(self, Self::Sha1 | Self::Sha256),
            Cover::Composite => self != Self::Crc64Nvme,
        }
    }
}

impl Cover {
    /// S3's name, as in `x-amz-checksum-type`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// By S3's name.
    pub(super) fn parse(name: &str) -> Result<Self, StoreError> {
        match name {
            "FULL_OBJECT" => Ok(Self::FullObject),
            "COMPOSITE" => Ok(Self::Composite),
            _ => Err(StoreError::argument(format!(
                "`{name}` is no checksum type"
            ))),
        }
    }
}

/// All that is known of a body's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    pub size: u64,
    pub sha256: [u8; 32],
    pub md5: [u8; 16],
    pub crc32: u32,
    pub crc32c: u32,
    pub crc64nvme: u64,
    /// Only when somebody asked: it costs as much as all others together.
    pub sha1: Option<[u8; 20]>,
}

impl Digests {
    /// The raw value, `None` for a SHA-1 that nobody asked for.
    pub(super) fn value(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        match algorithm {
            Algorithm::Crc32 => Some(self.crc32.to_be_bytes().to_vec()),
            Algorithm::Crc32c => Some(self.crc32c.to_be_bytes().to_vec()),
            Algorithm::Crc64Nvme => Some(self.crc64nvme.to_be_bytes().to_vec()),
            Algorithm::Sha1 => self.sha1.map(|value| value.to_vec()),
            Algorithm::Sha256 => Some(self.sha256.to_vec()),
        }
    }

    /// The value in base64, as in a header.
    pub(super) fn encoded(&self, algorithm: Algorithm) -> Option<String> {
        self.value(algorithm).map(|value| STANDARD.encode(value))
    }

    /// Hex MD5: the entity tag of an object put at once, and of a part.
    pub(super) fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

/// Computes [`Digests`] over a stream.
pub(super) struct Hasher {
    size: u64,
    sha256: Sha256,
    md5: Md5,
    crc32: crc_fast::Digest,
    crc32c: crc_fast::Digest,
    crc64nvme: crc_fast::Digest,
    sha1: Option<Sha1>,
}

impl Hasher {
    pub(super) fn new(with_sha1: bool) -> Self {
        Self {
            size: 0,
            sha256: Sha256::new(),
            md5: Md5::new(),
            crc32: crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc),
            crc32c: crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi),
            crc64nvme: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme),
            sha1: with_sha1.then(Sha1::new),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        self.md5.update(bytes);
        self.crc32.update(bytes);
        self.crc32c.update(bytes);
        self.crc64nvme.update(bytes);
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Digests {
        Digests {
            size: self.size,
            sha256: self.sha256.finalize().into(),
            md5: self.md5.finalize().into(),
            crc32: self.crc32.finalize() as u32,
            crc32c: self.crc32c.finalize() as u32,
            crc64nvme: self.crc64nvme.finalize(),
            sha1: self.sha1.map(|sha1| sha1.finalize().into()),
        }
    }
}

/// The entity tag of a multipart upload: the MD5 of the parts' binary MD5s, then `-` and their number.
pub(super) fn multipart_etag(parts: &[Digests]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part.md5);
    }
    format!("{}-{}", hex::encode(md5.finalize()), parts.len())
}

/// The checksum of a body made of these parts; `None` where only the bytes could tell.
pub(super) fn of_parts(algorithm: Algorithm, cover: Cover, parts: &[Digests]) -> Option<Checksum> {
    let value = match cover {
        Cover::FullObject => full_object(algorithm, parts)?,
        Cover::Composite => {
            let mut joined = Vec::with_capacity(parts.len() * algorithm.length());
            for part in parts {
                joined.extend(part.value(algorithm)?);
            }
            let mut hasher = Hasher::new(algorithm == Algorithm::Sha1);
            hasher.update(&joined);
            format!("{}-{}", hasher.finish().encoded(algorithm)?, parts.len())
        }
    };
    Some(Checksum {
        algorithm,
        cover,
        value,
    })
}

fn full_object(algorithm: Algorithm, parts: &[Digests]) -> Option<String> {
    if let [only] = parts {
        return only.encoded(algorithm);
    }
    let (parameters, width) = match algorithm {
        Algorithm::Crc32 => (CrcAlgorithm::Crc32IsoHdlc, 4),
        Algorithm::Crc32c => (CrcAlgorithm::Crc32Iscsi, 4),
        Algorithm::Crc64Nvme => (CrcAlgorithm::Crc64Nvme, 8),
        Algorithm::Sha1 | Algorithm::Sha256 => return None,
    };
    let crc = |part: &Digests| match algorithm {
        Algorithm::Crc32 => u64::from(part.crc32),
        Algorithm::Crc32c => u64::from(part.crc32c),
        _ => part.crc64nvme,
    };
    let (first, rest) = parts.split_first()?;
    let combined = rest.iter().fold(crc(first), |combined, part| {
        crc_fast::checksum_combine(parameters, combined, crc(part), part.size)
    });
    Some(STANDARD.encode(&combined.to_be_bytes()[8 - width..]))
}

/// What a request says its body is.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// The decoded length.
    pub length: Option<u64>,
    /// From `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// From a checksum header or, once the body was read, its trailer.
    pub checksum: Option<(Algorithm, Vec<u8>)>,
}

impl Expected {
    /// The value of `Content-MD5`.
    pub(super) fn decode_md5(text: &str) -> Result<[u8; 16], StoreError> {
        let value = STANDARD
            .decode(text)
            .ok()
            .and_then(|value| value.try_into().ok());
        value.ok_or(StoreError::InvalidDigest {
            header: "Content-MD5",
        })
    }

    /// Compares with what came.
    pub(super) fn verify(&self, digests: &Digests) -> Result<(), StoreError> {
        if let Some(expected) = self.length
            && expected != digests.size
        {
            return Err(StoreError::IncompleteBody {
                expected,
                received: digests.size,
            });
        }
        if self.md5.is_some_and(|md5| md5 != digests.md5) {
            return Err(StoreError::BadDigest {
                algorithm: "Content-MD5",
            });
        }
        if let Some((algorithm, value)) = &self.checksum
            && digests.value(*algorithm).as_ref() != Some(value)
        {
            return Err(StoreError::BadDigest {
                algorithm: algorithm.name(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(bytes: &[u8]) -> Digests {
        let mut hasher = Hasher::new(true);
        hasher.update(bytes);
        hasher.finish()
    }

    #[test]
    fn digests_are_the_published_check_values() {
        let check = digests(b"123456789");
        assert_eq!(check.crc32, 0xcbf4_3926);
        assert_eq!(check.crc32c, 0xe306_9283);
        assert_eq!(check.crc64nvme, 0xae8b_1486_0a79_9888);
        assert_eq!(check.etag(), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(
            check.encoded(Algorithm::Sha1).as_deref(),
            Some("98O8HYCOBHMq32eZZczDTKeuNEE=")
        );
    }

    #[test]
    fn a_body_has_the_length_that_was_announced() {
        let expected = Expected {
            length: Some(10),
            ..Expected::default()
        };
        let verified = expected.verify(&digests(b"123456789"));
        assert_eq!(
            verified.map_err(|error| error.code()),
            Err("IncompleteBody")
        );
    }

    #[test]
    fn the_crc_of_a_whole_comes_from_its_parts() {
        let body: Vec<u8> = (0..100_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 3) as u8)
            .collect();
        let parts = [
            digests(&body[..7]),
            digests(&body[7..60_000]),
            digests(&body[60_000..]),
        ];
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let combined = of_parts(algorithm, Cover::FullObject, &parts).map(|sum| sum.value);
            assert_eq!(combined, digests(&body).encoded(algorithm), "{algorithm:?}");
        }
        assert_eq!(of_parts(Algorithm::Sha256, Cover::FullObject, &parts), None);
    }

    #[test]
    fn a_composite_checksum_is_that_of_the_parts_checksums() {
        let parts = [digests(b"one"), digests(b"two")];
        let joined = [parts[0].sha256, parts[1].sha256].concat();
        let expected = format!("{}-2", STANDARD.encode(digests(&joined).sha256));
        let composite = of_parts(Algorithm::Sha256, Cover::Composite, &parts);
        assert_eq!(composite.map(|sum| sum.value), Some(expected));
    }
}
