//! From a request to a picture in the terminal's own terms: on the render thread, which owns the opened
//! photograph.
//!
//! What is rendered is kept apart from how it is shown: moving the split only composes again what is there.

use std::path::{Path, PathBuf};

use whiteboarder_core::cancel::{Cancel, Cancelled};
use whiteboarder_core::image::{Limits, Picture, decode};
use whiteboarder_core::preview::{Preview, Quality, Rendered, View};

use super::model::{self, Look, Msg, Request};
use crate::error::Failure;
use crate::term::text;
use crate::ui::picture::Encoder;

/// The render thread's own state.
pub struct Painter<S> {
    paths: Vec<PathBuf>,
    encoder: Encoder,
    send: S,
    open: Option<Open>,
}

/// The photograph that is open.
struct Open {
    photo: usize,
    preview: Preview,
    size: (u32, u32),
    /// The photograph at the size of the pane.
    before: Option<(View, Picture)>,
    /// The last result, and what it was made from.
    after: Option<(u64, Rendered)>,
}

/// Why there is no picture.
enum Stopped {
    /// A newer request is on its way.
    Cancelled,
    /// A sentence about it.
    Failed(String),
}

impl From<Cancelled> for Stopped {
    fn from(_: Cancelled) -> Stopped {
        Stopped::Cancelled
    }
}

impl<S: Fn(Msg)> Painter<S> {
    /// A painter for these photographs, who tells by `send`.
    pub fn new(paths: Vec<PathBuf>, encoder: Encoder, send: S) -> Painter<S> {
        Painter {
            paths,
            encoder,
            send,
            open: None,
        }
    }

    /// Answers a request, unless it is cancelled.
    pub fn work(&mut self, request: &Request, cancel: &Cancel) {
        let photo = request.photo;
        let preview = match self.paint(request, cancel) {
            Ok(preview) => Ok(Box::new(preview)),
            Err(Stopped::Cancelled) => return,
            Err(Stopped::Failed(sentence)) => Err(sentence),
        };
        (self.send)(Msg::Rendered { photo, preview });
    }

    fn paint(&mut self, request: &Request, cancel: &Cancel) -> Result<model::Preview, Stopped> {
        let open = match &mut self.open {
            Some(open) if open.photo == request.photo => open,
            open => {
                // Free one photograph's pixels before the next one's are read.
                *open = None;
                let path = self.paths.get(request.photo).map(PathBuf::as_path);
                let picture = path.map_or(Err(String::new()), read);
                let size = match &picture {
                    Ok(picture) => Ok((picture.width, picture.height)),
                    Err(sentence) => Err(sentence.clone()),
                };
                (self.send)(Msg::Opened {
                    photo: request.photo,
                    size,
                });
                // The sentence is told already.
                let picture = picture.map_err(|_| Stopped::Cancelled)?;
                open.insert(Open::new(request.photo, picture))
            }
        };
        if cancel.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        let (columns, rows) = request.pane;
        let (width, height) = self.encoder.pixels(columns, rows);
        let view = View::fit(open.size.0, open.size.1, width, height);
        let (picture, quality, seconds) = open.compose(request, &view, cancel)?;
        let shown = self
            .encoder
            .encode(&picture, columns, rows)
            .map_err(|error| Stopped::Failed(text::safe(&format!("{error:#}"))))?;
        Ok(model::Preview {
            ticket: request.ticket,
            generation: request.generation,
            look: request.look,
            quality,
            chosen: open
                .preview
                .chosen()
                .filter(|_| quality == Some(Quality::Exact)),
            seconds,
            shown,
        })
    }
}

/// Reads a photograph, or says in a sentence why not.
fn read(path: &Path) -> Result<Picture, String> {
    let bytes =
        std::fs::read(path).map_err(|error| Failure::file("read", path, &error).to_string())?;
    decode(&bytes, &Limits::default()).map_err(|error| text::safe(&error.to_string()))
}

impl Open {
    fn new(photo: usize, picture: Picture) -> Open {
        Open {
            photo,
            size: (picture.width, picture.height),
            preview: Preview::new(picture),
            before: None,
            after: None,
        }
    }

    /// The picture that was asked for, the quality of the result in it, and how long that took.
    fn compose(
        &mut self,
        request: &Request,
        view: &View,
        cancel: &Cancel,
    ) -> Result<(Picture, Option<Quality>, f64), Stopped> {
        if request.look != Look::After && !self.before.as_ref().is_some_and(|(of, _)| of == view) {
            self.before = Some((*view, self.preview.before(view)));
        }
        if request.look == Look::Before {
            let (_, before) = self.before.as_ref().ok_or(Stopped::Cancelled)?;
            return Ok((before.clone(), None, 0.0));
        }
        self.render(request, view, cancel)?;
        let (_, after) = self.after.as_ref().ok_or(Stopped::Cancelled)?;
        let picture = match (&self.before, request.look) {
            (Some((_, before)), Look::Split) => split(before, &after.picture, request.split),
            _ => after.picture.clone(),
        };
        Ok((picture, Some(after.quality), after.seconds))
    }

    /// Makes sure that `after` is what was asked for, or better.
    fn render(&mut self, request: &Request, view: &View, cancel: &Cancel) -> Result<(), Stopped> {
        let there = self.after.as_ref().is_some_and(|(generation, after)| {
            *generation == request.generation
                && (after.quality == Quality::Exact || request.quality == Quality::Draft)
        });
        if !there {
            let rendered = match request.quality {
                Quality::Draft => self.preview.draft(&request.recipe, view, cancel)?,
                Quality::Exact => self.preview.exact(&request.recipe, view, cancel)?,
            };
            self.after = Some((request.generation, rendered));
        }
        Ok(())
    }
}

/// One picture left of the split, the other right of it, and a line between them that shows on both.
fn split(before: &Picture, after: &Picture, percent: u16) -> Picture {
    let mut picture = after.clone();
    if before.data.len() != after.data.len() {
        return picture;
    }
    let channels = after.channels.count();
    let width = after.width as usize;
    let at = width * usize::from(percent.min(100)) / 100;
    // A pixel is a whole cell in half blocks and a hair in sixel.
    let line = if percent == 0 || percent >= 100 {
        0
    } else {
        width.div_ceil(400)
    };
    let row_len = width * channels;
    let rows = picture
        .data
        .chunks_exact_mut(row_len)
        .zip(before.data.chunks_exact(row_len));
    for (row, old) in rows {
        row[..at * channels].copy_from_slice(&old[..at * channels]);
        let end = (at + line).min(width);
        for pixel in row[at * channels..end * channels].chunks_exact_mut(channels) {
            match pixel {
                [red, green, blue] => (*red, *green, *blue) = (255, 135, 0),
                grey => grey.fill(0),
            }
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use whiteboarder_core::image::{Channels, encode_png};
    use whiteboarder_core::recipe::Recipe;

    fn grey(value: u8) -> Picture {
        Picture::new(100, 4, Channels::Grey, vec![value; 400]).unwrap()
    }

    #[test]
    fn the_split_shows_both_pictures_and_at_its_ends_only_one() {
        let (before, after) = (grey(10), grey(200));
        let half = split(&before, &after, 50);
        let row = &half.data[..100];
        assert!(row[..50].iter().all(|value| *value == 10));
        assert_eq!(row[50], 0);
        assert!(row[51..].iter().all(|value| *value == 200));
        assert_eq!(split(&before, &after, 0), after);
        assert_eq!(split(&before, &after, 100), before);
    }

    fn request(ticket: u64, generation: u64, quality: Quality, look: Look) -> Request {
        let mut recipe = Recipe::default();
        recipe.background.small = generation as f64;
        Request {
            ticket,
            generation,
            photo: 0,
            quality,
            recipe,
            pane: (30, 10),
            look,
            split: 50,
        }
    }

    #[test]
    fn one_photograph_is_opened_once_and_its_exact_result_is_composed_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.png");
        let board = Picture::new(1600, 1200, Channels::Rgb, vec![190; 1600 * 1200 * 3]).unwrap();
        std::fs::write(&path, encode_png(&board).unwrap()).unwrap();
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut painter = Painter::new(vec![path.clone()], Encoder::half(), {
            let told = Rc::clone(&told);
            move |message| told.borrow_mut().push(message)
        });
        let cancel = Cancel::new();
        painter.work(&request(1, 1, Quality::Draft, Look::After), &cancel);
        painter.work(&request(2, 1, Quality::Exact, Look::After), &cancel);
        // Gone, and not needed any more.
        std::fs::remove_file(&path).unwrap();
        painter.work(&request(3, 1, Quality::Draft, Look::Split), &cancel);
        painter.work(&request(4, 1, Quality::Draft, Look::Before), &cancel);
        painter.work(&request(5, 2, Quality::Draft, Look::After), &cancel);
        let mut told = told.borrow_mut().drain(..).collect::<Vec<_>>().into_iter();
        assert!(matches!(
            told.next(),
            Some(Msg::Opened {
                photo: 0,
                size: Ok((1600, 1200))
            })
        ));
        let got: Vec<(u64, Option<Quality>)> = told
            .map(|message| match message {
                Msg::Rendered {
                    preview: Ok(preview),
                    ..
                } => (preview.ticket, preview.quality),
                _ => panic!("no picture"),
            })
            .collect();
        assert_eq!(
            got,
            [
                (1, Some(Quality::Draft)),
                (2, Some(Quality::Exact)),
                (3, Some(Quality::Exact)),
                (4, None),
                (5, Some(Quality::Draft)),
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_picture_is_told_once_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.png");
        std::fs::write(&path, "not a picture").unwrap();
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut painter = Painter::new(vec![path], Encoder::half(), {
            let told = Rc::clone(&told);
            move |message| told.borrow_mut().push(message)
        });
        painter.work(&request(1, 1, Quality::Draft, Look::After), &Cancel::new());
        let told = told.borrow();
        assert_eq!(told.len(), 1);
        let Msg::Opened { size: Err(why), .. } = &told[0] else {
            panic!("it was opened");
        };
        assert!(why.starts_with("this is not a"), "{why}");
    }
}
