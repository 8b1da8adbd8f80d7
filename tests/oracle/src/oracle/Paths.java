package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The places of a message in one version, as the fields that lead there. */
final class Paths {
    private Paths() {
    }

    static List<List<FieldDef>> where(StructDef root, int version, Predicate<FieldDef> wanted) {
        List<List<FieldDef>> found = new ArrayList<>();
        walk(root, version, new ArrayList<>(), wanted, found);
        return found;
    }

    private static void walk(StructDef at, int version, List<FieldDef> path, Predicate<FieldDef> wanted,
                             List<List<FieldDef>> found) {
        for (FieldDef field : at.fields()) {
            if (!field.exists(version)) {
                continue;
            }
            path.add(field);
            if (wanted.test(field)) {
                found.add(List.copyOf(path));
            }
            if (field.struct != null) {
                walk(field.struct, version, path, wanted, found);
            }
            path.remove(path.size() - 1);
        }
    }

    static String name(List<FieldDef> path) {
        return path.stream().map(f -> f.name).collect(Collectors.joining("."));
    }

    static FieldDef last(List<FieldDef> path) {
        return path.get(path.size() - 1);
    }
}
