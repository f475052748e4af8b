package parley.auth;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Settings of this package. The defaults and their reasons are in {@code parley-auth.conf}. How
 * long tokens live is fixed: {@link AccessTokens#LIFE}, {@link AccountState#TOKEN_LIFE} for a
 * refresh token, and {@link AccountState#FAMILY_LIFE} for a login.
 *
 * @param hashing how passwords are hashed, and how many at a time
 * @param askTimeout how long {@link Accounts} waits for an account before it answers unavailable
 */
public record AuthSettings(Hashing hashing, Duration askTimeout) {

  /**
   * Parameters of Argon2id and of the thread pool that runs it.
   *
   * @param threads number of hashes at a time, 1 or more
   * @param queue number of hashes that may wait in each lane (logins of known devices, other
   *     logins, registrations), 1 or more; a further one is refused
   * @param memoryKib memory of one hash, in KiB
   * @param iterations passes over the memory
   * @param parallelism lanes within one hash
   */
  public record Hashing(int threads, int queue, int memoryKib, int iterations, int parallelism) {}

  /**
   * Reads {@code parley.auth}; throws {@link com.typesafe.config.ConfigException} if a setting is
   * missing or invalid.
   */
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
