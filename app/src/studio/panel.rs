//! What stands in which row of the panel, for drawing it and for pointing at it.

use whiteboarder_core::recipe::{FIELDS, Kind};

use super::layout::{Areas, Place};
use super::model::Model;
use super::rows;
use crate::ui::help::wrap;

/// Columns of the names, with the mark of a change.
pub const LABEL: usize = 13;
/// Columns of the values: `10 % 403 px`.
pub const VALUE: usize = 12;
/// Columns of the mark of the selected row.
pub const MARKER: usize = 2;

/// A row of the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Between sections.
    Blank,
    /// A section's name.
    Heading(&'static str),
    /// A field, as an index in the recipe's table.
    Field(usize),
    /// A line about the selected field.
    About(String),
}

/// What is pointed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    /// A field's row.
    Field(usize),
    /// A place on a field's slider, from 0 to 1.
    Slider(usize, f64),
}

/// The rows that are seen in so many columns and rows.
pub fn rows_of(model: &Model, place: Place, columns: u16, height: u16, ascii: bool) -> Vec<Row> {
    let fields = rows::rows(&model.recipe);
    let mut all = Vec::new();
    match place {
        Place::Line => all.push(Row::Field(model.selected)),
        Place::Below => all.extend(fields.into_iter().map(Row::Field)),
        Place::Beside => {
            let mut section = "";
            for index in fields {
                if FIELDS[index].section != section {
                    if !section.is_empty() {
                        all.push(Row::Blank);
                    }
                    section = FIELDS[index].section;
                    all.push(Row::Heading(section));
                }
                all.push(Row::Field(index));
            }
            all.push(Row::Blank);
            all.extend(about(model, columns, ascii).into_iter().map(Row::About));
        }
    }
    let at = all
        .iter()
        .position(|row| *row == Row::Field(model.selected))
        .unwrap_or(0);
    let height = usize::from(height);
    let skip = first(at, all.len(), height);
    all.into_iter().skip(skip).take(height).collect()
}

/// What the selected field is and does.
fn about(model: &Model, columns: u16, ascii: bool) -> Vec<String> {
    let field = &FIELDS[model.selected];
    let named = rows::plain((field.get)(&model.named));
    [
        format!("{}.{}", field.section, field.name),
        rows::help(field, ascii),
        format!("{}; {} has {named}", rows::range(field), model.recipe_name),
    ]
    .into_iter()
    .flat_map(|words| wrap(&words, usize::from(columns).saturating_sub(2)))
    .collect()
}

/// The first row to show so that the selected one is in sight, and its neighbours if possible.
pub fn first(selected: usize, count: usize, height: usize) -> usize {
    let last = count.saturating_sub(height);
    (selected + 1 + height / 2).saturating_sub(height).min(last)
}

/// Columns of a slider in a panel of so many.
pub fn slider_width(columns: u16) -> usize {
    usize::from(columns).saturating_sub(MARKER + LABEL + VALUE + 1)
}

/// The part of the panel inside of its border.
pub fn inside(areas: &Areas) -> ratatui::layout::Rect {
    let area = areas.panel;
    match areas.place {
        Place::Line => area,
        Place::Below => ratatui::layout::Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        },
        Place::Beside => ratatui::layout::Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(1),
            ..area
        },
    }
}

/// What is pointed at in a cell.
pub fn spot(model: &Model, areas: &Areas, (column, row): (u16, u16)) -> Option<Spot> {
    let inner = inside(areas);
    if !inner.contains((column, row).into()) {
        return None;
    }
    let rows = rows_of(model, areas.place, inner.width, inner.height, false);
    let Row::Field(index) = *rows.get(usize::from(row - inner.y))? else {
        return None;
    };
    let from = usize::from(inner.x) + MARKER + LABEL;
    let on_slider = (from..from + slider_width(inner.width)).contains(&usize::from(column));
    Some(match FIELDS[index].kind {
        Kind::Number { .. } if on_slider => Spot::Slider(index, slider_share(areas, column)),
        _ => Spot::Field(index),
    })
}

/// How far along the sliders a column is, from 0 to 1.
pub fn slider_share(areas: &Areas, column: u16) -> f64 {
    let inner = inside(areas);
    let from = f64::from(inner.x) + (MARKER + LABEL) as f64;
    let last = slider_width(inner.width).saturating_sub(1).max(1) as f64;
    ((f64::from(column) - from) / last).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_in_sight() {
        for height in 1..12 {
            for selected in 0..11 {
                let first = first(selected, 11, height);
                assert!(
                    first <= selected && selected < first + height,
                    "{selected} {height}"
                );
            }
        }
    }
}
