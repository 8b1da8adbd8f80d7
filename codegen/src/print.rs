//! Prints generated code as rustfmt lays it out, for compilers, debuggers and readers of the documentation.
//! A formatter needs a parser of all of Rust; this one knows what the templates use.

mod entries;
mod expression;
mod lexeme;
mod line;

use proc_macro2::{Delimiter, TokenStream};

use entries::Element;
use lexeme::Lexeme;
use line::{Limits, Spaces, brackets, has_lines, line};

/// Maximum number of columns.
const WIDTH: usize = 100;

/// The text of generated code.
pub fn print(tokens: TokenStream) -> String {
    let mut printer = Printer {
        out: String::new(),
        indent: 0,
        limits: Limits::RUSTFMT,
    };
    printer.block(&Lexeme::all(tokens));
    printer.out
}

struct Printer {
    out: String,
    indent: usize,
    limits: Limits,
}

impl Printer {
    /// The entries of a block on lines of their own, items with bodies apart from the others.
    fn block(&mut self, block: &[Lexeme]) {
        let mut after_item = None;
        let entries = Element::all(block);
        for (at, entry) in entries.iter().enumerate() {
            let (is_item, is_macro) = (entry.is_item(), entry.is_macro());
            // A macro that follows an item is about it.
            if after_item.is_some_and(|after_item| is_item || after_item && !is_macro) {
                self.out.push('\n');
            }
            let limits = self.limits;
            for attribute in &entry.attributes {
                self.attribute(attribute);
            }
            self.new_line();
            match entry.lexemes.split_last() {
                _ if is_item || is_macro => self.item(entry.lexemes, is_macro),
                Some((Lexeme::Operator(end), lexemes)) if end == "," || end == ";" => {
                    self.statement(lexemes, end, true);
                }
                _ => self.statement(entry.lexemes, "", at + 1 < entries.len()),
            }
            self.limits = limits;
            after_item = Some(is_item || is_macro);
        }
    }

    /// A line for an attribute; documentation as a comment. Tables that rustfmt is to leave alone have no limits.
    fn attribute(&mut self, attribute: &[Lexeme]) {
        self.new_line();
        if let Some(text) = documentation(attribute) {
            return self.out.extend(["///", &text]);
        }
        let text = line(attribute, usize::MAX, Limits::NONE).unwrap_or_default();
        if text == "rustfmt::skip" {
            self.limits = Limits::NONE;
        }
        self.out.extend(["#[", &text, "]"]);
    }

    /// An item with its body. Macros with braces are laid out by nobody else.
    fn item(&mut self, item: &[Lexeme], is_macro: bool) {
        let Some((Lexeme::Group(_, body), header)) = item.split_last() else {
            return;
        };
        if is_macro {
            self.limits = Limits::NONE;
            if let Some(line) = line(item, self.room(), self.limits) {
                return self.out.push_str(&line);
            }
        }
        self.whole(header);
        self.out.push(' ');
        if is_macro && !has_lines(body) {
            self.list('{', body, '}');
        } else {
            self.braces(body);
        }
    }

    fn braces(&mut self, inside: &[Lexeme]) {
        self.out.push('{');
        if !inside.is_empty() {
            self.indent += 1;
            self.block(inside);
            self.indent -= 1;
            self.new_line();
        }
        self.out.push('}');
    }

    /// Lexemes on one line, however long, but for the blocks among them.
    fn whole(&mut self, lexemes: &[Lexeme]) {
        if let Some(line) = line(lexemes, usize::MAX, Limits::NONE) {
            return self.out.push_str(&line);
        }
        let mut spaces = Spaces::default();
        for lexeme in lexemes {
            if spaces.before(lexeme) {
                self.out.push(' ');
            }
            match lexeme {
                Lexeme::Word(text) | Lexeme::Operator(text) => self.out.push_str(text),
                Lexeme::Group(Delimiter::Brace, inside) => self.braces(inside),
                Lexeme::Group(delimiter, inside) => {
                    let (open, close) = brackets(*delimiter);
                    self.out.push(open);
                    self.whole(inside);
                    self.out.push(close);
                }
            }
        }
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("    ", self.indent));
    }

    /// How much more fits on the line.
    fn room(&self) -> usize {
        let line = self.out.rfind('\n').map_or(0, |end| end + 1);
        WIDTH.saturating_sub(self.out.len() - line)
    }
}

/// The text of a documentation attribute, if a comment can say it.
fn documentation(attribute: &[Lexeme]) -> Option<String> {
    let [doc, equals, Lexeme::Word(literal)] = attribute else {
        return None;
    };
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let text = text.replace("\\\"", "\"");
    let can_be_said = !text.contains('\\') && (text.is_empty() || text.starts_with(' '));
    (doc.is_word("doc") && equals.is("=") && can_be_said).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_printed(text: &str) {
        let tokens = text.parse().expect("tokens");
        assert_eq!(print(tokens) + "\n", text);
    }

    #[test]
    fn items_with_bodies_stand_apart_and_macros_about_them_do_not() {
        assert_printed(
            r#"use crate::generated::*;

/// A message.
///
/// Versions "0" to `1`.
#[derive(Clone, Debug)]
pub struct Topic<'a> {
    /// A name.
    pub name: Option<Cow<'a, str>>,
    pub id: Uuid,
}

impl Message for Topic<'_> {
    const NAME: &'static str = "Topic";
    const FIRST: i16 = -1;

    fn write(&self) -> Result<(), Error> {
        Ok(())
    }
}
into_owned! { Topic, name, id }

impl<'a> Topic<'a> {
    const fn min_size(_: Version) -> usize {
        14
    }

    fn new() -> Self {
        Self {
            name,
            ..Default::default()
        }
    }
}
"#,
        );
    }

    #[test]
    fn what_is_wider_than_rustfmt_allows_is_broken() {
        assert_printed(
            r#"fn read(r: &mut ReadCursor<'a>, v: Version) -> Self {
    if v.0 >= 3 {
        w.i16(self.leader);
    }
    let leader = if v.0 >= 4 { r.i32() } else { -1 };
    let topics = if v.0 >= 4 {
        r.nullable_structs(e, v)
    } else {
        Some(Vec::new())
    };
    w.nullable_structs(
        e,
        self.forgotten_topics_data.as_deref(),
        "forgotten_topics_data",
        v,
    );
    w.array(e, &self.coordinator_keys, "coordinator_keys", |w, value| {
        w.string(e, value, "")
    });
    tags.field(1, v.0 >= 3 && self.finalized_features != -1, |w| {
        w.i64(self.finalized_features_epoch);
    });
    self.eligible_leader_replicas_of_the_partition_that_was_named =
        r.nullable_tagged_struct(EligibleLeaderReplicas::read);
    match tag.number {
        0 => self.name = r.string(e),
        1 => {
            self.eligible_leader_replicas_of_the_partition_that_was_named = r.nullable_structs(e)
        }
        2..=3 => {
            r.unknown_tag(tag);
            continue;
        }
        ApiKey::AddOffsetsToTransaction
        | ApiKey::AddPartitionsToTransaction
        | ApiKey::DescribeTransactions
        | ApiKey::ListTransactions
            if v.0 >= 1 =>
        {
            r.i16();
        }
    }
}
"#,
        );
    }

    #[test]
    fn tables_that_rustfmt_skips_have_rows_of_any_width_that_fits() {
        assert_printed(
            r#"#[rustfmt::skip]
pub(crate) mod schema {
    static TOPIC: StructSchema = structure("Topic", &[
        Field::int32("throttleTimeMs", "throttle_time_ms", 1, 18).nullable(1, 2).ignorable(),
        Field::structure("eligibleLeaderReplicas", "eligible_leader_replicas", &REPLICAS, 0, 18)
            .array().nullable(4, 18).ignorable(),
    ]).element(&[(11, 6), (12, 3), (18, 18)]);
    static ELIGIBLE_LEADER_REPLICAS_OF_PARTITION: Schema =
        Schema::new("EligibleLeaderReplicasOfPartition", Kind::Response, Some(1), 0, 18);
}
"#,
        );
    }

    #[test]
    fn the_rows_of_a_table_are_lines() {
        assert_printed(
            r#"rows! {
    /// Fetch, key 1.
    Fetch = 1, versions 0 to 18, request [(0, 1), (12, 2)];
    Metadata = 3, versions 0 to 13, request [];
}

macro_rules! all {
    ($callback:ident) => {
        $callback! {
            Fetch,
            Metadata,
        }
    };
}
"#,
        );
    }

    #[test]
    fn documentation_that_no_comment_can_say_stays_an_attribute() {
        assert_printed("#[doc = \" one\\ntwo\"]\n#[doc = \"/ three\"]\nstruct One;\n");
    }
}
