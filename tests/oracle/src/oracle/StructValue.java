package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The value of a struct, of any message: one object a field, in the order of the definition.
 * Booleans, longs (every integer), doubles, UUIDs, strings, byte arrays (bytes and records), lists, structs, null.
 */
final class StructValue {
    final StructDef def;
    final Object[] values;
    final TreeMap<Integer, byte[]> unknown = new TreeMap<>();

    private StructValue(StructDef def) {
        this.def = def;
        this.values = new Object[def.fields().size()];
    }

    static StructValue defaults(StructDef def) {
        StructValue v = new StructValue(def);
        for (int i = 0; i < v.values.length; i++) {
            v.values[i] = def.fields().get(i).defaultValue();
        }
        return v;
    }

    Object get(FieldDef field) {
        return values[def.fields().indexOf(field)];
    }

    StructValue set(FieldDef field, Object value) {
        values[def.fields().indexOf(field)] = value;
        return this;
    }

    List<FieldDef> fieldsIn(int version) {
        List<FieldDef> fields = new ArrayList<>(def.fields());
        fields.removeIf(f -> !f.exists(version));
        return fields;
    }
}
