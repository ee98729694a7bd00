//! Pictures that people have and that are not read: what they are, and how to make something of them that is.

use std::fmt;

use super::parts::{Missing, Parts};

/// A kind of file that somebody may take for a picture. Its text is one sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// HEIC or HEIF: what iPhones take.
    Heic,
    /// AVIF.
    Avif,
    /// A camera's raw file, by the maker's name for it.
    Raw(&'static str),
    /// GIF.
    Gif,
    /// PDF.
    Pdf,
    /// SVG.
    Svg,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// Photoshop's own format.
    Photoshop,
    /// HTML: a page that was saved instead of the picture on it, or a server's error.
    WebPage,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Heic => {
                "this is an HEIC picture, as iPhones take; set the camera to \"Most Compatible\", or convert it: \
                 `heif-convert IMG.heic IMG.jpg` on Linux, `sips -s format jpeg IMG.heic --out IMG.jpg` on a Mac"
            }
            Self::Avif => {
                "this is an AVIF picture, which is not read; convert it: `avifdec IMG.avif IMG.png` on Linux, \
                 `sips -s format png IMG.avif --out IMG.png` on a Mac"
            }
            Self::Raw(kind) => {
                return write!(
                    f,
                    "this is {kind}, a camera's raw file; develop it to JPEG or TIFF first, with the camera's own program, \
                     darktable or RawTherapee"
                );
            }
            Self::Gif => "this is a GIF, which is not read; save it as PNG",
            Self::Pdf => {
                "this is a PDF, not a picture; take its pages out: `pdftoppm -png -r 200 FILE.pdf page`"
            }
            Self::Svg => "this is an SVG drawing, which has no pixels to clean",
            Self::JpegXl => {
                "this is a JPEG XL picture, which is not read; convert it: `djxl IMG.jxl IMG.png`"
            }
            Self::Jpeg2000 => {
                "this is a JPEG 2000 picture, which is not read; convert it: \
                 `opj_decompress -i IMG.jp2 -o IMG.png`"
            }
            Self::Photoshop => {
                "this is a Photoshop file, which is not read; export it as PNG or TIFF"
            }
            Self::WebPage => {
                "this is a web page, not a picture: the page around the picture was saved, or an error message; download the \
                 picture itself"
            }
        })
    }
}

impl Foreign {
    /// By a file's extension (without the dot, in any case).
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "heic" | "heics" | "heif" | "heifs" | "hif" => Self::Heic,
            "avif" | "avifs" => Self::Avif,
            "gif" => Self::Gif,
            "pdf" => Self::Pdf,
            "svg" | "svgz" => Self::Svg,
            "jxl" => Self::JpegXl,
            "jp2" | "j2k" | "j2c" | "jpx" | "jpf" => Self::Jpeg2000,
            "psd" | "psb" => Self::Photoshop,
            raw => Self::Raw(RAW.iter().find(|(name, _)| *name == raw)?.1),
        })
    }

    /// By a file's first bytes. Raw files that are TIFF inside are known only by their directory.
    pub(super) fn of_content(parts: Parts<'_>) -> Option<Self> {
        let at = |offset: u64, magic: &[u8]| parts.get(offset, magic.len() as u64) == Ok(magic);
        let starts: [(&[u8], Self); 19] = [
            (b"GIF87a", Self::Gif),
            (b"GIF89a", Self::Gif),
            (b"%PDF", Self::Pdf),
            (b"<svg", Self::Svg),
            (b"8BPS", Self::Photoshop),
            (b"\xFF\x0A", Self::JpegXl),
            (b"\0\0\0\x0CJXL \r\n\x87\n", Self::JpegXl),
            (b"\0\0\0\x0CjP  \r\n\x87\n", Self::Jpeg2000),
            (b"\xFF\x4F\xFF\x51", Self::Jpeg2000),
            (b"FUJIFILMCCD-RAW", Self::Raw("a Fujifilm RAF")),
            (b"IIRO", Self::Raw("an Olympus ORF")),
            (b"IIRS", Self::Raw("an Olympus ORF")),
            (b"MMOR", Self::Raw("an Olympus ORF")),
            (b"IIU\0", Self::Raw("a Panasonic RW2")),
            (b"II\x1A\0\0\0HEAPCCDR", Self::Raw("a Canon CRW")),
            (b"\0MRM", Self::Raw("a Minolta MRW")),
            (b"FOVb", Self::Raw("a Sigma X3F")),
            (b"II*\0\x10\0\0\0CR", Self::Raw("a Canon CR2")),
            (b"II*\0\x08\0\0\0CR", Self::Raw("a Canon CR2")),
        ];
        if let Some((_, kind)) = starts.into_iter().find(|(magic, _)| at(0, magic)) {
            return Some(kind);
        }
        if at(4, b"ftyp") {
            return Self::of_brands(parts).ok().flatten();
        }
        let text = parts.head();
        let text = &text[..text.len().min(1024)];
        let begins = |with: &[u8]| {
            let start = text.trim_ascii_start().get(..with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        if begins(b"<!doctype html") || begins(b"<html") {
            return Some(Self::WebPage);
        }
        (text.starts_with(b"<?xml") && text.windows(4).any(|word| word == b"<svg"))
            .then_some(Self::Svg)
    }

    /// The brands of an ISO base media file (ISO 14496-12): the major one, and those it is compatible with.
    fn of_brands(parts: Parts<'_>) -> Result<Option<Self>, Missing> {
        let length = parts.get(0, 4)?;
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        let length = u64::from(length).clamp(16, 256);
        let head = parts.head();
        let head = &head[..head.len().min(length as usize)];
        let major = head.get(8..12).unwrap_or_default();
        let others = head.get(16..).unwrap_or_default().chunks_exact(4);
        let brands: Vec<&[u8]> = std::iter::once(major).chain(others).collect();
        let has = |wanted: &[&[u8; 4]]| {
            brands
                .iter()
                .any(|brand| wanted.iter().any(|w| *brand == w.as_slice()))
        };
        // AVIF files also carry the general brands of HEIF, so they are asked for first.
        Ok(if has(&[b"crx "]) {
            Some(Self::Raw("a Canon CR3"))
        } else if has(&[b"avif", b"avis"]) {
            Some(Self::Avif)
        } else if has(&[
            b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"mif2", b"msf1",
        ]) {
            Some(Self::Heic)
        } else {
            None
        })
    }
}

/// Extensions of raw files, and what each is called.
const RAW: &[(&str, &str)] = &[
    ("3fr", "a Hasselblad 3FR"),
    ("arw", "a Sony ARW"),
    ("cr2", "a Canon CR2"),
    ("cr3", "a Canon CR3"),
    ("crw", "a Canon CRW"),
    ("dcr", "a Kodak DCR"),
    ("dng", "a DNG"),
    ("erf", "an Epson ERF"),
    ("fff", "a Hasselblad FFF"),
    ("iiq", "a Phase One IIQ"),
    ("kdc", "a Kodak KDC"),
    ("mef", "a Mamiya MEF"),
    ("mos", "a Leaf MOS"),
    ("mrw", "a Minolta MRW"),
    ("nef", "a Nikon NEF"),
    ("nrw", "a Nikon NRW"),
    ("orf", "an Olympus ORF"),
    ("pef", "a Pentax PEF"),
    ("raf", "a Fujifilm RAF"),
    ("raw", "a RAW"),
    ("rw2", "a Panasonic RW2"),
    ("rwl", "a Leica RWL"),
    ("sr2", "a Sony SR2"),
    ("srf", "a Sony SRF"),
    ("srw", "a Samsung SRW"),
    ("x3f", "a Sigma X3F"),
];
