//! Rule 7: the deadline of a request includes the time for which the request itself lets the broker hold it.

use std::time::Duration;

use bytes::{Buf, Bytes};
use kafka_codec::connection::{Connection, RequestId, State, SubmitOptions};
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::{
    AddRaftVoterRequest, AlterPartitionReassignmentsRequest, CreatePartitionsRequest,
    CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest, ElectLeadersRequest,
    FetchRequest, HeartbeatRequest, JoinGroupRequest, ListOffsetsRequest,
    ListPartitionReassignmentsRequest, ProduceRequest, ShareFetchRequest, UpdateFeaturesRequest,
};
use kafka_codec::{ApiKey, Request, Version, frame};

use crate::driver::{Driver, ms, options, request};

/// The time until the deadline of a request, beyond the request timeout of 30 seconds.
fn wait(submit: impl FnOnce(&mut Connection, std::time::Instant) -> RequestId) -> Duration {
    let mut driver = Driver::once(options());
    driver.open_ready();
    submit(&mut driver.connection, driver.now);
    driver.drain();
    let deadline = driver.connection.next_deadline().unwrap();
    deadline - driver.now - ms(30_000)
}

fn typed<R: Request>(request: &R, version: Version, options: SubmitOptions) -> Duration {
    let options = options.with_version(version);
    wait(|connection, now| connection.submit(now, request, options).unwrap())
}

fn body(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    let body = Bytes::copy_from_slice(body);
    let options = SubmitOptions::default();
    wait(|connection, now| {
        connection
            .submit_body(now, key, version, &body, options)
            .unwrap()
    })
}

fn framed(frame: &Bytes) -> Duration {
    let options = SubmitOptions::default();
    wait(|connection, now| connection.submit_frame(now, frame, options).unwrap())
}

/// Submits a request in every version and in every form.
fn waits<R: Request>(request: &R, expected: impl Fn(Version) -> Duration) {
    for version in R::VERSIONS.iter() {
        let (key, expected) = (R::KEY, expected(version));
        let plain = SubmitOptions::default();
        assert_eq!(typed(request, version, plain), expected, "{key} v{version}");
        assert_eq!(request.server_wait(version), expected, "{key} v{version}");
        let bytes = request.encode_to_vec(version).unwrap();
        assert_eq!(body(key, version, &bytes), expected, "{key} v{version}");
        let mut encoded =
            frame::encode_request(Vec::new(), request, version, 9, Some("test")).unwrap();
        let whole = encoded.copy_to_bytes(encoded.remaining()).slice(4..);
        assert_eq!(framed(&whole), expected, "{key} v{version}");
    }
}

fn join_group() -> JoinGroupRequest<'static> {
    JoinGroupRequest {
        group_id: "group".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 300_000,
        ..Default::default()
    }
}

#[test]
fn rule_7_a_join_group_may_take_as_long_as_the_rebalance_by_default() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    let now = driver.now;
    driver
        .connection
        .submit(now, &join_group(), SubmitOptions::default())
        .unwrap();
    driver.drain();
    driver.wait(31_000);
    assert_eq!(driver.connection.state(), State::Ready);
    driver.wait(298_999);
    assert_eq!(driver.connection.state(), State::Ready);
    driver.wait(1);
    assert_eq!(driver.connection.state(), State::Closed);
}

#[test]
fn rule_7_every_form_of_a_request_has_the_same_server_wait_in_every_version() {
    waits(&join_group(), |version| match version {
        Version(0) => ms(10_000),
        _ => ms(300_000),
    });
    waits(&HeartbeatRequest::default(), |_| Duration::ZERO);
    let list_offsets = ListOffsetsRequest {
        timeout_ms: 5_000,
        ..Default::default()
    };
    waits(&list_offsets, |version| match version >= Version(10) {
        true => ms(5_000),
        false => Duration::ZERO,
    });
    let produce = ProduceRequest {
        acks: Acks::ALL,
        timeout_ms: 5_000,
        ..Default::default()
    };
    waits(&produce, |_| ms(5_000));
    macro_rules! in_all_versions {
        ($($request:ident: $field:ident;)*) => {
            $(waits(&$request { $field: 5_000, ..Default::default() }, |_| ms(5_000));)*
        };
    }
    in_all_versions! {
        FetchRequest: max_wait_ms;
        ShareFetchRequest: max_wait_ms;
        CreateTopicsRequest: timeout_ms;
        DeleteTopicsRequest: timeout_ms;
        DeleteRecordsRequest: timeout_ms;
        CreatePartitionsRequest: timeout_ms;
        ElectLeadersRequest: timeout_ms;
        AlterPartitionReassignmentsRequest: timeout_ms;
        ListPartitionReassignmentsRequest: timeout_ms;
        UpdateFeaturesRequest: timeout_ms;
        AddRaftVoterRequest: timeout_ms;
    }
}

#[test]
fn rule_7_a_server_wait_of_the_caller_replaces_that_of_the_request() {
    for wait in [Duration::ZERO, ms(7)] {
        let options = SubmitOptions::default().with_server_wait(wait);
        assert_eq!(typed(&join_group(), Version(5), options), wait);
    }
}

#[test]
fn rule_7_a_body_without_a_readable_server_wait_has_none() {
    let fetch = |bytes: &[u8]| body(ApiKey::Fetch, Version(16), bytes);
    assert_eq!(fetch(b"\0\0\x13\x88"), ms(5_000));
    assert_eq!(fetch(b"\0\0\x13"), Duration::ZERO, "cut off");
    assert_eq!(fetch(b"\xff\xff\xff\xff"), Duration::ZERO, "negative");
    assert_eq!(
        framed(&request(ApiKey::Fetch, 16, b"\0\0\x13\x88")),
        ms(5_000)
    );
    assert_eq!(framed(&request(ApiKey::Fetch, 16, b"")), Duration::ZERO);
}
