package records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/** The record sets that Kafka writes: every magic, codec and kind of batch, with values by rule and at random. */
final class Cases {
    static final long NOW = 1_700_000_000_000L;

    private final Random random;
    private final boolean small;
    private final BiConsumer<String, byte[]> out;
    private final Map<String, byte[]> plain = new TreeMap<>();

    Cases(long seed, boolean small, BiConsumer<String, byte[]> out) {
        this.random = new Random(seed);
        this.small = small;
        this.out = out;
    }

    void write() throws ReflectiveOperationException {
        for (int magic = 0; magic <= 2; magic++) {
            for (Map.Entry<String, Supplier<Compression>> codec : codecs(magic).entrySet()) {
                for (TimestampType type : List.of(TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME)) {
                    if (magic > 0 || type == TimestampType.CREATE_TIME) {
                        sets((byte) magic, codec.getKey(), codec.getValue().get(), type);
                    }
                }
            }
        }
        new Special(random, this::add, Cases::records).write(codecs(2));
        add("concatenated", concatenated(plain.values()));
    }

    private void sets(byte magic, String codec, Compression compression, TimestampType type) {
        String name = "v" + magic + "-" + codec + (type == TimestampType.CREATE_TIME ? "" : "-append");
        add(name + "-one", set(magic, compression, type, List.of(record(magic, 5, 3))));
        add(name + "-null", set(magic, compression, type, List.of(new SimpleRecord(magic == 0 ? -1 : NOW, (byte[]) null, null))));
        int rounds = small ? 1 : 8;
        for (int round = 0; round < rounds; round++) {
            byte[] bytes = set(magic, compression, type, records(random, magic, 2 + random.nextInt(small ? 4 : 20), 40));
            add(name + "-random-" + round, bytes);
            plain.put(name, bytes);
        }
        if (!small) {
            add(name + "-many", set(magic, compression, type, records(random, magic, 700, 400)));
            add(name + "-large", set(magic, compression, type, List.of(record(magic, 300_000, 2), record(magic, 200_000, 200), record(magic, 9, 9))));
        }
    }

    /** Bytes that compress well if there are few {@code letters}. */
    private SimpleRecord record(int magic, int size, int letters) {
        byte[] value = new byte[size];
        for (int i = 0; i < size; i++) {
            value[i] = (byte) random.nextInt(letters);
        }
        return new SimpleRecord(magic == 0 ? -1 : NOW, "key".getBytes(StandardCharsets.UTF_8), value);
    }

    private static byte[] set(byte magic, Compression compression, TimestampType type, List<SimpleRecord> records) {
        ByteBufferOutputStream buffer = new ByteBufferOutputStream(1024);
        long append = type == TimestampType.LOG_APPEND_TIME ? NOW + 77 : -1;
        try (MemoryRecordsBuilder builder = new MemoryRecordsBuilder(buffer, magic, compression, type, 4_000_000_000L, append,
                -1L, (short) -1, -1, false, false, -1, Integer.MAX_VALUE)) {
            records.forEach(builder::append);
            return bytes(builder.build().buffer());
        }
    }

    static List<SimpleRecord> records(Random random, int magic, int count, int size) {
        List<SimpleRecord> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long timestamp = magic == 0 || random.nextInt(20) == 0 ? -1 : NOW + random.nextInt(100_000) - 50_000;
            byte[] key = random.nextInt(4) == 0 ? null : ("key-" + random.nextInt(50)).getBytes(StandardCharsets.UTF_8);
            byte[] value = random.nextInt(6) == 0 ? null : ("{\"n\":" + i + ",\"text\":\"" + "x".repeat(random.nextInt(size)) + "\"}").getBytes(StandardCharsets.UTF_8);
            Header[] headers = new Header[magic == 2 ? Math.max(0, random.nextInt(6) - 3) : 0];
            for (int h = 0; h < headers.length; h++) {
                String name = List.of("", "trace", "trace", "größe", "k".repeat(70)).get(random.nextInt(5));
                headers[h] = new RecordHeader(name, random.nextInt(3) == 0 ? null : new byte[random.nextInt(80)]);
            }
            records.add(new SimpleRecord(timestamp, key, value, headers));
        }
        return records;
    }

    private Map<String, Supplier<Compression>> codecs(int magic) {
        Map<String, Supplier<Compression>> codecs = new TreeMap<>();
        codecs.put("none", () -> Compression.of("none").build());
        codecs.put("gzip", () -> Compression.of("gzip").build());
        codecs.put("snappy", () -> Compression.of("snappy").build());
        codecs.put("lz4", () -> Compression.of("lz4").build());
        if (magic == 2) {
            codecs.put("zstd", () -> Compression.of("zstd").build());
        }
        if (!small) {
            codecs.put("gzip1", () -> Compression.gzip().level(1).build());
            codecs.put("gzip9", () -> Compression.gzip().level(9).build());
            codecs.put("lz4hc", () -> Compression.lz4().level(17).build());
            if (magic == 2) {
                codecs.put("zstd-fast", () -> Compression.zstd().level(-1000).build());
                codecs.put("zstd22", () -> Compression.zstd().level(22).build());
            }
        }
        return codecs;
    }

    private void add(String name, byte[] bytes) {
        out.accept(name, bytes);
    }

    private static byte[] concatenated(Iterable<byte[]> sets) {
        ByteBuffer all = ByteBuffer.allocate(4_000_000);
        sets.forEach(all::put);
        return bytes(all.flip());
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.duplicate().get(copy);
        return copy;
    }
}
