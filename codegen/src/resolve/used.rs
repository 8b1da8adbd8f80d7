//! Which structs of a message its fields use, and for what.

use crate::ir::{Element, Struct, Type};

/// Drops the structs that no field uses any more, and tells the others anew which are elements.
pub(crate) fn drop_unused(structs: &mut Vec<Struct>) {
    let mut used = vec![Use::default(); structs.len()];
    mark(structs, &mut used, 0, false);
    let mut places = Vec::with_capacity(used.len());
    let mut kept = 0;
    for r#use in &used {
        places.push(kept);
        kept += usize::from(r#use.is_used);
    }
    let uses = used.iter();
    *structs = std::mem::take(structs)
        .into_iter()
        .zip(uses)
        .filter(|(_, r#use)| r#use.is_used)
        .map(|(entry, r#use)| Struct {
            is_element: r#use.is_element,
            ..entry
        })
        .collect();
    for field in structs.iter_mut().flat_map(|entry| &mut entry.fields) {
        if let Some(place) = place_mut(&mut field.ty) {
            *place = places.get(*place).copied().unwrap_or_default();
        }
    }
}

/// How a struct is used by the fields of others; the message's own is always.
#[derive(Clone, Copy, Default)]
struct Use {
    is_used: bool,
    is_element: bool,
}

/// Marks the struct at `place` and those inside of it, each of which is entered once.
fn mark(structs: &[Struct], used: &mut [Use], place: usize, is_element: bool) {
    let (Some(entry), Some(r#use)) = (structs.get(place), used.get_mut(place)) else {
        return;
    };
    r#use.is_element |= is_element;
    if std::mem::replace(&mut r#use.is_used, true) {
        return;
    }
    for field in &entry.fields {
        match field.ty {
            Type::Struct(place) => mark(structs, used, place, false),
            Type::Array(Element::Struct(place)) => mark(structs, used, place, true),
            _ => {}
        }
    }
}

fn place_mut(ty: &mut Type) -> Option<&mut usize> {
    match ty {
        Type::Struct(place) | Type::Array(Element::Struct(place)) => Some(place),
        _ => None,
    }
}
