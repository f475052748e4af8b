package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.persistence.DeleteSnapshotSuccess;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol.DeleteSnapshot;
import org.apache.pekko.persistence.SnapshotProtocol.DeleteSnapshots;
import org.apache.pekko.persistence.SnapshotProtocol.LoadSnapshot;
import org.apache.pekko.persistence.SnapshotProtocol.LoadSnapshotResult;
import org.apache.pekko.persistence.SnapshotProtocol.SaveSnapshot;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import scala.jdk.javaapi.OptionConverters;

/**
 * The rules of Pekko Persistence for snapshot stores, as in its own compatibility kit, tested with
 * the store's own messages. Each store has a subclass.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(60)
public abstract class SnapshotRules {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long ALL = Long.MAX_VALUE;

  private ActorSystem system;
  private ActorRef store;
  private TestKit probe;
  private String id;

  /** The stored snapshots: numbers 11 to 15, "s-1" to "s-5". */
  private final List<SnapshotMetadata> stored = new ArrayList<>();

  /**
   * Opens the store, and returns the configuration that makes the plugin under test the system's
   * snapshot store.
   */
  protected abstract Config open() throws Exception;

  /** Closes the store, after its actor system. */
  protected abstract void close();

  @BeforeAll
  void start() throws Exception {
    system =
        ActorSystem.create(
            "snapshot-rules",
            ConfigFactory.parseString("pekko.actor.provider = local\n" + ReferencingEvent.BINDING)
                .withFallback(open())
                .withFallback(ConfigFactory.load())
                .resolve());
    store = Persistence.get(system).snapshotStoreFor("", ConfigFactory.empty());
  }

  @AfterAll
  void stop() {
    TestKit.shutdownActorSystem(system);
    close();
  }

  @BeforeEach
  void five() {
    probe = new TestKit(system);
    id = "rules-" + UUID.randomUUID();
    stored.clear();
    for (int i = 1; i <= 5; i++) {
      // Timestamps have milliseconds: each snapshot gets its own.
      long before = System.currentTimeMillis();
      while (System.currentTimeMillis() == before) {
        Thread.onSpinWait();
      }
      stored.add(save(i + 10, "s-" + i));
    }
  }

  @Test
  void anEntityWithoutSnapshotsHasNone() {
    assertThat(load("invalid", criteria(ALL, ALL), ALL)).isEmpty();
    assertThat(load(id + "-1", criteria(ALL, ALL), ALL)).isEmpty();
  }

  @Test
  void noSnapshotIsOldEnough() {
    assertThat(load(id, criteria(ALL, 100), ALL)).isEmpty();
  }

  @Test
  void noSnapshotHasASmallEnoughNumber() {
    assertThat(load(id, criteria(7, ALL), ALL)).isEmpty();
    assertThat(load(id, criteria(ALL, ALL), 7)).isEmpty();
  }

  @Test
  void theNewestSnapshotIsFound() {
    assertFound(4, load(id, criteria(ALL, ALL), ALL));
  }

  @Test
  void theNewestUpToANumberIsFound() {
    assertFound(2, load(id, criteria(13, ALL), ALL));
    assertFound(2, load(id, criteria(ALL, ALL), 13));
  }

  @Test
  void theNewestUpToANumberAndATimeIsFound() {
    long time = stored.get(2).timestamp();
    assertFound(2, load(id, criteria(13, time), ALL));
    assertFound(2, load(id, criteria(ALL, time), 13));
    // The older of the two bounds counts.
    assertFound(2, load(id, criteria(ALL, time), ALL));
    assertFound(2, load(id, criteria(15, time), ALL));
    assertFound(1, load(id, criteria(12, time), ALL));
  }

  @Test
  void theNewestFromANumberAndATimeOnIsFound() {
    assertFound(
        4,
        load(id, SnapshotSelectionCriteria.create(ALL, ALL, 13, stored.get(2).timestamp()), ALL));
    assertThat(load(id, SnapshotSelectionCriteria.create(ALL, ALL, 16, 0), ALL)).isEmpty();
    assertThat(
            load(
                id,
                SnapshotSelectionCriteria.create(ALL, ALL, 0, stored.get(4).timestamp() + 1),
                ALL))
        .isEmpty();
    assertThat(
            load(id, SnapshotSelectionCriteria.create(12, ALL, 11, stored.get(2).timestamp()), ALL))
        .isEmpty();
  }

  /** For a single snapshot the number counts, not the time. */
  @Test
  void aSnapshotIsDeletedByItsNumber() {
    SnapshotMetadata one = new SnapshotMetadata(id, 13, 0);
    tell(new DeleteSnapshot(one));
    probe.expectMsg(PATIENCE, new DeleteSnapshotSuccess(one));
    assertFound(1, load(id, criteria(13, ALL), ALL));
    assertFound(4, load(id, criteria(ALL, ALL), ALL));
  }

  @Test
  void allUpToANumberAndATimeAreDeleted() {
    delete(criteria(13, stored.get(2).timestamp()));
    assertThat(load(id, criteria(13, ALL), ALL)).isEmpty();
    assertFound(3, load(id, criteria(14, stored.get(3).timestamp()), ALL));
    assertFound(4, load(id, criteria(ALL, ALL), ALL));
  }

  @Test
  void allUpToANumberAreDeleted() {
    delete(criteria(14, ALL));
    assertThat(load(id, criteria(14, ALL), ALL)).isEmpty();
    assertFound(4, load(id, criteria(ALL, ALL), ALL));
    delete(criteria(ALL, ALL));
    assertThat(load(id, criteria(ALL, ALL), ALL)).isEmpty();
  }

  @Test
  void snapshotsNewerThanTheBoundAreNotDeleted() {
    delete(criteria(14, stored.get(3).timestamp() - 1));
    assertFound(3, load(id, criteria(14, stored.get(3).timestamp()), ALL));
    assertThat(load(id, criteria(13, ALL), ALL)).isEmpty();
  }

  @Test
  void otherEntitiesKeepTheirSnapshots() {
    String first = id;
    id = first + "-1";
    save(3, "other");
    delete(criteria(ALL, ALL));
    id = first;
    assertFound(4, load(id, criteria(ALL, ALL), ALL));
  }

  @Test
  void aSnapshotWithTheSameNumberReplacesTheOldOne() {
    save(15, "modified");
    SelectedSnapshot found = load(id, criteria(15, ALL), ALL).orElseThrow();
    assertThat(found.snapshot()).isEqualTo("modified");
    assertThat(found.metadata().sequenceNr()).isEqualTo(15);
  }

  @Test
  void aLargeSnapshotIsStored() {
    String large = "0".repeat(300_000);
    save(100, large);
    assertThat(load(id, criteria(ALL, ALL), ALL).orElseThrow().snapshot()).isEqualTo(large);
  }

  @Test
  void snapshotsAreSerializedByTheActorSystem() {
    ReferencingEvent snapshot = new ReferencingEvent(probe.getRef());
    save(100, snapshot);
    SelectedSnapshot found = load(id, criteria(ALL, ALL), ALL).orElseThrow();
    assertThat(found.snapshot()).isEqualTo(snapshot);
    assertThat(found.metadata().sequenceNr()).isEqualTo(100);
  }

  // ---- helpers

  private static SnapshotSelectionCriteria criteria(long number, long time) {
    return SnapshotSelectionCriteria.create(number, time, 0, 0);
  }

  private void tell(Object message) {
    store.tell(message, probe.getRef());
  }

  private SnapshotMetadata save(long number, Object snapshot) {
    tell(new SaveSnapshot(SnapshotMetadata.apply(id, number), snapshot));
    SnapshotMetadata saved = probe.expectMsgClass(PATIENCE, SaveSnapshotSuccess.class).metadata();
    assertThat(saved.persistenceId()).isEqualTo(id);
    assertThat(saved.sequenceNr()).isEqualTo(number);
    return saved;
  }

  private void delete(SnapshotSelectionCriteria criteria) {
    tell(new DeleteSnapshots(id, criteria));
    probe.expectMsg(PATIENCE, new DeleteSnapshotsSuccess(criteria));
  }

  private Optional<SelectedSnapshot> load(String of, SnapshotSelectionCriteria criteria, long to) {
    tell(new LoadSnapshot(of, criteria, to));
    LoadSnapshotResult result = probe.expectMsgClass(PATIENCE, LoadSnapshotResult.class);
    assertThat(result.toSequenceNr()).isEqualTo(to);
    return OptionConverters.toJava(result.snapshot());
  }

  private void assertFound(int place, Optional<SelectedSnapshot> found) {
    assertThat(found).hasValue(SelectedSnapshot.create(stored.get(place), "s-" + (place + 1)));
  }
}
