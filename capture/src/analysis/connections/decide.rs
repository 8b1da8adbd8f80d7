//! The decision what ended a connection: the first cause that holds.

use kafka_codec::{ApiKey, Version};

use super::cause::Cause;
use super::context::{Context, begins_like_kafka, is_tls, named_at_start};
use super::record::{Flight, Record};
use crate::event::{Ending, EndingKind};

const MILLISECOND: i64 = 1_000_000;
/// Silence before the end that is the reason for it.
const SILENCE_NANOSECONDS: i64 = 1000 * MILLISECOND;
/// How soon a broker closes a connection after a request that it cannot take.
const AT_ONCE_NANOSECONDS: i64 = 1000 * MILLISECOND;
/// How often data has to be sent again without being acknowledged.
const MIN_RETRANSMISSIONS: u64 = 2;
/// No broker is set up to refuse requests that are smaller than this for their size.
const SMALL_BYTES: u64 = 4 << 10;
/// How soon a broker closes a connection after a whole request that is too large: it reads the size alone.
const UNREAD_NANOSECONDS: i64 = 250 * MILLISECOND;
/// No client waits for less before it gives up.
const MIN_TIMEOUT_NANOSECONDS: i64 = 200 * MILLISECOND;

/// The name of an ending, such as `client FIN`.
pub(super) fn ending_name(ending: Ending) -> &'static str {
    match (ending.by_client, ending.kind) {
        (true, EndingKind::Fin) => "client FIN",
        (true, EndingKind::Rst) => "client RST",
        (false, EndingKind::Fin) => "broker FIN",
        (false, EndingKind::Rst) => "broker RST",
    }
}

/// What ended a connection, and a sentence with the evidence.
pub(super) fn decide(record: &Record, context: &Context, last: i64) -> (Cause, String) {
    first_bytes(record, context)
        .or_else(|| refused_request(record, context))
        .or_else(|| authentication(record, context))
        .or_else(|| cut(record))
        .or_else(|| silent(record))
        .or_else(|| by_broker(record, context))
        .or_else(|| by_client(record, context))
        .unwrap_or_else(|| {
            let open = record.live.in_flight.len();
            let age = duration(last.saturating_sub(record.life.first()));
            let text = format!(
                "no FIN or RST within {age} of the capture, {} in flight",
                requests(open)
            );
            (Cause::StillOpen, text)
        })
}

/// Returns `true` if the broker ended a connection for what its client sent, so that the end says nothing about the broker.
pub(super) fn is_of_client(record: &Record, context: &Context) -> bool {
    first_bytes(record, context)
        .or_else(|| refused_request(record, context))
        .or_else(|| authentication(record, context))
        .is_some()
}

type Found = Option<(Cause, String)>;

fn first_bytes(record: &Record, context: &Context) -> Found {
    let (client, broker) = (record.life.client(), record.life.broker());
    if client.bytes + broker.bytes == 0 {
        let text = match record.ending() {
            Some(ending) => format!(
                "no byte was carried; {} after {}",
                ending_name(ending),
                duration(ending.time.saturating_sub(record.life.first()))
            ),
            None => format!("no byte was carried; {} SYN were sent", record.life.syns()),
        };
        return Some((Cause::None, text));
    }
    let (from_client, from_broker) = (client.first_bytes(), broker.first_bytes());
    if is_tls(from_client, &[0x16]) && !is_tls(from_broker, &[0x15, 0x16]) {
        // While the connection is open, the answer may still come.
        let may_be_tls = context.is_tls(record.broker) || record.ending().is_none();
        if !(from_broker.is_empty() && may_be_tls) {
            let text = format!(
                "the client begins with a TLS handshake ({}), and the broker does not answer it with TLS",
                hex(from_client)
            );
            return Some((Cause::TlsToPlaintext, text));
        }
    } else if !from_client.is_empty()
        && !is_tls(from_client, &[0x16])
        && is_tls(from_broker, &[0x15])
    {
        let text = format!(
            "the broker answers the client's plaintext with a TLS alert ({})",
            hex(from_broker)
        );
        return Some((Cause::PlaintextToTls, text));
    } else if record.live.requests == 0
        && !record.live.has_preamble
        && !is_tls(from_client, &[0x16])
        && begins_like_kafka(from_client) == Some(false)
    {
        let text = format!("the client begins with {}", printable(from_client));
        return Some((Cause::ForeignProtocol, text));
    }
    let size = from_broker
        .first_chunk()
        .map(|size| i32::from_be_bytes(*size));
    let is_response = size.is_none_or(|size| (4..=128 << 20).contains(&size));
    if !is_response && !is_tls(from_broker, &[0x15, 0x16]) && !is_tls(from_client, &[0x16]) {
        let text = format!("the broker begins with {}", printable(from_broker));
        return Some((Cause::ForeignProtocol, text));
    }
    None
}

/// The broker closed the connection, after a request that it cannot take.
fn refused_request(record: &Record, context: &Context) -> Found {
    let ending = record.ending().filter(|ending| !ending.by_client)?;
    let live = &record.live;
    let after = |time: i64| duration(ending.time.saturating_sub(time).max(0));
    let largest = context.largest_accepted(record.broker);
    if let Some((bytes, begun)) = live.partial_request
        && bytes > largest.max(SMALL_BYTES)
        && (0..=AT_ONCE_NANOSECONDS).contains(&ending.time.saturating_sub(begun))
    {
        let text = format!(
            "the broker closes {} after the first byte of a request of {bytes} bytes, which it does not wait for (the largest answered has {largest})",
            after(begun)
        );
        return Some((Cause::RequestTooLarge, text));
    }
    if let Some(size) = live.invalid_size {
        let cause = if size > 0 {
            Cause::RequestTooLarge
        } else {
            Cause::MalformedRequest
        };
        let text = format!("the broker closes after a frame with a size of {size} bytes");
        return Some((cause, text));
    }
    // The broker may close within a request, when it has read the size.
    let begun = live.in_flight.iter();
    for flight in begun.filter(|flight| flight.begun <= ending.time) {
        let name = flight.name();
        let (api, version) = (ApiKey::from_number(flight.api), Version(flight.version));
        if let Some(text) = refused(api, version, record, context) {
            let text = format!(
                "the broker closes {} after {name}, {text}",
                after(flight.sent)
            );
            return Some((Cause::UnsupportedVersion, text));
        }
        if let Some(error) = &flight.malformed {
            let text = format!(
                "the broker closes {} after {name}, which is malformed: {error}",
                after(flight.sent)
            );
            return Some((Cause::MalformedRequest, text));
        }
        if flight.bytes > largest.max(SMALL_BYTES)
            && ending.time.saturating_sub(flight.begun) <= UNREAD_NANOSECONDS
        {
            let text = format!(
                "the broker closes {} after {name} of {} bytes (the largest answered has {largest})",
                after(flight.sent),
                flight.bytes
            );
            return Some((Cause::RequestTooLarge, text));
        }
    }
    let undecoded = live.undecoded.as_ref();
    let named = match undecoded {
        Some((api, _)) => *api,
        // It was not taken for Kafka.
        None if live.requests == 0 => named_at_start(record.life.client().first_bytes()),
        None => None,
    };
    if let Some((api, version)) = named
        && let Some(text) = refused(api, version, record, context)
    {
        let text = format!("the broker closes after {api} v{version}, {text}");
        return Some((Cause::UnsupportedVersion, text));
    }
    let (_, reason) = undecoded?;
    let text = format!("the broker closes after a frame that is not a request: {reason}");
    Some((Cause::MalformedRequest, text))
}

/// Why the broker does not serve a request, if it does not.
fn refused(api: ApiKey, version: Version, record: &Record, context: &Context) -> Option<String> {
    // Any version of ApiVersions is answered.
    if api == ApiKey::ApiVersions {
        return None;
    }
    match context.served(record.broker, api.number()) {
        // From 4.0 on brokers name versions 0 to 2 of Produce for the sake of old clients, and serve them no more.
        Some(Some((_, max))) if api == ApiKey::Produce && version.0 < 3 && max >= 12 => {
            Some("which it names, but does not serve".to_owned())
        }
        Some(Some((min, max))) => (!(min..=max).contains(&version.0))
            .then(|| format!("of which it serves versions {min} to {max}")),
        Some(None) => Some("an API that it does not serve".to_owned()),
        None => match api.versions() {
            Some(versions) if versions.contains(version) => None,
            _ => Some("which no known broker serves".to_owned()),
        },
    }
}

impl Flight {
    pub(super) fn name(&self) -> String {
        format!("{} v{}", ApiKey::from_number(self.api), self.version)
    }
}

fn authentication(record: &Record, context: &Context) -> Found {
    let sasl = &record.live.sasl;
    let ending = record.ending()?;
    if let Some(error) = &sasl.error {
        let text = format!("SaslAuthenticate is answered {error}");
        return Some((Cause::AuthFailed, text));
    }
    if !ending.by_client {
        if sasl.open_tokens > 0 {
            let text = "the broker closes without an answer to a bare SASL token".to_owned();
            return Some((Cause::AuthFailed, text));
        }
        let unanswered = record.open_at(ending).next();
        let is_at_start = sasl.authenticated.is_none() && context.is_sasl(record.broker);
        if let (true, Some(flight)) = (is_at_start, unanswered)
            && !matches!(
                ApiKey::from_number(flight.api),
                ApiKey::ApiVersions | ApiKey::SaslHandshake
            )
            && ending.time.saturating_sub(flight.sent) <= AT_ONCE_NANOSECONDS
        {
            let text = format!(
                "the broker closes {} after {}, which came before authentication",
                duration(ending.time.saturating_sub(flight.sent)),
                flight.name()
            );
            return Some((Cause::AuthFailed, text));
        }
    }
    let mechanism = record.live.identity.mechanism.as_deref();
    let mechanism = mechanism.unwrap_or("a mechanism");
    let offered = match sasl.offered.join(", ") {
        none if none.is_empty() => "none".to_owned(),
        offered => offered,
    };
    if sasl.is_refused {
        let text = format!("SaslHandshake for {mechanism} is refused; the broker offers {offered}");
        return Some((Cause::MechanismRefused, text));
    }
    if sasl.is_answered && sasl.tokens == 0 && sasl.authenticated.is_none() && ending.by_client {
        let text =
            format!("the client asks for {mechanism} and leaves when the broker offers {offered}");
        return Some((Cause::MechanismRefused, text));
    }
    if sasl.begun.is_some_and(|begun| begun <= ending.time)
        && sasl.authenticated.is_none()
        && !ending.by_client
        && record.silence() <= AT_ONCE_NANOSECONDS
    {
        let text = "the broker closes before the client has authenticated".to_owned();
        return Some((Cause::AuthFailed, text));
    }
    let lifetime = sasl
        .lifetime
        .or_else(|| context.session_lifetime(record.broker));
    if let (Some(authenticated), Some(lifetime), false) =
        (sasl.authenticated, lifetime, ending.by_client)
    {
        let age = ending.time.saturating_sub(authenticated);
        if age >= lifetime && record.open_at(ending).next().is_some() {
            let text = format!(
                "the broker closes {} after authentication, and sessions live {}",
                duration(age),
                duration(lifetime)
            );
            return Some((Cause::SessionExpired, text));
        }
    }
    None
}

/// The end that closes first is within a frame that it sends.
fn cut(record: &Record) -> Found {
    let ending = record.ending()?;
    let (sender, partial) = if ending.by_client {
        ("request", record.live.partial_request)
    } else {
        ("response", record.live.partial_response)
    };
    let (bytes, begun) = partial?;
    let text = format!(
        "{} within a {sender} of {bytes} bytes that was begun {} before",
        ending_name(ending),
        duration(ending.time.saturating_sub(begun).max(0))
    );
    Some((Cause::CutMidFrame, text))
}

fn silent(record: &Record) -> Found {
    for (name, side) in [
        ("client", record.life.client()),
        ("broker", record.life.broker()),
    ] {
        let again = side.unacknowledged_retransmissions;
        // What a client sends when the broker has closed is not the reason.
        let closed = record.ending().filter(|ending| !ending.by_client);
        let is_later = closed.is_some_and(|closed| side.last_data > Some(closed.time));
        if side.is_unacknowledged() && again >= MIN_RETRANSMISSIONS && !is_later {
            let text =
                format!("the {name} sends data {again} times again, and it is never acknowledged");
            return Some((Cause::Silent, text));
        }
    }
    None
}

fn by_broker(record: &Record, context: &Context) -> Found {
    let ending = record.ending().filter(|ending| !ending.by_client)?;
    let name = ending_name(ending);
    let silence = record.silence();
    let mut open = record.open_at(ending);
    if let Some(flight) = open.next() {
        let text = format!(
            "{name} with {} unanswered, the oldest {} sent {} before{}",
            requests(1 + open.count()),
            flight.name(),
            duration(ending.time.saturating_sub(flight.sent)),
            old_broker(record, context, flight)
        );
        return Some((Cause::BrokerReset, text));
    }
    let later = match record.live.in_flight.len() {
        0 => String::new(),
        1 => "; 1 request was sent after that".to_owned(),
        later => format!("; {later} requests were sent after that"),
    };
    if let Some(found) = ends_tls(record, ending) {
        return Some(found);
    }
    if ending.kind == EndingKind::Rst || silence < SILENCE_NANOSECONDS {
        let why = match record.live.is_unanswerable {
            true => {
                ", and the last request had acks 0: all that a broker can do about an error in it is to close"
            }
            false => "",
        };
        let text = format!(
            "{name} {} after the last byte, nothing in flight{why}{later}",
            duration(silence)
        );
        return Some((Cause::BrokerReset, text));
    }
    if context.breaks_others(record, ending.time) {
        let text = format!(
            "{name} after {} of silence, nothing in flight, and the broker broke off another connection with it{later}",
            duration(silence)
        );
        return Some((Cause::BrokerReset, text));
    }
    let text = format!(
        "{name} after {} of silence, nothing in flight{later}",
        duration(silence)
    );
    Some((Cause::IdleBroker, text))
}

/// The client ends TLS when everything is answered, by a record behind its last message, and the broker closes in turn.
fn ends_tls(record: &Record, ending: Ending) -> Found {
    let live = &record.live;
    live.tls.as_ref()?;
    let last_record = record.life.client().last_data?;
    let after = ending.time.saturating_sub(last_record);
    let ends = last_record > live.last_event? && (0..AT_ONCE_NANOSECONDS).contains(&after);
    (ends && ending.kind == EndingKind::Fin && live.responses > 0).then(|| {
        let text = format!(
            "the client ends TLS with nothing in flight, and broker FIN follows {} later",
            duration(after)
        );
        (Cause::ClientClose, text)
    })
}

fn by_client(record: &Record, context: &Context) -> Found {
    let ending = record.ending().filter(|ending| ending.by_client)?;
    let live = &record.live;
    let at_end = || live.in_flight.iter().chain(&live.late);
    let overdue = |flight: &&Flight| {
        let waited = ending.time.saturating_sub(flight.sent);
        waited >= flight.hold.saturating_add(MIN_TIMEOUT_NANOSECONDS)
    };
    if ending.kind == EndingKind::Fin
        && let Some(flight) = at_end().filter(overdue).min_by_key(|flight| flight.sent)
    {
        let is_late = live.late.iter().any(|late| late.number == flight.number);
        let text = format!(
            "client FIN {} after {}, which was not answered by then{}",
            duration(ending.time.saturating_sub(flight.sent)),
            flight.name(),
            match is_late {
                true => "; the answer came later",
                false => old_broker(record, context, flight),
            }
        );
        return Some((Cause::ClientTimeout, text));
    }
    let in_flight = at_end().count();
    let reset = record
        .life
        .endings()
        .find(|each| each.by_client && each.kind == EndingKind::Rst);
    if ending.kind == EndingKind::Rst {
        let text = format!("client RST with {} in flight", requests(in_flight));
        return Some((Cause::ClientReset, text));
    }
    if let Some(reset) = reset
        && in_flight > 0
        && !context.leaves(record, ending.time)
    {
        let text = format!(
            "client FIN with {} in flight, and client RST {} later when the answer comes",
            requests(in_flight),
            duration(reset.time.saturating_sub(ending.time))
        );
        return Some((Cause::ClientReset, text));
    }
    let silence = record.silence();
    // A client that ends closes all of its connections, and leaves its groups.
    if in_flight == 0
        && silence >= SILENCE_NANOSECONDS
        && !context.closes_others(record, ending.time)
        && !context.leaves(record, ending.time)
    {
        let text = format!(
            "client FIN after {} of silence, nothing in flight, and the client closes no other connection with it",
            duration(silence)
        );
        return Some((Cause::IdleClient, text));
    }
    let text = format!(
        "client FIN {} after the last byte, {} in flight",
        duration(silence),
        requests(in_flight)
    );
    Some((Cause::ClientClose, text))
}

/// Returns a hint for an unanswered first ApiVersions request, or an empty string.
fn old_broker(record: &Record, context: &Context, flight: &Flight) -> &'static str {
    let api = ApiKey::ApiVersions;
    let is_first = record.live.responses == 0 && record.life.broker().bytes == 0;
    let may_be_old = !context.is_api_versions_known(record.broker);
    match is_first && may_be_old && ApiKey::from_number(flight.api) == api {
        true => "; brokers before 0.10 do not know ApiVersions",
        false => "",
    }
}

fn requests(count: usize) -> String {
    match count {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    }
}

/// A time for people.
pub(super) fn duration(nanoseconds: i64) -> String {
    let tenths = |unit: i64| {
        let tenths = nanoseconds / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    if nanoseconds < MILLISECOND {
        format!("{} us", nanoseconds / 1000)
    } else if nanoseconds < 1000 * MILLISECOND {
        format!("{} ms", tenths(MILLISECOND))
    } else {
        format!("{} s", tenths(1000 * MILLISECOND))
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.join(" ")
}

/// Bytes as text, if they are text, or else in hexadecimal digits.
fn printable(bytes: &[u8]) -> String {
    let start = bytes.get(..16).unwrap_or(bytes);
    if start
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
    {
        format!("{:?}", String::from_utf8_lossy(start))
    } else {
        hex(bytes)
    }
}
