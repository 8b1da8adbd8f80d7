//! Requests and responses of APIs that are not known here.

use crate::wire::{Blob, IntoOwned, SharedFrame, Writer};
use crate::{
    AnyRequest, AnyResponse, ApiKey, EncodeError, EncodeErrorKind, UnknownApiKey, Version,
    VersionRange,
};

/// A request or response of an API that is not known here: its bytes, which are encoded unchanged.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::Writer;
/// use kafka_codec::{AnyRequest, ApiKey, Version};
///
/// let key = ApiKey::from_number(10_001);
/// let request = AnyRequest::decode(key, Version(3), b"hi")?;
/// let AnyRequest::Unknown(unknown) = &request else { panic!("no such API is known") };
/// assert_eq!((unknown.api_key(), unknown.version), (key, Version(3)));
///
/// let mut writer = Writer::new();
/// request.encode(&mut writer, Version(3))?;
/// assert_eq!(writer.into_vec(), b"hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownMessage<'a> {
    /// The API.
    pub key: UnknownApiKey,
    /// The version that the bytes are in.
    pub version: Version,
    /// The whole body.
    pub body: Blob<'a>,
}

impl UnknownMessage<'_> {
    /// The API that the message is of.
    #[must_use]
    pub const fn api_key(&self) -> ApiKey {
        ApiKey::Unknown(self.key)
    }

    /// Checks that `version` is that of the bytes.
    pub(crate) fn fits(&self, name: &'static str, version: Version) -> Result<(), EncodeError> {
        if version == self.version {
            return Ok(());
        }
        let supported = VersionRange::only(self.version.0);
        let kind = EncodeErrorKind::UnsupportedVersion { supported };
        Err(EncodeError::new(kind, None).in_message(name, version))
    }

    /// Appends the bytes to `writer`.
    pub(crate) fn encode(
        &self,
        writer: &mut Writer,
        name: &'static str,
        version: Version,
    ) -> Result<(), EncodeError> {
        self.fits(name, version)?;
        writer.bytes(&self.body)
    }
}

impl IntoOwned for UnknownMessage<'_> {
    type Owned = UnknownMessage<'static>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        let Self { key, version, body } = self;
        UnknownMessage {
            key,
            version,
            body: body.own(frame),
        }
    }
}

impl<'a> From<UnknownMessage<'a>> for AnyRequest<'a> {
    fn from(message: UnknownMessage<'a>) -> Self {
        Self::Unknown(message)
    }
}

impl<'a> From<UnknownMessage<'a>> for AnyResponse<'a> {
    fn from(message: UnknownMessage<'a>) -> Self {
        Self::Unknown(message)
    }
}
