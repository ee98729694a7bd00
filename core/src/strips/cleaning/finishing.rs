//! The second pass: strips of a picture whose analysis is known.

use std::panic::resume_unwind;
use std::thread;

use super::CleanError;
use crate::analysis::Analysis;
use crate::cancel::Interrupt;
use crate::finish::{Depth, Region, Samples, finish_region};
use crate::strips::plan::{Needs, Plan, part};
use crate::strips::roll::{buffer, read, too_much, write};
use crate::strips::{Layout, Part, Pixel, RowSink, RowSource, StripError, StripOptions};

/// What a thread works with while it finishes a tile, in bytes: eighteen planes of a tile and what it looks at around.
const TILE_BYTES: u64 = 3 << 20;

/// Finishes all rows of `source` and hands them to `sink`. `files` is what the two hold, in bytes.
pub(super) fn all<T: Pixel + Depth, I: Interrupt>(
    source: &mut impl RowSource<T>,
    sink: &mut dyn RowSink<T>,
    analysis: &Analysis,
    files: u64,
    options: &StripOptions,
    interrupt: &I,
) -> Result<Plan, CleanError<I::Stopped>> {
    let layout = source.layout();
    let threads = rayon::current_num_threads() as u64;
    let needs = Needs {
        height: layout.height,
        apron: analysis.reach().min(layout.height),
        row_bytes: (layout.row_len() * size_of::<T>()) as u64,
        scratch_bytes: 0,
        fixed: files
            .saturating_add(threads * TILE_BYTES)
            .saturating_add(analysis_bytes(analysis)),
    };
    let plan = needs.plan(options);
    if plan.bytes > options.most_bytes {
        return Err(too_much(&layout, plan.bytes, options.most_bytes).into());
    }
    let mut window = buffer::<T>(&layout, needs.window_rows(&plan))?;
    let row = layout.row_len();
    // Rows of the picture that the window has, and the last strip's result.
    let (mut held, mut done) = (0..0, Vec::new());
    let mut next = needs.strip(0, &plan);
    while !next.is_empty() {
        let own = part(next, layout.height, needs.apron);
        window.copy_within(
            (own.window.start - held.start) * row..(held.end - held.start) * row,
            0,
        );
        held.start = own.window.start;
        let have = (held.end - held.start) * row;
        let ready = own.window.len() * row;
        if have < ready {
            read(source, &mut window[have..ready], &layout, interrupt)?;
            held.end = own.window.end;
        }
        // What the next strip needs beyond that.
        next = needs.strip(own.region.end, &plan);
        let ahead = part(next.clone(), layout.height, needs.apron).window.end;
        if plan.overlap && !next.is_empty() && ahead > held.end {
            held.end = ahead;
        }
        let (shown, rest) = window.split_at_mut(ready);
        let rest = &mut rest[..(held.end - own.window.end) * row];
        interrupt.check().map_err(CleanError::Stopped)?;
        let result = thread::scope(|scope| {
            let start = || thread::Builder::new().name("strips".to_owned());
            let reader = (!rest.is_empty())
                .then(|| start().spawn_scoped(scope, || read(source, rest, &layout, interrupt)))
                .transpose()
                .map_err(StripError::Read)?;
            let writer = (!done.is_empty())
                .then(|| start().spawn_scoped(scope, || write(sink, &done, &layout, interrupt)))
                .transpose()
                .map_err(StripError::Write)?;
            let result = finished(shown, &own, &layout, analysis);
            for thread in [reader, writer].into_iter().flatten() {
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            }
            Ok::<_, CleanError<I::Stopped>>(result)
        })?;
        interrupt.advance((own.region.len() * layout.width) as u64);
        done = result;
        if !plan.overlap {
            write(sink, &std::mem::take(&mut done), &layout, interrupt)?;
        }
    }
    write(sink, &done, &layout, interrupt)?;
    Ok(plan)
}

/// A strip's result, from its window.
fn finished<T: Pixel + Depth>(
    window: &[T],
    own: &Part,
    layout: &Layout,
    analysis: &Analysis,
) -> Vec<T> {
    let rows = |rows: &std::ops::Range<usize>| Region {
        x: 0,
        y: rows.start,
        width: layout.width,
        height: rows.len(),
    };
    let samples = Samples {
        data: window,
        width: layout.width,
        height: own.window.len(),
        channels: layout.channels,
    };
    finish_region(&samples, rows(&own.window), rows(&own.region), analysis)
}

/// What an analysis holds, about.
fn analysis_bytes(analysis: &Analysis) -> u64 {
    let mask = analysis.mask.width().div_ceil(64) * 8 * analysis.mask.height();
    let planes = match &*analysis.backdrop {
        crate::analysis::Backdrop::Reduced(planes) => planes.iter().map(|p| p.data.len()).sum(),
        crate::analysis::Backdrop::Full(picture) => picture.data.len(),
    };
    let around: usize = analysis.surroundings.iter().map(|p| p.data.len()).sum();
    (mask + 4 * (planes + around)) as u64
}
