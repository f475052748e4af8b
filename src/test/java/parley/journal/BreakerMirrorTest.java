package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.micrometer.core.instrument.Tag;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.pattern.CircuitBreakerOpenException;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.telemetry.ProcessMeters;
import parley.telemetry.Telemetry;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** The mirrors of the breakers of the embedded store say what Pekko's own breakers do. */
@Timeout(60)
class BreakerMirrorTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int FAILURES = 3;

  @TempDir Path folder;
  private final Telemetry telemetry = new Telemetry();
  private ActorSystem system;
  private JournalFile file;

  @BeforeEach
  void start() throws Exception {
    BreakerMirror.registerMeters();
    file = JournalFile.open(folder);
    system =
        ActorSystem.create(
            "breakers",
            ConfigFactory.parseString(
                    """
                    pekko.actor.provider = local
                    pekko.loglevel = OFF
                    breaker { max-failures = %d, call-timeout = 20 s, reset-timeout = 200 ms }
                    parley-journal.circuit-breaker = ${breaker}
                    parley-embedded-snapshots.circuit-breaker = ${breaker}
                    """
                        .formatted(FAILURES))
                .withFallback(EmbeddedJournalRulesTest.config(folder))
                .withFallback(ConfigFactory.load())
                .resolve());
  }

  @AfterEach
  void stop() {
    TestKit.shutdownActorSystem(system);
    file.close();
    telemetry.close();
  }

  private double open(String store) {
    return telemetry.registry().get(BreakerMirror.OPEN).tag("store", store).gauge().value();
  }

  private double opened(String store) {
    return ProcessMeters.registry()
        .get(BreakerMirror.OPENED)
        .tags(List.of(Tag.of("store", store)))
        .counter()
        .count();
  }

  @Test
  void theJournalFailsAndItsBreakerOpens() {
    ActorRef journal = Persistence.get(system).journalFor("", ConfigFactory.empty());
    assertThat(readHighest(journal)).isNull();
    assertThat(open("journal")).isZero();
    double before = opened("journal");
    file.close();
    for (int i = 1; i < FAILURES; i++) {
      assertThat(readHighest(journal)).isNotInstanceOf(CircuitBreakerOpenException.class);
      assertThat(open("journal")).isZero();
    }
    assertThat(readHighest(journal)).isNotInstanceOf(CircuitBreakerOpenException.class);
    await().untilAsserted(() -> assertThat(open("journal")).isEqualTo(1));
    assertThat(opened("journal")).isEqualTo(before + 1);
    assertThat(readHighest(journal)).isInstanceOf(CircuitBreakerOpenException.class);
    // It lets one call pass now and then, and is open again when that fails.
    await()
        .untilAsserted(
            () -> {
              readHighest(journal);
              assertThat(opened("journal")).isGreaterThanOrEqualTo(before + 2);
            });
    assertThat(open("journal")).isEqualTo(1);
  }

  @Test
  void theSnapshotStoreFailsAndItsBreakerOpens() {
    ActorRef store = Persistence.get(system).snapshotStoreFor("", ConfigFactory.empty());
    TestKit probe = new TestKit(system);
    double before = opened("snapshots");
    store.tell(
        new SnapshotProtocol.SaveSnapshot(SnapshotMetadata.apply("a", 1), "x"), probe.getRef());
    probe.expectMsgClass(PATIENCE, org.apache.pekko.persistence.SaveSnapshotSuccess.class);
    assertThat(open("snapshots")).isZero();
    file.close();
    await()
        .untilAsserted(
            () -> {
              store.tell(
                  new SnapshotProtocol.SaveSnapshot(SnapshotMetadata.apply("a", 2), "x"),
                  probe.getRef());
              assertThat(probe.expectMsgClass(PATIENCE, SaveSnapshotFailure.class).cause())
                  .isInstanceOf(CircuitBreakerOpenException.class);
            });
    assertThat(open("snapshots")).isEqualTo(1);
    assertThat(opened("snapshots")).isGreaterThan(before);
  }

  @Test
  void successClosesItAndACallThatHangsCountsAsAFailure() {
    BreakerMirror mirror =
        BreakerMirror.ofJournal(
            system,
            ConfigFactory.parseString(
                "circuit-breaker { max-failures = 1, call-timeout = 1 ms, reset-timeout = 1 ms }"));
    assertThat(open("journal")).isZero();
    Future<Object> hanging = FutureConverters.asScala(new CompletableFuture<>());
    assertThat(mirror.follow(hanging)).isSameAs(hanging);
    await().untilAsserted(() -> assertThat(open("journal")).isEqualTo(1));
    await()
        .untilAsserted(
            () -> {
              mirror.follow(Future.successful("read"));
              assertThat(open("journal")).isZero();
            });
  }

  /** Asks for the number of the last event. Returns null, or why there is no answer. */
  private @Nullable Throwable readHighest(ActorRef journal) {
    TestKit probe = new TestKit(system);
    journal.tell(
        new JournalProtocol.ReplayMessages(1, 0, 0, "notebook-1", probe.getRef()), probe.getRef());
    Object answer =
        probe.expectMsgAnyClassOf(
            PATIENCE,
            JournalProtocol.RecoverySuccess.class,
            JournalProtocol.ReplayMessagesFailure.class);
    return answer instanceof JournalProtocol.ReplayMessagesFailure failure ? failure.cause() : null;
  }
}
