package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The window gives the answers of a plain list of hashes. */
class DedupeWindowTest {
  @Test
  void itAnswersLikeAListOfTheNewestHashes() {
    long seed = System.nanoTime();
    System.out.println("DedupeWindowTest seed " + seed);
    Random random = new Random(seed);
    DedupeWindow window = new DedupeWindow();
    List<Long> all = new ArrayList<>();
    int entries = 3 * DedupeWindow.CAPACITY + random.nextInt(DedupeWindow.CAPACITY);
    for (int seq = 1; seq <= entries; seq++) {
      // Few different hashes, so that chains are long, and some entries without one.
      long hash = random.nextInt(5) == 0 ? 0 : random.nextInt(2_000) + 1L;
      all.add(hash);
      window.add(seq, hash);
      if (seq % 97 == 0 || seq < 40) {
        long asked = random.nextInt(2_000) + 1L;
        long above = random.nextInt(seq);
        assertThat(window.candidates(asked, above)).isEqualTo(expected(all, asked, above));
      }
      if (seq % 9_001 == 0) {
        window = DedupeWindow.fromBytes(window.toBytes(), seq);
      }
    }
    assertThat(window.firstSeq()).isEqualTo(entries - DedupeWindow.CAPACITY + 1);
    assertThat(window.storedBytes()).isEqualTo(8L * DedupeWindow.CAPACITY);
  }

  private static long[] expected(List<Long> all, long hash, long above) {
    long first = Math.max(all.size() - DedupeWindow.CAPACITY, above);
    List<Long> seqs = new ArrayList<>();
    for (long seq = all.size(); seq > first; seq--) {
      if (all.get((int) seq - 1) == hash) {
        seqs.add(seq);
      }
    }
    return seqs.stream().mapToLong(Long::longValue).toArray();
  }
}
