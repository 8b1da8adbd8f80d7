//! Rule 6: the throttle time is found in the response to any request, wherever it stands in there.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Buf;
use kafka_codec::connection::{Connection, Event, Negotiation, SubmitOptions, VersionTable};
use kafka_codec::{ApiKey, Version};

use crate::driver::{Written, ms, options, request, response};
use crate::vectors::{self, Vector};

/// A connection that has sent a request, and the request.
fn asked(key: ApiKey, version: Version) -> (Connection, Written) {
    let now = Instant::now();
    let assume = Negotiation::Assume(VersionTable::default());
    let mut connection = Connection::new(now, options().with_negotiation(assume));
    connection.handle_opened(now);
    // As if of Produce, which is answered unless its acks are 0.
    let acks: &[u8] = if version >= Version(9) {
        b"\0\xff\xff"
    } else {
        b"\xff\xff\xff\xff"
    };
    let frame = request(key, version.0, acks);
    let submitted = connection.submit_frame(now, &frame, SubmitOptions::default());
    submitted.unwrap();
    let transmit = connection.poll_transmit().unwrap();
    let correlation_id = transmit.chunk()[8..12].try_into().unwrap();
    let count = transmit.remaining();
    connection.handle_written(now, count);
    let written = Written {
        key,
        version,
        correlation_id: i32::from_be_bytes(correlation_id),
        client_id: None,
        body: Vec::new(),
    };
    (connection, written)
}

/// The version that a connection takes an answer for, and the throttle time that it reads out of it.
pub(crate) fn time_in(key: ApiKey, version: Version, body: &[u8]) -> (Version, Duration) {
    let (mut connection, written) = asked(key, version);
    connection.handle_bytes(Instant::now(), &response(&written, body));
    loop {
        match connection.poll_event() {
            Some(Event::Completed(done)) => {
                let time = done.throttle();
                let answer = done.into_response().unwrap().expect("it was answered");
                return (answer.version(), time);
            }
            Some(_) => {}
            None => panic!("{key} v{version} was answered"),
        }
    }
}

/// The vectors of responses, with the API.
pub(crate) fn responses() -> impl Iterator<Item = (ApiKey, Vector)> {
    vectors::vectors().filter_map(|vector| {
        let name = vector.name.strip_suffix("Response")?;
        Some((ApiKey::from_name(name)?, vector))
    })
}

/// What Kafka's JSON of a response says; `None` if its version has no throttle time, or it is malformed.
fn told_by_kafka(vector: &Vector) -> Option<i64> {
    vector.line.get("json")?.get("throttleTimeMs")?.as_i64()
}

/// Negative times do not count.
pub(crate) fn time_of(milliseconds: Option<i64>) -> Duration {
    ms(milliseconds.map_or(0, |time| u64::try_from(time).unwrap_or(0)))
}

#[test]
fn rule_6_the_time_is_kafkas_in_every_response_and_version() {
    let (mut some, mut none, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
    for (key, vector) in responses().filter(|(_, vector)| vector.json.is_some()) {
        let told = told_by_kafka(&vector);
        let (version, time) = time_in(key, vector.version, &vector.bytes);
        if version != vector.version {
            // By its error code it is of version 0.
            continue;
        }
        assert_eq!(time, time_of(told), "{}", vector.place());
        match told {
            Some(1..) => drop(some.insert((key, version))),
            Some(_) => {}
            None => drop(none.insert((key, version))),
        }
        count += 1;
    }
    println!(
        "{count} responses; {} versions have the time and {} do not",
        some.len(),
        none.len()
    );
    assert!(some.is_disjoint(&none));
    let both: BTreeSet<_> = some.union(&none).copied().collect();
    assert_eq!(both, all_versions());
}

fn all_versions() -> BTreeSet<(ApiKey, Version)> {
    let versions = |key: &ApiKey| key.versions().map(|versions| (*key, versions));
    let keys = ApiKey::ALL.iter().filter_map(versions);
    keys.flat_map(|(key, versions)| versions.iter().map(move |version| (key, version)))
        .collect()
}

#[test]
fn rule_6_a_response_without_all_of_the_time_has_none() {
    let mut count = 0;
    for (key, vector) in responses().filter(|(_, vector)| vector.text("case") == Some("full")) {
        let all = time_of(told_by_kafka(&vector));
        if all.is_zero() {
            continue;
        }
        let body = &vector.bytes;
        let time = |end| time_in(key, vector.version, &body[..end]).1;
        let times: Vec<_> = (0..=body.len()).map(time).collect();
        let end = times.iter().position(|time| !time.is_zero()).unwrap();
        assert!(times[end..].iter().all(|time| *time == all), "{times:?}");
        assert!(body[..end].ends_with(&milliseconds(all)), "{times:?}");
        count += 1;
    }
    println!("{count} responses");
    assert!(count > 200, "{count}");
}

fn milliseconds(time: Duration) -> [u8; 4] {
    u32::try_from(time.as_millis()).unwrap().to_be_bytes()
}

#[test]
fn rule_6_a_version_that_is_not_known_has_none() {
    for key in [ApiKey::Heartbeat, ApiKey::Metadata, ApiKey::OffsetCommit] {
        let known = key.versions().unwrap().max();
        let body = b"\0\0\0\x07\0\0\0\0";
        assert_eq!(time_in(key, known, body).1, ms(7));
        assert_eq!(time_in(key, Version(known.0 + 1), body).1, ms(0));
    }
}

#[test]
fn rule_6_what_stands_before_the_time_is_skipped_without_allocating() {
    // Produce v10: topics of partitions of record errors; each struct has unknown tagged fields.
    let tags = b"\x02\x40\x01a\x41\0";
    let record_error = [&b"\0\0\0\x01\x02e"[..], tags].concat();
    let partition = [
        &[7; 30][..],
        b"\x03",
        &record_error,
        &record_error,
        b"\0",
        tags,
    ]
    .concat();
    let topic = |partitions: u8| {
        let all = partition.repeat(partitions.into());
        [&b"\x02t"[..], &[partitions + 1], &all, tags].concat()
    };
    let body = |topics: u8, partitions: u8| {
        let all = topic(partitions).repeat(topics.into());
        [&[topics + 1][..], &all, b"\0\0\0\x07\0"].concat()
    };
    let allocations = |body: &[u8], time: u64| {
        let (mut connection, written) = asked(ApiKey::Produce, Version(10));
        let frame = response(&written, body);
        let used = allocation_counter::measure(|| {
            connection.handle_bytes(Instant::now(), &frame);
        });
        while let Some(event) = connection.poll_event() {
            if let Event::Completed(done) = event {
                assert_eq!(done.throttle(), ms(time));
            }
        }
        used.count_total
    };
    let none = allocations(&body(0, 0), 7);
    let many = body(100, 100);
    assert_eq!(allocations(&many, 7), none);
    // An error is one more.
    for end in [1, 2, many.len() / 2, many.len() - 2] {
        let cut = allocations(&many[..end], 0);
        assert!(cut <= none + 1, "{cut} allocations, {none} without topics");
    }
}

#[test]
fn it_is_found_behind_structs_with_and_without_tagged_fields() {
    let plain = b"\0\x12\0\0\0\x04\0";
    let tagged = b"\0\x03\0\0\0\x0c\x01\x07\x02\xab\0";
    for elements in [
        [&plain[..], plain, plain],
        [tagged, plain, plain],
        [plain, plain, tagged],
        [tagged, tagged, tagged],
    ] {
        let body = [b"\0\0\x04", &elements.concat()[..], b"\0\0\0\x2a\0"].concat();
        let (_, time) = time_in(ApiKey::ApiVersions, Version(3), &body);
        assert_eq!(time, ms(42), "{elements:?}");
    }
}
