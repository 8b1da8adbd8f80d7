//! Prints generated code so that compilers, debuggers and readers of the documentation see lines:
//! one an item, a statement and a field. It knows just as much Rust as the templates use.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};

/// A block goes on one line if it is at most this long and holds no statements.
const SHORT: usize = 72;

/// How long a line of macro arguments gets.
const LINE: usize = 98;

/// The text of generated code.
pub fn print(tokens: TokenStream) -> String {
    let mut printer = Printer::default();
    printer.lines(tokens);
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    indent: usize,
    /// What the last token leaves before the next one.
    gap: Gap,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Gap {
    /// A new line with the indentation of the block.
    #[default]
    Line,
    /// A space, unless the next token wants none.
    Space,
    /// Nothing.
    None,
}

impl Printer {
    /// The tokens of a file or a block, which break at items, statements and fields.
    fn lines(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut attribute = false;
        // Inside of `<...>` a comma does not end a field.
        let mut angles = 0_usize;
        while let Some(token) = tokens.next() {
            if let (TokenTree::Punct(hash), Some(TokenTree::Group(group))) = (&token, tokens.peek())
            {
                if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket {
                    self.attribute(group);
                    tokens.next();
                    attribute = true;
                    continue;
                }
            }
            if !attribute && self.gap == Gap::Line && self.needs_blank_line(&token) {
                self.out.push('\n');
            }
            attribute = false;
            match &token {
                TokenTree::Punct(punct) => {
                    let (kind, next) = (Angle::of(punct, &self.out, tokens.peek()), tokens.peek());
                    match kind {
                        Angle::Opens => angles += 1,
                        Angle::Closes => angles = angles.saturating_sub(1),
                        Angle::Neither => {}
                    }
                    self.punct(punct, next);
                    if punct.as_char() == ';' || punct.as_char() == ',' && angles == 0 {
                        self.gap = Gap::Line;
                    }
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.block(group);
                    let goes_on = tokens.peek().is_some_and(continues);
                    self.gap = if goes_on { Gap::Space } else { Gap::Line };
                }
                other => self.token(other.clone(), tokens.peek()),
            }
        }
    }

    /// A line for an attribute; documentation as a comment.
    fn attribute(&mut self, group: &Group) {
        if self.after_block() {
            self.out.push('\n');
        }
        self.gap = Gap::Line;
        let mut inner = group.stream().into_iter();
        let is_doc = inner.next().is_some_and(|token| token.to_string() == "doc");
        match (is_doc, inner.nth(1)) {
            (true, Some(TokenTree::Literal(text))) => {
                let text = text.to_string();
                let text = text
                    .trim_matches('"')
                    .replace("\\\"", "\"")
                    .replace("\\\\", "\\");
                self.word(&format!("///{text}"));
            }
            _ => {
                self.word("#");
                self.gap = Gap::None;
                self.group(group, "[", "]");
            }
        }
        self.gap = Gap::Line;
    }

    /// A block, on one line if it is short.
    fn block(&mut self, group: &Group) {
        let stream = group.stream();
        if stream.is_empty() {
            return self.word("{}");
        }
        let inline = {
            let mut printer = Self {
                gap: Gap::None,
                ..Self::default()
            };
            printer.inline(stream.clone());
            printer.out
        };
        let is_list = self.out.ends_with(':');
        if is_list {
            self.gap = Gap::None;
            return self.word(&format!("{{{inline}}}"));
        }
        let has_lines =
            inline.contains([';', '\n']) || inline.contains("///") || ends_field(&stream);
        let is_value = self.line_length() > self.indent * 4 && !self.opens_item();
        if is_value && !has_lines && inline.len() <= SHORT {
            return self.word(&format!("{{ {inline} }}"));
        }
        self.word("{");
        self.indent += 1;
        self.gap = Gap::Line;
        self.lines(stream);
        self.indent -= 1;
        self.gap = Gap::Line;
        self.word("}");
    }

    /// Whether the line printed so far begins an item, whose block always has lines.
    fn opens_item(&self) -> bool {
        let line = self
            .out
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .trim_start();
        ["pub ", "fn ", "const fn", "impl", "while", "match"]
            .iter()
            .any(|word| line.starts_with(word))
    }

    fn needs_blank_line(&self, token: &TokenTree) -> bool {
        let token = token.to_string();
        match token.as_str() {
            "impl" | "pub" | "const" => self.after_block(),
            "fn" => self.out.ends_with([';', '}']),
            _ => false,
        }
    }

    fn after_block(&self) -> bool {
        self.out.ends_with('}') || self.out.ends_with(';') && self.indent < 2
    }

    /// Tokens on one line.
    fn inline(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            self.token(token, tokens.peek());
        }
    }

    fn token(&mut self, token: TokenTree, next: Option<&TokenTree>) {
        match token {
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Parenthesis => self.group(&group, "(", ")"),
                Delimiter::Bracket => self.group(&group, "[", "]"),
                Delimiter::Brace => self.block(&group),
                Delimiter::None => self.inline(group.stream()),
            },
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                self.word(&text);
            }
            TokenTree::Punct(punct) => self.punct(&punct, next),
            TokenTree::Literal(literal) => self.word(&literal.to_string()),
        }
    }

    fn group(&mut self, group: &Group, open: &str, close: &str) {
        let is_call = open == "(" && self.calls() || open == "[" && self.gap == Gap::None;
        if is_call {
            self.gap = Gap::None;
        }
        let wraps = self.out.ends_with('!');
        self.word(open);
        self.gap = Gap::None;
        if wraps {
            self.filled(group.stream())
        } else {
            self.inline(group.stream())
        }
        self.gap = Gap::None;
        self.word(close);
    }

    /// The arguments of a macro, in lines as long as they may be.
    fn filled(&mut self, tokens: TokenStream) {
        self.indent += 1;
        for token in tokens {
            let is_name = matches!(token, TokenTree::Ident(_));
            if is_name && self.line_length() + token.to_string().len() >= LINE {
                self.gap = Gap::Line;
            }
            self.token(token, None);
        }
        self.indent -= 1;
    }

    fn line_length(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, str::len)
    }

    /// Whether parentheses after what was printed last are arguments.
    fn calls(&self) -> bool {
        let last = self.out.chars().next_back();
        let word = self
            .out
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        self.gap != Gap::Line
            && last.is_some_and(|c| c.is_alphanumeric() || "_!>)#".contains(c))
            && !word
                .is_some_and(|word| ["in", "if", "while", "match", "return", "to"].contains(&word))
    }

    fn punct(&mut self, punct: &Punct, next: Option<&TokenTree>) {
        let character = punct.as_char();
        let joint = punct.spacing() == Spacing::Joint;
        match (character, Angle::of(punct, &self.out, next)) {
            // `impl<'a>` and `Vec<T>`: generated code compares with `<=` and `>=` alone.
            (_, Angle::Opens) => {
                self.unless_line();
                self.word("<");
                self.gap = Gap::None;
            }
            (_, Angle::Closes) => {
                self.gap = Gap::None;
                self.word(">");
            }
            (',' | ';' | '?', _) => {
                self.unless_line();
                self.word(character.encode_utf8(&mut [0; 4]));
            }
            ('.', _) => {
                self.unless_line();
                self.word(".");
                self.gap = Gap::None;
            }
            (':', _) => {
                let second = self.out.ends_with(':') && self.gap == Gap::None;
                self.unless_line();
                self.word(":");
                self.gap = if joint || second {
                    Gap::None
                } else {
                    Gap::Space
                };
            }
            ('|', _) if self.closes_closure() => {
                self.unless_line();
                self.word("|");
            }
            ('!', _) if !joint && self.calls() => {
                self.unless_line();
                self.word("!");
                self.gap = Gap::None;
            }
            // Generated code subtracts nowhere.
            ('\'' | '&' | '!' | '#' | '$' | '*' | '-', _) => {
                let second = character == '&' && self.gap == Gap::None && self.out.ends_with(" &");
                self.word(character.encode_utf8(&mut [0; 4]));
                self.gap = if second { Gap::Space } else { Gap::None };
            }
            ('|', _) => {
                let between_patterns = self.gap == Gap::Space && !self.out.ends_with(',');
                self.word("|");
                self.gap = if between_patterns {
                    Gap::Space
                } else {
                    Gap::None
                };
            }
            _ => {
                self.word(character.encode_utf8(&mut [0; 4]));
                let is_range = self.out.ends_with("..=");
                self.gap = if joint || is_range {
                    Gap::None
                } else {
                    Gap::Space
                };
            }
        }
    }

    /// Whether a `|` is open on this line, so that the next one closes the parameters.
    fn closes_closure(&self) -> bool {
        let line = self.out.rsplit(['\n', '{']).next().unwrap_or_default();
        line.matches('|').count() % 2 == 1 && line.contains("(|")
            || line.matches('|').count() % 2 == 1 && line.contains(", |")
    }

    fn unless_line(&mut self) {
        if self.gap != Gap::Line {
            self.gap = Gap::None;
        }
    }

    fn word(&mut self, text: &str) {
        match self.gap {
            Gap::Line => {
                if !self.out.is_empty() {
                    self.out.push('\n');
                }
                self.out.extend(std::iter::repeat_n("    ", self.indent));
            }
            Gap::Space => self.out.push(' '),
            Gap::None => {}
        }
        self.out.push_str(text);
        self.gap = Gap::Space;
    }
}

/// Whether a punctuation mark is a bracket around generics.
#[derive(PartialEq)]
enum Angle {
    Opens,
    Closes,
    Neither,
}

impl Angle {
    fn of(punct: &Punct, before: &str, next: Option<&TokenTree>) -> Self {
        let is_joint = punct.spacing() == Spacing::Joint;
        let compares =
            is_joint && matches!(next, Some(TokenTree::Punct(next)) if next.as_char() == '=');
        match punct.as_char() {
            '<' if !compares => Self::Opens,
            '>' if !compares && !before.ends_with(['-', '=']) => Self::Closes,
            _ => Self::Neither,
        }
    }
}

/// Whether a token after a block belongs to what the block is part of.
fn continues(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == "else",
        TokenTree::Punct(punct) => [',', ';', '.', '?'].contains(&punct.as_char()),
        _ => false,
    }
}

/// Whether the block is a list of fields or match arms.
fn ends_field(stream: &TokenStream) -> bool {
    let last = stream.clone().into_iter().last();
    matches!(last, Some(TokenTree::Punct(punct)) if punct.as_char() == ',')
}
