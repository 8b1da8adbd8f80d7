package oracle;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Input in a form that Java reads but would not write: same value, other bytes. */
final class Lenient {
    private final Pair pair;
    private final BiConsumer<String, byte[]> out;
    private final Random random;

    Lenient(Pair pair, long seed, BiConsumer<String, byte[]> out) {
        this.pair = pair;
        this.out = out;
        this.random = pair.random(seed, "lenient");
    }

    void make(Plan plan) {
        StructValue full = base();
        StructValue nulls = nulled(base());
        taggedDefaults();
        if (plan.eachVarint()) {
            overlong(full);
        }
        everywhere("overlong-varint-all", full, raw -> Bytes.overlong(raw, 5));
        everywhere("varint-excess-bits", full, Bytes::excessBits);
        replace("bool-byte", full, t -> t.is(Token.Kind.BOOL), t -> one(0x02, 0x7f, 0x80, 0xff));
        replace("struct-marker", full, t -> t.is(Token.Kind.MARKER), t -> one(0x00, 0x05, 0x7f));
        replace("tagged-struct-marker", full, t -> t.is(Token.Kind.TAGGED_MARKER), t -> one(0x02, 0x05, 0x7f));
        replace("null-struct-marker", nulls, t -> t.is(Token.Kind.MARKER) && t.value() < 0, t -> one(0xfe, 0x80));
        replace("null-length", nulls, t -> isFixedLength(t) && t.value() < 0,
            t -> Bytes.fixed(random.nextBoolean() ? -2 : Long.MIN_VALUE >> 8 * (8 - t.length()), t.length()));
        tagOrder(full);
    }

    /** Everything set, one element an array, one unknown tag at the top. */
    private StructValue base() {
        StructValue value = pair.sampler().full(pair.root(), 1);
        if (pair.flexible()) {
            value.unknown.put(1000, new byte[] {1, 2, 3});
        }
        return value;
    }

    private StructValue nulled(StructValue value) {
        for (FieldDef field : value.fieldsIn(pair.version())) {
            Object inner = value.get(field);
            if (field.isNullable(pair.version()) && (field.struct == null || random.nextBoolean())) {
                value.set(field, null);
            } else if (inner instanceof StructValue s) {
                nulled(s);
            } else if (inner instanceof List<?> list && field.struct != null) {
                list.forEach(e -> nulled((StructValue) e));
            }
        }
        return value;
    }

    private void taggedDefaults() {
        for (List<FieldDef> path : Paths.where(pair.root(), pair.version(), f -> f.isTagged(pair.version()))) {
            FieldDef field = Paths.last(path);
            StructValue value = pair.sampler().reaching(pair.root(), path, field.defaultValue());
            out.accept("tagged-default-" + Paths.name(path),
                pair.encode(value, Encoder.Changes.presentDefaults(Set.of(field))).bytes());
        }
    }

    private void overlong(StructValue value) {
        Map<String, Predicate<Token>> kinds = new TreeMap<>();
        kinds.put("length", t -> t.is(Token.Kind.LENGTH));
        kinds.put("count", t -> t.is(Token.Kind.COUNT));
        kinds.put("tag-count", t -> t.is(Token.Kind.TAG_COUNT));
        kinds.put("tag", t -> t.kind().isTagNumber());
        kinds.put("tag-size", t -> t.kind().isTagSize());
        for (Map.Entry<String, Predicate<Token>> kind : kinds.entrySet()) {
            replace("overlong-varint-" + kind.getKey(), value, t -> isVarint(t) && kind.getValue().test(t),
                t -> Bytes.overlong(raw(t), t.length() + 1 + random.nextInt(5 - t.length())));
        }
    }

    /** All varints in another form. What is inside of a tagged field changes its size, so sizes are found by trying again. */
    private void everywhere(String name, StructValue value, LongFunction<byte[]> form) {
        Map<Integer, byte[]> tokens = new HashMap<>();
        byte[] before = null;
        byte[] bytes = new byte[0];
        while (!Arrays.equals(before, bytes)) {
            Encoded encoded = pair.encode(value, Encoder.Changes.tokens(tokens));
            for (Token t : encoded.tokens) {
                if (isVarint(t)) {
                    tokens.put(t.id(), form.apply(raw(t)));
                }
            }
            before = bytes;
            bytes = encoded.bytes();
        }
        if (!tokens.isEmpty()) {
            out.accept(name, bytes);
        }
    }

    /** Known tags and the one unknown tag of each section, last first. */
    private void tagOrder(StructValue value) {
        Map<Integer, UnaryOperator<List<Encoded.TagEntry>>> reversed = new HashMap<>();
        for (Encoded.Section s : pair.encode(value, Encoder.Changes.NONE).sections) {
            if (s.entries().size() > 1) {
                reversed.put(s.id(), entries -> {
                    Collections.reverse(entries);
                    return entries;
                });
            }
        }
        if (!reversed.isEmpty()) {
            out.accept("tag-order", pair.encode(value, new Encoder.Changes(Map.of(), reversed, Set.of())).bytes());
        }
    }

    private void replace(String name, StructValue value, Predicate<Token> which, Function<Token, byte[]> by) {
        Map<Integer, byte[]> tokens = new HashMap<>();
        pair.encode(value, Encoder.Changes.NONE).tokens.stream().filter(which).forEach(t -> tokens.put(t.id(), by.apply(t)));
        if (!tokens.isEmpty()) {
            out.accept(name, pair.encode(value, Encoder.Changes.tokens(tokens)).bytes());
        }
    }

    private boolean isVarint(Token t) {
        return t.isVarint(pair.version());
    }

    private boolean isFixedLength(Token t) {
        return (t.is(Token.Kind.LENGTH) || t.is(Token.Kind.COUNT)) && !isVarint(t);
    }

    /** The number a varint token holds on the wire. */
    private static long raw(Token t) {
        return switch (t.kind()) {
            case LENGTH, COUNT -> t.value() + 1;
            case TAGGED_MARKER -> Math.max(t.value(), 0);
            default -> t.value();
        };
    }

    private byte[] one(int... choices) {
        return new byte[] {(byte) choices[random.nextInt(choices.length)]};
    }
}
