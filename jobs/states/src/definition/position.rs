//! JSON with positions: a small scanner that remembers where everything stands in the text.

use serde_json::{Number, Value};

/// A value and the byte offset at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) offset: usize,
    pub(super) json: Json,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_offset: usize,
    pub(super) value: Node,
}

/// A text that is not JSON: the parser's words, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    pub(super) message: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Node {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> Result<Node, NotJson> {
        // The real parser decides what JSON is (and how deep it may be); the scanner below then
        // only has to find its way through a text that is known to be right.
        if let Err(error) = serde_json::from_str::<Value>(text) {
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let message = error.to_string();
            let (line, column) = (count(error.line().max(1)), count(error.column().max(1)));
            return Err(NotJson {
                message,
                line,
                column,
            });
        }
        let mut scanner = Scanner { text, offset: 0 };
        scanner.value().ok_or_else(|| NotJson {
            message: "unexpected end of the text".to_owned(),
            line: 1,
            column: 1,
        })
    }

    /// The value without its positions. The last of equal keys wins.
    pub(super) fn to_value(&self) -> Value {
        match &self.json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.clone()),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => items.iter().map(Node::to_value).collect(),
            Json::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|member| (member.key.clone(), member.value.to_value()))
                    .collect(),
            ),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.json, Json::Null)
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.json {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// Line and column (in characters) of a byte offset, both from 1.
pub(super) fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (count(line), count(column))
}

/// Walks over a text that is known to be JSON. Gives nothing instead of failing where it is not.
struct Scanner<'t> {
    text: &'t str,
    offset: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.offset), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.offset += 1;
        }
        bytes.get(self.offset).copied()
    }

    /// Skips one character if it comes next.
    fn eat(&mut self, character: u8) -> bool {
        let found = self.peek() == Some(character);
        self.offset += usize::from(found);
        found
    }

    fn value(&mut self) -> Option<Node> {
        let first = self.peek()?;
        let offset = self.offset;
        let json = match first {
            b'{' => Json::Object(self.object()?),
            b'[' => Json::Array(self.array()?),
            b'"' => Json::String(self.string()?),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => Json::Number(self.number()?),
        };
        Some(Node { offset, json })
    }

    fn word(&mut self, word: &str, json: Json) -> Json {
        self.offset += word.len();
        json
    }

    fn object(&mut self) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        self.eat(b'{');
        while !self.eat(b'}') {
            self.peek()?;
            let key_offset = self.offset;
            let key = self.string()?;
            self.eat(b':');
            members.push(Member {
                key,
                key_offset,
                value: self.value()?,
            });
            self.eat(b',');
        }
        Some(members)
    }

    fn array(&mut self) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        self.eat(b'[');
        while !self.eat(b']') {
            items.push(self.value()?);
            self.eat(b',');
        }
        Some(items)
    }

    fn string(&mut self) -> Option<String> {
        let start = self.offset;
        let bytes = self.text.as_bytes();
        self.offset += 1;
        loop {
            match bytes.get(self.offset)? {
                b'"' => break,
                b'\\' => self.offset += 2,
                _ => self.offset += 1,
            }
        }
        self.offset += 1;
        serde_json::from_str(self.text.get(start..self.offset)?).ok()
    }

    fn number(&mut self) -> Option<Number> {
        let rest = self.text.get(self.offset..)?;
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        self.offset += end;
        serde_json::from_str(&rest[..end]).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_remembers_where_it_stands() {
        let text = "{\n  \"ä\": [1, {\"b\\\"\": null}],\n  \"c\" : -1.5e3 }";
        let node = Node::parse(text).unwrap();
        let Json::Object(members) = &node.json else {
            panic!("{node:?}")
        };
        assert_eq!(line_and_column(text, node.offset), (1, 1));
        assert_eq!(line_and_column(text, members[0].key_offset), (2, 3));
        assert_eq!(line_and_column(text, members[0].value.offset), (2, 8));
        let Json::Array(items) = &members[0].value.json else {
            panic!("{members:?}")
        };
        assert_eq!(line_and_column(text, items[1].offset), (2, 12));
        assert_eq!(line_and_column(text, members[1].value.offset), (3, 9));
        assert_eq!(
            node.to_value(),
            json!({"ä": [1, {"b\"": null}], "c": -1500.0})
        );
    }

    #[test]
    fn a_text_that_is_not_json_is_refused_with_its_place() {
        let error = Node::parse("{\n  \"a\": x}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 8));
        assert!(Node::parse("").is_err());
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_scanner_agrees_with_the_parser(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            prop_assert_eq!(Node::parse(&text).unwrap().to_value(), value);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let parsed = Node::parse(&text);
            prop_assert_eq!(parsed.is_ok(), serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
