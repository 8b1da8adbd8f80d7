//! Any order, repetition, overlap and loss of segments, against a model that knows which came first.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Arrival, Piece, Reassembly};

/// Where a segment begins, how many bytes of it were kept and how many it has beside.
type Part = (usize, usize, usize);

const LENGTH: usize = 300;

fn byte(place: usize) -> u8 {
    u8::try_from(place % 251).unwrap()
}

/// What is known of each place of the stream after all segments came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamByte {
    Byte(u8, Arrival),
    NotKept,
    Lost,
}

fn arrival(number: usize) -> Arrival {
    Arrival {
        packet: u64::try_from(number).unwrap(),
        time: 0,
        turn: 0,
    }
}

/// Each place has what the first segment brought that covers it.
fn model(parts: &[Part]) -> Vec<StreamByte> {
    let parts = parts.iter().enumerate();
    let parts = parts.filter(|(_, (_, kept, more))| kept + more > 0);
    let end = parts
        .clone()
        .map(|(_, (start, kept, more))| start + kept + more);
    let mut places = vec![StreamByte::Lost; end.max().unwrap_or(0)];
    for (number, (start, kept, more)) in parts {
        let covered = places.iter_mut().enumerate().skip(*start).take(kept + more);
        for (at, place) in covered.filter(|(_, place)| **place == StreamByte::Lost) {
            *place = if at < start + kept {
                StreamByte::Byte(byte(at), arrival(number))
            } else {
                StreamByte::NotKept
            };
        }
    }
    places
}

fn put(places: &mut Vec<StreamByte>, piece: Piece<'_>) {
    let count = |length: u64| usize::try_from(length).unwrap();
    match piece {
        Piece::Bytes(bytes, arrival) => {
            places.extend(bytes.iter().map(|byte| StreamByte::Byte(*byte, arrival)));
        }
        Piece::NotKept(length, _) => {
            places.extend(std::iter::repeat_n(StreamByte::NotKept, count(length)));
        }
        Piece::Lost(length, _) => {
            places.extend(std::iter::repeat_n(StreamByte::Lost, count(length)))
        }
    }
}

fn reassembled(first: u32, parts: &[Part]) -> Vec<StreamByte> {
    let mut reassembly = Reassembly::default();
    let mut places = Vec::new();
    reassembly.begin(first);
    for (number, (start, kept, more)) in parts.iter().enumerate() {
        let bytes: Vec<_> = (*start..start + kept).map(byte).collect();
        let sequence = first.wrapping_add(u32::try_from(*start).unwrap());
        reassembly.push(sequence, &bytes, *more as u64, arrival(number), |piece| {
            put(&mut places, piece);
        });
    }
    while reassembly.hole().is_some() {
        reassembly.skip_hole(arrival(parts.len()), |piece| put(&mut places, piece));
    }
    assert_eq!(reassembly.waiting_bytes(), 0);
    places
}

/// Segments that may overlap, repeat and leave holes, in any order.
fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = (
        0..LENGTH,
        0..60_usize,
        prop_oneof![3 => Just(0), 1 => 0..40_usize],
    );
    vec(part, 0..40)
}

/// Segments that leave no hole: cuts of the whole stream, and others, in any order.
fn whole() -> impl Strategy<Value = Vec<Part>> {
    (vec(0..=LENGTH, 0..20), vec((0..LENGTH, 0..60_usize), 0..20))
        .prop_map(|(mut cuts, others)| {
            cuts.extend([0, LENGTH]);
            cuts.sort_unstable();
            let cuts = cuts.windows(2).map(|cut| (cut[0], cut[1] - cut[0], 0));
            let others = others
                .into_iter()
                .map(|(start, length)| (start, length.min(LENGTH - start), 0));
            cuts.chain(others).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

proptest! {
    #[test]
    fn without_loss_any_order_repetition_and_overlap_gives_the_stream(
        first in any::<u32>(),
        parts in whole(),
    ) {
        let places = reassembled(first, &parts);
        prop_assert_eq!(places.len(), LENGTH);
        for (place, found) in places.iter().enumerate() {
            prop_assert!(matches!(found, StreamByte::Byte(found, _) if *found == byte(place)));
        }
        prop_assert_eq!(places, model(&parts));
    }

    #[test]
    fn what_is_missing_is_told_to_the_byte_and_the_first_to_arrive_wins(
        first in any::<u32>(),
        parts in parts(),
    ) {
        prop_assert_eq!(reassembled(first, &parts), model(&parts));
    }
}

#[test]
fn sequence_numbers_wrap() {
    let parts = [(10, 10, 0), (0, 10, 0)];
    assert_eq!(reassembled(u32::MAX - 4, &parts), model(&parts));
}

#[test]
fn what_is_missing_at_the_end_is_known_by_the_last_segment_or_by_its_receiver() {
    let mut reassembly = Reassembly::default();
    reassembly.begin(100);
    reassembly.push(100, b"abc", 0, Arrival::default(), |_| {});
    assert_eq!(reassembly.missing_at_end(None), 0);
    assert_eq!(reassembly.missing_at_end(Some(103)), 0);
    assert_eq!(reassembly.missing_at_end(Some(110)), 7);
    reassembly.end(105);
    assert_eq!(reassembly.missing_at_end(Some(106)), 2);
    assert!(!reassembly.is_finished());
}
