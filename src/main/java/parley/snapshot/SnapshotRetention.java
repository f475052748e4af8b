package parley.snapshot;

import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the two newest snapshots of one entity, and the events that they need: the entity can also
 * start from the older one. Used by the entity's own thread; the removals run beside it.
 *
 * <p><b>Crashes.</b> A removal begins when the newest snapshot is stored. It takes the older
 * snapshots first, so none is left that needs a removed event, and then the events. What a crash or
 * a failure leaves is removed later, with the next older snapshot and the next events. A snapshot
 * that was not stored changes nothing.
 */
public final class SnapshotRetention {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotRetention.class);

  private final String persistenceId;
  private final Removals removals;
  private final InstantSource clock;
  private final AtomicBoolean running = new AtomicBoolean();
  private RemovalPlan stored = RemovalPlan.NONE;
  private RemovalPlan pending = RemovalPlan.NONE;

  /** What removes snapshots and events of the entity; see {@link StoredHistory}. */
  interface Removals {
    CompletionStage<Void> removeSnapshots(long upTo);

    CompletionStage<Void> removeEvents(long done, long upTo);
  }

  /**
   * The retention of one incarnation of an entity.
   *
   * @param snapshotPlugin the entity's snapshot plugin; empty for that of the node
   */
  public static SnapshotRetention of(
      ActorSystem<?> system, String persistenceId, String snapshotPlugin, InstantSource clock) {
    return new SnapshotRetention(
        persistenceId, new StoredHistory(system, persistenceId, snapshotPlugin), clock);
  }

  SnapshotRetention(String persistenceId, Removals removals, InstantSource clock) {
    this.persistenceId = persistenceId;
    this.removals = removals;
    this.clock = clock;
  }

  /** The entity starts from a snapshot with this plan. */
  public void recovered(@Nullable RemovalPlan plan) {
    stored = RemovalPlan.orNone(plan);
  }

  /** The entity starts from the snapshot with this number, whose events something else removes. */
  public void recovered(long snapshot) {
    stored = new RemovalPlan(snapshot, 0, 0, 0, 0);
  }

  /** The entity is about to store a snapshot at this number. */
  public void begin(long number) {
    pending = stored.at(number, clock.millis());
  }

  /** The plan for the snapshot that is about to be stored. */
  public RemovalPlan plan() {
    return pending;
  }

  /** The snapshot was stored: removes what is no longer needed, with the events that are due. */
  public void completed(long number) {
    completed(number, true);
  }

  /** The snapshot was stored: removes older snapshots, and no events. */
  public void completedWithoutEvents(long number) {
    completed(number, false);
  }

  private void completed(long number, boolean withEvents) {
    if (pending.snapshot() != number) {
      return;
    }
    long previous = stored.snapshot();
    stored = pending;
    // Without the number of the previous snapshot nothing says which ones are older.
    if (previous > 1 && running.compareAndSet(false, true)) {
      remove(previous, stored.removed(), withEvents ? stored.due() : 0);
    }
  }

  private void remove(long previous, long done, long due) {
    CompletionStage<Void> removal =
        removals
            .removeSnapshots(previous - 1)
            .thenCompose(
                before ->
                    due > done
                        ? removals.removeEvents(done, due)
                        : CompletableFuture.completedFuture(null));
    removal.whenComplete(
        (nothing, failure) -> {
          if (failure != null) {
            LOG.warn(
                "{}: old snapshots or events are not removed now, a later removal takes them too: {}",
                persistenceId,
                failure.toString());
          }
          running.set(false);
        });
  }
}
