//! Values as a page shows them, with what they are sorted by. Text of peers is made safe here; templates escape it.

use std::fmt::Write as _;

use serde_json::Value;

/// What stands in a cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number {
        text: String,
        value: f64,
    },
    /// A number or a text that something is wrong with.
    Bad(Box<Self>),
}

impl Cell {
    /// Marks the cell, unless it says that there is nothing.
    pub(super) fn bad(self) -> Self {
        match self {
            Self::Number { value: 0.0, .. } => self,
            Self::Text(_) | Self::Number { .. } => Self::Bad(Box::new(self)),
            other => other,
        }
    }
}

fn at<'v>(row: &'v Value, path: &str) -> &'v Value {
    let mut value = row;
    for name in path.split('.') {
        value = value.get(name).unwrap_or(&Value::Null);
    }
    value
}

/// A text, a number, a list or counts, as they are.
pub(super) fn plain(row: &Value, path: &str) -> Cell {
    of(at(row, path))
}

pub(super) fn of(value: &Value) -> Cell {
    match value {
        Value::Number(number) => Cell::Number {
            text: grouped(&number.to_string()),
            value: number.as_f64().unwrap_or_default(),
        },
        value => match text(value) {
            text if text.is_empty() => Cell::Empty,
            text => Cell::Text(text),
        },
    }
}

/// The length of a list.
pub(super) fn length(row: &Value, path: &str) -> Cell {
    let length = at(row, path).as_array().map_or(0, Vec::len);
    of(&Value::from(length))
}

/// Microseconds.
pub(super) fn time(row: &Value, path: &str) -> Cell {
    match at(row, path).as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "it is far less than 2^63")]
        Some(value) => Cell::Number {
            text: duration(value as i64),
            value,
        },
        None => Cell::Empty,
    }
}

/// Bytes.
pub(super) fn bytes(row: &Value, path: &str) -> Cell {
    match at(row, path).as_f64() {
        Some(value) => Cell::Number {
            text: size(value),
            value,
        },
        None => Cell::Empty,
    }
}

/// A point in time, in UTC, without its date.
pub(super) fn clock(row: &Value, path: &str) -> Cell {
    let Some(text) = at(row, path).as_str() else {
        return Cell::Empty;
    };
    let (Some(time), Some(nanoseconds)) = (text.split_once('T'), super::data::parse(text)) else {
        return Cell::Empty;
    };
    #[expect(clippy::cast_precision_loss, reason = "it is good to a microsecond")]
    let value = nanoseconds as f64;
    Cell::Number {
        text: time.1.get(..12).unwrap_or(time.1).to_owned(),
        value,
    }
}

/// A value as text: lists and counts with commas.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => safe(text),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(text).collect();
            values.join(", ")
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<_> = members
                .map(|(name, value)| format!("{} {}", safe(name), text(value)))
                .collect();
            members.join(", ")
        }
        value => value.to_string(),
    }
}

/// Text without characters that change the text around them.
pub(super) fn safe(text: &str) -> String {
    let mut bytes = Vec::new();
    crate::output::escape_text(&mut bytes, text);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A number with spaces between its thousands.
pub(super) fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    if digits.len() <= 4 || digits.contains(['.', 'e']) {
        return format!("{sign}{digits}");
    }
    let mut text = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Microseconds with a unit that suits them.
pub(super) fn duration(microseconds: i64) -> String {
    let tenths = |unit: i64| {
        let tenths = microseconds / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match microseconds {
        ..1000 => format!("{microseconds} µs"),
        1000..10_000 => format!("{} ms", tenths(1000)),
        10_000..1_000_000 => format!("{} ms", microseconds / 1000),
        1_000_000..60_000_000 => format!("{} s", tenths(1_000_000)),
        _ => {
            let seconds = microseconds / 1_000_000;
            let mut text = String::new();
            if seconds >= 3600 {
                let _ = write!(text, "{} h ", seconds / 3600);
            }
            let _ = write!(text, "{} min", seconds / 60 % 60);
            if seconds < 3600 {
                let _ = write!(text, " {} s", seconds % 60);
            }
            text
        }
    }
}

fn size(bytes: f64) -> String {
    if bytes < 1000.0 {
        format!("{bytes:.0} B")
    } else if bytes < 1_000_000.0 {
        format!("{:.1} KB", bytes / 1000.0)
    } else if bytes < 1_000_000_000.0 {
        format!("{:.1} MB", bytes / 1_000_000.0)
    } else {
        format!("{:.1} GB", bytes / 1_000_000_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units_that_suit_them() {
        let times = [
            (999, "999 µs"),
            (1_250, "1.2 ms"),
            (45_999, "45 ms"),
            (4_460_000, "4.4 s"),
            (61_000_000, "1 min 1 s"),
            (7_260_000_000, "2 h 1 min"),
        ];
        for (microseconds, text) in times {
            assert_eq!(duration(microseconds), text);
        }
        assert_eq!(grouped("1234567"), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped("-12345"), "-12\u{202f}345");
        assert_eq!(grouped("1234"), "1234");
        assert_eq!(size(1_500_000.0), "1.5 MB");
    }

    #[test]
    fn text_of_peers_cannot_turn_the_text_around_it() {
        let row = serde_json::json!({ "a": "x\u{202e}y\u{0}", "b": { "\u{7}": 3 } });
        assert_eq!(plain(&row, "a"), Cell::Text(r"x\u{202e}y\u{0}".to_owned()));
        assert_eq!(plain(&row, "b"), Cell::Text(r"\u{7} 3".to_owned()));
    }
}
