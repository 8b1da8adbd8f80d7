//! An error response takes memory in proportion to its request: a hostile request cannot make a large one out of little.

use std::time::Duration;

use allocation_counter::measure;
use kafka_codec::messages::{
    self, describe_producers_request, list_partition_reassignments_request, stop_replica_request,
};
use kafka_codec::wire::Packed;
use kafka_codec::{AnyRequest, ApiKey, ErrorCode, Request, Version};

use crate::bodies;
use crate::crafted::Body;

/// How long a crafted request is.
const LENGTH: usize = 64 << 10;

/// The most that a response may take for each byte of the request and of what decoding it took.
const FACTOR: u64 = 24;

/// How many elements an array of numbers has, which takes no memory to decode.
const NUMBERS: i32 = 16 << 10;

#[test]
fn an_error_response_takes_memory_in_proportion_to_its_request() {
    let mut worst = Worst::default();
    for (entry, version, bodies) in bodies::of_all_pairs() {
        let Some(api) = entry.name.strip_suffix("Request") else {
            continue;
        };
        let body = Body {
            entry,
            version,
            bytes: &bodies.full,
        };
        for count in body.counts().iter().filter(|count| !count.is_of_tags) {
            let elements = [Some(body.smallest(count)), body.first(count)];
            for element in elements.into_iter().flatten() {
                let input = body.filled(count, LENGTH, &element);
                worst.answer(api.parse().unwrap(), version, &input);
            }
        }
    }
    // Otherwise the requests were not hostile.
    assert!(
        worst.requests > 80 && worst.response > 4 * worst.request,
        "{worst:?}"
    );
    worst.check();
}

#[test]
fn numbers_that_take_no_memory_to_decode_are_answered_in_proportion_too() {
    let mut worst = Worst::default();
    let numbers: Packed<'_, i32> = (0..NUMBERS).collect();
    let numbers = || numbers.clone();
    let topics = vec![
        list_partition_reassignments_request::ListPartitionReassignmentsTopics {
            partition_indexes: numbers(),
            ..Default::default()
        },
    ];
    let request = messages::ListPartitionReassignmentsRequest {
        topics: Some(topics),
        ..Default::default()
    };
    worst.answer_message(&request, Version(0));
    let topics = vec![describe_producers_request::TopicRequest {
        partition_indexes: numbers(),
        ..Default::default()
    }];
    let request = messages::DescribeProducersRequest {
        topics,
        ..Default::default()
    };
    worst.answer_message(&request, Version(0));
    let topics = vec![stop_replica_request::StopReplicaTopicV1 {
        partition_indexes: numbers(),
        ..Default::default()
    }];
    let request = messages::StopReplicaRequest {
        topics,
        ..Default::default()
    };
    worst.answer_message(&request, Version(1));
    worst.check();
}

/// The response that took the most memory for its request.
#[derive(Debug, Default)]
struct Worst {
    requests: usize,
    /// What the response took.
    response: u64,
    /// The bytes of the request, and what decoding it took.
    request: u64,
    what: String,
}

impl Worst {
    /// Answers the request that `input` is, if it is one.
    fn answer(&mut self, key: ApiKey, version: Version, input: &[u8]) {
        let mut request = None;
        let decoded = measure(|| request = AnyRequest::decode(key, version, input).ok());
        let Some(request) = request else { return };
        let answered = measure(|| {
            let code = ErrorCode::INVALID_REQUEST;
            drop(request.error_response(version, code, Some("no"), Duration::ZERO));
        });
        self.requests += 1;
        let taken = decoded.bytes_max + u64::try_from(input.len()).unwrap();
        if self.what.is_empty() || answered.bytes_max * self.request > self.response * taken {
            (self.response, self.request) = (answered.bytes_max, taken);
            self.what = format!("{key} v{version}");
        }
    }

    fn answer_message<R: Request>(&mut self, request: &R, version: Version) {
        self.answer(R::KEY, version, &request.encode_to_vec(version).unwrap());
    }

    fn check(&self) {
        println!("{self:?}");
        assert!(self.response <= FACTOR * self.request, "{self:?}");
    }
}
