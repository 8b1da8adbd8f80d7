package oracle;

/**
 * One piece of an encoded message that a fault can be put in: what it is, where it is, and what it says.
 * {@code value} is the decoded length, count, tag or size where there is one (-1 = null).
 */
record Token(int id, Kind kind, FieldDef field, int offset, int length, long value, boolean nullable) {
    enum Kind {
        FIXED, BOOL, LENGTH, COUNT, CONTENT, MARKER, TAGGED_MARKER, TAG_COUNT, TAG, TAG_SIZE, UNKNOWN_TAG, UNKNOWN_SIZE;

        boolean isTagNumber() {
            return this == TAG || this == UNKNOWN_TAG;
        }

        boolean isTagSize() {
            return this == TAG_SIZE || this == UNKNOWN_SIZE;
        }
    }

    Token shifted(int by) {
        return new Token(id, kind, field, offset + by, length, value, nullable);
    }

    int end() {
        return offset + length;
    }

    boolean is(Kind k) {
        return kind == k;
    }

    /** Whether this is an unsigned varint: the others are fixed-width. */
    boolean isVarint(int version) {
        return switch (kind) {
            case LENGTH, COUNT -> field.isTagged(version) || field.flexible.contains(version);
            case TAGGED_MARKER, TAG_COUNT, TAG, TAG_SIZE, UNKNOWN_TAG, UNKNOWN_SIZE -> true;
            default -> false;
        };
    }
}
