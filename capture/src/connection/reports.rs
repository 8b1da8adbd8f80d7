//! Reports of what was found on a connection instead of Kafka, or around it.

use super::foreign;
use super::role::Output;
use super::stream::Stream;
use crate::event::{Connection, Direction, EventKind, Tls, Undecoded};
use crate::identity::Identity;
use crate::tcp::Arrival;
use crate::tls::Way;

/// Reports which other protocol was spoken to a broker, if it is recognized. TLS is reported elsewhere. Returns the
/// direction whose bytes are reported.
pub(super) fn name_other(
    streams: &[&Stream; 2],
    at: Arrival,
    out: &mut Output<'_>,
) -> Option<Direction> {
    let sides = [
        (out.life.client(), Direction::ToBroker),
        (out.life.broker(), Direction::ToClient),
    ];
    let mut named = sides.into_iter().filter_map(|(side, direction)| {
        let is_client = direction == Direction::ToBroker;
        let protocol = foreign::name(side.first_bytes(), is_client)?;
        Some((side.bytes, direction, protocol))
    });
    let (bytes, direction, protocol) = named.next()?;
    drop(named);
    let [low, high] = streams;
    let (client, broker) = if low.is_client {
        (low.end, high.end)
    } else {
        (high.end, low.end)
    };
    let undecoded = Undecoded {
        bytes,
        correlation_id: None,
        api: None,
        truncation: None,
        first_time: out.life.first(),
        reason: format!("not Kafka: its first bytes are {protocol}"),
    };
    let connection = Connection::new(client, broker, out.life.id());
    out.emit(
        &connection,
        at,
        direction,
        &Identity::default(),
        EventKind::Undecoded(undecoded),
    );
    Some(direction)
}

/// Reports what a TLS handshake shows.
pub(super) fn report_tls(
    shown: &Tls,
    way: Way,
    at: Arrival,
    [low, high]: [&mut Stream; 2],
    client: Option<Way>,
    out: &mut Output<'_>,
) {
    let is_client_low = match client {
        Some(client) => client == Way::Low,
        None => low.is_client,
    };
    let (client, broker) = if is_client_low {
        (low, high)
    } else {
        (high, low)
    };
    let connection = Connection::new(client.end, broker.end, out.life.id());
    let direction = if way == client.above.way {
        Direction::ToBroker
    } else {
        Direction::ToClient
    };
    let kind = EventKind::Tls(shown);
    out.emit(&connection, at, direction, &Identity::default(), kind);
}
