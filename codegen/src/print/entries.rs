//! The entries of a block or between parentheses, piece by piece: items, statements, fields, arms, arguments.
//! How each is laid out is not known here.

use proc_macro2::Delimiter;

use super::lexeme::Lexeme;

/// One item, statement, field or match arm, with its terminator.
pub(super) struct Element<'l> {
    /// What is between the brackets of its attributes.
    pub(super) attributes: Vec<&'l [Lexeme]>,
    pub(super) lexemes: &'l [Lexeme],
}

impl<'l> Element<'l> {
    /// The entries of a block.
    pub(super) fn all(mut block: &'l [Lexeme]) -> Vec<Self> {
        // Where something ends with `;`, commas end nothing.
        let by_comma = !block.iter().any(|lexeme| lexeme.is(";"));
        let mut all = Vec::new();
        while !block.is_empty() {
            let mut attributes = Vec::new();
            while let [hash, Lexeme::Group(Delimiter::Bracket, inside), rest @ ..] = block {
                if !hash.is("#") {
                    break;
                }
                attributes.push(inside.as_slice());
                block = rest;
            }
            let (lexemes, rest) = block.split_at(length(block, by_comma));
            all.push(Self {
                attributes,
                lexemes,
            });
            block = rest;
        }
        all
    }

    /// Returns `true` if it is an item with a body, which has an empty line around it.
    pub(super) fn is_item(&self) -> bool {
        let Some(Lexeme::Word(first)) = self.lexemes.first() else {
            return false;
        };
        let is_item = ["pub", "fn", "impl", "const", "macro_rules"].contains(&first.as_str());
        let body = self.lexemes.last().and_then(Lexeme::braces);
        is_item && body.is_some_and(|body| !body.is_empty())
    }

    /// Returns `true` if it is the call of a macro with braces.
    pub(super) fn is_macro(&self) -> bool {
        let ends_with_braces = self
            .lexemes
            .last()
            .is_some_and(|last| last.braces().is_some());
        self.lexemes.get(1).is_some_and(|lexeme| lexeme.is("!")) && ends_with_braces
    }
}

/// How many lexemes the first entry has.
fn length(block: &[Lexeme], by_comma: bool) -> usize {
    let mut generics = 0_usize;
    for (at, lexeme) in block.iter().enumerate() {
        match lexeme {
            _ if lexeme.is("<") => generics += 1,
            _ if lexeme.is(">") => generics = generics.saturating_sub(1),
            _ if lexeme.is(";") => return at + 1,
            _ if lexeme.is(",") && by_comma && generics == 0 => return at + 1,
            _ if lexeme.braces().is_some() && !block.get(at + 1).is_some_and(goes_on) => {
                return at + 1;
            }
            _ => {}
        }
    }
    block.len()
}

/// Returns `true` if what stands after braces belongs to what the braces are part of.
fn goes_on(lexeme: &Lexeme) -> bool {
    lexeme.is_word("else")
        || [",", ";", ".", "?"]
            .iter()
            .any(|operator| lexeme.is(operator))
}

/// The arguments between brackets, without the commas.
pub(super) fn arguments(inside: &[Lexeme]) -> Vec<&[Lexeme]> {
    let mut in_closure = false;
    let all = inside.split(|lexeme| {
        in_closure ^= lexeme.is("|");
        lexeme.is(",") && !in_closure
    });
    all.filter(|argument| !argument.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        let lexemes = Lexeme::all(text.parse().unwrap());
        let entries = Element::all(&lexemes);
        entries.iter().map(|entry| entry.lexemes.len()).collect()
    }

    #[test]
    fn an_entry_ends_with_its_terminator_or_its_block() {
        assert_eq!(lengths("a; b {} c"), [2, 2, 1]);
        assert_eq!(lengths("if a {} else {} b"), [5, 1]);
        assert_eq!(lengths("x: Option<A, B>, #[doc = \"\"] y: C,"), [9, 4]);
        assert_eq!(lengths("0 => {} 1 => a {}.b,"), [3, 7]);
        assert_eq!(lengths("a, b; c, d;"), [4, 4]);
    }

    #[test]
    fn the_comma_of_a_closure_separates_no_arguments() {
        let lexemes = Lexeme::all("e, |w, value| value, a".parse().unwrap());
        let lengths: Vec<_> = arguments(&lexemes).iter().map(|a| a.len()).collect();
        assert_eq!(lengths, [1, 6, 1]);
    }
}
