import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** Verdicts of Kafka's generated classes: see ../README.md. */
public final class Adapter {
    private static final HexFormat HEX = HexFormat.of();
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Adapter() {
    }

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.print(verdict(line));
            out.print('\n');
            out.flush();
        }
    }

    private static String verdict(String line) {
        String id = number(line, "id");
        short key = Short.parseShort(number(line, "apiKey"));
        short version = Short.parseShort(number(line, "version"));
        boolean isRequest = text(line, "message").endsWith("Request");
        byte[] body = HEX.parseHex(text(line, "hex"));
        ApiMessage message;
        try {
            ApiMessageType type = ApiMessageType.fromApiKey(key);
            message = isRequest ? type.newRequest() : type.newResponse();
        } catch (RuntimeException e) {
            return "{\"id\":" + id + ",\"accepted\":false,\"unsupported\":true}";
        }
        if (version < message.lowestSupportedVersion() || version > message.highestSupportedVersion()) {
            return "{\"id\":" + id + ",\"accepted\":false,\"unsupported\":true}";
        }
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        String fate;
        try {
            ByteBuffer buffer = ByteBuffer.wrap(body);
            message.read(new ByteBufferAccessor(buffer), version);
            if (buffer.hasRemaining()) {
                fate = refused(buffer.remaining() + " bytes are left");
            } else {
                ObjectSerializationCache cache = new ObjectSerializationCache();
                ByteBuffer written = ByteBuffer.allocate(message.size(cache, version));
                message.write(new ByteBufferAccessor(written), cache, version);
                fate = "\"accepted\":true,\"hex\":\"" + HEX.formatHex(written.array()) + '"';
            }
        } catch (RuntimeException e) {
            fate = refused(e.toString());
        } catch (Error e) {
            fate = refused(e.toString()) + ",\"panicked\":true";
        }
        long memory = THREADS.getThreadAllocatedBytes(thread) - before;
        return "{\"id\":" + id + ',' + fate + ",\"memory\":" + memory + '}';
    }

    private static String refused(String error) {
        StringBuilder text = new StringBuilder("\"accepted\":false,\"error\":\"");
        error.codePoints().forEach(letter -> {
            if (letter == '"' || letter == '\\') {
                text.append('\\').appendCodePoint(letter);
            } else {
                text.appendCodePoint(letter < 0x20 || letter > 0x7e ? '?' : letter);
            }
        });
        return text.append('"').toString();
    }

    /** The number of a member; cases have no such text elsewhere. */
    private static String number(String line, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":(-?[0-9]+)").matcher(line);
        return matcher.find() ? matcher.group(1) : "-1";
    }

    private static String text(String line, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(line);
        return matcher.find() ? matcher.group(1) : "";
    }
}
