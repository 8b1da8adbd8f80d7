//! Tables for people, out of JSON values.

use std::io::{IsTerminal, stdout};

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table};
use serde_json::Value;

use super::decode::has_colours;

/// A column: its heading, and what stands in it.
pub(super) type Column = (&'static str, fn(&Value) -> Value);

/// A table with a title; nothing if there are no rows.
pub(super) fn table(title: &str, rows: &Value, columns: &[Column]) -> String {
    let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else {
        return String::new();
    };
    let is_terminal = stdout().is_terminal();
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY);
    if is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    let is_colored = is_terminal && has_colours();
    if !is_colored {
        table.force_no_tty();
    }
    table.set_header(columns.iter().map(|(heading, _)| Cell::new(heading)));
    for row in rows {
        table.add_row(columns.iter().map(|(heading, value)| {
            let value = value(row);
            let cell = Cell::new(shown(&value));
            let cell = if value.is_number() {
                cell.set_alignment(CellAlignment::Right)
            } else {
                cell
            };
            let is_bad = matches!(*heading, "errors" | "unanswered" | "cause");
            if is_colored && is_bad && !matches!(shown(&value).as_str(), "" | "0") {
                cell.fg(Color::Yellow)
            } else {
                cell
            }
        }));
    }
    format!("{title}\n{table}\n\n")
}

/// A value as it is shown. Text of peers must not drive the terminal.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => safe(text),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(shown).collect();
            values.join(", ")
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<_> = members
                .map(|(name, value)| format!("{} {}", safe(name), shown(value)))
                .collect();
            members.join(", ")
        }
        value => value.to_string(),
    }
}

/// Text without characters that control the terminal.
pub(super) fn safe(text: &str) -> String {
    let mut bytes = Vec::new();
    kafka_capture::output::escape_text(&mut bytes, text);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Microseconds with a unit that suits them.
pub(super) fn time(microseconds: &Value) -> Value {
    let Some(value) = microseconds.as_f64() else {
        return Value::Null;
    };
    Value::from(if value < 1000.0 {
        format!("{value:.0} us")
    } else if value < 1_000_000.0 {
        format!("{:.1} ms", value / 1000.0)
    } else {
        format!("{:.2} s", value / 1_000_000.0)
    })
}

/// Bytes with a unit that suits them.
pub(super) fn bytes(count: &Value) -> Value {
    let Some(value) = count.as_f64() else {
        return Value::Null;
    };
    Value::from(if value < 10_000.0 {
        format!("{value:.0} B")
    } else if value < 10_000_000.0 {
        format!("{:.1} KB", value / 1000.0)
    } else {
        format!("{:.1} MB", value / 1_000_000.0)
    })
}
