package parley.bench.bill;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What rows of an entity are read for. The requests of a recovery and of a page of history look the
 * same, so their order decides: a recovery begins with the entity's snapshot, and its high mark is
 * read next. A high mark that is read again, without a snapshot before it, begins a page.
 */
final class ReadCauses {
  private static final String RECOVERY = "recovery";
  private static final String PAGE = "page";

  private enum Phase {
    SNAPSHOT_READ,
    RECOVERING,
    READING_PAGE
  }

  private final Map<String, Phase> phases = new ConcurrentHashMap<>();

  /** The newest snapshot is read. */
  String snapshot(String persistenceId) {
    phases.put(persistenceId, Phase.SNAPSHOT_READ);
    return RECOVERY;
  }

  /** The high mark is read. */
  String highMark(String persistenceId) {
    phases.compute(
        persistenceId,
        (id, phase) -> phase == Phase.SNAPSHOT_READ ? Phase.RECOVERING : Phase.READING_PAGE);
    return other(persistenceId);
  }

  /** Something else of the journal is read. */
  String other(String persistenceId) {
    return phases.get(persistenceId) == Phase.READING_PAGE ? PAGE : RECOVERY;
  }
}
