//! Fragments that overlap: they are put together where their bytes are the same, and refused where they differ.
#![cfg(test)]

mod support;

use support::wrap::{fragments_4, fragments_6, ordered};
use support::wrapped::{RAW, counts};

/// Fragments of 16 bytes, of which the last is replaced by those of 24 bytes that reach into its place.
fn overlapping(mut small: Vec<Vec<u8>>, large: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    // The first fragment is not replaced.
    if small.len() < 4 {
        return small;
    }
    small.pop();
    let covered = small.len() * 16;
    let large = large.into_iter().enumerate();
    let reaching = large.filter(|(i, _)| (i + 1) * 24 > covered);
    small.extend(reaching.map(|(_, fragment)| fragment));
    small
}

#[test]
fn fragments_that_overlap_with_the_same_bytes_are_put_together() {
    for is_reversed in [false, true] {
        let (is_found, all) = counts(RAW, |i, sent| {
            let (ip, number) = (sent.ipv4(), u16::try_from(i).unwrap());
            let [small, large] = [16, 24].map(|size| fragments_4(&ip, number, size));
            ordered(overlapping(small, large), is_reversed)
        });
        assert!(is_found && all.fragments == 0, "{all}");
        assert_eq!((all.contradicting_fragments, all.copies), (0, 0));
        let (is_found, all) = counts(RAW, |i, sent| {
            let (ip, number) = (sent.ipv6(), u32::try_from(i).unwrap());
            let [small, large] = [16, 24].map(|size| fragments_6(&ip, number, size));
            ordered(overlapping(small, large), is_reversed)
        });
        assert!(is_found && all.fragments == 0, "{all}");
        assert_eq!((all.contradicting_fragments, all.copies), (0, 0));
    }
}

#[test]
fn fragments_that_fill_several_gaps_are_put_together() {
    let (is_found, all) = counts(RAW, |i, sent| {
        let (ip, number) = (sent.ipv4(), u16::try_from(i).unwrap());
        let [small, whole] = [8, 104].map(|size| fragments_4(&ip, number, size));
        if whole.len() < 2 {
            return small;
        }
        // Every second one, then one over all of them, then the rest.
        let mut fragments: Vec<_> = small[..13].iter().step_by(2).cloned().collect();
        fragments.push(whole[0].clone());
        fragments.extend_from_slice(&small[13..]);
        fragments
    });
    assert!(is_found && all.fragments == 0, "{all}");
    assert_eq!((all.contradicting_fragments, all.copies), (0, 0));
}

#[test]
fn fragments_that_overlap_with_other_bytes_are_refused() {
    let (is_found, all) = counts(RAW, |i, sent| {
        let (ip, number) = (sent.ipv4(), u16::try_from(i).unwrap());
        let [mut small, mut large] = [16, 24].map(|size| fragments_4(&ip, number, size));
        if !sent.payload.is_empty() {
            // The last byte of this fragment is within the second of the others.
            *large[0].last_mut().unwrap() ^= 1;
            small.insert(2, large.swap_remove(0));
        }
        small
    });
    assert!(!is_found && all.requests == 0, "{all}");
    assert!(all.contradicting_fragments >= 10, "{all}");
}
