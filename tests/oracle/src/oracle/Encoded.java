package oracle;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Bytes in the making, with the tokens they consist of. */
final class Encoded {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    final List<Token> tokens = new ArrayList<>();
    /** The tag sections in order of their ids, each with the struct it closes. */
    final List<Section> sections = new ArrayList<>();

    record Section(int id, StructDef struct, List<TagEntry> entries) {
    }

    /** A tagged field ready to be written: the field it belongs to is null for an unknown tag. */
    record TagEntry(int tag, FieldDef field, Encoded payload) {
        static TagEntry raw(int tag, FieldDef field, byte[] payload) {
            Encoded e = new Encoded();
            e.raw(payload);
            return new TagEntry(tag, field, e);
        }
    }

    int size() {
        return out.size();
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    void raw(byte[] bytes) {
        out.writeBytes(bytes);
    }

    void token(int id, Token.Kind kind, FieldDef field, long value, boolean nullable, byte[] bytes) {
        tokens.add(new Token(id, kind, field, size(), bytes.length, value, nullable));
        raw(bytes);
    }

    /** Appends what was encoded on its own. */
    void append(Encoded part) {
        int base = size();
        part.tokens.forEach(t -> tokens.add(t.shifted(base)));
        sections.addAll(part.sections);
        raw(part.bytes());
    }
}
