import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Reads malformed messages with Kafka's own code and compares what it makes of them with their labels. A line of the
 * input is name, version, expectation, mutation, the message before and after it, both in hexadecimal.
 */
public final class Check {
    private static final Map<String, Integer> OUTCOMES = new TreeMap<>();

    public static void main(String[] args) throws Exception {
        int wrong = 0;
        int absent = 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\t", -1);
            short version = Short.parseShort(parts[1]);
            Message message = message(parts[0]);
            if (message == null
                    || version < message.lowestSupportedVersion()
                    || version > message.highestSupportedVersion()) {
                absent++;
                continue;
            }
            HexFormat hex = HexFormat.of();
            String outcome = read(message, version, hex.parseHex(parts[5]), hex.parseHex(parts[4]));
            OUTCOMES.merge(parts[2] + "\t" + parts[3] + "\t" + outcome, 1, Integer::sum);
            if (!isRight(parts[2], outcome)) {
                wrong++;
                System.out.println("wrong: " + outcome + " " + line);
            }
        }
        OUTCOMES.forEach((key, count) -> System.out.println(count + "\t" + key));
        System.out.println(absent + " of messages or versions that this release does not have");
        System.exit(wrong > 0 || OUTCOMES.size() < 15 ? 1 : 0);
    }

    private static Message message(String name) throws ReflectiveOperationException {
        try {
            Class<?> type = Class.forName("org.apache.kafka.common.message." + name + "Data");
            return (Message) type.getConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static String read(Message message, short version, byte[] bytes, byte[] original) {
        try {
            message.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), version);
        } catch (RuntimeException e) {
            return "refused";
        }
        try {
            ObjectSerializationCache cache = new ObjectSerializationCache();
            ByteBuffer out = ByteBuffer.allocate(message.size(cache, version));
            message.write(new ByteBufferAccessor(out), cache, version);
            return Arrays.equals(out.array(), original) ? "the same" : "accepted";
        } catch (RuntimeException e) {
            return "accepted";
        }
    }

    private static boolean isRight(String verdict, String outcome) {
        return switch (verdict) {
            case "Refuse" -> outcome.equals("refused");
            case "Accept" -> outcome.equals("the same");
            default -> !outcome.equals("refused");
        };
    }
}
