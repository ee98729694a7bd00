//! Tables of text, aligned by the columns that each cell takes on a terminal.

use super::Terminal;
use super::glyph::Style;
use super::text;

/// A cell: its text and how it looks.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

impl Cell {
    /// A cell in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Cell {
        Cell {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell {
            text: text.into(),
            style: Style::Plain,
        }
    }
}

/// Which edge of a column the cells lean on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A heading and rows.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
    /// Columns that may be hidden, the first of them first, and the width below which each is of no use.
    hiding: &'static [(&'static str, usize)],
}

/// Between two columns.
const GAP: &str = "  ";

/// No column is made narrower than this to fit the terminal.
const NARROWEST: usize = 12;

impl Table {
    /// A table without rows.
    pub fn new(columns: &[(&'static str, Align)]) -> Table {
        Table {
            columns: columns.to_vec(),
            rows: Vec::new(),
            hiding: &[],
        }
    }

    /// Columns that a terminal that is too narrow for all does without: the first of them first. Each comes with the
    /// width down to which it may be shortened instead; numbers are never shortened.
    #[must_use]
    pub fn hiding(mut self, columns: &'static [(&'static str, usize)]) -> Table {
        self.hiding = columns;
        self
    }

    /// Adds a row. Missing cells are empty, surplus ones are dropped.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines, without line ends. Columns are shortened, the widest first, when the terminal is too narrow.
    pub fn lines(&self, terminal: &Terminal) -> Vec<String> {
        let widths = self.widths(terminal.width);
        let heading: Vec<Cell> = self
            .columns
            .iter()
            .map(|(name, _)| Cell::styled(*name, Style::Faint))
            .collect();
        std::iter::once(&heading)
            .chain(&self.rows)
            .map(|row| self.line(row, &widths, terminal))
            .collect()
    }

    /// The columns that are shown, each with its width.
    fn widths(&self, limit: Option<usize>) -> Vec<(usize, usize)> {
        let mut widths: Vec<(usize, usize)> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| text::width(&cell.text)).max().unwrap_or(0);
                (column, widest.max(text::width(self.columns[column].0)))
            })
            .collect();
        let Some(limit) = limit else {
            return widths;
        };
        let gaps = |columns: usize| GAP.len() * columns.saturating_sub(1);
        for (name, _) in self.hiding {
            let least: usize = widths.iter().map(|column| self.least(*column)).sum();
            if least + gaps(widths.len()) > limit {
                widths.retain(|(column, _)| self.columns[*column].0 != *name);
            }
        }
        let wanted: usize = widths.iter().map(|(_, width)| width).sum();
        let mut surplus = (wanted + gaps(widths.len())).saturating_sub(limit);
        while surplus > 0 {
            let widest = widths.iter_mut().map(|(_, width)| width).max();
            let Some(widest) = widest.filter(|width| **width > NARROWEST) else {
                break;
            };
            *widest -= 1;
            surplus -= 1;
        }
        widths
    }

    /// What a column of this width can be shortened to.
    fn least(&self, (column, width): (usize, usize)) -> usize {
        let (name, align) = self.columns[column];
        let asked = self.hiding.iter().find(|(hidden, _)| *hidden == name);
        match align {
            Align::Right => width,
            Align::Left => width.min(asked.map_or(NARROWEST, |(_, least)| *least)),
        }
    }

    fn line(&self, row: &[Cell], widths: &[(usize, usize)], terminal: &Terminal) -> String {
        let mut line = String::new();
        let empty = Cell::default();
        let last = widths.last().map(|(column, _)| *column);
        for (index, width) in widths {
            let (_, align) = &self.columns[*index];
            let cell = row.get(*index).unwrap_or(&empty);
            let shown = text::shorten(&cell.text, *width, terminal.unicode);
            let space = " ".repeat(width.saturating_sub(text::width(&shown)));
            let painted = cell.style.paint(&shown, terminal.color_out);
            let gap = if Some(*index) == last { "" } else { GAP };
            line.extend(match align {
                Align::Left => [painted, space, gap.to_owned()],
                Align::Right => [space, painted, gap.to_owned()],
            });
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(width: Option<usize>) -> Terminal {
        Terminal {
            color_out: false,
            color_err: false,
            unicode: true,
            live: false,
            width,
            quiet: false,
            verbose: 0,
        }
    }

    fn table() -> Table {
        let mut table = Table::new(&[
            ("image", Align::Left),
            ("took", Align::Right),
            ("output", Align::Left),
        ]);
        table.row(vec![
            "白板.jpg".into(),
            "2.4 s".into(),
            "out/白板.jpg.png".into(),
        ]);
        table.row(vec![
            "board.jpg".into(),
            "31 s".into(),
            "out/board.jpg.png".into(),
        ]);
        table
    }

    #[test]
    fn columns_line_up_by_display_width() {
        assert_eq!(
            table().lines(&terminal(None)),
            [
                "image       took  output",
                "白板.jpg   2.4 s  out/白板.jpg.png",
                "board.jpg   31 s  out/board.jpg.png",
            ]
        );
    }

    #[test]
    fn a_terminal_that_is_too_narrow_does_without_columns_before_it_cuts_numbers() {
        let at = |columns| {
            let mut table = Table::new(&[
                ("image", Align::Left),
                ("size", Align::Right),
                ("took", Align::Right),
                ("why", Align::Left),
            ])
            .hiding(&[("why", 10), ("size", 0)]);
            table.row(vec![
                "a-long-board.jpg".into(),
                "8.1 MB".into(),
                "2.4 s".into(),
                "it has to be so because".into(),
            ]);
            table.lines(&terminal(Some(columns)))
        };
        assert_eq!(
            at(50),
            [
                "image               size   took  why",
                "a-long-board.jpg  8.1 MB  2.4 s  it has t… because"
            ]
        );
        assert_eq!(
            at(30),
            [
                "image              size   took",
                "a-long-…ard.jpg  8.1 MB  2.4 s"
            ]
        );
        assert_eq!(
            at(25),
            ["image              took", "a-long-board.jpg  2.4 s"]
        );
    }

    #[test]
    fn a_narrow_terminal_shortens_the_widest_column() {
        for line in table().lines(&terminal(Some(30))) {
            assert!(text::width(&line) <= 30, "{line}");
        }
    }
}
