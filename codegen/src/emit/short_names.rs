//! Short names for the structs inside of a message. Kafka calls a topic `FetchTopic`, `TopicProduceData`, `CreatableTopic` or
//! `FetchableTopicResponse`; in the module of its message `Topic` says the same.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;
use crate::ir::Message;

/// Aliases for the structs inside of a message of which the short name is natural and unambiguous.
pub(super) fn items(message: &Message) -> TokenStream {
    let aliases = aliases(message).into_iter().map(|(alias, name)| {
        let doc = format!(" [`{name}`] by its short name.");
        let (alias, name) = (ident(alias), ident(name));
        quote! {
            #[doc = #doc]
            pub type #alias<'a> = #name<'a>;
        }
    });
    quote!(#(#aliases)*)
}

fn aliases(message: &Message) -> BTreeMap<&'static str, &str> {
    let stem: Vec<&str> = words(message.stem()).map(singular).collect();
    let nested = message.structs.get(1..).unwrap_or_default();
    let mut found = BTreeMap::<_, Vec<&str>>::new();
    for entry in nested {
        if let Some(noun) = noun(&entry.ident, &stem) {
            found.entry(noun).or_default().push(&entry.ident);
        }
    }
    let is_free = |noun: &&str| message.structs.iter().all(|entry| entry.ident != *noun);
    let found = found.into_iter().filter(|(noun, _)| is_free(noun));
    found
        .filter_map(|(noun, names)| match names[..] {
            [only] => Some((noun, only)),
            _ => None,
        })
        .collect()
}

/// The noun that is left of a name without what the message and the role of the struct add to it.
fn noun(name: &str, stem: &[&str]) -> Option<&'static str> {
    let known = |word: &str| NOUNS.iter().find(|noun| **noun == word).copied();
    let words: Vec<&str> = words(name).map(singular).collect();
    let named = words.iter().filter(|word| !ROLES.contains(word));
    let own: Vec<&str> = named
        .clone()
        .filter(|word| !stem.contains(word))
        .copied()
        .collect();
    match own[..] {
        [only] => known(only),
        // All of it is in the name of the message too, as in `DeleteTopicState` of DeleteTopics.
        [] => {
            let mut nouns = named.filter_map(|word| known(word));
            nouns.next().filter(|_| nouns.next().is_none())
        }
        _ => None,
    }
}

/// The words of a name in camel case.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let mut second = rest.char_indices().skip(1);
        let end = second.find(|(_, c)| c.is_ascii_uppercase());
        let (word, left) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = left;
        (!word.is_empty()).then_some(word)
    })
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

/// What structs are about. None of these is a name that generated code uses.
const NOUNS: [&str; 18] = [
    "Topic",
    "Partition",
    "Broker",
    "Group",
    "Member",
    "Coordinator",
    "Config",
    "Resource",
    "Replica",
    "Transaction",
    "Assignment",
    "Filter",
    "Entity",
    "User",
    "Listener",
    "Voter",
    "Feature",
    "Entry",
];

/// What Kafka adds to a noun without saying more.
const ROLES: [&str; 20] = [
    "Request",
    "Response",
    "Result",
    "Data",
    "State",
    "Info",
    "Creatable",
    "Deletable",
    "Deleted",
    "Describable",
    "Described",
    "Fetchable",
    "Alterable",
    "Altered",
    "Altering",
    "Reassignable",
    "Reassigned",
    "Listed",
    "Ongoing",
    "Updatable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_noun_without_its_message_and_its_role() {
        for (stem, name, expected) in [
            ("Fetch", "FetchTopic", Some("Topic")),
            ("Fetch", "FetchableTopicResponse", Some("Topic")),
            ("Fetch", "PartitionData", Some("Partition")),
            ("Fetch", "AbortedTransaction", None),
            ("Produce", "TopicProduceData", Some("Topic")),
            ("Produce", "PartitionProduceResponse", Some("Partition")),
            ("CreateTopics", "CreatableTopic", Some("Topic")),
            ("CreateTopics", "CreatableTopicResult", Some("Topic")),
            ("DeleteTopics", "DeleteTopicState", Some("Topic")),
            ("Metadata", "MetadataResponseBroker", Some("Broker")),
            ("DescribeGroups", "DescribedGroupMember", Some("Member")),
            ("OffsetFetch", "OffsetFetchRequestTopics", Some("Topic")),
            ("ListOffsets", "LeaderIdAndEpoch", None),
        ] {
            let stem: Vec<_> = words(stem).map(singular).collect();
            assert_eq!(noun(name, &stem), expected, "{name}");
        }
    }
}
