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
 * A process that was killed is not spoken to under its old address before the others have given it
 * up.
 *
 * <p>Nodes confirm to each other what must arrive (watches, notices of an end) by numbers that
 * begin anew with each life of the other process. Where the new life answers while the old one is
 * still a member of the cluster, Artery (Pekko 1.2.1) loses count when the old one is removed: it
 * begins at one again, and the new life takes what comes for repetitions and drops it, confirmed.
 * So a watch may never be answered. Seen in a run in which three nodes were killed one after the
 * other and each was back within seconds: the coordinator of the shards waited for ever for a
 * region of a life before, and no shard could move any more. (Related: Akka's issue 24847, Pekko's
 * issue 3174.)
 *
 * <p>Therefore each node of a cluster notes in the store, every {@value #BEAT_SECONDS} s, until
 * when nobody must speak under its address if it ends now, and a starting process waits for that
 * time before it opens its port to the others. One that has left in order leaves a short wait, less
 * than a start takes. A clock that jumps makes the wait shorter or at most {@link #GIVEN_UP}.
 */
public final class PreviousIncarnation implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PreviousIncarnation.class);
  private static final int BEAT_SECONDS = 2;

  /**
   * From a node's last sign of life to its removal everywhere: the patience of the heartbeats (4
   * s), that of the split brain resolver (7 s), the lease of its decision (2 s), the removal margin
   * (2 s), a beat (2 s), and some for gossip.
   */
  public static final Duration GIVEN_UP = Duration.ofSeconds(20);

  /**
   * A node that lives notes another number in this time: the beat, and the 12 s that a note may
   * take where the store is slow.
   */
  public static final Duration SHOWS = Duration.ofSeconds(15);

  /** Before the address, in the names of the notes. */
  public static final String PREFIX = "silent until|";

  /** After an ordered leave: longer than the others keep the connections of who has left. */
  static final Duration LEFT = Duration.ofSeconds(3);

  private final DynamoStore store;
  private final String name;
  private final InstantSource clock;
  private final ScheduledExecutorService beats;
  private volatile boolean left;

  /** The life before, if any, is over when this returns. */
  private PreviousIncarnation(DynamoStore store, String name, InstantSource clock) {
    this.store = store;
    this.name = name;
    this.clock = clock;
    this.beats =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "last-life");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Waits until the last life under the address is forgotten, and notes from now on that this one
   * lives. Blocks, at most {@link #GIVEN_UP} and the store's time.
   *
   * @param pause waits
   * @throws StoreRefusedException where the store cannot be asked
   */
  public static PreviousIncarnation after(
      DynamoStore store, HostPort address, InstantSource clock, Consumer<Duration> pause)
      throws StoreRefusedException {
    PreviousIncarnation life = new PreviousIncarnation(store, name(address), clock);
    // The life before may have been of a version that noted it elsewhere.
    long until = Math.max(store.noted(life.name), store.notedBefore(life.name));
    Duration wait = Duration.ofMillis(until - clock.millis());
    if (wait.isPositive()) {
      Duration bounded = wait.compareTo(GIVEN_UP) > 0 ? GIVEN_UP : wait;
      LOG.info(
          "Waiting {} s: the other nodes may still know the process before this one under {}",
          (bounded.toMillis() + 999) / 1000,
          address);
      pause.accept(bounded);
    }
    return life.begin();
  }

  /**
   * Notes from now on that a node lives which is no member of a cluster: nobody speaks to it, so it
   * waits for nothing, but whoever changes the store for all nodes sees it. Blocks, seconds at
   * most.
   *
   * @param listening where its clients connect
   * @throws StoreRefusedException where the store does not take it
   */
  public static PreviousIncarnation alone(
      DynamoStore store, HostPort listening, InstantSource clock) throws StoreRefusedException {
    return new PreviousIncarnation(store, PREFIX + "single node, clients at " + listening, clock)
        .begin();
  }

  private PreviousIncarnation begin() throws StoreRefusedException {
    note(GIVEN_UP);
    var unused =
        beats.scheduleWithFixedDelay(this::beat, BEAT_SECONDS, BEAT_SECONDS, TimeUnit.SECONDS);
    return this;
  }

  /** Under which name a node of that address notes until when it is to be silent. */
  public static String name(HostPort address) {
    return PREFIX + address;
  }

  /** The cluster has let this node go: the next process under this address need hardly wait. */
  public void left() {
    left = true;
  }

  /** Notes the end. Blocks, seconds at most. */
  @Override
  public void close() {
    beats.shutdown();
    try {
      var unused = beats.awaitTermination(10, TimeUnit.SECONDS);
      note(left ? LEFT : GIVEN_UP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (StoreRefusedException e) {
      LOG.info("The next start under this address may wait: {}", e.getMessage());
    }
  }

  private void beat() {
    try {
      note(GIVEN_UP);
    } catch (StoreRefusedException | RuntimeException e) {
      // What ended here would not be repeated. A store that is away shows itself elsewhere; a kill
      // in this time would not be waited for.
      LOG.debug("no sign of life was noted", e);
    }
  }

  private void note(Duration silence) throws StoreRefusedException {
    store.note(name, clock.millis() + silence.toMillis());
  }
}
