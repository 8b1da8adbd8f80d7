//! Connections and what comes out of them go where they are wanted.

use kafka_codec::connection::server::{
    IncomingRequest, RespondError, ServerConnection, ServerEvent,
};
use kafka_codec::connection::{
    Advice, BlockedOn, CloseReport, Completion, Connection, ConnectionError, ConnectionOptions,
    EncodedRequest, Event, Histogram, Metrics, RawResponse, SubmitError, SubmitOptions, Timings,
    VersionTable,
};
use kafka_codec::produce::{ProduceEvent, ProduceTracker};

#[test]
fn all_of_it_can_be_sent_and_shared() {
    fn is<T: Send + Sync + Unpin + 'static>() {}
    is::<Connection>();
    is::<ServerConnection>();
    is::<ConnectionOptions>();
    is::<SubmitOptions>();
    is::<EncodedRequest>();
    is::<Event>();
    is::<BlockedOn>();
    is::<ServerEvent>();
    is::<IncomingRequest>();
    is::<Completion>();
    is::<RawResponse>();
    is::<CloseReport>();
    is::<Timings>();
    is::<VersionTable>();
    is::<Metrics>();
    is::<Histogram>();
    is::<Advice>();
    is::<ProduceTracker>();
    is::<ProduceEvent>();
}

#[test]
fn errors_are_errors_that_can_be_sent_and_shared() {
    fn is<T: std::error::Error + Send + Sync + 'static>() {}
    is::<ConnectionError>();
    is::<SubmitError>();
    is::<RespondError>();
    is::<CloseReport>();
}
