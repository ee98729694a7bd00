//! Rolling like `ImageJ`, which needs the whole picture.

use whiteboarder_core::cancel::Cancelled;
use whiteboarder_core::rolling::like::LikeError;
use whiteboarder_core::rolling::like::imagej::{self, Product, Settings};
use whiteboarder_core::rolling::{View, ViewMut};
use whiteboarder_core::strips::{Layout, RowSink, RowSource, StripError};

use super::choice::{Colors, Form, Side};
use super::level::Level;
use super::run::stopped;
use super::work::{Rolled, Task, failure, most_bytes};
use crate::error::{Exit, Failure};
use crate::term::text;

/// Planes of f32 that it holds at most: the picture, a smoothed or shrunk one, the background, and one to spare.
const PLANES: u64 = 4;

impl Task<'_> {
    /// "Separate colors".
    pub fn channels_like_imagej<T: Level>(
        &self,
        source: &mut dyn RowSource<T>,
        sink: &mut dyn RowSink<T>,
    ) -> Result<Rolled, Failure> {
        let layout = self.info.layout;
        let picture = self.read_all(source)?;
        // Transparency stays as it is.
        let mut result = picture.clone();
        let (settings, product) = self.settings();
        let watch = self.watch(layout.rolled());
        for channel in 0..layout.rolled() {
            let Layout {
                width,
                height,
                channels,
                ..
            } = layout;
            let from = View::channel(&picture, width, height, channels, channel);
            let to = ViewMut::channel(&mut result, width, height, channels, channel);
            if let (Some(from), Some(to)) = (from, to) {
                imagej::roll(from, to, &settings, product, &watch)
                    .map_err(|error| self.unlike(&error))?;
            }
        }
        self.write_all(sink, &result, self.separate())
    }

    /// The brightness of a colour picture, without "separate colors".
    pub fn brightness(
        &self,
        source: &mut dyn RowSource<u8>,
        sink: &mut dyn RowSink<u8>,
    ) -> Result<Rolled, Failure> {
        let layout = self.info.layout;
        let mut picture = self.read_all(source)?;
        let pixels = picture.chunks_exact(layout.channels);
        let colours: Vec<u8> = pixels.flat_map(|pixel| &pixel[..3]).copied().collect();
        let mut result = vec![0; colours.len()];
        let (settings, product) = self.settings();
        let watch = self.watch(1);
        imagej::brightness_rgb(
            &colours,
            &mut result,
            layout.width,
            &settings,
            product,
            &watch,
        )
        .map_err(|error| self.unlike(&error))?;
        let pixels = picture.chunks_exact_mut(layout.channels);
        for (pixel, colour) in pixels.zip(result.chunks_exact(3)) {
            pixel[..3].copy_from_slice(colour);
        }
        self.write_all(sink, &picture, Some(Colors::Brightness))
    }

    fn settings(&self) -> (Settings, Product) {
        let choice = self.job.choice;
        let settings = Settings {
            radius: choice.radius,
            light_background: choice.surface == Side::Light,
            sliding_paraboloid: choice.shape == Form::Paraboloid,
            presmooth: choice.presmooth,
        };
        let product = if choice.subtract {
            Product::Subtracted
        } else {
            Product::Background
        };
        (settings, product)
    }

    fn read_all<T: Level>(&self, source: &mut dyn RowSource<T>) -> Result<Vec<T>, Failure> {
        let layout = self.info.layout;
        let samples = layout.row_len() * layout.height;
        let plane = (layout.width * layout.height) as u64;
        let need = (2 * samples * size_of::<T>()) as u64 + plane * PLANES * 4;
        let allowed = most_bytes(self.job);
        if need > allowed {
            let error = StripError::NeedsMemory {
                width: layout.width,
                height: layout.height,
                need,
                allowed,
            };
            return Err(failure(&error, self.job));
        }
        let mut picture = vec![T::default(); samples];
        source
            .read_rows(&mut picture)
            .map_err(|error| failure(&error, self.job))?;
        Ok(picture)
    }

    fn write_all<T: Level>(
        &self,
        sink: &mut dyn RowSink<T>,
        result: &[T],
        colors: Option<Colors>,
    ) -> Result<Rolled, Failure> {
        sink.write_rows(result)
            .and_then(|()| sink.finish())
            .map_err(|error| failure(&error, self.job))?;
        Ok(Rolled {
            strips: 1,
            overlapped: false,
            colors,
            bias: None,
        })
    }

    fn unlike(&self, error: &LikeError<Cancelled>) -> Failure {
        match error {
            LikeError::Stopped(Cancelled) => stopped(),
            LikeError::Radius(_) | LikeError::Narrow { .. } => {
                let input = text::path(&self.job.input);
                Failure::usage(format!("{input}: {error}")).exit(Exit::SomeFailed)
            }
        }
    }
}
