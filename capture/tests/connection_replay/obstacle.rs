//! Which connections of a capture cannot be replayed, and why.

use std::fmt;

use crate::streams::TcpConnection;
use crate::truth::Frame;

/// Why a connection cannot be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Obstacle {
    /// Nobody said anything: it was refused, say.
    NoBytes,
    /// It began before the capture did.
    NoHandshake,
    /// Bytes of it are in no packet.
    Holes,
    /// Packets are not in the order in which they were sent.
    Disorder,
    /// SASL tokens without a header: the machine exchanges those only by itself, from a secret.
    BareTokens,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBytes => "without bytes",
            Self::NoHandshake => "began before the capture",
            Self::Holes => "with holes",
            Self::Disorder => "with packets in the wrong order",
            Self::BareTokens => "with bare SASL tokens",
        })
    }
}

/// Why `tcp`, whose frames are `frames`, cannot be replayed.
pub(crate) fn obstacle(tcp: &TcpConnection, frames: &[Frame]) -> Option<Obstacle> {
    let goes_back = tcp.arrivals.windows(2).any(|two| two[1].time < two[0].time);
    let is_early = |response: &Frame| {
        let mut requests = frames.iter().filter(|frame| frame.to_broker);
        !response.to_broker
            && requests
                .any(|request| request.id == response.id && request.last_time > response.first_time)
    };
    Some(match () {
        () if tcp.arrivals.is_empty() => Obstacle::NoBytes,
        () if !tcp.has_handshake() => Obstacle::NoHandshake,
        () if tcp.to_broker.has_holes() || tcp.to_client.has_holes() => Obstacle::Holes,
        () if frames.iter().any(|frame| frame.is_token) => Obstacle::BareTokens,
        () if goes_back || frames.iter().any(is_early) => Obstacle::Disorder,
        () => return None,
    })
}
