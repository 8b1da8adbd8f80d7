//! Rule 3, the other half: in which version a request is sent, and what happens where there is none.

use kafka_codec::connection::{
    ConnectionErrorKind, Event, Negotiation, Outcome, SubmitError, SubmitOptions, VersionError,
    VersionTable,
};
use kafka_codec::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_codec::{ApiKey, EncodeErrorKind, ErrorCode, Response, Version};

use crate::driver::{BROKER, Driver, all_versions, options, range, replay};
use crate::rule_03_versions::{asked, highest, refusal};

#[test]
fn rule_3_versions_that_are_known_need_no_question() {
    let table = VersionTable::new([(ApiKey::Metadata, range(0, 1))]);
    let mut driver = Driver::once(options().with_negotiation(Negotiation::Assume(table)));
    driver.open();
    assert!(driver.wrote_nothing());
    assert!(matches!(driver.take_events()[..], [Event::Ready { .. }]));
    driver.submit(ApiKey::Metadata, 1);
    assert_eq!(driver.take().key, ApiKey::Metadata);
}

#[test]
fn rule_3_a_request_without_a_common_version_says_whose_versions_do_not_fit() {
    let apis = [
        (ApiKey::ApiVersions, range(0, 3)),
        (ApiKey::SaslHandshake, range(7, 9)),
    ];
    let table = Negotiation::Assume(VersionTable::new(apis));
    let allowed = [(ApiKey::ApiVersions, range(0, 2))];
    let mut driver = Driver::once(options().with_negotiation(table).with_versions(allowed));
    driver.open();
    let submit = |driver: &mut Driver, options| {
        let request = ApiVersionsRequest::default();
        driver.connection.submit(driver.now, &request, options)
    };
    let none = SubmitOptions::default();
    assert!(submit(&mut driver, none).is_ok());
    driver.drain();
    assert_eq!(driver.take().version, Version(2));
    let error = submit(&mut driver, none.with_versions(range(4, 5))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ApiVersions: no common version: here 0-2, broker 0-3, asked for 4-5"
    );
    let error = driver
        .connection
        .choose_version(ApiKey::SaslHandshake)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "SaslHandshake: no common version: here 0-1, broker 7-9"
    );
    assert!(matches!(
        driver.connection.choose_version(ApiKey::Fetch),
        Err(VersionError::ApiUnknownToBroker { key: ApiKey::Fetch })
    ));
    assert!(matches!(
        driver.connection.choose_version(ApiKey::from_number(999)),
        Err(VersionError::ApiUnknownToUs { .. })
    ));
}

#[test]
fn rule_3_a_frame_of_an_unknown_api_is_forwarded_if_the_broker_has_it() {
    let unknown = ApiKey::from_number(999);
    let table = VersionTable::new([(unknown, range(0, 3))]);
    let mut driver = Driver::once(options().with_negotiation(Negotiation::Assume(table)));
    driver.open();
    let frame = bytes::Bytes::from_static(b"\x03\xe7\0\x02\0\0\0\x63whatever");
    driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default())
        .unwrap();
    driver.drain();
    assert_eq!(driver.take_frame(), b"\x03\xe7\0\x02\0\0\0\x01whatever");
    driver.receive(b"\0\0\0\x08\0\0\0\x01\x07any");
    let done = driver.completions().remove(0);
    let Outcome::Response(response) = done.outcome() else {
        panic!("{done:?}")
    };
    assert_eq!(&response.frame()[..], b"\0\0\0\x01\x07any");

    let frame = bytes::Bytes::from_static(b"\x03\xe7\0\x04\0\0\0\x63whatever");
    let error = driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default());
    assert!(matches!(error, Err(SubmitError::Version(_))));
    let error =
        driver
            .connection
            .submit_frame(driver.now, &frame.slice(..7), SubmitOptions::default());
    assert_eq!(error, Err(SubmitError::NotARequest { bytes: 7 }));
}

/// The system provides the zeros only when they are read.
#[cfg(target_pointer_width = "64")]
#[test]
fn rule_3_a_frame_above_the_largest_size_is_refused() {
    let table = VersionTable::new([(ApiKey::Produce, range(0, 3))]);
    let mut driver = Driver::once(options().with_negotiation(Negotiation::Assume(table)));
    driver.open();
    let frame = bytes::Bytes::from(vec![0; 1 << 31]);
    let refused = driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default())
        .unwrap_err();
    assert!(
        matches!(&refused, SubmitError::Encode(error)
            if matches!(error.kind(), EncodeErrorKind::TooLong { length: 0x8000_0000, .. })),
        "{refused}"
    );
}

#[test]
fn rule_3_before_the_versions_are_known_a_request_must_name_its_own() {
    replay(|driver| {
        let request = ApiVersionsRequest::default();
        let none = SubmitOptions::default();
        let error = driver
            .connection
            .submit(driver.now, &request, none)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("name the version in the options"),
            "{error}"
        );
        let fits = none.with_version(Version(2));
        driver
            .connection
            .submit(driver.now, &request, fits)
            .unwrap();
        driver.submit(ApiKey::Fetch, 99);
        driver.open();
        driver.wait(20);
        driver.answer_versions();
        let waited = driver.take();
        assert_eq!(
            (waited.key, waited.version),
            (ApiKey::ApiVersions, Version(2))
        );
        let refused = driver.completions().remove(0);
        let Outcome::Failed(error) = refused.outcome() else {
            panic!("{refused:?}")
        };
        assert!(matches!(error.kind(), ConnectionErrorKind::Version(_)));
        driver.answer(&waited, &all_versions());
        let done = driver.completions().remove(0);
        assert_eq!(done.timings().waits.initialization, crate::driver::ms(20));
    });
}

#[test]
fn rule_3_the_release_of_the_broker_is_guessed() {
    let of = |release: &str| {
        let served = ApiKey::ALL
            .iter()
            .filter_map(|key| Some((*key, key.versions_in(release)?)));
        VersionTable::new(served)
    };
    for release in ApiKey::RELEASES {
        let guess = of(release).guess_release().unwrap();
        // Releases that changed nothing that tells them apart look like a later one.
        let place = |name| {
            ApiKey::RELEASES
                .iter()
                .position(|known| *known == name)
                .unwrap()
        };
        assert!(
            place(guess) >= place(release),
            "{release} was taken for {guess}"
        );
        for key in [ApiKey::Fetch, ApiKey::Produce, ApiKey::Metadata] {
            assert_eq!(
                of(guess).get(key).map(|v| v.max()),
                of(release).get(key).map(|v| v.max())
            );
        }
    }
    assert_eq!(VersionTable::default().guess_release(), None);
}

#[test]
fn rule_3_a_probe_is_asked_in_the_negotiated_version() {
    replay(|driver| {
        driver.open_ready();
        driver.submit(ApiKey::Fetch, 16);
        driver.connection.probe(driver.now).unwrap();
        driver.drain();
        let fetch = driver.take();
        let probe = asked(driver, highest());
        driver.wait(5);
        driver.answer_raw(&fetch, b"\0\0\0\0");
        driver.wait(2);
        let fewer = ApiVersionsResponse::for_apis([(ApiKey::Fetch, range(4, 12))]);
        driver.answer(&probe, &fewer);
        let events = driver.take_events();
        let Some(Event::Probed { outcome, .. }) = events.last() else {
            panic!("{events:?}")
        };
        let text = format!("{outcome:?}");
        assert!(
            text.contains("round_trip: 7ms, behind_others: 5ms"),
            "{text}"
        );
        assert!(text.contains("versions_changed: true"), "{text}");
        assert_eq!(
            driver.connection.versions().get(ApiKey::Fetch),
            Some(range(4, 12))
        );
    });
}

#[test]
fn rule_3_names_are_printed_with_the_broker() {
    let mut driver = Driver::once(options());
    driver.open();
    let first = driver.take();
    let body = refusal(ErrorCode::CLUSTER_AUTHORIZATION_FAILED, &[]);
    driver.answer_raw(&first, &body);
    assert_eq!(
        driver.close_line(),
        format!(
            "{BROKER}: negotiating versions: broker refused to say its versions: \
             CLUSTER_AUTHORIZATION_FAILED (31)"
        )
    );
    assert_eq!(ApiVersionsResponse::KEY, ApiKey::ApiVersions);
}
