//! SaslHandshake v0 and the bare tokens after it, which both sides of the machine take part in themselves: the tokens
//! come out of the capture, as from a caller that makes them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_codec::connection::sasl::{CallerTokens, Mechanism, Token};
use kafka_codec::connection::{Event, RequestId, State, VersionTable};
use kafka_codec::messages::{RequestHeader, SaslHandshakeRequest};
use kafka_codec::{ApiKey, Decode, VersionRange};

use super::{Replay, SIZE_BYTES, since};
use crate::streams::TcpConnection;
use crate::truth::Frame;

/// How far the exchange has got.
pub(super) struct Tokens<'a> {
    /// The frames of the list that are still to come from the broker: the response to the handshake, and tokens.
    answers: std::vec::IntoIter<&'a Frame>,
    /// The handshake, until it is answered.
    handshake: Option<(&'a Frame, RequestId)>,
    /// When the handshake and the last token were sent and answered.
    started: i64,
    agreed: i64,
    finished: i64,
    sent: u32,
    is_ready: bool,
}

impl<'a> Tokens<'a> {
    /// The exchange that a connection begins with, and the mechanism that its handshake names.
    pub(super) fn of(
        tcp: &TcpConnection,
        frames: &'a [Frame],
    ) -> Option<(Self, Box<dyn Mechanism>)> {
        if !frames.iter().any(|frame| frame.is_token) {
            return None;
        }
        let handshake = &frames[0];
        let request = &tcp.to_broker.bytes[SIZE_BYTES..handshake.bytes];
        let (header, body) = RequestHeader::split(request).unwrap();
        let request = SaslHandshakeRequest::decode(body, header.version()).unwrap();
        let answers =
            |frame: &&Frame| !frame.to_broker && (frame.is_token || frame.id == handshake.id);
        let tokens = Self {
            answers: frames
                .iter()
                .filter(answers)
                .collect::<Vec<_>>()
                .into_iter(),
            handshake: None,
            started: handshake.last_time,
            agreed: 0,
            finished: 0,
            sent: 0,
            is_ready: false,
        };
        Some((tokens, Box::new(CallerTokens::new(&*request.mechanism))))
    }
}

/// The versions that a client uses which did not ask for any; of others, none: it learns them for itself.
pub(super) fn versions(frames: &[Frame]) -> VersionTable {
    if !frames.iter().any(|frame| frame.is_token) {
        return VersionTable::default();
    }
    let used = frames.iter().filter_map(|frame| {
        let key: ApiKey = frame.api.parse().ok()?;
        Some((key, VersionRange::only(frame.version?)))
    });
    VersionTable::new(used)
}

impl<'a> Replay<'a> {
    /// The handshake came out of the accepting side; the connection sends its own.
    pub(super) fn on_handshake(&mut self, truth: &'a Frame, id: RequestId) {
        assert_eq!(self.client.state(), State::SaslHandshake, "{}", self.name);
        let tokens = self.tokens.as_mut().expect("there are tokens");
        tokens.handshake = Some((truth, id));
        self.server.set_bare_tokens(true);
    }

    /// A token came out of the accepting side.
    pub(super) fn on_token(&mut self, now: Instant, time: i64, token: Token) {
        let truth = self.to_come.next().expect("no more than the list has");
        let name = &self.name;
        assert!(truth.is_token, "{name}: a token, not {truth:?}");
        assert_eq!(token.expose().len() + SIZE_BYTES, truth.bytes, "{name}");
        assert_eq!(time, truth.last_time, "{name}");
        assert_eq!(self.client.state(), State::SaslTokens, "{name}");
        assert!(self.client.provide_sasl_token(now, Some(token)), "{name}");
        let written = self.write(now);
        let wire = &self.tcp.to_broker.bytes[truth.offset..][..truth.bytes];
        assert!(written == wire, "{}: not the same token", self.name);
        self.tally.requests += 1;
        self.tokens.as_mut().expect("there are tokens").sent += 1;
    }

    /// The broker answered the handshake or a token.
    pub(super) fn on_token_wanted(&mut self, now: Instant, challenge: &[u8]) {
        assert_eq!(self.client.state(), State::SaslTokens, "{}", self.name);
        let tokens = self.tokens.as_mut().expect("there are tokens");
        let truth = tokens.answers.next().expect("no more than the list has");
        assert_eq!(now, self.start + since(self.started, truth.last_time));
        let wire = &self.tcp.to_client.bytes[truth.offset..][..truth.bytes];
        self.last_response = Some(truth.last_time);
        self.tally.answered += 1;
        if let Some((asked, id)) = tokens.handshake.take() {
            tokens.agreed = truth.last_time;
            assert!(challenge.is_empty() && !truth.is_token, "{}", self.name);
            let frame = Bytes::copy_from_slice(&wire[SIZE_BYTES..]);
            self.server.respond_frame(now, id, &frame).unwrap();
            self.write_response(now, asked, since(asked.last_time, truth.last_time));
        } else {
            tokens.finished = truth.last_time;
            assert!(truth.is_token, "{}: a token, not {truth:?}", self.name);
            assert!(challenge == &wire[SIZE_BYTES..], "{}", self.name);
            self.server.send_token(now, challenge).unwrap();
            self.write_back(now);
        }
        // The mechanism alone knows when it is over; here, the list does.
        let next = self.to_come.as_slice().first();
        if next.is_none_or(|next| !next.is_token) {
            self.server.set_bare_tokens(false);
            assert!(self.client.provide_sasl_token(now, None), "{}", self.name);
            assert_eq!(self.client.state(), State::Ready, "{}", self.name);
        }
    }

    /// The exchange took as long as between the packets.
    pub(super) fn on_session(&mut self, event: &Event) {
        let tokens = self.tokens.as_mut().expect("there are tokens");
        let took = |from, to| -> Duration { since(from, to) };
        let (handshake, exchange) = (
            took(tokens.started, tokens.agreed),
            took(tokens.agreed, tokens.finished),
        );
        match event {
            Event::SaslSucceeded { rounds, took, .. } => {
                assert_eq!((*rounds, *took), (tokens.sent, handshake + exchange));
            }
            Event::Ready { took } => {
                let parts = (took.sasl_handshake, took.sasl_authenticate);
                assert_eq!(parts, (handshake, exchange), "{}", self.name);
                tokens.is_ready = true;
            }
            other => panic!("{}: {other:?}", self.name),
        }
    }

    /// An exchange was replayed to its end, if there was one.
    pub(super) fn check_exchange(&self) {
        if let Some(tokens) = &self.tokens {
            assert!(tokens.is_ready && tokens.answers.as_slice().is_empty());
        }
    }
}
