package oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes the vectors of one release. Arguments: {@code --release V --jars FOLDER --out FILE}, and optionally
 * {@code --seed N}, {@code --selection}, {@code --newer-jars FOLDER}: pairs that are in those jars are left to them.
 */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        Map<String, String> options = options(args);
        long seed = Long.parseLong(options.getOrDefault("seed", "1"));
        Plan plan = options.containsKey("selection") ? Plan.SELECTION : Plan.FULL;
        Map<String, MessageDef> messages = Definitions.inJars(Path.of(need(options, "jars")));
        Map<String, MessageDef> newer = options.containsKey("newer-jars")
            ? Definitions.inJars(Path.of(options.get("newer-jars"))) : Map.of();
        Path file = Path.of(need(options, "out"));
        Files.createDirectories(file.toAbsolutePath().getParent());
        run(messages, newer, plan, seed, file, need(options, "release"));
    }

    private static void run(Map<String, MessageDef> messages, Map<String, MessageDef> newer, Plan plan, long seed,
                            Path file, String release) throws IOException, ReflectiveOperationException {
        Map<String, Integer> pairs = new TreeMap<>();
        try (Output out = new Output(file, release)) {
            new Tables(out).write(messages, pair -> fate(pair, messages.values(), newer).equals("written"));
            for (MessageDef message : messages.values()) {
                JavaMessage java = new JavaMessage(message);
                for (int v = message.versions().low(); v <= message.versions().high(); v++) {
                    Pair pair = new Pair(message, v);
                    String fate = fate(pair, messages.values(), newer);
                    pairs.merge(fate, 1, Integer::sum);
                    if (fate.equals("written")) {
                        new PairVectors(pair, java, plan, seed, out).write();
                    }
                }
            }
            System.out.println(release + ": pairs " + pairs + ", lines " + out.lines);
        }
        System.out.println(release + ": " + Files.size(file) + " bytes in " + file.getFileName());
    }

    /** The newer release has its own vectors for what is in both; versions that never left early access are in neither. */
    static String fate(Pair pair, Collection<MessageDef> messages, Map<String, MessageDef> newer) {
        MessageDef other = newer.get(pair.message().name());
        if (newer.isEmpty()) {
            return "written";
        }
        if (other != null && other.versions().contains(pair.version())) {
            return "left to the newer release";
        }
        boolean isApi = pair.message().type().equals("request") || pair.message().type().equals("response");
        boolean unstable = isApi && messages.stream().anyMatch(m -> m.type().equals("request")
            && m.apiKey() == pair.message().apiKey() && m.latestUnstable() && m.versions().high() == pair.version());
        return unstable ? "early access" : "written";
    }

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            if (!args[i].startsWith("--")) {
                throw new IllegalArgumentException("expected an option, got " + args[i]);
            }
            String name = args[i].substring(2);
            options.put(name, name.equals("selection") ? "" : i + 1 < args.length ? args[++i] : "");
        }
        return options;
    }

    private static String need(Map<String, String> options, String name) {
        String value = options.get(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }
}
