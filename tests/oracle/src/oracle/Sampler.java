package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Makes values that are small, differ from the default and from their neighbours, so that swapped or shifted fields show.
 * The same calls give the same values: nothing here is random.
 */
final class Sampler {
    private final int version;
    private int counter;

    Sampler(int version) {
        this.version = version;
    }

    /** Everything that exists in the version is set, arrays have {@code elements} elements each. */
    StructValue full(StructDef def, int elements) {
        StructValue value = StructValue.defaults(def);
        for (FieldDef field : value.fieldsIn(version)) {
            value.set(field, full(field, elements));
        }
        return value;
    }

    Object full(FieldDef field, int elements) {
        if (field.isArray()) {
            List<Object> list = new ArrayList<>();
            for (int i = 0; i < elements; i++) {
                list.add(field.struct == null ? scalar(field, field.type.element()) : full(field.struct, elements));
            }
            return list;
        }
        return field.isStruct() ? full(field.struct, elements) : scalar(field, field.type);
    }

    /**
     * The smallest value in which the struct at the end of {@code path} exists: one element in each array on the way.
     * The message itself keeps its defaults; the structs on the way have their untagged scalars set.
     */
    StructValue reaching(StructDef root, List<FieldDef> path, Object leaf) {
        return along(encodableDefaults(root), path, 0, leaf);
    }

    private StructValue along(StructValue at, List<FieldDef> path, int depth, Object leaf) {
        FieldDef field = path.get(depth);
        if (depth == path.size() - 1) {
            return at.set(field, leaf);
        }
        StructValue inner = along(withScalars(field.struct), path, depth + 1, leaf);
        return at.set(field, field.isArray() ? new ArrayList<>(List.of(inner)) : inner);
    }

    private StructValue withScalars(StructDef def) {
        StructValue value = encodableDefaults(def);
        for (FieldDef field : value.fieldsIn(version)) {
            if (!field.isTagged(version) && !field.isArray() && !field.isStruct()) {
                value.set(field, scalar(field, field.type));
            }
        }
        return value;
    }

    /** Java's defaults, but empty records where Java's null may not be written in this version. */
    StructValue encodableDefaults(StructDef def) {
        StructValue value = StructValue.defaults(def);
        for (FieldDef field : value.fieldsIn(version)) {
            boolean notWritable = value.get(field) == null && !field.isNullable(version);
            if (notWritable && field.type.is(FieldType.Kind.RECORDS)) {
                value.set(field, new byte[0]);
            } else if (field.isStruct() && value.get(field) != null) {
                value.set(field, encodableDefaults(field.struct));
            }
        }
        return value;
    }

    Object scalar(FieldDef field, FieldType type) {
        int n = ++counter;
        return switch (type.kind()) {
            case BOOL -> type != field.type || !Boolean.TRUE.equals(field.defaultValue());
            case FLOAT64 -> n + 0.5;
            case UUID -> new UUID(n, 0x1000 + n);
            case STRING -> "s" + n;
            case BYTES, RECORDS -> new byte[] {(byte) n, (byte) (n + 1), (byte) (n + 2)};
            default -> {
                long value = n % (type.is(FieldType.Kind.INT8) ? 100 : 10_000) + 1;
                yield type == field.type && field.defaultValue().equals(value) ? value + 1 : value;
            }
        };
    }
}
