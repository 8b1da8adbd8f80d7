package oracle;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractResponse;

/** What Kafka's enums say: APIs, header versions, when a client throttles itself, error codes. */
final class Tables {
    private final Output out;

    Tables(Output out) {
        this.out = out;
    }

    void write(Map<String, MessageDef> messages, Predicate<Pair> wanted) throws ReflectiveOperationException {
        for (ApiKeys api : ApiKeys.values()) {
            api(api);
            MessageDef request = messages.get(api.name + "Request");
            MessageDef response = messages.get(api.name + "Response");
            for (int v = 0; request != null && v <= request.versions().high(); v++) {
                if (request.versions().contains(v) && wanted.test(new Pair(request, v))) {
                    header(api, response, v);
                }
            }
        }
        for (Errors error : Errors.values()) {
            error(error);
        }
    }

    private void api(ApiKeys api) {
        ApiMessageType type = api.messageType;
        ObjectNode line = out.line("api").put("apiKey", api.id).put("name", api.name).put("constant", api.name())
            .put("lowest", type.lowestSupportedVersion()).put("highest", type.highestSupportedVersion(true))
            .put("lowestDeprecated", type.lowestDeprecatedVersion())
            .put("highestDeprecated", type.highestDeprecatedVersion())
            .put("latestVersionUnstable", type.latestVersionUnstable())
            .put("clusterAction", api.clusterAction).put("forwardable", api.forwardable);
        ArrayNode listeners = line.putArray("listeners");
        type.listeners().forEach(l -> listeners.add(camel(l.name())));
        out.write(line);
    }

    private void header(ApiKeys api, MessageDef response, int version) throws ReflectiveOperationException {
        out.write(out.line("header").put("apiKey", api.id).put("version", version)
            .put("request", api.messageType.requestHeaderVersion((short) version))
            .put("response", api.messageType.responseHeaderVersion((short) version))
            .put("clientThrottles", clientThrottles(api, response, version)));
    }

    /** Asked of a default response; the two releases take its bytes as different types. */
    private static boolean clientThrottles(ApiKeys api, MessageDef def, int version) throws ReflectiveOperationException {
        Pair pair = new Pair(def, version);
        ByteBuffer bytes = ByteBuffer.wrap(
            pair.encode(pair.sampler().encodableDefaults(def.root()), Encoder.Changes.NONE).bytes());
        for (Method m : AbstractResponse.class.getMethods()) {
            if (m.getName().equals("parseResponse") && m.getParameterCount() == 3) {
                Object in = m.getParameterTypes()[1] == ByteBuffer.class ? bytes : new ByteBufferAccessor(bytes);
                return ((AbstractResponse) m.invoke(null, api, in, (short) version)).shouldClientThrottle((short) version);
            }
        }
        throw new IllegalStateException("no AbstractResponse.parseResponse of three arguments");
    }

    private void error(Errors error) {
        ObjectNode line = out.line("error").put("code", error.code()).put("name", error.name())
            .put("retriable", error.exception() instanceof RetriableException)
            .put("invalidMetadata", error.exception() instanceof InvalidMetadataException);
        line.put("exception", error.exception() == null ? null : error.exception().getClass().getSimpleName());
        out.write(line);
    }

    private static String camel(String constant) {
        StringBuilder name = new StringBuilder();
        for (String word : constant.toLowerCase(Locale.ROOT).split("_")) {
            name.append(name.length() == 0 ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }
}
