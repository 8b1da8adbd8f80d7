package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the structs and fields of one definition and links fields to their structs. */
final class StructReader {
    private final JsonNode message;
    private final Versions flexible;
    private final Map<String, StructDef> structs = new HashMap<>();
    private final List<FieldDef> unlinked = new ArrayList<>();

    StructReader(JsonNode message, Versions flexible) {
        this.message = message;
        this.flexible = flexible;
    }

    StructDef root() throws IOException {
        for (JsonNode common : message.path("commonStructs")) {
            struct(common.get("name").asText(), common.path("fields"));
        }
        StructDef root = new StructDef(message.get("name").asText(), fields(message.path("fields")));
        for (FieldDef f : unlinked) {
            f.struct = structs.get(f.type.struct());
            if (f.struct == null) {
                throw new IOException(root.name() + ": field " + f.name + " has no struct " + f.type.struct());
            }
        }
        return root;
    }

    private void struct(String name, JsonNode fields) throws IOException {
        structs.put(name, new StructDef(name, fields(fields)));
    }

    private List<FieldDef> fields(JsonNode nodes) throws IOException {
        List<FieldDef> fields = new ArrayList<>();
        for (JsonNode node : nodes) {
            FieldDef field = field(node);
            fields.add(field);
            if (field.type.struct() != null) {
                unlinked.add(field);
                if (node.has("fields")) {
                    struct(field.type.struct(), node.get("fields"));
                }
            }
        }
        return fields;
    }

    private FieldDef field(JsonNode node) {
        Versions tagged = Versions.parse(node.path("taggedVersions").asText(), Versions.NONE);
        JsonNode given = node.path("default");
        String text = given.isMissingNode() || given.isNull() || given.asText().isEmpty() ? null : given.asText();
        return new FieldDef(node.get("name").asText(), FieldType.parse(node.get("type").asText()),
            Versions.parse(node.path("versions").asText(), tagged),
            Versions.parse(node.path("nullableVersions").asText(), Versions.NONE), tagged,
            Versions.parse(node.path("flexibleVersions").asText(), flexible),
            node.path("tag").asInt(-1), node.path("mapKey").asBoolean(false), text);
    }
}
