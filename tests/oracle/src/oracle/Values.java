package oracle;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/** Copies and compares values, and knows which one is a field's default in the sense of Java's generated code. */
final class Values {
    static final UUID ZERO_UUID = new UUID(0, 0);

    private Values() {
    }

    static UUID uuidFromText(String text) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    /** Whether a tagged field of this value is left out. */
    static boolean isDefault(FieldDef field, Object value) {
        Object d = field.defaultValue();
        if (value == null || d == null) {
            return value == d;
        }
        if (field.type.is(FieldType.Kind.FLOAT64)) {
            return ((Double) value).doubleValue() == (Double) d;
        }
        return same(value, d);
    }

    static boolean same(Object a, Object b) {
        if (a == null || b == null) {
            return a == b;
        }
        if (a instanceof byte[] left && b instanceof byte[] right) {
            return Arrays.equals(left, right);
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            boolean equal = left.size() == right.size();
            for (int i = 0; equal && i < left.size(); i++) {
                equal = same(left.get(i), right.get(i));
            }
            return equal;
        }
        if (a instanceof StructValue left && b instanceof StructValue right) {
            boolean equal = left.unknown.keySet().equals(right.unknown.keySet());
            for (int i = 0; equal && i < left.values.length; i++) {
                equal = same(left.values[i], right.values[i]);
            }
            for (int tag : equal ? left.unknown.keySet() : List.<Integer>of()) {
                equal = equal && Arrays.equals(left.unknown.get(tag), right.unknown.get(tag));
            }
            return equal;
        }
        return a.equals(b);
    }
}
