//! Lists in the panel's place: presets, and what was left to the picture.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};
use whiteboarder_core::recipe::{FIELDS, Value};

use crate::presets::{Origin, Preset};
use crate::studio::layout::{Areas, Place};
use crate::studio::model::{Layer, Model};
use crate::studio::panel::first;
use crate::studio::rows;
use crate::term::theme::Theme;
use crate::ui::help::wrap;

/// Draws the list that lies over the panel; false when there is none.
pub fn draw(model: &Model, theme: &Theme, frame: &mut Frame<'_>, areas: &Areas) -> bool {
    let block = Block::new()
        .borders(match areas.place {
            Place::Beside => Borders::LEFT,
            Place::Below | Place::Line => Borders::TOP,
        })
        .border_set(theme.borders)
        .border_style(theme.border);
    let inner = block.inner(areas.panel);
    let lines = match &model.layer {
        Some(Layer::Presets { list, at, .. }) => presets(list, *at, theme, inner),
        Some(Layer::Auto { changed }) => automatic(model, changed, theme, inner),
        _ => return false,
    };
    frame.render_widget(Paragraph::new(lines).block(block), areas.panel);
    true
}

fn presets(list: &[Preset], at: Option<usize>, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let selected = at.unwrap_or(0);
    // What a recipe is for is told under it, where there is room.
    let room = usize::from(area.width).saturating_sub(4);
    let roomy = height > list.len() + 4;
    let mut lines = Vec::new();
    let skip = first(selected, list.len(), height);
    for (index, preset) in list.iter().enumerate().skip(skip) {
        let marker = match (Some(index) == at, theme.ascii()) {
            (false, _) => "  ",
            (true, false) => "▸ ",
            (true, true) => "> ",
        };
        let own = match preset.origin {
            Origin::BuiltIn => "",
            Origin::Saved(_) => "  yours",
        };
        let name = format!("{:<width$}", preset.name, width = room.saturating_sub(7));
        let line = Line::from(vec![
            // Without colour the accent is an underline, which spaces would show.
            Span::styled(
                marker,
                if Some(index) == at {
                    theme.accent
                } else {
                    theme.plain
                },
            ),
            Span::styled(name, theme.plain),
            Span::styled(own, theme.faint),
        ]);
        let is_at = Some(index) == at;
        lines.push(if is_at {
            line.style(theme.selected)
        } else {
            line
        });
        if is_at && roomy {
            let help = wrap(&preset.help, room).into_iter().take(3);
            lines.extend(help.map(|words| Line::styled(format!("    {words}"), theme.faint)));
        }
    }
    lines.truncate(height);
    lines
}

fn automatic(
    model: &Model,
    changed: &[(usize, Value)],
    theme: &Theme,
    area: Rect,
) -> Vec<Line<'static>> {
    let arrow = if theme.ascii() { "->" } else { "→" };
    let room = usize::from(area.width).saturating_sub(4);
    let mut lines = vec![Line::styled(" Left to the picture", theme.strong)];
    for (index, before) in changed {
        let Some(field) = FIELDS.get(*index) else {
            continue;
        };
        let now = (field.get)(&model.recipe);
        let found = model.chosen();
        let mut told = rows::with_unit(field, now);
        if let Some(value) = found.and_then(|found| rows::chosen(field, found))
            && rows::is_automatic(field, now)
        {
            told = format!("{told} ({})", rows::with_unit(field, value));
        }
        let before = rows::with_unit(field, *before);
        lines.push(Line::from(vec![
            Span::styled(format!(" {}  ", rows::label(field)), theme.accent),
            Span::styled(format!("{before} {arrow} {told}"), theme.plain),
        ]));
        let why = match found {
            Some(found) => rows::reason(field, found),
            None => Some("the full-size run is looking".to_owned()),
        };
        for words in why.iter().flat_map(|why| wrap(why, room)) {
            lines.push(Line::styled(format!("   {words}"), theme.faint));
        }
    }
    lines.truncate(usize::from(area.height));
    lines
}
