//! What is advised about a failure, and what it risks.

use kafka_codec::connection::{Advice, Delivery, DuplicateRisk, Failure, Retry};
use kafka_codec::{ApiKey, Applied, ErrorCode};

fn advice(failure: Failure, key: ApiKey, delivery: Delivery) -> (Retry, DuplicateRisk) {
    let advice = Advice::of(failure, key, delivery, false);
    (advice.retry, advice.duplicates)
}

#[test]
fn what_was_not_sent_is_sent_at_once_without_a_risk() {
    for key in ApiKey::ALL {
        assert_eq!(
            advice(Failure::Transport, *key, Delivery::NotSent),
            (Retry::NowOnNewConnection, DuplicateRisk::None)
        );
    }
}

#[test]
fn what_was_sent_may_have_been_carried_out_if_it_changes_something() {
    for (key, risk) in [
        (ApiKey::Produce, DuplicateRisk::Possible),
        (ApiKey::CreateTopics, DuplicateRisk::Possible),
        (ApiKey::OffsetCommit, DuplicateRisk::Possible),
        (ApiKey::JoinGroup, DuplicateRisk::Possible),
        // The producer sends nothing else meanwhile.
        (ApiKey::EndTxn, DuplicateRisk::None),
        (ApiKey::InitProducerId, DuplicateRisk::None),
        (ApiKey::Fetch, DuplicateRisk::None),
        (ApiKey::Metadata, DuplicateRisk::None),
        (ApiKey::DescribeConfigs, DuplicateRisk::None),
        (ApiKey::ApiVersions, DuplicateRisk::None),
        (ApiKey::SaslAuthenticate, DuplicateRisk::None),
    ] {
        for failure in [Failure::Transport, Failure::TimedOut] {
            let found = advice(failure, key, Delivery::SentNoResponse);
            assert_eq!(found, (Retry::AfterBackoff, risk), "{key}");
        }
    }
    let idempotent = Advice::of(
        Failure::Transport,
        ApiKey::Produce,
        Delivery::SentNoResponse,
        true,
    );
    assert_eq!(idempotent.duplicates, DuplicateRisk::None);
}

#[test]
fn error_codes_say_what_to_do_by_api() {
    let code = |code, key| advice(Failure::Code(code), key, Delivery::Responded).0;
    for (error, key, retry) in [
        (
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
            ApiKey::Produce,
            Retry::AfterRefreshingMetadata,
        ),
        (
            ErrorCode::NOT_CONTROLLER,
            ApiKey::CreateTopics,
            Retry::AfterRefreshingMetadata,
        ),
        (
            ErrorCode::NOT_COORDINATOR,
            ApiKey::Heartbeat,
            Retry::AfterFindingCoordinator,
        ),
        (
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ApiKey::Heartbeat,
            Retry::AfterBackoff,
        ),
        (
            ErrorCode::REQUEST_TIMED_OUT,
            ApiKey::Produce,
            Retry::AfterBackoff,
        ),
        (
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            ApiKey::Produce,
            Retry::AfterBackoff,
        ),
        (
            ErrorCode::REBOOTSTRAP_REQUIRED,
            ApiKey::Metadata,
            Retry::AfterRebootstrap,
        ),
        (
            ErrorCode::SASL_AUTHENTICATION_FAILED,
            ApiKey::SaslAuthenticate,
            Retry::AfterAuthenticating,
        ),
        (
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            ApiKey::Fetch,
            Retry::Never,
        ),
        (
            ErrorCode::CORRUPT_MESSAGE,
            ApiKey::CreateAcls,
            Retry::AfterBackoff,
        ),
        (ErrorCode(9999), ApiKey::Fetch, Retry::Never),
    ] {
        assert_eq!(code(error, key), retry, "{error} of {key}");
    }
}

#[test]
fn an_error_is_a_duplicate_risk_unless_it_is_reported_before_the_request_is_applied() {
    for (code, risk) in [
        (ErrorCode::REQUEST_TIMED_OUT, DuplicateRisk::Possible),
        (
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            DuplicateRisk::Possible,
        ),
        (ErrorCode::NOT_ENOUGH_REPLICAS, DuplicateRisk::None),
        (ErrorCode::MESSAGE_TOO_LARGE, DuplicateRisk::None),
        // `DelayedProduce.tryComplete` reports these after the append.
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, DuplicateRisk::Possible),
        (
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            DuplicateRisk::Possible,
        ),
        (ErrorCode::KAFKA_STORAGE_ERROR, DuplicateRisk::Possible),
        (ErrorCode(9999), DuplicateRisk::Possible),
    ] {
        let found = advice(Failure::Code(code), ApiKey::Produce, Delivery::Responded);
        assert_eq!(found.1, risk, "{code}");
    }
}

#[test]
fn errors_of_coordinators_and_controllers_are_duplicate_risks_where_they_may_follow_the_write() {
    for (code, key, risk) in [
        (
            ErrorCode::NOT_COORDINATOR,
            ApiKey::OffsetCommit,
            DuplicateRisk::Possible,
        ),
        (
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ApiKey::OffsetCommit,
            DuplicateRisk::Possible,
        ),
        // It may have been applied, but again it does nothing.
        (
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ApiKey::TxnOffsetCommit,
            DuplicateRisk::None,
        ),
        (
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ApiKey::OffsetCommit,
            DuplicateRisk::None,
        ),
        (
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ApiKey::EndTxn,
            DuplicateRisk::None,
        ),
        (
            ErrorCode::NOT_CONTROLLER,
            ApiKey::CreateTopics,
            DuplicateRisk::Possible,
        ),
        (
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
            ApiKey::Fetch,
            DuplicateRisk::None,
        ),
    ] {
        let found = advice(Failure::Code(code), key, Delivery::Responded);
        assert_eq!(found.1, risk, "{code} of {key}");
    }
    // The transaction coordinator looks the transactional id up again after the write.
    let loading = ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
    assert_eq!(loading.applied(ApiKey::EndTxn), Applied::Possibly);
}

#[test]
fn partition_leaders_are_found_by_metadata_and_coordinators_are_not() {
    let stale = |key| {
        let failure = Failure::Code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        advice(failure, key, Delivery::Responded).0
    };
    assert_eq!(
        stale(ApiKey::DescribeProducers),
        Retry::AfterRefreshingMetadata
    );
    assert_eq!(stale(ApiKey::OffsetCommit), Retry::AfterBackoff);
}
