//! From text to [`Path`].

use serde_json::{Number, Value};

use super::{Comparison, Filter, Operand, Path, Root, Segment};

/// Conditions nest at most this deep, so that a hostile path cannot exhaust the stack.
const MAX_NESTING: usize = 32;

/// A path that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {position})")]
pub(crate) struct PathError {
    /// In characters, from 1.
    pub(crate) position: usize,
    pub(crate) message: String,
}

impl PathError {
    /// `rest` is the part of `text` that was not read.
    pub(crate) fn at(text: &str, rest: &str, message: impl Into<String>) -> PathError {
        let read = &text[..text.len() - rest.len()];
        PathError {
            position: read.chars().count() + 1,
            message: message.into(),
        }
    }
}

/// Reads a path from the beginning of a text and gives what follows it.
///
/// Intrinsic calls need this: `States.Format('{}', $.a.b, 1)`.
pub(crate) fn parse_prefix(text: &str) -> Result<(Path, &str), PathError> {
    let mut parser = Parser {
        text,
        rest: text,
        nesting: 0,
    };
    let root = if parser.eat("$$") {
        Root::Context
    } else if parser.eat("$") {
        parser.variable().map_or(Root::Input, Root::Variable)
    } else {
        return Err(parser.error("a path begins with '$'"));
    };
    let segments = parser.segments()?;
    let read = &text[..text.len() - parser.rest.len()];
    Ok((
        Path {
            text: read.to_owned(),
            root,
            segments,
        },
        parser.rest,
    ))
}

/// How many bytes at the beginning of a text are an identifier: a letter or `_`, then also digits.
pub(crate) fn identifier(text: &str) -> usize {
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, first)) if first.is_alphabetic() || first == '_' => {}
        _ => return 0,
    }
    characters
        .find(|(_, c)| !(c.is_alphanumeric() || *c == '_'))
        .map_or(text.len(), |(offset, _)| offset)
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    nesting: usize,
}

impl<'t> Parser<'t> {
    fn error(&self, message: impl Into<String>) -> PathError {
        PathError::at(self.text, self.rest, message)
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), PathError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.error(format!("expected '{token}'")))
        }
    }

    /// A variable's name, if one follows the first `$`.
    fn variable(&mut self) -> Option<String> {
        let length = identifier(self.rest);
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        (length > 0).then(|| name.to_owned())
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn segments(&mut self) -> Result<Vec<Segment>, PathError> {
        let mut segments = Vec::new();
        loop {
            if self.eat("..") {
                segments.push(Segment::Descend);
                segments.push(match self.peek() {
                    Some('[') => self.bracket()?,
                    _ => self.dotted()?,
                });
            } else if self.eat(".") {
                segments.push(self.dotted()?);
            } else if self.peek() == Some('[') {
                segments.push(self.bracket()?);
            } else {
                return Ok(segments);
            }
        }
    }

    /// What may follow a dot: a name or `*`.
    fn dotted(&mut self) -> Result<Segment, PathError> {
        if self.eat("*") {
            return Ok(Segment::Wildcard);
        }
        let end = self.rest.find(ends_name).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.error("expected a name or '*'"));
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if self.peek() == Some('(') {
            return Err(self.error(format!("functions such as '{name}()' are not supported")));
        }
        Ok(Segment::Name(name.to_owned()))
    }

    fn bracket(&mut self) -> Result<Segment, PathError> {
        self.expect("[")?;
        self.skip_space();
        let segment = match self.peek() {
            Some('*') => {
                self.eat("*");
                Segment::Wildcard
            }
            Some('?') => {
                self.eat("?");
                self.skip_space();
                self.expect("(")?;
                let filter = self.any()?;
                self.expect(")")?;
                Segment::Filter(filter)
            }
            Some('\'' | '"') => self.names()?,
            Some('-' | ':' | '0'..='9') => self.indices()?,
            _ => return Err(self.error("expected an index, a quoted name, '*' or '?('")),
        };
        self.skip_space();
        self.expect("]")?;
        Ok(segment)
    }

    fn names(&mut self) -> Result<Segment, PathError> {
        let first = self.quoted()?;
        let mut names = vec![first];
        loop {
            self.skip_space();
            if !self.eat(",") {
                break;
            }
            self.skip_space();
            names.push(self.quoted()?);
        }
        Ok(match <[String; 1]>::try_from(names) {
            Ok([name]) => Segment::Name(name),
            Err(names) => Segment::Names(names),
        })
    }

    fn indices(&mut self) -> Result<Segment, PathError> {
        let first = self.optional_integer()?;
        self.skip_space();
        if self.eat(":") {
            self.skip_space();
            let end = self.optional_integer()?;
            self.skip_space();
            let mut step = 1;
            if self.eat(":") {
                self.skip_space();
                step = self.optional_integer()?.unwrap_or(1);
            }
            if step < 1 {
                return Err(self.error("the step of a slice is at least 1"));
            }
            return Ok(Segment::Slice {
                start: first,
                end,
                step,
            });
        }
        let Some(first) = first else {
            return Err(self.error("expected an index"));
        };
        let mut indices = vec![first];
        while self.eat(",") {
            self.skip_space();
            let Some(index) = self.optional_integer()? else {
                return Err(self.error("expected an index"));
            };
            indices.push(index);
            self.skip_space();
        }
        Ok(if indices.len() == 1 {
            Segment::Index(first)
        } else {
            Segment::Indices(indices)
        })
    }

    fn optional_integer(&mut self) -> Result<Option<i64>, PathError> {
        let digits = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return if digits.len() == self.rest.len() {
                Ok(None)
            } else {
                Err(self.error("expected a number after '-'"))
            };
        }
        let (number, rest) = self.rest.split_at(self.rest.len() - digits.len() + count);
        match number.parse() {
            Ok(value) => {
                self.rest = rest;
                Ok(Some(value))
            }
            Err(_) => Err(self.error("the index is too large")),
        }
    }

    /// A quoted text; a backslash takes the next character as it is.
    fn quoted(&mut self) -> Result<String, PathError> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.error("expected a quoted name"));
        };
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                _ if character == quote => {
                    self.rest = &self.rest[offset + 1..];
                    return Ok(text);
                }
                _ => text.push(character),
            }
        }
        Err(self.error("the quote is not closed"))
    }

    /// Conditions joined by `||`.
    fn any(&mut self) -> Result<Filter, PathError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error("the condition is nested too deeply"));
        }
        let mut filters = vec![self.all()?];
        while self.eat("||") {
            filters.push(self.all()?);
        }
        self.nesting -= 1;
        Ok(single(filters, Filter::Or))
    }

    /// Conditions joined by `&&`.
    fn all(&mut self) -> Result<Filter, PathError> {
        let mut filters = vec![self.condition()?];
        while self.eat("&&") {
            filters.push(self.condition()?);
        }
        Ok(single(filters, Filter::And))
    }

    fn condition(&mut self) -> Result<Filter, PathError> {
        self.skip_space();
        let filter = if self.peek() == Some('!') && !self.rest.starts_with("!=") {
            self.eat("!");
            self.nesting += 1;
            if self.nesting > MAX_NESTING {
                return Err(self.error("the condition is nested too deeply"));
            }
            let inner = self.condition()?;
            self.nesting -= 1;
            Filter::Not(Box::new(inner))
        } else if self.eat("(") {
            let filter = self.any()?;
            self.expect(")")?;
            filter
        } else {
            self.comparison()?
        };
        self.skip_space();
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, PathError> {
        let left = self.operand()?;
        self.skip_space();
        let Some(comparison) = self.comparison_operator()? else {
            return match left {
                Operand::Literal(_) => Err(self.error("expected a comparison")),
                path => Ok(Filter::Exists(path)),
            };
        };
        self.skip_space();
        let right = self.operand()?;
        Ok(Filter::Compare(left, comparison, right))
    }

    fn comparison_operator(&mut self) -> Result<Option<Comparison>, PathError> {
        // The longer ones first.
        let table = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (token, comparison) in table {
            if self.eat(token) {
                return Ok(Some(comparison));
            }
        }
        let word: &'t str = self
            .rest
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        let comparison = match word {
            "in" => Comparison::In,
            "nin" => Comparison::NotIn,
            "" if self.rest.starts_with("=~") => {
                return Err(self.error("regular expressions are not supported"));
            }
            "" => return Ok(None),
            _ => return Err(self.error(format!("the operator '{word}' is not supported"))),
        };
        self.rest = &self.rest[word.len()..];
        Ok(Some(comparison))
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        if self.eat("@") {
            return Ok(Operand::Current(self.segments()?));
        }
        if self.rest.starts_with("$$") {
            return Err(self.error("the context object is not available in a condition"));
        }
        if self.eat("$") {
            return Ok(Operand::Root(self.segments()?));
        }
        Ok(Operand::Literal(self.literal()?))
    }

    fn literal(&mut self) -> Result<Value, PathError> {
        for (token, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.eat(token) {
                return Ok(value);
            }
        }
        match self.peek() {
            Some('\'' | '"') => Ok(Value::String(self.quoted()?)),
            Some('[') => {
                self.nesting += 1;
                if self.nesting > MAX_NESTING {
                    return Err(self.error("the condition is nested too deeply"));
                }
                let items = self.list()?;
                self.nesting -= 1;
                Ok(Value::Array(items))
            }
            Some('-' | '0'..='9') => self.number(),
            _ => Err(self.error("expected '@', '$' or a literal")),
        }
    }

    fn list(&mut self) -> Result<Vec<Value>, PathError> {
        self.expect("[")?;
        self.skip_space();
        let mut items = Vec::new();
        if self.eat("]") {
            return Ok(items);
        }
        loop {
            self.skip_space();
            items.push(self.literal()?);
            self.skip_space();
            if self.eat("]") {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Result<Value, PathError> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        match serde_json::from_str::<Number>(number) {
            Ok(number) => {
                self.rest = rest;
                Ok(Value::Number(number))
            }
            Err(_) => Err(self.error(format!("'{number}' is not a number"))),
        }
    }
}

/// One filter stays itself; several become a list.
fn single(mut filters: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(filter)) => filter,
        (_, last) => {
            filters.extend(last);
            several(filters)
        }
    }
}

/// Characters that cannot be part of an unquoted name.
fn ends_name(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '.' | '['
                | ']'
                | '('
                | ')'
                | ','
                | '='
                | '!'
                | '<'
                | '>'
                | '&'
                | '|'
                | '\''
                | '"'
                | '?'
                | '*'
                | '{'
                | '}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Segment {
        Segment::Name(text.to_owned())
    }

    #[test]
    fn paths_read_as_written() {
        let table: &[(&str, Vec<Segment>)] = &[
            ("$", vec![]),
            ("$.a", vec![name("a")]),
            ("$.a-b.ünïcode", vec![name("a-b"), name("ünïcode")]),
            ("$['a b'].c", vec![name("a b"), name("c")]),
            (r"$['it\'s']", vec![name("it's")]),
            (r#"$["x"]"#, vec![name("x")]),
            ("$[0][-1]", vec![Segment::Index(0), Segment::Index(-1)]),
            (
                "$.a[*].*",
                vec![name("a"), Segment::Wildcard, Segment::Wildcard],
            ),
            (
                "$['a', 'b']",
                vec![Segment::Names(vec!["a".into(), "b".into()])],
            ),
            ("$[0, 2]", vec![Segment::Indices(vec![0, 2])]),
            (
                "$[1:]",
                vec![Segment::Slice {
                    start: Some(1),
                    end: None,
                    step: 1,
                }],
            ),
            (
                "$[:-2]",
                vec![Segment::Slice {
                    start: None,
                    end: Some(-2),
                    step: 1,
                }],
            ),
            (
                "$[0:9:2]",
                vec![Segment::Slice {
                    start: Some(0),
                    end: Some(9),
                    step: 2,
                }],
            ),
            ("$..b", vec![Segment::Descend, name("b")]),
            ("$..[0]", vec![Segment::Descend, Segment::Index(0)]),
        ];
        for (text, segments) in table {
            let path = Path::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(&path.segments, segments, "{text}");
            assert_eq!(path.text, *text);
        }
    }

    #[test]
    fn the_context_object_has_two_dollars() {
        assert_eq!(Path::parse("$$.Execution.Id").unwrap().root, Root::Context);
        assert_eq!(Path::parse("$.Execution").unwrap().root, Root::Input);
    }

    #[test]
    fn only_single_places_are_definite() {
        for text in ["$", "$.a", "$[3].b", "$['a']['b']"] {
            assert!(Path::parse(text).unwrap().is_definite(), "{text}");
        }
        for text in [
            "$[*]",
            "$..a",
            "$[0,1]",
            "$['a','b']",
            "$[0:1]",
            "$[?(@.a)]",
            "$.a[*].b",
        ] {
            assert!(!Path::parse(text).unwrap().is_definite(), "{text}");
        }
    }

    #[test]
    fn a_path_inside_a_call_ends_where_the_argument_ends() {
        let (path, rest) = parse_prefix("$.a[?(@.b == 'x, y')].c, 1)").unwrap();
        assert_eq!(path.text, "$.a[?(@.b == 'x, y')].c");
        assert_eq!(rest, ", 1)");
    }

    #[test]
    fn wrong_paths_are_refused_with_their_place() {
        let table = [
            ("a.b", 1, "begins with '$'"),
            ("$.", 3, "expected a name"),
            ("$..", 4, "expected a name"),
            ("$.a[", 5, "expected an index"),
            ("$.a[1", 6, "expected ']'"),
            ("$['a", 3, "not closed"),
            ("$.a b", 4, "unexpected text"),
            ("$.list.length()", 14, "'length()'"),
            ("$[?(@.a =~ /x/)]", 9, "regular expressions"),
            ("$[?(@.a size 3)]", 9, "'size'"),
            ("$[::0]", 6, "at least 1"),
            ("$[99999999999999999999]", 3, "too large"),
            ("$[-]", 3, "after '-'"),
        ];
        for (text, position, words) in table {
            let error = Path::parse(text).expect_err(text);
            assert!(error.message.contains(words), "{text}: {error}");
            assert_eq!(error.position, position, "{text}: {error}");
        }
    }

    #[test]
    fn deep_conditions_are_refused_instead_of_overflowing() {
        let deep = format!("$[?({}@.a{})]", "(".repeat(10_000), ")".repeat(10_000));
        assert!(
            Path::parse(&deep)
                .unwrap_err()
                .message
                .contains("too deeply")
        );
        assert!(Path::parse(&format!("$[?({}@.a)]", "!".repeat(10_000))).is_err());
        assert!(Path::parse(&format!("$[?(@.a in {})]", "[".repeat(10_000))).is_err());
    }
}
