package records;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/** Batches that a plain producer does not write: with producer ids, of transactions, of control records, compacted. */
final class Special {
    interface Values {
        List<SimpleRecord> of(Random random, int magic, int count, int size);
    }

    private final Random random;
    private final BiConsumer<String, byte[]> out;
    private final Values values;

    Special(Random random, BiConsumer<String, byte[]> out, Values values) {
        this.random = random;
        this.out = out;
        this.values = values;
    }

    void write(Map<String, Supplier<Compression>> codecs) throws ReflectiveOperationException {
        for (Map.Entry<String, Supplier<Compression>> codec : codecs.entrySet()) {
            Compression compression = codec.getValue().get();
            out.accept("idempotent-" + codec.getKey(), produced(compression, 0, false));
            out.accept("transactional-" + codec.getKey(), produced(compression, 77, true));
            out.accept("sequence-wraps-" + codec.getKey(), produced(compression, Integer.MAX_VALUE - 2, true));
            byte[] batch = produced(compression, 5, true);
            out.accept("compacted-" + codec.getKey(), compacted(batch, 0, RecordFilter.RETAIN_EMPTY));
            out.accept("compacted-all-" + codec.getKey(), compacted(batch, 1, RecordFilter.RETAIN_EMPTY));
            out.accept("delete-horizon-" + codec.getKey(), compacted(batch, 2, RecordFilter.DELETE_EMPTY));
        }
        control();
    }

    private byte[] produced(Compression compression, int baseSequence, boolean transactional) {
        ByteBufferOutputStream buffer = new ByteBufferOutputStream(1024);
        try (MemoryRecordsBuilder builder = new MemoryRecordsBuilder(buffer, (byte) 2, compression, TimestampType.CREATE_TIME, 1000L, -1,
                4711L, (short) 3, baseSequence, transactional, false, 12, Integer.MAX_VALUE)) {
            values.of(random, 2, 9, 30).forEach(builder::append);
            return Cases.bytes(builder.build().buffer());
        }
    }

    private void control() {
        for (ControlRecordType type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT)) {
            out.accept("control-" + type, control(true, builder ->
                builder.appendEndTxnMarker(Cases.NOW, new EndTransactionMarker(type, 42))));
        }
        LeaderChangeMessage leader = new LeaderChangeMessage().setVersion((short) 0).setLeaderId(3)
            .setVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(3), new LeaderChangeMessage.Voter().setVoterId(4)))
            .setGrantingVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(4)));
        out.accept("control-leader-0", control(false, builder -> builder.appendLeaderChangeMessage(Cases.NOW, leader)));
        VotersRecord voters = new VotersRecord().setVoters(List.of(new VotersRecord.Voter().setVoterId(3)
            .setVoterDirectoryId(new Uuid(5, 6)).setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature().setMaxSupportedVersion((short) 1))
            .setEndpoints(endpoint())));
        out.accept("control-snapshot-header", control(false, builder -> {
            builder.appendSnapshotHeaderMessage(Cases.NOW, new SnapshotHeaderRecord().setLastContainedLogTimestamp(Cases.NOW - 5));
            builder.appendKRaftVersionMessage(Cases.NOW, new KRaftVersionRecord().setKRaftVersion((short) 1));
            builder.appendVotersMessage(Cases.NOW, voters);
        }));
        out.accept("control-snapshot-footer", control(false, builder ->
            builder.appendSnapshotFooterMessage(Cases.NOW, new SnapshotFooterRecord())));
    }

    private static VotersRecord.EndpointCollection endpoint() {
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("controller-3").setPort(65_000));
        return endpoints;
    }

    private static byte[] control(boolean transactional, java.util.function.Consumer<MemoryRecordsBuilder> append) {
        long producer = transactional ? 4711L : -1L;
        try (MemoryRecordsBuilder builder = new MemoryRecordsBuilder(new ByteBufferOutputStream(1024), (byte) 2, Compression.NONE,
                TimestampType.CREATE_TIME, 2000L, -1, producer, (short) (transactional ? 3 : -1), -1, transactional, true, 12, Integer.MAX_VALUE)) {
            append.accept(builder);
            return Cases.bytes(builder.build().buffer());
        }
    }

    /** What the log cleaner makes of a batch: keeps some records (0), none (1), or all with a delete horizon (2). */
    private static byte[] compacted(byte[] batch, int how, RecordFilter empty) throws ReflectiveOperationException {
        MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(Cases.NOW, 60_000) {
            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch records) {
                return new BatchRetentionResult(empty == RecordFilter.RETAIN_EMPTY
                    ? MemoryRecords.RecordFilter.BatchRetention.RETAIN_EMPTY : MemoryRecords.RecordFilter.BatchRetention.DELETE_EMPTY, how == 2);
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch records, Record record) {
                return how == 2 || how == 0 && record.offset() % 3 == 1;
            }
        };
        ByteBuffer out = ByteBuffer.allocate(100_000);
        MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(batch));
        for (Method method : MemoryRecords.class.getMethods()) {
            if (method.getName().equals("filterTo")) {
                Object result = method.getParameterCount() == 4
                    ? method.invoke(records, filter, out, BufferSupplier.NO_CACHING, Integer.MAX_VALUE)
                    : method.invoke(records, new TopicPartition("t", 0), filter, out, Integer.MAX_VALUE, BufferSupplier.NO_CACHING);
                return Cases.bytes(((MemoryRecords.FilterResult) result).outputBuffer().flip());
            }
        }
        throw new NoSuchMethodException("MemoryRecords.filterTo");
    }

    private enum RecordFilter { RETAIN_EMPTY, DELETE_EMPTY }
}
