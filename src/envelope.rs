//! The request that a broker forwards to the controller inside of an Envelope: a request with its header, who sent it
//! from where, and the response with its header.

use std::net::IpAddr;

use crate::messages::{
    DefaultPrincipalData, EnvelopeRequest, EnvelopeResponse, RequestHeader, ResponseHeader,
};
use crate::wire::{Blob, Writer};
use crate::{
    DecodeError, EncodeError, HeaderVersions, Message, Request, Response, Version, Versioned,
};

impl EnvelopeRequest<'_> {
    /// The envelope around `request`, which a client sent with `header` from `client_address`.
    ///
    /// Key and version in the header are those of the request. Who sent it is written in version 0 of
    /// `DefaultPrincipalData`, which is what Kafka does unless a cluster has a principal builder of its
    /// own; such a cluster's bytes go into `request_principal`.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::IpAddr;
    ///
    /// use kafka_codec::messages::{
    ///     DefaultPrincipalData, DeleteTopicsRequest, EnvelopeRequest, RequestHeader,
    /// };
    /// use kafka_codec::{AnyRequest, ApiKey, Version};
    ///
    /// let request = DeleteTopicsRequest { timeout_ms: 500, ..Default::default() };
    /// let header = RequestHeader { correlation_id: 7, ..Default::default() };
    /// let alice = DefaultPrincipalData {
    ///     r#type: "User".into(),
    ///     name: "alice".into(),
    ///     ..Default::default()
    /// };
    /// let address: IpAddr = "192.0.2.1".parse()?;
    /// let envelope = EnvelopeRequest::wrap(&request, Version(6), header, &alice, address)?;
    ///
    /// let (header, body) = envelope.request()?;
    /// assert_eq!((header.api_key(), header.correlation_id), (ApiKey::DeleteTopics, 7));
    /// let inside = AnyRequest::decode(header.api_key(), header.version(), body)?;
    /// assert_eq!(inside, AnyRequest::from(request));
    /// assert_eq!(envelope.principal()?, Some(alice));
    /// assert_eq!(envelope.client_address(), Some(address));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wrap<R: Request>(
        request: &R,
        version: Version,
        header: RequestHeader<'_>,
        principal: &DefaultPrincipalData<'_>,
        client_address: IpAddr,
    ) -> Result<EnvelopeRequest<'static>, EncodeError> {
        let header = RequestHeader {
            request_api_key: R::KEY.number(),
            request_api_version: version.0,
            ..header
        };
        let principal = Versioned::new(principal.clone(), Version(0));
        Ok(EnvelopeRequest {
            request_data: joined(
                &header,
                R::header_versions(version).request,
                request,
                version,
            )?,
            request_principal: Some(principal.encode_prefixed_to_vec()?.into()),
            client_host_address: match client_address {
                IpAddr::V4(address) => address.octets().to_vec().into(),
                IpAddr::V6(address) => address.octets().to_vec().into(),
            },
            ..Default::default()
        })
    }

    /// The header of the request inside, and its body. A client id that is not UTF-8 is left out of the header.
    ///
    /// # Errors
    ///
    /// As [`RequestHeader::split_any_client_id`].
    pub fn request(&self) -> Result<(RequestHeader<'_>, &[u8]), DecodeError> {
        let headers = RequestHeader::versions_of(&self.request_data);
        let parts = RequestHeader::split_any_client_id(&self.request_data, headers)?;
        Ok((parts.header, parts.body))
    }

    /// Who sent the request; `None` if it is not said.
    ///
    /// # Errors
    ///
    /// As [`Versioned::decode_prefixed`], so too if the cluster has a principal builder of its own.
    pub fn principal(&self) -> Result<Option<DefaultPrincipalData<'_>>, DecodeError> {
        let principal = self.request_principal.as_ref();
        let principal = principal.map(|bytes| Versioned::decode_prefixed(bytes));
        Ok(principal.transpose()?.map(|principal| principal.message))
    }

    /// The address that the request came from; `None` if it is neither 4 nor 16 bytes long.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        let bytes = self.client_host_address.as_slice();
        let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
            .ok()
    }
}

impl EnvelopeResponse<'_> {
    /// The envelope around `response`, which answers the request with `correlation_id` in `version`.
    ///
    /// # Errors
    ///
    /// As [`Message::encode`].
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::{DeleteTopicsResponse, EnvelopeResponse};
    /// use kafka_codec::{AnyResponse, ApiKey, HeaderVersions, Version};
    ///
    /// let response = DeleteTopicsResponse::default();
    /// let envelope = EnvelopeResponse::wrap(&response, Version(6), 7)?;
    ///
    /// let (key, version) = (ApiKey::DeleteTopics, Version(6));
    /// let headers = HeaderVersions::of(key, version);
    /// let (header, body) = envelope.response(headers)?.expect("there is one");
    /// assert_eq!(header.correlation_id, 7);
    /// assert_eq!(AnyResponse::decode(key, version, body)?, AnyResponse::from(response));
    ///
    /// assert_eq!(EnvelopeResponse::default().response(headers)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wrap<R: Response>(
        response: &R,
        version: Version,
        correlation_id: i32,
    ) -> Result<EnvelopeResponse<'static>, EncodeError> {
        let header = ResponseHeader {
            correlation_id,
            ..Default::default()
        };
        let data = joined(&header, R::header_version(version), response, version)?;
        Ok(EnvelopeResponse {
            response_data: Some(data),
            ..Default::default()
        })
    }

    /// The header of the response inside, and its body; `headers` are those of the request that was
    /// forwarded. `None` if there is none, and the error code says why.
    ///
    /// # Errors
    ///
    /// As [`ResponseHeader::split`].
    pub fn response(
        &self,
        headers: HeaderVersions,
    ) -> Result<Option<(ResponseHeader<'_>, &[u8])>, DecodeError> {
        let data = self.response_data.as_ref();
        let split = data.map(|data| ResponseHeader::split(data, headers));
        split.transpose()
    }
}

/// Header and body in one piece, without a size.
fn joined(
    header: &impl Message,
    header_version: Version,
    body: &impl Message,
    version: Version,
) -> Result<Blob<'static>, EncodeError> {
    let mut writer = Writer::new();
    header.encode(&mut writer, header_version)?;
    body.encode(&mut writer, version)?;
    Ok(writer.into_vec().into())
}
