// Writes to and reads from a broker in all the ways that leave something in the segments beside this file.
// What it prints is how many records each reader got.

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Traffic {
    static final String TOPIC = "seg";
    static final int RECORDS = 58;
    static String broker;

    public static void main(String[] arguments) throws Exception {
        broker = arguments[0];
        try (Admin admin = Admin.create(config())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
            ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, "g-share");
            ConfigEntry earliest = new ConfigEntry("share.auto.offset.reset", "earliest");
            admin.incrementalAlterConfigs(Map.of(group, List.of(new AlterConfigOp(earliest, AlterConfigOp.OpType.SET))))
                .all().get();
        }
        int number = 0;
        for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            try (var producer = producer("compression.type", compression, "linger.ms", 50)) {
                for (int i = 0; i < 10; i++) {
                    var record = new ProducerRecord<>(TOPIC, 0, "k" + i, i == 3 ? null : "value " + number);
                    record.headers().add("h", new byte[] {0, 1});
                    producer.send(record);
                    number++;
                }
            }
        }
        for (boolean commits : new boolean[] {true, false}) {
            try (var producer = producer("transactional.id", "tx")) {
                producer.initTransactions();
                producer.beginTransaction();
                for (int i = 0; i < 4; i++) {
                    producer.send(new ProducerRecord<>(TOPIC, 0, "t" + i, "tx " + commits));
                }
                producer.flush();
                if (commits) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
        for (String protocol : List.of("classic", "consumer")) {
            Map<String, Object> config =
                config("group.id", "g-" + protocol, "group.protocol", protocol, "auto.offset.reset", "earliest");
            try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
                consumer.subscribe(List.of(TOPIC));
                int count = 0;
                while (count < RECORDS) {
                    ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(300));
                    count += records.count();
                }
                consumer.commitSync();
                System.out.println(protocol + " " + count);
            }
        }
        var config = config("group.id", "g-share");
        try (var consumer = new KafkaShareConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            int count = 0;
            while (count < RECORDS) {
                count += consumer.poll(Duration.ofMillis(300)).count();
            }
            consumer.commitSync();
            System.out.println("share " + count);
        }
    }

    static KafkaProducer<String, String> producer(Object... more) {
        return new KafkaProducer<>(config(more), new StringSerializer(), new StringSerializer());
    }

    static Map<String, Object> config(Object... more) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", broker);
        for (int i = 0; i < more.length; i += 2) {
            config.put((String) more[i], more[i + 1]);
        }
        return config;
    }
}
