//! All public types can be sent to and shared with other threads, and what is owned borrows
//! nothing.
#![cfg(test)]
#![cfg(feature = "messages")]

use kafka_codec::frame::{FrameError, FrameErrorKind, FrameSplitter};
use kafka_codec::wire::{
    Blob, Encoding, IntoOwned, Limits, Packed, ParseUuidError, Reader, Segments, Tag, TagSection,
    TagWriter, TaggedField, TaggedFields, Uuid, Writer,
};
use kafka_codec::{
    AnyRequest, AnyResponse, ApiClass, ApiKey, DecodeError, DecodeErrorKind, EncodeError,
    EncodeErrorKind, ErrorCode, Listener, Listeners, ParseApiKeyError, ParseErrorCodeError,
    ResponseFrame, UnknownApiKey, UnselectedResponse, Version, VersionRange, messages,
};

fn is_shared<T: Send + Sync>() {}

fn is_owned<T: Send + Sync + 'static>() {}

#[test]
fn every_public_type_is_send_and_sync() {
    is_owned::<(ApiKey, UnknownApiKey, ErrorCode, Version, VersionRange)>();
    is_owned::<(
        ApiClass,
        Listener,
        Listeners,
        ParseApiKeyError,
        ParseErrorCodeError,
    )>();
    is_owned::<UnselectedResponse<'static, 0, 0>>();
    is_owned::<(DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind)>();
    is_owned::<(FrameError, FrameErrorKind, FrameSplitter, Segments, Writer)>();
    is_owned::<(Encoding, Limits, Tag, Uuid, ParseUuidError)>();
    is_shared::<(Blob<'_>, Packed<'_, i32>, TaggedField<'_>, TaggedFields<'_>)>();
    is_shared::<(Reader<'_>, TagSection<'_>, TagWriter<'_>)>();
    is_shared::<(AnyRequest<'_>, AnyResponse<'_>)>();
    is_owned::<ResponseFrame<messages::FetchRequest<'static>>>();
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
    )>();
}
