//! The values that a version loses which silently omits a field: a value that no other field of the struct says.

use proc_macro2::TokenStream;
use quote::quote;

use super::when::When;
use super::{Scope, defaults, ident, number};
use crate::ir::{Ended, Field};
use crate::schema::Kind;
use crate::versions::Versions;

/// A loss that writing a field in a version without it has to look for.
pub(super) struct Loss<'m> {
    /// The versions without the field that lose it.
    pub(super) versions: Versions,
    /// The fields that say the same, if set.
    alternatives: Vec<&'m Field>,
    /// `true` if the value names something.
    identifies: bool,
}

impl<'m> Loss<'m> {
    /// The loss of a field that may be omitted, if there can be one: of a field that ended, and of the successor of a
    /// name in versions that still have the name.
    pub(super) fn of(scope: Scope<'m>, field: &Field) -> Option<Self> {
        let loss = Self::of_ended(scope, field).or_else(|| Self::of_successor(scope, field))?;
        (field.ignorable && !loss.versions.is_empty()).then_some(loss)
    }

    fn of_ended(scope: Scope<'m>, field: &Field) -> Option<Self> {
        let ended = field.ended.as_ref()?;
        // What else a response omits is up to the broker, which answers in the version of the request.
        if !ended.identifies && scope.message.kind != Kind::Request {
            return None;
        }
        let fields = scope.entry.fields.iter();
        Some(Self {
            versions: later(scope, field),
            alternatives: fields.filter(|field| succeeds(field, ended)).collect(),
            identifies: ended.identifies,
        })
    }

    fn of_successor(scope: Scope<'m>, field: &Field) -> Option<Self> {
        let mut fields = scope.entry.fields.iter();
        let before = fields.find(|before| {
            let ended = before.ended.as_ref();
            ended.is_some_and(|ended| ended.identifies && succeeds(field, ended))
        })?;
        let first = field.versions.lowest()?;
        Some(Self {
            versions: Versions::new(0, first.checked_sub(1)?).intersect(before.versions),
            alternatives: vec![before],
            identifies: true,
        })
    }

    /// The expression that reports the loss, for versions that have it.
    pub(super) fn report(
        &self,
        scope: Scope<'_>,
        field: &Field,
        label: &TokenStream,
    ) -> TokenStream {
        let set = defaults::differs(scope, field);
        let mut alternatives = self.alternatives.iter().map(|other| {
            let set = defaults::differs(scope, other);
            When::new(other.versions, self.versions).and(set)
        });
        let first = alternatives.next().unwrap_or_else(|| quote!(false));
        let method = match self.identifies {
            true => quote!(omit_identity),
            false => quote!(omit),
        };
        let versions = versions(field);
        quote!(w.#method(#set, #first #(|| #alternatives)*, #label, #versions))
    }
}

/// Whether the field is set to something that a version without it does not say: of a field and the array that lists such
/// values in later versions, either may say what both say.
pub(super) fn is_lost(scope: Scope<'_>, field: &Field) -> TokenStream {
    let set = defaults::differs(scope, field);
    let fields = || scope.entry.fields.iter();
    let pair = fields().find_map(|single| {
        let ended = single.ended.as_ref().filter(|ended| ended.is_listed)?;
        let list = fields().find(|list| succeeds(list, ended))?;
        (field.name == single.name || field.name == list.name).then_some((single, list))
    });
    match pair {
        None => set,
        Some((single, list)) => {
            let [single, list] = [single, list].map(|field| ident(&field.ident));
            quote!(#set && !has_only(&self.#list, &self.#single))
        }
    }
}

/// Returns `true` if the field says what another did that ended.
pub(super) fn succeeds(field: &Field, ended: &Ended) -> bool {
    ended.successors.contains(&field.name)
}

/// The versions of the struct after those of the field.
pub(super) fn later(scope: Scope<'_>, field: &Field) -> Versions {
    let (last, end) = (field.versions.highest(), scope.entry.versions.highest());
    match (last, end) {
        (Some(last), Some(end)) => Versions::new(last.saturating_add(1), end),
        _ => Versions::NONE,
    }
}

/// The first and the last version of a field, for errors.
pub(super) fn versions(field: &Field) -> TokenStream {
    let first = number(field.versions.lowest().unwrap_or(0));
    let last = number(field.versions.highest().unwrap_or(0));
    quote!(#first, #last)
}
