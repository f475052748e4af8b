package parley.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.NotSerializableException;
import java.util.Map;
import java.util.Random;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.telemetry.Telemetry;

/** Snapshots of any size, in a store that refuses large ones. */
class PiecedSnapshotStoreTest {
  private final SnapshotHarness harness = new SnapshotHarness("pieces");

  @AfterEach
  void stop() {
    harness.close();
  }

  private static String text(int length, long seed) {
    return new Random(seed)
        .ints(length, 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Test
  void aSmallOneIsStoredAsItIs() {
    assertThat(harness.save("a", 1, "small")).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(harness.load("a")).isEqualTo("small");
    assertThat(harness.store().items).containsOnlyKeys("a");
    assertThat(harness.load("nobody")).isNull();
  }

  @Test
  void itsSizeIsMeasuredOnceForAllPieces() {
    SnapshotMeters meters = SnapshotMeters.ofProcess();
    assertThat(meters).isNotNull();
    try (Telemetry telemetry = new Telemetry()) {
      harness.save("cursor-log|1", 1, text(1_000_000, 5));
      var sizes =
          telemetry
              .registry()
              .get(SnapshotMeters.SNAPSHOT_BYTES)
              .tag("entity", "cursor_log")
              .summary();
      assertThat(sizes.count()).isEqualTo(1);
      assertThat(sizes.totalAmount()).isGreaterThanOrEqualTo(1_000_000);
    }
  }

  @Test
  void aLargeOneComesBackWhole() {
    String large = text(1_000_000, 1);
    assertThat(harness.save("a", 7, large)).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(harness.load("a")).isEqualTo(large);
    assertThat(harness.store().items).containsOnlyKeys("a", "a#1", "a#2", "a#3", "a#4");
    assertThat(harness.largest()).isLessThanOrEqualTo(300_000);
    assertThat(harness.save("a", 9, "small again")).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(harness.load("a")).isEqualTo("small again");
  }

  @Test
  void oneThatLacksAPieceIsPassedOver() {
    String old = text(700_000, 2);
    harness.save("a", 7, old);
    harness.save("a", 9, text(900_000, 3));
    harness.store().itemsOf("a#2").remove(9L);
    assertThat(harness.load("a")).isEqualTo(old);
    harness.store().itemsOf("a#1").remove(7L);
    assertThat(harness.load("a")).isNull();
  }

  @Test
  void piecesOfTwoWritersMakeNoSnapshot() {
    harness.save("a", 7, text(700_000, 2));
    var first = Map.copyOf(harness.store().itemsOf("a#1"));
    harness.save("a", 7, text(700_000, 3));
    harness.store().itemsOf("a#1").putAll(first);
    assertThat(harness.load("a")).isNull();
  }

  @Test
  void piecesAreDeletedWithWhatNamesThem() {
    harness.save("a", 7, text(700_000, 2));
    harness.save("a", 9, text(700_000, 3));
    harness.delete("a", 8);
    assertThat(harness.store().items.values()).allMatch(all -> all.size() == 1);
    assertThat(harness.load("a")).isEqualTo(text(700_000, 3));
  }

  /** The store behind reads nothing to delete one number. */
  @Test
  void aDeletedSnapshotIsReadOnce() {
    harness.save("a", 3, "three");
    harness.save("a", 5, "five");
    harness.save("a", 9, "nine");
    harness.store().calls.clear();
    harness.delete("a", 8);
    assertThat(harness.store().calls)
        .containsExactly("load a", "delete a 5-5", "load a", "delete a 3-3", "load a");
    assertThat(harness.store().items.get("a")).containsOnlyKeys(9L);
  }

  /** The breaker of the store behind decides; what fails in front of it opens none. */
  @Test
  void snapshotsThatCannotBeWrittenKeepNoOtherAway() {
    for (int i = 0; i < 50; i++) {
      Object failure = harness.save("a", 1, new Object());
      assertThat(((SaveSnapshotFailure) failure).cause())
          .as("failure %d", i)
          .isInstanceOf(NotSerializableException.class);
    }
    harness.save("a", 2, "two");
    assertThat(harness.load("a")).isEqualTo("two");
  }

  @Test
  void aSnapshotBeyondTheBoundIsRefused() {
    assertThat(harness.save("a", 1, text(25_000_000, 4))).isInstanceOf(SaveSnapshotFailure.class);
    assertThat(harness.load("a")).isNull();
  }
}
