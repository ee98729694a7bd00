//! How the studio looks. No decision here beyond layout: what is shown is the model's, where is
//! [`super::layout`]'s.

mod acting;
mod estimate;
mod header;
mod lists;
mod panel;
mod picker;
mod status;
mod strip;
mod tones;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::keys::Mode;
use super::layout;
use super::model::{Layer, Model, PhotoState};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::keys::live;
use crate::ui::line::{cut, too_small};
use crate::ui::{footer, help};

/// Draws the studio.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(areas) = layout::areas(
        (area.width, area.height),
        model.panel_hidden,
        model.photos.len(),
    ) else {
        return too_small(theme, frame, area);
    };
    frame.render_widget(header::line(model, theme, area.width), areas.header);
    if let Some(Layer::Failures { scroll }) = model.layer {
        acting::failures(model, theme, scroll, frame, areas.body());
    } else if let Some(Layer::Picker(open)) = &model.layer {
        picker::draw(model, open, theme, frame, areas.body());
    } else if model.photos.is_empty() {
        nothing(theme, frame, areas.body());
    } else {
        picture(model, theme, frame, areas.picture);
        strip::draw(model, theme, frame, &areas);
        if !lists::draw(model, theme, frame, &areas) {
            panel::draw(model, theme, frame, &areas);
        }
    }
    frame.render_widget(status::line(model, theme, area.width), areas.status);
    footer(model, theme, frame, areas.footer);
}

/// What to do when nothing is open.
fn nothing(theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let words = "o opens a photo or a folder with all in it\nwhiteboarder PATH opens them at once";
    sentence(words, theme.plain, frame, area);
}

fn picture(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(photo) = model.photo() else {
        return;
    };
    let name = text::safe(&photo.name);
    match (&photo.state, &model.shown, &model.trouble) {
        (PhotoState::Unreadable(why) | PhotoState::Refused(why), ..) => {
            let mark = Mark::Failed.glyph(!theme.ascii());
            sentence(&format!("{mark} {name}\n{why}"), theme.bad, frame, area);
        }
        (_, Some(preview), _) => preview.shown.draw(frame, area),
        (_, None, Some(why)) => sentence(why, theme.bad, frame, area),
        _ if let Some((of, shown)) = &model.glimpse
            && *of == model.current =>
        {
            shown.draw(frame, area);
        }
        (PhotoState::Unread, None, None) => {
            sentence(&format!("reading {name}"), theme.faint, frame, area);
        }
        (PhotoState::Opened(..), None, None) => sentence("cleaning", theme.faint, frame, area),
    }
}

/// Text in the middle of a pane.
fn sentence(words: &str, style: Style, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width.saturating_sub(4)).max(10);
    let lines: Vec<Line<'_>> = words
        .split('\n')
        .flat_map(|line| help::wrap(line, room))
        .map(Line::from)
        .collect();
    let height = (lines.len() as u16).min(area.height);
    let middle = Rect {
        y: area.y + (area.height - height) / 2,
        height,
        ..area
    };
    let paragraph = Paragraph::new(lines)
        .alignment(Alignment::Center)
        .wrap(Wrap { trim: true })
        .style(style);
    frame.render_widget(paragraph, middle);
}

/// The rows of the list of failures.
pub fn failure_rows(model: &Model) -> usize {
    acting::rows(model).len()
}

fn footer(model: &Model, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if let Some(Layer::Prompt {
        problem: Some(problem),
        ..
    }) = &model.layer
    {
        let mark = Mark::Failed.glyph(!theme.ascii());
        let line = cut(&format!(" {mark} {problem}"), area.width, theme);
        frame.render_widget(Line::styled(line, theme.bad), area);
        return;
    }
    let keys = live(model, !theme.ascii());
    // `?` and `q`.
    let pinned = if Mode::of(model) == Mode::Studio {
        2
    } else {
        0
    };
    frame.render_widget(footer::footer(&keys, pinned, area.width, theme), area);
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_sizes;
