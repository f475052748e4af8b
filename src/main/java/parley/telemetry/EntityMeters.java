package parley.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Meters of what entities do: how far deliveries are behind, what waits in memory, and how long
 * recoveries take. Sums and ages are those of the entities on this node. Thread-safe; never blocks.
 */
public final class EntityMeters {
  /**
   * Gauge: entries times recipients that no user has confirmed, by {@code state}. {@code held} are
   * in a user's memory and are written later, which is normal for minutes. {@code waiting} are in
   * neither its memory nor its journal.
   */
  public static final String BACKLOG = "parley.dispatch.backlog";

  /** Gauge: for how long the oldest entry of {@code waiting} has waited. */
  public static final String BACKLOG_AGE = "parley.dispatch.backlog.age";

  /** Counter: how often what a user had not confirmed was sent to it again. */
  public static final String REPEATS = "parley.dispatch.repeats";

  /** Gauge: changed inbox rows that users have in memory and not yet in their journal. */
  public static final String ROWS = "parley.user.rows.unsaved";

  /** Gauge: since when the oldest of them waits. */
  public static final String ROWS_AGE = "parley.user.rows.unsaved.age";

  /** Summary: inbox rows in one event of a user. */
  public static final String FLUSH_ROWS = "parley.user.flush.rows";

  /** Summary: entries in one event of a conversation, the size of a group commit. */
  public static final String GROUP_COMMIT = "parley.group_commit.entries";

  /**
   * Counter: ranges of a log that were read for clients, by {@code tier}, the slowest that had a
   * part in it: {@code memory}, {@code journal} or {@code cold}.
   */
  public static final String HISTORY_READS = "parley.history.reads";

  /** Gauge: push notifications that users have pending. */
  public static final String PUSHES = "parley.push.pending";

  /** Gauge: since when the oldest of them is pending. */
  public static final String PUSHES_AGE = "parley.push.pending.age";

  /** Gauge: dead letters in the slots on this node; the sum over all nodes is all of them. */
  public static final String LETTERS = "parley.push.dead_letters";

  /** Gauge: since when the oldest of them is one. */
  public static final String LETTERS_AGE = "parley.push.dead_letters.age";

  /**
   * Counter: devices that came back within {@value #RECONNECT_MINUTES} minutes, counted where their
   * user is.
   */
  public static final String RECONNECTS = "parley.sockets.reconnects";

  /** A device that was away for longer comes back for another reason than a lost connection. */
  public static final long RECONNECT_MINUTES = 5;

  /** Timer: from the start of an entity to the end of its recovery, by {@code entity}. */
  public static final String RECOVERY_TIME = "parley.recovery.time";

  private final OpenWork waiting;
  private final OpenWork held;
  private final OpenWork unsavedRows;
  private final OpenWork pendingPushes;
  private final OpenWork deadLetters;
  private final Counter repeats;
  private final Counter reconnects;
  private final DistributionSummary flushRows;
  private final DistributionSummary groupCommit;
  private final Counter memoryReads;
  private final Counter journalReads;
  private final Counter coldReads;
  private final Labelled<Timer> recovery;

  /**
   * Registers the meters.
   *
   * @param clock the clock of the entities
   */
  public EntityMeters(MeterRegistry registry, InstantSource clock) {
    waiting =
        new OpenWork(clock)
            .withSum(registry, BACKLOG, Tags.of("state", "waiting"))
            .withAge(registry, BACKLOG_AGE);
    held = new OpenWork(clock).withSum(registry, BACKLOG, Tags.of("state", "held"));
    unsavedRows =
        new OpenWork(clock).withSum(registry, ROWS, Tags.empty()).withAge(registry, ROWS_AGE);
    pendingPushes =
        new OpenWork(clock).withSum(registry, PUSHES, Tags.empty()).withAge(registry, PUSHES_AGE);
    deadLetters =
        new OpenWork(clock).withSum(registry, LETTERS, Tags.empty()).withAge(registry, LETTERS_AGE);
    repeats = registry.counter(REPEATS);
    reconnects = registry.counter(RECONNECTS);
    flushRows =
        DistributionSummary.builder(FLUSH_ROWS)
            .serviceLevelObjectives(1, 2, 5, 10, 50, 200)
            .register(registry);
    groupCommit =
        DistributionSummary.builder(GROUP_COMMIT)
            .serviceLevelObjectives(1, 2, 5, 10, 50, 200)
            .register(registry);
    memoryReads = registry.counter(HISTORY_READS, "tier", "memory");
    journalReads = registry.counter(HISTORY_READS, "tier", "journal");
    coldReads = registry.counter(HISTORY_READS, "tier", "cold");
    recovery =
        new Labelled<>(entity -> Buckets.timer(registry, RECOVERY_TIME, Tags.of("entity", entity)));
    recovery.expect(List.of("conversation", "user", "cursor_log"));
  }

  /** Entries that no user has confirmed in any way. */
  public OpenWork waiting() {
    return waiting;
  }

  /** Entries that users have in memory. */
  public OpenWork held() {
    return held;
  }

  /** Changed inbox rows that are not in the journal. */
  public OpenWork unsavedRows() {
    return unsavedRows;
  }

  /** Push notifications that are pending. */
  public OpenWork pendingPushes() {
    return pendingPushes;
  }

  /** Push notifications that have failed for good. */
  public OpenWork deadLetters() {
    return deadLetters;
  }

  /**
   * A conversation has repeated what users had not confirmed.
   *
   * @param users to how many of them
   */
  public void repeated(int users) {
    repeats.increment(users);
  }

  /** A device came back soon after its last connection. */
  public void reconnected() {
    reconnects.increment();
  }

  /**
   * A user hands an event to the journal.
   *
   * @param rows the inbox rows in it
   */
  public void flushed(int rows) {
    flushRows.record(rows);
  }

  /**
   * A conversation's event with entries is durable.
   *
   * @param entries the number of entries in it, at least 1
   */
  public void committed(int entries) {
    groupCommit.record(entries);
  }

  /** A range of a log was read from memory alone. */
  public void readFromMemory() {
    memoryReads.increment();
  }

  /**
   * A range of a log was read, of which at least a part was not in memory.
   *
   * @param cold whether a part came from the cold tier
   */
  public void readFromStore(boolean cold) {
    (cold ? coldReads : journalReads).increment();
  }

  /**
   * An entity has recovered.
   *
   * @param entity the kind of entity
   * @param nanos the time since it was started
   */
  public void recovered(String entity, long nanos) {
    recovery.of(entity).record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }
}
