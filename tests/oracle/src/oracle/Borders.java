package oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * Every field at one end of its range: numbers at their least or greatest, text and bytes empty or just too long for a
 * one-byte varint, arrays empty (only in structs that are elements) or of two equal elements, map keys included.
 */
final class Borders {
    private final int version;
    private final boolean highest;

    Borders(int version, boolean highest) {
        this.version = version;
        this.highest = highest;
    }

    StructValue struct(StructDef def) {
        return struct(def, 0);
    }

    private StructValue struct(StructDef def, int depth) {
        StructValue value = StructValue.defaults(def);
        for (FieldDef field : value.fieldsIn(version)) {
            if (field.isArray()) {
                value.set(field, array(field, depth));
            } else {
                value.set(field, field.isStruct() ? struct(field.struct, depth) : scalar(field.type));
            }
        }
        return value;
    }

    private List<Object> array(FieldDef field, int depth) {
        List<Object> list = new ArrayList<>();
        int count = highest ? 2 : depth == 0 ? 1 : 0;
        for (int i = 0; i < count; i++) {
            list.add(field.struct == null ? scalar(field.type.element()) : struct(field.struct, depth + 1));
        }
        return list;
    }

    private Object scalar(FieldType type) {
        return switch (type.kind()) {
            case BOOL -> highest;
            case FLOAT64 -> highest ? Double.longBitsToDouble(0x7ff8000000000123L) : Double.NEGATIVE_INFINITY;
            case UUID -> highest ? new UUID(-1, -1) : Values.ZERO_UUID;
            case STRING -> highest ? "b".repeat(127) : "";
            case BYTES, RECORDS -> bytes(highest ? 127 : 0);
            default -> highest ? type.kind().max() : type.kind().min();
        };
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0xb7);
        return bytes;
    }
}
