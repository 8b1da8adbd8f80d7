import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The scenes in which groups read: the classic protocol, KIP-848's, and a share group (KIP-932). */
final class Groups {
    private static final Duration TICK = Duration.ofMillis(100);
    private static final long PATIENCE_MS = 30_000;

    /** Two members, the second static and late: a rebalance; commits both ways; offsets looked up by time. */
    static void classic() {
        var one = consumer("java-classic-1", "group.id", "java-classic", "heartbeat.interval.ms", 500, "max.partition.fetch.bytes", 65536);
        var two = consumer("java-classic-2", "group.id", "java-classic", "heartbeat.interval.ms", 500, "group.instance.id", "static-2");
        try (one; two) {
            one.subscribe(List.of("orders", "payments"));
            read(one, 10);
            two.subscribe(List.of("orders", "payments"));
            pollUntil(() -> !two.assignment().isEmpty() && one.assignment().size() + two.assignment().size() == 3, one, two);
            one.commitSync();
            two.commitAsync();
            two.committed(two.assignment());

            Collection<TopicPartition> mine = one.assignment();
            TopicPartition first = mine.iterator().next();
            one.offsetsForTimes(Map.of(first, 0L));
            one.endOffsets(mine);
            one.seekToBeginning(Set.of(first));
            read(one, 1);
        }
    }

    /** The new protocol, by pattern: the broker matches it; it reads committed records only. */
    static void consumerProtocol() {
        var consumer = consumer("java-kip848", "group.id", "java-kip848", "group.protocol", "consumer", "isolation.level", "read_committed");
        try (consumer) {
            consumer.subscribe(new SubscriptionPattern("orders|codecs"));
            read(consumer, 24);
            consumer.commitSync();
            long until = System.currentTimeMillis() + 1200; // two heartbeats
            pollUntil(() -> System.currentTimeMillis() > until, consumer);
        }
    }

    /** Each kind of acknowledgement. */
    static void share() {
        var settings = Scenes.settings("java-share", "group.id", "java-share", "share.acknowledgement.mode", "explicit");
        try (var consumer = new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("codecs"));
            int seen = 0;
            long deadline = System.currentTimeMillis() + PATIENCE_MS;
            while (seen < 16) {
                for (var record : consumer.poll(TICK)) {
                    var kinds = List.of(AcknowledgeType.ACCEPT, AcknowledgeType.RELEASE, AcknowledgeType.REJECT);
                    consumer.acknowledge(record, record.deliveryCount().orElse((short) 1) > 1 ? AcknowledgeType.ACCEPT : kinds.get(seen % 3));
                    seen++;
                }
                consumer.commitSync();
                check(System.currentTimeMillis() < deadline, "the share group got " + seen + " records");
            }
        }
    }

    private static void read(Consumer<String, String> consumer, int atLeast) {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        for (int seen = 0; seen < atLeast; seen += consumer.poll(TICK).count()) {
            check(System.currentTimeMillis() < deadline, "got " + seen + " records, not " + atLeast);
        }
    }

    @SafeVarargs
    private static void pollUntil(BooleanSupplier met, Consumer<String, String>... consumers) {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!met.getAsBoolean()) {
            for (var consumer : consumers) {
                consumer.poll(TICK);
            }
            check(System.currentTimeMillis() < deadline, "the group did not settle");
        }
    }

    private static void check(boolean met, String otherwise) {
        if (!met) {
            throw new IllegalStateException(otherwise);
        }
    }

    static KafkaConsumer<String, String> consumer(String clientId, Object... settings) {
        var all = Scenes.settings(clientId, settings);
        all.put("auto.offset.reset", "earliest");
        all.put("enable.auto.commit", false);
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    private Groups() {}
}
