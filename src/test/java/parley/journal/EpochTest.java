package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;
import org.rocksdb.Statistics;
import org.rocksdb.TickerType;

/**
 * When the history of a journal gets another name. A copy of the folder of an open journal stands
 * in for an unclean end.
 */
@Timeout(60)
class EpochTest {
  private static final Optional<String> MONDAY = Optional.of("monday");
  private static final Optional<String> TUESDAY = Optional.of("tuesday");
  private static final Optional<String> UNKNOWN = Optional.empty();

  @TempDir Path folder;
  private int copies;

  @Test
  void anOrderlyStopKeepsTheEpoch() throws Exception {
    String epoch = life(folder, JournalSync.OS, MONDAY);
    assertThat(epoch).isNotBlank().hasSizeLessThanOrEqualTo(64);
    assertThat(life(folder, JournalSync.OS, MONDAY)).isEqualTo(epoch);
    assertThat(life(folder, JournalSync.OS, TUESDAY)).isEqualTo(epoch);
    assertThat(life(folder, JournalSync.OS, UNKNOWN)).isEqualTo(epoch);
    assertThat(life(folder, JournalSync.OS, MONDAY)).isEqualTo(epoch);
  }

  @Test
  void aKilledProcessKeepsTheEpoch() throws Exception {
    Killed killed = killed(JournalSync.OS, MONDAY);
    assertThat(life(killed.folder, JournalSync.OS, MONDAY)).isEqualTo(killed.epoch);
  }

  @Test
  void aMachineCrashChangesTheEpochOnce() throws Exception {
    Killed killed = killed(JournalSync.OS, MONDAY);
    String next = life(killed.folder, JournalSync.OS, TUESDAY);
    assertThat(next).isNotEqualTo(killed.epoch).isNotBlank();
    assertThat(life(killed.folder, JournalSync.OS, TUESDAY)).isEqualTo(next);
  }

  @Test
  void aStartCutAfterTheChangeDoesNotChangeTheEpochAgain() throws Exception {
    Killed killed = killed(JournalSync.OS, MONDAY);
    Killed again = killed(killed.folder, JournalSync.OS, TUESDAY);
    assertThat(again.epoch).isNotEqualTo(killed.epoch);
    assertThat(life(again.folder, JournalSync.OS, TUESDAY)).isEqualTo(again.epoch);
  }

  @Test
  void forcedWritesKeepTheEpochAfterAnyCrash() throws Exception {
    Killed killed = killed(JournalSync.ALWAYS, MONDAY);
    assertThat(life(killed.folder, JournalSync.OS, TUESDAY)).isEqualTo(killed.epoch);
  }

  /** The last process counts: opening forces what the previous one has left to the disk. */
  @Test
  void aLifeThatForcesAfterOneThatDidNotKeepsIt() throws Exception {
    Killed killed = killed(JournalSync.OS, MONDAY);
    Killed forcing = killed(killed.folder, JournalSync.ALWAYS, MONDAY);
    assertThat(life(forcing.folder, JournalSync.ALWAYS, TUESDAY)).isEqualTo(killed.epoch);
  }

  @Test
  void withoutABootIdEachUncleanStopChangesTheEpoch() throws Exception {
    Killed killed = killed(JournalSync.OS, UNKNOWN);
    String next = life(killed.folder, JournalSync.OS, UNKNOWN);
    assertThat(next).isNotEqualTo(killed.epoch);
    Killed known = killed(JournalSync.OS, MONDAY);
    assertThat(life(known.folder, JournalSync.OS, UNKNOWN)).isNotEqualTo(known.epoch);
  }

  @Test
  void linuxHasABootId() throws Exception {
    Path file = Files.writeString(folder.resolve("boot_id"), "0a1b\n");
    assertThat(BootId.read(file)).contains("0a1b");
    assertThat(BootId.read(Files.writeString(file, "\n"))).isEmpty();
    assertThat(BootId.read(folder.resolve("none"))).isEmpty();
  }

  @Test
  void alwaysForcesEachCommitBeforeItIsReportedAndOsNone() throws Exception {
    for (JournalSync sync : JournalSync.values()) {
      RocksDB.loadLibrary();
      try (Statistics counted = new Statistics();
          JournalFile file =
              JournalFile.open(
                  folder.resolve(sync.name()),
                  new JournalOptions(sync, MONDAY, all -> all.setStatistics(counted)))) {
        counted.getAndResetTickerCount(TickerType.WAL_FILE_SYNCED);
        for (int i = 1; i <= 10; i++) {
          write(file, i);
          assertThat(counted.getTickerCount(TickerType.WAL_FILE_SYNCED))
              .as(sync.name())
              .isEqualTo(sync == JournalSync.ALWAYS ? i : 0);
        }
      }
    }
  }

  private record Killed(Path folder, String epoch) {}

  private Killed killed(JournalSync sync, Optional<String> boot) throws Exception {
    return killed(folder.resolve("journal-" + copies++), sync, boot);
  }

  private Killed killed(Path in, JournalSync sync, Optional<String> boot) throws Exception {
    try (JournalFile file = JournalFile.open(in, options(sync, boot))) {
      write(file, file.highestNumber("e") + 1);
      return new Killed(copy(in), file.epoch());
    }
  }

  private static String life(Path in, JournalSync sync, Optional<String> boot) throws Exception {
    try (JournalFile file = JournalFile.open(in, options(sync, boot))) {
      write(file, file.highestNumber("e") + 1);
      return file.epoch();
    }
  }

  private static JournalOptions options(JournalSync sync, Optional<String> boot) {
    return new JournalOptions(sync, boot, all -> {});
  }

  private static void write(JournalFile file, long number) throws Exception {
    JournalRow journalRow = new JournalRow(1, 0, "", "", "", new byte[] {1});
    var put =
        new GroupCommit.Put(
            ColumnFamily.EVENTS, RowKeys.rowKey(RowKeys.prefix("e"), number), journalRow.encoded());
    CompletableFuture<Void> done = new CompletableFuture<>();
    file.submit(new GroupCommit.Write("e", number, number, List.of(put), done));
    done.get(20, TimeUnit.SECONDS);
  }

  private Path copy(Path from) throws IOException {
    Path to = Files.createDirectory(folder.resolve("copy-" + copies++));
    try (Stream<Path> all = Files.list(from)) {
      for (Path one : all.filter(path -> !path.endsWith("LOCK")).toList()) {
        Files.copy(one, to.resolve(one.getFileName()));
      }
    }
    return to;
  }
}
