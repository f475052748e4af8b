package parley.session;

import java.time.Duration;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.Timer;

/** Ends a session whose token has expired, unless the client has brought a new one. */
final class TokenExpiry {
  /**
   * Longest timer for the expiry of a token, in milliseconds. A token that lives longer is checked
   * again then.
   */
  private static final long TOKEN_CHECK_MILLIS = 3_600_000;

  private final ClientLogin clientLogin;
  private final OutgoingFrames out;
  private final SessionLifecycle lifecycle;

  TokenExpiry(ClientLogin clientLogin, OutgoingFrames out, SessionLifecycle lifecycle) {
    this.clientLogin = clientLogin;
    this.out = out;
    this.lifecycle = lifecycle;
  }

  /** Ends the session if its token has expired; otherwise checks again when it does. */
  void check() {
    long left = clientLogin.tokenLeft();
    if (left <= 0) {
      lifecycle.close(CloseCode.UNAUTHENTICATED, "the token has ended", 0);
    } else {
      lifecycle.start(Timer.TOKEN, Duration.ofMillis(Math.min(left, TOKEN_CHECK_MILLIS)));
    }
  }

  /** Answers the frame that brought a new token, and checks the token that counts now. */
  void onRenewalAnswered(ServerFrame answer) {
    lifecycle.cancel(Timer.ANSWER);
    out.send(answer);
    check();
  }
}
