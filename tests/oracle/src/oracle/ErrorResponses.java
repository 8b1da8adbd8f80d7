package oracle;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.RequestAndSize;

/**
 * Asks Kafka's request classes for their error responses: random requests of every API and version, each with an error,
 * a message and a throttle time. Arguments: the release, its jars, the file to write, how many requests of each version,
 * the seed, and optionally the jars of a newer release, to which the versions that it has are left.
 */
public final class ErrorResponses {
    private static final String[] MESSAGES = {null, "", "no", "not today: \u00e9\u65e5", "x".repeat(200)};
    private static final int[] THROTTLES = {0, 1, 30_000, Integer.MAX_VALUE};
    /** How many random requests are made for each that is wanted, as Java refuses some. */
    private static final int TRIES = 40;

    private final Output out;
    private final Map<String, Integer> refusals = new TreeMap<>();

    private ErrorResponses(Output out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        Map<String, MessageDef> messages = Definitions.inJars(Path.of(args[1]));
        Map<String, MessageDef> newer = args.length > 5 ? Definitions.inJars(Path.of(args[5])) : Map.of();
        Path file = Path.of(args[2]);
        int count = Integer.parseInt(args[3]);
        long seed = Long.parseLong(args[4]);
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (Output out = new Output(file, args[0])) {
            ErrorResponses responses = new ErrorResponses(out);
            int pairs = 0;
            for (ApiKeys api : ApiKeys.values()) {
                MessageDef request = messages.get(api.name + "Request");
                for (int v = 0; request != null && v <= request.versions().high(); v++) {
                    Pair pair = new Pair(request, v);
                    if (request.versions().contains(v)
                            && Main.fate(pair, messages.values(), newer).equals("written")) {
                        pairs++;
                        responses.of(api, pair, count, seed);
                    }
                }
            }
            System.out.println(args[0] + ": " + pairs + " pairs of request and version, lines " + out.lines
                + ", refused by Java " + responses.refusals);
        }
    }

    private void of(ApiKeys api, Pair pair, int count, long seed) throws ReflectiveOperationException {
        JavaMessage java = new JavaMessage(pair.message());
        int answered = 0;
        for (int i = 0; answered < count && i < TRIES * count; i++) {
            Random random = pair.random(seed, "error-response-" + i);
            StructValue value = new RandomValues(random, pair.message(), pair.version(), 0).struct(pair.root());
            byte[] request = JavaMessage.write(java.build(value, pair.version()), pair.version());
            Errors error = Errors.values()[random.nextInt(Errors.values().length)];
            String message = MESSAGES[random.nextInt(MESSAGES.length)];
            int throttle = THROTTLES[random.nextInt(THROTTLES.length)];
            if (error == Errors.NONE) {
                continue;
            }
            ObjectNode line = out.line("errorResponse").put("name", api.name).put("version", pair.version())
                .put("hex", Bytes.hex(request)).put("code", error.code()).put("text", error.message())
                .put("message", message).put("throttleTimeMs", throttle);
            try {
                AbstractResponse response = parse(api, pair.version(), request)
                    .getErrorResponse(throttle, message == null ? error.exception() : error.exception(message));
                line.put("response", response == null ? null
                    : Bytes.hex(JavaMessage.write(response.data(), pair.version())));
                out.write(line);
                answered++;
            } catch (RuntimeException e) {
                refusals.merge(pair.message().name() + " " + e.getClass().getSimpleName(), 1, Integer::sum);
            }
        }
    }

    /** The two releases take the bytes of a request as different types. */
    private static AbstractRequest parse(ApiKeys api, int version, byte[] bytes) throws ReflectiveOperationException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        for (Method m : AbstractRequest.class.getMethods()) {
            if (m.getName().equals("parseRequest") && m.getParameterCount() == 3) {
                Object in = m.getParameterTypes()[2] == ByteBuffer.class ? buffer : new ByteBufferAccessor(buffer);
                try {
                    return ((RequestAndSize) m.invoke(null, api, (short) version, in)).request;
                } catch (InvocationTargetException e) {
                    if (e.getCause() instanceof RuntimeException cause) {
                        throw cause;
                    }
                    throw e;
                }
            }
        }
        throw new IllegalStateException("no AbstractRequest.parseRequest of three arguments");
    }
}
