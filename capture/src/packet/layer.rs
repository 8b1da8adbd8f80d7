//! The kinds of headers, and reading numbers in them.

use super::NoSegment;

/// The kind of header that the next bytes begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// IPv4 or IPv6; the first four bits are the version.
    Ip,
    /// Two addresses of 6 bytes, then the EtherType.
    Ethernet,
    /// The content of an EtherType, from behind the type on.
    EtherType(u16),
    /// PPP, with or without its address and control bytes.
    Ppp,
    /// A stack of MPLS labels.
    Mpls,
    /// IEEE 802.11.
    Wifi,
    /// The same, with its header padded to words.
    PaddedWifi,
    /// Several frames of IEEE 802.11 in one.
    Aggregate,
    /// Generic routing encapsulation, from its flags on.
    Gre,
    /// UDP, from its ports on.
    Udp,
    /// The encapsulating security payload of IPsec.
    Esp,
    /// Ethernet in IP, from its version on.
    EtherIp,
    /// L2TP in version 3, from its session on.
    L2tp3,
    /// LLC: the service access points of IEEE 802.2.
    Llc,
}

/// A header that was read: the next layer and its bytes.
pub(super) type Step<'a> = Result<(Layer, &'a [u8]), NoSegment>;

/// Returns the bytes from `at` on.
pub(super) fn from(bytes: &[u8], at: usize) -> Result<&[u8], NoSegment> {
    bytes.get(at..).ok_or(NoSegment::HeadersCut)
}

pub(super) fn u8_at(bytes: &[u8], at: usize) -> Result<u8, NoSegment> {
    bytes.get(at).copied().ok_or(NoSegment::HeadersCut)
}

pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], NoSegment> {
    let array = from(bytes, at)?.first_chunk();
    array.copied().ok_or(NoSegment::HeadersCut)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, NoSegment> {
    array_at(bytes, at).map(u16::from_be_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, NoSegment> {
    array_at(bytes, at).map(u32::from_be_bytes)
}
