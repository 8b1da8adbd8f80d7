//! Tokens as a person reads them: words, operators of several characters, and brackets.
//! How they are laid out is not known here.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A word, an operator, or brackets with what is between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// An identifier, lifetime, literal, or `$name` of a macro.
    Word(String),
    /// Punctuation: one of [`OPERATORS`], or a single character.
    Operator(String),
    /// Brackets.
    Group(Delimiter, Vec<Self>),
}

/// Punctuation of several characters. `>>` is not among them: it closes generics twice.
const OPERATORS: [&str; 12] = [
    "..=", "::", "..", "=>", "->", "==", "!=", "<=", ">=", "&&", "||", "+=",
];

impl Lexeme {
    /// The lexemes of a stream.
    pub(super) fn all(tokens: TokenStream) -> Vec<Self> {
        let mut all = Vec::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    all.extend(Self::all(group.stream()));
                }
                TokenTree::Group(group) => {
                    all.push(Self::Group(group.delimiter(), Self::all(group.stream())));
                }
                TokenTree::Ident(ident) => all.push(Self::Word(ident.to_string())),
                TokenTree::Literal(literal) => all.push(Self::Word(literal.to_string())),
                TokenTree::Punct(punct) => {
                    let mut text = punct.as_char().to_string();
                    let mut joint = punct.spacing() == Spacing::Joint;
                    while let (true, Some(TokenTree::Punct(next))) = (joint, tokens.peek()) {
                        let longer = format!("{text}{}", next.as_char());
                        if !OPERATORS.iter().any(|known| known.starts_with(&longer)) {
                            break;
                        }
                        joint = next.spacing() == Spacing::Joint;
                        text = longer;
                        tokens.next();
                    }
                    match (text.as_str(), tokens.peek()) {
                        ("'" | "$", Some(TokenTree::Ident(name))) => {
                            all.push(Self::Word(format!("{text}{name}")));
                            tokens.next();
                        }
                        _ => all.push(Self::Operator(text)),
                    }
                }
            }
        }
        all
    }

    /// Returns `true` if it is this operator.
    pub(super) fn is(&self, operator: &str) -> bool {
        matches!(self, Self::Operator(text) if text == operator)
    }

    /// Returns `true` if it is this word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text == word)
    }

    /// What is between these square brackets, if its last comma says that it has lines.
    pub(super) fn rows(&self) -> Option<&[Self]> {
        match self {
            Self::Group(Delimiter::Bracket, inside) if inside.last()?.is(",") => Some(inside),
            _ => None,
        }
    }

    /// What is between the braces, if it is braces.
    pub(super) fn braces(&self) -> Option<&[Self]> {
        match self {
            Self::Group(Delimiter::Brace, inside) => Some(inside),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_belong_together_are_one_lexeme() {
        let tokens = "&'a mut X<Y<'_>> ..= => $name".parse().unwrap();
        let texts: Vec<String> = Lexeme::all(tokens)
            .into_iter()
            .map(|lexeme| match lexeme {
                Lexeme::Word(text) | Lexeme::Operator(text) => text,
                Lexeme::Group(..) => panic!("no brackets"),
            })
            .collect();
        let expected = [
            "&", "'a", "mut", "X", "<", "Y", "<", "'_", ">", ">", "..=", "=>", "$name",
        ];
        assert_eq!(texts, expected);
    }
}
