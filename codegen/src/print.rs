//! Prints generated code so that compilers, debuggers and readers of the documentation see lines: one an item, a
//! statement and a field. A formatter would need a parser of all of Rust; this knows what the templates use.

mod entries;
mod lexeme;
mod line;

use proc_macro2::TokenStream;

use entries::{Element, arguments};
use lexeme::Lexeme;
use line::{Spaces, brackets, line};

/// How long a line gets, where there is a place to break it.
const WIDTH: usize = 100;

/// What may stand after the last argument on its line: `)?;`.
const CLOSING: usize = 3;

/// The text of generated code.
pub fn print(tokens: TokenStream) -> String {
    let mut printer = Printer::default();
    printer.block(&Lexeme::all(tokens));
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    /// The entries of a block on lines of their own, items with bodies apart from the others.
    fn block(&mut self, block: &[Lexeme]) {
        let mut after_item = None;
        for entry in Element::all(block) {
            let is_item = entry.is_item();
            // What follows an item in parentheses is a macro about it.
            let is_macro = entry.lexemes.get(1).is_some_and(|lexeme| lexeme.is("!"));
            if after_item.is_some_and(|after_item| is_item || after_item && !is_macro) {
                self.out.push('\n');
            }
            let attributes = entry.attributes.iter();
            for attribute in attributes.filter(|attribute| !is_mark(attribute)) {
                self.attribute(attribute);
            }
            self.entry(&entry);
            after_item = Some(is_item || is_macro);
        }
    }

    /// A line for an attribute; documentation as a comment.
    fn attribute(&mut self, attribute: &[Lexeme]) {
        self.new_line();
        if let Some(text) = documentation(attribute) {
            self.out.push_str("///");
            self.out.push_str(&text);
            return;
        }
        self.out.push_str("#[");
        self.lexemes(attribute, false);
        self.out.push(']');
    }

    fn entry(&mut self, entry: &Element<'_>) {
        self.new_line();
        for mark in entry.attributes.iter().filter(|mark| is_mark(mark)) {
            self.out.push_str("#[");
            self.lexemes(mark, false);
            self.out.push_str("] ");
        }
        let is_item = entry.is_item();
        match line(entry.lexemes, &mut Spaces::default(), self.room()) {
            Some(line) if !is_item => self.out.push_str(&line),
            _ => self.lexemes(entry.lexemes, true),
        }
    }

    /// Lexemes that go on from line to line, their `blocks` broken or only those that must be. The alternatives of a
    /// pattern fill their lines.
    fn lexemes(&mut self, mut lexemes: &[Lexeme], blocks: bool) {
        let mut spaces = Spaces::default();
        while let [lexeme, rest @ ..] = lexemes {
            let space = spaces.before(lexeme);
            if spaces.is_alternative(lexeme) && !self.has_room_for(alternative(rest)) {
                self.new_line();
            } else if space {
                self.out.push(' ');
            }
            self.lexeme(lexeme, blocks);
            lexemes = rest;
        }
    }

    /// Whether an alternative of a pattern still fits on the line, with what comes before and after it.
    fn has_room_for(&self, alternative: &[Lexeme]) -> bool {
        let room = self.room().saturating_sub(" | ".len() + CLOSING);
        line(alternative, &mut Spaces::default(), room).is_some()
    }

    fn lexeme(&mut self, lexeme: &Lexeme, blocks: bool) {
        let (delimiter, inside) = match lexeme {
            Lexeme::Word(text) | Lexeme::Operator(text) => return self.out.push_str(text),
            Lexeme::Group(delimiter, inside) => (*delimiter, inside),
        };
        let is_block = lexeme.braces().is_some();
        if is_block && blocks {
            return self.braces(inside);
        }
        let room = self.room().saturating_sub(CLOSING);
        match line(std::slice::from_ref(lexeme), &mut Spaces::default(), room) {
            Some(line) => self.out.push_str(&line),
            None if is_block => self.braces(inside),
            None if lexeme.rows().is_some() => self.rows(inside),
            None => {
                let (open, close) = brackets(delimiter);
                self.out.push(open);
                self.arguments(inside);
                self.out.push(close);
            }
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

    /// The rows of a table, a line each, however long.
    fn rows(&mut self, inside: &[Lexeme]) {
        self.out.push('[');
        self.indent += 1;
        for row in arguments(inside) {
            self.new_line();
            match line(row, &mut Spaces::default(), usize::MAX) {
                Some(line) => self.out.push_str(&line),
                None => self.lexemes(row, false),
            }
        }
        self.indent -= 1;
        self.new_line();
        self.out.push(']');
    }

    /// Arguments that fill their lines. What comes before a block that breaks is all that must fit.
    fn arguments(&mut self, inside: &[Lexeme]) {
        let indent = self.indent;
        let all = arguments(inside);
        for (index, argument) in all.iter().enumerate() {
            let has_lines = |lexeme: &Lexeme| lexeme.braces().is_some() || lexeme.rows().is_some();
            let block = argument.iter().position(has_lines);
            let start = argument.split_at(block.unwrap_or(argument.len())).0;
            let room = self.room().saturating_sub(" ".len() + CLOSING);
            let fits = line(start, &mut Spaces::default(), room).is_some();
            if !fits {
                self.indent = indent + 1;
                self.new_line();
            } else if index > 0 {
                self.out.push(' ');
            }
            self.lexemes(argument, false);
        }
        self.indent = indent;
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

/// The first of the alternatives of a pattern; with what stands before the block if it is the last.
fn alternative(pattern: &[Lexeme]) -> &[Lexeme] {
    let mut lexemes = pattern.iter();
    let end = lexemes.position(|lexeme| lexeme.is("|") || lexeme.braces().is_some());
    pattern.split_at(end.unwrap_or(pattern.len())).0
}

/// Whether an attribute is a word for the compiler, which stands on the line of its function: there
/// is one for nearly every function.
fn is_mark(attribute: &[Lexeme]) -> bool {
    matches!(attribute, [word] if word.is_word("inline") || word.is_word("cold"))
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
into_owned!(Topic, name, id);

impl<'a> Topic<'a> {
    const fn min_size(_: Version) -> usize { 14 }

    fn new() -> Self {
        Self { name, ..Default::default() }
    }
}
"#,
        );
    }

    #[test]
    fn what_fits_shares_a_line_and_what_does_not_is_broken() {
        assert_printed(
            r#"fn read(r: &mut ReadCursor<'a>, v: Version) -> Result<Self, DecodeError> {
    if v.0 >= 3 { r.i32()? } else { -1 }
    if v.0 >= 4 {
        w.array(e, &self.forgotten_topics_data, "forgotten_topics_data",
            |w, value| value.write(w, v))?
    } else {
        absent(!self.forgotten_topics_data.is_empty(), "forgotten_topics_data")?
    }
    tags.field(1, v.0 >= 3 && self.finalized_features_epoch != -1, |w| {
        w.i64(self.finalized_features_epoch);
        Ok(())
    })?;
    self.eligible_leader_replicas_of_the_partition = r.nullable_tagged_struct(
        |r| EligibleLeaderReplicas::read(r, v))?;
    match tag.number {
        0 => self.name = r.string(e)?,
        1..=3 => {
            r.unknown_tag(tag)?;
            continue;
        }
        ApiKey::AddOffsetsToTransaction | ApiKey::AddPartitionsToTransaction | ApiKey::Metadata
        | ApiKey::DescribeTransactions | ApiKey::ListTransactions if v.0 >= 1 => {
            r.i16();
            r.array(e, 6, |r| r.i16());
        }
    }
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
