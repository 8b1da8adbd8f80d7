import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/** The scenes in which records are written. */
final class Producers {
    /** Two partitions, headers (one key twice, one value null), a null value, an empty key, a null key. */
    static void idempotent() throws Exception {
        try (var producer = producer("java-idempotent", "acks", "all", "linger.ms", 5)) {
            for (int i = 0; i < 6; i++) {
                var record = new ProducerRecord<>("orders", i % 2, i == 4 ? "" : "k" + i, i == 3 ? null : "value " + i);
                record.headers().add("trace", bytes("t" + i)).add("trace", bytes("again")).add("empty", null);
                producer.send(record);
            }
            producer.flush();
            Scenes.done(producer.send(new ProducerRecord<>("orders", "no key: über")));
            Scenes.refused(producer.send(new ProducerRecord<>("payments", "no key, in a compacted topic")));
            producer.partitionsFor("orders");
            Thread.sleep(800); // the broker asked for metrics every 200 ms
        }
    }

    static void codecs() throws Exception {
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) {
            try (var producer = producer("java-" + codec, "acks", "1", "enable.idempotence", false, "linger.ms", 100, "compression.type", codec)) {
                for (int i = 0; i < 4; i++) {
                    producer.send(new ProducerRecord<>("codecs", "k", "the same words, the same words, the same words " + i));
                }
                producer.flush();
            }
        }
    }

    /** Requests that never get a response, with one between them that does. */
    static void withoutAcks() throws Exception {
        try (var producer = producer("java-acks-0", "acks", "0", "enable.idempotence", false)) {
            for (int i = 0; i < 3; i++) {
                Scenes.done(producer.send(new ProducerRecord<>("orders", 0, "k", "unheard " + i)));
                producer.partitionsFor(i == 1 ? "payments" : "orders");
            }
        }
    }

    /** One commit that carries a group's offsets, one abort, one commit of nothing, and a producer fenced by its successor. */
    static void transactions() throws Exception {
        try (var producer = producer("java-txn", "transactional.id", "java-transfer", "transaction.timeout.ms", 20000)) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("orders", 0, "k", "committed"));
            producer.send(new ProducerRecord<>("payments", 0, "k", "committed too"));
            var offsets = Map.of(new TopicPartition("orders", 0), new OffsetAndMetadata(1, Optional.of(0), "half way"));
            try (var consumer = Groups.consumer("java-txn-reader", "group.id", "java-transfer-group")) {
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
            }
            producer.commitTransaction();

            producer.beginTransaction();
            Scenes.done(producer.send(new ProducerRecord<>("orders", 1, "k", "aborted")));
            producer.abortTransaction();

            try (var successor = producer("java-txn-2", "transactional.id", "java-transfer")) {
                successor.initTransactions();
                producer.beginTransaction();
                Scenes.refused(producer.send(new ProducerRecord<>("orders", 1, "k", "fenced")));
            }
            producer.close(Duration.ZERO);
        }
    }

    private static KafkaProducer<String, String> producer(String clientId, Object... settings) {
        return new KafkaProducer<>(Scenes.settings(clientId, settings), new StringSerializer(), new StringSerializer());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Producers() {}
}
