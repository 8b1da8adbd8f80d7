import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/** The scenes on the SASL listener: PLAIN with re-authentication and delegation tokens, SCRAM, a wrong password. */
final class Sasl {
    static void scenes(String bootstrap) throws Exception {
        Scenes.bootstrap = bootstrap;
        try (Admin alice = admin("java-plain", "PLAIN", "plain.PlainLoginModule", "alice", "alice-secret")) {
            Scenes.done(alice.describeCluster().clusterId());
            var token = Scenes.done(alice.createDelegationToken().delegationToken());
            Scenes.eventually(() -> alice.renewDelegationToken(token.hmac()).expiryTimestamp());
            Scenes.done(alice.describeDelegationToken().delegationTokens());
            Thread.sleep(2000); // as long as a login holds, so that the next call has to come with a new one
            Scenes.done(alice.expireDelegationToken(token.hmac()).expiryTimestamp());
        }
        try (Admin bob = admin("java-scram", "SCRAM-SHA-256", "scram.ScramLoginModule", "bob", "bob-secret")) {
            Scenes.done(bob.describeConfigs(List.of()).all());
            Scenes.done(bob.describeCluster().nodes());
        }
        for (var module : Map.of("PLAIN", "plain.PlainLoginModule", "SCRAM-SHA-256", "scram.ScramLoginModule").entrySet()) {
            try (Admin mallory = admin("java-wrong", module.getKey(), module.getValue(), "mallory", "guess")) {
                Scenes.refused(mallory.describeCluster().nodes());
            }
        }
    }

    private static Admin admin(String clientId, String mechanism, String module, String user, String password) {
        var login = "org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\";".formatted(module, user, password);
        return Admin.create(Scenes.settings(clientId, "security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", mechanism, "sasl.jaas.config", login));
    }

    private Sasl() {}
}
