//! The picture that is too large to be held: rolled in strips, beside the board that it is made of in memory, and how much
//! memory that takes.
//!
//! Nothing of it is in a file. The source gives the board again and again, every other one mirrored, the sink adds the
//! results up and keeps the sum only. What both of them cost without any rolling is told as well.

use std::error::Error;
use std::hint::black_box;

use serde_json::{Value, json};
use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::{Element, Operation, Roller, Rolling, View, ViewMut};
use whiteboarder_core::strips::{
    Generated, Layout, RowSink, RowSource, StripError, StripOptions, StripReport, roll_strips,
};

use crate::measure::{median, seconds};
use crate::peer::processor::processor_seconds;

/// The word by which it is chosen and found.
pub const NAME: &str = "strips";

/// Bytes that strips are made for.
const BUDGET: u64 = 512 << 20;
/// Throughput for each pixel, as a share of that in memory, that there should be.
const LEAST_SHARE: f64 = 0.7;
/// Bytes that the program should keep within, all that it holds.
const MOST_BYTES: u64 = 1_000_000_000;

/// Nanoseconds for each pixel.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    /// Of all threads but those that ended meanwhile: reading and writing beside the rolling are not in it. It says whether
    /// something else was busy on the machine. 0 where it is not known.
    processor: f64,
}

impl Cost {
    /// Of something done to so many pixels.
    fn of(pixels: usize, work: impl FnOnce()) -> Self {
        let before = processor_seconds();
        let wall = seconds(work);
        Self {
            wall: each(wall, pixels),
            processor: each(processor_seconds() - before, pixels),
        }
    }

    /// The middle of some.
    fn median(costs: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| median(costs.iter().map(of).collect());
        Self {
            wall: middle(|cost| cost.wall),
            processor: middle(|cost| cost.processor),
        }
    }

    fn json(self) -> Value {
        json!({
            "wall": self.wall,
            "processor": (self.processor > 0.0).then_some(self.processor),
        })
    }
}

/// Nanoseconds for each of so many pixels.
fn each(seconds: f64, pixels: usize) -> f64 {
    seconds * 1e9 / pixels as f64
}

/// What was found, medians of the rounds.
pub struct Strips {
    layout: Layout,
    rounds: usize,
    /// The board in memory: once more than the large picture, around it.
    board: Cost,
    /// The large picture in strips.
    large: Cost,
    /// Wall nanoseconds of making its rows and of adding the results up, both measured without rolling.
    source: f64,
    sink: f64,
    /// Throughput in strips as a share of that in memory, before and after.
    share: f64,
    resident: Option<Resident>,
    report: StripReport,
}

/// Memory in use of the whole program, in bytes.
#[derive(Clone, Copy)]
struct Resident {
    /// Before strips were rolled: the program, the board, what the source gives rows of, and what the allocator kept.
    before: u64,
    /// At most, while they were.
    peak: u64,
}

/// Rolls in strips over a picture five times as wide as the board and six and two thirds as high (20,000 × 20,000 pixels for
/// 4000 × 3000), twice at most. Before and after each the board is rolled over in memory, as many times as there are rounds.
///
/// Nothing but the board should be held when this begins, since all of it counts.
pub fn measure(board: &Plane<u8>, rounds: usize) -> Result<Strips, Box<dyn Error>> {
    let ball = Element::ball(100.0).ok_or("radii are positive")?;
    let rolling = Rolling::new(ball, Operation::Dilation);
    let (width, height) = (5 * board.width, board.height * 20 / 3);
    let layout = Layout::new(width, height, 1, false).ok_or("no picture is that large")?;

    let rows = beside_mirrored(board);
    let mut before = in_memory(board, &rolling, rounds);
    let mut memory = vec![before];
    let (mut strips, mut residents, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..rounds.min(2) {
        let (own, resident, report) = in_strips(&rows, layout, &rolling)?;
        let after = in_memory(board, &rolling, rounds);
        shares.push(f64::midpoint(before.wall, after.wall) / own.wall);
        strips.push(own);
        memory.push(after);
        before = after;
        residents.push(resident);
        last = Some(report);
    }
    let report = last.ok_or("there are no rounds")?;
    let (source, sink) = without_rolling(&rows, layout, report.rows_per_strip)?;
    // Unknown once is unknown.
    let residents: Option<Vec<Resident>> = residents.into_iter().collect();
    Ok(Strips {
        layout,
        rounds: strips.len(),
        board: Cost::median(&memory),
        large: Cost::median(&strips),
        source,
        sink,
        share: median(shares),
        resident: residents.and_then(|all| all.into_iter().max_by_key(|resident| resident.peak)),
        report,
    })
}

/// The board itself, with memory that is in use already, as all other cases have it; it is given back in the end.
fn in_memory(board: &Plane<u8>, rolling: &Rolling, rounds: usize) -> Cost {
    let mut result = board.clone();
    let mut roller = Roller::new();
    let mut all = Vec::new();
    for round in 0..=rounds {
        let own = Cost::of(board.data.len(), || {
            let Ok(()) = roller.roll(View::of(board), ViewMut::of(&mut result), rolling, &Never);
        });
        // The first one warms the memory.
        if round > 0 {
            all.push(own);
        }
    }
    black_box(&result);
    Cost::median(&all)
}

/// All of the large picture, from nothing: its memory is got within the time that counts.
fn in_strips(
    rows: &Plane<u8>,
    layout: Layout,
    rolling: &Rolling,
) -> Result<(Cost, Option<Resident>, StripReport), Box<dyn Error>> {
    let mut source = repeated(rows, layout);
    let mut sink = Sum::new(layout);
    let mut roller = Roller::new();
    let options = StripOptions::new(BUDGET);
    let before = forget_peak().and_then(|()| status_bytes("VmRSS:"));
    let mut rolled = None;
    let own = Cost::of(layout.width * layout.height, || {
        rolled = Some(roll_strips(
            &mut source,
            &mut sink,
            rolling,
            &options,
            &mut roller,
            &Never,
        ));
    });
    let resident = before.and_then(|before| {
        let peak = status_bytes("VmHWM:")?;
        Some(Resident { before, peak })
    });
    let report = rolled.ok_or("nothing was rolled")??;
    black_box(sink.total);
    Ok((own, resident, report))
}

/// What source and sink take by themselves, over as much memory as they have while a strip is rolled. There they work beside
/// the roller, so this is what they take away from it, not what the run is longer by.
fn without_rolling(
    rows: &Plane<u8>,
    layout: Layout,
    height: usize,
) -> Result<(f64, f64), StripError> {
    let mut source = repeated(rows, layout);
    let mut sink = Sum::new(layout);
    let row = layout.row_len();
    let mut strip = vec![1; row * height.clamp(1, layout.height)];
    let (mut reading, mut writing) = (0.0, 0.0);
    let mut left = row * layout.height;
    while left > 0 {
        let end = strip.len().min(left);
        let part = &mut strip[..end];
        left -= part.len();
        let mut outcome = Ok(());
        reading += seconds(|| outcome = source.read_rows(part));
        outcome?;
        let mut outcome = Ok(());
        writing += seconds(|| outcome = sink.write_rows(part));
        outcome?;
    }
    sink.finish()?;
    black_box(sink.total);
    let pixels = layout.width * layout.height;
    Ok((each(reading, pixels), each(writing, pixels)))
}

/// The board's rows, each with itself mirrored beside it.
fn beside_mirrored(board: &Plane<u8>) -> Plane<u8> {
    let rows = (0..board.height).map(|y| board.row(y));
    Plane {
        width: 2 * board.width,
        height: board.height,
        data: rows
            .flat_map(|row| row.iter().chain(row.iter().rev()).copied())
            .collect(),
    }
}

/// The large picture: boards that are mirrored by turns, beside and below one another. A board is brighter on the left than
/// on the right, so without that there would be steep edges from the top to the bottom. No board has any, and they are slow to
/// roll over.
fn repeated(rows: &Plane<u8>, layout: Layout) -> impl RowSource<u8> {
    Generated::new(layout, |y: usize, row: &mut [u8]| {
        let y = y % (2 * rows.height);
        let from = rows.row(y.min(2 * rows.height - 1 - y));
        for to in row.chunks_mut(rows.width) {
            to.copy_from_slice(&from[..to.len()]);
        }
    })
}

/// Keeps the sum of all samples, so that every one of them must be there, and counts them.
struct Sum {
    layout: Layout,
    left: usize,
    total: u64,
}

impl Sum {
    const fn new(layout: Layout) -> Self {
        Self {
            layout,
            left: layout.row_len() * layout.height,
            total: 0,
        }
    }

    const fn miscounted(&self, more: bool) -> StripError {
        StripError::Rows {
            expected: self.layout.height,
            more,
        }
    }
}

impl RowSink<u8> for Sum {
    fn write_rows(&mut self, rows: &[u8]) -> Result<(), StripError> {
        let left = self.left.checked_sub(rows.len());
        self.left = left.ok_or(self.miscounted(true))?;
        // As words, which is cheaper than as bytes and misses nothing either.
        let (words, rest) = rows.as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        self.total = words
            .chain(rest.iter().map(|&byte| u64::from(byte)))
            .fold(self.total, u64::wrapping_add);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StripError> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(self.miscounted(false))
        }
    }
}

/// From here on the peak of the memory in use is counted anew; `None` where that cannot be asked for (other than Linux).
fn forget_peak() -> Option<()> {
    std::fs::write("/proc/self/clear_refs", "5").ok()
}

/// A number of bytes that the kernel tells of this program.
fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Bytes as megabytes, of a million bytes each.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The table's last lines: what was found, the target, and whether it is met. Also where it was not measured.
pub fn lines(strips: Option<&Strips>) -> Vec<(String, String, Option<bool>)> {
    let share_target = format!("≥ {LEAST_SHARE} of the throughput in memory");
    let memory_target = format!("≤ {:.0} MB", megabytes(MOST_BYTES));
    let Some(found) = strips else {
        let speed = "the large picture in strips: not measured".to_owned();
        let memory = "memory in use during that: not measured".to_owned();
        return vec![(speed, share_target, None), (memory, memory_target, None)];
    };
    let report = &found.report;
    let (large, board) = (found.large, found.board);
    let speed = format!(
        "{} × {} pixels in {} strips of {} rows with {} more above and below: {:.2} ns for each pixel (processor {:.2}), the board \
         in memory {:.2} ns (processor {:.2}), so {:.2} of the throughput (rounds: {}; without rolling, source {:.2} ns and sink \
         {:.2} ns)",
        found.layout.width,
        found.layout.height,
        report.strips,
        report.rows_per_strip,
        report.apron,
        large.wall,
        large.processor,
        board.wall,
        board.processor,
        found.share,
        found.rounds,
        found.source,
        found.sink
    );
    let memory = found.resident.map_or_else(
        || "memory in use during that: unknown on this system".to_owned(),
        |resident| {
            format!(
                "memory in use during that: at most {:.0} MB, of which {:.0} MB were there before, the board among them ({:.0} MB \
                 were allowed, and {:.0} MB estimated)",
                megabytes(resident.peak),
                megabytes(resident.before),
                megabytes(BUDGET),
                megabytes(report.peak_bytes_estimate)
            )
        },
    );
    vec![
        (speed, share_target, Some(found.share >= LEAST_SHARE)),
        (
            memory,
            memory_target,
            found.resident.map(|resident| resident.peak <= MOST_BYTES),
        ),
    ]
}

impl Strips {
    /// All of it for programs; [`lines`] has the targets.
    pub fn json(&self) -> Value {
        let report = &self.report;
        json!({
            "case": NAME,
            "width": self.layout.width,
            "height": self.layout.height,
            "rounds": self.rounds,
            "nanoseconds_per_pixel": self.large.json(),
            "nanoseconds_per_pixel_in_memory": self.board.json(),
            "nanoseconds_per_pixel_of_source_alone": self.source,
            "nanoseconds_per_pixel_of_sink_alone": self.sink,
            "throughput_share": self.share,
            "peak_resident_bytes": self.resident.map(|resident| resident.peak),
            "resident_bytes_before": self.resident.map(|resident| resident.before),
            "allowed_bytes": BUDGET,
            "estimated_bytes": report.peak_bytes_estimate,
            "strips": report.strips,
            "rows_per_strip": report.rows_per_strip,
            "apron": report.apron,
            "overlapped": report.overlapped,
        })
    }
}
