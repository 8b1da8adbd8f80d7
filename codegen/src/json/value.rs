//! The values of JSON, and how they are read. Written here, as a crate for it would be a quarter of
//! what it costs to build this one.

use std::collections::BTreeMap;
use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// Keys and values.
    Object(Object),
}

/// Keys and values; of equal keys the last counts.
pub type Object = BTreeMap<String, Value>;

/// A number, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// The integer, if it is one that an int64 can say.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value {
    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The boolean that this is, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer that this is, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The text that this is, if it is some.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The list that this is, if it is one.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The object that this is, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// A text as JSON writes it.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// How deep lists and objects may be in one another.
const MAX_DEPTH: usize = 128;

/// What is wrong, and the text from there on.
pub(super) type Wrong<'t> = (&'static str, &'t str);

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Value, Wrong<'_>> {
    let mut reader = Reader { rest: text };
    reader.space();
    let value = reader.value(0)?;
    match reader.rest {
        "" => Ok(value),
        _ => reader.wrong("something comes after the end"),
    }
}

struct Reader<'t> {
    /// Begins with what is to be read next, never with a space.
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Result<Value, Wrong<'t>> {
        match self.rest.as_bytes().first() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'}' | b']') => self.wrong("a value is missing, or a comma too many"),
            None => self.wrong("the end comes too early"),
            _ => {
                for (word, value) in [
                    ("null", Value::Null),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                ] {
                    if self.eat(word) {
                        return Ok(value);
                    }
                }
                self.wrong("this is no value")
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong<'t>> {
        let mut object = Object::new();
        self.list('}', depth, |this| {
            if !this.rest.starts_with('"') {
                return this.wrong("a key in quotes is missing, or a comma too many");
            }
            let key = this.string()?;
            if !this.eat(":") {
                return this.wrong("a colon is missing");
            }
            let value = this.value(depth)?;
            object.insert(key, value);
            Ok(())
        })?;
        Ok(Value::Object(object))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Wrong<'t>> {
        let mut values = Vec::new();
        self.list(']', depth, |this| {
            values.push(this.value(depth)?);
            Ok(())
        })?;
        Ok(Value::Array(values))
    }

    /// What stands between a bracket and `end`, separated by commas.
    fn list(
        &mut self,
        end: char,
        depth: usize,
        mut item: impl FnMut(&mut Self) -> Result<(), Wrong<'t>>,
    ) -> Result<(), Wrong<'t>> {
        if depth > MAX_DEPTH {
            return self.wrong("lists and objects are too deep in one another");
        }
        self.skip(1);
        let end = end.encode_utf8(&mut [0; 4]).to_owned();
        if self.eat(&end) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(&end) {
                return Ok(());
            }
            if !self.eat(",") {
                return self.wrong("a comma or the end of the list is missing");
            }
        }
    }

    fn string(&mut self) -> Result<String, Wrong<'t>> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.skip(at + 1);
                    return Ok(text);
                }
                '\\' => match chars.next().and_then(|(_, c)| escaped(c, &mut chars)) {
                    Some(c) => text.push(c),
                    None => return self.wrong("an escape in this text is malformed"),
                },
                c if c < ' ' => return self.wrong("this text does not end on its line"),
                c => text.push(c),
            }
        }
        self.wrong("this text does not end")
    }

    fn number(&mut self) -> Result<Value, Wrong<'t>> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, _) = self.rest.split_at(length);
        let digits = number.strip_prefix('-').unwrap_or(number);
        let is_padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        let is_finite = number.parse::<f64>().is_ok_and(f64::is_finite);
        if is_padded || !digits.starts_with(|c: char| c.is_ascii_digit()) || !is_finite {
            return self.wrong("this is no number");
        }
        self.skip(length);
        Ok(Value::Number(Number(number.to_owned())))
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.rest.starts_with(word);
        if found {
            self.skip(word.len());
        }
        found
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.space();
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, Wrong<'t>> {
        Err((what, self.rest))
    }
}

/// The character that `\` and `c` stand for.
fn escaped(c: char, rest: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    Some(match c {
        '"' | '\\' | '/' => c,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let high = unit(rest)?;
            if !(0xd800..0xdc00).contains(&high) {
                return char::from_u32(high);
            }
            let low = match (rest.next()?, rest.next()?) {
                ((_, '\\'), (_, 'u')) => unit(rest)?,
                _ => return None,
            };
            let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?
        }
        _ => return None,
    })
}

/// Four hexadecimal digits.
fn unit(rest: &mut impl Iterator<Item = (usize, char)>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + rest.next()?.1.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_read() {
        let value = read(r#" { "a": [null, true, false, -1, 2.5e3, "x"], "b": {}, "b": [] } "#);
        let value = value.expect("it is right");
        let list = value.get("a").and_then(Value::as_array).expect("a list");
        let [null, yes, no, one, float, text] = &list[..] else {
            panic!("six values");
        };
        assert!(null.is_null());
        assert_eq!((yes.as_bool(), no.as_bool()), (Some(true), Some(false)));
        assert_eq!((one.as_i64(), float.as_i64()), (Some(-1), None));
        assert_eq!(text.as_str(), Some("x"));
        assert_eq!(value.get("b"), Some(&Value::Array(Vec::new())));
        assert_eq!(value.get("c"), None);
    }

    #[test]
    fn a_text_is_what_it_was_when_it_is_written_and_read() {
        let text = "a\"\\\n\r\t\u{1} é 😀 /";
        assert_eq!(read(&quoted(text)), Ok(Value::String(text.to_owned())));
        let escapes = r#""\u00e9\ud83d\ude00\/\b\f""#;
        assert_eq!(
            read(escapes),
            Ok(Value::String("é😀/\u{8}\u{c}".to_owned()))
        );
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_is() {
        let table = [
            ("", "the end comes too early", ""),
            ("[1,]", "a value is missing, or a comma too many", "]"),
            (
                "{\"a\":1,}",
                "a key in quotes is missing, or a comma too many",
                "}",
            ),
            (
                "{1:2}",
                "a key in quotes is missing, or a comma too many",
                "1:2}",
            ),
            ("{\"a\" 1}", "a colon is missing", "1}"),
            ("[1 2]", "a comma or the end of the list is missing", "2]"),
            ("{} x", "something comes after the end", "x"),
            ("#", "this is no value", "#"),
            ("True", "this is no value", "True"),
            ("01", "this is no number", "01"),
            ("-", "this is no number", "-"),
            ("1e999", "this is no number", "1e999"),
            ("1x", "this is no number", "1x"),
            ("-inf", "this is no number", "-inf"),
            ("\"a", "this text does not end", "\"a"),
            ("\"a\n\"", "this text does not end on its line", "\"a\n\""),
            (r#""\x""#, "an escape in this text is malformed", r#""\x""#),
            (
                r#""\ud800\u0041""#,
                "an escape in this text is malformed",
                r#""\ud800\u0041""#,
            ),
        ];
        for (text, wrong, rest) in table {
            assert_eq!(read(text), Err((wrong, rest)), "{text}");
        }
        let deep = "[".repeat(MAX_DEPTH + 1);
        let wrong = "lists and objects are too deep in one another";
        assert_eq!(read(&deep).unwrap_err().0, wrong);
    }
}
