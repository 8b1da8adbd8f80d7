//! Tables for people, out of JSON values.

use std::io::{IsTerminal, stdout};

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Color, ColumnConstraint, Table, Width};
use serde_json::Value;

use super::decode::has_colours;

/// A column: its heading, and what stands in it.
pub(super) type Column = (&'static str, fn(&Value) -> Value);

/// A number of things, of which there may be one.
pub(super) fn count(number: &Value, one: &str, many: &str) -> String {
    let noun = if *number == 1 { one } else { many };
    format!("{number} {noun}")
}

/// How many rows a table has.
const MAX_ROWS: usize = 200;
/// The least width of a column whose text is long, unless a word of it is longer.
const MIN_LONG: usize = 16;
/// The columns that are left out first where the terminal is too narrow for all.
const LEFT_OUT_FIRST: &[&str] = &[
    "mean",
    "acks=0",
    "throttle ms",
    "versions",
    "received",
    "sent",
    "batch max",
    "records p50",
    "sequence",
    "producer",
    "sasl",
    "ApiVersions",
    "tls",
    "tcp",
    "first",
    "joined",
    "brokers",
    "member id",
    "p50",
    "fetch errors",
    "groups",
    "batches",
    "unanswered",
    "responses",
    "twice",
    "records",
    "attempts",
    "opened",
    "max",
    "connection",
];

/// A table with a title; nothing if there are no rows.
pub(super) fn table(title: &str, rows: &Value, columns: &[Column]) -> String {
    let is_terminal = stdout().is_terminal();
    let width = Table::new().width().filter(|_| is_terminal);
    table_of_width(title, rows, columns, width.map(usize::from))
}

fn table_of_width(title: &str, rows: &Value, columns: &[Column], width: Option<usize>) -> String {
    let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else {
        return String::new();
    };
    let is_colored = width.is_some() && has_colours();
    let mut cells: Vec<Cells> = columns
        .iter()
        .map(|(heading, value)| Cells::new(heading, rows.iter().take(MAX_ROWS).map(value)))
        .collect();
    let left_out = width.map_or_else(Vec::new, |width| fit(&mut cells, width));
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY);
    if !is_colored {
        table.force_no_tty();
    }
    table.set_header(cells.iter().map(|column| Cell::new(column.heading)));
    for row in 0..rows.len().min(MAX_ROWS) {
        table.add_row(cells.iter().map(|column| column.cell(row, is_colored)));
    }
    for (column, cells) in table.column_iter_mut().zip(&cells) {
        if let Some(width) = cells.given {
            let width = u16::try_from(width).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    let mut text = title.to_owned();
    if !left_out.is_empty() {
        text += &format!(" (no room for: {})", left_out.join(", "));
    }
    text += &format!("\n{table}\n");
    if rows.len() > MAX_ROWS {
        let more = rows.len() - MAX_ROWS;
        text += &format!("and {more} more, which --format json has\n");
    }
    text + "\n"
}

/// What stands in a column.
struct Cells {
    heading: &'static str,
    values: Vec<Value>,
    texts: Vec<String>,
    /// The width of the longest text.
    wide: usize,
    /// The width that it can do with.
    least: usize,
    /// The width that it gets, with a space on either side.
    given: Option<usize>,
    /// Whether there is nothing in it, or nothing but 0.
    is_empty: bool,
}

impl Cells {
    fn new(heading: &'static str, values: impl Iterator<Item = Value>) -> Self {
        let values: Vec<_> = values.collect();
        let texts: Vec<_> = values.iter().map(shown).collect();
        let width = |text: &str| text.chars().count();
        let longest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or_default();
        let wide = longest(&mut texts.iter().map(|text| width(text))).max(width(heading));
        let words = texts.iter().flat_map(|text| text.split(' '));
        let word = longest(&mut words.map(width));
        Self {
            heading,
            values,
            wide,
            is_empty: texts.iter().all(|text| matches!(&**text, "" | "0")),
            least: wide.min(word.max(width(heading)).max(MIN_LONG)),
            texts,
            given: None,
        }
    }

    fn cell(&self, row: usize, is_colored: bool) -> Cell {
        let text = self.texts.get(row).map_or("", String::as_str);
        let is_number = self.values.get(row).is_some_and(Value::is_number);
        let mut cell = Cell::new(text);
        if is_number {
            cell = cell.set_alignment(CellAlignment::Right);
        }
        let is_bad = matches!(self.heading, "errors" | "unanswered" | "cause");
        if is_colored && is_bad && !matches!(text, "" | "0") {
            cell = cell.fg(Color::Yellow);
        }
        cell
    }
}

/// Gives columns their widths, so that no word is broken. Returns the headings of those that are left out for it.
fn fit(cells: &mut Vec<Cells>, width: usize) -> Vec<&'static str> {
    // A space on either side of each column, and a line before, between and after them.
    let total = |cells: &[Cells], of: fn(&Cells) -> usize| {
        cells.iter().map(|each| of(each) + 3).sum::<usize>() + 1
    };
    if total(cells, |each| each.wide) <= width {
        return Vec::new();
    }
    let mut left_out: Vec<(usize, Cells)> = Vec::new();
    let order: Vec<_> = cells.iter().map(|each| each.heading).collect();
    let place = |heading: &str| order.iter().position(|each| *each == heading).unwrap_or(0);
    // Columns that say nothing go before all others.
    let empty = cells.iter().filter(|each| each.is_empty);
    let empty: Vec<_> = empty.map(|each| each.heading).collect();
    let last_ones = order.iter().skip(2).rev();
    for heading in empty.iter().chain(LEFT_OUT_FIRST).chain(last_ones) {
        if total(cells, |each| each.least) <= width {
            break;
        }
        if let Some(at) = cells.iter().position(|each| each.heading == *heading) {
            left_out.push((place(heading), cells.remove(at)));
        }
    }
    // Some may have gone in vain.
    let mut headings = Vec::new();
    while let Some((at, column)) = left_out.pop() {
        if total(cells, |each| each.least) + column.least + 3 <= width {
            let before = |each: &Cells| place(each.heading) < at;
            cells.insert(cells.iter().filter(|each| before(each)).count(), column);
        } else {
            headings.insert(0, column.heading);
        }
    }
    // What is left over goes to the columns that need it, the first ones first.
    let mut free = width.saturating_sub(total(cells, |each| each.least));
    for each in cells {
        let more = free.min(each.wide - each.least);
        free -= more;
        each.given = Some(each.least + more + 2);
    }
    headings
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

/// The time of day of a time, to the millisecond.
pub(super) fn clock(time: &Value) -> Value {
    let clock = time.as_str().and_then(|time| time.get(11..23));
    clock.map_or(Value::Null, Value::from)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[Column] = &[
        ("API", |row| row["api"].clone()),
        ("requests", |row| row["requests"].clone()),
        ("mean", |row| row["mean"].clone()),
        ("errors", |row| row["errors"].clone()),
    ];

    fn rows() -> Value {
        json!([
            {"api": "Produce", "requests": 12, "mean": "1.5 ms", "errors": {
                "NOT_LEADER_OR_FOLLOWER": 3, "REQUEST_TIMED_OUT": 1, "MESSAGE_TOO_LARGE": 2}},
            {"api": "ConsumerGroupHeartbeat", "requests": 3, "mean": "210.0 ms", "errors": {}},
        ])
    }

    #[test]
    fn a_table_is_never_wider_than_the_terminal_and_breaks_no_word() {
        for width in 62..140 {
            let text = table_of_width("By API", &rows(), COLUMNS, Some(width));
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width), "{width}\n{text}");
            for word in [
                "ConsumerGroupHeartbeat",
                "NOT_LEADER_OR_FOLLOWER",
                "MESSAGE_TOO_LARGE",
            ] {
                assert!(text.contains(word), "{width}\n{text}");
            }
        }
    }

    #[test]
    fn columns_without_room_are_named() {
        let text = table_of_width("By API", &rows(), COLUMNS, Some(66));
        assert!(text.starts_with("By API (no room for: mean)\n"), "{text}");
        let text = table_of_width("By API", &rows(), COLUMNS, None);
        assert!(
            text.starts_with("By API\n") && text.contains("210.0 ms"),
            "{text}"
        );
    }

    #[test]
    fn rows_beyond_the_limit_are_counted() {
        let rows: Vec<_> = (0..MAX_ROWS + 7).map(|i| json!({"requests": i})).collect();
        let text = table_of_width("All", &Value::from(rows), COLUMNS, None);
        assert!(
            text.contains("\nand 7 more, which --format json has\n"),
            "{text}"
        );
    }
}
