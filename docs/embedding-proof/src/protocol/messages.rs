//! The client's types of messages, converted to and from those of kafka-codec.

use kafka_codec::Request;
use kafka_codec::enumerations::{Acks, IsolationLevel as WireIsolationLevel, ListOffsetsTimestamp};
use kafka_codec::messages as wire;
use kafka_codec::messages::{
    create_topics_request, delete_records_request, fetch_request, list_offsets_request,
    metadata_request, produce_request,
};

use super::error::Error;
use super::primitives::{
    Array, Boolean, Int16, Int32, Int64, NullableString, Records, String_, TaggedFields,
};
use super::record;
use crate::messenger::RequestError;

/// A request of the client: its form on the wire, and what the client reads of its response.
pub trait RequestBody: Sync {
    type Wire: Request + Send + Sync;
    type ResponseBody;

    fn to_wire(&self) -> Result<Self::Wire, RequestError>;

    fn read(
        response: <Self::Wire as Request>::Response<'_>,
    ) -> Result<Self::ResponseBody, RequestError>;
}

impl<T: RequestBody> RequestBody for &T {
    type Wire = T::Wire;
    type ResponseBody = T::ResponseBody;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        T::to_wire(self)
    }

    fn read(
        response: <Self::Wire as Request>::Response<'_>,
    ) -> Result<Self::ResponseBody, RequestError> {
        T::read(response)
    }
}

pub const NORMAL_CONSUMER: Int32 = Int32(-1);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum IsolationLevel {
    ReadCommitted,
}

macro_rules! messages {
    ($($name:ident { $($field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(pub $field: $type,)*
        }
    )*};
}

messages! {
    MetadataRequest {
        topics: Option<Vec<MetadataRequestTopic>>,
        allow_auto_topic_creation: Option<Boolean>,
    }
    MetadataRequestTopic {
        name: String_,
    }
    MetadataResponse {
        throttle_time_ms: Option<Int32>,
        brokers: Vec<MetadataResponseBroker>,
        cluster_id: Option<NullableString>,
        controller_id: Option<Int32>,
        topics: Vec<MetadataResponseTopic>,
    }
    MetadataResponseBroker {
        node_id: Int32,
        host: String_,
        port: Int32,
    }
    MetadataResponseTopic {
        error: Option<Error>,
        name: String_,
        is_internal: Option<Boolean>,
        partitions: Vec<MetadataResponsePartition>,
    }
    MetadataResponsePartition {
        error: Option<Error>,
        partition_index: Int32,
        leader_id: Int32,
    }

    ProduceRequest {
        transactional_id: NullableString,
        acks: Int16,
        timeout_ms: Int32,
        topic_data: Vec<ProduceRequestTopicData>,
    }
    ProduceRequestTopicData {
        name: String_,
        partition_data: Vec<ProduceRequestPartitionData>,
    }
    ProduceRequestPartitionData {
        index: Int32,
        records: Records,
    }
    ProduceResponse {
        throttle_time_ms: Option<Int32>,
        responses: Vec<ProduceResponseResponse>,
    }
    ProduceResponseResponse {
        name: String_,
        partition_responses: Vec<ProduceResponsePartitionResponse>,
    }
    ProduceResponsePartitionResponse {
        index: Int32,
        error: Option<Error>,
        base_offset: Int64,
    }

    FetchRequest {
        replica_id: Int32,
        max_wait_ms: Int32,
        min_bytes: Int32,
        max_bytes: Option<Int32>,
        isolation_level: Option<IsolationLevel>,
        topics: Vec<FetchRequestTopic>,
    }
    FetchRequestTopic {
        topic: String_,
        partitions: Vec<FetchRequestPartition>,
    }
    FetchRequestPartition {
        partition: Int32,
        fetch_offset: Int64,
        partition_max_bytes: Int32,
    }
    FetchResponse {
        throttle_time_ms: Option<Int32>,
        responses: Vec<FetchResponseTopic>,
    }
    FetchResponseTopic {
        topic: String_,
        partitions: Vec<FetchResponsePartition>,
    }
    FetchResponsePartition {
        partition_index: Int32,
        error_code: Option<Error>,
        high_watermark: Int64,
        last_stable_offset: Option<Int64>,
        records: Records,
    }

    ListOffsetsRequest {
        replica_id: Int32,
        isolation_level: Option<IsolationLevel>,
        topics: Vec<ListOffsetsRequestTopic>,
    }
    ListOffsetsRequestTopic {
        name: String_,
        partitions: Vec<ListOffsetsRequestPartition>,
    }
    ListOffsetsRequestPartition {
        partition_index: Int32,
        timestamp: Int64,
        max_num_offsets: Option<Int32>,
    }
    ListOffsetsResponse {
        throttle_time_ms: Option<Int32>,
        topics: Vec<ListOffsetsResponseTopic>,
    }
    ListOffsetsResponseTopic {
        name: String_,
        partitions: Vec<ListOffsetsResponsePartition>,
    }
    ListOffsetsResponsePartition {
        partition_index: Int32,
        error_code: Option<Error>,
        old_style_offsets: Option<Array<Int64>>,
        offset: Option<Int64>,
    }

    CreateTopicsRequest {
        topics: Vec<CreateTopicRequest>,
        timeout_ms: Int32,
        validate_only: Option<Boolean>,
        tagged_fields: Option<TaggedFields>,
    }
    CreateTopicRequest {
        name: String_,
        num_partitions: Int32,
        replication_factor: Int16,
        assignments: Vec<()>,
        configs: Vec<()>,
        tagged_fields: Option<TaggedFields>,
    }
    CreateTopicsResponse {
        throttle_time_ms: Option<Int32>,
        topics: Vec<CreateTopicResponse>,
    }
    CreateTopicResponse {
        name: String_,
        error: Option<Error>,
        error_message: Option<NullableString>,
    }

    DeleteTopicsRequest {
        topic_names: Array<String_>,
        timeout_ms: Int32,
        tagged_fields: Option<TaggedFields>,
    }
    DeleteTopicsResponse {
        throttle_time_ms: Option<Int32>,
        responses: Vec<DeleteTopicsResponseTopic>,
    }
    DeleteTopicsResponseTopic {
        name: String_,
        error: Option<Error>,
        error_message: Option<NullableString>,
    }

    DeleteRecordsRequest {
        topics: Vec<DeleteRequestTopic>,
        timeout_ms: Int32,
        tagged_fields: Option<TaggedFields>,
    }
    DeleteRequestTopic {
        name: String_,
        partitions: Vec<DeleteRequestPartition>,
        tagged_fields: Option<TaggedFields>,
    }
    DeleteRequestPartition {
        partition_index: Int32,
        offset: Int64,
        tagged_fields: Option<TaggedFields>,
    }
    DeleteRecordsResponse {
        throttle_time_ms: Int32,
        topics: Vec<DeleteResponseTopic>,
    }
    DeleteResponseTopic {
        name: String_,
        partitions: Vec<DeleteResponsePartition>,
    }
    DeleteResponsePartition {
        partition_index: Int32,
        error: Option<Error>,
    }
}

impl RequestBody for MetadataRequest {
    type Wire = wire::MetadataRequest<'static>;
    type ResponseBody = MetadataResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let topic = |topic: &MetadataRequestTopic| metadata_request::MetadataRequestTopic {
            name: Some(topic.name.0.clone().into()),
            ..Default::default()
        };
        let mut request = wire::MetadataRequest {
            topics: self
                .topics
                .as_ref()
                .map(|all| all.iter().map(topic).collect()),
            ..Default::default()
        };
        if let Some(allow) = &self.allow_auto_topic_creation {
            request.allow_auto_topic_creation = allow.0;
        }
        Ok(request)
    }

    fn read(response: wire::MetadataResponse<'_>) -> Result<MetadataResponse, RequestError> {
        let brokers = response
            .brokers
            .into_iter()
            .map(|broker| MetadataResponseBroker {
                node_id: Int32(broker.node_id),
                host: String_(broker.host.into_owned()),
                port: Int32(broker.port),
            });
        let topics = response
            .topics
            .into_iter()
            .map(|topic| MetadataResponseTopic {
                error: Error::new(topic.error_code),
                name: String_(topic.name.unwrap_or_default().into_owned()),
                is_internal: Some(Boolean(topic.is_internal)),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| MetadataResponsePartition {
                        error: Error::new(partition.error_code),
                        partition_index: Int32(partition.partition_index),
                        leader_id: Int32(partition.leader_id),
                    })
                    .collect(),
            });
        Ok(MetadataResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            brokers: brokers.collect(),
            cluster_id: Some(NullableString(response.cluster_id.map(Into::into))),
            controller_id: Some(Int32(response.controller_id)),
            topics: topics.collect(),
        })
    }
}

impl RequestBody for ProduceRequest {
    type Wire = wire::ProduceRequest<'static>;
    type ResponseBody = ProduceResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let mut topic_data = Vec::new();
        for topic in &self.topic_data {
            let mut partition_data = Vec::new();
            for partition in &topic.partition_data {
                for batch in &partition.records.0 {
                    partition_data.push(produce_request::PartitionProduceData {
                        index: partition.index.0,
                        records: Some(record::write(batch)?.into()),
                        ..Default::default()
                    });
                }
            }
            topic_data.push(produce_request::TopicProduceData {
                name: topic.name.0.clone().into(),
                partition_data,
                ..Default::default()
            });
        }
        Ok(wire::ProduceRequest {
            acks: Acks(self.acks.0),
            timeout_ms: self.timeout_ms.0,
            topic_data,
            ..Default::default()
        })
    }

    fn read(response: wire::ProduceResponse<'_>) -> Result<ProduceResponse, RequestError> {
        let topics = response
            .responses
            .into_iter()
            .map(|topic| ProduceResponseResponse {
                name: String_(topic.name.into_owned()),
                partition_responses: topic
                    .partition_responses
                    .iter()
                    .map(|partition| ProduceResponsePartitionResponse {
                        index: Int32(partition.index),
                        error: Error::new(partition.error_code),
                        base_offset: Int64(partition.base_offset),
                    })
                    .collect(),
            });
        Ok(ProduceResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            responses: topics.collect(),
        })
    }
}

impl RequestBody for FetchRequest {
    type Wire = wire::FetchRequest<'static>;
    type ResponseBody = FetchResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let topics = self.topics.iter().map(|topic| fetch_request::FetchTopic {
            topic: topic.topic.0.clone().into(),
            partitions: topic
                .partitions
                .iter()
                .map(|partition| fetch_request::FetchPartition {
                    partition: partition.partition.0,
                    fetch_offset: partition.fetch_offset.0,
                    partition_max_bytes: partition.partition_max_bytes.0,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        });
        Ok(wire::FetchRequest {
            max_wait_ms: self.max_wait_ms.0,
            min_bytes: self.min_bytes.0,
            max_bytes: self.max_bytes.as_ref().map_or(i32::MAX, |bytes| bytes.0),
            isolation_level: WireIsolationLevel::READ_COMMITTED,
            session_epoch: -1,
            topics: topics.collect(),
            ..Default::default()
        })
    }

    fn read(response: wire::FetchResponse<'_>) -> Result<FetchResponse, RequestError> {
        let mut responses = Vec::new();
        for topic in response.responses {
            let mut partitions = Vec::new();
            for partition in &topic.partitions {
                let records = partition.records.as_deref().unwrap_or_default();
                partitions.push(FetchResponsePartition {
                    partition_index: Int32(partition.partition_index),
                    error_code: Error::new(partition.error_code),
                    high_watermark: Int64(partition.high_watermark),
                    last_stable_offset: Some(Int64(partition.last_stable_offset)),
                    records: Records(record::read(records)?),
                });
            }
            responses.push(FetchResponseTopic {
                topic: String_(topic.topic.into_owned()),
                partitions,
            });
        }
        Ok(FetchResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            responses,
        })
    }
}

impl RequestBody for ListOffsetsRequest {
    type Wire = wire::ListOffsetsRequest<'static>;
    type ResponseBody = ListOffsetsResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let topics = self
            .topics
            .iter()
            .map(|topic| list_offsets_request::ListOffsetsTopic {
                name: topic.name.0.clone().into(),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| list_offsets_request::ListOffsetsPartition {
                        partition_index: partition.partition_index.0,
                        timestamp: ListOffsetsTimestamp(partition.timestamp.0),
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            });
        Ok(wire::ListOffsetsRequest {
            isolation_level: WireIsolationLevel::READ_COMMITTED,
            topics: topics.collect(),
            ..Default::default()
        })
    }

    fn read(response: wire::ListOffsetsResponse<'_>) -> Result<ListOffsetsResponse, RequestError> {
        let topics = response
            .topics
            .into_iter()
            .map(|topic| ListOffsetsResponseTopic {
                name: String_(topic.name.into_owned()),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| ListOffsetsResponsePartition {
                        partition_index: Int32(partition.partition_index),
                        error_code: Error::new(partition.error_code),
                        old_style_offsets: None,
                        offset: Some(Int64(partition.offset)),
                    })
                    .collect(),
            });
        Ok(ListOffsetsResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            topics: topics.collect(),
        })
    }
}

impl RequestBody for CreateTopicsRequest {
    type Wire = wire::CreateTopicsRequest<'static>;
    type ResponseBody = CreateTopicsResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let topics = self
            .topics
            .iter()
            .map(|topic| create_topics_request::CreatableTopic {
                name: topic.name.0.clone().into(),
                num_partitions: topic.num_partitions.0,
                replication_factor: topic.replication_factor.0,
                ..Default::default()
            });
        Ok(wire::CreateTopicsRequest {
            topics: topics.collect(),
            timeout_ms: self.timeout_ms.0,
            ..Default::default()
        })
    }

    fn read(
        response: wire::CreateTopicsResponse<'_>,
    ) -> Result<CreateTopicsResponse, RequestError> {
        let topics = response
            .topics
            .into_iter()
            .map(|topic| CreateTopicResponse {
                name: String_(topic.name.into_owned()),
                error: Error::new(topic.error_code),
                error_message: Some(NullableString(topic.error_message.map(Into::into))),
            });
        Ok(CreateTopicsResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            topics: topics.collect(),
        })
    }
}

impl RequestBody for DeleteTopicsRequest {
    type Wire = wire::DeleteTopicsRequest<'static>;
    type ResponseBody = DeleteTopicsResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let names = self.topic_names.0.iter().flatten();
        Ok(wire::DeleteTopicsRequest {
            topic_names: names.map(|name| name.0.clone().into()).collect(),
            timeout_ms: self.timeout_ms.0,
            ..Default::default()
        })
    }

    fn read(
        response: wire::DeleteTopicsResponse<'_>,
    ) -> Result<DeleteTopicsResponse, RequestError> {
        let topics = response
            .responses
            .into_iter()
            .map(|topic| DeleteTopicsResponseTopic {
                name: String_(topic.name.unwrap_or_default().into_owned()),
                error: Error::new(topic.error_code),
                error_message: Some(NullableString(topic.error_message.map(Into::into))),
            });
        Ok(DeleteTopicsResponse {
            throttle_time_ms: Some(Int32(response.throttle_time_ms)),
            responses: topics.collect(),
        })
    }
}

impl RequestBody for DeleteRecordsRequest {
    type Wire = wire::DeleteRecordsRequest<'static>;
    type ResponseBody = DeleteRecordsResponse;

    fn to_wire(&self) -> Result<Self::Wire, RequestError> {
        let topics = self
            .topics
            .iter()
            .map(|topic| delete_records_request::DeleteRecordsTopic {
                name: topic.name.0.clone().into(),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| delete_records_request::DeleteRecordsPartition {
                        partition_index: partition.partition_index.0,
                        offset: partition.offset.0,
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            });
        Ok(wire::DeleteRecordsRequest {
            topics: topics.collect(),
            timeout_ms: self.timeout_ms.0,
            ..Default::default()
        })
    }

    fn read(
        response: wire::DeleteRecordsResponse<'_>,
    ) -> Result<DeleteRecordsResponse, RequestError> {
        let topics = response
            .topics
            .into_iter()
            .map(|topic| DeleteResponseTopic {
                name: String_(topic.name.into_owned()),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| DeleteResponsePartition {
                        partition_index: Int32(partition.partition_index),
                        error: Error::new(partition.error_code),
                    })
                    .collect(),
            });
        Ok(DeleteRecordsResponse {
            throttle_time_ms: Int32(response.throttle_time_ms),
            topics: topics.collect(),
        })
    }
}
