package parley.auth;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Wire;

/** What an {@link Account} answers. Given only when all it says is in the journal. */
sealed interface AccountReply extends Wire {
  /** To {@link Account.Register}. */
  sealed interface ToRegister extends AccountReply {}

  /** To {@link Account.Login}. */
  sealed interface ToLogin extends AccountReply {}

  /** To {@link Account.Refresh}. */
  sealed interface ToRefresh extends AccountReply {}

  /** To {@link Account.Logout}. */
  sealed interface ToLogout extends AccountReply {}

  /** To {@link Account.EndFamily}. */
  sealed interface ToEndFamily extends AccountReply {}

  /** To {@link Account.Lookup}. */
  sealed interface ToLookup extends AccountReply {}

  /**
   * In, with a new refresh token.
   *
   * @param sid the family as access tokens call it; null from a version that does not say
   * @param knownDevice null after a refresh
   */
  record SignedIn(
      UserId userId,
      String displayName,
      Secret refreshToken,
      @Nullable String sid,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Secret knownDevice)
      implements ToRegister, ToLogin, ToRefresh {
    SignedIn withKnownDevice(Secret device) {
      return new SignedIn(userId, displayName, refreshToken, sid, device);
    }
  }

  /** Somebody has the name already. */
  record UsernameTaken() implements ToRegister {}

  /** No such account or not its password. */
  record BadCredentials() implements ToLogin {}

  /** Too many attempts; not even looked at. */
  record RateLimited(long retryAfterMillis) implements ToLogin {}

  /** A spent token: its family is revoked. */
  record Reused() implements ToRefresh {}

  /** Spent a moment ago, by a lost answer or another tab: nothing is revoked. */
  record Stale() implements ToRefresh {}

  /** Refreshed too often within a minute. */
  record TooFast(long retryAfterMillis) implements ToRefresh {}

  /** The family has ended, or was never there. */
  record FamilyGone() implements ToEndFamily {}

  /** Never issued, logged out or expired. */
  record Unknown() implements ToRefresh {}

  /** The token is good for nothing now. */
  record LoggedOut() implements ToLogout {}

  /** Who has the name. */
  record Found(UserId userId, String displayName) implements ToLookup {}

  /** Nobody has the name. */
  record NotFound() implements ToLookup {}

  /** Too much to do; nothing was done. */
  record Overloaded() implements ToRegister, ToLogin, ToRefresh, ToLogout, ToEndFamily, ToLookup {}
}
