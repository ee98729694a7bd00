//! What the full run takes, here and in the cloud.

use ratatui::text::{Line, Span};

use crate::studio::estimate::{Cloud, reckon};
use crate::studio::model::Model;
use crate::term::glyph::place;
use crate::term::text;
use crate::term::theme::Theme;

/// A heading and a line for each place; nothing before the file was measured.
pub fn lines(model: &Model, theme: &Theme) -> Vec<Line<'static>> {
    let Some(measured) = model.measured.get(&model.current) else {
        return Vec::new();
    };
    let pricing = model.pricing.as_ref();
    let told = reckon(measured, &model.recipe, pricing);
    let row = |name: &str, words: String| {
        Line::from(vec![
            Span::styled(format!(" {name:<6}"), theme.faint),
            Span::styled(words, theme.plain),
        ])
    };
    let mut lines = vec![
        Line::styled(" The full run", theme.strong),
        row(
            "here",
            format!(
                "{} of a core, {} MB",
                text::seconds(told.seconds),
                told.memory_mb
            ),
        ),
    ];
    if let (Some(cloud), Some(pricing)) = (told.cloud, pricing) {
        let Cloud {
            place: at,
            seconds,
            cost,
        } = cloud;
        let on_aws = if pricing.paid { "" } else { " on AWS" };
        let words = format!(
            "{}  {}  {}{on_aws}",
            place(&at.to_string(), !theme.ascii()),
            text::seconds(seconds),
            text::money(cost, &pricing.currency)
        );
        lines.push(row("cloud", words));
    }
    lines
}
