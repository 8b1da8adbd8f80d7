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
    // Only once, and only of late.
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
    assert_eq!(requests.iter().count(), 4);
    assert_eq!(requests.response(2), None);
    assert!(requests.response(3).is_some());
    requests.give_up_all();
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
fn tokens_are_bare_only_after_a_handshake_in_version_0_that_went_well() {
    let answer = b"\0\0\0\0\0\0";
    for (version, answer, expected) in [
        (0, answer, true),
        (1, answer, false),
        (0, b"\0\x21\0\0\0\0", false),
    ] {
        let mut tokens = SaslTokens::default();
        tokens.handshake_answered(Version(version), answer);
        assert_eq!(tokens.are_expected(), expected);
    }
}
