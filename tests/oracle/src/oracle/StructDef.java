package oracle;

import java.util.List;

/** A struct: the message itself, an inline struct or a common one. */
record StructDef(String name, List<FieldDef> fields) {
    /** The field that owns a tag number in any version, or null. */
    FieldDef byTag(int tag) {
        for (FieldDef f : fields) {
            if (f.tag == tag) {
                return f;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return name;
    }
}
