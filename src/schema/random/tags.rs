//! Breaks sections of tagged fields.

use std::ops::Range;

use super::breaker::{Breaker, Wound};
use super::defaults;
use super::edit::{Edit, varint};
use super::entropy::Dice;
use super::sites::{Section, Tagged};
use crate::schema::Field;

pub(super) fn inflated_count(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let section = dice.pick_ref(&breaker.sites.sections)?;
    let too_many = breaker.after(section.count.end) / 2 + 1;
    let count = varint(u32::try_from(dice.between(too_many, 0x7fff_ffff)).ok()?);
    let at = section.count.clone();
    Some(Wound {
        path: breaker.sites.path(section.step),
        at: at.start..at.start + count.len(),
        edits: vec![Edit::new(at, count)],
        tag: section.tag,
    })
}

pub(super) fn inflated_size(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let tagged = tagged(breaker, dice, |tagged| tagged.field.is_none())?;
    let too_large = breaker.after(tagged.value.start) + 1;
    let size = dice.between(too_large, 0x7fff_ffff);
    size_instead(breaker, tagged, size, 0)
}

pub(super) fn wrong_size(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let tagged = tagged(breaker, dice, |tagged| tagged.field.is_some())?;
    let right = tagged.value.len();
    let mut wrong = vec![
        0,
        right + 1,
        right * 2,
        right.saturating_sub(1),
        0x7fff_ffff,
    ];
    wrong.retain(|size| *size != right);
    size_instead(breaker, tagged, dice.pick(&wrong)?, right)
}

/// Another size, for which the `blamed` bytes after it may be blamed too.
fn size_instead(
    breaker: &Breaker<'_>,
    tagged: &Tagged,
    size: usize,
    blamed: usize,
) -> Option<Wound> {
    let size = varint(u32::try_from(size).ok()?);
    let start = tagged.size.start;
    Some(Wound {
        path: breaker.sites.path(tagged.step),
        at: start..start + size.len() + blamed,
        edits: vec![Edit::new(tagged.size.clone(), size)],
        tag: tagged.tag,
    })
}

pub(super) fn duplicate(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let sections = breaker.sites.sections.iter();
    let full: Vec<_> = sections
        .filter(|section| !section.tags.is_empty())
        .collect();
    let section = dice.pick(&full)?;
    let tagged = breaker.sites.tags.get(dice.pick(&section.tags)?)?;
    let copy = breaker.bytes.get(whole(tagged))?.to_vec();
    added(breaker, section, copy, breaker.sites.path(tagged.step))
}

pub(super) fn of_other_version(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let is_other = |field: &&Field| field.tag().is_some() && !field.is_tagged_in(breaker.version);
    let (section, field) = section_and_field(breaker, dice, |_, field| is_other(&field))?;
    let length = dice.below(9);
    let size = u32::try_from(length).ok()?;
    let tag = [varint(field.tag()?), varint(size), dice.vec(length)].concat();
    let path = breaker.sites.path_of(section.step, Some(field));
    added(breaker, section, tag, path)
}

pub(super) fn at_default(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let version = breaker.version;
    let (section, field) = section_and_field(breaker, dice, |section, field| {
        let mut there = section
            .tags
            .iter()
            .filter_map(|tag| breaker.sites.tags.get(*tag));
        let is_there = there.any(|tagged| tagged.field.and_then(Field::tag) == field.tag());
        field.is_tagged_in(version) && !is_there
    })?;
    let value = defaults::tagged(field, version);
    let size = u32::try_from(value.len()).ok()?;
    let tag = [varint(field.tag()?), varint(size), value].concat();
    let path = breaker.sites.path_of(section.step, Some(field));
    added(breaker, section, tag, path)
}

/// All tags of a section the other way round.
pub(super) fn out_of_order(breaker: &Breaker<'_>, dice: &mut Dice<'_>) -> Option<Wound> {
    let sections = breaker.sites.sections.iter();
    let full: Vec<_> = sections.filter(|section| section.tags.len() > 1).collect();
    let section = dice.pick(&full)?;
    let tags = section.tags.iter().rev();
    let tags = tags.filter_map(|tag| breaker.sites.tags.get(*tag));
    let reversed: Vec<_> = tags
        .filter_map(|tagged| breaker.bytes.get(whole(tagged)))
        .collect();
    let at = section.count.end..end(breaker, section);
    Some(Wound {
        edits: vec![Edit::new(at.clone(), reversed.concat())],
        tag: section.tag,
        path: breaker.sites.path(section.step),
        at,
    })
}

/// A section, and a field of its struct that `is_fit`.
fn section_and_field<'b>(
    breaker: &'b Breaker<'_>,
    dice: &mut Dice<'_>,
    is_fit: impl Fn(&Section, &'static Field) -> bool,
) -> Option<(&'b Section, &'static Field)> {
    let sections = breaker.sites.sections.iter();
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
    breaker: &'b Breaker<'_>,
    dice: &mut Dice<'_>,
    is_fit: impl Fn(&Tagged) -> bool,
) -> Option<&'b Tagged> {
    let tags = breaker.sites.tags.iter();
    let fit: Vec<_> = tags.filter(|tagged| is_fit(tagged)).collect();
    dice.pick(&fit)
}

/// What comes of one tagged field more at the end of a section.
fn added(breaker: &Breaker<'_>, section: &Section, tagged: Vec<u8>, path: String) -> Option<Wound> {
    let end = end(breaker, section);
    let count = varint(u32::try_from(section.tags.len()).ok()?.checked_add(1)?);
    let start = end + count.len() - section.count.len();
    Some(Wound {
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
fn end(breaker: &Breaker<'_>, section: &Section) -> usize {
    let last = section
        .tags
        .last()
        .and_then(|tag| breaker.sites.tags.get(*tag));
    last.map_or(section.count.end, |tagged| tagged.value.end)
}

/// All bytes of a tagged field.
fn whole(tagged: &Tagged) -> Range<usize> {
    tagged.number.start..tagged.value.end
}
