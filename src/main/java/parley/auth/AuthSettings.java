package parley.auth;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * What can be set here; the defaults and their reasons stand in {@code parley-auth.conf}.
 *
 * @param hashing how passwords are hashed, and how many at a time
 * @param askTimeout how long {@link Accounts} waits for an account before it says unavailable
 */
public record AuthSettings(Hashing hashing, Duration askTimeout) {

  /**
   * Argon2id and the pool it runs on.
   *
   * @param threads how many hashes at a time, 1 or more
   * @param queue how many may wait of each kind (logins of known devices, other logins,
   *     registrations), 1 or more; the next is refused
   * @param memoryKib memory of one hash
   * @param iterations passes over the memory
   * @param parallelism lanes
   */
  public record Hashing(int threads, int queue, int memoryKib, int iterations, int parallelism) {}

  /** Reads {@code parley.auth}; throws {@link com.typesafe.config.ConfigException} if it is bad. */
  public static AuthSettings from(Config root) {
    Config auth = root.getConfig("parley.auth");
    Config hashing = auth.getConfig("hashing");
    int threads = hashing.getInt("threads");
    return new AuthSettings(
        new Hashing(
            threads > 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
            hashing.getInt("queue"),
            hashing.getInt("memory-kib"),
            hashing.getInt("iterations"),
            hashing.getInt("parallelism")),
        auth.getDuration("ask-timeout"));
  }
}
