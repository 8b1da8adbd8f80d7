//! Which connections of a capture cannot be replayed, and why.

use std::fmt;

use crate::streams::TcpConnection;
use crate::truth::Frame;

/// Why a connection cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    /// Nobody said anything: it was refused, say.
    NoBytes,
    /// Bytes of it are in no packet. The two ends had them: what is left is nothing that a connection can meet, as
    /// TCP delivers all of a stream or ends it.
    Holes,
    /// The capture has a response before its request. The two ends saw them in the other order.
    Disorder,
    /// The capture begins within a frame, or with a response whose request was sent before: in which version the
    /// response is nothing says.
    MidExchange,
    /// Bare SASL tokens follow requests of other kinds. Those the machine sends by itself and in its own words.
    LateTokens,
}

impl Obstacle {
    /// Returns `true` if only a damaged capture has it.
    pub(crate) const fn is_damage(self) -> bool {
        matches!(self, Self::Holes | Self::Disorder)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBytes => "without bytes",
            Self::Holes => "with holes",
            Self::Disorder => "with packets in the wrong order",
            Self::MidExchange => "begins between a request and its response",
            Self::LateTokens => "with bare SASL tokens after other requests",
        })
    }
}

/// Why `tcp`, whose frames are `frames`, cannot be replayed.
pub(crate) fn obstacle(tcp: &TcpConnection, frames: &[Frame]) -> Option<Obstacle> {
    let goes_back = tcp.arrivals.windows(2).any(|two| two[1].time < two[0].time);
    let is_early = |response: &Frame| {
        let requests = frames.iter().filter(|frame| frame.to_broker);
        let mut own = requests.filter(|request| request.id == response.id && response.id.is_some());
        !response.to_broker && own.any(|request| request.last_time > response.first_time)
    };
    let begins_between = || {
        let first = |to_broker| frames.iter().find(|frame| frame.to_broker == to_broker);
        let mut firsts = [first(true), first(false)].into_iter().flatten();
        firsts.any(|first| first.offset > 0) || frames.iter().any(Frame::is_without_request)
    };
    let has_tokens = frames.iter().any(|frame| frame.is_token);
    Some(match () {
        () if tcp.arrivals.is_empty() => Obstacle::NoBytes,
        () if tcp.to_broker.has_holes() || tcp.to_client.has_holes() => Obstacle::Holes,
        () if goes_back || frames.iter().any(is_early) => Obstacle::Disorder,
        () if begins_between() => Obstacle::MidExchange,
        () if has_tokens && !frames[0].asks_for_bare_tokens() => Obstacle::LateTokens,
        () => return None,
    })
}
