//! The row above the keys: what is asked or typed, what is being done, the last message, or what is shown.

use ratatui::text::{Line, Span};
use whiteboarder_core::recipe::FIELDS;

use super::{acting, picker};
use crate::studio::keys::Action;
use crate::studio::layout::Place;
use crate::studio::model::{Layer, Leave, Look, Model, Purpose, Question};
use crate::studio::rows;
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::keys::key_of;
use crate::ui::line::{apart, cut, message, prompt as typed};

/// One row; the first of these that there is.
pub fn line(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let unicode = !theme.ascii();
    match &model.layer {
        Some(Layer::Ask(question)) => {
            let words = asked(question);
            return Line::styled(cut(&format!(" {words}"), columns, theme), theme.notable);
        }
        Some(Layer::Scope) => {
            let words = format!(" {}", scope(model));
            return Line::styled(cut(&words, columns, theme), theme.notable);
        }
        Some(layer @ (Layer::Which(_) | Layer::Existing(_) | Layer::Failures { .. })) => {
            let words = format!(" {}", acting::asked(model, layer));
            return Line::styled(cut(&words, columns, theme), theme.notable);
        }
        Some(Layer::Picker(open)) => return picker::line(open, columns, theme),
        Some(Layer::Prompt { purpose, line, .. }) => {
            return prompt(model, *purpose, line, columns, theme);
        }
        Some(Layer::Presets { list, at, .. }) => {
            let preset = at.and_then(|at| list.get(at));
            let words = preset.map_or_else(
                || " choose a recipe".to_owned(),
                |preset| format!(" {}: {}", preset.name, preset.help),
            );
            return Line::styled(cut(&words, columns, theme), theme.strong);
        }
        Some(Layer::Auto { .. }) => {
            let undo = key_of(model, Action::Undo);
            let words = format!(" left to the picture; one {undo} takes it back");
            return Line::styled(cut(&words, columns, theme), theme.strong);
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
    if let Some(line) = acting::line(model, theme, columns) {
        return line;
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
        Question::StopCleaning => "stop cleaning? what is cleaned stays".to_owned(),
        Question::LeaveCleaning => {
            "photographs are being cleaned; stop that and leave? what is cleaned stays".to_owned()
        }
        Question::LeaveChanges => {
            "the recipe has changed since anything was written; leave?".to_owned()
        }
    }
}

/// For whom the recipe may count.
fn scope(model: &Model) -> String {
    let all = model.photos.len();
    let marked = match model.film.marked.len() {
        0 => String::new(),
        marked => format!(", the {marked} marked"),
    };
    let last = if model.has_own(model.current) {
        "or the shared recipe here"
    } else {
        "or only this one"
    };
    let own = match model.own_count() {
        0 => String::new(),
        own => format!(" ({own} of their own)"),
    };
    format!("this recipe for all {all}{own}{marked}, {last}?")
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

/// What is shown, how large, the pixel that is read out, and what the selected field does.
fn seen(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    if model.photos.is_empty() {
        return Line::default();
    }
    let right = format!(" {} ", model.protocol);
    let mut left = vec![Span::styled(
        format!(" {}", look(model, theme)),
        theme.strong,
    )];
    let room = |left: &[Span<'_>]| {
        let used: usize = left.iter().map(Span::width).sum();
        usize::from(columns).saturating_sub(used)
    };
    for words in [scale(model), reading(model, theme)].into_iter().flatten() {
        let gap = if theme.ascii() { "  " } else { " · " };
        if text::width(&words) + gap.len() <= room(&left) {
            left.push(Span::styled(format!("{gap}{words}"), theme.plain));
        }
    }
    // The panel beside the picture has room for this itself.
    let beside = model
        .areas()
        .is_some_and(|areas| areas.place == Place::Beside);
    let free = room(&left).saturating_sub(4);
    if !beside && free > 20 {
        let field = &FIELDS[model.selected];
        let words = rows::help(field, theme.ascii());
        let help = format!("{}: {words}", rows::label(field));
        let help = cut(&help, free as u16, theme);
        left.push(Span::styled(format!("  {help}"), theme.faint));
    }
    let right = if text::width(&right) <= room(&left) {
        vec![Span::styled(right, theme.faint)]
    } else {
        Vec::new()
    };
    apart(left, right, columns)
}

fn look(model: &Model, theme: &Theme) -> String {
    let bar = if theme.ascii() { "|" } else { "│" };
    let before = match model.slots.against() {
        None => "before".to_owned(),
        Some((name, _)) => format!("slot {name}"),
    };
    let mut words = match model.look() {
        Look::Split => format!("{before} {bar} after, split at {} %", model.split),
        Look::Beside => format!("{before} {bar} after"),
        Look::Before if model.slots.against().is_none() => "before: the photograph".to_owned(),
        Look::Before => before,
        Look::Difference => format!("difference to {before}"),
        look => look.name().to_owned(),
    };
    if model.clipping {
        words.push_str(", clipping");
    }
    words
}

/// How large it is drawn: `25 %` is one pixel for four.
fn scale(model: &Model) -> Option<String> {
    let view = &model.shown.as_ref()?.sight.view;
    let percent = 100.0 * f64::from(view.to_width) / f64::from(view.width.max(1));
    Some(if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    })
}

/// The pixel under the pointer, or in the middle.
fn reading(model: &Model, theme: &Theme) -> Option<String> {
    let reading = model.reading()?;
    let arrow = if theme.ascii() { "->" } else { "→" };
    let [red, green, blue] = reading.before;
    let mut words = format!("x {} y {}  {red} {green} {blue}", reading.x, reading.y);
    if let Some([red, green, blue]) = reading.after {
        words = format!("{words} {arrow} {red} {green} {blue}");
    }
    Some(words)
}
