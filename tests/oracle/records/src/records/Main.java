package records;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;

/**
 * Writes record sets with Kafka's classes and says what is in them, or says what Kafka's classes read in given bytes.
 * Arguments: {@code write FILE.gz SEED} or {@code restamp FILE.gz SEED} with {@code small} or {@code all} behind it, or
 * {@code read IN OUT}.
 */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "write" -> write(Path.of(args[1]), Long.parseLong(args[2]), args[3].equals("small"));
            case "restamp" -> restamp(Path.of(args[1]), Long.parseLong(args[2]), args[3].equals("small"));
            case "read" -> read(Path.of(args[1]), Path.of(args[2]));
            default -> throw new IllegalArgumentException("write, restamp or read, not " + args[0]);
        }
    }

    private static void write(Path file, long seed, boolean small) throws IOException, ReflectiveOperationException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (PrintStream out = new PrintStream(new GZIPOutputStream(Files.newOutputStream(file)), false, StandardCharsets.UTF_8)) {
            int[] lines = {0};
            new Cases(seed, small, (name, bytes) -> {
                out.print(Describe.line(name, bytes) + "\n");
                lines[0]++;
            }).write();
            System.out.println(lines[0] + " record sets in " + file.getFileName());
        }
    }

    private static void restamp(Path file, long seed, boolean small) throws IOException, ReflectiveOperationException {
        try (PrintStream out = new PrintStream(new GZIPOutputStream(Files.newOutputStream(file)), false, StandardCharsets.UTF_8)) {
            int[] lines = {0};
            Restamp restamp = new Restamp(seed, small, line -> {
                out.print(line + "\n");
                lines[0]++;
            });
            new Cases(seed, small, (name, bytes) -> restamp.add(bytes)).write();
            System.out.println(lines[0] + " restamped batches in " + file.getFileName());
        }
    }

    /** Lines of a name, a tab and hexadecimal bytes. */
    private static void read(Path in, Path file) throws IOException {
        int lines = 0;
        try (BufferedReader lineReader = Files.newBufferedReader(in); Writer out = Files.newBufferedWriter(file)) {
            for (String line = lineReader.readLine(); line != null; line = lineReader.readLine()) {
                String[] parts = line.split("\t", -1);
                out.write(Describe.line(parts[0], HexFormat.of().parseHex(parts[1])) + "\n");
                lines++;
            }
        }
        System.out.println(lines + " record sets read");
    }
}
