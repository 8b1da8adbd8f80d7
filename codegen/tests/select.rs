//! A message that is cut down to some versions is still one that code can be generated from.

use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::ir::{Default, Element, Message, Protocol, Struct, Type};
use kafka_codec_codegen::resolve;
use kafka_codec_codegen::select::{Selection, Target};
use kafka_codec_codegen::versions::Versions;

const DEFINITIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol-json");

fn protocol() -> Protocol {
    let corpus = Corpus::read(Path::new(DEFINITIONS)).expect("the definitions can be read");
    resolve::resolve(&corpus).expect("no faults")
}

/// Every message in the version that `choose` takes out of its versions.
fn each_in(choose: impl Fn(Versions) -> i16) -> Vec<Message> {
    let protocol = protocol();
    let mut selection = Selection::default();
    for message in &protocol.messages {
        let version = choose(message.versions);
        selection.add(Target::Message, &message.name, version..=version);
    }
    selection.apply(protocol).expect("no mistakes").messages
}

fn lowest(versions: Versions) -> i16 {
    versions.lowest().expect("a version")
}

fn highest(versions: Versions) -> i16 {
    versions.highest().expect("a version")
}

fn middle(versions: Versions) -> i16 {
    (lowest(versions) + highest(versions)) / 2
}

/// The structs inside of `entry`'s fields, and whether they are elements.
fn inner(entry: &Struct) -> impl Iterator<Item = (usize, bool)> {
    entry.fields.iter().filter_map(|field| match field.ty {
        Type::Struct(place) => Some((place, false)),
        Type::Array(Element::Struct(place)) => Some((place, true)),
        _ => None,
    })
}

#[test]
fn every_message_can_be_cut_down_to_one_version() {
    for choose in [lowest, middle, highest] {
        let messages = each_in(choose);
        assert_eq!(messages.len(), protocol().messages.len());
        for message in &messages {
            let only = message.versions;
            assert_eq!(lowest(only), highest(only), "{}", message.name);
            for (place, entry) in message.structs.iter().enumerate() {
                check(message, place, entry);
            }
        }
    }
}

fn check(message: &Message, place: usize, entry: &Struct) {
    let name = format!("{} in {}", entry.name, message.name);
    assert_eq!(entry.versions, message.versions, "{name}");
    let sizes: Vec<Versions> = entry.min_sizes.iter().map(|(run, _)| *run).collect();
    assert_eq!(sizes, [entry.versions], "{name}");
    let uses = message.structs.iter().flat_map(inner);
    let uses: Vec<bool> = uses
        .filter_map(|(used, is_element)| (used == place).then_some(is_element))
        .collect();
    assert_eq!(uses.is_empty(), place == 0, "{name}");
    assert_eq!(uses.contains(&true), entry.is_element, "{name}");
    for field in &entry.fields {
        let name = format!("{} of {name}", field.ident);
        assert_eq!(field.versions, entry.versions, "{name}");
        assert!(field.versions.contains_all(field.nullable), "{name}");
        assert!(
            field.default != Default::Null || field.is_nullable(),
            "{name}"
        );
        if let Some((_, tagged)) = field.tag {
            assert_eq!(tagged, field.versions, "{name}");
            assert!(field.mandatory().is_empty(), "{name}");
        }
    }
    for (used, _) in inner(entry) {
        assert!(used < message.structs.len(), "{name}");
    }
}

#[test]
fn all_versions_of_a_message_are_the_message() {
    let protocol = protocol();
    let mut selection = Selection::default();
    for message in &protocol.messages {
        selection.add(Target::Message, &message.name, ..);
    }
    let whole = format!("{:?}", protocol.messages);
    let selected = selection.apply(protocol).expect("no mistakes");
    assert!(format!("{:?}", selected.messages) == whole);
}
