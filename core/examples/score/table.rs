//! The table on standard output.

use std::io::{self, Write};

use crate::figures::{COLUMNS, Figures};

const NAME: usize = 16;

fn width(head: &str) -> usize {
    head.len().max(6) + 1
}

pub fn head() -> io::Result<()> {
    let heads = COLUMNS.map(|column| format!("{:>1$}", column.head, width(column.head)));
    say(&format!("{:NAME$}{}", "board", heads.concat()))
}

pub fn row(name: &str, figures: &Figures) -> io::Result<()> {
    let mut line = format!("{name:NAME$}");
    for (column, figure) in COLUMNS.iter().zip(figures) {
        let text = figure.map_or("-".to_owned(), |value| {
            format!("{value:.0$}", column.decimals)
        });
        let gap = width(column.head).saturating_sub(text.len());
        line.extend(std::iter::repeat_n(' ', gap));
        line += &text;
    }
    say(&line)
}

pub fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
