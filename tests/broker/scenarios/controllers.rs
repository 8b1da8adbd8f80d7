//! A cluster whose bootstrap server is a controller, and requests that name a broker.

use kafka_codec::enumerations::ConfigResourceType;
use kafka_codec::messages::describe_configs_request::DescribeConfigsResource;
use kafka_codec::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_codec::messages::{DescribeConfigsRequest, DescribeQuorumRequest};
use kafka_codec_tokio::{Cluster, ClusterOptions};

use crate::support::setup;

#[tokio::test]
async fn controllers_name_each_other_and_answer_for_the_quorum() {
    let cluster = Cluster::new(ClusterOptions::new([setup("controller")]));
    let request = DescribeQuorumRequest {
        topics: vec![TopicData {
            topic_name: "__cluster_metadata".into(),
            partitions: vec![PartitionData::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    let quorum = answer.decode().unwrap();
    assert!(quorum.error_code.is_none(), "{}", quorum.error_code);
    assert_eq!(quorum.topics[0].partitions[0].leader_id, 1);
    assert_eq!(cluster.brokers(), [1]);
}

#[tokio::test]
async fn the_configs_of_both_brokers_come_in_one_answer() {
    let _alone = crate::support::FOLLOWER.lock().await;
    let cluster = crate::cluster::cluster().await;
    let resources = ["1", "2"].map(|id| DescribeConfigsResource {
        resource_type: ConfigResourceType::BROKER,
        resource_name: id.into(),
        configuration_keys: Some(vec!["node.id".into()]),
        ..Default::default()
    });
    let request = DescribeConfigsRequest {
        resources: resources.to_vec(),
        ..Default::default()
    };
    let answer = cluster.send(&request).await.unwrap();
    let results = answer.decode().unwrap().results;
    let ids = results.iter().map(|result| {
        assert!(result.error_code.is_none(), "{}", result.error_code);
        let value = result.configs[0].value.as_deref();
        assert_eq!(value, Some(&*result.resource_name));
        value.unwrap()
    });
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(answer.parts().count(), 2);
}
