//! Writes pictures that are clean already in every format, and tells size and processor time (all threads together):
//!
//! ```sh
//! RAYON_NUM_THREADS=1 cargo run --release -p whiteboarder-core --example outputs -- OUT_DIR FILE…
//! ```

mod processor;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use whiteboarder_core::image::{Limits, decode};
use whiteboarder_core::output::{Format, encode};

use processor::processor_seconds;

const FORMATS: [(&str, Format); 8] = [
    ("8", Format::Png8),
    ("true", Format::Png),
    ("jpeg", Format::JPEG),
    ("webp", Format::WebP),
    ("transparent", Format::TransparentPng),
    ("mask", Format::INK_MASK),
    ("pdf", Format::Pdf),
    ("svg", Format::Svg),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: outputs OUT_DIR FILE…")?;
    std::fs::create_dir_all(&folder)?;
    let mut out = std::io::stdout().lock();
    for path in arguments {
        let picture = decode(&std::fs::read(&path)?, &Limits::default())?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let megapixels = f64::from(picture.width) * f64::from(picture.height) / 1e6;
        writeln!(out, "{name} ({megapixels:.2} MP)")?;
        for (ending, format) in FORMATS {
            let before = processor_seconds();
            let encoded = encode(&picture, &format, None)?;
            let took = processor_seconds() - before;
            let bytes = encoded.bytes.len();
            let chosen = encoded.chosen;
            writeln!(out, "  {ending:12} {bytes:>9} B {took:.3} s {chosen:?}")?;
            let file = format!("{name}.{ending}.{}", encoded.extension);
            std::fs::write(folder.join(file), &encoded.bytes)?;
        }
    }
    Ok(())
}
