//! A document with a picture per page, written as the pages come, so that hundreds need the memory of one.
//!
//! A page's pixels are compressed as a PNG's are, by palette where that loses nothing visible: PDF reads a PNG's data as
//! it is (ISO 32000-2, 7.4.4.4: predictor 15). There is no date and no chance in the file: the same pages give the same
//! bytes.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::encoded::Chosen;
use super::{OutputError, palette, png8};
use crate::image::Picture;

/// How large a page is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageSize {
    /// So that its longer side is this long, in points (1/72 inch).
    LongSide(f32),
    /// So that so many pixels are an inch.
    Dpi(f32),
}

impl Default for PageSize {
    /// As long as a sheet of A4.
    fn default() -> Self {
        Self::LongSide(841.89)
    }
}

/// Longest side of a page, in points, that all readers take (ISO 32000-2, annex C).
const LONGEST: f64 = 14_400.0;

impl PageSize {
    fn of(self, picture: &Picture) -> (f64, f64) {
        let (width, height) = (f64::from(picture.width), f64::from(picture.height));
        let long = width.max(height);
        let wished = match self {
            Self::LongSide(points) => f64::from(points),
            Self::Dpi(dpi) => long * 72.0 / f64::from(dpi),
        };
        // A wish for nothing, or for nonsense, is a wish for the default.
        let points = if wished.is_finite() && wished > 0.0 {
            wished.clamp(3.0, LONGEST)
        } else {
            841.89
        };
        (width * points / long, height * points / long)
    }
}

/// A document that is being written.
#[derive(Debug)]
pub struct Pdf<W> {
    out: W,
    written: u64,
    /// Where each object begins, from object 1 on.
    offsets: Vec<u64>,
    /// The objects that are pages.
    pages: Vec<u32>,
    title: Option<String>,
}

/// The objects that are known before any page.
const CATALOG: u32 = 1;
const PAGES: u32 = 2;

impl<W: Write> Pdf<W> {
    /// Begins a document.
    pub fn new(out: W, title: Option<&str>) -> Result<Self, OutputError> {
        let mut pdf = Self {
            out,
            written: 0,
            offsets: vec![0; 2],
            pages: Vec::new(),
            title: title.map(str::to_owned),
        };
        // Bytes beyond ASCII tell programs that move files that this is not text.
        pdf.write(b"%PDF-1.5\n%\xE2\xE3\xCF\xD3\n")?;
        pdf.begin(CATALOG)?;
        pdf.text(&format!("<</Type/Catalog/Pages {PAGES} 0 R>>\nendobj\n"))?;
        Ok(pdf)
    }

    /// Adds a page that is this picture, and tells how it is held.
    pub fn page(&mut self, picture: &Picture, size: PageSize) -> Result<Chosen, OutputError> {
        let encoded = png8(picture, &palette::Options::default(), None)?;
        let parts = Parts::of(&encoded.bytes).ok_or_else(|| OutputError::Unencodable {
            format: "PDF",
            detail: "its pixels are not held as expected".to_owned(),
        })?;
        let (wide, high) = size.of(picture);
        let page = self.reserve();
        let image = self.reserve();
        let content = self.reserve();
        self.pages.push(page);

        self.begin(page)?;
        self.text(&format!(
            "<</Type/Page/Parent {PAGES} 0 R/MediaBox[0 0 {wide:.3} {high:.3}]\
             /Resources<</XObject<</I {image} 0 R>>>>/Contents {content} 0 R>>\nendobj\n"
        ))?;

        self.begin(image)?;
        let Parts {
            depth,
            colours,
            data,
            ..
        } = &parts;
        let (width, height) = (picture.width, picture.height);
        let space = parts.space();
        let bytes: usize = data.iter().map(|part| part.len()).sum();
        self.text(&format!(
            "<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace{space}\
             /BitsPerComponent {depth}/Filter/FlateDecode/DecodeParms<</Predictor 15\
             /Colors {colours}/BitsPerComponent {depth}/Columns {width}>>/Length {bytes}>>\nstream\n"
        ))?;
        for part in data {
            self.write(part)?;
        }
        self.text("\nendstream\nendobj\n")?;

        self.begin(content)?;
        let drawing = format!("q {wide:.3} 0 0 {high:.3} 0 0 cm/I Do Q");
        let length = drawing.len();
        self.text(&format!(
            "<</Length {length}>>\nstream\n{drawing}\nendstream\nendobj\n"
        ))?;
        Ok(encoded.chosen)
    }

    /// Ends the document, and gives back where it went. A document without pages is an error.
    pub fn finish(mut self) -> Result<W, OutputError> {
        if self.pages.is_empty() {
            return Err(OutputError::NoPages);
        }
        self.begin(PAGES)?;
        let kids: Vec<String> = self
            .pages
            .iter()
            .map(|page| format!("{page} 0 R"))
            .collect();
        let (kids, count) = (kids.join(" "), self.pages.len());
        self.text(&format!(
            "<</Type/Pages/Kids[{kids}]/Count {count}>>\nendobj\n"
        ))?;
        let mut info = String::new();
        if let Some(title) = self.title.take() {
            let object = self.reserve();
            self.begin(object)?;
            let units: Vec<u8> = title.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let units = hex::encode_upper(units);
            self.text(&format!("<</Title<FEFF{units}>>>\nendobj\n"))?;
            info = format!("/Info {object} 0 R");
        }
        let start = self.written;
        let count = self.offsets.len() + 1;
        self.text(&format!("xref\n0 {count}\n0000000000 65535 f \n"))?;
        for offset in std::mem::take(&mut self.offsets) {
            self.text(&format!("{offset:010} 00000 n \n"))?;
        }
        self.text(&format!(
            "trailer\n<</Size {count}/Root {CATALOG} 0 R{info}>>\nstartxref\n{start}\n%%EOF\n"
        ))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn reserve(&mut self) -> u32 {
        self.offsets.push(0);
        self.offsets.len() as u32
    }

    fn begin(&mut self, object: u32) -> io::Result<()> {
        /// What the ten digits of a table of offsets can tell.
        const MOST: u64 = 9_999_999_999;
        if self.written > MOST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a PDF cannot be larger than 10 GB",
            ));
        }
        self.offsets[object as usize - 1] = self.written;
        self.text(&format!("{object} 0 obj\n"))
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.write(text.as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// What a PDF needs of a PNG.
struct Parts<'a> {
    depth: u8,
    /// Samples of a pixel.
    colours: u8,
    palette: Option<&'a [u8]>,
    data: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    /// `None` when it is no PNG that is written here.
    fn of(png: &'a [u8]) -> Option<Self> {
        let mut parts = Self {
            depth: *png.get(24)?,
            colours: if *png.get(25)? == 2 { 3 } else { 1 },
            palette: None,
            data: Vec::new(),
        };
        let mut rest = png.get(8..)?;
        loop {
            let (head, after) = rest.split_first_chunk::<8>()?;
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let payload = after.get(..length)?;
            match &head[4..] {
                b"PLTE" => parts.palette = Some(payload),
                b"IDAT" => parts.data.push(payload),
                b"IEND" => return Some(parts),
                _ => {}
            }
            rest = after.get(length + 4..)?;
        }
    }

    fn space(&self) -> String {
        match (self.palette, self.colours) {
            (Some(palette), _) => format!(
                "[/Indexed/DeviceRGB {} <{}>]",
                palette.len() / 3 - 1,
                hex::encode_upper(palette)
            ),
            (None, 3) => "/DeviceRGB".to_owned(),
            (None, _) => "/DeviceGray".to_owned(),
        }
    }
}
