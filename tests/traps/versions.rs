//! Versions.

use kafka_codec::messages::{ApiVersionsResponse, InitProducerIdRequest};
use kafka_codec::{
    ApiKey, ApiVersionsAnswer, Decode, ErrorCode, InvalidSoftware, Message, Request, Version,
    VersionRange, VersionTable,
};

fn range(min: i16, max: i16) -> VersionRange {
    VersionRange::new(min, max).unwrap()
}

#[test]
fn a_broker_that_lacks_the_version_of_api_versions_answers_in_version_0() {
    let served = [(ApiKey::ApiVersions, range(0, 2))];
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        ..ApiVersionsResponse::for_apis(served)
    };
    let body = response.encode_to_vec(Version(0)).unwrap();
    // It cannot be read in the version of the request.
    assert!(ApiVersionsResponse::decode(&body, Version(4)).is_err());
    let answer = ApiVersionsAnswer::decode(&body, Version(4)).unwrap();
    let ask_in = |version| ApiVersionsAnswer::AskIn {
        version: Version(version),
        error: ErrorCode::UNSUPPORTED_VERSION,
    };
    assert_eq!(answer, ask_in(2));
    // Before KIP-511 nothing is listed.
    let answer = ApiVersionsAnswer::decode(b"\0\x23\0\0\0\0", Version(4)).unwrap();
    assert_eq!(answer, ask_in(0));
}

#[test]
fn the_error_stands_first_in_api_versions_in_every_version() {
    for version in ApiVersionsResponse::VERSIONS.iter() {
        let response = ApiVersionsResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            ..ApiVersionsResponse::for_apis([(ApiKey::Fetch, range(4, 17))])
        };
        let body = response.encode_to_vec(version).unwrap();
        assert_eq!(body[..2], ErrorCode::INVALID_REQUEST.0.to_be_bytes());
        let answer = ApiVersionsAnswer::decode(&body, version);
        if version < Version(3) {
            answer.unwrap_err();
        } else {
            let error = ErrorCode::INVALID_REQUEST;
            let version = Version(0);
            assert_eq!(answer.unwrap(), ApiVersionsAnswer::AskIn { version, error });
        }
    }
}

#[test]
fn a_name_of_software_with_a_blank_is_refused_before_a_broker_does() {
    InvalidSoftware::check("my-client", "1.0.2").unwrap();
    InvalidSoftware::check("my client", "1.0.2").unwrap_err();
    InvalidSoftware::check("my-client", "1.0 beta").unwrap_err();
}

#[test]
fn kafka_4_announces_versions_of_produce_that_it_does_not_take() {
    let served = ApiKey::Produce.versions_in("4.1").unwrap();
    assert_eq!(served.min(), Version(3));
    let announced = range(0, served.max().0);
    let response = ApiVersionsResponse::for_apis([(ApiKey::Produce, announced)]);
    assert_eq!(response.versions_of(ApiKey::Produce), Some(announced));
    // The highest of both works; who goes down from there stops at those of the release.
    let table = VersionTable::from_response(&response);
    let ours = ApiKey::Produce.stable_versions();
    let chosen = table.choose(ApiKey::Produce, ours, None).unwrap();
    assert!(served.contains(chosen), "{chosen}");
    assert_eq!(table.guess_release(), None, "other APIs are missing");
}

#[test]
fn an_unstable_version_is_not_sent_although_the_broker_has_it() {
    let all = InitProducerIdRequest::VERSIONS;
    let stable = ApiKey::InitProducerId.stable_versions().unwrap();
    assert_eq!(stable.max().0, all.max().0 - 1);
    assert_eq!(InitProducerIdRequest::KEY, ApiKey::InitProducerId);
    let table = VersionTable::new([(ApiKey::InitProducerId, all)]);
    let sendable = table.versions_of::<InitProducerIdRequest<'_>>(None);
    assert_eq!(sendable.unwrap().max(), stable.max());
}

#[test]
fn two_brokers_of_a_cluster_are_spoken_to_in_different_versions() {
    let choose = |release| {
        let apis = ApiKey::ALL.iter();
        let table =
            VersionTable::new(apis.filter_map(|key| Some((*key, key.versions_in(release)?))));
        assert_eq!(table.guess_release(), Some(release));
        let ours = ApiKey::Fetch.stable_versions();
        table.choose(ApiKey::Fetch, ours, None).unwrap()
    };
    assert!(choose("3.9") < choose("4.1"));
}
