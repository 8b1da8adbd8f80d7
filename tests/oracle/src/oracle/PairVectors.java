package oracle;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.protocol.Message;

/** Writes every line about one message in one version. */
final class PairVectors {
    private final Pair pair;
    private final JavaMessage java;
    private final Plan plan;
    private final long seed;
    private final Output out;
    private final Set<String> seen = new HashSet<>();

    PairVectors(Pair pair, JavaMessage java, Plan plan, long seed, Output out) {
        this.pair = pair;
        this.java = java;
        this.plan = plan;
        this.seed = seed;
        this.out = out;
    }

    void write() {
        new WellFormed(pair, this::message).make(plan, seed);
        new Lenient(pair, seed, this::lenient).make(plan);
        for (int i = 0; i < plan.bases(); i++) {
            Random random = pair.random(seed, "malformed-" + i);
            StructValue base = i == 0 ? pair.sampler().full(pair.root(), 1)
                : new RandomValues(random, pair.message(), pair.version(), 0).struct(pair.root());
            new Malformed(pair, base, random, this::malformed).make(plan.faults());
        }
    }

    private ObjectNode line(String kind) {
        return out.line(kind).put("name", pair.message().name()).put("type", pair.message().type())
            .put("version", pair.version());
    }

    /** Our encoding, Java's encoding and Java's encoding of what it decodes must all be the same. */
    private void message(String name, StructValue value) {
        try {
            byte[] ours = pair.encode(value, Encoder.Changes.NONE).bytes();
            Message message = java.build(value, pair.version());
            byte[] theirs = JavaMessage.write(message, pair.version());
            same(name + ": our encoder and Java differ", ours, theirs);
            JavaMessage.Read again = java.read(theirs, pair.version());
            same(name + ": Java changes its own bytes", theirs, JavaMessage.write(again.message(), pair.version()));
            String hex = Bytes.hex(theirs);
            if (seen.add(hex) || !name.startsWith("random-")) {
                ObjectNode line = line("message").put("case", name).put("hex", hex);
                line.set("json", java.json(message, pair.version()));
                out.write(line);
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException(pair + " " + name, e);
        }
    }

    private void lenient(String name, byte[] bytes) {
        try {
            JavaMessage.Read read = java.read(bytes, pair.version());
            if (read.consumed() != bytes.length) {
                throw new IllegalStateException("Java left " + (bytes.length - read.consumed()) + " bytes");
            }
            ObjectNode line = line("lenient").put("case", name).put("hex", Bytes.hex(bytes))
                .put("canonical", Bytes.hex(JavaMessage.write(read.message(), pair.version())));
            line.set("json", java.json(read.message(), pair.version()));
            out.write(line);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException(pair + " " + name + " " + Bytes.hex(bytes), e);
        }
    }

    private void malformed(String fault, byte[] bytes) {
        String hex = Bytes.hex(bytes);
        if (!seen.add(fault + hex)) {
            return;
        }
        ObjectNode line = line("malformed").put("fault", fault).put("hex", hex);
        try {
            JavaMessage.Read read = java.read(bytes, pair.version());
            line.put("verdict", "accept").put("consumed", read.consumed());
            reencode(line, read.message());
        } catch (RuntimeException e) {
            line.put("verdict", "reject").put("exception", e.getClass().getSimpleName());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(pair + " " + fault, e);
        }
        out.write(line);
    }

    private void reencode(ObjectNode line, Message message) {
        try {
            line.put("canonical", Bytes.hex(JavaMessage.write(message, pair.version())));
        } catch (RuntimeException e) {
            line.put("reencode", e.getClass().getSimpleName());
        }
    }

    private static void same(String what, byte[] a, byte[] b) {
        if (!Arrays.equals(a, b)) {
            throw new IllegalStateException(what + "\n  " + Bytes.hex(a) + "\n  " + Bytes.hex(b));
        }
    }
}
