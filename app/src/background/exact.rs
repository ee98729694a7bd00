//! Rolling in strips: exact, and like scikit-image, which is exact but for what becomes of NaN.

use rayon::prelude::*;
use whiteboarder_core::rolling::like::scikit_image;
use whiteboarder_core::rolling::noise::{self, Noise};
use whiteboarder_core::rolling::{Roller, Rolling, View, bias};
use whiteboarder_core::strips::{
    self, RollError, RowSink, RowSource, StripError, StripOptions, StripRows,
};

use super::choice::{Like, Nan, Side};
use super::level::Level;
use super::report::Bias;
use super::run::stopped;
use super::work::{Rolled, Task, failure, most_bytes};
use crate::error::Failure;

/// The noise is not looked for in fewer rows, if there are more.
const FEWEST_ROWS: usize = 256;

impl Task<'_> {
    /// Rolls over each channel by itself.
    pub fn in_strips<T: Level>(
        &self,
        source: &mut dyn RowSource<T>,
        sink: &mut dyn RowSink<T>,
    ) -> Result<Rolled, Failure> {
        let choice = self.job.choice;
        let scikit = choice.like == Like::Scikit;
        let rolling = if scikit {
            scikit_image::rolling(choice.radius, choice.nan == Nan::Propagate)
        } else {
            choice.rolling()
        };
        let rolling =
            rolling.ok_or_else(|| Failure::usage("nothing has such a radius and height"))?;
        let bias = if choice.bias {
            Some(self.bias(source, &rolling)?)
        } else {
            None
        };
        let mut corrections = [0.0; 4];
        for (to, from) in corrections.iter_mut().zip(bias.iter().flatten()) {
            *to = from.correction;
        }
        // scikit-image gives infinity where there is nothing but NaN in reach.
        let fills = scikit && choice.nan == Nan::Ignore;
        let light = choice.surface == Side::Light;
        let mut finish = |rows: StripRows<'_, T>| {
            if !(fills || choice.subtract || choice.bias) {
                return;
            }
            let layout = rows.layout;
            let pictures = rows.picture.par_chunks_exact(layout.row_len());
            let results = rows.result.par_chunks_exact_mut(layout.row_len());
            results.zip(pictures).for_each(|(results, pictures)| {
                let pixels = results.chunks_exact_mut(layout.channels);
                for (result, picture) in pixels.zip(pictures.chunks_exact(layout.channels)) {
                    // Transparency stays as it is.
                    let samples = result.iter_mut().zip(picture).zip(corrections);
                    for ((result, &picture), correction) in samples.take(layout.rolled()) {
                        if fills && result.is_nan() {
                            *result = T::TOP;
                        }
                        if choice.bias {
                            *result = result.brighter(correction);
                        }
                        if choice.subtract {
                            *result = picture.without_background(*result, light);
                        }
                    }
                }
            });
        };
        let options = StripOptions {
            most_bytes: most_bytes(self.job),
            ..StripOptions::new(self.job.memory_mb << 20)
        };
        let report = strips::roll_strips_with(
            source,
            sink,
            &rolling,
            &options,
            &mut Roller::new(),
            &self.watch(rolling.operation.passes() * self.info.layout.rolled()),
            &mut finish,
        )
        .map_err(|error| match error {
            RollError::Stopped(_) => stopped(),
            RollError::Failed(error) => failure(&error, self.job),
        })?;
        Ok(Rolled {
            strips: report.strips,
            overlapped: report.overlapped,
            colors: self.separate(),
            bias,
        })
    }

    /// Measures the noise of each channel: on the whole picture where half of the memory holds it, else on pieces, of
    /// which the middle one counts. The source is read once, and is at its beginning again.
    fn bias<T: Level>(
        &self,
        source: &mut dyn RowSource<T>,
        rolling: &Rolling,
    ) -> Result<Vec<Bias>, Failure> {
        let layout = self.info.layout;
        let failed = |error: StripError| failure(&error, self.job);
        let row_bytes = layout.row_len() * size_of::<T>();
        let fits = usize::try_from(self.job.memory_mb << 19).unwrap_or(usize::MAX) / row_bytes;
        let rows = layout.height.min(fits.max(FEWEST_ROWS));
        let mut piece = vec![T::default(); rows * layout.row_len()];
        let mut found = vec![Vec::new(); layout.rolled()];
        let mut left = layout.height;
        while left > 0 {
            self.check()?;
            let height = rows.min(left);
            left -= height;
            let piece = &mut piece[..height * layout.row_len()];
            source.read_rows(piece).map_err(failed)?;
            for (channel, found) in found.iter_mut().enumerate() {
                let view = View::channel(piece, layout.width, height, layout.channels, channel);
                found.extend(view.map(noise::measure));
            }
        }
        source.rewind().map_err(failed)?;
        let of_channel = |mut found: Vec<Noise>| {
            found.sort_by(|a, b| a.sigma.total_cmp(&b.sigma));
            let noise = found.get(found.len() / 2).copied();
            let noise = noise.unwrap_or(Noise {
                sigma: 0.0,
                smooth: 0.0,
            });
            Bias {
                sigma: noise.sigma,
                correction: bias::correction_of::<T>(noise, rolling),
            }
        };
        Ok(found.into_iter().map(of_channel).collect())
    }
}
