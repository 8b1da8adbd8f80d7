//! Names protocols other than Kafka's by the first bytes of either end. Only bytes that no other protocol in use begins
//! with give a name.

use kafka_codec::frame::ForeignProtocol;

/// Returns the name of the protocol that an end begins to speak with `first`, such as *PostgreSQL*.
/// TLS has no name here: it is reported with what its handshake shows.
pub(super) fn name(first: &[u8], is_client: bool) -> Option<String> {
    let known = if is_client {
        of_client(first)
    } else {
        of_server(first)
    };
    if let Some(name) = known.or_else(|| of_either(first)) {
        return Some(name.to_owned());
    }
    match ForeignProtocol::of_first_bytes(first)? {
        ForeignProtocol::Tls | ForeignProtocol::TlsAlert { .. } => None,
        protocol => Some(protocol.to_string()),
    }
}

fn of_client(first: &[u8]) -> Option<&'static str> {
    let text = [
        (&b"PUT "[..], "HTTP/1"),
        (b"DELETE ", "HTTP/1"),
        (b"OPTIONS sip:", "SIP"),
        (b"OPTIONS ", "HTTP/1"),
        (b"PATCH ", "HTTP/1"),
        (b"CONNECT\n", "STOMP"),
        (b"STOMP\n", "STOMP"),
        (b"CONNECT {", "NATS"),
        (b"CONNECT ", "HTTP/1"),
        (b"INVITE sip:", "SIP"),
        (b"REGISTER sip:", "SIP"),
        (b"EHLO ", "SMTP"),
        (b"HELO ", "SMTP"),
        (b"PING\r\n", "Redis"),
        (b"ruok", "ZooKeeper"),
        (b"srvr", "ZooKeeper"),
        (b"mntr", "ZooKeeper"),
        (b"stat\n", "ZooKeeper"),
    ];
    if let Some(name) = begins(first, &text) {
        return Some(name);
    }
    Some(match first {
        // The length of the message, then the version 3.0 or 3.2, or a request for encryption or to cancel.
        [0, 0, _, _, 0, 3, 0, 0 | 2, b'a'..=b'z', ..]
        | [0, 0, 0, _, 0x04, 0xd2, 0x16, 0x2e..=0x30] => "PostgreSQL",
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
        | [0x10, _, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
        | [0x10, _, 0, 6, b'M', b'Q', b'I', b's', b'd', b'p', ..] => "MQTT",
        [b'*', b'1'..=b'9', b'\r', b'\n', b'$', ..]
        | [b'*', b'1'..=b'9', b'0'..=b'9', b'\r', b'\n', b'$', ..] => "Redis",
        // ConnectRequest: protocol version 0 and, for a new session, the transaction 0.
        [0, 0, 0, 44 | 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] => "ZooKeeper",
        [5, count @ 1..=9, methods @ ..]
            if methods.len() == usize::from(*count) && methods.iter().all(|each| *each < 10) =>
        {
            "SOCKS5"
        }
        [4, 1 | 2, _, _, _, _, _, _, ..] => "SOCKS4",
        // One message: a bind request.
        [0x30, _, 2, 1, _, 0x60, ..] | [0x30, 0x84, _, _, _, _, 2, 1, _, 0x60, ..] => "LDAP",
        // TPKT, and in it a connection request.
        [3, 0, _, _, _, 0xe0, 0, 0, ..] => "RDP",
        [3..=5, 0, 0, 0, 1 | 5, 0, 0, _, _, ..] => "Cassandra",
        [0x12, 0 | 1, _, _, 0, 0, ..] => "SQL Server",
        [_, _, 0, 0, 1, 0, 0, 0, 1, ..] => "Oracle",
        _ => return of_message(first),
    })
}

fn of_message(first: &[u8]) -> Option<&'static str> {
    // Without answers, one standard query: the length, an id, flags and counts.
    if let [
        0,
        12..=255,
        _,
        _,
        0 | 1,
        0 | 0x10 | 0x20 | 0x30,
        0,
        1,
        0,
        0,
        0,
        0,
        ..,
    ] = first
    {
        return Some("DNS");
    }
    // The length, an id, to what it is an answer, and the kind of message, the lowest byte first.
    if let [
        _,
        _,
        0,
        0,
        _,
        _,
        _,
        _,
        0,
        0,
        0,
        0,
        0xd4 | 0xdc | 0xdd,
        7,
        0,
        0,
        ..,
    ] = first
    {
        return Some("MongoDB");
    }
    // A length, that of the command in it, and its kind: CONNECT.
    if let [0, 0, high, low, 0, 0, inner_high, inner_low, 8, 2, ..] = first {
        let (outer, inner) = ([*high, *low], [*inner_high, *inner_low]);
        if u16::from_be_bytes(outer) == u16::from_be_bytes(inner).saturating_add(4) {
            return Some("Pulsar");
        }
    }
    None
}

fn of_server(first: &[u8]) -> Option<&'static str> {
    let text = [
        (&b"220 "[..], "SMTP or FTP"),
        (b"220-", "SMTP or FTP"),
        (b"+OK ", "POP3"),
        (b"* OK ", "IMAP"),
        (b"+PONG", "Redis"),
        (b"-ERR ", "Redis"),
        (b"-NOAUTH", "Redis"),
        (b"INFO {", "NATS"),
        (b"CONNECTED\n", "STOMP"),
        (b"imok", "ZooKeeper"),
        (b"SIP/2.0", "SIP"),
    ];
    if let Some(name) = begins(first, &text) {
        return Some(name);
    }
    match first {
        // A greeting: its length, the number 0, protocol version 10, and the release as text.
        [_, _, 0, 0, 10, b'1'..=b'9', ..] => Some("MySQL"),
        [0x20, 2, 0 | 1, _, ..] if first.len() == 4 => Some("MQTT"),
        [3, 0, _, _, _, 0xd0, ..] => Some("RDP"),
        _ => None,
    }
}

fn of_either(first: &[u8]) -> Option<&'static str> {
    let text = [
        (&b"AMQP"[..], "AMQP"),
        (b"RFB 00", "VNC"),
        (b"@RSYNCD:", "rsync"),
        (b"PROXY ", "the PROXY protocol"),
        (b"\r\n\r\n\0\r\nQUIT\n", "the PROXY protocol"),
        (b"\x13BitTorrent", "BitTorrent"),
        (&[0xff; 16], "BGP"),
    ];
    if let Some(name) = begins(first, &text) {
        return Some(name);
    }
    match first {
        [0, _, _, _, 0xfd..=0xff, b'S', b'M', b'B', ..] => Some("SMB"),
        [
            0,
            0,
            _,
            _,
            1,
            b'A',
            b'c',
            b't',
            b'i',
            b'v',
            b'e',
            b'M',
            b'Q',
            ..,
        ] => Some("OpenWire"),
        [0, 0, _, _, 0x80, 1, 0, 1..=4, ..] => Some("Thrift"),
        [0xff, _, _, _, _, _, _, _, _, 0x7f, ..] => Some("ZeroMQ"),
        [0xff, 0xfb..=0xfe, _, 0xff, ..] => Some("Telnet"),
        _ => None,
    }
}

fn begins(first: &[u8], names: &[(&[u8], &'static str)]) -> Option<&'static str> {
    let found = names.iter().find(|(start, _)| first.starts_with(start));
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[track_caller]
    fn assert_client(first: &[u8], expected: &str) {
        assert_eq!(name(first, true).as_deref(), Some(expected), "{first:?}");
    }

    #[test]
    fn clients_of_other_protocols_are_named_by_their_first_bytes() {
        assert_client(b"\0\0\0\x08\x04\xd2\x16\x2f", "PostgreSQL");
        assert_client(b"\0\0\0\x54\0\x03\0\0user\0app\0database", "PostgreSQL");
        assert_client(b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd", "MQTT");
        assert_client(b"*1\r\n$4\r\nPING\r\n", "Redis");
        assert_client(b"AMQP\0\0\x09\x01", "AMQP");
        assert_client(
            b"\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x75\x30\0\0\0\0",
            "ZooKeeper",
        );
        assert_client(b"ruok", "ZooKeeper");
        assert_client(b"\x05\x02\0\x02", "SOCKS5");
        assert_client(b"\x04\x01\x23\x84\x0a\0\0\x02\0", "SOCKS4");
        assert_client(b"\0\0\0\xd4\xffSMBr\0\0\0\0\x18\x53\xc8", "SMB");
        assert_client(b"\0\0\0\x6c\xfeSMB\x40\0\0\0\0\0\0\0", "SMB");
        assert_client(
            b"\0\x1d\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\x07example",
            "DNS",
        );
        assert_client(b"PUT /_bulk HTTP/1.1\r\n", "HTTP/1");
        assert_client(b"SSH-2.0-OpenSSH_9.6\r\n", "SSH");
        assert_client(
            b"\x3b\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0",
            "MongoDB",
        );
    }

    #[test]
    fn servers_of_other_protocols_are_named_by_their_first_bytes() {
        let server = |first| name(first, false);
        assert_eq!(
            server(b"\x4a\0\0\0\x0a8.0.36\0\x0b\0\0\0").as_deref(),
            Some("MySQL")
        );
        assert_eq!(server(b"+PONG\r\n").as_deref(), Some("Redis"));
        assert_eq!(
            server(b"220 mail ESMTP\r\n").as_deref(),
            Some("SMTP or FTP")
        );
    }

    #[test]
    fn kafka_and_tls_have_no_name() {
        let api_versions = b"\0\0\0\x23\0\x12\0\x04\0\0\0\0\0\x0arack-agent\0\x03";
        assert_eq!(name(api_versions, true), None);
        assert_eq!(
            name(b"\0\0\0\x2c\0\x03\0\x01\0\0\0\x07\0\x04java", true),
            None
        );
        assert_eq!(name(b"\0\0\0\x16\0\0\0\x01\0\0\0\0", false), None);
        assert_eq!(
            name(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", true),
            None
        );
        assert_eq!(name(b"", true), None);
    }
}
