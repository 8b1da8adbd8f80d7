import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.HashMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** What the Java client does while it is captured. Usage: Clients HOST:PORT HOST:PORT, the second with SASL. */
final class Clients {
    private static final String TOPIC = "orders";

    public static void main(String[] arguments) throws Exception {
        makeTopic(settings(arguments[0], "shop-admin"));
        produce(settings(arguments[0], "shop"));
        consume(settings(arguments[0], "billing"));
        logIn(settings(arguments[1], "shop-by-sasl"));
    }

    private static Map<String, Object> settings(String bootstrap, String clientId) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("client.id", clientId);
        // These calls, every few seconds, would only be noise.
        settings.put("enable.metrics.push", false);
        return settings;
    }

    /** Twice, so that there is an error in the capture. */
    private static void makeTopic(Map<String, Object> settings) throws Exception {
        try (Admin admin = Admin.create(settings)) {
            List<NewTopic> topics = List.of(new NewTopic(TOPIC, 2, (short) 1));
            admin.createTopics(topics).all().get();
            try {
                admin.createTopics(topics).all().get();
                throw new IllegalStateException("the topic was there already");
            } catch (ExecutionException error) {
                if (!(error.getCause() instanceof TopicExistsException)) {
                    throw error;
                }
            }
        }
    }

    private static void produce(Map<String, Object> settings) throws Exception {
        settings.put("compression.type", "gzip");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>(TOPIC, "customer-" + i % 3, "order " + i)).get();
            }
        }
    }

    private static void consume(Map<String, Object> settings) {
        settings.put("group.id", "billing");
        settings.put("group.protocol", "classic");
        settings.put("auto.offset.reset", "earliest");
        settings.put("fetch.max.wait.ms", 200);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            int records = 0;
            while (records < 20) {
                records += consumer.poll(Duration.ofSeconds(1)).count();
            }
            consumer.commitSync();
        }
    }

    private static void logIn(Map<String, Object> settings) throws Exception {
        settings.put("security.protocol", "SASL_PLAINTEXT");
        settings.put("sasl.mechanism", "PLAIN");
        settings.put("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required"
            + " username=\"alice\" password=\"alice-secret\";");
        try (Admin admin = Admin.create(settings)) {
            admin.listTopics().names().get();
        }
    }
}
