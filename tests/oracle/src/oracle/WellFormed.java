package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;

/** Messages as a peer that follows the rules would send them. */
final class WellFormed {
    private final Pair pair;
    private final BiConsumer<String, StructValue> out;

    WellFormed(Pair pair, BiConsumer<String, StructValue> out) {
        this.pair = pair;
        this.out = out;
    }

    void make(Plan plan, long seed) {
        StructValue plain = StructValue.defaults(pair.root());
        StructValue defaults = pair.sampler().encodableDefaults(pair.root());
        out.accept(Values.same(plain, defaults) ? "default" : "default-records", defaults);
        out.accept("full", pair.sampler().full(pair.root(), 2));
        for (List<FieldDef> path : Paths.where(pair.root(), pair.version(), f -> f.isTagged(pair.version()))) {
            out.accept("tag-" + Paths.name(path), tagAlone(path));
        }
        for (List<FieldDef> path : Paths.where(pair.root(), pair.version(), f -> f.isNullable(pair.version()))) {
            out.accept("null-" + Paths.name(path), pair.sampler().reaching(pair.root(), path, null));
        }
        out.accept("lowest", new Borders(pair.version(), false).struct(pair.root()));
        out.accept("highest", new Borders(pair.version(), true).struct(pair.root()));
        for (int i = 1; i <= plan.randoms(); i++) {
            Random random = pair.random(seed, "random-" + i);
            int big = random.nextInt(plan.bigEvery()) == 0 ? 2 : 0;
            out.accept("random-" + i,
                new RandomValues(random, pair.message(), pair.version(), big).struct(pair.root()));
        }
    }

    private StructValue tagAlone(List<FieldDef> path) {
        Sampler sampler = pair.sampler();
        return sampler.reaching(pair.root(), new ArrayList<>(path), sampler.full(Paths.last(path), 1));
    }
}
