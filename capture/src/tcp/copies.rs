//! Recognizes packets that were captured more than once, as mirrored traffic and captures of all interfaces
//! have them: at a bridge and at each of its ports, say.

use crate::length::u64_of;
use crate::packet::Segment;

/// How many packets of a direction are remembered.
const REMEMBERED: usize = 4;
/// How long after a packet a copy of it may come. Segments are sent again later than that.
pub(super) const MAX_NANOSECONDS: u64 = 50_000_000;
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
    /// How many bytes of its payload were captured, at most of all its copies.
    kept: usize,
}

/// What a segment is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copied {
    /// It is not a copy.
    No,
    /// It is a copy of an earlier one.
    Same,
    /// It is a copy of which more was captured: interfaces may keep different parts of packets.
    More,
}

impl Copies {
    /// Takes a segment captured at `time`. It is a copy of an earlier one if the number of its packet is the same, which
    /// is another one when a segment is sent again.
    pub(crate) fn take(&mut self, segment: &Segment<'_>, time: i64) -> Copied {
        let within_network = match segment.identification {
            // Acknowledgments may be repeated, and nothing tells them apart.
            0 if segment.payload.is_empty() => None,
            0 => Some(MAX_UNNUMBERED_NANOSECONDS),
            _ => Some(MAX_NANOSECONDS),
        };
        let print = print(segment);
        let kept = segment.payload.len();
        let copied = self.recent.iter_mut().find(|known| {
            let within = match known.network == segment.network {
                true => within_network,
                // What was captured in two networks was sent once.
                false => Some(MAX_NANOSECONDS),
            };
            known.print == print && within.is_some_and(|within| known.time.abs_diff(time) <= within)
        });
        if let Some(known) = copied {
            let is_more = kept > known.kept;
            known.kept = known.kept.max(kept);
            return if is_more { Copied::More } else { Copied::Same };
        }
        if let Some(oldest) = self.recent.get_mut(self.next) {
            *oldest = Recent {
                print,
                time,
                network: segment.network,
                kept,
            };
            self.next = (self.next + 1) % REMEMBERED;
        }
        Copied::No
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
        u64::from(segment.identification) << 32
            | (u64_of(segment.payload.len()) + u64::from(segment.missing)),
    ];
    words.into_iter().fold(flags, mix)
}

/// As in other hash functions that multiply: odd, with bits everywhere.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
