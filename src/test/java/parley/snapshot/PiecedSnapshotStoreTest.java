package parley.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Snapshots of any size, in a store that takes no large ones. */
class PiecedSnapshotStoreTest {
  private final SnapshotHarness rig = new SnapshotHarness("pieces");

  @AfterEach
  void stop() {
    rig.close();
  }

  private static String text(int length, long seed) {
    return new Random(seed)
        .ints(length, 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Test
  void aSmallOneIsStoredAsItIs() {
    assertThat(rig.save("a", 1, "small")).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(rig.load("a")).isEqualTo("small");
    assertThat(rig.store().items).containsOnlyKeys("a");
    assertThat(rig.load("nobody")).isNull();
  }

  @Test
  void aLargeOneComesBackWhole() {
    String large = text(1_000_000, 1);
    assertThat(rig.save("a", 7, large)).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(rig.load("a")).isEqualTo(large);
    assertThat(rig.store().items).containsOnlyKeys("a", "a#1", "a#2", "a#3", "a#4");
    assertThat(rig.largest()).isLessThanOrEqualTo(300_000);
    assertThat(rig.save("a", 9, "small again")).isInstanceOf(SaveSnapshotSuccess.class);
    assertThat(rig.load("a")).isEqualTo("small again");
  }

  @Test
  void oneThatLacksAPieceIsPassedOver() {
    String old = text(700_000, 2);
    rig.save("a", 7, old);
    rig.save("a", 9, text(900_000, 3));
    rig.store().itemsOf("a#2").remove(9L);
    assertThat(rig.load("a")).isEqualTo(old);
    rig.store().itemsOf("a#1").remove(7L);
    assertThat(rig.load("a")).isNull();
  }

  @Test
  void piecesOfTwoWritersMakeNoSnapshot() {
    rig.save("a", 7, text(700_000, 2));
    var first = Map.copyOf(rig.store().itemsOf("a#1"));
    rig.save("a", 7, text(700_000, 3));
    rig.store().itemsOf("a#1").putAll(first);
    assertThat(rig.load("a")).isNull();
  }

  @Test
  void piecesAreDeletedWithWhatNamesThem() {
    rig.save("a", 7, text(700_000, 2));
    rig.save("a", 9, text(700_000, 3));
    rig.delete("a", 8);
    assertThat(rig.store().items.values()).allMatch(all -> all.size() == 1);
    assertThat(rig.load("a")).isEqualTo(text(700_000, 3));
  }

  @Test
  void whatIsBeyondAllBoundsIsRefused() {
    assertThat(rig.save("a", 1, text(25_000_000, 4))).isInstanceOf(SaveSnapshotFailure.class);
    assertThat(rig.load("a")).isNull();
  }
}
