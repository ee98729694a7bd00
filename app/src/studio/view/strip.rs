//! The photographs around the current one: their names, what is known of them, and their thumbnails.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::studio::film::{self, Thumb};
use crate::studio::layout::{Areas, THUMB};
use crate::studio::model::{Model, Photo, PhotoState};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;

/// Columns of a name where there are only names.
const NAME: usize = 16;

/// Draws the strip where the layout wants it.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, areas: &Areas) {
    match areas.strip.height {
        0 => {}
        1 => names(model, theme, frame, areas.strip),
        _ => tiles(model, theme, frame, areas),
    }
}

fn tiles(model: &Model, theme: &Theme, frame: &mut Frame<'_>, areas: &Areas) {
    for (number, photo) in film::window(model, areas.tiles()).enumerate() {
        let tile = areas.tile(number);
        let Some(entry) = model.photos.get(photo) else {
            continue;
        };
        let columns = usize::from(tile.width);
        let (mut words, style) = caption(model, photo, entry, columns, theme);
        words += &" ".repeat(columns.saturating_sub(text::width(&words)));
        frame.render_widget(Line::styled(words, style), Rect { height: 1, ..tile });
        let below = Rect {
            y: tile.y + 1,
            height: THUMB.1,
            ..tile
        };
        match model.film.thumbs.get(&photo) {
            Some(Thumb::Ready(shown)) => shown.draw(frame, below),
            Some(Thumb::None) | None => {
                let words = match (&entry.state, theme.ascii()) {
                    (PhotoState::Unreadable(_) | PhotoState::Refused(_), ascii) => {
                        Mark::Failed.glyph(!ascii)
                    }
                    (_, true) => ".",
                    (_, false) => "·",
                };
                let middle = Rect {
                    y: below.y + below.height / 2,
                    height: 1,
                    ..below
                };
                frame.render_widget(Line::styled(words, theme.faint).centered(), middle);
            }
        }
    }
}

/// One row: as many names on both sides of the current one as there is room for, and how many there are.
fn names(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width) / (NAME + 2);
    let mut spans = vec![Span::raw(" ")];
    for photo in film::window(model, room) {
        let Some(entry) = model.photos.get(photo) else {
            continue;
        };
        let (words, style) = caption(model, photo, entry, NAME, theme);
        spans.push(Span::styled(words, style));
        spans.push(Span::raw("  "));
    }
    frame.render_widget(Line::from(spans), area);
}

/// What became of a photograph, whether it has its own recipe, and its mark: `✓*▣`; and whether it has failed.
pub fn signs(model: &Model, photo: usize, theme: &Theme) -> (String, bool) {
    let unicode = !theme.ascii();
    let refused = |photo: &Photo| {
        matches!(
            photo.state,
            PhotoState::Unreadable(_) | PhotoState::Refused(_)
        )
    };
    let failed =
        model.photos.get(photo).is_some_and(refused) || model.acting.failed.contains_key(&photo);
    let mut signs = String::new();
    if failed {
        signs += Mark::Failed.glyph(unicode);
    } else if model.film.written.contains(&photo) {
        signs += Mark::Done.glyph(unicode);
    }
    if model.has_own(photo) {
        signs.push('*');
    }
    if model.film.marked.contains(&photo) {
        signs += if unicode { "▣" } else { "[x]" };
    }
    (signs, failed)
}

/// The signs and the name.
fn caption(
    model: &Model,
    photo: usize,
    entry: &Photo,
    columns: usize,
    theme: &Theme,
) -> (String, Style) {
    let (mut signs, failed) = signs(model, photo, theme);
    if !signs.is_empty() {
        signs.push(' ');
    }
    let name = text::safe(entry.name.rsplit('/').next().unwrap_or(&entry.name));
    let room = columns.saturating_sub(text::width(&signs));
    let words = signs + &text::shorten(&name, room, !theme.ascii());
    let style = if photo == model.current {
        theme.selected
    } else if failed {
        theme.bad
    } else {
        theme.plain
    };
    (words, style)
}
