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
 * The keys of access tokens as they are now, read again every {@link #POLL} from where all nodes
 * read them, and the command that rotates them.
 *
 * <p>A rotation writes once: the next key with the time from which it signs. Before that write
 * nothing has happened, after it nothing is left to do, so there is no moment in which a crash
 * leaves half of it. The write is refused where somebody else wrote first; who comes second then
 * finds that next key and is told of it.
 *
 * <p>A token of a key that this node has not seen makes it read at once ({@link #refresh}): also a
 * node that was away, or whose clock is behind, refuses no good token. Made-up key ids cost one
 * read in {@link #PAUSE}, whoever sends how many.
 *
 * <p>What cannot be read or understood changes nothing: the keys stay as they are, a meter and the
 * log say so. Reads and writes run one at a time on a thread of its own. Thread-safe.
 */
public final class KeyRing implements AutoCloseable {
  /** Between two looks at the store: much less than {@link SigningKeys#LEAST_LEAD}. */
  public static final Duration POLL = Duration.ofSeconds(10);

  /** Between two reads because of keys that were not known. */
  static final Duration PAUSE = Duration.ofSeconds(1);

  /** Most tokens that wait for one such read; the next is told to come again. */
  static final int MOST_WAITING = 1_000;

  private static final int ATTEMPTS = 5;
  private static final Duration BETWEEN_WARNINGS = Duration.ofMinutes(1);
  private static final Logger log = LoggerFactory.getLogger(KeyRing.class);

  /** What came of a rotation. */
  public sealed interface Rotation {
    /**
     * There is a next key.
     *
     * @param changed whether this call has made it, or made it sign earlier; false where another's
     *     rotation is under way
     */
    record Rotated(SigningKeys keys, boolean changed) implements Rotation {}

    /** Nothing was changed, for this reason. */
    record Refused(String reason) implements Rotation {}
  }

  private record Read(String text, SigningKeys keys) {}

  private final @Nullable SigningKeyStore store;
  private final InstantSource clock;
  private final Duration pause;
  private final ScheduledThreadPoolExecutor thread;
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong unknown = new AtomicLong();
  private volatile Consumer<SigningKeys> prepare = keys -> {};
  private volatile Read current;
  private volatile long readNanos = System.nanoTime();

  // Guarded by this.
  private @Nullable CompletableFuture<Boolean> nextRead;
  private int waiting;
  private long lastRead;

  // Of the thread.
  private @Nullable String refusedText;
  private @Nullable Instant warned;

  private KeyRing(
      @Nullable SigningKeyStore store, Read first, InstantSource clock, Duration pause) {
    this.store = store;
    this.current = first;
    this.clock = clock;
    this.pause = pause;
    this.lastRead = System.nanoTime() - pause.toNanos();
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
   * The keys kept there. Reads once and blocks; {@link #start} makes it look again and again.
   *
   * @throws IOException where they cannot be read; the message does not name the store
   * @throws IllegalArgumentException in one line that names it, where there are none in it
   */
  public static KeyRing open(SigningKeyStore store, InstantSource clock) throws IOException {
    return open(store, clock, PAUSE);
  }

  static KeyRing open(SigningKeyStore store, InstantSource clock, Duration pause)
      throws IOException {
    String text = store.read();
    return new KeyRing(store, new Read(text, SigningKeys.parse(text, store.name())), clock, pause);
  }

  /**
   * The keys of this data folder, made there if there are none. Blocks.
   *
   * @throws IllegalArgumentException in one line that names PARLEY_DATA_DIR, if they cannot be had
   */
  public static KeyRing inFolder(Path folder, InstantSource clock) {
    return file(KeyFile.inFolder(folder, clock.instant()), clock);
  }

  /**
   * The keys in a file that the operator keeps and may change at any time. Blocks.
   *
   * @throws IllegalArgumentException in one line that names PARLEY_AUTH_KEY_FILE, if there are none
   */
  public static KeyRing fromFile(Path file, InstantSource clock) {
    return file(KeyFile.operators(file), clock);
  }

  private static KeyRing file(KeyFile file, InstantSource clock) {
    try {
      return open(file, clock);
    } catch (IOException e) {
      throw new IllegalArgumentException(file.name() + " " + e.getMessage(), e);
    }
  }

  /** Looks every {@link #POLL} from now on. */
  public void start() {
    if (store != null) {
      var unused =
          thread.scheduleWithFixedDelay(
              this::poll, POLL.toMillis(), POLL.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** The keys of now. */
  public SigningKeys keys() {
    return current.keys;
  }

  /** The body of {@code /.well-known/jwks.json}. */
  public String jwks() {
    return keys().jwks(clock.instant());
  }

  /** How often the keys could not be read, or were no keys. */
  public long failures() {
    return failures.get();
  }

  /** How many tokens came with a key id that looked like ours and was not known. */
  public long unknownKeys() {
    return unknown.get();
  }

  /** How long ago the keys were last read, in seconds. */
  public long secondsSinceRead() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - readNanos);
  }

  /** Whether {@link #rotate} can do anything; not where the keys are an operator's file. */
  public boolean canRotate() {
    return store != null && store.isOurs();
  }

  /**
   * Publishes a next key, which signs after {@code lead}; where one is published already, that is
   * it, and it signs earlier if that is earlier. Repeating it is safe.
   *
   * @param lead from {@link SigningKeys#LEAST_LEAD} to {@link SigningKeys#MOST_LEAD}
   * @param objection looked at before anything is written, on a thread that may block; its text
   *     refuses
   * @return fails where it is not known whether it was done
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
   * What is to be done with other keys before they are the ones of now, on a thread that may block.
   */
  void prepare(Consumer<SigningKeys> with) {
    prepare = with;
    with.accept(keys());
  }

  /**
   * A token's key is not known: reads the store, once for all who ask until then, at most once in
   * {@link #PAUSE}. The read begins after this call.
   *
   * @return whether it was read; false, at once or later, where it is not known what is kept now
   */
  CompletionStage<Boolean> refresh() {
    unknown.incrementAndGet();
    if (store == null) {
      return CompletableFuture.completedFuture(true);
    }
    synchronized (this) {
      CompletableFuture<Boolean> next = nextRead;
      if (next == null) {
        next = new CompletableFuture<>();
        long wait = Math.max(0, pause.toNanos() - (System.nanoTime() - lastRead));
        try {
          var unused = thread.schedule(this::readForWaiting, wait, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
          return CompletableFuture.completedFuture(false);
        }
        nextRead = next;
        waiting = 0;
      }
      if (waiting == MOST_WAITING) {
        return CompletableFuture.completedFuture(false);
      }
      waiting++;
      return next.copy();
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    synchronized (this) {
      if (nextRead != null) {
        nextRead.complete(false);
      }
    }
  }

  private void readForWaiting() {
    CompletableFuture<Boolean> all;
    synchronized (this) {
      all = nextRead;
      nextRead = null;
      lastRead = System.nanoTime();
    }
    boolean read = poll();
    if (all != null) {
      all.complete(read);
    }
  }

  /** Whether what is kept was read and understood. */
  private boolean poll() {
    SigningKeyStore from = store;
    if (from == null) {
      return true;
    }
    try {
      String text = from.read();
      if (!text.equals(current.text)) {
        if (text.equals(refusedText)) {
          return false;
        }
        install(text, SigningKeys.parse(text, from.name()));
      }
      refusedText = null;
      readNanos = System.nanoTime();
      return true;
    } catch (IOException | IllegalArgumentException e) {
      trouble(from, e);
    } catch (RuntimeException e) {
      trouble(from, new IllegalStateException(e.getClass().getSimpleName(), e));
    }
    return false;
  }

  private void trouble(SigningKeyStore from, Exception e) {
    failures.incrementAndGet();
    Instant now = clock.instant();
    if (warned == null || warned.plus(BETWEEN_WARNINGS).isBefore(now) || now.isBefore(warned)) {
      warned = now;
      log.warn(
          "The signing keys stay as they are: {}",
          e instanceof IOException ? from.name() + " " + e.getMessage() : e.getMessage());
    }
  }

  private Rotation rotateNow(Duration lead, Callable<Optional<String>> objection) throws Exception {
    SigningKeyStore in = store;
    if (in == null || !in.isOurs()) {
      return new Rotation.Refused(
          "the keys are in the file that PARLEY_AUTH_KEY_FILE names: rotate them there");
    }
    Optional<String> no = objection.call();
    if (no.isPresent()) {
      return new Rotation.Refused(no.get());
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      String before = in.read();
      SigningKeys found = SigningKeys.parse(before, in.name());
      Instant now = clock.instant();
      Optional<SigningKeys> rotated = found.rotated(now, lead);
      if (rotated.isEmpty()) {
        return new Rotation.Refused(
            "there are " + SigningKeys.MOST + " keys whose tokens may still be good");
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
    return new Rotation.Refused("others change the keys all the time; ask again");
  }

  private void install(String text, SigningKeys keys) {
    if (text.equals(current.text)) {
      return;
    }
    prepare.accept(keys);
    current = new Read(text, keys);
    log.info("The signing keys have changed: {}", keys);
  }
}
