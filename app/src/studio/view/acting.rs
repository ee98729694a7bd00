//! Cleaning many photographs: what is asked before, how far it is, and what failed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::studio::model::{Deed, Layer, Model};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::help::wrap;
use crate::ui::line::{bar, cut};

/// The question of a layer.
pub fn asked(model: &Model, layer: &Layer) -> String {
    match layer {
        Layer::Which(deed) => {
            let deed = match deed {
                Deed::Clean => "clean here",
                Deed::Submit => "submit",
            };
            let marked = match model.film.marked.len() {
                0 => String::new(),
                marked => format!(", or the {marked} marked"),
            };
            let own = match model.own_count() {
                0 => String::new(),
                own => format!(" ({own} with a recipe of their own)"),
            };
            format!("{deed}: all {}{own}{marked}?", model.photos.len())
        }
        Layer::Existing(count) => {
            let are = if *count == 1 { "is" } else { "are" };
            format!(
                "{} {are} there already; replace, or skip?",
                text::count(*count, "result")
            )
        }
        Layer::Failures { .. } => format!(
            "{} could not be cleaned",
            text::count(model.acting.failures(), "photograph")
        ),
        _ => String::new(),
    }
}

/// How far it is; or why the photograph on screen was not cleaned.
pub fn line(model: &Model, theme: &Theme, columns: u16) -> Option<Line<'static>> {
    let unicode = !theme.ascii();
    let acting = &model.acting;
    if !acting.running {
        let why = acting.failed.get(&model.current)?;
        let words = format!(" {} not cleaned: {why}", Mark::Failed.glyph(unicode));
        return Some(Line::styled(cut(&words, columns, theme), theme.bad));
    }
    let mut words = vec![format!("{}/{}", acting.finished, acting.count())];
    if acting.failures() > 0 {
        words.push(format!(
            "{} {}",
            Mark::Failed.glyph(unicode),
            acting.failures()
        ));
    }
    if acting.stopping {
        words.push("stopping".to_owned());
    } else {
        words.extend(acting.rate(model.now_ms).map(|rate| format!("{rate:.1}/s")));
        let left = acting.left(model.now_ms);
        words.extend(left.map(|left| format!("{} left", text::seconds(left))));
    }
    Some(bar(
        "clean",
        acting.share(),
        &words.join("  "),
        columns,
        theme,
    ))
}

/// What failed and why, in lines.
pub fn rows(model: &Model) -> Vec<String> {
    let room = usize::from(model.size.0).saturating_sub(6).max(10);
    let failed = model.acting.failed.iter();
    failed
        .flat_map(|(photo, why)| {
            let name = model
                .photos
                .get(*photo)
                .map(|photo| text::safe(&photo.name));
            let words = format!("{}: {why}", name.unwrap_or_default());
            let lines = wrap(&words, room).into_iter().enumerate();
            lines.map(|(number, line)| match number {
                0 => line,
                _ => format!("  {line}"),
            })
        })
        .collect()
}

/// Draws them.
pub fn failures(model: &Model, theme: &Theme, scroll: u16, frame: &mut Frame<'_>, area: Rect) {
    let mark = Mark::Failed.glyph(!theme.ascii());
    let rows = rows(model);
    let most = rows.len().saturating_sub(usize::from(area.height));
    let lines: Vec<Line<'_>> = rows
        .into_iter()
        .skip(usize::from(scroll).min(most))
        .take(usize::from(area.height))
        .map(|row| match row.strip_prefix("  ") {
            Some(rest) => Line::styled(format!("     {rest}"), theme.plain),
            None => Line::styled(format!(" {mark} {row}"), theme.plain),
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}
