package records;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;

/** Batches whose headers Kafka's classes change: with the setters of a broker, or written anew with another producer. */
final class Restamp {
    private static final int MAGIC = 16;
    private static final int BASE_TIMESTAMP = 27;

    private final Random random;
    private final int rounds;
    private final Consumer<String> out;
    private final Method writeHeader;

    Restamp(long seed, boolean small, Consumer<String> out) {
        this.random = new Random(seed);
        this.rounds = small ? 1 : 6;
        this.out = out;
        this.writeHeader = Arrays.stream(DefaultRecordBatch.class.getDeclaredMethods())
            .filter(method -> method.getName().equals("writeHeader")).findFirst().orElseThrow();
        writeHeader.setAccessible(true);
    }

    /** Restamps a record set, if it is one batch of magic 2, and not so large that it only takes time. */
    void add(byte[] bytes) {
        if (bytes.length > 10_000 || bytes[MAGIC] != 2 || ByteBuffer.wrap(bytes).getInt(8) + 12 != bytes.length) {
            return;
        }
        for (int round = 0; round < rounds; round++) {
            append(bytes);
            adopt(bytes);
        }
    }

    /** What a broker does. */
    private void append(byte[] bytes) {
        byte[] changed = bytes.clone();
        MutableRecordBatch batch = batch(changed);
        Map<String, Object> restamp = new TreeMap<>();
        if (random.nextInt(4) > 0) {
            long base = random.nextLong() >>> 8;
            batch.setLastOffset(base + batch.lastOffset() - batch.baseOffset());
            restamp.put("baseOffset", base);
        }
        if (random.nextInt(4) > 0) {
            int epoch = random.nextInt(1 << 20) - 1;
            batch.setPartitionLeaderEpoch(epoch);
            restamp.put("leaderEpoch", epoch);
        }
        if (random.nextInt(4) > 0) {
            TimestampType type = random.nextBoolean() ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
            long time = random.nextInt(3) == 0 ? batch.maxTimestamp() : Cases.NOW + random.nextInt();
            batch.setMaxTimestamp(type, time);
            restamp.put("timestampType", type.id);
            restamp.put("maxTimestamp", time);
        }
        write(bytes, restamp, changed);
    }

    /** What a producer does when it knows its id. */
    private void adopt(byte[] bytes) {
        byte[] changed = bytes.clone();
        MutableRecordBatch batch = batch(changed);
        long producer = random.nextLong() >>> 1;
        short epoch = (short) random.nextInt(1 << 15);
        int sequence = random.nextInt() >>> 1;
        boolean transactional = random.nextBoolean();
        boolean control = random.nextBoolean();
        ByteBuffer buffer = ByteBuffer.wrap(changed);
        try {
            writeHeader.invoke(null, buffer, batch.baseOffset(), (int) (batch.lastOffset() - batch.baseOffset()), bytes.length, (byte) 2,
                batch.compressionType(), batch.timestampType(), buffer.getLong(BASE_TIMESTAMP), batch.maxTimestamp(), producer, epoch,
                sequence, transactional, control, batch.deleteHorizonMs().isPresent(), batch.partitionLeaderEpoch(), batch.countOrNull());
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
        Map<String, Object> restamp = new TreeMap<>();
        restamp.put("producerId", producer);
        restamp.put("producerEpoch", epoch);
        restamp.put("baseSequence", sequence);
        restamp.put("transactional", transactional);
        restamp.put("control", control);
        write(bytes, restamp, changed);
    }

    private void write(byte[] bytes, Map<String, Object> restamp, byte[] changed) {
        batch(changed).ensureValid();
        StringJoiner members = new StringJoiner(",", "{", "}");
        restamp.forEach((name, value) -> members.add("\"" + name + "\":" + value));
        HexFormat hex = HexFormat.of();
        out.accept("{\"batch\":\"" + hex.formatHex(bytes) + "\",\"restamp\":" + members + ",\"expected\":\"" + hex.formatHex(changed) + "\"}");
    }

    private static MutableRecordBatch batch(byte[] bytes) {
        return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches().iterator().next();
    }
}
