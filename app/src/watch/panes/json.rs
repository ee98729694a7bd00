//! A payload that folds: JSON as a tree of rows, anything else as text.
//!
//! What is read once is kept flat, each node before what is inside of it, so that a folded one is passed over in
//! one step. Strings that are JSON themselves, as Step Functions passes them on, are read as such.

mod parse;

use ratatui::text::{Line, Span};

use super::row;
use crate::term::text;
use crate::term::theme::Theme;
use parse::{Node, Shape};

/// Nodes from this depth on are folded at first.
const DEPTH: usize = 2;

/// A payload, what of it is folded, and where the cursor is.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    nodes: Vec<Node>,
    folded: Vec<bool>,
    /// The nodes that are not inside of folded ones.
    shown: Vec<usize>,
    cursor: usize,
}

impl Viewer {
    /// Reads a payload; what is not JSON is wrapped into so many columns.
    pub fn of(payload: &str, columns: u16) -> Viewer {
        Viewer::with(parse::text(payload, usize::from(columns)))
    }

    /// Shows a value that has been read.
    pub fn of_value(value: &serde_json::Value) -> Viewer {
        Viewer::with(parse::value(value))
    }

    fn with(nodes: Vec<Node>) -> Viewer {
        let folded = nodes
            .iter()
            .map(|node| node.depth >= DEPTH && node.folds())
            .collect();
        let mut viewer = Viewer {
            nodes,
            folded,
            ..Viewer::default()
        };
        viewer.refresh();
        viewer
    }

    fn refresh(&mut self) {
        let at = self.shown.get(self.cursor).copied().unwrap_or(0);
        self.shown.clear();
        let mut index = 0;
        while let Some(node) = self.nodes.get(index) {
            self.shown.push(index);
            let folded = self.folded.get(index).copied().unwrap_or(false);
            index = if folded {
                node.end.max(index + 1)
            } else {
                index + 1
            };
        }
        // The cursor stays where it was, or goes to what is folded over it.
        let behind = self.shown.partition_point(|shown| *shown <= at);
        self.cursor = behind.saturating_sub(1);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The row that the cursor is on.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Moves the cursor, as far as there are rows.
    pub fn step(&mut self, by: isize) {
        let most = self.shown.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(most);
    }

    /// Folds or unfolds what the cursor is on; inside of something that does not fold, what it is in.
    pub fn toggle(&mut self) {
        let Some(&at) = self.shown.get(self.cursor) else {
            return;
        };
        let folds = |at: usize| self.nodes.get(at).is_some_and(Node::folds);
        let parent = || {
            let inside = |parent: &usize| self.nodes.get(*parent).is_some_and(|node| node.end > at);
            (0..at)
                .rev()
                .find(|parent| folds(*parent) && inside(parent))
        };
        let target = if folds(at) { Some(at) } else { parent() };
        let Some(target) = target else { return };
        if let Some(folded) = self.folded.get_mut(target) {
            *folded = !*folded;
        }
        self.refresh();
    }

    /// Folds everything below the outermost.
    pub fn fold_all(&mut self) {
        for (folded, node) in self.folded.iter_mut().zip(&self.nodes) {
            *folded = node.folds() && node.depth > 0;
        }
        self.refresh();
    }

    /// Unfolds everything.
    pub fn unfold_all(&mut self) {
        self.folded.fill(false);
        self.refresh();
    }

    /// Where the cursor is, as `$.plan.limits[2]`.
    pub fn path(&self) -> String {
        let Some(&at) = self.shown.get(self.cursor) else {
            return String::new();
        };
        let above = (0..=at).filter(|index| {
            self.nodes
                .get(*index)
                .is_some_and(|node| node.end > at || *index == at)
        });
        let keys = above.filter_map(|index| self.nodes.get(index)?.key.as_deref());
        let mut path = "$".to_owned();
        for key in keys {
            if key.starts_with('[') {
                path.push_str(key);
            } else {
                path.extend([".", key]);
            }
        }
        path
    }

    /// The rows from `top` on. Without a cursor none of them stands out.
    pub fn lines(
        &self,
        columns: u16,
        top: usize,
        height: usize,
        cursor: bool,
        theme: &Theme,
    ) -> Vec<Line<'static>> {
        let columns = usize::from(columns);
        let visible = self.shown.iter().enumerate().skip(top).take(height);
        visible
            .filter_map(|(row, index)| {
                let line = self.line(*index, columns, theme)?;
                Some(if cursor && row == self.cursor {
                    line.style(theme.selected)
                } else {
                    line
                })
            })
            .collect()
    }

    fn line(&self, index: usize, columns: usize, theme: &Theme) -> Option<Line<'static>> {
        let node = self.nodes.get(index)?;
        let unicode = !theme.ascii();
        let folded = self.folded.get(index).copied().unwrap_or(false);
        let sign = match (node.folds(), folded, unicode) {
            (false, ..) => " ",
            (true, true, true) => "▸",
            (true, true, false) => ">",
            (true, false, true) => "▾",
            (true, false, false) => "v",
        };
        // However deep it is, half of the row is for what it says.
        let indent = (node.depth * 2).min(columns / 2);
        let mut spans = vec![
            Span::raw(" ".repeat(indent)),
            Span::styled(format!("{sign} "), theme.faint),
        ];
        if let Some(key) = &node.key {
            let style = if key.starts_with('[') {
                theme.faint
            } else {
                theme.strong
            };
            let most = (columns / 2).max(4);
            let gap = if matches!(node.shape, Shape::Object(_) | Shape::Array(_)) {
                " "
            } else {
                ": "
            };
            spans.push(Span::styled(row::clip(key, most, unicode) + gap, style));
        }
        let used = row::width(&spans);
        let room = columns.saturating_sub(used);
        match &node.shape {
            Shape::Object(count) => {
                let words = format!("{{{}}}", text::count(*count, "field"));
                spans.push(Span::styled(words, theme.faint));
            }
            Shape::Array(count) => spans.push(Span::styled(
                format!("[{}]", text::count(*count, "item")),
                theme.faint,
            )),
            Shape::Text(shown, bytes) => {
                let quoted = format!("\"{shown}\"");
                let size = format!(" ({})", text::bytes(*bytes as u64));
                let cut = *bytes > shown.len() || text::width(&quoted) > room;
                if cut && room > size.len() + 4 {
                    spans.push(Span::styled(
                        row::clip(&quoted, room - size.len(), unicode),
                        theme.plain,
                    ));
                    spans.push(Span::styled(size, theme.faint));
                } else {
                    spans.push(Span::styled(row::clip(&quoted, room, unicode), theme.plain));
                }
            }
            Shape::Plain(words) => {
                spans.push(Span::styled(row::clip(words, room, unicode), theme.plain));
            }
            Shape::Value(word) => {
                spans.push(Span::styled(row::clip(word, room, unicode), theme.good));
            }
            Shape::Left(bytes) => spans.push(Span::styled(
                format!("and {} more", text::bytes(*bytes as u64)),
                theme.faint,
            )),
        }
        if node.quoted {
            spans.push(Span::styled(" JSON in a string", theme.notable));
        }
        Some(row::line(spans, columns, unicode))
    }
}
