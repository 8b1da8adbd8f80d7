//! Recognizes packets that were captured more than once, as mirrored traffic and captures of all interfaces
//! have them: at a bridge and at each of its ports, say.

use crate::packet::Segment;

/// How many packets of a direction are remembered.
const REMEMBERED: usize = 8;
/// How long after a packet a copy of it may come. Segments are sent again later than that.
const MAX_NANOSECONDS: u64 = 50_000_000;
/// The same where packets have no number that distinguishes them.
const MAX_UNNUMBERED_NANOSECONDS: u64 = 1_000_000;

/// The last packets of one direction of a connection.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    recent: [Option<Seen>; REMEMBERED],
    next: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    sequence: u32,
    acknowledged: Option<u32>,
    identification: u32,
    length: usize,
    flags: [bool; 3],
    time: i64,
}

impl Copies {
    /// Takes a segment captured at `time`. Returns `true` if it is a copy of an earlier one: the number of its
    /// packet is the same, which is another one when a segment is sent again.
    pub(crate) fn is_copy(&mut self, segment: &Segment<'_>, time: i64) -> bool {
        let seen = Seen {
            sequence: segment.sequence,
            acknowledged: segment.acknowledged,
            identification: segment.identification,
            length: segment.payload.len(),
            flags: [segment.syn, segment.fin, segment.rst],
            time,
        };
        let within = match segment.identification {
            // Acknowledgments may be repeated, and nothing tells them apart.
            0 if segment.payload.is_empty() => return false,
            0 => MAX_UNNUMBERED_NANOSECONDS,
            _ => MAX_NANOSECONDS,
        };
        let is_copy = self.recent.iter().flatten().any(|known| {
            known.time.abs_diff(time) <= within
                && Seen {
                    time: known.time,
                    ..seen
                } == *known
        });
        if !is_copy && let Some(oldest) = self.recent.get_mut(self.next) {
            *oldest = Some(seen);
            self.next = (self.next + 1) % REMEMBERED;
        }
        is_copy
    }
}
