//! What is printed: Markdown for people, or a line of JSON for each row.

use std::error::Error;
use std::io::Write;

use crate::cleaning::STRIPS_BYTES;
use crate::rounds::{PhotographRow, StripsRow};

/// Processor seconds that a photograph of 12 megapixels should take at most.
const MOST_SECONDS: f64 = 2.5;
/// Bytes that its cleaning should need at most.
const MOST_BYTES: u64 = 600_000_000;

/// Bytes as megabytes, of a million bytes each.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn verdict(met: bool) -> &'static str {
    if met { "yes" } else { "**no**" }
}

/// Photographs, with the target.
pub fn photographs(
    rows: &[PhotographRow],
    rounds: usize,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    if json {
        return lines(rows, out);
    }
    writeln!(
        out,
        "| board | pixels | JPEG, MB | decode | background | finish | encode | file to file | wall | peak, MB | PNG, MB | ≤ {MOST_SECONDS} s, ≤ {:.0} MB |",
        megabytes(MOST_BYTES)
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")?;
    for row in rows {
        let whole = &row.whole;
        let [decode, background, finish, encode] = row.stages;
        writeln!(
            out,
            "| {} | {} × {} | {:.1} | {decode:.2} | {background:.2} | {finish:.2} | {encode:.2} | {:.2} | {:.2} | {:.0} | {:.2} | {} |",
            row.board,
            whole.width,
            whole.height,
            megabytes(whole.bytes_in),
            whole.processor,
            whole.wall,
            megabytes(whole.peak),
            megabytes(whole.bytes_out),
            verdict(whole.processor <= MOST_SECONDS && whole.peak <= MOST_BYTES)
        )?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "Processor seconds of {} threads, the least of {rounds} rounds; the highest peak.",
        threads()
    )?;
    Ok(())
}

/// What stands above pictures in strips.
pub fn strips_head(json: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if !json {
        writeln!(
            out,
            "| file | pixels | megapixels | MB | processor s | s per 12 MP | wall s | peak, MB |"
        )?;
        writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
    }
    Ok(())
}

/// A picture in strips.
pub fn strips_row(row: &StripsRow, json: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if json {
        return lines(std::slice::from_ref(row), out);
    }
    let StripsRow { file, told } = row;
    let megapixels = (told.width * told.height) as f64 / 1e6;
    writeln!(
        out,
        "| {file} | {} × {} | {megapixels:.0} | {:.0} | {:.1} | {:.2} | {:.1} | {:.0} |",
        told.width,
        told.height,
        megabytes(told.bytes_in),
        told.processor,
        told.processor / megapixels * 12.0,
        told.wall,
        megabytes(told.peak)
    )?;
    Ok(out.flush()?)
}

/// What stands below.
pub fn strips_foot(json: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    if !json {
        writeln!(out)?;
        writeln!(
            out,
            "{} threads; strips are given {:.0} MB beside the analysis, as `whiteboarder clean` gives them. One round.",
            threads(),
            megabytes(STRIPS_BYTES)
        )?;
    }
    Ok(())
}

fn lines<T: serde::Serialize>(rows: &[T], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for row in rows {
        writeln!(out, "{}", serde_json::to_string(row)?)?;
    }
    Ok(())
}

fn threads() -> usize {
    rayon::current_num_threads()
}
