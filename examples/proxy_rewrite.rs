//! A proxy without I/O: responses that name brokers name the proxy instead.
//!
//! ```sh
//! cargo run --example proxy_rewrite -- tests/frames/*.frames
//! ```
//!
//! It sees the frames of a connection and gives each on: as it was, or with other addresses in it. Frames whose key or
//! version it does not know go on untouched. The program shows it on recorded frames (see `decode_frames`) and on a
//! response of every version, and checks each: a failed assertion is a fault of the proxy.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::{env, fs::File};

use bytes::{Buf, Bytes};
use kafka_codec::frame::{FrameReader, encode_response};
use kafka_codec::messages::{
    DescribeClusterResponse, FindCoordinatorResponse, MetadataResponse, ResponseHeader,
    describe_cluster_response::DescribeClusterBroker, find_coordinator_response::Coordinator,
    metadata_response::MetadataResponseBroker,
};
use kafka_codec::wire::{Reader, Writer};
use kafka_codec::{
    AnyResponse, ApiKey, Decode, DecodeError, HeaderVersions, Message, Response, Version,
};

type BoxError = Box<dyn std::error::Error>;

/// Rewrites one field of one response, in a frame without its size. The proxy does the same for more.
fn rename_cluster(frame: &[u8], version: Version, name: &str) -> Result<Vec<u8>, BoxError> {
    let (header, body) =
        ResponseHeader::split(frame, HeaderVersions::of(ApiKey::Metadata, version))?;
    let mut response = MetadataResponse::decode(body, version)?;
    response.cluster_id = Some(name.into());
    let mut writer = Writer::new();
    header.encode(&mut writer, MetadataResponse::header_version(version))?;
    response.encode(&mut writer, version)?;
    Ok(writer.into_vec())
}

/// A connection through the proxy. Frames are without their size.
#[derive(Default)]
struct Connection {
    in_flight: VecDeque<InFlight>,
}

/// A request that may be answered.
struct InFlight {
    key: ApiKey,
    version: Version,
    correlation_id: i32,
}

impl Connection {
    /// Takes note of a request, which goes on as it is. Every request begins with these numbers, known or not.
    fn handle_request(&mut self, frame: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new(frame);
        self.in_flight.push_back(InFlight {
            key: ApiKey::from_number(reader.i16()?),
            version: Version(reader.i16()?),
            correlation_id: reader.i32()?,
        });
        Ok(())
    }

    /// What goes on to the client in place of the response `frame`, and which API it is of.
    fn handle_response(&mut self, frame: Bytes) -> Result<(Option<InFlight>, Bytes), BoxError> {
        let Some(request) = self.answered_by(&frame) else {
            return Ok((None, frame));
        };
        let InFlight { key, version, .. } = request;
        if !has_addresses(key, version) {
            return Ok((Some(request), frame));
        }
        let (header, body) = ResponseHeader::split(&frame, HeaderVersions::of(key, version))?;
        let mut response = AnyResponse::decode(key, version, body)?;
        addresses(&mut response)
            .into_iter()
            .for_each(Address::redirect);
        let mut writer = Writer::with_buffer(Vec::with_capacity(frame.len()));
        header.encode(&mut writer, HeaderVersions::of(key, version).response)?;
        response.encode(&mut writer, version)?;
        Ok((Some(request), writer.into_vec().into()))
    }

    /// Responses come in the order of the requests; what is passed over is not answered.
    fn answered_by(&mut self, frame: &[u8]) -> Option<InFlight> {
        let correlation_id = Reader::new(frame).i32().ok()?;
        loop {
            let request = self.in_flight.pop_front()?;
            if request.correlation_id == correlation_id {
                return Some(request);
            }
        }
    }
}

/// Returns `true` if responses say where brokers are. One of a version that is not known here may too, so a proxy
/// that clients cannot go around lowers what the broker announces in ApiVersions to what it knows.
fn has_addresses(key: ApiKey, version: Version) -> bool {
    let is_known = key.versions().is_some_and(|known| known.contains(version));
    let says = match key {
        ApiKey::Metadata | ApiKey::FindCoordinator | ApiKey::DescribeCluster => true,
        // Who leads a partition now that it moved, and where that is (KIP-951).
        ApiKey::Produce | ApiKey::Fetch | ApiKey::ShareFetch | ApiKey::ShareAcknowledge => true,
        _ => false,
    };
    is_known && says
}

/// Where a response says that a broker is.
struct Address<'r, 'a> {
    node_id: i32,
    host: &'r mut Cow<'a, str>,
    port: &'r mut i32,
}

impl Address<'_, '_> {
    const PROXY: &'static str = "proxy.example.org";

    /// The proxy has a port for each broker. No host is not an address: there is no coordinator, say.
    fn redirect(self) {
        if !self.host.is_empty() {
            *self.host = Self::PROXY.into();
            *self.port = self.node_id.saturating_add(19_000);
        }
    }
}

/// All of them. The nodes that controllers tell each other of are not for clients.
fn addresses<'r, 'a>(response: &'r mut AnyResponse<'a>) -> Vec<Address<'r, 'a>> {
    macro_rules! address {
        ($node:expr, $id:ident) => {
            Address {
                node_id: $node.$id,
                host: &mut $node.host,
                port: &mut $node.port,
            }
        };
        (each $nodes:expr, $id:ident) => {
            $nodes.iter_mut().map(|node| address!(node, $id)).collect()
        };
    }
    match response {
        AnyResponse::Metadata(response) => address!(each response.brokers, node_id),
        // One coordinator until version 3, then any number.
        AnyResponse::FindCoordinator(response) => match response.coordinators.is_empty() {
            true => vec![address!(response, node_id)],
            false => address!(each response.coordinators, node_id),
        },
        AnyResponse::DescribeCluster(response) => address!(each response.brokers, broker_id),
        AnyResponse::Produce(response) => address!(each response.node_endpoints, node_id),
        AnyResponse::Fetch(response) => address!(each response.node_endpoints, node_id),
        AnyResponse::ShareFetch(response) => address!(each response.node_endpoints, node_id),
        AnyResponse::ShareAcknowledge(response) => address!(each response.node_endpoints, node_id),
        _ => Vec::new(),
    }
}

fn main() -> ExitCode {
    let files: Vec<_> = env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: proxy_rewrite FILE.., where FILE is one of tests/frames/*.frames");
        return ExitCode::from(2);
    }
    let mut counts = BTreeMap::new();
    for file in &files {
        if let Err(error) = play(file, &mut counts) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    for ((key, rewritten), count) in counts {
        let what = if rewritten { "rewritten" } else { "untouched" };
        println!("{count:>5} {what}  {key}");
    }
    if let Err(error) = every_version() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Plays the frames of a file through the proxy, and counts by API which responses it changed.
fn play(path: &str, counts: &mut BTreeMap<(ApiKey, bool), usize>) -> Result<(), BoxError> {
    let mut connections = HashMap::<String, Connection>::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let [name, direction, _, hex] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        if line.starts_with('#') {
            continue;
        }
        let bytes = unhex(hex).ok_or("not hexadecimal")?;
        let frame = FrameReader::default().next_frame(&mut &bytes[..])?;
        let frame = frame.ok_or("a line is a frame")?;
        let connection = connections.entry(name.to_owned()).or_default();
        if direction == ">" {
            connection.handle_request(&frame)?;
            continue;
        }
        let (request, sent) = connection.handle_response(frame.clone())?;
        let request = request.ok_or("a response to no request")?;
        check(&request, &frame, &sent)?;
        *counts.entry((request.key, sent != frame)).or_default() += 1;
        check_unknown(&request, &frame)?;
    }
    Ok(())
}

/// All addresses in what was sent are the proxy's, and nothing else is other than it was.
fn check(request: &InFlight, received: &[u8], sent: &[u8]) -> Result<(), BoxError> {
    let InFlight { key, version, .. } = *request;
    if received == sent {
        let is_unchanged =
            !has_addresses(key, version) || hosts(received, key, version)?.is_empty();
        assert!(is_unchanged, "{key} v{version} has addresses in it");
        return Ok(());
    }
    let hosts = hosts(received, key, version)?;
    let (header, body) = ResponseHeader::split(sent, HeaderVersions::of(key, version))?;
    let mut response = AnyResponse::decode(key, version, body)?;
    let places = addresses(&mut response);
    assert_eq!(places.len(), hosts.len(), "{key} v{version}");
    for (place, (host, port)) in places.into_iter().zip(hosts) {
        assert_eq!(
            (&**place.host, *place.port),
            (Address::PROXY, 19_000 + place.node_id)
        );
        (*place.host, *place.port) = (host.into(), port);
    }
    let mut writer = Writer::new();
    header.encode(&mut writer, HeaderVersions::of(key, version).response)?;
    response.encode(&mut writer, version)?;
    assert!(
        writer.into_vec() == received,
        "{key} v{version} is the same but for the addresses"
    );
    Ok(())
}

/// Hosts and ports in a response.
fn hosts(frame: &[u8], key: ApiKey, version: Version) -> Result<Vec<(String, i32)>, BoxError> {
    let (_, body) = ResponseHeader::split(frame, HeaderVersions::of(key, version))?;
    let mut response = AnyResponse::decode(key, version, body)?;
    let places = addresses(&mut response).into_iter();
    Ok(places
        .filter(|place| !place.host.is_empty())
        .map(|place| (place.host.to_string(), *place.port))
        .collect())
}

/// Were the request one of an API or a version that nobody knows, its response would go on untouched.
fn check_unknown(request: &InFlight, response: &Bytes) -> Result<(), BoxError> {
    for (key, version) in [(32_000_i16, request.version.0), (request.key.number(), 99)] {
        let mut frame = [key.to_be_bytes(), version.to_be_bytes()].concat();
        frame.extend(request.correlation_id.to_be_bytes());
        frame.extend(b"whatever follows");
        let mut connection = Connection::default();
        connection.handle_request(&frame)?;
        let (_, sent) = connection.handle_response(response.clone())?;
        assert_eq!(sent, response, "API {key} v{version}");
    }
    Ok(())
}

/// In every version, of each of the three responses that say where brokers are.
fn every_version() -> Result<(), BoxError> {
    let mut count = 0;
    for version in MetadataResponse::VERSIONS.iter() {
        let broker = MetadataResponseBroker {
            node_id: 5,
            host: "b5".into(),
            port: 9092,
            ..Default::default()
        };
        let response = MetadataResponse {
            brokers: vec![broker],
            ..Default::default()
        };
        count += through_proxy(&response, version)?;
    }
    for version in FindCoordinatorResponse::VERSIONS.iter() {
        let mut response = FindCoordinatorResponse::default();
        if version.0 < 4 {
            (response.node_id, response.host, response.port) = (5, "b5".into(), 9092);
        } else {
            let key = "group".into();
            let coordinator = Coordinator {
                key,
                node_id: 5,
                host: "b5".into(),
                port: 9092,
                ..Default::default()
            };
            response.coordinators.push(coordinator);
        }
        count += through_proxy(&response, version)?;
    }
    for version in DescribeClusterResponse::VERSIONS.iter() {
        let broker = DescribeClusterBroker {
            broker_id: 5,
            host: "b5".into(),
            port: 9092,
            ..Default::default()
        };
        let response = DescribeClusterResponse {
            brokers: vec![broker],
            ..Default::default()
        };
        count += through_proxy(&response, version)?;
    }
    println!("{count:>5} versions of Metadata, FindCoordinator and DescribeCluster rewritten");

    let response = MetadataResponse::default();
    let frame = frame_of(&response, Version(12))?;
    let renamed = rename_cluster(&frame, Version(12), "west")?;
    let (_, body) =
        ResponseHeader::split(&renamed, HeaderVersions::of(ApiKey::Metadata, Version(12)))?;
    let expected = MetadataResponse {
        cluster_id: Some("west".into()),
        ..response
    };
    assert_eq!(MetadataResponse::decode(body, Version(12))?, expected);
    Ok(())
}

/// Sends a response through the proxy, which must change it: 1.
fn through_proxy<R: Response>(response: &R, version: Version) -> Result<usize, BoxError> {
    let frame = frame_of(response, version)?;
    let request = InFlight {
        key: R::KEY,
        version,
        correlation_id: 7,
    };
    let mut connection = Connection {
        in_flight: [request].into(),
    };
    let (request, sent) = connection.handle_response(frame.clone())?;
    assert_ne!(sent, frame, "{} v{version} has an address in it", R::NAME);
    check(&request.ok_or("it was in flight")?, &frame, &sent)?;
    Ok(1)
}

/// The frame of a response with correlation id 7, without its size.
fn frame_of(response: &impl Response, version: Version) -> Result<Bytes, BoxError> {
    let mut frame = encode_response(Vec::new(), response, version, 7)?;
    frame.advance(4);
    Ok(frame.copy_to_bytes(frame.remaining()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
