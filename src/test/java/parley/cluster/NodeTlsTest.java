package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSession;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.event.NoMarkerLogging$;
import org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.app.Handshake;
import parley.app.Node;
import parley.app.NodeConfig;
import parley.app.QuickNode;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.conversation.Conversation;
import parley.model.UserId;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.tls.Authority;
import parley.tls.TlsFiles;

/** Who may connect to the port between nodes. */
@Timeout(120)
class NodeTlsTest {
  @TempDir Path temporary;

  private final Instant now = Instant.now();
  private final Instant before = now.minus(Duration.ofHours(1));
  private final Instant later = now.plus(Duration.ofDays(30));
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @Test
  void aStrangerOnTheMachineCannotReadByTheNodePort() throws Exception {
    Settings settings = settings(Map.of());
    try (Node node = QuickNode.start(settings)) {
      Talk talk = Talk.in(node);
      assertThat(talk.readBy(node, ConfigFactory.empty(), PATIENCE)).isEmpty();
      // A client with this user's own key is accepted, so the refusals above are for lack of it.
      Config own = NodeTls.read(settings, InstantSource.system()).config();
      assertThat(talk.readBy(node, own, Duration.ofSeconds(20)))
          .hasValueSatisfying(page -> assertThat(page).contains("seq=1"));
    }
    assertThat(Files.getPosixFilePermissions(temporary.resolve("data/node-tls")))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    assertThat(Files.getPosixFilePermissions(temporary.resolve("data/node-tls/tls.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void onlyCertificatesOfTheSameAuthorityThatHaveNotExpiredAreLetIn() throws Exception {
    Authority ours = Authority.create(before, later);
    Map<String, String> good = files("good", ours, ours.issue(before, later));
    try (Node node = QuickNode.start(settings(good))) {
      Talk talk = Talk.in(node);
      Authority other = Authority.create(before, later);
      Map<String, Map<String, String>> strangers = new LinkedHashMap<>();
      strangers.put("other authority", files("other", other, other.issue(before, later)));
      // The client trusts our certificate, so the refusal comes from our side.
      strangers.put("believes us", files("believes", ours, other.issue(before, later)));
      strangers.put("expired", files("expired", ours, ours.issue(before, now.minusSeconds(60))));
      for (Map.Entry<String, Map<String, String>> stranger : strangers.entrySet()) {
        assertThat(talk.readBy(node, unchecked(stranger.getValue()), PATIENCE))
            .as(stranger.getKey())
            .isEmpty();
      }
      assertThat(talk.readBy(node, ConfigFactory.empty(), PATIENCE)).as("plain").isEmpty();
      assertThat(talk.members(node)).as("members").isOne();
      Map<String, String> second = files("second", ours, ours.issue(before, later));
      assertThat(talk.readBy(node, unchecked(second), Duration.ofSeconds(20))).isPresent();
    }
  }

  @Test
  void replacedFilesHoldWithoutARestart() throws Exception {
    Authority ours = Authority.create(before, later);
    Map<String, String> files = files("node", ours, ours.issue(before, now.plusSeconds(3600)));
    Config engine =
        unchecked(files)
            .withFallback(ConfigFactory.load())
            .getConfig("pekko.remote.artery.ssl.rotating-keys-engine");
    assertThat(engine.getDuration("ssl-context-cache-ttl"))
        .isLessThanOrEqualTo(Duration.ofMinutes(1));
    var engines =
        new RotatingKeysSSLEngineProvider(
            engine.withValue("ssl-context-cache-ttl", ConfigValueFactory.fromAnyRef("0 s")),
            NoMarkerLogging$.MODULE$);
    SSLSession first = Handshake.between(engines);
    assertThat(first.getProtocol()).isEqualTo("TLSv1.3");
    assertThat(serial(first)).isEqualTo(serial(Handshake.between(engines)));
    files("node", ours, ours.issue(before, later));
    assertThat(serial(Handshake.between(engines))).isNotEqualTo(serial(first));
  }

  private static BigInteger serial(SSLSession session) throws Exception {
    return ((X509Certificate) session.getPeerCertificates()[0]).getSerialNumber();
  }

  @Test
  void unusableFilesAreRefusedByNameAtTheStart() throws Exception {
    Authority ours = Authority.create(before, later);
    Authority other = Authority.create(before, later);
    Map<String, String> good = files("good", ours, ours.issue(before, later));
    refused(
        files("expired", ours, ours.issue(before, now.minusSeconds(60))),
        "PARLEY_NODE_TLS_CERT",
        "has expired on");
    refused(
        files("early", ours, ours.issue(later, later.plusSeconds(60))),
        "PARLEY_NODE_TLS_CERT",
        "is not good before");
    refused(
        files("foreign", ours, other.issue(before, later)),
        "PARLEY_NODE_TLS_CERT",
        "is not signed by");
    Map<String, String> swapped = new HashMap<>(good);
    swapped.put(
        "PARLEY_NODE_TLS_KEY",
        files("second", ours, ours.issue(before, later)).get("PARLEY_NODE_TLS_KEY"));
    refused(swapped, "PARLEY_NODE_TLS_KEY", "is not the key of the certificate");
    Map<String, String> text = new HashMap<>(good);
    text.put("PARLEY_NODE_TLS_KEY", Path.of("pom.xml").toString());
    refused(text, "PARLEY_NODE_TLS_KEY", "is no private key in PEM");
    text = new HashMap<>(good);
    text.put("PARLEY_NODE_TLS_CA", good.get("PARLEY_NODE_TLS_CERT"));
    refused(text, "PARLEY_NODE_TLS_CA", "is no certificate of an authority");
    refused(
        files("old", Authority.create(before, now.minusSeconds(60)), ours.issue(before, later)),
        "PARLEY_NODE_TLS_CA",
        "has expired on");
  }

  private void refused(Map<String, String> files, String variable, String why) throws Exception {
    Settings settings = settings(files);
    assertThatThrownBy(() -> NodeTls.read(settings, InstantSource.system()))
        .isInstanceOf(SettingsException.class)
        .hasMessageStartingWith(variable + ": ")
        .hasMessageContaining(why)
        .hasMessageNotContaining("\n");
  }

  /** Writes the files, and returns the settings that name them. */
  private Map<String, String> files(String name, Authority trusted, Authority.Issued issued)
      throws Exception {
    Path folder = Files.createDirectories(temporary.resolve(name));
    TlsFiles files = TlsFiles.in(folder);
    Files.writeString(files.cert(), issued.certificate());
    Files.writeString(files.key(), issued.key());
    Files.writeString(folder.resolve(TlsFiles.CA), trusted.certificate());
    return Map.of(
        "PARLEY_NODE_TLS_CERT", files.cert().toString(),
        "PARLEY_NODE_TLS_KEY", files.key().toString(),
        "PARLEY_NODE_TLS_CA", folder.resolve(TlsFiles.CA).toString());
  }

  /** The transport's configuration with these files, without the checks of the server. */
  private static Config unchecked(Map<String, String> files) {
    return NodeTls.config(
        new TlsFiles(
            Path.of(files.get("PARLEY_NODE_TLS_CERT")),
            Path.of(files.get("PARLEY_NODE_TLS_KEY")),
            Path.of(files.get("PARLEY_NODE_TLS_CA"))));
  }

  private Settings settings(Map<String, String> more) throws SettingsException {
    Map<String, String> all = new java.util.HashMap<>(more);
    all.put("PARLEY_DATA_DIR", temporary.resolve("data").toString());
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    return Settings.from(all);
  }

  /** A private message on a node. */
  private record Talk(String ann, String conversation) {
    static Talk in(Node node) throws Exception {
      try (ParleyClient client =
          new ParleyClient(java.net.URI.create("http://" + node.listening()))) {
        TestAccount ann = client.register("ann");
        TestAccount ben = client.register("ben");
        String direct = client.direct(ann, ben.userId());
        try (ParleySocket phone = client.connectSynced(ann, "phone")) {
          phone.text(direct, "between us");
        }
        return new Talk(ann.userId(), direct);
      }
    }

    int members(Node node) {
      return (int)
          java.util.stream.StreamSupport.stream(
                  Cluster.get(node.system()).state().getMembers().spliterator(), false)
              .count();
    }

    /**
     * Returns what a process outside the cluster can read within that time, if it asks the node's
     * entities as another node would.
     */
    Optional<String> readBy(Node node, Config outsider, Duration patience) throws Exception {
      // A refused process must not become a member either, and must not stay in the cluster as a
      // dead one.
      boolean join = patience.equals(PATIENCE);
      ActorSystem<Void> system =
          ActorSystem.create(
              Behaviors.empty(),
              "parley",
              outsider
                  .withFallback(
                      ConfigFactory.parseString(
                          """
                          pekko.loglevel = WARNING
                          pekko.cluster.jmx.enabled = off
                          pekko.coordinated-shutdown.run-by-actor-system-terminate = off
                          """))
                  .withFallback(
                      NodeConfig.of(
                          Settings.from(Map.of("PARLEY_PORT", "0", "PARLEY_MANAGEMENT_PORT", "0")),
                          ConfigFactory.empty())));
      try {
        var address = Cluster.get(node.system()).selfMember().address();
        var region =
            ActorRefResolver.get(system)
                .<ShardingEnvelope<Conversation.Command>>resolveActorRef(
                    address + "/system/sharding/" + Conversation.KEY.name());
        // Otherwise it would be a member, too.
        if (join) {
          Cluster.get(system).manager().tell(new Join(address));
        }
        return Optional.of(
            AskPattern.<ShardingEnvelope<Conversation.Command>, Conversation.PageReply>ask(
                    region,
                    replyTo ->
                        new ShardingEnvelope<>(
                            conversation,
                            new Conversation.GetPage(
                                new UserId(ann), null, null, 10, true, replyTo)),
                    patience,
                    system.scheduler())
                .toCompletableFuture()
                .get(patience.toSeconds() + 5, TimeUnit.SECONDS)
                .toString());
      } catch (ExecutionException | TimeoutException e) {
        return Optional.empty();
      } finally {
        // The test does not wait for its end: over TLS, Artery may never report it ({@code
        // StopWatchdog}).
        system.terminate();
      }
    }
  }
}
