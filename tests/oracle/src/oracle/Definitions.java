package oracle;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Finds and reads every message definition in a folder of Kafka jars. It loads no class. */
final class Definitions {
    private static final String CONVERTER = "JsonConverter.class";
    private static final ObjectMapper MAPPER = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);

    private Definitions() {
    }

    /** All messages that have a version, by name. */
    static Map<String, MessageDef> inJars(Path folder) throws IOException {
        Map<String, MessageDef> messages = new TreeMap<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "kafka-*.jar")) {
            for (Path jar : jars) {
                try (ZipFile zip = new ZipFile(jar.toFile())) {
                    for (MessageDef m : inJar(zip)) {
                        if (messages.put(m.name(), m) != null) {
                            throw new IOException("two definitions of " + m.name() + ", the second in " + jar);
                        }
                    }
                }
            }
        }
        if (messages.isEmpty()) {
            throw new IOException("no Kafka jar with message definitions in " + folder);
        }
        return messages;
    }

    private static List<MessageDef> inJar(ZipFile zip) throws IOException {
        Map<String, String> converters = new HashMap<>();
        List<ZipEntry> definitions = new ArrayList<>();
        for (ZipEntry entry : Collections.list(zip.entries())) {
            String path = entry.getName();
            if (path.endsWith(CONVERTER) && !path.contains("$")) {
                String dotted = path.substring(0, path.length() - ".class".length()).replace('/', '.');
                converters.put(dotted.substring(dotted.lastIndexOf('.') + 1), dotted);
            } else if (path.matches("(common/)?(message|metadata)/[^/]+\\.json")) {
                definitions.add(entry);
            }
        }
        List<MessageDef> messages = new ArrayList<>();
        for (ZipEntry entry : definitions) {
            try (InputStream in = zip.getInputStream(entry)) {
                JsonNode json = MAPPER.readTree(in);
                if (!json.path("validVersions").asText().equals("none")) {
                    messages.add(message(json, converters));
                }
            }
        }
        return messages;
    }

    private static MessageDef message(JsonNode json, Map<String, String> converters) throws IOException {
        String name = json.get("name").asText();
        String type = json.get("type").asText();
        Versions flexible = Versions.parse(json.path("flexibleVersions").asText(), Versions.NONE);
        boolean suffixed = type.equals("request") || type.equals("response") || type.equals("header");
        String converter = converters.get(name + (suffixed ? "Data" : "") + "JsonConverter");
        if (converter == null) {
            throw new IOException("no JSON converter class for " + name);
        }
        return new MessageDef(name, type, json.path("apiKey").asInt(-1),
            Versions.parse(json.get("validVersions").asText(), Versions.NONE), flexible,
            json.path("latestVersionUnstable").asBoolean(false), new StructReader(json, flexible).root(),
            converter.substring(0, converter.length() - "JsonConverter".length()), converter);
    }
}
