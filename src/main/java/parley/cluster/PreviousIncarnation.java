package parley.cluster;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.HostPort;
import parley.store.DynamoStore;
import parley.store.StoreRefusedException;

/**
 * Makes a restarted node wait until the other nodes have removed its previous incarnation from the
 * cluster: the process that ran under the same address and was killed.
 *
 * <p><b>Why.</b> Nodes acknowledge to each other the messages that must arrive (watches, notices of
 * termination) by sequence numbers, which start again with each incarnation of the other process.
 * If the new incarnation answers while the old one is still a member of the cluster, Artery (Pekko
 * 1.2.1) resets its numbering when the old one is removed: it starts again at one. The new
 * incarnation takes the messages that follow for duplicates, acknowledges them and drops them. So a
 * watch may never be answered. This was seen in a run in which three nodes were killed one after
 * the other and each was back within seconds: the shard coordinator waited for ever for a region of
 * a previous incarnation, and no shard could move any more. (Related: Akka's issue 24847, Pekko's
 * issue 3174.)
 *
 * <p><b>How.</b> Each node of a cluster records in the store, every {@value #BEAT_SECONDS} s, the
 * time until which no process may use its address if it ends before the next record. A starting
 * process waits for that time before it opens its port to the other nodes, but not longer than
 * {@link #REMOVED_AFTER}: the previous process ended before this one started. A node that has left
 * in order records a short wait, less than a start takes. A clock that jumps makes the wait
 * shorter, or at most {@link #REMOVED_AFTER}.
 */
public final class PreviousIncarnation implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PreviousIncarnation.class);

  /**
   * Rare, because each sign of life is a write that the store bills. A later sign makes no start
   * wait longer than {@link #REMOVED_AFTER}.
   */
  private static final int BEAT_SECONDS = 20;

  /**
   * The time from a node's death to its removal everywhere: the acceptable heartbeat pause (4 s),
   * the split brain resolver's stable-after (7 s), the lease of its decision (2 s), the removal
   * margin (2 s), and a reserve for gossip.
   */
  public static final Duration REMOVED_AFTER = Duration.ofSeconds(20);

  /** The wait that a sign of life asks for: the node may die just before the next one. */
  public static final Duration SILENCE = REMOVED_AFTER.plusSeconds(BEAT_SECONDS);

  /**
   * A live node writes a new sign of life within this time: the beat, and the 12 s that the write
   * may take if the store is slow.
   */
  public static final Duration SIGN_OF_LIFE_INTERVAL = Duration.ofSeconds(BEAT_SECONDS + 15);

  /** The prefix of the names of notes; the address follows. */
  public static final String PREFIX = "silent until|";

  /**
   * The wait after an ordered leave: longer than the other nodes keep connections to a node that
   * has left.
   */
  static final Duration WAIT_AFTER_LEAVE = Duration.ofSeconds(3);

  private final DynamoStore store;
  private final String noteName;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;
  private volatile boolean leftInOrder;

  private PreviousIncarnation(DynamoStore store, String name, InstantSource clock) {
    this.store = store;
    this.noteName = name;
    this.clock = clock;
    this.scheduler =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "last-life");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Waits until the other nodes have forgotten the previous incarnation under the address, and from
   * then on records signs of life of this one. Blocks, at most {@link #REMOVED_AFTER} and the
   * store's time.
   *
   * @param pause waits for the given time
   * @throws StoreRefusedException if the store cannot be asked
   */
  public static PreviousIncarnation awaitPrevious(
      DynamoStore store, HostPort address, InstantSource clock, Consumer<Duration> pause)
      throws StoreRefusedException {
    PreviousIncarnation life = new PreviousIncarnation(store, noteName(address), clock);
    // A previous incarnation of an older version recorded its sign of life elsewhere.
    long until =
        Math.max(store.readNote(life.noteName), store.readNoteOfOlderVersion(life.noteName));
    Duration wait = Duration.ofMillis(until - clock.millis());
    if (wait.isPositive()) {
      Duration bounded = wait.compareTo(REMOVED_AFTER) > 0 ? REMOVED_AFTER : wait;
      LOG.info(
          "Waiting {} s: the other nodes may still know the previous process under {}",
          (bounded.toMillis() + 999) / 1000,
          address);
      pause.accept(bounded);
    }
    return life.startBeats();
  }

  /**
   * Records from now on signs of life of a node that is no member of a cluster. It waits for
   * nothing, because no other node talks to it. A command that changes the store for all nodes sees
   * these signs of life. Blocks, seconds at most.
   *
   * @param listening where its clients connect
   * @throws StoreRefusedException if the store cannot write the sign of life
   */
  public static PreviousIncarnation ofSingleNode(
      DynamoStore store, HostPort listening, InstantSource clock) throws StoreRefusedException {
    return new PreviousIncarnation(store, PREFIX + "single node, clients at " + listening, clock)
        .startBeats();
  }

  private PreviousIncarnation startBeats() throws StoreRefusedException {
    writeSignOfLife(SILENCE);
    var unused =
        scheduler.scheduleWithFixedDelay(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
    return this;
  }

  /** The name of the note with the sign of life of a node with this address. */
  public static String noteName(HostPort address) {
    return PREFIX + address;
  }

  /**
   * Called when this node has left the cluster in order: the next process under this address waits
   * only {@link #WAIT_AFTER_LEAVE}.
   */
  public void leftInOrder() {
    leftInOrder = true;
  }

  /** Writes the last sign of life. Blocks, seconds at most. */
  @Override
  public void close() {
    scheduler.shutdown();
    try {
      var unused = scheduler.awaitTermination(10, TimeUnit.SECONDS);
      writeSignOfLife(leftInOrder ? WAIT_AFTER_LEAVE : SILENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (StoreRefusedException e) {
      LOG.info(
          "The last sign of life was not written, so the next start may have to wait: {}",
          e.getMessage());
    }
  }

  private void beat() {
    try {
      writeSignOfLife(SILENCE);
    } catch (StoreRefusedException | RuntimeException e) {
      // An exception would end the schedule. Other parts report a store that is unavailable. If
      // this process is killed meanwhile, the next start does not wait for it.
      LOG.debug("The sign of life was not written", e);
    }
  }

  private void writeSignOfLife(Duration silence) throws StoreRefusedException {
    store.writeNote(noteName, clock.millis() + silence.toMillis());
  }
}
