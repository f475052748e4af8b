package parley.auth;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the current keys of access tokens, and rotates them. It reads them again every {@link
 * #POLL} from the store that all nodes read.
 *
 * <p>A rotation is one write: the next key with the time from which it signs. So a crash at any
 * moment leaves no rotation half done. The write is conditional: if another writer was first, this
 * rotation finds the other's next key and reports that one.
 *
 * <p>A token with a key id that this node does not know causes a read at once ({@link #refresh}).
 * So a node that was away, or whose clock is behind, refuses no valid token. Made-up key ids cost
 * one read in {@link #PAUSE}, however many tokens contain them.
 *
 * <p>If the store cannot be read or understood, the keys stay as they are, and a meter and the log
 * report it. Reads and writes run one at a time on a thread of their own. Thread-safe.
 */
public final class KeyRing implements AutoCloseable {
  /** Interval between two polls of the store: much shorter than {@link SigningKeys#MIN_LEAD}. */
  public static final Duration POLL = Duration.ofSeconds(10);

  /** Minimum time between two reads that unknown keys cause. */
  static final Duration PAUSE = Duration.ofSeconds(1);

  /**
   * Maximum number of tokens that wait for one such read. A further token is not verified now; its
   * client has to come again.
   */
  static final int MOST_WAITING = 1_000;

  private static final int MAX_ATTEMPTS = 5;
  private static final Duration BETWEEN_WARNINGS = Duration.ofMinutes(1);
  private static final Logger log = LoggerFactory.getLogger(KeyRing.class);

  /** Result of a rotation. */
  public sealed interface Rotation {
    /**
     * There is a next key.
     *
     * @param changed whether this call created it or made it sign earlier; false if another
     *     rotation is in progress
     */
    record Rotated(SigningKeys keys, boolean changed) implements Rotation {}

    /** Nothing was changed, for this reason. */
    record Refused(String reason) implements Rotation {}
  }

  private record StoredKeys(String text, SigningKeys keys) {}

  private final @Nullable SigningKeyStore store;
  private final InstantSource clock;
  private final Duration pause;
  private final ScheduledThreadPoolExecutor thread;
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong unknownKeyIds = new AtomicLong();
  private volatile Consumer<SigningKeys> beforeInstall = keys -> {};
  private volatile StoredKeys current;
  private volatile long lastReadNanos = System.nanoTime();

  // Guarded by this.
  private @Nullable CompletableFuture<Boolean> pendingRead;
  private int waitingTokens;
  private long lastForcedReadNanos;

  // Used by the thread only.
  private @Nullable Instant lastWarning;

  private KeyRing(
      @Nullable SigningKeyStore store, StoredKeys first, InstantSource clock, Duration pause) {
    this.store = store;
    this.current = first;
    this.clock = clock;
    this.pause = pause;
    this.lastForcedReadNanos = System.nanoTime() - pause.toNanos();
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread made = new Thread(task, "parley-signing-keys");
              made.setDaemon(true);
              return made;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Opens the keys in a store. Reads once and blocks; {@link #start} makes it poll.
   *
   * @throws IOException if the store cannot be read; the message does not name the store
   * @throws IllegalArgumentException if the store has no usable keys; the message is one line and
   *     names the store
   */
  public static KeyRing open(SigningKeyStore store, InstantSource clock) throws IOException {
    return open(store, clock, PAUSE);
  }

  static KeyRing open(SigningKeyStore store, InstantSource clock, Duration pause)
      throws IOException {
    String text = store.read();
    return new KeyRing(
        store, new StoredKeys(text, SigningKeys.parse(text, store.name())), clock, pause);
  }

  /**
   * Opens the keys of this data folder, and creates them if there are none. Blocks.
   *
   * @throws IllegalArgumentException if that fails; the message is one line and names
   *     PARLEY_DATA_DIR
   */
  public static KeyRing inFolder(Path folder, InstantSource clock) {
    return file(KeyFile.inFolder(folder, clock.instant()), clock);
  }

  /**
   * Opens the keys in a file that the operator keeps and may change at any time. Blocks.
   *
   * @throws IllegalArgumentException if the file has no usable keys; the message is one line and
   *     names PARLEY_AUTH_KEY_FILE
   */
  public static KeyRing fromFile(Path file, InstantSource clock) {
    return file(KeyFile.ofOperator(file), clock);
  }

  private static KeyRing file(KeyFile file, InstantSource clock) {
    try {
      return open(file, clock);
    } catch (IOException e) {
      throw new IllegalArgumentException(file.name() + " " + e.getMessage(), e);
    }
  }

  /** Starts to poll the store every {@link #POLL}. */
  public void start() {
    if (store != null) {
      var unused =
          thread.scheduleWithFixedDelay(
              this::poll, POLL.toMillis(), POLL.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** The current keys. */
  public SigningKeys keys() {
    return current.keys;
  }

  /** The body of {@code /.well-known/jwks.json}. */
  public String jwks() {
    return keys().jwks(clock.instant());
  }

  /** How often the keys could not be read or were not usable. */
  public long failures() {
    return failures.get();
  }

  /** How many tokens came with a key id that had the right form and was not known. */
  public long unknownKeys() {
    return unknownKeyIds.get();
  }

  /** Seconds since the keys were last read and understood. */
  public long secondsSinceRead() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastReadNanos);
  }

  /**
   * Publishes a next key, which signs after {@code lead}. If a next key is published already, it
   * stays the next key, and signs earlier if {@code lead} says so. It is safe to repeat the call.
   *
   * @param lead from {@link SigningKeys#MIN_LEAD} to {@link SigningKeys#MAX_LEAD}
   * @param objection called before the write, on a thread that may block; if it returns a text, the
   *     rotation is refused with it
   * @return fails if it is not known whether the rotation was done
   */
  public CompletionStage<Rotation> rotate(Duration lead, Callable<Optional<String>> objection) {
    CompletableFuture<Rotation> result = new CompletableFuture<>();
    try {
      thread.execute(
          () -> {
            try {
              result.complete(rotateNow(lead, objection));
            } catch (Exception e) {
              result.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  /**
   * Sets what must be done with keys before they become the current ones. It is called now with the
   * current keys, and later with new ones on a thread that may block.
   */
  void beforeInstall(Consumer<SigningKeys> with) {
    beforeInstall = with;
    with.accept(keys());
  }

  /**
   * Reads the store because a token's key is not known. All callers that wait share one read, and
   * reads are at least {@link #PAUSE} apart. The read begins after this call.
   *
   * @return whether the store was read; false, at once or later, if its current content is not
   *     known
   */
  CompletionStage<Boolean> refresh() {
    unknownKeyIds.incrementAndGet();
    if (store == null) {
      return CompletableFuture.completedFuture(true);
    }
    synchronized (this) {
      CompletableFuture<Boolean> next = pendingRead;
      if (next == null) {
        next = new CompletableFuture<>();
        long wait = Math.max(0, pause.toNanos() - (System.nanoTime() - lastForcedReadNanos));
        try {
          var unused = thread.schedule(this::readForWaitingTokens, wait, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
          return CompletableFuture.completedFuture(false);
        }
        pendingRead = next;
        waitingTokens = 0;
      }
      if (waitingTokens == MOST_WAITING) {
        return CompletableFuture.completedFuture(false);
      }
      waitingTokens++;
      return next.copy();
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    synchronized (this) {
      if (pendingRead != null) {
        pendingRead.complete(false);
      }
    }
  }

  private void readForWaitingTokens() {
    CompletableFuture<Boolean> all;
    synchronized (this) {
      all = pendingRead;
      pendingRead = null;
      lastForcedReadNanos = System.nanoTime();
    }
    boolean read = poll();
    if (all != null) {
      all.complete(read);
    }
  }

  /**
   * Reads the store and installs changed keys. Returns whether the store was read and understood.
   */
  private boolean poll() {
    SigningKeyStore from = store;
    if (from == null) {
      return true;
    }
    try {
      String text = from.read();
      if (!text.equals(current.text)) {
        install(text, SigningKeys.parse(text, from.name()));
      }
      lastReadNanos = System.nanoTime();
      return true;
    } catch (IOException | IllegalArgumentException e) {
      reportFailure(from, e);
    } catch (RuntimeException e) {
      reportFailure(from, new IllegalStateException(e.getClass().getSimpleName(), e));
    }
    return false;
  }

  private void reportFailure(SigningKeyStore from, Exception e) {
    failures.incrementAndGet();
    Instant now = clock.instant();
    if (lastWarning == null
        || lastWarning.plus(BETWEEN_WARNINGS).isBefore(now)
        || now.isBefore(lastWarning)) {
      lastWarning = now;
      log.warn(
          "The signing keys stay as they are: {}",
          e instanceof IOException ? from.name() + " " + e.getMessage() : e.getMessage());
    }
  }

  private Rotation rotateNow(Duration lead, Callable<Optional<String>> objection) throws Exception {
    SigningKeyStore in = store;
    if (in == null || !in.isWritable()) {
      return new Rotation.Refused(
          "the keys are in the file that PARLEY_AUTH_KEY_FILE names: rotate them there");
    }
    Optional<String> no = objection.call();
    if (no.isPresent()) {
      return new Rotation.Refused(no.get());
    }
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      String before = in.read();
      SigningKeys found = SigningKeys.parse(before, in.name());
      Instant now = clock.instant();
      Optional<SigningKeys> rotated = found.rotated(now, lead);
      if (rotated.isEmpty()) {
        return new Rotation.Refused(
            "there are " + SigningKeys.MAX_KEYS + " keys whose tokens may still be good");
      }
      SigningKeys wanted = rotated.get();
      if (wanted == found) {
        install(before, found);
        return new Rotation.Rotated(found, false);
      }
      String after = wanted.text(now);
      if (in.replace(before, after)) {
        install(after, wanted);
        return new Rotation.Rotated(wanted, true);
      }
    }
    return new Rotation.Refused("other writers keep changing the keys; try again");
  }

  private void install(String text, SigningKeys keys) {
    if (text.equals(current.text)) {
      return;
    }
    beforeInstall.accept(keys);
    current = new StoredKeys(text, keys);
    log.info("The signing keys have changed: {}", keys);
  }
}
