//! Mutates sections of tagged fields.

use std::ops::Range;

use super::defaults;
use super::edit::{Edit, varint};
use super::entropy::Dice;
use super::mutator::{Mutator, Patch};
use super::sites::{Section, Tagged};
use crate::schema::Field;

pub(super) fn inflated_count(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let section = dice.pick_ref(&mutator.sites.sections)?;
    let too_many = mutator.after(section.count.end) / 2 + 1;
    let count = varint(u32::try_from(dice.between(too_many, 0x7fff_ffff)).ok()?);
    let at = section.count.clone();
    Some(Patch {
        path: mutator.sites.path(section.step),
        at: at.start..at.start + count.len(),
        edits: vec![Edit::new(at, count)],
        tag: section.tag,
    })
}

pub(super) fn inflated_size(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let tagged = tagged(mutator, dice, |tagged| tagged.field.is_none())?;
    let too_large = mutator.after(tagged.value.start) + 1;
    let size = dice.between(too_large, 0x7fff_ffff);
    size_instead(mutator, tagged, size, 0)
}

pub(super) fn wrong_size(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let tagged = tagged(mutator, dice, |tagged| tagged.field.is_some())?;
    let right = tagged.value.len();
    let mut wrong = vec![
        0,
        right + 1,
        right * 2,
        right.saturating_sub(1),
        0x7fff_ffff,
    ];
    wrong.retain(|size| *size != right);
    size_instead(mutator, tagged, dice.pick(&wrong)?, right)
}

/// Another size, for which the `blamed` bytes after it may be blamed too.
fn size_instead(
    mutator: &Mutator<'_>,
    tagged: &Tagged,
    size: usize,
    blamed: usize,
) -> Option<Patch> {
    let size = varint(u32::try_from(size).ok()?);
    let start = tagged.size.start;
    Some(Patch {
        path: mutator.sites.path(tagged.step),
        at: start..start + size.len() + blamed,
        edits: vec![Edit::new(tagged.size.clone(), size)],
        tag: tagged.tag,
    })
}

pub(super) fn duplicate(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let sections = mutator.sites.sections.iter();
    let full: Vec<_> = sections
        .filter(|section| !section.tags.is_empty())
        .collect();
    let section = dice.pick(&full)?;
    let tagged = mutator.sites.tags.get(dice.pick(&section.tags)?)?;
    let copy = mutator.bytes.get(whole(tagged))?.to_vec();
    added(mutator, section, copy, mutator.sites.path(tagged.step))
}

pub(super) fn of_other_version(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let is_other = |field: &&Field| field.tag().is_some() && !field.is_tagged_in(mutator.version);
    let (section, field) = section_and_field(mutator, dice, |_, field| is_other(&field))?;
    let length = dice.below(9);
    let size = u32::try_from(length).ok()?;
    let tag = [varint(field.tag()?), varint(size), dice.vec(length)].concat();
    let path = mutator.sites.path_of(section.step, Some(field));
    added(mutator, section, tag, path)
}

pub(super) fn at_default(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let version = mutator.version;
    let (section, field) = section_and_field(mutator, dice, |section, field| {
        let mut there = section
            .tags
            .iter()
            .filter_map(|tag| mutator.sites.tags.get(*tag));
        let is_there = there.any(|tagged| tagged.field.and_then(Field::tag) == field.tag());
        field.is_tagged_in(version) && !is_there
    })?;
    let value = defaults::tagged(field, version);
    let size = u32::try_from(value.len()).ok()?;
    let tag = [varint(field.tag()?), varint(size), value].concat();
    let path = mutator.sites.path_of(section.step, Some(field));
    added(mutator, section, tag, path)
}

/// All tags of a section the other way round.
pub(super) fn out_of_order(mutator: &Mutator<'_>, dice: &mut Dice<'_>) -> Option<Patch> {
    let sections = mutator.sites.sections.iter();
    let full: Vec<_> = sections.filter(|section| section.tags.len() > 1).collect();
    let section = dice.pick(&full)?;
    let tags = section.tags.iter().rev();
    let tags = tags.filter_map(|tag| mutator.sites.tags.get(*tag));
    let reversed: Vec<_> = tags
        .filter_map(|tagged| mutator.bytes.get(whole(tagged)))
        .collect();
    let at = section.count.end..end(mutator, section);
    Some(Patch {
        edits: vec![Edit::new(at.clone(), reversed.concat())],
        tag: section.tag,
        path: mutator.sites.path(section.step),
        at,
    })
}

/// A section, and a field of its struct that `is_fit`.
fn section_and_field<'b>(
    mutator: &'b Mutator<'_>,
    dice: &mut Dice<'_>,
    is_fit: impl Fn(&Section, &'static Field) -> bool,
) -> Option<(&'b Section, &'static Field)> {
    let sections = mutator.sites.sections.iter();
    let pairs = sections.flat_map(|section| {
        let fields = section.schema.fields().iter();
        fields.map(move |field| (section, field))
    });
    let fit: Vec<_> = pairs
        .filter(|(section, field)| is_fit(section, field))
        .collect();
    dice.pick(&fit)
}

/// One of the tagged fields that `is_fit`.
fn tagged<'b>(
    mutator: &'b Mutator<'_>,
    dice: &mut Dice<'_>,
    is_fit: impl Fn(&Tagged) -> bool,
) -> Option<&'b Tagged> {
    let tags = mutator.sites.tags.iter();
    let fit: Vec<_> = tags.filter(|tagged| is_fit(tagged)).collect();
    dice.pick(&fit)
}

/// What comes of one tagged field more at the end of a section.
fn added(mutator: &Mutator<'_>, section: &Section, tagged: Vec<u8>, path: String) -> Option<Patch> {
    let end = end(mutator, section);
    let count = varint(u32::try_from(section.tags.len()).ok()?.checked_add(1)?);
    let start = end + count.len() - section.count.len();
    Some(Patch {
        at: start..start + tagged.len(),
        edits: vec![
            Edit::new(section.count.clone(), count),
            Edit::new(end..end, tagged),
        ],
        tag: section.tag,
        path,
    })
}

/// Where a section ends.
fn end(mutator: &Mutator<'_>, section: &Section) -> usize {
    let last = section
        .tags
        .last()
        .and_then(|tag| mutator.sites.tags.get(*tag));
    last.map_or(section.count.end, |tagged| tagged.value.end)
}

/// All bytes of a tagged field.
fn whole(tagged: &Tagged) -> Range<usize> {
    tagged.number.start..tagged.value.end
}
