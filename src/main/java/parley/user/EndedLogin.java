package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A login of the user that has ended. It is remembered for as long as its access tokens may be
 * valid: until then an attach with one of them is refused.
 *
 * @param sid the id of the login in its tokens
 * @param at when it ended, epoch milliseconds
 * @param confirmed whether the account has confirmed the end; the user tells it until then
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record EndedLogin(String sid, long at, @JsonProperty("told") boolean confirmed) {
  /** Longer than an access token is valid, with room for clock differences. */
  static final long REMEMBER_MILLIS = 20 * 60_000L;

  /**
   * The most ended logins that are remembered. Beyond that the oldest one that the account has
   * confirmed is dropped, and an access token of it could open a socket until the token expires.
   * That does not happen: an account has 20 live logins and starts at most 200 in {@link
   * #REMEMBER_MILLIS} (the limit of its logins, {@code parley.auth}), or 100 more for each time
   * that its node dies meanwhile.
   */
  static final int MAX_REMEMBERED = 512;

  EndedLogin confirm() {
    return new EndedLogin(sid, at, true);
  }
}
