package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A login of the user's that has ended. It is remembered for as long as its access tokens may live:
 * until then a hello with one of them is refused.
 *
 * @param sid what the login's tokens are known by
 * @param at when it ended, epoch milliseconds
 * @param told whether the account knows; it is told until it does
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record EndedLogin(String sid, long at, boolean told) {
  /** Longer than an access token lives, and clocks differ. */
  static final long REMEMBER_MILLIS = 20 * 60_000L;

  /**
   * Most that are remembered; beyond that the oldest that the account knows of is forgotten, and an
   * access token of it opens a socket until it ends. Only somebody who can log in can end so many.
   */
  static final int MOST = 200;

  EndedLogin known() {
    return new EndedLogin(sid, at, true);
  }
}
