import static org.apache.kafka.common.config.ConfigResource.Type.BROKER_LOGGER;
import static org.apache.kafka.common.config.ConfigResource.Type.CLIENT_METRICS;
import static org.apache.kafka.common.config.ConfigResource.Type.GROUP;
import static org.apache.kafka.common.config.ConfigResource.Type.TOPIC;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** The scenes of the admin client: each call once, so that most APIs are in the recording. */
final class AdminCalls implements AutoCloseable {
    private static final TopicPartition ORDERS = new TopicPartition("orders", 0);
    private static final TopicPartition CODECS = new TopicPartition("codecs", 0);

    /** Long enough for a changed setting to get from the controller to the broker. */
    private static final long SPREAD_MS = 300;

    private final Admin admin = Admin.create(Scenes.settings("java-admin"));

    void makeTopics() throws Exception {
        Scenes.done(admin.createTopics(List.of(
                new NewTopic("orders", 2, (short) 1),
                new NewTopic("payments", Map.of(0, List.of(1))).configs(Map.of("cleanup.policy", "compact,delete")),
                new NewTopic("codecs", Optional.empty(), Optional.empty()))).all());
        Scenes.refused(admin.createTopics(List.of(new NewTopic("orders", 1, (short) 1))).all());
    }

    /** Makes the client of that name push a few of its metrics (KIP-714). */
    void subscribeToMetrics(String clientId) throws Exception {
        var changes = Map.of("metrics", "org.apache.kafka.producer.connection", "interval.ms", "200", "match", "client_id=" + clientId);
        var operations = changes.entrySet().stream().map(each -> set(each.getKey(), each.getValue())).toList();
        Scenes.done(admin.incrementalAlterConfigs(Map.of(new ConfigResource(CLIENT_METRICS, "often"), operations)).all());
        Thread.sleep(SPREAD_MS);
    }

    void prepareShareGroup() throws Exception {
        change(new ConfigResource(GROUP, "java-share"), set("share.auto.offset.reset", "earliest"));
        Thread.sleep(SPREAD_MS);
    }

    void describeEverything() throws Exception {
        var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
        Scenes.done(cluster.nodes());
        Scenes.done(admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
        Scenes.done(admin.describeTopics(List.of("orders", "payments")).allTopicNames());
        Scenes.refused(admin.describeTopics(List.of("nowhere")).allTopicNames());
        Scenes.done(admin.describeConfigs(List.of(new ConfigResource(TOPIC, "payments"), new ConfigResource(GROUP, "java-share"))).all());
        Scenes.done(admin.listOffsets(Map.of(ORDERS, OffsetSpec.latest(), CODECS, OffsetSpec.maxTimestamp(),
                new TopicPartition("payments", 0), OffsetSpec.earliest())).all());
        Scenes.done(admin.describeLogDirs(List.of(1)).allDescriptions());
        Scenes.done(admin.describeProducers(List.of(ORDERS)).all());
        Scenes.done(admin.describeFeatures().featureMetadata());
        Scenes.done(admin.describeMetadataQuorum().quorumInfo());
        Scenes.done(admin.listConfigResources().all());
        Scenes.done(admin.listPartitionReassignments().reassignments());
        Scenes.done(admin.describeUserScramCredentials().all());
    }

    void groups() throws Exception {
        Scenes.done(admin.listGroups().all());
        Scenes.done(admin.describeClassicGroups(List.of("java-classic")).all());
        Scenes.done(admin.describeConsumerGroups(List.of("java-kip848")).all());
        Scenes.done(admin.describeShareGroups(List.of("java-share")).all());
        Scenes.done(admin.listConsumerGroupOffsets(Map.of(
                "java-classic", new ListConsumerGroupOffsetsSpec(),
                "java-kip848", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(ORDERS)))).all());
        var staticMember = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("static-2")));
        Scenes.done(admin.removeMembersFromConsumerGroup("java-classic", staticMember).all());
        Scenes.done(admin.alterConsumerGroupOffsets("java-classic", Map.of(ORDERS, new OffsetAndMetadata(0, "from the start"))).all());
        Scenes.done(admin.deleteConsumerGroupOffsets("java-classic", Set.of(ORDERS)).all());
        Scenes.done(admin.listShareGroupOffsets(Map.of("java-share", new ListShareGroupOffsetsSpec())).all());
        Scenes.done(admin.alterShareGroupOffsets("java-share", Map.of(CODECS, 2L)).all());
        Scenes.done(admin.deleteShareGroupOffsets("java-share", Set.of("codecs")).all());
    }

    void transactions() throws Exception {
        Scenes.done(admin.listTransactions().all());
        Scenes.done(admin.describeTransactions(List.of("java-transfer")).all());
        Scenes.done(admin.fenceProducers(List.of("java-transfer")).all());
    }

    void changeThings() throws Exception {
        change(new ConfigResource(TOPIC, "orders"), set("retention.ms", "3600000"));
        Scenes.done(admin.createPartitions(Map.of("payments", NewPartitions.increaseTo(2))).all());
        Scenes.done(admin.deleteRecords(Map.of(ORDERS, RecordsToDelete.beforeOffset(1))).all());
        Scenes.done(admin.alterPartitionReassignments(Map.of(ORDERS, Optional.of(new NewPartitionReassignment(List.of(1))))).all());
        Scenes.done(admin.electLeaders(ElectionType.PREFERRED, null).partitions());

        var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "nobody"));
        Scenes.done(admin.alterClientQuotas(List.of(new ClientQuotaAlteration(entity, List.of(new ClientQuotaAlteration.Op("request_percentage", 12.5))))).all());
        Scenes.done(admin.describeClientQuotas(ClientQuotaFilter.all()).entities());

        var topic = new ResourcePattern(ResourceType.TOPIC, "orders", PatternType.PREFIXED);
        var acl = new AclBinding(topic, new AccessControlEntry("User:alice", "*", AclOperation.READ, AclPermissionType.ALLOW));
        Scenes.done(admin.createAcls(List.of(acl)).all());
        Scenes.done(admin.describeAcls(AclBindingFilter.ANY).values());
        Scenes.done(admin.deleteAcls(List.of(acl.toFilter())).all());

        var scram = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
        Scenes.done(admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("alice", scram, "not a real password"))).all());
        Scenes.eventually(() -> admin.describeUserScramCredentials(List.of("alice")).all());
    }

    /** Calls that this broker has to refuse. */
    void refused() throws Exception {
        Scenes.refused(admin.createDelegationToken().delegationToken());
        Scenes.refused(admin.describeDelegationToken().delegationTokens());
        Scenes.refused(admin.renewDelegationToken(new byte[] {1, 2, 3}).expiryTimestamp());
        Scenes.refused(admin.expireDelegationToken(new byte[] {1, 2, 3}).expiryTimestamp());
        Scenes.refused(admin.unregisterBroker(77).all());
        Scenes.refused(admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("orders", 0, 1), "/nowhere")).all());
        Scenes.refused(admin.addRaftVoter(77, Uuid.randomUuid(), Set.of(new RaftVoterEndpoint("CONTROLLER", "127.0.0.1", 1))).all());
        Scenes.refused(admin.removeRaftVoter(77, Uuid.randomUuid()).all());
        Scenes.refused(admin.updateFeatures(Map.of("metadata.version", new FeatureUpdate((short) 999, FeatureUpdate.UpgradeType.UPGRADE)),
                new UpdateFeaturesOptions().validateOnly(true)).all());
        Scenes.refused(admin.incrementalAlterConfigs(Map.of(new ConfigResource(BROKER_LOGGER, "1"), List.of(set("nonsense", "LOUD")))).all());
    }

    void removeThings() throws Exception {
        Scenes.done(admin.deleteConsumerGroups(List.of("java-classic", "java-kip848")).all());
        Scenes.done(admin.deleteShareGroups(List.of("java-share")).all());
        Scenes.done(admin.deleteTopics(List.of("orders", "payments", "codecs")).all());
    }

    @Override
    public void close() {
        admin.close();
    }

    private void change(ConfigResource resource, AlterConfigOp operation) throws Exception {
        Scenes.done(admin.incrementalAlterConfigs(Map.of(resource, List.of(operation))).all());
    }

    private static AlterConfigOp set(String key, String value) {
        return new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
    }
}
