import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.ApiException;

/** What the Java client does while it is recorded: the scenes in order. Usage: Scenes HOST:PORT HOST:PORT, the second with SASL. */
final class Scenes {
    static String bootstrap;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        try (AdminCalls admin = new AdminCalls()) {
            admin.makeTopics();
            admin.subscribeToMetrics("java-idempotent");
            Producers.idempotent();
            Producers.codecs();
            Producers.withoutAcks();
            Producers.transactions();
            Groups.classic();
            Groups.consumerProtocol();
            admin.prepareShareGroup();
            Groups.share();
            admin.describeEverything();
            admin.groups();
            admin.transactions();
            admin.changeThings();
            admin.refused();
            admin.removeThings();
        }
        Sasl.scenes(arguments[1]);
    }

    /** The settings of a client, of which keys and values come in pairs. */
    static Map<String, Object> settings(String clientId, Object... pairs) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("client.id", clientId);
        for (int i = 0; i < pairs.length; i += 2) {
            settings.put((String) pairs[i], pairs[i + 1]);
        }
        return settings;
    }

    /** Waits for an answer that has to be good. */
    static <T> T done(Future<T> answer) throws Exception {
        return answer.get(30, TimeUnit.SECONDS);
    }

    /** Waits for an answer that becomes good once the broker has heard from its controller of a change just made. */
    static <T> T eventually(Supplier<Future<T>> call) throws Exception {
        for (int tries = 50; ; tries--) {
            try {
                return done(call.get());
            } catch (ExecutionException notYet) {
                if (tries == 0) {
                    throw notYet;
                }
                Thread.sleep(100);
            }
        }
    }

    /** Waits for an answer that has to be an error from the broker: errors are frames too. */
    static void refused(Future<?> answer) throws Exception {
        try {
            Object value = answer.get(30, TimeUnit.SECONDS);
            throw new IllegalStateException("expected an error, got " + value);
        } catch (ExecutionException expected) {
            if (!(expected.getCause() instanceof ApiException)) {
                throw expected;
            }
        }
    }

    private Scenes() {}
}
