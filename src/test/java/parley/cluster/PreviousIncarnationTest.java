package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.client.DynamoLocal;
import parley.settings.HostPort;
import parley.store.DynamoStore;
import parley.store.StoreRefusedException;

/** How long a process waits until the cluster has forgotten its previous incarnation. */
class PreviousIncarnationTest {
  private static final HostPort ADDRESS = new HostPort("10.0.0.1", 25520);

  private final List<Duration> waits = new ArrayList<>();
  private final DynamoStore store = open();
  private Instant now = Instant.ofEpochMilli(1_800_000_000_000L);
  private final InstantSource clock = () -> now;

  private static DynamoStore open() {
    try {
      return DynamoStore.open(DynamoLocal.endpoint(), DynamoLocal.prefix(), true);
    } catch (StoreRefusedException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() {
    store.close();
  }

  private PreviousIncarnation start(HostPort address) throws StoreRefusedException {
    return PreviousIncarnation.awaitPrevious(store, address, clock, waits::add);
  }

  @Test
  void theFirstLifeAndOtherAddressesWaitForNobody() throws Exception {
    start(ADDRESS).close();
    start(new HostPort("10.0.0.1", 25521)).close();
    assertThat(waits).isEmpty();
  }

  @Test
  void afterAKillTheNextLifeWaitsUntilTheOthersHaveGivenItUp() throws Exception {
    try (PreviousIncarnation killed = start(ADDRESS)) {
      now = now.plus(PreviousIncarnation.SILENCE).minusSeconds(5);
      start(ADDRESS).close();
      assertThat(waits).containsExactly(Duration.ofSeconds(5));
      assertThat(killed).isNotNull();
    }
    now = now.plus(PreviousIncarnation.SILENCE);
    start(ADDRESS).close();
    assertThat(waits).hasSize(1);
  }

  @Test
  void aKillJustAfterASignOfLifeMakesTheNextLifeWaitNoLongerThanTheRemovalTakes() throws Exception {
    start(ADDRESS).close();
    now = now.plusSeconds(1);
    start(ADDRESS).close();
    assertThat(waits).containsExactly(PreviousIncarnation.REMOVED_AFTER);
  }

  @Test
  void anOrderlyStopShortensTheWait() throws Exception {
    PreviousIncarnation leaver = start(ADDRESS);
    leaver.leftInOrder();
    leaver.close();
    start(ADDRESS).close();
    assertThat(waits).containsExactly(PreviousIncarnation.WAIT_AFTER_LEAVE);
  }

  @Test
  void aClockThatWentBackDoesNotHoldAStartUp() throws Exception {
    start(ADDRESS).close();
    now = now.minus(Duration.ofDays(400));
    start(ADDRESS).close();
    assertThat(waits).containsExactly(PreviousIncarnation.REMOVED_AFTER);
  }

  @Test
  void noSignOfLifeLiesBesideTheSigningKeys() throws Exception {
    start(ADDRESS).close();
    assertThat(store.findSecret(PreviousIncarnation.noteName(ADDRESS))).isNull();
    assertThat(store.readNote(PreviousIncarnation.noteName(ADDRESS))).isPositive();
  }

  @Test
  void theLifeBeforeMayHaveBeenOfAnOlderVersion() throws Exception {
    long until = now.toEpochMilli() + 7_000;
    store.sharedValueOrCreate(PreviousIncarnation.noteName(ADDRESS), () -> String.valueOf(until));
    start(ADDRESS).close();
    assertThat(waits).containsExactly(Duration.ofSeconds(7));
  }
}
