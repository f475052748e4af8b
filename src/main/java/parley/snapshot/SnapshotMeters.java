package parley.snapshot;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import parley.telemetry.Buckets;
import parley.telemetry.EntityKinds;
import parley.telemetry.ProcessMeters;

/** Meters of the snapshots that are written, by {@code entity}. Thread-safe. */
public final class SnapshotMeters {
  /** Summary: bytes of a snapshot, all its pieces together, as it is serialized. */
  public static final String SNAPSHOT_BYTES = "parley.snapshot.bytes";

  private static final SnapshotMeters PROCESS = new SnapshotMeters(ProcessMeters.registry());

  private final Map<String, DistributionSummary> kinds = new HashMap<>();

  SnapshotMeters(MeterRegistry registry) {
    for (String kind : EntityKinds.ALL) {
      kinds.put(kind, Buckets.bytes(registry, SNAPSHOT_BYTES, Tags.of("entity", kind)));
    }
  }

  /** The meters of this process, for plugins. */
  public static SnapshotMeters ofProcess() {
    return PROCESS;
  }

  /** A snapshot of this size is written. */
  void written(String persistenceId, int bytes) {
    Objects.requireNonNull(kinds.get(EntityKinds.of(persistenceId))).record(bytes);
  }
}
