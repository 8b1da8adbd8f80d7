//! What the accepting side tells its owner.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::messages::RequestHeader;
use crate::request_frame::check_key;
use crate::{Decode, DecodeError, Request};

use super::super::sasl::Token;
use super::super::{ApiLabel, CloseReport, RequestId};

/// What happened. [`Closed`](Self::Closed) is the last event of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client asked for the versions, and says what it is.
    Client {
        /// The name of its software; empty if it did not say.
        name: Box<str>,
        /// The version of its software.
        version: Box<str>,
    },
    /// A request arrived. It is to be [answered](super::ServerConnection::respond), if it expects that.
    Request(IncomingRequest),
    /// A bare SASL token arrived: see
    /// [`set_bare_tokens`](super::ServerConnection::set_bare_tokens).
    SaslToken(Token),
    /// The transport accepted the last byte of a response.
    Written {
        /// The request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
        /// From the last byte of the request to the response being given.
        handled_in: Duration,
        /// From then to its last byte being accepted: what it waited for responses before it, and writing.
        written_in: Duration,
    },
    /// The connection is over. Requests that were handed out and not answered are in the report.
    Closed(Arc<CloseReport>),
}

/// A request of a client. It owns its bytes.
#[derive(Clone)]
pub struct IncomingRequest {
    pub(super) id: RequestId,
    pub(super) label: ApiLabel,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) expects_response: bool,
    pub(super) frame: Bytes,
    pub(super) body: usize,
}

impl IncomingRequest {
    /// By what it is answered.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// What names it in logs.
    #[must_use]
    pub const fn label(&self) -> ApiLabel {
        self.label
    }

    /// The client id that holds for the request: that of its header, or of an earlier one where headers may omit it.
    /// Bytes that are not UTF-8 are escaped in it, as in
    /// [`client_id_text`](crate::RequestParts::client_id_text).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Whether the client waits for a response. It does not for Produce with acks 0.
    #[must_use]
    pub const fn expects_response(&self) -> bool {
        self.expects_response
    }

    /// The whole frame, header and body, without its size: what a proxy
    /// [submits](crate::connection::Connection::submit_frame) to the broker behind it.
    #[must_use]
    pub const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The header; its client id is `None` if that is not UTF-8. `None` if the request is forwarded, its API is unknown here, and it has no header of the
    /// version that was [expected](super::ServerOptions::with_header_versions).
    #[must_use]
    pub fn header(&self) -> Option<RequestHeader<'_>> {
        let split = RequestHeader::split_any_client_id(&self.frame, self.label.headers);
        split.ok().map(|parts| parts.header)
    }

    /// The bytes of the body; all that follows the correlation id if there is no [header](Self::header).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let body = self.frame.get(self.body..);
        body.expect("the body is the end of the frame")
    }

    /// The request as one of type `R`, borrowing the frame. Bytes after it are ignored, as Kafka's brokers do: old
    /// versions of librdkafka send four zeros after ApiVersions.
    ///
    /// # Errors
    ///
    /// [`OtherApi`](crate::DecodeErrorKind::OtherApi) if the request is not of `R`'s API, else as
    /// [`Decode::decode_prefix`].
    pub fn decode<'a, R: Request + Decode<'a>>(&'a self) -> Result<R, DecodeError> {
        self.decode_prefix().map(|(request, _)| request)
    }

    /// The request as one of type `R`, and the bytes after it, of which there are none in a request of today's
    /// clients.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_prefix<'a, R: Request + Decode<'a>>(
        &'a self,
    ) -> Result<(R, &'a [u8]), DecodeError> {
        check_key::<R>(self.label.api_key, self.label.version)?;
        let (headers, version) = (R::header_versions(self.label.version), self.label.version);
        if headers.request == self.label.headers.request {
            return R::decode_prefix(self.body(), version);
        }
        // The type knows the headers of its own API better than the options did.
        let parts = RequestHeader::split_any_client_id(&self.frame, headers)?;
        R::decode_prefix(parts.body, version)
    }
}

/// Without its bytes, in which there may be secrets.
impl fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("id", &self.id)
            .field("label", &self.label)
            .field("client_id", &self.client_id)
            .field("bytes", &self.frame.len())
            .finish_non_exhaustive()
    }
}
