package oracle;

import java.util.Random;

/** One message in one version: what every maker of cases is about. */
record Pair(MessageDef message, int version) {
    StructDef root() {
        return message.root();
    }

    boolean flexible() {
        return message.flexible().contains(version);
    }

    Encoded encode(StructValue value, Encoder.Changes changes) {
        return Encoder.encode(message, version, value, changes);
    }

    Sampler sampler() {
        return new Sampler(version);
    }

    /** Randomness that depends on the seed, the pair and the purpose only, so that no case moves when another is added. */
    Random random(long seed, String purpose) {
        long h = seed;
        for (char c : (message.name() + '/' + version + '/' + purpose).toCharArray()) {
            h = (h ^ c) * 0x9e3779b97f4a7c15L;
            h ^= h >>> 29;
        }
        return new Random(h);
    }

    @Override
    public String toString() {
        return message.name() + " v" + version;
    }
}
