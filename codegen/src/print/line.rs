//! Lexemes on one line: where a space goes. It knows just as much Rust as the templates use, in which `<`
//! always opens generics, `[` never indexes, and nothing is subtracted, multiplied or masked.

use proc_macro2::Delimiter;

use super::lexeme::Lexeme;

/// Decides, lexeme by lexeme, where a space goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Spaces {
    last: Last,
    in_closure: bool,
}

/// What the last lexeme means for the next one.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
enum Last {
    /// Nothing stands before, or something that the next lexeme clings to: `(`, `&`, `.`.
    #[default]
    Clings,
    /// A value or a type that may be called: parentheses cling to it.
    Callee,
    /// The `!` of a macro: brackets cling to it, but for braces.
    Bang,
    /// The name of a parameter of a macro, whose colon has no space after it.
    Parameter,
    /// A keyword or an operator, after which a prefix operator may stand.
    Operator,
    /// Anything else.
    Other,
}

/// Words that are not values, so that parentheses after them are not arguments.
const KEYWORDS: [&str; 11] = [
    "as", "else", "if", "in", "let", "match", "move", "mut", "return", "use", "while",
];

impl Spaces {
    /// Returns `true` if a space goes before `lexeme`, which becomes the last one.
    pub(super) fn before(&mut self, lexeme: &Lexeme) -> bool {
        let last = self.last;
        let (space, last) = match lexeme {
            Lexeme::Word(word) if KEYWORDS.contains(&word.as_str()) => (true, Last::Operator),
            Lexeme::Word(word) if word.starts_with('$') => (true, Last::Parameter),
            Lexeme::Word(_) => (true, Last::Callee),
            Lexeme::Group(Delimiter::Parenthesis, _) => {
                (!matches!(last, Last::Callee | Last::Bang), Last::Callee)
            }
            Lexeme::Group(Delimiter::Bracket, _) => (last != Last::Bang, Last::Callee),
            Lexeme::Group(..) => (true, Last::Other),
            Lexeme::Operator(text) => self.operator(text),
        };
        let clings = self.last == Last::Clings;
        self.last = last;
        space && !clings
    }

    fn operator(&mut self, text: &str) -> (bool, Last) {
        let is_prefix = matches!(self.last, Last::Clings | Last::Operator);
        match text {
            "," | ";" => (false, Last::Operator),
            ":" if self.last == Last::Parameter => (false, Last::Clings),
            ":" => (false, Last::Operator),
            "?" | ">" => (false, Last::Callee),
            "." | "<" => (false, Last::Clings),
            "::" => (self.last == Last::Operator, Last::Clings),
            ".." | "..=" => (is_prefix, Last::Clings),
            "!" if !is_prefix => (false, Last::Bang),
            "&" | "*" | "-" | "!" | "#" if is_prefix => (true, Last::Clings),
            "|" if self.in_closure => {
                self.in_closure = false;
                (false, Last::Operator)
            }
            "|" if is_prefix => {
                self.in_closure = true;
                (true, Last::Clings)
            }
            _ => (true, Last::Operator),
        }
    }
}

/// How wide what stands on one line may be.
#[derive(Copy, Clone, Debug)]
pub(super) struct Limits {
    /// What is between brackets, but for braces.
    pub(super) brackets: usize,
    /// Calls of methods, one after the other.
    chain: usize,
    /// `if` and `else` as a value.
    choice: usize,
    /// The fields of a struct.
    fields: usize,
}

impl Limits {
    /// Those of rustfmt.
    pub(super) const RUSTFMT: Self = Self {
        brackets: 60,
        chain: 60,
        choice: 50,
        fields: 18,
    };
    /// For tables and macros, which rustfmt leaves alone.
    pub(super) const NONE: Self = Self {
        brackets: usize::MAX,
        chain: usize::MAX,
        choice: usize::MAX,
        fields: usize::MAX,
    };

    /// Returns `true` if they are empty.
    pub(super) fn are_none(self) -> bool {
        self.chain == usize::MAX
    }
}

/// The lexemes on one line, with at most `room` for them; `None` if they are longer, if a part of them is wider than its
/// limit, or if they hold a block that must have lines of its own.
pub(super) fn line(lexemes: &[Lexeme], room: usize, limits: Limits) -> Option<String> {
    let mut out = String::new();
    write(&mut out, lexemes, room, limits)?;
    Some(out)
}

fn write(out: &mut String, lexemes: &[Lexeme], room: usize, limits: Limits) -> Option<()> {
    let mut spaces = Spaces::default();
    // Where the operand began and how many names follow it; where `if` began.
    let is_else = |lexeme: Option<&Lexeme>| lexeme.is_some_and(|it| it.is_word("else"));
    let (mut operand, mut links, mut choice) = (None, 0, out.len());
    for (at, lexeme) in lexemes.iter().enumerate() {
        if spaces.before(lexeme) {
            out.push(' ');
        }
        let start = out.len();
        let before = at.checked_sub(1).and_then(|before| lexemes.get(before));
        match lexeme {
            Lexeme::Word(text) | Lexeme::Operator(text) => {
                match text.as_str() {
                    "." => links += 1,
                    "?" | "::" => {}
                    "if" if is_else(before) && !limits.are_none() => return None,
                    "if" => (operand, links, choice) = (None, 0, start),
                    _ if is_name(lexeme) => operand = operand.or(Some(start)),
                    _ => (operand, links) = (None, 0),
                }
                out.push_str(text);
            }
            Lexeme::Group(Delimiter::Brace, inside) if inside.is_empty() => out.push_str("{}"),
            Lexeme::Group(Delimiter::Brace, inside) => {
                if has_lines(inside) {
                    return None;
                }
                let (from, limit) = if is_else(before) {
                    (choice, limits.choice)
                } else if is_else(lexemes.get(at + 1)) {
                    (start, usize::MAX)
                } else {
                    (start + "{  }".len(), limits.fields)
                };
                out.push_str("{ ");
                write(out, inside, room, limits)?;
                out.push_str(" }");
                if out.len() > from.saturating_add(limit) {
                    return None;
                }
            }
            _ if lexeme.rows().is_some() => return None,
            Lexeme::Group(delimiter, inside) => {
                operand = operand.or(Some(start));
                let (open, close) = brackets(*delimiter);
                out.push(open);
                write(out, inside, room, limits)?;
                if out.len() > (start + 1).saturating_add(limits.brackets) {
                    return None;
                }
                out.push(close);
            }
        }
        let is_wide = operand.is_some_and(|start| out.len() - start > limits.chain);
        if out.len() > room || links > 1 && is_wide {
            return None;
        }
    }
    Some(())
}

/// Returns `true` if it is a word that is or names a value.
fn is_name(lexeme: &Lexeme) -> bool {
    matches!(lexeme, Lexeme::Word(word) if !KEYWORDS.contains(&word.as_str()))
}

/// The characters of brackets.
pub(super) fn brackets(delimiter: Delimiter) -> (char, char) {
    match delimiter {
        Delimiter::Bracket => ('[', ']'),
        Delimiter::Brace => ('{', '}'),
        _ => ('(', ')'),
    }
}

/// Returns `true` if a block holds statements, documented items, or a list whose last comma says that it has lines.
pub(super) fn has_lines(block: &[Lexeme]) -> bool {
    block.last().is_some_and(|last| last.is(","))
        || block.iter().any(|lexeme| lexeme.is(";") || lexeme.is("#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(text: &str) -> Option<String> {
        let lexemes = Lexeme::all(text.parse().unwrap());
        line(&lexemes, 100, Limits::NONE)
    }

    #[test]
    fn spaces_go_where_a_person_would_put_them() {
        let lines = [
            "impl<'a> Decode<'a> for Fetch<'a> {}",
            "pub use self::fetch::*;",
            "use ::kafka_codec::generated::*;",
            "pub(crate) fn read(r: &mut ReadCursor<'a>, _: Version) -> Result<Self, DecodeError>",
            "const NAME: &'static str = \"Fetch\";",
            "if !self.name.is_empty() && v.0 >= 3 { w.i32(self.leader)? } else { -1 }",
            "if !(2..=4).contains(&v.0) { return Err(r.tag(!0)) }",
            "name: Option<Cow<'a, str>>,",
            "w.array(e, &self.topics, \"topics\", |w, value| value.write(w, v))?;",
            "0 | 1 if v.0 <= 8 => this.name = *name,",
            "macro_rules! all { ($callback:ident) => { $callback! { A, B } } }",
            "Fetch = 1, versions 0 to 18, request [(0, 1), (12, 2)]",
            "while let Some(tag) = r.next_tag(&mut tags)? {}",
            "#[derive(Clone, Debug)]",
            "Fetch { topics, ..Default::default() }",
        ];
        for text in lines {
            assert_eq!(line_of(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn statements_lists_and_documented_items_never_share_a_line() {
        for text in [
            "{ a; b }",
            "f(|w| { w.go(); })",
            "X { a, b, }",
            "{ #[doc = \"\"] a }",
        ] {
            assert_eq!(line_of(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_no_line() {
        let lexemes = Lexeme::all("one + two".parse().unwrap());
        assert!(line(&lexemes, 9, Limits::NONE).is_some());
        assert!(line(&lexemes, 8, Limits::NONE).is_none());
    }
}
