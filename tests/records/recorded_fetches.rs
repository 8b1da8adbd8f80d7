//! Fetch responses that a broker sent, made by our own histories: a consumer sees in them what Kafka's consumer saw.

use std::path::Path;

use kafka_codec::records::RecordDecoder;

use crate::support::compressions;
use crate::support::readings::Recorded;

#[test]
fn recorded_fetches_show_what_kafkas_consumer_read() {
    if compressions().len() < 5 {
        return; // The histories have batches of all codecs.
    }
    let mut decoder = RecordDecoder::default();
    let (mut records, mut aborted) = (0, 0);
    let all = Recorded::load(Path::new("tests/vectors/records/fetched.jsonl.gz"));
    assert!(all.len() >= 12, "only {} readings", all.len());
    for recorded in all {
        let mut seen = Vec::new();
        let mut offset = recorded.start;
        for fetch in &recorded.fetches {
            let next = fetch.read(offset, recorded.committed, &mut decoder, &mut seen);
            assert!(next > offset, "stuck at {offset}");
            offset = next;
            aborted += fetch.aborted.len();
        }
        assert_eq!((offset, &seen), (recorded.position, &recorded.seen));
        records += seen.len();
    }
    assert!(
        records > 100 && aborted > 10,
        "{records} records, {aborted} aborted"
    );
}
