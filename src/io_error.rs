//! The errors of this crate as [`io::Error`], for programs whose functions return that.
//!
//! The error itself is inside, so that [`io::Error::get_ref`] and `downcast` give it back.

use std::io::{self, ErrorKind};

use crate::frame::{FrameError, FrameErrorKind};
use crate::{DecodeError, EncodeError, ErrorCode, InvalidSoftware, NegotiationFault, VersionError};

macro_rules! io_errors {
    ($($(#[$attribute:meta])* $type:ty: |$error:ident| $kind:expr;)*) => {$(
        $(#[$attribute])*
        impl From<$type> for io::Error {
            fn from($error: $type) -> Self {
                Self::new($kind, $error)
            }
        }
    )*};
}

io_errors! {
    /// Bytes that are not the message: [`InvalidData`](ErrorKind::InvalidData).
    DecodeError: |error| ErrorKind::InvalidData;
    /// A message that cannot be encoded: [`InvalidInput`](ErrorKind::InvalidInput).
    EncodeError: |error| ErrorKind::InvalidInput;
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) where the stream ends, else [`InvalidData`](ErrorKind::InvalidData).
    FrameError: |error| match error.kind() {
        FrameErrorKind::EndInSize { .. } | FrameErrorKind::EndInFrame { .. } => {
            ErrorKind::UnexpectedEof
        }
        _ => ErrorKind::InvalidData,
    };
    /// An answer of a broker: [`TimedOut`](ErrorKind::TimedOut) and
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) where the code says that, else [`Other`](ErrorKind::Other).
    ErrorCode: |error| match error {
        ErrorCode::REQUEST_TIMED_OUT => ErrorKind::TimedOut,
        ErrorCode::SASL_AUTHENTICATION_FAILED
        | ErrorCode::TOPIC_AUTHORIZATION_FAILED
        | ErrorCode::GROUP_AUTHORIZATION_FAILED
        | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
        | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        | ErrorCode::DELEGATION_TOKEN_AUTHORIZATION_FAILED => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    };
    /// No common version: [`Unsupported`](ErrorKind::Unsupported).
    VersionError: |error| ErrorKind::Unsupported;
    /// Versions that cannot be learned: [`Unsupported`](ErrorKind::Unsupported).
    NegotiationFault: |error| ErrorKind::Unsupported;
    /// A setting that is wrong: [`InvalidInput`](ErrorKind::InvalidInput).
    InvalidSoftware: |error| ErrorKind::InvalidInput;
}

#[cfg(feature = "connection")]
mod of_connection {
    use super::{ErrorKind, io};
    use crate::connection::{
        CloseReport, ConnectionError, ConnectionErrorKind, ResponseTypeError, SubmitError,
    };

    io_errors! {
        /// The kind of the [reason](crate::connection::CloseReason::io_kind).
        CloseReport: |error| error.reason.io_kind();
        /// The kind of the [reason](crate::connection::CloseReason::io_kind) if the connection was closed.
        ConnectionError: |error| match error.kind() {
            ConnectionErrorKind::Closed(report) => report.reason.io_kind(),
            ConnectionErrorKind::TimedOut { .. } => ErrorKind::TimedOut,
            ConnectionErrorKind::Draining => ErrorKind::ConnectionAborted,
            ConnectionErrorKind::Cancelled => ErrorKind::Interrupted,
            ConnectionErrorKind::Version(_) => ErrorKind::Unsupported,
        };
        /// [`NotConnected`](ErrorKind::NotConnected) before and after the connection is ready,
        /// [`WouldBlock`](ErrorKind::WouldBlock) if its queue is full, else what is wrong with the request.
        SubmitError: |error| match error {
            SubmitError::NotReady { .. } | SubmitError::Closed { .. } => ErrorKind::NotConnected,
            SubmitError::QueueFull { .. } => ErrorKind::WouldBlock,
            SubmitError::Version(_) | SubmitError::DoesNotFit { .. } => ErrorKind::Unsupported,
            SubmitError::Encode(_) | SubmitError::NotARequest { .. } => ErrorKind::InvalidInput,
        };
        /// Another response than expected: [`InvalidData`](ErrorKind::InvalidData).
        ResponseTypeError: |error| ErrorKind::InvalidData;
    }
}

#[cfg(feature = "records")]
mod of_records {
    use super::{ErrorKind, io};
    use crate::records::{BuildError, RecordsError};

    io_errors! {
        /// Bytes that are not records: [`InvalidData`](ErrorKind::InvalidData).
        RecordsError: |error| ErrorKind::InvalidData;
        /// Records that cannot be written: [`InvalidInput`](ErrorKind::InvalidInput).
        BuildError: |error| ErrorKind::InvalidInput;
    }
}
