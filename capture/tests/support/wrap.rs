//! Headers around packets: links, tunnels, fragments.

/// Ethernet with this type.
pub(crate) fn ethernet(ether_type: u16, content: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &ether_type.to_be_bytes(), content].concat()
}

/// An IPv4 packet of another pair of ends than those in tests.
pub(crate) fn ipv4(protocol: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + content.len()).unwrap().to_be_bytes();
    let header = [
        &[0x45, 0][..],
        &length,
        &[0, 0, 0x40, 0, 64, protocol, 0, 0],
    ]
    .concat();
    [&header[..], &[192, 168, 1, 1, 192, 168, 1, 2], content].concat()
}

/// An IPv6 packet of such ends.
pub(crate) fn ipv6(protocol: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = [&[0x60, 0, 0, 0][..], &length, &[protocol, 64], &[0xfc; 32]].concat();
    [&header[..], content].concat()
}

/// UDP to this port.
pub(crate) fn udp(port: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + content.len()).unwrap().to_be_bytes();
    let port = port.to_be_bytes();
    [&[0xc0, 0x01][..], &port, &length, &[0, 0], content].concat()
}

/// VXLAN in IPv4 and UDP.
pub(crate) fn vxlan(frame: &[u8]) -> Vec<u8> {
    ipv4(
        17,
        &udp(4789, &[&[8, 0, 0, 0, 0, 16, 146, 0], frame].concat()),
    )
}

/// Returns `fragments` as they are, or the last one first.
pub(crate) fn ordered(mut fragments: Vec<Vec<u8>>, is_reversed: bool) -> Vec<Vec<u8>> {
    if is_reversed {
        fragments.reverse();
    }
    fragments
}

/// The fragments of an IPv4 packet, each with at most `size` bytes, a multiple of 8.
pub(crate) fn fragments_4(packet: &[u8], identification: u16, size: usize) -> Vec<Vec<u8>> {
    let (header, content) = packet.split_at(20);
    let count = content.len().div_ceil(size);
    let parts = content.chunks(size).enumerate();
    parts
        .map(|(i, part)| {
            let more = if i + 1 < count { 0x2000 } else { 0 };
            let place = u16::try_from(i * size / 8).unwrap() | more;
            let mut fragment = header.to_vec();
            let length = u16::try_from(20 + part.len()).unwrap();
            fragment[2..4].copy_from_slice(&length.to_be_bytes());
            fragment[4..6].copy_from_slice(&identification.to_be_bytes());
            fragment[6..8].copy_from_slice(&place.to_be_bytes());
            fragment.extend(part);
            fragment
        })
        .collect()
}

/// The fragments of an IPv6 packet without other headers.
pub(crate) fn fragments_6(packet: &[u8], identification: u32, size: usize) -> Vec<Vec<u8>> {
    let (header, content) = packet.split_at(40);
    let count = content.len().div_ceil(size);
    let parts = content.chunks(size).enumerate();
    parts
        .map(|(i, part)| {
            let more = u16::from(i + 1 < count);
            let place = u16::try_from(i * size).unwrap() | more;
            let mut fragment = header.to_vec();
            let length = u16::try_from(8 + part.len()).unwrap();
            fragment[4..6].copy_from_slice(&length.to_be_bytes());
            fragment[6] = 44;
            fragment.extend([header[6], 0]);
            fragment.extend(place.to_be_bytes());
            fragment.extend(identification.to_be_bytes());
            fragment.extend(part);
            fragment
        })
        .collect()
}
