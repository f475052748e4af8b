package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The events of an entity after its newest snapshot, read in one pass: the last one's number is the
 * highest number, and the rows are what replay reads next. So an entity with fewer than a hundred
 * small events since its snapshot starts with one query of the journal.
 *
 * @param first the number after the snapshot
 * @param highest the number of the last event
 * @param rows the events {@code first} to {@code highest}; empty if they are more than a tail keeps
 */
record LogTail(long first, long highest, List<Map<String, AttributeValue>> rows) {
  /** The most events that are kept for the replay: what a user has at most since its snapshot. */
  static final int MAX_ROWS = 4_000;

  /** The most bytes of events that are kept for the replay. */
  static final int MAX_BYTES = 1 << 21;

  /** Reads the tails of entities. */
  static final class Reader {
    private final EventPages pages;
    private final HighestNumber search;

    Reader(HighestNumber.Reads reads, String table, String journal) {
      this.pages = new EventPages(reads, table, journal);
      this.search = new HighestNumber(reads, table, journal);
    }

    /**
     * The tail that begins with the event {@code first}. Empty if that event does not exist, or if
     * the events from there on are not all there or belong to a command of many events: then only
     * the marks tell where the log begins and ends.
     */
    CompletionStage<Optional<LogTail>> read(String persistenceId, long first) {
      return read(persistenceId, first, first, new ArrayList<>(), 0);
    }

    private CompletionStage<Optional<LogTail>> read(
        String persistenceId,
        long first,
        long from,
        List<Map<String, AttributeValue>> rows,
        long bytesBefore) {
      return pages
          .page(persistenceId, from, Long.MAX_VALUE)
          .thenCompose(
              page -> {
                long expected = from;
                long bytes = bytesBefore;
                for (Map<String, AttributeValue> row : page.rows()) {
                  if (EventPages.number(row) != expected || row.containsKey("cnt")) {
                    return CompletableFuture.completedFuture(Optional.empty());
                  }
                  expected++;
                  bytes += bytes(row);
                }
                rows.addAll(page.rows());
                if (expected == first) {
                  return CompletableFuture.completedFuture(Optional.empty());
                }
                if (page.next() == 0) {
                  return CompletableFuture.completedFuture(
                      Optional.of(new LogTail(first, expected - 1, List.copyOf(rows))));
                }
                if (page.next() != expected) {
                  return CompletableFuture.completedFuture(Optional.empty());
                }
                if (rows.size() > MAX_ROWS || bytes > MAX_BYTES) {
                  return search
                      .searchFrom(persistenceId, expected, expected - 1)
                      .thenApply(highest -> Optional.of(new LogTail(first, highest, List.of())));
                }
                return read(persistenceId, first, expected, rows, bytes);
              });
    }

    private static long bytes(Map<String, AttributeValue> row) {
      AttributeValue event = row.get("event");
      ByteBuffer content = event == null ? null : event.getB();
      return content == null ? 0 : content.remaining();
    }
  }

  /** Whether the rows are exactly the events of this range. */
  boolean holds(long from, long to) {
    return from == first && to == highest && rows.size() == highest - first + 1;
  }
}
