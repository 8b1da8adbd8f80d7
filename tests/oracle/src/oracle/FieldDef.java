package oracle;

import java.util.Locale;

/** One field of a struct, with every rule resolved that the definition leaves to defaults. */
final class FieldDef {
    final String name;
    final FieldType type;
    final Versions versions;
    final Versions nullable;
    final Versions tagged;
    final Versions flexible;
    final int tag;
    final boolean mapKey;
    /** The default as written, or null when the type's own default holds. */
    final String defaultText;
    /** The struct of the field or of its elements; set once the whole message is read. */
    StructDef struct;

    FieldDef(String name, FieldType type, Versions versions, Versions nullable, Versions tagged, Versions flexible,
             int tag, boolean mapKey, String defaultText) {
        this.name = name;
        this.type = type;
        this.versions = versions;
        this.nullable = nullable;
        this.tagged = tagged;
        this.flexible = flexible;
        this.tag = tag;
        this.mapKey = mapKey;
        this.defaultText = defaultText;
    }

    boolean exists(int version) {
        return versions.contains(version);
    }

    boolean isTagged(int version) {
        return tag >= 0 && tagged.contains(version) && exists(version);
    }

    boolean isNullable(int version) {
        return nullable.contains(version) && exists(version);
    }

    boolean isStruct() {
        return type.is(FieldType.Kind.STRUCT);
    }

    boolean isArray() {
        return type.is(FieldType.Kind.ARRAY);
    }

    /** What Java's no-argument constructor puts here. */
    Object defaultValue() {
        String d = defaultText;
        if (type.is(FieldType.Kind.RECORDS) || "null".equals(d)) {
            return null;
        }
        return switch (type.kind()) {
            case BOOL -> d != null && Boolean.parseBoolean(d.toLowerCase(Locale.ROOT));
            case FLOAT64 -> d == null ? 0.0 : Double.parseDouble(d);
            case UUID -> d == null ? Values.ZERO_UUID : Values.uuidFromText(d);
            case STRING -> d == null ? "" : d;
            case BYTES -> new byte[0];
            case ARRAY -> new java.util.ArrayList<>();
            case STRUCT -> StructValue.defaults(struct);
            case RECORDS -> null;
            default -> d == null ? 0L : Long.decode(d);
        };
    }
}
