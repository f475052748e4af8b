package parley.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import parley.serial.Stored;

/**
 * The newest records by number: at most {@link AuditLog#RECORDS}, and none that is older than
 * {@link AuditLog#RETENTION}. The next change drops what is too old; a page does not show it.
 */
final class AuditState {
  private static final long KEPT_MILLIS = AuditLog.RETENTION.toMillis();

  /**
   * The form in the snapshot store. Fields may be added, never renamed or removed.
   *
   * @param next the number of the next record
   */
  @JsonInclude(JsonInclude.Include.NON_DEFAULT)
  record Snapshot(long next, @Nullable List<AuditRecord> records) implements Stored {}

  private final NavigableMap<Long, AuditRecord> records = new TreeMap<>();
  private long nextNumber = 1;

  long nextNumber() {
    return nextNumber;
  }

  boolean contains(long nr) {
    return records.containsKey(nr);
  }

  AuditState apply(AuditEvent event) {
    switch (event) {
      case AuditEvent.ChangeStarted e -> {
        put(
            new AuditRecord(
                e.nr(), e.at(), e.who(), e.address(), e.action(), e.target(), e.detail(), 0, 0));
        while (records.size() > AuditLog.RECORDS || isTooOld(e.at())) {
          records.pollFirstEntry();
        }
      }
      case AuditEvent.ChangeFinished e ->
          records.computeIfPresent(e.nr(), (nr, record) -> record.finished(e.status(), e.at()));
    }
    return this;
  }

  private boolean isTooOld(long now) {
    return now - records.firstEntry().getValue().at() > KEPT_MILLIS;
  }

  private void put(AuditRecord record) {
    records.put(record.nr(), record);
    nextNumber = Math.max(nextNumber, record.nr() + 1);
  }

  /**
   * The records with a greater number, ascending; the newest ones if {@code after} is null. Those
   * that are too old are not shown, also if no change has come since that would drop them.
   *
   * @param now epoch milliseconds
   */
  AuditLog.Page page(@Nullable Long after, int limit, long now) {
    int most = Math.clamp(limit, 1, AuditLog.PAGE);
    long first = firstKept(now);
    if (after == null) {
      List<AuditRecord> newest =
          records.tailMap(first, true).descendingMap().values().stream()
              .limit(most)
              .toList()
              .reversed();
      return new AuditLog.Page(List.copyOf(newest), false);
    }
    NavigableMap<Long, AuditRecord> later = records.tailMap(Math.max(after, first - 1), false);
    return new AuditLog.Page(later.values().stream().limit(most).toList(), later.size() > most);
  }

  /** The number of the first record that is not too old. Those behind it are shown, too. */
  private long firstKept(long now) {
    for (AuditRecord record : records.values()) {
      if (now - record.at() <= KEPT_MILLIS) {
        return record.nr();
      }
    }
    return nextNumber;
  }

  Snapshot toSnapshot() {
    return new Snapshot(nextNumber, new ArrayList<>(records.values()));
  }

  static AuditState of(Snapshot snapshot) {
    AuditState state = new AuditState();
    if (snapshot.records() != null) {
      snapshot.records().forEach(state::put);
    }
    state.nextNumber = Math.max(state.nextNumber, snapshot.next());
    return state;
  }
}
