//! Recognizes packets that were captured more than once, as mirrored traffic and captures of all interfaces
//! have them: at a bridge and at each of its ports, say.

use crate::length::u64_of;
use crate::packet::Segment;

/// How many packets of a direction are remembered.
const REMEMBERED: usize = 4;
/// How long after a packet a copy of it may come. Segments are sent again later than that.
const MAX_NANOSECONDS: u64 = 50_000_000;
/// The same where packets have no number that distinguishes them, and are in the same network.
const MAX_UNNUMBERED_NANOSECONDS: u64 = 1_000_000;

/// The last packets of one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    recent: [Recent; REMEMBERED],
    next: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    /// What distinguishes it.
    print: u64,
    time: i64,
    network: u64,
}

impl Copies {
    /// Takes a segment captured at `time`. Returns `true` if it is a copy of an earlier one: the number of its
    /// packet is the same, which is another one when a segment is sent again.
    pub(crate) fn is_copy(&mut self, segment: &Segment<'_>, time: i64) -> bool {
        let within_network = match segment.identification {
            // Acknowledgments may be repeated, and nothing tells them apart.
            0 if segment.payload.is_empty() => None,
            0 => Some(MAX_UNNUMBERED_NANOSECONDS),
            _ => Some(MAX_NANOSECONDS),
        };
        let print = print(segment);
        let is_copy = self.recent.iter().any(|known| {
            let within = match known.network == segment.network {
                true => within_network,
                // What was captured in two networks was sent once.
                false => Some(MAX_NANOSECONDS),
            };
            known.print == print && within.is_some_and(|within| known.time.abs_diff(time) <= within)
        });
        if !is_copy && let Some(oldest) = self.recent.get_mut(self.next) {
            *oldest = Recent {
                print,
                time,
                network: segment.network,
            };
            self.next = (self.next + 1) % REMEMBERED;
        }
        is_copy
    }
}

/// A number that two segments hardly share unless they are the same.
fn print(segment: &Segment<'_>) -> u64 {
    let flags = [
        segment.syn,
        segment.fin,
        segment.rst,
        segment.acknowledged.is_some(),
    ];
    let flags = flags
        .into_iter()
        .fold(1, |all, flag| all << 1 | u64::from(flag));
    let mix = |print: u64, value: u64| (print ^ value).wrapping_mul(MULTIPLIER).rotate_left(29);
    let words = [
        u64::from(segment.sequence) << 32 | u64::from(segment.acknowledged.unwrap_or_default()),
        u64::from(segment.identification) << 32 | u64_of(segment.payload.len()),
    ];
    words.into_iter().fold(flags, mix)
}

/// As in other hash functions that multiply: odd, with bits everywhere.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
