package parley.bench.bill;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells apart why rows of an entity are read. The requests of a recovery and of a page of history
 * look the same, so their order decides. A recovery reads the snapshot first and the high mark
 * next. A read of the high mark without a snapshot before it starts a page.
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

  /** Called for a read of the newest snapshot. */
  String snapshotRead(String persistenceId) {
    phases.put(persistenceId, Phase.SNAPSHOT_READ);
    return RECOVERY;
  }

  /** Called for a read of the high mark. */
  String highMarkRead(String persistenceId) {
    phases.compute(
        persistenceId,
        (id, phase) -> phase == Phase.SNAPSHOT_READ ? Phase.RECOVERING : Phase.READING_PAGE);
    return otherRead(persistenceId);
  }

  /** Called for any other read of the journal. */
  String otherRead(String persistenceId) {
    return phases.get(persistenceId) == Phase.READING_PAGE ? PAGE : RECOVERY;
  }
}
