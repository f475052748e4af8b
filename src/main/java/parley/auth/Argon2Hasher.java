package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Hashes passwords with Argon2id on a thread pool of its own with bounded queues. A storm of logins
 * delays logins, never the chat, and memory is bounded by threads × {@code memoryKib}. Each {@link
 * PasswordHasher.Lane} has a queue of its own, and the lanes take turns. So a flood of
 * registrations takes at most two thirds of the pool away from logins, and a flood of guesses takes
 * no more away from known devices. A password that has waited for {@link #MAX_QUEUE_TIME} is
 * refused without a hash, because nobody waits for it any more. A stored hash contains its
 * parameters and is checked with them, so the settings can change at any time.
 *
 * <p>The input of the hash is the UTF-8 of the password in Unicode form NFC (RFC 8265, section
 * 4.2), because keyboards differ in how they send an accent.
 */
final class Argon2Hasher implements PasswordHasher, AutoCloseable {
  private static final int SALT_BYTES = 16; // RFC 9106, section 3.1
  private static final int HASH_BYTES = 32;

  /** The longest time in a queue. It is shorter than {@link AuthSettings#askTimeout}. */
  static final Duration MAX_QUEUE_TIME = Duration.ofSeconds(7);

  private record Waiting(Runnable work, Runnable refuse, long since) {}

  private final ThreadPoolExecutor pool;
  private final int threads;
  private final int maxQueued;
  // Guarded by itself; it guards the next two fields too.
  private final EnumMap<Lane, ArrayDeque<Waiting>> lanes = new EnumMap<>(Lane.class);
  private int busyThreads;
  private int lastServedLane;
  private final LongAdder refused = new LongAdder();
  private final Argon2Function function;
  private final SecureRandom random = new SecureRandom();
  private final Secret dummyHash;

  Argon2Hasher(AuthSettings.Hashing settings) {
    AtomicInteger number = new AtomicInteger();
    this.threads = settings.threads();
    this.maxQueued = settings.queue();
    for (Lane lane : Lane.values()) {
      lanes.put(lane, new ArrayDeque<>());
    }
    this.pool =
        new ThreadPoolExecutor(
            settings.threads(),
            settings.threads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.threads()),
            task -> {
              Thread thread = new Thread(task, "parley-argon2-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.AbortPolicy());
    this.function =
        Argon2Function.getInstance(
            settings.memoryKib(),
            settings.iterations(),
            settings.parallelism(),
            HASH_BYTES,
            Argon2.ID);
    this.dummyHash = hashNow(new Secret("the password of nobody"));
  }

  @Override
  public CompletionStage<Secret> hash(Secret password) {
    return submit(Lane.REGISTRATION, () -> hashNow(password));
  }

  @Override
  public CompletionStage<Boolean> matches(Secret password, @Nullable Secret encoded, Lane lane) {
    return submit(
        lane,
        () -> {
          boolean equal = check(password, encoded == null ? dummyHash : encoded);
          return equal && encoded != null;
        });
  }

  @Override
  public long refused() {
    return refused.sum();
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }

  private Secret hashNow(Secret password) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return new Secret(function.hash(bytes(password), salt).getResult());
  }

  private static boolean check(Secret password, Secret encoded) {
    byte[] stored = encoded.value().getBytes(UTF_8);
    // Compares the whole encoded hash in constant time (password4j, slowEquals).
    return Argon2Function.getInstanceFromHash(encoded.value()).check(bytes(password), stored);
  }

  private static byte[] bytes(Secret password) {
    return Normalizer.normalize(password.value(), Normalizer.Form.NFC).getBytes(UTF_8);
  }

  private <T> CompletionStage<T> submit(Lane lane, Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Waiting task =
        new Waiting(
            () -> {
              try {
                result.complete(work.call());
              } catch (Throwable e) {
                // Also an OutOfMemoryError for the 19 MiB of a hash: the caller must get an answer.
                result.completeExceptionally(e);
              }
            },
            () -> {
              refused.increment();
              result.completeExceptionally(new RejectedExecutionException("waited too long"));
            },
            System.nanoTime());
    synchronized (lanes) {
      ArrayDeque<Waiting> queue = queue(lane);
      if (queue.size() >= maxQueued) {
        refused.increment();
        result.completeExceptionally(new RejectedExecutionException("too many wait"));
        return result;
      }
      queue.add(task);
      if (busyThreads == threads) {
        return result;
      }
      busyThreads++;
    }
    try {
      pool.execute(this::runQueued);
    } catch (RejectedExecutionException e) { // The pool was shut down.
      result.completeExceptionally(e);
    }
    return result;
  }

  private void runQueued() {
    for (Waiting next = nextQueued(); next != null; next = nextQueued()) {
      boolean late = System.nanoTime() - next.since() > MAX_QUEUE_TIME.toNanos();
      (late ? next.refuse() : next.work()).run();
    }
  }

  private ArrayDeque<Waiting> queue(Lane lane) {
    return Objects.requireNonNull(lanes.get(lane));
  }

  private @Nullable Waiting nextQueued() {
    Lane[] all = Lane.values();
    synchronized (lanes) {
      for (int i = 0; i < all.length; i++) {
        lastServedLane = (lastServedLane + 1) % all.length;
        Waiting next = queue(all[lastServedLane]).poll();
        if (next != null) {
          return next;
        }
      }
      busyThreads--;
      return null;
    }
  }
}
