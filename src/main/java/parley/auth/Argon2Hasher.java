package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Argon2id on a pool of its own with a bounded queue: a storm of logins costs logins, never the
 * chat, and memory is bound by threads × {@code memoryKib}. A stored hash carries the parameters it
 * was made with and is checked with those, so the settings can change at any time.
 *
 * <p>What is hashed is the UTF-8 of the password in Unicode form NFC (RFC 8265, section 4.2), as
 * keyboards disagree on how to send an accent.
 */
final class Argon2Hasher implements PasswordHasher, AutoCloseable {
  private static final int SALT_BYTES = 16; // RFC 9106, section 3.1
  private static final int HASH_BYTES = 32;

  private final ThreadPoolExecutor pool;
  private final Argon2Function function;
  private final SecureRandom random = new SecureRandom();
  private final Secret dummy;

  Argon2Hasher(AuthSettings.Hashing settings) {
    AtomicInteger number = new AtomicInteger();
    this.pool =
        new ThreadPoolExecutor(
            settings.threads(),
            settings.threads(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queue()),
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
    this.dummy = hashNow(new Secret("the password of nobody"));
  }

  @Override
  public CompletionStage<Secret> hash(Secret password) {
    return submit(() -> hashNow(password));
  }

  @Override
  public CompletionStage<Boolean> matches(Secret password, @Nullable Secret encoded) {
    return submit(
        () -> {
          boolean equal = check(password, encoded == null ? dummy : encoded);
          return equal && encoded != null;
        });
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
    // Compares the whole encoded hash without leaving early (password4j, slowEquals).
    return Argon2Function.getInstanceFromHash(encoded.value()).check(bytes(password), stored);
  }

  private static byte[] bytes(Secret password) {
    return Normalizer.normalize(password.value(), Normalizer.Form.NFC).getBytes(UTF_8);
  }

  private <T> CompletionStage<T> submit(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      pool.execute(
          () -> {
            try {
              result.complete(work.call());
            } catch (Throwable e) {
              // Also an OutOfMemoryError for the 19 MiB: the caller must get an answer.
              result.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }
}
