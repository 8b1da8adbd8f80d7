import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.StringJoiner;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes random histories of transactions to a broker, and what Kafka's consumer reads of them.
 * Arguments: broker, file, histories, seed. A line has: topic, isolation level, first offset, fetch size, last position, records.
 */
public final class Histories {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final int KEYS = 6;

    private final String broker;
    private final Random random;
    private final List<KafkaProducer<byte[], byte[]>> transactional = new ArrayList<>();
    private final List<KafkaProducer<byte[], byte[]>> plain = new ArrayList<>();
    private final Map<KafkaProducer<byte[], byte[]>, Boolean> open = new HashMap<>();
    private int numbers;
    private int committed;
    private int aborted;

    private Histories(String broker, long seed) {
        this.broker = broker;
        this.random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        Histories histories = new Histories(args[0], Long.parseLong(args[3]));
        histories.run(Path.of(args[1]), Integer.parseInt(args[2]));
        // Open transactions stay open: closing their producers would abort them.
        Runtime.getRuntime().halt(0);
    }

    private void run(Path file, int count) throws Exception {
        for (int i = 0; i < 3; i++) {
            transactional.add(producer("writer-" + i, CODECS.get(random.nextInt(CODECS.size()))));
        }
        plain.add(producer(null, "lz4"));
        plain.add(producer(null, "none"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            List<NewTopic> topics = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                topics.add(new NewTopic("history-" + i, 1, (short) 1).configs(i % 2 == 0 ? Map.of() : Map.of(
                    "cleanup.policy", "compact", "segment.ms", "100", "min.cleanable.dirty.ratio", "0.01", "delete.retention.ms", "0",
                    "retention.ms", "-1")));
            }
            admin.createTopics(topics).all().get();
            int left = 0;
            for (int i = 0; i < count; i++) {
                left += write("history-" + i, i % 2 == 1, i % 10 >= 8);
            }
            System.out.println(count + " histories: " + committed + " transactions committed, " + aborted + " aborted, " + left + " left open");
            Thread.sleep(10_000);
            for (int i = 1; i < count; i += 2) {
                admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, "history-" + i),
                    List.of(new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SET)))).all().get();
            }
            Thread.sleep(3_000);
        }
        try (PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
            int readings = 0;
            for (int i = 0; i < count; i++) {
                readings += read("history-" + i, out);
            }
            System.out.println(readings + " readings by Kafka's consumer");
        }
    }

    private KafkaProducer<byte[], byte[]> producer(String transactionalId, String codec) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", broker);
        properties.put("compression.type", codec);
        properties.put("linger.ms", "1000");
        if (transactionalId != null) {
            properties.put("transactional.id", transactionalId);
            properties.put("transaction.timeout.ms", "600000");
        } else {
            properties.put("enable.idempotence", Boolean.toString(plain.isEmpty()));
        }
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        if (transactionalId != null) {
            producer.initTransactions();
        }
        return producer;
    }

    /** Returns how many transactions stay open. */
    private int write(String topic, boolean rolls, boolean leavesOpen) throws InterruptedException {
        int steps = 10 + random.nextInt(30);
        for (int step = 0; step < steps; step++) {
            if (rolls && step == steps / 2) {
                Thread.sleep(150);
            }
            if (random.nextInt(4) == 0) {
                send(plain.get(random.nextInt(2)), topic, rolls);
                continue;
            }
            KafkaProducer<byte[], byte[]> producer = transactional.get(random.nextInt(3));
            if (!open.getOrDefault(producer, false)) {
                producer.beginTransaction();
                open.put(producer, true);
                send(producer, topic, rolls);
            } else if (random.nextInt(3) == 0) {
                end(producer);
            } else {
                send(producer, topic, rolls);
            }
        }
        transactional.forEach(this::end);
        if (leavesOpen) {
            KafkaProducer<byte[], byte[]> producer = producer("open-" + topic, "none");
            producer.beginTransaction();
            send(producer, topic, rolls);
            send(plain.get(0), topic, rolls);
        }
        if (rolls) {
            // What comes last is not compacted: it is in the active segment.
            Thread.sleep(150);
            send(plain.get(1), topic, true);
        }
        return leavesOpen ? 1 : 0;
    }

    private void end(KafkaProducer<byte[], byte[]> producer) {
        if (!open.getOrDefault(producer, false)) {
            return;
        }
        if (random.nextBoolean()) {
            producer.commitTransaction();
            committed++;
        } else {
            producer.abortTransaction();
            aborted++;
        }
        open.put(producer, false);
    }

    /** One batch. */
    private void send(KafkaProducer<byte[], byte[]> producer, String topic, boolean keyed) {
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            byte[] key = keyed || random.nextBoolean() ? ("key-" + random.nextInt(KEYS)).getBytes(StandardCharsets.UTF_8) : null;
            byte[] value = keyed && random.nextInt(5) == 0 ? null
                : ("value-" + numbers++ + "x".repeat(random.nextInt(60))).getBytes(StandardCharsets.UTF_8);
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, 0, key, value);
            for (int header = random.nextInt(4) - 2; header > 0; header--) {
                record.headers().add("header-" + header, random.nextBoolean() ? null : new byte[] {1, 2});
            }
            producer.send(record);
        }
        producer.flush();
    }

    private int read(String topic, PrintStream out) {
        TopicPartition partition = new TopicPartition(topic, 0);
        int readings = 0;
        for (String isolation : List.of("read_committed", "read_uncommitted")) {
            int size = 150 + random.nextInt(2000);
            Properties properties = new Properties();
            properties.put("bootstrap.servers", broker);
            properties.put("isolation.level", isolation);
            properties.put("max.partition.fetch.bytes", Integer.toString(size));
            properties.put("max.poll.records", Integer.toString(1 + random.nextInt(20)));
            properties.put("auto.offset.reset", "earliest");
            properties.put("enable.auto.commit", "false");
            // A fetch at the end, which a seek has to wait for.
            properties.put("fetch.max.wait.ms", "5");
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.assign(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                for (long start : new long[] {0, random.nextInt((int) end), random.nextInt((int) end)}) {
                    out.print(topic + "\t" + isolation + "\t" + start + "\t" + size + "\t" + reading(consumer, partition, start, end) + "\n");
                    readings++;
                }
            }
        }
        return readings;
    }

    /** The last position, a tab, and the records. */
    private static String reading(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long start, long end) {
        StringJoiner records = new StringJoiner(" ");
        consumer.seek(partition, start);
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (consumer.position(partition) < end) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                records.add(text(record));
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(partition + " stays at " + consumer.position(partition) + ", its end is " + end);
            }
        }
        return consumer.position(partition) + "\t" + records;
    }

    private static String text(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder text = new StringBuilder();
        text.append(record.offset()).append(':').append(record.timestamp()).append(':').append(hex(record.key())).append(':').append(hex(record.value()));
        for (Header header : record.headers()) {
            text.append(':').append(hex(header.key().getBytes(StandardCharsets.UTF_8))).append('=').append(hex(header.value()));
        }
        return text.toString();
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
    }
}
