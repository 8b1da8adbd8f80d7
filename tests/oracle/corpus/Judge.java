import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ShareFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Reads the seeds of a manifest with Kafka's own code: `Judge MANIFEST DIRECTORY JUDGED`. A valid seed must be read to its
 * end and be written again to the same bytes, and its records must be valid. What becomes of a malformed seed is its label's
 * matter. JUDGED has the numbers of lines that a newer release has judged; those of this release are appended.
 */
public final class Judge {
    private static final int MAX_FRAME = 100 * 1024 * 1024;
    private static final Map<String, Integer> OUTCOMES = new TreeMap<>();
    private static int batches = 0;

    private record Line(int number, JsonNode json, byte[] bytes) {
        String text(String member) {
            JsonNode value = json.get(member);
            return value == null ? "" : value.asText();
        }

        short version() {
            return (short) json.get("version").asInt();
        }

        boolean isRequest() {
            return text("direction").equals("request");
        }

        String key(String seedCase) {
            return text("message") + " " + version() + " " + seedCase;
        }
    }

    /** What came of reading: the message, and how many bytes of the input are left. */
    private record Read(Message message, int left) {
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]);
        ObjectMapper mapper = new ObjectMapper();
        int wrong = 0;
        int absent = 0;
        int number = 0;
        Map<String, byte[]> valid = new HashMap<>();
        Set<String> judgedBefore = new HashSet<>(Files.readAllLines(Path.of(args[2])));
        try (BufferedReader in = Files.newBufferedReader(Path.of(args[0]));
                PrintWriter judged = new PrintWriter(Files.newBufferedWriter(Path.of(args[2]), StandardOpenOption.APPEND))) {
            for (String text; (text = in.readLine()) != null; number++) {
                if (judgedBefore.contains(String.valueOf(number))) {
                    continue;
                }
                JsonNode json = mapper.readTree(text);
                Line line = new Line(number, json, Files.readAllBytes(directory.resolve(json.get("file").asText())));
                Message message = message(line);
                if (message == null
                        || line.version() < message.lowestSupportedVersion()
                        || line.version() > message.highestSupportedVersion()) {
                    absent++;
                    continue;
                }
                judged.println(number);
                String label = line.text("expectation");
                String outcome = judge(line, message, valid);
                String name = label.isEmpty() ? "valid" : label + " " + line.text("mutation");
                OUTCOMES.merge(name + "\t" + outcome, 1, Integer::sum);
                if (!isRight(label, outcome)) {
                    wrong++;
                    System.out.println("wrong: " + outcome + " " + text);
                }
            }
        }
        OUTCOMES.forEach((key, count) -> System.out.println(count + "\t" + key));
        System.out.println(batches + " record batches are valid; " + absent + " seeds of messages or versions that this release does not have");
        System.exit(wrong > 0 || OUTCOMES.size() < 15 || batches == 0 ? 1 : 0);
    }

    private static Message message(Line line) throws ReflectiveOperationException {
        try {
            Class<?> type = Class.forName("org.apache.kafka.common.message." + line.text("message") + "Data");
            return (Message) type.getConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static String judge(Line line, Message message, Map<String, byte[]> valid) {
        boolean isValid = line.text("mutation").isEmpty();
        Read read;
        try {
            read = read(line, message);
        } catch (RuntimeException e) {
            return isValid ? "refused with " + e : "refused";
        }
        byte[] again;
        try {
            again = write(read.message(), line.version());
        } catch (RuntimeException e) {
            return "accepted";
        }
        if (isValid) {
            if (read.left() > 0) {
                return "accepted, but " + read.left() + " bytes are left";
            }
            byte[] body = Arrays.copyOfRange(line.bytes(), line.bytes().length - again.length, line.bytes().length);
            if (!Arrays.equals(body, again) || again.length + prefix(line) != line.bytes().length) {
                return "accepted, but written otherwise";
            }
            valid.put(line.key(line.text("case")), again);
            try {
                checkRecords(read.message());
            } catch (RuntimeException e) {
                return "records are refused with " + e;
            }
            return "the same";
        }
        byte[] original = valid.get(line.key(line.text("original")));
        return Arrays.equals(original, again) ? "the same" : "accepted";
    }

    /** The number of bytes in front of the body of a valid seed. */
    private static int prefix(Line line) {
        if (line.text("prefix").equals("key-version")) {
            return 4;
        }
        ByteBuffer buffer = ByteBuffer.wrap(line.bytes(), 4, line.bytes().length - 4);
        header(line, buffer);
        return buffer.position();
    }

    private static Read read(Line line, Message message) {
        ByteBuffer buffer = ByteBuffer.wrap(line.bytes());
        if (line.text("prefix").equals("key-version")) {
            if (buffer.getShort() != line.json().get("apiKey").asInt() || buffer.getShort() != line.version()) {
                throw new IllegalStateException("another key or version in front");
            }
        } else {
            int size = buffer.getInt();
            if (size < 0 || size > MAX_FRAME || size > buffer.remaining()) {
                throw new IllegalArgumentException("size " + size);
            }
            buffer.limit(buffer.position() + size);
            header(line, buffer);
        }
        message.read(new ByteBufferAccessor(buffer), line.version());
        return new Read(message, buffer.remaining());
    }

    private static void header(Line line, ByteBuffer buffer) {
        if (line.isRequest()) {
            RequestHeader header = RequestHeader.parse(buffer);
            if (!header.apiKey().isVersionSupported(header.apiVersion())) {
                throw new IllegalArgumentException("version " + header.apiVersion());
            }
        } else {
            ApiKeys key = ApiKeys.forId(line.json().get("apiKey").asInt());
            ResponseHeader.parse(buffer, key.responseHeaderVersion(line.version()));
        }
    }

    private static byte[] write(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer out = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(out), cache, version);
        return out.array();
    }

    /** Reads all records, as consumers and brokers do. */
    private static void checkRecords(Message message) {
        if (message instanceof ProduceRequestData data) {
            data.topicData().forEach(topic -> topic.partitionData().forEach(partition -> check(partition.records())));
        } else if (message instanceof FetchResponseData data) {
            data.responses().forEach(topic -> topic.partitions().forEach(partition -> check(partition.records())));
        } else if (message instanceof ShareFetchResponseData data) {
            data.responses().forEach(topic -> topic.partitions().forEach(partition -> check(partition.records())));
        }
    }

    private static void check(BaseRecords records) {
        if (records == null) {
            return;
        }
        for (RecordBatch batch : ((MemoryRecords) records).batches()) {
            batch.ensureValid();
            batch.forEach(record -> record.ensureValid());
            batches++;
        }
    }

    private static boolean isRight(String expectation, String outcome) {
        return switch (expectation) {
            case "", "accept" -> outcome.equals("the same");
            case "refuse" -> outcome.equals("refused");
            default -> !outcome.equals("refused");
        };
    }
}
