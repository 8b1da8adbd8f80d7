//! Messages inside of messages, as Kafka's broker and its clients sent them: what an Envelope forwards, and
//! what members of a consumer group tell each other.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kafka_codec::messages::{
    ApiVersionsResponse, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    DefaultPrincipalData, DeleteTopicsRequest, EnvelopeRequest, EnvelopeResponse, RequestHeader,
    ResponseHeader,
};
use kafka_codec::wire::Writer;
use kafka_codec::{
    AnyRequest, AnyResponse, ApiKey, Decode, DecodeErrorKind, HeaderVersions, Message, Version,
    Versioned,
};

use crate::recorded::{Recorded, recorded};

fn request(frame: &Recorded) -> AnyRequest<'_> {
    let (_, body) = RequestHeader::split(&frame.bytes).unwrap();
    AnyRequest::decode(frame.key, frame.version, body).unwrap()
}

fn response(frame: &Recorded) -> AnyResponse<'_> {
    let (_, body) =
        ResponseHeader::split(&frame.bytes, HeaderVersions::of(frame.key, frame.version)).unwrap();
    AnyResponse::decode(frame.key, frame.version, body).unwrap()
}

#[test]
fn what_a_broker_forwarded_is_read_and_wrapped_again_byte_for_byte() {
    let frames = recorded();
    let envelopes = frames
        .iter()
        .filter(|frame| frame.key == ApiKey::Envelope && frame.is_request);
    let mut apis = BTreeSet::new();
    for frame in envelopes {
        let AnyRequest::Envelope(envelope) = request(frame) else {
            panic!("the key says what it is");
        };
        let answer = frame.paired.expect("it was answered");
        let answer = frames
            .iter()
            .find(|other| other.file == frame.file && other.number == answer);
        let AnyResponse::Envelope(answer) = response(answer.unwrap()) else {
            panic!("the key says what it is");
        };
        apis.insert(check(&envelope, &answer));
    }
    // One of them has a header and a body of its own version, whichever API it is.
    assert!(apis.len() >= 10, "{apis:?}");
}

/// Checks an Envelope and what answered it: what was inside.
fn check(envelope: &EnvelopeRequest<'_>, answer: &EnvelopeResponse<'_>) -> (ApiKey, Version) {
    let principal = envelope.principal().unwrap().unwrap();
    assert_eq!(principal.r#type, "User");
    assert!(
        ["ANONYMOUS", "alice"].contains(&&*principal.name),
        "{}",
        principal.name
    );
    let address = envelope.client_address().unwrap();
    assert!(address.is_loopback(), "{address}");

    let (header, body) = envelope.request().unwrap();
    let (key, version) = (header.api_key(), header.version());
    let request = AnyRequest::decode(key, version, body).unwrap();
    let (response_header, body) = answer
        .response(HeaderVersions::of(key, version))
        .unwrap()
        .unwrap();
    assert_eq!(response_header.correlation_id, header.correlation_id);
    let response = AnyResponse::decode(key, version, body).unwrap();

    macro_rules! wrapped_again {
        ($($api:ident)*) => {
            match (request, response) {
                $((AnyRequest::$api(request), AnyResponse::$api(response)) => {
                    let again = EnvelopeRequest::wrap(&request, version, header.clone(), &principal, address);
                    assert_eq!(again.unwrap(), *envelope);
                    let again = EnvelopeResponse::wrap(&response, version, header.correlation_id);
                    assert_eq!(again.unwrap(), *answer);
                })*
                (request, _) => panic!("{}: add it to the list above", request.name()),
            }
        };
    }
    wrapped_again!(
        CreateTopics DeleteTopics CreatePartitions CreateAcls DeleteAcls AlterConfigs
        IncrementalAlterConfigs AlterClientQuotas AlterUserScramCredentials AlterPartitionReassignments
        ListPartitionReassignments ElectLeaders UpdateFeatures UnregisterBroker AddRaftVoter RemoveRaftVoter
        CreateDelegationToken RenewDelegationToken ExpireDelegationToken DescribeQuorum
    );
    (key, version)
}

#[test]
fn the_address_of_a_client_is_of_either_family_or_not_known() {
    for address in [
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        let (request, principal) = (
            DeleteTopicsRequest::default(),
            DefaultPrincipalData::default(),
        );
        let header = RequestHeader::default();
        let envelope = EnvelopeRequest::wrap(&request, Version(6), header, &principal, address);
        let envelope = envelope.unwrap();
        assert_eq!(envelope.client_address(), Some(address));
        assert_eq!(
            envelope.request().unwrap().0.api_key(),
            ApiKey::DeleteTopics
        );
    }
    let odd = EnvelopeRequest {
        request_principal: None,
        client_host_address: b"127.0.0.1".into(),
        ..Default::default()
    };
    assert_eq!(odd.client_address(), None);
    assert_eq!(odd.principal().unwrap(), None);
}

#[test]
fn the_response_to_api_versions_has_its_old_header_in_an_envelope_too() {
    let version = Version(3);
    let envelope = EnvelopeResponse::wrap(&ApiVersionsResponse::default(), version, 7).unwrap();
    let data = envelope.response_data.as_ref().unwrap();
    assert_eq!(
        data[..6],
        [0, 0, 0, 7, 0, 0],
        "no tagged fields before the error code"
    );
    let (header, body) = envelope
        .response(HeaderVersions::of(ApiKey::ApiVersions, version))
        .unwrap()
        .unwrap();
    assert_eq!(header.correlation_id, 7);
    assert!(ApiVersionsResponse::decode(body, version).is_ok());
}

#[test]
fn what_members_of_consumer_groups_said_is_read_and_written_back_byte_for_byte() {
    let (mut subscriptions, mut assignments) = (0, 0);
    for frame in &recorded() {
        if !frame.is_request {
            continue;
        }
        match request(frame) {
            AnyRequest::JoinGroup(join) if join.protocol_type == "consumer" => {
                for protocol in &join.protocols {
                    let read = Versioned::<ConsumerProtocolSubscription<'_>>::decode_prefixed(
                        &protocol.metadata,
                    );
                    let read = read.unwrap();
                    assert!(!read.message.topics.is_empty());
                    assert_eq!(
                        read.encode_prefixed_to_vec().unwrap(),
                        protocol.metadata.as_slice()
                    );
                    subscriptions += 1;
                }
            }
            AnyRequest::SyncGroup(sync) => {
                for member in &sync.assignments {
                    let read = Versioned::<ConsumerProtocolAssignment<'_>>::decode_prefixed(
                        &member.assignment,
                    );
                    let read = read.unwrap();
                    assert_eq!(
                        read.encode_prefixed_to_vec().unwrap(),
                        member.assignment.as_slice()
                    );
                    assignments += 1;
                }
            }
            _ => {}
        }
    }
    assert!(
        subscriptions > 5 && assignments > 3,
        "{subscriptions} and {assignments}"
    );
}

#[test]
fn a_newer_version_of_what_members_say_is_read_as_the_highest_known() {
    let message = ConsumerProtocolSubscription {
        topics: vec!["orders".into()],
        ..Default::default()
    };
    let highest = ConsumerProtocolSubscription::VERSIONS.max();
    let mut bytes = 99_i16.to_be_bytes().to_vec();
    bytes.extend(message.encode_to_vec(highest).unwrap());
    bytes.extend(b"what that version adds");

    let read = Versioned::decode_prefixed_leniently(&bytes).unwrap();
    assert_eq!(read, Versioned::new(message, highest));
    let strict =
        Versioned::<ConsumerProtocolSubscription<'_>>::decode_prefixed(&bytes).unwrap_err();
    assert!(matches!(
        strict.kind(),
        DecodeErrorKind::UnsupportedVersion {
            version: Version(99),
            ..
        }
    ));
    let cut =
        Versioned::<ConsumerProtocolSubscription<'_>>::decode_prefixed_leniently(&[0]).unwrap_err();
    assert!(matches!(cut.kind(), DecodeErrorKind::UnexpectedEnd { .. }));
}

#[test]
fn a_message_that_cannot_be_written_behind_its_version_leaves_the_writer_as_it_was() {
    let principal = Versioned::new(DefaultPrincipalData::default(), Version(9));
    let mut writer = Writer::new();
    writer.i16(7);
    principal.encode_prefixed(&mut writer).unwrap_err();
    assert_eq!(writer.as_slice(), Some(&[0, 7][..]));
}
