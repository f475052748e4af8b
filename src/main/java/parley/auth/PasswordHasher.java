package parley.auth;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Hashes passwords on other threads than the caller's. The methods return at once. If there is too
 * much to do, their stages fail with {@link java.util.concurrent.RejectedExecutionException} and
 * nothing was done.
 */
interface PasswordHasher {
  /**
   * Hashes the password of a registration. The result is in the standard encoded form, with
   * parameters and salt.
   */
  CompletionStage<Secret> hash(Secret password);

  /** The kind of a hash. Each kind waits in a queue of its own, and the queues take turns. */
  enum Lane {
    /** Logins of known devices. */
    KNOWN_DEVICE,
    /** Other logins. */
    LOGIN,
    /** Registrations. */
    REGISTRATION
  }

  /**
   * Whether {@code password} matches the hash {@code encoded}. If that is null, which means that
   * there is no such account, the answer is false and takes the same time, so that the time does
   * not reveal which accounts exist.
   */
  CompletionStage<Boolean> matches(Secret password, @Nullable Secret encoded, Lane lane);

  /** How many passwords were refused, because too many waited or one had waited too long. */
  default long refused() {
    return 0;
  }
}
