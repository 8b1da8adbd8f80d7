//! Conditions on the version, narrowed by the versions that are still possible.

use proc_macro2::TokenStream;
use quote::quote;

use super::number;
use crate::versions::Versions;

/// When something holds, among the versions that are possible at that place.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    Always,
    Never,
    AtLeast(i16),
    AtMost(i16),
    Between(i16, i16),
}

impl When {
    pub(super) fn new(holds: Versions, possible: Versions) -> Self {
        let both = holds.intersect(possible);
        let (Some(lowest), Some(highest)) = (both.lowest(), both.highest()) else {
            return Self::Never;
        };
        match (
            possible.lowest() == Some(lowest),
            possible.highest() == Some(highest),
        ) {
            (true, true) => Self::Always,
            (true, false) => Self::AtMost(highest),
            (false, true) => Self::AtLeast(lowest),
            (false, false) => Self::Between(lowest, highest),
        }
    }

    /// The condition; `None` if it always or never holds.
    pub(super) fn condition(self) -> Option<TokenStream> {
        match self {
            Self::Always | Self::Never => None,
            Self::AtLeast(version) => {
                let version = number(version);
                Some(quote!(v >= #version))
            }
            Self::AtMost(version) => {
                let version = number(version);
                Some(quote!(v <= #version))
            }
            Self::Between(only, highest) if only == highest => {
                let only = number(only);
                Some(quote!(v == #only))
            }
            Self::Between(lowest, highest) => {
                let (lowest, highest) = (number(lowest), number(highest));
                Some(quote!((#lowest..=#highest).contains(&v)))
            }
        }
    }

    /// The condition that it does not hold; `None` if it always or never holds.
    pub(super) fn negated(self) -> Option<TokenStream> {
        match self {
            Self::Always | Self::Never => None,
            Self::AtLeast(version) => {
                let version = number(version - 1);
                Some(quote!(v <= #version))
            }
            Self::AtMost(version) => {
                let version = number(version + 1);
                Some(quote!(v >= #version))
            }
            Self::Between(only, highest) if only == highest => {
                let only = number(only);
                Some(quote!(v != #only))
            }
            Self::Between(lowest, highest) => {
                let (lowest, highest) = (number(lowest), number(highest));
                Some(quote!(!(#lowest..=#highest).contains(&v)))
            }
        }
    }

    /// `yes` where it holds, else `no`, as one expression.
    pub(super) fn choose(
        self,
        yes: impl FnOnce() -> TokenStream,
        no: impl FnOnce() -> TokenStream,
    ) -> TokenStream {
        match (self, self.condition()) {
            (Self::Never, _) => no(),
            (_, None) => yes(),
            (_, Some(condition)) => {
                let (yes, no) = (yes(), no());
                quote!(if #condition { #yes } else { #no })
            }
        }
    }

    /// `statements` where it holds.
    pub(super) fn only(self, statements: impl FnOnce() -> TokenStream) -> TokenStream {
        match (self, self.condition()) {
            (Self::Never, _) => TokenStream::new(),
            (_, None) => statements(),
            (_, Some(condition)) => {
                let statements = statements();
                quote!(if #condition { #statements })
            }
        }
    }

    /// `condition && rest`, where it may hold at all.
    pub(super) fn and(self, rest: TokenStream) -> TokenStream {
        match (self, self.condition()) {
            (Self::Never, _) => quote!(false),
            (_, None) => rest,
            (_, Some(condition)) => quote!(#condition && #rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_asks_only_what_is_still_open() {
        let possible = Versions::new(2, 9);
        let table = [
            (Versions::ALL, When::Always),
            (Versions::new(2, 9), When::Always),
            (Versions::from(10), When::Never),
            (Versions::NONE, When::Never),
            (Versions::from(4), When::AtLeast(4)),
            (Versions::new(0, 4), When::AtMost(4)),
            (Versions::new(3, 4), When::Between(3, 4)),
        ];
        for (holds, when) in table {
            assert_eq!(When::new(holds, possible), when, "{holds}");
        }
    }

    #[test]
    fn what_always_or_never_holds_leaves_no_condition() {
        let possible = Versions::new(2, 9);
        let table = [
            (Versions::ALL, "yes", "yes", "", "rest"),
            (Versions::NONE, "no", "", "", "false"),
            (
                Versions::from(4),
                "if v>=4{yes}else{no}",
                "if v>=4{yes}",
                "v<=3",
                "v>=4&&rest",
            ),
            (
                Versions::new(0, 4),
                "if v<=4{yes}else{no}",
                "if v<=4{yes}",
                "v>=5",
                "v<=4&&rest",
            ),
            (
                Versions::new(3, 4),
                "if(3..=4).contains(&v){yes}else{no}",
                "if(3..=4).contains(&v){yes}",
                "!(3..=4).contains(&v)",
                "(3..=4).contains(&v)&&rest",
            ),
            (
                Versions::new(3, 3),
                "if v==3{yes}else{no}",
                "if v==3{yes}",
                "v!=3",
                "v==3&&rest",
            ),
        ];
        // Where spaces go is not decided here.
        let text = |tokens: TokenStream| {
            let text = tokens.to_string().replace(' ', "");
            text.replace("ifv", "if v")
        };
        for (holds, chosen, only, negated, and) in table {
            let when = When::new(holds, possible);
            assert_eq!(text(when.choose(|| quote!(yes), || quote!(no))), chosen);
            assert_eq!(text(when.only(|| quote!(yes))), only);
            assert_eq!(when.negated().map(text).unwrap_or_default(), negated);
            assert_eq!(text(when.and(quote!(rest))), and);
        }
    }
}
