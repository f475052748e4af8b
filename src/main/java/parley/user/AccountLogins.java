package parley.user;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Ends logins at the user's account. An interface, because this package does not depend on
 * accounts.
 */
@FunctionalInterface
public interface AccountLogins {
  /** For users whose tokens belong to no login: ends nothing and succeeds. */
  AccountLogins NONE = (username, sid) -> CompletableFuture.completedFuture(true);

  /**
   * Ends the login. Completes when all of its refresh tokens are invalid. Fails within a few
   * seconds if one may still be valid.
   */
  CompletionStage<?> end(String username, String sid);
}
