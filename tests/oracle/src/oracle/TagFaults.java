package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** The faults of {@link Malformed} that only a tag section can have. */
final class TagFaults {
    private static final int UNKNOWN = 900;

    private final Pair pair;
    private final StructValue value;
    private final Encoded clean;
    private final Random random;
    private final BiConsumer<String, byte[]> out;

    TagFaults(Pair pair, StructValue value, Encoded clean, Random random, BiConsumer<String, byte[]> out) {
        this.pair = pair;
        this.value = value;
        this.clean = clean;
        this.random = random;
        this.out = out;
    }

    void make(int n) {
        for (int i = 0; i < n && !clean.sections.isEmpty(); i++) {
            duplicateKnown();
            section("duplicate-tag", any(clean.sections), entries -> {
                entries.add(unknown(UNKNOWN));
                entries.add(unknown(UNKNOWN));
                return entries;
            });
            section("tag-order", any(clean.sections), entries -> {
                entries.add(unknown(UNKNOWN + 1));
                entries.add(unknown(UNKNOWN));
                return entries;
            });
            wrongSize();
            notInVersion();
        }
    }

    /** A known tag again, at the end, with its default: Java keeps the last one. */
    private void duplicateKnown() {
        List<Encoded.Section> sections = new ArrayList<>(clean.sections);
        sections.removeIf(s -> known(s.entries()).isEmpty());
        if (!sections.isEmpty()) {
            section("duplicate-tag", any(sections), entries -> {
                FieldDef field = any(known(entries)).field();
                entries.add(Encoded.TagEntry.raw(field.tag, field,
                    Encoder.payload(field, field.defaultValue(), pair.version())));
                return entries;
            });
        }
    }

    private void wrongSize() {
        List<Token> sizes = new ArrayList<>(clean.tokens);
        sizes.removeIf(t -> !t.is(Token.Kind.TAG_SIZE));
        if (!sizes.isEmpty()) {
            Token t = any(sizes);
            long size = switch (random.nextInt(4)) {
                case 0 -> t.value() + 1;
                case 1 -> t.value() - 1;
                case 2 -> t.value() + 100_000;
                default -> 0;
            };
            out.accept("tag-size", pair.encode(value, Encoder.Changes.token(t.id(), Bytes.varint(size))).bytes());
        }
    }

    /** A tag number that belongs to a field which this version does not have, or not as a tag. */
    private void notInVersion() {
        List<Encoded.Section> sections = new ArrayList<>(clean.sections);
        sections.removeIf(s -> otherVersions(s.struct()).isEmpty());
        if (!sections.isEmpty()) {
            Encoded.Section s = any(sections);
            FieldDef field = any(otherVersions(s.struct()));
            section("tag-not-in-version", s, entries -> {
                entries.add(Encoded.TagEntry.raw(field.tag, null,
                    Encoder.payload(field, field.defaultValue(), field.tagged.low())));
                entries.sort((a, b) -> Integer.compare(a.tag(), b.tag()));
                return entries;
            });
        }
    }

    private List<FieldDef> otherVersions(StructDef struct) {
        List<FieldDef> fields = new ArrayList<>(struct.fields());
        fields.removeIf(f -> f.tag < 0 || f.isTagged(pair.version()));
        return fields;
    }

    private void section(String fault, Encoded.Section s, UnaryOperator<List<Encoded.TagEntry>> change) {
        out.accept(fault, pair.encode(value, Encoder.Changes.section(s.id(), change)).bytes());
    }

    private Encoded.TagEntry unknown(int tag) {
        return Encoded.TagEntry.raw(tag, null, new byte[] {(byte) random.nextInt(16)});
    }

    private static List<Encoded.TagEntry> known(List<Encoded.TagEntry> entries) {
        return entries.stream().filter(e -> e.field() != null).toList();
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
