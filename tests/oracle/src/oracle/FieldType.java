package oracle;

/** The type of a field: a primitive, a struct, or an array of either. */
record FieldType(Kind kind, FieldType element, String structName) {
    enum Kind {
        BOOL(1), INT8(1), INT16(2), UINT16(2), INT32(4), UINT32(4), INT64(8), FLOAT64(8), UUID(16),
        STRING(0), BYTES(0), RECORDS(0), STRUCT(0), ARRAY(0);

        /** Bytes of a value on the wire, 0 when it varies. */
        final int width;

        Kind(int width) {
            this.width = width;
        }

        boolean isInteger() {
            return switch (this) {
                case INT8, INT16, UINT16, INT32, UINT32, INT64 -> true;
                default -> false;
            };
        }

        long min() {
            return switch (this) {
                case INT8 -> Byte.MIN_VALUE;
                case INT16 -> Short.MIN_VALUE;
                case INT32 -> Integer.MIN_VALUE;
                case INT64 -> Long.MIN_VALUE;
                default -> 0;
            };
        }

        long max() {
            return switch (this) {
                case INT8 -> Byte.MAX_VALUE;
                case INT16 -> Short.MAX_VALUE;
                case UINT16 -> 0xffffL;
                case INT32 -> Integer.MAX_VALUE;
                case UINT32 -> 0xffffffffL;
                case INT64 -> Long.MAX_VALUE;
                default -> 0;
            };
        }
    }

    static FieldType parse(String text) {
        String t = text.trim();
        if (t.startsWith("[]")) {
            return new FieldType(Kind.ARRAY, parse(t.substring(2)), null);
        }
        if (Character.isUpperCase(t.charAt(0))) {
            return new FieldType(Kind.STRUCT, null, t);
        }
        return new FieldType(Kind.valueOf(t.toUpperCase(java.util.Locale.ROOT)), null, null);
    }

    boolean is(Kind k) {
        return kind == k;
    }

    /** The name of the struct this type or its elements are, or null. */
    String struct() {
        return kind == Kind.ARRAY ? element.structName : structName;
    }
}
