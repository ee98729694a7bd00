//! A machine as an indented tree, for those that are too wide: states that follow each other stand below each
//! other, what a state may go on to, or has inside of it, is indented below it.
//!
//! A state stands below the one through which every way to it leads (its dominator): as a branch when that is
//! the only one that leads to it, otherwise behind the branches that come together there.

use ratatui::style::Style;
use ratatui::text::Span;
use whiteboarder_jobs::track::StateKind;
use whiteboarder_jobs::watch::graph::Node;

use super::level::Level;
use super::{Drawn, Spot, Subject};
use crate::term::text;
use crate::watch::panes::row;

/// Something that is still to be drawn.
struct Item<'a, 'w> {
    level: &'w Level<'a>,
    state: usize,
    /// What stands before its name, and what before all that follows it.
    before: (String, String),
    /// The state that comes next when this one and what is below it is through.
    then: Option<usize>,
}

/// A row before its columns are known.
struct Row {
    before: String,
    name: String,
    style: Style,
    status: Vec<Span<'static>>,
    /// Whether it is a state's own.
    state: bool,
}

/// The whole tree.
pub fn draw(subject: &Subject<'_>, columns: usize) -> Drawn {
    let theme = subject.theme;
    let unicode = !theme.ascii();
    let mut rows = Vec::new();
    let top = Level::of(subject.graph);
    level(subject, &top, &(String::new(), String::new()), &mut rows);
    // Deep ones lose the front of their indentation.
    for row in &mut rows {
        let most = columns / 3;
        let deep = text::width(&row.before).saturating_sub(most);
        if deep > 0 {
            let dots = if unicode { "…" } else { "." };
            row.before = dots.to_owned() + &row.before.chars().skip(deep + 1).collect::<String>();
        }
    }
    let widest = rows
        .iter()
        .filter(|row| row.state)
        .map(|row| text::width(&row.before) + text::width(&row::clip(&row.name, columns, unicode)));
    let names = widest
        .max()
        .unwrap_or(0)
        .min((columns / 2).max(8))
        .min(columns);
    let mut drawn = Drawn::default();
    for found in rows {
        let room = if found.state { names } else { columns };
        let indent = text::width(&found.before);
        let shown = row::clip(&found.name, room.saturating_sub(indent), unicode);
        let blanks = names.saturating_sub(indent + text::width(&shown)) + 1;
        if found.state {
            drawn.spots.push(Spot {
                name: found.name,
                row: drawn.lines.len(),
                column: indent,
                height: 1,
                width: columns.saturating_sub(indent),
            });
        }
        let mut spans = vec![
            Span::styled(found.before, theme.faint),
            Span::styled(shown, found.style),
        ];
        if !found.status.is_empty() {
            spans.push(Span::raw(" ".repeat(blanks)));
            spans.extend(found.status);
        }
        drawn.lines.push(row::line(spans, columns, unicode));
    }
    drawn
}

fn level(subject: &Subject<'_>, level: &Level<'_>, before: &(String, String), rows: &mut Vec<Row>) {
    let mut stack: Vec<Item<'_, '_>> = Vec::new();
    let (first, rest) = before;
    for (index, root) in level.roots.iter().enumerate().rev() {
        let own = if index == 0 { first } else { rest };
        stack.push(Item {
            level,
            state: *root,
            before: (own.clone(), rest.clone()),
            then: None,
        });
    }
    while let Some(item) = stack.pop() {
        let Some(node) = item.level.graph.states.get(item.state) else {
            continue;
        };
        state(subject, &item, node, rows);
        inside(subject, &item, rows);
        let list = |lists: &Vec<Vec<usize>>| lists.get(item.state).cloned().unwrap_or_default();
        let (branches, follow) = (list(&item.level.branches), list(&item.level.follow));
        let rest = &item.before.1;
        for (index, next) in follow.iter().enumerate().rev() {
            stack.push(Item {
                level: item.level,
                state: *next,
                before: (rest.clone(), rest.clone()),
                then: follow.get(index + 1).copied().or(item.then),
            });
        }
        let then = follow.first().copied().or(item.then);
        for (index, next) in branches.iter().enumerate().rev() {
            stack.push(Item {
                level: item.level,
                state: *next,
                before: forked(rest, index + 1 == branches.len(), subject),
                then,
            });
        }
    }
}

/// What stands before a branch, and before all that follows it.
fn forked(rest: &str, last: bool, subject: &Subject<'_>) -> (String, String) {
    let (fork, on) = match (subject.theme.ascii(), last) {
        (false, false) => ("├╴", "│ "),
        (false, true) => ("└╴", "  "),
        (true, false) => ("|-", "| "),
        (true, true) => ("`-", "  "),
    };
    (format!("{rest}{fork}"), format!("{rest}{on}"))
}

/// The row of a state, and those of its errors and of ways that the tree does not show.
fn state(subject: &Subject<'_>, item: &Item<'_, '_>, node: &Node, rows: &mut Vec<Row>) {
    let theme = subject.theme;
    let told = subject.states.get(&node.name);
    let name = if subject.selected == Some(node.name.as_str()) {
        theme.selected
    } else if told.is_some() {
        theme.strong
    } else {
        theme.faint
    };
    let mut status = told.map_or_else(Vec::new, |told| {
        told.spans(node.kind, true, subject.now_ms, theme)
    });
    let (arrow, again, maybe, caught) = if theme.ascii() {
        ("->", "@", ":", "!")
    } else {
        ("→", "↺", "╎", "┃")
    };
    let level = item.level;
    let list = |lists: &Vec<Vec<usize>>| lists.get(item.state).cloned().unwrap_or_default();
    let mut say = |glyph: &str, to: &str, taken: bool| {
        let gap = if status.is_empty() { "" } else { "  " };
        let style = if taken { theme.plain } else { theme.faint };
        status.push(Span::styled(
            format!("{gap}{glyph} {}", text::safe(to)),
            style,
        ));
    };
    let below = [list(&level.branches), list(&level.follow)].concat();
    for to in list(&level.ways.on) {
        if !below.contains(&to) && item.then != Some(to) {
            let to = level.name(to);
            say(arrow, to, subject.states.took(&node.name, to));
        }
    }
    for to in list(&level.ways.back) {
        let to = level.name(to);
        say(again, to, subject.states.took(&node.name, to));
    }
    // Where something stands below, it could be thought to come next.
    if node.ends
        && item.then.is_some()
        && !matches!(node.kind, StateKind::Fail | StateKind::Succeed)
    {
        say(if theme.ascii() { "#" } else { "■" }, "end", told.is_some());
    }
    rows.push(Row {
        before: item.before.0.clone(),
        name: node.name.clone(),
        style: name,
        status,
        state: true,
    });
    let catches = level.ways.catches.get(item.state).into_iter().flatten();
    for (to, errors) in catches {
        let to = level.name(*to);
        let (glyph, words, style) = match subject.states.caught(&node.name, to) {
            Some(error) => (caught, error.to_owned(), theme.notable),
            None => (maybe, errors.join(", "), theme.faint),
        };
        rows.push(Row {
            before: item.before.1.clone(),
            // The state is the more telling end when there is not room for all.
            name: format!("  {glyph} {arrow} {to}: {words}"),
            style,
            status: Vec::new(),
            state: false,
        });
    }
}

/// What is inside of a Parallel or Map state.
fn inside(subject: &Subject<'_>, item: &Item<'_, '_>, rows: &mut Vec<Row>) {
    let levels = item
        .level
        .inside
        .get(item.state)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let branches = item.level.branches.get(item.state);
    let more = branches.is_some_and(|branches| !branches.is_empty());
    for (index, inner) in levels.iter().enumerate() {
        let last = index + 1 == levels.len() && !more;
        let before = forked(&item.before.1, last, subject);
        level(subject, inner, &before, rows);
    }
}
