//! From text to [`Call`].

use serde_json::{Number, Value};

use super::{Argument, Call, Function};
use crate::path::{PathError, parse_prefix};

/// The service allows ten levels of nested calls.
const MAX_NESTING: usize = 10;

/// Whether a text means a call rather than a path.
pub(crate) fn is_intrinsic(text: &str) -> bool {
    text.starts_with("States.")
}

impl Call {
    /// Reads a whole text as a call.
    pub(crate) fn parse(text: &str) -> Result<Call, PathError> {
        let mut parser = Parser {
            text,
            rest: text.trim_start(),
        };
        let call = parser.call(1)?;
        parser.skip_space();
        if parser.rest.is_empty() {
            Ok(call)
        } else {
            Err(parser.error("unexpected text after the call"))
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> PathError {
        PathError::at(self.text, self.rest, message)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
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

    fn call(&mut self, nesting: usize) -> Result<Call, PathError> {
        let start = self.rest;
        if nesting > MAX_NESTING {
            return Err(self.error(format!("calls nest at most {MAX_NESTING} levels deep")));
        }
        if !self.eat("States.") {
            return Err(self.error("expected a function of the form States.Name(…)"));
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        let Some((_, function, fewest, most)) = Function::TABLE
            .into_iter()
            .find(|(known, ..)| *known == name)
        else {
            return Err(self.error(format!("there is no function 'States.{name}'")));
        };
        self.rest = &self.rest[end..];
        self.skip_space();
        if !self.eat("(") {
            return Err(self.error("expected '('"));
        }
        let mut arguments = Vec::new();
        self.skip_space();
        if !self.eat(")") {
            loop {
                self.skip_space();
                arguments.push(self.argument(nesting)?);
                self.skip_space();
                if self.eat(")") {
                    break;
                }
                if !self.eat(",") {
                    return Err(self.error("expected ',' or ')'"));
                }
            }
        }
        if arguments.len() < fewest || arguments.len() > most {
            let wanted = match (fewest, most) {
                (fewest, most) if fewest == most => format!("{fewest}"),
                (fewest, usize::MAX) => format!("at least {fewest}"),
                (fewest, most) => format!("{fewest} to {most}"),
            };
            let count = arguments.len();
            let message = format!("States.{name} takes {wanted} arguments, not {count}");
            return Err(PathError::at(self.text, start, message));
        }
        let text = start[..start.len() - self.rest.len()].to_owned();
        Ok(Call {
            text,
            function,
            arguments,
        })
    }

    fn argument(&mut self, nesting: usize) -> Result<Argument, PathError> {
        if self.rest.starts_with('$') {
            let (path, rest) = parse_prefix(self.rest).map_err(|error| {
                let read = self.text[..self.text.len() - self.rest.len()]
                    .chars()
                    .count();
                PathError {
                    position: read + error.position,
                    ..error
                }
            })?;
            self.rest = rest;
            return Ok(Argument::Path(path));
        }
        if self.rest.starts_with("States.") {
            return Ok(Argument::Call(self.call(nesting + 1)?));
        }
        if self.rest.starts_with('\'') {
            return self.quoted().map(Argument::Text);
        }
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.eat(word) {
                return Ok(Argument::Literal(value));
            }
        }
        self.number()
    }

    /// The text between single quotes, with its escapes.
    fn quoted(&mut self) -> Result<String, PathError> {
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some((_, '\'' | '{' | '}' | '\\')) => {}
                    _ => return Err(self.error("only \\', \\{, \\} and \\\\ can be escaped")),
                },
                '\'' => {
                    let text = self.rest[1..offset].to_owned();
                    self.rest = &self.rest[offset + 1..];
                    return Ok(text);
                }
                _ => {}
            }
        }
        Err(self.error("the quote is not closed"))
    }

    fn number(&mut self) -> Result<Argument, PathError> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        match serde_json::from_str::<Number>(&self.rest[..end]) {
            Ok(number) => {
                self.rest = &self.rest[end..];
                Ok(Argument::Literal(Value::Number(number)))
            }
            Err(_) => Err(self.error(
                "expected a path, a text in single quotes, a number, true, false, null or a call",
            )),
        }
    }
}

/// A text without its escapes.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            text.extend(characters.next());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_read_with_every_kind_of_argument() {
        let call = Call::parse(
            "States.Array('it\\'s', $.a[0], $$.Execution.Id, 1.5, -2, null, true, States.UUID())",
        )
        .unwrap();
        assert_eq!(call.function, Function::Array);
        assert_eq!(call.arguments.len(), 8);
        assert_eq!(call.arguments[0], Argument::Text("it\\'s".to_owned()));
        assert!(matches!(&call.arguments[1], Argument::Path(path) if path.text == "$.a[0]"));
        assert!(matches!(&call.arguments[7], Argument::Call(call) if call.text == "States.UUID()"));
    }

    #[test]
    fn space_between_the_parts_does_not_matter() {
        let call = Call::parse(" States.MathAdd ( $.a , 1 ) ").unwrap();
        assert_eq!(call.arguments.len(), 2);
    }

    #[test]
    fn wrong_calls_are_refused_with_their_place() {
        let table = [
            ("States.Nothing()", 8, "no function 'States.Nothing'"),
            ("States.Array(1", 15, "expected ',' or ')'"),
            ("States.Array(1,)", 16, "expected a path"),
            ("States.Array('a)", 14, "not closed"),
            ("States.Array('a\\n')", 14, "can be escaped"),
            ("States.UUID(1)", 1, "takes 0 arguments, not 1"),
            ("States.MathAdd(1)", 1, "takes 2 arguments, not 1"),
            ("States.MathRandom(1)", 1, "takes 2 to 3 arguments"),
            ("States.Format()", 1, "at least 1"),
            ("States.Array($.)", 16, "expected a name"),
            ("States.UUID() x", 15, "unexpected text"),
        ];
        for (text, position, words) in table {
            let error = Call::parse(text).expect_err(text);
            assert!(error.message.contains(words), "{text}: {error}");
            assert_eq!(error.position, position, "{text}: {error}");
        }
    }

    #[test]
    fn calls_nest_ten_levels_and_no_deeper() {
        let nested =
            |levels: usize| format!("{}{}", "States.Array(".repeat(levels), ")".repeat(levels));
        assert!(Call::parse(&nested(10)).is_ok());
        assert!(
            Call::parse(&nested(11))
                .unwrap_err()
                .message
                .contains("10 levels")
        );
        assert!(Call::parse(&nested(50_000)).is_err());
    }
}
