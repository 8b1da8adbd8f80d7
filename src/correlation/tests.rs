//! Both sides of correlation, with responses that do not fit.

use super::*;
use crate::{ApiKey, HeaderVersions, Version};

fn noted<T>(key: ApiKey, version: Version, id: i32, note: T) -> InFlightRequest<T> {
    InFlightRequest::new(key, version, HeaderVersions::of(key, version), id, note)
}

fn request(id: i32) -> InFlightRequest<char> {
    noted(ApiKey::Fetch, Version(16), id, 'x')
}

fn in_flight(ids: &[i32]) -> InFlightRequests<char> {
    let mut requests = InFlightRequests::default();
    for id in ids {
        requests.push(request(*id));
    }
    requests
}

#[test]
fn responses_in_order_answer_one_request_after_the_other() {
    let mut requests = in_flight(&[1, 2]);
    assert_eq!(requests.len(), 2);
    assert_eq!(requests.answered_by(1), Ok(Answered::InOrder(request(1))));
    assert_eq!(requests.due().map(|due| due.correlation_id), Some(2));
    assert_eq!(requests.answered_by(2), Ok(Answered::InOrder(request(2))));
    assert!(requests.is_empty());
}

#[test]
fn a_mismatch_says_what_was_due_and_what_came() {
    let mut requests = in_flight(&[1, 2, 3]);
    let mismatch = requests.answered_by(3).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "a response to Fetch v16 (correlation 3) where Fetch v16 (correlation 1) was due, \
         2 ahead of it in flight"
    );
    let mismatch = requests.answered_by(9).unwrap_err();
    assert_eq!(mismatch.received(), 9);
    assert_eq!(mismatch.expected(), Some(&request(1).with_note(())));
    assert!(matches!(mismatch.kind(), MismatchKind::Unknown { .. }));
    assert_eq!(requests.drain().count(), 3);
    let mismatch = requests.answered_by(1).unwrap_err();
    assert_eq!(mismatch.kind(), &MismatchKind::NothingInFlight);
}

#[test]
fn find_coordinator_v0_is_answered_with_id_0_when_it_is_due() {
    let find = |version| noted(ApiKey::FindCoordinator, version, 7, 'f');
    let mut requests = in_flight(&[1]);
    requests.push(find(Version(0)));
    let mismatch = requests.answered_by(0).unwrap_err();
    assert!(matches!(mismatch.kind(), MismatchKind::Unknown { .. }));
    assert_eq!(requests.answered_by(1), Ok(Answered::InOrder(request(1))));
    let answered = requests.answered_by(0);
    assert_eq!(answered, Ok(Answered::InOrder(find(Version(0)))));
    assert!(requests.is_empty());

    requests.push(find(Version(0)));
    assert!(requests.abandon(7).is_some());
    let late = find(Version(0)).with_note(());
    assert_eq!(requests.answered_by(0), Ok(Answered::Late(late)));

    requests.push(find(Version(1)));
    assert!(requests.answered_by(0).is_err(), "only in version 0");

    let mut requests = InFlightRequests::default();
    requests.push(find(Version(0)));
    requests.push(request(0));
    let mismatch = requests.answered_by(0).unwrap_err();
    assert!(matches!(mismatch.kind(), MismatchKind::OutOfOrder { .. }));
}

#[test]
fn an_abandoned_request_keeps_its_place() {
    let mut requests = in_flight(&[1, 2]);
    assert_eq!(requests.abandon(1), Some(request(1)));
    assert_eq!(requests.abandon(1), None);
    assert_eq!((requests.len(), requests.is_in_flight(1)), (1, true));
    assert_eq!(requests.iter().count(), 1);
    assert_eq!(
        requests.answered_by(1),
        Ok(Answered::Late(request(1).with_note(())))
    );
    assert_eq!(requests.answered_by(2), Ok(Answered::InOrder(request(2))));
}

#[test]
fn a_response_to_a_request_without_one_is_told_apart() {
    let mut requests = in_flight(&[5]);
    requests.push_without_response(request(4).with_note(()));
    assert_eq!(
        requests.answered_by(4),
        Ok(Answered::NotAwaited(request(4).with_note(())))
    );
    // Only once, and only recently.
    assert!(requests.answered_by(4).is_err());
    for id in 100..300 {
        requests.push_without_response(request(id).with_note(()));
    }
    assert!(requests.answered_by(100).is_err());
    assert!(requests.answered_by(299).is_ok());
}

fn observed(ids: &[i32]) -> ObservedRequests<char> {
    let mut requests = ObservedRequests::with_capacity(4);
    for id in ids {
        requests.request(request(*id), Expects::Response);
    }
    requests
}

#[test]
fn of_requests_with_the_same_id_the_oldest_is_answered_first() {
    let mut requests = ObservedRequests::with_capacity(4);
    for note in ['a', 'b'] {
        requests.request(noted(ApiKey::Fetch, Version(1), 0, note), Expects::Response);
    }
    assert_eq!(requests.response(0).map(|request| request.note), Some('a'));
    assert_eq!(requests.response(0).map(|request| request.note), Some('b'));
}

#[test]
fn a_response_out_of_order_is_matched_until_its_id_is_used_again() {
    let mut requests = observed(&[1, 2]);
    assert!(requests.response(2).is_some());
    assert!(requests.awaits(1).is_some());
    // Whoever used the id again gave up waiting for the first.
    requests.request(request(1), Expects::Response);
    assert_eq!(requests.iter().count(), 1);
    assert_eq!(requests.unanswered(), 2);
    assert!(requests.response(1).is_some());
    assert_eq!(requests.unanswered(), 1);
}

#[test]
fn requests_that_get_no_response_do_not_wait_for_one() {
    let mut requests = observed(&[]);
    requests.request(request(1), Expects::Nothing);
    assert_eq!(requests.response(1), None);
    requests.request(request(2), Expects::Unknown);
    assert_eq!(requests.unanswered(), 0);
    assert!(requests.response(2).is_some());
}

#[test]
fn no_more_are_remembered_than_there_is_room_for() {
    let mut requests = observed(&[1, 2, 3, 4, 5, 6]);
    assert_eq!((requests.iter().count(), requests.len()), (4, 4));
    assert_eq!(requests.response(2), None);
    assert!(requests.response(3).is_some());
    requests.give_up_all();
    assert_eq!((requests.len(), requests.unanswered()), (0, 5));
    requests.request(request(7), Expects::Response);
    assert!(requests.response(7).is_some());
    assert!(requests.is_empty());
    assert_eq!(requests.unanswered(), 5);
}

#[test]
fn a_broker_that_does_not_know_the_version_answers_api_versions_in_version_0() {
    let request = noted(ApiKey::ApiVersions, Version(9), 1, ());
    let frame = b"\0\0\0\x01\0\x23\0\0\0\0";
    assert_eq!(request.split_response(frame).unwrap().version, Version(0));
    let frame = b"\0\0\0\x01\0\0\x01\0\0\0\0\0";
    assert_eq!(request.split_response(frame).unwrap().version, Version(9));
}

#[test]
fn tokens_may_be_bare_after_a_handshake_that_went_well() {
    let answer = b"\0\0\0\0\0\0";
    for (version, answer, expected) in [
        (0, answer, true),
        // Some services do not know SaslAuthenticate.
        (1, answer, true),
        (2, answer, false),
        (0, b"\0\x21\0\0\0\0", false),
    ] {
        let mut tokens = SaslTokens::default();
        tokens.handshake_answered(Version(version), answer);
        assert_eq!(tokens.are_expected(), expected);
    }
}

#[test]
fn after_a_handshake_in_version_1_the_client_decides_whether_tokens_are_bare() {
    let mut tokens = SaslTokens::default();
    tokens.handshake_answered(Version(1), b"\0\0\0\0\0\0");
    let authenticate = b"\0\x24\0\0\0\0\0\x07\0\x02me\0\0\0\x01x";
    assert!(!tokens.is_client_token(authenticate));
    assert!(!tokens.is_broker_token(b"\0\0\0\x07", |_| false));

    let mut tokens = SaslTokens::default();
    tokens.handshake_answered(Version(1), b"\0\0\0\0\0\0");
    assert!(tokens.is_client_token(b"\0alice\0secret"));
    assert!(tokens.is_broker_token(b"", |_| false));
}

#[test]
fn tokens_without_a_handshake_begin_with_what_a_mechanism_begins_with() {
    let kerberos = b"\x60\x82\x02\x5a\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0";
    let first: [&[u8]; 5] = [
        kerberos,
        b"\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02\xa0",
        b"n,,n=alice,r=fyko",
        b"n,,\x01auth=Bearer x\x01\x01",
        b"\0alice\0secret",
    ];
    for token in first {
        let mut tokens = SaslTokens::default();
        assert!(tokens.begin_with(token));
        assert!(tokens.is_client_token(b"") && tokens.is_broker_token(b"", |_| false));
    }
    let others: [&[u8]; 4] = [
        b"\0\x03\0\x01\0\0\0\x07\0\x02me\0\0\0\0",
        b"",
        b"\0\0\0",
        b"\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x03\xa0",
    ];
    for other in others {
        assert!(!SaslTokens::default().begin_with(other));
    }
}

#[test]
fn a_response_to_a_request_that_wants_none_is_recognized_once() {
    let mut requests = observed(&[5]);
    requests.request(request(4), Expects::Nothing);
    assert_eq!(requests.response(4), None);
    assert_eq!(requests.not_awaited(4), Some(request(4)));
    assert_eq!(requests.not_awaited(4), None);
    assert_eq!(requests.unanswered(), 1);
}

#[test]
fn api_versions_may_be_answered_in_version_0_without_an_error() {
    let request = noted(ApiKey::ApiVersions, Version(3), 1, ());
    let frame = b"\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0\x03";
    assert_eq!(request.split_response(frame).unwrap().version, Version(0));
    // What is neither stays what was asked for.
    let frame = b"\0\0\0\x01\0\0\x05\0";
    assert_eq!(request.split_response(frame).unwrap().version, Version(3));
}
