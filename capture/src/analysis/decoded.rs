//! Events whose bodies are decoded once, however many analyses look into them.

use std::cell::OnceCell;
use std::ops::Deref;

use kafka_codec::Decode;
use kafka_codec::messages::{
    ConsumerGroupHeartbeatRequest, FetchRequest, FetchResponse, JoinGroupRequest, MetadataResponse,
    OffsetCommitRequest, ProduceRequest, ProduceResponse, ShareFetchRequest,
    ShareGroupHeartbeatRequest,
};

use super::body;
use crate::event::{Event, EventKind};

/// An event, and the body of its message once an analysis has asked for it.
#[derive(Debug)]
pub(crate) struct DecodedEvent<'e, 'a> {
    event: &'e Event<'a>,
    body: OnceCell<Body<'a>>,
}

impl<'e, 'a> DecodedEvent<'e, 'a> {
    pub(crate) const fn new(event: &'e Event<'a>) -> Self {
        Self {
            event,
            body: OnceCell::new(),
        }
    }

    /// The body of the event's message, which is `M` by its API and direction, if it was captured whole.
    pub(super) fn body<M: SharedBody<'a>>(&self) -> Option<&M> {
        let body = self.body.get_or_init(|| match &self.event.kind {
            EventKind::Message(message) => body::<M>(message).map_or(Body::None, M::wrap),
            _ => Body::None,
        });
        M::of(body)
    }

    /// Returns `true` if an analysis has asked for the body, and it is well-formed.
    pub(super) fn is_decoded(&self) -> bool {
        !matches!(self.body.get(), None | Some(Body::None))
    }
}

impl<'a> Deref for DecodedEvent<'_, 'a> {
    type Target = Event<'a>;

    fn deref(&self) -> &Event<'a> {
        self.event
    }
}

/// A message that several analyses look into.
pub(super) trait SharedBody<'a>: Decode<'a> {
    fn wrap(self) -> Body<'a>;

    fn of<'b>(body: &'b Body<'a>) -> Option<&'b Self>;
}

macro_rules! shared_bodies {
    ($($message:ident),+ $(,)?) => {
        /// The body of a message.
        #[derive(Debug)]
        #[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
        pub(super) enum Body<'a> {
            /// Not well-formed, or not captured whole.
            None,
            $($message($message<'a>),)+
        }

        $(impl<'a> SharedBody<'a> for $message<'a> {
            fn wrap(self) -> Body<'a> {
                Body::$message(self)
            }

            fn of<'b>(body: &'b Body<'a>) -> Option<&'b Self> {
                match body {
                    Body::$message(body) => Some(body),
                    _ => None,
                }
            }
        })+
    };
}

shared_bodies![
    ConsumerGroupHeartbeatRequest,
    FetchRequest,
    FetchResponse,
    JoinGroupRequest,
    MetadataResponse,
    OffsetCommitRequest,
    ProduceRequest,
    ProduceResponse,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
];
