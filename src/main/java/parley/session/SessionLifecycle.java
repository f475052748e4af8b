package parley.session;

import java.time.Duration;
import java.util.Objects;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import parley.protocol.ServerFrame;
import parley.protocol.ServerFrame.CloseCode;
import parley.session.SessionInternal.Timer;

/**
 * The phase of a session, its timers and its end. The drawing of the phases stands above {@link
 * SessionBehavior}. A session never leaves {@link Phase#CLOSING}; {@link #close} then does nothing.
 */
final class SessionLifecycle {
  /** Time after which a client may come back if the server could not serve it. */
  static final long RETRY_MILLIS = 1_000;

  private static final Duration SLOW_CUT = Duration.ofSeconds(1);

  /** The phases of a session, in their order; any phase may be followed by the last one. */
  enum Phase {
    /** The client has not said hello. */
    HELLO,
    /** The client's token is being verified. */
    VERIFYING,
    /** The user entity has not answered the first attach. */
    ATTACHING,
    /** The session is attached. */
    LIVE,
    /** The last frame is on its way. */
    CLOSING
  }

  private final TimerScheduler<Session.Command> timers;
  private final SessionSettings settings;
  private final OutgoingFrames out;

  private Phase phase = Phase.HELLO;
  private @Nullable AttachedSession attached;
  private boolean resuming;

  SessionLifecycle(
      TimerScheduler<Session.Command> timers, SessionSettings settings, OutgoingFrames out) {
    this.timers = timers;
    this.settings = settings;
    this.out = out;
  }

  boolean isIn(Phase asked) {
    return phase == asked;
  }

  /** Enters a phase of the handshake. */
  void enter(Phase next) {
    phase = next;
  }

  /** Enters {@link Phase#LIVE}. */
  void enterLive(AttachedSession session) {
    phase = Phase.LIVE;
    attached = session;
  }

  /** The attached part of a session that is or was live. */
  AttachedSession attached() {
    return Objects.requireNonNull(attached);
  }

  /** The attached part; null if the session never was live. */
  @Nullable AttachedSession attachedOrNull() {
    return attached;
  }

  /** Whether a live session has attached again and the user entity has not answered yet. */
  boolean resuming() {
    return resuming;
  }

  void setResuming(boolean now) {
    resuming = now;
  }

  /** Starts a timer, or starts it anew. */
  void start(Timer timer, Duration after) {
    timers.startSingleTimer(timer, timer, after);
  }

  void cancel(Timer timer) {
    timers.cancel(timer);
  }

  boolean isActive(Timer timer) {
    return timers.isTimerActive(timer);
  }

  /** Sends the gathered acknowledgements to the user entity, if it knows this session. */
  void flushAcks() {
    timers.cancel(Timer.ACKS);
    // The user entity ignores acknowledgements of a session that it does not know yet.
    if (phase == Phase.LIVE && !resuming) {
      attached().flushAcks();
    }
  }

  /**
   * Sends the last frame and enters {@link Phase#CLOSING}.
   *
   * @param retryAfterMillis time that the client is told to stay away; 0 if it is told none
   */
  void close(CloseCode code, String reason, long retryAfterMillis) {
    if (phase == Phase.CLOSING) {
      return;
    }
    flushAcks();
    phase = Phase.CLOSING;
    timers.cancelAll();
    // A slow client gets the unsent frames at its next connection: only the last frame is kept
    // here.
    boolean slow = out.overfull();
    out.finish(
        new ServerFrame.Closing(code, reason, retryAfterMillis > 0 ? retryAfterMillis : null),
        slow);
    start(Timer.CLOSE_SOCKET, slow ? SLOW_CUT : settings.closePatience());
  }
}
