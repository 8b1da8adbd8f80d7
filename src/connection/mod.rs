//! A connection to a broker, without its transport: bytes and time go in, bytes, times and events come out.
//!
//! [`Connection`] learns the broker's versions, authenticates, matches responses to requests, records when each
//! request passed each stage, and reports for every failure the requests that it affected and how far they had got.
//! It opens no socket, reads no clock, draws no random numbers and logs nothing: inputs and times determine outputs
//! completely. [`server`] is the other side of it.
//!
//! # Methods
//!
//! | family | methods | rule |
//! |---|---|---|
//! | inputs of the transport | [`handle_opened`], [`handle_received`] or [`handle_bytes`], [`handle_written`], [`handle_end_of_stream`], [`handle_transport_error`], [`handle_timer`] | each with the time |
//! | commands | [`submit`], [`submit_encoded`], [`submit_frame`], [`submit_body`], [`probe`], [`cancel`], [`drain`], [`close`], [`retire`], [`replace_mechanism`], [`provide_sasl_token`], [`handle_decoded`] | as above |
//! | outputs | [`poll_event`], [`poll_transmit`], [`next_deadline`] | in this order, after every input or command |
//! | questions | [`state`], [`versions`], [`choose_version`], [`in_flight`], [`gauges`] and others | at any time |
//!
//! [`handle_opened`]: Connection::handle_opened
//! [`handle_received`]: Connection::handle_received
//! [`handle_bytes`]: Connection::handle_bytes
//! [`handle_written`]: Connection::handle_written
//! [`handle_end_of_stream`]: Connection::handle_end_of_stream
//! [`handle_transport_error`]: Connection::handle_transport_error
//! [`handle_timer`]: Connection::handle_timer
//! [`handle_decoded`]: Connection::handle_decoded
//! [`submit`]: Connection::submit
//! [`submit_encoded`]: Connection::submit_encoded
//! [`submit_frame`]: Connection::submit_frame
//! [`submit_body`]: Connection::submit_body
//! [`probe`]: Connection::probe
//! [`cancel`]: Connection::cancel
//! [`drain`]: Connection::drain
//! [`close`]: Connection::close
//! [`retire`]: Connection::retire
//! [`replace_mechanism`]: Connection::replace_mechanism
//! [`provide_sasl_token`]: Connection::provide_sasl_token
//! [`poll_event`]: Connection::poll_event
//! [`poll_transmit`]: Connection::poll_transmit
//! [`next_deadline`]: Connection::next_deadline
//! [`state`]: Connection::state
//! [`versions`]: Connection::versions
//! [`choose_version`]: Connection::choose_version
//! [`in_flight`]: Connection::in_flight
//! [`gauges`]: Connection::gauges
//!
//! > **The one rule.** After every input and every command, take all events, write what there is to write, and
//! > set the timer anew. What any of the three says may have changed.
//!
//! # Run loop
//!
//! 1. Open the transport, TLS included, and call [`handle_opened`].
//! 2. Take all events, until there is none. The last one is [`Event::Closed`].
//! 3. Offer the bytes of [`poll_transmit`] to the transport, and report how many it took.
//! 4. Wait until bytes arrive, the transport can take more, or [`next_deadline`] has come.
//! 5. Give the connection what happened, with the time.
//! 6. Go to 2.
//!
//! The same as code. The transport is a [`ServerConnection`](server::ServerConnection) in memory, which answers at once; with a
//! socket, steps 3 to 5 read and write that.
//!
//! ```
//! use std::time::Instant;
//!
//! use bytes::Buf;
//! use kafka_codec::connection::server::{ServerConnection, ServerOptions};
//! use kafka_codec::connection::{Connection, ConnectionOptions, Event, SubmitOptions, VersionTable};
//! use kafka_codec::messages::ApiVersionsRequest;
//! use kafka_codec::{ApiKey, Version};
//!
//! let now = Instant::now();
//! let served = ApiKey::ALL.iter().filter_map(|key| Some((*key, key.stable_versions()?)));
//! let mut broker = ServerConnection::new(now, ServerOptions::new("client", VersionTable::new(served)));
//!
//! // 1. Open the transport, and report it.
//! let mut connection = Connection::new(now, ConnectionOptions::new("broker 1 (b1:9092)"));
//! connection.handle_opened(now);
//!
//! let mut apis = None;
//! 'run: loop {
//!     // 2. Take all events.
//!     while let Some(event) = connection.poll_event() {
//!         match event {
//!             Event::Ready { .. } => {
//!                 let request = ApiVersionsRequest::default();
//!                 let version = SubmitOptions::default().with_version(Version(2)).with_tag(7);
//!                 connection.submit(now, &request, version)?;
//!             }
//!             Event::Completed(completion) if completion.tag() == 7 => {
//!                 let response = completion.into_response()?.expect("it has a response");
//!                 let frame = response.into_typed::<ApiVersionsRequest>()?;
//!                 apis = Some(frame.decode()?.api_keys.len());
//!                 connection.close(now);
//!             }
//!             Event::Closed(report) => {
//!                 assert_eq!(report.to_string(), "broker 1 (b1:9092): closed by this side");
//!                 break 'run;
//!             }
//!             _ => {}
//!         }
//!     }
//!
//!     // 3. Write what there is to write, and report how much of it was taken.
//!     if let Some(mut transmit) = connection.poll_transmit() {
//!         let bytes = transmit.copy_to_bytes(transmit.remaining());
//!         broker.handle_bytes(now, &bytes);
//!         connection.handle_written(now, bytes.len());
//!     }
//!
//!     // 4. Wait, at most until the deadline. This transport has always answered already.
//!     let _deadline = connection.next_deadline();
//!
//!     // 5. Give the connection what happened: here, the bytes that arrived.
//!     if let Some(mut answer) = broker.poll_transmit() {
//!         let bytes = answer.copy_to_bytes(answer.remaining());
//!         connection.handle_bytes(now, &bytes);
//!         broker.handle_written(now, bytes.len());
//!     }
//! } // 6. Go to 2.
//! assert_eq!(apis, Some(ApiKey::ALL.iter().filter(|key| key.stable_versions().is_some()).count()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # States
//!
//! ```text
//!             opened              answered, no SASL          drain
//! Connecting ───────► ApiVersions ─────────────────► Ready ────────► Draining
//!     │                │  ▲ │                        ▲ │ ▲              │
//!     │ versions are   └──┘ │ SASL          accepted │ │ │              │
//!     │ known     fallback  ▼                        │ ▼ │              │
//!     │            SaslHandshake ──► SaslAuthenticate  Reauthenticating │
//!     └──► Ready,    ▲ │    v1: SaslAuthenticate requests               │
//!          or SASL   └─┘    v0: bare tokens                             │
//!                 another mechanism                                     ▼
//! every state ── close, end of stream, failure, time ────────────────► Closed
//! ```
//!
//! Requests may be submitted in all states but the last two, if they [name their version](SubmitOptions::with_version);
//! without one, once the broker's versions are known. They are sent in [`State::Ready`].
//!
//! # Promises
//!
//! - Every request that is accepted has exactly one [`Event::Completed`], with how far it had got ([`Delivery`]) and when
//!   it passed each stage ([`Timings`]). A [probe](Connection::probe) has one [`Event::Probed`].
//! - Events come in the same order with the same content, whatever the pieces in which bytes arrive.
//! - No event follows [`Event::Closed`].
//! - A malformed body does not close the connection, which reads only the throttle time of bodies.
//! - Memory: what was submitted, one frame that is arriving, as [`FrameReader`](crate::frame::FrameReader#memory) reserves it,
//!   and less than 4 KiB.
//! - Passwords and tokens are wiped, and in no event, error or `Debug` output.
//!
//! # When a connection is closed
//!
//! [`CloseReport`] prints as one line and has everything in it as fields; a [`Hint`] beside it guesses at the cause.
//!
//! | reason | what it means | what to do |
//! |---|---|---|
//! | [`Local`](CloseReason::Local), [`BrokerRetired`](CloseReason::BrokerRetired) | the caller closed it | nothing |
//! | [`IdleLocal`](CloseReason::IdleLocal), [`IdleRemoteLikely`](CloseReason::IdleRemoteLikely) | nothing was under way for long | nothing; probe more often than [anyone closes](keep_alive_interval) to keep it |
//! | [`RemoteEof`](CloseReason::RemoteEof) | the peer ended the stream, perhaps inside a response | look into the broker's log at that time; while versions are negotiated: does the port expect TLS? while a mechanism is agreed on: see [`ReconnectAdvice`] |
//! | [`RemoteReset`](CloseReason::RemoteReset) | the peer's kernel, or something between, cut it | broker restarted, or a firewall or load balancer; while versions are negotiated: see [`ReconnectAdvice`] |
//! | [`Transport`](CloseReason::Transport) | the socket failed otherwise | read its error |
//! | [`Timeout`](CloseReason::Timeout) | something took too long: [which](TimeoutKind), and behind what | a slow request at the head belongs on a connection of its own; else the broker or network is slow |
//! | [`Desynchronized`](CloseReason::Desynchronized) | a response answers nothing that was asked | a bug of broker or proxy: report it with both ids and the bytes |
//! | [`BadFrameSize`](CloseReason::BadFrameSize) | a frame of an impossible size | wrong port, or raise the limit if responses are that large |
//! | [`Foreign`](CloseReason::Foreign) | the peer speaks TLS, HTTP, SSH or text | correct the port, or use TLS |
//! | [`Negotiation`](CloseReason::Negotiation) | the broker's versions could not be learned | read the fault; the broker may be too old |
//! | [`Authentication`](CloseReason::Authentication) | broker or client refused the other | correct the credentials or mechanism; the broker's words are in it |
//! | [`BadRequest`](CloseReason::BadRequest) | [accepting side](server) only: a request that is not served | the client's bug, or serve more |
//!
//! [`Advice`] says whether each request can be sent again; [`Metrics`] sums up events. With the feature `tracing`, each event
//! can be handed to `tracing` by its method `trace`, and with `metrics`, a `MetricsEmitter` counts them for the crate of that
//! name. [`Connectivity`] tracks the connections to several brokers and asks for missing ones, and [`produce`](crate::produce) follows
//! batches through their attempts.
//!
//! The crate `kafka-codec-tokio` drives connections of both sides on tokio, with TLS by rustls, and knows whom to ask in a
//! cluster. The example `blocking_client` of the repository is a driver over a socket of the standard library.
//!
//! See <https://kafka.apache.org/protocol#protocol_network>.

mod advice;
mod bodies;
mod client;
mod close_reason;
mod connectivity;
#[cfg(feature = "metrics")]
mod emitter;
mod encoded_request;
mod metrics;
mod report;
mod request;
pub mod sasl;
pub mod server;
#[cfg(feature = "tracing")]
pub(crate) mod trace;
mod transmit;

use std::fmt;

pub use crate::frame::{ForeignProtocol, StreamPosition};
pub use crate::{InvalidSoftware, NegotiationFault, VersionError, VersionTable};
pub use advice::{Advice, DuplicateRisk, Failure, Retry, keep_alive_interval};
pub use bodies::server_wait;
pub use client::Connection;
pub use client::completion::{
    Completion, ConnectionError, ConnectionErrorKind, DecodedResponse, Outcome, RawResponse,
    ResponseTypeError, SubmitError,
};
pub use client::event::{Event, Initialization, ProbeOutcome};
pub use client::options::{
    ConnectionOptions, IdlePolicy, Negotiation, OnTimeout, ReauthenticationMode, SubmitOptions,
    TimeoutFrom,
};
pub use close_reason::{AuthenticationFault, CloseReason, RequestFault, TimeoutKind};
pub use connectivity::{Connectivity, ConnectivityEvent, EnsureReport, Ticket, Unreachable};
#[cfg(feature = "metrics")]
pub use emitter::MetricsEmitter;
pub use encoded_request::EncodedRequest;
pub use metrics::{ApiMetrics, FailedMetrics, Gauges, Histogram, Metrics};
pub use report::{CloseReport, Confidence, Hint, HintKind, ReconnectAdvice, Severity, Unfinished};
pub use request::{ApiLabel, BlockedOn, Delivery, RequestId, Timings, Waits};
pub use transmit::Transmit;

/// The state of a connection, from being made to being closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum State {
    /// The transport is not open yet.
    Connecting,
    /// Waits for the broker to say which versions it has.
    ApiVersions,
    /// Waits for the broker to accept a SASL mechanism.
    SaslHandshake,
    /// Exchanges SASL tokens in SaslAuthenticate requests.
    SaslAuthenticate,
    /// Exchanges bare SASL tokens, after a handshake in version 0 or none.
    SaslTokens,
    /// Requests are sent.
    Ready,
    /// Proves again who it is; requests wait, responses still arrive.
    Reauthenticating,
    /// Takes no more requests and waits for the responses to those that were sent.
    Draining,
    /// Over. Only events are left.
    Closed,
}

impl State {
    /// The state in a word that does not change, for counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::ApiVersions => "api_versions",
            Self::SaslHandshake => "sasl_handshake",
            Self::SaslAuthenticate => "sasl_authenticate",
            Self::SaslTokens => "sasl_tokens",
            Self::Ready => "ready",
            Self::Reauthenticating => "reauthenticating",
            Self::Draining => "draining",
            Self::Closed => "closed",
        }
    }

    /// Returns `true` if no request of the caller was sent yet.
    #[must_use]
    pub const fn is_initial(self) -> bool {
        matches!(
            self,
            Self::Connecting
                | Self::ApiVersions
                | Self::SaslHandshake
                | Self::SaslAuthenticate
                | Self::SaslTokens
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connecting => "connecting",
            Self::ApiVersions => "negotiating versions",
            Self::SaslHandshake => "agreeing on a SASL mechanism",
            Self::SaslAuthenticate | Self::SaslTokens => "authenticating",
            Self::Ready => "ready",
            Self::Reauthenticating => "authenticating again",
            Self::Draining => "draining",
            Self::Closed => "closed",
        })
    }
}
