package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;

/** Repeated removal of an entity's oldest events. */
@Timeout(120)
class RemovalTest {
  @TempDir Path folder;

  private final Statistics statistics = new Statistics();
  private JournalFile file;

  @BeforeEach
  void open() throws Exception {
    file =
        JournalFile.open(
            folder,
            new JournalOptions(
                JournalSync.OS, Optional.of("boot"), all -> all.setStatistics(statistics)));
  }

  @AfterEach
  void close() {
    file.close();
    statistics.close();
  }

  /** Counts, instead of timing, how many removed rows RocksDB steps over. */
  @Test
  void itCostsTheSameWhateverWasRemovedBefore() throws Exception {
    write("e", 1, 20_500);
    for (long upTo = 500; upTo < 20_000; upTo += 500) {
      remove(ColumnFamily.EVENTS, "e", upTo);
    }
    statistics.getAndResetTickerCount(TickerType.NUMBER_ITER_SKIP);
    remove(ColumnFamily.EVENTS, "e", 20_000);
    assertThat(skipped()).as("rows walked over by a removal").isLessThan(10);
    assertThat(numbers("e")).hasSize(500).startsWith(20_001L);
    assertThat(file.highestNumber("e")).isEqualTo(20_500);
    assertThat(skipped()).as("rows walked over by a reader from the front").isLessThan(10);
    remove(ColumnFamily.EVENTS, "e", Long.MAX_VALUE);
    assertThat(file.highestNumber("e")).isEqualTo(20_500);
    assertThat(numbers("e")).isEmpty();
    assertThat(skipped()).as("rows walked over where none is left").isLessThan(10);
  }

  @Test
  void snapshotsTooAreRemovedWithoutWalkingOverTheirForerunners() throws Exception {
    for (long number = 100; number <= 200_000; number += 100) {
      put(ColumnFamily.SNAPSHOTS, "e", number);
      if (number % 1_000 == 0) {
        remove(ColumnFamily.SNAPSHOTS, "e", number - 500);
      }
    }
    statistics.getAndResetTickerCount(TickerType.NUMBER_ITER_SKIP);
    remove(ColumnFamily.SNAPSHOTS, "e", 199_900);
    assertThat(skipped()).isLessThan(10);
    assertThat(newest()).contains(200_000L);
    remove(ColumnFamily.SNAPSHOTS, "e", Long.MAX_VALUE);
    assertThat(newest()).isEmpty();
    assertThat(skipped()).isLessThan(10);
  }

  /**
   * A snapshot stored after a removal that covers its number can be read, also if both are in one
   * commit.
   */
  @Test
  void aLateSnapshotIsNotLost() throws Exception {
    put(ColumnFamily.SNAPSHOTS, "e", 10);
    CompletionStage<Void> removal = file.remove(ColumnFamily.SNAPSHOTS, "e", 10);
    CompletionStage<Void> late = submit(ColumnFamily.SNAPSHOTS, "e", 5);
    get(removal);
    get(late);
    assertThat(newest()).contains(5L);
    put(ColumnFamily.SNAPSHOTS, "e", 4);
    remove(ColumnFamily.SNAPSHOTS, "e", 4);
    assertThat(newest()).contains(5L);
  }

  @Test
  void aRemovalContinuesWhereAnEarlierVersionStopped() throws Exception {
    write("e", 1, 1_000);
    // The mark of an older version has one number only.
    var mark =
        new GroupCommit.Put(
            ColumnFamily.MARKS, RowKeys.markKey(ColumnFamily.EVENTS, "e"), RowKeys.number(1_000L));
    get(file.submit(new GroupCommit.Write("e", 0, 0, List.of(mark), new CompletableFuture<>())));
    assertThat(numbers("e")).hasSize(1_000);
    remove(ColumnFamily.EVENTS, "e", 300);
    assertThat(numbers("e")).hasSize(700).startsWith(301L);
    assertThat(file.highestNumber("e")).isEqualTo(1_000);
  }

  @Test
  void thatVersionReadsOurMark() {
    assertThat(java.nio.ByteBuffer.wrap(new RemovalMark(1_000, 300).encoded()).getLong())
        .isEqualTo(1_000);
    assertThat(RemovalMark.decoded(new RemovalMark(1_000, 300).encoded()))
        .isEqualTo(new RemovalMark(1_000, 300));
    assertThat(RemovalMark.decoded(RowKeys.number(7))).isEqualTo(new RemovalMark(7, 0));
  }

  /** Writes, removals and reopenings in random order, compared with a list. */
  @Test
  void anyOrderOfWritesAndRemovals() throws Exception {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("RemovalTest: -Dparley.seed=" + seed);
    Random random = new Random(seed);
    String[] ids = {"a", "a|", "b"};
    long[] last = new long[ids.length];
    long[] gone = new long[ids.length];
    for (int step = 0; step < 600; step++) {
      int i = random.nextInt(ids.length);
      switch (random.nextInt(8)) {
        case 0 -> {
          long upTo = random.nextInt(10) == 0 ? Long.MAX_VALUE : random.nextLong(last[i] + 50);
          remove(ColumnFamily.EVENTS, ids[i], upTo);
          gone[i] = Math.max(gone[i], Math.min(upTo, last[i]));
        }
        case 1 -> {
          if (random.nextInt(10) == 0) {
            file.close();
            file = JournalFile.open(folder);
          }
        }
        default -> {
          int more = 1 + random.nextInt(20);
          write(ids[i], last[i] + 1, last[i] + more);
          last[i] += more;
        }
      }
      assertThat(file.highestNumber(ids[i])).isEqualTo(last[i]);
      assertThat(numbers(ids[i]))
          .as("step %d", step)
          .containsExactlyElementsOf(LongStream.rangeClosed(gone[i] + 1, last[i]).boxed().toList());
    }
  }

  private long skipped() {
    return statistics.getAndResetTickerCount(TickerType.NUMBER_ITER_SKIP);
  }

  private Optional<Long> newest() {
    return file.newest(ColumnFamily.SNAPSHOTS, "e", Long.MAX_VALUE, numberedRow -> true)
        .map(JournalFile.NumberedRow::number);
  }

  private List<Long> numbers(String id) {
    return file.rows(ColumnFamily.EVENTS, id, 0, Long.MAX_VALUE, Long.MAX_VALUE).stream()
        .map(JournalFile.NumberedRow::number)
        .toList();
  }

  private void remove(ColumnFamily columnFamily, String id, long upTo) throws Exception {
    get(file.remove(columnFamily, id, upTo));
  }

  /** Writes in portions, because the journal refuses more than its bound of waiting writes. */
  private void write(String id, long first, long last) throws Exception {
    List<CompletionStage<Void>> portion = new ArrayList<>();
    for (long number = first; number <= last; number++) {
      portion.add(submit(ColumnFamily.EVENTS, id, number));
      if (portion.size() == 1_000 || number == last) {
        for (CompletionStage<Void> written : portion) {
          get(written);
        }
        portion.clear();
      }
    }
  }

  private void put(ColumnFamily columnFamily, String id, long number) throws Exception {
    get(submit(columnFamily, id, number));
  }

  private CompletionStage<Void> submit(ColumnFamily columnFamily, String id, long number) {
    JournalRow journalRow = new JournalRow(1, 0, "", "", "", "x".getBytes(StandardCharsets.UTF_8));
    var put =
        new GroupCommit.Put(
            columnFamily, RowKeys.rowKey(RowKeys.prefix(id), number), journalRow.encoded());
    long counted = columnFamily == ColumnFamily.EVENTS ? number : 0;
    return file.submit(
        new GroupCommit.Write(id, counted, counted, List.of(put), new CompletableFuture<>()));
  }

  private static void get(CompletionStage<Void> written) throws Exception {
    written.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
