//! Decoding allocates for arrays of structs only, encoding into a used buffer not at all, and
//! shared blobs are never copied. How fast that is, `benches/compare` tells.
#![cfg(test)]
#![cfg(feature = "messages")]

use std::io::IoSlice;
use std::sync::mpsc;
use std::thread;

use allocation_counter::measure;
use bytes::{Buf, Bytes};
use kafka_codec::messages::{
    FetchResponse, MetadataRequest, MetadataResponse, OffsetCommitRequest,
};
use kafka_codec::wire::Writer;
use kafka_codec::{Decode, IntoOwned, Message, Request, ResponseFrame, Version, frame};

#[path = "../benches/peers/src/inputs.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the benchmarks, which use all of it"
)]
mod inputs;

const V12: Version = Version(12);

fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn decoding_metadata_allocates_once_for_each_array_of_structs() {
    let bytes = inputs::metadata_response().encode_to_vec(V12).unwrap();
    let mut decoded = None;
    let count = allocations(|| decoded = Some(MetadataResponse::decode(&bytes, V12).unwrap()));
    let decoded = decoded.unwrap();
    assert_eq!((decoded.brokers.len(), decoded.topics.len()), (6, 1000));
    assert!(
        decoded
            .topics
            .iter()
            .all(|topic| topic.partitions.len() == 6)
    );
    // Brokers, topics, and the partitions of each topic.
    assert_eq!(count, 1 + 1 + 1000);
}

#[test]
fn a_response_frame_is_handed_to_another_thread_and_decoded_there_with_no_allocation_more() {
    let response = inputs::metadata_response();
    let mut bytes = frame::encode_response(Vec::new(), &response, V12, 7).unwrap();
    bytes.advance(4);
    let bytes = bytes.copy_to_bytes(bytes.remaining());

    let (sender, receiver) = mpsc::channel::<ResponseFrame<MetadataRequest<'static>>>();
    let asks = thread::spawn(move || {
        let frame = receiver.recv().unwrap();
        let mut brokers_and_topics = (0, 0);
        let count = allocations(|| {
            let decoded = frame.decode().unwrap();
            brokers_and_topics = (decoded.brokers.len(), decoded.topics.len());
        });
        assert_eq!(brokers_and_topics, (6, 1000));
        (count, frame)
    });
    let mut received = None;
    let count = allocations(|| received = Some(ResponseFrame::new(bytes, V12).unwrap()));
    assert_eq!(count, 0, "what is handed over is the frame itself");
    sender.send(received.unwrap()).unwrap();

    let (count, frame) = asks.join().unwrap();
    assert_eq!(count, 1 + 1 + 1000);
    assert_eq!(
        (frame.correlation_id(), frame.decode().unwrap()),
        (7, response)
    );
}

#[test]
fn decoding_a_fetch_response_allocates_once_for_each_array_of_structs() {
    let bytes = inputs::fetch_response().encode_to_vec(V12).unwrap();
    let mut decoded = None;
    let count = allocations(|| decoded = Some(FetchResponse::decode(&bytes, V12).unwrap()));
    let decoded = decoded.unwrap();
    assert_eq!(decoded.responses.len(), 50);
    assert!(
        decoded
            .responses
            .iter()
            .all(|topic| topic.partitions.len() == 10)
    );
    // Topics, and the partitions of each.
    assert_eq!(count, 1 + 50);
}

#[test]
fn owning_a_message_allocates_for_its_strings_and_shares_the_rest_with_the_frame() {
    /// How many allocations owning takes after decoding; a macro, as the type differs with the lifetime of the bytes.
    macro_rules! own {
        ($message:ident, $input:expr, $version:expr) => {{
            let frame = Bytes::from($input.encode_to_vec($version).unwrap());
            let decoded = $message::decode(&frame, $version).unwrap();
            let mut owned = None;
            let count = allocations(|| owned = Some(decoded.into_owned_in(&frame)));
            assert_eq!(owned.unwrap(), $input);
            count
        }};
    }
    // Names of topics, hosts of brokers and the id of the cluster. The numbers of 3 replicas are kept in place.
    let count = own!(MetadataResponse, inputs::metadata_response(), V12);
    assert_eq!(count, 1000 + 6 + 1);
    // Longer arrays share one handle of the frame.
    const HANDLE: u64 = 1;
    let mut many = inputs::metadata_response();
    for topic in &mut many.topics {
        for partition in &mut topic.partitions {
            partition.replica_nodes.extend([7, 8]);
        }
    }
    let count = own!(MetadataResponse, many, V12);
    assert_eq!(count, 1000 + 6 + 1 + HANDLE);
    // Names of topics.
    let count = own!(FetchResponse, inputs::fetch_response(), V12);
    assert_eq!(count, 50);
    // Names of topics, the group and the member.
    let count = own!(
        OffsetCommitRequest,
        inputs::offset_commit_request(),
        Version(8)
    );
    assert_eq!(count, 25 + 1 + 1);
}

#[test]
fn generic_code_passes_on_a_response_that_borrows_nothing() {
    fn received<R: Request>(frame: Bytes, version: Version) -> R::Response<'static> {
        let frame = ResponseFrame::<R>::new(frame, version).unwrap();
        frame.into_owned().unwrap()
    }
    fn owned<R: Request>(body: &[u8], version: Version) -> R::Response<'static> {
        let response: R::Response<'_> = Decode::decode(body, version).unwrap();
        response.into_owned()
    }
    let mut response = inputs::metadata_response();
    response.topics[999].partitions[5]
        .replica_nodes
        .extend([7, 8]);
    let mut bytes = frame::encode_response(Vec::new(), &response, V12, 7).unwrap();
    bytes.advance(4);
    let frame = bytes.copy_to_bytes(bytes.remaining());
    let start = frame.as_ptr_range();
    let received = received::<MetadataRequest<'_>>(frame.clone(), V12);
    assert_eq!(received, response);
    let partition = &received.topics[999].partitions[5];
    let is_shared = |bytes: &[u8]| start.contains(&bytes.as_ptr());
    assert!(is_shared(partition.replica_nodes.as_bytes()), "copied");
    assert!(!is_shared(partition.isr_nodes.as_bytes()), "few are copied");

    let body = response.encode_to_vec(V12).unwrap();
    assert_eq!(owned::<MetadataRequest<'_>>(&body, V12), response);
}

#[test]
fn encoding_into_a_used_writer_allocates_nothing() {
    let metadata = inputs::metadata_response();
    let fetch = inputs::fetch_response();
    let mut writer = Writer::new();
    let mut encode_both = || {
        writer.clear();
        metadata.encode(&mut writer, V12).unwrap();
        let metadata_bytes = writer.len();
        writer.clear();
        fetch.encode(&mut writer, V12).unwrap();
        (metadata_bytes, writer.len())
    };
    let lengths = encode_both();
    assert!(lengths.0 > 290_000 && lengths.1 > 530_000, "{lengths:?}");
    assert_eq!(allocations(|| assert_eq!(encode_both(), lengths)), 0);
}

#[test]
fn shared_blobs_go_from_the_request_to_the_socket_in_place() {
    let blob = Bytes::from(vec![b'r'; 16 * 1024]);
    let request = inputs::produce_request(&blob);
    let encode = |buffer| frame::encode_request(buffer, &request, Version(9), 1, Some("me"));
    let mut segments = None;
    let used = measure(|| segments = Some(encode(Vec::new()).unwrap()));
    let segments = segments.unwrap();
    assert!(
        used.bytes_total < 2048,
        "{} bytes allocated",
        used.bytes_total
    );
    assert_eq!(
        own_bytes(&segments, &blob),
        segments.remaining() - 10 * blob.len()
    );
}

#[test]
fn a_frame_encoded_into_a_used_buffer_allocates_only_the_list_of_its_blobs() {
    let blob = Bytes::from(vec![b'r'; 16 * 1024]);
    let request = inputs::produce_request(&blob);
    let encode = |buffer| frame::encode_request(buffer, &request, Version(9), 1, Some("me"));
    let buffer = encode(Vec::new()).unwrap().into_buffer();
    let (start, capacity) = (buffer.as_ptr(), buffer.capacity());
    let mut reused = Vec::new();
    let used = measure(|| reused = encode(buffer).unwrap().into_buffer());
    assert_eq!((reused.as_ptr(), reused.capacity()), (start, capacity));
    assert!(
        used.bytes_total < 2048,
        "{} bytes allocated",
        used.bytes_total
    );
}

/// How many bytes of `segments` are not `blob` itself; the blob stands in it ten times.
fn own_bytes(segments: &impl Buf, blob: &Bytes) -> usize {
    let mut slices = [IoSlice::new(&[]); 32];
    let count = segments.chunks_vectored(&mut slices);
    let (shared, own): (Vec<&IoSlice<'_>>, Vec<_>) = slices
        .iter()
        .take(count)
        .partition(|slice| slice.as_ptr() == blob.as_ptr());
    assert_eq!(shared.len(), 10);
    assert!(shared.iter().all(|slice| slice.len() == blob.len()));
    let own: usize = own.iter().map(|slice| slice.len()).sum();
    assert!(own < 2048, "{own} bytes written beside the blobs");
    own
}
