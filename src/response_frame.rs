//! A response that is decoded where it is used, not where it arrived.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use crate::correlation::response_version;
use crate::messages::ResponseHeader;
use crate::wire::{IntoOwned, Limits, Reader};
use crate::{Decode, DecodeError, Request, Version};

/// The frame of a response to a request of type `R`.
///
/// It owns the bytes and borrows nothing, so it can be sent to another task or thread; whoever asked
/// decodes it there, and what is decoded borrows the frame. The header has been read, the body has
/// not: a body that does not decode is found out by [`decode`](Self::decode).
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use kafka_codec::messages::HeartbeatRequest;
/// use kafka_codec::{ErrorCode, ResponseFrame, Version};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// // Whoever reads the connection knows which request is answered, and in which version.
/// let bytes = Bytes::from_static(b"\0\0\0\x07\0\0\0\0\0\0\x1b\0");
/// let frame = ResponseFrame::<HeartbeatRequest>::new(bytes, Version(4))?;
/// assert_eq!(frame.correlation_id(), 7);
///
/// // Whoever asked decodes it.
/// let task = tokio::spawn(async move { frame.decode().map(|heartbeat| heartbeat.error_code) });
/// assert_eq!(task.await.unwrap()?, ErrorCode(27));
/// # Ok::<(), kafka_codec::DecodeError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ResponseFrame<R> {
    frame: Bytes,
    header: ResponseHeader<'static>,
    body: usize,
    version: Version,
    request: PhantomData<fn(R)>,
}

impl<R: Request> ResponseFrame<R> {
    /// The response that `frame` is, its size left out, to a request in `version`.
    ///
    /// A broker that does not know the version of an ApiVersions request answers in version 0:
    /// [`version`](Self::version) is 0 then.
    ///
    /// # Errors
    ///
    /// What decoding the header fails with.
    pub fn new(frame: Bytes, version: Version) -> Result<Self, DecodeError> {
        let (header, body) = ResponseHeader::split(&frame, R::header_versions(version))?;
        let version = response_version(R::KEY, version, body);
        let (header, body) = (header.into_owned(), frame.len() - body.len());
        Ok(Self {
            frame,
            header,
            body,
            version,
            request: PhantomData,
        })
    }

    /// The response, borrowing the frame, within default [`Limits`]. Bytes after it are ignored, as Kafka's own
    /// client does; [`decode_prefix`](Self::decode_prefix) returns them.
    ///
    /// # Errors
    ///
    /// As [`Decode::decode_prefix`]; offsets count from the start of the body.
    pub fn decode(&self) -> Result<R::Response<'_>, DecodeError> {
        self.decode_with(Limits::default())
    }

    /// The response, borrowing the frame, within `limits`.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_with(&self, limits: Limits) -> Result<R::Response<'_>, DecodeError> {
        self.decode_prefix(limits).map(|(response, _)| response)
    }

    /// The response, borrowing the frame, within `limits`, and the bytes after it.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_prefix(&self, limits: Limits) -> Result<(R::Response<'_>, &[u8]), DecodeError> {
        let mut reader = Reader::with_limits(self.body(), limits);
        let response = Decode::decode_from(&mut reader, self.version)?;
        Ok((response, reader.rest()))
    }

    /// Decodes the response, within default [`Limits`], and detaches it from the frame: blobs and number arrays share
    /// the frame's bytes, strings are copied.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{DecodeError, Request, ResponseFrame};
    ///
    /// /// Generic code passes on a response that borrows nothing.
    /// fn received<R: Request>(frame: ResponseFrame<R>) -> Result<R::Response<'static>, DecodeError> {
    ///     frame.into_owned()
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn into_owned(self) -> Result<R::Response<'static>, DecodeError> {
        self.decode()
            .map(|response| response.into_owned_in(&self.frame))
    }
}

impl<R> ResponseFrame<R> {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &ResponseHeader<'static> {
        &self.header
    }

    /// The correlation id of the request that is answered.
    #[must_use]
    pub const fn correlation_id(&self) -> i32 {
        self.header.correlation_id
    }

    /// The version of request and response.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.frame
            .get(self.body..)
            .expect("the header ends within the frame")
    }

    /// The whole frame, with which blobs can be shared:
    /// [`into_owned_in`](IntoOwned::into_owned_in).
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.frame
    }
}

impl<R> Clone for ResponseFrame<R> {
    fn clone(&self) -> Self {
        let Self {
            frame,
            header,
            body,
            version,
            request,
        } = self;
        Self {
            frame: frame.clone(),
            header: header.clone(),
            body: *body,
            version: *version,
            request: *request,
        }
    }
}

impl<R: Request> fmt::Debug for ResponseFrame<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFrame")
            .field("api", &R::KEY)
            .field("version", &self.version)
            .field("correlation_id", &self.correlation_id())
            .field("body_bytes", &self.body().len())
            .finish()
    }
}
