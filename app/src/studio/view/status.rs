//! The row above the keys: what is asked or typed, what is being done, the last message, or what is shown.

use ratatui::text::{Line, Span};
use whiteboarder_core::recipe::FIELDS;

use crate::studio::layout::{self, Place};
use crate::studio::model::{Layer, Leave, Look, Model, Purpose, Question};
use crate::studio::rows;
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::line::{cut, message, prompt as typed};

/// One row; the first of these that there is.
pub fn line(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    match &model.layer {
        Some(Layer::Ask(question)) => {
            let words = asked(question);
            return Line::styled(cut(&format!(" {words}"), columns, theme), theme.notable);
        }
        Some(Layer::Prompt { purpose, line, .. }) => {
            return prompt(model, *purpose, line, columns, theme);
        }
        Some(Layer::Help { .. }) => {
            return Line::styled(" All keys", theme.strong);
        }
        None => {}
    }
    if let Some(writing) = &model.writing {
        let name = model
            .photos
            .get(writing.photo)
            .map(|photo| text::path(&photo.output));
        let then = match model.leaving {
            None => "",
            Some(Leave::Quit) => ", then leaving",
            Some(Leave::Interrupted) => ", then leaving; Ctrl-C leaves at once",
        };
        let seconds = model.now_ms.saturating_sub(writing.since_ms) / 1000;
        let name = name.unwrap_or_default();
        let words = format!(
            " {} writing {name}{then}  {seconds} s",
            Mark::Running.glyph(unicode)
        );
        return Line::styled(cut(&words, columns, theme), theme.strong);
    }
    if let Some(toast) = &model.toast {
        return message(toast, columns, theme);
    }
    seen(model, theme, columns)
}

fn asked(question: &Question) -> String {
    match question {
        Question::ReplaceFile(job) => {
            format!("{} is there already; replace it?", text::path(&job.output))
        }
        Question::ReplacePreset { name, .. } => {
            format!("there is a preset {name} already; replace it?")
        }
        Question::LeaveChanges => {
            "the recipe has changed since anything was written; leave?".to_owned()
        }
    }
}

fn prompt(
    model: &Model,
    purpose: Purpose,
    line: &crate::ui::prompt::LineEdit,
    columns: u16,
    theme: &Theme,
) -> Line<'static> {
    let label = match purpose {
        Purpose::Value(index) => {
            let field = &FIELDS[index];
            let now = rows::plain((field.get)(&model.recipe));
            format!(
                "{} ({}, now {now}): ",
                rows::label(field),
                rows::range(field)
            )
        }
        Purpose::PresetName => "save the recipe as (a-z 0-9 - _ .): ".to_owned(),
    };
    typed(&label, line, columns, theme)
}

/// What is shown and what the selected field does.
fn seen(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    if model.photos.is_empty() {
        return Line::default();
    }
    let bar = if theme.ascii() { "|" } else { "│" };
    let look = match model.look() {
        Look::After => "after".to_owned(),
        Look::Before => "before: the photograph".to_owned(),
        Look::Split => format!("before {bar} after, split at {} %", model.split),
    };
    // The panel beside the picture has room for this itself.
    let beside = layout::areas(model.size, model.panel_hidden)
        .is_some_and(|areas| areas.place == Place::Beside);
    let field = &FIELDS[model.selected];
    let help = if beside {
        String::new()
    } else {
        let words = rows::help(field, theme.ascii());
        format!("{}: {words}", rows::label(field))
    };
    let right = format!(" {} ", model.protocol);
    let room = usize::from(columns).saturating_sub(text::width(&look) + 4);
    let help = cut(&help, room as u16, theme);
    let gap = room.saturating_sub(text::width(&help));
    let right = if text::width(&right) <= gap {
        right
    } else {
        String::new()
    };
    Line::from(vec![
        Span::styled(format!(" {look}"), theme.strong),
        Span::styled(format!("  {help}"), theme.faint),
        Span::raw(" ".repeat(gap.saturating_sub(text::width(&right)))),
        Span::styled(right, theme.faint),
    ])
}
