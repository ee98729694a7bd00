//! `JSONPath` as the language uses it.
//!
//! The dialect is Jayway's, which the service runs on: `$`, `.name`, `['name']`, `[3]`, `[-1]`,
//! `[*]`, `.*`, `[a:b:c]`, `['a','b']`, `[0,2]`, `..`, and filters `[?(@.price < 10 && @.tag)]`.
//! A *definite* path names one place and gives its value; any other gives an array, even for one
//! hit. Start reading at [`Path::parse`], then [`Path::select`].

mod eval;
mod parser;
mod reference;

pub(crate) use eval::{Miss, Selected, equals, ordering};
pub(crate) use parser::{PathError, identifier, parse_prefix};
pub(crate) use reference::ReferencePath;

use serde_json::Value;

/// What the first character of a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// `$`: the state's input (or result, where the field says so).
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable.
    Variable(String),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// As it was written.
    pub(crate) text: String,
    pub(crate) root: Root,
    pub(crate) segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    /// `.name` or `['name']`.
    Name(String),
    /// `[2]`, or `[-1]` from the end.
    Index(i64),
    /// `.*` or `[*]`.
    Wildcard,
    /// `['a','b']`.
    Names(Vec<String>),
    /// `[0,2]`.
    Indices(Vec<i64>),
    /// `[start:end:step]`.
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    /// `[?(…)]`.
    Filter(Filter),
    /// The first half of `..`: every value below, and the value itself.
    Descend,
}

/// A condition on one element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// The path leads somewhere.
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// `@…`: from the element.
    Current(Vec<Segment>),
    /// `$…`: from the root of the value.
    Root(Vec<Segment>),
    Literal(Value),
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

impl Path {
    /// Reads a whole text as a path.
    pub(crate) fn parse(text: &str) -> Result<Path, PathError> {
        let (path, rest) = parse_prefix(text)?;
        if rest.is_empty() {
            Ok(path)
        } else {
            Err(PathError::at(text, rest, "unexpected text after the path"))
        }
    }

    /// Whether it names at most one place.
    pub(crate) fn is_definite(&self) -> bool {
        self.segments
            .iter()
            .all(|segment| matches!(segment, Segment::Name(_) | Segment::Index(_)))
    }
}
