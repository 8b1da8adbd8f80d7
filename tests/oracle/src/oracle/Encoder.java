package oracle;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Our own reading of the protocol: encodes a value by its definition and says where every length, count and tag is.
 * Without changes its bytes must be those of Java's generated class. With changes it writes input that Java would not:
 * sizes of enclosing tagged fields stay right, whatever is replaced inside them.
 */
final class Encoder {
    /** What to write differently: other bytes for tokens, other entries for tag sections, by id. */
    record Changes(Map<Integer, byte[]> tokens, Map<Integer, UnaryOperator<List<Encoded.TagEntry>>> sections,
                   Set<FieldDef> presentDefaults) {
        static final Changes NONE = new Changes(Map.of(), Map.of(), Set.of());

        static Changes token(int id, byte[] bytes) {
            return tokens(Map.of(id, bytes));
        }

        static Changes tokens(Map<Integer, byte[]> tokens) {
            return new Changes(tokens, Map.of(), Set.of());
        }

        static Changes section(int id, UnaryOperator<List<Encoded.TagEntry>> change) {
            return new Changes(Map.of(), Map.of(id, change), Set.of());
        }

        static Changes presentDefaults(Set<FieldDef> fields) {
            return new Changes(Map.of(), Map.of(), fields);
        }
    }

    private final int version;
    private final boolean tags;
    private final Changes changes;
    private int nextToken;
    private int nextSection;

    private Encoder(int version, boolean tags, Changes changes) {
        this.version = version;
        this.tags = tags;
        this.changes = changes;
    }

    static Encoded encode(MessageDef message, int version, StructValue value, Changes changes) {
        Encoded out = new Encoded();
        new Encoder(version, message.flexible().contains(version), changes).struct(out, value);
        return out;
    }

    /** The payload a tagged field would have, for fields that this version does not tag too. */
    static byte[] payload(FieldDef field, Object value, int version) {
        Encoded out = new Encoded();
        new Encoder(version, true, Changes.NONE).tagged(out, field, value);
        return out.bytes();
    }

    private void struct(Encoded out, StructValue value) {
        List<Encoded.TagEntry> entries = new ArrayList<>();
        for (FieldDef field : value.fieldsIn(version)) {
            if (!field.isTagged(version)) {
                value(out, field, field.type, value.get(field), field.flexible.contains(version));
            } else if (!Values.isDefault(field, value.get(field)) || changes.presentDefaults().contains(field)) {
                Encoded payload = new Encoded();
                tagged(payload, field, value.get(field));
                entries.add(new Encoded.TagEntry(field.tag, field, payload));
            }
        }
        if (tags) {
            value.unknown.forEach((tag, bytes) -> entries.add(Encoded.TagEntry.raw(tag, null, bytes)));
            entries.sort((a, b) -> Integer.compare(a.tag(), b.tag()));
            section(out, value.def, entries);
        }
    }

    private void section(Encoded out, StructDef def, List<Encoded.TagEntry> canonical) {
        int id = nextSection++;
        out.sections.add(new Encoded.Section(id, def, canonical));
        List<Encoded.TagEntry> entries =
            changes.sections().getOrDefault(id, UnaryOperator.identity()).apply(new ArrayList<>(canonical));
        varint(out, Token.Kind.TAG_COUNT, null, entries.size(), entries.size(), false);
        for (Encoded.TagEntry e : entries) {
            boolean known = e.field() != null;
            varint(out, known ? Token.Kind.TAG : Token.Kind.UNKNOWN_TAG, e.field(), e.tag(), e.tag(), false);
            int size = e.payload().size();
            varint(out, known ? Token.Kind.TAG_SIZE : Token.Kind.UNKNOWN_SIZE, e.field(), size, size, false);
            out.append(e.payload());
        }
    }

    private void tagged(Encoded out, FieldDef field, Object value) {
        if (field.isStruct() && field.isNullable(version)) {
            varint(out, Token.Kind.TAGGED_MARKER, field, value == null ? 0 : 1, value == null ? -1 : 1, true);
            if (value != null) {
                struct(out, (StructValue) value);
            }
        } else {
            value(out, field, field.type, value, true);
        }
    }

    private void value(Encoded out, FieldDef field, FieldType type, Object value, boolean compact) {
        boolean nullable = field.isNullable(version) && type == field.type;
        switch (type.kind()) {
            case BOOL -> {
                long bit = (Boolean) value ? 1 : 0;
                put(out, Token.Kind.BOOL, field, bit, false, Bytes.fixed(bit, 1));
            }
            case FLOAT64 -> fixed(out, field, Bytes.fixed(Double.doubleToRawLongBits((Double) value), 8));
            case UUID -> fixed(out, field, ByteBuffer.allocate(16).putLong(((UUID) value).getMostSignificantBits())
                .putLong(((UUID) value).getLeastSignificantBits()).array());
            case STRING -> blob(out, field, value == null ? null : ((String) value).getBytes(StandardCharsets.UTF_8),
                compact, 2, nullable);
            case BYTES, RECORDS -> blob(out, field, (byte[]) value, compact, 4, nullable);
            case ARRAY -> {
                List<?> list = (List<?>) value;
                length(out, Token.Kind.COUNT, field, list == null ? -1 : list.size(), compact, 4, nullable);
                for (Object element : list == null ? List.of() : list) {
                    value(out, field, type.element(), element, compact);
                }
            }
            case STRUCT -> {
                if (nullable) {
                    put(out, Token.Kind.MARKER, field, value == null ? -1 : 1, true,
                        Bytes.fixed(value == null ? -1 : 1, 1));
                }
                if (value != null) {
                    struct(out, (StructValue) value);
                }
            }
            default -> fixed(out, field, Bytes.fixed((Long) value, type.kind().width));
        }
    }

    private void blob(Encoded out, FieldDef field, byte[] content, boolean compact, int width, boolean nullable) {
        length(out, Token.Kind.LENGTH, field, content == null ? -1 : content.length, compact, width, nullable);
        if (content != null) {
            put(out, Token.Kind.CONTENT, field, content.length, false, content);
        }
    }

    private void length(Encoded out, Token.Kind kind, FieldDef field, int n, boolean compact, int width,
                        boolean nullable) {
        if (compact) {
            varint(out, kind, field, n + 1, n, nullable);
        } else {
            put(out, kind, field, n, nullable, Bytes.fixed(n, width));
        }
    }

    private void varint(Encoded out, Token.Kind kind, FieldDef field, long written, long meaning, boolean nullable) {
        put(out, kind, field, meaning, nullable, Bytes.varint(written));
    }

    private void fixed(Encoded out, FieldDef field, byte[] bytes) {
        put(out, Token.Kind.FIXED, field, 0, false, bytes);
    }

    private void put(Encoded out, Token.Kind kind, FieldDef field, long value, boolean nullable, byte[] canonical) {
        int id = nextToken++;
        out.token(id, kind, field, value, nullable, changes.tokens().getOrDefault(id, canonical));
    }
}
