package records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.StringJoiner;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.CloseableIterator;

/** What Kafka's classes read in a record set, as a line of JSON. */
final class Describe {
    private Describe() {
    }

    static String line(String name, byte[] bytes) {
        StringJoiner entries = new StringJoiner(",", "[", "]");
        String error = null;
        try {
            for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
                entries.add(entry(batch));
            }
        } catch (RuntimeException | Error thrown) {
            error = thrown.getClass().getSimpleName();
        }
        return "{\"case\":\"" + name + "\",\"hex\":\"" + HexFormat.of().formatHex(bytes) + "\",\"entries\":" + entries
            + ",\"error\":" + quoted(error) + "}";
    }

    private static String entry(MutableRecordBatch batch) {
        StringBuilder out = new StringBuilder("{\"magic\":" + batch.magic());
        String error = null;
        StringJoiner records = new StringJoiner(",", "[", "]");
        try {
            batch.ensureValid();
            out.append(fields(batch));
        } catch (RuntimeException | Error thrown) {
            error = thrown.getClass().getSimpleName();
        }
        if (error == null) {
            try (CloseableIterator<Record> all = batch.streamingIterator(BufferSupplier.create())) {
                while (all.hasNext()) {
                    Record record = all.next();
                    record.ensureValid();
                    records.add(record(record));
                }
            } catch (RuntimeException | Error thrown) {
                error = thrown.getClass().getSimpleName();
            }
        }
        return out + ",\"records\":" + records + ",\"error\":" + quoted(error) + "}";
    }

    private static String fields(MutableRecordBatch batch) {
        return ",\"compression\":" + batch.compressionType().id
            + ",\"timestampType\":" + batch.timestampType().id
            + ",\"maxTimestamp\":" + batch.maxTimestamp()
            + ",\"lastOffset\":" + batch.lastOffset()
            + (batch.magic() == 2 ? header(batch) : "");
    }

    private static String header(MutableRecordBatch batch) {
        return ",\"baseOffset\":" + batch.baseOffset()
            + ",\"count\":" + batch.countOrNull()
            + ",\"leaderEpoch\":" + batch.partitionLeaderEpoch()
            + ",\"producerId\":" + batch.producerId()
            + ",\"producerEpoch\":" + batch.producerEpoch()
            + ",\"baseSequence\":" + batch.baseSequence()
            + ",\"lastSequence\":" + batch.lastSequence()
            + ",\"transactional\":" + batch.isTransactional()
            + ",\"control\":" + batch.isControlBatch()
            + ",\"deleteHorizon\":" + (batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : "null");
    }

    /** Offset, timestamp, sequence, key, value, headers. */
    private static String record(Record record) {
        StringJoiner headers = new StringJoiner(",", "[", "]");
        for (Header header : record.headers()) {
            String key = HexFormat.of().formatHex(header.key().getBytes(StandardCharsets.UTF_8));
            byte[] value = header.value();
            headers.add("[\"" + key + "\"," + quoted(value == null ? null : HexFormat.of().formatHex(value)) + "]");
        }
        return "[" + record.offset() + "," + record.timestamp() + "," + record.sequence() + ","
            + hex(record.key()) + "," + hex(record.value()) + "," + headers + "]";
    }

    private static String hex(ByteBuffer bytes) {
        if (bytes == null) {
            return "null";
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return quoted(HexFormat.of().formatHex(copy));
    }

    private static String quoted(String text) {
        return text == null ? "null" : "\"" + text + "\"";
    }
}
