package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Random values with a liking for borders. One object makes one value; {@code big} allows it large pieces. */
final class RandomValues {
    private static final double[] FLOATS = {0.0, -0.0, 1.5, -1.0e300, Double.MIN_VALUE, Double.MAX_VALUE,
        Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.longBitsToDouble(0x7ff8000000000123L)};
    private static final String[] TEXTS = {"", "a", "topic-1", "h\u00e9llo", "\u65e5\u672c\u8a9e", "\ud83d\ude80",
        "a\u0000b", "\"\\\n\u007f", "null"};
    private static final int[] VARINT_BORDERS = {126, 127, 128};
    private static final int[] TWO_BYTE_BORDERS = {16382, 16383, 16384};
    private static final int LONGEST_STRING = 32767;
    /** Java writes every number but the greatest one, which it uses as an end mark. */
    private static final int[] UNKNOWN_TAGS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 126, 127, 128, 16383, 16384,
        Integer.MAX_VALUE - 1};

    private final Random random;
    private final int version;
    private final boolean flexible;
    /** Large pieces this value may still hold, and how many array elements. */
    private int big;
    private int elements = 60;

    RandomValues(Random random, MessageDef message, int version, int big) {
        this.random = random;
        this.version = version;
        this.flexible = message.flexible().contains(version);
        this.big = big;
    }

    StructValue struct(StructDef def) {
        StructValue value = StructValue.defaults(def);
        for (FieldDef field : value.fieldsIn(version)) {
            if (field.isTagged(version) && one(2)) {
                continue;
            }
            value.set(field, field(field));
        }
        if (flexible && one(3)) {
            unknownTags(value);
        }
        return value;
    }

    private Object field(FieldDef field) {
        if (field.isNullable(version) && one(4)) {
            return null;
        }
        if (field.isArray()) {
            return array(field);
        }
        if (field.isStruct()) {
            return struct(field.struct);
        }
        if (one(6) && field.defaultValue() != null) {
            return field.defaultValue();
        }
        return scalar(field.type);
    }

    private List<Object> array(FieldDef field) {
        boolean small = field.struct == null || field.struct.fields().stream().allMatch(f -> f.type.kind().width > 0);
        int count = small && spendBig(3) ? VARINT_BORDERS[random.nextInt(VARINT_BORDERS.length)]
            : Math.min(Math.min(random.nextInt(5), 2), elements);
        elements -= Math.min(count, elements);
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Object element = field.struct == null ? scalar(field.type.element()) : struct(field.struct);
            if (element instanceof StructValue s && !list.isEmpty() && one(4)) {
                copyKey((StructValue) list.get(random.nextInt(list.size())), s);
            }
            list.add(element);
        }
        return list;
    }

    /** Gives an element the key of another: Java keeps both. */
    private void copyKey(StructValue from, StructValue to) {
        for (FieldDef field : from.fieldsIn(version)) {
            if (field.mapKey) {
                to.set(field, from.get(field));
            }
        }
    }

    private Object scalar(FieldType type) {
        return switch (type.kind()) {
            case BOOL -> random.nextBoolean();
            case FLOAT64 -> FLOATS[random.nextInt(FLOATS.length)];
            case UUID -> switch (random.nextInt(3)) {
                case 0 -> Values.ZERO_UUID;
                case 1 -> new UUID(0, 1);
                default -> new UUID(random.nextLong(), random.nextLong());
            };
            case STRING -> string();
            case BYTES, RECORDS -> blob();
            default -> integer(type.kind());
        };
    }

    private long integer(FieldType.Kind kind) {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> kind.min();
            case 2 -> kind.max();
            case 3 -> kind.min() == 0 ? kind.max() - 1 : -1;
            case 4 -> 1 + random.nextInt(100);
            default -> random.nextLong() >> 64 - 8 * kind.width & (kind.min() == 0 ? kind.max() : -1L);
        };
    }

    private String string() {
        if (spendBig(4)) {
            int length = switch (random.nextInt(6)) {
                case 0 -> TWO_BYTE_BORDERS[random.nextInt(TWO_BYTE_BORDERS.length)];
                case 1 -> one(4) ? LONGEST_STRING : 255;
                default -> VARINT_BORDERS[random.nextInt(VARINT_BORDERS.length)];
            };
            return one(3) && length % 2 == 0 ? "\u00e9".repeat(length / 2) : "x".repeat(length);
        }
        return TEXTS[random.nextInt(TEXTS.length)];
    }

    private byte[] blob() {
        if (spendBig(4)) {
            byte[] bytes = new byte[one(3) ? TWO_BYTE_BORDERS[random.nextInt(TWO_BYTE_BORDERS.length)]
                : VARINT_BORDERS[random.nextInt(VARINT_BORDERS.length)]];
            java.util.Arrays.fill(bytes, (byte) random.nextInt());
            return bytes;
        }
        byte[] bytes = new byte[random.nextInt(5)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Numbers no version of the struct uses: below, between and above the known ones as far as there is room. */
    private void unknownTags(StructValue value) {
        for (int tag : UNKNOWN_TAGS) {
            if (value.def.byTag(tag) == null && one(5)) {
                byte[] data = new byte[spendBig(6) ? 128 : random.nextInt(4)];
                random.nextBytes(data);
                value.unknown.put(tag, data);
            }
        }
        if (value.def.byTag(0) == null && one(2)) {
            value.unknown.put(0, new byte[0]);
        }
    }

    private boolean spendBig(int in) {
        if (big > 0 && one(in)) {
            big--;
            return true;
        }
        return false;
    }

    private boolean one(int in) {
        return random.nextInt(in) == 0;
    }
}
