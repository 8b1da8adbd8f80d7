//! Responses, given in any order and written in that of the requests.

use std::time::Instant;
use std::{error, fmt};

use bytes::{Buf, Bytes};

use crate::wire::{Blob, Encoding, Segments, Writer};
use crate::{ApiKey, EncodeError, Response, Version, frame};

use super::super::client::request::{ApiLabel, RequestId};
use super::machine::ServerConnection;

impl ServerConnection {
    /// Answers a request.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then.
    pub fn respond<R: Response>(
        &mut self,
        now: Instant,
        id: RequestId,
        response: &R,
    ) -> Result<(), RespondError> {
        let label = self.unanswered(id)?;
        if label.api_key != R::KEY {
            let (asked, given) = (label.api_key, R::KEY);
            return Err(RespondError::OtherApi { asked, given });
        }
        let (version, correlation_id) = (label.version, label.correlation_id);
        let frame = frame::encode_response(Vec::new(), response, version, correlation_id)
            .map_err(RespondError::Encode)?;
        self.give(now, id, frame);
        Ok(())
    }

    /// Answers a request with a frame that is encoded already, header and body, without the size. The
    /// correlation id in it is replaced by that of the request.
    ///
    /// # Errors
    ///
    /// [`RespondError`]; the request is still unanswered then.
    pub fn respond_frame(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: &Bytes,
    ) -> Result<(), RespondError> {
        let label = self.unanswered(id)?;
        if frame.len() < CORRELATION_ID {
            return Err(RespondError::NotAResponse { bytes: frame.len() });
        }
        let mut writer = Writer::new();
        let start = writer.mark();
        writer.i32(0);
        writer.i32(label.correlation_id);
        writer.bytes(&Blob::Shared(frame.slice(CORRELATION_ID..)));
        writer.patch_size(&start).map_err(RespondError::Encode)?;
        self.give(now, id, writer.finish());
        Ok(())
    }

    /// Sends a bare SASL token, which is not an answer to a request.
    ///
    /// # Errors
    ///
    /// [`RespondError::Closed`]; [`RespondError::Encode`] if the token is longer than an int32 can say.
    pub fn send_token(&mut self, now: Instant, token: &[u8]) -> Result<(), RespondError> {
        if self.is_closed() {
            return Err(RespondError::Closed);
        }
        let mut writer = Writer::new();
        writer.blob(Encoding::Plain, &Blob::Borrowed(token), "token");
        writer.check().map_err(RespondError::Encode)?;
        let label = ApiLabel::of_bare_token();
        let id = self.slot(now, label, true);
        self.give(now, id, writer.finish());
        Ok(())
    }

    /// Answers a request of the connection's own concern.
    pub(super) fn answer<R: Response>(
        &mut self,
        now: Instant,
        id: RequestId,
        label: ApiLabel,
        response: &R,
        version: Version,
    ) {
        let frame = frame::encode_response(Vec::new(), response, version, label.correlation_id);
        match frame {
            Ok(frame) => self.give(now, id, frame),
            // Such a table of versions cannot be sent.
            Err(_) => self.close(now),
        }
    }

    fn unanswered(&self, id: RequestId) -> Result<ApiLabel, RespondError> {
        let mut waiting = self
            .responses
            .iter()
            .filter(|record| record.frame.is_none());
        match waiting.find(|record| record.id == id) {
            Some(record) => Ok(record.label),
            None if self.is_closed() => Err(RespondError::Closed),
            None => Err(RespondError::NotWaiting { id }),
        }
    }

    fn give(&mut self, now: Instant, id: RequestId, frame: Segments) {
        let mut waiting = self.responses.iter_mut();
        if let Some(record) = waiting.find(|record| record.id == id) {
            record.frame_bytes = frame.remaining();
            record.frame = Some(frame);
            record.timings.admitted = Some(now);
        }
        let mut rest = self.responses.iter().skip(self.ready);
        while rest.next().is_some_and(|record| record.frame.is_some()) {
            self.ready += 1;
        }
    }
}

/// How many bytes of a response come before what is its own.
const CORRELATION_ID: usize = 4;

/// Why a response was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RespondError {
    /// The connection is over.
    Closed,
    /// No such request waits for a response: it was answered, or expects none.
    NotWaiting {
        /// Which one.
        id: RequestId,
    },
    /// The response is one of another API.
    OtherApi {
        /// The API of the request.
        asked: ApiKey,
        /// The API of the response.
        given: ApiKey,
    },
    /// The response cannot be encoded in the version of the request.
    Encode(EncodeError),
    /// A frame without a correlation id.
    NotAResponse {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::NotWaiting { id } => write!(
                f,
                "request {id} does not wait for a response: it was answered already, or expects none"
            ),
            Self::OtherApi { asked, given } => {
                write!(f, "a response of {given} to a request of {asked}")
            }
            Self::Encode(error) => error.fmt(f),
            Self::NotAResponse { bytes } => {
                write!(
                    f,
                    "a frame of {bytes} bytes is no response: a correlation id takes 4"
                )
            }
        }
    }
}

impl error::Error for RespondError {}
