package oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Input with one fault put exactly where it can hurt. What Java says to it is not known here. */
final class Malformed {
    /** Never a byte, overlong, a surrogate, a cut-off sequence, above U+10FFFF, a lone continuation, cut off at the end. */
    private static final List<byte[]> NOT_UTF8 = Stream.of("ff", "c080", "eda080", "e228", "f4908080", "80", "e697")
        .map(HexFormat.of()::parseHex).toList();

    private final Pair pair;
    private final StructValue value;
    private final Encoded clean;
    private final Random random;
    private final BiConsumer<String, byte[]> out;
    private final TagFaults tagFaults;

    Malformed(Pair pair, StructValue value, Random random, BiConsumer<String, byte[]> out) {
        this.pair = pair;
        this.value = value;
        this.clean = pair.encode(value, Encoder.Changes.NONE);
        this.random = random;
        this.out = out;
        this.tagFaults = new TagFaults(pair, value, clean, random, out);
    }

    /** At most {@code n} inputs of each kind of fault. */
    void make(int n) {
        truncated(n);
        byTokens(n, "count", t -> t.is(Token.Kind.COUNT) || t.is(Token.Kind.TAG_COUNT), this::inflated);
        byTokens(n, "length", t -> t.is(Token.Kind.LENGTH) || t.is(Token.Kind.UNKNOWN_SIZE), this::inflated);
        byTokens(n, "negative", t -> raw(t) >= 0, this::negative);
        byTokens(n, "varint", t -> t.isVarint(pair.version()),
            t -> new byte[] {-1, -1, -1, -1, (byte) (0x80 | random.nextInt(128)), 1});
        byTokens(n, "utf8", t -> isText(t) && t.length() > 0, this::notUtf8);
        nulls(n);
        tagFaults.make(n);
        for (int i = 0; i < n; i++) {
            out.accept("trailing", Bytes.concat(clean.bytes(), someBytes(1 + random.nextInt(3))));
            flips();
        }
    }

    private void truncated(int n) {
        byte[] bytes = clean.bytes();
        for (int i = 0; i < n && bytes.length > 0; i++) {
            Token t = clean.tokens.get(random.nextInt(clean.tokens.size()));
            int inside = t.length() > 1 && random.nextBoolean() ? 1 + random.nextInt(t.length() - 1) : 0;
            int cut = i == 0 && random.nextBoolean() ? bytes.length : t.offset() + inside;
            out.accept("truncated", Arrays.copyOf(bytes, Math.min(cut, bytes.length - 1)));
        }
    }

    private void byTokens(int n, String fault, Predicate<Token> which, Function<Token, byte[]> by) {
        List<Token> tokens = new ArrayList<>(clean.tokens);
        tokens.removeIf(which.negate());
        for (int i = 0; i < n && !tokens.isEmpty(); i++) {
            Token t = tokens.get(random.nextInt(tokens.size()));
            out.accept(fault, pair.encode(value, Encoder.Changes.token(t.id(), by.apply(t))).bytes());
        }
    }

    /** A number above the true one: a little, more than the bytes left, or as much as fits. */
    private byte[] inflated(Token t) {
        long left = clean.size() - t.end();
        long n = switch (random.nextInt(5)) {
            case 0 -> Math.max(t.value(), 0) + 1;
            case 1 -> left + 1;
            case 2 -> 0x7fff;
            case 3 -> 0x8000;
            default -> 0x7ffffffeL;
        };
        return written(t, n);
    }

    /** Below zero once read as a signed number. The last varint overflows upwards when Java takes one off a length. */
    private byte[] negative(Token t) {
        if (t.isVarint(pair.version())) {
            long[] read = {0xffffffffL, 0xfffffffeL, 0x80000001L, 0x80000000L};
            return Bytes.varint(read[random.nextInt(read.length)]);
        }
        return written(t, random.nextBoolean() ? -2 : Integer.MIN_VALUE);
    }

    /** The number in the form of the token: for varint lengths that is one more. A short has room for 16 bits. */
    private byte[] written(Token t, long n) {
        if (t.isVarint(pair.version())) {
            boolean plusOne = t.is(Token.Kind.LENGTH) || t.is(Token.Kind.COUNT);
            return Bytes.varint(plusOne ? n + 1 : n);
        }
        boolean isShort = t.length() == 2;
        return Bytes.fixed(isShort ? Math.max(Short.MIN_VALUE, Math.min(n, Short.MAX_VALUE)) : n, t.length());
    }

    private static long raw(Token t) {
        return switch (t.kind()) {
            case FIXED, BOOL, CONTENT, MARKER -> -1;
            default -> Math.max(t.value(), 0);
        };
    }

    private static boolean isText(Token t) {
        if (!t.is(Token.Kind.CONTENT)) {
            return false;
        }
        FieldType type = t.field().type;
        return (type.element() == null ? type : type.element()).is(FieldType.Kind.STRING);
    }

    /** As many bytes as the text had, with something at the end that is no text. */
    private byte[] notUtf8(Token t) {
        byte[] text = new byte[t.length()];
        Arrays.fill(text, (byte) 'u');
        byte[] bad = NOT_UTF8.get(random.nextInt(NOT_UTF8.size()));
        int n = Math.min(bad.length, text.length);
        System.arraycopy(bad, 0, text, text.length - n, n);
        return text;
    }

    private void nulls(int n) {
        List<List<FieldDef>> places = Paths.where(pair.root(), pair.version(), f -> !f.isNullable(pair.version())
            && switch (f.type.kind()) {
                case STRING, BYTES, RECORDS, ARRAY -> true;
                default -> false;
            });
        for (int i = 0; i < n && !places.isEmpty(); i++) {
            List<FieldDef> path = places.remove(random.nextInt(places.size()));
            StructValue nulled = pair.sampler().reaching(pair.root(), path, null);
            out.accept("null", pair.encode(nulled, Encoder.Changes.NONE).bytes());
        }
    }

    private void flips() {
        byte[] bytes = clean.bytes();
        for (int left = 1 + random.nextInt(2); left > 0 && bytes.length > 0; left--) {
            int at = random.nextInt(bytes.length);
            bytes[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (bytes[at] ^ 1 << random.nextInt(8));
        }
        if (!Arrays.equals(bytes, clean.bytes())) {
            out.accept("flip", bytes);
        }
    }

    private byte[] someBytes(int n) {
        byte[] bytes = new byte[n];
        random.nextBytes(bytes);
        return bytes;
    }
}
