//! The response of a request that was generated without it.

use crate::api_key::HeaderRanges;
use crate::wire::{Blob, IntoOwned, ReadCursor, SharedFrame, WriteCursor};
use crate::{ApiKey, Decode, Message, Response, Version, VersionRange};

/// A response that keeps its bytes, of a request that was generated without its own.
///
/// `KEY` is the number of the API, `FLEXIBLE_FROM` the first flexible version of the response, or
/// `i16::MAX`. See `Builder::request` of `kafka-codec-codegen`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnselectedResponse<'a, const KEY: i16, const FLEXIBLE_FROM: i16> {
    /// The whole body.
    pub body: Blob<'a>,
}

impl<const KEY: i16, const FLEXIBLE_FROM: i16> Message
    for UnselectedResponse<'_, KEY, FLEXIBLE_FROM>
{
    const NAME: &'static str = "UnselectedResponse";
    const VERSIONS: VersionRange = VersionRange::generated(0, i16::MAX);
    type With<'b> = UnselectedResponse<'b, KEY, FLEXIBLE_FROM>;
    const FLEXIBLE_FROM: Option<Version> = match FLEXIBLE_FROM {
        i16::MAX => None,
        first => Some(Version(first)),
    };

    fn write(&self, w: &mut WriteCursor, _: i16) {
        w.bytes(&self.body);
    }
}

impl<'a, const KEY: i16, const FLEXIBLE_FROM: i16> Decode<'a>
    for UnselectedResponse<'a, KEY, FLEXIBLE_FROM>
{
    fn read(r: &mut ReadCursor<'a>, _: i16) -> Self {
        let body = r.bytes(r.rest().len());
        Self {
            body: Blob::Borrowed(body),
        }
    }
}

impl<const KEY: i16, const FLEXIBLE_FROM: i16> Response
    for UnselectedResponse<'_, KEY, FLEXIBLE_FROM>
{
    const KEY: ApiKey = ApiKey::from_number(KEY);
    const HEADERS: HeaderRanges = match HeaderRanges::of(Self::KEY) {
        Some(known) => known,
        None => HeaderRanges::new(&[(i16::MIN, 1, 0), (FLEXIBLE_FROM, 2, 1)]),
    };
}

impl<const KEY: i16, const FLEXIBLE_FROM: i16> IntoOwned
    for UnselectedResponse<'_, KEY, FLEXIBLE_FROM>
{
    type Owned = UnselectedResponse<'static, KEY, FLEXIBLE_FROM>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        UnselectedResponse {
            body: self.body.own(frame),
        }
    }
}
