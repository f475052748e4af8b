package parley.journal;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Gives tests of other packages access to a journal that the program does not need. */
public final class JournalProbe {
  private JournalProbe() {}

  /** The number of an entity's last event. */
  public static long highest(JournalFile file, String id) {
    return file.highestNumber(id);
  }

  /**
   * Removes the events up to that number, and what is known of their numbers. The journal may be
   * open in this process.
   */
  public static void forget(Path journal, String id, long upTo) throws Exception {
    try (JournalFile file = JournalFile.open(journal)) {
      get(file.remove(ColumnFamily.EVENTS, id, upTo).toCompletableFuture());
      // As if no event had ever been removed: only remaining rows show how far the entity was.
      byte[] none = Arrays.copyOf(RemovalMark.NONE.encoded(), Long.BYTES);
      var put =
          new GroupCommit.Put(ColumnFamily.MARKS, RowKeys.markKey(ColumnFamily.EVENTS, id), none);
      CompletableFuture<Void> done = new CompletableFuture<>();
      get(file.submit(new GroupCommit.Write(id, 0, 0, List.of(put), done)).toCompletableFuture());
    }
  }

  private static void get(CompletableFuture<Void> written) throws Exception {
    written.get(20, TimeUnit.SECONDS);
  }
}
