//! All public types can be sent to other threads and shared with them: those of the larger modules. The others are in
//! `auto_traits.rs`.
#![cfg(test)]
#![cfg(feature = "messages")]

fn is_shared<T: Send + Sync>() {}

#[cfg(feature = "connection")]
#[test]
fn the_types_of_connection_are_send_and_sync() {
    use kafka_codec::{connection, produce};
    is_shared::<connection::ApiMetrics>();
    is_shared::<connection::EnsureReport>();
    is_shared::<connection::FailedMetrics>();
    is_shared::<connection::Gauges>();
    is_shared::<connection::Histogram>();
    is_shared::<connection::Connectivity>();
    is_shared::<connection::ConnectivityEvent>();
    is_shared::<connection::RequestFault>();
    is_shared::<connection::Ticket>();
    is_shared::<connection::Unreachable>();
    is_shared::<connection::server::IncomingRequest>();
    is_shared::<connection::server::RespondError>();
    is_shared::<connection::server::ServerConnection>();
    is_shared::<connection::server::ServerEvent>();
    is_shared::<connection::server::ServerOptions>();
    is_shared::<produce::AttemptOutcome>();
    is_shared::<produce::AttemptReport>();
    is_shared::<produce::BatchId>();
    is_shared::<produce::BatchInfo>();
    is_shared::<produce::BatchReport>();
    is_shared::<produce::Persistence>();
    is_shared::<produce::ProduceEvent>();
    #[cfg(feature = "records")]
    is_shared::<produce::ProduceSummary>();
    is_shared::<produce::ProduceTracker>();
    is_shared::<produce::ProducerSequence>();
    is_shared::<produce::UnfinishedBatches>();
    is_shared::<connection::Metrics>();
    #[cfg(feature = "metrics")]
    is_shared::<connection::MetricsEmitter>();
    is_shared::<connection::Advice>();
    is_shared::<connection::AuthenticationFault>();
    is_shared::<connection::CloseReason>();
    is_shared::<connection::CloseReport>();
    is_shared::<connection::Completion>();
    is_shared::<connection::Confidence>();
    is_shared::<connection::Connection>();
    is_shared::<connection::ConnectionError>();
    is_shared::<connection::ConnectionErrorKind>();
    is_shared::<connection::ConnectionOptions>();
    is_shared::<connection::DecodedResponse>();
    is_shared::<connection::Delivery>();
    is_shared::<connection::DuplicateRisk>();
    is_shared::<connection::EncodedRequest>();
    is_shared::<connection::Event>();
    is_shared::<connection::Failure>();
    is_shared::<connection::ForeignProtocol>();
    is_shared::<connection::BlockedOn>();
    is_shared::<connection::Hint>();
    is_shared::<connection::HintKind>();
    is_shared::<connection::IdlePolicy>();
    is_shared::<connection::Initialization>();
    is_shared::<connection::InvalidSoftware>();
    is_shared::<connection::Negotiation>();
    is_shared::<connection::NegotiationFault>();
    is_shared::<connection::OnTimeout>();
    is_shared::<connection::Outcome>();
    is_shared::<connection::ProbeOutcome>();
    is_shared::<connection::RawResponse>();
    is_shared::<connection::ReauthenticationMode>();
    is_shared::<connection::ReconnectAdvice>();
    is_shared::<connection::RequestId>();
    is_shared::<connection::ResponseTypeError>();
    is_shared::<connection::Retry>();
    is_shared::<connection::Severity>();
    is_shared::<connection::State>();
    is_shared::<connection::StreamPosition>();
    is_shared::<connection::SubmitError>();
    is_shared::<connection::SubmitOptions>();
    is_shared::<connection::TimeoutFrom>();
    is_shared::<connection::TimeoutKind>();
    is_shared::<connection::Timings>();
    is_shared::<connection::Transmit<'_>>();
    is_shared::<connection::Unfinished>();
    is_shared::<connection::VersionError>();
    is_shared::<connection::VersionTable>();
    is_shared::<connection::Waits>();
    is_shared::<connection::sasl::CallerTokens>();
    is_shared::<connection::sasl::MechanismError>();
    #[cfg(feature = "sasl-oauthbearer")]
    is_shared::<connection::sasl::OauthBearer>();
    is_shared::<connection::sasl::Plain>();
    is_shared::<connection::sasl::Reply>();
    #[cfg(feature = "sasl-scram")]
    is_shared::<connection::sasl::Scram>();
    #[cfg(feature = "sasl-scram")]
    is_shared::<connection::sasl::ScramCredential>();
    #[cfg(feature = "sasl-scram")]
    is_shared::<connection::sasl::ScramServer>();
    is_shared::<connection::sasl::Secret>();
    is_shared::<connection::sasl::Token>();
}

#[test]
fn the_types_of_correlation_are_send_and_sync() {
    use kafka_codec::correlation;
    is_shared::<correlation::Answered<u8>>();
    is_shared::<correlation::Expects>();
    is_shared::<correlation::InFlightRequest<u8>>();
    is_shared::<correlation::InFlightRequests<u8>>();
    is_shared::<correlation::Mismatch>();
    is_shared::<correlation::MismatchKind>();
    is_shared::<correlation::ObservedRequests<u8>>();
    is_shared::<correlation::SaslTokens>();
    is_shared::<correlation::SplitResponse<'_>>();
}

#[cfg(feature = "records")]
#[test]
fn the_types_of_records_are_send_and_sync() {
    use kafka_codec::records;
    is_shared::<records::AbortedTransaction>();
    is_shared::<records::FetchedBatch<'_>>();
    is_shared::<records::FetchedRecords<'_>>();
    is_shared::<records::Restamp>();
    is_shared::<records::Attributes>();
    is_shared::<records::Batch<'_>>();
    is_shared::<records::BatchBuilder>();
    is_shared::<records::BatchHeader>();
    is_shared::<records::BatchOptions>();
    is_shared::<records::Body<'_>>();
    is_shared::<records::BuildError>();
    is_shared::<records::Compression>();
    is_shared::<records::ControlRecord<'_>>();
    is_shared::<records::EndTransaction>();
    is_shared::<records::Entries<'_>>();
    is_shared::<records::Entry<'_>>();
    is_shared::<records::Header<'_>>();
    is_shared::<records::Headers<'_>>();
    is_shared::<records::LegacyMessage<'_>>();
    is_shared::<records::MessageSetBuilder>();
    is_shared::<records::MessageSetOptions>();
    is_shared::<records::NewRecord<'_>>();
    is_shared::<records::Partial<'_>>();
    is_shared::<records::Record<'_>>();
    is_shared::<records::RecordDecoder>();
    is_shared::<records::Records<'_>>();
    is_shared::<records::RecordsError>();
    is_shared::<records::RecordsErrorKind>();
    is_shared::<records::TimestampType>();
    is_shared::<records::UnknownCompression>();
    is_shared::<records::codec::Bounds>();
    is_shared::<records::codec::CodecError>();
    is_shared::<records::codec::CodecErrorKind>();
    #[cfg(feature = "gzip")]
    is_shared::<records::codec::Gzip>();
    is_shared::<records::codec::LevelError>();
    #[cfg(feature = "lz4")]
    is_shared::<records::codec::Lz4>();
    #[cfg(feature = "snappy")]
    is_shared::<records::codec::Snappy>();
    #[cfg(feature = "zstd")]
    is_shared::<records::codec::Zstd>();
}

#[cfg(feature = "schema")]
#[test]
fn the_types_of_schema_are_send_and_sync() {
    use kafka_codec::schema;
    is_shared::<schema::DefaultValue>();
    is_shared::<schema::Enumeration>();
    is_shared::<schema::Entity>();
    is_shared::<schema::Field>();
    is_shared::<schema::FieldType>();
    is_shared::<schema::Kind>();
    is_shared::<schema::FieldLocation>();
    is_shared::<schema::Schema>();
    is_shared::<schema::StructSchema>();
    is_shared::<schema::UnknownSchema>();
    is_shared::<schema::Value<'_>>();
    is_shared::<schema::json::JsonError>();
    is_shared::<schema::json::JsonErrorKind>();
    is_shared::<schema::json::Options<'_>>();
    is_shared::<schema::json::ReadOptions>();
    is_shared::<schema::json::RecordsForm<'_>>();
    is_shared::<schema::json::WriteError>();
    is_shared::<schema::json::ReadError>();
    is_shared::<schema::random::Generator>();
    is_shared::<schema::random::Mutation>();
    is_shared::<schema::random::Mutator<'_>>();
    is_shared::<schema::random::Mutated>();
    is_shared::<schema::random::Frame>();
    is_shared::<schema::random::Options>();
    is_shared::<schema::random::Seeded>();
    is_shared::<schema::random::Expectation>();
}
