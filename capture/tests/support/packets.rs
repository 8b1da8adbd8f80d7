//! Makes captures: a conversation of a client and a broker as segments, packets around them for each link
//! type, and files around these.

use std::net::IpAddr;

use kafka_capture::Decoder;
use kafka_capture::input::Packet;
use kafka_capture::output::Sink;

pub(crate) const CLIENT_PORT: u16 = 40_000;
pub(crate) const BROKER_PORT: u16 = 19_092;
pub(crate) const SYN: u8 = 2;
pub(crate) const FIN: u8 = 1;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// A segment, and when it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// In microseconds.
    pub(crate) time: u32,
    pub(crate) from_client: bool,
    /// Of a connection, since a test may have several.
    pub(crate) client_port: u16,
    /// Counted from the first byte; the SYN is one before.
    pub(crate) sequence: u32,
    pub(crate) acknowledged: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
}

/// The numbers that the two ends begin with, near the end of what there is.
const CLIENT_FIRST: u32 = u32::MAX - 20;
const BROKER_FIRST: u32 = 7;

impl Sent {
    /// Decodes it as the next packet of a capture, sent so many nanoseconds later.
    pub(crate) fn decode(&self, later: i64, decoder: &mut Decoder, sink: &mut dyn Sink) {
        let bytes = self.ipv4();
        let packet = Packet {
            time: later + i64::from(self.time) * 1000,
            link_type: 101,
            length: u32::try_from(bytes.len()).unwrap(),
            bytes: &bytes,
        };
        decoder.packet(&packet, sink);
    }

    /// A TCP header and the payload.
    fn tcp(&self) -> Vec<u8> {
        let (mine, theirs) = if self.from_client {
            (CLIENT_FIRST, BROKER_FIRST)
        } else {
            (BROKER_FIRST, CLIENT_FIRST)
        };
        let (source, destination) = self.ports();
        let mut bytes = Vec::new();
        bytes.extend(source.to_be_bytes());
        bytes.extend(destination.to_be_bytes());
        bytes.extend(mine.wrapping_add(self.sequence).to_be_bytes());
        bytes.extend(theirs.wrapping_add(self.acknowledged).to_be_bytes());
        bytes.extend([5 << 4, self.flags]);
        bytes.extend([0; 6]);
        bytes.extend(&self.payload);
        bytes
    }

    fn ports(&self) -> (u16, u16) {
        if self.from_client {
            (self.client_port, BROKER_PORT)
        } else {
            (BROKER_PORT, self.client_port)
        }
    }

    /// An IPv4 packet.
    pub(crate) fn ipv4(&self) -> Vec<u8> {
        let tcp = self.tcp();
        let length = u16::try_from(20 + tcp.len()).unwrap();
        let mut bytes = vec![0x45, 0];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        let (client, broker) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let ends = if self.from_client {
            [client, broker]
        } else {
            [broker, client]
        };
        bytes.extend(ends.concat());
        bytes.extend(tcp);
        bytes
    }

    /// An IPv6 packet with a header for options between.
    pub(crate) fn ipv6(&self) -> Vec<u8> {
        let tcp = self.tcp();
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(u16::try_from(8 + tcp.len()).unwrap().to_be_bytes());
        bytes.extend([0, 64]);
        let end =
            |last: u8| match IpAddr::from([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]) {
                IpAddr::V6(end) => end.octets(),
                IpAddr::V4(_) => unreachable!("sixteen bytes are version 6"),
            };
        let (source, destination) = if self.from_client { (1, 2) } else { (2, 1) };
        bytes.extend(end(source));
        bytes.extend(end(destination));
        // Hop-by-hop options: TCP is next, and there is but padding.
        bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend(tcp);
        bytes
    }
}

/// A conversation: the handshake, frames in the order given, and the end.
pub(crate) struct Conversation {
    pub(crate) sent: Vec<Sent>,
    client_port: u16,
    time: u32,
    client: u32,
    broker: u32,
}

impl Conversation {
    pub(crate) fn new(client_port: u16) -> Self {
        let mut conversation = Self {
            sent: Vec::new(),
            client_port,
            time: 1000,
            client: 0,
            broker: 0,
        };
        conversation.push(true, SYN, &[]);
        conversation.client = 1;
        conversation.push(false, SYN | ACK, &[]);
        conversation.broker = 1;
        conversation.push(true, ACK, &[]);
        conversation
    }

    /// Sends bytes in segments of at most `max_segment` bytes.
    pub(crate) fn send(&mut self, from_client: bool, bytes: &[u8], max_segment: usize) {
        for payload in bytes.chunks(max_segment) {
            self.push(from_client, ACK, payload);
        }
    }

    /// Lets time pass, in microseconds.
    pub(crate) fn wait(&mut self, microseconds: u32) {
        self.time += microseconds;
    }

    pub(crate) fn close(&mut self) {
        self.push(true, FIN | ACK, &[]);
        self.client += 1;
        self.push(false, FIN | ACK, &[]);
        self.broker += 1;
        self.push(true, ACK, &[]);
    }

    pub(crate) fn push(&mut self, from_client: bool, flags: u8, payload: &[u8]) {
        self.time += 100;
        let (mine, theirs) = if from_client {
            (&mut self.client, self.broker)
        } else {
            (&mut self.broker, self.client)
        };
        self.sent.push(Sent {
            time: self.time,
            from_client,
            client_port: self.client_port,
            sequence: *mine,
            acknowledged: theirs,
            flags,
            payload: payload.to_vec(),
        });
        *mine += u32::try_from(payload.len()).unwrap();
    }
}

/// A pcap file: microseconds, little-endian, of packets with their times and how much of them is kept.
pub(crate) fn pcap(link_type: u32, packets: &[(u32, Vec<u8>)], kept: usize) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, link_type] {
        file.extend(u32::to_le_bytes(word));
    }
    for (time, packet) in packets {
        let bytes = &packet[..kept.min(packet.len())];
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        for word in [1_000, *time, length(bytes), length(packet)] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

/// A pcapng file of packets with their times, of a clock of `10^-digits` seconds.
pub(crate) fn pcapng(
    link_type: u16,
    packets: &[(u64, Vec<u8>)],
    big_endian: bool,
    digits: u8,
) -> Vec<u8> {
    let u16 = |value: u16| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let u32 = |value: u32| {
        if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let block = |kind: u32, body: Vec<u8>| {
        let length = u32(u32::try_from(body.len() + 12).unwrap());
        [&u32(kind)[..], &length, &body, &length].concat()
    };
    let mut file = block(
        0x0a0d_0d0a,
        [&u32(0x1a2b_3c4d)[..], &u16(1), &u16(0), &[0xff; 8]].concat(),
    );
    let clock = [&u16(9)[..], &u16(1), &[digits, 0, 0, 0], &[0; 4]].concat();
    file.extend(block(
        1,
        [&u16(link_type)[..], &u16(0), &u32(0), &clock].concat(),
    ));
    for (ticks, packet) in packets {
        let mut body = Vec::new();
        let length = u32(u32::try_from(packet.len()).unwrap());
        for word in [
            u32(0),
            u32(u32::try_from(ticks >> 32).unwrap()),
            u32(u32::try_from(ticks & u64::from(u32::MAX)).unwrap()),
            length,
            length,
        ] {
            body.extend(word);
        }
        body.extend(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        file.extend(block(6, body));
        // Someone else's block, to be passed over.
        file.extend(block(0x0bad, vec![0; 4]));
    }
    file
}

/// A capture of raw IPv4 packets.
pub(crate) fn capture(sent: &[Sent]) -> Vec<u8> {
    capture_kept(sent, usize::MAX)
}

/// The same, of which the first bytes of each packet are kept.
pub(crate) fn capture_kept(sent: &[Sent], kept: usize) -> Vec<u8> {
    let packets: Vec<_> = sent.iter().map(|sent| (sent.time, sent.ipv4())).collect();
    pcap(101, &packets, kept)
}

/// A frame: size and bytes.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(bytes);
    frame
}

/// A Heartbeat request in version 0, of a group with that long a name.
pub(crate) fn heartbeat(id: i32, client_id: &str, group: usize) -> Vec<u8> {
    let mut bytes = vec![0, 12, 0, 0];
    bytes.extend(id.to_be_bytes());
    for text in [client_id, &"g".repeat(group)] {
        bytes.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.extend([0, 0, 0, 7, 0, 1, b'm']);
    framed(&bytes)
}

/// Its response.
pub(crate) fn heartbeat_response(id: i32, error: i16) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend(error.to_be_bytes());
    framed(&bytes)
}

/// A frame of any bytes.
pub(crate) fn frame(bytes: &[u8]) -> Vec<u8> {
    framed(bytes)
}
