import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.share.ShareCoordinatorRecordSerde;
import org.apache.kafka.coordinator.transaction.TransactionCoordinatorRecordSerde;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.apache.kafka.server.common.serialization.AbstractApiMessageSerde;

/**
 * Asks Kafka's own serdes for the records of internal topics. Argument: the vectors of the newest release, which have
 * the messages; written is a line a record, with what the serde puts around the message, and a line for each
 * fault with what the serde makes of it. `run` says what for.
 */
public final class InternalTopics {
    private static final HexFormat HEX = HexFormat.of();
    private static final String[] CASES = {"default", "full"};

    /** Bytes of messages by name, version and case. */
    private final Map<String, byte[]> messages = new HashMap<>();

    private InternalTopics(String file) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(new FileInputStream(file)), StandardCharsets.UTF_8))) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                JsonNode line = mapper.readTree(text);
                if (line.get("kind").asText().equals("message")) {
                    String place = place(line.get("name").asText(), line.get("version").asInt(), line.get("case").asText());
                    messages.put(place, HEX.parseHex(line.get("hex").asText()));
                }
            }
        }
    }

    public static void main(String[] args) throws IOException {
        InternalTopics topics = new InternalTopics(args[0]);
        System.out.println("topic\trecord\tversion\tcase\tkey\tvalue\tverdict");
        topics.metadata();
        topics.remoteLogMetadata();
        topics.group();
        topics.transaction();
        topics.share();
        framedFaults();
        coordinatorFaults();
    }

    private void metadata() {
        for (MetadataRecordType type : MetadataRecordType.values()) {
            framed("__cluster_metadata", MetadataRecordSerde.INSTANCE, type::newMetadataRecord,
                type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
    }

    private void remoteLogMetadata() {
        AbstractApiMessageSerde serde = new AbstractApiMessageSerde() {
            @Override
            public ApiMessage apiMessageFor(short key) {
                return org.apache.kafka.server.log.remote.metadata.storage.generated.MetadataRecordType.fromId(key)
                    .newMetadataRecord();
            }
        };
        for (var type : org.apache.kafka.server.log.remote.metadata.storage.generated.MetadataRecordType.values()) {
            framed("__remote_log_metadata", serde, type::newMetadataRecord,
                type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
    }

    private void group() {
        for (var type : org.apache.kafka.coordinator.group.generated.CoordinatorRecordType.values()) {
            coordinator("__consumer_offsets", new GroupCoordinatorRecordSerde(), type::newRecordKey, type::newRecordValue,
                type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
    }

    private void transaction() {
        for (var type : org.apache.kafka.coordinator.transaction.generated.CoordinatorRecordType.values()) {
            coordinator("__transaction_state", new TransactionCoordinatorRecordSerde(), type::newRecordKey,
                type::newRecordValue, type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
    }

    private void share() {
        for (var type : org.apache.kafka.coordinator.share.generated.CoordinatorRecordType.values()) {
            coordinator("__share_group_state", new ShareCoordinatorRecordSerde(), type::newRecordKey, type::newRecordValue,
                type.lowestSupportedVersion(), type.highestSupportedVersion());
        }
    }

    private void framed(String topic, AbstractApiMessageSerde serde, Supplier<ApiMessage> type, short lowest, short highest) {
        for (short version = lowest; version <= highest; version++) {
            for (String which : CASES) {
                ApiMessage message = message(type, version, which);
                if (message == null) {
                    continue;
                }
                ApiMessageAndVersion record = new ApiMessageAndVersion(message, version);
                byte[] value = write(serde, record);
                if (!serde.read(new ByteBufferAccessor(ByteBuffer.wrap(value)), value.length).equals(record)) {
                    throw new IllegalStateException("read otherwise: " + record);
                }
                line(topic, name(message), version, which, null, value, "accept");
            }
        }
    }

    private void coordinator(String topic, CoordinatorRecordSerde serde, Supplier<ApiMessage> newKey,
                             Supplier<ApiMessage> newValue, short lowest, short highest) {
        ApiMessage key = message(newKey, (short) 0, "full");
        record(topic, serde, CoordinatorRecord.tombstone(key), (short) -1, "tombstone");
        for (short version = lowest; version <= highest; version++) {
            for (String which : CASES) {
                ApiMessage value = message(newValue, version, which);
                if (value != null) {
                    ApiMessageAndVersion versioned = new ApiMessageAndVersion(value, version);
                    record(topic, serde, CoordinatorRecord.record(key, versioned), version, which);
                }
            }
        }
    }

    private static void record(String topic, CoordinatorRecordSerde serde, CoordinatorRecord record, short version, String which) {
        byte[] key = serde.serializeKey(record);
        byte[] value = serde.serializeValue(record);
        CoordinatorRecord read = serde.deserialize(ByteBuffer.wrap(key), value == null ? null : ByteBuffer.wrap(value));
        if (!read.equals(record)) {
            throw new IllegalStateException("read otherwise: " + record);
        }
        line(topic, name(record.key()).replaceAll("Key$", ""), version, which, key, value, "accept");
    }

    /** What is wrong is in the frame of a record without fields, which is 01 14 00 00. */
    private static void framedFaults() {
        String[][] faults = {
            {"empty", ""}, {"frame-version-only", "01"}, {"no-version", "0114"}, {"no-body", "011400"},
            {"frame-version-0", "00140000"}, {"frame-version-2", "02140000"}, {"frame-version-above-32767", "8180021400"},
            {"type-above-32767", "018080020000"}, {"version-above-32767", "011480800200"}, {"type-unknown", "017f0000"},
            {"version-unknown", "01146300"}, {"trailing", "0114000000"}, {"overlong-varints", "810094008000" + "00"},
            {"endless-varint", "01ffffffffff"},
        };
        for (String[] fault : faults) {
            byte[] value = HEX.parseHex(fault[1]);
            line("__cluster_metadata", "NoOpRecord", (short) 0, fault[0], null, value, verdict(() ->
                MetadataRecordSerde.INSTANCE.read(new ByteBufferAccessor(ByteBuffer.wrap(value)), value.length)));
        }
    }

    /** What is wrong is around a record of type 2, a group `g` without members. */
    private static void coordinatorFaults() {
        String key = "0002" + "000167";
        String value = "0000" + "0000" + "00000000" + "ffff" + "ffff" + "00000000";
        String[][] faults = {
            {"none", key, value}, {"key-empty", "", value}, {"key-one-byte", "00", value}, {"key-no-body", "0002", value},
            {"key-trailing", key + "00", value}, {"type-unknown", "0009" + "000167", value}, {"type-negative", "ffff" + "000167", value},
            {"value-empty", key, ""}, {"value-one-byte", key, "00"}, {"value-no-body", key, "0000"},
            {"value-trailing", key, value + "00"}, {"version-unknown", key, "0063" + "00"}, {"version-negative", key, "ffff" + "00"},
        };
        for (String[] fault : faults) {
            byte[] keyBytes = HEX.parseHex(fault[1]);
            byte[] valueBytes = HEX.parseHex(fault[2]);
            line("__consumer_offsets", "GroupMetadata", (short) 0, fault[0], keyBytes, valueBytes, verdict(() ->
                new GroupCoordinatorRecordSerde().deserialize(ByteBuffer.wrap(keyBytes), ByteBuffer.wrap(valueBytes))));
        }
    }

    private static String verdict(Runnable read) {
        try {
            read.run();
            return "accept";
        } catch (RuntimeException e) {
            return "reject " + e.getClass().getSimpleName();
        }
    }

    /** The message that a vector has, as Kafka's class; null if there is no such vector. */
    private ApiMessage message(Supplier<ApiMessage> type, short version, String which) {
        ApiMessage message = type.get();
        byte[] bytes = messages.get(place(name(message), version, which));
        if (bytes == null) {
            return null;
        }
        message.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), version);
        return message;
    }

    private static byte[] write(AbstractApiMessageSerde serde, ApiMessageAndVersion record) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(serde.recordSize(record, cache));
        serde.write(record, cache, new ByteBufferAccessor(buffer));
        return buffer.array();
    }

    private static void line(String topic, String record, short version, String which, byte[] key, byte[] value, String verdict) {
        System.out.println(String.join("\t", topic, record, Short.toString(version), which, hex(key), hex(value), verdict));
    }

    private static String hex(byte[] bytes) {
        return bytes == null ? "null" : HEX.formatHex(bytes);
    }

    private static String name(ApiMessage message) {
        return message.getClass().getSimpleName();
    }

    private static String place(String name, int version, String which) {
        return name + " v" + version + " " + which;
    }
}
