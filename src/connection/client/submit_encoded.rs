//! Requests that the caller encoded: whole frames of a proxy, and bodies out of JSON.

use std::borrow::Cow;
use std::time::Instant;

use bytes::{Buf, Bytes};

use crate::messages::RequestHeader;
use crate::wire::{Blob, Writer};
use crate::{ApiKey, HeaderVersions, Message, Version};

use super::error::SubmitError;
use super::machine::Connection;
use super::request::{ApiLabel, Origin, RequestId, SubmitOptions};
use crate::connection::peek;
use crate::connection::receive::ROUTED;
use crate::connection::wait;

impl Connection {
    /// Sends a request that is encoded already: header and body, without the size, in whatever API and version.
    ///
    /// The correlation id in it is replaced; all else stays as it is. The whole response comes back as
    /// [`RawResponse::frame`](crate::connection::RawResponse::frame). So a proxy forwards what it does not understand.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    pub fn submit_frame(
        &mut self,
        now: Instant,
        frame: &Bytes,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        self.check_open()?;
        let mut header = frame.clone();
        if header.remaining() < ROUTED {
            return Err(SubmitError::NotARequest { bytes: frame.len() });
        }
        let key = ApiKey::from_number(header.get_i16());
        let version = Version(header.get_i16());
        self.check_version(key, version)?;
        let correlation_id = self.next_correlation_id(false);
        let mut writer = Writer::with_buffer(std::mem::take(&mut self.spare));
        let start = writer.mark();
        writer.i32(0);
        writer.i16(key.number());
        writer.i16(version.0);
        writer.i32(correlation_id);
        writer.bytes(&Blob::Shared(frame.slice(ROUTED..)));
        writer.patch_size(&start)?;
        let headers = HeaderVersions::of(key, version);
        let label = ApiLabel::new(key, version, headers, correlation_id, ());
        let expects_response = peek::expects_response(key, version, headers, || frame);
        let options = options.or_server_wait(|| wait::of_frame(key, version, headers, frame));
        let record = self.record(
            now,
            label,
            Origin::Caller,
            writer.finish(),
            expects_response,
            options,
        );
        Ok(self.take_in(now, record))
    }

    /// Sends a request whose body is encoded already, in whatever API and version; the header is made here.
    ///
    /// So programs send what they have as bytes or make of Kafka's JSON. A request of an API that is not known here gets
    /// the header that all newer APIs have, version 2.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "json")]
    /// # {
    /// use bytes::{Buf, Bytes};
    /// use kafka_codec::connection::{Connection, ConnectionOptions, Negotiation, SubmitOptions, VersionTable};
    /// use kafka_codec::schema::{json, Schema};
    /// use kafka_codec::wire::Writer;
    /// use kafka_codec::{ApiKey, Version};
    ///
    /// # let now = std::time::Instant::now();
    /// # let known = Negotiation::Assume(VersionTable::default());
    /// # let options = ConnectionOptions::new("broker 1").with_negotiation(known);
    /// # let mut connection = Connection::new(now, options);
    /// # connection.handle_opened(now);
    /// let schema = Schema::of_request(ApiKey::SaslHandshake).expect("it is known");
    /// let mut body = Writer::new();
    /// let text = r#"{"mechanism": "PLAIN"}"#;
    /// json::encode(schema, Version(1), text, json::ReadOptions::default(), &mut body)?;
    /// let body = Bytes::from(body.into_vec());
    /// let options = SubmitOptions::default();
    /// connection.submit_body(now, ApiKey::SaslHandshake, Version(1), &body, options)?;
    /// assert!(connection.poll_transmit().is_some_and(|frame| frame.chunk().ends_with(b"PLAIN")));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn submit_body(
        &mut self,
        now: Instant,
        key: ApiKey,
        version: Version,
        body: &Bytes,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        self.check_open()?;
        self.check_version(key, version)?;
        let correlation_id = self.next_correlation_id(false);
        let mut writer = Writer::with_buffer(std::mem::take(&mut self.spare));
        let start = writer.mark();
        writer.i32(0);
        let header = RequestHeader {
            request_api_key: key.number(),
            request_api_version: version.0,
            correlation_id,
            client_id: self.options.client_id.as_deref().map(Cow::Borrowed),
            ..Default::default()
        };
        let headers = HeaderVersions::of(key, version);
        header.encode(&mut writer, headers.request)?;
        writer.bytes(&Blob::Shared(body.clone()));
        writer.patch_size(&start)?;
        let label = ApiLabel::new(key, version, headers, correlation_id, ());
        let expects_response = peek::body_expects_response(key, version, body);
        let options = options.or_server_wait(|| wait::server_wait(key, version, body));
        let frame = writer.finish();
        let record = self.record(now, label, Origin::Caller, frame, expects_response, options);
        Ok(self.take_in(now, record))
    }
}
