//! From a source to a sink, strip by strip.

use std::panic::resume_unwind;
use std::thread;

use super::plan::{Needs, Plan, part};
use super::{Layout, Pixel, RollError, RowSink, RowSource, StripError, StripOptions};
use crate::cancel::Interrupt;
use crate::rolling::{Missing, Roller, Rolling, Shape, View, ViewMut};

/// What a strip is like when its result is there, before it is written.
#[derive(Debug)]
pub struct StripRows<'a, T> {
    /// Shape of the whole picture.
    pub layout: Layout,
    /// The strip's first row in the picture.
    pub y: usize,
    /// The picture's rows.
    pub picture: &'a [T],
    /// The result's rows, which will be written as they are left. Transparency is the picture's.
    pub result: &'a mut [T],
}

/// How the work was divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripReport {
    /// How many strips there were.
    pub strips: usize,
    /// Rows of a strip. The first one is higher by an apron, since there is none above it; the last one may be lower.
    pub rows_per_strip: usize,
    /// Rows beside a strip, above and below, on which its result depends; never more than the picture has.
    pub apron: usize,
    /// Rows that were held at once, at most.
    pub window_rows: usize,
    /// Bytes that were needed at most, by the model by which strips are chosen.
    pub peak_bytes_estimate: u64,
    /// Not even low strips fitted into the memory that was asked for, so more was used.
    pub over_budget: bool,
    /// Reading and writing went on while strips were rolled.
    pub overlapped: bool,
    /// The source was read twice, the first time for its smallest and its largest sample.
    pub surveyed: bool,
}

/// Rolls over all rows of `source` and writes the results to `sink`, which it finishes. The result is bit for bit that of
/// [`Roller::roll`] on each channel of the whole picture, transparency excepted, which is carried through.
///
/// The source must be at its beginning. It is read once; but when a paraboloid rolls, whose apron depends on how far samples
/// are apart, and strips would be low without that knowledge, it is read once before and rewound. (A paraboloid over floating
/// point with infinite samples, or with NaN that are ignored, has no apron: then all rows are held.)
///
/// # Errors
///
/// [`RollError::Stopped`] when `interrupt` ended it; otherwise what the source or the sink says, and
/// [`StripError::NeedsMemory`]. What the sink has been given is worth nothing then.
pub fn roll_strips<T: Pixel, I: Interrupt>(
    source: &mut dyn RowSource<T>,
    sink: &mut dyn RowSink<T>,
    rolling: &Rolling,
    options: &StripOptions,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<StripReport, RollError<I::Stopped>> {
    roll_strips_with(
        source,
        sink,
        rolling,
        options,
        roller,
        interrupt,
        &mut |_| {},
    )
}

/// [`roll_strips`] with something that is done to every strip before it is written: subtracting the background from the
/// picture, adding a constant. `finish` is called on the calling thread, from the uppermost strip to the lowest.
///
/// # Errors
///
/// As [`roll_strips`].
pub fn roll_strips_with<T: Pixel, I: Interrupt>(
    source: &mut dyn RowSource<T>,
    sink: &mut dyn RowSink<T>,
    rolling: &Rolling,
    options: &StripOptions,
    roller: &mut Roller,
    interrupt: &I,
    finish: &mut dyn FnMut(StripRows<'_, T>),
) -> Result<StripReport, RollError<I::Stopped>> {
    let layout = source.layout();
    let fixed = source.buffer_bytes().saturating_add(sink.buffer_bytes());
    let threads = rayon::current_num_threads();
    let mut needs = Needs::new::<T>(&layout, rolling, threads, fixed);
    let unsure = rolling.element.shape() == Shape::Paraboloid && needs.apron > 0;
    let surveyed = unsure && needs.is_tight(options.memory_bytes);
    if surveyed {
        let range = survey(source, rolling, interrupt)?;
        needs.apron = rolling.apron(range).min(layout.height);
    }
    let plan = needs.plan(options);
    if plan.bytes > options.most_bytes {
        let allowed = options.most_bytes;
        return Err(too_much(&layout, plan.bytes, allowed).into());
    }
    let mut work = Work {
        window: buffer(&layout, needs.window_rows(&plan))?,
        result: buffer(&layout, needs.result_rows(&plan))?,
        done: buffer(
            &layout,
            if plan.overlap {
                needs.result_rows(&plan)
            } else {
                0
            },
        )?,
        layout,
        rolling,
        interrupt,
    };
    work.all(source, sink, roller, finish, &needs, &plan)?;
    sink.finish()?;
    Ok(StripReport {
        strips: plan.strips,
        rows_per_strip: plan.rows,
        apron: needs.apron,
        window_rows: needs.window_rows(&plan),
        peak_bytes_estimate: plan.bytes,
        over_budget: plan.bytes > options.memory_bytes,
        overlapped: plan.overlap,
        surveyed,
    })
}

pub(super) fn too_much(layout: &Layout, need: u64, allowed: u64) -> StripError {
    StripError::NeedsMemory {
        width: layout.width,
        height: layout.height,
        need,
        allowed,
    }
}

/// Memory for so many rows, or an error where there is none: a crash would name no picture.
pub(super) fn buffer<T: Pixel>(layout: &Layout, rows: usize) -> Result<Vec<T>, StripError> {
    let length = layout.row_len().saturating_mul(rows);
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(length).is_err() {
        let need = (length as u64).saturating_mul(size_of::<T>() as u64);
        return Err(too_much(layout, need, need.saturating_sub(1)));
    }
    buffer.resize(length, T::default());
    Ok(buffer)
}

/// Rows that are read or written between two looks at the interrupt: about 256 KiB of samples.
pub(super) fn block<T>(layout: &Layout) -> usize {
    ((256 << 10) / size_of::<T>() / layout.row_len()).max(1) * layout.row_len()
}

/// How far samples are apart, from a first pass over the source: what [`Rolling::apron`] wants to know.
fn survey<T: Pixel, I: Interrupt>(
    source: &mut dyn RowSource<T>,
    rolling: &Rolling,
    interrupt: &I,
) -> Result<f64, RollError<I::Stopped>> {
    let layout = source.layout();
    let mut limits = [(f32::INFINITY, f32::NEG_INFINITY); 4];
    let mut missing = false;
    let block = block::<T>(&layout);
    let mut rows = buffer(&layout, block / layout.row_len())?;
    let mut left = layout.row_len() * layout.height;
    while left > 0 {
        interrupt.check().map_err(RollError::Stopped)?;
        let rows = &mut rows[..block.min(left)];
        left -= rows.len();
        source.read_rows(rows)?;
        for pixel in rows.chunks_exact(layout.channels) {
            for (sample, (least, most)) in pixel[..layout.rolled()].iter().zip(&mut limits) {
                let value = sample.as_f32();
                // NaN is neither less nor more.
                missing |= sample.is_nan();
                *least = least.min(value);
                *most = most.max(value);
            }
        }
    }
    source.rewind()?;
    // A pixel that is no source itself may have its only source at any distance.
    if missing && rolling.missing == Missing::Ignore {
        return Ok(f64::INFINITY);
    }
    let ranges = limits
        .iter()
        .map(|(least, most)| f64::from(*most) - f64::from(*least));
    // Infinities of one sign are no number apart.
    Ok(ranges.fold(0.0, |range, own| {
        if own.is_nan() {
            f64::INFINITY
        } else {
            own.max(range)
        }
    }))
}

/// What is held while strips are rolled.
struct Work<'a, T, I> {
    window: Vec<T>,
    result: Vec<T>,
    done: Vec<T>,
    layout: Layout,
    rolling: &'a Rolling,
    interrupt: &'a I,
}

impl<T: Pixel, I: Interrupt> Work<'_, T, I> {
    fn all(
        &mut self,
        source: &mut dyn RowSource<T>,
        sink: &mut dyn RowSink<T>,
        roller: &mut Roller,
        finish: &mut dyn FnMut(StripRows<'_, T>),
        needs: &Needs,
        plan: &Plan,
    ) -> Result<(), RollError<I::Stopped>> {
        let (row, height) = (self.layout.row_len(), self.layout.height);
        // Rows of the picture that the window has, and that the last strip's result has.
        let (mut held, mut waiting) = (0..0, 0);
        let mut next = needs.strip(0, plan);
        while !next.is_empty() {
            let own = part(next, height, needs.apron);
            self.window.copy_within(
                (own.window.start - held.start) * row..(held.end - held.start) * row,
                0,
            );
            held.start = own.window.start;
            let have = (held.end - held.start) * row;
            let ready = own.window.len() * row;
            if have < ready {
                read(
                    source,
                    &mut self.window[have..ready],
                    &self.layout,
                    self.interrupt,
                )?;
                held.end = own.window.end;
            }
            // What the next strip needs beyond that.
            next = needs.strip(own.region.end, plan);
            let ahead = part(next.clone(), height, needs.apron).window.end;
            let ahead = if plan.overlap && !next.is_empty() && ahead > held.end {
                ahead
            } else {
                held.end
            };
            let (window, rest) = self.window.split_at_mut(ready);
            let rest = &mut rest[..(ahead - own.window.end) * row];
            let (done, layout) = (&self.done[..waiting * row], self.layout);
            let (interrupt, rolling) = (self.interrupt, self.rolling);
            let result = &mut self.result[..own.region.len() * row];
            thread::scope(|scope| {
                let start = || thread::Builder::new().name("strips".to_owned());
                let reader = (!rest.is_empty())
                    .then(|| {
                        let read = || read(source, rest, &layout, interrupt);
                        start().spawn_scoped(scope, read)
                    })
                    .transpose()
                    .map_err(StripError::Read)?;
                let writer = (!done.is_empty())
                    .then(|| {
                        let write = || write(sink, done, &layout, interrupt);
                        start().spawn_scoped(scope, write)
                    })
                    .transpose()
                    .map_err(StripError::Write)?;
                let region = own.region_in_window(layout.width);
                let mut outcome = Ok(());
                for channel in 0..layout.rolled() {
                    let (width, channels) = (layout.width, layout.channels);
                    let from = View::channel(window, width, own.window.len(), channels, channel);
                    let to = ViewMut::channel(result, width, region.height, channels, channel);
                    let (Some(from), Some(to)) = (from, to) else {
                        continue;
                    };
                    outcome = roller
                        .roll_region(from, region, to, rolling, interrupt)
                        .map_err(RollError::Stopped);
                    if outcome.is_err() {
                        break;
                    }
                }
                for thread in [reader, writer].into_iter().flatten() {
                    let ended = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
                    outcome = outcome.and(ended);
                }
                outcome
            })?;
            held.end = ahead;
            let at = (own.region.start - own.window.start) * row;
            let picture = &self.window[at..at + own.region.len() * row];
            carry_alpha(&layout, picture, result);
            finish(StripRows {
                layout,
                y: own.region.start,
                picture,
                result,
            });
            if plan.overlap {
                std::mem::swap(&mut self.result, &mut self.done);
                waiting = own.region.len();
            } else {
                write(sink, result, &layout, interrupt)?;
            }
        }
        write(
            sink,
            &self.done[..waiting * row],
            &self.layout,
            self.interrupt,
        )
    }
}

fn carry_alpha<T: Copy>(layout: &Layout, picture: &[T], result: &mut [T]) {
    if layout.alpha {
        let pixels = result.chunks_exact_mut(layout.channels);
        for (to, from) in pixels.zip(picture.chunks_exact(layout.channels)) {
            to[layout.channels - 1] = from[layout.channels - 1];
        }
    }
}

pub(super) fn read<T: Pixel, I: Interrupt>(
    source: &mut (impl RowSource<T> + ?Sized),
    rows: &mut [T],
    layout: &Layout,
    interrupt: &I,
) -> Result<(), RollError<I::Stopped>> {
    for rows in rows.chunks_mut(block::<T>(layout)) {
        interrupt.check().map_err(RollError::Stopped)?;
        source.read_rows(rows)?;
    }
    Ok(())
}

pub(super) fn write<T: Pixel, I: Interrupt>(
    sink: &mut dyn RowSink<T>,
    rows: &[T],
    layout: &Layout,
    interrupt: &I,
) -> Result<(), RollError<I::Stopped>> {
    for rows in rows.chunks(block::<T>(layout)) {
        interrupt.check().map_err(RollError::Stopped)?;
        sink.write_rows(rows)?;
    }
    Ok(())
}
