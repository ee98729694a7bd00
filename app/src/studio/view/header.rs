//! What is open, which recipe, and how far the preview is.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use whiteboarder_core::preview::Quality;

use crate::studio::model::{Look, Model, PhotoState};
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;

/// A name is not shortened below this many columns.
const SHORTEST_NAME: usize = 12;

/// One row. What matters less goes first when there is no room; a name is shortened last.
pub fn line(model: &Model, theme: &Theme, columns: u16) -> Line<'static> {
    let columns = usize::from(columns);
    let mut parts = Parts::of(model, theme);
    for drop in [Parts::screen, Parts::profile, Parts::word, Parts::size] {
        if parts.width() <= columns {
            break;
        }
        drop(&mut parts).clear();
    }
    let over = parts.width().saturating_sub(columns);
    if over > 0 {
        let name = text::width(&parts.name);
        let room = name.saturating_sub(over).max(SHORTEST_NAME);
        parts.name = text::shorten(&parts.name, room, !theme.ascii());
    }
    parts.line(columns, theme)
}

struct Parts {
    screen: String,
    name: String,
    size: String,
    count: String,
    elsewhere: String,
    profile: String,
    word: String,
    recipe: String,
    quality: (String, Style),
}

impl Parts {
    fn of(model: &Model, theme: &Theme) -> Parts {
        let by = if theme.ascii() { "x" } else { "×" };
        let photo = model.photo();
        let count = model.photos.len();
        let changed = if model.is_changed() { "*" } else { "" };
        let own = if model.has_own(model.current) {
            " (own)"
        } else {
            ""
        };
        Parts {
            screen: "STUDIO".to_owned(),
            name: photo.map_or(String::new(), |photo| text::safe(&photo.name)),
            size: match photo.map(|photo| &photo.state) {
                Some(PhotoState::Opened(width, height)) => format!("{width}{by}{height}"),
                _ => String::new(),
            },
            count: match (count, model.film.marked.len()) {
                (0 | 1, _) => String::new(),
                (count, 0) => format!("{}/{count}", model.current + 1),
                (count, marked) => {
                    format!("{}/{count}, {marked} marked", model.current + 1)
                }
            },
            elsewhere: model.elsewhere.clone(),
            profile: model.profile.clone(),
            word: "recipe:".to_owned(),
            recipe: format!("{}{changed}{own}", model.recipe_name),
            quality: quality(model, theme),
        }
    }

    fn screen(&mut self) -> &mut String {
        &mut self.screen
    }

    fn profile(&mut self) -> &mut String {
        &mut self.profile
    }

    fn word(&mut self) -> &mut String {
        &mut self.word
    }

    fn size(&mut self) -> &mut String {
        &mut self.size
    }

    fn left(&self) -> [&String; 4] {
        [&self.screen, &self.name, &self.size, &self.count]
    }

    /// A blank before each part and two between left and right.
    fn width(&self) -> usize {
        let right = [
            &self.elsewhere,
            &self.profile,
            &self.word,
            &self.recipe,
            &self.quality.0,
        ];
        self.left()
            .into_iter()
            .chain(right)
            .filter(|part| !part.is_empty())
            .map(|part| text::width(part) + 2)
            .sum::<usize>()
    }

    fn line(self, columns: usize, theme: &Theme) -> Line<'static> {
        let mut spans = vec![Span::raw(" ")];
        let left = [
            (self.screen, theme.accent),
            (self.name, theme.strong),
            (self.size, theme.faint),
            (self.count, theme.plain),
        ];
        for (part, style) in left.into_iter().filter(|(part, _)| !part.is_empty()) {
            spans.push(Span::styled(part, style));
            spans.push(Span::raw("  "));
        }
        let word = if self.word.is_empty() { "" } else { " " };
        let right: Vec<Span<'static>> = [
            (self.elsewhere, theme.notable, "  "),
            (self.profile, theme.faint, "  "),
            (self.word, theme.faint, word),
            (self.recipe, theme.strong, "  "),
            (self.quality.0, self.quality.1, " "),
        ]
        .into_iter()
        .filter(|(part, ..)| !part.is_empty())
        .flat_map(|(part, style, gap)| [Span::styled(part, style), Span::raw(gap)])
        .collect();
        let used = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
        let gap = columns.saturating_sub(used(&spans) + used(&right));
        spans.push(Span::raw(" ".repeat(gap)));
        spans.extend(right);
        Line::from(spans)
    }
}

/// Glyph and word, and how long it took.
fn quality(model: &Model, theme: &Theme) -> (String, Style) {
    let unicode = !theme.ascii();
    let marked = |mark: Mark, word: &str| format!("{} {word}", mark.glyph(unicode));
    let Some(photo) = model.photo() else {
        return (String::new(), theme.plain);
    };
    match photo.state {
        PhotoState::Unreadable(_) | PhotoState::Refused(_) => {
            return (marked(Mark::Failed, "unreadable"), theme.bad);
        }
        PhotoState::Unread => return (marked(Mark::Running, "reading"), theme.notable),
        PhotoState::Opened(..) => {}
    }
    if model.trouble.is_some() {
        return (marked(Mark::Failed, "no preview"), theme.bad);
    }
    let Some(preview) = &model.shown else {
        return (marked(Mark::Running, "cleaning"), theme.notable);
    };
    // The time of the picture before this one says nothing, and neither does that of finding one kept.
    let took = if preview.generation == model.generation && preview.seconds >= 0.001 {
        format!(" {}", took(preview.seconds))
    } else {
        String::new()
    };
    let refining = model.asked == Some((model.generation, Quality::Exact));
    match model.quality() {
        _ if preview.look == Look::Before => ("photograph".to_owned(), theme.plain),
        Some(Quality::Exact) => (marked(Mark::Done, &format!("exact{took}")), theme.good),
        _ if refining => (marked(Mark::Running, "draft, refining"), theme.notable),
        _ => (marked(Mark::Queued, &format!("draft{took}")), theme.notable),
    }
}

fn took(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        text::seconds(seconds)
    }
}
