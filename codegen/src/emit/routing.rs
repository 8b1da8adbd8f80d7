//! Which nodes answer a request, its division into a request for each, and the merging of their responses.

use proc_macro2::TokenStream;
use quote::quote;

use super::branch::{self, Branch};
use super::when::When;
use super::{Scope, ident, parameter};
use crate::corpus::{Name, Routing, Units};
use crate::ir::{Element, Elements, Field, Found, Level, Struct, Type};
use crate::quirks;
use crate::versions::Versions;

/// The methods of a request: what it asks which node for, and its parts.
pub(super) fn of_request(scope: Scope<'_>) -> Option<TokenStream> {
    let (routing, units) = scope.message.units.as_ref()?;
    let elements = Elements::of(scope.message)?;
    let plans: Vec<_> = units
        .iter()
        .filter_map(|units| Plan::new(units, *routing, &elements, scope))
        .collect();
    if plans.is_empty() {
        return None;
    }
    let visits = plans.iter().map(|plan| plan.branch(scope, Plan::visit));
    let visits = branch::statements(visits);
    let v = parameter("v", &visits);
    let parts = plans.iter().any(|plan| !plan.arrays.is_empty()).then(|| {
        let parts = plans.iter().map(|plan| plan.branch(scope, Plan::part));
        let parts = branch::statements(parts);
        let v = parameter("v", &parts);
        quote! {
            #[inline]
            fn parts(&self, #v: i16, broker_of: BrokerOf<'_>) -> Vec<(i32, Self)> {
                let mut parts = Parts::new();
                #parts
                parts.finish()
            }
        }
    });
    Some(quote! {
        #[inline]
        fn visit<'r>(&'r self, #v: i16, visit: &mut dyn FnMut(Destination<'r>)) {
            #visits
        }
        #parts
    })
}

/// The method of a response that takes in another one, if several brokers answer the request.
pub(super) fn of_response(scope: Scope<'_>) -> Option<TokenStream> {
    let (routing, units) = scope.message.units.as_ref()?;
    let is_divided = units.iter().any(|units| units.of.is_some());
    if !is_divided && *routing != Routing::EveryBroker {
        return None;
    }
    let fields = &scope.entry.fields;
    let has_code = |field: &&Field| field.name == quirks::ERROR_CODE && field.is_error_code();
    let code = fields.iter().find(has_code).map(|field| {
        let code = ident(&field.ident);
        let message = fields
            .iter()
            .find(|field| field.name == quirks::ERROR_MESSAGE);
        let message = message.map(|field| {
            let message = ident(&field.ident);
            quote!(self.#message = other.#message;)
        });
        quote!(if self.#code.is_none() { self.#code = other.#code; #message })
    });
    let others = fields.iter().filter_map(|field| {
        let name = ident(&field.ident);
        match (&field.ty, field.is_nullable()) {
            (Type::Fixed(_), _) if field.name == quirks::THROTTLE_TIME => {
                Some(quote!(self.#name = self.#name.max(other.#name);))
            }
            (Type::Array(Element::Struct(_)), false) => {
                Some(quote!(self.#name.extend(other.#name);))
            }
            (Type::Array(Element::Struct(_)), true) => {
                Some(quote!(extend_nullable(&mut self.#name, other.#name);))
            }
            _ => None,
        }
    });
    Some(quote! {
        #[inline]
        fn absorb(&mut self, other: Self) {
            #code
            #(#others)*
        }
    })
}

/// How the units of some versions are found.
struct Plan<'m> {
    arrays: Vec<Found<'m>>,
    versions: Versions,
    destination: TokenStream,
}

impl<'m> Plan<'m> {
    /// `None` if no version at hand has the units.
    fn new(units: &Units, routing: Routing, own: &Elements<'m>, scope: Scope<'_>) -> Option<Self> {
        let all = scope.message.versions;
        let (arrays, inside) = match &units.of {
            None => (Vec::new(), own.clone()),
            Some(of) => own.along(&of.text, all).ok()?,
        };
        let mut versions = arrays
            .iter()
            .fold(all, |all, array| all.intersect(array.field.versions));
        if let Some(id) = units.id.as_ref().and_then(|id| inside.field(&id.text, all)) {
            versions = versions.intersect(id.field.versions);
        }
        (!versions.is_empty()).then(|| Self {
            destination: destination(units, routing, &inside, versions),
            arrays,
            versions,
        })
    }

    fn branch(
        &self,
        scope: Scope<'_>,
        statements: impl Fn(&Self, Scope<'_>) -> TokenStream,
    ) -> Branch {
        let when = When::new(self.versions, scope.message.versions);
        Branch::block(when.condition(), statements(self, scope))
    }

    /// The statements that visit the destination of each unit.
    fn visit(&self, _: Scope<'_>) -> TokenStream {
        let destination = &self.destination;
        let mut body = quote!(let to = #destination; visit(to););
        for (depth, array) in self.arrays.iter().enumerate().rev() {
            let (owner, name) = (level(array.level), ident(&array.field.ident));
            let element = parameter(&level(depth + 1).to_string(), &body);
            body = quote!(for #element in &#owner.#name { #body });
        }
        body
    }

    /// The statements that put each unit into the part of its broker.
    fn part(&self, scope: Scope<'_>) -> TokenStream {
        let destination = &self.destination;
        let Some(outermost) = self.arrays.first() else {
            return quote! {
                let to = #destination;
                parts.of(broker_of(to), self);
            };
        };
        let shell = shell(scope.entry, &quote!(Self), &quote!(self), outermost.field);
        let last = match self.arrays.len() {
            1 => quote!(_),
            _ => quote!(places),
        };
        let put = self.put(0, scope);
        let mut body = quote! {
            let to = #destination;
            let (part0, #last) = parts.of(broker_of(to), &shell);
            #put
        };
        for (depth, array) in self.arrays.iter().enumerate().rev() {
            let (owner, name) = (level(array.level), ident(&array.field.ident));
            let (element, place) = (level(depth + 1), numbered("place", depth));
            body = match depth + 1 == self.arrays.len() {
                true => quote!(for #element in &#owner.#name { #body }),
                false => quote! {
                    for (#place, #element) in #owner.#name.iter().enumerate() { #body }
                },
            };
        }
        quote! {
            let shell = #shell;
            #body
        }
    }

    /// The statements that put the innermost element into the part, or the struct, of an array.
    fn put(&self, depth: usize, scope: Scope<'_>) -> TokenStream {
        let Some(array) = self.arrays.get(depth) else {
            return quote!();
        };
        let (part, element) = (numbered("part", depth), level(depth + 1));
        let name = ident(&array.field.ident);
        let Some(inner) = self.arrays.get(depth + 1) else {
            return match array.field.ty {
                Type::Array(Element::Packed(_)) => quote!(#part.#name.extend([#element]);),
                _ => quote!(#part.#name.push(#element.clone());),
            };
        };
        let around = match array.field.ty {
            Type::Array(Element::Struct(place)) => scope.message.structs.get(place),
            _ => None,
        };
        let around = around.map(|around| {
            let name = ident(&around.ident);
            shell(around, &quote!(#name), &quote!(#element), inner.field)
        });
        let (place, into) = (numbered("place", depth), numbered("part", depth + 1));
        let rest = self.put(depth + 1, scope);
        quote! {
            if places.begins(#depth, #place) {
                let around = #around;
                #part.#name.push(around);
            }
            if let Some(#into) = #part.#name.last_mut() {
                #rest
            }
        }
    }
}

/// A struct without the elements of one of its arrays.
fn shell(entry: &Struct, name: &TokenStream, from: &TokenStream, without: &Field) -> TokenStream {
    let fields = entry.fields.iter().map(|field| {
        let name = ident(&field.ident);
        match &field.ty {
            _ if field.name == without.name => quote!(#name: Default::default(),),
            Type::Fixed(_) => quote!(#name: #from.#name,),
            _ => quote!(#name: #from.#name.clone(),),
        }
    });
    quote!(#name {
        #(#fields)*
        unknown_tagged_fields: #from.unknown_tagged_fields.clone(),
    })
}

fn destination(
    units: &Units,
    routing: Routing,
    inside: &Elements<'_>,
    possible: Versions,
) -> TokenStream {
    let value = |name: &Option<Name>| {
        let name = name.as_ref()?;
        if name.text == "." {
            let element = level(inside.depth());
            let is_value = matches!(inside.innermost(), Level::Text | Level::Fixed(_));
            return is_value.then(|| (quote!(#element), false));
        }
        let found = inside.field(&name.text, possible)?;
        let (owner, field) = (level(found.level), ident(&found.field.ident));
        Some((quote!(#owner.#field), found.field.is_nullable()))
    };
    let text = |name| match value(name) {
        Some((value, false)) => quote!(#value.as_ref()),
        Some((value, true)) => quote!(#value.as_deref().unwrap_or_default()),
        None => quote!(""),
    };
    let id = text(&units.id);
    let topic = text(&units.topic);
    let topic_id = value(&units.topic_id).map_or_else(|| quote!(Uuid::ZERO), |(value, _)| value);
    let partition = value(&units.partition).map_or_else(|| quote!(-1), |(value, _)| value);
    if let Some((resource, _)) = value(&units.resource) {
        let name = text(&units.resource_name);
        let others = match routing {
            Routing::Controller => quote!(Controller),
            _ => quote!(AnyBroker),
        };
        return quote!(of_configs(#resource, #name, Destination::#others));
    }
    if let Some((broker, _)) = value(&units.broker) {
        return quote!(broker(#broker));
    }
    match routing {
        Routing::PartitionLeader => quote!(leader(#topic, #topic_id, #partition)),
        Routing::ShareCoordinator => quote!(share(#id, #topic_id, #partition)),
        Routing::TransactionCoordinator => match value(&units.id) {
            Some((value, true)) => quote!(transaction(#value.as_deref())),
            _ => quote!(transaction(Some(#id))),
        },
        _ => quote!(group(#id)),
    }
}

/// The name of the request itself, or of an element.
fn level(level: usize) -> TokenStream {
    if level == 0 {
        return quote!(self);
    }
    numbered("element", level)
}

fn numbered(name: &str, number: usize) -> TokenStream {
    let name = ident(&format!("{name}{number}"));
    quote!(#name)
}
