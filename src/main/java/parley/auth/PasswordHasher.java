package parley.auth;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Hashes passwords somewhere else than on the caller's thread. Both methods return at once; their
 * stages fail with {@link java.util.concurrent.RejectedExecutionException} when there is too much
 * to do, without having done anything.
 */
interface PasswordHasher {
  /** For a registration: the hash in its standard encoded form, parameters and salt included. */
  CompletionStage<Secret> hash(Secret password);

  /** Whose turn it is: each kind waits in a queue of its own, and they take turns. */
  enum Lane {
    /** Logins of known devices. */
    KNOWN,
    /** Other logins. */
    LOGIN,
    /** Registrations. */
    REGISTRATION
  }

  /**
   * Whether {@code password} is the one behind {@code encoded}. With null (there is no such
   * account) the answer is false and costs the same time, so that nobody learns by the clock which
   * accounts exist.
   */
  CompletionStage<Boolean> matches(Secret password, @Nullable Secret encoded, Lane lane);

  /** How many passwords it has refused, because too many waited or one had waited too long. */
  default long refused() {
    return 0;
  }
}
