//! Constructors of requests that take what the request cannot do without.

use std::borrow::Cow;

use crate::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use crate::wire::Blob;

impl<'a> ApiVersionsRequest<'a> {
    /// Asks a broker for its versions, and tells it the name and version of the client's software.
    ///
    /// Brokers accept ASCII letters, digits, dots and hyphens, with a letter or digit at both ends:
    /// [`InvalidSoftware::check`](crate::InvalidSoftware::check). Versions before 3 tell nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::ApiVersionsRequest;
    /// use kafka_codec::{Message, Version};
    ///
    /// let request = ApiVersionsRequest::of_software("my-client", "1.0");
    /// assert_eq!(request.encode_to_vec(Version(3))?, b"\x0amy-client\x041.0\0");
    /// # Ok::<(), kafka_codec::EncodeError>(())
    /// ```
    #[must_use]
    pub fn of_software(name: impl Into<Cow<'a, str>>, version: impl Into<Cow<'a, str>>) -> Self {
        Self {
            client_software_name: name.into(),
            client_software_version: version.into(),
            ..Default::default()
        }
    }
}

impl<'a> SaslHandshakeRequest<'a> {
    /// Asks a broker to accept a mechanism, such as `SCRAM-SHA-256`.
    #[must_use]
    pub fn of_mechanism(mechanism: impl Into<Cow<'a, str>>) -> Self {
        Self {
            mechanism: mechanism.into(),
            ..Default::default()
        }
    }
}

impl<'a> SaslAuthenticateRequest<'a> {
    /// Sends a token of the mechanism that was agreed on.
    #[must_use]
    pub fn of_token(token: impl Into<Blob<'a>>) -> Self {
        Self {
            auth_bytes: token.into(),
            ..Default::default()
        }
    }
}

#[cfg(feature = "messages")]
mod of_messages {
    use super::Cow;
    use crate::enumerations::CoordinatorType;
    use crate::messages::{
        DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
        MetadataRequest, metadata_request::MetadataRequestTopic,
    };
    use crate::wire::Uuid;

    impl<'a> MetadataRequest<'a> {
        /// Asks for topics by name. Brokers may create those that do not exist, if they are configured to:
        /// `allow_auto_topic_creation` is `true` by default.
        ///
        /// # Examples
        ///
        /// ```
        /// use kafka_codec::messages::MetadataRequest;
        ///
        /// let request = MetadataRequest::for_topics(["orders", "payments"]);
        /// assert_eq!(request.topics.unwrap()[1].name.as_deref(), Some("payments"));
        /// ```
        #[must_use]
        pub fn for_topics<N: Into<Cow<'a, str>>>(names: impl IntoIterator<Item = N>) -> Self {
            let topics = names.into_iter().map(|name| MetadataRequestTopic {
                name: Some(name.into()),
                ..Default::default()
            });
            Self {
                topics: Some(topics.collect()),
                ..Default::default()
            }
        }

        /// Asks for topics by id, from version 12 on.
        #[must_use]
        pub fn for_topic_ids(ids: impl IntoIterator<Item = Uuid>) -> Self {
            let topics = ids.into_iter().map(|topic_id| MetadataRequestTopic {
                topic_id,
                name: None,
                ..Default::default()
            });
            Self {
                topics: Some(topics.collect()),
                ..Default::default()
            }
        }

        /// Asks for all topics, from version 1 on.
        #[must_use]
        pub fn for_all_topics() -> Self {
            Self {
                topics: None,
                ..Default::default()
            }
        }

        /// Asks for the brokers and the controller alone, from version 1 on. Version 0 takes this for all topics.
        #[must_use]
        pub fn for_no_topics() -> Self {
            Self::for_topics::<&str>([])
        }
    }

    impl<'a> FindCoordinatorRequest<'a> {
        /// Asks which broker coordinates a group, in any version: up to version 3 the response says it in fields of its own,
        /// from version 4 on in `coordinators`. For several groups at once set `coordinator_keys` alone, which versions 4
        /// and later have.
        ///
        /// # Examples
        ///
        /// ```
        /// use kafka_codec::messages::FindCoordinatorRequest;
        /// use kafka_codec::{Request, Version};
        ///
        /// let request = FindCoordinatorRequest::for_group("billing");
        /// assert!(request.fits(Version(0)).is_ok());
        /// assert!(request.fits(Version(6)).is_ok());
        /// ```
        #[must_use]
        pub fn for_group(group_id: impl Into<Cow<'a, str>>) -> Self {
            Self::of_one(group_id.into(), CoordinatorType::GROUP)
        }

        /// Asks which broker coordinates the transactions of a transactional id, from version 1 on.
        #[must_use]
        pub fn for_transactional_id(transactional_id: impl Into<Cow<'a, str>>) -> Self {
            Self::of_one(transactional_id.into(), CoordinatorType::TRANSACTION)
        }

        /// The key in the forms of all versions.
        fn of_one(key: Cow<'a, str>, key_type: CoordinatorType) -> Self {
            Self {
                coordinator_keys: vec![key.clone()],
                key,
                key_type,
                ..Default::default()
            }
        }
    }

    impl<'a> HeartbeatRequest<'a> {
        /// Tells the coordinator that a member of this generation of the group is alive.
        #[must_use]
        pub fn of_member(
            group_id: impl Into<Cow<'a, str>>,
            generation_id: i32,
            member_id: impl Into<Cow<'a, str>>,
        ) -> Self {
            Self {
                group_id: group_id.into(),
                generation_id,
                member_id: member_id.into(),
                ..Default::default()
            }
        }
    }

    macro_rules! for_groups {
        ($($request:ident: $field:ident, $doc:literal;)*) => {$(
            impl<'a> $request<'a> {
                #[doc = $doc]
                #[must_use]
                pub fn for_groups<G: Into<Cow<'a, str>>>(
                    group_ids: impl IntoIterator<Item = G>,
                ) -> Self {
                    Self {
                        $field: group_ids.into_iter().map(Into::into).collect(),
                        ..Default::default()
                    }
                }
            }
        )*};
    }

    for_groups! {
        DescribeGroupsRequest: groups, "Asks the coordinator of these groups to describe them.";
        DeleteGroupsRequest: groups_names, "Asks the coordinator of these groups to delete them.";
    }
}
