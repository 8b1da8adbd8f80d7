//! All public types can be sent to and shared with other threads, and what is owned borrows nothing. Types of
//! connection, correlation, records and schema are in `auto_traits_of_modules.rs`.
#![cfg(test)]
#![cfg(feature = "messages")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use kafka_codec::frame::{FrameError, FrameErrorKind, FrameReader};
use kafka_codec::generated::{
    HeaderRanges, ReadCursor, SharedFrame, Tag, TagSection, TagWriter, WriteCursor,
};
use kafka_codec::internal_topics::{
    GroupCoordinatorRecord, MetadataRecord, RemoteLogMetadataRecord, ShareCoordinatorRecord,
    TransactionCoordinatorRecord, UnknownCoordinatorRecord, UnknownRecord,
};
use kafka_codec::wire::{
    Blob, Encoding, IntoOwned, Limits, Packed, PackedIter, ParseUuidError, Reader, Segments,
    TaggedField, TaggedFields, Uuid, Writer,
};
use kafka_codec::{
    AnyRequest, AnyResponse, ApiClass, ApiKey, ApiVersionsAnswer, Applied, ClientIdentity,
    DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, ErrorCode, HeaderVersions,
    Listener, Listeners, ParseApiKeyError, ParseErrorCodeError, Remedy, RequestFrame,
    ResponseFrame, Routing, UnknownApiKey, UnselectedResponse, Version, VersionRange,
    VersionRangeError, Versioned, messages,
};

fn is_shared<T: Send + Sync>() {}

fn is_owned<T: Send + Sync + 'static>() {}

#[test]
fn every_public_type_is_send_and_sync() {
    is_owned::<(
        ApiKey,
        UnknownApiKey,
        ErrorCode,
        Version,
        VersionRange,
        VersionRangeError,
    )>();
    is_owned::<kafka_codec::enumerations::ParseEnumerationError>();
    is_shared::<kafka_codec::generated::ErrorAnswer<'_>>();
    is_shared::<kafka_codec::RequestParts<'_>>();
    is_shared::<(
        kafka_codec::Destination<'_>,
        kafka_codec::TopicPartition<'_>,
        kafka_codec::UnknownMessage<'_>,
    )>();
    is_owned::<kafka_codec::generated::Parts<i32>>();
    is_owned::<kafka_codec::generated::Places>();
    is_owned::<(
        HeaderVersions,
        HeaderRanges,
        ClientIdentity,
        ApiVersionsAnswer,
        RequestFrame,
    )>();
    is_owned::<(
        ApiClass,
        Applied,
        Remedy,
        Listener,
        Listeners,
        Routing,
        ParseApiKeyError,
        ParseErrorCodeError,
    )>();
    is_owned::<UnselectedResponse<'static, 0, 0>>();
    is_owned::<(DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind)>();
    is_owned::<(FrameError, FrameErrorKind, FrameReader, Segments, Writer)>();
    #[cfg(feature = "tokio-util")]
    is_owned::<(
        kafka_codec::frame::FrameCodec,
        kafka_codec::frame::FrameCodecError,
    )>();
    is_owned::<(Encoding, Limits, Tag, Uuid, ParseUuidError, WriteCursor)>();
    is_shared::<PackedIter<'_, i32>>();
    is_shared::<(Blob<'_>, Packed<'_, i32>, TaggedField<'_>, TaggedFields<'_>)>();
    is_shared::<(Reader<'_>, ReadCursor<'_>, TagSection<'_>, TagWriter<'_>)>();
    is_shared::<(AnyRequest<'_>, AnyResponse<'_>, SharedFrame<'_>)>();
    is_owned::<ResponseFrame<messages::FetchRequest<'static>>>();
    is_shared::<(MetadataRecord<'_>, RemoteLogMetadataRecord<'_>)>();
    is_shared::<(GroupCoordinatorRecord<'_>, ShareCoordinatorRecord<'_>)>();
    is_shared::<(
        TransactionCoordinatorRecord<'_>,
        UnknownRecord<'_>,
        UnknownCoordinatorRecord<'_>,
    )>();
    is_owned::<Versioned<messages::TopicRecord<'static>>>();
}

#[test]
fn every_message_is_send_and_sync_and_its_owned_form_static() {
    macro_rules! check {
        ($($name:ident,)*) => {$(
            is_shared::<messages::$name<'_>>();
            is_owned::<<messages::$name<'_> as IntoOwned>::Owned>();
        )*};
    }
    kafka_codec::for_all_messages!(check);
    is_owned::<(
        <AnyRequest<'_> as IntoOwned>::Owned,
        <AnyResponse<'_> as IntoOwned>::Owned,
        <Versioned<MetadataRecord<'_>> as IntoOwned>::Owned,
        <RemoteLogMetadataRecord<'_> as IntoOwned>::Owned,
        <GroupCoordinatorRecord<'_> as IntoOwned>::Owned,
        <ShareCoordinatorRecord<'_> as IntoOwned>::Owned,
        <TransactionCoordinatorRecord<'_> as IntoOwned>::Owned,
    )>();
}

#[test]
fn no_public_type_is_left_out_of_these_tests() {
    let lists = [
        include_str!("auto_traits.rs"),
        include_str!("auto_traits_of_modules.rs"),
    ];
    let listed: BTreeSet<_> = lists
        .iter()
        .flat_map(|list| list.split(|c: char| !c.is_ascii_alphanumeric()))
        .collect();
    let mut places = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut count = 0;
    while let Some(place) = places.pop() {
        if place.is_dir() {
            let entries = fs::read_dir(&place).unwrap();
            places.extend(entries.map(|entry| entry.unwrap().path()));
            continue;
        }
        // What is `pub` can be reached: the compiler warns of what cannot.
        for line in fs::read_to_string(&place).unwrap().lines() {
            let line = line.trim_start();
            let ty = ["pub struct ", "pub enum "].map(|start| line.strip_prefix(start));
            let Some(ty) = ty.into_iter().flatten().next() else {
                continue;
            };
            let name = ty.split(|c: char| !c.is_ascii_alphanumeric()).next();
            let name = name.filter(|name| !name.is_empty()); // In a macro it is none.
            assert!(
                name.is_none_or(|name| listed.contains(name)),
                "{}: add `{ty}` to the lists",
                place.display()
            );
            count += 1;
        }
    }
    assert!(count > 40, "{count} types: the sources are elsewhere now");
}
