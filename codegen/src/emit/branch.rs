//! Statements under conditions on the version, one `if` for neighbors of the same condition.

use proc_macro2::TokenStream;
use quote::quote;

use super::when::When;

/// What happens where a condition holds, and where another one does.
pub(super) struct Branch {
    condition: Option<TokenStream>,
    statements: TokenStream,
    otherwise: Option<Otherwise>,
}

struct Otherwise {
    /// `None` wherever the condition of the branch does not hold.
    condition: Option<TokenStream>,
    statements: TokenStream,
}

impl Branch {
    /// A statement where the condition holds; without one, always.
    pub(super) fn new(condition: Option<TokenStream>, statement: TokenStream) -> Self {
        Self {
            condition,
            statements: quote!(#statement;),
            otherwise: None,
        }
    }

    /// Statements that are complete, such as a loop, where the condition holds; without one, always.
    pub(super) fn block(condition: Option<TokenStream>, statements: TokenStream) -> Self {
        Self {
            condition,
            statements,
            otherwise: None,
        }
    }

    /// Adds the statement for where `condition` holds and `when`, which is the condition of the branch, does not.
    pub(super) fn otherwise(
        self,
        when: When,
        condition: Option<TokenStream>,
        statement: TokenStream,
    ) -> Self {
        let is_complement = text(condition.as_ref()) == text(when.negated().as_ref());
        Self {
            otherwise: Some(Otherwise {
                condition: condition.filter(|_| !is_complement),
                statements: quote!(#statement;),
            }),
            ..self
        }
    }

    /// Adds what `next` does, or returns it if its conditions are others.
    fn merge(&mut self, next: Self) -> Option<Self> {
        let both = self.otherwise.as_ref().zip(next.otherwise.as_ref());
        let is_alike = text(self.condition.as_ref()) == text(next.condition.as_ref())
            && both.is_none_or(|(one, other)| {
                text(one.condition.as_ref()) == text(other.condition.as_ref())
            });
        if !is_alike {
            return Some(next);
        }
        self.statements.extend(next.statements);
        match (&mut self.otherwise, next.otherwise) {
            (Some(one), Some(next)) => one.statements.extend(next.statements),
            (None, next) => self.otherwise = next,
            (Some(_), None) => {}
        }
        None
    }

    fn tokens(&self) -> TokenStream {
        let statements = &self.statements;
        let Some(condition) = &self.condition else {
            return statements.clone();
        };
        let otherwise = self.otherwise.as_ref().map(|otherwise| {
            let statements = &otherwise.statements;
            let condition = otherwise.condition.iter();
            quote!(else #(if #condition)* { #statements })
        });
        quote!(if #condition { #statements } #otherwise)
    }
}

/// The statements of all branches in their order.
pub(super) fn statements(branches: impl Iterator<Item = Branch>) -> TokenStream {
    let mut merged: Vec<Branch> = Vec::new();
    for branch in branches {
        let rest = match merged.last_mut() {
            Some(last) => last.merge(branch),
            None => Some(branch),
        };
        merged.extend(rest);
    }
    merged.iter().map(Branch::tokens).collect()
}

fn text(tokens: Option<&TokenStream>) -> Option<String> {
    tokens.map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::Versions;

    /// `statement` from version `first` on, and `otherwise` before.
    fn branch(first: i16, statement: &str, otherwise: Option<&str>) -> Branch {
        let when = When::new(Versions::from(first), Versions::new(0, 9));
        let branch = Branch::new(when.condition(), statement.parse().unwrap());
        match otherwise {
            Some(other) => branch.otherwise(when, when.negated(), other.parse().unwrap()),
            None => branch,
        }
    }

    fn text(branches: impl IntoIterator<Item = Branch>) -> String {
        statements(branches.into_iter()).to_string()
    }

    #[test]
    fn neighbors_of_one_condition_share_an_if_and_its_else() {
        let merged = text([
            branch(0, "a", None),
            branch(3, "b", None),
            branch(3, "c", Some("d")),
            branch(3, "e", None),
            branch(4, "f", None),
            branch(3, "g", None),
        ]);
        let expected = quote! {
            a;
            if v >= 3 { b; c; e; } else { d; }
            if v >= 4 { f; }
            if v >= 3 { g; }
        };
        assert_eq!(merged, expected.to_string());
    }

    #[test]
    fn conditions_that_leave_a_gap_are_both_asked() {
        let when = When::new(Versions::from(3), Versions::new(0, 9));
        let condition = Some(quote!(v <= 1));
        let branch = Branch::new(when.condition(), quote!(a)).otherwise(when, condition, quote!(b));
        let expected = quote!(if v >= 3 {
            a;
        } else if v <= 1 {
            b;
        });
        assert_eq!(text([branch]), expected.to_string());
    }
}
