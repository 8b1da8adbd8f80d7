import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** Kafka's generated classes in the table of peers: see ../shared/src/lib.rs for what standard input says. */
public final class Peer {
    private static final com.sun.management.ThreadMXBean THREADS =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** How many nanoseconds of CPU time each payload is decoded and encoded before anything is measured. */
    private static final long WARM_UP = 2_000_000_000L;
    private static final byte[] HOSTILE = {0, 0, 0, 0, -1, -1, -1, -1, 7, 0};

    private final Supplier<ApiMessage> type;
    private final short version;
    private final byte[] bytes;
    private final ByteBuffer buffer;
    private final ApiMessage value;
    /** So that nothing is left out because nobody looks at it. */
    private Object last;

    private Peer(String name, short version, byte[] bytes) {
        this.type = type(name);
        this.version = version;
        this.bytes = bytes;
        this.buffer = ByteBuffer.allocate(2 * bytes.length);
        this.value = type.get();
        value.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), version);
    }

    private static Supplier<ApiMessage> type(String name) {
        switch (name) {
            case "MetadataResponse":
                return MetadataResponseData::new;
            case "FetchResponse":
                return FetchResponseData::new;
            case "OffsetCommitRequest":
                return OffsetCommitRequestData::new;
            case "ApiVersionsResponse":
                return ApiVersionsResponseData::new;
            case "ProduceRequest":
                return ProduceRequestData::new;
            default:
                throw new IllegalArgumentException(name);
        }
    }

    private void decode() {
        ApiMessage message = type.get();
        message.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), version);
        last = message;
    }

    /** Asks for the size first, as Kafka does before it writes. */
    private void encode() {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        last = value.size(cache, version);
        buffer.clear();
        value.write(new ByteBufferAccessor(buffer), cache, version);
        buffer.flip();
    }

    public static void main(String[] args) throws IOException {
        List<Peer> peers = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(args[0], "list"))) {
            String[] words = line.split(" ");
            peers.add(new Peer(words[0], Short.parseShort(words[1]), Files.readAllBytes(Path.of(args[0], words[2]))));
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            System.out.println(words[0].equals("hostile") ? hostile() : peers.get(Integer.parseInt(words[1])).answer(words));
        }
    }

    private String answer(String[] words) {
        switch (words[0]) {
            case "kind":
                // Until the compiler of the virtual machine has nothing left to do.
                for (long end = THREADS.getCurrentThreadCpuTime() + WARM_UP; THREADS.getCurrentThreadCpuTime() < end;) {
                    decode();
                    encode();
                }
                return buffer.equals(ByteBuffer.wrap(bytes)) ? "equal" : "differ";
            case "decode":
                return repeat(this::decode, words[2]);
            case "encode":
                return repeat(this::encode, words[2]);
            case "memory":
                // Once before, so that classes are loaded. The number of allocations is not known.
                decode();
                return "- " + allocated(this::decode) + " -";
            default:
                throw new IllegalArgumentException(words[0]);
        }
    }

    private static String repeat(Runnable work, String times) {
        for (int left = Integer.parseInt(times); left > 0; left--) {
            work.run();
        }
        return "done";
    }

    private static long allocated(Runnable work) {
        long thread = Thread.currentThread().getId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        work.run();
        return THREADS.getThreadAllocatedBytes(thread) - before;
    }

    private static String hostile() {
        String[] verdict = {"accepted"};
        long bytes = allocated(() -> {
            try {
                new MetadataResponseData(new ByteBufferAccessor(ByteBuffer.wrap(HOSTILE)), (short) 12);
            } catch (RuntimeException e) {
                verdict[0] = "refused";
            }
        });
        return verdict[0] + " " + bytes;
    }
}
