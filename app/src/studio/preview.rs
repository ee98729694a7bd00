//! From a request to a picture in the terminal's own terms: on the render thread, which owns the opened
//! photograph.
//!
//! What is rendered is kept apart from how it is shown ([`compose`]): moving the split only composes again what is there.

use std::path::{Path, PathBuf};

use whiteboarder_core::cancel::{Cancel, Cancelled};
use whiteboarder_core::image::{Limits, Picture, decode};
use whiteboarder_core::preview::{Preview, Quality, Rendered, View};
use whiteboarder_core::recipe::Recipe;

use super::compose::{self, Halves};
use super::film;
use super::message::{Msg, Request};
use super::model::{self, Look};
use super::sight::{Sight, Tones};
use super::viewport::Viewport;
use crate::error::Failure;
use crate::term::text;
use crate::ui::picture::{Encoder, Shown};

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
    /// The photograph as it is drawn, and how light and dark are spread in it.
    before: Option<(View, Picture, Tones)>,
    /// The last result, and what it was made from.
    after: Option<(Made, Rendered)>,
    /// The last background that was looked at.
    background: Option<(Made, Rendered)>,
    /// The photograph again, cleaned by the recipe that is compared with.
    other: Option<Box<Other>>,
}

/// What something was made from: the generation, and what of the photograph is seen.
type Made = (u64, View);

/// The result that is compared with.
struct Other {
    preview: Preview,
    drawn: Option<(Recipe, View, Rendered)>,
}

/// A picture that is composed.
struct Composed {
    picture: Picture,
    sight: Sight,
    quality: Option<Quality>,
    seconds: f64,
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
                let picture = path.map_or(Err(String::new()), |path| {
                    read(path, |bytes| {
                        let shown = glimpse(bytes, request, &self.encoder);
                        if let Some(shown) = shown {
                            let photo = request.photo;
                            (self.send)(Msg::Glimpse { photo, shown });
                        }
                    })
                });
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
        let composed = open.compose(request, &self.encoder, cancel)?;
        let shown = self
            .encoder
            .encode(&composed.picture, columns, rows)
            .map_err(|error| Stopped::Failed(crate::error::sentence(&error)))?;
        Ok(model::Preview {
            ticket: request.ticket,
            generation: request.generation,
            look: request.look,
            quality: composed.quality,
            chosen: open
                .preview
                .chosen(&request.recipe)
                .filter(|_| composed.quality == Some(Quality::Exact)),
            seconds: composed.seconds,
            shown,
            sight: composed.sight.into(),
        })
    }
}

/// Reads a photograph, or says in a sentence why not. `meanwhile` sees the file before it is decoded.
fn read(path: &Path, meanwhile: impl FnOnce(&[u8])) -> Result<Picture, String> {
    let bytes =
        std::fs::read(path).map_err(|error| Failure::file("read", path, &error).to_string())?;
    meanwhile(&bytes);
    decode(&bytes, &Limits::default()).map_err(|error| text::safe(&error.to_string()))
}

/// What is seen of the whole photograph while it is decoded, if there is something and the whole is what will be seen.
fn glimpse(bytes: &[u8], request: &Request, encoder: &Encoder) -> Option<Shown> {
    if request.viewport != Viewport::default() || request.look == Look::Beside {
        return None;
    }
    let (columns, rows) = request.pane;
    let picture = film::glimpse(bytes, encoder.pixels(columns, rows))?;
    encoder.encode(&picture, columns, rows).ok()
}

impl Open {
    fn new(photo: usize, picture: Picture) -> Open {
        Open {
            photo,
            size: (picture.width, picture.height),
            preview: Preview::new(picture),
            before: None,
            after: None,
            background: None,
            other: None,
        }
    }

    /// The picture that was asked for, the quality of the result in it, and how long that took.
    fn compose(
        &mut self,
        request: &Request,
        encoder: &Encoder,
        cancel: &Cancel,
    ) -> Result<Composed, Stopped> {
        let (columns, rows) = request.pane;
        let cell = encoder.cell();
        let halves = Halves::of(columns, rows, cell, self.size);
        let pane = match request.look {
            Look::Beside => halves.pane,
            _ => encoder.pixels(columns, rows),
        };
        let view = request.viewport.view(self.size, pane);
        let (before, tones_before) = self.left(request, &view, cancel)?;
        let rendered = match request.look {
            Look::Before => None,
            Look::Background => Some(self.background(request, &view, cancel)?),
            _ => Some(self.after(request, &view, cancel)?),
        };
        let (after, quality, seconds) = match rendered {
            Some(rendered) => (
                Some(rendered.picture.clone()),
                Some(rendered.quality),
                rendered.seconds,
            ),
            None => (None, None, 0.0),
        };
        let mut copies = vec![(0, 0)];
        let picture = match (&after, request.look) {
            (Some(after), Look::Split) => compose::split(&before, after, request.split),
            (Some(after), Look::Beside) => {
                copies.push(halves.second((before.width, before.height)));
                compose::beside(&before, after, &halves)
            }
            (Some(after), Look::Difference) => compose::difference(&before, after),
            (Some(after), Look::Mask) => compose::mask(after),
            (Some(after), _) => after.clone(),
            (None, _) => before.clone(),
        };
        let picture = if request.clipping {
            compose::clipping(&picture)
        } else {
            picture
        };
        Ok(Composed {
            picture,
            sight: Sight {
                view,
                cell,
                copies,
                tones_before,
                tones_after: after.as_ref().map(Tones::of),
                before,
                after,
            },
            quality,
            seconds,
        })
    }

    /// What the result is compared with: the photograph, or the result of another recipe.
    fn left(
        &mut self,
        request: &Request,
        view: &View,
        cancel: &Cancel,
    ) -> Result<(Picture, Tones), Stopped> {
        if !self.before.as_ref().is_some_and(|(of, ..)| of == view) {
            let before = self.preview.before(view);
            let tones = Tones::of(&before);
            self.before = Some((*view, before, tones));
        }
        let (_, before, tones) = self.before.as_ref().ok_or(Stopped::Cancelled)?;
        let Some(recipe) = &request.against else {
            self.other = None;
            return Ok((before.clone(), tones.clone()));
        };
        if matches!(request.look, Look::After | Look::Background | Look::Mask) {
            return Ok((before.clone(), tones.clone()));
        }
        // A second preview, so that neither takes the other's backgrounds away.
        let other = self.other.get_or_insert_with(|| {
            Box::new(Other {
                preview: Preview::new(self.preview.picture().clone()),
                drawn: None,
            })
        });
        let there = other.drawn.as_ref().is_some_and(|(of, at, drawn)| {
            of == &**recipe
                && at == view
                && (drawn.quality == Quality::Exact || request.quality == Quality::Draft)
        });
        if !there {
            let rendered = match request.quality {
                Quality::Draft => other.preview.draft(recipe, view, cancel)?,
                Quality::Exact => other.preview.exact(recipe, view, cancel)?,
            };
            other.drawn = Some(((**recipe).clone(), *view, rendered));
        }
        let (.., drawn) = other.drawn.as_ref().ok_or(Stopped::Cancelled)?;
        Ok((drawn.picture.clone(), Tones::of(&drawn.picture)))
    }

    /// The result that was asked for, or a better one.
    fn after(
        &mut self,
        request: &Request,
        view: &View,
        cancel: &Cancel,
    ) -> Result<&Rendered, Stopped> {
        if !serves(self.after.as_ref(), request, view) {
            let rendered = match request.quality {
                Quality::Draft => self.preview.draft(&request.recipe, view, cancel)?,
                Quality::Exact => self.preview.exact(&request.recipe, view, cancel)?,
            };
            self.after = Some(((request.generation, *view), rendered));
        }
        let (_, after) = self.after.as_ref().ok_or(Stopped::Cancelled)?;
        Ok(after)
    }

    /// The same of the background.
    fn background(
        &mut self,
        request: &Request,
        view: &View,
        cancel: &Cancel,
    ) -> Result<&Rendered, Stopped> {
        if !serves(self.background.as_ref(), request, view) {
            let (recipe, quality) = (&request.recipe, request.quality);
            let rendered = self.preview.background(recipe, view, quality, cancel)?;
            self.background = Some(((request.generation, *view), rendered));
        }
        let (_, background) = self.background.as_ref().ok_or(Stopped::Cancelled)?;
        Ok(background)
    }
}

/// Whether what is there answers the request.
fn serves(there: Option<&(Made, Rendered)>, request: &Request, view: &View) -> bool {
    there.is_some_and(|(made, rendered)| {
        *made == (request.generation, *view)
            && (rendered.quality == Quality::Exact || request.quality == Quality::Draft)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use whiteboarder_core::image::{Channels, encode_png};
    use whiteboarder_core::recipe::Recipe;

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
            viewport: Viewport::default(),
            clipping: false,
            against: None,
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
