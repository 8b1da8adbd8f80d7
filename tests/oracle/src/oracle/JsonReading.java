package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.common.protocol.Message;

/**
 * Asks Kafka's JSON converters what they make of JSON that they did not write. Arguments: the jars, the vectors of
 * that release, the cases made by hand. Written is a line a case: its name, message, version, JSON, verdict and, where
 * that is `accept`, the bytes. A verdict of `read` is a refusal by the converter, of `write` one by the message
 * that it read.
 */
public final class JsonReading {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int LONGEST = 320;
    private static final int GENERATED = 700;

    private final Map<String, MessageDef> messages;
    private final PrintStream out;

    private JsonReading(Map<String, MessageDef> messages, PrintStream out) {
        this.messages = messages;
        this.out = out;
    }

    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        JsonReading reading = new JsonReading(Definitions.inJars(Path.of(args[0])), out);
        out.println("case\tmessage\tversion\tjson\tverdict\tbytes");
        for (String line : Files.readAllLines(Path.of(args[2]))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] parts = line.split("\t", 4);
                reading.answer(parts[0], parts[1], Integer.parseInt(parts[2]), parts[3]);
            }
        }
        reading.generated(args[1]);
        out.flush();
    }

    /** Values that Kafka wrote, each with a change at one place. */
    private void generated(String vectors) throws IOException, ReflectiveOperationException {
        Random random = new Random(1);
        List<JsonNode> bases = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(new FileInputStream(vectors)), StandardCharsets.UTF_8))) {
            for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                JsonNode line = MAPPER.readTree(text);
                if (line.path("case").asText().equals("full") && line.get("json").toString().length() < LONGEST) {
                    bases.add(line);
                }
            }
        }
        for (int i = 0; i < GENERATED; i++) {
            JsonNode base = bases.get(random.nextInt(bases.size()));
            ObjectNode json = base.get("json").deepCopy();
            String change = change(json, random);
            if (change != null) {
                answer(change, base.get("name").asText(), base.get("version").asInt(), json.toString());
            }
        }
    }

    private static String change(ObjectNode root, Random random) {
        List<ObjectNode> objects = new ArrayList<>();
        collect(root, objects);
        ObjectNode object = objects.get(random.nextInt(objects.size()));
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        if (keys.isEmpty()) {
            return null;
        }
        String key = keys.get(random.nextInt(keys.size()));
        JsonNode old = object.get(key);
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        switch (random.nextInt(9)) {
            case 0: object.remove(key); return "missing";
            case 1: object.putNull(key); return "null";
            case 2: object.set(key, nodes.textNode(old.asText("x"))); return "text";
            case 3: object.put("unknownKey", 1); return "unknown-key";
            case 4: object.set(key, nodes.numberNode(1.5)); return "fraction";
            case 5: object.set(key, nodes.booleanNode(true)); return "bool";
            case 6: object.set(key, nodes.arrayNode()); return "array";
            case 7: object.set(key, nodes.numberNode(70000 + random.nextInt(9) * 1_000_000_000L)); return "number";
            default: object.set(key, nodes.objectNode()); return "object";
        }
    }

    private static void collect(JsonNode node, List<ObjectNode> out) {
        if (node instanceof ObjectNode object) {
            out.add(object);
        }
        if (node instanceof ObjectNode || node instanceof ArrayNode) {
            node.forEach(child -> collect(child, out));
        }
    }

    private void answer(String name, String message, int version, String json) throws ReflectiveOperationException {
        out.print(name + '\t' + message + '\t' + version + '\t' + json + '\t');
        MessageDef def = messages.get(message);
        if (def == null || !def.versions().contains(version)) {
            throw new IllegalArgumentException(name + ": there is no " + message + " v" + version);
        }
        Message read;
        try {
            Method method = Class.forName(def.converterClass()).getMethod("read", JsonNode.class, short.class);
            read = (Message) method.invoke(null, MAPPER.readTree(json), (short) version);
        } catch (InvocationTargetException | IOException e) {
            out.println("read\t");
            return;
        }
        try {
            out.println("accept\t" + Bytes.hex(JavaMessage.write(read, version)));
        } catch (RuntimeException e) {
            out.println("write\t");
        }
    }
}
